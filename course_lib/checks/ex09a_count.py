"""Checks of exercise 09a: how many grasps tell two success rates apart."""

import math
from statistics import NormalDist

import numpy as np

from course_lib.checks.hints import explained
from course_lib.teach.checking import Answer, numbers, part, require

# What it is, the rate before, the rates after, how sure, with which power.
CASES = (
    ("a large step", 0.6, [0.8], 0.95, 0.8),
    ("steps of all sizes", 0.6, [0.65, 0.7, 0.75, 0.9, 0.99], 0.95, 0.8),
    ("steps down", 0.8, [0.75, 0.6, 0.3], 0.95, 0.8),
    ("rates near 1", 0.95, [0.97, 0.99], 0.9, 0.9),
    ("rates near 0", 0.02, [0.05, 0.1], 0.95, 0.5),
    ("very sure", 0.5, [0.55, 0.7], 0.999, 0.95),
    ("a certain success after", 0.7, [1.0, 0.8], 0.95, 0.8),
    ("a huge step", 0.1, [0.9, 0.97], 0.95, 0.8),
)


def _z(share):
    return NormalDist().inv_cdf(share)


def _due(before, after, sure, power, *, z=None, var=None, step=None, up=np.ceil):
    widths = _z((1 + sure) / 2) + _z(power) if z is None else z(sure, power)
    var = before * (1 - before) + after * (1 - after) if var is None else var(before, after)
    step = after - before if step is None else step(before, after)
    return up(widths**2 * var / step**2)


def _as(**changed):
    return lambda *given: _due(*given, **changed)


MISTAKES = (
    (_as(z=lambda s, p: _z(s) + _z(p)), "an interval has two ends: half of the doubt lies on "
     "each side"),
    (_as(z=lambda s, p: _z(1 - s / 2) + _z(p)), "that is 1 - sure taken for sure"),
    (_as(z=lambda s, p: _z((1 + s) / 2)), "without the power you find the step only every other "
     "time"),
    (_as(z=lambda s, p: _z((1 + s) / 2) + _z((1 + p) / 2)), "the power has one side only: the "
     "interval must end on the right side of 0"),
    (_as(z=lambda s, p: _z((1 + s) / 2) - _z(p)), "the two widths add up; they do not cancel"),
    (_as(z=lambda s, p: math.sqrt(_z((1 + s) / 2) ** 2 + _z(p) ** 2)), "the widths are added "
     "first and squared then"),
    (_as(z=lambda s, p: 1.96 + _z(p)), "`sure` is given"),
    (_as(z=lambda s, p: _z((1 + s) / 2) + 0.8416212), "`power` is given"),
    (_as(var=lambda b, a: b * (1 - b) + 0 * a), "both rates are measured, so both scatter"),
    (_as(var=lambda b, a: a * (1 - a)), "the rate before is measured as well, so it scatters too"),
    (_as(var=lambda b, a: 2 * b * (1 - b) + 0 * a), "the two rates scatter differently"),
    (_as(var=lambda b, a: (a + b) * (1 - (a + b) / 2)), "that pools the rates; each has a variance "
     "of its own"),
    (_as(var=lambda b, a: np.sqrt(b * (1 - b)) + np.sqrt(a * (1 - a))), "variances add up, "
     "standard deviations do not"),
    (_as(var=lambda b, a: (np.sqrt(b * (1 - b)) + np.sqrt(a * (1 - a))) ** 2), "variances add up, "
     "standard deviations do not; you add before you square"),
    (_as(var=lambda b, a: 0.5 + 0 * a), "a half is the largest that the variances can be, not what "
     "they are"),
    (_as(var=lambda b, a: b + a), "the variance of one grasp is p (1 - p)"),
    (_as(step=lambda b, a: np.sqrt(np.abs(a - b))), "a step half as large needs four times as many "
     "grasps"),
    (_as(up=np.floor), "rounded down, it is not quite enough"),
    (_as(up=np.round), "round up: the nearest whole number may be too few"),
    (_as(up=lambda n: n), "grasps are whole numbers"),
    (_as(up=lambda n: 2 * np.ceil(n)), "that is for both policies together; how many for each?"),
    (_as(up=lambda n: np.ceil(2 * n)), "that is for both together; how many for each?"),
    (_as(up=lambda n: np.ceil(n) + 1), "that is one too many"),
    (lambda b, a, s, p: np.where(a > b, _due(b, a, s, p), 0), "a step down is to be told, too"),
    (lambda b, a, s, p: np.full(a.shape, _due(b, a, s, p)[0]), "only the first rate counts"),
)  # fmt: skip


@part("09a.2")
def grasps_needed(answer: Answer) -> None:
    """`answer(before, after, sure, power)` is the number of grasps with each policy, (k,)."""
    given = [(before, np.array(after), sure, power) for _, before, after, sure, power in CASES]
    came = [
        numbers(answer(*each), each[1].shape, f"{what}: the result")
        for (what, *_), each in zip(CASES, given, strict=True)
    ]
    hint = explained(came, given, MISTAKES, "put your n into the two conditions of the task")
    for (what, *_), each, got in zip(CASES, given, came, strict=True):
        due = _due(*each)
        for rate, one, right in zip(each[1], got, due, strict=True):
            about = f"{what}, from {each[0]:g} to {rate:g}, sure {each[2]:g}, power {each[3]:g}"
            require(one == right, f"{about}: it is not {one:.6g}; {hint}")
