"""Off-policy evaluation: what would another policy have earned, judged by a log alone.

Importance sampling and its kin for episodes that end, undiscounted; after Precup, Sutton & Singh
(2000), "Eligibility Traces for Off-Policy Policy Evaluation" (ICML), Jiang & Li (2016), "Doubly
Robust Off-policy Value Evaluation for Reinforcement Learning" (ICML), and Thomas & Brunskill
(2016), "Data-Efficient Off-Policy Policy Evaluation for Reinforcement Learning" (ICML).

Every estimator here is a sum of averages over episodes, so one writes only what is averaged, its
`Terms`, and the bootstrap need not run it again for each resample.
"""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple, Protocol

import numpy as np

from course_lib.deploy.logged import Logged, Target, taken
from course_lib.gap.stats import Interval

RESAMPLES = 1_000
NO_OVERLAP = (
    "no overlap: no logged episode has any weight, the target does other things than the log; "
    "evaluate a policy closer to the logging one, or fewer decisions (`logged.first`)"
)


class Terms(NamedTuple):
    """K averages over n episodes, sum(values) / sum(weights) each; their sum is the estimate."""

    values: np.ndarray  # (n, K)
    weights: np.ndarray  # (n, K)


class Q(Protocol):
    """What is expected from a step on, for each action; `FittedQ` is one."""

    def values(self, step: int, observations: np.ndarray) -> np.ndarray:
        """The rewards from `step` on: observations (n, d) -> (n, actions)."""


def estimator(terms: Callable[..., Terms]) -> Callable[..., float]:
    """Make an estimator of a function that returns its `Terms`, which stays at hand as `.terms`.

    The estimator raises ValueError where none of the episodes has any weight.
    """

    @wraps(terms)
    def estimate(logged: Logged, target: Target, *args, **kwargs) -> float:
        return _sum_of_averages(terms(logged, target, *args, **kwargs))

    estimate.terms = terms
    return estimate


def _sum_of_averages(terms: Terms) -> float:
    values, weights = terms.values.sum(axis=0), terms.weights.sum(axis=0)  # (K,) both
    if (weights == 0).any():
        raise ValueError(NO_OVERLAP)
    return float((values / weights).sum())


def plain(values: np.ndarray) -> Terms:
    """The terms of an ordinary mean over episodes of `values` (n,)."""
    return Terms(values[:, None], np.ones((len(values), 1)))


def ratios(logged: Logged, target: Target) -> np.ndarray:
    """How much more likely the target takes each logged action, (T, n); 1 after an episode's end.

    Raises ValueError if the target knows fewer actions than the log.
    """
    on = logged.running
    rho = np.ones(on.shape)
    rho[on] = taken(target, logged.observations[on], logged.actions[on]) / logged.chances[on]
    return rho


# The estimators: (logged, target) -> the expected return of the target


@estimator
def ordinary(logged: Logged, target: Target):
    """Importance sampling: each episode's return times the product of its ratios.

    Unbiased where the log could contain all that the target does; its variance may grow
    exponentially with the decisions of an episode. Source: Precup et al. (2000).
    """
    weights = ratios(logged, target).prod(axis=0)  # (n,)
    return plain(weights * logged.returns)


@estimator
def weighted(logged: Logged, target: Target):
    """As `ordinary`, but divided by the sum of the weights: biased, consistent, and calmer.

    Raises ValueError where all weights are 0. Source: Precup et al. (2000).
    """
    weights = ratios(logged, target).prod(axis=0)[:, None]  # (n, 1)
    return Terms(weights * logged.returns[:, None], weights)


@estimator
def per_decision(logged: Logged, target: Target):
    """Importance sampling in which a reward is weighted by the decisions before it only.

    Unbiased, as `ordinary`. Source: Precup et al. (2000).
    """
    weights = ratios(logged, target).cumprod(axis=0)  # (T, n)
    return plain((weights * logged.rewards).sum(axis=0))


@estimator
def weighted_per_decision(logged: Logged, target: Target):
    """As `per_decision`, with the weights of each step divided by their sum over episodes.

    Ended episodes keep their last weight, and earn nothing. Raises ValueError where all weights of
    a step are 0. Source: Thomas (2015), "Safe Reinforcement Learning" (PhD thesis), "CWPDIS".
    """
    weights = ratios(logged, target).cumprod(axis=0).T  # (n, T)
    return Terms(weights * logged.rewards.T, weights)


