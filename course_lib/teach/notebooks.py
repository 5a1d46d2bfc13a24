"""Execute notebooks and normalise them, so that a change in git is a change of the course."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from course_lib.teach.animation import STILLS

# Metadata that differs between machines and says nothing about the course.
VOLATILE_CELL = ("execution", "ExecuteTime", "collapsed", "jupyter")
KEPT_NOTEBOOK = ("kernelspec", "language_info", "course")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Remove in place what changes from run to run and machine to machine; return the notebook."""
    kept = {key: notebook.metadata[key] for key in KEPT_NOTEBOOK if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        kept | {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        for key in VOLATILE_CELL:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = _joined(o for o in cell.outputs if o.get("name") != "stderr")
    return notebook


def _joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs with neighbouring prints as one: where a stream was cut is a matter of timing."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def execute(path: Path) -> float:
    """Run a notebook from top to bottom, write it back normalised, and return the seconds.

    Raises nbclient's CellExecutionError, with nothing written, if a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    # Progress bars and animations are for people who watch: neither belongs into a committed file.
    environment = os.environ | {STILLS: "1", "TQDM_DISABLE": "1"}
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    client.execute(env=environment)
    seconds = time.perf_counter() - start
    nbformat.write(normalise(notebook), path)
    return seconds
