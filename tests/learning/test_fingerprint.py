"""What tells one policy from another, and what is stored under it."""

import math
import pickle
from dataclasses import replace

import joblib
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from course_lib.learning import (
    PD,
    ObservationActionHistory,
    SB3Adapter,
    TrainedPolicy,
    mean_returns_on_rigs,
    on_rigs,
    train_ppo,
)
from course_lib.worlds import CartPole, CartPolePhysics, Rig

TINY = {"num_envs": 4, "n_steps": 16, "batch_size": 64, "steps": 64, "progress": False}


def untrained(seed=1, history=0, algorithm=PPO, **settings):
    env = CartPole(2) if not history else ObservationActionHistory(CartPole(2), history)
    model = algorithm("MlpPolicy", SB3Adapter(env), seed=seed, device="cpu", **settings)
    return TrainedPolicy(model, history)


class RenamedPPO(PPO):
    pass


# The fingerprint


def test_equal_policies_have_equal_fingerprints():
    policy = untrained()
    assert untrained().fingerprint == policy.fingerprint == policy.fingerprint
    assert pickle.loads(pickle.dumps(policy)).fingerprint == policy.fingerprint
    assert isinstance(policy.fingerprint, str)


def test_policies_that_differ_in_anything_have_different_fingerprints():
    policies = [
        untrained(),
        untrained(seed=2),
        untrained(history=1),
        untrained(algorithm=RenamedPPO),
        untrained(policy_kwargs={"net_arch": [8]}),
        untrained(policy_kwargs={"activation_fn": torch.nn.ReLU}),
        TrainedPolicy(untrained().model, history=3),  # the same weights
    ]
    assert len({policy.fingerprint for policy in policies}) == len(policies)


def test_every_single_weight_counts():
    policy = untrained()
    prints = {policy.fingerprint}
    for weight in policy.model.policy.parameters():
        with torch.no_grad():
            weight.view(-1)[-1] += 1e-6
        prints.add(policy.fingerprint)
    assert len(prints) == 1 + len(list(policy.model.policy.parameters()))


def test_it_counts_which_layer_has_which_weights():
    policy = untrained()
    before = policy.fingerprint
    nets = policy.model.policy.mlp_extractor
    with torch.no_grad():  # actor and critic change places
        for one, other in zip(
            nets.policy_net.parameters(), nets.value_net.parameters(), strict=True
        ):
            one[:], other[:] = other.clone(), one.clone()
    assert policy.fingerprint != before


def test_the_fingerprint_follows_further_training():
    policy = train_ppo(CartPolePhysics(), seed=0, **TINY)
    before = policy.fingerprint
    policy.model.learn(64)
    assert policy.fingerprint != before


# Seconds


def test_a_policy_knows_how_long_its_training_took(monkeypatch):
    times = iter([100.0, 107.25])
    monkeypatch.setattr("course_lib.learning.ppo.time.perf_counter", lambda: next(times))
    policy = train_ppo(CartPolePhysics(), seed=0, **TINY)
    assert policy.seconds == 7.25
    assert pickle.loads(pickle.dumps(policy)).seconds == 7.25


def test_the_time_of_a_policy_that_was_not_timed_is_not_known():
    policy = untrained()
    assert math.isnan(policy.seconds)
    assert math.isnan(pickle.loads(pickle.dumps(policy)).seconds)


# What policies earned on rigs


class Fingerprinted:
    """A policy of which only the fingerprint is looked at."""

    def __init__(self, fingerprint):
        self.fingerprint = fingerprint


class CountedRig:
    """A rig whose runs are counted; what a policy earns depends on all that it should."""

    runs = []

    def __init__(self, seed):
        self.seed = seed

    def run(self, policy, episodes):
        self.runs.append((policy, self.seed, episodes))
        merit = len(getattr(policy, "fingerprint", ""))
        return merit + np.array([self.seed] * episodes + [self.seed + 3.0 * episodes])


@pytest.fixture
def runs(monkeypatch):
    """The runs so far, with everything in this process."""
    monkeypatch.setattr(on_rigs, "Rig", CountedRig)
    monkeypatch.setattr(CountedRig, "runs", [])
    with joblib.parallel_config(backend="sequential"):
        yield CountedRig.runs


