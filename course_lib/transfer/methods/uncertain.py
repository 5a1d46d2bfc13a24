"""Uncertainty-aware decisions: act where the policies of an ensemble agree, else follow a rule.

B. Lakshminarayanan and others (2017), "Simple and Scalable Predictive Uncertainty Estimation using
Deep Ensembles", arXiv:1612.01474; the confidence is the largest probability of the mean
(D. Hendrycks, K. Gimpel, 2017, arXiv:1610.02136).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from course_lib.learning import MinMin, Policy, TrainedPolicy, slowdowns
from course_lib.transfer.methods.method import Method
from course_lib.transfer.methods.randomized import WIDE
from course_lib.worlds import Cluster

MEMBERS = 3
THRESHOLDS = (0.0, 0.4, 0.6, 0.8, 1.1)  # 0: never the rule; 1.1: always
FLEET = 32  # worlds that the threshold is chosen on


class Ensemble:
    """Several policies as one, which does what is most probable in the mean."""

    history = 0

    def __init__(self, members: Sequence[TrainedPolicy]):
        self.members = tuple(members)

    @property
    def fingerprint(self) -> str:
        """A text that tells this ensemble from any other."""
        told = " ".join(member.fingerprint for member in self.members)
        return hashlib.sha256(told.encode()).hexdigest()

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The mean probability of each action, (n, actions)."""
        return np.mean([member.chances(observations) for member in self.members], axis=0)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, d)."""
        return self.chances(observations).argmax(axis=1)


class Fallback:
    """Act as `learned` does where it is at least so sure, and by `rule` elsewhere.

    `share_of_rule` is the share of all decisions so far that the rule made.
    """

    history = 0

    def __init__(self, learned: Ensemble | TrainedPolicy, rule: Policy, threshold: float):
        self.learned, self.rule, self.threshold = learned, rule, threshold
        self._counts = np.zeros(2, dtype=int)  # decisions by the learned policy, and by the rule

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, d)."""
        chances = self.learned.chances(observations)
        sure = chances.max(axis=1) >= self.threshold
        self._counts += [sure.sum(), (~sure).sum()]
        return np.where(sure, chances.argmax(axis=1), self.rule(observations))

    @property
    def share_of_rule(self) -> float:
        """The share of decisions that the rule made."""
        return float(self._counts[1] / max(self._counts.sum(), 1))


def choose_threshold(
    learned: Ensemble | TrainedPolicy, rule: Policy, fleet: Cluster, seed: int
) -> tuple[float, np.ndarray]:
    """The threshold of least mean slowdown over a fleet of drawn clusters.

    Returns it with the mean slowdown at each of `THRESHOLDS`.
    """
    means = np.array(
        [slowdowns(Fallback(learned, rule, t), fleet, FLEET, seed).mean() for t in THRESHOLDS]
    )
    return THRESHOLDS[int(means.argmin())], means


class UncertaintyAware(Method):
    """Three policies, trained in the simulator; min-min decides where they are not sure enough.

    How sure they have to be is chosen on clusters drawn from `WIDE`, which none has seen.
    """

    def __init__(self, seed: int, **settings):
        super().__init__(seed, **settings)
        self.means: np.ndarray | None = None  # over the fleet, for each threshold

    def train(self, sim: Cluster) -> None:
        """Train the members and choose the threshold."""
        members = []
        for member in range(MEMBERS):
            one = Method(self.seed + 1_000 * (member + 1), self.steps)
            one.train(sim)
            members.append(one.policy)
        ensemble, rule = Ensemble(members), MinMin(sim.layout)
        threshold, self.means = choose_threshold(
            ensemble, rule, replace(sim, gaps=WIDE), 50_000 + self.seed
        )
        self.policy = Fallback(ensemble, rule, threshold)
