"""Learn a task in a lab, from what exploring policies and the learner itself do there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.learning import Policy
from course_lib.transfer.skills.sac_learner import SacLearner
from course_lib.transfer.skills.tours import Noisy
from course_lib.worlds.lab import Attempt, Lab

BATCH = 10  # episodes between two rounds of learning
LATELY = 10  # of the learner's own episodes decide whether it has learned enough


@dataclass(frozen=True)
class Course:
    """How learning in a lab went: every episode, in the order that it was run."""

    explored: list[Attempt]  # episodes of exploring policies
    own: list[Attempt]  # the learner's own episodes

    @property
    def episodes(self) -> int:
        """How many episodes learning took."""
        return len(self.explored) + len(self.own)


def successes(attempts: Sequence[Attempt]) -> np.ndarray:
    """Which attempts succeeded, (n,) bool."""
    return np.array([attempt.succeeded for attempt in attempts], dtype=bool)


def learn_in(
    lab: Lab,
    explorers: Sequence[Policy],
    learner: SacLearner,
    rng: np.random.Generator,
    *,
    budget: int = 400,
    share: float = 0.5,
    noise: float = 0.05,
    enough: float = 0.9,
) -> Course:
    """Spend at most `budget` episodes of `lab` on teaching `learner`, in rounds of ten.

    In the first round the `explorers` act in turns, with `noise` on their actions; from then on
    they get a `share` of each round and the learner the rest. It ends early once the learner has
    succeeded in the share `enough` of its own last ten episodes. Raises ValueError without
    explorers, or where they get nothing or everything.
    """
    if not explorers or not 0 < share < 1:
        raise ValueError("learning needs at least one explorer, and a share between 0 and 1")
    explored, own = [], []
    while len(explored) + len(own) + BATCH <= budget:
        turns = BATCH if not explored else round(share * BATCH)
        acting = [
            Noisy(explorers[(len(explored) + i) % len(explorers)], noise, rng) for i in range(turns)
        ]
        attempts = lab.run(acting + [learner.exploring] * (BATCH - turns))
        explored += attempts[:turns]
        own += attempts[turns:]
        if len(own) >= LATELY and successes(own[-LATELY:]).mean() >= enough:
            break
        learner.remember(attempts)
        learner.learn(spent=(len(explored) + len(own)) / budget)
    return Course(explored, own)
