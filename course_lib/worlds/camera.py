"""A camera in front of the simulated cart and pole: true states in, pictures out.

Shapes are drawn by what share of each pixel they cover, which makes edges smooth without drawing
more pixels than needed; the picture is then a weighted sum of paints. Everything is batched NumPy.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Protocol

import numpy as np

from course_lib.worlds.looks import PAINTED, Look

HEIGHT, WIDTH = 32, 100  # pixels
VIEW = 5.2  # m, what the picture's width shows at zoom 1: the rail of ±2.4 m and a margin
TRACK_HEIGHT = 0.4  # m, from the lower edge of the picture up to the middle of the track
CHUNK = 32  # frames drawn together: what they need fits into a core's cache

# Pixel centres in pixels: to the right of the picture's middle, and up from the track.
ACROSS = np.arange(WIDTH, dtype=np.float32) + 0.5 - WIDTH / 2
UP = HEIGHT - 0.5 - np.arange(HEIGHT, dtype=np.float32) - TRACK_HEIGHT * WIDTH / VIEW


class Camera(Protocol):
    """Takes pictures of true states."""

    def draw(self, rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        """Draw what stays the same during each of `size` episodes: name -> (size,)."""

    def show(
        self,
        states: np.ndarray,
        drawn: dict[str, np.ndarray],
        half_lengths: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return pictures (n, HEIGHT, WIDTH, 3), uint8, of true states (n, 4)."""


@dataclass(frozen=True)
class SimulatedCamera:
    """The camera of our own simulator: its looks are drawn anew for each episode."""

    looks: Look = Look()

    def draw(self, rng, size):
        """Draw the looks of `size` episodes."""
        return self.looks.sample(rng, size)

    def show(self, states, drawn, half_lengths, rng):
        """Render the states; see `render`."""
        return render(states, drawn, rng, half_lengths)


def render(
    states: np.ndarray,
    looks: dict[str, np.ndarray],
    rng: np.random.Generator,
    half_lengths: np.ndarray | float = 0.5,
) -> np.ndarray:
    """Draw true states (n, 4) as pictures (n, HEIGHT, WIDTH, 3), uint8.

    `looks` holds one number per picture for each field of `Look`, as `Look.sample` returns them;
    `half_lengths`, in m, is half the length of each pole. `rng` makes the noise of the pixels.
    """
    n = len(states)
    half_lengths = np.broadcast_to(half_lengths, n)
    pictures = np.empty((n, HEIGHT, WIDTH, 3), dtype=np.uint8)
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        # One number per picture, to be combined with rows or columns of pixels: (n, 1).
        numbers = looks | {"x": states[:, 0], "angle": states[:, 2], "half_length": half_lengths}
        k = SimpleNamespace(
            **{name: v[part, None].astype(np.float32) for name, v in numbers.items()}
        )
        pictures[part] = _draw(k, rng).transpose(0, 2, 3, 1)
    return pictures


def _draw(k: SimpleNamespace, rng: np.random.Generator) -> np.ndarray:
    """Pictures (n, 3, H, W) with values from 0 to 255."""
    n = len(k.x)
    pixel = VIEW / WIDTH / k.zoom  # m
    right = ACROSS * pixel + k.shift_right  # (n, W), m from the middle of the rail
    up = UP * pixel + k.shift_up  # (n, H), m from the track
    layers = _layers(k, right, up, np.maximum(pixel, k.blur))
    paints = np.zeros((n, 3, layers.shape[1]), dtype=np.float32)
    for i, part in enumerate(PAINTED):
        for j, channel in enumerate(("red", "green", "blue")):
            paints[:, j, i] = getattr(k, f"{part}_{channel}")[:, 0]
    paints[:, :, -1] = k.stripes
    pictures = (255.0 * paints @ layers.reshape(n, -1, HEIGHT * WIDTH)).reshape(n, 3, HEIGHT, WIDTH)
    light_across = k.light + k.light_right * ACROSS / (WIDTH / 2)
    light_up = k.light_top * np.linspace(1, -1, HEIGHT, dtype=np.float32)
    pictures *= _outer(light_up, light_across, np.add)[:, None]
    if k.noise.any():
        # Grey grain from raw bytes: normal numbers would cost more than the picture does.
        grain = np.frombuffer(rng.bytes(n * HEIGHT * WIDTH), dtype=np.uint8).astype(np.float32)
        pictures += ((grain.reshape(n, -1) - 127.5) * (2 * k.noise)).reshape(n, 1, HEIGHT, WIDTH)
    return np.clip(pictures, 0.0, 255.0, out=pictures)


def _layers(k, right, up, soft) -> np.ndarray:
    """How much each paint counts in each pixel, front to back, (n, paints + stripes, H, W)."""
    hinge = (k.hinge_height - 0.5) * k.cart_height  # m above the track
    sin, cos = np.sin(k.angle), np.cos(k.angle)
    aside = _outer(-(up - hinge) * sin, (right - k.x) * cos, np.add)  # m from the pole's axis
    along = _outer((up - hinge) * cos, (right - k.x) * sin, np.add)  # m from the hinge
    half, width, soft_ = (v[:, :, None] for v in (k.half_length, k.pole_width, soft))
    shapes = {
        "pole": _covered(aside, width / 2, soft_) * _covered(along - half, half, soft_),
        "cart": _box(right - k.x, up, k.cart_width, k.cart_height, soft),
        "track": _covered(up, k.track_width / 2, soft)[:, :, None],
        "thing": k.thing[:, :, None]
        * _box(right - k.thing_x, up - k.thing_y, k.thing_width, k.thing_height, soft),
    }
    layers = np.empty((len(k.x), len(PAINTED) + 1, HEIGHT, WIDTH), dtype=np.float32)
    left = np.ones_like(layers[:, 0])  # the share of the pixel that nothing covers so far
    for i, part in enumerate(PAINTED[:-1]):
        np.multiply(left, shapes[part], out=layers[:, i])
        left -= layers[:, i]
    layers[:, -2] = left
    # sin(a + b) = sin a cos b + cos a sin b, so that no sine is taken per pixel.
    wave = 2 * np.pi / k.stripe_length
    a = wave * np.cos(k.stripe_angle) * right + k.stripe_phase
    b = wave * np.sin(k.stripe_angle) * up
    waves = _outer(np.cos(b), np.sin(a), np.multiply) + _outer(np.sin(b), np.cos(a), np.multiply)
    np.multiply(waves, left, out=layers[:, -1])
    return layers


def _box(right, up, width, height, soft) -> np.ndarray:
    return _outer(_covered(up, height / 2, soft), _covered(right, width / 2, soft), np.multiply)


def _outer(rows: np.ndarray, columns: np.ndarray, operation: np.ufunc) -> np.ndarray:
    """Combine rows (n, H) and columns (n, W) to (n, H, W)."""
    return operation(rows[:, :, None], columns[:, None, :])


def _covered(distance: np.ndarray, half: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """The share of a pixel as wide as `soft` that a bar of half width `half` covers.

    `distance` is that of the pixel's centre from the bar's middle line; all in m.
    """
    overlap = half + soft / 2 - np.abs(distance)
    return np.clip(overlap, 0.0, np.minimum(2 * half, soft), out=overlap) / soft
