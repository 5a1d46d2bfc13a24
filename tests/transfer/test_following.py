"""A simulator that follows a log: against a slow Kalman filter, and where the truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from course_lib.gap import simulate_log
from course_lib.gap.logs import SimulatedEpisode
from course_lib.transfer.excitation import Excited
from course_lib.transfer.following import (
    ALL_EQUAL,
    ENCODERS,
    START,
    Sensors,
    follow,
    in_full,
    linearised,
    padded,
)
from course_lib.worlds import SIMULATED_TARGET, CartPole, CartPolePhysics, Uniform

FULL = replace(SIMULATED_TARGET, sensor_bias=0.02, joint_friction=0.01)
ONE = {"gravity": np.array([9.8])}  # a single world: everything else is the physics'
POSITION = Sensors((0,), (1.0,))
EACH_SENSORS = pytest.mark.parametrize(
    "sensors",
    [ALL_EQUAL, ENCODERS, Sensors((3, 0), (2.0, 0.5))],
    ids=["all equal", "encoders", "others"],
)


def recorded(physics, episodes, steps, seed=0, state=None):
    """A log of equally long episodes of random pushes, which go on whatever happens."""
    env = CartPole(episodes, physics, autoreset=False)
    options = {} if state is None else {"state": state}
    seen, commands = [env.reset(seed=seed, options=options)[0]], []
    rng = np.random.default_rng([seed, 1])
    for _ in range(steps):
        commands.append(rng.integers(2, size=episodes))
        seen.append(env.step(commands[-1])[0])
    seen, commands = np.array(seen), np.array(commands, dtype=int).reshape(steps, episodes)
    return [SimulatedEpisode(seen[:, i], commands[:, i]) for i in range(episodes)]


@pytest.fixture(scope="module")
def log():
    """Five episodes of different lengths."""
    log = simulate_log(Excited(0.5, seed=1), FULL, 5, seed=2)
    assert len({len(episode.actions) for episode in log}) > 3
    return log


# The textbook's filter


def moved(state, force, p):
    """The state one step later, from Lagrange's equations."""
    _, speed, angle, rate = state
    reach = p.pole_mass * p.pole_half_length * np.cos(angle)
    mass = [
        [p.cart_mass + p.pole_mass, reach],
        [reach, p.pole_mass * p.pole_half_length**2 * 4 / 3],
    ]
    swing = p.pole_mass * p.pole_half_length * np.sin(angle)
    forces = [
        force - p.cart_friction * speed + swing * rate**2,
        p.gravity * swing - p.joint_friction * rate,
    ]
    cart, pole = np.linalg.solve(mass, forces)
    return state + 0.02 * np.array([speed, cart, rate, pole])


def derivative(function, at, eps=1e-5):
    return np.array(
        [
            (function(at + nudge) - function(at - nudge)) / (2 * eps)
            for nudge in eps * np.eye(len(at))
        ]
    ).T


def textbook(episode, p, sensors):
    """Sums of the squared innovations, weighted, and of the logarithms of their spread."""
    H = np.eye(4)[list(sensors.channels)]
    R = np.diag((p.observation_noise * np.array(sensors.noise)) ** 2)
    F = derivative(lambda state: moved(state, 0.0, p), np.zeros(4))
    G = derivative(lambda force: moved(np.zeros(4), force[0], p), np.zeros(1))
    Q = G @ G.T * p.force_noise**2
    x, P = np.zeros(4), START**2 * np.eye(4)
    under_way, force = [0.0] * p.action_delay, 0.0
    squares = scales = 0.0
    for t, reading in enumerate(episode.observations):
        innovation = H @ (reading - [0, 0, p.sensor_bias, 0] - x)
        S = H @ P @ H.T + R
        squares += innovation @ np.linalg.inv(S) @ innovation
        scales += np.log(np.linalg.det(S)) / 2
        K = P @ H.T @ np.linalg.inv(S)
        x, P = x + K @ innovation, (np.eye(4) - K @ H) @ P
        if t < len(episode.actions):
            under_way.append(p.force * (2 * episode.actions[t] - 1))
            force = p.motor_lag * force + (1 - p.motor_lag) * under_way.pop(0)
            x, P = moved(x, force, p), F @ P @ F.T + Q
    return squares, scales


