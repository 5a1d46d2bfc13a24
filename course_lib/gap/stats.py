"""How sure are we? The interquartile mean over seeds, with bootstrap intervals.

After Agarwal et al. (2021), "Deep RL at the Edge of the Statistical Precipice" (NeurIPS): report
interval estimates of the interquartile mean instead of a point estimate of the mean. The trimmed
mean and the bootstrap are SciPy's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, bootstrap, trim_mean

Statistic = Callable[..., np.ndarray]  # statistic(values, axis=-1), such as np.mean


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, and the number of values `n` behind it."""

    estimate: float
    low: float
    high: float
    n: int
    confidence: float = 0.95

    def __str__(self) -> str:
        return (
            f"{self.estimate:.4g} [{self.low:.4g}, {self.high:.4g}] "
            f"({self.confidence:.0%} interval, n = {self.n})"
        )


def interquartile_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """The mean of the middle half: a quarter of the values is cut off at each end."""
    return trim_mean(values, 0.25, axis=axis)


def iqm_interval(values: np.ndarray, *, confidence: float = 0.95, seed: int = 0) -> Interval:
    """The interquartile mean of `values` (n,) with a percentile bootstrap interval.

    Give one value per training seed (its mean over evaluation episodes), not one per episode: the
    question is how another training run would have come out. Raises ValueError as
    `bootstrap_interval` does.
    """
    return bootstrap_interval(values, interquartile_mean, confidence=confidence, seed=seed)


def bootstrap_interval(
    values: np.ndarray, statistic: Statistic, *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Any `statistic(values, axis=...)` of `values` (n,) with a percentile bootstrap interval.

    Raises ValueError for fewer than three values, values that are not finite, and a confidence
    outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a share such as 0.95, not {confidence}")
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 3:
        raise ValueError(
            f"an interval needs a flat array of at least 3 values, one per seed; got {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("an interval needs finite values; look for a run that failed")
    result = bootstrap(
        (values,),
        statistic,
        confidence_level=confidence,
        n_resamples=5_000,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    estimate = float(statistic(values, axis=-1))
    return Interval(estimate, float(result.low), float(result.high), len(values), confidence)


def share_interval(hits: np.ndarray, *, confidence: float = 0.95) -> Interval:
    """How often something is true, from independent trials `hits` (n,), with Wilson's interval."""
    hits = np.asarray(hits, dtype=bool).ravel()
    result = binomtest(int(hits.sum()), hits.size).proportion_ci(confidence, method="wilson")
    return Interval(float(hits.mean()), result.low, result.high, hits.size, confidence)


def paired_interval(
    first: np.ndarray, second: np.ndarray, *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """The interquartile mean of `first - second`, pair by pair, with its interval.

    Entry i of both arrays (n,) must belong together: the same training seed, or the same
    evaluation episode. What both share then cancels, and the interval is narrower than that of
    either side. Raises ValueError for arrays of different shape.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape:
        raise ValueError(f"pairs need arrays of one shape; got {first.shape} and {second.shape}")
    return iqm_interval(first - second, confidence=confidence, seed=seed)
