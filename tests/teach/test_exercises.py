import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.teach.__main__ import exercises
from course_lib.teach.exercises import BrokenSolution, make_exercise, write_exercises

ANSWER = '''\
import math


def area(r):
    """The area of a circle."""
    ### BEGIN SOLUTION
    if r < 0:
        raise ValueError(r)
    return math.pi * r**2
    ### END SOLUTION


PI = math.pi  # stays
'''
STUB = '''\
import math


def area(r):
    """The area of a circle."""
    # YOUR CODE HERE
    raise NotImplementedError


PI = math.pi  # stays
'''


def exercise_cell(source=ANSWER, id="ex", **metadata):
    return new_code_cell(source, id=id, metadata={"tags": ["exercise"]} | metadata)


def check_cell(id="check"):
    out = new_output("stream", name="stdout", text="✔ 00.1 solved\n")
    source = 'check("00.1", area)'
    tags = {"tags": ["check", "nbval-check-output"]}
    return new_code_cell(source, id=id, metadata=tags, outputs=[out], execution_count=3)


def made_from(*cells):
    return make_exercise(new_notebook(cells=list(cells))).cells


def test_the_answer_becomes_a_stub_with_its_indentation():
    assert made_from(exercise_cell(), check_cell())[0].source == STUB


@pytest.mark.parametrize("indent", ["", "    ", "\t", " " * 12])
def test_the_stub_is_indented_like_the_marker(indent):
    source = f"top\n{indent}### BEGIN SOLUTION\n{indent}answer = 1\n{indent}### END SOLUTION  \nend"
    stub = f"top\n{indent}# YOUR CODE HERE\n{indent}raise NotImplementedError\nend"
    assert made_from(exercise_cell(source), check_cell())[0].source == stub


def test_every_answer_of_a_cell_is_taken_out_and_what_lies_between_stays():
    part = "    ### BEGIN SOLUTION\n    secret = {}\n    ### END SOLUTION\n"
    source = f"def f():\n{part.format(1)}\n\ndef g():\n{part.format(2)}"
    got = made_from(exercise_cell(source), check_cell())[0].source
    assert got.count("raise NotImplementedError") == 2
    assert "secret" not in got and "def g():" in got


def test_the_given_notebook_is_not_changed():
    notebook = new_notebook(cells=[exercise_cell(), check_cell()])
    before = nbformat.writes(notebook)
    make_exercise(notebook)
    assert nbformat.writes(notebook) == before


def test_no_output_is_left_and_everything_else_stays():
    cells = [
        new_markdown_cell("# Task", id="task"),
        new_code_cell("x = 1", id="setup", metadata={"tags": ["a"]}, execution_count=1),
        exercise_cell(execution_count=2),
        check_cell(),
    ]
    made = made_from(*cells)
    assert [cell.id for cell in made] == ["task", "setup", "ex", "check"]
    assert [made[i].source for i in (0, 1, 3)] == [cells[i].source for i in (0, 1, 3)]
    assert made[1].metadata == {"tags": ["a"]}
    assert made[3].metadata["tags"] == ["check", "nbval-check-output"]
    for cell in made[1:]:
        assert (cell.outputs, cell.execution_count) == ([], None)


def test_the_metadata_are_those_of_nbgrader():
    made = made_from(exercise_cell(id="ex-1"), check_cell(id="check-1"))
    common = {"schema_version": 3, "task": False}
    assert made[0].metadata["nbgrader"] == common | {
        "grade_id": "ex-1", "grade": False, "solution": True, "locked": False,
    }  # fmt: skip
    assert made[1].metadata["nbgrader"] == common | {
        "grade_id": "check-1", "grade": True, "points": 1, "solution": False, "locked": True,
    }  # fmt: skip
    nbformat.validate(new_notebook(cells=made))


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([exercise_cell("x = 1"), check_cell()], "cell ex: tagged exercise but has no solution"),
        ([exercise_cell(f"{BEGIN}\nx = 1"), check_cell()], "cell ex: tagged exercise but has no"),
        ([exercise_cell(f"x = 1\n{END}"), check_cell()], "cell ex: tagged exercise but has no"),
        ([exercise_cell(f"{END}\nx = 1\n{BEGIN}"), check_cell()], "cell ex: tagged exercise but"),
        ([exercise_cell(ANSWER + BEGIN), check_cell()], "cell ex: solution markers that do not"),
        ([exercise_cell(ANSWER + END), check_cell()], "cell ex: solution markers that do not pair"),
        ([new_code_cell(ANSWER, id="plain")], "cell plain: solution markers that do not pair up"),
        ([exercise_cell()], "cell ex: no check cell after it"),
        ([exercise_cell(), new_code_cell("x", id="use")], "cell ex: no check cell after it"),
        ([exercise_cell(), exercise_cell(id="b"), check_cell()], "cell ex: no check cell before b"),
    ],
)
def test_a_broken_solution_is_refused_and_the_cell_named(cells, problem):
    with pytest.raises(BrokenSolution) as caught:
        made_from(*cells)
    assert str(caught.value).startswith(problem)


def test_a_notebook_without_exercises_is_only_cleared():
    made = made_from(new_code_cell("1 + 1", id="a", execution_count=1))
    assert made[0].source == "1 + 1" and made[0].execution_count is None


def test_files_are_written_only_if_they_change(tmp_path, capsys):
    (tmp_path / "solutions").mkdir()
    for name in ("01_a", "02_b"):
        path = tmp_path / "solutions" / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=[exercise_cell(), check_cell()]), path)
    assert exercises(tmp_path) == 0
    assert capsys.readouterr().out == "wrote exercises/01_a.ipynb\nwrote exercises/02_b.ipynb\n"
    written = tmp_path / "exercises" / "01_a.ipynb"
    assert "math.pi * r**2" not in written.read_text()
    assert "### " not in written.read_text()
    assert written.read_text().endswith("}\n")

    assert write_exercises(tmp_path / "solutions", tmp_path / "exercises") == []
    written.write_text("edited by hand")
    assert write_exercises(tmp_path / "solutions", tmp_path / "exercises") == [written]
    assert exercises(tmp_path) == 0
    assert capsys.readouterr().out == ""
