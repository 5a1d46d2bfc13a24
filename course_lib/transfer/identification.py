"""System identification: which physics explains a log best, and how sure can one be?

The likelihood of a physics is that of a simulator that follows the log (see `following`). It is
maximised by Fisher scoring, together with a prior: every quantity is uniform within its range. The
bound that no unbiased estimator can pass is that of C. R. Rao (1945) and H. Cramér (1946).
Textbook: L. Ljung (1999), "System Identification: Theory for the User", chapter 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from course_lib.gap.logs import Logged
from course_lib.transfer.coordinates import Coordinates
from course_lib.transfer.following import ALL_EQUAL, Sensors, follow
from course_lib.worlds import CartPolePhysics, Choice, Uniform

NUDGE = 1e-4  # of a coordinate, for derivatives by central differences
FLAT = 0.03  # a slope of the log-likelihood, per unit of a coordinate, that is as good as none


@dataclass(frozen=True)
class Identified:
    """The physics that explains a log best, and how far it may be wrong.

    `z` (p,) are the estimated coordinates, `covariance` (p, p) is their uncertainty, `surprise` is
    the negative log-likelihood of the log, up to a constant.
    """

    coordinates: Coordinates
    z: np.ndarray
    covariance: np.ndarray
    surprise: float

    @property
    def physics(self) -> CartPolePhysics:
        """The best physics: the ranges, with a number in place of each."""
        return self.coordinates.physics(self.z)

    def interval(self, name: str, widths: float = 1.96) -> tuple[float, float]:
        """Where a quantity lies: `widths` standard deviations to both sides, 95 % unless told."""
        if name not in self.coordinates.names:
            raise ValueError(f"{name} was not identified, only {self.coordinates.names}")
        i = self.coordinates.names.index(name)
        reach = widths * np.sqrt(self.covariance[i, i])
        ends = self.z + np.array([[-reach], [reach]])
        low, high = self.coordinates.values(ends)[:, i]
        return float(low), float(high)

    def narrowed(self, widths: float = 1.96) -> CartPolePhysics:
        """Ranges to train on: each quantity anywhere in its interval."""
        intervals = {name: self.interval(name, widths) for name in self.coordinates.names}
        return replace(self.physics, **{name: Uniform(*ends) for name, ends in intervals.items()})


def identify(
    log: Sequence[Logged], ranges: CartPolePhysics, sensors: Sensors = ALL_EQUAL
) -> Identified:
    """Estimate every quantity that `ranges` does not give as a number.

    A `Uniform` is estimated within its ends; every value of a `Choice`, such as a delay, is tried.
    Give what `follow` does not model as a number. Raises ValueError when nothing is free.
    """
    choices = _choices(ranges)
    tried = [
        replace(ranges, **dict(zip(choices, values, strict=True)))
        for values in product(*(choice.values for choice in choices.values()))
    ]
    if not choices and not Coordinates(ranges).names:
        raise ValueError("nothing to identify: give at least one quantity as a range")
    # A few steps are enough to see which choice is the best.
    fits = [_fit(log, Coordinates(chosen), sensors, steps=5) for chosen in tried]
    best = min(fits, key=lambda fit: fit.surprise)
    return _fit(log, best.coordinates, sensors, start=best.z)


def _choices(ranges: CartPolePhysics) -> dict[str, Choice]:
    """The quantities of which only some values are possible."""
    return {name: value for name, value in vars(ranges).items() if isinstance(value, Choice)}


def _fit(log, coordinates, sensors, start=None, steps=100) -> Identified:
    @lru_cache(maxsize=1)
    def at(z: tuple[float, ...]):
        z = np.array(z)
        surprise, slope, information = scored(log, coordinates, z, sensors)
        # The prior is logistic in every coordinate.
        improbable = surprise - coordinates.log_prior(z)
        bend = 2 * expit(z) * expit(-z)
        return improbable, slope + np.tanh(z / 2), information + np.diag(bend), surprise

    z = np.zeros(len(coordinates.names)) if start is None else start
    if z.size:
        z = minimize(
            lambda z: at(tuple(z))[0],
            z,
            jac=lambda z: at(tuple(z))[1],
            hess=lambda z: at(tuple(z))[2],
            method="trust-exact",
            options={"gtol": FLAT, "maxiter": steps},
        ).x
    _, _, information, surprise = at(tuple(z))
    return Identified(coordinates, z, np.linalg.inv(information), surprise)


def scored(
    log: Sequence[Logged], coordinates: Coordinates, z: np.ndarray, sensors: Sensors = ALL_EQUAL
) -> tuple[float, np.ndarray, np.ndarray]:
    """The surprise at z (p,), its slope (p,), and the Fisher information (p, p).

    For innovations that are normal with covariance L Lᵀ, the information is the sum of the squared
    slopes of the scores and of the logarithms of L's diagonal, in expectation.
    """
    p = len(z)
    nudges = NUDGE * np.concatenate([np.zeros((1, p)), np.eye(p), -np.eye(p)])
    seen = follow(log, coordinates.worlds(z + nudges), sensors, coordinates.ranges)
    by_score, by_scale = (
        (values[1 : p + 1] - values[p + 1 :]) / (2 * NUDGE)
        for values in (seen.scores, seen.log_scales)
    )
    slope = by_score @ seen.scores[0] + by_scale.sum(axis=1)
    return seen.surprise[0], slope, by_score @ by_score.T + by_scale @ by_scale.T


def smallest_errors(
    log: Sequence[Logged],
    physics: CartPolePhysics,
    ranges: CartPolePhysics,
    sensors: Sensors = ALL_EQUAL,
) -> dict[str, float]:
    """The Cramér-Rao bound: the standard errors, in units, that no unbiased estimator can beat.

    For quantities that are `Uniform` in `ranges`, from a log such as this one, if `physics` is
    true. A `Choice` counts as known.
    """
    known = {name: getattr(physics, name) for name in _choices(ranges)}
    coordinates = Coordinates(replace(ranges, **known))
    z = coordinates.of(physics)
    _, _, information = scored(log, coordinates, z, sensors)
    errors = coordinates.slopes(z) * np.sqrt(np.diag(np.linalg.inv(information)))
    return dict(zip(coordinates.names, errors.tolist(), strict=True))
