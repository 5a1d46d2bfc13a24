"""The physics of a world: a frozen dataclass of quantities, each a number or a distribution."""

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from html import escape
from numbers import Real
from typing import Any

import numpy as np

from course_lib.worlds.distributions import Distribution

Sampler = Callable[[np.random.Generator, int], dict[str, np.ndarray]]  # as Physics.sample


def quantity(
    default: float,
    unit: str,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    whole: bool = False,
) -> Any:
    """Declare a field of a `Physics`: nominal value, unit, meaning, and the values allowed."""
    about = {"unit": unit, "meaning": meaning, "low": low, "high": high, "whole": whole}
    return field(default=default, metadata=about)


def bounds(value: float | Distribution) -> tuple[float, float]:
    """Return the smallest and the largest value that a number or a distribution can take."""
    return (value.low, value.high) if isinstance(value, Distribution) else (value, value)


@dataclass(frozen=True)
class Physics:
    """Base of every world's physics. Each field is a number, or a distribution drawn per episode.

    Being frozen, a physics can be a dictionary key, part of a stored result's key, and the
    starting point of a variation: `dataclasses.replace(physics, gravity=12.0)`.
    """

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, bool) or not isinstance(value, Real | Distribution):
                raise TypeError(
                    f"{f.name} must be a number, Uniform, LogUniform or Choice, not {value!r}"
                )
            low, high = bounds(value)
            if not (np.isfinite(low) and np.isfinite(high)):
                raise ValueError(f"{f.name} must be finite, not {value!r}")
            smallest, largest = f.metadata["low"], f.metadata["high"]
            if (smallest is not None and low < smallest) or (
                largest is not None and high > largest
            ):
                span = f"between {smallest} and {'infinity' if largest is None else largest}"
                raise ValueError(f"{f.name} must lie {span} {f.metadata['unit']}, not {value!r}")
            if f.metadata["whole"]:
                _require_whole(f.name, value)

    def sample(self, rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        """Draw the physics of `size` episodes: field name -> array of shape (size,)."""
        return {
            f.name: value.sample(rng, size)
            if isinstance(value, Distribution)
            else np.full(size, float(value))
            for f in fields(self)
            for value in [getattr(self, f.name)]
        }

    def require_within(self, drawn: dict[str, np.ndarray]) -> None:
        """Raise ValueError if values, as `sample` returns them, lie outside of these ranges."""
        for name, values in drawn.items():
            low, high = bounds(getattr(self, name))
            # A rounding error of the draw is no reason to stop.
            slack = 1e-9 * max(abs(low), abs(high))
            if not (values.min() >= low - slack and values.max() <= high + slack):  # or NaN
                raise ValueError(
                    f"{name} was drawn outside of {low:g} to {high:g}, the range this batch was "
                    "built for; build it with ranges that include everything you will draw"
                )

    def _repr_html_(self) -> str:
        """A table for notebooks: name, value (bold where it is not nominal), unit, meaning."""
        rows = "".join(
            f"<tr><td><code>{f.name}</code></td><td>{self._shown(f)}</td>"
            f"<td>{f.metadata['unit']}</td><td style='text-align:left'>{f.metadata['meaning']}</td>"
            "</tr>"
            for f in fields(self)
        )
        head = "<tr><th>quantity</th><th>value</th><th>unit</th><th>meaning</th></tr>"
        return f"<table>{head}{rows}</table>"

    def _shown(self, f: Field) -> str:
        value = getattr(self, f.name)
        return escape(str(value)) if value == f.default else f"<b>{escape(str(value))}</b>"


def _require_whole(name: str, value: float | Distribution) -> None:
    """Raise ValueError unless every value that can be drawn is a whole number."""
    values = getattr(value, "values", bounds(value))
    drawn_between = isinstance(value, Distribution) and not hasattr(value, "values")
    if drawn_between or any(v != int(v) for v in values):
        raise ValueError(f"{name} counts steps: give a whole number or Choice of whole numbers")
