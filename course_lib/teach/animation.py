"""Animations of recorded episodes: they play in JupyterLab and can be saved as a GIF.

A notebook that is committed shows a still instead (see `teach.notebooks`), because a video in a
notebook's output makes every change of it unreadable.
"""

import os
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Image, display
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrow, Rectangle

STILLS = "COURSE_STILLS"  # environment variable: show stills instead of animations
FRAME_EVERY = 2  # steps of 20 ms: 25 frames a second
LONGEST = 250  # steps; a learner has seen enough after five seconds


class CartPoleAnimation:
    """One recorded episode of a cart and pole.

    `states` (T, 4) are the true states, `actions` (T,) the commands 0 and 1. `pole_half_length` in
    metres is drawn to scale.
    """

    def __init__(
        self,
        states: np.ndarray,
        actions: np.ndarray,
        *,
        title: str = "",
        pole_half_length: float = 0.5,
    ):
        states, actions = np.asarray(states), np.asarray(actions)
        if states.ndim != 2 or states.shape[1] != 4 or len(states) != len(actions):
            raise ValueError(
                "an animation shows one episode: states (T, 4) and actions (T,), not "
                f"{states.shape} and {actions.shape}"
            )
        self.states, self.actions = states[:LONGEST], actions[:LONGEST]
        self.title, self.pole_length = title, 2 * pole_half_length

    @classmethod
    def of(cls, recording, episode: int = 0, **kwargs) -> "CartPoleAnimation":
        """Animate one episode of a `course_lib.learning.Recording`, up to its end."""
        end = recording.lengths[episode]
        return cls(recording.states[:end, episode], recording.actions[:end, episode], **kwargs)

    def show(self) -> None:
        """Play the episode, with buttons; a still of it in a committed notebook."""
        if os.environ.get(STILLS):
            self.still()
            return
        animation = self._animation()
        display(HTML(animation.to_jshtml(default_mode="once")))

    def still(self) -> None:
        """Show four moments of the episode side by side."""
        moments = np.linspace(0, len(self.states) - 1, 4).astype(int)
        figure, axes = plt.subplots(1, 4, figsize=(11, 2.2), sharey=True)
        for ax, t in zip(axes, moments, strict=True):
            self._draw(ax, t)
        file = BytesIO()
        figure.savefig(file, format="png", dpi=80, bbox_inches="tight")
        plt.close(figure)
        alt = (
            f"{self.title or 'A cart and pole'}: four moments of {len(self.states)} steps. "
            "Run the cell to play it."
        )
        display(Image(file.getvalue(), format="png", alt=alt))
        print(f"Picture: {alt}")

    def save(self, path: str | Path) -> Path:
        """Write the episode as a GIF and return its path."""
        path = Path(path).with_suffix(".gif")
        self._animation().save(path, writer=PillowWriter(fps=25))
        return path

    def _animation(self) -> FuncAnimation:
        figure, ax = plt.subplots(figsize=(5, 2.4), dpi=70)
        frames = range(0, len(self.states), FRAME_EVERY)
        animation = FuncAnimation(
            figure, lambda t: self._draw(ax, t), frames=frames, interval=20 * FRAME_EVERY
        )
        plt.close(figure)  # else Jupyter shows the last frame below the animation
        return animation

    def _draw(self, ax: Axes, t: int) -> None:
        x, _, theta, _ = self.states[t]
        ax.clear()
        ax.axhline(0, color="0.6", lw=1)
        for limit in (-2.4, 2.4):
            ax.plot([limit, limit], [-0.1, 0.15], color="0.3", lw=2)
        ax.add_patch(Rectangle((x - 0.25, -0.1), 0.5, 0.2, color="#0072B2"))
        tip = x + self.pole_length * np.sin(theta), 0.1 + self.pole_length * np.cos(theta)
        ax.plot([x, tip[0]], [0.1, tip[1]], color="#D55E00", lw=5, solid_capstyle="round")
        push = 1 if self.actions[t] == 1 else -1
        ax.add_patch(
            FancyArrow(
                x + 0.3 * push, 0, 0.35 * push, 0, width=0.03, head_width=0.12, color="black"
            )
        )
        ax.set(xlim=(-2.7, 2.7), ylim=(-0.25, 0.25 + max(1.0, self.pole_length)), aspect="equal")
        ax.set_yticks([])
        ax.set_xlabel("cart position (m)")
        ax.set_title(f"{self.title}  t = {0.02 * t:.2f} s", fontsize=9)
