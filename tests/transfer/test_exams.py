"""Exams are held when they are due, and what they decide is what is trained on."""

import numpy as np
import pytest
import torch

from course_lib.learning import TrainedPolicy, evaluate, train_ppo
from course_lib.transfer.exams import Drawn, Exams
from course_lib.worlds import CartPole, CartPolePhysics, Uniform

RANGES = CartPolePhysics(force=Uniform(5.0, 15.0), cart_mass=Uniform(0.5, 2.0))
TINY = {"num_envs": 16, "n_steps": 20, "batch_size": 64, "n_epochs": 1, "progress": False}
ROLLOUT = 16 * 20  # steps


def always(force):
    def sample(rng, size):
        return RANGES.sample(rng, size) | {"force": np.full(size, force)}

    return sample


class Examiner:
    """Notes what it is asked, and decides on carts with a force of 6, 7, 8... newtons."""

    def __init__(self):
        self.policies, self.seeds, self.weights = [], [], []

    def __call__(self, policy, seed):
        self.policies.append(policy)
        self.seeds.append(seed)
        first = next(policy.model.policy.parameters())
        self.weights.append(first.detach().clone())
        return always(5.0 + len(self.seeds))


def train(every=1, rollouts=5, seed=0, history=0, examiner=None):
    examiner = examiner or Examiner()
    exams = Exams(examiner, history, every)
    policy = train_ppo(
        RANGES, seed, history=history, steps=rollouts * ROLLOUT, callbacks=[exams], **TINY
    )
    return examiner, exams, policy


# Worlds of a sampler


def test_a_drawn_world_draws_from_its_sampler():
    env = Drawn(RANGES, always(6.25)).make(30)
    assert isinstance(env, CartPole)
    assert env.num_envs == 30
    env.reset(seed=0)
    assert env._k.force.tolist() == [6.25] * 30
    assert np.ptp(env._k.inverse_mass) > 0.2


def test_a_drawn_world_is_built_for_its_ranges():
    env = Drawn(RANGES, always(4.0)).make(2)
    with pytest.raises(ValueError, match="force was drawn outside of 5 to 15"):
        env.reset(seed=0)


@pytest.mark.parametrize("autoreset", [True, False])
def test_a_drawn_world_restarts_episodes_only_if_told_to(autoreset):
    env = Drawn(RANGES, always(10.0)).make(5, autoreset=autoreset)
    env.reset(seed=0)
    infos = [env.step(np.ones(5, dtype=int))[-1] for _ in range(30)]
    assert any("final_obs" in info for info in infos) is autoreset


def test_a_drawn_world_can_be_evaluated_in():
    def right(observations):
        return np.ones(len(observations), dtype=int)

    slow, fast = (evaluate(right, Drawn(RANGES, always(f)), 50, 1) for f in (5.0, 15.0))
    assert (slow > fast).all()


# When


@pytest.mark.parametrize(("every", "held_at"), [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (7, [0])])
def test_exams_are_held_before_every_nth_rollout(every, held_at):
    clock = []

    class Dated(Examiner):
        def __call__(self, policy, seed):
            clock.append(policy.steps / ROLLOUT)
            return super().__call__(policy, seed)

    train(every, examiner=Dated())
    assert clock == held_at


def test_every_exam_of_every_training_has_a_seed_of_its_own():
    seeds = [train(seed=seed)[0].seeds for seed in (0, 1, 0)]
    assert seeds[0] == seeds[2]
    assert len(set(seeds[0] + seeds[1])) == 10
    assert not {0, 1} & set(seeds[0] + seeds[1])  # nor that of the training


# Who


@pytest.mark.parametrize("history", [0, 2])
def test_the_policy_in_training_is_examined_as_it_is_by_then(history):
    examiner, _, trained = train(history=history)
    for policy in examiner.policies:
        assert isinstance(policy, TrainedPolicy)
        assert policy.model is trained.model
        assert policy.history == history
    for before, after in zip(examiner.weights, examiner.weights[1:], strict=False):
        assert not torch.equal(before, after)


# What for


class Forces(Exams):
    """Notes the forces of the worlds at the end of every rollout."""

    def _on_rollout_end(self):
        self.__dict__.setdefault("found", []).append(
            self.training_env.env.unwrapped._k.force.copy()
        )


@pytest.mark.parametrize("history", [0, 2])
def test_episodes_that_start_after_an_exam_are_drawn_as_it_decided(history):
    exams = Forces(Examiner(), history, 1)
    train_ppo(RANGES, 0, history=history, steps=5 * ROLLOUT, callbacks=[exams], **TINY)
    start = RANGES.make(16)
    start.reset(seed=0)
    news = []
    for i, forces in enumerate(exams.found):
        new = forces == 6.0 + i
        earlier = exams.found[i - 1] if i else start._k.force
        np.testing.assert_array_equal(forces[~new], earlier[~new])  # they run on
        news.append(new.sum())
    assert min(news) >= 3


def test_between_exams_the_last_decision_stands():
    exams = Forces(Examiner(), 0, 3)
    train_ppo(RANGES, 0, steps=6 * ROLLOUT, callbacks=[exams], **TINY)
    assert set(exams.found[2]) <= {6.0, *exams.found[0]}
    assert (exams.found[2] == 6.0).sum() > 10
    assert not np.any(exams.found[2] == 7.0)
    assert (exams.found[5] == 7.0).sum() > 10


def test_a_training_with_exams_is_the_same_for_the_same_seed():
    policies = [train(seed=seed)[2] for seed in (3, 3, 4)]
    prints = [policy.fingerprint for policy in policies]
    assert prints[0] == prints[1] != prints[2]
