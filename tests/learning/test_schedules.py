"""Whole schedules, and how slow they are, over the same episodes for every scheduler."""

import inspect
import sys
from dataclasses import replace

import joblib
import numpy as np
import pytest

from course_lib.learning import (
    EasyBackfilling,
    FirstFit,
    MinMin,
    Random,
    evaluate,
    mean_slowdown,
    mean_slowdowns,
    schedules,
    slowdowns,
)
from course_lib.worlds import Choice, Cluster, Gaps, JobClass, Pool, Site, Uniform

LOST = 10  # what the reward charges for a job that is lost
SITE = Site(
    "small",
    pools=(Pool("slow", 3, 6, 0.2), Pool("fast", 2, 4, 0.2)),
    classes=(
        JobClass("a", (1, 2), (1, 3), 0.5, 0.3, 2, 1.0, 1.6, (1, 2)),
        JobClass("b", (1, 6), (1, 4), 0.5, 0.7, 6, 1.5, 1.6),
    ),
    bursts=0.5, noise=0.3, contention=0.5, retries=1,
)  # fmt: skip
CLUSTERS = {
    "simulator": Cluster(SITE, jobs_per_node=4),
    "four gaps": Cluster(SITE, Gaps(1, Uniform(0, 1), 1, 1), jobs_per_node=4, visible=5),
    "real scale": Cluster(SITE, Gaps(failures=1, scale=Choice((1.0,))), jobs_per_node=2),
}
JOBS = {"simulator": 20, "four gaps": 20, "real scale": 20}
PLAIN, HARD = CLUSTERS["simulator"], CLUSTERS["four gaps"]
by_name = pytest.mark.parametrize("name", CLUSTERS)


def costs(log):
    """What the reward charges for each job."""
    return log.slowdown - 1 + LOST * log.lost


@by_name
def test_logs_are_of_the_episodes_that_evaluate_runs(name):
    cluster = CLUSTERS[name]
    policy = MinMin(cluster.layout)
    logs = schedules(policy, cluster, 6, seed=4)
    assert [len(log.cls) for log in logs] == [JOBS[name]] * 6
    assert all(np.isfinite(log.ended).all() for log in logs)
    returns = [-costs(log).sum() for log in logs]
    np.testing.assert_allclose(evaluate(policy, cluster, 6, seed=4), returns, rtol=1e-9)
    assert (sum(log.lost.sum() for log in logs) > 0) == (name != "simulator")


def test_every_scheduler_gets_the_same_jobs_and_another_seed_gives_others():
    one, two = (schedules(make(HARD.layout), HARD, 3) for make in (MinMin, FirstFit))
    others = schedules(MinMin(HARD.layout), HARD, 3, seed=1)
    for log, same, other in zip(one, two, others, strict=True):
        np.testing.assert_array_equal(log.submitted, same.submitted)
        np.testing.assert_array_equal(log.best, same.best)
        assert not np.array_equal(log.submitted, other.submitted)
    assert any(not np.array_equal(a.started, b.started) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].submitted, one[1].submitted)


@by_name
def test_the_mean_slowdown_is_that_of_all_jobs_of_the_logs(name):
    cluster = CLUSTERS[name]
    policy = EasyBackfilling(cluster.layout)
    expected = np.concatenate([1 + costs(log) for log in schedules(policy, cluster, 5, 7)]).mean()
    assert mean_slowdown(policy, cluster, 5, 7) == pytest.approx(expected, rel=1e-9)
    assert isinstance(mean_slowdown(policy, cluster, 1), float)


def test_a_policy_may_be_any_function():
    layout = PLAIN.layout

    def first(observations):
        return layout.legal(layout.view(observations)).argmax(axis=1)

    assert mean_slowdown(first, PLAIN, 4) == mean_slowdown(FirstFit(layout), PLAIN, 4)


def test_what_is_not_told_is_seed_0_and_ten_or_32_episodes():
    policy = MinMin(PLAIN.layout)
    assert len(schedules(policy, PLAIN)) == 10
    again = schedules(policy, PLAIN, seed=0)[0]
    np.testing.assert_array_equal(schedules(policy, PLAIN)[0].submitted, again.submitted)
    assert mean_slowdown(policy, PLAIN) == mean_slowdown(policy, PLAIN, 32, 0)
    for function in (mean_slowdown, mean_slowdowns):
        told = inspect.signature(function).parameters
        assert (told["episodes"].default, told["seed"].default) == (32, 0)


