"""Is this machine ready for the course? Versions against the lock, memory, cores, and quiet."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

LOCK = Path(__file__).parents[2] / "requirements.lock"
WATCHED = ("gymnasium", "stable_baselines3", "torch", "numpy", "scipy", "matplotlib", "jupyterlab")
ENOUGH_MEMORY = 1.5  # GiB free: a kernel with PyTorch takes about half of one, two workers the rest
QUIET = 0.25  # the share of all cores that other programs may use beside a measurement


def machine_problems(lock: Path = LOCK) -> list[str]:
    """Return what stands in the way of the course, a plain sentence each; empty if nothing."""
    problems = []
    for name, wanted in _pins(lock).items():
        try:
            found = version(name).split("+")[0]  # torch adds a local suffix such as +cpu
        except PackageNotFoundError:
            problems.append(f"{name} is missing: start JupyterLab with `make lab`.")
            continue
        if found != wanted:
            problems.append(
                f"{name} is {found}, the course was tested with {wanted}: start it with `make lab`."
            )
    free = psutil.virtual_memory().available / 2**30
    if free < ENOUGH_MEMORY:
        problems.append(
            f"Only {free:.1f} GiB of memory are free; close other programs or kernels, because "
            f"training wants about {ENOUGH_MEMORY:g}."
        )
    return problems


def check_machine() -> None:
    """Print what this machine is and whether the course will run on it."""
    memory = psutil.virtual_memory()
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{memory.available / 2**30:.0f} of {memory.total / 2**30:.0f} GiB of memory free"
    )
    problems = machine_problems()
    for problem in problems:
        print(f"✘ {problem}")
    if not problems:
        print("✔ Everything the course needs is here.")


def check_quiet(seconds: float = 2.0) -> None:
    """Print how much of the cores is in use while this kernel sleeps, and whether that is little.

    What measures real time needs this: beside a busy program it measures that program, too.
    """
    share = psutil.cpu_percent(seconds) / 100
    used = f"Other programs use {share:.0%} of your cores"
    if share > QUIET:
        print(f"✘ {used}: close them, or what you measure is their doing, too.")
    else:
        print(f"✔ {used}.")


def _pins(lock: Path) -> dict[str, str]:
    lines = lock.read_text().splitlines() if lock.exists() else []
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {name: pins[name] for name in WATCHED if name in pins}
