"""Gantt charts: which job was on which node, when; several schedules below each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from course_lib.teach.animation import Animated, played
from course_lib.teach.plots import COLOURS, HATCHES, show

FRAMES = 60


@dataclass(frozen=True)
class Chart:
    """One schedule; `log` has the fields of a `course_lib.worlds.ScheduleLog`."""

    name: str
    log: object

    @property
    def end(self) -> float:
        """When the last attempt ends, in hours."""
        return max(attempt.end for attempt in self.log.attempts)

    def first_nodes(self) -> np.ndarray:
        """The number of each pool's first node, (pools,).

        An episode that was drawn with fewer nodes than others numbers them as the largest does. A
        job takes the first free nodes, so that the first of a pool is used if any is.
        """
        first = np.cumsum([0, *self.log.nodes[:-1]])
        for pool in {attempt.pool for attempt in self.log.attempts}:
            first[pool] = min(a.nodes.min() for a in self.log.attempts if a.pool == pool)
        return first

    def draw_on(self, ax: Axes, until: float) -> Callable[[float], None]:
        """Draw everything, and return a function that hides what lies after the time t."""
        log, edges = self.log, np.cumsum([0, *self.log.nodes])
        shift = edges[:-1] - self.first_nodes()
        bars = [
            (attempt, ax.barh(node + shift[attempt.pool], attempt.end - attempt.start, 0.85,
                              attempt.start, **edge(attempt), **style(log.cls[attempt.job])))
            for attempt in log.attempts for node in attempt.nodes
        ]  # fmt: skip
        for border in edges[1:-1]:
            ax.axhline(border - 0.5, color="0.5", lw=0.8)
        ax.set_yticks((edges[:-1] + edges[1:] - 1) / 2, [pool.name for pool in log.site.pools])
        ax.set(xlim=(0, until), ylim=(edges[-1] - 0.5, -0.5), ylabel="nodes")
        now = ax.axvline(0, color="black", lw=1)
        title = ax.set_title("", fontsize=10, loc="left")

        def move(t: float) -> None:
            now.set_xdata([t, t])
            for attempt, (bar,) in bars:
                bar.set_width(np.clip(t - attempt.start, 0, attempt.end - attempt.start))
            over = log.ended <= t
            running = sum(attempt.start <= t < attempt.end for attempt in log.attempts)
            waiting = np.sum((log.submitted <= t) & ~over) - running
            mean = f"{log.slowdown[over].mean():.2f}" if over.any() else "-"
            title.set_text(
                f"{self.name}: {over.sum()} of {len(over)} jobs have ended, mean bounded "
                f"slowdown {mean}; {waiting} in the queue"
            )

        return move


class Gantt(Animated):
    """Schedules of the same jobs, one below the other: `Gantt({"FCFS": log, ...})`.

    Time runs to the right, every row is a node, colour and hatch tell the class of a job. Raises
    ValueError without any schedule.
    """

    frame = 0.2

    def __init__(self, logs: Mapping[str, object]):
        if not logs:
            raise ValueError("a Gantt chart needs at least one schedule")
        self.charts = [Chart(name, log) for name, log in logs.items()]

    def still(self) -> None:
        """Show the whole schedules."""
        figure, moves = self._drawn()
        for move in moves:
            move(self._until)
        names = ", ".join(chart.name for chart in self.charts)
        show(
            figure,
            alt=f"Which job is on which node, against time in {self._unit}, under {names}. Rows "
            "are nodes in their pools; titles tell the mean bounded slowdown. Run the cell to step "
            "through it.",
        )

    @property
    def _until(self) -> float:
        return max(chart.end for chart in self.charts)

    def _drawn(self):
        count = len(self.charts)
        figure, axes = plt.subplots(count, 1, figsize=(10, 2.4 * count), dpi=70, sharex=True)
        axes = np.atleast_1d(axes)
        moves = [c.draw_on(ax, self._until) for c, ax in zip(self.charts, axes, strict=True)]
        self._label_time(axes[-1])
        classes = self.charts[0].log.site.classes
        handles = [Patch(label=c.name, **style(i)) for i, c in enumerate(classes)]
        figure.legend(handles=handles, loc="upper center", ncol=len(classes), frameon=False)
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.16 / count), h_pad=1.5)  # room for the legend
        return figure, moves

    @property
    def _unit(self) -> str:
        """Seconds where all is over within a minute, else hours."""
        return "seconds" if self._until < 1 / 60 else "hours"

    def _label_time(self, ax: Axes) -> None:
        ax.set_xlabel(f"time ({self._unit[0]})")
        if self._unit == "seconds":
            ticks = MaxNLocator(8).tick_values(0, 3600 * self._until)[:-1]
            ax.set_xticks(ticks / 3600, [f"{tick:g}" for tick in ticks])

    def _animation(self) -> FuncAnimation:
        figure, moves = self._drawn()
        times = np.linspace(0, self._until, FRAMES)
        return played(figure, lambda t: [move(t) for move in moves], times, self.frame)


def edge(attempt) -> dict[str, Any]:
    """A black edge for an attempt that failed, and a thin white one for all others."""
    failed = attempt.failed
    return {"edgecolor": "black" if failed else "white", "lw": 2 if failed else 0.5}


def style(cls: int) -> dict[str, str]:
    """Colour and hatch of a class of jobs."""
    return {"facecolor": COLOURS[cls % 7], "hatch": HATCHES[cls % 7]}
