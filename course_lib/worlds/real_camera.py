"""A camera that none of our simulated pictures resembles by design: Gymnasium's own renderer.

It plays the real camera of the lesson on vision. Nothing of what it shows was used to choose a
`Look`; like a real camera it was only set up: aimed at the track, its picture cut to our format.
"""

import os
from dataclasses import dataclass
from functools import cache

import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv
from PIL import Image

from course_lib.worlds.camera import HEIGHT, WIDTH

SHRINK = 6  # its 600 pixels become our 100, by averaging
TOP = 150  # rows cut off above: aimed so that the track lies in the lower part, as in our pictures


@dataclass(frozen=True)
class RealCamera:
    """Gymnasium's `CartPole-v1` as it draws itself; see `Camera` for the methods.

    The picture costs a millisecond or two, and needs pygame: without it, `show` raises
    ModuleNotFoundError.
    """

    def draw(self, rng, size):
        """Nothing is drawn: every episode looks the same."""
        return {}

    def show(self, states, drawn, half_lengths, rng):
        """Photograph the states, one by one."""
        pairs = zip(states, half_lengths, strict=True)
        return np.array([shrunk(photograph(*pair)) for pair in pairs])


def photograph(state: np.ndarray, half_length: float = 0.5) -> np.ndarray:
    """Return Gymnasium's full picture of a state (4,): uint8 (400, 600, 3)."""
    env = _studio()
    env.state, env.length = np.asarray(state), half_length
    return env.render()


def shrunk(photo: np.ndarray) -> np.ndarray:
    """Cut a full picture to the part around the track and average it to (HEIGHT, WIDTH, 3)."""
    part = (0, TOP, WIDTH * SHRINK, TOP + HEIGHT * SHRINK)
    return np.asarray(Image.fromarray(photo).reduce(SHRINK, box=part))


@cache
def _studio() -> CartPoleEnv:
    try:
        import pygame  # noqa: F401  Gymnasium would tell only when the first picture is taken
    except ImportError:
        raise ModuleNotFoundError("the real camera needs pygame: pip install pygame") from None
    # No window is opened; without this, SDL complains on machines that have no desktop.
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    return CartPoleEnv(render_mode="rgb_array")
