"""Tests that may be looked at after every observation: a bet that a true null cannot lose for long.

If the mean of bounded values is at most `null`, nobody can expect to win money by betting that the
next one is larger. Whoever multiplies a stake by 1 / alpha has therefore seen something that
happens with probability at most alpha, *at whatever time they look* (Ville's inequality). After
Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting", JRSS B
86(1).
"""

from typing import NamedTuple

import numpy as np

BOLDEST = 0.75  # of the largest bet that cannot lose more than everything
GRID = 1001  # means that are tried


def wealth(values: np.ndarray, null: float | np.ndarray) -> np.ndarray:
    """What a stake of 1 has become after each value, betting that their mean exceeds `null`.

    Takes values (..., T) in [0, 1] and nulls (...) in [0, 1] that broadcast against them; returns
    (..., T). Every bet is made before the value is seen, as large as pays best for the mean and
    the variance of the values so far. Raises ValueError for values outside [0, 1].
    """
    values, null = np.asarray(values, dtype=float), np.asarray(null, dtype=float)[..., None]
    if not ((values >= 0) & (values <= 1)).all():  # or NaN
        raise ValueError("bets need values in [0, 1]: scale what you measure by its bounds")
    seen = np.arange(1, values.shape[-1] + 1)
    # One imagined value of 1/2 and a variance of 1/4 keep the first bets small.
    mean = (0.5 + values.cumsum(axis=-1)) / (seen + 1)
    variance = (0.25 + ((values - mean) ** 2).cumsum(axis=-1)) / (seen + 1)
    first = np.ones_like(values[..., :1])
    mean = np.concatenate([first / 2, mean[..., :-1]], axis=-1)
    variance = np.concatenate([first / 4, variance[..., :-1]], axis=-1)
    edge = mean - null
    bet = np.clip(edge / (variance + edge**2), 0, BOLDEST / np.maximum(null, 1e-9))
    growth = np.log1p(bet * (values - null)).cumsum(axis=-1)
    return np.exp(np.minimum(growth, 700.0))  # the largest number is not far above


class Sequence(NamedTuple):
    """A confidence sequence: after each value a lowest and a highest mean, both (T,).

    With probability 1 - alpha the true mean lies between them *at all times*.
    """

    low: np.ndarray
    high: np.ndarray


def confidence_sequence(
    values: np.ndarray, *, low: float = 0.0, high: float = 1.0, alpha: float = 0.05
) -> Sequence:
    """All means that the bets could not refute so far, for values (T,) that lie in [low, high].

    Half of alpha is spent on each side. Raises ValueError for values outside of their bounds.
    """
    scaled = (np.asarray(values, dtype=float) - low) / (high - low)
    if scaled.ndim != 1 or not scaled.size:
        raise ValueError("a confidence sequence needs a flat array of at least one value")
    grid = np.linspace(0, 1, GRID)
    above = wealth(scaled[None], grid) < 2 / alpha  # (GRID, T): not refuted by bets on "larger"
    below = wealth(1 - scaled[None], 1 - grid) < 2 / alpha
    lowest = grid[above.argmax(axis=0)]  # the bets on "larger" win less the larger the null
    highest = grid[len(grid) - 1 - below[::-1].argmax(axis=0)]
    step = grid[1]  # of the grid: to the safe side
    return Sequence(
        low + (high - low) * np.maximum(np.maximum.accumulate(lowest) - step, 0).round(9),
        low + (high - low) * np.minimum(np.minimum.accumulate(highest) + step, 1).round(9),
    )
