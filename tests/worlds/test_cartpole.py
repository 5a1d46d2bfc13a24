"""The rigid-body dynamics: against Gymnasium's CartPole-v1 and against Lagrange's equations."""

import gymnasium as gym
import numpy as np
import pytest

from course_lib.worlds import CartPole, CartPolePhysics
from course_lib.worlds.cartpole import TIME_STEP

BALANCE = np.array([0.3, 0.5, 10.0, 2.0])  # push right where this times the observation is > 0


def one_step(physics, states, actions):
    """The true states (n, 4) one step after `states` (n, 4)."""
    env = CartPole(len(states), physics, autoreset=False)
    env.reset(seed=0, options={"state": states})
    env.step(actions)
    return env.state


def test_nominal_physics_is_gymnasiums_cartpole_for_a_thousand_random_steps():
    theirs, ours = gym.make("CartPole-v1"), gym.make("sim2real/CartPole-v0")
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    rng = np.random.default_rng(0)
    done, episodes = True, 0
    for _ in range(1_000):
        if done:
            expected, _ = theirs.reset(seed=episodes)
            got, _ = ours.reset(options={"state": theirs.unwrapped.state})
            np.testing.assert_allclose(got, expected, atol=1e-6)
            episodes += 1
        action = int(rng.integers(2))
        expected, *expected_rest, _ = theirs.step(action)
        got, *got_rest, _ = ours.step(action)
        np.testing.assert_allclose(got, expected, atol=1e-6)
        assert got_rest == expected_rest  # reward, terminated, truncated
        done = expected_rest[1] or expected_rest[2]
    assert episodes > 20


def test_a_balanced_episode_is_gymnasiums_up_to_truncation_at_500():
    theirs, ours = gym.make("CartPole-v1"), gym.make("sim2real/CartPole-v0")
    seen, _ = theirs.reset(seed=0)
    ours.reset(options={"state": theirs.unwrapped.state})
    states, actions, expected = [], [], []
    for _ in range(500):
        states.append(theirs.unwrapped.state)
        actions.append(int(seen @ BALANCE > 0))
        seen, *their_rest, _ = theirs.step(actions[-1])
        expected.append(theirs.unwrapped.state)
        _, *our_rest, _ = ours.step(actions[-1])
        assert our_rest == their_rest
    assert our_rest == [1.0, False, True]
    # The pole is unstable: rounding errors grow over an episode. Each transition by itself agrees.
    np.testing.assert_allclose(
        one_step(CartPolePhysics(), np.array(states), np.array(actions)), expected, atol=1e-9
    )


def lagrange(physics, force, states):
    """Accelerations (n, 2) of cart and pole from M(q) q'' = forces; states (n, 4).

    q is the way along the rail and the pole's angle to the rail's normal. The pole is a uniform
    rod of length 2 l; its angle to the vertical is `theta - floor_tilt`.
    """
    p, (_, speed, theta, rate) = physics, states.T
    reach = p.pole_mass * p.pole_half_length * np.cos(theta)
    total = np.full(len(states), p.cart_mass + p.pole_mass)
    rod = np.full(len(states), p.pole_mass * (2 * p.pole_half_length) ** 2 / 3)
    mass = np.moveaxis(np.array([[total, reach], [reach, rod]]), -1, 0)  # (n, 2, 2)
    centrifugal = p.pole_mass * p.pole_half_length * rate**2 * np.sin(theta)
    along_rail = -total * p.gravity * np.sin(p.floor_tilt)
    lean = p.pole_mass * p.gravity * p.pole_half_length * np.sin(theta - p.floor_tilt)
    pushes = np.stack(
        [
            force + centrifugal + along_rail - p.cart_friction * speed,
            lean - p.joint_friction * rate,
        ],
        axis=-1,
    )
    return np.linalg.solve(mass, pushes[..., None])[..., 0]


