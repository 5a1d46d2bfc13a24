"""The rules of the house: which way imports run, how long modules and cells are, what is pinned."""

import ast
import json
import re
import statistics
from pathlib import Path

import nbformat
import pytest

from course_lib.teach.exercises import make_exercise
from course_lib.teach.notebooks import normalise

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "course_lib"
LAYERS = ["worlds", "learning", "gap", "transfer", "deploy"]
MODULES = sorted(PACKAGE.rglob("*.py"))
LESSONS = sorted(ROOT.glob("notebooks/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*.ipynb"))
NAME = {"ids": lambda path: path.relative_to(ROOT).as_posix()}


def packages_imported(module: Path) -> set[str]:
    """The subpackages of course_lib that a module imports, wherever the statement stands."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} uses a relative import"
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("course_lib.")}
    return found


@pytest.mark.parametrize("module", MODULES, **NAME)
def test_imports_run_one_way(module):
    package = module.relative_to(PACKAGE).parts[0]
    imported = packages_imported(module) - {package}
    if package in LAYERS:
        assert imported <= set(LAYERS[: LAYERS.index(package)])
    elif package != "checks":
        assert not imported


def test_the_rule_on_imports_would_notice(tmp_path):
    module = tmp_path / "bad.py"
    module.write_text("def f():\n    from course_lib.learning.ppo import train_ppo\n")
    assert packages_imported(module) == {"learning"}


def test_no_two_test_files_share_a_name():
    """Pytest imports a test file by its bare name, and refuses the second of two alike."""
    names = [path.name for path in ROOT.glob("tests/**/*.py")]
    assert {name for name in names if names.count(name) > 1} <= {"conftest.py", "__init__.py"}


@pytest.mark.parametrize("module", MODULES, **NAME)
def test_a_module_is_one_idea(module):
    assert len(module.read_text().splitlines()) <= 350


def code_cells(path):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


@pytest.mark.parametrize("path", LESSONS, **NAME)
def test_sections_of_a_lesson_are_numbered_without_a_gap(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.M)]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", LESSONS, **NAME)
def test_cells_of_a_lesson_are_short(path):
    lengths = [sum(map(bool, cell.source.split("\n"))) for cell in code_cells(path)]
    assert max(lengths) <= 25
    assert statistics.median(lengths) <= 8


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, **NAME)
def test_every_cell_was_run_from_top_to_bottom_without_error(path):
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, **NAME)
def test_what_nbval_compares_has_an_output(path):
    for cell in code_cells(path):
        if "nbval-check-output" in cell.metadata.get("tags", []):
            assert cell.outputs, f"{cell.id}: nbval would compare nothing"


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, **NAME)
def test_every_picture_is_described(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt") or output.metadata.get("alt")
                assert alt and len(alt) > 30, f"{cell.id}: give the picture an alt text"


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, **NAME)
def test_outputs_are_fit_for_git(path):
    text = path.read_text()
    assert len(text) < 2_000_000
    assert "jsAnimation" not in text and "<video" not in text
    assert "widget-view" not in text, "a progress bar was committed"
    notebook = nbformat.read(path, as_version=4)
    assert nbformat.writes(normalise(notebook)) + "\n" == text, "run make notebooks"


@pytest.mark.parametrize("path", LESSONS, **NAME)
def test_a_lesson_has_its_parts(path):
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells)
    places = [text.find(part) for part in (
        "## What you will be able to do", "**Before you start:**", "## Recap",
        "## Test yourself", "## Sources", "## Next",
    )]  # fmt: skip
    assert -1 not in places and places == sorted(places)
    assert text.count("<details>") >= 3
    assert text.count("predict(") >= 1 and text.count("claim(") >= 1


@pytest.mark.parametrize("path", SOLUTIONS, **NAME)
def test_the_exercise_is_the_one_generated_from_its_solution(path):
    expected = nbformat.writes(make_exercise(nbformat.read(path, as_version=4))) + "\n"
    assert (ROOT / "exercises" / path.name).read_text() == expected, "run make exercises"


@pytest.mark.parametrize("path", SOLUTIONS, **NAME)
def test_each_task_has_three_hints(path):
    cells = nbformat.read(path, as_version=4).cells
    for i, cell in enumerate(cells):
        if "exercise" in cell.metadata.get("tags", []):
            assert [f"Hint {n}" in cells[i - 1].source for n in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, **NAME)
def test_links_between_notebooks_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+\.ipynb)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_environment_installs_the_lock_and_the_package():
    text = (ROOT / "environment.yml").read_text()
    assert re.findall(r"^ +- (-\S+ \S+)$", text, re.M) == ["-r requirements.lock", "-e ."]


def test_no_path_of_a_machine_and_no_registry_host_is_committed():
    hosts = r"/work/|/root/|/home/\w|files\.pythonhosted|download\.pytorch|\.artifactory"
    for pattern in ("*.md", "*.yml", "*.toml", "Makefile", "course_lib/**/*.py", "*/*.ipynb"):
        for path in ROOT.glob(pattern):
            assert not re.search(hosts, path.read_text()), path


def test_committed_notebooks_are_valid_json_with_unique_ids():
    for path in LESSONS + SOLUTIONS:
        ids = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
        assert len(ids) == len(set(ids)), path
