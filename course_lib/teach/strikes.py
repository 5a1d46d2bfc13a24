"""Animations of a hand that strikes a puck, seen from above; several strikes below each other."""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from course_lib.teach.animation import Animated, played
from course_lib.teach.plots import COLOURS, show

HAND, PUCK = 0.04, 0.03  # m, radii as drawn


class Strikes(Animated):
    """Strikes on a table: `Strikes({"direct": (hand, puck), ...}, zone=(x, y, radius))`.

    `hand` and `puck` are positions at each step, (T, 2) in m; y points to the goal and is drawn to
    the right. A strike that ends early stands still. Raises ValueError without any strike, or for
    paths of other shapes.
    """

    frame = 0.05

    def __init__(
        self,
        paths: Mapping[str, tuple[np.ndarray, np.ndarray]],
        *,
        zone: tuple[float, float, float],
    ):
        if not paths:
            raise ValueError("an animation needs at least one strike")
        for name, (hand, puck) in paths.items():
            if np.ndim(hand) != 2 or np.shape(hand)[1] != 2 or np.shape(hand) != np.shape(puck):
                raise ValueError(
                    f"{name!r}: hand and puck need positions (T, 2) of equal length, not "
                    f"{np.shape(hand)} and {np.shape(puck)}"
                )
        self.paths, self._zone = dict(paths), zone

    def still(self) -> None:
        """Show the whole strikes, with the paths of hand and puck."""
        figure, moves = self._drawn()
        for move in moves:
            move(self._length - 1)
        ends = ", ".join(
            f"{name}: the puck ends {np.linalg.norm(puck[-1] - self._zone[:2]):.2f} m from the "
            "middle of the zone"
            for name, (_, puck) in self.paths.items()
        )
        show(figure, alt=f"A table from above. {ends}. Run the cell to play it.")

    @property
    def _length(self) -> int:
        return max(len(hand) for hand, _ in self.paths.values())

    def _drawn(self):
        count = len(self.paths)
        figure, axes = plt.subplots(count, 1, figsize=(7, 2.4 * count), dpi=70, squeeze=False)
        farthest = max(puck[:, 1].max() for _, puck in self.paths.values())
        until = max(self._zone[1] + 2 * self._zone[2], farthest + 0.1)
        moves = [
            self._draw_on(ax, name, until) for ax, name in zip(axes[:, 0], self.paths, strict=True)
        ]
        axes[-1, 0].set_xlabel("toward the goal, y (m)")
        figure.tight_layout()
        return figure, moves

    def _draw_on(self, ax: Axes, name: str, until: float) -> Callable[[int], None]:
        """Draw what never moves, and return a function that moves the rest to step t."""
        hand, puck = self.paths[name]
        x, y, radius = self._zone
        ax.add_patch(Circle((y, x), radius, fill=False, linestyle="--", lw=1.5, color="0.3"))
        ax.text(y, x, "zone", ha="center", va="center", fontsize=8, color="0.3")
        ax.set(xlim=(-0.35, until), ylim=(-0.35, 0.35), aspect="equal", ylabel="x (m)")
        ax.set_title(name, fontsize=10, loc="left")
        colours = COLOURS[0], COLOURS[1]
        trails = [ax.plot([], [], color=c, lw=1, linestyle=":")[0] for c in colours]
        discs = [
            ax.add_patch(Circle((0, 0), r, color=c, label=label))
            for r, c, label in zip((HAND, PUCK), colours, ("hand", "puck"), strict=True)
        ]
        ax.legend(handles=discs, loc="upper right", frameon=False, fontsize=8, ncol=2)

        def move(t: int) -> None:
            now = min(t, len(hand) - 1)
            for path, trail, disc in zip((hand, puck), trails, discs, strict=True):
                trail.set_data(path[: now + 1, 1], path[: now + 1, 0])
                disc.set_center((path[now, 1], path[now, 0]))

        return move

    def _animation(self) -> FuncAnimation:
        figure, moves = self._drawn()
        return played(figure, lambda t: [m(t) for m in moves], range(self._length), self.frame)
