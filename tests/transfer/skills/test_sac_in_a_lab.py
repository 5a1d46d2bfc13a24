"""SAC from whole episodes, and the rounds of learning in a lab."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.transfer.skills import in_reality
from course_lib.transfer.skills.in_reality import Exploring, learn_in, successes
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


def test_only_the_critics_are_normalised():
    learner = SacLearner(3, 2, 0, **QUICK)
    model = learner.model

    def kinds(network):
        return [type(layer).__name__ for layer in network]

    for critic in (model.critic, model.critic_target):
        for i, network in enumerate(critic.q_networks):
            assert kinds(network) == ["Linear", "LayerNorm", "ReLU", "Linear"]
            assert getattr(critic, f"qf{i}") is network
    learned = {id(p) for group in model.critic.optimizer.param_groups for p in group["params"]}
    assert {id(p) for p in model.critic.parameters()} == learned
    assert "LayerNorm" not in kinds(model.actor.latent_pi)
    fresh = model.critic.state_dict()
    assert all(torch.equal(fresh[k], v) for k, v in model.critic_target.state_dict().items())


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
    return SimpleNamespace(exploring="own", remember=lambda a: None, learn=lambda spent: None)


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    """Exploring policies are the names that they were given."""
    monkeypatch.setattr(in_reality, "Noisy", lambda policy, noise, rng: policy)


def turns(names):
    """Explorers that act in turns and are never repeated."""
    return Exploring(lambda: list(names), None, np.random.default_rng(0), 0.1, repeat=0.0)


def test_explorers_act_in_turns_and_share_each_round_with_the_learner(learner):
    lab = FakeLab(lambda policy, _: policy == "b")
    course = learn_in(lab, turns("abc"), learner, budget=45, share=0.4)
    assert lab.rounds[0] == list("abcabcabca")
    assert lab.rounds[1] == list("bcab") + ["own"] * 6
    assert lab.rounds[2] == list("cabc") + ["own"] * 6
    assert len(lab.rounds) == 4  # 40 episodes: a fifth round would exceed the budget
    assert course.episodes == 40
    assert len(course.own) == 18 and not successes(course.own).any()
    assert successes(course.explored)[:10].tolist() == [False, True, False] * 3 + [False]


def test_it_ends_once_the_learner_has_learned_enough(learner):
    lab = FakeLab(lambda policy, turn: policy == "own" and turn >= 4)
    course = learn_in(lab, turns("a"), learner, share=0.5, enough=0.9)
    # Rounds of five own episodes: the last twenty all succeed after the seventh round.
    assert len(lab.rounds) == 7
    assert successes(course.own).tolist() == [False] * 10 + [True] * 20


def test_the_learner_is_taught_after_each_round(learner):
    seen = []
    learner.remember = lambda attempts: seen.append(len(attempts))
    learner.learn = lambda spent: seen.append(spent)
    learn_in(FakeLab(lambda *_: False), turns("a"), learner, budget=40)
    assert seen == [10, 0.25, 10, 0.5, 10, 0.75, 10, 1.0]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_both_must_get_episodes(learner, share):
    with pytest.raises(ValueError, match="share between 0 and 1"):
        learn_in(FakeLab(None), turns("a"), learner, share=share)


def test_a_set_without_policies():
    with pytest.raises(ValueError, match="at least one"):
        turns("").policies(1)


def test_noise_is_added_to_every_policy_of_a_set(monkeypatch):
    monkeypatch.setattr(in_reality, "Noisy", lambda policy, noise, rng: (policy, noise))
    exploring = Exploring(lambda: ["a", "b"], None, np.random.default_rng(0), 0.3)
    assert exploring.policies(3) == [("a", 0.3), ("b", 0.3), ("a", 0.3)]


def told(exploring, n, succeeds):
    """Who acted in `n` episodes, of which those of policies in `succeeds` succeeded."""
    acting = exploring.policies(n)
    exploring.learn([SimpleNamespace(succeeded=policy in succeeds) for policy in acting])
    return acting


def test_a_set_that_is_through_is_drawn_anew():
    sets = iter(["abc", "de", "fgh"])
    exploring = Exploring(lambda: next(sets), None, np.random.default_rng(0), 0.1)
    assert told(exploring, 4, "") == list("abcd")
    assert told(exploring, 3, "") == list("efg")


def constant(value):
    return lambda seen: np.full((len(seen), 1), value)


def test_what_succeeded_is_repeated_as_often_as_it_did_and_hands_over_anywhere():
    policies = {name: constant(i) for i, name in enumerate("abcd")}
    names = {id(policy): name for name, policy in policies.items()}
    learner = SimpleNamespace(exploring=constant(9))
    exploring = Exploring(
        lambda: list(policies.values()), learner, np.random.default_rng(1), 0.1, repeat=0.5
    )
    first = told(exploring, 4, [policies["b"], policies["c"]])
    assert [names[id(policy)] for policy in first] == list("abcd")
    told_again = exploring.policies(4_000)
    exploring.learn([SimpleNamespace(succeeded=False)] * 4_000)
    repeated = [policy for policy in told_again if id(policy) not in names]
    assert len(repeated) == pytest.approx(2_000, abs=150)
    at = np.array([0.0, 0.25, 0.5, 0.75, 0.999])
    acting = np.array([[policy(np.array([[t]]))[0, 0] for t in at] for policy in repeated])
    assert (acting[:, 0] == 1).mean() == pytest.approx(0.5, abs=0.05)
    assert set(np.unique(acting)) == {1, 2, 9}
    np.testing.assert_allclose((acting == 9).mean(axis=0), at, atol=0.05)


def test_a_success_after_handing_over_is_not_the_explorers():
    policies = {name: constant(i) for i, name in enumerate("ab")}
    exploring = Exploring(
        lambda: list(policies.values()),
        SimpleNamespace(exploring=constant(9)),
        np.random.default_rng(0),
        0.1,
        repeat=1.0,
    )
    told(exploring, 2, [policies["a"]])
    for _ in range(5):
        acting = exploring.policies(200)
        exploring.learn([SimpleNamespace(succeeded=True)] * 200)
    # Were they repeated themselves, two hand-overs in a row would come earlier than one.
    halfway = np.array([policy(np.full((1, 1), 0.5))[0, 0] for policy in acting])
    assert set(halfway) == {0, 9}
    assert (halfway == 9).mean() == pytest.approx(0.5, abs=0.12)
