"""A learner's first hour, in the real JupyterLab and a real browser."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOKEN = "a-token-for-this-test"
# As root, and without reaching for the network when it starts.
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

if not CHROMIUM and not os.environ.get("REQUIRE_BROWSER"):
    pytest.skip("there is no Chromium on this machine", allow_module_level=True)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`make lab` on a copy of the notebooks (JupyterLab saves by itself); yields its address."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "exercises"):
        shutil.copytree(ROOT / folder, course / folder)
    port = free_port()
    flags = (
        f"--no-browser --allow-root --ip=127.0.0.1 --port={port} --ServerApp.port_retries=0 "
        f"--IdentityProvider.token={TOKEN} --expose-app-in-browser"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    log = open(course / "lab.log", "w")  # noqa: SIM115 - the server writes to it until it ends
    server = subprocess.Popen(
        ["make", "lab", f"COURSE={course}", f"LAB_FLAGS={flags}"],
        cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
        env=environment | {"COURSE_STILLS": "1"},
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={TOKEN}", timeout=2)
                break
            except OSError:
                assert server.poll() is None, (course / "lab.log").read_text()
                time.sleep(0.5)
        else:
            pytest.fail((course / "lab.log").read_text())
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        log.close()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(90_000)
    yield page
    page.close()


def open_notebook(page, lab, path):
    """Open a notebook in JupyterLab and wait until its kernel is ready."""
    page.goto(f"{lab}/lab/tree/{path}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'"
    )


def cells(page) -> list[dict]:
    """The cells of the open notebook, as JupyterLab holds them."""
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells")


def shown(cell: dict) -> str:
    """The text of a cell's outputs."""
    return "".join(
        "".join(output.get("text", "")) + output.get("evalue", "") for output in cell["outputs"]
    )


def command(page, name):
    page.evaluate(f"() => window.jupyterapp.commands.execute('{name}')")


# nbval runs every lesson. What JupyterLab adds to that is the same in all of them, so here it is
# the two with which a learner begins, and the newest.
LESSONS = sorted(p.name for p in ROOT.glob("notebooks/*.ipynb"))


@pytest.mark.parametrize("lesson", [*LESSONS[:2], LESSONS[-1]])
def test_a_lesson_runs_from_top_to_bottom(page, lab, lesson):
    open_notebook(page, lab, f"notebooks/{lesson}")
    command(page, "notebook:clear-all-cell-outputs")
    assert not any(cell.get("outputs") for cell in cells(page))
    command(page, "notebook:run-all-cells")
    code = [cell for cell in cells(page) if cell["cell_type"] == "code"]
    errors = [shown(c) for c in code if any(o["output_type"] == "error" for o in c["outputs"])]
    assert not errors
    assert all(cell["execution_count"] for cell in code)
    assert page.locator(".jp-RenderedImage img").count() > 0


def type_and_run(page, index: int, code: str) -> None:
    """Type `code` into a cell in place of what is there, and run it."""
    page.evaluate(
        """index => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.scrollToItem(index, 'center');
            notebook.mode = 'edit';
        }""",
        index,
    )
    page.wait_for_selector(".jp-Notebook .jp-mod-active .cm-content:focus")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")


def answer(page, index: int, code: str) -> str:
    """Answer a task, run the check below it, and return what the check shows."""
    type_and_run(page, index, code)
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        "index => window.jupyterapp.shell.currentWidget.content.widgets[index].model"
        ".sharedModel.execution_count !== null",
        arg=index + 1,
    )
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
        " === 'idle'"
    )
    return shown(cells(page)[index + 1])


def test_an_exercise_tells_a_wrong_answer_from_a_right_one(page, lab):
    open_notebook(page, lab, "exercises/01_reality_gap.ipynb")
    ids = [cell["id"] for cell in cells(page)]
    setup, task = ids.index("setup"), ids.index("ex01-3")
    stub = "".join(cells(page)[task]["source"])
    assert "raise NotImplementedError" in stub
    type_and_run(page, setup, "".join(cells(page)[setup]["source"]))

    assert "01.3 is not solved yet" in answer(page, task, stub)
    head = "def failing_deviation(values, returns, nominal, threshold=475.0):\n"
    body = "    failed = (values - nominal)[returns < threshold]\n"
    end = "    return failed.min() if len(failed) else None\n"
    wrong = answer(page, task, head + body + end)
    assert wrong.startswith("✘ 01.3 not yet") and "no sign" in wrong
    assert "\n" not in wrong.strip()
    right = answer(page, task, head + body.replace("(values", "abs(values") + end)
    assert right.strip() == "✔ 01.3 solved"
    line = page.locator(".jp-OutputArea-output", has_text="✔ 01.3 solved")
    assert line.is_visible()