def test_mean_slowdowns_are_in_the_order_of_the_policies_and_computed_once(monkeypatch):
    layout = HARD.layout
    policies = [FirstFit(layout), EasyBackfilling(layout), MinMin(layout), Random(layout)]
    with joblib.parallel_config(backend="sequential"):
        found = mean_slowdowns(policies, HARD, episodes=4, seed=3)
        expected = [mean_slowdown(policy, HARD, 4, 3) for policy in policies[:3]]
        assert found.shape == (4,) and len(set(found)) == 4
        np.testing.assert_array_equal(found[:3], expected)
        monkeypatch.setattr(sys.modules[mean_slowdowns.__module__], "steps_of", None)
        again = mean_slowdowns(policies[::-1], HARD, episodes=4, seed=3)
        np.testing.assert_array_equal(again, found[::-1])
        changes = {"episodes": 5}, {"seed": 4}, {"cluster": PLAIN}
        for change in changes:
            with pytest.raises(TypeError, match="NoneType"):
                mean_slowdowns(policies, **{"cluster": HARD, "episodes": 4, "seed": 3} | change)


def test_a_scale_gap_that_is_drawn_is_refused():
    drawn = replace(HARD, gaps=Gaps(scale=Uniform(0.2, 0.3)))
    with pytest.raises(ValueError, match="one severity of the scale gap"):
        mean_slowdown(MinMin(drawn.layout), drawn, 2)
    with (
        joblib.parallel_config(backend="sequential"),
        pytest.raises(ValueError, match="one severity of the scale gap"),
    ):
        mean_slowdowns([MinMin(drawn.layout)], drawn, 2)
    assert len(schedules(MinMin(drawn.layout), drawn, 2)) == 2


def test_an_error_of_the_policy_arrives():
    def illegal(observations):
        return np.full(len(observations), PLAIN.layout.wait - 1)

    for run in (schedules, mean_slowdown):
        with pytest.raises(ValueError, match="cannot start job"):
            run(illegal, PLAIN, 2)
    with pytest.raises(ValueError, match="at least 1"):
        schedules(MinMin(PLAIN.layout), PLAIN, 0)


# One episode at a time


@by_name
def test_slowdowns_are_the_means_over_each_episodes_own_jobs(name):
    cluster = CLUSTERS[name]
    policy = EasyBackfilling(cluster.layout)
    found = slowdowns(policy, cluster, 5, 7)
    expected = [1 + costs(log).mean() for log in schedules(policy, cluster, 5, 7)]
    assert found.shape == (5,)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert mean_slowdown(policy, cluster, 5, 7) == pytest.approx(found.mean(), rel=1e-12)


def test_slowdowns_count_the_jobs_of_clusters_of_different_sizes():
    mixed = replace(HARD, gaps=Gaps(1, 1, 1, 1, Choice((0.0, 1.0))))
    policy = MinMin(mixed.layout)
    logs = schedules(policy, mixed, 8, 2)
    assert {len(log.cls) for log in logs} == {20, 40}
    expected = [1 + costs(log).mean() for log in logs]
    np.testing.assert_allclose(slowdowns(policy, mixed, 8, 2), expected, rtol=1e-9)


def test_slowdowns_are_of_32_episodes_of_seed_0_unless_told_and_paired():
    policy = MinMin(HARD.layout)
    found = slowdowns(policy, HARD)
    np.testing.assert_array_equal(found, slowdowns(policy, HARD, 32, 0))
    np.testing.assert_array_equal(found[:3], slowdowns(policy, HARD, 3))  # the first three of them
    assert not np.array_equal(found[:3], slowdowns(policy, HARD, 3, 1))
    others = slowdowns(FirstFit(HARD.layout), HARD)
    assert np.corrcoef(found, others)[0, 1] > 0.2  # the same jobs


def test_slowdowns_are_of_any_world_that_builds_batches_of_clusters():
    asked = []

    class World:
        def make(self, num_envs, *, autoreset=True):
            asked.append((num_envs, autoreset))
            return HARD.make(num_envs, autoreset=autoreset)

    policy = MinMin(HARD.layout)
    np.testing.assert_array_equal(slowdowns(policy, World(), 3, 1), slowdowns(policy, HARD, 3, 1))
    assert asked == [(3, False)]
