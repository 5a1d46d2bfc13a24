"""Grading runs nbval in a new process, so that many answers go into one notebook here."""

import contextlib
import importlib
import io
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib.teach import grading
from course_lib.teach.__main__ import check, main
from course_lib.teach.exercises import make_exercise
from course_lib.teach.grading import CannotGrade, grade, merge

ROOT = Path(__file__).parents[2]


def exercise_cell(source, id):
    return new_code_cell(source, id=id, metadata={"tags": ["exercise"]})


def check_cell(part, function, id):
    printed = new_output("stream", name="stdout", text=f"✔ {part} solved\n")
    return new_code_cell(
        f'check("{part}", {function})', id=id, outputs=[printed], execution_count=2,
        metadata={"tags": ["check", "nbval-check-output"]},
    )  # fmt: skip


def toy(answers, setup="from course_lib.checks import check"):
    """A notebook with one part per answer, all of them "00.1": twice0, twice1, ..."""
    cells = [new_code_cell(setup, id="setup", execution_count=1)]
    for i, answer in enumerate(answers):
        source = answer.replace("twice", f"twice{i}")
        cells += [exercise_cell(source, f"ex{i}"), check_cell("00.1", f"twice{i}", f"check{i}")]
        cells.append(new_code_cell(f"USED = twice{i}(1)", id=f"use{i}"))
    return new_notebook(cells=cells)


RIGHT = "def twice(x):\n    return 2 * x"
SOLUTION = "### BEGIN SOLUTION\ndef twice(x):\n    return 2 * x\n### END SOLUTION"
# The cell has run, and its kernel takes six seconds to say so.
SLOW_TO_SAY = f"""import time
kernel = get_ipython().kernel
hook = kernel.post_handler_hook

def late():
    kernel.post_handler_hook = hook
    time.sleep(6)
    hook()

kernel.post_handler_hook = late
{RIGHT}"""
STUB = "def twice(x):\n    # YOUR CODE HERE\n    raise NotImplementedError"


def save(folder, learner, solution):
    for name, notebook in (("exercises", learner), ("solutions", solution)):
        (folder / name).mkdir(exist_ok=True)
        nbformat.write(notebook, folder / name / "07_toy.ipynb")
    return folder / "exercises" / "07_toy.ipynb", folder / "solutions" / "07_toy.ipynb"


