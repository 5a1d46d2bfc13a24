"""One seed gives one history, and neither other worlds nor earlier episodes change it."""

from dataclasses import replace

import numpy as np
import pytest
from random_clusters import ALL_GAPS, REAL, AnyLegal, FirstFit, play, random_cluster

from course_lib.learning.schedules import schedules
from course_lib.worlds import Choice, Gaps


def history(env, seed, play_seed=1):
    """All observations and rewards of an episode, by world."""
    parts, step = [env.reset(seed=seed)[0]], env.step

    def kept(actions):
        result = step(actions)
        parts.extend([result[0], result[1][:, None]])
        return result

    env.step = kept
    play(env, play_seed)
    env.step = step
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_one_seed_gives_one_history(seed):
    cluster = random_cluster(seed)
    one, other = cluster.make(6, autoreset=False), cluster.make(6, autoreset=False)
    first = history(one, seed)
    np.testing.assert_array_equal(first, history(other, seed))
    np.testing.assert_array_equal(first, history(one, seed))  # of a batch that was used
    assert not np.array_equal(first[:, :40], history(one, seed + 1)[:, :40])


@pytest.mark.parametrize("seed", range(4))
def test_a_reset_in_the_middle_of_an_episode_leaves_nothing_of_it_behind(seed):
    cluster = random_cluster(seed, REAL)
    pools = tuple(replace(p, failures=3.0) for p in cluster.site.pools)
    cluster = replace(cluster, site=replace(cluster.site, pools=pools))
    fresh, used = cluster.make(6, autoreset=False), cluster.make(6, autoreset=False)
    seen, _ = used.reset(seed=seed + 1)
    for _ in range(12):
        seen, *_ = used.step(FirstFit(cluster.layout)(seen))
    np.testing.assert_array_equal(history(fresh, seed), history(used, seed))


def test_all_randomness_comes_from_np_random():
    cluster = random_cluster(0)
    one, other = cluster.make(40, autoreset=False), cluster.make(40, autoreset=False)
    for env in (one, other):
        env.np_random = np.random.default_rng(11)
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(history(one, None), history(other, None))
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_a_reset_without_seed_goes_on_with_new_episodes():
    env = random_cluster(0).make(5, autoreset=False)
    drawn = []
    for seed in [0, None, None]:
        env.reset(seed=seed)
        drawn += env._batch.episodes.hours[:, 0].tolist()
    for _ in range(20):  # more than were drawn ahead
        env.reset()
        drawn += env._batch.episodes.hours[:, 0].tolist()
    assert len(set(drawn)) == len(drawn)


def test_policies_with_one_seed_meet_the_same_jobs_and_the_same_luck():
    cluster = random_cluster(1, REAL)
    one, other = (schedules(p(cluster.layout), cluster, 6, 3) for p in (AnyLegal, FirstFit))
    assert any((a.ended != b.ended).any() for a, b in zip(one, other, strict=True))
    for a, b in zip(one, other, strict=True):
        for name in ("submitted", "width", "cls", "best", "nodes"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("seed", range(3))
def test_the_other_worlds_of_a_batch_change_nothing(seed):
    cluster = random_cluster(seed, ALL_GAPS)
    many = schedules(AnyLegal(cluster.layout), cluster, episodes=12, seed=seed)
    few = schedules(AnyLegal(cluster.layout), cluster, episodes=3, seed=seed)
    for a, b in zip(few, many, strict=False):
        assert [attempt[:5] for attempt in a.attempts] == [attempt[:5] for attempt in b.attempts]


def test_a_batch_that_restarts_is_the_same_until_the_first_end_and_then_starts_anew():
    cluster = random_cluster(2)
    env, twin = cluster.make(8), cluster.make(8, autoreset=False)
    seen, _ = env.reset(seed=0)
    expected, _ = twin.reset(seed=0)
    policy, first, restarts = AnyLegal(cluster.layout), np.ones(8, dtype=bool), 0
    while first.any() or restarts < 40:
        np.testing.assert_array_equal(seen[first], expected[first])
        theirs = twin.step(policy(expected))
        seen, rewards, terminated, truncated, infos = env.step(policy(seen))
        expected = theirs[0]
        np.testing.assert_array_equal(rewards[first], theirs[1][first])
        np.testing.assert_array_equal(terminated[first], theirs[2][first])
        assert not truncated.any()
        for i in np.flatnonzero(first & terminated):
            np.testing.assert_array_equal(infos["final_obs"][i], expected[i])
        now = cluster.layout.view(seen[terminated])
        assert (now.age.max(initial=0) < 1e-6) and (now.tries == 0).all() and (now.idle == 1).all()
        assert ((now.measured == 1) | (now.able == 0)).all()
        first &= ~terminated
        restarts += terminated.sum()


def test_a_finished_world_stands_still():
    cluster = random_cluster(4, Gaps(scale=Choice((0.0, 1.0))))
    env = cluster.make(6, autoreset=False)
    seen, _ = env.reset(seed=0)
    over = np.zeros(6, dtype=bool)
    policy = FirstFit(cluster.layout)
    while not over.all():
        before = seen
        seen, rewards, terminated, _, _ = env.step(policy(seen))
        np.testing.assert_array_equal(seen[over], before[over])
        assert (rewards[over] == 0).all()
        assert terminated[over].all()
        over |= terminated
