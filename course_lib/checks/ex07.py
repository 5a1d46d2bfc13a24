"""Checks of exercise 07: bounded slowdown; `ex07_rules`, `ex07_gaps`, `ex07_ratios` have more."""

import copy
from functools import partial

import numpy as np

from course_lib.checks import ex07_gaps, ex07_ratios, ex07_rules  # noqa: F401  register the rest
from course_lib.checks.ex06_choice import hint_of, refuses
from course_lib.teach.checking import Answer, brief, part, require, safely


@part("07.1")
def bounded_slowdown(answer: Answer) -> None:
    """`answer(submitted, ended, best, bound)` is (mean over the ended jobs, number of others)."""
    draw = np.random.default_rng(701)
    for n, kind, bound, never, short, early in (
        (8, "jobs, some shorter than the bound, some faster than best", 600.0, None, 0.4, 0.2),
        (40, "jobs of all kinds, some of which end at infinity", 0.5, np.inf, 0.3, 0.3),
        (40, "jobs of all kinds, some of which end at NaN", 60.0, np.nan, 0.3, 0.3),
        (12, "jobs in whole seconds", 3600, None, 0.3, 0.3),
    ):
        what, log = f"{n} {kind}", _jobs(draw, n, bound, never, short, early)
        got = _pair(what, _result(answer, what, log))
        _check_missing(what, got[1], log[1])
        _check_mean(what, got[0], *log)
    one, none = np.array([3.0]), np.array([])
    refuses("a log in which no job has ended", answer.function, one, one + np.inf, one, 1.0)
    refuses("a log without any job", answer.function, none, none, none, 1.0)
    refuses("a bound of 0", answer.function, one, one + 2, one, 0.0)
    refuses("a bound of -5", answer.function, one, one + 2, one, -5.0)


