"""Animations of recorded episodes: they play in JupyterLab and can be saved as a GIF.

A notebook that is committed shows a still instead (see `teach.notebooks`), because a video in a
notebook's output makes every change of it unreadable.
"""

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib.teach.plots import show

STILLS = "COURSE_STILLS"  # environment variable: show stills instead of animations
STEP = 0.02  # s
FRAME_EVERY = 2  # steps: 25 frames a second
LONGEST = 250  # steps; a learner has seen enough after five seconds


@dataclass(frozen=True)
class Episode:
    """One episode of a cart and pole, as an animation draws it."""

    states: np.ndarray  # (T, 4), true states
    actions: np.ndarray  # (T,), commands 0 and 1
    title: str
    pole_length: float  # m

    def draw_on(self, ax: Axes) -> Callable[[int], None]:
        """Draw what never moves, and return a function that moves the rest to step t."""
        ax.axhline(0, color="0.6", lw=1)
        for limit in (-2.4, 2.4):
            ax.plot([limit, limit], [-0.1, 0.15], color="0.3", lw=2)
        ax.set(xlim=(-2.7, 2.7), ylim=(-0.25, 0.25 + max(1.0, self.pole_length)), aspect="equal")
        ax.set_yticks([])
        ax.set_xlabel("cart position (m)")
        cart = ax.add_patch(Rectangle((0, -0.1), 0.5, 0.2, color="#0072B2"))
        (pole,) = ax.plot([], [], color="#D55E00", lw=5, solid_capstyle="round")
        (push,) = ax.plot([], [], color="black", ms=9)
        title = ax.set_title("", fontsize=9)

        def move(t: int) -> None:
            now = min(t, len(self.states) - 1)  # after its end an episode stands still
            x, _, theta, _ = self.states[now]
            cart.set_x(x - 0.25)
            tip = x + self.pole_length * np.sin(theta), 0.1 + self.pole_length * np.cos(theta)
            pole.set_data([x, tip[0]], [0.1, tip[1]])
            side = 1 if self.actions[now] == 1 else -1
            push.set_data([x + 0.45 * side], [0])
            push.set_marker(("<", ">")[side > 0] if now == t else "")
            clock = (
                f"t = {STEP * t:.2f} s" if now == t else f"over at {STEP * len(self.states):.2f} s"
            )
            title.set_text(f"{self.title}  {clock}")

        return move


class Animated:
    """What can be played in JupyterLab and saved: a subclass makes the pictures.

    It writes `still()`, which shows some moments, and `_animation()`; `frame` is the seconds that
    each frame stays.
    """

    frame = 0.1

    def show(self) -> None:
        """Play it, with buttons; show a still of it in a committed notebook."""
        if os.environ.get(STILLS):
            self.still()
        else:
            display(HTML(self._animation().to_jshtml(default_mode="once")))

    def save(self, path: str | Path) -> Path:
        """Write it as a GIF and return its path."""
        path = Path(path).with_suffix(".gif")
        self._animation().save(path, writer=PillowWriter(fps=1 / self.frame))
        return path

    def still(self) -> None:
        """Show some moments of it."""
        raise NotImplementedError

    def _animation(self) -> FuncAnimation:
        raise NotImplementedError


def played(figure, move: Callable[[float], object], frames, seconds: float) -> FuncAnimation:
    """An animation of `figure` that calls `move` with one of `frames` after the other."""
    animation = FuncAnimation(figure, move, frames, interval=1000 * seconds)
    plt.close(figure)  # else Jupyter shows the last frame below the animation
    return animation


class CartPoleAnimation(Animated):
    """A recorded episode of a cart and pole, or several side by side.

    `states` (T, 4) are the true states, `actions` (T,) the commands 0 and 1. `pole_half_length` in
    metres is drawn to scale. Raises ValueError for arrays of other shapes.
    """

    frame = STEP * FRAME_EVERY

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
        episode = Episode(states[:LONGEST], actions[:LONGEST], title, 2 * pole_half_length)
        self.episodes = [episode]

    @classmethod
    def of(cls, recording, episode: int = 0, **kwargs) -> "CartPoleAnimation":
        """Animate one episode of a `course_lib.learning.Recording`, up to its end."""
        end = recording.lengths[episode]
        return cls(recording.states[:end, episode], recording.actions[:end, episode], **kwargs)

    def beside(self, *others: "CartPoleAnimation") -> "CartPoleAnimation":
        """The same animation with others to its right, running at the same time."""
        together = copy.copy(self)
        together.episodes = sum((other.episodes for other in others), self.episodes)
        return together

    def still(self) -> None:
        """Show four moments of each episode, one row per episode."""
        rows = len(self.episodes)
        figure, axes = plt.subplots(rows, 4, figsize=(11, 2.2 * rows), squeeze=False)
        for row, episode in zip(axes, self.episodes, strict=True):
            for ax, t in zip(row, np.linspace(0, len(episode.states) - 1, 4), strict=True):
                episode.draw_on(ax)(int(t))
        figure.tight_layout()
        lengths = "; ".join(f"{e.title or 'a cart'}, {len(e.states)} steps" for e in self.episodes)
        show(figure, alt=f"Four moments of each episode: {lengths}. Run the cell to play it.")

    def _animation(self) -> FuncAnimation:
        count = len(self.episodes)
        figure, axes = plt.subplots(1, count, figsize=(5 * count**0.7, 2.3), dpi=70, squeeze=False)
        frames = range(0, max(len(episode.states) for episode in self.episodes), FRAME_EVERY)

        moves = [e.draw_on(ax) for e, ax in zip(self.episodes, axes[0], strict=True)]
        figure.tight_layout()
        return played(figure, lambda t: [move(t) for move in moves], frames, self.frame)
