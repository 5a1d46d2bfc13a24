"""Fitted Q: against counting, against least squares on every sample, and with a version space."""

import numpy as np
import pytest

from course_lib.transfer.exploration.collecting import Counts, Reality, Transitions, only
from course_lib.transfer.exploration.fitted_q import fitted_q, regress, version_space_q
from course_lib.transfer.exploration.planning import optimal_q
from course_lib.worlds import Lock

LOCK = Lock(horizon=3, win=0.8, slip=0.1, code=2)
SHAPE = (3, 5, 3)


@pytest.fixture(scope="module")
def data():
    return Reality(LOCK, 0).run(only(np.full(SHAPE, 1 / 3)), 60)


@pytest.fixture(scope="module")
def counts(data):
    return Counts.of(data, SHAPE)


def by_counting(data, prior):
    """Q (H, S, A): the mean target of each pair, one pair at a time."""
    q = prior.copy()
    for h in reversed(range(len(q))):
        after = q[h + 1].max(axis=1) if h + 1 < len(q) else np.zeros(q.shape[1])
        for s, a in np.ndindex(q.shape[1:]):
            rows = (data.h == h) & (data.s == s) & (data.a == a)
            if rows.any():
                q[h, s, a] = (data.r + ~data.done * after[data.next_s])[rows].mean()
    return q


def by_samples(data, features, prior):
    """Q (H, S, A): np.linalg.lstsq on one row per sample, around the prior."""
    q = np.zeros((*SHAPE,))
    after = np.zeros(SHAPE[1])
    for h in reversed(range(len(q))):
        rows = data.h == h
        s, a = data.s[rows], data.a[rows]
        targets = (data.r + ~data.done * after[data.next_s])[rows]
        weights = np.linalg.lstsq(features[s, a], targets - prior[h, s, a], rcond=None)[0]
        q[h] = prior[h] + features @ weights
        after = q[h].max(axis=1)
    return q


@pytest.mark.parametrize("prior", [np.zeros(SHAPE), np.random.default_rng(0).normal(size=SHAPE)])
def test_with_one_feature_per_pair_it_is_counting(data, counts, prior):
    expected = by_counting(data, prior)
    np.testing.assert_allclose(fitted_q(counts, prior=prior), expected, atol=1e-12)
    unseen = counts.visits == 0
    assert unseen[1:, :2].any()
    np.testing.assert_allclose(fitted_q(counts, prior=prior)[unseen], prior[unseen], atol=1e-12)


@pytest.mark.parametrize("kind", ["pairs", "few", "many"])
def test_it_is_least_squares_on_all_samples(data, counts, kind):
    rng = np.random.default_rng(1)
    features = {
        "pairs": np.eye(15).reshape(5, 3, 15),
        "few": rng.normal(size=(5, 3, 4)),
        "many": rng.normal(size=(5, 3, 20)),
    }[kind]
    prior = rng.normal(size=SHAPE)
    got = fitted_q(counts, prior=prior, features=features)
    np.testing.assert_allclose(got, by_samples(data, features, prior), atol=1e-9)


def test_nothing_is_worth_nothing_unless_told(counts):
    np.testing.assert_array_equal(fitted_q(counts), fitted_q(counts, prior=np.zeros(SHAPE)))
    empty = Counts(counts.next * 0, counts.rewards * 0, counts.ends & False)
    assert not fitted_q(empty).any()


def test_with_much_data_it_is_the_optimal_value():
    many = Counts.of(Reality(LOCK, 1).run(only(np.full(SHAPE, 1 / 3)), 200_000), SHAPE)
    good = np.s_[:, :2]
    np.testing.assert_allclose(fitted_q(many)[good], optimal_q(LOCK.model())[good], atol=0.02)


def test_after_an_end_nothing_follows():
    # The next step's data say that state 1 is worth 5; an episode that ends there does not get it.
    data = Transitions(*np.array([[0, 1], [0, 1], [0, 0], [1, 5], [1, 0]]), np.array([True, True]))
    q = fitted_q(Counts.of(data, (2, 2, 1)))
    assert q[:, :, 0].tolist() == [[1.0, 0.0], [0.0, 5.0]]


def backup(simulator, q, h):
    after = q[h + 1].max(axis=1) if h + 1 < len(q) else np.zeros(q.shape[1])
    return simulator.rewards[h] + simulator.transitions[h] @ after


def test_a_version_space_keeps_within_the_tolerance_of_the_simulator(data, counts):
    simulator = Lock(horizon=3, win=0.2, code=2).model()
    tolerance = [0.0, 0.3, 0.05]
    q = version_space_q(counts, simulator, tolerance)
    for h in range(3):
        expected = backup(simulator, q, h)
        assert np.abs(q[h] - expected).max() <= tolerance[h] + 1e-12
        unseen = counts.visits[h] == 0
        np.testing.assert_allclose(q[h][unseen], expected[unseen], atol=1e-12)
    np.testing.assert_allclose(np.abs(q[2] - backup(simulator, q, 2)).max(), 0.05)


@pytest.mark.parametrize(("win", "sign"), [(0.0, 1), (1.0, -1)])
def test_data_pull_to_either_side_until_the_tolerance_is_used_up(counts, win, sign):
    simulator = Lock(horizon=3, win=win, code=2).model()
    q = version_space_q(counts, simulator, [0.0, 0.0, 0.05])
    moved = (q - optimal_q(simulator))[2, [0, 1], LOCK.right[2]]
    assert (counts.visits[2, [0, 1], LOCK.right[2]] > 0).any()
    np.testing.assert_allclose(moved[np.abs(moved) > 0], sign * 0.05)
    assert moved.any()


def test_no_tolerance_is_the_simulator_and_much_of_it_is_the_data(data, counts):
    simulator = Lock(horizon=3, win=0.2, code=2).model()
    np.testing.assert_allclose(version_space_q(counts, simulator, 0.0), optimal_q(simulator))
    loose, seen = version_space_q(counts, simulator, 10.0), counts.visits > 0
    last = np.s_[2]
    np.testing.assert_allclose(loose[last][seen[last]], fitted_q(counts)[last][seen[last]])


def test_a_version_space_needs_only_the_data_that_the_simulator_lacks():
    simulator, real = (Lock(horizon=3, win=win, code=2) for win in (0.1, 0.9))
    data = Reality(real, 0).run(only(np.full(SHAPE, 1 / 3)), 3_000)
    last = Transitions(*(part[data.h == 2] for part in data))
    q = version_space_q(Counts.of(last, SHAPE), simulator.model(), [0, 0, 1])
    np.testing.assert_allclose(q[:, :2], optimal_q(real.model())[:, :2], atol=0.1)


def test_regress_weighs_a_pair_by_its_visits():
    features = np.ones((2, 1, 1))  # both pairs share one weight: the mean of all samples
    totals, visits = np.array([[6.0], [4.0]]), np.array([[3], [1]])
    np.testing.assert_allclose(regress(totals, visits, features), 10 / 4)


def test_a_version_space_refuses_what_it_cannot_use(counts):
    model = Lock(horizon=3).model()
    with pytest.raises(ValueError, match="tolerance must be at least 0, not -1"):
        version_space_q(counts, model, -1)
    with pytest.raises(ValueError, match="a version space needs the same steps, states"):
        version_space_q(counts, Lock(horizon=3, corridor=1).model(), 1)
    with pytest.raises(ValueError):
        version_space_q(counts, model, [0.1, 0.2])
