from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from course_lib.worlds import CartPolePhysics, Choice, LogUniform, Uniform
from course_lib.worlds.physics import bounds


@pytest.mark.parametrize(
    ("parameter", "value", "error", "message"),
    [
        ("cart_mass", -1.0, ValueError, "cart_mass must lie between 0.001 and infinity kg"),
        ("pole_half_length", 0.0, ValueError, "pole_half_length must lie between"),
        ("gravity", Uniform(-1.0, 9.8), ValueError, "gravity must lie between"),
        ("sensor_dropout", 1.5, ValueError, "sensor_dropout must lie between 0 and 1"),
        ("motor_lag", 1.0, ValueError, "motor_lag must lie between 0 and 0.999"),
        ("motor_lag", Choice((0.5, 2.0)), ValueError, "motor_lag must lie between"),
        ("floor_tilt", -1.5, ValueError, "floor_tilt must lie between -1.0 and 1.0 rad"),
        ("action_delay", 1.5, ValueError, "action_delay counts steps"),
        ("action_delay", Uniform(0, 3), ValueError, "action_delay counts steps"),
        ("observation_delay", Choice((1, 2.5)), ValueError, "observation_delay counts steps"),
        ("observation_delay", -1, ValueError, "observation_delay must lie between"),
        ("gravity", float("nan"), ValueError, "gravity must be finite"),
        ("gravity", float("inf"), ValueError, "gravity must be finite"),
        ("gravity", True, TypeError, "gravity must be a number"),
        ("gravity", "9.8", TypeError, "gravity must be a number"),
        ("gravity", None, TypeError, "gravity must be a number"),
        ("gravity", (8.0, 12.0), TypeError, "gravity must be a number"),
        ("gravity", np.array([9.8]), TypeError, "gravity must be a number"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_one_line(parameter, value, error, message):
    with pytest.raises(error, match=message) as caught:
        CartPolePhysics(**{parameter: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [2, 2.0, np.int64(2), Choice((0, 2)), Choice((2.0,))])
def test_a_delay_may_be_any_whole_number(value):
    assert CartPolePhysics(action_delay=value).action_delay == value


def test_a_replaced_parameter_is_checked_as_well():
    with pytest.raises(ValueError, match="gravity"):
        replace(CartPolePhysics(), gravity=-1.0)


def test_a_physics_is_a_value():
    physics = CartPolePhysics(gravity=Uniform(8.0, 12.0))
    assert physics == CartPolePhysics(gravity=Uniform(8.0, 12.0))
    assert {physics: 1}[replace(CartPolePhysics(), gravity=Uniform(8.0, 12.0))] == 1
    with pytest.raises(FrozenInstanceError):
        physics.gravity = 1.0


def test_a_sample_holds_every_parameter_within_its_bounds(everything_random):
    drawn = everything_random.sample(np.random.default_rng(0), 1_000)
    assert list(drawn) == [f.name for f in fields(CartPolePhysics)]
    for name, values in drawn.items():
        low, high = bounds(getattr(everything_random, name))
        assert values.shape == (1_000,)
        # A thousand draws come close to both ends of the range.
        assert low <= values.min() <= low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) <= values.max() <= high


def test_a_plain_number_is_the_same_in_every_sample():
    drawn = CartPolePhysics(gravity=3.7).sample(np.random.default_rng(0), 5)
    assert drawn["gravity"].tolist() == [3.7] * 5


def test_parameters_are_drawn_independently(everything_random):
    drawn = everything_random.sample(np.random.default_rng(0), 4_000)
    correlation = np.corrcoef(list(drawn.values())) - np.eye(len(drawn))
    assert np.abs(correlation).max() < 0.08  # five standard errors


def test_bounds_of_numbers_and_distributions():
    assert bounds(3.0) == (3.0, 3.0)
    assert bounds(LogUniform(0.1, 2.0)) == (0.1, 2.0)


def test_the_table_shows_each_parameter_with_its_unit_and_escapes_values():
    table = CartPolePhysics(gravity=Uniform(8.0, 12.0, "from <Mars> on"))._repr_html_()
    for f in fields(CartPolePhysics):
        assert f"<code>{f.name}</code>" in table
        assert f"<td>{f.metadata['unit']}</td>" in table
    assert "&lt;Mars&gt;" in table
    assert "<Mars>" not in table
