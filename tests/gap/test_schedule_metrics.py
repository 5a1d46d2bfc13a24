from dataclasses import asdict, replace

import numpy as np
import pytest

from course_lib.gap import ScheduleMetrics, mean_metrics, metrics_of
from course_lib.learning import MinMin, ShortestJobFirst, evaluate
from course_lib.learning.schedules import schedules
from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.schedule_log import Attempt, ScheduleLog
from course_lib.worlds.scheduler import Cluster

# Pools of 2 and 3 nodes; nodes 0 and 1, 2 to 4. Slowdowns are bounded at one hour.
SITE = Site(
    "by hand",
    pools=(Pool("a", 2, 2), Pool("b", 3, 3)),
    classes=(
        JobClass("patient", (1, 2), (1, 2), 0.5, 0.5, 2, slo=4.0),
        JobClass("urgent", (1, 1), (1, 1), 0.5, 0.5, 2, slo=2.0),
    ),
    bound=3600,
    retries=1,
)
FIRST = 10.0  # h, when the first job comes


def log_of(jobs, attempts):
    """jobs: (class, submitted, best, lost); attempts: (job, pool, start, end, failed, nodes)."""
    cls, submitted, best, lost = (np.array(x) for x in zip(*jobs, strict=True))
    tried = tuple(Attempt(*a[:-1], np.array(a[-1])) for a in attempts)
    last = [max((a for a in tried if a.job == j), key=lambda a: a.start) for j in range(len(jobs))]
    return ScheduleLog(
        site=SITE, nodes=np.array([2, 3]), cls=cls, submitted=submitted, best=best, lost=lost,
        width=np.array([len(a.nodes) for a in last]), pool=np.array([a.pool for a in last]),
        started=np.array([a.start for a in last]), ended=np.array([a.end for a in last]),
        predicted=best, tries=np.array([sum(a.job == j for a in tried) for j in range(len(jobs))]),
        attempts=tried,
    )  # fmt: skip


LOG = log_of(
    jobs=[
        (0, FIRST, 2.0, False),  # ends at 16 after one failure: slowdown 6 / 2 = 3
        (1, FIRST, 0.5, False),  # ends at 12.5: 2.5 / 1 = 2.5, over its 2
        (0, FIRST + 1, 4.0, False),  # ends at 15: 4 / 4 = 1
        (1, FIRST + 2, 2.0, True),  # lost at 14: 2 / 2 = 1, and 10
    ],
    attempts=[
        (0, 1, 10.0, 11.0, True, [2, 3]),  # 2 node-hours, lost
        (1, 0, 12.0, 12.5, False, [0]),  # 0.5
        (2, 1, 11.0, 15.0, False, [2, 3, 4]),  # 12
        (3, 0, 12.5, 13.0, True, [0, 1]),  # 1, lost
        (3, 0, 13.0, 14.0, True, [0, 1]),  # 2, lost
        (0, 1, 15.0, 16.0, False, [2, 3]),  # 2
    ],
)


def test_metrics_of_a_log_are_those_that_one_computes_by_hand():
    there = 5 * 6.0  # five nodes from 10 to 16
    assert asdict(metrics_of(LOG)) == pytest.approx(
        {
            "mean_slowdown": (3 + 2.5 + 1 + 11) / 4,
            "p95_slowdown": 3 + 0.85 * 8,  # at 0.95 × 3 = 2.85 between the sorted 1, 2.5, 3, 11
            "mean_completion": (6 + 2.5 + 4) / 3,
            "makespan": 6.0,
            "utilisation": 19.5 / there,
            "useful_utilisation": 14.5 / there,
            "slo_misses": 2 / 4,
            "lost_jobs": 1 / 4,
            "lost_work": 5.0,
            "lost_share": 5 / 19.5,
        }
    )


def test_a_slowdown_that_is_just_allowed_is_no_miss():
    log = log_of([(1, 0.0, 1.0, False)], [(0, 0, 1.0, 2.0, False, [0])])
    assert metrics_of(log).slo_misses == 0
    log = log_of([(1, 0.0, 1.0, False)], [(0, 0, 1.0, 2.01, False, [0])])
    assert metrics_of(log).slo_misses == 1


