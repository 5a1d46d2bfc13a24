"""Six numbers by which ways of transfer are compared, each in a sentence that can be computed."""

from dataclasses import dataclass

import numpy as np

CATASTROPHE = 0.5  # share of an episode's jobs that miss their objective
WITHIN = 0.05  # of the final performance: adapted


@dataclass(frozen=True)
class Scale:
    """Where performance is 0 and where it is 1, in mean slowdown: lower is better."""

    random: float
    target: float

    def performance(self, slowdown: np.ndarray) -> np.ndarray:
        """0 for slowdowns as of random decisions, 1 as of a policy trained for this world.

        The best policies may have more than 1. Raises ValueError where the two are equal.
        """
        if self.random == self.target:
            raise ValueError("there is no scale: random decisions are as good as the target")
        return (self.random - np.asarray(slowdown)) / (self.random - self.target)


def adapted_at(performance: np.ndarray) -> int:
    """The first checkpoint from which on performance (checkpoints,) stays near the last one.

    Near is within `WITHIN` of the last value.
    """
    last = performance[-1]
    far = np.flatnonzero(np.abs(performance - last) > WITHIN * abs(last))
    return int(far[-1]) + 1 if far.size else 0


def avoided(slowdown: np.ndarray, random: np.ndarray) -> np.ndarray:
    """The share of the delay of random decisions that is avoided, world by world.

    A slowdown of 1 is no delay at all. Unlike `Scale` this needs no policy trained in each world.
    """
    return (random - slowdown) / (random - 1)


def robustness(
    unseen: np.ndarray, random_unseen: np.ndarray, nominal: float, random_nominal: float
) -> float:
    """The lower quartile over unseen worlds (n,) of the delay avoided, over that in the simulator.

    1 means that three worlds in four are handled as well as the simulator, or better.
    """
    lower_quartile = np.quantile(avoided(unseen, random_unseen), 0.25)
    return float(lower_quartile / avoided(nominal, random_nominal))


def safety(misses: np.ndarray) -> float:
    """The share of episodes without a catastrophe; `misses` (n,) are shares of jobs."""
    return float((np.asarray(misses) <= CATASTROPHE).mean())


def worst(values: np.ndarray, share: float = 0.05) -> float:
    """The mean of the largest `share` of values (n,), of at least one of them."""
    count = max(1, round(share * len(values)))
    return float(np.sort(values)[-count:].mean())
