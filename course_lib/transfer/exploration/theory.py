"""When exploration transfer is guaranteed to work, and how far from that a pair of worlds is.

Wagenmaker, Huang, Ke, Jamieson and Gupta (2024), arXiv 2410.20254.
"""

from collections.abc import Sequence

import numpy as np

from course_lib.transfer.exploration.coverage import Mixture, pairs, smallest_eigenvalue
from course_lib.worlds.lock import Tabular


def total_variation_gap(simulator: Tabular, real: Tabular) -> float:
    """The largest total variation distance between next states, over all steps and pairs.

    Raises ValueError for models of different shapes: a corridor is no gap of this kind.
    """
    if simulator.shape != real.shape:
        raise ValueError(
            f"the models have the shapes {simulator.shape} and {real.shape}: total variation "
            "needs the same steps, states and actions"
        )
    return float(np.abs(simulator.transitions - real.transitions).sum(axis=3).max() / 2)


def reachability(mixtures: Sequence[Mixture], model: Tabular) -> float:
    """The smallest eigenvalue of the features' covariance at the worst step.

    With the mixtures of `covering_model` it is lambda*_min on a lock without slips, all of whose
    pairs can be met alike, and less than it elsewhere: they maximise the determinant instead.
    """
    return min(smallest_eigenvalue(mixture, model, h) for h, mixture in enumerate(mixtures))


def features_at_most(model: Tabular) -> int:
    """The dimension d of the features: the number of pairs at the step that has most."""
    return max(pairs(model, h).shape[2] for h in range(len(model.transitions)))


def gap_allowed(reachable: float, dimension: int, horizon: int, actions: int) -> float:
    """The total variation gap up to which the theory promises success: lambda / (64 d H A^3)."""
    return reachable / (64 * dimension * horizon * actions**3)
