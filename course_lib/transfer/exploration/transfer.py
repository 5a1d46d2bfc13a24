"""Exploration transfer: take from the simulator not what to do, but how to find out.

After Algorithm 1 of Wagenmaker, Huang, Ke, Jamieson and Gupta (2024), arXiv 2410.20254.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from course_lib.transfer.exploration.collecting import Counts
from course_lib.transfer.exploration.coverage import Mixture
from course_lib.transfer.exploration.exploration_sets import (
    MakeSet,
    at_random,
    covering,
    covering_model,
    explorers,
    lifted,
    skills,
    task_ensemble,
)
from course_lib.transfer.exploration.fitted_q import fitted_q, version_space_q
from course_lib.transfer.exploration.methods import no_counts
from course_lib.transfer.exploration.planning import chances, greedy, optimal_q
from course_lib.transfer.exploration.selection import better_in_reality
from course_lib.worlds.lock import Tabular

SETS: Mapping[str, MakeSet] = MappingProxyType(
    {"coverage": covering, "random": at_random, "skills": skills, "ensemble": task_ensemble}
)
FIRST_TURN = 10  # explored episodes before coverage is computed anew for the first time


@dataclass(frozen=True)
class ExplorationTransfer:
    """Explore with policies from the simulator, learn from what they met, try, return the better.

    Of a budget of N episodes, a tenth each goes into trying the learned policy and the simulator's
    best one, and the rest into exploring. With `selection=False` all of it does, and the learned
    policy is returned. Budgets share their exploration; what is spent on trying counts for its own
    budget only, so that each yielded policy is that of a run of N episodes.

    With a `tolerance` (see `version_space_q`) learning keeps to the simulator's values up to it.
    With `recover=True` coverage is computed anew after 10, 20, 40, … explored episodes, on the
    simulator corrected by what was counted in reality. Raises ValueError for an unknown set, and
    for `recover` with another set than "coverage".
    """

    exploring: str = "coverage"
    tail: bool = True
    selection: bool = True
    tolerance: float | tuple[float, ...] | None = None
    recover: bool = False

    def __post_init__(self):
        if self.exploring not in SETS:
            raise ValueError(f"exploring must be one of {', '.join(SETS)}, not {self.exploring!r}")
        if self.recover and self.exploring != "coverage":
            raise ValueError(f"recover=True needs exploring='coverage', not {self.exploring!r}")

    def learn(self, simulator, reality, budgets, rng):
        """Yield a policy for each budget, of at least 3 episodes; see `methods.Method`."""
        shape, model = reality.shape, simulator.model()
        best = chances(greedy(optimal_q(model)), shape[2])
        fallback = lifted(best, shape, fill=1 / shape[2])
        mixture = explorers(SETS[self.exploring](simulator, rng), shape, tail=self.tail)
        counts, explored, turn = no_counts(shape), 0, FIRST_TURN if self.recover else np.inf
        for budget in budgets:
            tries = max(1, budget // 10) if self.selection else 0
            while explored < budget - 2 * tries:
                if explored == turn:
                    mixture, turn = self._recovered(model, counts), 2 * turn
                more = int(min(budget - 2 * tries, turn)) - explored
                counts = counts + Counts.of(reality.run(mixture, more), shape)
                explored += more
            learned = chances(greedy(self._fit(counts, model)), shape[2])
            if self.selection:
                learned = better_in_reality(learned, fallback, reality, tries)
            yield learned

    def _fit(self, counts: Counts, model: Tabular) -> np.ndarray:
        if self.tolerance is None:
            return fitted_q(counts)
        return version_space_q(counts, model, self.tolerance)

    def _recovered(self, model: Tabular, counts: Counts) -> Mixture:
        shape = counts.visits.shape
        return explorers(covering_model(corrected(model, counts)), shape, tail=self.tail)


def corrected(model: Tabular, counts: Counts, weight: float = 1.0) -> Tabular:
    """The simulator (H, S, A) after reality's counts, as if it had been seen `weight` times.

    What the simulator does not have, further steps or states, is taken to stay where it is until
    it was seen. Rewards stay the simulator's, 0 where it has none: exploring needs no rewards.
    """
    shape = counts.visits.shape
    steps, states, _ = model.shape
    believed = np.broadcast_to(np.eye(shape[1])[:, None], (*shape, shape[1])).copy()
    believed[:steps, :states, :, :states] = model.transitions
    seen = counts.visits[..., None]
    start = np.zeros(shape[1])
    start[:states] = model.start
    transitions = (counts.next + weight * believed) / (seen + weight)
    return Tabular(transitions, lifted(model.rewards, shape, fill=0.0), start)
