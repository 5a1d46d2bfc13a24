"""The clusters behind `HeteroSched`: queues, nodes and clocks of many worlds, in NumPy.

What an attempt at a job will take is known when it starts. So a node needs only the time at which
it will be free again, and the next event of a world is the smallest of these times.
"""

from copy import deepcopy

import numpy as np

from course_lib.worlds.clusters import Site
from course_lib.worlds.episodes import SECOND, Episodes
from course_lib.worlds.schedule_log import Started

LOST_COSTS = 10.0  # a job that is lost counts this much slowdown on top of what it has


class ClusterBatch:
    """n clusters: K pools, N nodes, J jobs each. `rows` are worlds; times are hours.

    `cost` (n,) is the sum over all jobs of bounded slowdown - 1, as far as it is decided.
    """

    def __init__(self, n: int, site: Site, largest: np.ndarray, jobs: int, visible: int):
        self.site, self.visible = site, visible
        self.pool = np.repeat(np.arange(len(site.pools)), largest)  # of each node
        self._ends = largest.cumsum()  # of each pool, in that order
        self.speed = site.table("speeds")  # as simulated: what predictions are made of
        self._one_hot = (self.pool[:, None] == np.arange(len(site.pools))).astype(np.float32)
        N, J = len(self.pool), jobs
        self.now = np.zeros(n)
        self.cost = np.zeros(n)
        self.unsettled = np.zeros(n, dtype=int)  # jobs that have not started for the last time
        self.queue = np.zeros((n, max(J, visible) + 1), dtype=int)
        self.length = np.zeros(n, dtype=int)  # of the queue
        self.arrival = np.full((n, J + 1), np.inf)
        self.tries = np.zeros((n, J), dtype=int)
        self.best, self.floor, self.predicted = np.ones((3, n, J))
        self.free = np.zeros((n, N), dtype=bool)
        self.planned = np.zeros((n, N))  # predicted end of a node's job; minus infinity if free
        self._seen, self._sum = np.zeros((2, n, *self.speed.shape))  # telemetry: logs of ratios
        self.started: list[Started] | None = None  # give it a list to keep a log
        self.episodes: Episodes | None = None
        self._deciding = np.zeros(n)  # the scheduler is busy until then
        self._coming = np.zeros(n, dtype=int)  # the next job to arrive
        self._returns = np.zeros((n, J), dtype=bool)  # its present attempt will fail, not its last
        self._until = np.full((n, N), np.inf)  # end of a node's job or repair
        self._job_at = np.full((n, N), -1)  # on the first node of a gang
        self._fails = np.zeros((n, N), dtype=bool)  # goes to repair afterwards
        self._ratio = np.ones((n, N))  # run time over prediction, of the job at its first node

    def begin(self, which: np.ndarray, episodes: Episodes) -> None:
        """Start new episodes in the worlds `which`, and go to their first decision."""
        if self.episodes is None:  # the first time, which is in all worlds
            self.episodes = deepcopy(episodes)
        self.episodes.put(which, episodes)
        e = episodes
        self.now[which] = self._deciding[which] = self.cost[which] = 0.0
        self.length[which] = self._coming[which] = 0
        self.unsettled[which] = np.isfinite(e.arrival).sum(axis=1)
        self.arrival[which, :-1] = e.arrival
        self.tries[which] = 0
        self.best[which] = e.shortest(e.hours, e.speed)
        self.predicted[which] = e.shortest(e.estimate, self.speed)
        self.floor[which] = np.maximum(self.best[which], self.site.bound * SECOND)
        self.free[which], self._fails[which], self._job_at[which] = e.exists, False, -1
        self._until[which] = np.inf
        self.planned[which] = np.where(e.exists, -np.inf, np.inf)
        self._seen[which] = self._sum[which] = 0.0
        self.run_on(which)

    def start(self, rows, m, k):
        """Start job m of the queue in pool k, one in each of the worlds `rows`."""
        job, gang = self._assign(rows, m, k)
        e, tries = self.episodes, self.tries[rows, job] - 1
        run = self.run_hours(rows, job, k, gang)
        rate = e.failures[rows, k] * e.width[rows, job]
        life = np.divide(e.life[rows, job, tries], rate, out=np.full(rows.size, np.inf),
                         where=rate > 0)  # fmt: skip
        fails = life < run
        returns = fails & (tries < self.site.retries)
        now = self.now[rows]
        end = now + np.minimum(run, life)
        world, node = gang.nonzero()
        first, last = gang.argmax(axis=1), gang.shape[1] - 1 - gang[:, ::-1].argmax(axis=1)

        self._until[rows[world], node] = end[world]
        self._fails[rows, last] = fails
        self._ratio[rows, first] = np.where(fails, np.nan, run / self.predicted_run(rows, job, k))
        self._returns[rows, job] = returns
        self.unsettled[rows] -= ~returns
        self.cost[rows] += self.slowdown(rows, job, end, returns) - self.slowdown(rows, job, now)
        self.cost[rows[fails & ~returns]] += LOST_COSTS
        self._deciding[rows] = now + e.latency[rows]
        if self.started is not None:
            nodes = np.split(node, np.searchsorted(world, np.arange(1, rows.size)))
            self.started.append(Started(rows, job, k, now, end, fails, nodes))

    def _assign(self, rows, m, k):
        """Take job m of these queues to the first free nodes of pool k; return jobs and gangs."""
        job = self.queue[rows, m]
        self._leave_queue(rows, m)
        usable = self.free[rows] & (self.pool == k[:, None])  # (rows, N)
        rank = usable.cumsum(axis=1)
        gang = usable & (rank <= self.episodes.width[rows, job][:, None])
        world, node = gang.nonzero()
        self.free[rows[world], node] = False
        planned = self.now[rows] + self.predicted_run(rows, job, k)
        self.planned[rows[world], node] = planned[world]
        self._job_at[rows, gang.argmax(axis=1)] = job
        self.tries[rows, job] += 1
        return job, gang

    def predicted_run(self, rows, job, k):
        """Hours that jobs are predicted to take in pools k, (rows,)."""
        return self.episodes.estimate[rows, job] / self.speed[self.episodes.cls[rows, job], k]

    def run_hours(self, rows, job, k, gang):
        """Hours that jobs take on the nodes `gang` (rows, N), which they have, of pools k."""
        e, width = self.episodes, self.episodes.width[rows, job]
        free = self.free_nodes(rows)[np.arange(rows.size), k].astype(float) + width  # before
        taken = 1 - free / e.nodes[rows, k]  # share of the pool that others use
        run = e.hours[rows, job] / e.speed[rows, e.cls[rows, job], k]
        run *= e.luck[rows, job, self.tries[rows, job] - 1]
        run /= np.where(gang, e.node_speed[rows], np.inf).min(axis=1)  # as fast as the slowest
        run *= (1 + e.contention[rows] * taken) * (1 + e.communication[rows] * np.log2(width))
        return run

    def _leave_queue(self, rows, m):
        """Close the gap that job m of each of these queues leaves."""
        places = np.arange(self.length[rows].max())
        after = places + (places >= m[:, None])
        self.queue[rows[:, None], places] = self.queue[rows[:, None], after]
        self.length[rows] -= 1

    def slowdown(self, rows, job, at, waits=True):
        """Bounded slowdown of jobs that end at a time, or (`waits`) that could at best, queued."""
        since = at - self.arrival[rows, job]
        floor = self.floor[rows, job]
        return np.maximum(floor, since + self.best[rows, job] * waits) / floor

    def must_run_on(self, rows):
        """Where the clock runs on by itself: the scheduler is busy, or nothing can be started."""
        nothing = ~self.startable(rows).any(axis=(1, 2))
        busy = self.now[rows] < self._deciding[rows]
        return (busy | nothing) & (self.unsettled[rows] > 0)

    def run_on(self, rows):
        """Go from event to event until these worlds have something to decide."""
        while rows.size:
            event, deciding = self.next_event(rows), self._deciding[rows]
            busy = self.now[rows] < deciding
            self._pass_to(rows, np.where(busy, np.minimum(event, deciding), event))
            rows = rows[self.must_run_on(rows)]

    def next_event(self, rows):
        """When the next job arrives or ends or node comes back, (rows,); infinite: never."""
        coming = self.arrival[rows, self._coming[rows]]
        return np.minimum(coming, self._until[rows].min(axis=1))

    def _pass_to(self, rows, time):
        """Move the clock of these worlds to `time`, at most the next event, and let it happen."""
        places = np.arange(self.length[rows].max(initial=0))
        queued = places < self.length[rows, None]
        job, world = self.queue[rows[:, None], places], rows[:, None]
        grown = self.slowdown(world, job, time[:, None]) - self.slowdown(
            world, job, self.now[world]
        )
        self.cost[rows] += (grown * queued).sum(axis=1)
        self.now[rows] = time
        world, node = (self._until[rows] <= time[:, None]).nonzero()
        if node.size:
            self._finish(rows[world], node)
        while True:  # several may be submitted at once
            rows = rows[self.arrival[rows, self._coming[rows]] <= self.now[rows]]
            if not rows.size:
                return
            self._enqueue(rows, self._coming[rows])
            self._coming[rows] += 1

    def _finish(self, world, node):
        """What these nodes were doing is over; arrays (nodes,)."""
        job = self._job_at[world, node]
        first = job >= 0
        self._report(world[first], node[first], job[first])
        failed = self._fails[world, node]
        self._fails[world, node], self._job_at[world, node] = False, -1
        repaired = self._until[world, node] + self.site.repair_hours
        self._until[world, node] = np.where(failed, repaired, np.inf)
        self.planned[world, node] = np.where(failed, repaired, -np.inf)
        self.free[world, node] = ~failed

    def _report(self, world, node, job):
        """Jobs have ended: take their run times into the telemetry, queue again what failed."""
        ratio, k = self._ratio[world, node], self.pool[node]
        done = np.isfinite(ratio)
        at = (world[done], self.episodes.cls[world, job][done], k[done])
        np.add.at(self._sum, at, np.log(ratio[done]))
        np.add.at(self._seen, at, 1)
        again = self._returns[world, job]
        for i, j in zip(world[again], job[again], strict=True):  # two of one world may come at once
            self._enqueue(i, j)

    def _enqueue(self, world, job):
        """Put one job each at the end of these queues."""
        self.queue[world, self.length[world]] = job
        self.length[world] += 1

    def startable(self, rows):
        """Which visible jobs can be started in which pools now, (rows, visible, pools) bool."""
        job, waiting = self.head(rows)
        world = rows[:, None]
        free = self.free_nodes(rows)
        able = self.speed[self.episodes.cls[world, job]] > 0
        enough = self.episodes.width[world, job][:, :, None] <= free[:, None, :]
        return able & enough & waiting[:, :, None]

    def free_nodes(self, rows):
        """Free nodes per pool, (rows, pools)."""
        return self.free[rows].astype(np.float32) @ self._one_hot

    def head(self, rows):
        """The first jobs of these queues and where there are any, both (rows, visible)."""
        places = np.arange(self.visible)
        return self.queue[rows, : self.visible], places < self.length[rows, None]

    def waits(self, rows, width):
        """Predicted hours until each visible job's nodes are free, (rows, visible, pools)."""
        waits, now = np.zeros((*width.shape, len(self._ends))), self.now[rows, None]
        start = 0
        for k, end in enumerate(self._ends):
            ends = np.sort(self.planned[rows, start:end], axis=1)
            at = np.take_along_axis(ends, np.minimum(width, end - start) - 1, axis=1)
            waits[:, :, k] = np.clip(at - now, 0.0, 1e9)  # no infinity: it is not able there
            start = end
        return waits

    def telemetry(self, rows):
        """Run time over prediction of what has ended, (rows, classes, pools).

        The geometric mean, with one more observation of 1: what is not known is as predicted.
        """
        return np.exp(self._sum[rows] / (self._seen[rows] + 1))
