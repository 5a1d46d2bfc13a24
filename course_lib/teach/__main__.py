"""The commands behind make: check an exercise, regenerate exercises, re-execute notebooks."""

import argparse
import sys
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from course_lib.teach.errors import OneLineError
from course_lib.teach.exercises import BrokenSolution, write_exercises
from course_lib.teach.grading import CannotGrade, grade
from course_lib.teach.notebooks import execute

ROOT = Path(__file__).parents[2]


def check(number: str, root: Path = ROOT) -> int:
    """Grade exercises/NN_*.ipynb and print a line per part; 0 if every part is solved."""
    known = {path.name.split("_")[0]: path for path in sorted((root / "solutions").glob("*.ipynb"))}
    name = number.zfill(2)
    if name not in known:
        raise CannotGrade(
            f"Say which exercise to check: make check EX=NN, with NN one of {', '.join(known)}."
        )
    grades = grade(root / "exercises" / known[name].name, known[name])
    for each in grades:
        print(each.line)
    solved = sum(each.passed for each in grades)
    print(f"{solved} of {len(grades)} parts of exercise {name} solved.")
    return 0 if solved == len(grades) else 1


def exercises(root: Path = ROOT) -> int:
    """Regenerate exercises/ and name the files that changed."""
    for path in write_exercises(root / "solutions", root / "exercises"):
        print(f"wrote {path.relative_to(root)}")
    return 0


def notebooks(names: list[str], root: Path = ROOT) -> int:
    """Execute and normalise the named notebooks (all lessons and solutions by default)."""
    everything = [*root.glob("notebooks/*.ipynb"), *root.glob("solutions/*.ipynb")]
    paths = [Path(name).resolve() for name in names] or sorted(everything)
    for path in paths:
        try:
            print(f"{execute(path):6.1f} s  {path.name}")
        except CellExecutionError as error:
            print(f"{path.name} fails: {error}", file=sys.stderr)
            return 1
    return exercises(root)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.teach", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("number", nargs="?", default="")
    commands.add_parser("exercises")
    commands.add_parser("notebooks").add_argument("names", nargs="*")
    given = parser.parse_args(arguments)
    try:
        if given.command == "check":
            return check(given.number)
        return exercises() if given.command == "exercises" else notebooks(given.names)
    except (OneLineError, BrokenSolution) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
