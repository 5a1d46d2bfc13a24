"""Checks of exercise 11: what to do about exploration that does not get through."""

from collections.abc import Callable

import numpy as np

from course_lib.teach.checking import Answer, brief, part, require

WORDS = ("learn", "wait", "re-cover", "rebuild")
# What it is, the episodes that were still going at each step and that passed, actions, and those
# that are left.
CASES = (
    ("some episodes passed", [100, 80, 60, 40, 9], 3, 500),
    ("one episode passed, and few are left", [100, 60, 30, 10, 1], 3, 5),
    ("one episode passed in 90 000", [90_000, 60_000, 30, 9, 1], 4, 10),
    ("one step is missing and the entrance is met often", [90, 70, 50, 45, 0], 2, 400),
    ("one step is missing and the entrance is met rarely", [800, 90, 30, 2, 0], 3, 5_000),
    ("one step is missing, and hardly any episode is left", [90, 70, 50, 45, 0], 2, 3),
    ("as many are left as waiting costs", [90, 70, 50, 45, 0], 2, 4),
    ("both cost the same", [80, 40, 20, 10, 0], 2, 50),
    ("both cost the same, but more than is left", [80, 40, 20, 10, 0], 2, 15),
    ("six steps are missing", [300, 250, 200, 150, 100, 30, 12, 0, 0, 0, 0, 0, 0], 3, 600),
    ("six steps are missing, and few episodes are left",
     [300, 250, 200, 150, 100, 30, 12, 0, 0, 0, 0, 0, 0], 3, 200),
    ("as many are left as covering anew costs",
     [300, 250, 200, 150, 100, 30, 12, 0, 0, 0, 0, 0, 0], 3, 216),
    ("three steps are missing of ten", [40, 38, 35, 30, 26, 20, 10, 5, 0, 0, 0], 4, 150),
    ("three steps are missing of ten, and waiting is dear",
     [40, 38, 35, 30, 26, 20, 10, 5, 0, 0, 0], 4, 119),
    ("two steps are missing, and there are two actions", [64, 60, 50, 48, 0, 0], 2, 900),
    ("two steps are missing, and few episodes are left", [64, 60, 50, 48, 0, 0], 2, 4),
    ("two steps are missing of twelve",
     [64, 64, 64, 60, 60, 60, 50, 50, 50, 48, 48, 0, 0], 2, 900),
    ("a single episode came furthest", [200, 120, 60, 20, 1, 0, 0], 3, 40),
    ("nobody came past the first step", [50, 0, 0, 0, 0], 2, 17),
    ("nobody came past the first step, and there is plenty left", [50, 0, 0, 0, 0], 2, 900),
    ("there is one step, and nobody passed it", [20, 0], 3, 100),
    ("one step is missing after nine that anybody passes",
     [30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 0], 3, 100),
    ("seventy steps are missing", [500, 200] + [0] * 70, 3, 20_000),
    ("seventy steps are missing, and few episodes are left", [500, 200] + [0] * 70, 2, 300),
)  # fmt: skip


def _due(going: np.ndarray, actions: int, left: float) -> str:
    return _rule()(going, actions, left)


def _deep(going: np.ndarray) -> int:
    return int(np.flatnonzero(going)[-1])


def _rule(*, look: bool = True, wait: Callable | None = None, cover: Callable | None = None,
          deep: Callable = _deep, pick: Callable = min, fits=lambda cost, left: cost <= left,
          words=("wait", "re-cover"), broke="rebuild") -> Callable:  # fmt: skip
    """The rule with one thing done otherwise."""

    def rule(going, actions, left):
        if look and going[-1]:
            return "learn"
        steps, at = len(going) - 1, min(deep(going), len(going) - 2)
        # Measured: the share that came so far; guessed: all that is left.
        numbers = float(going[0]), float(going[at]) or 1.0, float(actions), steps - at, steps
        costs = {
            words[0]: (wait or (lambda n, r, a, rest, steps: n / r * a**rest))(*numbers),
            words[1]: (cover or (lambda n, r, a, rest, steps: rest * a * steps))(*numbers),
        }
        name = pick(costs, key=costs.get)
        return name if fits(costs[name], left) else broke

    return rule


def _always(word: str) -> Callable:
    return lambda going, actions, left: word


def _later_of_equals(costs, key):
    return min(reversed(list(costs)), key=key)


def _overflown(going, actions, left):
    """What 64 bits make of the power."""

    def power(n, r, a, rest, steps):
        return n / r * float(np.int64(a) ** np.int64(rest))

    with np.errstate(over="ignore"):
        return _rule(wait=power)(going, actions, left)


