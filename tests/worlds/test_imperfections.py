"""What stands between a command and the push, and between the state and its reading."""

import numpy as np
import pytest

from course_lib.worlds import CartPole, CartPolePhysics, Choice
from course_lib.worlds.cartpole import TIME_STEP

RNG_ACTIONS = np.random.default_rng(7).integers(2, size=(200, 1))


def run(physics, steps, num_envs=1, seed=0, state=None):
    """Step with fixed random actions: observations (steps + 1, n, 4) and true states likewise."""
    env = CartPole(num_envs, physics, autoreset=False)
    first, _ = env.reset(seed=seed, options={} if state is None else {"state": state})
    seen, states = [first], [env.state]
    for action in RNG_ACTIONS[:steps]:
        seen.append(env.step(np.repeat(action, num_envs))[0])
        states.append(env.state)
    return np.array(seen), np.array(states)


def pushes(states, physics):
    """The force on the cart in each step (steps, n), from the accelerations in states."""
    p = physics
    _, _, theta, rate = np.moveaxis(states[:-1], -1, 0)
    x_acc, theta_acc = np.moveaxis(np.diff(states, axis=0)[..., [1, 3]], -1, 0) / TIME_STEP
    pole = p.pole_mass * p.pole_half_length * (theta_acc * np.cos(theta) - rate**2 * np.sin(theta))
    return (p.cart_mass + p.pole_mass) * x_acc + pole


def commands(steps, force=10.0):
    return force * (2.0 * RNG_ACTIONS[:steps] - 1.0)


# From command to push


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_a_command_does_nothing_for_the_delay_and_then_acts_exactly(delay):
    # A cart at rest with its pole upright stays there until the first command arrives.
    _, prompt = run(CartPolePhysics(), 20, state=np.zeros(4))
    _, late = run(CartPolePhysics(action_delay=delay), 20 + delay, state=np.zeros(4))
    assert not late[: delay + 1].any()
    assert late[delay + 1].any()
    np.testing.assert_array_equal(late[delay:], prompt)


def test_every_world_has_its_own_action_delay():
    physics = CartPolePhysics(action_delay=Choice((0, 1, 4)))
    env = CartPole(60, physics, autoreset=False)
    env.reset(seed=0, options={"state": np.zeros(4)})
    delays = env._k.action_delay.astype(int)
    assert set(delays) == {0, 1, 4}
    states = [env.state]
    for action in RNG_ACTIONS[:15]:
        env.step(np.repeat(action, 60))
        states.append(env.state)
    _, prompt = run(CartPolePhysics(), 15, state=np.zeros(4))
    for world, delay in enumerate(delays):
        np.testing.assert_array_equal(np.array(states)[delay:, world], prompt[: 16 - delay, 0])


def test_motor_lag_keeps_a_share_of_the_last_force():
    physics = CartPolePhysics(motor_lag=0.7)
    _, states = run(physics, 30)
    expected, force = [], 0.0
    for command in commands(30):
        force = 0.7 * force + 0.3 * command
        expected.append(force)
    np.testing.assert_allclose(pushes(states, physics), expected, atol=1e-9)


def test_the_delay_comes_before_the_lag():
    physics = CartPolePhysics(action_delay=2, motor_lag=0.5)
    _, states = run(physics, 10)
    expected, force = [], 0.0
    for command in [0.0, 0.0, *commands(8).ravel()]:
        force = 0.5 * force + 0.5 * command
        expected.append([force])
    np.testing.assert_allclose(pushes(states, physics), expected, atol=1e-9)


@pytest.mark.parametrize("imperfection", [{"action_delay": 3}, {"motor_lag": 0.9}])
def test_a_new_episode_remembers_no_command_of_the_last_one(imperfection):
    env = CartPole(1, CartPolePhysics(**imperfection), autoreset=False)
    after = []
    for warm_up in (0, 5):  # the second time, commands are on their way when the episode begins
        env.reset(options={"state": np.zeros(4)})
        for _ in range(warm_up):
            env.step(np.ones(1, dtype=int))
        env.reset(options={"state": np.zeros(4)})
        for _ in range(4):
            env.step(np.zeros(1, dtype=int))
        after.append(env.state)
    np.testing.assert_array_equal(*after)


def test_force_noise_has_its_standard_deviation_is_white_and_is_not_smoothed_by_the_lag():
    physics = CartPolePhysics(force_noise=3.0, motor_lag=0.8)
    _, states = run(physics, 5, num_envs=4_000)
    _, quiet = run(CartPolePhysics(motor_lag=0.8), 5)
    noise = pushes(states, physics) - pushes(quiet, physics)  # (steps, n)
    np.testing.assert_allclose(noise.std(axis=1), 3.0, rtol=0.05)
    np.testing.assert_allclose(noise.mean(axis=1), 0.0, atol=0.2)
    correlation = np.corrcoef(noise) - np.eye(5)
    assert np.abs(correlation).max() < 0.08


