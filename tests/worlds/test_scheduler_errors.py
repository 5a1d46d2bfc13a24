"""A mistake is named in one line: sites, clusters, actions, given episodes, logs."""

from copy import deepcopy
from dataclasses import fields, replace

import numpy as np
import pytest

from course_lib.worlds import Cluster, Gaps, JobClass, Pool, Site
from course_lib.worlds.episodes import Episodes

BATCH = JobClass("batch", (1, 2), (1, 2), 0.5, 0.5, 2.0, widths=(1, 3))
DEEP = JobClass("deep", (0, 1), (0, 3), 0.5, 0.5, 4.0)
SITE = Site("small", pools=(Pool("cpu", 3, 6), Pool("gpu", 2, 4)), classes=(BATCH, DEEP))


def refused(mistake, *parts):
    with pytest.raises(ValueError) as caught:
        mistake()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


# Sites and clusters


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pools": ()}, "site 'small' needs at least one pool and one class of jobs"),
        ({"classes": ()}, "site 'small' needs at least one pool and one class of jobs"),
        ({"pools": (Pool("cpu", 0, 6), Pool("gpu", 2, 4))}, "'cpu' needs 1 <= nodes <= real_nodes"),
        ({"pools": (Pool("cpu", 3, 6), Pool("gpu", 5, 4))}, "'gpu' needs 1 <= nodes <= real_nodes"),
        ({"load": 0.0}, "load and real_load must be positive"),
        ({"real_load": -1.0}, "load and real_load must be positive"),
        ({"bursts": 1.0}, "bursts is a share of time below 1, not 1.0"),
        ({"bursts": -0.1}, "bursts is a share of time below 1, not -0.1"),
    ],
)
def test_a_site_says_what_is_wrong_with_it(changes, said):
    refused(lambda: replace(SITE, **changes), said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"share": 0.4}, "the shares of the classes add up to 0.9, not to 1"),
        ({"real_share": 0.7}, "the real_shares of the classes add up to 1.2, not to 1"),
        ({"speeds": (1,)}, "class 'batch' has 1 speeds for 2 pools"),
        ({"real_speeds": (1, 2, 3)}, "class 'batch' has 3 speeds for 2 pools"),
        ({"real_speeds": (1, 0)}, "speed 0 in the same pools, simulated and real"),
        ({"widths": ()}, "class 'batch' needs widths of at least one node"),
        ({"widths": (1, 0)}, "class 'batch' needs widths of at least one node"),
        ({"widths": (4,)}, "class 'batch' asks for 4 nodes of one type, more than any pool"),
        ({"speeds": (0, 1), "real_speeds": (0, 1)}, "asks for 3 nodes of one type"),
        ({"speeds": (0, 0), "real_speeds": (0, 0)}, "that can run it has (0)"),
    ],
)
def test_a_class_of_jobs_that_does_not_fit_its_site_is_named(changes, said):
    refused(lambda: replace(SITE, classes=(replace(BATCH, **changes), DEEP)), said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"visible": 0}, "visible must be at least 1, not 0"),
        ({"jobs_per_node": 0}, "jobs_per_node must be at least 1, not 0"),
    ],
)
def test_a_cluster_says_what_is_wrong_with_it(changes, said):
    refused(lambda: Cluster(SITE, **changes), said)


@pytest.mark.parametrize("severity", [-0.1, 1.1])
def test_a_severity_lies_between_zero_and_one(severity):
    refused(lambda: Gaps(workload=severity), "workload must lie between 0 and 1")


# Actions


def two_jobs(**changes):
    """Two jobs at once on 3 CPUs and 2 GPUs: "batch", 3 wide, and "deep", 1 wide."""
    env = Cluster(SITE, visible=3, jobs_per_node=1).make(2, autoreset=False)
    env.reset(seed=0)
    episodes = deepcopy(env._batch.episodes)
    jobs = np.arange(episodes.arrival.shape[1])
    given = {
        "arrival": np.where(jobs < 2, 0.0, np.inf),
        "cls": jobs % 2,
        "width": np.where(jobs % 2, 1, 3),
    }
    for name, value in (given | changes).items():
        setattr(episodes, name, np.array([value, value]))
    return env, episodes


@pytest.mark.parametrize(
    ("before", "action", "said"),
    [
        ([], 1, "cannot start job 0 of the queue in pool 'gpu': it needs 3 nodes there and 2 are"),
        ([], 2, "job 1 of the queue in pool 'cpu': class 'deep' cannot run there"),
        ([], 4, "job 2 of the queue in pool 'cpu': only 2 jobs are in the queue"),
        ([0], 2, "job 1 of the queue in pool 'cpu': only 1 jobs are in the queue"),
        ([], 6, "cannot wait: nothing will happen until a job is started"),
    ],
)
def test_an_illegal_action_is_named_with_its_reason(before, action, said):
    env, episodes = two_jobs()
    env.reset(options={"episodes": episodes})
    for earlier in before:
        env.step(np.full(2, earlier))
    legal = np.flatnonzero(env.legal[0])[0]
    refused(lambda: env.step(np.array([legal, action])), "world 1 ", said)


