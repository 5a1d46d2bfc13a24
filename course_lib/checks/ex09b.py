"""Checks of exercise 09b: the Sharpe ratio and how sure it is; four more modules have the rest."""

from collections.abc import Callable

import numpy as np

from course_lib.checks import (  # noqa: F401  register the rest
    ex09b_backtest,
    ex09b_drawdown,
    ex09b_mixed,
    ex09b_stop,
)
from course_lib.teach.checking import Answer, numbers, part, require, safely


def _cases() -> list[tuple]:
    """What it is, profits (n,) of days, days in a year."""
    draw = np.random.default_rng(901)
    return [
        ("60 days", draw.normal(20, 90, 60), 252),
        ("12 days", draw.normal(50, 40, 12), 252),
        ("30 days that lose", draw.normal(-60, 80, 30), 252),
        ("a market that never closes", draw.normal(9, 30, 45), 365),
        ("15 weeks", draw.normal(60, 50, 15), 52),
        ("two days", np.array([10.0, 40.0]), 252),
        ("20 very good days", draw.normal(90, 30, 20), 252),
        ("six days with mean 0", np.array([10.0, -10.0, 20.0, -20.0, 5.0, -5.0]), 252),
    ]


def _parts(ratio: float, error: float, days: float) -> np.ndarray:
    return np.sqrt(days) * (ratio + 1.96 * error * np.array([0, -1, 1]))


def _sharpe(p: np.ndarray, days: float, *, ddof: int = 1, root: Callable = np.sqrt, half=0.5,
            n: Callable = len) -> np.ndarray:  # fmt: skip
    ratio = p.mean() / p.std(ddof=ddof)
    return root(days) * (
        ratio + 1.96 * np.sqrt((1 + half * ratio**2) / n(p)) * np.array([0, -1, 1])
    )


def _yearly_first(p: np.ndarray, days: float) -> np.ndarray:
    """The yearly ratio put into the formula of the daily one."""
    ratio = np.sqrt(days) * p.mean() / p.std(ddof=1)
    return ratio + 1.96 * np.sqrt((1 + ratio**2 / 2) / len(p)) * np.array([0, -1, 1])


def _yearly_in_formula(p: np.ndarray, days: float) -> np.ndarray:
    """The yearly ratio in the formula, and its error made yearly once more."""
    ratio = p.mean() / p.std(ddof=1)
    return _parts(ratio, np.sqrt((1 + days * ratio**2 / 2) / len(p)), days)


def _over_days(p: np.ndarray, days: float) -> np.ndarray:
    ratio = p.mean() / p.std(ddof=1)
    return _parts(ratio, np.sqrt((1 + ratio**2 / 2) / days), days)


def _distances(p: np.ndarray, days: float) -> np.ndarray:
    due = _sharpe(p, days)
    return due - due[0] * np.array([0, 1, 1])


def _unscaled_error(p: np.ndarray, days: float) -> np.ndarray:
    ratio = p.mean() / p.std(ddof=1)
    error = np.sqrt((1 + ratio**2 / 2) / len(p))
    return np.sqrt(days) * ratio + 1.96 * error * np.array([0, -1, 1])


def _wide(p: np.ndarray, days: float) -> np.ndarray:
    ratio = p.mean() / p.std(ddof=1)
    return _parts(ratio, np.sqrt(1 + ratio**2 / 2), days)


def _no_root(p: np.ndarray, days: float) -> np.ndarray:
    ratio = p.mean() / p.std(ddof=1)
    return _parts(ratio, (1 + ratio**2 / 2) / len(p), days)


def _one_error(p: np.ndarray, days: float) -> np.ndarray:
    due = _sharpe(p, days)
    return due[0] + (due - due[0]) / 1.96


def _one_sided(p: np.ndarray, days: float) -> np.ndarray:
    due = _sharpe(p, days)
    return due[0] + (due - due[0]) * 1.645 / 1.96


def _by_variance(p: np.ndarray, days: float) -> np.ndarray:
    ratio = p.mean() / p.var(ddof=1)
    return _parts(ratio, np.sqrt((1 + ratio**2 / 2) / len(p)), days)


def _by_total(p: np.ndarray, days: float) -> np.ndarray:
    ratio = p.sum() / p.std(ddof=1)
    return _parts(ratio, np.sqrt((1 + ratio**2 / 2) / len(p)), days)


def _of_t(p: np.ndarray, days: float) -> np.ndarray:
    """The interval of the mean, in units of the standard deviation."""
    return _parts(p.mean() / p.std(ddof=1), np.sqrt(1 / len(p)), days)


