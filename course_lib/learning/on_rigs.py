"""Policies on many rigs, in parallel."""

from collections.abc import Iterable, Sequence

import numpy as np
from joblib import Parallel, delayed

from course_lib.learning.evaluate import Policy
from course_lib.learning.store import ResultStore, key_of, provenance_of
from course_lib.worlds import Rig


def mean_returns_on_rigs(
    policies: Sequence[Policy], rigs: Iterable[int], episodes: int = 10
) -> np.ndarray:
    """The mean return of each policy on each rig, shape (policies, rigs).

    `rigs` are seeds. Every policy gets a fresh rig of each seed, so that all of them meet the same
    machines and the same disturbances. Work is spread over all cores through joblib. A policy with
    a `fingerprint` is run once: what it earned is stored.
    """
    rigs = [int(seed) for seed in rigs]
    calls = (delayed(_run_on)(policy, rigs, episodes) for policy in policies)
    return np.array(Parallel(n_jobs=-1)(calls))


def _run_on(policy: Policy, rigs: list[int], episodes: int) -> list[float]:
    fingerprint = getattr(policy, "fingerprint", None)
    if fingerprint is None:
        return _earned(policy, rigs, episodes)
    config = {"policy": fingerprint, "rigs": rigs, "episodes": episodes}
    about = provenance_of(_earned, config, seed=0)
    store = ResultStore()
    try:
        return store.get(key_of(about))
    except KeyError:
        earned = _earned(policy, rigs, episodes)
        store.put(key_of(about), earned, about)
        return earned


def _earned(policy: Policy, rigs: list[int], episodes: int) -> list[float]:
    return [float(Rig(seed).run(policy, episodes).mean()) for seed in rigs]
