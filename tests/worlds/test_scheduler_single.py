"""`gym.make("sim2real/HeteroSched-v0", cluster=...)`: what Gymnasium and sb3-contrib ask for."""

import copy
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from random_clusters import random_cluster
from sb3_contrib import MaskablePPO
from sb3_contrib.common.wrappers import ActionMasker

from course_lib.worlds import Cluster, HeteroSched, JobClass, Pool, Site


def single(cluster):
    return gym.make("sim2real/HeteroSched-v0", cluster=cluster)


def test_the_single_world_passes_gymnasiums_own_check():
    # The checker draws one action before a reset. It is legal after it, because here every action
    # is legal at the start: one visible job, which can start everywhere, with more jobs to come.
    site = Site(
        "everywhere",
        pools=(Pool("cpu", 3, 6, failures=0.1), Pool("gpu", 2, 4, failures=0.1)),
        classes=(JobClass("any", (1, 4), (1, 3), 1, 1, 2.0, widths=(1, 2)),),
        noise=0.2,
        latency=5.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(single(Cluster(site, visible=1)).unwrapped)


@pytest.mark.parametrize("seed", range(4))
def test_sampled_actions_are_legal_and_all_legal_ones_are_sampled(seed):
    env = single(random_cluster(seed))
    env.action_space.seed(seed)
    _, infos = env.reset(seed=seed)
    over = False
    while not over:
        mask = infos["action_mask"]
        assert mask.dtype == np.int8
        sampled = {int(env.action_space.sample()) for _ in range(100)}
        assert sampled <= set(np.flatnonzero(mask))
        assert mask.sum() > 8 or sampled == set(np.flatnonzero(mask))
        _, _, over, truncated, infos = env.step(env.action_space.sample())
        assert not truncated


def test_a_mask_or_a_probability_of_ones_own_goes_before_what_is_legal():
    space = single(random_cluster(0)).action_space
    only = np.zeros(space.n, dtype=np.int8)
    only[2] = 1
    assert space.sample(mask=only) == 2
    assert space.sample(probability=only.astype(float)) == 2


def test_the_action_space_is_gymnasiums_and_can_be_copied_and_stored():
    env = single(random_cluster(0))
    space, plain = env.action_space, gym.spaces.Discrete(int(env.action_space.n))
    assert space == plain
    assert space == copy.deepcopy(space) == pickle.loads(pickle.dumps(space))


def test_the_mask_in_infos_is_not_changed_by_later_steps():
    env = single(random_cluster(0))
    _, infos = env.reset(seed=0)
    before = infos["action_mask"].copy()
    for _ in range(5):
        env.step(env.action_space.sample())
    np.testing.assert_array_equal(infos["action_mask"], before)


def test_a_single_world_is_a_batch_of_one():
    cluster = random_cluster(1)
    env, batch = single(cluster), HeteroSched(1, cluster, autoreset=False)
    seen, infos = env.reset(seed=4)
    np.testing.assert_array_equal(seen, batch.reset(seed=4)[0][0])
    for _ in range(30):
        np.testing.assert_array_equal(infos["action_mask"], batch.legal[0])
        action = env.action_space.sample()
        seen, *rest, infos = env.step(action)
        several = batch.step(np.array([action]))
        np.testing.assert_array_equal(seen, several[0][0])
        assert rest == [part[0] for part in several[1:4]]


@pytest.mark.parametrize("wrapped", [True, False])
def test_sb3_contribs_maskable_ppo_learns_in_it(wrapped):
    env = single(random_cluster(0))
    if wrapped:
        env = ActionMasker(env, lambda env: env.unwrapped.action_masks())
    model = MaskablePPO("MlpPolicy", env, n_steps=32, batch_size=32, n_epochs=1, seed=0)
    model.learn(64)  # an illegal action would raise
    assert model.num_timesteps == 64
