"""Policies on many rigs."""

import numpy as np

from course_lib.learning import PD, lqr, mean_returns_on_rigs
from course_lib.worlds import Rig


def test_each_policy_meets_fresh_rigs_of_the_same_seeds():
    found = mean_returns_on_rigs([PD, lqr(), PD], rigs=[3, 4], episodes=2)
    expected = [[Rig(seed).run(policy, 2).mean() for seed in (3, 4)] for policy in (PD, lqr())]
    np.testing.assert_array_equal(found, [*expected, expected[0]])
