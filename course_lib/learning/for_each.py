"""One function for many policies, in parallel, and each result kept."""

from collections.abc import Callable, Sequence
from typing import Any

from joblib import Parallel, delayed

from course_lib.learning.evaluate import Policy
from course_lib.learning.store import ResultStore, key_of, provenance_of


def for_each(function: Callable[..., Any], policies: Sequence[Policy], **config) -> list[Any]:
    """`function(policy, **config)` for each policy, in their order.

    Work is spread over all cores through joblib. A policy that tells what it is (a trained one by
    its fingerprint, a recipe of this package by its fields) is run once: its result is stored.
    """
    calls = (delayed(_remembered)(function, policy, config) for policy in policies)
    return list(Parallel(n_jobs=-1)(calls))


def _remembered(function: Callable[..., Any], policy: Policy, config: dict[str, Any]) -> Any:
    try:
        about = provenance_of(function, {"policy": policy, **config}, seed=0)
    except ValueError:  # a function, say: nobody knows what it does
        return function(policy, **config)
    store = ResultStore()
    try:
        return store.get(key_of(about))
    except KeyError:
        result = function(policy, **config)
        store.put(key_of(about), result, about)
        return result
