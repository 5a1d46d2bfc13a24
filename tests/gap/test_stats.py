import warnings

import numpy as np
import pytest

from course_lib.gap import Interval, interquartile_mean, iqm_interval, paired_interval


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], 2.5),
        ([0, 2, 4, 100], 3.0),  # one lucky seed does not count
        ([-1_000, 5, 6, 7, 8, 9, 10, 1_000], 7.5),
        ([1, 2, 3], 2.0),  # too few to cut anything off: the mean
        ([5, 1, 4, 2, 100], 11 / 3),  # in any order; a quarter of five is one, rounded down
        ([7.0], 7.0),
    ],
)
def test_the_interquartile_mean_is_the_mean_of_the_middle_half(values, expected):
    assert interquartile_mean(values) == pytest.approx(expected)


def test_the_interquartile_mean_works_along_an_axis():
    values = np.random.default_rng(0).normal(size=(3, 8))
    middle = np.sort(values, axis=1)[:, 2:6].mean(axis=1)
    np.testing.assert_allclose(interquartile_mean(values), middle)
    np.testing.assert_allclose(interquartile_mean(values.T, axis=0), middle)


def test_an_interval_holds_its_estimate_and_says_where_it_came_from():
    values = np.random.default_rng(0).normal(100, 10, 12)
    interval = iqm_interval(values, confidence=0.9)
    assert interval.estimate == pytest.approx(interquartile_mean(values))
    assert values.min() < interval.low < interval.estimate < interval.high < values.max()
    assert (interval.n, interval.confidence) == (12, 0.9)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    intervals = [iqm_interval(rng.normal(3.0, 2.0, 10)) for _ in range(300)]
    covered = np.mean([interval.low <= 3.0 <= interval.high for interval in intervals])
    assert 0.85 < covered < 0.99


def test_more_confidence_is_a_wider_interval_and_more_values_a_narrower_one():
    values = np.random.default_rng(0).normal(size=400)

    def width(values, confidence=0.95):
        interval = iqm_interval(values, confidence=confidence)
        return interval.high - interval.low

    assert width(values[:20], 0.5) < width(values[:20], 0.95) < width(values[:20], 0.99)
    assert width(values) < 0.5 * width(values[:20])


def test_the_same_values_give_the_same_interval_and_another_seed_a_slightly_different_one():
    values = np.random.default_rng(0).normal(size=10)
    assert iqm_interval(values) == iqm_interval(list(values)) == iqm_interval(values, seed=0)
    other = iqm_interval(values, seed=1)
    assert other != iqm_interval(values)
    assert other.low == pytest.approx(iqm_interval(values).low, abs=0.1)


def test_an_interval_moves_and_stretches_with_its_values():
    values = np.random.default_rng(0).normal(size=10)
    plain, moved = iqm_interval(values), iqm_interval(10 + 3 * values)
    assert moved.low == pytest.approx(10 + 3 * plain.low)
    assert moved.high == pytest.approx(10 + 3 * plain.high)


@pytest.mark.parametrize("value", [500.0, 0.1, 0.0, -1e9])
def test_constant_values_have_an_interval_of_no_width_and_raise_no_warning(value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interval = iqm_interval([value] * 7)
        difference = paired_interval([value] * 5, [value] * 5)
    assert interval.low == interval.estimate == interval.high == pytest.approx(value)
    assert difference.low == difference.estimate == difference.high == 0.0


# Pairs


@pytest.fixture
def correlated():
    rng = np.random.default_rng(0)
    shared = rng.normal(300, 50, 12)  # lucky and unlucky seeds
    return shared + rng.normal(10, 2, 12), shared + rng.normal(0, 2, 12)


def test_pairs_give_a_narrower_interval_where_luck_is_shared(correlated):
    first, second = correlated
    paired = paired_interval(first, second)
    broken = paired_interval(first, np.random.default_rng(1).permutation(second))
    for unpaired in (broken, iqm_interval(first), iqm_interval(second)):
        assert paired.high - paired.low < 0.3 * (unpaired.high - unpaired.low)
    assert 0 < paired.low < 10 < paired.high + 2


def test_a_paired_interval_is_that_of_the_differences(correlated):
    first, second = correlated
    assert paired_interval(first, second) == iqm_interval(first - second)
    forth = paired_interval(first, second, confidence=0.8, seed=3)
    assert forth == iqm_interval(first - second, confidence=0.8, seed=3)
    assert paired_interval(second, first).estimate == pytest.approx(-forth.estimate)


def test_lists_will_do():
    assert paired_interval([3, 4, 5], [1, 2, 3]).estimate == 2.0


# Shown and refused


def test_an_interval_reads_as_one_line():
    text = str(Interval(472.25, 430.125, 500.0, 10, 0.9))
    assert text == "472.2 [430.1, 500] (90% interval, n = 10)"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "at least 3 values"),
        ([1.0, 2.0], r"at least 3 values, one per seed; got \(2,\)"),
        (5.0, "flat array"),
        (np.zeros((4, 10)), r"flat array .* got \(4, 10\)"),
        ([1.0, 2.0, float("nan")], "finite values; look for a run that failed"),
        ([1.0, 2.0, float("inf")], "finite values"),
    ],
)
def test_values_that_cannot_carry_an_interval_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        iqm_interval(values)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros(4), np.zeros(5), r"one shape; got \(4,\) and \(5,\)"),
        (np.zeros(4), np.zeros((4, 1)), "one shape"),
        (np.zeros(4), 0.0, "one shape"),
        (np.zeros(2), np.zeros(2), "at least 3 values"),
        ([1.0, 2.0, float("nan")], [1.0, 2.0, 3.0], "finite values"),
    ],
)
def test_arrays_that_are_no_pairs_are_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        paired_interval(first, second)


@pytest.mark.filterwarnings("ignore:The BCa")
@pytest.mark.parametrize("confidence", [95, 0.0, -0.5, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        iqm_interval([1.0, 2.0, 3.0, 4.0], confidence=confidence)
