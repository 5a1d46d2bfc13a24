from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from workload_sites import SITE, drawn, episodes, finish, same

from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.replay import Replayed
from course_lib.worlds.swf import Trace, read_swf
from course_lib.worlds.workloads import room

M = 300


def trace_of(**columns):
    """A trace of M jobs, every one with its own run time (1 h, 2 h, ...), with changed columns."""
    rng = np.random.default_rng(5)
    usual = {
        "submit": rng.gamma(0.3, 1000, M).cumsum(),
        "run": 3600.0 * np.arange(1, M + 1),
        "estimate": 7200.0 * np.arange(1, M + 1),
        "processors": np.ones(M),
        "user": rng.integers(0, 12, M),
        "executable": np.full(M, -1),
    }
    return Trace("made.swf", {}, 0, **usual | columns)


TRACE = trace_of()
WORKLOAD = Replayed(TRACE)


def places(stream):
    """Which job of TRACE each job of the stream is: its run time tells."""
    return np.rint(stream.hours).astype(int) - 1


def test_at_full_severity_the_trace_comes_as_it_was():
    stream = drawn(WORKLOAD, 1)
    job = places(stream)
    np.testing.assert_array_equal(np.diff(job, axis=1), 1)
    own = np.diff(TRACE.submit)
    np.testing.assert_allclose(stream.gaps, own[job - 1] / own.mean())


def test_without_severity_arrivals_are_poisson_and_the_order_is_random():
    stream = drawn(WORKLOAD, 0)
    assert stats.kstest(stream.gaps.ravel(), "expon").pvalue > 0.01
    job = places(stream)
    ordered = np.sort(job, axis=1)
    np.testing.assert_array_equal(np.diff(ordered, axis=1), 1)  # the same jobs: of one window
    rank = job - ordered[:, :1]
    assert abs(rank.mean(axis=0) - 24.5).max() < 4.5  # every job may come at every place
    assert abs(stats.spearmanr(rank[:, :-1].ravel(), rank[:, 1:].ravel()).statistic) < 0.06


@pytest.mark.parametrize("severity", [0.25, 0.75])
def test_in_between_so_large_a_share_of_jobs_comes_as_it_did(severity):
    stream = drawn(WORKLOAD, severity)
    job = places(stream)
    ordered = np.sort(job, axis=1)
    np.testing.assert_array_equal(np.diff(ordered, axis=1), 1)
    own = np.diff(TRACE.submit) / np.diff(TRACE.submit).mean()
    as_it_was = np.isclose(stream.gaps, own[ordered - 1])
    assert as_it_was.mean() == pytest.approx(severity, abs=0.01)
    assert (job == ordered)[as_it_was].all()
    # One of those that move may come to its own place again.
    moved = 1 - severity
    assert (job != ordered).mean() == pytest.approx(moved - 1 / 50, abs=0.01)


def test_bursts_grow_with_severity():
    spread = [drawn(WORKLOAD, severity).gaps.std() for severity in (0, 0.5, 1)]
    assert spread == sorted(spread)
    assert spread[2] > 1.5


def test_every_job_but_the_first_can_come_and_windows_begin_anywhere():
    first = places(drawn(WORKLOAD, 1, n=8000, jobs=250))[:, 0]
    found, count = np.unique(first, return_counts=True)
    np.testing.assert_array_equal(found, np.arange(1, 51))
    assert stats.chisquare(count).pvalue > 0.01


def test_a_trace_must_be_longer_than_an_episode():
    assert (places(drawn(WORKLOAD, 1, n=5, jobs=M - 1))[:, 0] == 1).all()
    with pytest.raises(ValueError, match="an episode has 300 jobs .* made.swf has 300"):
        drawn(WORKLOAD, 1, jobs=M)


def test_every_attribute_stays_with_its_job():
    trace = trace_of(processors=1 + np.arange(M) % 4)
    workload = Replayed(trace)
    stream = drawn(workload, 0)
    job = places(stream)
    np.testing.assert_array_equal(stream.width, trace.processors[job])
    np.testing.assert_allclose(stream.estimate, trace.estimate[job] / 3600)
    cls = np.full(M, -1)
    for severity in (0, 0.5, 1):
        stream = drawn(workload, severity, seed=7)
        job = places(stream)
        known = cls[job] >= 0
        np.testing.assert_array_equal(cls[job][known], stream.cls[known])
        cls[job] = stream.cls


# Classes


def classes(trace, site=SITE):
    stream = drawn(Replayed(trace), 1, n=1, jobs=M - 1, site=site)
    return np.bincount(stream.cls[0], minlength=len(site.classes)) / (M - 1), stream.cls[0]


def test_jobs_of_which_nothing_is_known_are_dealt_by_the_shares():
    share, _ = classes(trace_of(user=np.full(M, -1)))
    np.testing.assert_allclose(share, [0.6, 0.3, 0.1], atol=0.01)


def test_an_application_is_of_one_class_whoever_runs_it():
    executable = np.arange(M) * 7 % 30
    _, cls = classes(trace_of(executable=executable))
    assert {len(set(cls[executable[1:] == e])) for e in range(30)} == {1}
    assert len(set(cls)) == 3


