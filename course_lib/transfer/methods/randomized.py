"""Domain randomization: train on many simulators, so that reality is one more of them.

J. Tobin and others (2017), arXiv:1703.06907; X. B. Peng and others (2018), arXiv:1710.06537.
"""

from dataclasses import fields, replace

import numpy as np

from course_lib.transfer.methods.method import Method
from course_lib.worlds import Cluster, Gaps, Uniform
from course_lib.worlds.physics import Sampler

# Anything from the simulator to what was measured at sites of this kind, each gap by itself.
WIDE = Gaps(
    hardware=Uniform(0, 1, "data sheets may be right, or as wrong as Gavel found them"),
    workload=Uniform(0, 1, "users may send jobs evenly, or in bursts with heavy tails"),
    interference=Uniform(0, 1, "an idle site, or one where jobs disturb each other"),
    failures=Uniform(0, 1, "new nodes, or old ones"),
    scale=Uniform(0, 1, "the test cluster, or the whole site"),
)
GAPS = tuple(f.name for f in fields(Gaps))


def drawn(rng: np.random.Generator, size: int) -> np.ndarray:
    """Severities (size, 5) drawn from `WIDE`."""
    return np.stack(list(WIDE.sample(rng, size).values()), axis=1)


def these(severities: np.ndarray) -> Sampler:
    """A sampler that gives clusters of these severities (n, 5), in their order.

    It is for one batch of at most n clusters, and of 32 at least: so many are drawn ahead.
    """
    return lambda rng, size: dict(zip(GAPS, severities[:size].T, strict=True))


def up_to(width: float) -> Gaps:
    """The severity of every gap between 0 and `width`."""
    return Gaps(*(Uniform(0, width) for _ in fields(Gaps)))


class DomainRandomization(Method):
    """Draw the severity of every gap anew for each episode of training."""

    def train(self, sim: Cluster) -> None:
        """Train on clusters drawn from `WIDE`."""
        self.policy = self._trained(replace(sim, gaps=WIDE))
