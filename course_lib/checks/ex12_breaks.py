"""Checks of exercise 12: the gap from which on an exploring set finds nothing."""

from collections.abc import Callable, Sequence

import numpy as np

from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, CheckFailed, brief, number, part, require

# What it is, the gaps, the share of episodes that hit at each, episodes, and how sure one wants it.
CASES = (
    ("hits get rarer and end", [0, 1, 2, 3, 4, 5], [0.5, 0.3, 0.2, 0.06, 0.01, 0], 20, 0.9),
    ("few episodes", [0.5, 1.5, 2.5, 4.0], [0.4, 0.31, 0.25, 0.1], 5, 0.8),
    ("many episodes, and a rate that is tiny", [1, 2, 4, 8], [2e-2, 4e-3, 8e-4, 0], 1_500, 0.95),
    ("a hole in the middle, and hits again", [0, 2, 4, 6, 8, 10], [0.4, 0.3, 0, 0.3, 0.2, 0.01],
     12, 0.9),
    ("two holes, and hits at the end", [1, 2, 3, 4, 5], [0.3, 0, 0.4, 0, 0.3], 10, 0.95),
    ("hits everywhere", [0, 1, 2, 3], [0.9, 0.7, 0.5, 0.4], 10, 0.95),
    ("hits in every episode, then in none", [3, 5, 7], [1.0, 1.0, 0.0], 6, 0.99),
    ("no hits anywhere", [2, 3, 7], [0.0, 0.0, 0.0], 50, 0.9),
    ("hits at the first gap only", [0, 1, 2, 3], [0.6, 0.0, 0.0, 0.0], 8, 0.9),
    ("no hits at the last gap only", [0.1, 0.2, 0.4], [0.5, 0.4, 0.0], 8, 0.9),
    ("exactly as likely as wanted at gap 2", [1, 2, 3], [0.75, 0.5, 0.25], 2, 0.75),
    ("three episodes", [1, 2, 3], [0.7, 0.545, 0.3], 3, 0.8),
    ("hits that get rare slowly", [1, 2, 3, 4, 5], [0.5, 0.3, 0.07, 0.02, 0], 10, 0.7),
    ("one episode", [1, 2, 3, 4], [0.9, 0.8, 0.7, 0.6], 1, 0.75),
    ("one gap, where it works", [6], [0.5], 9, 0.9),
    ("one gap, where it does not", [6], [0.05], 9, 0.9),
    ("hits that come back, up to a rate that is not enough", [1, 2, 3, 4], [0.5, 0.01, 0.04, 0.06],
     20, 0.95),
    ("a gap below zero", [-2, -1, 0, 1], [0.02, 0.4, 0.01, 0.0], 15, 0.9),
    ("no hits anywhere, and a first gap of 0", [0, 1, 2], [0.0, 0.0, 0.0], 20, 0.9),
    ("hits end, and come back once", [1, 2, 3, 4, 5], [0.5, 0, 0, 0.5, 0], 4, 0.8),
    ("hits end twice", [1, 2, 3, 4, 5, 6, 7], [0.5, 0.4, 0, 0, 0, 0.5, 0], 5, 0.9),
)  # fmt: skip
Fails = Callable[[np.ndarray, int, float], np.ndarray]


def _fails(rates: np.ndarray, episodes: int, sure: float) -> np.ndarray:
    return 1 - (1 - rates) ** episodes < sure


def _from_on(fails: np.ndarray, gaps: np.ndarray):
    """The first gap from which on it fails, or None."""
    works = np.flatnonzero(~fails)
    first = works[-1] + 1 if works.size else 0
    return gaps[first] if first < len(gaps) else None


def _rule(fails: Fails = _fails, pick: Callable = _from_on, never=None) -> Callable:
    """The procedure with one thing done otherwise."""

    def rule(gaps, rates, episodes, sure):
        found = pick(fails(rates, episodes, sure), gaps)
        return never if found is None else found

    return rule


