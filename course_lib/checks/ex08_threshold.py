"""Checks of exercise 08: a threshold of confidence that is fast, and safe in the worst worlds."""

from collections.abc import Callable

import numpy as np

from course_lib.teach.checking import Answer, number, part, require

# The slowdown of the rule alone in eight worlds: its worst quarter has a mean of 6. All numbers are
# multiples of 1/4, so that means are exact and ties are ties.
RULE = [2, 2, 3, 3, 4, 4, 6, 6]
# What it is, and one row per threshold; the last one is the rule alone.
CASES = (
    ("the fastest mixture is far too slow in its worst worlds",
     ([1, 1, 1, 1, 1, 1, 9, 9], [2, 2, 3, 3, 3, 4, 5, 5], [2, 2, 3, 3, 4, 4, 5, 5], RULE)),
    ("the fastest mixture is exactly as slow as the rule in its worst worlds",
     ([2, 2, 3, 3, 4, 4, 5, 5], [1, 2, 2, 3, 3, 4, 6, 6], [2, 2, 3, 3, 3, 4, 6, 6], RULE)),
    ("a mixture is slowest in worlds in which the rule is fast",
     ([7, 7, 1, 1, 1, 1, 1, 1], [2, 2, 3, 3, 4, 4, 5, 5], [2, 2, 3, 3, 4, 4, 5, 6], RULE)),
    ("a safe mixture is slower than the rule in two worlds",
     ([5, 5, 2, 2, 2, 2, 3, 3], [2, 2, 3, 3, 4, 4, 5, 5], RULE)),
    ("no mixture is safe", ([2, 2, 2, 2, 2, 2, 5, 8], [1, 1, 1, 1, 1, 1, 8, 8], RULE)),
    ("all are safe, and the rule is fastest",
     ([4, 4, 4, 4, 5, 5, 5, 5], [3, 3, 4, 4, 5, 5, 5, 5], RULE)),
    ("two safe mixtures are equally fast",
     ([4, 4, 4, 4, 4, 4, 5, 5], [2, 2, 2, 2, 3, 4, 5, 5], [5, 4, 5, 2, 2, 2, 3, 2], RULE)),
    ("a safe mixture and an unsafe one are equally fast",
     ([1, 1, 1, 2, 2, 2, 7, 8], [2, 2, 2, 3, 3, 3, 4, 5], [5, 5, 4, 4, 3, 3, 2, 2], RULE)),
    ("a mixture is as fast as the rule", ([5, 5, 4, 4, 3, 3, 3, 3], RULE)),
    ("one mixture is faster on average, another one in its worst worlds",
     ([4, 4, 4, 4, 4, 4, 4, 4], [1, 1, 1, 1, 1, 5, 5, 6], [2, 2, 2, 2, 4, 4, 4, 5], RULE)),
    ("one mixture is faster in most worlds, another one on average",
     ([2, 2, 2, 2, 2, 6, 6, 6], [3, 3, 3, 3, 3, 3, 3, 4], RULE)),
    ("two mixtures are slower than the rule in the same worlds",
     ([5, 5, 4, 4, 4, 4, 3, 3], [4, 4, 2, 2, 2, 2, 5, 5], RULE)),
    ("a mixture has one very bad world and is safe",
     ([2, 2, 2, 2, 2, 2, 4, 7], [2, 2, 3, 3, 4, 4, 5, 5], RULE)),
    ("a mixture has two bad worlds, none as bad as the worst one of the rule",
     ([1, 1, 1, 1, 1, 1, 6.5, 6.5], [2, 2, 3, 3, 3, 4, 5, 6], [2, 2, 3, 3, 4, 4, 5, 7])),
    ("there are eleven worlds",
     ([1, 1, 1, 1, 1, 1, 1, 1, 1, 5, 8], [2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 6],
      [2, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6])),
    ("there are three worlds", ([1, 1, 8.5], [3, 4, 4], [4, 4, 5])),
    ("there are two worlds", ([1, 6], [4, 5])),
    ("there is one world", ([3], [2], [4])),
    ("there is the rule alone", (RULE,)),
)  # fmt: skip
THRESHOLDS = np.array([0.25, 0.4, 0.65, 1.1])


