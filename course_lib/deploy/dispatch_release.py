"""Releases of policies for the dispatcher: the site, its incumbent, and the rules of its gates."""

import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from gymnasium import spaces

from course_lib.deploy.approval import approval_rate, decide
from course_lib.deploy.gates import Difference, Offline, Shadow, Watch
from course_lib.deploy.guard import Guard
from course_lib.deploy.logged import Exploring, Logged, log
from course_lib.deploy.rehearsal import rehearse
from course_lib.deploy.release import first_step, go_live
from course_lib.deploy.stages import STAGES, Gate, Pipeline
from course_lib.learning.dispatchers import shortest_queue
from course_lib.learning.evaluate import Policy
from course_lib.worlds import DISPATCH_SITE, DispatchPhysics
from course_lib.worlds.dispatch import HOLD, SERVERS

SHIFTS = 10_000  # that are logged
ACTIONS = HOLD + 1
CLOCKS = (1,)  # the entry of an observation that changes by itself: how long the job has waited
GUARD = Guard(spaces.Discrete(ACTIONS))
# Three jobs in ten go anywhere. With old reports that is no loss: it breaks up the herd.
RULE = Exploring(shortest_queue, ACTIONS, len(SERVERS), share=0.3)


@cache
def logs(seed: int = 0) -> Logged:
    """What the site has logged under its incumbent, `SHIFTS` shifts; one seed gives one log."""
    return log(RULE, DISPATCH_SITE, SHIFTS, seed)


def disagreement(candidate: Policy, logged: Logged) -> float:
    """In which share of the logged decisions the candidate would have acted differently."""
    on = logged.running
    return float((candidate(logged.observations[on]) != logged.actions[on]).mean())


def gates(expected: float) -> dict[str, Gate]:
    """The rules of this site, for a candidate that disagrees so often on the logs."""
    rules = [Offline(), Shadow(round(expected, 3)), Difference(-0.05), Difference(0.0), Watch(0.6)]
    return dict(zip(STAGES, rules, strict=True))


def oversees(observations: np.ndarray, proposed: np.ndarray) -> np.ndarray:
    """A person's veto, written as a rule: nothing goes to a server with more than ten jobs."""
    queues = 5 * observations[:, 2:8].reshape(-1, len(SERVERS), 2).sum(axis=2)
    queues = np.column_stack([queues, np.zeros(len(queues))])  # to hold a job is no harm
    return np.take_along_axis(queues, proposed[:, None], axis=1)[:, 0] <= 10


def objection(pipeline: Pipeline) -> str | None:
    """What a person says who has to approve: a veto too often is a reason to refuse."""
    if pipeline.stage == "ab test" and approval_rate(pipeline).low < 0.8:
        return "the overseer had to stop it too often"
    return None


def run(path: str | Path, candidate: Policy, *, until: int, order: list[int] | None = None) -> None:
    """Start a release in the file `path`, or go on with it, until that day.

    `order` is the order in which the live feed gives the entries of an observation, if not that of
    the logs.
    """
    logged = logs()
    settings = {} if order is None else {"feed": lambda observations: observations[:, order]}
    with Pipeline(path, gates(disagreement(candidate, logged))) as pipeline:
        if not pipeline.evidence("offline"):
            rehearsal = rehearse(
                candidate, shortest_queue, DispatchPhysics(), GUARD, clocks=CLOCKS, episodes=100
            )
            pipeline.submit(0, first_step(logged, candidate, RULE, GUARD, rehearsal))
        go_live(
            pipeline, candidate, RULE, GUARD, lambda day: DISPATCH_SITE, until=until,
            approves=lambda p: decide(p, "shift leader", objection), oversees=oversees, **settings,
        )  # fmt: skip


class Fate(NamedTuple):
    """How a release ended."""

    stage: str  # where it is, or fell back from
    days: int  # until that was decided
    reason: str  # of its last event
    returns: list[float]  # of all shifts in full deployment


def fate(candidate: Policy, *, seed: int, until: int = 120, order: list[int] | None = None) -> Fate:
    """Run a whole release in a file that is thrown away. `seed` is not used: days are seeds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "release.db"
        run(path, candidate, until=until, order=order)
        with Pipeline(path, gates(disagreement(candidate, logs()))) as pipeline:
            events, full = pipeline.log, pipeline.evidence("full")
            days = sum(len(pipeline.evidence(stage)) for stage in STAGES[1:-1])
    came_to = [event.stage for event in events if event.stage in STAGES][-1]
    return Fate(came_to, days, events[-1].reason, [r for day in full for r in day["returns"]])
