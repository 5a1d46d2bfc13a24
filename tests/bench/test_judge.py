"""The judge of CartPole-v1: who has solved it, and that examinations cost nobody time."""

import time

import gymnasium as gym
import numpy as np
import pytest

from benchmarks.judge import EPISODES, Judge, Solved
from benchmarks.single_file_ppo import forward, train

BALANCE = np.array([0.3, 0.5, 10.0, 2.0])


def balance(seen):
    return seen @ BALANCE > 0


def lame(share):
    """Balances, but in this share of the episodes pushes to one side only."""
    stuck = np.arange(EPISODES) < share * EPISODES
    return lambda seen: balance(seen) & ~stuck


def test_a_policy_that_balances_has_solved_it():
    with pytest.raises(Solved):
        Judge(0).examine(balance)


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_one_that_falls_has_not(share):
    Judge(0).examine(lame(share))


def test_the_mean_decides_at_475():
    # An episode that pushes to one side earns some 10 of 500 steps: 5 % of them cost 24.5.
    with pytest.raises(Solved):
        Judge(0).examine(lame(0.05))
    Judge(0).examine(lame(0.06))


def test_the_clock_stands_still_during_examinations():
    def slow(seen):
        time.sleep(0.05)
        return np.zeros(EPISODES)

    judge = Judge(0)
    judge.examine(slow)
    time.sleep(0.1)
    judge.examine(slow)
    assert 0.1 <= judge.seconds < 0.4


def test_the_single_file_ppo_learns():
    returns, env = [], gym.make_vec("CartPole-v1", 50, vectorization_mode="vector_entry_point")

    def examine(act):
        seen, _ = env.reset(seed=1)
        running, steps = np.ones(50, dtype=bool), np.zeros(50)
        while running.any():
            seen, _, terminated, truncated, _ = env.step(act(seen).astype(int))
            steps += running
            running &= ~(terminated | truncated)
        returns.append(steps.mean())

    train(seed=0, steps=20_000, examine=examine)
    assert max(returns[-5:]) > 2 * returns[0] and max(returns) > 100


def test_its_actor_is_the_network():
    weights = [np.eye(4), np.zeros(4), 2 * np.eye(4), np.ones(4), np.ones((2, 4)), np.zeros(2)]
    seen = np.array([[0.1, -0.2, 0.3, 0.0]])
    hidden = np.tanh(2 * np.tanh(seen) + 1)
    np.testing.assert_allclose(forward(seen, weights), np.repeat(hidden.sum(), 2)[None])
