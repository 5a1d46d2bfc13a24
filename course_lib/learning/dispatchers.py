"""Policies for a dispatcher: a rule, and settings with which a better one is learned in seconds."""

from dataclasses import dataclass

import numpy as np

from course_lib.learning.ppo import FAST_PPO, Falling
from course_lib.worlds.dispatch import CLASSES, SERVERS, Dispatch, DispatchPhysics

# A whole shift in each rollout, and no discount: a shift has an end, and every job counts alike.
DISPATCH_PPO = FAST_PPO | {
    "steps": 200_000,
    "num_envs": 128,
    "n_steps": 40,
    "batch_size": 1024,
    "learning_rate": Falling(2e-3),
    "gamma": 1.0,
    "ent_coef": 0.003,  # or some seeds give up a server before they know its worth
}


@dataclass(frozen=True)
class SendOnly:
    """A world in which a dispatcher learns that sends every job at once.

    Who may hold jobs is tempted to hold those for ever that are too late to earn anything.
    """

    physics: DispatchPhysics

    def make(self, num_envs: int, *, autoreset: bool = True) -> Dispatch:
        """Build a batch of `num_envs` sites."""
        return Dispatch(num_envs, self.physics, holds=False, autoreset=autoreset)


def shortest_queue(observations: np.ndarray) -> np.ndarray:
    """Send the job where the fewest jobs are, whatever they are: observations (n, 9) -> (n,)."""
    queues = observations[:, 2:8].reshape(-1, len(SERVERS), len(CLASSES))
    return queues.sum(axis=2).argmin(axis=1)
