"""Hand a Gymnasium `VectorEnv` to Stable-Baselines3, which has a `VecEnv` of its own."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.vec_env import VecEnv


class SB3Adapter(VecEnv):
    """A Stable-Baselines3 `VecEnv` that steps a batched `VectorEnv`.

    The environment must restart finished episodes within the step (`AutoresetMode.SAME_STEP`),
    as Stable-Baselines3 expects. For each finished episode `infos[i]` holds

    - `terminal_observation`: the episode's last observation;
    - `TimeLimit.truncated`: True if the episode was cut off rather than ended, so that PPO adds
      the value of that observation (bootstrapping) instead of taking it to be zero;
    - `episode`: its return `r` and length `l`, as Stable-Baselines3's `Monitor` reports them.

    Raises ValueError for an environment with another autoreset mode.
    """

    def __init__(self, env: VectorEnv):
        if env.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise ValueError("SB3Adapter needs an environment with AutoresetMode.SAME_STEP")
        self.env = env
        self.render_mode = None
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self._nothing: list[dict] = [{} for _ in range(self.num_envs)]
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, dtype=int)

    def reset(self) -> np.ndarray:
        """Start every episode anew; returns (n, ...). A seed given to `seed()` is used once."""
        observations, _ = self.env.reset(seed=self._seeds[0], options=self._options[0] or None)
        self._reset_seeds()
        self._reset_options()
        self._returns[:] = 0.0
        self._lengths[:] = 0
        return observations

    def step_async(self, actions: np.ndarray) -> None:
        """Remember the actions (n, ...) for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Step every world: observations (n, ...), rewards (n,), dones (n,), one info each."""
        observations, rewards, terminated, truncated, extra = self.env.step(self._actions)
        self._returns += rewards
        self._lengths += 1
        dones = terminated | truncated
        infos = self._nothing
        if dones.any():
            infos = list(self._nothing)
            for i in np.flatnonzero(dones):
                infos[i] = {
                    "terminal_observation": extra["final_obs"][i],
                    "TimeLimit.truncated": bool(truncated[i] and not terminated[i]),
                    "episode": {"r": self._returns[i], "l": int(self._lengths[i])},
                }
            self._returns[dones] = 0.0
            self._lengths[dones] = 0
        return observations, rewards.astype(np.float32), dones, infos

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    def get_attr(self, attr_name: str, indices=None) -> list[Any]:
        """The environment's attribute, once for each world asked for."""
        return [getattr(self.env, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices=None) -> None:
        """Set an attribute of the whole batch."""
        setattr(self.env, attr_name, value)

    def env_method(self, method_name: str, *args, indices=None, **kwargs) -> list[Any]:
        """Call a method of the whole batch once; its result for each world asked for."""
        result = getattr(self.env, method_name)(*args, **kwargs)
        return [result] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper], indices=None) -> list[bool]:
        """Whether the batch is wrapped so, for each world asked for."""
        env, wrapped = self.env, False
        while not wrapped and hasattr(env, "env"):
            wrapped, env = isinstance(env, wrapper_class), env.env
        return [wrapped] * len(list(self._get_indices(indices)))