def test_without_an_application_the_user_tells_the_class():
    executable = np.where(np.arange(M) % 2, 3, -1)
    _, cls = classes(trace_of(executable=executable))
    users = [cls[(executable[1:] < 0) & (TRACE.user[1:] == user)] for user in range(12)]
    assert {len(set(found)) for found in users} == {1}
    assert len(set(cls[executable[1:] < 0])) > 1
    assert len(set(cls[executable[1:] == 3])) == 1


def test_the_commonest_application_is_dealt_first():
    # 60 %, 30 % and 10 % of the jobs, named so that neither order of names gives these shares.
    executable = np.repeat([2, 9, 5], [M * 3 // 10, M // 10, M * 6 // 10])
    _, cls = classes(trace_of(executable=executable))
    np.testing.assert_array_equal(cls, np.repeat([1, 2, 0], [M * 3 // 10 - 1, 30, 180]))


# Widths


def test_a_node_has_several_processors():
    trace = trace_of(processors=1 + np.arange(M) % 12)
    stream = drawn(Replayed(trace, processors_per_node=3), 1)
    np.testing.assert_array_equal(stream.width, -(-trace.processors[places(stream)] // 3))


def test_jobs_that_are_too_wide_are_refused_unless_they_may_be_cut():
    trace = trace_of(processors=1 + np.arange(M) % 12)
    with pytest.raises(ValueError, match="made.swf needs 12 nodes .*'new only' has 4 at most"):
        drawn(Replayed(trace), 1)
    with pytest.raises(ValueError, match="cap_widths=True"):
        Replayed(trace).demand(SITE)
    stream = drawn(Replayed(trace, cap_widths=True), 1)
    most = np.array([8, 8, 4])[stream.cls]
    np.testing.assert_array_equal(stream.width, np.minimum(trace.processors[places(stream)], most))


def test_a_job_just_as_wide_as_the_pool_is_fine():
    site = Site("one", (Pool("only", 4, 4),), (JobClass("all", (1,), (1,), 1.0, 1.0, 1.0),))
    assert (drawn(Replayed(trace_of(processors=np.full(M, 4))), 1, site=site).width == 4).all()


def test_room_is_the_largest_pool_that_can_run_a_class():
    np.testing.assert_array_equal(room(SITE), [8, 8, 4])


def test_what_cannot_be_replayed_is_refused():
    with pytest.raises(ValueError, match="processors_per_node must be at least 1, not 0"):
        Replayed(TRACE, processors_per_node=0)
    with pytest.raises(ValueError, match="made.swf are submitted at the same time"):
        Replayed(trace_of(submit=np.full(M, 5.0)))


# In the world


def test_demand_is_the_mean_work_of_the_traces_jobs():
    workload = Replayed(trace_of(processors=1 + np.arange(M) % 4))
    stream = drawn(workload, 1, n=1, jobs=M - 1)
    work = (stream.width * stream.hours)[0]
    expected = np.bincount(stream.cls[0], work, minlength=3)
    expected[_class_of_first(workload)] += 1.0  # job 0: one node for one hour
    np.testing.assert_allclose(workload.demand(SITE), expected / M)


def _class_of_first(workload):
    user = workload.trace.user
    stream = drawn(workload, 1, n=1, jobs=M - 1)
    return stream.cls[0][user[1:] == user[0]][0]


def test_the_users_own_estimates_come_in_with_the_severity_of_interference():
    said = np.arange(1, M + 1) * np.where(np.arange(M) % 2, 0.5, 8) * 3600
    known = np.arange(M) % 5 > 0
    workload = Replayed(trace_of(estimate=np.where(known, said, np.nan)))
    for severity in (0.0, 0.5, 1.0):
        e = episodes(workload, Gaps(interference=severity))
        job = np.rint(e.hours).astype(int) - 1
        own = known[job]
        factor = (np.where(job % 2, 0.5, 8.0) ** severity)[own]
        np.testing.assert_allclose(e.estimate[own] / e.hours[own], factor)
        # The others are as wrong as the site says: twice the truth for class 0, with noise.
        error = np.log(e.estimate / e.hours)[~own & (e.cls == 0)]
        assert error.mean() == pytest.approx(severity * np.log(2), abs=0.05)
        assert error.std() == pytest.approx(severity * 0.5, abs=0.05)


def test_only_the_generator_decides():
    assert same(drawn(WORKLOAD, 0.5, seed=3), drawn(WORKLOAD, 0.5, seed=3))
    assert same(drawn(WORKLOAD, 0.5, seed=3), drawn(Replayed(trace_of()), 0.5, seed=3))
    assert not same(drawn(WORKLOAD, 0.5, seed=3), drawn(WORKLOAD, 0.5, seed=4))


@pytest.mark.parametrize("severity", [0.0, 1.0])
def test_a_cluster_can_work_off_a_trace(severity):
    finish(WORKLOAD, Gaps(*[severity] * 5))


def test_a_log_that_was_read_can_be_replayed():
    workload = Replayed(read_swf(Path(__file__).with_name("small.swf")), processors_per_node=4)
    stream = drawn(workload, 1, n=3, jobs=5)
    np.testing.assert_array_equal(stream.width[0], [1, 4, 2, 1, 1])
    np.testing.assert_allclose(stream.gaps[0], np.array([60, 60.5, 79.5, 0, 200]) / 80)
