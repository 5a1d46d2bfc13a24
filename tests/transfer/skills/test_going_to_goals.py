"""Training to go wherever one wants: what is paid, and what is seen."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from course_lib.transfer.skills import goals
from course_lib.transfer.skills.goals import Wanting, train_skill, train_task, with_goal
from course_lib.transfer.skills.tasks import TASKS
from course_lib.worlds import puck

both = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def world(task, n=6, autoreset=True, at_target=0.25):
    env = Wanting(task, task.simulator, at_target).make(n, autoreset=autoreset)
    seen, _ = env.reset(seed=3)
    return env, seen


def wanted(task, seen):
    """The coordinates of the places that a policy is shown, (n, 2 or 3)."""
    shown = seen[:, -len(task.unit) :] * task.unit
    return task.coordinates(task.target[None]) + shown


def missed(task, env, goal):
    """By how much it is off wanted coordinates."""
    return np.linalg.norm(task.coordinates(env.unwrapped.where) - goal, axis=1)


@both
def test_what_is_paid_adds_up_to_the_fall_of_the_logarithm(task):
    env, seen = world(task, autoreset=False)
    goal = wanted(task, seen)
    before = missed(task, env, goal)
    rng, paid = np.random.default_rng(0), 0.0
    for _ in range(5):
        actions = rng.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        seen, rewards, *_ = env.step(actions)
        paid = paid + rewards
        np.testing.assert_allclose(wanted(task, seen), goal, atol=1e-5)
    after = missed(task, env, goal)
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
def test_a_share_of_all_episodes_wants_the_target_and_the_rest_is_drawn(task):
    env, seen = world(task, n=4_000)
    away = np.linalg.norm(seen[:, -len(task.unit) :], axis=1)
    assert (away < 1e-5).mean() == pytest.approx(0.25, abs=0.03)
    expected = task.coordinates(task.draw(np.random.default_rng(1), 4_000))
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


def test_a_place_on_the_table_is_shown_by_direction_and_distance_from_the_hand():
    task = TASKS["puck"]
    side, far = 0.2, 2.5
    place = puck.HAND_AT + far * np.array([np.sin(side), np.cos(side)])
    seen = with_goal(np.ones((2, 9)), np.array([place, task.target]), task)
    np.testing.assert_allclose(seen[:, 9:], [[2, np.log(2.5)], [0, 0]], atol=1e-6)
    np.testing.assert_array_equal(seen[:, :9], 1)


def test_any_strike_ahead_is_better_than_none():
    task = TASKS["puck"]
    places = np.array([[0.0, 0.0], [0.3, 2.5], [0.0, 4.0]])
    goal = task.coordinates(task.target[None])
    off = np.linalg.norm(task.coordinates(places) - goal, axis=1)
    assert (off[1:] < off[0]).all()


@pytest.fixture
def asked(monkeypatch):
    told = {}
    monkeypatch.setattr(goals, "train_ppo", lambda world, seed, **k: told.update(k, world=world))
    return told


@pytest.mark.parametrize("name", TASKS)
def test_training_takes_whole_episodes_of_its_simulator(asked, name):
    task = TASKS[name]
    train_skill(name, 4, steps=100)
    assert asked["world"] == Wanting(task, task.randomized, 0.25) and asked["start"] is None
    assert asked["n_steps"] == task.steps and asked["gamma"] == task.gamma
    assert asked["n_steps"] * asked["num_envs"] == pytest.approx(goals.ROLLOUT, rel=0.01)
    assert asked["steps"] == 100


@pytest.mark.parametrize("name", TASKS)
def test_a_task_policy_goes_on_from_the_skill_to_the_target_alone(asked, name):
    task = TASKS[name]
    train_task(name, 4, "skill", steps=100)
    assert asked["world"] == Wanting(task, task.simulator, 1.0) and asked["start"] == "skill"
    assert asked["steps"] == 100


def test_the_puck_is_struck_in_worlds_that_differ():
    worlds = TASKS["puck"].randomized.make(50)
    worlds.reset(seed=0)
    for _ in range(8):
        worlds.step(np.tile(np.float32([0, 1]), (50, 1)))
    assert worlds.where[:, 1].std() > 0.05


def test_a_short_training_comes_closer():
    task = TASKS["arm"]
    policy = train_skill("arm", 0, steps=60_000)
    env, seen = world(task, n=100, autoreset=False)
    goal = wanted(task, seen)
    before = missed(task, env, goal).mean()
    for _ in range(task.steps):
        seen, *_ = env.step(np.clip(policy(seen), -1, 1))
    assert missed(task, env, goal).mean() < 0.6 * before
