"""The six numbers by which ways of transfer are compared, on examples that can be done by hand."""

import numpy as np
import pytest

from course_lib.gap.transfer_metrics import (
    CATASTROPHE,
    WITHIN,
    Scale,
    adapted_at,
    avoided,
    robustness,
    safety,
    worst,
)

# Performance


def test_performance_is_0_at_random_and_1_at_the_target():
    scale = Scale(random=10.0, target=2.0)
    slowdown = np.array([[10.0, 2.0, 6.0], [1.0, 12.0, 4.0]])
    found = scale.performance(slowdown)
    np.testing.assert_allclose(found, [[0, 1, 0.5], [1.125, -0.25, 0.75]])
    assert scale.performance(8.0) == 0.25
    np.testing.assert_allclose(scale.performance([10, 2]), [0, 1])


def test_a_target_worse_than_random_turns_the_scale_around():
    assert Scale(random=2.0, target=4.0).performance(np.array(3.0)) == 0.5
    assert Scale(random=2.0, target=4.0).performance(np.array(1.0)) == -0.5


def test_a_scale_without_length_is_refused():
    with pytest.raises(ValueError, match="random decisions are as good as the target"):
        Scale(3.0, 3.0).performance(np.ones(3))


# Adaptation


@pytest.mark.parametrize(
    ("performance", "at"),
    [
        ([0.1, 0.5, 0.98, 1.0], 2),
        ([0.1, 0.5, 0.9, 1.0], 3),
        ([1.0, 1.0, 1.0], 0),
        ([0.96, 0.2, 1.0, 1.0], 2),  # it was near already, and left again
        ([1.2, 1.0, 1.0], 1),  # too good is far as well
        ([-0.2, -0.5, -0.51], 1),  # nearness is a share of what is negative, too
        ([0.0, 0.0], 0),
        ([0.01, 0.0], 1),
        ([5.0], 0),
    ],
)
def test_adapted_is_from_when_on_performance_stays_near_the_last(performance, at):
    found = adapted_at(np.array(performance))
    assert found == at and isinstance(found, int)


def test_the_edge_of_near_is_near():
    assert WITHIN == 0.05
    assert adapted_at(np.array([19.0, 21.0, 20.0])) == 0
    assert adapted_at(np.array([18.9, 21.0, 20.0])) == 1
    assert adapted_at(np.array([19.0, 21.1, 20.0])) == 2


# Delay avoided, and robustness


def test_the_delay_avoided_is_a_share_of_that_of_random_decisions():
    slowdown, random = np.array([1.0, 3.0, 5.0, 7.0]), np.array([5.0, 5.0, 5.0, 4.0])
    np.testing.assert_allclose(avoided(slowdown, random), [1, 0.5, 0, -1])


def test_robustness_is_the_lower_quartile_over_what_is_avoided_in_the_simulator():
    random_unseen = np.array([11.0, 11.0, 5.0, 3.0, 21.0])
    unseen = np.array([2.0, 6.0, 4.0, 2.0, 1.0])  # avoids 0.9, 0.5, 0.25, 0.5 and 1
    found = robustness(unseen, random_unseen, nominal=2.0, random_nominal=6.0)  # 0.8
    assert found == pytest.approx(0.5 / 0.8) and isinstance(found, float)
    assert robustness(np.array([3.0] * 4), np.array([5.0] * 4), 3.0, 5.0) == 1
    between = robustness(np.array([1.0, 3.0]), np.array([5.0, 5.0]), 1.0, 5.0)
    assert between == pytest.approx(0.5 + 0.25 * 0.5)  # linear between 0.5 and 1


def test_worlds_are_compared_pair_by_pair():
    unseen, random = np.array([2.0, 9.0, 3.0]), np.array([3.0, 17.0, 9.0])
    order = [2, 0, 1]
    one = robustness(unseen, random, 2.0, 5.0)
    assert robustness(unseen[order], random[order], 2.0, 5.0) == one
    assert robustness(unseen, random[order], 2.0, 5.0) != one


# Safety


def test_safety_is_the_share_of_episodes_without_a_catastrophe():
    assert CATASTROPHE == 0.5
    found = safety(np.array([0.0, 0.5, 0.51, 1.0]))  # half of the jobs is just bearable
    assert found == 0.5 and isinstance(found, float)
    assert safety([0.2, 0.9, 0.1, 0.3]) == 0.75


@pytest.mark.parametrize(
    ("share", "expected"), [(0.05, 9), (0.1, 9), (0.2, 8.5), (0.24, 8.5), (0.5, 7), (1.0, 4.5)]
)
def test_the_worst_are_the_largest_and_at_least_one(share, expected):
    values = np.array([3.0, 9.0, 0.0, 8.0, 1.0, 7.0, 2.0, 6.0, 4.0, 5.0])
    found = worst(values, share)
    assert found == expected and isinstance(found, float)
    assert values[1] == 9.0 and values[-1] == 5.0  # they stay in their order


def test_the_worst_are_five_in_a_hundred_unless_told():
    assert worst(np.arange(100.0)) == 97
    assert worst(np.array([2.0])) == 2
