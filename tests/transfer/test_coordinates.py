"""Coordinates without ends: there and back, their slopes, and how probable they are beforehand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from course_lib.transfer.coordinates import Coordinates
from course_lib.worlds import SIMULATED_TARGET, CartPolePhysics, Choice, Uniform

RANGES = replace(
    SIMULATED_TARGET,
    force=Uniform(6.0, 14.0),
    cart_mass=Uniform(0.5, 2.5),
    sensor_bias=Uniform(-0.03, 0.01),
    action_delay=Choice((0, 1, 2)),
)
COORDINATES = Coordinates(RANGES)
Z = np.random.default_rng(0).normal(size=(5, 2, 3))


def test_free_is_what_has_a_range_and_neither_numbers_nor_choices():
    assert COORDINATES.names == ("cart_mass", "force", "sensor_bias")  # in the physics' order
    np.testing.assert_array_equal(COORDINATES.low, [0.5, 6.0, -0.03])
    np.testing.assert_array_equal(COORDINATES.high, [2.5, 14.0, 0.01])


def test_the_middle_of_every_range_is_zero():
    np.testing.assert_allclose(COORDINATES.values(np.zeros(3)), [1.5, 10.0, -0.01])
    middle = replace(SIMULATED_TARGET, cart_mass=1.5, force=10.0, sensor_bias=-0.01)
    np.testing.assert_allclose(COORDINATES.of(middle), 0.0, atol=1e-12)


def test_the_coordinate_is_the_logarithm_of_the_shares_on_both_sides():
    physics = replace(SIMULATED_TARGET, cart_mass=2.3, force=6.5, sensor_bias=0.0)
    expected = np.log([1.8 / 0.2, 0.5 / 7.5, 0.03 / 0.01])
    np.testing.assert_allclose(COORDINATES.of(physics), expected)


@pytest.mark.parametrize("z", Z.reshape(-1, 3)[:4])
def test_there_and_back_is_where_it_began(z):
    np.testing.assert_allclose(COORDINATES.of(COORDINATES.physics(z)), z)


def test_a_physics_has_numbers_for_what_was_free_and_everything_else_as_it_was():
    physics = COORDINATES.physics(Z[0, 0])
    values = dict(zip(COORDINATES.names, COORDINATES.values(Z[0, 0]).tolist(), strict=True))
    assert physics == replace(RANGES, **values)
    assert {type(getattr(physics, name)) for name in values} == {float}


def test_worlds_are_the_values_by_name():
    points = Z[:, 0]
    worlds = COORDINATES.worlds(points)
    assert tuple(worlds) == COORDINATES.names
    for i, z in enumerate(points):
        physics = COORDINATES.physics(z)
        assert [worlds[name][i] for name in worlds] == [getattr(physics, n) for n in worlds]


def test_no_coordinate_leads_out_of_the_ranges():
    for far in (-1e3, 1e3):
        values = COORDINATES.values(np.full((2, 3), far))
        expected = COORDINATES.low if far < 0 else COORDINATES.high
        np.testing.assert_allclose(values, np.tile(expected, (2, 1)))
        assert np.isfinite(COORDINATES.log_prior(np.full(3, far)))
        assert np.isfinite(COORDINATES.slopes(np.full(3, far))).all()


def test_slopes_are_the_derivative_of_the_values():
    eps = 1e-6
    numerical = (COORDINATES.values(Z + eps) - COORDINATES.values(Z - eps)) / (2 * eps)
    np.testing.assert_allclose(COORDINATES.slopes(Z), numerical, rtol=1e-7)


def test_the_prior_of_one_quantity_integrates_to_one():
    one = Coordinates(CartPolePhysics(force=Uniform(6.0, 14.0)))
    total, _ = quad(lambda z: np.exp(one.log_prior(np.array([z]))), -40, 40)
    assert total == pytest.approx(1.0)


def test_the_prior_is_that_of_quantities_uniform_within_their_ends():
    # A density changes with its coordinate by the slope.
    density = np.prod(COORDINATES.slopes(Z) / (COORDINATES.high - COORDINATES.low), axis=-1)
    assert COORDINATES.log_prior(Z).shape == (5, 2)
    np.testing.assert_allclose(COORDINATES.log_prior(Z), np.log(density))


@pytest.mark.parametrize(
    ("name", "value"),
    [("force", 5.0), ("force", 6.0), ("force", 14.0), ("cart_mass", 3.0), ("sensor_bias", 0.02)],
)
def test_a_physics_at_an_end_or_outside_has_no_coordinates(name, value):
    inside = replace(SIMULATED_TARGET, cart_mass=1.0, force=10.0, sensor_bias=0.0)
    with pytest.raises(ValueError, match=f"{name} = {value:g} must lie within"):
        COORDINATES.of(replace(inside, **{name: value}))


def test_ranges_in_which_nothing_is_free_have_no_coordinates():
    none = Coordinates(SIMULATED_TARGET)
    assert none.names == ()
    assert none.of(CartPolePhysics()).shape == none.low.shape == none.high.shape == (0,)
    assert none.physics(np.zeros(0)) == SIMULATED_TARGET
    assert none.log_prior(np.zeros(0)) == 0.0
