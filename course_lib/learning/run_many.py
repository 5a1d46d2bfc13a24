"""Run one function for many configurations and seeds, in parallel, and keep the results."""

import copy
import inspect
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from joblib import Parallel, delayed

from course_lib.learning.progress import progress_bar
from course_lib.learning.store import ResultStore, key_of, provenance_of


def run_many(
    function: Callable[..., Any],
    configs: Mapping[str, Mapping[str, Any]],
    seeds: Iterable[int],
    *,
    store: ResultStore | None | str = "default",
    workers: int | None = None,
    progress: bool = True,
) -> dict[str, list[Any]]:
    """Call `function(**config, seed=seed)` for every configuration and seed.

    Returns, under each configuration's name, the results in the order of `seeds`. A result that is
    stored already is read; a new one is stored as soon as it is there, so that an interrupted run
    loses nothing. `store=None` runs everything and stores nothing.

    Work is spread over `workers` processes (all cores unless told) through joblib; choose another
    backend with `joblib.parallel_config(backend=...)`. A function with an argument `progress` is
    told to draw no bar of its own.
    """
    seeds = list(seeds)
    store = ResultStore() if store == "default" else store
    results: dict[str, list[Any]] = {name: [None] * len(seeds) for name in configs}
    to_do = []
    for name, config in configs.items():
        for i, seed in enumerate(seeds):
            about = provenance_of(function, config, seed) if store else None
            try:
                if store is None:
                    raise KeyError
                results[name][i] = store.get(key_of(about))
            except KeyError:
                to_do.append((name, i, seed, config, about))
    quiet = {"progress": False} if "progress" in inspect.signature(function).parameters else {}
    calls = (
        delayed(_call)(place, function, {**quiet, **config, "seed": seed})
        for place, (_, _, seed, config, _) in enumerate(to_do)
    )
    pool = Parallel(
        n_jobs=min(workers or os.cpu_count() or 1, len(to_do)) or 1,
        return_as="generator_unordered",
    )
    name_of_work = getattr(function, "__name__", "runs")
    with progress_bar(len(to_do), name_of_work, shown=progress and bool(to_do)) as bar:
        for place, result, seconds in pool(calls):
            name, i, _, _, about = to_do[place]
            results[name][i] = result
            if store:
                store.put(key_of(about), result, about | {"seconds": round(seconds, 2)})
            bar.update()
    return results


def _call(place: int, function: Callable, arguments: Mapping[str, Any]) -> tuple[int, Any, float]:
    start = time.perf_counter()
    # A copy: a call must not find what an earlier one in this process changed.
    result = function(**copy.deepcopy(arguments))
    return place, result, time.perf_counter() - start
