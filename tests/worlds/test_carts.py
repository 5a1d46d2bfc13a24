"""Carts side by side: each of its own physics, and put anywhere in the middle of an episode."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.worlds import SIMULATED_TARGET, CartPole, CartPolePhysics, Uniform
from course_lib.worlds.cartpole import CONSTANTS, EPISODES_DRAWN_AHEAD
from course_lib.worlds.carts import carts_with

ACTIONS = np.random.default_rng(3).integers(2, size=40)
START = np.array([0.1, -0.2, 0.05, 0.1])
DIFFERENT = {
    "gravity": [9.8, 3.7, 12.0],
    "cart_mass": [1.0, 1.5, 0.4],
    "pole_mass": [0.1, 0.3, 0.05],
    "pole_half_length": [0.5, 0.3, 0.8],
    "force": [10.0, 7.0, 0.0],
    "cart_friction": [0.0, 0.5, 1.0],
    "joint_friction": [0.002, 0.0, 0.001],
    "action_delay": [0, 3, 1],
    "motor_lag": [0.6, 0.0, 0.9],
    "sensor_bias": [0.0, -0.02, 0.01],
    "floor_tilt": [0.0, 0.03, -0.01],
    "observation_delay": [2, 0, 5],
}


def run(batch, actions=ACTIONS, state=START):
    """What is seen (T + 1, n, 4) and what is true, likewise."""
    seen, states = [batch.reset(seed=0, options={"state": state})[0]], [batch.state]
    for action in actions:
        seen.append(batch.step(np.full(batch.num_envs, action))[0])
        states.append(batch.state)
    return np.array(seen), np.array(states)


def step(env, action):
    env.step(np.full(env.num_envs, action))


# The batch


@pytest.mark.parametrize("i", range(3))
def test_cart_i_moves_and_is_seen_as_a_cartpole_of_that_physics_alone(i):
    seen, states = run(carts_with(DIFFERENT))
    alone = CartPolePhysics(**{name: values[i] for name, values in DIFFERENT.items()})
    expected_seen, expected = run(CartPole(1, alone, autoreset=False))
    np.testing.assert_allclose(states[:, i], expected[:, 0], rtol=1e-12)
    np.testing.assert_allclose(seen[:, i], expected_seen[:, 0], rtol=1e-6)


def test_what_is_not_named_comes_from_the_physics():
    calm = replace(SIMULATED_TARGET, force_noise=0.0, observation_noise=0.0)
    _, states = run(carts_with({"gravity": [9.0, 11.0]}, calm))
    for i, gravity in enumerate((9.0, 11.0)):
        _, expected = run(CartPole(1, replace(calm, gravity=gravity), autoreset=False))
        np.testing.assert_allclose(states[:, i], expected[:, 0], rtol=1e-12)


def test_what_is_not_named_is_nominal_without_a_physics():
    _, states = run(carts_with({"force": [10.0]}))
    np.testing.assert_array_equal(states, run(CartPole(1, autoreset=False))[1])


@pytest.mark.parametrize(
    "n", [1, 100, EPISODES_DRAWN_AHEAD, EPISODES_DRAWN_AHEAD + 1, 2 * EPISODES_DRAWN_AHEAD + 3]
)
def test_every_reset_gives_the_carts_the_same_values_again(n):
    values = {"force": np.linspace(5, 15, n), "motor_lag": np.linspace(0.1, 0.9, n)}
    batch = carts_with(values)
    for seed in (0, None, None, None, 7):
        batch.reset(seed=seed)
        for name, expected in values.items():
            np.testing.assert_array_equal(batch._now[CONSTANTS.index(name)], expected)


def test_carts_go_on_beyond_rail_and_tilt_and_without_a_time_limit():
    batch = carts_with({"force": [10.0, 0.0]})
    batch.reset(seed=0, options={"state": np.zeros(4)})
    for _ in range(600):
        *_, terminated, truncated, _ = batch.step(np.ones(2, dtype=int))
        assert not truncated.any()
    assert terminated.tolist() == [True, False]
    assert abs(batch.state[0, 0]) > 100
    assert not batch.state[1].any()


def test_noise_is_drawn_for_each_cart():
    batch = carts_with({"observation_noise": [0.0, 0.1, 0.1]})
    seen, _ = batch.reset(seed=0, options={"state": np.zeros(4)})
    assert not seen[0].any()
    assert seen[1:].all()
    assert (seen[1] != seen[2]).all()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"force": 10.0},
        {"force": [[10.0, 9.0]]},
        {"force": [10.0, 9.0], "gravity": [9.8]},
        {"force": [10.0, 9.0], "gravity": 9.8},
    ],
)
def test_anything_but_one_value_per_cart_is_refused(values):
    with pytest.raises(ValueError, match="give each quantity one value per cart"):
        carts_with(values)


@pytest.mark.parametrize(
    "values",
    [
        {"cart_mass": [1.0, 0.0]},
        {"motor_lag": [0.5, 1.0]},
        {"action_delay": [1.0, 1.5]},
        {"gravity": [9.8, np.nan]},
        {"gravity": []},
    ],
)
def test_values_that_the_physics_does_not_allow_are_refused(values):
    with pytest.raises(ValueError):
        carts_with(values)


def test_a_name_that_the_physics_does_not_have_is_refused():
    with pytest.raises(TypeError, match="mass_of_cart"):
        carts_with({"mass_of_cart": [1.0]})


# The state, assigned in the middle of an episode


def test_carts_are_where_they_were_put_together_or_one_by_one():
    env = CartPole(3, autoreset=False)
    env.reset(seed=0)
    env.state = START
    np.testing.assert_array_equal(env.state, np.tile(START, (3, 1)))
    each = np.arange(12.0).reshape(3, 4)
    env.state = each
    np.testing.assert_array_equal(env.state, each)


@pytest.mark.parametrize("shape", [(3,), (2, 4), (4, 3)])
def test_a_state_of_another_shape_is_refused(shape):
    env = CartPole(3)
    env.reset(seed=0)
    with pytest.raises(ValueError):
        env.state = np.zeros(shape)


def test_what_was_assigned_or_read_may_be_changed_without_moving_a_cart():
    env = CartPole(2, autoreset=False)
    env.reset(seed=0)
    given = np.zeros((2, 4))
    env.state = given
    given += 1.0
    env.state[:] = 2.0
    assert not env.state.any()


def test_a_cart_moves_on_from_where_it_was_put():
    env, other = CartPole(2, autoreset=False), CartPole(2, autoreset=False)
    env.reset(seed=0)
    step(env, 1)
    env.state = START
    other.reset(seed=1, options={"state": START})
    for world in (env, other):
        step(world, 0)
    np.testing.assert_array_equal(env.state, other.state)


def test_commands_under_way_arrive_after_the_cart_was_put_elsewhere():
    env = CartPole(1, CartPolePhysics(action_delay=2), autoreset=False)
    env.reset(seed=0)
    for action in (1, 0, 0):
        step(env, action)  # two commands to the left are under way
    speeds = []
    for _ in range(3):
        env.state = np.zeros(4)
        step(env, 1)
        speeds.append(env.state[0, 1])
    np.testing.assert_array_equal(np.sign(speeds), [-1, -1, 1])


def test_a_lagging_motor_keeps_its_force_when_the_cart_is_put_elsewhere():
    env = CartPole(1, CartPolePhysics(motor_lag=0.9), autoreset=False)
    env.reset(seed=0)
    for _ in range(30):
        step(env, 1)
    env.state = np.zeros(4)
    step(env, 0)
    assert env.state[0, 1] > 0


def test_readings_under_way_arrive_after_the_cart_was_put_elsewhere():
    env = CartPole(1, CartPolePhysics(observation_delay=1), autoreset=False)
    env.reset(seed=0)
    step(env, 1)
    under_way = env.state
    env.state = START
    seen, *_ = env.step(np.ones(1, dtype=int))
    np.testing.assert_array_equal(seen, under_way.astype(np.float32))


def test_a_state_that_was_assigned_is_forgotten_by_the_next_episode():
    env = CartPole(2, CartPolePhysics(force=Uniform(5, 10)), autoreset=False)
    first, _ = env.reset(seed=4)
    env.state = START
    np.testing.assert_array_equal(env.reset(seed=4)[0], first)
