"""The picture of RESULTS.md: time to solve, throughput, and the scheduler's decisions."""

from itertools import cycle
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

LOOKS = [("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ("-", "v"), ("--", "P"), (":", "X")]


def draw(found: dict, path: Path) -> None:
    """Draw the three panels, as far as their parts were measured."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 6), layout="constrained")
    for ax, part, panel in zip(
        axes, ("solve", "throughput", "scheduling"), (solved, stepped, decided), strict=True
    ):
        if part in found:
            panel(ax, found[part]["measured"])
        else:
            ax.set_axis_off()
    figure.savefig(path, dpi=90, facecolor="white")
    plt.close(figure)


def solved(ax, measured: dict) -> None:
    """A row of points for each contender, and its median."""
    for row, (runs, (_, marker)) in enumerate(zip(measured.values(), cycle(LOOKS))):  # noqa: B905
        seconds = [run["seconds"] for run in runs]
        ax.plot(seconds, [row] * len(seconds), marker, alpha=0.6)
        ax.plot(np.median(seconds), row, "k|", markersize=18)
    ax.set_yticks(range(len(measured)), [name.replace(", ", ",\n").replace(": ", ":\n")
                                         for name in measured])  # fmt: skip
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.set_xlabel("seconds until CartPole-v1 is solved")
    ax.set_title("Time to solve (bar: median)")


def stepped(ax, measured: dict) -> None:
    """Median steps per second over the number of environments."""
    rates = {name: runs for name, runs in measured.items() if "shares" not in runs[0]}
    for (name, runs), (line, marker) in zip(rates.items(), cycle(LOOKS)):  # noqa: B905
        sizes = [int(n) for n in runs[0]]
        rates = [np.median([run[str(n)] for run in runs]) for n in sizes]
        ax.plot(sizes, rates, line, marker=marker, label=name)
    _label(ax, "environments", "steps per second", "Throughput")


def decided(ax, measured: dict) -> None:
    """Median decisions per second over the number of nodes."""
    looks = cycle(LOOKS)
    for name, runs in measured.items():
        if not runs or not isinstance(runs[0].get("per_second"), dict):
            continue
        for batch, cells in runs[0]["per_second"].items():
            nodes = [n for n in cells if cells[n] is not None]
            rates = [np.median([run["per_second"][batch][n] for run in runs]) for n in nodes]
            line, marker = next(looks)
            ax.plot(list(map(int, nodes)), rates, line, marker=marker, label=f"{name}, {batch}")
    _label(ax, "nodes", "decisions per second", "Scheduler (number: clusters at once)")


def _label(ax, across: str, up: str, title: str) -> None:
    """Logarithmic scales, what is on them, and the legend below."""
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set(xlabel=across, ylabel=up, title=title)
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14))
