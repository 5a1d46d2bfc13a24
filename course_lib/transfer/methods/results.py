"""The comparison of all methods: run it anew, or read what was stored with the course.

make results LESSON=08                            on all cores of this machine
make results LESSON=08 DASK=tcp://address:8786    on a Dask cluster
"""

import argparse
import json
import platform
from contextlib import ExitStack
from dataclasses import fields, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
from distributed import Client

import course_lib
from course_lib.learning import run_many
from course_lib.learning.store import PACKAGES
from course_lib.transfer.methods.trial import CHECKPOINTS, METHODS, Trial, trial
from course_lib.worlds import CLOUD, EDGE, HPC

FILE = Path(course_lib.__file__).parents[1] / "notebooks" / "results" / "08_six_methods.json"
SEEDS = (0, 1, 2, 3, 4)
# Half of the computing centre, 64 of its 128 nodes: everything then runs in about an hour.
HALF_HPC = replace(HPC, pools=tuple(replace(p, real_nodes=p.real_nodes // 2) for p in HPC.pools))
# At the edge, the cheapest site, only: variants, and a fallback on top of everything.
VARIANTS = ("worst of many", "adversary of regret", "disturbed actions", "first-order MAML")
TOPPED = ("simulation only", "domain randomization")
TOPPED_AT_THE_EDGE = (*TOPPED, "randomise + fine-tune", "identify + randomise + fine-tune")
DIGITS = 4  # significant ones that are stored
BY_CHECKPOINT = ("real", "p95", "misses", "fallback")

Results = dict[tuple[str, str], list[Trial]]  # (site, method) -> one trial per seed


def cells() -> dict[tuple[str, str], dict]:
    """What is to be run, as `run_many` takes it: (site, method) -> arguments of `trial`."""
    return {
        (site.name, method): {
            "method": method,
            "site": site,
            "with_fallback": method in (TOPPED_AT_THE_EDGE if site is EDGE else TOPPED),
        }
        for site in (EDGE, CLOUD, HALF_HPC)  # the cheap ones first
        for method in METHODS
        if site is EDGE or method not in VARIANTS
    }


def save(results: Results, path: Path = FILE) -> None:
    """Write results with what they were made of."""
    about = {
        "made by": "make results LESSON=08",
        "date": date.today().isoformat(),
        "seeds": list(SEEDS),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
    trials: dict[str, dict[str, list]] = {}
    for (site, method), found in results.items():
        trials.setdefault(site, {})[method] = [_plain(one) for one in found]
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({"about": about, "trials": trials}, separators=(",", ":"))
    path.write_text(text.replace('"simulation":', '\n"simulation":') + "\n")


def load(path: Path = FILE) -> tuple[Results, dict]:
    """The stored results, and what they were made of.

    Raises FileNotFoundError, with the command that makes them, where there are none.
    """
    if not path.exists():
        raise FileNotFoundError(f"there are no results in {path}: run `make results LESSON=08`")
    stored = json.loads(path.read_text())
    results = {
        (site, method): [
            Trial(**{name: _expanded(name, v) for name, v in one.items()}) for one in found
        ]
        for site, methods in stored["trials"].items()
        for method, found in methods.items()
    }
    return results, stored["about"]


def _plain(one: Trial) -> dict:
    plain = {f.name: _rounded(np.asarray(getattr(one, f.name))) for f in fields(one)}
    for name in BY_CHECKPOINT:
        if all(row == plain[name][0] for row in plain[name]):
            plain[name] = plain[name][:1]  # nothing changed while adapting: once is enough
    return plain


def _expanded(name: str, stored: list | float) -> np.ndarray | float:
    if not isinstance(stored, list):
        return stored
    values = np.array(stored, dtype=float)
    if name in BY_CHECKPOINT and len(values) == 1:
        return np.repeat(values, len(CHECKPOINTS), axis=0)
    return values


def _rounded(values: np.ndarray):
    if values.ndim:
        return [_rounded(v) for v in values]
    return None if np.isnan(values) else float(f"{values:.{DIGITS}g}")


def main() -> None:
    """Run what is not in the result store already, and write the file."""
    parser = argparse.ArgumentParser(description="Compute the stored results of a lesson anew.")
    parser.add_argument("lesson", choices=["08"])
    parser.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler: use its workers")
    address = parser.parse_args().dask
    with ExitStack() as cluster:
        if address:
            cluster.enter_context(Client(address))
            cluster.enter_context(joblib.parallel_config(backend="dask"))
        save(run_many(trial, cells(), SEEDS))


if __name__ == "__main__":
    main()
