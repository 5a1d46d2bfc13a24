"""What a method that learns in reality is, and the naive ones: act at random, now and then."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from course_lib.transfer.exploration.collecting import Counts, Reality, only
from course_lib.transfer.exploration.coverage import Mixture
from course_lib.transfer.exploration.exploration_sets import lifted
from course_lib.transfer.exploration.fitted_q import fitted_q
from course_lib.transfer.exploration.planning import chances, greedy, optimal_q
from course_lib.worlds.lock import Lock


class Method(Protocol):
    """A way to a policy for reality."""

    def learn(
        self, simulator: Lock, reality: Reality, budgets: Sequence[int], rng: np.random.Generator
    ) -> Iterator[np.ndarray]:
        """Yield for each of the growing `budgets` the policy (H, S, A) after so many episodes."""


@dataclass(frozen=True)
class Anytime(ABC):
    """A method that runs a few episodes, thinks again, and can be stopped at any time.

    It thinks again whenever it has a tenth more episodes: more often would change little and take
    long. The policy that it yields is greedy under what `fitted_q` makes of all episodes.
    """

    def learn(self, simulator, reality, budgets, rng):
        """Yield a policy for each budget; see `Method`."""
        prior, counts = self.prior(simulator, reality.shape), no_counts(reality.shape)
        for budget in budgets:
            while reality.episodes < budget:
                more = min(budget - reality.episodes, 1 + reality.episodes // 10)
                data = reality.run(self.behaviour(counts, prior, rng), more)
                counts = counts + Counts.of(data, reality.shape)
            yield chances(greedy(fitted_q(counts, prior=prior)), reality.shape[2])

    def prior(self, simulator: Lock, shape: tuple[int, int, int]) -> np.ndarray:
        """What to believe of pairs that were not seen, (H, S, A): nothing, unless overridden."""
        return np.zeros(shape)

    @abstractmethod
    def behaviour(self, counts: Counts, prior: np.ndarray, rng: np.random.Generator) -> Mixture:
        """The policies for the next episodes."""


def no_counts(shape: tuple[int, int, int]) -> Counts:
    """The counts before the first episode."""
    table = np.zeros((*shape, shape[1]))
    return Counts(table, table, np.zeros(shape[1], dtype=bool))


@dataclass(frozen=True)
class Uniform(Anytime):
    """Every action at random, always."""

    def behaviour(self, counts, prior, rng):
        """The uniform policy."""
        return only(np.full(prior.shape, 1 / prior.shape[2]))


@dataclass(frozen=True)
class ZetaGreedy(Anytime):
    """Each action at random with the chance `zeta`, else the best as far as is known.

    It starts from the simulator's values (direct transfer), or from nothing (from scratch) with
    `from_simulator=False`.
    """

    zeta: float = 0.3
    from_simulator: bool = True

    def __post_init__(self):
        if not 0 <= self.zeta <= 1:
            raise ValueError(f"zeta must be a chance in [0, 1], not {self.zeta}")

    def prior(self, simulator, shape):
        """The simulator's optimal values, 0 where it has none."""
        if not self.from_simulator:
            return super().prior(simulator, shape)
        return lifted(optimal_q(simulator.model()), shape, fill=0.0)

    def behaviour(self, counts, prior, rng):
        """The greedy policy mixed with the uniform one, action by action."""
        best = chances(greedy(fitted_q(counts, prior=prior)), prior.shape[2])
        return only((1 - self.zeta) * best + self.zeta / prior.shape[2])
