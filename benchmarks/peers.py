"""The environment of the peers, made of requirements.txt and kept apart from the course's own."""

import subprocess
import sys

from benchmarks.contest import HERE, PEERS

REQUIREMENTS = HERE / "requirements.txt"
INSTALLED = PEERS / "installed.txt"  # the packages that are there, as they are required


def install_peers() -> None:
    """Install what is missing; anew if a package that is there is required no more.

    A package that this machine cannot have is told; who needs it is then named as not measured.
    """
    lines = REQUIREMENTS.read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    there = INSTALLED.read_text().splitlines() if INSTALLED.exists() else []
    if not there or not {*there} <= {*wanted}:
        print("Setting up the peers' environment: a few minutes, once.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", PEERS], check=True)
        there = []
    # One by one, PyTorch first, as in the course.
    pip = [PEERS / "bin" / "python", "-m", "pip", "install", "--quiet", "-c", REQUIREMENTS]
    for package in wanted:
        if package in there:
            continue
        ran = subprocess.run([*pip, package], capture_output=True, text=True)
        if ran.returncode:
            print(f"{package} cannot be installed: {(ran.stderr.splitlines() or ['?'])[-1]}")
        else:
            there.append(package)
            INSTALLED.write_text("\n".join(there) + "\n")
