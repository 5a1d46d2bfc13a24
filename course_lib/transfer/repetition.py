"""Identify again and again, where the truth is known: is an estimator as good as it claims?

The bound is H. Cramér's and C. R. Rao's. The ranks are those of S. Talts and others (2018),
"Validating Bayesian Inference Algorithms with Simulation-Based Calibration", arXiv:1804.06788:
if the truth is drawn from the prior, its rank among draws from the posterior is uniform.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.gap import first_steps, simulate_log
from course_lib.transfer.excitation import Excited
from course_lib.transfer.identification import identify, smallest_errors
from course_lib.transfer.posterior import posterior
from course_lib.worlds import CartPolePhysics

EPISODES = 60  # simulated at once, to have enough steps


@dataclass(frozen=True)
class Repetition:
    """One log of a known machine, and what was made of it; one entry per quantity, (p,)."""

    names: tuple[str, ...]
    truth: np.ndarray
    estimate: np.ndarray
    interval: np.ndarray  # (p, 2), at 95 %
    bound: np.ndarray  # the smallest standard error that is possible
    rank: np.ndarray  # share of the posterior below the truth

    @property
    def covered(self) -> np.ndarray:
        """Whether the interval holds the truth."""
        return (self.interval[:, 0] < self.truth) & (self.truth < self.interval[:, 1])


def repetition(
    ranges: CartPolePhysics,
    seed: int,
    *,
    truth: CartPolePhysics | None = None,
    steps: int = 500,
    share: float = 0.5,
    hold: int = 1,
) -> Repetition:
    """Log `steps` steps of a machine, excited by `Excited(share, hold)`, and identify it.

    Without a `truth`, the machine is drawn from the ranges.
    """
    rng = np.random.default_rng(seed)
    machine = truth or _drawn(ranges, rng)
    log = first_steps(
        simulate_log(Excited(share, hold, seed), machine, EPISODES, seed=1_000 + seed), steps
    )
    found = identify(log, ranges)
    names = found.coordinates.names
    true = np.array([getattr(machine, name) for name in names])
    likely = posterior(log, found, seed, draws=300).worlds
    bounds = smallest_errors(log, machine, ranges)
    return Repetition(
        names=names,
        truth=true,
        estimate=np.array([getattr(found.physics, name) for name in names]),
        interval=np.array([found.interval(name) for name in names]),
        bound=np.array([bounds[name] for name in names]),
        rank=np.array([np.mean(likely[name] < t) for name, t in zip(names, true, strict=True)]),
    )


def _drawn(ranges: CartPolePhysics, rng: np.random.Generator) -> CartPolePhysics:
    drawn = ranges.sample(rng, 1)
    return CartPolePhysics(**{name: values.item() for name, values in drawn.items()})
