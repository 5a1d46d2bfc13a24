"""A staged release: from offline validation to full deployment, one gate at a time.

The stages are those that practitioners name: validation on logs, shadow mode, a controlled rollout
with a person's approval, an A/B test, full deployment under watch. At any stage there is one way
back, to the incumbent.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from course_lib.deploy.ledger import Event, Ledger

STAGES = ("offline", "shadow", "rollout", "ab test", "full")
INCUMBENT = "incumbent"  # where a release ends that fell back
# The share of decisions, at the sites that are not kept as a control, that a candidate takes.
SHARES = {
    "offline": 0.0,
    "shadow": 0.0,
    "rollout": 0.1,
    "ab test": 1.0,
    "full": 1.0,
    INCUMBENT: 0.0,
}


class Verdict(NamedTuple):
    """What a gate says: "pass", "fail", or "wait" for more evidence."""

    outcome: str
    reason: str


Gate = Callable[[list[dict[str, Any]]], Verdict]  # all evidence of a stage so far -> verdict


class Pipeline:
    """A release on its way through the stages; all that it knows is in the SQLite file `path`.

    `gates` has one gate for each of `STAGES`. A gate sees all evidence of its stage after every
    unit. When it passes, the release moves on by one stage, or, where the next stage is in
    `approvals`, waits for a person. When it fails, or anything is violated, or somebody pulls the
    kill switch, the release falls back to the incumbent, for good: another try is another release.

    A process that opens the file again goes on where the last one stopped. Raises ValueError if it
    brings other gates than those the release began with.
    """

    def __init__(
        self,
        path: str | Path,
        gates: Mapping[str, Gate],
        *,
        approvals: tuple[str, ...] = ("rollout", "full"),
    ):
        if tuple(gates) != STAGES:
            raise ValueError(f"give one gate for each stage, in order: {', '.join(STAGES)}")
        self._gates, self._approvals = gates, approvals
        self._ledger = Ledger(path)
        rules = f"gates: {dict(gates)!r}; approvals: {approvals!r}"
        with self._ledger.transaction():
            if self._ledger.last() is None:
                self._ledger.write("start", STAGES[0], rules)
        if self.log[0].reason != rules:
            self._ledger.close()
            raise ValueError(
                f"{path} began with other gates; judge it by those, or start a release of its own"
            )

    @property
    def stage(self) -> str:
        """One of `STAGES`, or `INCUMBENT`; also right after another process has changed it."""
        return self._ledger.last().stage

    @property
    def waits_for_approval(self) -> bool:
        """Whether the gate of this stage has passed and a person has to decide."""
        return self._ledger.last().kind == "ask"

    @property
    def share(self) -> float:
        """The share of decisions that the candidate may take now."""
        return SHARES[self.stage]

    @property
    def log(self) -> list[Event]:
        """Everything that was decided, oldest first."""
        return self._ledger.events()

    @property
    def next_unit(self) -> int:
        """The first unit of which no stage has evidence: where an interrupted release goes on."""
        newest = self._ledger.newest_unit()
        return 0 if newest is None else newest + 1

    def evidence(self, stage: str | None = None) -> list[dict[str, Any]]:
        """What the units of a stage have shown; of the present stage unless one is named."""
        return self._ledger.evidence(self.stage if stage is None else stage)

    def submit(self, unit: int, found: dict[str, Any]) -> Verdict:
        """Add the evidence of a unit (a day, say) to the present stage, and let its gate judge.

        A unit that this stage knows already changes nothing. Raises RuntimeError while a person
        has to decide, and after the release has fallen back.
        """
        with self._ledger.transaction():
            stage = self._require_open("submit evidence")
            self._ledger.keep(stage, unit, found)
            verdict = self._gates[stage](self._ledger.evidence(stage))
            if verdict.outcome == "fail":
                self._ledger.write("fail", INCUMBENT, verdict.reason)
            elif verdict.outcome == "pass" and stage != STAGES[-1]:  # which has no end
                following = _after(stage)
                asks = following in self._approvals
                self._ledger.write(
                    "ask" if asks else "pass", stage if asks else following, verdict.reason
                )
        return verdict

    def approve(self, by: str, why: str) -> None:
        """A person lets the release move on; raises RuntimeError if nobody was asked."""
        with self._ledger.transaction():
            self._require_asked()
            self._ledger.write("approve", _after(self._ledger.last().stage), f"{by}: {why}")

    def refuse(self, by: str, why: str) -> None:
        """A person sends the release back; raises RuntimeError if nobody was asked."""
        with self._ledger.transaction():
            self._require_asked()
            self._ledger.write("refuse", INCUMBENT, f"{by}: {why}")

    def violation(self, what: str) -> None:
        """Something happened that must not happen: fall back at once."""
        self._fall_back("violation", what)

    def kill(self, by: str, why: str) -> None:
        """The kill switch: whoever pulls it, from whatever process, at whatever stage."""
        self._fall_back("kill", f"{by}: {why}")

    def intact(self) -> bool:
        """Whether the log is as it was written."""
        return self._ledger.intact()

    def close(self) -> None:
        """Close the file; the release can be opened again."""
        self._ledger.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _fall_back(self, kind: str, reason: str) -> None:
        with self._ledger.transaction():
            if self._ledger.last().stage != INCUMBENT:  # two alarms are one way back
                self._ledger.write(kind, INCUMBENT, reason)

    def _require_open(self, what: str) -> str:
        last = self._ledger.last()
        if last.stage == INCUMBENT:
            raise RuntimeError(f"cannot {what}: this release fell back ({last.reason})")
        if last.kind == "ask":
            raise RuntimeError(f"cannot {what}: a person has to approve or refuse first")
        return last.stage

    def _require_asked(self) -> None:
        if self._ledger.last().kind != "ask":
            raise RuntimeError("nobody was asked: the gate of this stage has not passed")


def _after(stage: str) -> str:
    return STAGES[STAGES.index(stage) + 1]
