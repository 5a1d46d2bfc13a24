"""Policies that take the puck, or the tool, wherever one wants it: trained in the simulator.

A simulator knows where everything is, so that it can pay for getting closer (a dense reward). A
real lab has a sensor in the zone or in the ball, and nothing else.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium.vector import VectorEnv

from course_lib.learning import TrainedPolicy, World, train_ppo
from course_lib.learning.ppo import Falling
from course_lib.transfer.skills.tasks import TASKS, Task
from course_lib.transfer.skills.told import Told
from course_lib.worlds.physics import Physics

PPO = {"n_epochs": 8, "batch_size": 1024}
ROLLOUT = 7_680  # steps, of all worlds together: whole episodes of both tasks


class Closer(Told):
    """Pay for coming closer to a wanted place, which is drawn for each episode.

    `at_target` is the share of episodes that want the task's target; the others want a place that
    the task draws. The place is shown, see `with_goal`.
    """

    def __init__(self, env: VectorEnv, task: Task, at_target: float):
        super().__init__(env, task, len(task.unit))
        self._at_target = at_target

    def draw(self, n):
        """Wanted places (n, 2 or 3) in m."""
        places = self.task.draw(self.rng, n)
        places[self.rng.random(n) < self._at_target] = self.task.target
        return places

    def show(self, observations, told):
        """Observations with the wanted places."""
        return with_goal(observations, told, self.task)

    def distance(self, places):
        """From the wanted places."""
        missed = self.task.coordinates(places) - self.task.coordinates(self.told)
        return np.linalg.norm(missed, axis=1)


def with_goal(observations: np.ndarray, wanted: np.ndarray, task: Task) -> np.ndarray:
    """Observations (n, d) followed by the coordinates of wanted places (n, 2 or 3) in m.

    The coordinates are relative to the target's, in the task's units.
    """
    goal = (task.coordinates(wanted) - task.coordinates(task.target[None])) / task.unit
    return np.hstack([observations, goal]).astype(np.float32)


@dataclass(frozen=True)
class Wanting:
    """A simulator of a task with this physics, in which places are wanted, as `Closer` says."""

    task: Task
    physics: Physics
    at_target: float

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build a batch of `num_envs` worlds."""
        world = self.physics.make(num_envs, autoreset=autoreset)
        return Closer(world, self.task, self.at_target)


def train_skill(task: str, seed: int, *, steps: int = 1_000_000) -> TrainedPolicy:
    """Train to take it wherever one wants, in the randomised simulator of a task of `TASKS`.

    A quarter of all episodes want the target. The policy sees `with_goal`; `tours` makes exploring
    policies of it.
    """
    about = TASKS[task]
    wanting = Wanting(about, about.randomized, at_target=0.25)
    return train_on_task(about, wanting, seed, steps, Falling(2e-3))


def train_task(
    task: str, seed: int, skill: TrainedPolicy, *, steps: int = 150_000
) -> TrainedPolicy:
    """Train `skill` further in the simulator of its task, to take it to the target and no more.

    This is the policy that direct transfer sends to the lab.
    """
    about = TASKS[task]
    wanting = Wanting(about, about.simulator, at_target=1.0)
    return train_on_task(about, wanting, seed, steps, Falling(5e-4), start=skill)


def train_on_task(
    task: Task,
    world: World,
    seed: int,
    steps: int,
    rate: Falling,
    start: TrainedPolicy | None = None,
) -> TrainedPolicy:
    """Train in a `world` of a task, in rounds of whole episodes, at a learning rate that falls."""
    return train_ppo(
        world,
        seed,
        steps=steps,
        num_envs=ROLLOUT // task.steps,
        n_steps=task.steps,
        gamma=task.gamma,
        progress=False,
        learning_rate=rate,
        start=start,
        **PPO,
    )
