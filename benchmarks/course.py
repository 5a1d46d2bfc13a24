"""Part 6: how long each lesson computes, and how much memory a learner needs.

*Cold* is a lesson run by itself from an empty result store, *warm* is the same once more; a lesson
that measures real time has nothing to store, and is run once. Memory is counted as proportional set
size (PSS): what processes share is divided among them. It is that of the kernel and all processes
that it starts, the most that was seen while the lesson ran.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.contest import Contender

ROUNDS = 1
ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REAL_TIME = ("10_a_real_cluster",)  # nothing of them can be stored
LOOK_EVERY = 0.25  # s
MIB = 2**20


def lesson(number: int, name: str) -> dict:
    """Run a lesson cold and warm: seconds and MiB; `kernel` is the kernel alone, when warm."""
    with tempfile.TemporaryDirectory() as store:
        os.environ |= {"COURSE_STORE": store, "COURSE_STILLS": "1"}
        cold, cold_memory, kernel = run(ROOT / "notebooks" / f"{name}.ipynb")
        warm, warm_memory = cold, cold_memory
        if name not in REAL_TIME:
            warm, warm_memory, kernel = run(ROOT / "notebooks" / f"{name}.ipynb")
    return {
        "cold": cold,
        "warm": warm,
        "cold_memory": cold_memory,
        "warm_memory": warm_memory,
        "kernel": kernel,
    }


def run(path: Path) -> tuple[float, float, float]:
    """Execute a notebook without writing it: seconds, MiB of all processes, MiB of the kernel."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    with watched() as most:
        began = time.perf_counter()
        client.execute()
        seconds = time.perf_counter() - began
    return seconds, most["all"] / MIB, most["kernel"] / MIB


def server(number: int) -> dict:
    """What JupyterLab's server needs besides the kernels, at rest, in MiB."""
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--port=0",
               "--ServerApp.ip=127.0.0.1"]  # fmt: skip
    running = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        with watched() as most:
            time.sleep(10)
    finally:
        running.terminate()
        running.wait()
    return {"memory": most["all"] / MIB}


@contextmanager
def watched():
    """The most memory of this process's children, `all` and the largest `kernel`, in bytes."""
    most = {"all": 0, "kernel": 0}
    over = threading.Event()

    def look():
        while not over.wait(LOOK_EVERY):
            me = psutil.Process()
            sizes = {process.pid: pss(process) for process in me.children(recursive=True)}
            most["all"] = max(most["all"], sum(sizes.values()))
            kernels = [sizes.get(process.pid, 0) for process in me.children()]
            most["kernel"] = max(most["kernel"], *kernels, 0)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def pss(process: psutil.Process) -> int:
    """Its share of the memory, in bytes; nothing if it has just ended."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


CONTENDERS = (
    *(Contender(path.stem, "lesson", about=path.stem) for path in LESSONS),
    Contender("JupyterLab's server", "server"),
)
