"""Real jobs, and the datasheet of the bench that they run on.

Each kind of job has a plain implementation, and two of them have a vectorised one, which is what
the bench calls an accelerator. All do real work on real cores, except `wait`, which waits for an
answer from elsewhere.
"""

import time
from collections.abc import Callable

import numpy as np

from course_lib.worlds.clusters import JobClass, Pool, Site

LENGTH = 256  # numbers, or fields, in one unit of work
NUMBERS = [(i * 7919) % 10007 / 10007 for i in range(LENGTH)]
ARRAY = np.array(NUMBERS)
LINE = ";".join(f"field{i % 32}={x:.6f}" for i, x in enumerate(NUMBERS))


def dense(units: int) -> float:
    """Sum of `units` dot products, number by number."""
    return sum(sum(x * y for x, y in zip(NUMBERS, NUMBERS, strict=True)) for _ in range(units))


def dense_fast(units: int) -> float:
    """The same with NumPy, one call for each product."""
    return sum(float(ARRAY @ ARRAY) for _ in range(units))


def sort(units: int) -> float:
    """Sum of the medians of `units` lists, each sorted by merging."""
    return sum(_merge_sort(NUMBERS)[LENGTH // 2] for _ in range(units))


def sort_fast(units: int) -> float:
    """The same with NumPy's sort."""
    return sum(float(np.sort(NUMBERS)[LENGTH // 2]) for _ in range(units))


def parse(units: int) -> float:
    """Sum of all values in `units` lines of text; there is no fast version."""
    total = 0.0
    for _ in range(units):
        for field in LINE.split(";"):
            _, _, value = field.partition("=")
            total += float(value)
    return total


def wait(units: int) -> float:
    """Wait for `units` answers of a millisecond each, which no processor makes faster."""
    time.sleep(units / 1000)
    return float(units)


def _merge_sort(numbers: list[float]) -> list[float]:
    if len(numbers) < 2:
        return numbers
    middle = len(numbers) // 2
    left, right = _merge_sort(numbers[:middle]), _merge_sort(numbers[middle:])
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]


PLAIN: dict[str, Callable[[int], float]] = {
    "dense": dense,
    "sort": sort,
    "parse": parse,
    "wait": wait,
}
FAST = PLAIN | {"dense": dense_fast, "sort": sort_fast}
ACCELERATOR = "accelerator"  # the pool whose workers run the fast versions
# Units per second on a plain worker, as the datasheet has them.
UNITS_PER_SECOND = {"dense": 60_000, "sort": 5_000, "parse": 20_000, "wait": 1_000}


def run(kind: str, units: int, fast: bool) -> tuple[float, float]:
    """Do a job; returns its result and the seconds that it took."""
    began = time.perf_counter()
    result = (FAST if fast else PLAIN)[kind](units)
    return result, time.perf_counter() - began


def _job_class(kind: str, faster: float, share: float) -> JobClass:
    speeds = (faster, 1.0)
    return JobClass(kind, speeds, speeds, share, share, hours=0.06 / 3600, spread=0.5,
                    real_spread=0.5, slo=2.0)  # fmt: skip


# What its vendor says: whatever computes is twenty times as fast on the accelerator.
BENCH = Site(
    "bench",
    pools=(Pool(ACCELERATOR, 1, 1), Pool("plain", 2, 2)),
    classes=(
        _job_class("dense", 20.0, 0.3),
        _job_class("sort", 20.0, 0.2),
        _job_class("parse", 20.0, 0.3),
        _job_class("wait", 1.0, 0.2),
    ),
    load=0.15,
    real_load=0.15,
    bound=0.1,
    sources=("speeds: our vendor's datasheet, an invention; measure them",),
)
