"""The comparison of all methods: run it anew, or read what was stored with the course.

python -m course_lib.transfer.methods.results           # on all cores of this machine
python -m course_lib.transfer.methods.results --dask tcp://address:8786
"""

import argparse
import json
import platform
from dataclasses import fields
from datetime import date
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np

import course_lib
from course_lib.learning import run_many
from course_lib.learning.store import PACKAGES
from course_lib.transfer.methods.trial import METHODS, Trial, trial
from course_lib.worlds import SITES

FILE = Path(course_lib.__file__).parents[1] / "notebooks" / "results" / "08_six_methods.json"
SEEDS = (0, 1, 2, 3, 4)
ONE_SITE = ("worst of many", "adversary of regret", "first-order MAML")  # variants, at the edge
# Tried with a fallback on top as well.
TOPPED = (
    "simulation only",
    "domain randomization",
    "randomise + fine-tune",
    "identify + randomise",
    "identify + randomise + fine-tune",
)
DIGITS = 4  # significant ones that are stored

Results = dict[tuple[str, str], list[Trial]]  # (site, method) -> one trial per seed


def cells() -> dict[tuple[str, str], dict]:
    """What is to be run, as `run_many` takes it: (site, method) -> arguments of `trial`."""
    return {
        (site.name, method): {"method": method, "site": site, "with_fallback": method in TOPPED}
        for site in reversed(SITES)  # the cheap ones first
        for method in METHODS
        if site.name == "edge" or method not in ONE_SITE
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
            Trial(**{k: np.array(v, dtype=float) for k, v in one.items()}) for one in found
        ]
        for site, methods in stored["trials"].items()
        for method, found in methods.items()
    }
    return results, stored["about"]


def _plain(one: Trial) -> dict:
    return {f.name: _rounded(np.asarray(getattr(one, f.name))) for f in fields(one)}


def _rounded(values: np.ndarray):
    if values.ndim:
        return [_rounded(v) for v in values]
    return None if np.isnan(values) else float(f"{values:.{DIGITS}g}")


def main() -> None:
    """Run what is not stored already, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler, or `local`")
    address = parser.parse_args().dask
    if address:
        from distributed import Client

        Client(None if address == "local" else address)
        joblib.parallel_config(backend="dask")
    save(run_many(trial, cells(), SEEDS))


if __name__ == "__main__":
    main()
