"""What came back in exercise 09b where the notebook computes with it: an array, not a list."""

import numpy as np

from course_lib.teach.checking import numbers, require


def array(value, shape: tuple[int, ...], what: str) -> np.ndarray:
    """As `numbers`, for an array only."""
    got = numbers(value, shape, what)
    require(isinstance(value, np.ndarray), f"{what} came as a {type(value).__name__}; return an "
            "array")  # fmt: skip
    return got
