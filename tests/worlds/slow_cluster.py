"""One cluster, simulated slowly and plainly: what `HeteroSched` must agree with.

Written from the docstrings of `worlds.scheduler`, `worlds.episodes` and `worlds.queue_view`, with
lists and a heap instead of arrays.
"""

import heapq
import math
from types import SimpleNamespace

# Of several things at one time ends and repairs come first, in the order of their first nodes.
ENDS, ARRIVES = 0, 1


class SlowCluster:
    """World `i` of some `Episodes`. `run(choose)` plays it; `choose(self)` returns an action."""

    def __init__(self, site, episodes, i, visible):
        self.site, self.visible, e = site, visible, episodes
        self.simulated = [job_class.speeds for job_class in site.classes]
        self.true = e.speed[i].tolist()
        self.contention, self.communication = float(e.contention[i]), float(e.communication[i])
        self.latency = float(e.latency[i])  # h
        self.pools = [SimpleNamespace(nodes=[], failures=float(f)) for f in e.failures[i]]
        large = [max(p.real_nodes, p.nodes) for p in site.pools]
        pool_of = [k for k, count in enumerate(large) for _ in range(count)]
        for n in range(len(e.exists[i])):
            if e.exists[i, n]:
                node = SimpleNamespace(number=n, speed=float(e.node_speed[i, n]), planned=None)
                self.pools[pool_of[n]].nodes.append(node)  # planned: when it will be free; or None
        self.total = sum(len(pool.nodes) for pool in self.pools)
        self.jobs = [
            self._job(e, i, j) for j in range(len(e.arrival[i])) if math.isfinite(e.arrival[i, j])
        ]
        self.now, self.ready = 0.0, 0.0  # the scheduler is busy until `ready`
        self.queue, self.attempts, self.ratios = [], [], {}
        self.events = []
        for job in self.jobs:
            self._plan(job.submitted, ARRIVES, job.number, lambda job=job: self.queue.append(job))

    def _job(self, e, i, j):
        job = SimpleNamespace(
            number=j, cls=int(e.cls[i, j]), width=int(e.width[i, j]), hours=float(e.hours[i, j]),
            submitted=float(e.arrival[i, j]), estimate=float(e.estimate[i, j]),
            luck=e.luck[i, j].tolist(), life=e.life[i, j].tolist(),
            tries=0, settled=False, lost=False, end=None,
        )  # fmt: skip
        pools = [k for k in range(len(self.pools)) if self.able(job, k)]
        job.best = min(job.hours / self.true[job.cls][k] for k in pools)
        job.shortest = min(self.predicted(job, k) for k in pools)
        job.floor = max(job.best, self.site.bound / 3600)
        return job

    def _plan(self, time, kind, number, what):
        heapq.heappush(self.events, (time, kind, number, what))

    # Rules

    def able(self, job, k):
        return self.simulated[job.cls][k] > 0 and job.width <= len(self.pools[k].nodes)

    def predicted(self, job, k):
        return job.estimate / self.simulated[job.cls][k]

    def free(self, k):
        return [node for node in self.pools[k].nodes if node.planned is None]

    def head(self):
        return self.queue[: self.visible]

    def legal(self):
        """Legal actions, in order."""
        pools = range(len(self.pools))
        starts = [
            m * len(pools) + k
            for m, job in enumerate(self.head())
            for k in pools
            if self.able(job, k) and job.width <= len(self.free(k))
        ]
        waits = [self.visible * len(pools)] if self.events or self.over() else []
        return starts + waits

    def over(self):
        return all(job.settled for job in self.jobs)

    # Time

    def run(self, choose):
        while True:
            self._go_on()
            if self.over():
                return
            action = choose(self)
            if action == self.visible * len(self.pools):
                self._next_event()
            else:
                m, k = divmod(action, len(self.pools))
                self._start(self.queue.pop(m), k)

    def _go_on(self):
        """Let the clock run while there is nothing to decide."""
        while not self.over():
            if self.now < self.ready:
                if self.events and self.events[0][0] <= self.ready:
                    self._next_event()
                else:
                    self.now = self.ready
            elif any(action < self.visible * len(self.pools) for action in self.legal()):
                return
            else:
                self._next_event()

    def _next_event(self):
        self.now = self.events[0][0]
        while self.events and self.events[0][0] <= self.now:
            heapq.heappop(self.events)[-1]()

    def _start(self, job, k):
        pool, free = self.pools[k], self.free(k)
        gang, n = free[: job.width], len(pool.nodes)
        assert len(gang) == job.width
        run = job.hours / self.true[job.cls][k] * job.luck[job.tries]
        run /= min(node.speed for node in gang)
        run *= 1 + self.contention * (n - len(free)) / n
        run *= 1 + self.communication * math.log2(job.width)
        rate = pool.failures * job.width
        life = job.life[job.tries] / rate if rate else math.inf
        failed, predicted = life < run, self.predicted(job, k)
        end = self.now + min(run, life)
        job.tries += 1
        job.settled = not failed or job.tries > self.site.retries
        job.lost, job.end = failed and job.settled, end
        for node in gang:
            node.planned = self.now + predicted
        numbers = [node.number for node in gang]
        self.attempts.append((job.number, k, self.now, end, failed, numbers))
        self.ready = self.now + self.latency

        def ends():
            for node in gang:
                node.planned = None
            if not failed:
                self.ratios.setdefault((job.cls, k), []).append(run / predicted)
                return
            self._repair(gang[-1])
            if not job.lost:
                self.queue.append(job)

        self._plan(end, ENDS, gang[0].number, ends)

    def _repair(self, node):
        node.planned = self.now + self.site.repair_hours

        def back():
            node.planned = None

        self._plan(node.planned, ENDS, node.number, back)

    # Cost

    def slowdown(self, job):
        """As far as it is decided: a job that waits, or will, might at best run at once."""
        if job.settled:
            return max(1.0, (job.end - job.submitted) / job.floor)
        at = max(self.now, job.end or self.now)
        return max(1.0, (at - job.submitted + job.best) / job.floor)

    def cost(self):
        jobs = [job for job in self.jobs if job.submitted <= self.now]
        return sum(self.slowdown(job) - 1 + 10 * job.lost for job in jobs)
