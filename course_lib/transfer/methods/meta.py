"""Meta-learning: a policy that is good nowhere, but becomes good anywhere within a few updates.

A. Nichol, J. Achiam, J. Schulman (2018), "On First-Order Meta-Learning Algorithms",
arXiv:1803.02999: Reptile moves part of the way towards the weights that training in one world
leads to; first-order MAML (C. Finn and others, 2017, arXiv:1703.03400) moves along the last part
of that training alone.
"""

import copy
from dataclasses import replace

import numpy as np

from course_lib.learning import TrainedPolicy, train_scheduler
from course_lib.transfer.methods.fine_tuned import FineTuning
from course_lib.transfer.methods.randomized import drawn
from course_lib.worlds import Cluster, Gaps

TASKS = 14  # worlds that the policy is trained in, one after the other
INNER = 4_096  # decisions in each of them
RATE = 1e-3  # of learning within a world
SHARE = 0.5  # of the way that the weights move, falling to zero


def moved(weights: dict, start: dict, end: dict, share: float) -> dict:
    """`weights`, moved by `share` of the way from `start` to `end`; all name -> tensor."""
    return {name: w + share * (end[name] - start[name]) for name, w in weights.items()}


def with_weights(policy: TrainedPolicy, weights: dict, steps: int) -> TrainedPolicy:
    """A copy of the policy that has these weights, which took so many steps of training."""
    changed = copy.deepcopy(policy)
    changed.steps = changed.model.num_timesteps = steps
    changed.model.policy.load_state_dict(weights)
    return changed


def weights_of(policy: TrainedPolicy) -> dict:
    """The weights of a policy: name -> tensor."""
    return policy.model.policy.state_dict()


class MetaLearning(FineTuning):
    """Learn in simulation to learn: Reptile over clusters drawn from `WIDE`, then fine-tuning.

    With `first_order_maml` the weights move along the second half of each training alone.
    """

    def __init__(self, seed: int, *, first_order_maml: bool = False, **settings):
        super().__init__(seed, **settings)
        self._maml = first_order_maml

    def train(self, sim: Cluster) -> None:
        """Train in the simulator first, then move towards what each drawn cluster asks for."""
        first = self.steps - TASKS * INNER
        policy = train_scheduler(sim, self.seed, steps=first, progress=False)
        rng = np.random.default_rng(self.seed)
        for task in range(TASKS):
            world = replace(sim, gaps=Gaps(*drawn(rng, 1)[0].tolist()))
            half = self._further(policy, world, self.seed + 1_000 * (task + 1))
            end = self._further(half, world, self.seed + 1_000 * (task + 1) + 1)
            start = half if self._maml else policy
            share = SHARE * (1 - task / TASKS)
            weights = moved(weights_of(policy), weights_of(start), weights_of(end), share)
            policy = with_weights(policy, weights, end.steps)
        self._start(policy)

    def _further(self, policy: TrainedPolicy, world: Cluster, seed: int) -> TrainedPolicy:
        """The policy after half of the training in one world."""
        half = INNER // 2
        return train_scheduler(
            world, seed, start=policy, steps=half, learning_rate=RATE, progress=False
        )
