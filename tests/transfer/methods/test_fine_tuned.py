"""Fine-tuning learns from real episodes exactly as they were run, ten at a time."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from tiny_site import HARD, SIM, Overheard, same_weights

from course_lib.learning import MinMin
from course_lib.transfer.episode_learner import EpisodeLearner
from course_lib.transfer.methods.fine_tuned import REAL_PPO, FineTuning, experiences
from course_lib.transfer.methods.method import Method, RealSite
from course_lib.transfer.methods.randomized import DomainRandomization
from course_lib.worlds import BudgetSpent


@pytest.fixture
def tuned(trained):
    """Build a method that has been trained already; `trained` is left as it is."""

    class Done(Method):
        def train(self, sim):
            self.policy = trained

    def build(seed=0, **real_ppo):
        method = FineTuning(seed, before=Done, real_ppo=real_ppo)
        method.train(SIM)
        return method

    return build


# Experiences


def test_an_experience_is_the_running_part_of_an_episode_with_rewards_as_in_training(trained):
    learner = EpisodeLearner(trained, 0)
    recording = RealSite(HARD, 6, 1).run(learner.exploring, 6).recording
    assert len(set(recording.lengths)) > 1
    rewards = np.random.default_rng(0).uniform(-40, 1, recording.rewards.shape)
    found = experiences(learner, replace(recording, rewards=rewards))
    assert len(found) == 6
    for i, (one, length) in enumerate(zip(found, recording.lengths, strict=True)):
        np.testing.assert_array_equal(one.seen, recording.observations[:length, i])
        np.testing.assert_array_equal(one.actions, recording.actions[:length, i])
        expected = [max(r, -20) / 5 for r in rewards[:length, i]]
        np.testing.assert_allclose(one.rewards, expected)
        chances = trained.chances(one.seen)[np.arange(length), one.actions]
        np.testing.assert_allclose(one.log_probs.exp().numpy(), chances, rtol=1e-4)
        assert chances.min() > 0
        assert one.end is None  # every episode has ended


# Learning


def test_training_is_that_of_the_other_method():
    for before in (Method, DomainRandomization):
        method, alone = FineTuning(1, before=before), before(1)
        method.train(SIM), alone.train(SIM)
        assert same_weights(method.policy, alone.policy)
        assert method.policy.steps == alone.policy.steps
    plain = FineTuning(1)
    plain.train(SIM)
    assert not same_weights(plain.policy, method.policy)  # unless told: no randomization


def test_learning_changes_the_policy_and_leaves_its_start_alone(tuned, trained):
    before, method = trained.fingerprint, tuned()
    policy = method.policy
    method.adapt(RealSite(HARD, 10), 10)
    assert method.policy is policy is not trained  # it is the policy itself that learns
    assert not same_weights(policy, trained)
    assert trained.fingerprint == before


def test_without_a_rate_episodes_are_paid_for_and_nothing_is_learned(tuned, trained):
    site, method = RealSite(HARD, 20), tuned(learning_rate=0.0)
    method.adapt(site, 20)
    assert site.episodes_left == 0
    assert same_weights(method.policy, trained)


def test_in_steps_or_at_once_is_the_same(tuned):
    found = []
    for parts in ((20,), (10, 10), (10, 0, 10)):
        method, site = tuned(), RealSite(HARD, 20, 4)
        for part in parts:
            method.adapt(site, part)
        found.append((method.policy.fingerprint, site.history))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(("budget", "runs"), [(9, 0), (10, 1), (19, 1), (20, 2), (0, 0)])
def test_ten_episodes_are_run_at_a_time_and_what_is_left_over_is_not(tuned, budget, runs):
    method, site = tuned(learning_rate=0.0), Overheard(RealSite(HARD, 30))
    method.adapt(site, budget)
    assert [n for _, n in site.runs] == [10] * runs


def test_it_explores_anew_and_learns_from_all_that_was_run(tuned, monkeypatch):
    method, site, learned = tuned(), Overheard(RealSite(HARD, 20)), []
    learn = method._learner.learn
    monkeypatch.setattr(
        method._learner, "learn", lambda e: (learned.append(list(e)), learn(copy.copy(e)))
    )
    method.adapt(site, 20)
    assert {policy for policy, _ in site.runs} == {method._learner.exploring}
    assert [len(e) for e in learned] == [10, 10]
    # The second time with the chances of the policy as it was by then.
    rewards = [sum(float(one.rewards.sum()) for one in e) for e in learned]
    assert rewards[0] != rewards[1]


def test_seeds_explore_differently(tuned):
    found = []
    for seed in (0, 0, 1):
        method = tuned(seed)
        method.adapt(RealSite(HARD, 10, 0), 10)
        found.append(method.policy.fingerprint)
    assert found[0] == found[1] != found[2]


def test_settings_for_real_data_are_the_learners_and_can_be_replaced_one_by_one(tuned):
    model = tuned()._learner.model
    found = (model.learning_rate, model.ent_coef, model.n_epochs, model.batch_size, model.target_kl)
    assert found == tuple(REAL_PPO.values()) == (2e-3, 0.02, 10, 128, 0.06)
    other = tuned(anchor=0.5)._learner.model
    assert (other.ent_coef, other.n_epochs, other.target_kl) == (0.5, 10, 0.06)
    assert REAL_PPO["anchor"] == 0.02


def test_more_than_the_site_has_left_is_an_error(tuned):
    site = RealSite(HARD, 15)
    with pytest.raises(BudgetSpent):
        tuned(learning_rate=0.0).adapt(site, 20)
    assert site.episodes_left == 5
    site.run(MinMin(SIM.layout), 5)