def _jobs(draw, n: int, bound: float, never: float | None, short: float, early: float) -> tuple:
    """(submitted, ended, best, bound): shares of short jobs and of jobs faster than `best`."""
    submitted = bound * (20 + draw.exponential(1, n).cumsum())
    best = bound * np.where(draw.random(n) < short, draw.uniform(0.02, 0.7, n),
                            draw.uniform(1.2, 9, n))  # fmt: skip
    best[:2] = bound * np.array([0.1, 0.3]) if short else best[:2]
    faster = draw.random(n) < early
    faster[1:3] = early > 0
    wait = np.where(faster | (draw.random(n) < 0.2), 0, draw.exponential(3 * bound, n))
    ended = submitted + best * np.where(faster, draw.uniform(0.5, 0.95, n), 1) + wait
    if never is not None:
        ended[draw.random(n) < 0.25] = never
        ended[n // 2] = never
    if isinstance(bound, int):
        submitted, ended, best = (np.ceil(x).astype(int) for x in (submitted, ended, best))
    return submitted, ended, best, bound


def _result(answer: Answer, what: str, log: tuple):
    """What the answer returns; `Answer` would take an untouched NaN for a changed one."""
    given = copy.deepcopy(log)
    with safely(f"called with {what}"):
        result = answer.function(*given)
    unchanged = all(map(partial(np.array_equal, equal_nan=True), given, log))
    require(unchanged, f"{what}: it changes its arguments; work on copies")
    return result


def _pair(what: str, result) -> np.ndarray:
    require(result is not None, "None came back; does your code end with return?")
    try:
        got, kind = np.asarray(result, dtype=float), np.asarray(result).dtype.kind
    except (TypeError, ValueError):
        got, kind = None, "O"
    require(kind in "iuf", f"{what}: {brief(result)} came back; return two numbers")
    hint = "return two numbers, (slowdown, missing)"
    require(got.shape == (2,), f"{what}: the result has shape {got.shape}; {hint}")
    hint = "an end that never came is no number to compute with"
    require(bool(np.isfinite(got).all()), f"{what}: the result is {tuple(got.tolist())}; {hint}")
    return got


def _check_missing(what: str, got: float, ended: np.ndarray) -> None:
    """`got` jobs never ended."""
    n, missing = len(ended), int((~np.isfinite(ended)).sum())
    hint = "count the jobs without an end"
    if got == n - missing != missing:
        hint = "that is how many ended"
    elif missing and np.isclose(got, missing / n):
        hint = "a number of jobs was asked for, no share"
    elif missing and got == 0:
        hint = "an end may be infinite, and it may be NaN"
    require(got == missing, f"{what}: the second number is not {got:g}; {hint}")


def _check_mean(what: str, got: float, submitted, ended, best, bound: float) -> None:
    """`got` is the mean bounded slowdown; if not, look for the mistake."""
    done = np.isfinite(ended)
    n = len(done)
    flow, best = (ended - submitted)[done], best[done]
    floor, long = np.maximum(best, bound), best >= bound
    ratio = flow / floor
    each = np.maximum(1, ratio)
    due = each.mean()
    wait = np.maximum(flow - best, 0)
    mistakes = (
        ((flow / best).mean(), "neither the bound nor the floor of 1 is there"),
        (np.maximum(1, flow / best).mean(), "a job of a second must not count like one of a day"),
        (ratio.mean(), "nobody is slowed down by less than 1"),
        (max(1, ratio.mean()), "each job has a slowdown of at least 1, not just their mean"),
        (np.maximum(flow, bound).mean() / best.mean(), "the bound belongs elsewhere"),
        ((np.maximum(flow, bound) / best).mean(), "the bound lifts the time from submission to "
         "end; whose time is too short to divide by?"),
        (np.maximum(1, np.maximum(flow, bound) / best).mean(), "the bound lifts the time from "
         "submission to end; whose time is too short to divide by?"),
        (flow.sum() / floor.sum(), "a ratio of sums lets long jobs decide; take a mean of ratios"),
        (max(1, flow.sum() / floor.sum()),
         "a ratio of sums lets long jobs decide; take a mean of ratios"),
        (np.maximum(flow, floor).sum() / floor.sum(),
         "a ratio of sums lets long jobs decide, though each is at least 1"),
        ((wait / floor).mean(), "waiting alone was divided; a job that never waits has 1"),
        (((flow - best) / floor).mean(), "waiting alone was divided; a job that never waits has 1"),
        (np.maximum(1, (flow - best) / floor).mean(),
         "only the wait is counted; how long was it from submission to end?"),
        (np.maximum(1, wait / floor).mean(),
         "only the wait is counted; how long was it from submission to end?"),
        ((1 + wait / floor).mean(), "wait and run are divided by different times"),
        ((1 + (flow - best) / floor).mean(), "wait and run are divided by different times"),
        (np.maximum(1, flow / np.minimum(best, bound)).mean(),
         "the smaller of best and bound divides; which one is to protect the other?"),
        (np.maximum(1, flow / (best + bound)).mean(), "best and bound are added"),
        (np.maximum(1, flow / bound).mean(), "all jobs are divided by the bound alone"),
        (np.minimum(1, ratio).mean(), "the slowdown is at most 1; it should be at least 1"),
        (np.maximum(1, ratio)[long].mean() if long.any() else -1, "short jobs were left out"),
        (np.where(long, each, 1).mean(), "short jobs all got 1, though some waited long"),
        (np.maximum(1, ratio[ratio >= 1]).mean() if (ratio >= 1).any() else -1,
         "jobs below 1 were left out; they count as 1"),
        (np.median(each) if np.median(each) > 1 else -1, "it is a median; a mean was asked for"),
        (each.sum(), "it is a sum; a mean was asked for"),
        (each.max(), "it is the largest of all; a mean was asked for"),
        (each.sum() / n, "the jobs that never ended still count in the divisor"),
        ((each.sum() + n - done.sum()) / n, "a job that never ended got 1, the best there is"),
        (np.maximum(1, ended[done] / floor).mean(), "time counts from the submission, not from 0"),
        (np.exp(np.log(each).mean()), "it is a geometric mean"),
        (due - 1, "it is one too low"),
    )  # fmt: skip
    hint = hint_of(got, mistakes, "go through two jobs by hand, a short one and a long one")
    right = np.isclose(got, due, rtol=1e-6, atol=1e-9)
    require(right, f"{what}: the slowdown is not {got:.6g}; {hint}")