def test_a_job_cannot_start_in_an_occupied_pool():
    env, episodes = two_jobs(cls=np.zeros(5, dtype=int), width=np.array([3, 1, 1, 1, 1]))
    env.reset(options={"episodes": episodes})
    env.step(np.zeros(2, dtype=int))
    refused(lambda: env.step(np.zeros(2, dtype=int)), "it needs 1 nodes there and 0 are free")


def test_an_illegal_action_leaves_everything_as_it_was():
    env, episodes = two_jobs()
    env.reset(options={"episodes": episodes})
    refused(lambda: env.step(np.array([0, 6])))
    _, _, terminated, _, _ = env.step(np.array([0, 0]))
    assert not terminated.any()
    assert [len(log.attempts) for log in env.logs()] == [1, 1]


def test_in_a_finished_world_every_action_is_taken():
    env, episodes = two_jobs()
    env.reset(options={"episodes": episodes})
    for action in [0, 1]:
        _, _, terminated, _, _ = env.step(np.full(2, action))
    assert terminated.all()
    for action in range(7):
        _, rewards, terminated, _, _ = env.step(np.full(2, action))
        assert terminated.all()
        assert (rewards == 0).all()


# Given episodes


def test_given_episodes_are_what_is_scheduled():
    env, episodes = two_jobs(hours=np.arange(1, 6), estimate=np.arange(1, 6))
    env.reset(options={"episodes": episodes})
    for action in [0, 1]:
        env.step(np.full(2, action))
    for log in env.logs():
        assert log.run.tolist() == [1.0, 2.0]
        assert log.best.tolist() == [1.0, 2.0]  # 3 nodes do not fit into the faster pool
        assert log.slowdown.tolist() == [1.0, 1.0]
        assert log.width.tolist() == [3, 1]


def test_given_whole_numbers_do_not_round_what_is_drawn_later():
    env, episodes = two_jobs(hours=np.arange(1, 6), estimate=np.arange(1, 6))
    fresh = env.cluster.make(2, autoreset=False)
    fresh.reset(seed=0, options={"episodes": episodes})
    fresh.reset(seed=0)
    np.testing.assert_array_equal(fresh._batch.episodes.hours, env._batch.episodes.hours)


def test_given_episodes_are_copied():
    env, episodes = two_jobs()
    env.reset(options={"episodes": episodes})
    episodes.hours[:] = 99.0
    assert (env._batch.episodes.hours < 99).all()


@pytest.mark.parametrize("name", [f.name for f in fields(Episodes)])
def test_an_array_of_the_wrong_shape_is_named(name):
    env, episodes = two_jobs()
    array = getattr(episodes, name)
    setattr(episodes, name, array[:1])
    wrong = f"must be {array.shape}, not {array[:1].shape}"
    refused(lambda: env.reset(options={"episodes": episodes}), f"{name} of 2 episodes {wrong}")


def test_a_job_too_wide_for_every_pool_that_can_run_it_is_named():
    env, episodes = two_jobs(width=np.array([3, 1, 1, 3, 1]))
    refused(
        lambda: env.reset(options={"episodes": episodes}),
        "job 3 of episode 0 needs 3 nodes of one type, more than any pool that can run it has (2)",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arrival": [0, 2, 1, 3, 4]}, "never go down from job to job"),
        ({"arrival": [0, 1, np.nan, 3, 4]}, "never go down from job to job"),
        ({"arrival": [-1, 2, 3, 4, np.inf]}, "of the first job must be a time from 0 h on"),
        ({"arrival": [np.nan] * 5}, "of the first job must be a time from 0 h on"),
        ({"arrival": [np.inf] * 5}, "of the first job must be a time from 0 h on"),
        ({"speed": [[1, 2], [1, 1]]}, "speed must be 0 in the same pools"),
        ({"speed": [[0, 2], [0, 1]]}, "speed must be 0 in the same pools"),
    ],
)
def test_episodes_that_cannot_be_are_refused(changes, said):
    env, episodes = two_jobs(**changes)
    refused(lambda: env.reset(options={"episodes": episodes}), said)


# Logs


@pytest.mark.parametrize("autoreset", [True, False])
def test_logs_need_a_batch_that_does_not_restart_and_a_reset(autoreset):
    env = Cluster(SITE).make(2, autoreset=autoreset)
    if autoreset:
        env.reset(seed=0)
    with pytest.raises(RuntimeError, match="needs a batch made with autoreset=False, and a reset"):
        env.logs()


def test_logs_begin_anew_at_each_reset_and_know_what_has_not_started():
    env, episodes = two_jobs()
    for _ in range(2):
        env.reset(options={"episodes": episodes})
        env.step(np.zeros(2, dtype=int))
        log = env.logs()[0]
        assert len(log.attempts) == 1
        assert log.pool.tolist() == [0, -1]
        assert log.started.tolist() == [0.0, np.inf]
        assert np.isnan(log.predicted).tolist() == [False, True]
