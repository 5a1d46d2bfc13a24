"""Checks of exercise 09c: a gate that asks for a better mean and for no harmed group."""

from collections.abc import Callable
from functools import cache

import numpy as np

from course_lib.checks.hints import explained
from course_lib.deploy.betting import confidence_sequence
from course_lib.teach.checking import Answer, brief, part, require

TWO, THREE = ("routine", "complex"), ("young", "old", "very old")


def _weeks(n: int, each: int, means: dict[str, float], spread: float = 0.02) -> list[dict]:
    """Evidence of n weeks with these means, the same at every call."""
    draw = np.random.default_rng(905)
    weeks = []
    for week in range(n):
        found = {"returns": [0.8] * each}
        for key, mean in means.items():
            count = each + (week % 3 if key != "differences" else 0)
            found[key] = (mean + draw.uniform(-spread, spread, count)).tolist()
        weeks.append(found)
    return weeks


def _means(mean: float, *groups: float, names=TWO) -> dict[str, float]:
    return {"differences": mean} | dict(zip(names, groups, strict=True))


def _cases() -> list[tuple]:
    """What it is, evidence, groups, margin, units."""
    good, hurt = _means(0.05, 0.1, -0.02), _means(0.05, 0.12, -0.2)
    swapped = {"differences": 0.05, "complex": 0.12, "routine": -0.2}
    three = _means(0.05, 0.1, 0.04, -0.25, names=THREE)
    late = _weeks(20, 8, _means(0.05, 0.1, 0.05))
    late += _weeks(20, 8, _means(0.05, 0.1, -0.35))
    return [
        ("a better mean and no harm", _weeks(20, 8, good), TWO, 0.08, 40),
        ("a better mean, and complex harmed", _weeks(20, 8, hurt), TWO, 0.08, 40),
        ("a better mean, and routine harmed", _weeks(20, 8, swapped), TWO, 0.08, 40),
        ("three groups, the last one harmed", _weeks(20, 8, three), THREE, 0.1, 40),
        ("a loss close to the margin", _weeks(20, 8, _means(0.05, 0.1, -0.07)), TWO, 0.08, 40),
        ("a loss close to the margin, out of time", _weeks(20, 8, _means(0.05, 0.1, -0.07)), TWO,
         0.08, 20),
        ("everything shown in the last week", _weeks(20, 8, good), TWO, 0.08, 20),
        ("a mean that is not better, groups well", _weeks(20, 8, _means(0.0, 0.1, 0.1)), TWO, 0.08,
         40),
        ("a mean that is worse", _weeks(20, 8, _means(-0.2, 0.1, 0.1)), TWO, 0.08, 40),
        ("a single week", _weeks(1, 4, good), TWO, 0.08, 40),
        ("a single week of one", _weeks(1, 4, good), TWO, 0.08, 1),
        ("harm that comes late", late, TWO, 0.08, 60),
        ("nothing known for sure yet", _weeks(2, 4, _means(0.02, 0.1, -0.2)), TWO, 0.08, 9),
        ("harm shown, the mean unknown", _weeks(12, 8, _means(0.0, 0.25, -0.3)), TWO, 0.08, 40),
        ("a small loss, a large margin", _weeks(20, 8, _means(0.05, 0.1, -0.2)), TWO, 0.4, 40),
        ("a gain of one group only", _weeks(20, 8, _means(0.05, 0.1, 0.0)), TWO, 0.08, 40),
        ("one group near the margin, one far", _weeks(20, 8, _means(0.05, -0.075, 0.3)), TWO, 0.08,
         40),
        ("both groups near the margin", _weeks(20, 8, _means(0.05, -0.07, -0.07)), TWO, 0.08, 40),
        ("a small margin, a mean about 0", _weeks(20, 8, _means(0.0, 0.1, 0.1)), TWO, 0.02, 40),
        ("both groups gain a little", _weeks(20, 8, _means(0.05, 0.1, 0.1)), TWO, 0.08, 40),
        ("one long week", _weeks(1, 160, good), TWO, 0.08, 40),
        ("both groups harmed", _weeks(20, 8, _means(0.05, -0.3, -0.3)), TWO, 0.08, 40),
        ("both groups gain much", _weeks(20, 8, _means(0.2, 0.3, 0.3)), TWO, 0.08, 40),
        ("a mean a little below zero, groups well", _weeks(40, 8, _means(-0.03, 0.1, 0.1)), TWO,
         0.08, 60),
        ("a mean a little below zero, not shown", _weeks(4, 8, _means(-0.01, 0.3, 0.3)), TWO, 0.3,
         60),
        ("five long weeks", _weeks(5, 40, good), TWO, 0.08, 40),
        ("noisy weeks", _weeks(30, 8, _means(0.1, 0.2, 0.05), spread=0.6), TWO, 0.08, 40),
        ("noisy weeks and harm", _weeks(30, 8, _means(0.1, 0.3, -0.3), spread=0.6), TWO, 0.08, 40),
        ("more weeks than there is time", _weeks(30, 8, _means(0.05, 0.1, -0.07)), TWO, 0.08, 20),
        *_close_cases(good),
    ]  # fmt: skip


