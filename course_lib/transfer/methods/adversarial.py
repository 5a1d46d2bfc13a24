"""Adversarial training: an adversary chooses the gaps, within a budget, that hurt the policy most.

A. Rajeswaran and others (2017), "EPOpt", arXiv:1610.01283, train on the worst of random worlds.
Here the adversary learns where the worst worlds are, by the cross-entropy method (R. Rubinstein,
1999). It may hurt by what the policy costs, or by its regret: what it costs more than a rule does
in the same world, as M. Dennis and others (2020) suggest, "Emergent Complexity and Zero-shot
Transfer via Unsupervised Environment Design", arXiv:2012.02096.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from course_lib.learning import MinMin, Policy, slowdowns
from course_lib.transfer.exams import Drawn, Exams
from course_lib.transfer.methods.method import Method
from course_lib.transfer.methods.randomized import GAPS, WIDE, drawn, these
from course_lib.worlds import Cluster
from course_lib.worlds.physics import Sampler

BUDGET = 3.0  # the sum of the five severities that the adversary may spend
CANDIDATES = 48  # worlds that it tries in each exam
EVERY = 8  # rollouts between two exams
Harm = Callable[[Policy, Drawn, int], np.ndarray]  # (policy, worlds, seed) -> (CANDIDATES,)


def within_budget(severities: np.ndarray, budget: float) -> np.ndarray:
    """Severities (n, 5) cut to [0, 1], and scaled down where they add up to more than `budget`."""
    cut = np.clip(severities, 0, 1)
    return cut * np.minimum(1, budget / np.maximum(cut.sum(axis=1, keepdims=True), 1e-9))


@dataclass(frozen=True)
class Adversary:
    """A bell curve over severities: where to look for worlds that hurt. Both (5,)."""

    mean: np.ndarray
    spread: np.ndarray

    def propose(self, rng: np.random.Generator, size: int, budget: float) -> np.ndarray:
        """Draw severities (size, 5) within the budget."""
        return within_budget(rng.normal(self.mean, self.spread, (size, len(GAPS))), budget)

    def after(self, severities: np.ndarray, harm: np.ndarray, *, share: float = 0.25,
              least: float = 0.1) -> "Adversary":  # fmt: skip
        """Move to the `share` of worlds (n, 5) that did most harm (n,); stay at least so wide."""
        worst = severities[np.argsort(harm)[-max(2, round(share * len(harm))) :]]
        return Adversary(worst.mean(axis=0), np.maximum(worst.std(axis=0), least))


def cost(policy: Policy, worlds: Drawn, seed: int) -> np.ndarray:
    """The slowdown of each world: a harm that is greatest where nobody can help."""
    return slowdowns(policy, worlds, CANDIDATES, seed)


def regret(policy: Policy, worlds: Drawn, seed: int) -> np.ndarray:
    """How much slower than min-min, in the same worlds: a harm that can be undone."""
    rule = slowdowns(MinMin(worlds.ranges.layout), worlds, CANDIDATES, seed)
    return slowdowns(policy, worlds, CANDIDATES, seed) - rule


class Examined(Method):
    """Training with exams, which decide what worlds come next."""

    def train(self, sim: Cluster) -> None:
        """Train on what `next_worlds` chooses within `WIDE`."""
        ranges = replace(sim, gaps=WIDE)
        # Short episodes: what hurts early hurts later as well, and an exam costs less.
        short = replace(ranges, jobs_per_node=1)
        exams = Exams(lambda policy, seed: self.next_worlds(policy, short, seed), 0, EVERY)
        self.policy = self._trained(ranges, callbacks=[exams])

    def next_worlds(self, policy: Policy, short: Cluster, seed: int) -> Sampler:
        """Examine the policy in batches of `short`; what to train on until the next exam."""
        raise NotImplementedError


class WorstOfMany(Examined):
    """EPOpt: no adversary, but the worst half of worlds drawn from `WIDE`."""

    def next_worlds(self, policy: Policy, short: Cluster, seed: int) -> Sampler:
        """Those worlds in which the policy is slowest."""
        tried = drawn(np.random.default_rng(seed), CANDIDATES)
        harm = cost(policy, Drawn(short, these(tried)), seed)
        worst = tried[np.argsort(harm)[CANDIDATES // 2 :]]
        return lambda rng, size: these(worst[rng.integers(len(worst), size=size)])(rng, size)


class AdversarialTraining(Examined):
    """Half of all training episodes are the adversary's, the others are drawn from `WIDE`."""

    def __init__(self, seed: int, *, harm: Harm = cost, budget: float = BUDGET):
        super().__init__(seed)
        self.harm, self.budget = harm, budget
        self.past = [Adversary(np.full(len(GAPS), 0.5), np.full(len(GAPS), 0.5))]

    def next_worlds(self, policy: Policy, short: Cluster, seed: int) -> Sampler:
        """Let the adversary try worlds, learn from the harm done, and choose half of all worlds."""
        tried = self.past[-1].propose(np.random.default_rng(seed), CANDIDATES, self.budget)
        harm = self.harm(policy, Drawn(short, these(tried)), seed)
        adversary = self.past[-1].after(tried, harm)
        self.past.append(adversary)

        def sample(rng, size):
            chosen = adversary.propose(rng, size, self.budget)
            mixed = np.where(rng.random((size, 1)) < 0.5, chosen, drawn(rng, size))
            return these(mixed)(rng, size)

        return sample
