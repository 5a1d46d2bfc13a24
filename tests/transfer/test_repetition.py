"""The estimator examined again and again: what is drawn, and what must come out."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.gap import first_steps, simulate_log
from course_lib.transfer import repetition as module
from course_lib.transfer.excitation import Excited
from course_lib.transfer.identification import identify, smallest_errors
from course_lib.transfer.posterior import posterior
from course_lib.transfer.repetition import Repetition, repetition
from course_lib.worlds import SIMULATED_TARGET, Choice, Uniform

RANGES = replace(
    SIMULATED_TARGET,
    cart_mass=Uniform(1.0, 2.0),
    force_noise=Uniform(1.0, 3.0),
    action_delay=Choice((1, 2)),
)
NAMES = ("cart_mass", "force_noise")


@pytest.fixture(scope="module")
def repeated():
    """Many repetitions, each with a machine of its own."""
    return [repetition(RANGES, seed, steps=100) for seed in range(20)]


@pytest.fixture
def logged(monkeypatch):
    """The logs that were identified."""
    logs = []

    def spy(log, *args):
        logs.append(log)
        return identify(log, *args)

    monkeypatch.setattr(module, "identify", spy)
    return logs


def test_there_is_one_entry_per_quantity(repeated):
    for one in repeated:
        assert one.names == NAMES
        assert one.truth.shape == one.estimate.shape == one.bound.shape == one.rank.shape == (2,)
        assert one.interval.shape == (2, 2)
        assert one.covered.shape == (2,)


def test_every_machine_is_another_one_of_the_ranges(repeated):
    truths = np.array([one.truth for one in repeated])
    assert ((truths > 1.0) & (truths < [2.0, 3.0])).all()
    assert len(np.unique(truths)) == truths.size
    assert np.ptp(truths[:, 0]) > 0.6


def test_ranks_are_shares_that_reach_from_low_to_high(repeated):
    ranks = np.array([one.rank for one in repeated])
    assert ((ranks >= 0) & (ranks <= 1)).all()
    assert (np.ptp(ranks, axis=0) > 0.5).all()
    np.testing.assert_allclose(ranks.mean(axis=0), 0.5, atol=0.25)  # four standard errors


def test_a_truth_above_the_estimate_has_a_high_rank(repeated):
    for one in repeated:
        sure = np.abs(one.truth - one.estimate) > one.bound
        np.testing.assert_array_equal((one.rank > 0.5)[sure], (one.truth > one.estimate)[sure])


def test_errors_are_about_as_large_as_the_bound(repeated):
    scores = np.array([(one.estimate - one.truth) / one.bound for one in repeated])
    assert 0.4 < np.sqrt(np.mean(scores**2)) < 1.6


def test_most_intervals_cover_the_truth(repeated):
    assert np.mean([one.covered for one in repeated]) > 0.8


def test_covered_is_what_lies_between_both_ends():
    interval = np.array([[1.0, 2.0]] * 3)
    truth, unused = np.array([0.9, 1.5, 2.1]), np.zeros(3)
    one = Repetition(("a", "b", "c"), truth, unused, interval, unused, unused)
    assert one.covered.tolist() == [False, True, False]


def test_one_seed_gives_one_repetition():
    one, same, other = (repetition(RANGES, seed, steps=50) for seed in (3, 3, 4))
    for name in ("truth", "estimate", "interval", "bound", "rank"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
        assert (getattr(one, name) != getattr(other, name)).any()


def test_a_truth_that_is_given_is_the_machine():
    one = repetition(RANGES, 0, truth=SIMULATED_TARGET, steps=150)
    np.testing.assert_array_equal(one.truth, [1.5, 2.0])
    assert (np.abs(one.estimate - one.truth) < 5 * one.bound).all()


def test_everything_is_made_from_the_log_of_that_machine_and_seed(logged):
    one = repetition(RANGES, 5, truth=SIMULATED_TARGET, steps=80, share=0.7, hold=2)
    run = simulate_log(Excited(0.7, 2, 5), SIMULATED_TARGET, 60, seed=1_005)
    (log,), expected = logged, first_steps(run, 80)
    for ours, theirs in zip(log, expected, strict=True):
        np.testing.assert_array_equal(ours.observations, theirs.observations)
    found = identify(log, RANGES)
    np.testing.assert_array_equal(one.estimate, [getattr(found.physics, n) for n in NAMES])
    np.testing.assert_array_equal(one.interval, [found.interval(n) for n in NAMES])
    bounds = smallest_errors(log, SIMULATED_TARGET, replace(RANGES, action_delay=2))
    np.testing.assert_array_equal(one.bound, [bounds[n] for n in NAMES])
    likely = posterior(log, found, 5, draws=300).worlds
    np.testing.assert_array_equal(
        one.rank, [np.mean(likely["cart_mass"] < 1.5), np.mean(likely["force_noise"] < 2.0)]
    )


def test_a_log_has_500_steps_of_half_pushes_unless_told(logged):
    mass = replace(SIMULATED_TARGET, cart_mass=Uniform(1.0, 2.0))
    repetition(mass, 0, truth=SIMULATED_TARGET)
    (log,) = logged
    assert sum(len(episode.actions) for episode in log) == 500
    expected = simulate_log(Excited(0.5, 1, 0), SIMULATED_TARGET, 60, seed=1_000)
    for ours, theirs in zip(log, first_steps(expected, 500), strict=True):
        np.testing.assert_array_equal(ours.actions, theirs.actions)


def test_a_longer_log_makes_the_bound_smaller():
    short, long = (repetition(RANGES, 0, truth=SIMULATED_TARGET, steps=n) for n in (60, 240))
    assert (long.bound < 0.7 * short.bound).all()


def test_a_truth_outside_the_ranges_is_refused():
    with pytest.raises(ValueError, match="cart_mass = 2.5 must lie within 1 and 2"):
        repetition(RANGES, 0, truth=replace(SIMULATED_TARGET, cart_mass=2.5), steps=30)


def test_more_steps_than_the_episodes_have_are_refused():
    with pytest.raises(ValueError, match="log more episodes"):
        repetition(RANGES, 0, truth=SIMULATED_TARGET, steps=100_000)
