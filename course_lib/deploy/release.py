"""A whole release, from its logs to full deployment or back to the incumbent."""

from collections.abc import Callable
from typing import Any

from course_lib.deploy.guard import Guard
from course_lib.deploy.live import Live, run_day
from course_lib.deploy.logged import Greedy, Logged, Mixed, Target
from course_lib.deploy.off_policy import (
    effective_sample_size,
    estimate_interval,
    ratios,
    weighted_per_decision,
)
from course_lib.deploy.rehearsal import Rehearsal
from course_lib.deploy.stages import INCUMBENT, SHARES, Pipeline
from course_lib.learning.evaluate import Policy, World


def first_step(
    logged: Logged, candidate: Policy, incumbent: Target, guard: Guard, rehearsal: Rehearsal
) -> dict[str, Any]:
    """Evidence for the offline gate: what the logs and a rehearsal say of the rollout's share.

    Judges the mixture in which the candidate takes one decision in ten, as in the rollout, for
    actions of a Discrete space. Faults are those of the rehearsal and those that the `guard` finds
    on the logged observations. See `gates.Offline` for the entries.
    """
    on = logged.running
    _, faults = guard.ask(candidate, logged.observations[on], logged.actions[on])
    found = {"faults": len(rehearsal.faults) + len(faults), "loops": int(rehearsal.loops.sum())}
    if faults:  # no chances without actions
        return found | {"ess": 0.0, "low": -1.0, "high": 1.0}
    mixed = Mixed(SHARES["rollout"], Greedy(candidate, int(guard.space.n)), incumbent)
    worth = effective_sample_size(ratios(logged, mixed).prod(axis=0))
    found["ess"] = worth
    change = estimate_interval(logged, mixed, weighted_per_decision)
    usual = float(logged.returns.mean())
    return found | {"low": change.low - usual, "high": change.high - usual}


def go_live(
    pipeline: Pipeline,
    candidate: Policy,
    incumbent: Policy,
    guard: Guard,
    site: Callable[[int], World],
    *,
    until: int,
    approves: Callable[[Pipeline], None],
    sites: int = 16,
    **settings,
) -> None:
    """Run day after day and submit what each shows; see `run_units`.

    `site(day)` is the system on that day. `settings` go to `Live`.
    """
    live = Live(pipeline, candidate, incumbent, guard, **settings)
    run_units(
        pipeline, lambda day: run_day(live, site(day), day, sites), until=until, approves=approves
    )


def run_units(
    pipeline: Pipeline,
    unit: Callable[[int], dict[str, Any]],
    *,
    until: int,
    approves: Callable[[Pipeline], None],
) -> None:
    """Submit the evidence of unit after unit, until the unit `until` or until a release fell back.

    `approves` is called where a person has to decide; it calls `approve` or `refuse`, or leaves the
    release waiting, which ends the run. A release that was interrupted goes on with the unit in
    which that happened.
    """
    for number in range(pipeline.next_unit, until):
        if pipeline.waits_for_approval:
            approves(pipeline)
        if pipeline.waits_for_approval or pipeline.stage == INCUMBENT:
            return
        found = unit(number)
        if pipeline.stage != INCUMBENT:  # a violation in the middle of the unit
            pipeline.submit(number, found)
