"""The system while a release is on its way: who decides, and what a day shows of it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.deploy.guard import Guard
from course_lib.deploy.logged import reseeded
from course_lib.deploy.stages import Pipeline
from course_lib.learning.evaluate import Policy, World
from course_lib.worlds.history import begin


class Live:
    """A policy for the system: the incumbent's decisions, and the candidate's as far as allowed.

    Before every decision it asks the `pipeline` how far the release has come, so a kill switch
    that is pulled anywhere acts on the next decision. Every proposal of the candidate goes through
    the `guard`. A single fault is a violation: the release falls back within this decision, and the
    incumbent decides everywhere, from this decision on.

    `feed` is how the candidate gets to see the system: it turns the incumbent's observations into
    its own. `oversees` is asked in the rollout, with observations and proposals, before the
    candidate may do anything that the incumbent would not do, and says what it approves, (n,) bool.

    With `whole_days` the candidate's share is one of sites, each for a whole day: where decisions
    build on one another, such as trades, two policies that take turns would undo each other's work.

    `treated` (n,) bool tells the sites where the candidate may act; the others are the control. Of
    the last decision, (n,) bool: `differs`, where the two did not agree; `asked` and `approved`,
    where the overseer was asked and did.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        candidate: Policy,
        incumbent: Policy,
        guard: Guard,
        *,
        feed: Callable[[np.ndarray], np.ndarray] = lambda observations: observations,
        oversees: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
        whole_days: bool = False,
    ):
        self.pipeline, self.guard = pipeline, guard
        self.feed, self.oversees, self.whole_days = feed, oversees, whole_days
        self.candidate, self.incumbent = candidate, incumbent

    def begin_day(self, treated: np.ndarray, day: int) -> None:
        """Start a day with these sites treated, (n,) bool; what is drawn depends on the `day`."""
        self.treated, self._rng = treated, np.random.default_rng([day, 1])
        self._lots = self._rng.random(len(treated))
        self._safe = reseeded(self.incumbent, day)
        self.differs, self.asked, self.approved = np.zeros((3, len(treated)), dtype=bool)
        begin(self._safe, len(treated))
        begin(self.candidate, len(treated))

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n, ...) for observations (n, d), every one of them checked."""
        safe = self._safe(observations)
        self.differs, self.asked, self.approved = np.zeros((3, len(safe)), dtype=bool)
        if self.pipeline.stage in ("offline", "incumbent"):
            return safe
        proposed, faults = self.guard.ask(self.candidate, self.feed(observations), safe)
        self.differs = (proposed != safe).reshape(len(safe), -1).any(axis=1)
        if faults:
            self.pipeline.violation("; ".join(faults))
        share = self.pipeline.share  # zero after a violation
        lots = self._lots if self.whole_days else self._rng.random(len(safe))
        acts = self.treated & (lots < share)
        if self.oversees is not None and self.pipeline.stage == "rollout":
            self.asked = acts & self.differs
            self.approved = self.asked & self.oversees(observations, proposed)
            acts &= self.approved | ~self.asked
        return np.where(acts.reshape(-1, *(1,) * (safe.ndim - 1)), proposed, safe)


def run_day(live: Live, world: World, day: int, sites: int = 16) -> dict[str, Any]:
    """Run one episode at each site and return what the day shows, as evidence.

    Sites that are drawn by lot are the control: half of them, and an eighth in full deployment. The
    seed is the `day`, so a day that was interrupted can be run again. Returns lists of numbers:
    `returns` of the treated sites; `differences`, return of treated sites minus that of a control
    site, one for each control site; `disagreement`, the share of decisions at each site; and two
    numbers, how often an overseer was `asked` and how often it `approved`.
    """
    controls = sites // (8 if live.pipeline.stage == "full" else 2)
    lots = np.random.default_rng([day, 2]).permutation(sites)
    control, *groups = lots[:controls], *np.array_split(lots[controls:], controls)
    live.begin_day(~np.isin(np.arange(sites), control), day)
    env = world.make(sites, autoreset=False)
    seen, _ = env.reset(seed=day)
    earned, decisions, disagreed = np.zeros((3, sites))
    asked = approved = 0
    running = np.ones(sites, dtype=bool)
    while running.any():
        seen, rewards, terminated, truncated, _ = env.step(live(seen))
        earned += rewards * running
        decisions += running
        disagreed += live.differs & running
        asked += int((live.asked & running).sum())
        approved += int((live.approved & running).sum())
        running &= ~(terminated | truncated)
    treated = np.array([earned[group].mean() for group in groups])
    return {
        "returns": earned[live.treated].tolist(),
        "differences": (treated - earned[control]).tolist(),
        "disagreement": (disagreed / decisions).tolist(),
        "asked": asked,
        "approved": approved,
    }
