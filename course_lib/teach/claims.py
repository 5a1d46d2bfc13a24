"""Claims: sentences about results that are computed, and that fail when they stop being true."""

from typing import Protocol

from course_lib.teach.errors import OneLineError

FEWEST_SEEDS = 5  # one lucky seed must not stand for a result


class HasInterval(Protocol):
    """An estimate with an interval, such as `course_lib.gap.Interval`."""

    estimate: float
    low: float
    high: float
    n: int


class ClaimFailed(OneLineError):
    """The measured interval does not support the sentence."""


def claim(
    sentence: str,
    measured: HasInterval,
    *,
    above: float | None = None,
    below: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    """Print `sentence` with its evidence, or raise ClaimFailed if the evidence does not support it.

    The whole interval must satisfy every bound that is given: `above=0` holds when even the lower
    end is greater than 0. To claim that something is practically equal, give `at_least` and
    `at_most`. Raises ValueError without a bound, and for fewer than five seeds.
    """
    tests = {
        "above": (above, lambda bound: measured.low > bound),
        "below": (below, lambda bound: measured.high < bound),
        "at least": (at_least, lambda bound: measured.low >= bound),
        "at most": (at_most, lambda bound: measured.high <= bound),
    }
    wanted = {name: bound for name, (bound, _) in tests.items() if bound is not None}
    if not wanted:
        raise ValueError("a claim needs a bound: above=, below=, at_least= or at_most=")
    if measured.n < FEWEST_SEEDS:
        raise ValueError(f"a claim needs at least {FEWEST_SEEDS} seeds; this one has {measured.n}")
    for name, bound in wanted.items():
        if not tests[name][1](bound):
            raise ClaimFailed(
                f"✘ Not supported: {sentence} Measured {measured}, needed {name} {bound:g}."
            )
    print(f"✔ {sentence}\n  Measured {measured}.")