@EACH_SENSORS
@pytest.mark.parametrize("steps", [0, 1, 4, 30])
def test_one_world_and_one_episode_are_those_of_the_textbook(sensors, steps):
    (episode,) = recorded(FULL, 1, steps, seed=steps)
    for world in (FULL, replace(FULL, cart_mass=1.1, action_delay=1, motor_lag=0.4, force=8.0)):
        seen = follow([episode], ONE, sensors, world)
        squares, scales = textbook(episode, world, sensors)
        assert (seen.scores**2).sum() == pytest.approx(squares, rel=1e-5)
        assert seen.log_scales.sum() == pytest.approx(scales, rel=1e-5)
        assert seen.surprise == pytest.approx([squares / 2 + scales], rel=1e-5)


def test_the_surprise_is_that_of_all_readings_as_one_normal_vector():
    # Next to upright, and with next to no push, the cart is linear: readings are jointly normal.
    physics = CartPolePhysics(force=0.02, force_noise=0.3, observation_noise=0.01)
    steps = 3
    (episode,) = recorded(physics, 1, steps, state=np.full(4, 1e-3))
    masses = np.array([0.8, 1.0, 1.6])
    expected = []
    for mass in masses:
        world = replace(physics, cart_mass=mass)
        F = derivative(lambda state, w=world: moved(state, 0.0, w), np.zeros(4))
        G = moved(np.zeros(4), 1.0, world)
        # Every reading as a linear map of start (4) and pushes (steps).
        maps, mean = [np.hstack([np.eye(4), np.zeros((4, steps))])], [np.zeros(4)]
        for t in range(steps):
            maps.append(F @ maps[-1])
            maps[-1][:, 4 + t] += G
            mean.append(F @ mean[-1] + G * world.force * (2 * episode.actions[t] - 1))
        cause = np.vstack(maps)
        spread = np.diag([START**2] * 4 + [world.force_noise**2] * steps)
        noise = world.observation_noise**2 * np.eye(len(cause))
        law = multivariate_normal(np.ravel(mean), cause @ spread @ cause.T + noise)
        expected.append(-law.logpdf(episode.observations.ravel()))
    constant = 4 * (steps + 1) * np.log(2 * np.pi) / 2
    surprise = follow([episode], {"cart_mass": masses}, physics=physics).surprise
    np.testing.assert_allclose(surprise + constant, expected, atol=1e-3)
    assert np.ptp(expected) > 0.1


# Where the truth is known


def test_without_chance_the_right_physics_is_never_surprised_and_a_wrong_one_is():
    world = replace(FULL, bump_chance=0.1, bump_force=5.0, sensor_dropout=0.1)
    quiet = replace(
        world, force_noise=0.0, observation_noise=0.0, bump_chance=0.0, sensor_dropout=0.0
    )
    log = recorded(quiet, 3, 30, state=np.zeros(4))
    assert np.abs(follow(log, ONE, physics=world).scores).max() < 1e-4
    wrong = {
        "cart_mass": 1.4,
        "pole_mass": 0.3,
        "pole_half_length": 0.4,
        "gravity": 11.0,
        "force": 9.5,
        "cart_friction": 0.5,
        "joint_friction": 0.05,
        "action_delay": 1,
        "motor_lag": 0.6,
        "sensor_bias": 0.0,
        "floor_tilt": 0.02,
    }
    for name, value in wrong.items():
        scores = follow(log, {name: np.array([value])}, physics=world).scores
        assert np.abs(scores).max() > 1e-3, name


