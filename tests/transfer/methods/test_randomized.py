"""Severities drawn from what is possible, and training on clusters that have them."""

from dataclasses import fields, replace

import numpy as np
import pytest
from tiny_site import SIM

from course_lib.learning import train_scheduler
from course_lib.transfer.exams import Drawn
from course_lib.transfer.methods.randomized import (
    GAPS,
    WIDE,
    DomainRandomization,
    drawn,
    these,
    up_to,
)
from course_lib.worlds import Gaps
from course_lib.worlds.physics import bounds

NAMES = ("hardware", "workload", "interference", "failures", "scale")


def test_every_gap_goes_from_the_simulator_to_what_was_measured_and_says_why():
    assert NAMES == GAPS == tuple(f.name for f in fields(Gaps))
    for name in NAMES:
        gap = getattr(WIDE, name)
        assert bounds(gap) == (0, 1) and gap.why


def test_drawn_severities_are_one_row_per_world_and_one_column_per_gap():
    found = drawn(np.random.default_rng(3), 400)
    assert found.shape == (400, 5)
    expected = WIDE.sample(np.random.default_rng(3), 400)
    for k, name in enumerate(NAMES):
        np.testing.assert_array_equal(found[:, k], expected[name])
    assert 0 <= found.min() < 0.02 and 0.98 < found.max() <= 1
    assert np.abs(np.corrcoef(found.T) - np.eye(5)).max() < 0.2


def test_these_severities_keep_their_order_and_their_names():
    severities = np.arange(15.0).reshape(3, 5)
    sample = these(severities)
    assert {k: v.tolist() for k, v in sample(None, 3).items()} == {
        name: [k, 5.0 + k, 10.0 + k] for k, name in enumerate(NAMES)
    }
    assert [v.tolist() for v in sample(None, 2).values()] == [[k, 5.0 + k] for k in range(5)]


def test_a_batch_of_these_worlds_has_severity_i_in_world_i():
    severities = drawn(np.random.default_rng(0), 40)
    batch = Drawn(replace(SIM, gaps=WIDE), these(severities)).make(40, autoreset=False)
    batch.reset(seed=1)
    rates = severities[:, 3, None] * [0.2, 0.2]
    np.testing.assert_allclose(batch.episodes.failures, rates)
    np.testing.assert_allclose(batch.episodes.contention, 0.5 * severities[:, 2])
    speed = 2 * 1.5 ** severities[:, 0]  # of class a in the fast pool
    np.testing.assert_allclose(batch.episodes.speed[:, 0, 1], speed)


@pytest.mark.parametrize("width", [0.0, 0.25, 1.0])
def test_up_to_a_width_every_gap_starts_at_the_simulator(width):
    gaps = up_to(width)
    assert isinstance(gaps, Gaps)
    assert [bounds(getattr(gaps, name)) for name in NAMES] == [(0, width)] * 5


def test_domain_randomization_trains_on_all_that_is_possible_and_nothing_else():
    method = DomainRandomization(2)
    method.train(SIM)
    wide, narrow = (
        train_scheduler(c, 2, steps=method.steps, progress=False)
        for c in (replace(SIM, gaps=WIDE), SIM)
    )
    assert method.policy.fingerprint == wide.fingerprint != narrow.fingerprint
