"""Policies on many rigs, in parallel."""

from collections.abc import Iterable, Sequence

import numpy as np
from joblib import Parallel, delayed

from course_lib.learning.evaluate import Policy
from course_lib.worlds import Rig


def mean_returns_on_rigs(
    policies: Sequence[Policy], rigs: Iterable[int], episodes: int = 10
) -> np.ndarray:
    """The mean return of each policy on each rig, shape (policies, rigs).

    `rigs` are seeds. Every policy gets a fresh rig of each seed, so that all of them meet the same
    machines and the same disturbances. Work is spread over all cores through joblib.
    """
    rigs = list(rigs)
    calls = (delayed(_run_on)(policy, rigs, episodes) for policy in policies)
    return np.array(Parallel(n_jobs=-1)(calls))


def _run_on(policy: Policy, rigs: list[int], episodes: int) -> list[float]:
    return [float(Rig(seed).run(policy, episodes).mean()) for seed in rigs]
