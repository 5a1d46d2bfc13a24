"""A simulator that follows a log, and how surprised it is by every reading.

An extended Kalman filter: predict the next reading, compare, correct the state, go on. What is left
between reading and prediction is called an *innovation*. With the right physics innovations are
nothing but noise; how improbable they are is the likelihood of the physics. See K. J. Åström
(1980), "Maximum likelihood and prediction error methods", Automatica 16(5).

The filter's gain is that of the cart and pole linearised about upright, from which a pole never
gets farther than 12°.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.gap.logs import Logged
from course_lib.worlds import CartPolePhysics
from course_lib.worlds.carts import carts_with
from course_lib.worlds.distributions import Distribution

Worlds = Mapping[str, np.ndarray]  # name of a quantity -> its value in each world, (n,)

START = 0.05 / np.sqrt(3)  # standard deviation of every coordinate when an episode starts
NUDGE = 1e-4  # a change of the state, small enough to be answered linearly
WITHOUT_CHANCE = ("force_noise", "bump_chance", "observation_noise", "sensor_dropout")
PROMPT = ("action_delay", "motor_lag", "observation_delay")


@dataclass(frozen=True)
class Sensors:
    """Which of the four readings count, and the noise of each in units of `observation_noise`."""

    channels: tuple[int, ...]
    noise: tuple[float, ...]  # one for each channel


ALL_EQUAL = Sensors(channels=(0, 1, 2, 3), noise=(1.0, 1.0, 1.0, 1.0))  # as in the simulator

# A rig has two encoders; its velocities are differences of their readings and tell nothing new. One
# step of the encoders is about 0.5 mm and 6 mrad.
ENCODERS = Sensors(channels=(0, 2), noise=(0.1, 1.0))


@dataclass(frozen=True)
class Innovations:
    """How surprised n worlds were by the r readings of a log."""

    scores: np.ndarray  # (n, r), innovations, decorrelated, in standard deviations
    log_scales: np.ndarray  # (n, r), the logarithms of these standard deviations

    # r runs over steps, then episodes, then channels.

    @property
    def surprise(self) -> np.ndarray:
        """The negative log-likelihood of each world, (n,), up to a constant."""
        return (self.scores**2 / 2 + self.log_scales).sum(axis=1)


def follow(
    log: Sequence[Logged],
    worlds: Worlds,
    sensors: Sensors = ALL_EQUAL,
    physics: CartPolePhysics | None = None,
) -> Innovations:
    """Let each of n worlds follow every episode of the log.

    `worlds` gives the worlds their quantities; the others are those of `physics`. A reading that
    only repeats the last one was lost: it is passed over. Bumps and delays of the observations are
    not modelled: they count as surprises. With many lost readings the filter trusts its state too
    much.

    Raises ValueError for an observation noise that is not above 0.
    """
    worlds = in_full(worlds, physics)
    if not (worlds["observation_noise"] > 0).all():
        raise ValueError("observation_noise must be above 0: how far can a reading be trusted?")
    seen, commands, there = padded(log)
    readings = seen[..., sensors.channels]
    there[1:] &= (readings[1:] != readings[:-1]).any(axis=-1)
    n, (steps, episodes) = len(worlds["gravity"]), commands.shape
    gains, roots = _gains(worlds, sensors, steps + 1)
    bias = np.zeros((n, 1, 4))
    bias[:, 0, 2] = worlds["sensor_bias"]
    carts = carts_with({k: np.repeat(v, episodes) for k, v in _without(WITHOUT_CHANCE, worlds)})
    carts.reset(seed=0, options={"state": np.zeros(4)})
    states = np.zeros((n, episodes, 4))
    innovations = []
    for t in range(steps + 1):
        surprises = readings[t] - (states + bias)[..., sensors.channels]
        innovations.append(np.where(there[t, :, None], surprises, 0.0))
        if t < steps:
            carts.state = (states + innovations[-1] @ gains[t]).reshape(-1, 4)
            carts.step(np.tile(commands[t], n))
            states = carts.state.reshape(n, episodes, 4)
    # (T + 1, n, E, c), of which only what was recorded counts
    scores = np.linalg.solve(roots, np.swapaxes(innovations, 2, 3)).swapaxes(2, 3)
    scales = np.diagonal(roots, axis1=2, axis2=3)[:, :, None]
    log_scales = np.broadcast_to(np.log(scales), scores.shape)
    return Innovations(*(_flat(values, there) for values in (scores, log_scales)))


def in_full(worlds: Worlds, physics: CartPolePhysics | None = None) -> dict[str, np.ndarray]:
    """All quantities of the worlds, (n,) each: those given, and those of `physics`.

    Nothing given is one world. Raises TypeError where a quantity of `physics` that is needed is a
    distribution.
    """
    (n,) = np.broadcast_shapes((1,), *(np.shape(v) for v in worlds.values()))
    full = vars(physics or CartPolePhysics()) | dict(worlds)
    if ranges := [name for name, value in full.items() if isinstance(value, Distribution)]:
        raise TypeError(f"to follow a log, give {', '.join(ranges)} as numbers")
    return {name: np.broadcast_to(value, n).astype(float) for name, value in full.items()}


def padded(log: Sequence[Logged]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Episodes side by side: readings (T + 1, E, 4), commands (T, E), which are there (T + 1, E).

    Raises ValueError for a log without episodes.
    """
    if not log:
        raise ValueError("the log holds no episode; run something first")
    longest = max(len(episode.actions) for episode in log)
    seen, there = np.zeros((longest + 1, len(log), 4)), np.zeros((longest + 1, len(log)), bool)
    commands = np.zeros((longest, len(log)), dtype=int)
    for i, episode in enumerate(log):
        length = len(episode.actions)
        seen[: length + 1, i], commands[:length, i] = episode.observations, episode.actions
        there[: length + 1, i] = True
    return seen, commands, there


