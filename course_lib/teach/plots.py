"""The course's pictures: labelled, readable without colour, and described in words."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.teach.claims import HasInterval

# Okabe and Ito's palette, told apart by most colour-blind readers; every use adds a marker, a line
# style or a hatch as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
HATCHES = ("", "//", "..", "xx", "--", "++", "oo")

IntervalOf = Callable[[np.ndarray], HasInterval]


def show(figure: Figure, alt: str) -> None:
    """Display a figure once, with `alt` as its text for screen readers and as its caption."""
    if not alt.strip():
        raise ValueError("describe the picture in alt: what is on the axes and what is to be seen")
    file = BytesIO()
    figure.savefig(file, format="png", dpi=90, bbox_inches="tight", facecolor="white")
    plt.close(figure)
    display(Image(file.getvalue(), format="png", alt=alt))
    # JupyterLab gives an output image no alternative text of its own, so the words stand below it.
    print(f"Picture: {alt}")


def plot_returns(
    values: Mapping[str, np.ndarray],
    interval: IntervalOf,
    *,
    xlabel: str = "return (steps upright)",
    ax: Axes | None = None,
) -> Axes:
    """One row per condition: a small dot per seed, and a diamond with an interval for all of them.

    `values[name]` has shape (seeds,); `interval(values[name])` gives estimate, low and high.
    """
    ax = ax or plt.subplots(figsize=(7, 0.6 + 0.5 * len(values)))[1]
    for row, (_, seeds) in enumerate(values.items()):
        seeds, found = np.asarray(seeds, dtype=float), interval(seeds)
        spread = np.linspace(-0.18, 0.18, len(seeds))
        ax.plot(seeds, row + spread, "o", ms=4, mfc="none", color="0.4", zorder=1)
        ax.plot([found.low, found.high], [row, row], "-", lw=3, color=COLOURS[0], zorder=2)
        ax.plot(found.estimate, row, "D", ms=8, color=COLOURS[0], zorder=3)
    ax.set_yticks(range(len(values)), list(values))
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))  # a cut axis makes small differences look large
    ax.set_xlabel(xlabel)
    ax.grid(axis="x", alpha=0.3)
    return ax


def plot_robustness(
    settings: Sequence[float],
    curves: Mapping[str, np.ndarray],
    interval: IntervalOf,
    *,
    xlabel: str,
    nominal: float | None = None,
    ylabel: str = "return (steps upright)",
    ax: Axes | None = None,
) -> Axes:
    """Return against one factor: a line per condition with a band for its interval.

    `curves[name]` has shape (settings, seeds). `nominal` draws a vertical line at the setting of
    the simulator.
    """
    ax = ax or plt.subplots(figsize=(7, 3.2))[1]
    for i, (name, seeds) in enumerate(curves.items()):
        found = [interval(row) for row in seeds]
        style = {"color": COLOURS[i % 7], "linestyle": LINES[i % 7], "marker": MARKERS[i % 7]}
        ax.plot(settings, [f.estimate for f in found], label=name, ms=5, **style)
        ax.fill_between(
            settings,
            [f.low for f in found],
            [f.high for f in found],
            color=COLOURS[i % 7],
            alpha=0.2,
        )
    if nominal is not None:
        ax.axvline(nominal, color="0.3", lw=1, ls=":", label="simulator")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.set_ylim(bottom=0)
    ax.grid(alpha=0.3)
    if len(curves) > 1 or nominal is not None:
        ax.legend(frameon=False, fontsize=9)
    return ax


def plot_ledger(
    groups: Mapping[str, Mapping[str, HasInterval]],
    *,
    xlabel: str = "return lost (steps)",
    ax: Axes | None = None,
) -> Axes:
    """The gap ledger: one bar with its interval per factor, grouped by culprit.

    `groups[culprit][factor]` is the interval of the return lost to that factor alone.
    """
    rows = [(group, name, f) for group, rows in groups.items() for name, f in rows.items()]
    ax = ax or plt.subplots(figsize=(7.5, 0.8 + 0.32 * len(rows)))[1]
    styles = {g: {"color": COLOURS[i % 7], "hatch": HATCHES[i % 7]} for i, g in enumerate(groups)}
    for row, (group, _, found) in enumerate(rows):
        first = row == 0 or rows[row - 1][0] != group
        ax.barh(
            row,
            found.estimate,
            height=0.7,
            alpha=0.75,
            edgecolor="white",
            **styles[group],
            label=group if first else None,
        )
        ax.plot([found.low, found.high], [row, row], "-", color="black", lw=1.5)
    ax.set_yticks(range(len(rows)), [name for _, name, _ in rows], fontsize=9)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel(xlabel)
    ax.grid(axis="x", alpha=0.3)
    ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3)
    return ax