def _close_cases(good: dict[str, float]) -> list[tuple]:
    """Cases in which one value, one week, one group or one bound makes the difference."""
    fine = _weeks(20, 8, good)
    near, harmed = _weeks(20, 8, _means(0.05, 0.1, -0.05)), _weeks(20, 8, _means(0.05, 0.1, -0.2))
    slightly = _weeks(20, 8, _means(0.05, 0.1, -0.14))
    early = _weeks(8, 8, _means(0.05, 0.1, -0.3)) + _weeks(40, 8, _means(0.05, 0.1, 0.1))
    late = _weeks(20, 8, good) + _weeks(20, 8, _means(0.05, 0.1, -0.35))
    noisy = _weeks(20, 4, _means(0.05, 0.1, 0.0), spread=0.85)
    longer = [week | {"complex": week["complex"] + [-0.5] * 12 * (i > 0)}
              for i, week in enumerate(fine)]  # fmt: skip
    third = [week | {"visitors": [-0.4] * 8} for week in fine]
    loud = [week | {"routine": [v - 0.1 for v in other["routine"]]}
            for week, other in zip(slightly, noisy, strict=True)]  # fmt: skip
    unsure = [week | {"routine": other["routine"]}
              for week, other in zip(fine, noisy, strict=True)]  # fmt: skip
    low, high = _ends(near, "complex")[0], _ends(harmed, "complex")[1]
    corrected = _ends(near, "complex", 0.05 / 2)[0]
    return [
        ("a loss just within the margin", near, TWO, -(low + corrected) / 2, 40),
        ("a lower end of exactly minus the margin", near, TWO, -low, 40),
        ("an upper end of exactly minus the margin", harmed, TWO, -high, 40),
        ("harm in weeks with more values", longer, TWO, 0.08, 40),
        ("a group that was not asked for", third, TWO, 0.08, 40),
        ("a noisy group, and one that loses a little", unsure, TWO, 0.06, 40),
        ("a noisy group, and one that is harmed", loud, TWO, 0.08, 40),
        ("harm that comes early", early, TWO, 0.08, 60),
        ("harm after the time is used up", late, TWO, 0.08, 20),
    ]


@cache
def _sequence(values: tuple[float, ...], low: float, alpha: float = 0.05) -> tuple:
    """The whole confidence sequence; all mistakes are tried on the same few of them."""
    found = confidence_sequence(np.array(values), low=low, high=1, alpha=alpha)
    return (found.low[0], found.high[0]), (found.low[-1], found.high[-1])


def _values(evidence, key) -> tuple[float, ...]:
    return tuple(value for week in evidence for value in week[key])


def _ends(evidence, key, alpha: float = 0.05) -> tuple[float, float]:
    return _sequence(_values(evidence, key), -1.0, alpha)[1]


