"""The ranges have reasons, and keep to physics however wide they are made."""

from dataclasses import fields, replace

import numpy as np
import pytest

from course_lib.transfer import PARAMETERS, WORKSHOP, scaled
from course_lib.transfer.randomization import around
from course_lib.worlds import SIMULATED_TARGET, CartPolePhysics, Choice, LogUniform, Uniform
from course_lib.worlds.distributions import Distribution
from course_lib.worlds.physics import bounds

NOMINAL = CartPolePhysics()
BOTH = pytest.mark.parametrize("ranges", [PARAMETERS, WORKSHOP], ids=["parameters", "workshop"])
EACH_END = pytest.mark.parametrize(
    ("ranges", "name"),
    [
        (ranges, f.name)
        for ranges in (PARAMETERS, WORKSHOP)
        for f in fields(ranges)
        if isinstance(getattr(ranges, f.name), Distribution)
    ],
)


def ranges_of(physics):
    """The ranges by name."""
    return {
        f.name: getattr(physics, f.name)
        for f in fields(physics)
        if isinstance(getattr(physics, f.name), Distribution)
    }


# The ranges


@BOTH
def test_every_range_has_a_reason(ranges):
    assert len(ranges_of(ranges)) >= 12
    for name, value in ranges_of(ranges).items():
        assert len(value.why) > 10, name


@BOTH
def test_every_range_holds_the_nominal_value_and_others(ranges):
    for name, value in ranges_of(ranges).items():
        assert value.low <= getattr(NOMINAL, name) <= value.high, name
        assert value.low < value.high, name


def test_the_workshop_is_nowhere_narrower_than_the_parameters():
    for f in fields(PARAMETERS):
        low, high = bounds(getattr(PARAMETERS, f.name))
        wider_low, wider_high = bounds(getattr(WORKSHOP, f.name))
        assert wider_low <= low <= high <= wider_high, f.name
    assert WORKSHOP != PARAMETERS


@BOTH
@pytest.mark.parametrize("by", [0.5, 1.0, 2.5])
def test_carts_stay_finite_whatever_is_drawn(ranges, by):
    env = scaled(ranges, by).make(300)
    env.reset(seed=0)
    rng = np.random.default_rng(1)
    for _ in range(60):
        seen, *_ = env.step(rng.integers(2, size=300))
        assert np.isfinite(seen).all()
        assert np.abs(env.state).max() < 100


# Their width


@BOTH
def test_no_width_is_the_nominal_physics(ranges):
    assert scaled(ranges, 0) == NOMINAL


@EACH_END
def test_full_width_leaves_a_range_as_it_is(ranges, name):
    assert getattr(scaled(ranges, 1), name) == getattr(ranges, name)


@EACH_END
@pytest.mark.parametrize("by", [0.25, 0.5])
def test_the_ends_of_a_range_move_in_proportion(ranges, name, by):
    nominal = getattr(NOMINAL, name)
    expected = [nominal + by * (end - nominal) for end in bounds(getattr(ranges, name))]
    assert bounds(getattr(scaled(ranges, by), name)) == pytest.approx(expected)


def test_a_wider_range_is_proportional_too_as_long_as_physics_allows():
    wide = scaled(WORKSHOP, 1.5)
    assert bounds(wide.cart_mass) == pytest.approx((0.25, 3.25))
    assert bounds(wide.force) == pytest.approx((4.0, 16.0))
    assert bounds(wide.sensor_bias) == pytest.approx((-0.06, 0.06))


@BOTH
def test_a_wider_range_contains_a_narrower_one(ranges):
    widths = np.linspace(0, 12, 60)
    for narrow, wide in zip(widths, widths[1:], strict=False):
        narrow, wide = scaled(ranges, narrow), scaled(ranges, wide)
        for name in ranges_of(ranges):
            low, high = bounds(getattr(narrow, name))
            wider_low, wider_high = bounds(getattr(wide, name))
            assert wider_low <= low + 1e-12, name
            assert wider_high >= high - 1e-12, name


@BOTH
def test_a_range_ends_where_physics_does(ranges):
    wide = scaled(ranges, 100)
    assert wide.cart_mass.low == 1.0 / 20  # not at the allowed 0.001, where the mass vanishes
    assert wide.pole_mass.low == pytest.approx(0.1 / 20)
    assert wide.pole_half_length.low == pytest.approx(0.5 / 20)
    assert wide.force.low == pytest.approx(10.0 / 20)
    assert wide.cart_friction.low == wide.sensor_dropout.low == 0
    assert wide.motor_lag.high == pytest.approx(0.95 * 0.999)
    assert wide.sensor_dropout.high == pytest.approx(0.95)
    assert wide.cart_mass.high == pytest.approx(1.0 + 100 * 1.5)  # nothing is too heavy
    if ranges is WORKSHOP:
        assert wide.floor_tilt.high == pytest.approx(0.95)


