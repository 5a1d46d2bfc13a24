"""Learn a task in a lab, from what exploring policies and the learner itself do there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.learning import Policy
from course_lib.transfer.skills.sac_learner import SacLearner
from course_lib.transfer.skills.tours import HandedOver, Noisy
from course_lib.worlds.lab import Attempt, Lab

BATCH = 10  # episodes between two rounds of learning
LATELY = 20  # of the learner's own episodes decide whether it has learned enough


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


class Exploring:
    """Who acts in exploring episodes: the next policy of a set, or one that has succeeded.

    `draw()` gives a set; when all of it have acted, it is called again. Once one has succeeded, a
    share `repeat` of the episodes begins with one that did, drawn by how often it did, and hands
    over to the learner at a time that is drawn as well: as in lesson 11, it takes the learner to
    where something can be found, and the learner goes on. (Uchendu et al., 2023, "Jump-Start
    Reinforcement Learning", arXiv 2204.02372, do this with one policy that acts for less and less
    of the time.) `noise` is the standard deviation of what is added to each action. An empty set
    raises ValueError once it is drawn.
    """

    def __init__(
        self,
        draw: Callable[[], Sequence[Policy]],
        learner: SacLearner,
        rng: np.random.Generator,
        noise: float,
        repeat: float = 0.5,
    ):
        self._draw, self._learner, self._rng = draw, learner, rng
        self._noise, self._repeat = noise, repeat
        self._next: list[Policy] = []
        self._succeeded: list[Policy] = []

    def policies(self, n: int) -> list[Policy]:
        """Who acts in the next `n` exploring episodes."""
        self._acting = [self._choose() for _ in range(n)]
        return self._acting

    def learn(self, attempts: Sequence[Attempt]) -> None:
        """Be told what came of those episodes."""
        self._succeeded += [
            policy
            for policy, attempt in zip(self._acting, attempts, strict=True)
            if attempt.succeeded and not isinstance(policy, HandedOver)
        ]

    def _choose(self) -> Policy:
        if self._succeeded and self._rng.random() < self._repeat:
            again = self._succeeded[self._rng.integers(len(self._succeeded))]
            return HandedOver(again, self._learner.exploring, self._rng.random())
        if not self._next:
            self._next = [Noisy(policy, self._noise, self._rng) for policy in self._draw()]
        if not self._next:
            raise ValueError("a set of exploring policies needs at least one")
        return self._next.pop(0)


def learn_in(
    lab: Lab,
    exploring: Exploring,
    learner: SacLearner,
    *,
    budget: int = 400,
    share: float = 0.5,
    enough: float = 0.9,
) -> Course:
    """Spend at most `budget` episodes of `lab` on teaching `learner`, in rounds of ten.

    All of the first round is for `exploring`, which gets a `share` of each later one; the learner
    acts in the rest. It ends early once the learner has succeeded in the share `enough` of its own
    last ten episodes. Raises ValueError where one of the two gets nothing.
    """
    if not 0 < share < 1:
        raise ValueError("exploring gets a share between 0 and 1")
    explored, own = [], []
    while len(explored) + len(own) + BATCH <= budget:
        turns = BATCH if not explored else round(share * BATCH)
        attempts = lab.run(exploring.policies(turns) + [learner.exploring] * (BATCH - turns))
        exploring.learn(attempts[:turns])
        explored += attempts[:turns]
        own += attempts[turns:]
        if len(own) >= LATELY and successes(own[-LATELY:]).mean() >= enough:
            break
        learner.remember(attempts)
        learner.learn(spent=(len(explored) + len(own)) / budget)
    return Course(explored, own)
