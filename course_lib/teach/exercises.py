"""Make an exercise from its solution: the solutions are the source, the exercises are generated.

A solution notebook tags two kinds of cells. An `exercise` cell holds the answer between
`### BEGIN SOLUTION` and `### END SOLUTION`; the `check` cell after it calls the check. The markers
and the cell metadata are those of nbgrader, so a class may grade the same files with it.
"""

import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S
)
STUB = r"\g<indent># YOUR CODE HERE\n\g<indent>raise NotImplementedError"
NBGRADER = {"schema_version": 3, "task": False}


class BrokenSolution(Exception):
    """A solution cannot be turned into an exercise; the message says which cell and why."""


def make_exercise(solution: NotebookNode) -> NotebookNode:
    """Return the exercise: answers replaced by stubs, outputs cleared, checks kept.

    Raises BrokenSolution if an exercise cell has no markers, a marker stands elsewhere, or an
    exercise cell is not followed by a check.
    """
    exercise = copy.deepcopy(solution)
    awaiting = None
    for cell in exercise.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            if awaiting:
                raise BrokenSolution(f"cell {awaiting}: no check cell before {cell.id}")
            awaiting = cell.id
            cell.source, answers = SOLUTION.subn(STUB, cell.source)
            if not answers:
                raise BrokenSolution(f"cell {cell.id}: tagged exercise but has no solution markers")
            cell.metadata["nbgrader"] = NBGRADER | {
                "grade_id": cell.id,
                "grade": False,
                "solution": True,
                "locked": False,
            }
        elif "check" in tags:
            awaiting = None
            cell.metadata["nbgrader"] = NBGRADER | {
                "grade_id": cell.id,
                "grade": True,
                "points": 1,
                "solution": False,
                "locked": True,
            }
        if "### BEGIN SOLUTION" in cell.source or "### END SOLUTION" in cell.source:
            raise BrokenSolution(f"cell {cell.id}: solution markers that do not pair up")
        cell.outputs, cell.execution_count = [], None
    if awaiting:
        raise BrokenSolution(f"cell {awaiting}: no check cell after it")
    return exercise


def write_exercises(solutions: Path, exercises: Path) -> list[Path]:
    """Write the exercise of every notebook in `solutions`; return the files that changed."""
    changed = []
    exercises.mkdir(exist_ok=True)
    for source in sorted(solutions.glob("*.ipynb")):
        target = exercises / source.name
        text = nbformat.writes(make_exercise(nbformat.read(source, as_version=4))) + "\n"
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            changed.append(target)
    return changed
