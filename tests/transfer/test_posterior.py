"""Weighted worlds: against a posterior on a grid, and against a prior that no log can change."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from course_lib.gap import first_steps, simulate_log
from course_lib.transfer.excitation import Excited
from course_lib.transfer.following import ENCODERS, follow
from course_lib.transfer.identification import identify
from course_lib.transfer.posterior import Posterior, posterior
from course_lib.worlds import SIMULATED_TARGET, Choice, Uniform

LOW, HIGH = 1.0, 2.2
MASS = replace(SIMULATED_TARGET, cart_mass=Uniform(LOW, HIGH))
TWO = replace(MASS, motor_lag=Uniform(0.5, 0.8), action_delay=Choice((1, 2)))
GRID = np.linspace(LOW, HIGH, 1_003)[1:-1]


@pytest.fixture(scope="module")
def log():
    return first_steps(simulate_log(Excited(0.5, seed=1), SIMULATED_TARGET, 10, seed=3), 60)


@pytest.fixture(scope="module")
def two(log):
    return identify(log, TWO)


def test_one_seed_gives_the_same_worlds_again(log, two):
    one, same, other = (posterior(log, two, seed, draws=50) for seed in (4, 4, 5))
    for name in ("cart_mass", "motor_lag"):
        np.testing.assert_array_equal(one.worlds[name], same.worlds[name])
        assert (one.worlds[name] != other.worlds[name]).any()
    assert one.effective == same.effective != other.effective


def test_there_are_as_many_worlds_as_draws_within_the_ranges_around_the_best(log, two):
    found = posterior(log, two, 0, draws=200)
    assert tuple(found.worlds) == two.coordinates.names
    for name, values in found.worlds.items():
        assert values.shape == (200,)
        assert (getattr(TWO, name).low < values).all()
        assert (values < getattr(TWO, name).high).all()
    assert found.best == two.physics
    assert len(posterior(log, two, 0).worlds["cart_mass"]) == 1_000  # unless told


@pytest.mark.parametrize("draws", [1, 2, 300])
def test_the_worlds_are_worth_between_one_and_all_of_the_draws(log, two, draws):
    assert 1 <= posterior(log, two, 0, draws=draws).effective <= draws * (1 + 1e-12)


def test_draws_near_the_posterior_are_worth_most_of_themselves_and_others_next_to_nothing(log, two):
    assert posterior(log, two, 0, draws=400).effective > 200
    astray = replace(two, z=two.z + 30 * np.sqrt(np.diag(two.covariance)))
    assert posterior(log, astray, 0, draws=400).effective < 20


def grid_posterior(log, sensors):
    """Distribution function of the cart's mass on the grid, from Bayes' rule."""
    surprise = follow(log, {"cart_mass": GRID}, sensors, MASS).surprise
    density = np.exp(surprise.min() - surprise)
    return np.cumsum(density) / density.sum()


@pytest.mark.parametrize("noise", [(1.0, 1.0), (0.5, 2.0)])
def test_the_worlds_are_distributed_as_the_posterior_on_a_grid(log, noise):
    short, sensors = first_steps(log, 20), replace(ENCODERS, noise=noise)
    found = identify(short, MASS, sensors)
    masses = posterior(short, found, 1, draws=4_000, sensors=sensors).worlds["cart_mass"]
    expected = grid_posterior(short, sensors)
    assert 0.02 < np.interp(1.2, GRID, expected) < 0.98  # it is wide: the prior's ends matter
    shares = [(masses <= mass).mean() for mass in GRID[::50]]
    np.testing.assert_allclose(shares, expected[::50], atol=0.04)


def test_quantities_that_the_log_ties_together_stay_together(log):
    ranges = replace(SIMULATED_TARGET, cart_mass=Uniform(0.5, 3.5), force=Uniform(4.0, 20.0))
    found = identify(log, ranges)
    tied = found.covariance[0, 1] / np.sqrt(np.prod(np.diag(found.covariance)))
    assert tied > 0.6
    worlds = posterior(log, found, 0, draws=2_000).worlds
    shares = np.array([worlds["cart_mass"] / 3.0 - 0.5 / 3.0, worlds["force"] / 16.0 - 4.0 / 16.0])
    z = np.log(shares / (1 - shares))
    assert np.corrcoef(z)[0, 1] == pytest.approx(tied, abs=0.1)


def test_what_leaves_no_trace_stays_uniform_within_its_range(log):
    ranges = replace(MASS, bump_chance=Uniform(0.1, 0.3))
    found = posterior(log, identify(log, ranges), 2, draws=3_000)
    values = np.unique(found.worlds["bump_chance"])
    assert kstest(found.worlds["bump_chance"], "uniform", (0.1, 0.2)).statistic < 0.05
    assert values.size > 1_000


def test_an_interval_holds_its_share_of_the_worlds(two):
    worlds = {"cart_mass": np.linspace(1.0, 2.0, 101), "motor_lag": np.full(101, 0.6)}
    known = Posterior(worlds, two.physics, 101.0)
    assert known.interval("cart_mass") == pytest.approx((1.025, 1.975))
    assert known.interval("cart_mass", 0.8) == pytest.approx((1.1, 1.9))
    assert known.interval("motor_lag") == (0.6, 0.6)


@pytest.mark.parametrize("settings", [{}, {"confidence": 0.5}])
def test_ranges_are_the_intervals_around_the_best_physics(log, two, settings):
    found = posterior(log, two, 0, draws=100)
    ranges = found.ranges(**settings)
    names = ("cart_mass", "motor_lag")
    expected = {name: Uniform(*found.interval(name, **settings)) for name in names}
    assert ranges == replace(two.physics, **expected)
    assert ranges.action_delay == 2
