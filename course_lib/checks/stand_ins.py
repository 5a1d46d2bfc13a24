"""Stand-ins that checks hand to an answer: small, scripted, and watching how they are used."""

from collections.abc import Sequence
from types import SimpleNamespace

import gymnasium as gym
import numpy as np

from course_lib.teach.checking import CheckFailed, number


class Curve:
    """A made-up machine whose mean return is a straight line in one parameter."""

    __name__ = "returns_at"
    # The returns of five episodes around their mean; one of them stands out.
    EPISODES = (-10.0, -9.0, -8.0, -7.0, 34.0)

    def __init__(self, slope: float):
        self.slope = slope

    def __call__(self, value: float) -> np.ndarray:
        """The returns (5,) of five episodes at `value`."""
        if np.ndim(value):
            raise CheckFailed("returns_at takes one value at a time, not all of them together")
        return self.mean(value) + np.array(self.EPISODES)

    def mean(self, value: float) -> float:
        """The mean of the returns at `value`."""
        return 400.0 - self.slope * value


class Boundary:
    """A policy that survives on the side of `good` up to `boundary`; notes where it is tried."""

    __name__ = "survives"
    MOST = 10_000  # trials, after which a search is called endless

    def __init__(self, good: float, bad: float, boundary: float):
        self.good, self.bad, self.boundary = good, bad, boundary
        self.tried = []

    def __deepcopy__(self, memo) -> "Boundary":
        return self  # an answer is called with copies, and this one keeps the notes

    def __str__(self) -> str:
        return f"good={self.good:g}, bad={self.bad:g} and the change at {self.boundary:g}"

    def __call__(self, value: float) -> bool:
        """Whether the policy survives at `value`."""
        value = number(value, "the value at which you call survives")
        if not min(self.good, self.bad) <= value <= max(self.good, self.bad):
            raise CheckFailed(f"with {self}, you try {value:g}, which is not between the two")
        if len(self.tried) == self.MOST:
            raise CheckFailed(f"with {self}, your search does not come to an end")
        self.tried.append(value)
        return value < self.boundary if self.good < self.bad else value > self.boundary


class ScriptedEnv(gym.Env):
    """An environment that follows a script and notes how it is used.

    The observation counts the steps of the episode. `ends` gives for each episode the step at which
    it ends and how: "terminated", "truncated", or "never".
    """

    observation_space = gym.spaces.Box(0, np.inf, (1,))
    action_space = gym.spaces.Discrete(2)
    REWARD = 0.5
    MOST = 1_000  # steps, after which an episode is called endless

    def __init__(self, ends: list[tuple[int, str]]):
        self.ends = ends
        self.lengths: list[int] = []  # steps taken in each episode so far
        self.late = self.stale = self.seeded = False

    def policy(self, observation) -> int:
        """The policy that the observations are for: 0 at even counts, 1 at odd ones."""
        if isinstance(observation, tuple):
            raise CheckFailed(
                "the policy should get an observation alone; reset returns two things, "
                "(observation, info)"
            )
        return int(np.asarray(observation).item()) % 2

    def reset(self, *, seed=None, options=None):
        """Begin the next episode."""
        self.lengths.append(0)
        self.seeded = self.seeded or seed is not None
        return np.array([0.0], dtype=np.float32), {}

    def step(self, action):
        """One step; notes stale observations and steps after the end."""
        if not self.lengths:
            raise CheckFailed("you step before the first reset")
        last, how = self.ends[(len(self.lengths) - 1) % len(self.ends)]
        count = self.lengths[-1]
        self.late = self.late or (how != "never" and count >= last)
        self.stale = self.stale or int(np.asarray(action).item()) != count % 2
        if count == self.MOST:
            raise CheckFailed(
                f"you go on for ever after an episode was {how}; that is an end too"
                if self.late
                else "you never stop an episode that does not end by itself; count the steps"
            )
        self.lengths[-1] = count = count + 1
        over = count >= last
        observation = np.array([float(count)], dtype=np.float32)
        ended = over and how == "terminated", over and how == "truncated"
        return observation, self.REWARD, *ended, {}


class StillEnv(gym.Env):
    """An environment whose true observation never changes and belongs to its own state."""

    action_space = gym.spaces.Discrete(2)

    def __init__(self, size: int = 4):
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (size,), dtype=np.float32)
        self.state = np.array([0.5, -1.0, 0.1, 2.0], dtype=np.float32)[:size]
        self.seed = None

    def reset(self, *, seed=None, options=None):
        """Return the state itself, not a copy, as careless environments do."""
        super().reset(seed=seed)
        self.seed = seed
        return self.state, {"start": True}

    def step(self, action):
        """Nothing moves; the reward is the action."""
        return self.state, float(action), False, bool(action == 1), {"step": True}


def pushed_log(
    late: int,
    draw: np.random.Generator,
    *,
    lengths: Sequence[int] = (),
    effect: Sequence[float] = (0.1, 0.03),
    drift: float = 0.0,
    tilt: float = 0.0,
    noise: float = 0.03,
) -> list[SimpleNamespace]:
    """A made-up log of random pushes, whose `effect` on velocity begins `late` steps later.

    A velocity that is a difference of positions shows it one step after that. `drift` is added to
    the velocity, `tilt` to its every change.
    """
    log = []
    for steps in lengths or draw.integers(18, 30, size=22):
        actions = draw.integers(0, 2, size=steps)
        change = tilt + np.convolve(2.0 * actions - 1.0, [0.0] * (late + 1) + [*effect])[:steps]
        velocity = np.concatenate([[0.0], np.cumsum(change)]) + draw.normal(0, noise, steps + 1)
        pole = draw.normal(size=(steps + 1, 2))
        observations = np.c_[0.02 * np.cumsum(velocity + drift), velocity + drift, pole]
        log.append(SimpleNamespace(observations=observations, actions=actions))
    return log


def knocked_log(draw: np.random.Generator) -> list[SimpleNamespace]:
    """A log in which the start of each episode depends on the last command of the one before."""
    log, speed = pushed_log(2, draw, lengths=[24] * 40), 0.0
    for before, after in zip(log, log[1:], strict=False):
        knock = 4.0 * before.actions[-1] - 2.0
        speed += knock  # the episode starts with it, and is knocked again in its first step
        after.observations[:, 1] += speed
        after.observations[1:, 1] += knock
    return log
