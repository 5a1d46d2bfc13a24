"""Robust adversarial reinforcement learning: an adversary that now and then acts instead.

L. Pinto and others (2017), "Robust Adversarial Reinforcement Learning", arXiv:1703.02702: policy
and adversary are trained in turn, each against the other as it is. Their adversary pushes; ours
takes a decision with a fixed chance, as in C. Tessler and others (2019), "Action Robust
Reinforcement Learning", arXiv:1901.09184.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper

from course_lib.learning import MinMin, Policy, train_scheduler
from course_lib.transfer.methods.method import Method
from course_lib.worlds import Cluster
from course_lib.worlds.queue_view import Layout

CHANCE = 0.05  # that a decision is the adversary's
ROUNDS = 4
ADVERSARY_STEPS = 12_288  # decisions in each round


class Shared(VectorWrapper):
    """A batch in which another policy takes each decision with a certain chance."""

    def __init__(self, batch: VectorEnv, other: Policy, chance: float, sign: float):
        super().__init__(batch)
        self._other, self._chance, self._sign = other, chance, sign
        self._seen: np.ndarray | None = None

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start new episodes."""
        self._seen, infos = self.env.reset(seed=seed, options=options)
        return self._seen, infos

    def step(self, actions: np.ndarray):
        """Step with the other's action where the toss says so; rewards are times `sign`."""
        tossed = self.unwrapped.np_random.random(self.num_envs) < self._chance
        acted = np.where(tossed, self._other(self._seen), actions)
        self._seen, rewards, *rest = self.env.step(acted)
        return self._seen, self._sign * rewards, *rest


@dataclass(frozen=True)
class Duel:
    """A cluster that is shared with another policy, to train the one or the other in it."""

    cluster: Cluster
    other: Policy
    chance: float
    sign: float = 1.0

    @property
    def layout(self) -> Layout:
        """That of the cluster."""
        return self.cluster.layout

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build a batch of `num_envs` shared clusters."""
        batch = self.cluster.make(num_envs, autoreset=autoreset)
        return Shared(batch, self.other, self.chance, self.sign)


class ActionRobust(Method):
    """Train the policy and its adversary in turn, in the simulator."""

    def train(self, sim: Cluster) -> None:
        """Each round trains the policy, then the adversary; the first adversary is min-min."""
        policy = adversary = None
        for round_ in range(ROUNDS):
            seed = self.seed + 1_000 * round_
            other = adversary or MinMin(sim.layout)
            policy = train_scheduler(
                Duel(sim, other, CHANCE),
                seed,
                start=policy,
                steps=self.steps // ROUNDS,
                progress=False,
            )
            adversary = train_scheduler(
                Duel(sim, policy, 1 - CHANCE, sign=-1.0),
                seed + 500,
                start=adversary,
                steps=ADVERSARY_STEPS,
                worst=-np.inf,
                progress=False,
            )
        self.policy = policy
