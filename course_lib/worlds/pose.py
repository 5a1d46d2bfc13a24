"""A cart and pole whose sensors report its pose only: where it is, but not how fast it moves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from course_lib.worlds.camera import Camera
from course_lib.worlds.cartpole import RAIL_LIMIT, TILT_LIMIT, CartPole, CartPolePhysics
from course_lib.worlds.delay_line import DelayLine
from course_lib.worlds.distributions import Uniform
from course_lib.worlds.physics import Physics, bounds, quantity

Eyes = Callable[[np.ndarray], np.ndarray]  # pictures (n, H, W, 3), uint8 -> poses (n, 2)


class PoseSensor(Protocol):
    """Whatever turns true states into poses: noise added to the truth, or a camera and eyes."""

    def draw(self, rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        """Draw what stays the same during each of `size` episodes: name -> (size, ...)."""

    def read(
        self,
        states: np.ndarray,
        drawn: dict[str, np.ndarray],
        half_lengths: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the pose (n, 2), in m and rad, seen of true states (n, 4)."""


@dataclass(frozen=True)
class PoseErrors(Physics):
    """A sensor that is told the true pose and errs as eyes do; the defaults do not err."""

    position_noise: float = quantity(0.0, "m", "standard deviation of each position", low=0)
    angle_noise: float = quantity(0.0, "rad", "standard deviation of each angle", low=0)
    position_bias: float = quantity(0.0, "m", "the same error in every position")
    angle_bias: float = quantity(0.0, "rad", "the same error in every angle")
    position_scale: float = quantity(1.0, "1", "reading per true position", low=0)
    angle_scale: float = quantity(1.0, "1", "reading per true angle", low=0)

    draw = Physics.sample

    def read(self, states, drawn, half_lengths, rng):
        """Return the true pose with these errors, (n, 2)."""
        noise = rng.standard_normal((2, len(states)))
        x = drawn["position_scale"] * states[:, 0] + drawn["position_bias"]
        theta = drawn["angle_scale"] * states[:, 2] + drawn["angle_bias"]
        return np.stack(
            [x + drawn["position_noise"] * noise[0], theta + drawn["angle_noise"] * noise[1]],
            axis=1,
        )


@dataclass(frozen=True)
class PoseOnly:
    """A world for training and evaluation: a physics, watched by a pose sensor."""

    physics: CartPolePhysics
    sensor: PoseSensor

    def make(self, num_envs: int, *, autoreset: bool = True) -> "PoseCartPole":
        """Build a batch of `num_envs` carts."""
        return PoseCartPole(num_envs, self.physics, self.sensor, autoreset=autoreset)


class PoseCartPole(CartPole):
    """`CartPole` with observations (n, 2): cart position in m, pole angle in rad.

    They come from `sensor`; the physics' own noise and bias do not apply, its delay and dropout do.
    """

    def __init__(
        self, num_envs: int, physics: CartPolePhysics, sensor: PoseSensor, *, autoreset: bool = True
    ):
        super().__init__(num_envs, physics, autoreset=autoreset)
        high = np.array([2 * RAIL_LIMIT, 2 * TILT_LIMIT], dtype=np.float32)
        self.single_observation_space = spaces.Box(-high, high)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        longest = bounds(physics.observation_delay)[1]
        self._readings = DelayLine(longest, (num_envs, 2), np.float32)
        self._last_reading = np.zeros((num_envs, 2))
        self._sensor = sensor
        self._drawn = {}

    def _begin(self, which, options):
        for name, values in self._sensor.draw(self.np_random, which.size).items():
            everywhere = self._drawn.setdefault(name, np.zeros(self.num_envs))
            everywhere[which] = values
        return super()._begin(which, options)

    def _measure(self, which):
        drawn = {name: values[which] for name, values in self._drawn.items()}
        half_lengths = 0.75 * self._k.length_4_3[which]
        return self._sensor.read(self._state.T[which], drawn, half_lengths, self.np_random)


@dataclass(frozen=True)
class Sight:
    """A sensor made of a camera and eyes."""

    camera: Camera
    eyes: Eyes

    def draw(self, rng, size):
        """Draw the looks of `size` episodes."""
        return self.camera.draw(rng, size)

    def read(self, states, drawn, half_lengths, rng):
        """Return what the eyes make of the camera's pictures, (n, 2)."""
        return self.eyes(self.camera.show(states, drawn, half_lengths, rng))


@dataclass(frozen=True)
class ThroughCamera:
    """A world whose controller knows no more than what eyes see in a camera's pictures."""

    physics: CartPolePhysics
    camera: Camera
    eyes: Eyes

    def make(self, num_envs: int, *, autoreset: bool = True) -> "PoseCartPole":
        """Build a batch of `num_envs` carts, each with its own draw of the camera's looks."""
        seen = PoseOnly(self.physics, Sight(self.camera, self.eyes))
        return seen.make(num_envs, autoreset=autoreset)


# What a controller should put up with, for `PoseOnly`.
EYE_ERRORS = PoseErrors(
    position_noise=Uniform(0.0, 0.10, "two pixels"),
    angle_noise=Uniform(0.0, 0.05, "one pixel at the tip of the pole"),
    position_bias=Uniform(-0.2, 0.2, "a camera that stands a hand's width beside the middle"),
    angle_bias=Uniform(-0.04, 0.04, "a picture in which the pole looks slanted"),
    position_scale=Uniform(0.85, 1.15, "a camera nearer or farther than thought"),
    angle_scale=Uniform(0.7, 1.3, "eyes that are unsure report small angles"),
)
