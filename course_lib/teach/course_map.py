"""The map of the course, as a picture."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

from course_lib.teach.plots import COLOURS, show

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@dataclass(frozen=True)
class Stop:
    """One lesson on the map: its number, its title, and where it stands."""

    number: str
    title: str
    column: int
    row: int

    @property
    def written(self) -> bool:
        """Whether the lesson's notebook is there."""
        return any(NOTEBOOKS.glob(f"{self.number}_*.ipynb"))


STAGES = ("Measure the gap", "Close it", "Schedule a cluster", "Explore and deploy")
STOPS = (
    Stop("00", "Start here", 0, 0),
    Stop("01", "The reality gap", 0, 1),
    Stop("02", "Measuring the gap", 0, 2),
    Stop("03", "Domain\nrandomization", 1, 0),
    Stop("04", "Visual domain\nrandomization", 1, 1),
    Stop("05", "System\nidentification", 1, 2),
    Stop("06", "Progressive\ntransfer", 1, 3),
    Stop("07", "Five gaps of a\ncluster scheduler", 2, 0),
    Stop("08", "Six transfer\nmethods", 2, 1),
    Stop("09", "Safe deployment", 3, 0),
    Stop("10", "A real cluster", 3, 1),
    Stop("11", "Learning\nto explore", 3, 2),
    Stop("12", "Exploring\nwith a robot", 3, 3),
)


def show_course_map() -> None:
    """Show the lessons in their order, one column per stage; dashed boxes are not written yet."""
    figure, ax = plt.subplots(figsize=(10, 3.6))
    for column, stage in enumerate(STAGES):
        ax.text(column * 2.4, 0.85, stage, ha="center", fontsize=11, weight="bold")
    for stop in STOPS:
        box = {
            "boxstyle": "round,pad=0.4",
            "edgecolor": COLOURS[stop.column],
            "facecolor": "white",
            "linewidth": 2,
            "linestyle": "-" if stop.written else (0, (2, 2)),
        }
        label = f"{stop.number}  {stop.title}"
        ax.text(stop.column * 2.4, -stop.row, label, ha="center", va="center", bbox=box, fontsize=9)
    ends = [max(s.row for s in STOPS if s.column == c) for c in range(len(STAGES))]
    for column, end in enumerate(ends):
        if end:
            ax.annotate("", (column * 2.4, -end + 0.3), (column * 2.4, -0.3), zorder=0,
                        arrowprops={"arrowstyle": "->", "color": "0.7", "lw": 2})  # fmt: skip
        if column:
            ax.annotate("", (column * 2.4 - 0.95, 0), (column * 2.4 - 1.45, 0),
                        arrowprops={"arrowstyle": "->", "color": "0.4", "lw": 2})  # fmt: skip
    ax.set(xlim=(-1.2, 8.4), ylim=(-3.6, 1.2))
    ax.axis("off")
    stages = "; ".join(
        f"{stage}: lessons {', '.join(s.number for s in STOPS if s.column == column)}"
        for column, stage in enumerate(STAGES)
    )
    show(figure, alt=f"The map of the course, left to right. {stages}.")
