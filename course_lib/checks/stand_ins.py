"""Stand-ins that checks hand to an answer: small, scripted, and watching how they are used."""

import gymnasium as gym
import numpy as np


class Curve:
    """A made-up machine whose mean return is a straight line in one parameter."""

    def __init__(self, slope: float):
        self.slope = slope

    def __call__(self, value: float) -> np.ndarray:
        """The returns (5,) of five episodes at `value`; one of them stands out."""
        return self.mean(value) + np.array([-10.0, -9.0, -8.0, -7.0, 34.0])

    def mean(self, value: float) -> float:
        """The mean of the returns at `value`."""
        return 400.0 - self.slope * value


class ScriptedEnv(gym.Env):
    """An environment that follows a script and notes how it is used.

    The observation counts the steps of the episode. `ends` gives for each episode the step at which
    it ends and how: "terminated", "truncated", or "never".
    """

    observation_space = gym.spaces.Box(0, np.inf, (1,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, ends: list[tuple[int, str]]):
        self.ends, self.episode, self.count = ends, -1, 0
        self.over, self.problem, self.steps = True, "", 0

    def reset(self, *, seed=None, options=None):
        """Begin the next episode."""
        self.episode, self.count, self.over = self.episode + 1, 0, False
        return np.array([0.0], dtype=np.float32), {}

    def step(self, action):
        """One step; notes stale observations and steps after the end."""
        if self.over:
            self.problem = "you step on after an episode has ended; reset first"
        if int(np.asarray(action).item()) != self.count % 2:
            self.problem = "the policy should be given the newest observation at each step"
        self.count, self.steps = self.count + 1, self.steps + 1
        last, how = self.ends[self.episode % len(self.ends)]
        done = self.count >= last and how != "never"
        self.over = done
        observation = np.array([float(self.count)], dtype=np.float32)
        return observation, 0.5, done and how == "terminated", done and how == "truncated", {}


class StillEnv(gym.Env):
    """An environment whose true observation never changes and belongs to its own state."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (4,), dtype=np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self):
        self.state = np.array([0.5, -1.0, 0.1, 2.0], dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        """Return the state itself, not a copy, as careless environments do."""
        super().reset(seed=seed)
        return self.state, {"start": True}

    def step(self, action):
        """Nothing moves; the reward is the action."""
        return self.state, float(action), False, bool(action == 1), {"step": True}
