"""What PPO makes of whole episodes, besides what fine-tuning on a rig tests already."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.learning import Falling, train_ppo
from course_lib.transfer.episode_learner import EpisodeLearner, Exploring, rollouts
from course_lib.worlds import CartPolePhysics


@pytest.fixture(scope="module")
def start():
    settings = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 2, "progress": False}
    return train_ppo(CartPolePhysics(), 0, history=2, steps=10 * 128, **settings)


def weights(policy):
    return torch.cat([w.detach().flatten() for w in policy.model.policy.parameters()])


def given(*chances, history=0):
    """A policy with these chances, whatever it sees."""
    table = np.array(chances, dtype=np.float32)
    return SimpleNamespace(chances=lambda seen: table[: len(seen)], history=history)


def episode(learner, seed=0, steps=30, end=None, rewards=None):
    rng = np.random.default_rng(seed)
    seen = rng.normal(0, 0.3, (steps, 12)).astype(np.float32)
    rewards = rng.normal(0, 1, steps) if rewards is None else rewards
    return learner.experience(seen, rng.integers(2, size=steps), rewards, end)


# Exploration


def test_actions_without_a_chance_are_never_drawn():
    rows = [[0, 0.5, 0, 0.5, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    exploring = Exploring(given(*rows * 5_000), 0)
    drawn = exploring(np.zeros((20_000, 1))).reshape(-1, 4)
    assert set(drawn[:, 0]) == {1, 3}
    assert drawn[:, 0].mean() == pytest.approx(2, abs=0.05)
    assert (drawn[:, 1:] == [2, 0, 4]).all()


def test_rounding_of_chances_draws_nothing_impossible():
    """Chances that add up to a bit less than 1 must not leave the rest to the last action."""
    exploring = Exploring(given(*[[0.5, 0.4, 0.0]] * 20_000), 0)
    drawn = exploring(np.zeros((20_000, 1)))
    assert set(drawn) == {0, 1}
    assert drawn.mean() == pytest.approx(4 / 9, abs=0.02)


@pytest.mark.parametrize(
    ("toss", "action"),
    [
        (0.0, 1),
        (np.nextafter(0, 1), 1),
        (0.4999, 1),
        (0.5001, 3),
        (np.nextafter(1, 0), 3),
    ],
)
def test_not_even_the_rarest_toss_draws_what_has_no_chance(toss, action):
    exploring = Exploring(given([0.0, 0.5, 0.0, 0.5, 0.0]), 0)
    exploring._rng = SimpleNamespace(random=lambda n: np.full(n, toss))
    assert exploring(np.zeros((1, 1))).tolist() == [action]


def test_every_row_is_tossed_for_by_itself_and_every_call_anew():
    exploring = Exploring(given(*[[0.25] * 4] * 200, history=3), 0)
    first, second = (exploring(np.zeros((200, 1))) for _ in range(2))
    assert len(set(first)) == 4
    assert (first != second).any()
    assert exploring.history == 3
    same, other = (Exploring(exploring.policy, seed)(np.zeros((200, 1))) for seed in (0, 1))
    np.testing.assert_array_equal(same, first)
    assert (other != first).any()


# Rollouts


def advantages_by_hand(model, one):
    """Generalised advantage estimation, slowly: J. Schulman and others (2016), equation 16."""
    seen = one.seen if one.end is None else np.vstack([one.seen, one.end])
    with torch.no_grad():
        values = model.policy.predict_values(torch.as_tensor(seen)).flatten().double().numpy()
    values = values if one.end is not None else np.append(values, 0.0)
    errors = one.rewards + model.gamma * values[1:] - values[:-1]
    decay = model.gamma * model.gae_lambda
    return [sum(decay**k * e for k, e in enumerate(errors[t:])) for t in range(len(errors))]


def test_what_was_cut_off_is_worth_what_the_critic_expects(start):
    learner = EpisodeLearner(start, 0)
    end = np.full(12, 0.2, dtype=np.float32)
    episodes = [
        episode(learner, 0, 9), episode(learner, 1, 5, end), episode(learner, 2, 1, end),
        episode(learner, 3, 1), episode(learner, 4, 7, end),
    ]  # fmt: skip
    rewards = [one.rewards.copy() for one in episodes]
    buffer = rollouts(learner.model, episodes)
    expected = np.concatenate([advantages_by_hand(learner.model, one) for one in episodes])
    np.testing.assert_allclose(buffer.advantages[:, 0], expected, atol=1e-4)
    np.testing.assert_allclose(
        buffer.returns[:, 0], expected + buffer.values[:, 0].astype(float), atol=1e-4
    )
    np.testing.assert_array_equal(
        buffer.observations[:, 0], np.concatenate([one.seen for one in episodes])
    )
    for one, before in zip(episodes, rewards, strict=True):
        np.testing.assert_array_equal(one.rewards, before)  # an experience may be used again


def test_rewards_may_be_whole_numbers(start):
    learner, end = EpisodeLearner(start, 0), np.zeros(12, dtype=np.float32)
    counted = episode(learner, 0, 3, end, rewards=np.array([1, 1, 1]))
    found = rollouts(learner.model, [counted]).advantages[:, 0]
    np.testing.assert_allclose(found, advantages_by_hand(learner.model, counted), atol=1e-4)


# Updates


def steps_taken(learner, episodes, monkeypatch):
    optimiser, taken = learner.model.policy.optimizer, []
    step = optimiser.step
    monkeypatch.setattr(optimiser, "step", lambda *a, **k: (taken.append(1), step(*a, **k)))
    learner.learn(episodes)
    return len(taken)


def test_an_update_ends_early_once_it_has_moved_the_policy_enough(start, monkeypatch):
    taken = []
    for target in (None, 1e3, 1e-6):
        learner = EpisodeLearner(start, 0, epochs=3, batch_size=16, target_kl=target)
        taken.append(steps_taken(learner, [episode(learner, steps=64)], monkeypatch))
    assert taken[:2] == [3 * 4] * 2
    assert 1 <= taken[2] < 4


def test_settings_are_those_of_the_update(start):
    plain = EpisodeLearner(start, 3).model
    assert (plain.learning_rate, plain.ent_coef, plain.n_epochs, plain.batch_size) == (
        *(1e-3, 0.0, 10, 128),
    )
    assert plain.target_kl is None
    model = EpisodeLearner(
        start, 3, learning_rate=2e-3, anchor=0.5, epochs=2, batch_size=32, target_kl=0.1
    ).model
    assert (model.learning_rate, model.ent_coef, model.n_epochs, model.batch_size) == (
        *(2e-3, 0.5, 2, 32),
    )
    assert model.target_kl == 0.1
    assert (model.gamma, model.gae_lambda) == (start.model.gamma, start.model.gae_lambda)


@pytest.mark.parametrize(("spent", "rate"), [(0.0, 1.0), (0.5, 0.55), (1.0, 0.1)])
def test_a_rate_falls_with_what_is_spent(start, spent, rate):
    learner = EpisodeLearner(start, 0, learning_rate=Falling(1e-3), epochs=1)
    learner.learn([episode(learner)], spent)
    assert learner.model.policy.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * rate)


def test_learning_repeats_and_leaves_the_start_alone(start):
    before, learned = weights(start).clone(), []
    for seed in (0, 0, 1):
        learner = EpisodeLearner(start, seed, epochs=2, batch_size=16)
        assert torch.equal(weights(learner.policy), before)
        assert learner.policy.history == learner.exploring.history == 2
        policy, exploring = learner.policy, learner.exploring
        learner.learn([episode(learner)])
        assert (learner.policy, learner.exploring) == (policy, exploring)
        assert exploring.policy is policy  # what it has learned is what it explores with
        learned.append(weights(policy).clone())
    assert torch.equal(weights(start), before)
    assert torch.equal(learned[0], learned[1])
    assert not torch.equal(learned[0], learned[2])  # minibatches are drawn
    assert not torch.equal(learned[0], before)


def test_an_experience_keeps_the_chances_of_the_policy_that_ran_it(start):
    learner = EpisodeLearner(start, 0, learning_rate=1e-2)
    one = episode(learner)
    before = one.log_probs.clone()
    assert not one.log_probs.requires_grad
    learner.learn([one])
    assert torch.equal(one.log_probs, before)
    again = learner.experience(one.seen, one.actions, one.rewards)
    assert not torch.allclose(again.log_probs, before)
    chances = learner.policy.chances(one.seen)[np.arange(30), one.actions]
    np.testing.assert_allclose(again.log_probs.exp().numpy(), chances, rtol=1e-4)


def test_good_actions_become_more_likely(start):
    """The same state again and again: one action is rewarded, the other is not."""
    learner = EpisodeLearner(start, 0)
    seen = np.tile(np.float32(0.1), (200, 12))
    before = learner.policy.chances(seen[:1])[0, 1]
    actions = np.arange(200) % 2
    one = [learner.experience(seen[i : i + 1], actions[i : i + 1], actions[i : i + 1] * 1.0)
           for i in range(200)]  # fmt: skip
    learner.learn(one)
    assert learner.policy.chances(seen[:1])[0, 1] > before + 0.05