_due = _rule()


def _at(chosen: np.ndarray, gaps: np.ndarray):
    return gaps[chosen[0]] if chosen.size else None


def _after(fails: np.ndarray) -> np.ndarray:
    """Where it fails for good, as indices."""
    works = np.flatnonzero(~fails)
    return np.arange(works[-1] + 1 if works.size else 0, len(fails))


def _last_working(fails, gaps):
    return gaps[np.flatnonzero(~fails)[-1]] if (~fails).any() else None


def _last_working_if_any_fails(fails, gaps):
    return _last_working(fails, gaps) if fails[-1] else None


def _next_if_zero(gaps, rates, episodes, sure):
    """A mistake: going forward, a gap of 0 that was found is taken for none."""
    found = _due(gaps, rates, episodes, sure)
    return _at(np.flatnonzero(gaps > 0), gaps) if found == 0 else found


ZERO = "a gap of 0 is a gap, too, and yet Python takes it for False"
MISTAKES = (
    (_rule(pick=lambda f, g: _at(np.flatnonzero(f), g)), "hits come back behind it; the gap was "
     "asked for from which on it breaks"),
    (_rule(pick=lambda f, g: g[f.argmax()]), "where nothing is True, argmax returns 0"),
    (_rule(pick=_last_working), "that is the last gap at which it works"),
    (_rule(pick=_last_working_if_any_fails), "that is the last gap at which it works, if it breaks "
     "later"),
    (_rule(pick=lambda f, g: g[-1] if f[-1] else None), "the smallest such gap was asked for, not "
     "the last one"),
    (_rule(pick=lambda f, g: _at(np.flatnonzero(f)[::-1], g)), "that is the largest gap at which "
     "it fails"),
    (_rule(pick=lambda f, g: _at(_after(f), np.arange(len(g)))), "return the gap itself, not its "
     "place in the sequence"),
    (_rule(pick=lambda f, g: _at(_after(f)[1:], g)), "that is one gap too late"),
    (_rule(pick=lambda f, g: _at(_after(np.append(False, f[1:])), g)), "it may be broken from the "
     "first gap on"),
    (_rule(pick=lambda f, g: g[0] if f.all() else None), "it may work at small gaps and break at "
     "larger ones"),
    (lambda g, r, n, s: _rule(never=g[-1])(g, r, n, s), "where it works at the last gap, it never "
     "breaks, as far as you know"),
    (lambda *given: _due(*given) or None, ZERO),
    (lambda *given: _next_if_zero(*given), ZERO + ", where you ask whether one was found"),
    (_rule(never=0.0), "it never breaks there; a number says something else"),
    (_rule(never=-1.0), "it never breaks there; a number says something else, -1 too"),
    (_rule(fails=lambda r, n, s: 1 - (1 - r) ** n <= s), "exactly as likely as wanted is enough"),
    (_rule(fails=lambda r, n, s: r * n < s), "chances of several episodes do not add up"),
    (_rule(fails=lambda r, n, s: r * n < 1), "one success on average is not one that is nearly "
     "sure"),
    (_rule(fails=lambda r, n, s: r < s), "there are several episodes; one of them is enough"),
    (_rule(fails=lambda r, n, s: r <= 0), "a few hits are not enough where there are few episodes"),
    (_rule(fails=lambda r, n, s: r**n < s), "that is the chance that all episodes hit"),
    (_rule(fails=lambda r, n, s: 1 - r**n < s), "that is the chance that not all hit"),
    (_rule(fails=lambda r, n, s: (1 - r) ** n < s), "that is the chance that none hits"),
    (_rule(fails=lambda r, n, s: (1 - r) ** n < 1 - s), "the comparison is turned round; where "
     "hits are likely it does not break"),
    (_rule(fails=lambda r, n, s: 1 - (1 - r) ** n < 1 - s), "`sure` is how likely a success is to "
     "be, not how likely failures are"),
    (_rule(fails=lambda r, n, s: 1 - (1 - r) ** (n + 1) < s), "that is one episode more than there "
     "are"),
    (_rule(fails=lambda r, n, s: 1 - (1 - r) ** (n - 1) < s), "that is one episode less than there "
     "are"),
    (_rule(fails=lambda r, n, s: n * r * (1 - r) ** (n - 1) < s), "that is the chance of exactly "
     "one hit; more are welcome"),
    (_rule(fails=lambda r, n, s: r * n < 3), "the rule of three is a rule of thumb, and for one "
     "value of `sure`"),
    (_rule(fails=lambda r, n, s: 1 - np.exp(-n * r) < s), "exp(-n p) is near (1 - p)^n only where "
     "p is small"),
    (_rule(fails=lambda r, n, s: 1 - (1 - r) ** n < 0.95), "`sure` is given"),
    (lambda g, r, n, s: _due(g, np.maximum.accumulate(r[::-1])[::-1], n, s + 1), "you say that it "
     "is broken from the first gap on, whatever is given"),
    (lambda g, r, n, s: None, "you say that it never breaks, whatever is given"),
)  # fmt: skip


