"""Results that come with the course: what was run, with what, and its numbers, in one JSON file."""

import json
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

import course_lib
from course_lib.learning.store import PACKAGES

FOLDER = Path(course_lib.__file__).parents[1] / "notebooks" / "results"


def about(lesson: str, seeds: Sequence[int]) -> dict:
    """What results are made of: the command, the date, seeds, and versions."""
    return {
        "made by": f"make results LESSON={lesson}",
        "date": date.today().isoformat(),
        "seeds": list(seeds),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def write(path: Path, made_of: dict, trials: dict, line_before: str) -> None:
    """Write results to `path`, each key `line_before` on a new line: one line for each trial."""
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({"about": made_of, "trials": trials}, separators=(",", ":"))
    path.write_text(text.replace(f'"{line_before}":', f'\n"{line_before}":') + "\n")


def read(path: Path, lesson: str) -> dict:
    """What `write` wrote: "about" and "trials".

    Raises FileNotFoundError, with the command that makes them, where there are none.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"there are no results in {path}: run `make results LESSON={lesson}`"
        )
    return json.loads(path.read_text())


def rounded(values: np.ndarray, digits: int = 4):
    """Numbers with so many significant digits as lists, None for NaN, and 0 or 1 for booleans."""
    if values.ndim:
        return [rounded(v, digits) for v in values]
    if values.dtype == bool:
        return int(values)
    return None if np.isnan(values) else float(f"{values:.{digits}g}")