def test_the_makespan_ends_with_the_last_end_of_all_and_begins_with_the_first_submission():
    jobs = [(0, 3.0, 1.0, False), (0, 2.0, 1.0, False)]  # in whatever order
    log = log_of(jobs, [(0, 0, 3.0, 9.0, False, [0]), (1, 0, 3.0, 5.0, False, [1])])
    assert metrics_of(log).makespan == 7


def test_where_all_are_lost_no_completion_time_is_known():
    log = log_of([(0, 0.0, 1.0, True)], [(0, 0, 0.0, 1.0, True, [0])])
    assert np.isnan(metrics_of(log).mean_completion)
    assert metrics_of(log).lost_share == 1


def test_an_unfinished_schedule_has_no_metrics():
    never = replace(LOG, attempts=LOG.attempts[:1] + LOG.attempts[2:])
    again = replace(LOG, attempts=LOG.attempts[:-1])  # job 0 has failed and will come again
    for log, count in ((never, 1), (again, 1)):
        with pytest.raises(ValueError, match=f"{count} jobs have still to start"):
            metrics_of(log)


def test_the_mean_over_logs_is_that_of_each_metric():
    other = log_of([(0, 0.0, 1.0, False)], [(0, 0, 0.0, 1.0, False, [0])])
    one, two, mean = metrics_of(LOG), metrics_of(other), mean_metrics([LOG, other])
    assert isinstance(mean, ScheduleMetrics)
    for name, value in asdict(mean).items():
        assert value == pytest.approx((getattr(one, name) + getattr(two, name)) / 2)


REAL = Site(
    "small",
    pools=(Pool("slow", 4, 4, 0.1), Pool("fast", 3, 3, 0.1)),
    classes=(
        JobClass("a", (1, 2), (1, 3), 0.5, 0.3, 2, 1.0, 1.6, (1, 2), slo=2.0),
        JobClass("b", (1, 6), (1, 4), 0.5, 0.7, 6, 1.5, 1.6, (1, 3), slo=4.0),
    ),
    bursts=0.5, node_spread=0.1, noise=0.3, contention=0.5, retries=1,
)  # fmt: skip


@pytest.mark.parametrize("gaps", [Gaps(), Gaps(1, 1, 1, 1)], ids=["simulator", "four gaps"])
def test_metrics_of_simulated_logs_agree_with_the_reward_and_with_each_other(gaps):
    cluster = Cluster(REAL, gaps, visible=8, jobs_per_node=6)
    policy = MinMin(cluster.layout)
    found = [metrics_of(log) for log in schedules(policy, cluster, 6)]
    slowdowns = 1 - evaluate(policy, cluster, 6) / 42
    np.testing.assert_allclose([m.mean_slowdown for m in found], slowdowns, rtol=1e-9)
    for m in found:
        assert 0 < m.useful_utilisation <= m.utilisation <= 1
        assert m.useful_utilisation == pytest.approx(m.utilisation * (1 - m.lost_share))
        assert m.lost_work == pytest.approx(m.lost_share * m.utilisation * 7 * m.makespan)
        assert m.slo_misses >= m.lost_jobs
        assert (m.lost_work > 0) >= (m.lost_jobs > 0)
    assert (np.mean([m.lost_work for m in found]) > 0) == (gaps.failures > 0)
    assert (np.mean([m.lost_jobs for m in found]) > 0) == (gaps.failures > 0)


def test_the_same_jobs_make_the_same_work_whoever_schedules_them_on_equal_pools():
    site = replace(REAL, classes=(JobClass("a", (1, 1), (1, 1), 1.0, 1.0, 2, widths=(1, 2)),))
    cluster = Cluster(site, visible=8, jobs_per_node=6)
    for one, two in zip(
        *(schedules(make(cluster.layout), cluster, 3) for make in (MinMin, ShortestJobFirst)),
        strict=True,
    ):
        a, b = metrics_of(one), metrics_of(two)
        assert a.utilisation * a.makespan == pytest.approx(b.utilisation * b.makespan)
