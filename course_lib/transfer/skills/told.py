"""A simulator in which each episode is told something, and coming closer to a place is paid for."""

from abc import abstractmethod

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from course_lib.transfer.skills.tasks import Task

NEAR_ENOUGH = 0.05  # in the task's coordinates: coming closer than this pays little


class Told(VectorWrapper):
    """Draws something for each episode, shows it in every observation, and pays for coming closer.

    `shown` is the number of entries by which observations grow. The reward is the fall of
    log(distance + 0.05), in the task's coordinates, so that each halving of the distance pays
    alike.
    """

    def __init__(self, env: VectorEnv, task: Task, shown: int):
        super().__init__(env)
        self.task = task
        size = env.single_observation_space.shape[0] + shown
        self.single_observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)

    @abstractmethod
    def draw(self, n: int) -> np.ndarray:
        """What `n` new episodes are told, (n, …), drawn with `rng`."""

    @abstractmethod
    def show(self, observations: np.ndarray, told: np.ndarray) -> np.ndarray:
        """Observations (n, d) with what these episodes are told, (n, d + shown), float32."""

    @abstractmethod
    def distance(self, places: np.ndarray) -> np.ndarray:
        """How far all episodes are from where they should be, (num_envs,)."""

    def pay(self, fall: np.ndarray, ended: np.ndarray) -> np.ndarray:
        """Rewards (num_envs,), given the fall of the logarithm and which episodes ended."""
        return fall

    def reset(self, *, seed=None, options=None):
        """Start all episodes."""
        observations, infos = self.env.reset(seed=seed, options=options)
        self.rng = np.random.default_rng(seed)
        self.told = self.draw(self.num_envs)
        self._away = self._log_distance(self.env.unwrapped.where)
        return self.show(observations, self.told), infos

    def step(self, actions):
        """Step, and pay."""
        observations, _, terminated, truncated, infos = self.env.step(actions)
        world = self.env.unwrapped
        away = self._log_distance(world.arrived)
        ended = np.flatnonzero(infos.get("_final_obs", False))  # these were restarted
        rewards = self.pay(self._away - away, ended)
        if ended.size:
            last = np.stack(infos["final_obs"][ended])
            infos["final_obs"][ended] = list(self.show(last, self.told[ended]))
            self.told[ended] = self.draw(ended.size)
            away[ended] = self._log_distance(world.where)[ended]
        self._away = away
        return self.show(observations, self.told), rewards, terminated, truncated, infos

    def _log_distance(self, places):
        return np.log(self.distance(places) + NEAR_ENOUGH)
