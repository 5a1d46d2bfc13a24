"""Skills that a discriminator tells apart: the discriminator, what is paid, and the gate."""

import numpy as np
import pytest
from scipy.special import log_softmax

from course_lib.transfer.skills.diversity import (
    Discriminator,
    Distinct,
    Skill,
    train_diverse,
    with_skill,
)
from course_lib.transfer.skills.tasks import TASKS
from course_lib.worlds import puck

both = pytest.mark.parametrize("name", TASKS)


def test_log_odds_are_those_of_bell_curves_against_a_guess():
    rng = np.random.default_rng(0)
    centres, at = rng.standard_normal((4, 2)), rng.standard_normal((6, 2))
    skills = rng.integers(4, size=6)
    apart = np.linalg.norm(at[:, None] - centres, axis=2)
    expected = log_softmax(-(apart**2) / (2 * 0.5**2), axis=1)[np.arange(6), skills] + np.log(4)
    found = Discriminator(centres, spread=0.5).log_odds(at, skills)
    np.testing.assert_allclose(found, expected)


def test_log_odds_are_finite_far_away_and_reach_from_a_guess_to_certainty():
    same, apart = Discriminator(np.zeros((3, 2))), Discriminator(np.array([[0.0, 0], [9, 9]]))
    assert same.log_odds(np.array([[5.0, 5.0]]), np.array([1])) == pytest.approx([0.0])
    assert apart.log_odds(np.zeros((1, 2)), np.array([0])) == pytest.approx([np.log(2)])
    assert np.isfinite(apart.log_odds(np.full((1, 2), 1e3), np.array([0]))).all()


def test_centres_follow_the_ends_of_their_own_skills():
    first = np.zeros((3, 2))
    discriminator = Discriminator(first, rate=0.5)
    discriminator.learn(np.array([[1.0, 0], [3, 0], [0, 8]]), np.array([0, 0, 2]))
    np.testing.assert_allclose(discriminator.centres, [[1, 0], [0, 0], [0, 4]])
    np.testing.assert_array_equal(first, 0)  # a copy


def world(name, gate, m=6):
    env = Distinct(TASKS[name], 5, gate).make(m)
    seen, _ = env.reset(seed=3)
    return env, seen


@both
def test_a_skill_is_drawn_for_each_episode_and_shown(name):
    env, seen = world(name, None, m=2_000)
    assert (seen[:, -5:].sum(axis=1) == 1).all() and seen.dtype == np.float32
    np.testing.assert_allclose(seen[:, -5:].mean(axis=0), 0.2, atol=0.04)
    assert seen.shape[1] == env.single_observation_space.shape[0]
    still = np.zeros(env.action_space.shape, dtype=np.float32)
    for _ in range(TASKS[name].steps):
        before = seen
        seen, _, terminated, truncated, infos = env.step(still)
    assert truncated.all() and not terminated.any()
    last = np.stack(infos["final_obs"])
    np.testing.assert_array_equal(last[:, -5:], before[:, -5:])
    assert (seen[:, -5:] != last[:, -5:]).any(axis=1).mean() == pytest.approx(0.8, abs=0.05)


def test_without_a_gate_only_the_end_is_paid_and_never_less_than_nothing():
    env, seen = world("puck", None, m=40)
    steps, ahead = TASKS["puck"].steps, np.tile(np.float32([0.3, 1]), (40, 1))
    paid = []
    for _ in range(steps):
        _, rewards, terminated, truncated, _ = env.step(ahead)
        assert (rewards[~(terminated | truncated)] == 0).all()
        paid += list(rewards[terminated | truncated])
    assert min(paid) >= 0 and 0 < max(paid) <= np.log(5) + 1e-9


@pytest.mark.parametrize(("off", "open_"), [(0.0, True), (0.4, False)])
def test_the_gate_lets_in_what_ends_near_the_target(off, open_):
    env, _ = world("puck", 0.15, m=1)
    task, state = TASKS["puck"], np.zeros((1, 8))
    state[:, :2], state[:, 4:6] = puck.HAND_AT, task.target + [off, 0.0]
    env.reset(seed=0, options={"state": state})
    # The puck lies where it is: skill 1 of 5 is the only one that ever ends there.
    env.told[:] = 1
    env.discriminator.centres[:] = 9.0
    env.discriminator.centres[1] = task.coordinates(state[:, 4:6])[0]
    rewards = 0.0
    for _ in range(task.steps):
        _, reward, terminated, truncated, _ = env.step(np.zeros((1, 2), dtype=np.float32))
        rewards += reward[0]
        if (terminated | truncated).any():
            break
    assert rewards == pytest.approx(np.log(5) if open_ else 0.0, abs=1e-5)


def test_with_a_gate_coming_closer_to_the_target_is_paid():
    env, _ = world("puck", 0.15, m=3)
    task = TASKS["puck"]

    def off():
        goal = task.coordinates(task.target[None])
        return np.linalg.norm(task.coordinates(env.unwrapped.where) - goal, axis=1)

    before, paid = off(), 0.0
    for _ in range(6):
        paid = paid + env.step(np.tile(np.float32([0, 0.7]), (3, 1)))[1]
    np.testing.assert_allclose(paid, np.log((before + 0.05) / (off() + 0.05)), atol=1e-5)
    assert (paid > 0.1).all()


def test_a_skill_shows_its_number():
    skill = Skill(lambda seen: seen[:, 2:], 3, n=4)
    np.testing.assert_array_equal(skill(np.zeros((2, 2))), [[0, 0, 0, 1]] * 2)
    np.testing.assert_array_equal(with_skill(np.ones((1, 1)), np.array([0]), 2), [[1, 1, 0]])


def test_a_short_training_ends_with_a_policy_of_n_skills():
    policy = train_diverse("puck", 0, n=3, gate=0.15, steps=8_000)
    actions = [Skill(policy, k, n=3)(np.zeros((2, 9), dtype=np.float32)) for k in range(3)]
    assert all(a.shape == (2, 2) for a in actions)
    assert not np.allclose(actions[0], actions[1])
