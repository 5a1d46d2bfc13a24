"""What each stage of a release asks for before it lets go on: an interval, never a single number.

A gate is a frozen dataclass, so that a release can write down by which rules it was judged. Called
with all evidence of its stage, it passes, fails, or waits for more.
"""

from dataclasses import dataclass
from typing import Any

from course_lib.deploy.betting import confidence_sequence
from course_lib.deploy.stages import Verdict


@dataclass(frozen=True)
class Offline:
    """What old logs say about the first small step of the rollout.

    Evidence: one unit with `ess`, an effective sample size; `low` and `high`, the interval of how
    much better than the logged return the step is; `loops` and `faults` of a rehearsal in
    simulation.
    """

    ess: float = 100.0  # episodes that the estimate is worth, at least
    margin: float = 0.05  # a loss that is small enough to go on and look

    def __call__(self, evidence: list[dict[str, Any]]) -> Verdict:
        """Judge; see `Gate`."""
        found = evidence[-1]
        if found["faults"] or found["loops"]:
            return Verdict("fail", f"rehearsal: {found['faults']} faults, {found['loops']} loops")
        if found["ess"] < self.ess:
            return Verdict("fail", f"the logs are worth {found['ess']:.0f} episodes, too few")
        between = (
            f"the first step changes the return by {found['low']:+.3f} to {found['high']:+.3f}"
        )
        return Verdict("pass" if found["low"] > -self.margin else "fail", between)


@dataclass(frozen=True)
class Shadow:
    """Whether the candidate does on the live feed what it did on the logs.

    Evidence: units with `disagreement`, a list with one share per shift: of how many decisions
    candidate and incumbent took differently.
    """

    expected: float  # the same share on the logs
    within: float = 0.1
    units: int = 20  # at most
    alpha: float = 0.05

    def __call__(self, evidence: list[dict[str, Any]]) -> Verdict:
        """Judge; see `Gate`."""
        shares = [share for e in evidence for share in e["disagreement"]]
        low, high = _between(shares, 0, 1, self.alpha)
        told = f"disagrees in {low:.3f} to {high:.3f} of decisions, on the logs {self.expected:.3f}"
        if self.expected - self.within < low and high < self.expected + self.within:
            return Verdict("pass", told)
        if high < self.expected - self.within or low > self.expected + self.within:
            return Verdict("fail", told)
        return _undecided(told, len(evidence) >= self.units)


@dataclass(frozen=True)
class Difference:
    """Whether the candidate's sites do better than the control's by more than `better_than`.

    Evidence: units with `differences`, a list of return minus return of a pair of sites, each in
    [-1, 1]. It may be looked at after every unit.
    """

    better_than: float = 0.0
    units: int = 40  # at most: without an answer by then there is no case for the candidate
    alpha: float = 0.05

    def __call__(self, evidence: list[dict[str, Any]]) -> Verdict:
        """Judge; see `Gate`."""
        values = [difference for e in evidence for difference in e["differences"]]
        low, high = _between(values, -1, 1, self.alpha)
        told = f"{low:+.3f} to {high:+.3f} against the control, from {len(values)} pairs"
        if low > self.better_than:
            return Verdict("pass", told)
        if high < self.better_than:
            return Verdict("fail", told)
        return _undecided(told, len(evidence) >= self.units)


@dataclass(frozen=True)
class Watch:
    """Whether a policy in full deployment still earns enough, and more than a few control sites.

    It never passes, for full deployment has no end. Evidence: units with `returns`, in [0, 1], and
    `differences` as for `Difference`. Only the last `units` units count: what was good long ago
    excuses nothing. So the sequence begins anew with each unit, and `alpha` is small.
    """

    floor: float
    units: int = 30
    alpha: float = 0.001

    def __call__(self, evidence: list[dict[str, Any]]) -> Verdict:
        """Judge; see `Gate`."""
        window = evidence[-self.units :]
        _, most = _between([r for e in window for r in e["returns"]], 0, 1, self.alpha)
        _, ahead = _between([d for e in window for d in e["differences"]], -1, 1, self.alpha)
        told = f"returns at most {most:.3f}, at most {ahead:+.3f} against the control"
        return Verdict("fail" if most < self.floor or ahead < 0 else "wait", told)


def _between(values, low, high, alpha):
    """The newest bounds of the mean of values in [low, high]."""
    bounds = confidence_sequence(values, low=low, high=high, alpha=alpha)
    return bounds.low[-1], bounds.high[-1]


def _undecided(told, over):
    return Verdict("fail", f"no answer in time: {told}") if over else Verdict("wait", told)
