"""Train a scheduler with PPO, in seconds."""

from dataclasses import dataclass

import numpy as np
from gymnasium.vector import VectorEnv
from gymnasium.wrappers.vector import TransformReward

from course_lib.learning.pair_policy import PairPolicy
from course_lib.learning.policy import TrainedPolicy
from course_lib.learning.ppo import Falling, train_ppo
from course_lib.worlds import Cluster

WORST = -20.0  # a single decision counts at most this much slowdown while learning
SCALE = 5.0  # so that values are of the size of 1

# What a start costs others shows within the next few decisions, so that gamma can be low: a return
# over fewer decisions is less noisy.
SCHEDULER_PPO = {
    "steps": 100_000,
    "num_envs": 128,
    "n_steps": 16,
    "batch_size": 512,
    "n_epochs": 4,
    "learning_rate": Falling(3e-3),
    "gamma": 0.95,
    "gae_lambda": 0.9,
}


def clipped(rewards: np.ndarray, worst: float = WORST, scale: float = SCALE) -> np.ndarray:
    """Rewards cut off at `worst` and divided by `scale`, for training.

    While a queue grows without end every decision costs hundreds; a few such moments would
    otherwise drown what can be learned from all others.
    """
    return np.maximum(rewards, worst) / scale


@dataclass(frozen=True)
class Clipped:
    """A cluster whose rewards are `clipped`."""

    cluster: Cluster
    worst: float = WORST
    scale: float = SCALE

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build a batch of `num_envs` clusters."""
        batch = self.cluster.make(num_envs, autoreset=autoreset)
        return TransformReward(batch, lambda rewards: clipped(rewards, self.worst, self.scale))


def train_scheduler(
    cluster: Cluster,
    seed: int,
    *,
    worst: float = WORST,
    scale: float = SCALE,
    progress: bool = True,
    **settings,
) -> TrainedPolicy:
    """Train a `PairPolicy` to schedule `cluster`; `settings` are those of `train_ppo`."""
    return train_ppo(
        Clipped(cluster, worst, scale),
        seed,
        policy=PairPolicy,
        policy_kwargs={"layout": cluster.layout},
        progress=progress,
        **(SCHEDULER_PPO | settings),
    )
