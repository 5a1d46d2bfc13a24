"""Somebody bumps the cart: how often, how hard, from which side, and for how long."""

import numpy as np
import pytest

from course_lib.worlds import CartPole, CartPolePhysics, Choice, Uniform
from course_lib.worlds.cartpole import TIME_STEP


def run(physics, steps, num_envs, seed=0, action=1):
    """Step with one action: the forces on the carts (steps, n), from their accelerations."""
    env = CartPole(num_envs, physics, autoreset=False)
    env.reset(seed=seed)
    states = [env.state]
    for _ in range(steps):
        env.step(np.full(num_envs, action))
        states.append(env.state)
    states, p = np.array(states), physics
    _, _, theta, rate = np.moveaxis(states[:-1], -1, 0)
    x_acc, theta_acc = np.moveaxis(np.diff(states, axis=0)[..., [1, 3]], -1, 0) / TIME_STEP
    pole = p.pole_mass * p.pole_half_length * (theta_acc * np.cos(theta) - rate**2 * np.sin(theta))
    return (p.cart_mass + p.pole_mass) * x_acc + pole, env


def bumps(steps=5, num_envs=4_000, **physics):
    """The forces (steps, n) beyond the motor's 10 N to the right."""
    return run(CartPolePhysics(**physics), steps, num_envs)[0] - 10.0


def test_bumps_have_their_force_come_from_both_sides_and_at_their_chance():
    found = bumps(bump_chance=0.2, bump_force=30.0, num_envs=20_000)  # (steps, n)
    hit = np.abs(found) > 1e-6
    np.testing.assert_allclose(np.abs(found[hit]), 30.0, atol=1e-6)
    # Four standard deviations of a share of 0.1 among 20,000 are 0.0085.
    np.testing.assert_allclose((found > 1).mean(axis=1), 0.1, atol=0.0085)  # the first step too
    np.testing.assert_allclose((found < -1).mean(axis=1), 0.1, atol=0.0085)


def test_a_bump_lasts_for_one_step_and_is_no_reason_for_another():
    hit = np.abs(bumps(bump_chance=0.3, bump_force=30.0, steps=6)) > 1
    correlation = np.corrcoef(hit) - np.eye(6)
    assert np.abs(correlation).max() < 0.07
    after_a_bump = hit[1:][hit[:-1]].mean()
    assert after_a_bump == pytest.approx(0.3, abs=0.03)


def test_a_sure_bump_comes_in_every_step_from_either_side():
    found = bumps(bump_chance=1.0, bump_force=3.0)
    np.testing.assert_allclose(np.abs(found), 3.0, atol=1e-6)
    np.testing.assert_allclose((found > 0).mean(axis=1), 0.5, atol=0.035)


@pytest.mark.parametrize("off", [{"bump_chance": 0.5}, {"bump_force": 30.0}])
def test_without_chance_or_without_force_nothing_changes(off):
    noisy = {"force_noise": 1.0, "observation_noise": 0.1}
    forces, env = run(CartPolePhysics(**noisy, **off), 10, 20)
    expected, plain = run(CartPolePhysics(**noisy), 10, 20)
    np.testing.assert_array_equal(env.state, plain.state)
    np.testing.assert_array_equal(forces, expected)


def test_the_motor_neither_delays_nor_smooths_a_bump():
    slow = {"action_delay": 2, "motor_lag": 0.8}
    plain, _ = run(CartPolePhysics(**slow), 6, 1_000)
    found, _ = run(CartPolePhysics(**slow, bump_chance=0.4, bump_force=20.0), 6, 1_000)
    added = (found - plain) / 20.0
    np.testing.assert_allclose(added, np.round(added), atol=1e-6)
    np.testing.assert_array_equal(np.unique(np.round(added)), [-1, 0, 1])
    np.testing.assert_allclose((np.abs(added) > 0.5).mean(axis=1), 0.4, atol=0.065)


def test_bumps_come_on_top_of_the_noise_of_the_push():
    noisy = {"force_noise": 0.5}
    found = bumps(**noisy, bump_chance=0.5, bump_force=30.0)
    side = np.round(found / 30)
    assert (found - 30 * side).std() == pytest.approx(0.5, rel=0.05)
    assert np.abs(side).mean() == pytest.approx(0.5, abs=0.02)


def test_every_world_has_its_own_bumps():
    physics = CartPolePhysics(bump_chance=Choice((0.0, 1.0)), bump_force=Uniform(5.0, 20.0))
    forces, env = run(physics, 5, 300)
    chances, expected = env._k.bump_chance, env._k.bump_force
    assert 100 < chances.sum() < 200
    assert np.ptp(expected) > 10
    np.testing.assert_allclose(
        np.abs(forces - 10.0), np.broadcast_to(chances * expected, forces.shape), atol=1e-6
    )


def test_one_seed_gives_the_same_bumps_whatever_the_policy_does():
    physics = CartPolePhysics(bump_chance=0.3, bump_force=25.0)
    found = [
        run(physics, 6, 50, seed=seed, action=action)[0] - (20.0 * action - 10.0)
        for seed, action in ((1, 1), (1, 0), (2, 1))
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    assert not np.allclose(found[0], found[2])


@pytest.mark.parametrize(
    "wrong",
    [
        {"bump_chance": -0.1},
        {"bump_chance": 1.1},
        {"bump_chance": Uniform(0.0, 1.1)},
        {"bump_force": -1.0},
    ],
)
def test_bumps_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must lie between 0"):
        CartPolePhysics(**wrong)
