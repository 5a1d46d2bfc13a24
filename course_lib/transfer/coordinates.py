"""Unknown quantities as coordinates without ends, in which an optimiser can move freely.

The coordinate of a quantity between `low` and `high` is z = ln((x - low) / (high - x)). A quantity
that is uniform between its ends has a logistic coordinate.
"""

from dataclasses import fields, replace

import numpy as np
from scipy.special import expit, log_expit, logit

from course_lib.worlds import CartPolePhysics, Choice
from course_lib.worlds.distributions import Distribution


class Coordinates:
    """The p quantities that are `Uniform` in `ranges`: `names`, with ends `low` and `high` (p,)."""

    def __init__(self, ranges: CartPolePhysics):
        self.ranges = ranges
        self.names = tuple(f.name for f in fields(ranges) if _is_free(getattr(ranges, f.name)))
        ends = [(getattr(ranges, name).low, getattr(ranges, name).high) for name in self.names]
        self.low, self.high = np.array(ends).reshape(-1, 2).T

    def values(self, z: np.ndarray) -> np.ndarray:
        """Quantities, in their units, at coordinates of the same shape (..., p)."""
        return self.low + (self.high - self.low) * expit(z)

    def slopes(self, z: np.ndarray) -> np.ndarray:
        """How much each quantity changes with its coordinate, (..., p)."""
        return (self.high - self.low) * expit(z) * expit(-z)

    def of(self, physics: CartPolePhysics) -> np.ndarray:
        """The coordinates (p,) of a physics; raises ValueError unless it lies within the ranges."""
        values = np.array([getattr(physics, name) for name in self.names])
        for name, value, low, high in zip(self.names, values, self.low, self.high, strict=True):
            if not low < value < high:
                raise ValueError(f"{name} = {value:g} must lie within {low:g} and {high:g}")
        return logit((values - self.low) / (self.high - self.low))

    def physics(self, z: np.ndarray) -> CartPolePhysics:
        """The physics at one point (p,)."""
        values = map(float, self.values(z))
        return replace(self.ranges, **dict(zip(self.names, values, strict=True)))

    def worlds(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """Name -> (n,), at n points (n, p)."""
        return dict(zip(self.names, self.values(z).T, strict=True))

    def log_prior(self, z: np.ndarray) -> np.ndarray:
        """The logarithm of the density (...) of coordinates (..., p), if all are uniform."""
        return (log_expit(z) + log_expit(-z)).sum(axis=-1)


def _is_free(value: float | Distribution) -> bool:
    return isinstance(value, Distribution) and not isinstance(value, Choice)
