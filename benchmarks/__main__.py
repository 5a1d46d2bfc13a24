"""`make bench`: measure everything side by side and write RESULTS.md.

`make bench PART=solve` measures one part again; the others keep what they have. `PART=course` runs
every lesson twice, which takes the better part of an hour, so it is only measured if asked for.
`make bench PART=course ONLY=01_reality_gap` measures one of them again.
A peer that cannot be measured is named in RESULTS.md and fails the command, unless it was left out
on purpose: `make bench WITHOUT=sbx`.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterable
from datetime import date

from benchmarks.contest import HERE, LEFT_OUT, Contender, Outcome, hold
from benchmarks.machine import describe
from benchmarks.peers import install_peers
from benchmarks.report import write

PARTS = ("throughput", "solve", "robust", "identification", "scheduling")
ON_REQUEST = ("course",)


def measure(part: str, left_out: list[str], only: list[str]) -> Outcome:
    """Hold the contest of a part and keep what it found in results/.

    With `only`, which names contenders as functions or by what they are about, the others keep
    what was measured before. Use it on one machine: the part says only when it was last measured.
    """
    module = importlib.import_module(f"benchmarks.{part}")
    contenders = [c for c in module.CONTENDERS if not only or c.called(only)]
    if not contenders:
        raise ValueError(f"nobody in {part} is called {' or '.join(only)}")
    path = HERE / "results" / f"{part}.json"
    before = json.loads(path.read_text()) if only and path.exists() else {}
    began = time.perf_counter()
    outcome = hold(part, contenders, module.ROUNDS, left_out)
    seconds = before.get("about", {}).get("seconds", 0.0) + time.perf_counter() - began
    about = {"date": date.today().isoformat(), "seconds": seconds}
    asked = {c.name for c in contenders}
    kept = {
        key: {name: what for name, what in before.get(key, {}).items() if name not in asked}
        for key in ("measured", "failed")
    }
    found = {
        "about": about | describe(),
        "measured": _in_order(kept["measured"] | outcome.measured, module.CONTENDERS),
        "failed": kept["failed"] | outcome.failed,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
    return outcome


def _in_order(measured: dict, contenders: Iterable[Contender]) -> dict:
    """The measurements in the order of the contenders, as the tables show them."""
    return {c.name: measured[c.name] for c in contenders if c.name in measured}


def main() -> None:
    """Measure the parts that are asked for, then write the report on all that there are."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - {*PARTS, *ON_REQUEST}:
        parser.error(f"no part {unknown.pop()!r}; there are {', '.join(PARTS + ON_REQUEST)}")
    if asked.only and (not asked.parts or {*asked.parts} - {*ON_REQUEST}):
        parser.error("only is for the part 'course': elsewhere contenders must share their run")
    modules = [importlib.import_module(f"benchmarks.{p}") for p in asked.parts or PARTS]
    for name in asked.without:
        if not any(c.called([name]) for module in modules for c in module.CONTENDERS):
            parser.error(f"nobody is called {name}, so nobody can be left out")
    install_peers()
    try:
        outcomes = {p: measure(p, asked.without, asked.only) for p in asked.parts or PARTS}
    except ValueError as error:
        parser.error(str(error))
    write()
    print(f"Written: {HERE / 'RESULTS.md'}")
    missing = [
        f"{part}: {name}: {reason}"
        for part, outcome in outcomes.items()
        for name, reason in outcome.failed.items()
        if reason != LEFT_OUT
    ]
    if missing:
        sys.exit("Not measured:\n" + "\n".join(missing))


if __name__ == "__main__":
    main()
