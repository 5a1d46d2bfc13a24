"""Checks of exercise 09c: waits that are cut off; three more modules have the other parts."""

import numpy as np

from course_lib.checks import (  # noqa: F401  register the rest
    ex09c_calls,
    ex09c_gate,
    ex09c_limit,
)
from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, number, part, require


def _cases() -> list[tuple]:
    """What it is, waits (n,), seen (n,), horizon."""
    draw = np.random.default_rng(901)
    some = draw.exponential(2, 40)
    ties = draw.integers(1, 6, 60).astype(float)
    return [
        ("40 patients", some, draw.random(40) < 0.7, 5.0),
        ("60 waits in whole days", ties, draw.random(60) < 0.6, 4.5),
        ("a horizon at which some are seen", ties, draw.random(60) < 0.6, 4.0),
        ("everybody seen", some, np.ones(40, dtype=bool), 3.0),
        ("the last one not seen", np.array([1.0, 2.0, 3.0]), np.array([True, True, False]), 6.0),
        ("three patients in no order", np.array([3.0, 1, 2]), np.array([True, True, False]), 4.0),
        ("seen and not at one time", np.array([2.0, 2, 2, 5]), np.array([1, 0, 1, 1]) > 0, 6.0),
        ("a horizon beyond all waits", some, draw.random(40) < 0.7, 60.0),
        ("a short horizon", some, draw.random(40) < 0.7, 0.5),
        ("waits of zero days", np.array([0.0, 0, 1, 4]), np.array([1, 0, 1, 0]) > 0, 5.0),
        ("one patient, seen", np.array([2.0]), np.array([True]), 5.0),
        ("nobody seen", np.array([2.0, 4.0]), np.array([False, False]), 3.0),
    ]  # fmt: skip


def _area(waits, seen, horizon, *, risk=None, after=False, tail=True, hits=None, cut=True) -> float:
    """The area under Kaplan and Meier's staircase, with one thing done otherwise."""
    waiting, last, area = 1.0, 0.0, 0.0
    end = horizon if cut else np.inf
    times = np.unique(waits[seen & (waits < end)])
    for t in times:
        at_risk = (waits >= t).sum() if risk is None else risk(waits, seen, t)
        step = (seen & (waits == t)).sum() if hits is None else hits(waits, t)
        before = waiting
        waiting *= 1 - step / max(at_risk, 1)
        area += (waiting if after else before) * (t - last)
        last = t
    return area + (waiting * (horizon - last) if tail else 0.0)


def _final(waits, seen, horizon) -> float:
    waiting = 1.0
    for t in np.unique(waits[seen & (waits < horizon)]):
        waiting *= 1 - (seen & (waits == t)).sum() / (waits >= t).sum()
    return waiting


def _mean(values) -> float:
    return float(np.mean(values)) if np.size(values) else 0.0


def _sum_of_visits(waits, seen, horizon) -> float:
    """Each patient's own step, one after the other, with ties in their order."""
    waiting, last, area = 1.0, 0.0, 0.0
    order = np.argsort(waits, kind="stable")
    for place, i in enumerate(order):
        if seen[i] and waits[i] < horizon:
            area += waiting * (waits[i] - last)
            waiting *= 1 - 1 / (len(waits) - place)
            last = waits[i]
    return area + waiting * (horizon - last)


MISTAKES = (
    (lambda w, s, h: _mean(np.minimum(w[s], h)), "you drop those who were not seen; they are at "
     "risk, too, for as long as they are known to wait"),
    (lambda w, s, h: _mean(w[s]), "you take the mean over those who were seen; the others wait, "
     "too, and the horizon is left out"),
    (lambda w, s, h: _mean(np.minimum(w, h)), "you treat those who were not seen as if they had "
     "been, at the time when they were last known to wait"),
    (lambda w, s, h: _mean(w), "the mean of all waits treats everybody as seen, and knows no "
     "horizon"),
    (lambda w, s, h: _mean(np.where(s, np.minimum(w, h), h)), "you let everybody who was not seen "
     "wait until the horizon; of some of them little is known"),
    (lambda w, s, h: _area(w, s, h, risk=lambda w, s, t: (w > t).sum() + 0), "who waits exactly t "
     "days is at risk at t, the one who is seen then as well"),
    (lambda w, s, h: _area(w, s, h, risk=lambda w, s, t: len(w)), "the number at risk falls as "
     "patients are seen or cut off"),
    (lambda w, s, h: _area(w, s, h, risk=lambda w, s, t: (s & (w == t)).sum() + (w > t).sum()),
     "one who was cut off at t still counts as at risk at t"),
    (lambda w, s, h: _area(w, s, h, hits=lambda w, t: (w == t).sum()), "only those who were "
     "*seen* at t make the step, not those who were cut off then"),
    (lambda w, s, h: _area(w, s, h, hits=lambda w, t: 1), "several may be seen at one time, and "
     "the step is larger then"),
    (_sum_of_visits, "several may be seen at one time; make one step for all of them, with the "
     "number at risk before it"),
    (lambda w, s, h: _area(w, s, h, after=True), "the rectangle that ends at a visit has the "
     "height before the step"),
    (lambda w, s, h: _area(w, s, h, tail=False), "the last rectangle is missing, from the last "
     "visit to the horizon"),
    (lambda w, s, h: _area(w, s, h, cut=False), "visits after the horizon do not matter"),
    (lambda w, s, h: h - _area(w, s, h), "that is the area above the staircase, the days saved"),
    (lambda w, s, h: _area(w, s, h) / h, "that is a share of the horizon; days were asked for"),
    (_final, "that is the height at the horizon, the share still waiting; the area was asked for"),
    (lambda w, s, h: 1 - _final(w, s, h), "that is the share who were seen; which area was asked?"),
    (lambda w, s, h: _area(w, ~s, h), "seen is True for those whose wait ended with a visit; you "
     "exchange the two"),
    (lambda w, s, h: _area(w, s, max(w.max(), 0.0)), "the area ends at the horizon, not at the "
     "longest wait"),
    (lambda w, s, h: _area(w, s, min(h, w.max())), "beyond the longest wait the height stays as it "
     "is, up to the horizon"),
    (lambda w, s, h: _area(w, s, min(h, w[s].max(initial=0.0))), "after the last visit the height "
     "stays as it is, up to the horizon"),
    (lambda w, s, h: round(_area(w, s, h), 2), "it is rounded"),
)  # fmt: skip


@part("09c.1")
def restricted_wait(answer: Answer) -> None:
    """`answer(waits, seen, horizon)` is the area under Kaplan and Meier's estimate."""
    cases = _cases()
    _compare(answer, cases[:-1])
    _compare(answer, cases)  # with nobody seen, many mistakes have no finite result


def _compare(answer: Answer, cases: list[tuple]) -> None:
    came = [number(answer(*given), f"{what}: the area") for what, *given in cases]
    given = [tuple(each) for _, *each in cases]
    hint = explained(came, given, MISTAKES, "draw the staircase for three patients, by hand")
    for (what, *each), got in zip(cases, came, strict=True):
        require(alike(got, _area(*each)), f"{what}, horizon {each[-1]:g}: the area is not "
                f"{got:.4g}; {hint}")  # fmt: skip
