"""Fitted Q iteration backwards in time, by least squares (Ernst, Geurts and Wehenkel, 2005)."""

from collections.abc import Callable, Sequence

import numpy as np

from course_lib.transfer.exploration.collecting import Counts
from course_lib.worlds.lock import Tabular


def fitted_q(
    counts: Counts, *, prior: np.ndarray | None = None, features: np.ndarray | None = None
) -> np.ndarray:
    """Values (H, S, A) that fit reward plus the best value of the next step, from the last step on.

    `features` are (S, A, d), one for each pair unless told. Least squares has no opinion where it
    saw nothing; it then stays at the `prior` (H, S, A), which is 0 unless told.
    """
    prior = np.zeros(counts.visits.shape) if prior is None else prior
    return _backwards(counts, features, lambda h, value: prior[h], lambda q, expected, h: q)


def version_space_q(
    counts: Counts,
    simulator: Tabular,
    tolerance: float | Sequence[float],
    *,
    features: np.ndarray | None = None,
) -> np.ndarray:
    """As `fitted_q`, but within `tolerance` of what the simulator says of the same next values.

    Of all functions that are Bellman-consistent in the simulator up to `tolerance`, one number or
    one for each step, it is the one nearest to the data; what was not seen is as in the simulator.
    Raises ValueError for a negative tolerance, and where simulator and data differ in shape.
    """
    steps = counts.visits.shape[0]
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=float), steps)
    if (allowed < 0).any():
        raise ValueError(f"tolerance must be at least 0, not {tolerance}")
    if simulator.shape != counts.visits.shape:
        raise ValueError(
            f"the simulator has the shape {simulator.shape} and reality {counts.visits.shape}: "
            "a version space needs the same steps, states and actions"
        )
    return _backwards(
        counts,
        features,
        lambda h, value: simulator.rewards[h] + simulator.transitions[h] @ value,
        lambda q, expected, h: np.clip(q, expected - allowed[h], expected + allowed[h]),
    )


def _backwards(counts: Counts, features: np.ndarray | None, expect: Callable, keep: Callable):
    """Regress step by step around what `expect` says, and `keep` some of it."""
    q, visits = np.zeros(counts.visits.shape), counts.visits
    paid = counts.rewards.sum(axis=3)
    value = np.zeros(q.shape[1])
    for h in reversed(range(len(q))):
        total = paid[h] + counts.next[h] @ (value * ~counts.ends)  # sum of the targets, (S, A)
        expected = expect(h, value)
        fit = expected + regress(total - visits[h] * expected, visits[h], features)
        q[h] = keep(fit, expected, h)
        value = q[h].max(axis=1)
    return q


def regress(totals: np.ndarray, visits: np.ndarray, features: np.ndarray | None) -> np.ndarray:
    """Predictions (S, A) of the least-squares fit to targets that sum up to `totals` (S, A).

    All targets of one pair share its features: a pair counts as its mean, weighted by its visits.
    Of all fits this is the one with the smallest weights.
    """
    flat, n = totals.ravel(), visits.ravel()
    phi = np.eye(flat.size) if features is None else features.reshape(flat.size, -1)
    seen = n > 0
    root = np.sqrt(n[seen])
    weights = np.linalg.lstsq(root[:, None] * phi[seen], flat[seen] / root, rcond=None)[0]
    return (phi @ weights).reshape(totals.shape)