def _judge(evidence, groups, margin, units, *, ends=_ends, harm=None, good=None, order="hpt",
           used=len, keys=lambda groups: groups):  # fmt: skip
    """The right verdict, with one thing done otherwise."""
    low, high = ends(evidence, "differences")
    lows, highs = zip(*(ends(evidence, key) for key in keys(groups)), strict=True)
    harmed = (high < 0 or min(highs) < -margin) if harm is None else harm(high, highs, margin)
    fine = (low > 0 and min(lows) > -margin) if good is None else good(low, lows, margin)
    over = used(evidence) >= units
    steps = {"h": (harmed, "fail"), "p": (fine, "pass"), "t": (over, "fail")}
    for step in order:
        holds, outcome = steps[step]
        if holds:
            return outcome
    return "wait"


def _plain(evidence, key):
    return (np.mean(_values(evidence, key)),) * 2


def _last_week(evidence, key):
    return _ends(evidence[-1:], key)


def _weekly(evidence, key):
    return _sequence(tuple(float(np.mean(week[key])) for week in evidence), -1.0)[1]


def _first_values(evidence, key):
    return _sequence(_values(evidence, key), -1.0)[0]


def _cut(evidence, key):
    return _sequence(tuple(np.clip(_values(evidence, key), 0, 1).tolist()), 0.0)[1]


def _with(**how) -> Callable:
    return lambda *given: _judge(*given, **how)


def _cut_to(length: Callable) -> Callable:
    """A mistake: of each list of a week only `length(week, keys)` values count."""

    def mistake(evidence, groups, margin, units):
        keys = ("differences", *groups)
        cut = [{key: week[key][: length(week, keys)] for key in keys} for week in evidence]
        return _judge(cut, groups, margin, units)

    return mistake


def _all_keys(evidence, groups, margin, units):
    return _judge(evidence, [k for k in evidence[0] if k != "differences"], margin, units)


def _one_group(least: Callable) -> Callable:
    """A mistake: only the group counts of which `least(evidence, group)` is smallest."""

    def mistake(evidence, groups, margin, units):
        return _judge(evidence, [min(groups, key=lambda g: least(evidence, g))], margin, units)

    return mistake


def _corrected(evidence, groups, margin, units, more=1):
    alpha = 0.05 / (len(groups) + more)
    return _judge(evidence, groups, margin, units, ends=lambda e, key: _ends(e, key, alpha))


ONE_WEEK = "you look at one week only; all weeks are evidence"
ONE_GROUP = "the group with the lowest {} is not always the one that decides; test every group"
NO_CORRECTION = "leave alpha as it is; all conditions must hold to pass, so no correction is needed"
ALL_VALUES = "lists may be of different length; all of their values count"
EXACTLY = "an end of exactly minus the margin is neither below nor above it"

