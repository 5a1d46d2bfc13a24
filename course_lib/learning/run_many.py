"""Run one function for many configurations and seeds, in parallel, and keep the results."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from course_lib.learning.store import ResultStore, provenance_of
from course_lib.learning.stored_calls import Call, results_of


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
    loses only what was under way. `store=None` runs everything and stores nothing.

    Work is spread over `workers` processes (all cores unless told) through joblib; choose another
    backend with `joblib.parallel_config(backend=...)`, such as "threading" or "dask". A function
    with an argument `progress` is told to draw no bar of its own.
    """
    seeds = list(seeds)
    store = ResultStore() if store == "default" else store
    quiet = {"progress": False} if "progress" in inspect.signature(function).parameters else {}
    calls = [
        Call(
            function,
            {**quiet, **config, "seed": seed},
            provenance_of(function, config, seed) if store else None,
        )
        for config in configs.values()
        for seed in seeds
    ]
    bar = getattr(function, "__name__", "runs") if progress else None
    results = iter(results_of(calls, store, workers=workers, bar=bar))
    return {name: [next(results) for _ in seeds] for name in configs}
