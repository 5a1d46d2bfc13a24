"""Training to go wherever one wants: what is paid, and what is seen."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from course_lib.transfer.skills import goals
from course_lib.transfer.skills.goals import Wanting, train_to_goals, with_goal
from course_lib.transfer.skills.tasks import TASKS

both = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def world(task, n=6, autoreset=True):
    env = Wanting(task, task.simulator).make(n, autoreset=autoreset)
    seen, _ = env.reset(seed=3)
    return env, seen


def wanted(task, seen):
    """The places that a policy is shown, (n, 2 or 3) in m."""
    return task.target + seen[:, -len(task.unit) :] * task.unit


@both
def test_what_is_paid_adds_up_to_the_fall_of_the_logarithm(task):
    env, seen = world(task, autoreset=False)
    goal = wanted(task, seen)
    before = np.linalg.norm(env.unwrapped.where - goal, axis=1)
    rng, paid = np.random.default_rng(0), 0.0
    for _ in range(5):
        actions = rng.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        seen, rewards, *_ = env.step(actions)
        paid = paid + rewards
        np.testing.assert_allclose(wanted(task, seen), goal, atol=1e-5)
    after = np.linalg.norm(env.unwrapped.where - goal, axis=1)
    np.testing.assert_allclose(paid, np.log((before + 0.05) / (after + 0.05)), atol=1e-5)


@both
def test_a_new_episode_wants_a_new_place_and_is_paid_from_its_own_start(task):
    env, seen = world(task, n=40)
    still = np.zeros(env.action_space.shape, dtype=np.float32)
    old = wanted(task, seen)
    for _ in range(task.steps):
        seen, rewards, terminated, truncated, infos = env.step(still)
        np.testing.assert_allclose(rewards, 0, atol=1e-6)
    assert truncated.all() and not terminated.any()
    last = np.stack(infos["final_obs"])
    np.testing.assert_allclose(wanted(task, last), old, atol=1e-5)
    new = wanted(task, seen)
    assert (np.linalg.norm(new - old, axis=1) > 1e-3).mean() > 0.5
    assert last[:, -1 - len(task.unit)] == pytest.approx(1.0)  # the time is over
    assert seen[:, -1 - len(task.unit)] == pytest.approx(0.0)
    _, rewards, *_ = env.step(still)
    np.testing.assert_allclose(rewards, 0, atol=1e-6)


@both
def test_a_quarter_of_all_episodes_wants_the_target_and_the_rest_is_drawn(task):
    env, seen = world(task, n=4_000)
    away = np.linalg.norm(wanted(task, seen) - task.target, axis=1)
    assert (away < 1e-5).mean() == pytest.approx(0.25, abs=0.03)
    expected = task.draw(np.random.default_rng(1), 4_000)
    drawn = wanted(task, seen)[away > 1e-5]
    np.testing.assert_allclose(drawn.mean(axis=0), expected.mean(axis=0), atol=0.08)
    np.testing.assert_allclose(drawn.std(axis=0), expected.std(axis=0), rtol=0.08)


@both
def test_the_space_of_what_is_seen(task):
    env, seen = world(task)
    bare = task.simulator.make(6)
    assert env.single_observation_space.shape[0] == seen.shape[1]
    assert seen.shape[1] == bare.single_observation_space.shape[0] + len(task.unit)
    assert seen.dtype == np.float32
    assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP


def test_a_place_is_shown_in_units_from_the_target():
    task = TASKS["puck"]
    seen = with_goal(np.ones((2, 9)), task.target + [[0.5, 0.0], [0.0, -2.0]], task)
    np.testing.assert_allclose(seen[:, 9:], [[1, 0], [0, -2]], atol=1e-6)
    np.testing.assert_array_equal(seen[:, :9], 1)


def test_training_takes_whole_episodes_of_the_physics_it_is_told(monkeypatch):
    asked = {}
    monkeypatch.setattr(goals, "train_ppo", lambda world, seed, **k: asked.update(k, world=world))
    task = TASKS["arm"]
    other = type(task.simulator)(base_x=0.1)
    train_to_goals("arm", 4, other, steps=100)
    assert asked["world"] == Wanting(task, other)
    assert asked["n_steps"] == task.steps and asked["gamma"] == task.gamma
    assert asked["n_steps"] * asked["num_envs"] == pytest.approx(goals.ROLLOUT, rel=0.01)
    assert asked["steps"] == 100
    train_to_goals("arm", 4)
    assert asked["world"].physics == task.simulator


def test_a_short_training_comes_closer():
    task = TASKS["arm"]
    policy = train_to_goals("arm", 0, steps=60_000)
    env, seen = world(task, n=100, autoreset=False)
    goal = wanted(task, seen)
    before = np.linalg.norm(env.unwrapped.where - goal, axis=1).mean()
    for _ in range(task.steps):
        seen, *_ = env.step(np.clip(policy(seen), -1, 1))
    assert np.linalg.norm(env.unwrapped.where - goal, axis=1).mean() < 0.6 * before
