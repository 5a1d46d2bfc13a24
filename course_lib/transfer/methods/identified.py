"""Identify and randomise: read the gaps from real logs, then train on clusters like that.

A regression from what logs look like to the severities that they were simulated with, learned from
simulated logs alone: simulation-based inference in its plainest form (K. Cranmer and others, 2020,
"The frontier of simulation-based inference", arXiv:1911.01429). What the regression cannot tell, by
its own residuals, stays a range.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from course_lib.learning import MinMin, schedules
from course_lib.transfer.exams import Drawn
from course_lib.transfer.methods.fine_tuned import FineTuning
from course_lib.transfer.methods.method import RealSite
from course_lib.transfer.methods.randomized import WIDE, DomainRandomization, drawn, these
from course_lib.worlds import Cluster, Gaps, ScheduleLog, Uniform

SIMULATED = 192  # logs that the regression learns from
RIDGE = 1e-2  # of the regression, features being standardised
LOOK = 10  # real episodes that are looked at


def features(log: ScheduleLog) -> np.ndarray:
    """What one log says about its cluster, in a few numbers of order one."""
    site, ran = log.site, ~log.lost
    error = np.log(log.run / log.predicted)[ran]
    kind = (log.cls * len(site.pools) + log.pool)[ran]
    kinds = len(site.classes) * len(site.pools)
    count = np.maximum(np.bincount(kind, minlength=kinds), 1)
    between = np.diff(log.submitted)
    shares = np.bincount(log.cls, minlength=len(site.classes)) / len(log.cls)
    others = [
        error.std(),
        np.log(between.std() / between.mean()),  # bursts
        np.log(between.mean() / log.predicted.mean()),  # load
        np.log(log.predicted).std(),  # tails
        np.log(log.width.mean()),
        np.log(log.nodes.sum()),
        log.tries.mean() - 1,  # failures, and where there are few of them:
        np.sqrt(log.tries.mean() - 1),
    ]
    return np.concatenate([np.bincount(kind, error, kinds) / count, shares, others])


class Identifier:
    """A ridge regression from features of logs to the severities of the five gaps."""

    def __init__(self, sim: Cluster, seed: int):
        truth = drawn(np.random.default_rng(seed), SIMULATED)  # (SIMULATED, 5)
        worlds = Drawn(replace(sim, gaps=WIDE), these(truth))
        x = np.array([features(g) for g in schedules(MinMin(sim.layout), worlds, SIMULATED, seed)])
        self._centre, self._scale = x.mean(axis=0), x.std(axis=0) + 1e-6
        x = self._standardised(x)
        penalty = RIDGE * len(x) * np.eye(x.shape[1])
        penalty[-1, -1] = 0  # the constant
        solve = np.linalg.solve(x.T @ x + penalty, x.T)
        self._weights = solve @ truth
        # Of a log that was left out of the fit: the residual over 1 - leverage.
        left_out = (truth - x @ self._weights) / (1 - (x * solve.T).sum(axis=1, keepdims=True))
        self.error = left_out.std(axis=0)  # (5,)

    def _standardised(self, x: np.ndarray) -> np.ndarray:
        return np.hstack([(x - self._centre) / self._scale, np.ones((len(x), 1))])

    def severities(self, logs: Sequence[ScheduleLog]) -> np.ndarray:
        """The estimates of each log, (logs, 5)."""
        return self._standardised(np.array([features(log) for log in logs])) @ self._weights


def ranges_about(estimates: np.ndarray, error: np.ndarray) -> Gaps:
    """Two standard errors about the mean of the estimates (logs, 5), within what is possible."""
    # An error that all logs share does not average out: half of one log's is kept.
    width = 2 * error * np.sqrt(0.25 + 1 / len(estimates))
    middle = np.clip(estimates.mean(axis=0), 0, 1)
    low, high = np.clip([middle - width, middle + width], 0, 1)
    ends = zip(low.tolist(), high.tolist(), strict=True)
    return Gaps(*(Uniform(a, b, "from logs") for a, b in ends))


class IdentifyAndRandomize(FineTuning):
    """Randomise widely; look at ten real logs; train again, for that site; then fine-tune."""

    def __init__(self, seed: int):
        super().__init__(seed, before=DomainRandomization)
        self._logs: list[ScheduleLog] = []
        self.found: Gaps | None = None

    def train(self, sim: Cluster) -> None:
        """Train on `WIDE`, and learn to read logs."""
        super().train(sim)
        self._sim = sim
        self._identifier = Identifier(sim, 70_000 + 1_000 * self.seed)

    def adapt(self, real: RealSite, budget: int) -> None:
        """Collect ten logs, identify the site and train for it; learn from real episodes then."""
        look = min(LOOK - len(self._logs), budget)
        if look:
            self._logs += real.run(self.policy, look).logs
            if len(self._logs) == LOOK:
                estimates = self._identifier.severities(self._logs)
                self.found = ranges_about(estimates, self._identifier.error)
                likely = replace(self._sim, gaps=self.found)
                self._start(self._trained(likely, start=self.policy))
        if self.found:
            super().adapt(real, budget - look)
