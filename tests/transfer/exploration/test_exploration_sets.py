"""Exploration sets: one interface, a random tail after the drawn step, and what each set is for."""

import numpy as np
import pytest

from course_lib.transfer.exploration.coverage import Mixture, smallest_eigenvalue
from course_lib.transfer.exploration.exploration_sets import (
    at_random,
    covering,
    explorers,
    lifted,
    skills,
    task_ensemble,
)
from course_lib.transfer.exploration.planning import greedy, occupancies, optimal_q
from course_lib.worlds import Lock
from course_lib.worlds.lock import Tabular

LOCK = Lock(horizon=4, win=0.1, code=1)
SHAPE = (4, 5, 3)


@pytest.mark.parametrize("make", [covering, at_random, task_ensemble, skills])
def test_a_set_has_a_mixture_of_policies_for_each_step(make):
    one, same, other = (make(LOCK, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert len(one) == 4
    for mixture, again in zip(one, same, strict=True):
        assert mixture.policies.shape == (len(mixture.weights), 4, 5)
        assert set(np.unique(mixture.policies)) <= {0, 1, 2}
        assert mixture.weights.sum() == pytest.approx(1)
        np.testing.assert_array_equal(mixture.policies, again.policies)
    if make is not covering:  # which draws nothing
        assert (one[0].policies != other[0].policies).any()


def test_only_coverage_reaches_every_pair_of_the_last_step():
    rng = np.random.default_rng(0)
    worst = {
        make.__name__: smallest_eigenvalue(make(LOCK, rng)[3], LOCK.model(), 3)
        for make in (covering, at_random, task_ensemble, skills)
    }
    assert worst.pop("covering") == pytest.approx(1 / 6)
    assert max(worst.values()) < 0.05


def test_a_task_ensemble_bails_out_or_walks_through():
    policies = task_ensemble(LOCK, np.random.default_rng(0), 50)[0].policies
    through = [
        sum(occupancies(p, LOCK.model())[3, s, LOCK.right[3, s]] for s in range(2))
        for p in policies
    ]
    assert {round(chance, 6) for chance in through} == {0.0, 1.0}
    assert 0.3 < np.mean(through) < 0.7  # half of the chances to win pay for the chain


class Crossing:
    """Two steps: the first action leads from state 0 to one of three states, which tell it."""

    steps = 2

    def model(self):
        transitions = np.tile(np.eye(4)[:, None], (2, 1, 3, 1))
        transitions[0, 0] = np.eye(4)[1:]
        return Tabular(transitions, np.zeros((2, 4, 3)), np.eye(4)[0])


@pytest.mark.parametrize("seed", range(10))
def test_skills_go_where_they_are_told_apart(seed):
    before, after = (
        skills(Crossing(), np.random.default_rng(seed), policies=3, rounds=rounds)[0].policies
        for rounds in (0, 20)
    )
    ways = [set(policies[:, 0, 0]) for policies in (before, after)]
    assert ways[0] <= ways[1]  # where one skill goes alone it stays


def test_skills_on_a_lock_differ_by_where_they_bail_out():
    def told_apart(rounds):
        found = skills(LOCK, np.random.default_rng(0), policies=5, rounds=rounds)[0].policies
        visits = np.array([occupancies(p, LOCK.model()).sum(axis=2) for p in found])[:, :, :3]
        share = visits / np.maximum(visits.sum(axis=0), 1e-12)
        return (visits * share).sum() / visits.sum()  # the posterior's mean chance of being right

    assert told_apart(20) > 0.3 > told_apart(0)


def test_explorers_follow_up_to_and_with_the_step_and_then_act_at_random():
    mixtures = covering(LOCK, np.random.default_rng(0))
    tailed, whole = (explorers(mixtures, SHAPE, tail=tail) for tail in (True, False))
    place = 0
    for h, mixture in enumerate(mixtures):
        for policy, weight in zip(mixture.policies, mixture.weights, strict=True):
            expected = np.eye(3)[policy]
            np.testing.assert_array_equal(whole.policies[place], expected)
            expected[h + 1 :] = 1 / 3
            np.testing.assert_array_equal(tailed.policies[place], expected)
            assert tailed.weights[place] == whole.weights[place] == pytest.approx(weight / 4)
            place += 1
    assert place == len(tailed.policies)
    assert tailed.weights.sum() == pytest.approx(1)


def test_what_the_simulator_does_not_have_is_met_at_random():
    mixtures = [Mixture(np.zeros((1, 2, 5), dtype=int), np.ones(1))] * 2
    larger = explorers(mixtures, (4, 6, 3), tail=False).policies
    np.testing.assert_array_equal(larger[:, :2, :5, 0], 1)
    np.testing.assert_array_equal(larger[:, 2:], 1 / 3)
    np.testing.assert_array_equal(larger[:, :, 5], 1 / 3)


def test_lifting_copies_and_fills():
    table = optimal_q(LOCK.model())
    larger = lifted(table, (6, 6, 3), fill=-1.0)
    np.testing.assert_array_equal(larger[:4, :5], table)
    assert (larger[4:] == -1).all() and (larger[:, 5] == -1).all()
    same = lifted(table, SHAPE, fill=0.0)
    same[:] = 0
    assert table.any()
    np.testing.assert_array_equal(greedy(larger)[:4, :5], greedy(table))


@pytest.mark.parametrize("shape", [(3, 5, 3), (4, 4, 3), (4, 5, 4)])
def test_a_table_is_not_cut(shape):
    with pytest.raises(ValueError, match="does not fit into"):
        lifted(np.zeros(SHAPE), shape, fill=0.0)
