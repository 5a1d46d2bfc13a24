"""Policies with a memory of their own are told, once and in time, that new episodes start."""

import numpy as np
import pytest

from course_lib.learning import PD, evaluate, mean_returns, record
from course_lib.worlds import BudgetSpent, CartPolePhysics, PolicyFault, Rig
from course_lib.worlds.history import begin


class Diary:
    """Pushes right, and writes down what it is told and asked."""

    def __init__(self):
        self.entries = []

    def begin(self, episodes):
        self.entries.append(f"begin {episodes}")

    def __call__(self, observations):
        self.entries.append(f"act {len(observations)}")
        return np.ones(len(observations), dtype=int)


class Tiring:
    """Balances for 15 steps after `begin`, then lets the pole fall."""

    def begin(self, episodes):
        self.left = 15

    def __call__(self, observations):
        self.left -= 1
        return PD(observations) if self.left >= 0 else np.ones(len(observations), dtype=int)


def test_a_policy_is_told_how_many_episodes_start():
    policy = Diary()
    begin(policy, 7)
    begin(policy, 2)
    assert policy.entries == ["begin 7", "begin 2"]


def test_a_policy_that_keeps_no_memory_need_not_know():
    for policy in (PD, lambda observations: observations):
        begin(policy, 3)


RUNS = {
    "evaluate": lambda policy: evaluate(policy, CartPolePhysics(), 3),
    "record": lambda policy: record(policy, CartPolePhysics(), 3),
    "mean_returns": lambda policy: mean_returns([policy], CartPolePhysics(), 3),
    "rig": lambda policy: Rig(3).run(policy, 3),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_whoever_runs_a_policy_says_so_once_and_before_the_first_step(run):
    policy = Diary()
    run(policy)
    run(policy)
    starts = [i for i, entry in enumerate(policy.entries) if entry == "begin 3"]
    acts = policy.entries.count("act 3")
    assert starts == [0, len(policy.entries) // 2]
    assert acts == len(policy.entries) - 2 > 10


def test_every_run_on_one_rig_begins_anew():
    rig, policy = Rig(3), Tiring()
    first, second = rig.run(policy, 4), rig.run(policy, 4)
    assert first.min() > 15
    assert second.min() > 15
    again = Rig(3)
    np.testing.assert_array_equal(again.run(policy, 4), first)


def test_an_evaluation_does_not_depend_on_an_earlier_one():
    policy = Tiring()
    first = evaluate(policy, CartPolePhysics(), 10, seed=2)
    assert first.min() > 15
    np.testing.assert_array_equal(evaluate(policy, CartPolePhysics(), 10, seed=2), first)
    assert record(policy, CartPolePhysics(), 10, seed=2).lengths.min() > 15


def test_nothing_begins_where_a_run_is_refused():
    policy = Diary()
    with pytest.raises(ValueError, match="at least one episode"):
        Rig(3).run(policy, 0)
    with pytest.raises(ValueError, match="at least 1"):
        evaluate(policy, CartPolePhysics(), 0)
    assert policy.entries == []


def test_a_rig_without_budget_asks_for_no_action():
    policy, rig = Diary(), Rig(3, budget=2)
    with pytest.raises(BudgetSpent):
        rig.run(policy, 3)
    assert "act 3" not in policy.entries


def test_a_policy_that_fails_to_begin_is_a_policy_fault_and_costs_nothing():
    class Failing:
        def begin(self, episodes):
            raise RuntimeError("no memory")

        def __call__(self, observations):
            return np.zeros(len(observations), dtype=int)

    rig = Rig(0)
    with pytest.raises(PolicyFault, match="no memory"):
        rig.run(Failing(), 2)
    assert rig.steps_left == rig.budget
