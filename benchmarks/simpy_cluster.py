"""The model of `HeteroSched` at severity 0, written with SimPy as a learner would write it.

Processes are the arrivals, each running job, and the scheduler, which sleeps until something
happens. Times are hours. Nothing fails and nothing is noisy, so run times are as predicted.
"""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import simpy


@dataclass(frozen=True)
class Jobs:
    """A cluster and what it has to do: J jobs, C classes, K pools."""

    arrival: list[float]  # (J,)
    cls: list[int]  # (J,)
    width: list[int]  # (J,) nodes of one pool, all at once
    hours: list[float]  # (J,) at speed 1
    speed: list[list[float]]  # (C, K); 0 = cannot run there
    nodes: list[int]  # (K,)
    visible: int  # jobs at the head of the queue that the scheduler sees
    bound: float  # shorter jobs count as this long in their slowdown


class SimPyCluster:
    """One cluster under first-fit; `run()` empties its queue.

    `observing`: before each decision it writes the observation that `HeteroSched` would give (see
    `course_lib.worlds.queue_view`), and first-fit looks at nothing else.
    """

    def __init__(self, jobs: Jobs, observing: bool = False):
        self.jobs, self.observing = jobs, observing
        self.env = simpy.Environment()
        self.free = [list(range(count)) for count in jobs.nodes]  # heaps: lowest number first
        self.planned = [[-math.inf] * count for count in jobs.nodes]  # end of a node's job
        self.queue, self.coming = [], len(jobs.arrival)
        self.decisions, self.slowdowns = 0, []
        self._changed = self.env.event()
        self.env.process(self._arrivals())
        self.env.process(self._scheduler())

    def run(self) -> None:
        """Go on until nothing happens any more."""
        self.env.run()

    def _arrivals(self) -> Iterator[simpy.Event]:
        jobs = self.jobs
        for submitted, cls, width, hours in zip(
            jobs.arrival, jobs.cls, jobs.width, jobs.hours, strict=True
        ):
            yield self.env.timeout(submitted - self.env.now)
            speeds = [
                speed if width <= count else 0.0
                for speed, count in zip(jobs.speed[cls], jobs.nodes, strict=True)
            ]
            best = hours / max(speeds)
            self.queue.append(
                SimpleNamespace(
                    submitted=submitted,
                    width=width,
                    hours=hours,
                    speeds=speeds,
                    best=best,
                    floor=max(best, jobs.bound),
                )  # fmt: skip
            )
            self.coming -= 1
            self._wake()

    def _scheduler(self) -> Iterator[simpy.Event]:
        while True:
            yield self._changed  # it comes after all else that happens at this time
            self._changed = self.env.event()
            while (fitting := self._first_fit()) is not None:
                if self.observing:
                    fitting = self._decide(self.observe())
                self.decisions += 1
                self._start(*fitting)

    def _wake(self) -> None:
        if not self._changed.triggered:
            self._changed.succeed()

    def _first_fit(self) -> tuple[int, int] | None:
        """The first visible job that fits anywhere, and the first pool with room for it."""
        for m, job in enumerate(self.queue[: self.jobs.visible]):
            for k, free in enumerate(self.free):
                if job.speeds[k] > 0 and job.width <= len(free):
                    return m, k
        return None

    def _decide(self, observation: np.ndarray) -> tuple[int, int]:
        """The same as `_first_fit`, from an observation: its first part says what is legal."""
        legal = observation[: self.jobs.visible * len(self.free)]
        return divmod(int(legal.argmax()), len(self.free))

    def _start(self, m: int, k: int) -> None:
        job = self.queue.pop(m)
        gang = [heapq.heappop(self.free[k]) for _ in range(job.width)]
        run = job.hours / job.speeds[k]
        for node in gang:
            self.planned[k][node] = self.env.now + run
        self.env.process(self._job(job, k, gang, run))

    def _job(self, job, k: int, gang: list[int], run: float) -> Iterator[simpy.Event]:
        yield self.env.timeout(run)
        for node in gang:
            heapq.heappush(self.free[k], node)
            self.planned[k][node] = -math.inf
        self.slowdowns.append(max(1.0, (self.env.now - job.submitted) / job.floor))
        self._wake()

    def observe(self) -> np.ndarray:
        """The observation of `HeteroSched`, float32: see `course_lib.worlds.queue_view`."""
        now, visible, nodes = self.env.now, self.jobs.visible, self.jobs.nodes
        head, total, idle = self.queue[:visible], sum(nodes), sum(map(len, self.free))
        pairs = np.zeros((8, visible, len(nodes)), dtype=np.float32)
        own = np.zeros((5, visible), dtype=np.float32)
        ends = [sorted(planned) for planned in self.planned]
        mean = sum(job.best for job in head) / len(head)
        for m, job in enumerate(head):
            waited = now - job.submitted
            slowdown = max(1.0, (waited + job.best) / job.floor)
            own[:, m] = 1, job.best / mean, waited / job.best, slowdown, 0
            for k, speed in enumerate(job.speeds):
                if speed > 0:
                    free = len(self.free[k])
                    pairs[:, m, k] = (
                        job.width <= free,
                        1,
                        job.hours / speed / job.best,
                        max(ends[k][job.width - 1] - now, 0.0) / job.best,
                        1,  # runs take as long as predicted
                        free / nodes[k],
                        job.width / nodes[k],
                        nodes[k] / total,
                    )
        cluster = (
            self.coming > 0 or idle < total,
            len(self.queue) / total,
            max(1 - visible / len(self.queue), 0),
            sum(job.best / mean * job.width for job in head) / total,
            idle / total,
        )
        return np.minimum(np.concatenate([pairs.ravel(), own.ravel(), cluster]), 1_000.0).astype(
            np.float32
        )