def _gains(worlds: Worlds, sensors: Sensors, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The filter of each world: gains (steps, n, c, 4) and roots (steps, n, c, c).

    A root is the lower Cholesky factor of the innovations' covariance.
    """
    move, push = linearised(worlds)
    push = push * worlds["force_noise"][:, None]
    jolt = push[:, :, None] * push[:, None, :]  # (n, 4, 4)
    used = list(sensors.channels)
    noise = worlds["observation_noise"][:, None] * np.array(sensors.noise)  # (n, c)
    spread = np.broadcast_to(START**2 * np.eye(4), move.shape)  # covariance of the state
    gains, roots = [], []
    for _ in range(steps):
        expected = spread[:, used][:, :, used] + noise[:, None] ** 2 * np.eye(len(used))
        gains.append(np.linalg.solve(expected, spread[:, used]))
        roots.append(np.linalg.cholesky(expected))
        corrected = spread - spread[:, :, used] @ gains[-1]
        spread = move @ corrected @ move.swapaxes(1, 2) + jolt
    return np.array(gains), np.array(roots)


def linearised(worlds: Worlds) -> tuple[np.ndarray, np.ndarray]:
    """How one step answers small changes about upright, found by making them in the simulator.

    Returns the matrix from one state to the next, (n, 4, 4), and the change of the next state per
    newton of push, (n, 4).
    """
    n = len(worlds["gravity"])
    calm = dict(_without((*WITHOUT_CHANCE, *PROMPT), worlds)) | {"force": np.ones(n)}
    nudges = NUDGE * np.concatenate([np.eye(4), -np.eye(4), np.zeros((1, 4))])
    carts = carts_with({name: np.repeat(v, len(nudges)) for name, v in calm.items()})
    after = []
    for command in (0, 1):
        carts.reset(seed=0, options={"state": np.tile(nudges, (n, 1))})
        carts.step(np.full(n * len(nudges), command))
        after.append(carts.state.reshape(n, len(nudges), 4))
    left, right = after
    mean = (left + right) / 2  # the push cancels
    move = (mean[:, :4] - mean[:, 4:8]).swapaxes(1, 2) / (2 * NUDGE)
    return move, (right - left)[:, -1] / 2


def _without(names: Sequence[str], worlds: Worlds) -> Iterator[tuple[str, np.ndarray]]:
    for name, values in worlds.items():
        yield name, np.zeros_like(values) if name in names else values


def _flat(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """What was recorded of values (T + 1, n, E, c), in one row per world."""
    return values.transpose(1, 0, 2, 3)[:, there].reshape(values.shape[1], -1)