@EACH_SENSORS
def test_scores_of_the_right_physics_are_white_and_in_standard_deviations(sensors):
    noises = np.zeros(4)
    noises[list(sensors.channels)] = sensors.noise
    episodes, steps, c = 2_000, 10, len(sensors.channels)
    log = recorded(replace(FULL, observation_noise=0.0), episodes, steps)
    rng = np.random.default_rng(5)
    noisy = [
        SimulatedEpisode(
            e.observations + 0.05 * noises * rng.normal(size=(steps + 1, 4)), e.actions
        )
        for e in log
    ]
    scores = follow(noisy, ONE, sensors, FULL).scores
    scores = scores.reshape(steps + 1, episodes, c).swapaxes(1, 2).reshape(-1, episodes)
    np.testing.assert_allclose(scores.mean(axis=1), 0.0, atol=0.11)
    np.testing.assert_allclose(scores.var(axis=1), 1.0, atol=0.16)
    assert np.abs(np.corrcoef(scores) - np.eye(len(scores))).max() < 0.11


def test_the_right_physics_is_the_least_surprised(log):
    cart_mass = np.array([1.0, 1.5, 2.25])
    assert follow(log, {"cart_mass": cart_mass}, physics=FULL).surprise.argmin() == 1


# Readings that are lost


def test_a_repeated_reading_is_passed_over_and_the_world_moves_on():
    world = replace(FULL, motor_lag=0.0, action_delay=0)
    quiet = replace(world, force_noise=0.0, observation_noise=0.0)
    (episode,) = recorded(quiet, 1, 20, state=np.zeros(4))
    seen = episode.observations.copy()
    for t in (5, 6, 13):
        seen[t] = seen[t - 1]
    scores = follow([SimulatedEpisode(seen, episode.actions)], ONE, physics=world).scores
    assert scores.shape == (1, 4 * (21 - 3))
    assert np.abs(scores).max() < 1e-4


def test_a_reading_counts_if_any_channel_that_is_used_has_changed():
    seen = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 0.01, 1], [0.01, 2, 0.01, 2]]) * 0.1
    log = [SimulatedEpisode(seen, np.array([0, 1, 0]))]
    counted = [follow(log, ONE, s, FULL).scores.size for s in (ALL_EQUAL, ENCODERS, POSITION)]
    assert counted == [4 * 4, 2 * 3, 2]


def test_encoders_tell_position_and_angle_and_nothing_of_velocities(log):
    for column in range(4):
        changed = []
        for episode in log:
            seen = episode.observations.copy()
            seen[:, column] += 0.1
            changed.append(SimulatedEpisode(seen, episode.actions))
        scores = [follow(each, ONE, ENCODERS, FULL).scores for each in (log, changed)]
        assert np.array_equal(*scores) == (column in (1, 3))


# Many episodes and many worlds


def test_the_surprise_of_a_log_is_the_sum_over_its_episodes_however_long_each_is(log):
    worlds = {"force": np.array([9.0, 10.0])}
    together = follow(log, worlds, physics=FULL)
    alone = [follow([episode], worlds, physics=FULL) for episode in log]
    np.testing.assert_allclose(together.surprise, sum(one.surprise for one in alone), rtol=1e-9)
    assert together.scores.shape == (2, 4 * sum(len(e.observations) for e in log))


def test_every_world_is_as_surprised_as_it_would_be_alone(log):
    values = {
        "force": np.array([9.0, 10.0, 11.0]),
        "action_delay": np.array([0, 2, 3]),
        "sensor_bias": np.array([-0.02, 0.0, 0.03]),
        "observation_noise": np.array([0.02, 0.05, 0.1]),
        "force_noise": np.array([0.0, 2.0, 4.0]),
    }
    together = follow(log, values, physics=FULL)
    for i in range(3):
        alone = follow(log, {name: v[i : i + 1] for name, v in values.items()}, physics=FULL)
        np.testing.assert_allclose(together.scores[i], alone.scores[0], atol=1e-9)
        np.testing.assert_allclose(together.log_scales[i], alone.log_scales[0], atol=1e-9)


def test_episodes_of_a_single_step_or_of_none_can_be_followed():
    for steps in (0, 1):
        log = recorded(FULL, 3, steps)
        seen = follow(log, ONE, physics=FULL)
        assert seen.scores.shape == seen.log_scales.shape == (1, 3 * 4 * (steps + 1))
        assert np.isfinite(seen.surprise).all()


