"""What a rehearsal in simulation finds: impossible actions, and going round in circles."""

import numpy as np
import pytest
from gymnasium import spaces

from course_lib.deploy.guard import Guard
from course_lib.deploy.rehearsal import LOOP, rehearse
from course_lib.worlds import DispatchPhysics
from course_lib.worlds.dispatch import HOLD

GUARD = Guard(spaces.Discrete(HOLD + 1))
CLOCKS = [1]  # the time that a job has waited


def shortest(observations):
    return observations[:, 2:8].reshape(-1, 3, 2).sum(axis=2).argmin(axis=1)


def rehearsed(policy, **kwargs):
    return rehearse(
        policy, shortest, DispatchPhysics(), GUARD, clocks=CLOCKS, episodes=20, **kwargs
    )


def test_an_ordinary_policy_has_nothing_to_hide():
    found = rehearsed(shortest)
    assert found.faults == [] and not found.loops.any() and not found.unfinished.any()


def test_every_kind_of_fault_is_told_once():
    def bad(observations):
        actions = shortest(observations).astype(float)
        actions[0], actions[1] = np.nan, 9
        return actions

    faults = rehearsed(bad).faults
    assert [line.split(":")[0] for line in faults] == ["not finite", "outside of the action space"]


def test_holding_for_ever_is_a_loop_that_never_ends():
    found = rehearsed(lambda seen: np.full(len(seen), HOLD))
    assert found.loops.all() and found.unfinished.all() and not found.faults


@pytest.mark.parametrize(("times", "loops"), [(LOOP - 1, False), (LOOP, True)])
def test_a_few_repetitions_are_no_loop(times, loops):
    """Holds the first job so often, then serves."""
    count = []

    def hesitates(observations):
        count.append(1)
        return np.full(len(observations), HOLD) if len(count) <= times else shortest(observations)

    # So few jobs that no other comes in between.
    found = rehearse(
        hesitates, shortest, DispatchPhysics(rate=0.01), GUARD, clocks=CLOCKS, episodes=5
    )
    assert found.loops.all() == loops and not found.unfinished.any()


def test_without_naming_the_clocks_the_loop_would_be_missed():
    found = rehearse(
        lambda seen: np.full(len(seen), HOLD),
        shortest,
        DispatchPhysics(rate=0.01),
        GUARD,
        episodes=5,
    )
    assert not found.loops.any() and found.unfinished.all()


def test_one_seed_is_one_rehearsal():
    def hides(observations):
        return np.where(observations[:, 8] < 0.3, HOLD, shortest(observations))

    first, second = (rehearsed(hides, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.loops, second.loops)
    assert first.loops.all()