def test_a_range_on_both_sides_of_zero_keeps_both_sides():
    ranges = replace(NOMINAL, floor_tilt=Uniform(-0.05, 0.05), sensor_bias=Uniform(-0.1, 0.2))
    wide = scaled(ranges, 2)
    assert bounds(wide.sensor_bias) == pytest.approx((-0.2, 0.4))
    assert bounds(wide.floor_tilt) == pytest.approx((-0.1, 0.1))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (0.25, (0, 1)),
        (0.3, (0, 1)),
        (0.4, (0, 1, 2)),
        (0.5, (0, 1, 2)),
        (1, (0, 1, 2, 3, 4)),
        (2, tuple(range(9))),
    ],
)
def test_whole_numbers_stay_whole(by, expected):
    delay = scaled(WORKSHOP, by).action_delay
    assert isinstance(delay, Choice)
    assert delay.values == expected


def test_a_range_of_whole_numbers_that_is_less_than_one_wide_is_the_nominal_number():
    assert bounds(scaled(WORKSHOP, 0.1).action_delay) == (0, 0)


def test_the_kind_of_a_range_and_its_reason_stay():
    ranges = replace(NOMINAL, pole_mass=LogUniform(0.05, 0.2, "rods"), force=Uniform(5, 15, "psu"))
    for by in (0.5, 2):
        narrow = scaled(ranges, by)
        assert isinstance(narrow.pole_mass, LogUniform)
        assert isinstance(narrow.force, Uniform)
        assert (narrow.pole_mass.why, narrow.force.why) == ("rods", "psu")
    assert scaled(WORKSHOP, 2).action_delay.why == WORKSHOP.action_delay.why


def test_what_is_no_range_stays_as_it_is():
    ranges = replace(PARAMETERS, gravity=3.7, observation_delay=2)
    for by in (0, 0.5, 3):
        assert (scaled(ranges, by).gravity, scaled(ranges, by).observation_delay) == (3.7, 2)


@pytest.mark.parametrize("by", [-1e-9, -1])
def test_a_negative_width_is_refused(by):
    with pytest.raises(ValueError, match="give 0 or more"):
        scaled(WORKSHOP, by)


def test_a_choice_that_is_not_counted_keeps_its_values():
    ranges = replace(NOMINAL, force=Choice((6.0, 10.0, 14.0)))
    assert scaled(ranges, 0.5).force.values == pytest.approx((8.0, 10.0, 12.0))


# Around one machine


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_around_a_machine_every_quantity_may_be_a_share_larger_or_smaller(share):
    ranges = around(SIMULATED_TARGET, share)
    for name in ("cart_mass", "force", "cart_friction", "force_noise", "observation_noise"):
        value = getattr(SIMULATED_TARGET, name)
        assert isinstance(getattr(ranges, name), Uniform), name
        expected = ((1 - share) * value, (1 + share) * value)
        assert bounds(getattr(ranges, name)) == pytest.approx(expected), name


def test_around_a_machine_what_is_zero_stays_zero_and_everything_else_is_free():
    ranges = around(SIMULATED_TARGET, 0.2)
    free = {f.name for f in fields(ranges) if isinstance(getattr(ranges, f.name), Distribution)}
    assert free == {f.name for f in fields(ranges) if getattr(SIMULATED_TARGET, f.name) != 0}
    for f in fields(ranges):
        if f.name not in free:
            assert getattr(ranges, f.name) == 0
    assert around(replace(NOMINAL, gravity=0.0), 0.2).gravity == 0


@pytest.mark.parametrize(("delay", "expected"), [(1, (0, 1, 2)), (2, (1, 2, 3)), (5, (4, 5, 6))])
@pytest.mark.parametrize("name", ["action_delay", "observation_delay"])
def test_around_a_machine_what_is_counted_in_steps_gets_one_more_or_less(name, delay, expected):
    ranges = around(replace(NOMINAL, **{name: delay}), 0.9)
    assert getattr(ranges, name) == Choice(expected)


def test_around_a_machine_a_negative_value_has_its_ends_in_order():
    ranges = around(replace(NOMINAL, sensor_bias=-0.02, floor_tilt=-0.1), 0.5)
    assert bounds(ranges.sensor_bias) == pytest.approx((-0.03, -0.01))
    assert bounds(ranges.floor_tilt) == pytest.approx((-0.15, -0.05))


def test_around_a_machine_ranges_end_where_physics_does():
    machine = replace(NOMINAL, motor_lag=0.9, bump_chance=0.8, sensor_dropout=1.0, floor_tilt=0.9)
    ranges = around(machine, 0.5)
    assert bounds(ranges.motor_lag) == pytest.approx((0.45, 0.999))
    assert bounds(ranges.bump_chance) == pytest.approx((0.4, 1.0))
    assert bounds(ranges.sensor_dropout) == pytest.approx((0.5, 1.0))
    assert bounds(ranges.floor_tilt) == pytest.approx((0.45, 1.0))


@pytest.mark.parametrize("share", [-0.1, 0, 1, 1.5, float("nan")])
def test_a_share_that_leaves_nothing_or_no_sign_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        around(SIMULATED_TARGET, share)
