"""The checks under attack: every wrong answer gets its own hint, every right one is accepted."""

import ast
import importlib
import re
from pathlib import Path
from typing import NamedTuple

import answers
import nbformat
import pytest
from answers import Right, Wrong

from course_lib.checks import check
from course_lib.teach import checking
from course_lib.teach.checking import CHECKS, CheckFailed, NotSolved
from course_lib.teach.exercises import SOLUTION, make_exercise

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


def all_answers():
    """Part -> answers, from every module tests/answers/exNN.py."""
    for path in sorted(Path(answers.__file__).parent.glob("ex*.py")):
        if re.fullmatch(r"ex\d\d[a-z]?", path.stem):
            yield from importlib.import_module(f"answers.{path.stem}").ANSWERS.items()


class Task(NamedTuple):
    """One part of an exercise, as the solution notebook and the generated one have it."""

    function: str
    imports: str  # what the notebook imports before the first exercise
    solution: str
    stub: str


def imports_of(cells):
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    lines = [n for n in ast.parse(code).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, lines))


def tasks():
    """Part -> Task, from every solution notebook."""
    for path in SOLUTIONS:
        solution = nbformat.read(path, as_version=4)
        cells, stubs = solution.cells, make_exercise(solution).cells
        asked = [i for i, c in enumerate(cells) if "exercise" in c.metadata.get("tags", [])]
        imports = imports_of(cells[: asked[0]]) if asked else ""
        for i in asked:
            check_cell = next(c for c in cells[i:] if "check" in c.metadata.get("tags", []))
            part, function = re.search(r'check\("([^"]+)", (\w+)\)', check_cell.source).groups()
            yield part, Task(function, imports, cells[i].source, stubs[i].source)


ANSWERS = dict(all_answers())
TASKS = dict(tasks())
NAMES = {part: task.function for part, task in TASKS.items()} | {"00.1": "twice"}
WRONG = [(part, a) for part, given in ANSWERS.items() for a in given if isinstance(a, Wrong)]
RIGHT = [(part, a) for part, given in ANSWERS.items() for a in given if isinstance(a, Right)]


def named(value):
    return value if isinstance(value, str) else value.name.replace(" ", "-")


@pytest.fixture(autouse=True)
def less_patience(monkeypatch):
    monkeypatch.setattr(checking, "SECONDS_PER_CALL", 2.0)


def written(part, code):
    """What a learner's cell defines."""
    defined = {"__name__": "__main__"}
    exec(code, defined)
    return defined[NAMES[part]]


def refusal(part, code):
    with pytest.raises(CheckFailed) as caught:
        check(part, written(part, code))
    return str(caught.value)


MESSAGES = {}


@pytest.mark.parametrize(("part", "wrong"), WRONG, ids=named)
def test_a_wrong_answer_is_refused_with_its_own_hint(part, wrong, capsys):
    message = MESSAGES[part, wrong.name] = refusal(part, wrong.code)
    assert wrong.hint in message
    assert message.startswith(f"✘ {part} not yet: ")
    assert "\n" not in message
    assert len(message) < 300
    assert capsys.readouterr().out == ""
    if part in TASKS:
        answer = SOLUTION.search(TASKS[part].solution).group(0)
        code = [line.strip() for line in answer.splitlines()[1:-1]]
        assert [line for line in code if len(line) > 5 and line in message] == []


@pytest.mark.parametrize(("part", "right"), RIGHT, ids=named)
def test_a_right_answer_is_accepted_and_can_be_checked_again(part, right, capsys):
    answer = written(part, right.code)
    check(part, answer)
    check(part, answer)
    assert capsys.readouterr().out == f"✔ {part} solved\n" * 2


@pytest.mark.parametrize("part", TASKS)
def test_a_stub_is_not_solved_yet(part):
    with pytest.raises(NotSolved) as caught:
        check(part, written(part, f"{TASKS[part].imports}\n{TASKS[part].stub}"))
    assert str(caught.value).startswith(f"○ {part} is not solved yet")


@pytest.mark.parametrize("part", TASKS)
def test_the_solution_is_accepted(part, capsys):
    check(part, written(part, f"{TASKS[part].imports}\n{TASKS[part].solution}"))
    assert capsys.readouterr().out == f"✔ {part} solved\n"


@pytest.mark.parametrize("part", ANSWERS)
def test_different_mistakes_get_different_messages(part):
    wrong = {a.name: a for a in ANSWERS[part] if isinstance(a, Wrong)}
    assert len(wrong) == sum(isinstance(a, Wrong) for a in ANSWERS[part]), "a name comes up twice"
    seen = {}
    for name, answer in wrong.items():
        message = MESSAGES.get((part, name)) or refusal(part, answer.code)
        if not answer.like:
            assert message not in seen, f"{name!r} gets the message of {seen[message]!r}"
            seen[message] = name
        assert not answer.like or answer.like in wrong


def test_every_check_is_attacked():
    numbers = {path.name.split("_")[0] for path in SOLUTIONS}
    for number in numbers:
        importlib.import_module(f"course_lib.checks.ex{number}")
    assert set(TASKS) <= set(CHECKS), "a check cell calls a check that does not exist"
    registered = {part for part in CHECKS if part.split(".")[0] in numbers}
    assert registered == set(TASKS), "a check is registered that no solution calls"
    for part in TASKS:
        given = ANSWERS.get(part, [])
        assert sum(isinstance(a, Wrong) for a in given) >= 5, part
        assert sum(isinstance(a, Right) for a in given) >= 2, part
