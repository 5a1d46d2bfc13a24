"""HeteroSched: place the jobs of a queue on nodes of several types, in many clusters at once.

Time is continuous and moves from event to event. A job is a *gang*: it needs all of its nodes at
once, of one type, until it ends. What a decision costs is measured by the field's usual metric,
bounded slowdown (Feitelson 2001, "Metrics for Parallel Job Scheduling and Their Convergence").
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.cluster_batch import ClusterBatch
from course_lib.worlds.episodes import Episodes, Recipe
from course_lib.worlds.physics import Sampler
from course_lib.worlds.queue_view import LARGEST, Layout
from course_lib.worlds.schedule_log import ScheduleLog, logs_of

EPISODES_DRAWN_AHEAD = 32


@dataclass(frozen=True)
class Cluster(Recipe):
    """A recipe and how much of the queue the scheduler sees: for `train_ppo` and `evaluate`."""

    visible: int = 16  # jobs at the head of the queue

    def __post_init__(self):
        super().__post_init__()
        if self.visible < 1:
            raise ValueError(f"visible must be at least 1, not {self.visible}")

    @property
    def layout(self) -> Layout:
        """How observations of this cluster are laid out."""
        return Layout(self.visible, len(self.site.pools))

    def make(self, num_envs: int, *, autoreset: bool = True) -> "HeteroSched":
        """Build a batch of `num_envs` clusters."""
        return HeteroSched(num_envs, self, autoreset=autoreset)


class HeteroSched(BatchWorld):
    """Empty the queues of `num_envs` clusters, each with nodes of K types and its own luck.

    Actions: `Discrete(visible * K + 1)`. Action m * K + k starts job m of the queue's visible head
    on nodes of type k, now; the last action waits for the next event (a job arrives or ends, a node
    comes back). A start is legal where enough nodes are free and the job's class can run; waiting
    is legal while an event is to come. An illegal action raises ValueError. As long as nothing can
    be started the clock runs on by itself.

    Observations: float32, ratios only; see `worlds.queue_view`.

    Rewards: minus the growth of the sum, over all jobs, of

        bounded slowdown = max(1, (end - submitted) / max(best, bound)),

    where `best` is the job's true run time in its fastest pool, without noise. Waiting is charged
    while the clock moves and what a run takes longer than `best` when it starts. The return is
    therefore minus the sum of (bounded slowdown - 1), exactly. A job that is lost after its last
    try costs 10 more.

    What an attempt will take is fixed when it starts: run time on the slowest of its nodes, its
    luck, the pool's occupancy at that moment, and the time of a failure, which only busy nodes
    have. A job takes the first free nodes of the pool. A failed attempt's work is lost; the last of
    its nodes goes to repair and the job to the end of the queue. Ends and repairs come before
    arrivals at the same time.

    End: `terminated` when every job has started for the last time.

    `reset(options={"episodes": Episodes})` schedules given jobs; see `Recipe.checked`.
    """

    def __init__(self, num_envs: int, cluster: Cluster, *, autoreset: bool = True):
        self.cluster, self.layout = cluster, cluster.layout
        largest = cluster.largest
        jobs = cluster.jobs_per_node * int(largest.sum())
        # Every decision starts a job or waits for an arrival, an end or a repair: this is never
        # reached.
        decisions = jobs + 3 * jobs * (cluster.site.retries + 1)
        super().__init__(
            num_envs,
            spaces.Box(0.0, LARGEST, (self.layout.size,), np.float32),
            spaces.Discrete(self.layout.wait + 1),
            max_episode_steps=decisions,
            autoreset=autoreset,
        )
        self._batch = self._new_batch(num_envs, cluster.site, largest, jobs, cluster.visible)
        self._sample: Sampler | None = None
        self._ahead: Episodes | None = None
        self.legal = np.zeros((num_envs, self.layout.wait + 1), dtype=bool)  # actions, now

    def _new_batch(self, *settings) -> ClusterBatch:
        """What runs the jobs; another kind of cluster overrides this."""
        return ClusterBatch(*settings)

    def reset(self, *, seed=None, options=None):
        """Start new episodes; see the class for `options`."""
        if seed is not None:
            self._ahead = None  # they were drawn from the old generator
        if not self._autoreset:
            self._batch.started = []
        return super().reset(seed=seed, options=options)

    def draw_from(self, sample: Sampler) -> None:
        """Draw the severities of the episodes to come with `sample(rng, size)`.

        It returns what `Gaps.sample` does: name -> (size,). The batch was built for the cluster's
        `gaps`, so everything drawn must lie within them; if not, the next episode to start raises
        ValueError.
        """
        self._sample, self._ahead = sample, None

    def logs(self) -> list[ScheduleLog]:
        """What happened since the last reset, one log per world.

        Raises RuntimeError for a batch that restarts finished episodes: it keeps no log.
        """
        batch = self._batch
        if batch.started is None:
            raise RuntimeError("a log needs a batch made with autoreset=False, and a reset")
        return logs_of(self.cluster.site, batch.episodes, batch.best, batch.started)

    @property
    def episodes(self) -> Episodes:
        """What the present episodes are made of, a copy: a simulator may be looked into."""
        return self._batch.episodes.take(self._everyone)

    def _begin(self, which, options):
        given = options.get("episodes")
        drawn = (
            self._drawn(which.size) if given is None else self.cluster.checked(given, which.size)
        )
        self._batch.begin(which, drawn)
        return self._observe(which)

    def _drawn(self, count: int) -> Episodes:
        """The next `count` episodes; they are drawn in blocks, with far fewer calls."""
        if self._ahead is None or len(self._ahead.nodes) < count:
            ahead = max(count, EPISODES_DRAWN_AHEAD)
            self._ahead = self.cluster.draw(self.np_random, ahead, self._sample)
        drawn, self._ahead = self._ahead.take(slice(count)), self._ahead.take(slice(count, None))
        return drawn

    def _advance(self, actions):
        batch = self._batch
        running = batch.unsettled > 0
        illegal = np.flatnonzero(running & ~self.legal[self._everyone, actions])
        if illegal.size:
            raise ValueError(self._why_illegal(illegal[0], int(actions[illegal[0]])))
        before = batch.cost.copy()
        starts = np.flatnonzero(running & (actions < self.layout.wait))
        if starts.size:
            batch.start(starts, *np.divmod(actions[starts], self.layout.pools))
        waits = running & (actions == self.layout.wait)
        batch.run_on(np.flatnonzero(waits | batch.must_run_on(self._everyone)))
        return self._observe(self._everyone), before - batch.cost, batch.unsettled == 0

    def _why_illegal(self, i: int, action: int) -> str:
        """One line on what is wrong with an action in world i."""
        if action == self.layout.wait:
            return f"world {i} cannot wait: nothing will happen until a job is started"
        batch, (m, k) = self._batch, divmod(action, self.layout.pools)
        if m >= batch.length[i]:
            why = f"only {batch.length[i]} jobs are in the queue"
        else:
            job = batch.queue[i, m]
            cls, width = batch.episodes.cls[i, job], batch.episodes.width[i, job]
            free = batch.free_nodes(np.array([i]))[0, k]
            why = f"it needs {width} nodes there and {free:.0f} are free"
            if batch.speed[cls, k] == 0:
                why = f"class {self.cluster.site.classes[cls].name!r} cannot run there"
        name = self.cluster.site.pools[k].name
        return f"world {i} cannot start job {m} of the queue in pool {name!r}: {why}"

    def _observe(self, rows):
        """Observations of these worlds, (rows, size); see `worlds.queue_view` for what is what."""
        batch, e, world = self._batch, self._batch.episodes, rows[:, None]
        job, waiting = batch.head(rows)
        cls, width, now = e.cls[world, job], e.width[world, job], batch.now[world]
        nodes, total = e.nodes[rows], e.nodes[rows].sum(axis=1)
        free = batch.free_nodes(rows)
        able = (batch.speed[cls] > 0) & (width[:, :, None] <= nodes[:, None, :])
        able &= waiting[:, :, None]  # (rows, visible, pools)
        legal = batch.startable(rows)
        shortest = batch.predicted[world, job]  # h
        mean = (shortest * waiting).sum(axis=1) / np.maximum(waiting.sum(axis=1), 1)
        size = shortest * waiting / np.where(mean > 0, mean, 1.0)[:, None]
        hours = np.divide(e.estimate[world, job][:, :, None], batch.speed[cls],
                          out=np.zeros(able.shape), where=able)  # fmt: skip
        own = (waiting / shortest)[:, :, None]  # from hours to the job's own unit
        may_wait = np.isfinite(batch.next_event(rows))  # also at the end: the last job still runs
        self.legal[rows, :-1] = legal.reshape(rows.size, -1)
        self.legal[rows, -1] = may_wait
        return self.layout.pack(
            legal=legal,
            able=able,
            run=hours * own,
            wait=able * batch.waits(rows, width) * own,
            measured=able * batch.telemetry(rows)[np.arange(rows.size)[:, None], cls],
            free=able * (free / nodes)[:, None, :],
            part=able * width[:, :, None] / nodes[:, None, :],
            pool=able * (nodes / total[:, None])[:, None, :],
            waiting=waiting,
            size=size,
            age=(now - np.where(waiting, batch.arrival[world, job], now)) * own[:, :, 0],
            slowdown=waiting * batch.slowdown(world, job, now),
            tries=waiting * batch.tries[world, job] / (self.cluster.site.retries + 1),
            may_wait=may_wait,
            queue=batch.length[rows] / total,
            hidden=np.maximum(1 - self.layout.visible / np.maximum(batch.length[rows], 1), 0),
            pressure=(size * width).sum(axis=1) / total,
            idle=free.sum(axis=1) / total,
        )


class LegalActions(spaces.Discrete):
    """The actions of one world. `sample()` without a mask draws among those that are legal now."""

    def __init__(self, legal: np.ndarray):  # (actions,) bool, which the world keeps up to date
        super().__init__(len(legal))
        self._legal = legal

    def sample(self, mask=None, probability=None):
        """Draw an action; see `Discrete.sample`."""
        if mask is None and probability is None:
            mask = self._legal.astype(np.int8)
        return super().sample(mask, probability)


class SingleHeteroSched(SingleWorld):
    """One cluster, from `gym.make("sim2real/HeteroSched-v0", cluster=...)`.

    `infos["action_mask"]` (int8) and `action_masks()` say which actions are legal.

    The latter is the name under which sb3-contrib's MaskablePPO looks for it.
    """

    def __init__(self, cluster: Cluster):
        super().__init__(HeteroSched(1, cluster, autoreset=False))
        self.action_space = LegalActions(self.batch.legal[0])

    def reset(self, *, seed=None, options=None):
        """Start a new episode and return (observation, infos)."""
        observation, infos = super().reset(seed=seed, options=options)
        return observation, infos | {"action_mask": self.action_masks().astype(np.int8)}

    def step(self, action):
        """Advance by one decision; raises ValueError for an action that is not legal."""
        *what, infos = super().step(action)
        return *what, infos | {"action_mask": self.action_masks().astype(np.int8)}

    def action_masks(self) -> np.ndarray:
        """Which actions are legal now, (actions,) bool."""
        return self.batch.legal[0].copy()
