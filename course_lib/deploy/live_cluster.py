"""`HeteroSched` on a real cluster: the same decisions, but reality says what a job took.

In the simulator the end of an attempt is known when it starts. Here a node is busy until its worker
reports, and the clock is that of the machine.
"""

import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import numpy as np
from distributed import CancelledError, Future

from course_lib.deploy.dask_cluster import Workers
from course_lib.deploy.real_jobs import ACCELERATOR, UNITS_PER_SECOND, run
from course_lib.worlds.cluster_batch import LOST_COSTS, ClusterBatch
from course_lib.worlds.episodes import SECOND
from course_lib.worlds.schedule_log import ScheduleLog, Started, logs_of
from course_lib.worlds.scheduler import Cluster, HeteroSched

LOOK = 0.2  # s, between two looks whether all workers are alive
PATIENCE = 30.0  # s, for a worker to report or to come back


@dataclass
class Attempt:
    """One try of a job on a real worker; times are seconds since the episode began."""

    job: int
    node: int
    kind: str
    pool: str
    nominal: float  # s on a plain worker, by the datasheet
    others: int  # workers that were busy when it was submitted
    decided: float  # s, from what made it possible until it was submitted
    submitted: float
    where: str = field(repr=False)  # address of the worker
    ended: float = np.inf  # when the answer was here; infinite: it has not ended
    seconds: float = np.nan  # that the worker needed for it
    failed: bool = False  # the worker died
    future: Future | None = field(default=None, repr=False, compare=False)


class LiveBatch(ClusterBatch):
    """A real cluster in the place of one simulated one; every job needs one node.

    What a running job costs is charged when it has ended, and a job is unsettled until then: nobody
    knows before. `attempts` are those of the episode, in the order of their starts.
    """

    def __init__(self, workers: Workers, *settings):
        super().__init__(*settings)
        self.workers, self.attempts = workers, []
        self._running: dict[int, Attempt] = {}  # by node
        self._away: set[int] = set()  # nodes whose worker has died and is not back
        self._rows = np.zeros(1, dtype=int)

    def begin(self, which, episodes):
        """Start an episode, once every worker is there and idle."""
        self.abandon()
        self._address = self._ready_workers()
        self.attempts, self._away, self._reports = [], set(), SimpleQueue()
        self._zero = self._looked = self._heard = time.perf_counter()
        self._event = 0.0  # when something happened last, or was decided
        super().begin(which, episodes)

    def start(self, rows, m, k):
        """Send job m of the queue to the first free worker of pool k."""
        others = len(self._running)
        jobs, gang = self._assign(rows, m, k)
        job, node, pool = jobs.item(), gang[0].argmax().item(), self.site.pools[k.item()].name
        kind = self.site.classes[self.episodes.cls[0, job]].name
        nominal = self.episodes.hours[0, job] / SECOND
        self.cost -= self.slowdown(rows, jobs, self.now)  # the whole is charged at its end
        now = self.clock()
        where, decided = self._address[node], now - self._event
        attempt = Attempt(job, node, kind, pool, nominal, others, decided, now, where)
        self._event = now
        units = max(1, round(nominal * UNITS_PER_SECOND[kind]))
        attempt.future = self.workers.submit(where, run, kind, units, pool == ACCELERATOR)
        self.attempts.append(attempt)
        self._running[node] = attempt
        reports = self._reports  # of this episode
        attempt.future.add_done_callback(lambda _: reports.put((attempt, self.clock())))

    def clock(self) -> float:
        """Seconds since the episode began."""
        return time.perf_counter() - self._zero

    def abandon(self) -> None:
        """Forget the jobs that run; their workers finish them for nobody."""
        for attempt in self._running.values():
            attempt.future.cancel()
        self._running = {}

    def next_event(self, rows):
        """Whether anything is to come, and not when: 0 if something runs or is repaired."""
        coming = self.arrival[rows, self._coming[rows]]
        return np.where(self._running or self._away, 0.0, coming)

    def run_on(self, rows):
        """Wait until something has happened that leaves something to decide."""
        while rows.size:
            while not self._something_happened():
                pass
            rows = rows[self.must_run_on(rows)]

    def _something_happened(self) -> bool:
        """Wait for a moment, and take in what came in it."""
        arrival = self.arrival[0, self._coming[0]] / SECOND
        events = []  # when they happened
        wait = max(0.0, min(arrival - self.clock(), LOOK))
        while True:
            try:
                attempt, ended = self._reports.get(timeout=wait)
            except Empty:
                break
            if self._took_in(attempt, ended):
                events.append(ended)
            wait = 0.0  # what else is there already
        if time.perf_counter() - self._looked > LOOK and self._looked_around():
            events.append(self.clock())
        now = self.clock()
        if arrival <= now:
            events.append(arrival)
        self._pass_to(self._rows, np.array([now * SECOND]))
        if events:
            self._event, self._heard = min(events), time.perf_counter()
        elif time.perf_counter() - self._heard > PATIENCE and np.isinf(arrival):
            raise TimeoutError(
                f"no worker has reported for {PATIENCE:.0f} s: is the cluster still there? "
                "Start it anew and reset"
            )
        return bool(events)

    def _took_in(self, attempt, ended) -> bool:
        """A worker has reported; raises what its job raised."""
        if self._running.get(attempt.node) is not attempt:
            return False  # its worker was given up
        if not self._answered(attempt):
            return False  # its worker will be given up at the next look
        self._over(attempt, ended)
        return True

    def _answered(self, attempt) -> bool:
        """Fetch a worker's answer; False if it, or the scheduler, died before that."""
        while True:
            try:
                _, attempt.seconds = attempt.future.result(timeout=LOOK)
                return True
            except CancelledError:
                return False
            except TimeoutError:
                if attempt.future.status == "error":
                    raise  # it is the job's own
                if self.workers.alive().get(attempt.node) != attempt.where:
                    return False

    def _looked_around(self) -> bool:
        """Look which workers are there: give up those that died, welcome those that are back."""
        self._looked = time.perf_counter()
        alive = self.workers.alive()
        back = self._away & alive.keys()
        for node in back:
            self._address[node] = alive[node]
            self._until[0, node] = self.now[0]  # the repair is over
        self._away -= back
        gone = [n for n, where in self._address.items() if alive.get(n) != where]
        new = [node for node in gone if node not in self._away]
        for node in new:
            self._away.add(node)
            if node in self._running:
                attempt = self._running[node]
                attempt.failed = True
                attempt.future.cancel()
                self._over(attempt, self.clock())
            else:
                self._fails[0, node], self._until[0, node] = True, self.now[0]
                self.free[0, node] = False
        return bool(back or new)

    def _over(self, attempt, ended) -> None:
        """An attempt has ended, or failed: charge its job, and let its node finish."""
        del self._running[attempt.node]
        attempt.ended = ended
        job, node, hours = self._rows + attempt.job, attempt.node, ended * SECOND
        returns = attempt.failed and self.tries[0, attempt.job] <= self.site.retries
        self.unsettled -= not returns
        if not returns:
            self.cost += self.slowdown(self._rows, job, np.array([hours]), False)
            self.cost += LOST_COSTS * attempt.failed
        predicted = self.predicted_run(self._rows, job, self.pool[[node]]).item()
        took = (ended - attempt.submitted) * SECOND
        self._ratio[0, node] = np.nan if attempt.failed else took / predicted
        self._fails[0, node], self._returns[0, attempt.job] = attempt.failed, returns
        self._until[0, node] = self.now[0]

    def _finish(self, world, node):
        super()._finish(world, node)
        self._until[0, list(self._away)] = np.inf  # nobody knows when they are repaired

    def _enqueue(self, world, job):
        """Put jobs at the end of the queue; what passed until that was noticed is charged too."""
        super()._enqueue(world, job)
        came = self.slowdown(world, job, self.arrival[world, job]) * (self.tries[world, job] == 0)
        self.cost += self.slowdown(world, job, self.now[world]) - came

    def _ready_workers(self) -> dict[int, str]:
        """Addresses of all workers by node, after each has done a small job."""
        given_up = time.perf_counter() + PATIENCE
        while len(alive := self.workers.alive()) < len(self.pool):
            if time.perf_counter() > given_up:
                missing = [n for i, n in enumerate(self.workers.names) if i not in alive]
                raise TimeoutError(f"worker {missing[0]} is not back after {PATIENCE:.0f} s")
            time.sleep(LOOK)
        small = [self.workers.submit(where, run, "dense", 1, True) for where in alive.values()]
        for future in small:
            future.result(timeout=PATIENCE)
        return alive