CASES = {
    "right": (RIGHT, "✔ 00.1 solved"),
    "stub": (STUB, "○ 00.1 is not solved yet: write your code"),
    "wrong": (
        "def twice(x):\n    return x",
        "✘ 00.1 not yet: twice(3) returned 3, which is not double of it",
    ),
    "wrong, check edited": ("def twice(x):\n    return 6", "✘ 00.1 not yet: twice(0.5) returned"),
    "syntax error": ("def twice(x:\n    return 2", "✘ 00.1 not yet: SyntaxError: '(' was never"),
    "error in the cell": ("def twice(x):\n    return 2*x\n1 / 0", "✔ 00.1 solved"),
    "error before": ("1 / 0\ndef twice(x):\n    return 2*x", "✘ 00.1 not yet: ZeroDivisionError"),
    "another name": ("def double(x):\n    return 2*x", "✘ 00.1 not yet: NameError: name 'twice"),
    "deleted": ("", "✘ 00.1 not yet: NameError"),
    "its own check": ("def check(*_):\n    pass\ntwice = abs", "✘ 00.1 not yet: twice(3) returned"),
    "prints a sign": (
        "def twice(x):\n    raise ValueError('✔ 00.1 solved')",
        "✘ 00.1 not yet: it raised ValueError",
    ),
    "exits": ("import sys\ndef twice(x):\n    sys.exit()", "✘ 00.1 not yet: it raised SystemExit"),
    "displays": (
        "from IPython.display import display\n" + RIGHT.replace("    ", "    display(x)\n    "),
        "✔ 00.1 solved",
    ),
    "slow to say": (SLOW_TO_SAY, "✔ 00.1 solved"),
    "right at the end": (RIGHT, "✔ 00.1 solved"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The printed lines of `make check` and its return code, for a notebook with all cases."""
    folder = tmp_path_factory.mktemp("toy")
    learner = toy([answer for answer, _ in CASES.values()])
    learner.cells.insert(0, new_code_cell("check = print\nraise SystemExit", id="mine"))
    edited = list(CASES).index("wrong, check edited")
    next(c for c in learner.cells if c.id == f"check{edited}").source = "print('✔ 00.1 solved')"
    next(c for c in learner.cells if c.id == "setup").source = "1 / 0"
    save(folder, learner, toy([SOLUTION] * len(CASES)))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = check("7", folder)
    return code, printed.getvalue().splitlines()


@pytest.mark.parametrize("case", CASES)
def test_every_part_gets_its_own_line(graded, case):
    line = graded[1][list(CASES).index(case)]
    assert line.startswith(CASES[case][1])
    assert len(line) < 250


def test_the_sum_comes_last(graded):
    code, lines = graded
    solved = sum(said.startswith("✔") for _, said in CASES.values())
    assert lines[len(CASES) :] == [f"{solved} of {len(CASES)} parts of exercise 07 solved."]
    assert code == 1


def test_lessons_and_solutions_may_be_slow_to_say_too(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("course_lib.teach.patience")


def test_after_an_endless_cell_a_wrong_answer_is_still_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(grading, "CELL_TIMEOUT", 3)
    answers = ["while True:\n    pass", "def twice(x):\n    return x", RIGHT]
    endless, wrong, right = grade(*save(tmp_path, toy(answers), toy([SOLUTION] * 3)))
    assert endless.line == (
        "✘ 00.1 not yet: its cell did not end within 3 seconds; look for an endless loop"
    )
    assert wrong.line.startswith("✘ 00.1 not yet: twice(3) returned 3")
    assert right.passed


def test_after_the_end_of_the_kernel_nothing_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(grading, "CELL_TIMEOUT", 3)
    answers = [RIGHT, "import os\ndef twice(x):\n    os._exit(0)", RIGHT]
    grades = grade(*save(tmp_path, toy(answers), toy([SOLUTION] * 3)))
    assert [each.passed for each in grades] == [True, False, False]
    assert all(each.line.startswith("✘ 00.1 not yet: its cell did not") for each in grades[1:])


# The merged notebook


def test_only_the_learners_answers_are_taken():
    learner, solution = toy([STUB, RIGHT]), toy([SOLUTION, SOLUTION])
    for cell in learner.cells:
        if cell.id not in ("ex0", "ex1"):
            cell.source = "cheat()"
    learner.cells.reverse()
    merged = merge(learner, solution)
    assert [cell.id for cell in merged.cells] == ["setup", "ex0", "check0", "ex1", "check1"]
    assert merged.cells[1].source == STUB.replace("twice", "twice0")
    assert not [cell for cell in merged.cells if "cheat" in cell.source]
    assert [cell.outputs for cell in merged.cells] == [[]] * 5


def test_neither_notebook_is_changed():
    learner, solution = toy([STUB]), toy([SOLUTION])
    before = nbformat.writes(learner), nbformat.writes(solution)
    merge(learner, solution)
    assert (nbformat.writes(learner), nbformat.writes(solution)) == before


def test_a_notebook_that_lost_an_exercise_cell_cannot_be_graded():
    learner = toy([RIGHT, RIGHT])
    learner.cells = [cell for cell in learner.cells if cell.id != "ex1"]
    with pytest.raises(CannotGrade, match="has lost the exercise cell 'ex1': copy your answers"):
        merge(learner, toy([SOLUTION, SOLUTION]))


def test_an_exercise_cell_turned_into_text_counts_as_lost():
    learner = toy([RIGHT])
    learner.cells[1] = nbformat.v4.new_markdown_cell(RIGHT, id="ex0")
    with pytest.raises(CannotGrade, match="lost the exercise cell"):
        merge(learner, toy([SOLUTION]))


@pytest.mark.parametrize(
    ("text", "said"), [(None, "There is no"), ("{", "is not a notebook that can be read")]
)
def test_a_file_that_cannot_be_read_is_said_in_one_line(tmp_path, text, said):
    learner, solution = save(tmp_path, toy([RIGHT]), toy([SOLUTION]))
    learner.unlink() if text is None else learner.write_text(text)
    with pytest.raises(CannotGrade, match=said):
        grade(learner, solution)


# The real exercise


def test_exercise_01_stubs_solutions_and_one_wrong_answer(tmp_path):
    """Three copies of the exercise in one notebook: as given out, solved, and one part wrong."""
    solution = nbformat.read(ROOT / "solutions" / "01_reality_gap.ipynb", as_version=4)
    answers = importlib.import_module("answers.ex01").ANSWERS
    wrong = next(answer for answer in answers["01.3"] if answer.name == "with a sign")
    pristine, learner = new_notebook(), new_notebook()
    for copy, given in enumerate((make_exercise(solution), solution, solution)):
        for cell, source in zip(given.cells, solution.cells, strict=True):
            tags = cell.metadata.get("tags", [])
            if not (cell.id == "setup" or {"exercise", "check"} & set(tags)):
                continue  # the policies take a while to train, and no check needs them
            if copy == 2 and "01.3" in source.source:
                learner.cells[-1].source = wrong.code
            for notebook, text in ((learner, cell.source), (pristine, source.source)):
                metadata = {"tags": tags}
                notebook.cells.append(
                    new_code_cell(text, id=f"{cell.id}-{copy}", metadata=metadata)
                )
    lines = [each.line for each in grade(*save(tmp_path, learner, pristine))]
    parts = [f"01.{i}" for i in range(1, 7)]
    assert [line.split(":")[0] for line in lines[:6]] == [f"○ {p} is not solved yet" for p in parts]
    assert lines[6:12] == [f"✔ {part} solved" for part in parts]
    assert [line for line in lines[12:] if line[0] == "✔"] == [
        f"✔ {part} solved" for part in parts if part != "01.3"
    ]
    assert wrong.hint in lines[14]


# The command


def test_an_exercise_that_does_not_exist_is_said_in_one_line():
    command = [sys.executable, "-m", "course_lib.teach", "check", "99"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Say which exercise to check: make check EX=NN, with NN one of")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["check"], ["check", ""], ["check", "one"]])
def test_so_is_a_number_that_is_none(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("Say which exercise to check")
