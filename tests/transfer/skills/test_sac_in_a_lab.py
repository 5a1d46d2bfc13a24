"""SAC from whole episodes, and the rounds of learning in a lab."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.transfer.skills import in_reality
from course_lib.transfer.skills.in_reality import learn_in, successes
from course_lib.transfer.skills.sac_learner import SacLearner
from course_lib.worlds.lab import Attempt

QUICK = {"policy_kwargs": {"net_arch": [8]}, "batch_size": 16}


def attempt(steps, success=False, seed=0):
    rng = np.random.default_rng(seed)
    rewards = np.zeros(steps, dtype=np.float32)
    rewards[-1] = success
    return Attempt(
        rng.standard_normal((steps + 1, 3)).astype(np.float32),
        rng.uniform(-1, 1, (steps, 2)).astype(np.float32),
        rewards,
        np.zeros((steps + 1, 2)),
        "success" if success else "time",
    )


def test_episodes_are_remembered_step_by_step_and_end_where_they_end():
    learner = SacLearner(3, 2, 0, **QUICK)
    episodes = [attempt(4, success=True), attempt(3, seed=1)]
    learner.remember(episodes)
    buffer = learner.model.replay_buffer
    assert buffer.pos == 7
    np.testing.assert_allclose(buffer.observations[:4, 0], episodes[0].observations[:-1])
    np.testing.assert_allclose(buffer.next_observations[:4, 0], episodes[0].observations[1:])
    np.testing.assert_allclose(buffer.actions[4:7, 0], episodes[1].actions)
    assert buffer.rewards[:7, 0].tolist() == [0, 0, 0, 1, 0, 0, 0]
    # An episode that ran out of time is over, too: nothing is expected after it.
    assert buffer.dones[:7, 0].tolist() == [0, 0, 0, 1, 0, 0, 1]
    assert not buffer.timeouts.any()


def test_a_return_never_reaches_into_the_next_episode():
    learner = SacLearner(3, 2, 0, **QUICK | {"n_steps": 5, "gamma": 0.5})
    learner.remember([attempt(3), attempt(3, success=True, seed=1)])
    samples = learner.model.replay_buffer._get_samples(np.arange(6))
    expected = [0, 0, 0, 0.25, 0.5, 1]
    np.testing.assert_allclose(samples.rewards.numpy().ravel(), expected, atol=1e-6)
    assert samples.dones.numpy().ravel().tolist() == [1] * 6


def test_gradient_steps_follow_the_steps_made_and_the_rate_falls(monkeypatch):
    learner = SacLearner(3, 2, 0, updates=1.5, learning_rate=1e-2, **QUICK)
    made, rates = [], []

    def train(steps, batch_size):
        made.append((steps, batch_size))
        left = learner.model._current_progress_remaining
        rates.append(learner.model.lr_schedule(left))

    monkeypatch.setattr(learner.model, "train", train)
    learner.remember([attempt(5)])
    learner.learn(0.0)
    learner.learn(0.0)  # nothing is due
    learner.remember([attempt(5)])
    learner.learn(0.5)
    learner.remember([attempt(4)])
    learner.learn(1.0)
    assert made == [(7, 16), (8, 16), (6, 16)]  # 7.5, then 0.5 + 7.5, then 6
    np.testing.assert_allclose(rates, [1e-2, 5e-3, 5e-4])


def test_one_seed_gives_one_learner():
    def learned(seed):
        learner = SacLearner(3, 2, seed, **QUICK)
        learner.remember([attempt(20, success=True)])
        learner.learn(0.1)
        return learner.policy(np.ones((4, 3), dtype=np.float32))

    np.testing.assert_array_equal(learned(0), learned(0))
    assert not np.array_equal(learned(0), learned(1))


def test_exploring_is_drawn_and_the_policy_is_not():
    learner, seen = SacLearner(3, 2, 0, **QUICK), np.ones((50, 3), dtype=np.float32)
    assert np.unique(learner.policy(seen), axis=0).shape == (1, 2)
    drawn = learner.exploring(seen)
    assert drawn.shape == (50, 2) and drawn.std(axis=0).min() > 0.1
    assert np.abs(drawn).max() <= 1


def test_sac_learns_from_others_what_pays():
    # One step; the reward is 1 where the first action is positive. Nobody shows the best action.
    learner = SacLearner(3, 2, 0, updates=3, **QUICK | {"n_steps": 1})
    rng = np.random.default_rng(0)
    seen, end = np.zeros((2, 3), dtype=np.float32), np.zeros((2, 2))
    for _ in range(150):
        action = rng.uniform(-1, 1, (1, 2)).astype(np.float32)
        pays = np.array([action[0, 0] > 0], dtype=np.float32)
        learner.remember([Attempt(seen, action, pays, end, "rest")])
    torch.manual_seed(0)
    learner.learn(0.0)
    assert learner.policy(seen)[0, 0] > 0.2


class FakeLab:
    """Succeeds as a function says, and notes who acts."""

    def __init__(self, succeeds):
        self.succeeds, self.rounds = succeeds, []

    def run(self, policies):
        self.rounds.append(policies)
        return [SimpleNamespace(succeeded=self.succeeds(p, len(self.rounds))) for p in policies]


@pytest.fixture
def learner():
    return SimpleNamespace(
        exploring="own", spent=[], remember=lambda a: None, learn=lambda spent: None
    )


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    monkeypatch.setattr(in_reality, "Noisy", lambda policy, noise, rng: (policy, noise))


def test_explorers_act_in_turns_and_share_each_round_with_the_learner(learner):
    lab = FakeLab(lambda policy, _: policy == ("b", 0.2))
    course = learn_in(lab, ["a", "b", "c"], learner, None, budget=45, share=0.4, noise=0.2)
    first, *later = lab.rounds
    assert [name for name, _ in first] == list("abcabcabca")
    assert [p[0] if p != "own" else p for p in later[0]] == list("bcab") + ["own"] * 6
    assert [p[0] if p != "own" else p for p in later[1]] == list("cabc") + ["own"] * 6
    assert len(lab.rounds) == 4  # 40 episodes: a fifth round would exceed the budget
    assert course.episodes == 40
    assert len(course.own) == 18 and not successes(course.own).any()
    assert successes(course.explored)[:10].tolist() == [False, True, False] * 3 + [False]


def test_it_ends_once_the_learner_has_learned_enough(learner):
    lab = FakeLab(lambda policy, turn: policy == "own" and turn >= 4)
    course = learn_in(lab, ["a"], learner, None, share=0.5, enough=0.9)
    # Rounds of five own episodes: the last ten all succeed after the fifth round.
    assert len(lab.rounds) == 5
    assert successes(course.own).tolist() == [False] * 10 + [True] * 10


def test_the_learner_is_taught_after_each_round(learner):
    seen = []
    learner.remember = lambda attempts: seen.append(len(attempts))
    learner.learn = lambda spent: seen.append(spent)
    learn_in(FakeLab(lambda *_: False), ["a"], learner, None, budget=40)
    assert seen == [10, 0.25, 10, 0.5, 10, 0.75, 10, 1.0]


@pytest.mark.parametrize(("explorers", "share"), [([], 0.5), (["a"], 0.0), (["a"], 1.0)])
def test_what_cannot_be_learned_from(learner, explorers, share):
    with pytest.raises(ValueError, match="at least one explorer"):
        learn_in(FakeLab(None), explorers, learner, None, share=share)
