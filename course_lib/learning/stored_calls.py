"""Many calls in parallel, and each result kept: what is stored already is read."""

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from joblib import Parallel, cpu_count, delayed

from course_lib.learning.progress import progress_bar
from course_lib.learning.store import ResultStore, key_of


@dataclass(frozen=True)
class Call:
    """`function(**arguments)`; its result is stored under `provenance`, or not if that is None."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    provenance: Mapping[str, Any] | None


def results_of(
    calls: Sequence[Call],
    store: ResultStore | None,
    *,
    workers: int | None = None,
    bar: str | None = None,
) -> list[Any]:
    """The results of the calls, in their order; without a store none is kept.

    A result that is stored already is read here; the others, each once, are spread over `workers`
    processes (all cores unless told) through joblib. Each new one is stored as soon as it is there,
    so that an interrupted run loses only what was under way. `bar` is the name of a progress bar,
    None draws none.
    """
    keys = [key_of(c.provenance) if store and c.provenance else None for c in calls]
    results: list[Any] = [None] * len(calls)
    missing: dict[str | int, list[int]] = {}  # by key, or place if there is none: equal calls
    for place, key in enumerate(keys):
        if key is None:
            missing[place] = [place]
            continue
        try:
            results[place] = store.get(key)
        except KeyError:
            missing.setdefault(key, []).append(place)
    if not missing:
        return results
    to_do = [first for first, *_ in missing.values()]
    n_jobs = min(workers or cpu_count(), len(to_do))  # joblib's count knows a container's limits
    pool = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    waiting = (delayed(_run)(p, calls[p].function, calls[p].arguments) for p in to_do)
    shown = progress_bar(len(to_do), bar or "", shown=bar is not None)
    # Closed at once when something goes wrong here: else the calls that wait would still be made.
    with shown, closing(pool(waiting)) as finished:
        for place, result, seconds in finished:
            results[place] = result
            if keys[place] is not None:
                about = {**calls[place].provenance, "seconds": round(seconds, 2)}
                store.put(keys[place], result, about)
                for again in missing[keys[place]][1:]:
                    results[again] = store.get(keys[place])
            shown.update()
    return results


def _run(place: int, function: Callable, arguments: Mapping[str, Any]) -> tuple[int, Any, float]:
    start = time.perf_counter()
    # A copy: a call must not find what an earlier one in this process changed.
    result = function(**copy.deepcopy(arguments))
    return place, result, time.perf_counter() - start
