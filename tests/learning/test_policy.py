"""A trained policy acts as Stable-Baselines3's own `predict`, and survives pickling."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from stable_baselines3 import DQN, PPO
from torch import nn

from course_lib.learning import ObservationActionHistory, SB3Adapter, TrainedPolicy
from course_lib.worlds import CartPole

SAME_STEP = {"autoreset_mode": AutoresetMode.SAME_STEP}


def discrete():
    return CartPole(2)


def remembering():
    return ObservationActionHistory(CartPole(2), 3)


def continuous():
    return gym.make_vec("Pendulum-v1", 2, "sync", vector_kwargs=SAME_STEP)


def untrained(build=discrete, algorithm=PPO, history=0, **settings):
    """A policy with random weights, large enough that its actions differ."""
    model = algorithm("MlpPolicy", SB3Adapter(build()), seed=1, device="cpu", **settings)
    with torch.no_grad():
        for weight in model.policy.parameters():
            weight.normal_(0, 1)
    return TrainedPolicy(model, history)


POLICIES = {
    "plain": {},
    "with history": {"build": remembering, "history": 3},
    "continuous": {"build": continuous},
    "state-dependent noise": {"build": continuous, "use_sde": True},
    "no hidden layer": {"policy_kwargs": {"net_arch": []}},
    "three hidden layers": {"policy_kwargs": {"net_arch": [8, 5, 7]}},
    "another activation": {"policy_kwargs": {"activation_fn": nn.ReLU}},
    "another algorithm": {"algorithm": DQN},
}


@pytest.fixture(params=POLICIES.values(), ids=POLICIES.keys())
def policy(request):
    return untrained(**request.param)


def observations_for(policy):
    width = policy.model.observation_space.shape[0]
    return np.random.default_rng(0).normal(0, 2, (300, width)).astype(np.float32)


def test_actions_are_those_of_predict(policy):
    observations = observations_for(policy)
    expected, _ = policy.model.predict(observations, deterministic=True)
    actions = policy(observations)
    assert len(np.unique(expected)) > 1
    assert actions.shape == expected.shape
    assert actions.dtype == expected.dtype
    np.testing.assert_allclose(actions, expected, atol=1e-5)


def test_a_policy_acts_on_a_batch_as_on_each_observation(policy):
    observations = observations_for(policy)
    one_by_one = np.concatenate([policy(row[None]) for row in observations])
    np.testing.assert_allclose(policy(observations), one_by_one, atol=1e-5)


def test_a_pickled_policy_comes_back_the_same(policy):
    copy = pickle.loads(pickle.dumps(policy))
    observations = observations_for(policy)
    np.testing.assert_array_equal(copy(observations), policy(observations))
    assert (copy.history, copy.steps, repr(copy)) == (policy.history, policy.steps, repr(policy))
    assert copy.model.env is None


def test_a_continuous_action_stays_within_its_bounds():
    actions = untrained(continuous)(np.full((1, 3), 50.0, dtype=np.float32))
    assert np.abs(actions).max() == 2.0


def test_a_policy_that_observes_symbols_acts_as_predict_does():
    policy = untrained(lambda: gym.make_vec("FrozenLake-v1", 2, "sync", vector_kwargs=SAME_STEP))
    observations = np.arange(16)
    expected, _ = policy.model.predict(observations, deterministic=True)
    np.testing.assert_array_equal(policy(observations), expected)


def test_further_training_shows_at_once():
    policy = TrainedPolicy(PPO("MlpPolicy", SB3Adapter(discrete()), seed=1, n_steps=64))
    observations = observations_for(policy)
    before = policy(observations)
    policy.model.learn(512)
    expected, _ = policy.model.predict(observations, deterministic=True)
    np.testing.assert_array_equal(policy(observations), expected)
    assert not np.array_equal(before, expected)


def test_a_policy_says_what_it_is():
    assert repr(untrained()) == "TrainedPolicy(PPO, 0 steps)"
    assert repr(untrained(remembering, history=3)) == "TrainedPolicy(PPO, 0 steps, history=3)"


@pytest.mark.parametrize(
    ("build", "history"), [(discrete, 0), (remembering, 3)], ids=["plain", "with history"]
)
def test_chances_are_the_softmax_of_the_networks_scores(build, history):
    policy = untrained(build, history=history)
    observations = observations_for(policy)
    network = policy.model.policy
    with torch.no_grad():
        hidden = network.mlp_extractor.policy_net(torch.as_tensor(observations))
        scores = network.action_net(hidden).double().numpy()
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = policy.chances(observations)
    assert isinstance(found, np.ndarray) and found.shape == (300, 2)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), policy(observations))
    np.testing.assert_allclose(policy.chances(observations[:1]), found[:1], atol=1e-6)


def test_chances_are_how_often_actions_are_taken_in_training():
    policy = untrained()
    with torch.no_grad():
        for weight in policy.model.policy.action_net.parameters():
            weight.mul_(0.1)
    row = observations_for(policy)[:1]
    taken = policy.model.predict(np.repeat(row, 5_000, axis=0), deterministic=False)[0]
    chance = policy.chances(row)[0, 1]
    assert 0.02 < chance < 0.98
    assert taken.mean() == pytest.approx(chance, abs=0.03)


def test_chances_follow_further_training():
    policy = TrainedPolicy(PPO("MlpPolicy", SB3Adapter(discrete()), seed=1, n_steps=64))
    observations = observations_for(policy)
    before = policy.chances(observations).copy()
    policy.model.learn(128)
    assert not np.allclose(policy.chances(observations), before)
