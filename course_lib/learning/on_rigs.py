"""Policies on many rigs, in parallel."""

from collections.abc import Iterable, Sequence

import numpy as np

from course_lib.learning.evaluate import Policy
from course_lib.learning.for_each import for_each
from course_lib.worlds import Rig


def mean_returns_on_rigs(
    policies: Sequence[Policy], rigs: Iterable[int], episodes: int = 10
) -> np.ndarray:
    """The mean return of each policy on each rig, shape (policies, rigs).

    `rigs` are seeds. Every policy gets a fresh rig of each seed, so that all of them meet the same
    machines and the same disturbances. See `for_each` for what is stored.
    """
    rigs = [int(seed) for seed in rigs]
    return np.array(for_each(earned_on, policies, rigs=rigs, episodes=episodes))


def earned_on(policy: Policy, rigs: list[int], episodes: int) -> list[float]:
    """The mean return of a policy on each of these rigs."""
    return [float(Rig(seed).run(policy, episodes).mean()) for seed in rigs]
