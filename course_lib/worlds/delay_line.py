"""Values on their way: what was commanded or seen some steps ago."""

import numpy as np


class DelayLine:
    """Each world gets back what went in some steps ago.

    `shape` is (n, ...), the shape of one step's values; `longest` is the largest delay in steps.
    """

    def __init__(self, longest: float, shape: tuple[int, ...], dtype: type = float):
        self._past = np.zeros((int(longest) + 1, *shape), dtype)  # a ring: the newest moves on
        self._rows = self._past.reshape(-1, *shape[1:])  # the same, a row for each step and world
        self._back = np.zeros(shape[0], dtype=int)  # from the newest step's first row to a world's
        self._newest = 0

    def fill(self, which: np.ndarray, value: float | np.ndarray, delay: np.ndarray) -> None:
        """Forget the past of these worlds, (k,), and delay them by `delay` (k,) steps.

        Until newer values arrive they get `value`.
        """
        self._past[:, which] = value
        self._back[which] = which - delay.astype(int) * len(self._back)

    def pass_on(self, values: np.ndarray) -> np.ndarray:
        """Put in `values` (n, ...) and return, in a new array, those that are due."""
        self._newest = (self._newest + 1) % len(self._past)
        self._past[self._newest] = values
        due = self._back + self._newest * len(self._back)
        return self._rows.take(due, axis=0, mode="wrap")