@pytest.mark.parametrize("seed", range(20))
def test_dynamics_agree_with_lagranges_equations_for_random_physics(seed):
    rng = np.random.default_rng(seed)
    physics = CartPolePhysics(
        gravity=rng.uniform(0, 25),
        cart_mass=rng.uniform(0.1, 4),
        pole_mass=rng.uniform(0.01, 2),
        pole_half_length=rng.uniform(0.1, 2),
        force=rng.uniform(0, 30),
        cart_friction=rng.uniform(0, 2),
        joint_friction=rng.uniform(0, 0.5),
        floor_tilt=rng.uniform(-1, 1),
    )
    states = rng.uniform(-1, 1, (50, 4)) * [2, 3, np.pi, 5]
    actions = rng.integers(2, size=50)
    x_acc, theta_acc = lagrange(physics, physics.force * (2 * actions - 1), states).T
    x, x_dot, theta, theta_dot = states.T
    rates_of_change = np.stack([x_dot, x_acc, theta_dot, theta_acc], axis=-1)
    np.testing.assert_allclose(
        one_step(physics, states, actions), states + TIME_STEP * rates_of_change, rtol=1e-9
    )


def energy(physics, states):
    """Kinetic plus potential energy (n,) of cart and pole on a level rail."""
    p, (_, speed, theta, rate) = physics, states.T
    swing = p.pole_half_length * rate
    return (
        (p.cart_mass + p.pole_mass) * speed**2 / 2
        + p.pole_mass * speed * swing * np.cos(theta)
        + p.pole_mass * swing**2 * (4 / 3) / 2
        + p.pole_mass * p.gravity * p.pole_half_length * np.cos(theta)
    )


@pytest.mark.parametrize("friction", [{"cart_friction": 2.0}, {"joint_friction": 0.2}])
def test_friction_takes_energy_from_a_swinging_pole(friction):
    left = []
    for added in ({}, friction):
        physics = CartPolePhysics(force=0.0, pole_mass=1.0, **added)
        env = CartPole(1, physics, autoreset=False)
        env.reset(options={"state": [0.0, 0.0, np.pi - 1.0, 0.0]})
        for _ in range(300):
            env.step(np.zeros(1, dtype=int))
        lowest = -physics.pole_mass * physics.gravity * physics.pole_half_length
        left.append(energy(physics, env.state)[0] - lowest)
    # Compared with a frictionless cart, because explicit Euler itself adds energy to a swing.
    assert 0 < left[1] < 0.5 * left[0]


def test_rail_friction_alone_slows_a_cart_exponentially():
    # Without gravity, and with next to no pole, the cart is all there is: m v' = -b v.
    physics = CartPolePhysics(gravity=0.0, force=0.0, pole_mass=1e-4, cart_friction=0.5)
    env = CartPole(1, physics, autoreset=False)
    env.reset(options={"state": [0.0, 1.0, 0.0, 0.0]})
    for _ in range(100):
        env.step(np.zeros(1, dtype=int))
    assert env.state[0, 1] == pytest.approx(np.exp(-0.5 * 100 * TIME_STEP), rel=0.01)


@pytest.mark.parametrize("tilt", [-0.3, 0.3])
def test_on_a_slope_the_cart_rolls_downhill_and_the_pole_stays_normal_to_the_rail(tilt):
    env = CartPole(1, CartPolePhysics(force=0.0, floor_tilt=tilt), autoreset=False)
    env.reset(options={"state": np.zeros(4)})
    for _ in range(10):
        env.step(np.zeros(1, dtype=int))
    _, speed, theta, rate = env.state[0]
    assert speed == pytest.approx(-9.8 * np.sin(tilt) * 10 * TIME_STEP)
    assert theta == rate == 0.0


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        ([2.39, 0.0, 0.0, 0.0], False),
        ([2.39, 1.0, 0.0, 0.0], True),
        ([-2.39, -1.0, 0.0, 0.0], True),
        ([0.0, 0.0, 0.2094, 0.0], False),
        ([0.0, 0.0, 0.2094, 0.1], True),
        ([0.0, 0.0, -0.2094, -0.1], True),
    ],
)
def test_an_episode_ends_where_the_cart_or_the_pole_leaves_its_limit(state, ends):
    env = CartPole(1, autoreset=False)
    env.reset(options={"state": state})
    _, reward, terminated, truncated, _ = env.step(np.ones(1, dtype=int))
    assert (reward[0], terminated[0], truncated[0]) == (1.0, ends, False)


def test_the_true_state_ends_the_episode_not_what_the_sensor_says():
    env = CartPole(1, CartPolePhysics(sensor_bias=0.5), autoreset=False)
    env.reset(options={"state": np.zeros(4)})
    seen, _, terminated, _, _ = env.step(np.ones(1, dtype=int))
    assert seen[0, 2] > 0.4
    assert not terminated[0]