MISTAKES = (
    (lambda p, d: _sharpe(p, d, ddof=0), "the standard deviation divides by n - 1 here"),
    (lambda p, d: _sharpe(p, d, root=lambda x: x), "means grow with the number of days, standard "
     "deviations with its root; so what does their ratio do?"),
    (lambda p, d: _sharpe(p, d, root=lambda x: 1.0), "these are daily; a year has more days"),
    (lambda p, d: _sharpe(p, d, n=lambda x: len(x) - 1), "the standard error divides by n"),
    (lambda p, d: _sharpe(p, len(p)), "a year has `days` days, however many profits there are"),
    (_yearly_first, "the formula of the standard error wants the daily ratio; make it yearly "
     "afterwards"),
    (_yearly_in_formula, "the formula of the standard error wants the daily ratio; make it yearly "
     "afterwards"),
    (_over_days, "the standard error divides by n, the number of profits, not by `days`"),
    (_distances, "those are distances from the ratio; return the ends"),
    (lambda p, d: _distances(p, d)[[0, 2, 2]], "those are distances from the ratio; return the "
     "ends"),
    (_unscaled_error, "the ratio is yearly, and its standard error still daily"),
    (_of_t, "the standard deviation was estimated, too: a term of the standard error is missing"),
    (lambda p, d: _sharpe(p, d, half=1.0), "half of the square of the ratio, not all of it"),
    (_wide, "more days make one surer; the standard error does not divide by them"),
    (_no_root, "a root is missing in the standard error"),
    (_one_error, "that is one standard error to each side; how many is 95 %?"),
    (_one_sided, "that interval holds 90 %"),
    (_by_variance, "divide by the standard deviation, not by its square"),
    (_by_total, "the mean of the profits, not their sum"),
    (lambda p, d: _sharpe(p, 252), "years have 252 days only in some markets; use `days`"),
    (lambda p, d: _sharpe(p, d)[[0, 2, 1]], "return the lower end before the upper one"),
    (lambda p, d: _sharpe(p, d)[[1, 0, 2]], "the ratio comes first, then the ends"),
    (lambda p, d: np.abs(_sharpe(p, d)), "a ratio below 0 tells of losses; keep the sign"),
    (lambda p, d: np.maximum(_sharpe(p, d), 0), "a ratio below 0 tells of losses; do not cut it"),
    (lambda p, d: _sharpe(p, d).round(2), "it is rounded"),
)  # fmt: skip


def _near(got: np.ndarray, due: np.ndarray) -> bool:
    """Alike, whether 95 % are 1.96 or the exact 1.959964 standard errors."""
    return bool(np.allclose(got, due, rtol=1e-9, atol=1e-4 * np.ptp(due) + 1e-12))


@part("09b.1")
def sharpe(answer: Answer) -> None:
    """`answer(profits, days)` is the yearly Sharpe ratio and its 95 % interval, (3,)."""
    cases = _cases()
    came = [numbers(answer(p, d), (3,), f"{what}: what came back") for what, p, d in cases]
    with np.errstate(all="ignore"):
        fits = (
            hint
            for mistake, hint in MISTAKES
            if all(_near(got, mistake(p, d)) for got, (_, p, d) in zip(came, cases, strict=True))
        )
        hint = next(fits, "go through two days with profits 10 and 40 by hand")
    for (what, p, days), got in zip(cases, came, strict=True):
        due = _sharpe(p, days)
        right = np.isclose(got[0], due[0], rtol=1e-6)
        require(right, f"{what}, {days} a year: the ratio is not {got[0]:.5g}; {hint}")
        require(_near(got, due), f"{what}, {days} a year: the ratio is right, and the interval is "
                f"not {got[1]:.5g} to {got[2]:.5g}; {hint}")  # fmt: skip
    for what, profits in (("one day", [5.0]), ("no day", []), ("equal profits", [3.0] * 4)):
        _refuses(answer, what, profits)
    _refuses(answer, "60 days of 0.1", [0.1] * 60, "; rounding leaves a standard deviation just "
             "above 0, so compare the profits")  # fmt: skip


def _refuses(answer: Answer, what: str, profits: list, hint: str = "") -> None:
    """Such profits raise a ValueError that has words."""
    error = None
    with safely(f"called with {what}"):
        try:
            answer.function(np.array(profits), 252)
        except ValueError as raised:
            error = raised
    require(error is not None, f"{what}: raise a ValueError; a result came{hint}")
    require(len(str(error).strip()) > 2, f"{what}: the ValueError should say what is wrong")