class LiveSched(HeteroSched):
    """`HeteroSched` with one world, whose jobs run on `workers`: see `LiveBatch`.

    Observations, actions and rewards are the same, but decisions take their real time and the
    return is known only when the last job has ended. `cluster` says which jobs come and when, and
    what is predicted of them. Raises ValueError if its site has other nodes than there are workers,
    or wide jobs.
    """

    def __init__(self, workers: Workers, cluster: Cluster):
        site = cluster.site
        if tuple(site.nodes) != tuple(workers.site(site).nodes):
            raise ValueError(
                f"site {site.name!r} has {site.nodes.tolist()} nodes and the cluster "
                f"{workers.site(site).nodes.tolist()}: use workers.site(...)"
            )
        if any(job_class.widths != (1,) for job_class in site.classes):
            raise ValueError("a job on a real worker needs one node: set widths=(1,)")
        self.workers = workers
        super().__init__(1, cluster, autoreset=False)

    def _new_batch(self, *settings):
        return LiveBatch(self.workers, *settings)

    @property
    def attempts(self) -> list[Attempt]:
        """What ran on which worker since the last reset, in the order of the starts."""
        return self._batch.attempts

    def logs(self) -> list[ScheduleLog]:
        """The log of the one world; see `HeteroSched.logs`. What still runs ends at infinity."""
        batch = self._batch
        started = [
            Started(
                np.zeros(1, dtype=int),
                np.array([a.job]),
                batch.pool[[a.node]],
                np.array([a.submitted]) * SECOND,
                np.array([a.ended]) * SECOND,
                np.array([a.failed]),
                [np.array([a.node])],
            )
            for a in self.attempts
        ]
        return logs_of(self.cluster.site, batch.episodes, batch.best, started)

    def close_extras(self, **_):
        """Forget the jobs that run; the cluster goes on."""
        self._batch.abandon()
