"""Checks of exercise 10: when a release falls back."""

import numpy as np

from course_lib.checks.ex10_bets import MISTAKES, none, rule
from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, brief, number, part, require


def _fault(n: int, *places: int) -> np.ndarray:
    faults = none(n)
    faults[list(places)] = True
    return faults


def _drawn(draw, mean: float, n: int, sd: float = 0.15) -> np.ndarray:
    return np.clip(draw.normal(mean, sd, n), -1, 1)


def _cases() -> list[tuple]:
    """What it is, differences (n,), faults (n,), limit, and alpha where it is not the usual one."""
    draw = np.random.default_rng(1003)
    bad, worse = _drawn(draw, -0.3, 80), _drawn(draw, -0.45, 80)
    fine, better = _drawn(draw, 0.0, 300), _drawn(draw, 0.3, 80)
    hangs = np.where(draw.random(120) < 0.4, np.nan, _drawn(draw, 0.02, 120))
    gone = bad.copy()
    gone[[2, 5, 6, 11]] = np.nan
    first = rule(bad, none(80), 0.05)
    some = np.append(np.full(30, -0.6), np.full(60, 0.7))
    late = np.append(_drawn(draw, 0.2, 25), _drawn(draw, -0.5, 90))
    coins = np.where(draw.random(200) < 0.85, -1.0, 1.0)
    return [
        ("a harmful candidate", bad, none(80), 0.05),
        ("a very harmful candidate", worse, none(80), 0.1),
        ("a candidate as good as the control", fine, none(300), 0.05),
        ("a better candidate", better, none(80), 0.05),
        ("a candidate as bad as is allowed", _drawn(draw, -0.2, 300), none(300), 0.2),
        ("a fault in the fifth unit", fine, _fault(300, 4), 0.05),
        ("a fault in the first unit", better, _fault(80, 0), 0.05),
        ("two faults", fine, _fault(300, 40, 90), 0.05),
        ("a fault in the last unit", better, _fault(80, 79), 0.05),
        ("a fault after the evidence", bad, _fault(80, 70), 0.05),
        ("a fault shortly before the evidence", bad, _fault(80, first - 2), 0.05),
        ("a fault at the unit of the evidence", bad, _fault(80, first), 0.05),
        ("episodes that do not end", hangs, none(120), 0.05),
        ("a harmful candidate, and some episodes do not end", gone, none(80), 0.05),
        ("a fault in an episode that does not end", np.append(fine[:7], [np.nan, 0.1]),
         _fault(9, 7), 0.05),
        ("no episode ends", np.full(40, np.nan), none(40), 0.0),
        ("harm that is followed by gains", some, none(90), 0.05),
        ("gains that are followed by harm", late, none(115), 0.05),
        ("a limit of 0", _drawn(draw, -0.2, 150), none(150), 0.0),
        ("a limit of 0.5", _drawn(draw, -0.85, 150, 0.1), none(150), 0.5),
        ("a limit of 1", np.full(60, -1.0), none(60), 1.0),
        ("only -1 and 1", coins, none(200), 0.1),
        ("a stricter alpha", bad, none(80), 0.05, 0.001),
        ("a laxer alpha", _drawn(draw, -0.2, 90), none(90), 0.05, 0.2),
        ("evidence in the first unit", np.array([-1.0, 0.5, 0.5]), none(3), 0.05, 0.7),
        ("one unit", np.array([-0.4]), none(1), 0.05),
        ("no unit yet", np.array([]), none(0), 0.05),
    ]  # fmt: skip


@part("10.3")
def falls_back(answer: Answer) -> None:
    """`answer(differences, faults, harm_limit, alpha)` is the unit after which to fall back."""
    cases = _cases()
    _compare(answer, [case for case in cases if 0 < case[3] < 1])
    _compare(answer, cases)  # at both ends many mistakes have no finite result


def _compare(answer: Answer, cases: list[tuple]) -> None:
    came = []
    for what, *given in cases:
        got = answer(*given)
        if got is not None:
            whole = isinstance(got, int | np.integer) and not isinstance(got, bool)
            number(got, f"{what}: the index")
            require(whole, f"{what}: {brief(got)} came back; the index of a unit is an int, and "
                    "None says that there is none")  # fmt: skip
        came.append(got)
    given = [tuple(each) for _, *each in cases]
    hint = explained(came, given, MISTAKES, "")
    for (what, *each), got in zip(cases, came, strict=True):
        due = rule(*each)
        said = f"{what}, limit {each[2]:g}: "
        said += "it never falls back" if got is None else f"it falls back after unit {int(got)}"
        require(alike(got, due), f"{said}; {hint or _direction(got, due)}")


def _direction(got, due) -> str:
    compare = "hint 2 has wealths to compare yours with"
    if due is None:
        return f"there is neither a fault nor evidence; {compare}"
    if got is None:
        return f"there is reason to; {compare}"
    return f"that is too {'late' if got > due else 'early'}; {compare}"
