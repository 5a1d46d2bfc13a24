"""Schedulers that do not learn: rules that people have written for queues of parallel jobs.

Each answers two questions: which of the waiting jobs comes first, and in which pool it may start.
They know what users and simulator predict, nothing else. All times are compared in one unit, the
mean of the visible jobs' shortest predicted run times.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from course_lib.worlds.queue_view import LARGEST, Layout

ROUNDING = 1e-5  # observations are float32: what differs by less is equal


@dataclass(frozen=True)
class Scheduler:
    """A policy: actions (n,) for observations (n, layout.size), every one of them legal.

    `plan(view)` is what makes a scheduler: see `choose` for its three answers. Raises ValueError
    for observations of another layout.
    """

    layout: Layout

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, layout.size)."""
        view = self.layout.view(observations)
        return choose(self.layout, view, *self.plan(view))

    def plan(self, view: SimpleNamespace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Order (n, visible), cost and wanted (n, visible, pools), as `choose` takes them."""
        raise NotImplementedError


def choose(layout: Layout, view: SimpleNamespace, order, cost, wanted) -> np.ndarray:
    """Start the job of least `order` in its pool of least `cost`, among legal, `wanted` pairs.

    Where there is none, wait; where nothing will ever happen, any legal pair is better. Shapes:
    order (n, visible), cost and wanted (n, visible, pools); returns actions (n,).
    """
    legal, may_wait = view.legal > 0, view.may_wait > 0
    wanted = wanted & legal
    nothing = ~wanted.any(axis=(1, 2))
    wanted = np.where((nothing & ~may_wait)[:, None, None], legal, wanted)
    job = np.where(wanted.any(axis=2), order, np.inf).argmin(axis=1)
    row = np.arange(len(job))
    pool = np.where(wanted[row, job], cost[row, job], np.inf).argmin(axis=1)
    return np.where(nothing & may_wait, layout.wait, job * layout.pools + pool)


def run_and_wait(view: SimpleNamespace) -> tuple[np.ndarray, np.ndarray]:
    """Predicted run time, and time until it could begin, (n, visible, pools); never: infinite."""
    size = view.size[:, :, None]  # from the job's own unit to the common one
    able = view.able > 0
    return np.where(able, view.run * size, np.inf), np.where(able, view.wait * size, np.inf)


def place(view: SimpleNamespace) -> np.ndarray:
    """Place in the queue, 0 for its head: (n, visible)."""
    return np.broadcast_to(np.arange(view.size.shape[1]), view.size.shape)


def least(values: np.ndarray) -> np.ndarray:
    """Where a job's value is its least over the pools: (n, visible, pools) bool."""
    return values == values.min(axis=2, keepdims=True)


@dataclass(frozen=True)
class Random(Scheduler):
    """Any legal action, all equally likely; every call draws anew from `seed`'s generator."""

    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "_rng", np.random.default_rng(self.seed))

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, layout.size)."""
        legal = self.layout.legal(self.layout.view(observations))
        return np.where(legal, self._rng.random(legal.shape), -1).argmax(axis=1)


@dataclass(frozen=True)
class FirstComeFirstServed(Scheduler):
    """The head of the queue starts in the first pool with room; nobody passes it (plain FCFS)."""

    def plan(self, view):
        """See `choose`."""
        pool = np.broadcast_to(np.arange(self.layout.pools), view.run.shape)
        return place(view), pool, (place(view) == 0)[:, :, None]


@dataclass(frozen=True)
class FirstFit(Scheduler):
    """The first job of the queue that fits anywhere starts in the first pool with room.

    So later jobs pass a head that does not fit, and a wide gang may wait for ever.
    """

    def plan(self, view):
        """See `choose`."""
        pool = np.broadcast_to(np.arange(self.layout.pools), view.run.shape)
        return place(view), pool, view.legal > 0


@dataclass(frozen=True)
class FastestFirst(Scheduler):
    """The head of the queue waits for the pool in which it runs fastest; nobody passes it."""

    def plan(self, view):
        """See `choose`."""
        run, _ = run_and_wait(view)
        return place(view), run, least(run) & (place(view) == 0)[:, :, None]


@dataclass(frozen=True)
class ShortestJobFirst(Scheduler):
    """Of the jobs that can start, the one that is predicted to be shortest in its fastest pool.

    It starts in the fastest pool with room. A `patient` one only starts where it would end
    earliest, which may be worth a wait.
    """

    patient: bool = False

    def plan(self, view):
        """See `choose`."""
        run, wait = run_and_wait(view)
        return view.size, run, least(wait + run) if self.patient else view.legal > 0


@dataclass(frozen=True)
class WFP3(Scheduler):
    """Of the jobs that can start, the one of largest (waited / run time)³ × nodes.

    Jobs that waited long for what they ask come first, and the wider the sooner (Tang et al. 2009,
    "Fault-aware, utility-based job scheduling on Blue Gene/P systems"). Made for equal nodes, it
    says nothing of pools: a job starts in the fastest one with room, a `patient` one only where it
    would end earliest.
    """

    patient: bool = False

    def plan(self, view):
        """See `choose`."""
        run, wait = run_and_wait(view)
        nodes = (view.part * view.pool).max(axis=2)  # share of the cluster's
        return -(view.age**3) * nodes, run, least(wait + run) if self.patient else view.legal > 0


@dataclass(frozen=True)
class MinMin(Scheduler):
    """The job that can be done first, in the pool where it is done earliest (min-min).

    Each job's best pool is the one with the least predicted completion = wait + run; of all jobs
    the one of least completion starts there if there is room, else the next, else nobody: waiting
    for a fast pool may pay. After algorithm D of Ibarra and Kim (1977), "Heuristic Algorithms for
    Scheduling Independent Tasks on Nonidentical Processors", named so by Braun et al. (2001).

    `in_order`: as in these papers, a pool runs its jobs in the order in which they are assigned to
    it, so nobody passes the job of least completion in a pool, even if it has to wait for nodes.
    `telemetry`: predicted run times are corrected by what was measured so far.
    """

    telemetry: bool = False
    in_order: bool = False

    def plan(self, view):
        """See `choose`."""
        run, wait = run_and_wait(view)
        if self.telemetry:
            run = run * np.where(view.able > 0, view.measured, 1)
        end = wait + run
        best = least(end)
        if self.in_order:
            assigned = np.where(best, end, np.inf)
            best &= end <= assigned.min(axis=1, keepdims=True)
        return end.min(axis=2), end, best


@dataclass(frozen=True)
class EasyBackfilling(Scheduler):
    """First come, first served, and others pass as long as they do not delay the head (EASY).

    The head of the queue has a reservation: the pool where it would end earliest, from the time at
    which enough nodes are predicted to be free there. A later job may start if it uses another
    pool, or is predicted to end by then, or needs only nodes that the head will leave free. It too
    starts only where it would end earliest. With exact predictions the head never starts later
    than its first reservation. After Mu'alem and Feitelson (2001), "Utilization, Predictability,
    Workloads, and User Runtime Estimates in Scheduling the IBM SP2 with Backfilling".

    What the head leaves free is not observed, but the widest visible gang that could start by then
    is: it tells how many nodes will be free at least.
    """

    def plan(self, view):
        """See `choose`."""
        run, wait = run_and_wait(view)
        end = wait + run
        row, pool = np.arange(len(end)), end[:, 0].argmin(axis=1)
        reserved = wait[row, 0, pool][:, None, None]  # time until the head's nodes are free
        heads_pool = (np.arange(self.layout.pools) == pool[:, None])[:, None, :]
        # Waits are cut off at LARGEST. For the head that is on the safe side, for others it is not.
        by_then = (view.wait < LARGEST) & (wait <= reserved * (1 + ROUNDING))
        free_then = np.where(by_then, view.part, 0).max(axis=1, keepdims=True)  # at least
        left = free_then - view.part[:, :1]
        harmless = ~heads_pool | (run <= reserved) | (view.part <= left + ROUNDING)
        harmless[:, 0] = True  # the head itself
        return place(view), run, harmless & least(end)
