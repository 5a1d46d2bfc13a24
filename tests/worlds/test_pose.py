"""A cart and pole that reports its pose only."""

import numpy as np
import pytest

from course_lib.learning import evaluate, with_history
from course_lib.worlds import CartPolePhysics, Uniform
from course_lib.worlds.camera import HEIGHT, WIDTH, SimulatedCamera
from course_lib.worlds.looks import RANDOM_LOOKS
from course_lib.worlds.pose import EYE_ERRORS, PoseErrors, PoseOnly, ThroughCamera


class Spy:
    """A sensor that tells the truth and remembers how it was called."""

    def __init__(self):
        self.calls = []

    def draw(self, rng, size):
        return {"number": rng.random(size)}

    def read(self, states, drawn, half_lengths, rng):
        self.calls.append((states.copy(), drawn["number"].copy(), half_lengths.copy()))
        return states[:, [0, 2]]


def run(world, steps, num_envs=6, autoreset=False, seed=0):
    """Push at random: observations (steps + 1, n, 2) and true states (steps + 1, n, 4)."""
    env = world.make(num_envs, autoreset=autoreset)
    seen = [env.reset(seed=seed)[0]]
    states = [env.state]
    actions = np.random.default_rng(1).integers(2, size=(steps, num_envs))
    for action in actions:
        seen.append(env.step(action)[0])
        states.append(env.state)
    return np.array(seen), np.array(states)


def test_without_errors_the_true_pose_is_observed():
    seen, states = run(PoseOnly(CartPolePhysics(), PoseErrors()), 10)
    np.testing.assert_allclose(seen, states[..., [0, 2]], atol=1e-6)


def test_bias_stays_for_an_episode_and_noise_does_not():
    errors = PoseErrors(angle_bias=Uniform(-0.1, 0.1), position_noise=0.1)
    seen, states = run(PoseOnly(CartPolePhysics(), errors), 30)
    x_error, angle_error = np.moveaxis(seen - states[..., [0, 2]], -1, 0)
    assert np.ptp(angle_error, axis=0).max() < 1e-6 < np.ptp(angle_error[0])
    assert x_error.std() == pytest.approx(0.1, rel=0.3)


def test_scales_apply_before_biases():
    errors = PoseErrors(position_scale=2.0, position_bias=0.5, angle_scale=0.5, angle_bias=0.1)
    seen, states = run(PoseOnly(CartPolePhysics(), errors), 3)
    np.testing.assert_allclose(seen[..., 0], 2.0 * states[..., 0] + 0.5, atol=1e-6)
    np.testing.assert_allclose(seen[..., 1], 0.5 * states[..., 2] + 0.1, atol=1e-6)


def test_the_delay_of_the_physics_applies_to_poses():
    seen, states = run(PoseOnly(CartPolePhysics(observation_delay=2), PoseErrors()), 10)
    np.testing.assert_allclose(seen[2:], states[:-2][..., [0, 2]], atol=1e-6)


def test_what_is_drawn_stays_until_the_world_is_restarted():
    spy = Spy()
    run(PoseOnly(CartPolePhysics(), spy), 60, autoreset=True)
    full = [numbers for _, numbers, _ in spy.calls if len(numbers) == 6]
    restarts = sum(len(numbers) for _, numbers, _ in spy.calls if len(numbers) < 6)
    assert restarts > 5
    assert np.sum(np.diff(full, axis=0) != 0) == restarts
    spy.calls.clear()
    run(PoseOnly(CartPolePhysics(), spy), 60, autoreset=False)
    assert not np.diff([numbers for _, numbers, _ in spy.calls], axis=0).any()


def test_the_sensor_is_told_how_long_each_pole_is():
    spy = Spy()
    world = PoseOnly(CartPolePhysics(pole_half_length=Uniform(0.2, 0.8)), spy)
    env = world.make(50, autoreset=False)
    env.reset(seed=0)
    lengths = spy.calls[0][2]
    assert lengths.min() < 0.3 and lengths.max() > 0.7
    np.testing.assert_allclose(lengths, env._k.length_4_3 * 3 / 4)


def test_history_of_poses_and_actions_is_what_a_policy_gets():
    env = with_history(PoseOnly(CartPolePhysics(), EYE_ERRORS).make(3), 5)
    observations, _ = env.reset(seed=0)
    assert observations.shape == (3, 5 * (2 + 2))
    assert env.single_observation_space.shape == (20,)


def test_eyes_see_one_picture_per_world_and_step_and_a_policy_what_they_report():
    pictures = []

    def eyes(shown):
        pictures.append(shown)
        return np.full((len(shown), 2), 0.125)

    def policy(observations):
        assert (observations == 0.125).all()
        return np.ones(len(observations), dtype=int)

    world = ThroughCamera(CartPolePhysics(), SimulatedCamera(RANDOM_LOOKS), eyes)
    returns = evaluate(policy, world, episodes=4, seed=3)
    assert np.array(pictures).shape == (returns.max() + 1, 4, HEIGHT, WIDTH, 3)


def test_one_seed_gives_one_sequence_of_pictures():
    def see(seed):
        pictures = []

        def eyes(shown):
            pictures.append(shown)
            return np.zeros((len(shown), 2))

        run(ThroughCamera(CartPolePhysics(), SimulatedCamera(RANDOM_LOOKS), eyes), 3, seed=seed)
        return np.array(pictures)

    np.testing.assert_array_equal(see(0), see(0))
    assert (see(0) != see(1)).any()
