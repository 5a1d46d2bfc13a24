"""Policies that take the puck, or the tool, wherever one wants it: trained in the simulator.

A simulator knows where everything is, so that it can pay for getting closer (a dense reward). A
real lab has a sensor in the zone or in the ball, and nothing else.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from course_lib.learning import TrainedPolicy, train_ppo
from course_lib.learning.ppo import Falling
from course_lib.transfer.skills.tasks import TASKS, Task
from course_lib.worlds.physics import Physics

ALREADY_THERE = 0.05  # m: coming closer than this pays little
PPO = {"n_epochs": 8, "batch_size": 1024, "learning_rate": Falling(2e-3)}
ROLLOUT = 7_680  # steps, of all worlds together: whole episodes of both tasks


class Closer(VectorWrapper):
    """Pay for coming closer to a wanted place, which is drawn for each episode.

    The reward is the fall of log(distance + 0.05 m), so that each halving of the distance pays
    alike. Were it the distance itself, a first, wild strike that sends the puck too far would cost
    more than not to touch it, and training would end with a hand that stays away from the puck.

    The place is shown: observations (n, d) become (n, d + 2 or 3), see `with_goal`.
    """

    def __init__(self, env: VectorEnv, task: Task):
        super().__init__(env)
        self._task = task
        size = env.single_observation_space.shape[0] + len(task.unit)
        self.single_observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)

    def reset(self, *, seed=None, options=None):
        """Start all episodes, each with a place of its own."""
        observations, infos = self.env.reset(seed=seed, options=options)
        self._rng = np.random.default_rng(seed)
        self._wanted = self._draw(self.num_envs)
        self._away = self._far(self.env.unwrapped.where)
        return with_goal(observations, self._wanted, self._task), infos

    def step(self, actions):
        """Step, and pay."""
        observations, _, terminated, truncated, infos = self.env.step(actions)
        away = self._far(self.env.unwrapped.arrived)
        rewards = self._away - away
        which = np.flatnonzero(infos.get("_final_obs", False))  # these were restarted
        if which.size:
            last = np.stack(infos["final_obs"][which])
            infos["final_obs"][which] = list(with_goal(last, self._wanted[which], self._task))
            self._wanted[which] = self._draw(which.size)
            away[which] = self._far(self.env.unwrapped.where)[which]
        self._away = away
        seen = with_goal(observations, self._wanted, self._task)
        return seen, rewards, terminated, truncated, infos

    def _draw(self, n):
        """A quarter of all episodes want the task's target, which must be met exactly."""
        places = self._task.draw(self._rng, n)
        places[self._rng.random(n) < 0.25] = self._task.target
        return places

    def _far(self, places):
        return np.log(np.linalg.norm(places - self._wanted, axis=1) + ALREADY_THERE)


def with_goal(observations: np.ndarray, wanted: np.ndarray, task: Task) -> np.ndarray:
    """Observations (n, d) followed by the wanted places (n, 2 or 3), relative to the target."""
    return np.hstack([observations, (wanted - task.target) / task.unit]).astype(np.float32)


@dataclass(frozen=True)
class Wanting:
    """A task's simulator, with other `physics` if need be, in which places are wanted."""

    task: Task
    physics: Physics

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build a batch of `num_envs` worlds."""
        return Closer(self.physics.make(num_envs, autoreset=autoreset), self.task)


def train_to_goals(
    task: str, seed: int, physics: Physics | None = None, *, steps: int = 1_000_000
) -> TrainedPolicy:
    """Train to go wherever one wants, in the simulator of a task, by its name in `TASKS`.

    The policy sees `with_goal`. `physics` replaces that of the simulator.
    """
    about = TASKS[task]
    return train_ppo(
        Wanting(about, physics or about.simulator),
        seed,
        steps=steps,
        num_envs=ROLLOUT // about.steps,
        n_steps=about.steps,
        gamma=about.gamma,
        progress=False,
        **PPO,
    )
