"""Which physics explains a log best, and how sure one can be: against simulators that are known."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.gap import first_steps, simulate_log
from course_lib.gap.logs import SimulatedEpisode
from course_lib.transfer import randomization
from course_lib.transfer.coordinates import Coordinates
from course_lib.transfer.excitation import Excited
from course_lib.transfer.following import ALL_EQUAL, ENCODERS, follow
from course_lib.transfer.identification import FLAT, identify, scored, smallest_errors
from course_lib.worlds import SIMULATED_TARGET, CartPole, Choice, Uniform

TRUTH = SIMULATED_TARGET
RANGES = replace(
    TRUTH,
    cart_mass=Uniform(0.7, 2.7),
    motor_lag=Uniform(0.4, 0.9),
    force_noise=Uniform(0.5, 5.0),
    observation_noise=Uniform(0.02, 0.1),
)
COORDINATES = Coordinates(RANGES)
CART = replace(TRUTH, cart_mass=Uniform(0.7, 2.7))  # a single unknown


@pytest.fixture(scope="module")
def log():
    return first_steps(simulate_log(Excited(0.5, seed=1), TRUTH, 20, seed=2), 300)


@pytest.fixture(scope="module")
def found(log):
    return identify(log, RANGES)


def pushed(physics, seed, steps):
    """A log of one episode of random pushes, which goes on whatever happens."""
    env = CartPole(1, physics, autoreset=False)
    seen = [env.reset(seed=seed)[0][0]]
    commands = np.random.default_rng(0).integers(2, size=(steps, 1))
    seen += [env.step(command)[0][0] for command in commands]
    return [SimulatedEpisode(np.array(seen), commands[:, 0])]


# Slope and information


@pytest.mark.parametrize("sensors", [ALL_EQUAL, ENCODERS], ids=["all equal", "encoders"])
def test_the_slope_is_the_derivative_of_the_surprise(log, sensors):
    z = np.array([0.3, -0.5, 0.8, 0.2])
    surprise, slope, _ = scored(log, COORDINATES, z, sensors)

    def at(z):
        return follow(log, COORDINATES.worlds(z[None]), sensors, RANGES).surprise[0]

    assert surprise == pytest.approx(at(z))
    eps = 1e-3
    numerical = [(at(z + nudge) - at(z - nudge)) / (2 * eps) for nudge in eps * np.eye(4)]
    assert np.abs(slope).min() > 1
    np.testing.assert_allclose(slope, numerical, rtol=1e-3, atol=1e-3)


def test_the_information_is_symmetric_and_positive(log):
    _, _, information = scored(log, COORDINATES, np.zeros(4))
    np.testing.assert_allclose(information, information.T)
    assert np.linalg.eigvalsh(information).min() > 1


def test_the_information_is_the_mean_square_of_the_slope_at_the_truth():
    z = COORDINATES.of(TRUTH)
    logs = [pushed(TRUTH, seed, steps=10) for seed in range(400)]
    _, slopes, information = (
        np.array(each) for each in zip(*(scored(log, COORDINATES, z) for log in logs), strict=True)
    )
    expected = information.mean(axis=0)
    # In units in which the information is that of independent quantities, one each.
    standard = slopes @ np.linalg.inv(np.linalg.cholesky(expected)).T
    np.testing.assert_allclose(standard.mean(axis=0), 0.0, atol=0.2)  # four standard errors
    np.testing.assert_allclose(standard.T @ standard / len(logs), np.eye(4), atol=0.3)


def test_forces_and_masses_that_grow_together_leave_no_trace(log):
    slippery = replace(TRUTH, cart_friction=0.0)
    free = {
        name: Uniform(0.5 * value, 2.0 * value)
        for name in ("cart_mass", "pole_mass", "force", "force_noise")
        for value in [getattr(TRUTH, name)]
    }
    coordinates = Coordinates(replace(slippery, **free))
    z = coordinates.of(slippery)
    _, _, information = scored(log, coordinates, z)
    sizes, directions = np.linalg.eigh(information)
    assert sizes[0] < 1e-6 * sizes[1]
    share = coordinates.slopes(z) * directions[:, 0] / coordinates.values(z)
    np.testing.assert_allclose(share / share[0], 1.0, rtol=1e-3)


# The bound


def test_four_times_the_log_halves_the_smallest_errors(log):
    once, often = (smallest_errors(log * n, TRUTH, RANGES) for n in (1, 4))
    assert tuple(once) == COORDINATES.names
    for name in once:
        assert often[name] == pytest.approx(once[name] / 2)


def test_the_smallest_errors_shrink_with_the_root_of_the_steps():
    log = simulate_log(Excited(0.5, seed=1), TRUTH, 60, seed=2)
    few, many = (smallest_errors(first_steps(log, n), TRUTH, CART) for n in (400, 1_600))
    assert many["cart_mass"] == pytest.approx(few["cart_mass"] / 2, rel=0.3)


def test_the_smallest_errors_are_in_units_and_know_nothing_of_the_ranges(log):
    wider = replace(RANGES, cart_mass=Uniform(0.1, 9.0), motor_lag=Uniform(0.0, 0.99))
    near, far = (smallest_errors(log, TRUTH, ranges) for ranges in (RANGES, wider))
    for name in near:
        assert far[name] == pytest.approx(near[name], rel=1e-3)


def test_whatever_else_is_unknown_makes_the_smallest_error_larger(log):
    alone = smallest_errors(log, TRUTH, CART)["cart_mass"]
    together = smallest_errors(log, TRUTH, replace(CART, force=Uniform(5, 15)))["cart_mass"]
    assert together > 1.5 * alone


def test_the_smallest_error_is_the_width_of_the_likelihood(log):
    error = smallest_errors(log, TRUTH, CART)["cart_mass"]
    masses = 1.5 + error * np.array([-1, 0, 1])
    surprise = follow(log, {"cart_mass": masses}, physics=TRUTH).surprise
    curvature = surprise[0] - 2 * surprise[1] + surprise[2]  # of (mass / error)² / 2
    assert curvature == pytest.approx(1.0, rel=0.25)


def test_fewer_sensors_make_larger_errors(log):
    every = smallest_errors(log, TRUTH, CART)
    encoders = smallest_errors(log, TRUTH, CART, replace(ENCODERS, noise=(1.0, 1.0)))
    assert encoders["cart_mass"] > 1.1 * every["cart_mass"]


def test_the_errors_of_a_physics_outside_the_ranges_are_not_defined(log):
    with pytest.raises(ValueError, match="cart_mass = 3 must lie within 0.7 and 2.7"):
        smallest_errors(log, replace(TRUTH, cart_mass=3.0), CART)


# The estimate


def test_the_estimate_is_where_likelihood_and_prior_together_are_flat(log, found):
    _, slope, information = scored(log, COORDINATES, found.z)
    eps = 1e-5
    prior = [
        (COORDINATES.log_prior(found.z + n) - COORDINATES.log_prior(found.z - n)) / (2 * eps)
        for n in eps * np.eye(4)
    ]
    assert np.linalg.norm(slope - prior) <= FLAT
    assert np.abs(prior).max() > 2 * FLAT
    x = found.z
    bend = np.diag(2 * np.exp(-x) / (1 + np.exp(-x)) ** 2)  # second derivative of -log_prior
    np.testing.assert_allclose(np.linalg.inv(found.covariance), information + bend, rtol=1e-3)


def test_the_surprise_of_the_estimate_is_that_of_its_physics(log, found):
    there = {name: np.array([getattr(found.physics, name)]) for name in COORDINATES.names}
    assert found.surprise == pytest.approx(follow(log, there, physics=TRUTH).surprise.item())


def test_known_quantities_stay_and_unknown_ones_become_numbers(found):
    assert found.physics == COORDINATES.physics(found.z)
    assert replace(found.physics, **{n: getattr(TRUTH, n) for n in COORDINATES.names}) == TRUTH


def test_the_truth_lies_within_the_errors_claimed(found):
    off = found.z - COORDINATES.of(TRUTH)
    assert off @ np.linalg.inv(found.covariance) @ off < 18.5  # 99.9 % of chi-squared, 4 degrees


def test_errors_are_as_large_as_claimed_over_many_logs():
    off = []
    for seed in range(30):
        log = first_steps(simulate_log(Excited(0.5, seed=seed), TRUTH, 10, seed=seed), 100)
        one = identify(log, CART)
        off.append((one.z - one.coordinates.of(TRUTH)) / np.sqrt(one.covariance[0]))
    assert abs(np.mean(off)) < 0.6
    assert 0.5 < np.mean(np.square(off)) < 1.8


def test_what_leaves_no_trace_stays_in_the_middle_of_its_range_and_as_unsure_as_before(log):
    ranges = replace(CART, bump_chance=Uniform(0.0, 0.2))
    one = identify(log, ranges)
    assert one.physics.bump_chance == pytest.approx(0.1, rel=0.02)
    i = one.coordinates.names.index("bump_chance")
    assert one.covariance[i, i] == pytest.approx(2.0, rel=0.01)


def test_only_the_readings_of_the_sensors_count(log):
    sensors = replace(ENCODERS, noise=(1.0, 1.0))
    one = identify(log, CART, sensors)
    mass = {"cart_mass": np.array([one.physics.cart_mass])}
    expected = follow(log, mass, sensors, TRUTH).surprise.item()
    assert one.surprise == pytest.approx(expected)
    assert one.physics != identify(log, CART).physics


def test_a_log_of_a_single_step_is_enough_for_an_estimate_that_is_unsure():
    (episode,) = pushed(TRUTH, 0, steps=1)
    low, high = identify([episode], CART).interval("cart_mass")
    assert 0.7 < low < 1.2
    assert 2.2 < high < 2.7


# Choices


@pytest.mark.parametrize("delay", [0, 3])
def test_the_delay_is_found_among_all_that_are_tried(delay):
    truth = replace(TRUTH, action_delay=delay)
    log = first_steps(simulate_log(Excited(0.5, seed=1), truth, 20, seed=2), 200)
    for values in ((0, 1, 2, 3, 4), (4, 2, 0, 3, 1)):
        one = identify(log, replace(CART, action_delay=Choice(values)))
        assert one.physics.action_delay == delay
        assert isinstance(one.physics.action_delay, int)
    known = identify(log, replace(CART, action_delay=delay))
    assert one.physics.cart_mass == pytest.approx(known.physics.cart_mass, rel=1e-3)


def test_delays_are_compared_after_everything_else_was_fitted_to_each():
    truth = replace(TRUTH, action_delay=2, motor_lag=0.9)
    log = first_steps(simulate_log(Excited(0.5, seed=1), truth, 40, seed=2), 200)
    middle = replace(truth, motor_lag=0.475)
    at_first = follow(log, {"action_delay": np.arange(6)}, physics=middle).surprise
    assert at_first.argmin() > 3  # a lag that is too short asks for more delay
    ranges = replace(truth, motor_lag=Uniform(0.0, 0.95), action_delay=Choice(range(6)))
    assert identify(log, ranges).physics.action_delay == 2


def test_two_choices_are_tried_in_every_combination(log):
    ranges = replace(CART, action_delay=Choice((0, 1, 2, 3)), gravity=Choice((3.7, 9.8, 24.8)))
    one = identify(log, ranges)
    assert (one.physics.action_delay, one.physics.gravity) == (2, 9.8)


# Intervals


def test_an_interval_is_the_estimate_and_so_many_standard_deviations_to_both_sides(found):
    for i, name in enumerate(COORDINATES.names):
        deviation = np.sqrt(found.covariance[i, i])
        for widths in (0.5, 1.96):
            low, high = found.interval(name, widths)
            ends = [COORDINATES.values(found.z + sign * widths * deviation)[i] for sign in (-1, 1)]
            assert (low, high) == pytest.approx(tuple(ends))
        assert found.interval(name) == (low, high)  # 95 % unless told
        assert found.interval(name, 0) == pytest.approx((getattr(found.physics, name),) * 2)


def test_an_interval_never_leaves_the_range(found):
    assert found.interval("cart_mass", 1e6) == pytest.approx((0.7, 2.7))


def test_narrowed_ranges_are_the_intervals_and_leave_the_rest(found):
    for widths in (1.0, 1.96):
        narrowed = found.narrowed(widths)
        for name in COORDINATES.names:
            assert getattr(narrowed, name) == Uniform(*found.interval(name, widths))
        names = COORDINATES.names
        assert replace(narrowed, **{n: getattr(TRUTH, n) for n in names}) == TRUTH
    assert found.narrowed() == narrowed


def test_narrowed_ranges_of_a_choice_have_the_number_that_was_found(log):
    one = identify(log, replace(CART, action_delay=Choice((1, 2))))
    assert one.narrowed().action_delay == 2


def test_of_all_that_a_workshop_does_not_know_nothing_stops_the_identification(log):
    ranges = replace(randomization.PARAMETERS, action_delay=Choice((1, 2, 3)))
    one = identify(log, ranges)
    assert one.physics.action_delay == 2
    assert one.surprise < scored(log, COORDINATES, COORDINATES.of(TRUTH))[0] + 3


def test_nothing_can_be_identified_from_nothing():
    with pytest.raises(ValueError, match="the log holds no episode"):
        identify([], RANGES)
