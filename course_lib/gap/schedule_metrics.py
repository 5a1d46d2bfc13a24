"""What a schedule was worth, in the numbers by which the field compares schedulers."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from course_lib.worlds.cluster_batch import LOST_COSTS
from course_lib.worlds.schedule_log import ScheduleLog


@dataclass(frozen=True)
class ScheduleMetrics:
    """Metrics of one schedule, or their means over several.

    Slowdowns are bounded (Feitelson 2001, "Metrics for Parallel Job Scheduling and Their
    Convergence"). A lost job has the slowdown of its last attempt's end plus the 10 that the
    reward charges, so that `mean_slowdown` is 1 - return / jobs. Utilisation is a share of all the
    nodes' hours between the first submission and the last end. Attempts that failed keep their
    nodes busy, but are of no use.
    """

    mean_slowdown: float
    p95_slowdown: float  # 95th percentile over jobs, between neighbours linear
    mean_completion: float  # h, from submission to end, of the jobs that were not lost
    makespan: float  # h, from the first submission to the last end
    utilisation: float  # share of node-hours that were busy
    useful_utilisation: float  # the same without failed attempts
    slo_misses: float  # share of jobs that were lost or slower than their class's `slo` allows
    lost_jobs: float  # share of jobs that failed at every try
    lost_work: float  # node-hours of failed attempts
    lost_share: float  # the same as a share of all busy node-hours


def metrics_of(log: ScheduleLog) -> ScheduleMetrics:
    """The metrics of one whole episode.

    `mean_completion` is NaN where all jobs are lost. Raises ValueError where jobs are still to be
    started, or started again.
    """
    failed_last = {a.job: a.failed for a in log.attempts}  # later attempts come later
    unfinished = sum(failed_last.get(j, True) and not log.lost[j] for j in range(len(log.cls)))
    if unfinished or not len(log.cls):
        raise ValueError(f"metrics are of a whole episode; {unfinished} jobs have still to start")
    slowdown = log.slowdown + LOST_COSTS * log.lost
    slo = log.site.table("slo")[log.cls]
    completed = (log.ended - log.submitted)[~log.lost]
    failed = np.array([a.failed for a in log.attempts])
    busy = np.array([(a.end - a.start) * len(a.nodes) for a in log.attempts])  # node-hours
    makespan = max(a.end for a in log.attempts) - log.submitted.min()
    there = log.nodes.sum() * makespan
    return ScheduleMetrics(
        mean_slowdown=float(slowdown.mean()),
        p95_slowdown=float(np.percentile(slowdown, 95)),
        mean_completion=float(completed.mean()) if completed.size else float("nan"),
        makespan=float(makespan),
        utilisation=float(busy.sum() / there),
        useful_utilisation=float(busy[~failed].sum() / there),
        slo_misses=float(((log.slowdown > slo) | log.lost).mean()),
        lost_jobs=float(log.lost.mean()),
        lost_work=float(busy[failed].sum()),
        lost_share=float(busy[failed].sum() / busy.sum()),
    )


def mean_metrics(logs: Iterable[ScheduleLog]) -> ScheduleMetrics:
    """The mean of each metric over the logs; every episode counts the same."""
    found = [metrics_of(log) for log in logs]
    return ScheduleMetrics(
        **{f.name: float(np.mean([getattr(m, f.name) for m in found])) for f in fields(found[0])}
    )
