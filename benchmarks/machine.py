"""On what was it measured? The machine, and the versions of everything that was compared."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil

from benchmarks.contest import PEERS

COMPARED = ("numpy", "torch", "gymnasium", "stable_baselines3", "scipy")
PEERS_COMPARED = (*COMPARED, "sbx-rl", "jax", "envpool", "cma", "simpy", "jssenv", "job-shop-lib")


def describe() -> dict:
    """The machine and the versions, in both environments."""
    return {
        "machine": f"{os.cpu_count()} cores ({_processor()}), "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}",
        "versions": _versions(Path(sys.executable), COMPARED),
        "peers": _versions(PEERS / "bin" / "python", PEERS_COMPARED),
    }


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions(python: Path, wanted: tuple[str, ...]) -> str:
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {p["name"].lower().replace("_", "-"): p["version"] for p in json.loads(listed.stdout)}
    found = {name: found.get(name.lower().replace("_", "-")) for name in wanted}
    return ", ".join(f"{name} {version}" for name, version in found.items() if version)
