"""How different are two sets of logs? Kolmogorov-Smirnov, maximum mean discrepancy, permutation.

Gretton et al. (2012), "A Kernel Two-Sample Test", JMLR 13. The steps of an episode depend on each
other, so what is shuffled in a test are whole episodes: shuffling steps finds differences between
two logs of one and the same system.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import pdist

Samples = Sequence[np.ndarray]  # one array (T, d) per episode


def ks_statistic(first: np.ndarray, second: np.ndarray) -> float:
    """The largest distance between two empirical distribution functions; inputs (n,) and (m,)."""
    first, second = np.sort(first), np.sort(second)
    at = np.concatenate([first, second])
    below_first = np.searchsorted(first, at, side="right") / len(first)
    below_second = np.searchsorted(second, at, side="right") / len(second)
    return float(np.abs(below_first - below_second).max())


def median_bandwidth(points: np.ndarray, *, most: int = 1_000) -> float:
    """The median distance between two points of (n, d): the usual width of an RBF kernel.

    Of more than `most` points every n-th is used. Raises ValueError if all points coincide.
    """
    distances = pdist(points[:: max(1, len(points) // most)])
    median = float(np.median(distances)) if len(distances) else 0.0
    if median == 0.0:
        raise ValueError("a bandwidth needs points that differ; give one by hand")
    return median


def mmd_squared(first: np.ndarray, second: np.ndarray, bandwidth: float | None = None) -> float:
    """Squared maximum mean discrepancy of (n, d) and (m, d) under an RBF kernel.

    The mean similarity within the two samples less twice the mean similarity between them, each
    point compared with itself as well (the biased estimate, which is never negative). `bandwidth`
    defaults to the median heuristic over all points.
    """
    sums, sizes = _similarities([first, second], bandwidth)
    return _from_sums(sums, sizes, np.array([True, False]))


def mmd_test(
    first: Samples,
    second: Samples,
    rng: np.random.Generator,
    *,
    permutations: int = 500,
    bandwidth: float | None = None,
) -> tuple[float, float]:
    """Squared MMD between two sets of episodes, and its permutation p-value.

    Each episode is an array (T, d). The p-value is the share of divisions of all episodes into two
    sets of these sizes, the true one among them, whose MMD is at least as large. Raises ValueError
    for fewer than two episodes on a side.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError("a permutation test needs at least two episodes on each side")
    sums, sizes = _similarities([*first, *second], bandwidth)
    is_first = np.arange(len(sizes)) < len(first)
    observed = _from_sums(sums, sizes, is_first)
    shuffled = [_from_sums(sums, sizes, rng.permutation(is_first)) for _ in range(permutations)]
    # Rounding must not make the true division smaller than an equal one.
    as_large = np.sum(np.array(shuffled) >= observed * (1 - 1e-12))
    return observed, float((1 + as_large) / (1 + permutations))


def _similarities(groups: Samples, bandwidth: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Kernel values summed over pairs of groups, (g, g), and the groups' sizes (g,)."""
    groups = [np.asarray(g, dtype=float).reshape(len(g), -1) for g in groups]
    points = np.concatenate(groups)
    sizes = np.array([len(g) for g in groups])
    width = median_bandwidth(points) if bandwidth is None else bandwidth
    starts = np.cumsum(sizes) - sizes
    squares = (points**2).sum(axis=1)
    sums = np.empty((len(groups), len(groups)))
    for i, group in enumerate(groups):  # one group at a time: all pairs at once need much memory
        distance = (group**2).sum(axis=1)[:, None] + squares - 2 * group @ points.T
        kernel = np.exp(-np.maximum(distance, 0.0) / (2 * width**2))
        sums[i] = np.add.reduceat(kernel.sum(axis=0), starts)
    return sums, sizes


def _from_sums(sums: np.ndarray, sizes: np.ndarray, is_first: np.ndarray) -> float:
    weights = np.where(is_first, 1 / sizes[is_first].sum(), -1 / sizes[~is_first].sum())
    return float(weights @ sums @ weights)
