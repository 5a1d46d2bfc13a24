"""Checks of exercise 09b: the maximum drawdown of many days at once."""

import numpy as np

from course_lib.checks.ex09b_arrays import array
from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, part, require


def _cases() -> list[tuple]:
    """What it is, and profits (T, n) of steps."""
    draw = np.random.default_rng(902)
    return [
        ("five days of 40 steps", draw.normal(0, 10, (40, 5))),
        ("as many days as steps", draw.normal(1, 10, (9, 9))),
        ("many short days", draw.normal(-1, 5, (6, 300))),
        ("one long day", draw.normal(0.5, 3, (200, 1))),
        ("a day that only gains", np.full((12, 1), 2.0)),
        ("a day that only loses", np.full((12, 1), -2.0)),
        ("a fall from the very start, then a gain", np.array([[-30.0], [5.0], [60.0]])),
        ("a low before the high", np.array([[-5.0], [40.0], [-10.0], [30.0]])),
        ("two falls, the second one deeper", np.array([[9.0], [-7.0], [20.0], [-8.0], [-4.0]])),
        ("days of one step", np.array([[-4.0, 3.0, 0.0]])),
        ("nothing happens", np.zeros((7, 2))),
    ]


def _levels(steps: np.ndarray, *, start: bool = True) -> np.ndarray:
    levels = steps.cumsum(axis=0)
    return np.vstack([np.zeros((1, steps.shape[1])), levels]) if start else levels


def _falls(steps: np.ndarray, *, start: bool = True) -> np.ndarray:
    """How far each level is below the highest one so far."""
    levels = _levels(steps, start=start)
    return np.maximum.accumulate(levels, axis=0) - levels


def _due(steps: np.ndarray) -> np.ndarray:
    return _falls(steps).max(axis=0)


def _flat_run(steps: np.ndarray) -> np.ndarray:
    """All days in a row, as one."""
    return np.full(steps.shape[1], _due(steps.T.reshape(-1, 1)).item())


MISTAKES = (
    (lambda s: _falls(s, start=False).max(axis=0), "a day starts at 0, and that is a level, too: "
     "what if the first step loses?"),
    (lambda s: -_due(s), "a drawdown is not below 0; it says how far it went down"),
    (lambda s: np.ptp(_levels(s), axis=0), "the low has to come after the high"),
    (lambda s: np.ptp(_levels(s, start=False), axis=0), "the low has to come after the high, and "
     "the start counts"),
    (lambda s: -_levels(s).min(axis=0), "falls are from the highest level so far, not from 0"),
    (lambda s: _levels(s).max(axis=0) - _levels(s)[-1], "that is the fall that is left at the end; "
     "there may have been a deeper one before"),
    (lambda s: _levels(s)[_levels(s).argmax(axis=0):].max(axis=0) if s.shape[1] == 1 else 0 * s[0],
     "the deepest fall need not start from the highest level of the day"),
    (lambda s: _falls(s)[-1], "that is the fall that is left at the end; there may have been a "
     "deeper one before"),
    (lambda s: np.maximum(-s.min(axis=0), 0), "several steps in a row can fall; add them up first"),
    (lambda s: -s.min(axis=0), "several steps in a row can fall; add them up first, and nothing is "
     "below 0"),
    (lambda s: np.maximum(np.maximum.accumulate(s, axis=0) - s, 0).max(axis=0), "those are steps, "
     "not levels; add them up first"),
    (_flat_run, "all days were strung together; each one starts anew"),
    (lambda s: np.full(s.shape[1], _due(s).max()), "each day has a drawdown of its own"),
    (lambda s: np.full(s.shape[1], _due(s.mean(axis=1)[:, None]).item()), "the mean of all days "
     "falls less than the days do"),
    (lambda s: _falls(s).mean(axis=0), "that is the mean of all falls; the largest was asked for"),
    (lambda s: _falls(s).sum(axis=0), "falls are not added up; the largest was asked for"),
    (lambda s: _due(-s), "those are the largest rises"),
    (lambda s: np.minimum(_due(s), 100), "a drawdown has no upper bound here"),
    (lambda s: _due(s).round(), "it is rounded"),
    (lambda s: np.nan_to_num(_due(s) / _levels(s).max(axis=0), posinf=0), "in bp, not as a share "
     "of the highest level, which may be 0"),
)  # fmt: skip


@part("09b.2")
def max_drawdown(answer: Answer) -> None:
    """`answer(steps)` are the largest falls (n,) of the levels that steps (T, n) lead to."""
    cases = _cases()
    came = []
    for what, steps in cases:
        got, (length, days) = answer(steps), steps.shape
        turned = length != days and np.shape(got) in ((length,), (length + 1,), (1, length))
        require(not turned, f"{what}: one number for each of {days} days was asked for, and there "
                f"are {np.size(got)}; along which axis does time run?")  # fmt: skip
        came.append(array(got, (days,), f"{what}: what you return"))
    given = [(steps,) for _, steps in cases]
    hint = explained(came, given, MISTAKES, "draw the levels of a short day, and mark the highest "
                     "so far")  # fmt: skip
    for (what, steps), got in zip(cases, came, strict=True):
        due = _due(steps)
        for day, (value, right) in enumerate(zip(got, due, strict=True)):
            require(alike(value, right), f"{what}: the drawdown of day {day} is not {value:.4g}; "
                    f"{hint}")  # fmt: skip
