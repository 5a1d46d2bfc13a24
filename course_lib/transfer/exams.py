"""Training in which the worlds to come depend on how the policy does in an exam."""

from collections.abc import Callable
from dataclasses import dataclass

from gymnasium.vector import VectorEnv
from stable_baselines3.common.callbacks import BaseCallback

from course_lib.learning import TrainedPolicy, World
from course_lib.worlds.physics import Sampler


@dataclass(frozen=True)
class Drawn:
    """A world whose physics, or severities, come from `sample` and lie within `ranges`."""

    ranges: World  # a physics or a cluster, the batches of which have a method `draw_from`
    sample: Sampler

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build a batch of `num_envs` worlds."""
        world = self.ranges.make(num_envs, autoreset=autoreset)
        world.draw_from(self.sample)
        return world


class Exams(BaseCallback):
    """Before every `every`-th rollout, ask `next_worlds(policy, seed)` what to train on from now.

    It returns a sampler for the batch's `draw_from`. Its seed is another one for every exam and
    every training seed.
    """

    def __init__(
        self, next_worlds: Callable[[TrainedPolicy, int], Sampler], history: int, every: int
    ):
        super().__init__()
        self._next_worlds, self._history, self._every = next_worlds, history, every
        self._rollouts = 0

    def _on_rollout_start(self) -> None:
        if self._rollouts % self._every == 0:
            policy = TrainedPolicy(self.model, self._history)
            sample = self._next_worlds(policy, 1_000 * (self.model.seed + 1) + self._rollouts)
            self.training_env.env.unwrapped.draw_from(sample)
        self._rollouts += 1

    def _on_step(self) -> bool:
        return True
