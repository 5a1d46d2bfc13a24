"""What happened in a schedule: one line per job, as the accounting file of a cluster has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.worlds.clusters import Site
from course_lib.worlds.episodes import SECOND, Episodes


class Started(NamedTuple):
    """Attempts that began in one step, each in another world; arrays (attempts,)."""

    world: np.ndarray
    job: np.ndarray
    pool: np.ndarray
    start: np.ndarray  # h
    end: np.ndarray  # h
    failed: np.ndarray
    nodes: list[np.ndarray]  # the gang of each attempt


class Attempt(NamedTuple):
    """One job on its nodes, from its start to its end or to the failure of a node."""

    job: int
    pool: int
    start: float  # h
    end: float  # h
    failed: bool
    nodes: np.ndarray


@dataclass(frozen=True)
class ScheduleLog:
    """The jobs of one episode; arrays (jobs,) in the order in which they were submitted.

    `started` and `ended` are those of a job's last attempt so far; a job that never started has
    pool -1 and infinite times.
    """

    site: Site
    nodes: np.ndarray  # (pools,)
    cls: np.ndarray
    width: np.ndarray
    submitted: np.ndarray  # h
    started: np.ndarray  # h
    ended: np.ndarray  # h
    pool: np.ndarray
    best: np.ndarray  # h, true run time in the fastest pool
    predicted: np.ndarray  # h, the user's estimate over the simulated speed, in the pool it ran in
    tries: np.ndarray
    lost: np.ndarray  # the last try that it had has failed
    attempts: tuple[Attempt, ...]  # in the order of their starts

    @property
    def run(self) -> np.ndarray:
        """Hours from the start of the last attempt to its end."""
        return self.ended - self.started

    @property
    def slowdown(self) -> np.ndarray:
        """Bounded slowdown: time from submission to end over the best run time, at least 1."""
        floor = np.maximum(self.best, self.site.bound * SECOND)
        return np.maximum(1.0, (self.ended - self.submitted) / floor)


def logs_of(
    site: Site, episodes: Episodes, best: np.ndarray, started: Sequence[Started]
) -> list[ScheduleLog]:
    """One log per world, from what was drawn and what was started; `best` (n, jobs) in hours."""
    attempts: list[list[Attempt]] = [[] for _ in best]
    for step in started:
        for world, *rest in zip(*step, strict=True):
            attempts[world].append(Attempt(*(x if np.ndim(x) else x.item() for x in rest)))
    return [_log(site, episodes, i, best[i], tuple(tried)) for i, tried in enumerate(attempts)]


def _log(site, e: Episodes, i: int, best, attempts) -> ScheduleLog:
    jobs = int(np.isfinite(e.arrival[i]).sum())
    started, ended = np.full((2, jobs), np.inf)
    pool, tries = np.full(jobs, -1), np.zeros(jobs, dtype=int)
    failed = np.zeros(jobs, dtype=bool)
    for attempt in attempts:
        j = attempt.job
        started[j], ended[j], pool[j] = attempt.start, attempt.end, attempt.pool
        tries[j] += 1
        failed[j] = attempt.failed
    cls = e.cls[i, :jobs]
    return ScheduleLog(
        site=site,
        nodes=e.nodes[i].copy(),
        cls=cls.copy(),
        width=e.width[i, :jobs].copy(),
        submitted=e.arrival[i, :jobs].copy(),
        started=started,
        ended=ended,
        pool=pool,
        best=best[:jobs].copy(),
        predicted=e.estimate[i, :jobs]
        / np.where(pool < 0, np.nan, site.table("speeds")[cls, pool]),
        tries=tries,
        lost=failed & (tries > site.retries),
        attempts=attempts,
    )
