"""Coverage: against SciPy on a world of its own, against optima known in closed form."""

import numpy as np
import pytest
from scipy.optimize import minimize
from tiny_worlds import every_policy, random_world

from course_lib.transfer.exploration import coverage
from course_lib.transfer.exploration.coverage import (
    Mixture,
    covariance_of,
    cover,
    pairs,
    seek,
    smallest_eigenvalue,
    visits_at,
)
from course_lib.transfer.exploration.planning import chances, occupancies
from course_lib.worlds import Lock


def logdet(visits, phi, reg):
    covariance = np.einsum("sa,sai,saj->ij", visits, phi, phi)
    return np.linalg.slogdet(covariance + reg * np.eye(phi.shape[2]))[1]


def visits_of(mixture, model, h):
    stack = [occupancies(policy, model)[h] for policy in mixture.policies]
    return np.tensordot(mixture.weights, stack, 1)


def best_by_scipy(model, h, phi, reg):
    """The largest log det over all mixtures of all deterministic policies."""
    every = np.array([occupancies(policy, model)[h] for policy in every_policy(model)])
    every = np.unique(every.round(12), axis=0)

    def loss(z):
        weights = np.exp(z - z.max())
        return -logdet(np.tensordot(weights / weights.sum(), every, 1), phi, reg)

    return -minimize(loss, np.zeros(len(every)), method="BFGS").fun


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("h", [0, 1, 2])
def test_frank_wolfe_finds_what_a_general_optimiser_finds(seed, h):
    model = random_world(seed, (3, 2, 2))
    dense = np.random.default_rng(seed).normal(size=(2, 2, 3))
    for phi in (pairs(model, h), dense):
        mixture = cover(model, h, phi, iterations=2_000, reg=1e-2, tolerance=1e-3)
        reached = logdet(visits_of(mixture, model, h), phi, 1e-2)
        assert reached == pytest.approx(best_by_scipy(model, h, phi, 1e-2), abs=5e-3)


@pytest.mark.parametrize(("actions", "good"), [(2, 1), (3, 2), (4, 3)])
def test_a_lock_can_be_covered_evenly_at_every_step(actions, good):
    lock = Lock(horizon=5, actions=actions, good=good, win=0.1)
    model = lock.model()
    for h in range(5):
        mixture = cover(model, h)
        visits = visits_of(mixture, model, h)
        np.testing.assert_allclose(visits[:good], 1 / (actions * good), atol=1e-9)
        even = smallest_eigenvalue(mixture, model, h)
        assert even == pytest.approx(1 / (actions * good))


def test_it_stops_once_nothing_is_to_be_gained(monkeypatch):
    sought = []
    monkeypatch.setattr(
        coverage, "seek", lambda *of: sought.append(of) or seek(*of)
    )  # counts the planning problems
    mixture = cover(Lock(horizon=4, actions=3).model(), 3, iterations=1_000)
    assert len(mixture.policies) == 3 and len(sought) == 4  # of each state, every action once
    sought.clear()
    uneven = random_world(0)
    assert len(cover(uneven, 2, iterations=7, tolerance=0.0).policies) <= 7 == len(sought)


def test_what_is_left_to_gain_is_within_the_tolerance():
    model, reg = random_world(1, (3, 2, 2)), 1e-2
    phi = pairs(model, 2)
    for tolerance in (0.1, 0.01):
        mixture = cover(model, 2, iterations=5_000, reg=reg, tolerance=tolerance)
        left = best_by_scipy(model, 2, phi, reg) - logdet(visits_of(mixture, model, 2), phi, reg)
        assert left <= tolerance * phi.shape[2]


def test_weights_are_how_often_a_policy_was_chosen():
    mixture = cover(random_world(1), 2, iterations=10, tolerance=0.0)
    assert mixture.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(mixture.weights * 10, np.round(mixture.weights * 10))
    assert len(np.unique(mixture.policies, axis=0)) == len(mixture.weights)


def test_seek_is_the_best_of_all_policies_for_a_reward_at_one_step():
    model, rng = random_world(2), np.random.default_rng(0)
    for h in range(3):
        reward = rng.normal(size=(3, 2))
        values = [(occupancies(p, model)[h] * reward).sum() for p in every_policy(model)]
        found = occupancies(seek(reward, model, h), model)[h]
        assert (found * reward).sum() == pytest.approx(max(values))


def test_visits_at_a_step_are_the_occupancies_of_that_step():
    model, rng = random_world(3), np.random.default_rng(0)
    for policy in (rng.integers(2, size=(3, 3)), rng.dirichlet(np.ones(2), size=(3, 3))):
        for h in range(3):
            np.testing.assert_allclose(
                visits_at(policy, model, h), occupancies(policy, model)[h], atol=1e-12
            )


def test_there_is_one_feature_for_each_pair_that_can_be_met_and_goes_on():
    lock = Lock(horizon=3, actions=3, good=2, corridor=2)
    model = lock.model()
    for h, states in enumerate([[0, 1], [0, 1], [0, 1], [5], [5]]):
        phi = pairs(model, h)
        assert phi.shape == (6, 3, 3 * len(states))
        np.testing.assert_array_equal(np.flatnonzero(phi.any(axis=(1, 2))), states)
        met = phi[states].reshape(-1, phi.shape[2])
        np.testing.assert_array_equal(met, np.eye(len(met)))


def test_the_covariance_of_pairs_is_how_often_each_is_met():
    model = random_world(4)
    visits = occupancies(np.full((3, 3, 2), 0.5), model)[1]
    np.testing.assert_allclose(covariance_of(visits, pairs(model, 1)), np.diag(visits.ravel()))


def test_the_smallest_eigenvalue_is_what_is_seen_least():
    model = Lock(horizon=2, good=1, actions=2).model()
    policies = np.zeros((2, 2, 4), dtype=int)
    policies[1] = 1
    mixture = Mixture(policies, np.array([0.9, 0.1]))
    assert smallest_eigenvalue(mixture, model, 0) == pytest.approx(0.1)
    alike = Mixture(chances(policies, 2), mixture.weights)
    assert smallest_eigenvalue(alike, model, 0) == pytest.approx(0.1)


@pytest.mark.parametrize("h", [-1, 3])
def test_a_step_that_is_not_there_is_refused(h):
    with pytest.raises(ValueError, match=f"h must be a step, 0 … 2, not {h}"):
        cover(random_world(0), h)
