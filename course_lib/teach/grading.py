"""Grade a learner's notebook: put the answers into the pristine notebook and let nbval run that.

Only the `exercise` cells are taken from the learner, by cell id. Whatever else was edited, a check
cell above all, has no effect. What a lesson does with an answer after its check is left out: it
decides nothing, and an answer that never ends would keep it busy.
"""

import copy
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.teach.animation import STILLS
from course_lib.teach.errors import OneLineError

CELL_TIMEOUT = 120  # seconds; a check stops an endless answer long before
IMPORT = "from course_lib.checks import check\n"
COLOUR = re.compile(r"(?:\x1b|#x1B)\[[\d;]*m")  # the second is how a report in XML spells it


class CannotGrade(OneLineError):
    """The learner's notebook cannot be graded; the message says why and what to do."""


@dataclass(frozen=True)
class Grade:
    """The outcome of one check: the part's name, whether it passed, and the line to show."""

    part: str
    passed: bool
    line: str


def merge(learner: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Return the cells of the solution that decide a grade, with the learner's answers in them.

    These are the exercise cells, the check cells, and whatever comes before the first exercise.
    Raises CannotGrade if an exercise cell is missing from the learner's notebook.
    """
    answers = {cell.get("id"): cell.source for cell in learner.cells if cell.cell_type == "code"}
    merged = copy.deepcopy(solution)
    cells, merged.cells = merged.cells, []
    begun = False
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            begun = True
            if cell.id not in answers:
                raise CannotGrade(
                    f"Your notebook has lost the exercise cell {cell.id!r}: copy your answers into "
                    "a fresh one (git checkout the file under another name)."
                )
            cell.source = answers[cell.id]
        elif "check" in tags:
            cell.source = IMPORT + cell.source  # an answer may have a helper named check
        elif begun:
            continue
        if cell.cell_type == "code":
            # A check passes when it raises nothing, whatever else an answer leads it to display.
            cell.outputs, cell.execution_count = [], None
        merged.cells.append(cell)
    return merged


def grade(learner: Path, solution: Path) -> list[Grade]:
    """Run the learner's answers under nbval and return one grade per check cell, in order.

    Raises CannotGrade if a file is missing or is not a notebook.
    """
    merged = merge(_read(learner), _read(solution))
    with tempfile.TemporaryDirectory() as folder:
        notebook, report = Path(folder) / learner.name, Path(folder) / "report.xml"
        nbformat.write(merged, notebook)
        command = [
            sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env",
            f"--nbval-cell-timeout={CELL_TIMEOUT}", "-p", "course_lib.teach.patience",
            "-p", "no:cacheprovider", "-o", "addopts=",
            # After a cell that took too long, nbval expects the others to fail; a failure that is
            # expected would count as a pass.
            "--runxfail", f"--rootdir={folder}", f"--junitxml={report}", str(notebook),
        ]  # fmt: skip
        # Stills: nobody watches the animations of a notebook that is being graded.
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True,
            env=os.environ | {STILLS: "1"},
        )  # fmt: skip
        if not report.exists():
            raise CannotGrade(f"nbval could not run: {(run.stderr or run.stdout)[-500:]}")
        said = [_what_failed(case) for case in ET.parse(report).iter("testcase")]
    code_cells = [cell for cell in merged.cells if cell.cell_type == "code"]
    grades, above = [], ""
    for cell, failure in zip(code_cells, said, strict=True):
        if "check" in cell.metadata.get("tags", []):
            grades.append(_grade_of(cell, failure, above))
        above = failure
    return grades


def _what_failed(case: ET.Element) -> str:
    """What nbval says about a cell; empty if the cell ran through."""
    return "\n".join(COLOUR.sub("", child.text or "failed") for child in case)


def _grade_of(cell: NotebookNode, failure: str, above: str) -> Grade:
    name = re.search(r'check\("([^"]+)"', cell.source).group(1)
    if not failure:
        return Grade(name, True, f"✔ {name} solved")
    # The check's own line starts with one of two signs; anything else is an error outside of it.
    said = re.search(r"^\s*((?:✘|○) .*)$", failure, re.M)
    if said:
        return Grade(name, False, said.group(1).strip())
    return Grade(name, False, f"✘ {name} not yet: {_reason(above) or _reason(failure)}")


def _reason(failure: str) -> str:
    """One line on why a cell did not run through; empty if it did."""
    if "seconds exceeded" in failure:
        return f"its cell did not end within {CELL_TIMEOUT} seconds; look for an endless loop"
    error = re.findall(r"^(\w*(?:Error|Exception|Interrupt|Exit)\b.*)$", failure, re.M)
    if error:
        return error[-1].strip()
    return failure and "its cell did not run; run the notebook from the top to see"


def _read(path: Path) -> NotebookNode:
    if not path.exists():
        raise CannotGrade(f"There is no {path}; run `make exercises` to get it.")
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise CannotGrade(f"{path} is not a notebook that can be read: {error}") from None
