"""Where policies end in a simulator, and how much of the places that covers."""

import numpy as np
import pytest

from course_lib.transfer.skills.coverage import all_ends, coverage, ends_in
from course_lib.transfer.skills.tasks import TASKS
from course_lib.worlds.puck import PuckPhysics

PUCK = TASKS["puck"]


def strike(strength):
    return lambda seen: np.tile([0.0, strength], (len(seen), 1))


def test_ends_are_where_the_puck_stopped_and_not_where_the_next_episode_starts():
    ends, successes = ends_in(PuckPhysics(), strike(0.4), 20)
    assert ends.shape == (20, 2) and not successes.any()
    assert (ends[:, 1] > 0.3).all()
    farther, _ = ends_in(PuckPhysics(friction=0.05), strike(0.4), 20)
    assert (farther[:, 1] > ends[:, 1] + 0.2).all()


def test_successes_are_those_of_the_task():
    friction = np.linspace(0.02, 0.4, 30)
    rates = [ends_in(PuckPhysics(friction=f), strike(0.6), 10)[1].mean() for f in friction]
    ends = [ends_in(PuckPhysics(friction=f), strike(0.6), 10)[0] for f in friction]
    inside = [(np.linalg.norm(e - PUCK.target, axis=1) < 0.15).mean() for e in ends]
    assert max(rates) > 0
    np.testing.assert_allclose(rates, inside)


def test_ends_of_several_policies_stay_apart():
    ends, successes = all_ends(PuckPhysics(), [strike(0.0), strike(0.5)], each=4)
    assert ends.shape == (2, 4, 2) and successes.shape == (2, 4)
    assert (np.abs(ends[0]) < 0.03).all() and (ends[1, :, 1] > 0.3).all()


def test_one_place_covers_what_is_close_to_it():
    rng = np.random.default_rng(1)
    at = PUCK.coordinates(PUCK.draw(rng, 20_000))
    target = PUCK.coordinates(PUCK.target[None])
    expected = (np.linalg.norm(at - target, axis=1) < 0.15).mean()
    assert coverage(PUCK.target[None], PUCK) == pytest.approx(expected, abs=0.02)
    assert coverage(np.array([[0.0, -9.0]]), PUCK) == 0


def test_everything_is_covered_by_enough_and_a_second_time_by_nothing_more():
    ends = PUCK.draw(np.random.default_rng(2), 300)
    assert coverage(ends, PUCK) > 0.99
    assert coverage(np.vstack([ends[:5], ends[:5]]), PUCK) == coverage(ends[:5], PUCK)
