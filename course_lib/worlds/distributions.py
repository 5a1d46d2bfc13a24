"""Distributions that a physics parameter can be drawn from, once per episode."""

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np


@dataclass(frozen=True)
class Uniform:
    """All values from `low` to `high` are equally likely; `why` gives the reason for the range."""

    low: float
    high: float
    why: str = ""

    def __post_init__(self):
        _require_numbers(self.low, self.high)
        if not self.low <= self.high:
            raise ValueError(f"{self}: low must not exceed high")

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` values, shape (size,)."""
        return rng.uniform(self.low, self.high, size)


@dataclass(frozen=True)
class LogUniform:
    """Every order of magnitude between `low` > 0 and `high` is equally likely."""

    low: float
    high: float
    why: str = ""

    def __post_init__(self):
        _require_numbers(self.low, self.high)
        if not 0 < self.low <= self.high:
            raise ValueError(f"{self}: needs 0 < low <= high")

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` values, shape (size,)."""
        return np.exp(rng.uniform(np.log(self.low), np.log(self.high), size))


@dataclass(frozen=True)
class Choice:
    """One of `values`, all equally likely; the distribution for whole numbers such as delays."""

    values: tuple[float, ...]
    why: str = ""

    def __post_init__(self):
        object.__setattr__(self, "values", tuple(self.values))
        _require_numbers(*self.values)
        if not self.values:
            raise ValueError("Choice needs at least one value")

    @property
    def low(self) -> float:
        """The smallest value that can be drawn."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value that can be drawn."""
        return max(self.values)

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` values, shape (size,)."""
        return np.asarray(self.values, dtype=float)[rng.integers(len(self.values), size=size)]


def _require_numbers(*values: float) -> None:
    """Raise TypeError or ValueError unless every value is a finite number."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"a distribution is over numbers, not {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"a distribution is over finite numbers, not {value!r}")


Distribution = Uniform | LogUniform | Choice