def test_episodes_are_put_side_by_side_and_filled_up(log):
    seen, commands, there = padded(log)
    longest = max(len(episode.actions) for episode in log)
    assert (seen.shape, commands.shape) == ((longest + 1, 5, 4), (longest, 5))
    for i, episode in enumerate(log):
        length = len(episode.actions)
        np.testing.assert_array_equal(there[:, i], np.arange(longest + 1) <= length)
        np.testing.assert_array_equal(seen[there[:, i], i], episode.observations)
        np.testing.assert_array_equal(commands[:length, i], episode.actions)


@pytest.mark.parametrize("use", [padded, lambda log: follow(log, ONE, physics=FULL)])
@pytest.mark.parametrize("nothing", [[], ()])
def test_a_log_without_episodes_is_refused(use, nothing):
    with pytest.raises(ValueError, match="the log holds no episode"):
        use(nothing)


# The worlds


def test_worlds_in_full_have_every_quantity_their_own_or_that_of_the_physics():
    full = in_full({"force": np.array([8, 9])}, FULL)
    assert set(full) == set(vars(FULL))
    for name, values in full.items():
        expected = [8.0, 9.0] if name == "force" else [getattr(FULL, name)] * 2
        assert (values.tolist(), values.dtype) == (expected, float), name


def test_without_a_physics_it_is_the_nominal_one():
    full = in_full({"force": np.array([8.0])})
    assert {name: value.item() for name, value in full.items()} == vars(CartPolePhysics(force=8.0))


def test_a_quantity_that_the_physics_does_not_have_is_refused(log):
    with pytest.raises(TypeError, match="mass_of_cart"):
        follow(log, {"mass_of_cart": np.array([1.0])}, physics=FULL)


def test_a_physics_of_ranges_is_refused(log):
    with pytest.raises((TypeError, ValueError)):
        follow(log, ONE, physics=replace(FULL, force=Uniform(9.0, 11.0)))


@pytest.mark.parametrize("disturbance", [{}, {"force_noise": 2.0}])
def test_readings_without_noise_are_refused(log, disturbance):
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        follow(log, ONE, physics=CartPolePhysics(**disturbance))


# Small changes


def analytic(p):
    """One step of the cart and pole linearised about upright, as in `baselines.lqr`."""
    m, length = p.pole_mass, p.pole_half_length
    total = p.cart_mass + m
    inertia = length * (4 / 3 - m / total)
    lean, push = p.gravity / inertia, -1 / (total * inertia)
    A = np.zeros((4, 4))
    A[0, 1] = A[2, 3] = 1
    A[3, 2] = lean
    A[1, 2] = -m * length * lean / total
    B = np.array([0, 1 / total - m * length * push / total, 0, push])
    return np.eye(4) + 0.02 * A, 0.02 * B


def test_a_step_is_linearised_as_on_paper_whatever_delays_and_disturbs_it():
    names = ("gravity", "cart_mass", "pole_mass", "pole_half_length", "force")
    rng = np.random.default_rng(2)
    values = dict(zip(names, rng.uniform(0.2, 2.0, (5, 6)), strict=True))
    imperfect = CartPolePhysics(
        action_delay=3,
        motor_lag=0.9,
        observation_delay=2,
        force_noise=3.0,
        bump_chance=0.5,
        bump_force=9.0,
        observation_noise=1.0,
        sensor_dropout=0.5,
    )
    move, push = linearised(in_full(values, imperfect))
    assert (move.shape, push.shape) == ((6, 4, 4), (6, 4))
    for i in range(6):
        F, G = analytic(CartPolePhysics(**{name: v[i] for name, v in values.items()}))
        np.testing.assert_allclose(move[i], F, atol=1e-6)
        np.testing.assert_allclose(push[i], G, atol=1e-6)


def test_friction_is_linearised_too():
    world = replace(FULL, cart_friction=0.7)
    move, _ = linearised(in_full(ONE, world))
    numerical = derivative(lambda state: moved(state, 0.0, world), np.zeros(4))
    np.testing.assert_allclose(move[0], numerical, atol=1e-6)
