import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.teach.__main__ import main, notebooks
from course_lib.teach.notebooks import KERNEL, execute, normalise

RUN = """\
import os, sys
from pathlib import Path

print(Path.cwd().name, os.environ["COURSE_STILLS"], os.environ["TQDM_DISABLE"])
print("never mind", file=sys.stderr)
"""


def code(source, id, **metadata):
    return new_code_cell(source, id=id, metadata=metadata)


def test_what_differs_between_machines_is_removed():
    cell = code(
        "1",
        "a",
        tags=["x"],
        execution={"iopub.status.busy": "2026-01-01"},
        ExecuteTime={},
        collapsed=True,
    )
    cell.metadata["jupyter"] = {"outputs_hidden": True}
    cell.execution_count = 4
    cell.outputs = [
        new_output("stream", name="stderr", text="warning"),
        new_output("stream", name="stdout", text="kept"),
        new_output("display_data", {"text/plain": "kept"}),
    ]
    text = new_markdown_cell("# T", id="t", metadata={"collapsed": False})
    metadata = {
        "kernelspec": {"name": "my-env", "display_name": "Mine", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "course": {"minutes": 30},
        "widgets": {"state": {}},
    }
    notebook = new_notebook(cells=[text, cell], metadata=metadata)
    assert normalise(notebook) is notebook
    assert notebook.metadata == {
        "kernelspec": KERNEL, "language_info": {"name": "python"}, "course": {"minutes": 30},
    }  # fmt: skip
    assert (text.metadata, cell.metadata) == ({}, {"tags": ["x"]})
    assert [o.output_type for o in cell.outputs] == ["stream", "display_data"]
    assert cell.execution_count == 4
    nbformat.validate(notebook)


def test_normalising_twice_changes_nothing_more():
    notebook = new_notebook(cells=[code("1", "a", collapsed=True)])
    once = nbformat.writes(normalise(notebook))
    assert nbformat.writes(normalise(nbformat.reads(once, as_version=4))) == once


def test_notebooks_are_executed_in_their_folder_and_exercises_follow(tmp_path, capsys):
    lessons, solutions = tmp_path / "notebooks", tmp_path / "solutions"
    for folder in (lessons, solutions):
        folder.mkdir()
    lesson, solution = lessons / "00_a.ipynb", solutions / "00_a.ipynb"
    nbformat.write(new_notebook(cells=[code(RUN, "a")]), lesson)
    nbformat.write(new_notebook(cells=[code("1 + 1", "b")]), solution)
    assert notebooks([], tmp_path) == 0
    assert capsys.readouterr().out.count("s  00_a.ipynb") == 2
    done = nbformat.read(lesson, as_version=4)
    assert done.cells[0].outputs[0].text == "notebooks 1 1\n"
    assert len(done.cells[0].outputs) == 1  # nothing from stderr
    assert done.cells[0].metadata == {}  # no timings
    assert nbformat.read(solution, as_version=4).cells[0].outputs[0].data["text/plain"] == "2"
    assert (tmp_path / "exercises" / "00_a.ipynb").exists()


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path, capsys):
    path = tmp_path / "01_bad.ipynb"
    source = "from course_lib.teach.claims import ClaimFailed\nraise ClaimFailed('✘ Not so.')"
    nbformat.write(new_notebook(cells=[code("x = 1", "a"), code(source, "b")]), path)
    before = path.read_bytes()
    with pytest.raises(CellExecutionError) as caught:
        execute(path)
    assert caught.value.traceback.strip().endswith("✘ Not so.")
    assert "Traceback" not in caught.value.traceback  # a learner sees one line
    assert path.read_bytes() == before
    assert main(["notebooks", str(path)]) == 1
    assert capsys.readouterr().err.startswith("01_bad.ipynb fails: ")
