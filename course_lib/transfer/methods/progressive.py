"""Progressive deployment: worlds in stages, then a growing share of the real site, with gates.

Y. Bengio and others (2009), "Curriculum Learning"; a growing share with gates is the *canary
release* of software (B. Beyer and others, 2018, "The Site Reliability Workbook", chapter 16).
"""

from dataclasses import dataclass, replace

import numpy as np

from course_lib.learning import MinMin, train_scheduler
from course_lib.transfer.methods.fine_tuned import RUN, FineTuning, experiences
from course_lib.transfer.methods.method import RealSite
from course_lib.transfer.methods.randomized import up_to
from course_lib.worlds import Cluster

WIDTHS = (0.0, 0.25, 0.5, 1.0)  # severities in the stages of training: from 0 up to these
SHARES = (0.2, 0.4, 1.0)  # of real episodes that the policy runs; the rule runs the others
ENOUGH = 5  # episodes of the policy before a gate decides, and before it learns
TOLERATED = 1.1  # slowdown over the rule's, to pass a gate


@dataclass
class Gate:
    """What both sides cost at the present share, episode by episode."""

    policy: list[float]
    rule: list[float]

    def decide(self) -> int:
        """+1: a larger share, -1: a smaller one, 0: not yet.

        Where the policy runs everything nobody can be compared with, and it stays.
        """
        if len(self.policy) < ENOUGH or not self.rule:
            return 0
        return 1 if np.mean(self.policy) <= TOLERATED * np.mean(self.rule) else -1


class ProgressiveDeployment(FineTuning):
    """Train on ranges that widen; then run a growing share of real episodes, and learn from them.

    While it is refused at the smallest share, the rule is the policy.
    """

    def train(self, sim: Cluster) -> None:
        """Train in stages, each on wider ranges than the one before."""
        policy = None
        for stage, width in enumerate(WIDTHS):
            policy = train_scheduler(
                replace(sim, gaps=up_to(width)),
                # Another seed for each stage: the same one would replay the same random numbers.
                self.seed + 1_000 * stage,
                start=policy,
                steps=self.steps // len(WIDTHS),
                progress=False,
            )
        self._start(policy)
        self._rule, self._share, self._gate, self._waiting = MinMin(sim.layout), 0, Gate([], []), []

    def adapt(self, real: RealSite, budget: int) -> None:
        """Run ten episodes at a time, the policy its share of them and the rule the others."""
        learner = self._learner
        for _ in range(budget // RUN):
            own = round(SHARES[self._share] * RUN)
            operation = real.run(learner.exploring, own)
            self._gate.policy += operation.slowdowns.tolist()
            self._waiting += experiences(learner, operation.recording)
            if own < RUN:
                self._gate.rule += real.run(self._rule, RUN - own).slowdowns.tolist()
            if len(self._waiting) >= ENOUGH:
                learner.learn(self._waiting)
                self._waiting = []
            self._move(self._gate.decide())

    def _move(self, by: int) -> None:
        refused = by < 0 and self._share == 0
        if by:
            self._share = int(np.clip(self._share + by, 0, len(SHARES) - 1))
            self._gate = Gate([], [])
            self.policy = self._rule if refused else self._learner.policy
