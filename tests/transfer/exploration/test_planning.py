"""Planning: against every policy there is, against Monte Carlo, and against the closed form."""

import itertools

import numpy as np
import pytest
from tiny_worlds import every_policy, random_world

from course_lib.transfer.exploration.collecting import Reality, mean_return, only
from course_lib.transfer.exploration.planning import (
    chances,
    greedy,
    occupancies,
    optimal_q,
    optimum,
    value_of,
)
from course_lib.worlds import Lock


def slow_value(policy, model, state=None, h=0):
    """The value of a policy (H, S) by walking through every way it can go."""
    if state is None:
        states = range(len(model.start))
        return sum(model.start[s] * slow_value(policy, model, s) for s in states)
    if h == len(policy):
        return 0.0
    a = policy[h, state]
    ahead = (
        model.transitions[h, state, a, to] * slow_value(policy, model, to, h + 1)
        for to in range(len(model.start))
    )
    return model.rewards[h, state, a] + sum(ahead)


@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_the_best_of_all_policies(seed):
    model = random_world(seed)
    values = [value_of(policy, model) for policy in every_policy(model)]
    assert optimum(model) == pytest.approx(max(values))
    assert value_of(greedy(optimal_q(model)), model) == pytest.approx(max(values))


def test_the_value_of_a_policy_is_the_sum_over_all_ways():
    model = random_world(4)
    for policy in itertools.islice(every_policy(model), 0, None, 37):
        assert value_of(policy, model) == pytest.approx(slow_value(policy, model))


def test_the_optimum_of_a_lock_is_to_bail_out_or_to_walk_through():
    for win, cost, horizon in ((0.9, 0.002, 8), (0.9, 0.1, 6), (0.2, 0.0, 3)):
        lock = Lock(horizon=horizon, win=win, cost=cost, code=horizon)
        assert optimum(lock.model()) == pytest.approx(max(0.5, win - horizon * cost))


def test_labels_do_not_change_what_can_be_won():
    for code in range(5):
        plain, other = (Lock(win=0.9, slip=0.1, code=code, relabelled=r) for r in (False, True))
        assert optimum(plain.model()) == pytest.approx(optimum(other.model()))


@pytest.mark.parametrize("lock", [Lock(3, win=0.8, slip=0.2), Lock(2, corridor=1, relabelled=True)])
def test_values_are_those_of_episodes(lock):
    rng = np.random.default_rng(0)
    policies = [
        greedy(optimal_q(lock.model())),
        rng.dirichlet(np.ones(3), size=(lock.steps, len(lock.names))),
    ]
    for policy in policies:
        data = Reality(lock, 1).run(only(chances(policy, 3)), 40_000)
        assert mean_return(data, 40_000) == pytest.approx(value_of(policy, lock.model()), abs=0.01)


def test_occupancies_are_how_often_pairs_are_met():
    model, rng = random_world(5), np.random.default_rng(0)
    policy = rng.dirichlet(np.ones(2), size=(3, 3))
    visits = occupancies(policy, model)
    np.testing.assert_allclose(visits.sum(axis=(1, 2)), 1)
    np.testing.assert_allclose(visits[0], model.start[:, None] * policy[0])
    second = sum(
        visits[0, s, a] * model.transitions[0, s, a] for s in range(3) for a in range(2)
    )  # fmt: skip
    np.testing.assert_allclose(visits[1], second[:, None] * policy[1])


def test_a_policy_of_actions_is_one_of_certain_chances():
    policy = np.array([[0, 2], [1, 1]])
    table = chances(policy, 3)
    assert table.shape == (2, 2, 3)
    np.testing.assert_array_equal(table.argmax(axis=2), policy)
    np.testing.assert_array_equal(table.sum(axis=2), 1)
    assert chances(np.stack([policy] * 4), 3).shape == (4, 2, 2, 3)
    assert chances(table, 3) is table


@pytest.mark.parametrize("wrong", [np.full((2, 2, 3), 0.5), np.full((2, 2, 2), 0.5)])
def test_what_is_no_policy_of_three_actions_is_refused(wrong):
    with pytest.raises(ValueError, match="last axis must be the chances of 3 actions"):
        chances(wrong, 3)


@pytest.mark.parametrize("zeta", [0.3, 1.0])
def test_noise_around_bailing_out_walks_through_the_chain_with_chance_zeta_over_a_to_the_h(zeta):
    lock = Lock(horizon=5, actions=3, win=1.0)
    bails = np.zeros((5, 5), dtype=int)
    bails[:, :2] = (lock.right + 1) % 3
    policy = (1 - zeta) * chances(bails, 3) + zeta / 3
    visits = occupancies(policy, lock.model())
    through = sum(visits[4, s, lock.right[4, s]] for s in range(2))
    assert through == pytest.approx((zeta / 3) ** 5)
