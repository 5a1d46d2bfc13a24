"""Results that come with the course: what was run, with what, and its numbers, in one JSON file."""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import course_lib
from course_lib.learning.store import PACKAGES

FOLDER = Path(course_lib.__file__).parents[1] / "notebooks" / "results"

Results = Mapping[tuple[str, str], Sequence[Any]]  # two names -> one trial per seed


def save(
    path: Path, lesson: str, seeds: Sequence[int], results: Results, plain: Callable[[Any], dict]
) -> None:
    """Write results with what they were made of: `plain(trial)` for each, on a line of its own."""
    made_of = {
        "made by": f"make results LESSON={lesson}",
        "date": date.today().isoformat(),
        "seeds": list(seeds),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
    trials: dict[str, dict[str, list]] = {}
    for (row, column), found in results.items():
        trials.setdefault(row, {})[column] = [plain(one) for one in found]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"about": made_of, "trials": trials}, separators=(",", ":"))
    path.write_text(text.replace("[{", "[\n{").replace("},{", "},\n{") + "\n")


def load(path: Path, lesson: str, restored: Callable[[dict], Any]) -> tuple[Results, dict]:
    """The results that `save` wrote, `restored(plain)` for each, and what they were made of.

    Raises FileNotFoundError, with the command that makes them, where there are none.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"there are no results in {path}: run `make results LESSON={lesson}`"
        )
    file = json.loads(path.read_text())
    results = {
        (row, column): [restored(one) for one in found]
        for row, columns in file["trials"].items()
        for column, found in columns.items()
    }
    return results, file["about"]


def rounded(values: np.ndarray, digits: int = 4):
    """Numbers with so many significant digits as lists, None for NaN, and 0 or 1 for booleans."""
    if values.ndim:
        return [rounded(v, digits) for v in values]
    if values.dtype == bool:
        return int(values)
    return None if np.isnan(values) else float(f"{values:.{digits}g}")
