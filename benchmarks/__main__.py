"""`make bench`: measure everything side by side and write RESULTS.md.

`make bench PART=solve` measures one part again; the others keep what they have. `PART=course` runs
every lesson twice, which takes the better part of an hour, so it is only measured if asked for.
A peer that cannot be measured is named in RESULTS.md and fails the command, unless it was left out
on purpose: `make bench WITHOUT=sbx`.
"""

import argparse
import importlib
import json
import subprocess
import sys
import time
from datetime import date

from benchmarks.contest import HERE, PEERS, Outcome, hold
from benchmarks.machine import describe
from benchmarks.report import write

PARTS = ("throughput", "solve", "robust", "identification", "scheduling")
ON_REQUEST = ("course",)
REQUIREMENTS = HERE / "requirements.txt"
INSTALLED = PEERS / "installed.txt"  # the requirements that are


def install_peers() -> None:
    """Build the peers' environment, unless it is there; PyTorch comes first, as in the course."""
    wanted = REQUIREMENTS.read_text()
    if INSTALLED.exists() and INSTALLED.read_text() == wanted:
        return
    print("Setting up the peers' environment: a few minutes, once.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", PEERS], check=True)
    pip = [PEERS / "bin" / "python", "-m", "pip", "install", "--quiet"]
    torch = next(line for line in wanted.splitlines() if line.startswith("torch=="))
    subprocess.run([*pip, torch], check=True)
    subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
    INSTALLED.write_text(wanted)


def measure(part: str, left_out: list[str]) -> Outcome:
    """Hold the contest of a part and keep what it found in results/."""
    module = importlib.import_module(f"benchmarks.{part}")
    began = time.perf_counter()
    outcome = hold(part, module.CONTENDERS, module.ROUNDS, left_out)
    about = {"date": date.today().isoformat(), "seconds": time.perf_counter() - began}
    found = {"about": about | describe(), "measured": outcome.measured, "failed": outcome.failed}
    path = HERE / "results" / f"{part}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
    return outcome


def main() -> None:
    """Measure the parts that are asked for, then write the report on all that there are."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--without", nargs="*", default=[], metavar="FUNCTION")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - {*PARTS, *ON_REQUEST}:
        parser.error(f"no part {unknown.pop()!r}; there are {', '.join(PARTS + ON_REQUEST)}")
    install_peers()
    outcomes = {part: measure(part, asked.without) for part in asked.parts or PARTS}
    write()
    print(f"Written: {HERE / 'RESULTS.md'}")
    missing = [
        f"{part}: {name}: {reason}"
        for part, outcome in outcomes.items()
        for name, reason in outcome.failed.items()
        if reason != "left out on request"
    ]
    if missing:
        sys.exit("Not measured:\n" + "\n".join(missing))


if __name__ == "__main__":
    main()