def _given(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds (k,) and slowdowns (k, worlds) of one case, the worlds in a random order."""
    rows = np.array(CASES[number][1], dtype=float)
    order = np.random.default_rng(8_030 + number).permutation(rows.shape[1])
    return THRESHOLDS[-len(rows) :], rows[:, order]


def _tail(rows: np.ndarray, worlds: int | None = None) -> np.ndarray:
    """The mean over each row's worst worlds, a quarter of them by default."""
    worlds = worlds or _quarter(rows)
    return np.sort(rows, axis=1)[:, -worlds:].mean(axis=1)


def _fastest(rows: np.ndarray, safe: np.ndarray) -> int:
    return int(np.where(safe, rows.mean(axis=1), np.inf).argmin())


def _by(risk: Callable) -> Callable:
    """The fastest of those whose `risk` is no more than that of the rule."""
    return lambda rows: _fastest(rows, risk(rows) <= risk(rows)[-1])


def _over(rows: np.ndarray, worlds: np.ndarray) -> np.ndarray:
    return rows[:, worlds].mean(axis=1)


def _quarter(rows: np.ndarray) -> int:
    return max(1, rows.shape[1] // 4)


def _worst_of(rows: np.ndarray, row: int) -> np.ndarray:
    return np.argsort(rows[row])[-_quarter(rows) :]


def _in_the_worlds_of_each(rows: np.ndarray) -> int:
    """Compare with the rule in the worst worlds of the mixture."""
    worst = [_worst_of(rows, row) for row in range(len(rows))]
    safe = [rows[i, w].mean() <= rows[-1, w].mean() for i, w in enumerate(worst)]
    return _fastest(rows, np.array(safe))


def _strictly(rows: np.ndarray) -> int:
    safe = _tail(rows) < _tail(rows)[-1]
    return _fastest(rows, safe) if safe.any() else len(rows) - 1


def _last_of_equals(rows: np.ndarray) -> int:
    mean = np.where(_tail(rows) <= _tail(rows)[-1], rows.mean(axis=1), np.inf)
    return len(rows) - 1 - int(mean[::-1].argmin())


def _without_rule(rows: np.ndarray) -> int:
    safe = _tail(rows) <= _tail(rows)[-1]
    safe[-1] = not safe[:-1].any()
    return _fastest(rows, safe)


_right = _by(_tail)
# What others do, each with a hint.
PROCEDURES = (
    (lambda rows: rows.mean(axis=1).argmin(), "the fastest one was taken; is it safe?"),
    (lambda rows: len(rows) - 1, "that is always the rule alone, and nothing is gained"),
    (lambda rows: 0, "that is always the first one"),
    (lambda rows: _tail(rows).argmin(), "among the safe ones, the mean over all worlds decides"),
    (lambda rows: (_tail(rows) <= _tail(rows)[-1]).argmax(),
     "several may be safe; the first of these need not be the fastest"),
    (lambda rows: _fastest(rows, _tail(rows) > _tail(rows)[-1]), "those are the unsafe ones"),
    (lambda rows: np.where(_tail(rows) <= _tail(rows)[-1], rows.mean(axis=1), -1).argmax(),
     "it is the slowest of the safe ones"),
    (_strictly, "no more than the rule's: as slow as the rule is safe, too"),
    (_last_of_equals, "of equally fast ones, the one with fewer fallbacks"),
    (_without_rule, "the rule alone may be the fastest of the safe ones"),
    (_by(lambda rows: _over(rows, _worst_of(rows, -1))),
     "the rule's worst worlds need not be those of the mixture"),
    (_by(lambda rows: _over(rows, _worst_of(rows, 0))),
     "the worst worlds of the first row need not be those of the others"),
    (_by(lambda rows: _over(rows, np.argsort(rows.mean(axis=0))[-_quarter(rows):])),
     "each threshold has a worst quarter of its own"),
    (_in_the_worlds_of_each, "the rule has a worst quarter of its own, too"),
    (_by(lambda rows: (rows > rows[-1]).any(axis=1)),
     "safe does not mean to beat the rule in each world"),
    (lambda rows: _fastest(rows, _tail(rows) <= _tail(rows)[0]),
     "the first row is not the rule; which one is?"),
    (lambda rows: _fastest(rows, _tail(rows) <= rows[-1].mean()),
     "a mixture's worst worlds were compared with all worlds of the rule"),
    (_by(lambda rows: rows.max(axis=1)), "one world is not the worst quarter"),
    (_by(lambda rows: -_tail(-rows)), "these are the best worlds of each; which are the worst?"),
    (_by(lambda rows: _tail(rows, max(1, rows.shape[1] // 2))), "it is the worst half"),
    (_by(lambda rows: np.quantile(rows, 0.75, axis=1)),
     "a quantile does not see how bad the worst worlds are; a mean does"),
    (_by(lambda rows: _tail(rows, -(-rows.shape[1] // 4))), "a quarter is rounded down"),
    (_by(lambda rows: _tail(rows, min(rows.shape[1], max(2, rows.shape[1] // 4)))),
     "one world is enough where there are few"),
    (_by(lambda rows: _tail(rows, rows.shape[1] // 4 or rows.shape[1])),
     "what does a slice from minus 0 take?"),
    (lambda rows: np.where(_tail(rows) <= _tail(rows)[-1], np.median(rows, axis=1), 99).argmin(),
     "it goes by medians; means were asked for"),
)  # fmt: skip


@part("08.3")
def calibrate(answer: Answer) -> None:
    """`answer(thresholds, slowdown)` is the safe threshold of least mean slowdown."""
    came = []
    for i, (what, _) in enumerate(CASES):
        thresholds, slowdown = _given(i)
        got = number(answer(thresholds, slowdown), f"where {what}, the threshold")
        place = np.flatnonzero(thresholds == got)
        hint = "return a threshold itself, no place and no slowdown"
        require(len(place) == 1, f"where {what}, {got:g} came back, which is none of them; {hint}")
        came.append(int(place[0]))
    tables = [_given(i)[1] for i in range(len(CASES))]
    fits = (hint for rule, hint in PROCEDURES if came == [int(rule(rows)) for rows in tables])
    hint = next(fits, "go through two rows by hand: two means of each")
    for (what, _), rows, place in zip(CASES, tables, came, strict=True):
        right = place == _right(rows)
        require(right, f"where {what}, you return {THRESHOLDS[-len(rows) :][place]:g}; {hint}")
