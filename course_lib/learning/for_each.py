"""One function for many policies, in parallel, and each result kept."""

from collections.abc import Callable, Sequence
from typing import Any

from course_lib.learning.evaluate import Policy
from course_lib.learning.store import ResultStore, provenance_of
from course_lib.learning.stored_calls import Call, results_of


def for_each(function: Callable[..., Any], policies: Sequence[Policy], **config) -> list[Any]:
    """`function(policy=policy, **config)` for each policy, in their order.

    Work is spread over all cores through joblib. The result of a policy that tells what it is (a
    trained one by its fingerprint, a recipe of this package by its fields) is stored, and read the
    next time.
    """
    calls = [
        Call(function, {"policy": policy, **config}, _provenance(function, policy, config))
        for policy in policies
    ]
    return results_of(calls, ResultStore())


def _provenance(
    function: Callable[..., Any], policy: Policy, config: dict[str, Any]
) -> dict[str, Any] | None:
    """What a result depends on; None if nobody knows, as for a policy that is a mere function."""
    try:
        return provenance_of(function, {"policy": policy, **config}, seed=0)
    except ValueError:
        return None
