"""What all batched worlds share: seeding, the time limit, autoreset, and a single-world view."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space


class BatchWorld(VectorEnv):
    """A `VectorEnv` that steps many worlds at once in NumPy.

    A subclass writes two methods; `n` is the number of worlds and `which` an index array:

    - `_begin(which, options)` draws physics and start state of a new episode in these worlds and
      returns their first observations (len(which), ...);
    - `_advance(actions)` steps every world and returns new arrays: observations (n, ...),
      rewards (n,) and terminated (n,).

    All randomness must come from `self.np_random`. With `autoreset=True` a finished episode is
    restarted within the same step (Gymnasium's `AutoresetMode.SAME_STEP`): the last observation is
    then in `infos["final_obs"]`. With `autoreset=False` finished worlds go on being stepped, so
    that the random numbers of one world never depend on when another one ends.
    """

    def __init__(
        self,
        num_envs: int,
        observation_space: gym.Space,
        action_space: gym.Space,
        *,
        max_episode_steps: int,
        autoreset: bool = True,
    ):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1, not {num_envs}")
        self.num_envs = num_envs
        self.single_observation_space = observation_space
        self.single_action_space = action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self.max_episode_steps = max_episode_steps
        mode = AutoresetMode.SAME_STEP if autoreset else AutoresetMode.DISABLED
        self.metadata = {**self.metadata, "autoreset_mode": mode}
        self._autoreset = autoreset
        self._everyone = np.arange(num_envs)
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._running = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start a new episode in every world and return (observations (n, ...), {})."""
        super().reset(seed=seed)
        self._running = True
        self._steps[:] = 0
        return self._begin(self._everyone, options or {}), {}

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Advance every world by one step.

        Takes actions (n, ...); returns observations (n, ...), rewards (n,), terminated (n,),
        truncated (n,) and infos. Raises RuntimeError before the first `reset`, and ValueError for
        actions outside the action space.
        """
        if not self._running:
            raise RuntimeError("call reset() before step()")
        actions = np.asarray(actions)
        if not self._allowed(actions):
            raise ValueError(f"actions {actions!r} are not in {self.action_space}")
        observations, rewards, terminated = self._advance(actions)
        self._steps += 1
        truncated = self._steps >= self.max_episode_steps
        done = terminated | truncated
        infos = {}
        if self._autoreset and done.any():
            which = np.flatnonzero(done)
            final = np.full(self.num_envs, None, dtype=object)
            final[which] = np.fromiter(observations[which], dtype=object, count=which.size)
            infos = {"final_obs": final, "_final_obs": done}
            self._steps[which] = 0
            observations[which] = self._begin(which, {})
        return observations, rewards, terminated, truncated, infos

    def _allowed(self, actions: np.ndarray) -> bool:
        """Whether the actions (n, ...) are in the action space."""
        one = self.single_action_space
        if not isinstance(one, spaces.Discrete) or actions.dtype.kind not in "iu":
            return self.action_space.contains(actions)
        # The same, but several times faster, which is felt with few worlds.
        fits = actions.shape == (self.num_envs,)
        return fits and one.start <= actions.min() and actions.max() < one.start + one.n


class SingleWorld(gym.Env):
    """One world of a `BatchWorld`, as the ordinary environment that `gym.make` returns."""

    metadata = {"render_modes": []}

    def __init__(self, batch: BatchWorld):
        if batch.num_envs != 1 or batch.metadata["autoreset_mode"] != AutoresetMode.DISABLED:
            raise ValueError("SingleWorld needs a batch of one world made with autoreset=False")
        self.batch = batch
        self.observation_space = batch.single_observation_space
        self.action_space = batch.single_action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start a new episode and return (observation, {})."""
        super().reset(seed=seed)
        observations, infos = self.batch.reset(seed=seed, options=options)
        return observations[0], infos

    def step(self, action):
        """Advance by one step; raises ValueError for an action outside the action space."""
        if not self.action_space.contains(action):
            raise ValueError(f"action {action!r} is not in {self.action_space}")
        observations, rewards, terminated, truncated, infos = self.batch.step(np.array([action]))
        return observations[0], float(rewards[0]), bool(terminated[0]), bool(truncated[0]), infos
