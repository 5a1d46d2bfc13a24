"""Streams of what monitoring writes down: they say what happened, shift by shift."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.deploy.dispatch_release import RULE
from course_lib.deploy.watching import shifts, wear_out
from course_lib.learning import PD, evaluate
from course_lib.worlds import DISPATCH_SITE


def all_to_accelerator(observations):
    return np.zeros(len(observations), dtype=int)


def test_streams_of_shifts_are_those_of_the_site():
    streams = shifts(RULE, DISPATCH_SITE, 400, 3)
    assert {len(values) for values in streams.values()} == {400}
    np.testing.assert_allclose(streams["return"], evaluate(RULE, DISPATCH_SITE, 400, 3))
    assert streams["time between jobs"].mean() == pytest.approx(1 / DISPATCH_SITE.rate, rel=0.03)
    assert 0.2 < streams["to the accelerator"].mean() < 0.5


def test_what_a_policy_never_tries_does_not_show_in_its_streams():
    def avoids(observations):
        return np.where(observations[:, 0] > 0, 1, 0)  # dense jobs never to the accelerator

    fixed = replace(DISPATCH_SITE, dense_fast=0.1)
    for policy, moves in ((avoids, False), (all_to_accelerator, True)):
        before, after = (shifts(policy, site, 100, 1)["return"] for site in (DISPATCH_SITE, fixed))
        assert (before != after).any() == moves


@pytest.mark.parametrize(
    ("change", "stream"),
    [({"rate": 3.0}, "time between jobs"), ({"rate": 3.0}, "jobs in the queues")],
)
def test_more_jobs_show_in_the_inputs(change, stream):
    before, after = (
        shifts(RULE, site, 200, 1)[stream].mean()
        for site in (DISPATCH_SITE, replace(DISPATCH_SITE, **change))
    )
    assert (after < 0.7 * before) if stream == "time between jobs" else (after > 1.3 * before)


def test_the_share_to_the_accelerator_is_one_where_all_goes_there():
    assert (shifts(all_to_accelerator, DISPATCH_SITE, 5, 0)["to the accelerator"] == 1).all()


def test_a_rig_that_wears_has_a_value_for_each_session_and_one_seed_is_one_rig():
    first, second = (wear_out(PD, seed=4, sessions=6, learned_on=2) for _ in range(2))
    for name, values in first.items():
        assert values.shape == (6,)
        np.testing.assert_array_equal(values, second[name])
    assert (first["return"] > 0).all() and (first["lean"] > 0).all()
    assert (wear_out(PD, seed=5, sessions=6, learned_on=2)["lean"] != first["lean"]).any()


def test_a_worn_rig_surprises_the_model_of_the_new_one(monkeypatch):
    # Wears out a hundred times as fast, so that a few sessions will do.
    monkeypatch.setattr("course_lib.worlds.rig.STEPS_OF_WEAR", 200)
    found = wear_out(PD, seed=4, sessions=8, learned_on=1)
    assert np.nanmean(found["surprise"][3:]) > 1.1 * found["surprise"][0]
