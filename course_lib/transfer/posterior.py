"""What is known about a system after its log was read: thousands of worlds, weighted.

Importance sampling. Worlds are drawn around the best one, and each counts by how well it explains
the log and how probable it was beforehand. Unlike the covariance of a fit this does not assume that
anything is normal. See C. P. Robert, G. Casella (2004), "Monte Carlo Statistical Methods",
chapter 3; for simulators, K. Cranmer and others (2020), "The frontier of simulation-based
inference".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import multivariate_t

from course_lib.gap.logs import Logged
from course_lib.transfer.following import ALL_EQUAL, Sensors, Worlds, follow
from course_lib.transfer.identification import Identified
from course_lib.worlds import CartPolePhysics, Uniform

HEAVY = 5  # degrees of freedom: draws reach farther out than those of a normal distribution
WIDER = 1.5  # and the covariance is larger, so that no probable world is missed


@dataclass(frozen=True)
class Posterior:
    """Equally weighted worlds that explain a log: name -> (n,)."""

    worlds: Worlds
    best: CartPolePhysics
    effective: float  # how many independent worlds these are worth

    def interval(self, name: str, confidence: float = 0.95) -> tuple[float, float]:
        """The central interval in which a quantity lies with this probability."""
        tail = (1 - confidence) / 2
        low, high = np.quantile(self.worlds[name], [tail, 1 - tail])
        return float(low), float(high)

    def ranges(self, confidence: float = 0.95) -> CartPolePhysics:
        """Ranges to train on: each quantity anywhere in its interval."""
        intervals = {name: self.interval(name, confidence) for name in self.worlds}
        return replace(self.best, **{name: Uniform(*ends) for name, ends in intervals.items()})


def posterior(
    log: Sequence[Logged],
    identified: Identified,
    seed: int,
    *,
    draws: int = 1000,
    sensors: Sensors = ALL_EQUAL,
) -> Posterior:
    """Weigh `draws` worlds about what was identified from this log.

    Delays and other choices are taken as known. `effective` tells how far to trust the result: with
    much less than a hundred, draw more.
    """
    rng = np.random.default_rng(seed)
    near = multivariate_t(identified.z, WIDER * identified.covariance, HEAVY, seed=rng)
    z = near.rvs(draws).reshape(draws, -1)
    coordinates = identified.coordinates
    worlds = coordinates.worlds(z)
    surprise = follow(log, worlds, sensors, coordinates.ranges).surprise
    log_weights = coordinates.log_prior(z) - surprise - near.logpdf(z)
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    chosen = rng.choice(draws, draws, p=weights)
    return Posterior(
        {name: values[chosen] for name, values in worlds.items()},
        identified.physics,
        float(1 / (weights**2).sum()),
    )
