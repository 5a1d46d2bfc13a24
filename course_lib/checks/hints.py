"""Which mistake explains all that an answer gave, if any does."""

from collections.abc import Callable, Sequence

import numpy as np

Mistakes = Sequence[tuple[Callable, str]]  # each an answer with one thing done otherwise, its hint


def explained(came: Sequence, given: Sequence[tuple], mistakes: Mistakes, otherwise: str) -> str:
    """The hint of the first mistake that gives all that `came` for what was `given`."""
    with np.errstate(all="ignore"):
        for mistake, hint in mistakes:
            if all(alike(got, mistake(*each)) for got, each in zip(came, given, strict=True)):
                return hint
    return otherwise


def alike(got, due) -> bool:
    """Whether two results are the same but for rounding; None is like None only."""
    if got is None or due is None:
        return got is due
    return np.shape(got) == np.shape(due) and np.allclose(got, due, rtol=1e-6, atol=1e-12)
