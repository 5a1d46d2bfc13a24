"""What every schedule keeps: jobs, nodes, work, time and the return."""

from collections import Counter

import numpy as np
import pytest
from random_clusters import REAL, AnyLegal, FirstFit, play, random_cluster

from course_lib.learning.evaluate import evaluate
from course_lib.learning.schedules import schedules
from course_lib.worlds import Gaps, Uniform

SEEDS = range(8)


def played(seed, gaps=REAL):
    """A cluster, its batch of four worlds after random episodes, and the logs."""
    cluster = random_cluster(seed, gaps)
    env = cluster.make(4, autoreset=False)
    env.reset(seed=seed)
    play(env, seed)
    return cluster, env._batch.episodes, env.logs()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_job_ends_once_or_is_lost_after_its_last_try(seed):
    cluster, _, logs = played(seed)
    for log in logs:
        ended = Counter(attempt.job for attempt in log.attempts if not attempt.failed)
        failures = Counter(attempt.job for attempt in log.attempts if attempt.failed)
        for job in range(log.cls.size):
            assert ended[job] + log.lost[job] == 1
            assert log.lost[job] == (failures[job] > cluster.site.retries)
            assert failures[job] <= cluster.site.retries + 1


def test_a_job_that_failed_is_not_lost_while_it_has_tries_left():
    cluster = random_cluster(0, REAL, retries=3)
    env = cluster.make(4, autoreset=False)
    env.reset(seed=0)
    again = 0

    def look(scores):
        nonlocal again
        for log in env.logs():
            assert (log.tries[log.lost] == 4).all()
            last = {attempt.job: attempt.failed for attempt in log.attempts}
            again += sum(failed and not log.lost[job] for job, failed in last.items())

    play(env, look=look)
    assert again > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_no_node_does_two_things_at_once(seed):
    cluster, _, logs = played(seed)
    for log in logs:
        free_from = Counter()
        for attempt in log.attempts:  # in the order of their starts
            for node in attempt.nodes:
                assert free_from[node] <= attempt.start
                free_from[node] = attempt.end
            if attempt.failed:
                free_from[attempt.nodes[-1]] += cluster.site.repair_hours


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gang_is_the_jobs_width_of_nodes_that_exist_in_one_pool_that_can_run_it(seed):
    cluster, episodes, logs = played(seed, Gaps(scale=Uniform(0.0, 1.0)))
    pool = np.repeat(np.arange(len(cluster.site.pools)), cluster.largest)
    for i, log in enumerate(logs):
        for attempt in log.attempts:
            assert len(set(attempt.nodes)) == log.width[attempt.job]
            assert (pool[attempt.nodes] == attempt.pool).all()
            assert episodes.exists[i, attempt.nodes].all()
            assert cluster.site.table("speeds")[log.cls[attempt.job], attempt.pool] > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_job_starts_after_it_was_submitted_and_again_after_it_failed(seed):
    _, _, logs = played(seed)
    for log in logs:
        ready = log.submitted.copy()
        for attempt in log.attempts:
            assert attempt.start >= ready[attempt.job]
            assert attempt.end > attempt.start
            ready[attempt.job] = attempt.end


@pytest.mark.parametrize("seed", SEEDS)
def test_starts_are_a_latency_apart(seed):
    _, episodes, logs = played(seed)
    for i, log in enumerate(logs):
        starts = np.array([attempt.start for attempt in log.attempts])
        assert (np.diff(starts) >= episodes.latency[i] - 1e-9).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_as_simulated_a_run_takes_hours_over_speed_and_nothing_fails(seed):
    cluster, episodes, logs = played(seed, Gaps())
    for i, log in enumerate(logs):
        speed = cluster.site.table("speeds")[log.cls, log.pool]
        np.testing.assert_allclose(log.run, episodes.hours[i] / speed, rtol=1e-9)
        np.testing.assert_allclose(log.predicted, log.run, rtol=1e-9)
        assert (log.tries == 1).all()
        assert not log.lost.any()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_work_done_is_the_work_asked(seed):
    changes = {"noise": 0.0, "contention": 0.0, "node_spread": 0.0, "stragglers": 0.0}
    cluster = random_cluster(seed, REAL, **changes)
    env = cluster.make(4, autoreset=False)
    env.reset(seed=seed)
    play(env, seed)
    for i, log in enumerate(env.logs()):
        done = ~log.lost
        speed = cluster.site.table("real_speeds")[log.cls, log.pool]
        slower = 1 + cluster.site.communication * np.log2(log.width)
        work = (log.run * speed / slower)[done]
        np.testing.assert_allclose(work, env._batch.episodes.hours[i][done], rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_integral_of_the_queues_length_is_the_sum_of_the_waiting_times(seed):
    cluster = random_cluster(seed, REAL)
    env = cluster.make(1, autoreset=False)
    env.reset(seed=seed)
    batch, integral = env._batch, 0.0
    pass_to = batch._pass_to

    def watched(rows, time):
        nonlocal integral
        integral += batch.length[0] * (time[0] - batch.now[0])
        pass_to(rows, time)

    batch._pass_to = watched
    play(env, seed)
    (log,) = env.logs()
    waited, ready = 0.0, log.submitted.copy()
    for attempt in log.attempts:
        waited += attempt.start - ready[attempt.job]
        ready[attempt.job] = attempt.end
    assert integral == pytest.approx(waited, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("policy", [AnyLegal, FirstFit])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_return_is_minus_the_sum_of_slowdowns_above_one_and_ten_for_each_lost_job(seed, policy):
    cluster = random_cluster(seed)
    policy = policy(cluster.layout)
    logs = schedules(policy, cluster, episodes=5, seed=seed)
    expected = [-(log.slowdown - 1).sum() - 10 * log.lost.sum() for log in logs]
    np.testing.assert_allclose(evaluate(policy, cluster, 5, seed), expected, rtol=1e-9, atol=1e-9)


def test_the_bounded_slowdown_of_a_job_is_what_the_formula_says():
    cluster, episodes, (log, *_) = played(3)
    fits = log.width[:, None] <= episodes.nodes[0]
    speeds = np.where(fits, cluster.site.table("real_speeds")[log.cls], 0)
    best = episodes.hours[0] / speeds.max(axis=1)
    taken = np.maximum(log.ended - log.submitted, np.maximum(best, cluster.site.bound / 3600))
    np.testing.assert_allclose(
        log.slowdown, taken / np.maximum(best, cluster.site.bound / 3600), rtol=1e-9
    )
