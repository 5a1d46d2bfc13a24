"""From results/*.json to RESULTS.md and its picture; no number in them is typed by hand."""

import json
from importlib import import_module
from pathlib import Path

from benchmarks.contest import HERE
from benchmarks.picture import draw
from benchmarks.sections import SECTIONS

TITLES = {
    "solve": "1. Time to solve CartPole-v1",
    "throughput": "2. Throughput of randomised environments",
    "robust": "3. A robust policy",
    "identification": "4. System identification",
    "scheduling": "5. The scheduler",
    "course": "6. The whole course",
}


def write() -> None:
    """Write RESULTS.md and its picture from all parts that were measured."""
    found = {p: json.loads(f.read_text()) for p in TITLES if (f := results(p)).exists()}
    parts = [section(part, found[part]) for part in TITLES if part in found]
    draw(found, HERE / "RESULTS.png")
    (HERE / "RESULTS.md").write_text("\n\n".join([HEAD, *parts, made_on(found)]) + "\n")


def results(part: str) -> Path:
    """Where a part's measurements are kept."""
    return HERE / "results" / f"{part}.json"


HEAD = """# Speed, side by side

What this course runs on, against what you would otherwise use. `make bench` writes this file. All contenders of a part ran on one machine, one after the other, taking turns for several rounds; each measurement is a process of its own, in which NumPy and PyTorch have one thread (EnvPool's rows say how many workers it has; JAX may use all cores). *n* times as fast means that the other one takes *n* times as long. A ✔ means that the middle value reaches the goal; the brackets behind it say how sure that is, and what they are stands above each table. `make bench PART=solve` measures one part again. The last part is measured by `make bench PART=course` only.

![Left: seconds until CartPole-v1 is solved, a point for each seed; this course is the first row. Middle: steps per second over the number of environments; batches in NumPy rise most, EnvPool levels off, DummyVecEnv stays nearly flat. Right: decisions per second of the scheduler over the number of nodes, against SimPy.](RESULTS.png)"""  # noqa: E501


def made_on(found: dict) -> str:
    """The machine and the versions; parts that were measured elsewhere are named."""
    setups: dict[tuple[str, ...], list[str]] = {}
    for part, each in found.items():
        setup = tuple(each["about"][what] for what in ("machine", "versions", "peers"))
        setups.setdefault(setup, []).append(TITLES[part].split(".")[0])
    lines = [
        f"Parts {', '.join(parts)}: {machine}. The course's environment: {versions}. The peers': "
        f"{peers}."
        for (machine, versions, peers), parts in setups.items()
    ]
    return "\n\n".join(["## Measured on", *lines])


def section(part: str, found: dict) -> str:
    """The title of a part, its tables, what is missing in them, and when it was measured."""
    about, measured = found["about"], found["measured"]
    ours = import_module(f"benchmarks.{part}").CONTENDERS[0].name
    told = "This course itself was not measured, so there is nothing to compare with."
    there = ours in measured or (part == "course" and measured)  # its lessons are no rivals
    lines = [f"## {TITLES[part]}", SECTIONS[part](measured) if there else told]
    for name, reason in found["failed"].items():
        lines.append(f"**Not measured: {name}.** {reason}")
    lines.append(f"<sub>Measured on {about['date']}, in {about['seconds'] / 60:.0f} min.</sub>")
    return "\n\n".join(lines)