# What others do, each with a hint.
PROCEDURES = (
    (_rule(look=False), "some episodes passed; then exploring is not what fails"),
    (_rule(wait=lambda n, r, a, rest, steps: a**rest), "a chance has two factors: how many "
     "episodes come so far, and how many of those guess the rest"),
    (_rule(wait=lambda n, r, a, rest, steps: n / r * a * rest), "steps that are all to be guessed "
     "right multiply; they do not add up"),
    (_rule(wait=lambda n, r, a, rest, steps: a**steps), "only what is left has to be guessed, "
     "not the whole way"),
    (_rule(wait=lambda n, r, a, rest, steps: r / n * a**rest), "the rarer the entrance is met, the "
     "longer is the wait"),
    (_rule(wait=lambda n, r, a, rest, steps: n / r * a ** (rest - 1)), "one step too few is to be "
     "guessed while waiting"),
    (_rule(wait=lambda n, r, a, rest, steps: n / r * a ** (rest + 1)), "one step too many is to "
     "be guessed while waiting"),
    (_rule(wait=lambda n, r, a, rest, steps: n / r * rest**a), "which is the base of the power, "
     "and which its exponent?"),
    (_overflown, "what does NumPy make of whole numbers with more than 64 bits?"),
    (_rule(cover=lambda n, r, a, rest, steps: rest * a), "after covering anew one of all steps is "
     "drawn for an episode, and only one of them is the next one"),
    (_rule(cover=lambda n, r, a, rest, steps: a * steps), "covering anew finds one step at a time; "
     "how many are missing?"),
    (_rule(cover=lambda n, r, a, rest, steps: rest * steps), "at a step that is covered, all "
     "actions have their turn"),
    (_rule(cover=lambda n, r, a, rest, steps: steps * steps * a), "covering anew starts where the "
     "episodes came; those steps are not missing"),
    (_rule(cover=lambda n, r, a, rest, steps: rest * a * rest), "one of all steps is drawn, not "
     "only of those that are missing"),
    (_rule(cover=lambda n, r, a, rest, steps: rest * a * (steps + 1)), "the array has one entry "
     "more than there are steps"),
    (_rule(pick=max), "that is the dearer of the two"),
    (_rule(pick=_later_of_equals), "where both cost the same, wait: there is nothing to build"),
    (_rule(fits=lambda cost, left: cost < left), "what costs exactly what is left still fits"),
    (_rule(fits=lambda cost, left: True), "look at what is left: neither may fit"),
    (_rule(words=("re-cover", "wait")), "the two costs are exchanged"),
    (_rule(deep=lambda going: int((np.diff(going) < 0).argmax())), "the deepest step is not the "
     "one after which episodes begin to get lost"),
    (_rule(deep=lambda going: max(_deep(going) - 1, 0)), "the deepest step is the last "
     "one at which any episode was going; is yours the one before?"),
    (_rule(deep=lambda going: _deep(going) + 1), "the deepest step is the last "
     "one at which any episode was going; is yours the one after?"),
    (lambda g, a, left: "learn" if g[-1] else "wait" if g[0] / g[_deep(g)] * float(a) ** (
        len(g) - 1 - _deep(g)) <= left else "re-cover" if (len(g) - 1 - _deep(g)) * a * (
        len(g) - 1) <= left else "rebuild",
     "waiting fits into what is left, but the other remedy may be cheaper"),
    (lambda g, a, left: "learn" if g[-1] else "re-cover" if (len(g) - 1 - _deep(g)) * a * (
        len(g) - 1) <= left else "wait" if g[0] / g[_deep(g)] * float(a) ** (
        len(g) - 1 - _deep(g)) <= left else "rebuild",
     "covering anew fits into what is left, but waiting may be cheaper"),
    *((_always(word), f"you say {word!r} whatever was counted") for word in WORDS),
)  # fmt: skip


@part("11.6")
def remedy(answer: Answer) -> None:
    """`answer(going, actions, left)` names what to do next."""
    came = []
    for what, going, actions, left in CASES:
        got = answer(np.array(going), actions, left)
        require(got is not None, "None came back; return a word in every case")
        known = isinstance(got, str) and got in WORDS
        require(known, f"where {what}, {brief(got)} came back; return one of {', '.join(WORDS)}")
        came.append(str(got))
    given = [(np.array(going), actions, left) for _, going, actions, left in CASES]
    fits = (hint for rule, hint in PROCEDURES if came == [rule(*each) for each in given])
    hint = next(fits, "write the two costs down, and compare them with what is left")
    for (what, *_), each, got in zip(CASES, given, came, strict=True):
        require(got == _due(*each), f"where {what}, you return {got!r}; {hint}")
