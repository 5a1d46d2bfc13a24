"""Distances and the permutation test, against slow versions and against SciPy."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from course_lib.gap import ks_statistic, median_bandwidth, mmd_squared, mmd_test


def slow_mmd_squared(first, second, width):
    def similarity(x, y):
        total = 0.0
        for p in x:
            for q in y:
                total += np.exp(-sum((p - q) ** 2) / (2 * width**2))
        return total / (len(x) * len(y))

    return similarity(first, first) + similarity(second, second) - 2 * similarity(first, second)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("shift", [0.0, 0.5, 5.0])
def test_ks_is_that_of_scipy(rng, shift):
    first, second = rng.normal(size=57), rng.normal(shift, 1.0, size=31)
    assert ks_statistic(first, second) == pytest.approx(ks_2samp(first, second).statistic)


def test_ks_is_that_of_scipy_with_ties(rng):
    first, second = rng.integers(0, 4, 40), rng.integers(1, 5, 60)
    assert ks_statistic(first, second) == pytest.approx(ks_2samp(first, second).statistic)


def test_mmd_is_that_of_a_double_loop(rng):
    first, second = rng.normal(size=(23, 3)), rng.normal(0.4, 1.2, size=(17, 3))
    assert mmd_squared(first, second, 0.8) == pytest.approx(slow_mmd_squared(first, second, 0.8))
    width = median_bandwidth(np.concatenate([first, second]))
    assert mmd_squared(first, second) == pytest.approx(slow_mmd_squared(first, second, width))


def test_mmd_is_zero_for_equal_samples_and_grows_with_the_shift(rng):
    sample = rng.normal(size=(40, 2))
    assert mmd_squared(sample, sample, 1.0) == pytest.approx(0.0, abs=1e-12)
    shifts = [mmd_squared(sample, sample + shift, 1.0) for shift in (0.2, 1.0, 4.0)]
    assert shifts == sorted(shifts) and shifts[0] > 0


def test_the_bandwidth_is_the_median_distance():
    assert median_bandwidth(np.array([[0.0], [1.0], [3.0]])) == 2.0
    with pytest.raises(ValueError, match="differ"):
        median_bandwidth(np.zeros((5, 2)))


def test_the_test_agrees_with_one_that_computes_every_division_anew(rng):
    episodes = [rng.normal(0.2 * i, 1.0, size=(4 + i, 2)) for i in range(7)]
    first, second = episodes[:3], episodes[3:]
    value, p = mmd_test(first, second, np.random.default_rng(5), permutations=40, bandwidth=1.0)
    assert value == pytest.approx(mmd_squared(np.concatenate(first), np.concatenate(second), 1.0))
    shuffler, as_large = np.random.default_rng(5), 0
    for _ in range(40):
        chosen = shuffler.permutation(np.arange(7) < 3)
        parts = ([e for e, c in zip(episodes, chosen, strict=True) if c == side] for side in (1, 0))
        as_large += mmd_squared(*map(np.concatenate, parts), 1.0) >= value * (1 - 1e-9)
    assert p == (1 + as_large) / 41


def false_alarms(unit, trials=150):
    """Share of p-values of at most 5 % on two logs from one source whose steps are dependent."""
    rng, alarms = np.random.default_rng(8), 0
    for _ in range(trials):
        logs = [[rng.normal() + 0.3 * rng.normal(size=(12, 1)) for _ in range(6)] for _ in range(2)]
        if unit == "steps":
            logs = [np.concatenate(log)[:, None] for log in logs]
        alarms += mmd_test(*logs, rng, permutations=39)[1] <= 0.05
    return alarms / trials


def test_p_values_are_honest_when_episodes_are_shuffled():
    assert 0.01 <= false_alarms("episodes") <= 0.11


def test_shuffling_steps_raises_false_alarms():
    assert false_alarms("steps", trials=40) > 0.4


def test_a_real_difference_is_found(rng):
    first = [rng.normal(size=(10, 2)) for _ in range(8)]
    second = [rng.normal(2.0, 1.0, size=(10, 2)) for _ in range(8)]
    assert mmd_test(first, second, rng, permutations=199)[1] == 1 / 200


def test_one_episode_cannot_be_shuffled(rng):
    with pytest.raises(ValueError, match="two episodes"):
        mmd_test([np.zeros((5, 2))], [np.ones((5, 2))] * 3, rng)
