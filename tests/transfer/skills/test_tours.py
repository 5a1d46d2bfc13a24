"""Exploring policies: tours of places, and noise."""

import numpy as np
import pytest

from course_lib.transfer.skills.goals import with_goal
from course_lib.transfer.skills.tasks import TASKS
from course_lib.transfer.skills.tours import HandedOver, Noisy, Tour, tours

both = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


@both
def test_a_tour_goes_to_one_place_after_the_other_for_equal_times(task):
    size = len(task.unit)
    places = task.target + np.arange(3)[:, None] * np.ones(size)
    shown = []

    def to_goal(seen):
        shown.append(seen[:, -size:])
        return np.zeros((len(seen), 2))

    tour = Tour(to_goal, task, places)
    for step in range(task.steps):
        seen = np.full((2, 5), step / task.steps, dtype=np.float32)
        assert tour(seen).shape == (2, 2)
    expected = [with_goal(np.zeros((1, 0)), p[None], task)[0] for p in places]
    visited = [np.flatnonzero((np.array(expected) == s[0]).all(axis=1))[0] for s in shown]
    assert visited == sorted(visited)
    assert np.bincount(visited).tolist() == [task.steps // 3] * 3


def test_rows_of_different_times_want_different_places():
    task = TASKS["arm"]
    tour = Tour(lambda seen: seen[:, -3:], task, task.target + [[0.3, 0, 0], [0.6, 0, 0]])
    seen = np.array([[0.0], [0.49], [0.5], [1.0]], dtype=np.float32)
    np.testing.assert_allclose(tour(seen)[:, 0], [1, 1, 2, 2])


@both
def test_a_set_of_tours_covers_what_is_drawn(task):
    made = tours(None, task, np.random.default_rng(0), n=15)
    places = np.concatenate([tour.places for tour in made])
    assert len(made) == 15 and len(places) == 15 * task.stops

    def nearest(points):
        at = task.coordinates(points)
        away = np.linalg.norm(at[:, None] - at, axis=2)
        return (away + 1e9 * np.eye(len(points))).min(axis=1)

    by_chance = [
        nearest(task.draw(np.random.default_rng(seed), len(places))).min() for seed in range(20)
    ]
    assert nearest(places).min() > max(by_chance)
    low, high = (f(task.draw(np.random.default_rng(9), 5_000), axis=0) for f in (np.min, np.max))
    assert (places >= low - 0.05).all() and (places <= high + 0.05).all()


def test_sets_differ_by_generator_and_are_reproducible():
    task = TASKS["arm"]
    first, again, other = (
        np.array([t.places for t in tours(None, task, np.random.default_rng(seed))])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_noise_is_normal_of_its_scale_and_cut_off():
    noisy = Noisy(lambda seen: np.full((len(seen), 2), 0.2), 0.1, np.random.default_rng(0))
    actions = noisy(np.zeros((5_000, 3)))
    assert actions.mean() == pytest.approx(0.2, abs=0.01)
    assert actions.std() == pytest.approx(0.1, rel=0.05)
    wild = Noisy(lambda seen: np.zeros((len(seen), 2)), 5.0, np.random.default_rng(0))
    assert np.abs(wild(np.zeros((100, 3)))).max() == 1.0


def test_one_policy_hands_over_to_another_when_its_time_is_over():
    policy = HandedOver(lambda seen: seen + 10, lambda seen: seen + 20, at=0.5)
    acting = [float(policy(np.array([[t]]))[0, 0] - t) for t in (0.0, 0.49, 0.5, 1.0)]
    np.testing.assert_allclose(acting, [10, 10, 20, 20])
