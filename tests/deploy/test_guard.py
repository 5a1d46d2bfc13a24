"""A fault never reaches the system, whatever a policy returns or raises."""

import re

import numpy as np
import pytest
from gymnasium import spaces

from course_lib.deploy.guard import Guard

SEEN = np.zeros((4, 2), dtype=np.float32)
SAFE = np.array([0, 1, 0, 1])
DISCRETE = Guard(spaces.Discrete(3))
BOX = Guard(spaces.Box(-1.0, 2.0, (2,), np.float32))
SAFE_BOX = np.full((4, 2), 0.5, dtype=np.float32)


def proposing(values):
    return lambda observations: np.array(values)


@pytest.mark.parametrize("dtype", [int, np.int32, np.float64, np.float32])
def test_a_legal_proposal_passes_as_it_is(dtype):
    actions, faults = DISCRETE.ask(proposing(np.array([2, 0, 1, 2], dtype)), SEEN, SAFE)
    assert actions.tolist() == [2, 0, 1, 2] and actions.dtype == SAFE.dtype and not faults


@pytest.mark.parametrize(
    ("values", "fault", "actions"),
    [
        ([2, 3, 1, 2], r"outside of the action space: 3 \(1 of 4\)", [2, 1, 1, 2]),
        ([-1, 0, 1, -1], r"outside of the action space: -1 \(2 of 4\)", [0, 0, 1, 1]),
        ([2, 0, 1.5, 2], "outside of the action space: 1.5", [2, 0, 0, 2]),
        ([2, float("nan"), 1, 2], "not finite: nan", [2, 1, 1, 2]),
        ([float("inf"), 0, 1, 2], "not finite: inf", [0, 0, 1, 2]),
        ([1e300, 0, 1, 2], "outside of the action space: 1.e", [0, 0, 1, 2]),
    ],
)
def test_a_fault_in_one_place_is_replaced_there_and_told(values, fault, actions):
    done, faults = DISCRETE.ask(proposing(values), SEEN, SAFE)
    assert done.tolist() == actions
    assert len(faults) == 1 and re.match(fault, faults[0])


@pytest.mark.parametrize("bad", [-1.1, 2.1, float("nan"), float("-inf")])
def test_a_continuous_action_is_replaced_whole_if_one_entry_is_bad(bad):
    values = np.ones((4, 2))
    values[2, 1] = bad
    actions, faults = BOX.ask(proposing(values), SEEN, SAFE_BOX)
    np.testing.assert_array_equal(actions, [[1, 1], [1, 1], [0.5, 0.5], [1, 1]])
    assert len(faults) == 1 and actions.dtype == np.float32


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ([1, 2], r"actions of shape (2,) in place of (4,)"),
        (1, r"actions of shape () in place of (4,)"),
        ([[1], [1], [1], [1]], r"actions of shape (4, 1) in place of (4,)"),
        (["a", "b", "c", "d"], "actions of type <U1"),
        ([None] * 4, "actions of type object"),
        ([1 + 2j] * 4, "actions of type complex128"),
        ([True, False, True, False], "actions of type bool"),
    ],
)
def test_what_is_no_array_of_actions_is_replaced_everywhere(values, fault):
    actions, faults = DISCRETE.ask(proposing(values), SEEN, SAFE)
    assert actions.tolist() == SAFE.tolist() and faults == [fault]


def test_a_policy_that_raises_is_a_fault():
    def broken(observations):
        raise KeyError("queue")

    actions, faults = DISCRETE.ask(broken, SEEN, SAFE)
    assert actions.tolist() == SAFE.tolist()
    assert faults == ["the policy raised KeyError: 'queue'"]


def test_a_policy_cannot_change_what_others_see():
    def scribbles(observations):
        observations[:] = 7
        return SAFE

    DISCRETE.ask(scribbles, SEEN, SAFE)
    assert not SEEN.any()


def test_rules_of_your_own_are_kept_and_named():
    guard = Guard(spaces.Discrete(3), {"no 2 at an even site": lambda seen, a: a != 2})
    actions, faults = guard.ask(proposing([2, 5, 1, 2]), SEEN, SAFE)
    assert actions.tolist() == [0, 1, 1, 1]
    assert faults == ["outside of the action space: 5 (1 of 4)", "no 2 at an even site: 2 (2 of 4)"]


def test_actions_that_start_elsewhere_are_known():
    guard = Guard(spaces.Discrete(2, start=1))
    actions, faults = guard.ask(proposing([1, 2, 0, 1]), SEEN, np.ones(4, dtype=int))
    assert actions.tolist() == [1, 2, 1, 1] and len(faults) == 1


def test_no_random_garbage_ever_passes():
    rng = np.random.default_rng(0)
    pool = np.array([0, 1, 2, 3, -1, 0.5, np.nan, np.inf, -np.inf, 1e18, 2**62, -0.0])
    faulty = 0
    for _ in range(500):
        values = rng.choice(pool, 4)
        actions, faults = DISCRETE.ask(proposing(values), SEEN, SAFE)
        assert np.isin(actions, [0, 1, 2]).all()
        good = np.isin(values, [0, 1, 2])
        assert bool(faults) == (not good.all())
        np.testing.assert_array_equal(actions, np.where(good, values, SAFE))
        faulty += bool(faults)
    assert 100 < faulty < 500
