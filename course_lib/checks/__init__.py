"""What the answer of each exercise must satisfy: one module per exercise, named exNN."""

import importlib
from typing import Any

from course_lib.teach.checking import UnknownPart, run_check


def check(part: str, answer: Any) -> None:
    """Check `answer` for a part such as "01.2": prints a line, or raises a one-line error."""
    module = f"course_lib.checks.ex{part.split('.')[0]}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise UnknownPart(f"There is no exercise for {part!r}; restore the check cell.") from None
    run_check(part, answer)
