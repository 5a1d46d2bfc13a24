"""Checks of exercise 12: what failures alone say; four more modules have the other parts."""

from collections.abc import Callable

import numpy as np

from course_lib.checks import (  # noqa: F401  register the rest
    ex12_breaks,
    ex12_cover,
    ex12_diverse,
    ex12_turns,
)
from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, brief, numbers, part, require

# What it is, numbers of episodes, and how sure one wants to be.
CASES = (
    ("one episode", [1], 0.95),
    ("a few episodes", [2, 3, 5, 8, 20], 0.95),
    ("many episodes", [100, 1_000, 250_000], 0.95),
    ("half sure", [1, 4, 30], 0.5),
    ("hardly sure", [1, 6, 70], 0.2),
    ("nearly sure", [1, 7, 400], 0.999),
    ("no episode at all", [0], 0.95),
    ("numbers in any order, with 0 and twice the same", [12, 0, 3, 12, 0, 1], 0.8),
    ("forty numbers", list(range(40)), 0.9),
)


def _due(n: np.ndarray, sure: float) -> np.ndarray:
    """The chance of n failures in a row falls to 1 - sure at this rate, (k,)."""
    return _bound(n, 1 - sure)


def _bound(n: np.ndarray, left: float, off: int = 0, none: float = 1.0) -> np.ndarray:
    """Solve (1 - p)^(n + off) = left; `none` is what comes of no episodes."""
    rate = -np.expm1(np.log(left) / np.maximum(n + off, 1e-9))
    return np.where(n == 0, none, rate)


def _rate(formula) -> Callable:
    """A mistake: `formula(n, sure)` where there are episodes, and 1 where there are none."""
    return lambda n, sure: np.where(n == 0, 1.0, formula(np.maximum(n, 1), sure))


MISTAKES = (
    (lambda n, sure: _bound(n, 1 - sure, none=0.0), "without an episode nothing is known; then "
     "which rates can you rule out?"),
    (lambda n, sure: _bound(n, 1 - sure, none=sure), "no episodes rule out nothing, and you take "
     "them for one that failed"),
    (lambda n, sure: _bound(n, 1 - sure, off=1), "that is one episode more than there were"),
    (lambda n, sure: _bound(n, 1 - sure, off=-1), "that is one episode fewer than there were"),
    (lambda n, sure: _bound(n, (1 - sure) / 2), "all of the doubt lies on one side here: no rate "
     "is below zero, so do not halve it"),
    (lambda n, sure: _bound(n, sure), "the more sure you want to be, the larger is the rate that "
     "you have to allow for"),
    (_rate(lambda n, sure: 3 / n), "the rule of three is a rule of thumb, and for one value of "
     "`sure` only"),
    (_rate(lambda n, sure: np.minimum(3 / n, 1)), "the rule of three is a rule of thumb, and for "
     "one value of `sure` only, cut off or not"),
    (_rate(lambda n, sure: -np.log(1 - sure) / n), "the logarithm of 1 - p is nearly -p only where "
     "p is small; a rate above 1 is none"),
    (_rate(lambda n, sure: np.minimum(-np.log(1 - sure) / n, 1)), "the logarithm of 1 - p is "
     "nearly -p only where p is small; do not approximate"),
    (_rate(lambda n, sure: 1 - np.exp(np.log(1 - sure) * n)), "that is a chance for a rate, and "
     "turned round: which p was asked for?"),
    (_rate(lambda n, sure: (1 - sure) ** (1 / n)), "that is a rate of failures"),
    (_rate(lambda n, sure: sure ** (1 / n)), "with this rate of success all episodes succeed "
     "with the chance `sure`; none of them did"),
    (_rate(lambda n, sure: (1 - sure) / n), "the chances of failures in a row multiply; nothing is "
     "shared out"),
    (_rate(lambda n, sure: sure / n), "the chances of failures in a row multiply; nothing is "
     "shared out, and `sure` least of all"),
    (_rate(lambda n, sure: 1 / n), "it does not depend on `sure`, and that is the rate of one "
     "success in n"),
    (_rate(lambda n, sure: 1 / (n + 1)), "it does not depend on `sure`; one more episode might "
     "succeed, or might not"),
    (_rate(lambda n, sure: 1 / (n + 2)), "it does not depend on `sure`; that is Laplace's guess of "
     "a rate, and no bound"),
    (_rate(lambda n, sure: 0 * n), "that is the share of successes that you saw; a larger rate "
     "gives the same quite often"),
    (_rate(lambda n, sure: np.sqrt(-np.log(1 - sure) / (2 * n))), "that bound holds for any "
     "outcome; for failures only, there is an exact one"),
    (_rate(lambda n, sure: 1 - 0 * n), "you say 1 whatever was seen"),
    (_rate(lambda n, sure: 100 * _due(n, sure)), "a rate lies between 0 and 1; this is in per "
     "cent"),
    (lambda n, sure: 100 * _due(n, sure), "a rate lies between 0 and 1; this is in per cent"),
    (lambda n, sure: _due(n, sure).round(2), "it is rounded"),
    (lambda n, sure: _due(n, sure).round(3), "it is rounded, to three digits"),
    (lambda n, sure: 1 - _due(n, sure), "that is the rate of failures; no success was found, of "
     "which rate was the question?"),
    (lambda n, sure: _due(n, 0.95), "it does not depend on `sure`"),
    (lambda n, sure: np.where(n == 0, 1.0, _due(np.full(n.shape, n[0]), sure)), "it depends on the "
     "first number only"),
    (lambda n, sure: _due(np.full(n.shape, n.sum()), sure), "each number stands for itself; they "
     "are not added up"),
    (lambda n, sure: _due(np.sort(n), sure), "results stand in another order than the numbers"),
)  # fmt: skip


@part("12.1")
def nothing_found(answer: Answer) -> None:
    """`answer(n, sure)` are the largest rates (k,) at which n failures in a row are no surprise."""
    came, given = [], [(np.array(n), sure) for _, n, sure in CASES]
    for (what, *_), (n, sure) in zip(CASES, given, strict=True):
        came.append(numbers(answer(n, sure), n.shape, f"{what}, sure = {sure:g}: what came back"))
    hint = explained(came, given, MISTAKES, "put your rate into (1 - p)^n, and see what comes out")
    for (what, *_), (n, sure), got in zip(CASES, given, came, strict=True):
        for each, rate, due in zip(n, got, _due(n, sure), strict=True):
            require(0 <= rate <= 1, f"{what}: for n = {each} and sure = {sure:g} the rate is "
                    f"{rate:.4g}, and rates lie from 0 to 1; {hint}")  # fmt: skip
            require(alike(rate, due), f"{what}: for n = {each} and sure = {sure:g} the rate is not "
                    f"{brief(float(f'{rate:.4g}'))}; {hint}")  # fmt: skip