# From state to reading


def test_a_perfect_sensor_reports_the_true_state():
    seen, states = run(CartPolePhysics(), 20, num_envs=3)
    np.testing.assert_array_equal(seen, states.astype(np.float32))


@pytest.mark.parametrize("delay", [1, 3])
def test_what_is_seen_is_the_state_of_some_steps_ago(delay):
    seen, states = run(CartPolePhysics(observation_delay=delay), 20, num_envs=2)
    seen_at = np.maximum(np.arange(21) - delay, 0)  # until then, the first reading stands
    np.testing.assert_array_equal(seen, states[seen_at].astype(np.float32))


def test_every_world_has_its_own_observation_delay():
    env = CartPole(60, CartPolePhysics(observation_delay=Choice((0, 2, 3))), autoreset=False)
    seen, states = [env.reset(seed=0)[0]], [env.state]
    delays = env._k.observation_delay.astype(int)
    assert set(delays) == {0, 2, 3}
    for _ in range(8):
        seen.append(env.step(np.ones(60, dtype=int))[0])
        states.append(env.state)
    for t in range(9):
        expected = np.array(states)[np.maximum(t - delays, 0), np.arange(60)]
        np.testing.assert_array_equal(seen[t], expected.astype(np.float32))


def test_observation_noise_is_on_every_reading_the_first_one_included():
    seen, states = run(CartPolePhysics(observation_noise=0.1), 3, num_envs=4_000)
    noise = seen - states  # (steps + 1, n, 4)
    np.testing.assert_allclose(noise.std(axis=1), 0.1, rtol=0.06)
    np.testing.assert_allclose(noise.mean(axis=1), 0.0, atol=0.008)
    readings = np.moveaxis(noise, 1, 2).reshape(16, -1)
    assert np.abs(np.corrcoef(readings) - np.eye(16)).max() < 0.08


def test_noise_on_the_readings_leaves_the_motion_alone():
    _, noisy = run(CartPolePhysics(observation_noise=0.1, sensor_bias=0.1), 20)
    _, clean = run(CartPolePhysics(), 20, state=noisy[0, 0])
    np.testing.assert_array_equal(noisy, clean)


def test_sensor_bias_shifts_the_angle_and_nothing_else():
    seen, states = run(CartPolePhysics(sensor_bias=0.03), 10, num_envs=2)
    np.testing.assert_allclose(
        seen - states, np.broadcast_to([0, 0, 0.03, 0], seen.shape), atol=1e-6
    )


def test_dropout_repeats_the_previous_reading_at_its_rate():
    seen, states = run(CartPolePhysics(sensor_dropout=0.3), 10, num_envs=2_000)
    fresh = (seen == states.astype(np.float32)).all(axis=-1)  # (steps + 1, n)
    assert fresh[0].all()
    repeated = (seen[1:] == seen[:-1]).all(axis=-1)
    assert (fresh[1:] ^ repeated).all()
    np.testing.assert_allclose(repeated.mean(axis=1), 0.3, atol=0.05)
    assert repeated.mean() == pytest.approx(0.3, abs=0.016)  # five standard errors


def test_a_sensor_that_always_drops_out_shows_the_first_reading_forever():
    seen, _ = run(CartPolePhysics(sensor_dropout=1.0, observation_noise=0.1), 10, num_envs=3)
    np.testing.assert_array_equal(seen, np.broadcast_to(seen[0], seen.shape))


def test_dropout_happens_at_the_sensor_before_the_observation_delay():
    faults = {"sensor_dropout": 0.4, "observation_noise": 0.1, "sensor_bias": 0.1}
    at_sensor, _ = run(CartPolePhysics(**faults), 20, num_envs=50)
    seen, _ = run(CartPolePhysics(observation_delay=3, **faults), 20, num_envs=50)
    np.testing.assert_array_equal(seen, at_sensor[np.maximum(np.arange(21) - 3, 0)])


@pytest.mark.parametrize("fault", [{"sensor_dropout": 1.0}, {"observation_delay": 30}])
def test_a_restarted_episode_shows_nothing_of_the_last_one(fault):
    env = CartPole(40, CartPolePhysics(**fault))
    first, _ = env.reset(seed=0)
    restarted = np.zeros(40, dtype=bool)
    for _ in range(15):  # always to the right: every pole falls within 15 steps
        seen, _, terminated, _, _ = env.step(np.ones(40, dtype=int))
        first[terminated] = env.state[terminated]
        restarted |= terminated
        np.testing.assert_allclose(seen, first, atol=1e-7)
    assert restarted.all()