@estimator
def doubly_robust(logged: Logged, target: Target, q: Q):
    """Trust `q`, and weigh only what it got wrong: unbiased for any q, calm for a good one.

    This needs a q that was not fitted to the same episodes; with enough episodes that matters
    little. Source: Jiang & Li (2016), their recursion for episodes.
    """
    rho = ratios(logged, target)  # (T, n)
    q_taken, v = predictions(logged, target, q)  # (T, n) both
    estimate = np.zeros(len(logged.lengths))
    for t in reversed(range(len(rho))):
        estimate = v[t] + rho[t] * (logged.rewards[t] + estimate - q_taken[t])
    return plain(estimate)


@estimator
def weighted_doubly_robust(logged: Logged, target: Target, q: Q):
    """As `doubly_robust`, with the weights of each step divided by their sum over episodes.

    Raises ValueError where all weights of a step are 0. Source: Thomas & Brunskill (2016), "WDR".
    """
    after = ratios(logged, target).cumprod(axis=0).T  # (n, T), this decision included
    before = np.hstack([np.ones((len(after), 1)), after[:, :-1]])
    q_taken, v = predictions(logged, target, q)
    surprise = logged.rewards - q_taken
    return Terms(np.hstack([before * v.T, after * surprise.T]), np.hstack([before, after]))


def predictions(logged: Logged, target: Target, q: Q) -> tuple[np.ndarray, np.ndarray]:
    """What q says of each logged action and of the target's choice: Q and V, (T, n) each.

    Both are 0 after an episode's end.
    """
    q_taken, v = np.zeros((2, *logged.actions.shape))
    for t, on in enumerate(logged.running):
        seen = logged.observations[t, on]
        values = q.values(t, seen)  # (m, actions)
        q_taken[t, on] = values[np.arange(len(seen)), logged.actions[t, on]]
        v[t, on] = (target.chances(seen) * values).sum(axis=1)
    return q_taken, v


# How far to trust them


def effective_sample_size(weights: np.ndarray) -> float:
    """How many episodes of equal weight tell as much as these `weights` (n,): (Σw)² / Σw².

    It is 0 where all weights are 0. Source: Kish (1965), "Survey Sampling".
    """
    weights = np.asarray(weights, dtype=float)
    if not weights.any():
        return 0.0
    weights = weights / weights.max()  # products of many ratios are too small to be squared
    return float(weights.sum() ** 2 / (weights**2).sum())


def unsupported(logged: Logged, target: Target) -> float:
    """The probability that the target gives to actions that the log never contains.

    The mean over the logged observations; 0 is good. What lies there no weight can see, so that
    every estimator goes wrong by an amount that it cannot know.
    """
    on = logged.running
    chances = target.chances(logged.observations[on])  # (m, actions)
    unseen = ~np.isin(np.arange(chances.shape[1]), logged.actions[on])
    return float(chances[:, unseen].sum(axis=1).mean())


def estimate_interval(
    logged: Logged,
    target: Target,
    estimator: Callable[..., float],
    *args,
    seed: int = 0,
    confidence: float = 0.95,
    **kwargs,
) -> Interval:
    """An estimator of this module, with a percentile bootstrap interval over episodes.

    What comes besides, such as `q=...`, goes to the estimator; q is taken as given, so the
    interval knows nothing of its error. Resamples in which no episode has any weight are left out.
    Raises ValueError as the estimator does, for fewer than three episodes, and for a confidence
    outside (0, 1).
    """
    n = len(logged.lengths)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a share such as 0.95, not {confidence}")
    if n < 3:
        raise ValueError(f"an interval needs at least 3 episodes, not {n}")
    terms = estimator.terms(logged, target, *args, **kwargs)
    estimate = _sum_of_averages(terms)
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(n, size=n) for _ in range(RESAMPLES))
    # How often each episode is drawn, (RESAMPLES, n): sums over a resample are products with it.
    times = np.array([np.bincount(which, minlength=n) for which in drawn], dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimates = (times @ terms.values / (times @ terms.weights)).sum(axis=1)
    outside = 50 * (1 - confidence)
    low, high = np.percentile(estimates[np.isfinite(estimates)], [outside, 100 - outside])
    return Interval(estimate, float(low), float(high), n, confidence)
