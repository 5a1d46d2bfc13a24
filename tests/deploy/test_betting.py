"""Bets and confidence sequences: right at all times, for all values that are bounded."""

import numpy as np
import pytest

from course_lib.deploy.betting import BOLDEST, confidence_sequence, wealth

RNG = np.random.default_rng
EXPERIMENTS, LOOKS = 2_000, 400
NULLS = {  # values in [-1, 1] of mean 0
    "small": lambda rng, shape: rng.uniform(-0.2, 0.2, shape),
    "coins": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "skewed": lambda rng, shape: np.where(rng.random(shape) < 0.1, 0.9, -0.1),
    "rare": lambda rng, shape: np.where(rng.random(shape) < 0.02, -0.98, 0.02),
}


def slow_wealth(values, null):
    """One bet after the other, as it is written in the paper."""
    money, result = 1.0, []
    total, squares = 0.5, 0.25
    for t, value in enumerate(values):
        mean = total / (t + 1)
        variance = squares / (t + 1)
        edge = mean - null
        bet = min(max(edge / (variance + edge**2), 0), BOLDEST / max(null, 1e-9))
        money *= 1 + bet * (value - null)
        result.append(money)
        total += value
        squares += (value - total / (t + 2)) ** 2
    return result


@pytest.mark.parametrize("null", [0.0, 0.2, 0.5, 1.0])
def test_wealth_is_that_of_betting_one_by_one(null):
    values = RNG(1).random(60)
    np.testing.assert_allclose(wealth(values, null), slow_wealth(values, null))


def test_a_bet_does_not_depend_on_what_comes_later():
    values = RNG(2).random(50)
    changed = values.copy()
    changed[30:] = 1 - changed[30:]
    np.testing.assert_array_equal(wealth(values, 0.4)[:30], wealth(changed, 0.4)[:30])


def test_money_is_never_lost_beyond_nothing():
    assert (wealth(np.zeros(200), 0.9) > 0).all()
    assert (wealth(np.r_[np.ones(50), np.zeros(50)], 0.5) > 0).all()


@pytest.mark.parametrize("null", NULLS)
def test_looking_after_every_value_keeps_the_false_alarms_below_five_percent(null):
    values = NULLS[null](RNG(3), (EXPERIMENTS, LOOKS))
    alarms = (wealth((values + 1) / 2, 0.5) >= 20).any(axis=1)
    assert alarms.mean() <= 0.05


def test_the_same_check_would_notice_a_test_that_is_not_made_for_looking():
    values = NULLS["small"](RNG(3), (EXPERIMENTS, LOOKS))
    n = np.arange(1, LOOKS + 1)
    mean = values.cumsum(axis=1) / n
    t = mean * np.sqrt(n) / values.std(axis=1, keepdims=True)
    assert (t[:, 9:] > 1.645).any(axis=1).mean() > 0.2


@pytest.mark.parametrize("null", NULLS)
def test_a_confidence_sequence_covers_the_mean_at_all_times(null):
    values = NULLS[null](RNG(4), (400, 150))
    missed = 0
    for row in values:
        bounds = confidence_sequence(row, low=-1, high=1)
        missed += (bounds.low > 0).any() or (bounds.high < 0).any()
    assert missed <= 0.05 * 400


def test_a_confidence_sequence_only_gets_narrower_and_closes_in():
    bounds = confidence_sequence(RNG(5).uniform(0.5, 0.7, 2_000))
    assert (np.diff(bounds.low) >= 0).all() and (np.diff(bounds.high) <= 0).all()
    assert 0.57 < bounds.low[-1] < 0.6 < bounds.high[-1] < 0.63


def test_bounds_scale_with_the_values():
    values = RNG(6).random(100)
    plain, scaled = confidence_sequence(values), confidence_sequence(6 * values - 2, low=-2, high=4)
    np.testing.assert_allclose(scaled.low, 6 * plain.low - 2, atol=1e-6)
    np.testing.assert_allclose(scaled.high, 6 * plain.high - 2, atol=1e-6)


def test_the_two_sides_are_mirror_images():
    values = RNG(7).random(80)
    there, back = confidence_sequence(values), confidence_sequence(1 - values)
    np.testing.assert_allclose(there.low, 1 - back.high, atol=1e-9)


def test_a_real_difference_is_found():
    values = RNG(8).normal(0.1, 0.2, (200, 400)).clip(-1, 1)
    assert (wealth((values + 1) / 2, 0.5) >= 20).any(axis=1).mean() > 0.95


@pytest.mark.parametrize("bad", [[0.5, 1.2], [-0.1], [float("nan")]])
def test_values_outside_of_their_bounds_are_refused(bad):
    with pytest.raises(ValueError, match="scale what you measure"):
        wealth(bad, 0.5)


def test_no_values_are_refused():
    with pytest.raises(ValueError, match="at least one value"):
        confidence_sequence([])