class _Asked:
    """The hit rate at each gap, and how often it was asked for."""

    def __init__(self, what: str, gaps: Sequence, rates: Sequence):
        self.what, self.rates = what, dict(zip(gaps, rates, strict=True))
        self.times = dict.fromkeys(gaps, 0)
        self.trouble, self.__name__ = "", "hit_rate"

    def __call__(self, gap) -> float:
        one = np.ndim(gap) == 0
        if not one or gap not in self.rates:
            which = f"gap {gap:.4g}, which is not in the sequence" if one else "several gaps"
            self.trouble = self.trouble or f"hit_rate is asked for {which}; ask for one of its gaps"
            return 0.0 if one else np.zeros(np.shape(gap))
        self.times[gap] += 1
        if self.times[gap] > 1:
            self.trouble = self.trouble or (
                f"hit_rate is asked twice for gap {gap:g}; each time costs an experiment"
            )
        return self.rates[gap]

    def __deepcopy__(self, memo):
        return self


@part("12.5")
def breaks_at(answer: Answer) -> None:
    """`answer(hit_rate, gaps, episodes, sure)` is the gap from which on it breaks, or None."""
    came, unasked, trouble = [], [], ""
    for what, gaps, rates, episodes, sure in CASES:
        asked = _Asked(what, gaps, rates)
        try:
            got = answer(asked, np.array(gaps), episodes, sure)
            came.append(got if got is None else number(got, f"{what}: what came back"))
        except CheckFailed:
            require(not asked.trouble, f"{what}: {asked.trouble}")
            raise
        unasked.append([gap for gap, times in asked.times.items() if not times])
        trouble = trouble or (asked.trouble and f"{what}: {asked.trouble}")
    given = [(np.array(g), np.array(r), n, sure) for _, g, r, n, sure in CASES]
    hint = explained(came, given, MISTAKES, "")
    require(not trouble, trouble)
    for (what, *_), each, got, never in zip(CASES, given, came, unasked, strict=True):
        right, why = alike(got, _due(*each)), hint or _otherwise(each, got, never)
        require(right, f"{what}: {brief(got)} came back, for gaps {brief(each[0].tolist())} and "
                f"{each[2]} episode{'s'[: each[2] > 1]}; {why}")  # fmt: skip


def _otherwise(given: tuple, got: float | None, unasked: list) -> str:
    """A hint for what no mistake explains: did it overlook that hits come back?"""
    gaps, rates, episodes, sure = given
    back = gaps[~_fails(rates, episodes, sure)]
    for gap in back[back > got] if got is not None else []:
        if gap in unasked:
            return (
                f"you did not ask for gap {gap:g}; halving finds the place only where hits, once "
                "they end, never come back"
            )
    return "write the chance of at least one hit down for every gap, and read from the end"