def test_what_a_policy_earned_is_stored_and_read_again(runs):
    first = mean_returns_on_rigs([Fingerprinted("a")], [3, 4], 2)
    assert [(seed, episodes) for _, seed, episodes in runs] == [(3, 2), (4, 2)]
    np.testing.assert_array_equal(first, [[6.0, 7.0]])  # 1 + (3 + 3 + 9) / 3
    again = mean_returns_on_rigs([Fingerprinted("a")], [3, 4], 2)
    assert len(runs) == 2
    np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize(
    ("policy", "rigs", "episodes", "expected"),
    [
        ("bb", [3, 4], 2, [7.0, 8.0]),
        ("a", [3, 5], 2, [6.0, 8.0]),
        ("a", [4, 3], 2, [7.0, 6.0]),
        ("a", [3], 2, [6.0]),
        ("a", [3, 4], 5, [6.5, 7.5]),
    ],
)
def test_another_policy_other_rigs_or_other_episodes_are_not_mixed_up(
    runs, policy, rigs, episodes, expected
):
    mean_returns_on_rigs([Fingerprinted("a")], [3, 4], 2)
    runs.clear()
    found = mean_returns_on_rigs([Fingerprinted(policy)], rigs, episodes)
    np.testing.assert_array_equal(found, [expected])
    assert [seed for _, seed, _ in runs] == rigs


def test_only_what_is_new_is_run(runs):
    mean_returns_on_rigs([Fingerprinted("a")], [3], 2)
    runs.clear()
    names = ["ccc", "a", "bb"]
    found = mean_returns_on_rigs([Fingerprinted(name) for name in names], [3], 2)
    np.testing.assert_array_equal(found, [[8.0], [6.0], [7.0]])
    assert {policy.fingerprint for policy, *_ in runs} == {"ccc", "bb"}


def nobody_knows(observations):
    return np.zeros(len(observations), dtype=int)


def test_a_function_is_run_every_time(runs, tmp_path):
    for n in (1, 2):
        found = mean_returns_on_rigs([nobody_knows], [3, 4], 2)
        np.testing.assert_array_equal(found, [[5.0, 6.0]])
        assert len(runs) == 2 * n
    assert not (tmp_path / "default_store").exists()


def test_a_policy_that_is_a_recipe_is_run_once(runs):
    for policy in (PD, replace(PD), replace(PD, gains=(1.0, 0.0, 10.0, 2.0)), PD):
        mean_returns_on_rigs([policy], [3], 2)
    assert [policy.gains[0] for policy, *_ in runs] == [0.0, 1.0]


def test_rigs_may_be_an_array_or_a_generator(runs):
    for rigs in (np.array([3, 4]), iter([3, 4]), range(3, 5)):
        found = mean_returns_on_rigs([Fingerprinted("a"), PD], rigs, 2)
        np.testing.assert_array_equal(found, [[6.0, 7.0], [5.0, 6.0]])
    assert len([policy for policy, *_ in runs if policy != PD]) == 2


def test_ten_episodes_on_each_rig_unless_told_otherwise(runs):
    mean_returns_on_rigs([PD], [3])
    assert runs == [(PD, 3, 10)]


def test_a_trained_policy_and_its_pickled_copy_share_what_they_earned(monkeypatch):
    policy = untrained(history=2)
    expected = [[Rig(seed).run(policy, 2).mean() for seed in (3, 4)]]
    with joblib.parallel_config(backend="sequential"):
        np.testing.assert_array_equal(mean_returns_on_rigs([policy], [3, 4], 2), expected)
        monkeypatch.setattr(on_rigs, "Rig", None)  # none is run again
        copy = pickle.loads(pickle.dumps(policy))
        np.testing.assert_array_equal(mean_returns_on_rigs([copy], [3, 4], 2), expected)
        with pytest.raises(TypeError, match="NoneType"):
            mean_returns_on_rigs([TrainedPolicy(policy.model, 3)], [3, 4], 2)


def test_a_change_of_the_rigs_source_has_them_run_again(runs, monkeypatch):
    mean_returns_on_rigs([Fingerprinted("a")], [3], 2)
    monkeypatch.setattr("course_lib.learning.store._source_digest", lambda module: f"new {module}")
    mean_returns_on_rigs([Fingerprinted("a")], [3], 2)
    assert len(runs) == 2