MISTAKES = (
    (_with(harm=lambda h, hs, m: h < 0, good=lambda low, ls, m: low > 0), "you look at the mean "
     "only, which was the trouble"),
    (_with(harm=lambda h, hs, m: h < 0), "harm to a group does not lead to a fail; its upper end "
     "tells"),
    (_with(good=lambda low, ls, m: low > 0), "to pass, no group may be harmed by more than the "
     "margin, and that must be shown"),
    (_with(good=lambda low, ls, m: low > 0 and max(ls) > -m), "one group that is well is not "
     "enough; all of them must be"),
    (_with(harm=lambda h, hs, m: h < 0 or max(hs) < -m), "it is enough for a fail that one group "
     "is harmed; you wait for all of them"),
    (_with(good=lambda low, ls, m: min(ls) > -m), "to pass, the mean must be better as well"),
    (_with(harm=lambda h, hs, m: min(hs) < -m), "a mean that is shown to be worse is a fail, too"),
    (_with(good=lambda low, ls, m: low > 0 and min(ls) > 0), "a loss within the margin is small "
     "enough to pass"),
    (_with(good=lambda low, ls, m: low > 0 and min(ls) > m), "no group has to gain; where is the "
     "sign of the margin?"),
    (_with(harm=lambda h, hs, m: h < 0 or min(hs) < 0), "a loss within the margin is no reason to "
     "fail"),
    (_with(harm=lambda h, hs, m: h < 0 or min(hs) < m), "a group that gains little is not harmed; "
     "where is the sign of the margin?"),
    (_with(good=lambda low, ls, m: low > -m and min(ls) > -m), "the margin is for groups; the "
     "mean must be better than 0"),
    (_with(harm=lambda h, hs, m: h < -m or min(hs) < -m), "the margin is for groups; a mean below "
     "0 is a fail"),
    (_with(ends=_plain), "you compare averages; what is known of them are intervals"),
    (_with(ends=_last_week), ONE_WEEK),
    (_with(ends=lambda e, key: _ends(e[:1], key)), ONE_WEEK),
    (_with(ends=_first_values), "that is what was known after the first value; take the last one"),
    (_with(ends=_weekly), "each clinic counts, and you make one value of a week"),
    (_with(ends=_cut), "differences lie between -1 and 1; tell the confidence sequence"),
    (_with(order="hp"), "there is an end: after `units` weeks without an answer "
     "it is a fail"),
    (_with(order="thp"), "if all is shown in the last week it may pass; test for time last"),
    (_with(used=lambda e: sum(len(week["differences"]) for week in e)), "`units` counts weeks, not "
     "values"),
    (_with(used=lambda e: len(e) - 1), "with exactly `units` weeks the time is used up"),
    (_with(keys=lambda groups: groups[:1]), "only the first group counts"),
    (_with(keys=lambda groups: groups[-1:]), "only the last group counts"),
    (_with(keys=lambda groups: groups[:2]), "there may be more than two groups"),
    (_with(harm=lambda h, hs, m: False), "harm is never a reason to fail"),
    (_with(good=lambda low, ls, m: low > 0 and min(ls) >= -m), EXACTLY),
    (_with(harm=lambda h, hs, m: h < 0 or min(hs) <= -m), EXACTLY),
    (_with(harm=lambda h, hs, m: h <= 0 or min(hs) <= -m,
           good=lambda low, ls, m: low >= 0 and min(ls) >= -m), EXACTLY),
    (_corrected, NO_CORRECTION),
    (lambda *given: _corrected(*given, more=0), NO_CORRECTION),
    (_cut_to(lambda week, keys: len(week["differences"])), ALL_VALUES),
    (_cut_to(lambda week, keys: min(len(week[key]) for key in keys)), ALL_VALUES),
    (_all_keys, "a week may know more than you are asked about; only the keys in `groups` count"),
    (_one_group(lambda e, g: np.mean(_values(e, g))), ONE_GROUP.format("mean")),
    (_one_group(lambda e, g: _ends(e, g)[0]), ONE_GROUP.format("lower end")),
    (lambda e, *given: _judge(e[::-1], *given), "the values count in the order of the weeks"),
    (_with(ends=lambda e, key: _sequence(_values(e, key)[::-1], -1.0)[1]), "the values count in "
     "their order"),
    (lambda e, g, m, units: _judge(e[:units], g, m, units), "all weeks are evidence, also those "
     "after the time is used up"),
    (lambda *given: "fail" if _judge(*given) == "wait" else _judge(*given), "what is not known yet "
     "is no reason to fail while there is time"),
    (lambda *given: {"pass": "fail", "fail": "pass"}.get(_judge(*given), "wait"), "you exchange "
     "pass and fail"),
)  # fmt: skip


@part("09c.5")
def judge(answer: Answer) -> None:
    """`answer(evidence, groups, margin, units)` is "pass", "fail" or "wait"."""
    cases = _cases()
    came = []
    for what, *given in cases:
        got = answer(*given)
        known = isinstance(got, str) and got in ("pass", "fail", "wait")
        require(known, f"{what}: {brief(got)} came back; return 'pass', 'fail' or 'wait'")
        came.append(got)
    hint = _explained(came, [tuple(each) for _, *each in cases])
    for (what, *each), got in zip(cases, came, strict=True):
        n, units = len(each[0]), each[3]
        require(got == _judge(*each), f"{what} ({n} of {units} weeks, margin {each[2]:g}): it is "
                f"not {got!r}; {hint}")  # fmt: skip


def _explained(came: list[str], given: list[tuple]) -> str:
    words = {"pass": 1.0, "fail": -1.0, "wait": 0.0}
    told = [(lambda *each, m=mistake: words[m(*each)], hint) for mistake, hint in MISTAKES]
    return explained([words[c] for c in came], given, told, "go through the cases of hint 2")
