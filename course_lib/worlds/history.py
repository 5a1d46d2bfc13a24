"""Memory for a policy without memory: the last observations and actions, side by side."""

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space


class ObservationActionHistory(VectorWrapper):
    """Observe the last `steps` observations, each with the action that led to it.

    The observation is (n, steps * (o + a)), newest last, for observations (n, o). A discrete
    action is written as one-hot (a = number of actions), a continuous one as it is. At the start
    of an episode the first observation fills all places, with zeros for "no action yet".

    Raises ValueError for `steps` < 1 and TypeError for observations that are not a flat `Box`.
    """

    def __init__(self, env: VectorEnv, steps: int):
        super().__init__(env)
        if steps < 1:
            raise ValueError(f"history needs at least 1 step, not {steps}")
        seen, acted = env.single_observation_space, env.single_action_space
        if not isinstance(seen, spaces.Box) or len(seen.shape) != 1:
            raise TypeError(f"history needs flat Box observations, not {seen}")
        self._discrete = isinstance(acted, spaces.Discrete)
        if self._discrete:
            act_low, act_high = np.zeros(acted.n), np.ones(acted.n)
        else:
            act_low, act_high = np.minimum(acted.low, 0).ravel(), np.maximum(acted.high, 0).ravel()
        low = np.tile(np.concatenate([seen.low, act_low]), steps).astype(np.float32)
        high = np.tile(np.concatenate([seen.high, act_high]), steps).astype(np.float32)
        self.single_observation_space = spaces.Box(low, high)
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)
        self._width = seen.shape[0]
        self._past = np.zeros((env.num_envs, steps, self._width + act_low.size), dtype=np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start new episodes, with a past that holds nothing but the first observation."""
        observations, infos = self.env.reset(seed=seed, options=options)
        self._start(slice(None), observations)
        return self._flat(), infos

    def step(self, actions: np.ndarray):
        """Step the environment and append what was done and seen."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        self._past[:, :-1] = self._past[:, 1:]
        self._past[:, -1, : self._width] = observations
        self._past[:, -1, self._width :] = self._written(actions)
        if "final_obs" in infos:
            which = np.flatnonzero(infos["_final_obs"])
            for i in which:
                self._past[i, -1, : self._width] = infos["final_obs"][i]
                infos["final_obs"][i] = self._past[i].ravel().copy()
            self._start(which, observations[which])
        return self._flat(), rewards, terminated, truncated, infos

    def _start(self, which, observations):
        self._past[which] = 0.0
        self._past[which, :, : self._width] = observations[:, None]

    def _flat(self) -> np.ndarray:
        return self._past.reshape(self.num_envs, -1).copy()

    def _written(self, actions):
        if self._discrete:
            return np.eye(self.env.single_action_space.n, dtype=np.float32)[actions]
        return np.reshape(actions, (self.num_envs, -1))


def with_history(env: VectorEnv, steps: int) -> VectorEnv:
    """Wrap `env` for a policy that sees `steps` past steps; 0 leaves it as it is."""
    mode = env.metadata.get("autoreset_mode")
    if steps and mode == AutoresetMode.NEXT_STEP:
        raise ValueError("history needs SAME_STEP or no autoreset: NEXT_STEP mixes two episodes")
    return ObservationActionHistory(env, steps) if steps else env


def begin(policy: Callable, episodes: int) -> None:
    """Tell a policy that keeps a memory of its own that new episodes start; others need not know.

    Such a policy has a method `begin(episodes)`.
    """
    if hasattr(policy, "begin"):
        policy.begin(episodes)
