"""Checks of exercise 09c: who is passed over, and which calls keep a promise."""

import numpy as np

from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, brief, numbers, part, require

ASKED_NOW = ("who asked just now has waited 0 days and can be called up; columns 0 and 1 tell "
             "whether anybody is there")  # fmt: skip

# 09c.2


def lists(draw: np.random.Generator, n: int, empty: float = 0.3) -> np.ndarray:
    """Made-up observations (n, 5) with some empty lists, whose longest wait is 0."""
    count = draw.integers(1, 9, (n, 2)) * (draw.random((n, 2)) > empty) / 20
    waits = draw.uniform(0, 6, (n, 2)) * (count > 0)
    return np.column_stack([count, waits, draw.random(n)]).astype(np.float32)


def _shadow_cases() -> list[tuple]:
    """What it is, observations (n, 5), actions (n,)."""
    draw = np.random.default_rng(902)
    some, full = lists(draw, 300), lists(draw, 200, empty=0.0)
    even = full.copy()
    even[:100, 3] = even[:100, 2]
    never = full.copy()
    never[:, 3] = never[:, 2] + 1
    return [
        ("300 decisions", some, draw.integers(2, size=300)),
        ("both lists always full", full, draw.integers(2, size=200)),
        ("mostly complex calls", some, (draw.random(300) < 0.8).astype(int)),
        ("some equal waits", even, draw.integers(2, size=200)),
        ("complex patients always first in line", never, draw.integers(2, size=200)),
        ("no real choice at all", lists(draw, 40, empty=1.0), draw.integers(2, size=40)),
        ("one decision", np.array([[0.1, 0.1, 1, 2, 0.5]]), np.array([0])),
        ("somebody who asked just now", np.array([[0.1, 0.1, 0, 3, 0.5], [0.1, 0.1, 4, 0, 0.5]]),
         np.array([0, 0])),
    ]  # fmt: skip


def _shares(o, a, *, real=None, due=None, over=None, hit=None) -> np.ndarray:
    """Shares passed over, with one thing done otherwise."""
    choice = (o[:, :2] > 0).all(axis=1) if real is None else real(o)
    shares = np.zeros(2)
    for g in (0, 1):
        mine = choice & (o[:, 2 + g] > o[:, 3 - g] if due is None else due(o, g))
        passed = mine & (a != g if hit is None else hit(a, g))
        n = mine.sum() if over is None else over(o, a, choice, g)
        shares[g] = passed.sum() / n if n else 0.0
    return shares


def _everywhere(o):
    return np.ones(len(o), dtype=bool)


def _ties_to(group):
    """Who is due, where of two equal waits this group's counts as the longer one."""
    return lambda o, g: o[:, 2 + g] >= o[:, 3 - g] if g == group else o[:, 2 + g] > o[:, 3 - g]


SHADOW_MISTAKES = (
    (lambda o, a: _shares(o, a, real=_everywhere), "where one list is empty there is no real "
     "choice, whatever the action says"),
    (lambda o, a: _shares(o, a, real=lambda o: (o[:, 2:4] > 0).all(axis=1)), ASKED_NOW),
    (lambda o, a: _shares(o, a, due=lambda o, g: o[:, 2 + g] >= o[:, 3 - g]), "equal waits are not "
     "strictly longer"),
    (lambda o, a: _shares(o, a, due=_ties_to(0)), "equal waits are not strictly longer; they count "
     "for neither group, and you give them to routine"),
    (lambda o, a: _shares(o, a, due=_ties_to(1)), "equal waits are not strictly longer; they count "
     "for neither group, and you give them to complex"),
    (lambda o, a: _shares(o, a, over=lambda o, a, r, g: (o[:, 2 + g] > o[:, 3 - g]).sum()), "you "
     "divide by all rows in which the group has waited longer; of what is it the share?"),
    (lambda o, a: _shares(o, a, over=lambda o, a, r, g: len(o)), "the share is of the choices in "
     "which the group has waited longer, not of all decisions"),
    (lambda o, a: _shares(o, a, over=lambda o, a, r, g: r.sum()), "the share is of the choices in "
     "which the group has waited longer, not of all real choices"),
    (lambda o, a: _shares(o, a, over=lambda o, a, r, g: (r & (a != g)).sum()), "you divide by the "
     "calls of the other group; of what is it the share?"),
    (lambda o, a: _shares(o, a, over=lambda o, a, r, g: 1), "that is how many; a share was asked "
     "for"),
    (lambda o, a: _shares(o, a, hit=lambda a, g: a == g), "that is how often each group is called "
     "when it is its turn"),
    (lambda o, a: _shares(o, a)[::-1], "routine comes first"),
    (lambda o, a: _shares(o, a, due=lambda o, g: o[:, 2 + g] < o[:, 3 - g]), "a group is passed "
     "over where it has waited longer, not shorter"),
    (lambda o, a: _shares(o, a, due=lambda o, g: o[:, g] > o[:, 1 - g]), "you compare how many "
     "there are; the waits are in columns 2 and 3"),
    (lambda o, a: _shares(o, a, due=lambda o, g: _everywhere(o)), "only choices count in which the "
     "group has waited longer than the other one"),
    (lambda o, a: 100 * _shares(o, a), "a share lies between 0 and 1; this is in per cent"),
    (lambda o, a: np.full(2, _shares(o, a)[0]), "both shares are that of the routine group"),
    (lambda o, a: np.full(2, _shares(o, a)[1]), "both shares are that of the complex group"),
    (lambda o, a: _shares(o, a).round(2), "it is rounded"),
    (lambda o, a: np.zeros(2), "you say that nobody is ever passed over"),
)  # fmt: skip


@part("09c.2")
def passed_over(answer: Answer) -> None:
    """`answer(observations, actions)` are the shares (2,) in which a group is passed over."""
    cases = _shadow_cases()
    came = [numbers(answer(o, a), (2,), f"{what}: what came back") for what, o, a in cases]
    given = [(o, a) for _, o, a in cases]
    hint = explained(came, given, SHADOW_MISTAKES, "go through three rows by hand")
    for (what, o, a), got in zip(cases, came, strict=True):
        require(alike(got, _shares(o, a)), f"{what}: the shares are not {brief(got.round(3))}; "
                f"{hint}")  # fmt: skip


# 09c.3


def _promise_cases() -> list[tuple]:
    """What it is, observations (n, 5), actions (n,), limit."""
    draw = np.random.default_rng(903)
    some, full = lists(draw, 300), lists(draw, 200, empty=0.0)
    exact = np.repeat([[0.1, 0.1, 1, 2, 0], [0.1, 0.1, 2, 2, 0], [0.1, 0.1, 3, 3, 0]], 2, axis=0)
    return [
        ("300 decisions", some, draw.integers(2, size=300), 2.5),
        ("both lists always full", full, draw.integers(2, size=200), 3.0),
        ("a limit of zero", some, draw.integers(2, size=300), 0.0),
        ("a limit beyond all waits", full, draw.integers(2, size=200), 50.0),
        ("waits exactly at the limit, or equal", exact, np.tile([0, 1], 3), 2.0),
        ("only routine calls", some, np.zeros(300, dtype=int), 1.0),
        ("only complex calls", some, np.ones(300, dtype=int), 1.0),
        ("one decision", full[:1], np.array([1]), 0.5),
        ("somebody who asked just now", np.array([[0.1, 0.1, 0, 3, 0.5], [0.1, 0.1, 4, 0, 0.5]]),
         np.array([0, 1]), 2.0),
    ]  # fmt: skip


def _parts(o, a) -> tuple:
    """Called, other wait; how many of the called and the other group."""
    rows = np.arange(len(a))
    return o[rows, 2 + a], o[rows, 3 - a], o[rows, a], o[rows, 1 - a]


def _allowed(o, a, limit) -> np.ndarray:
    called, other, there, _ = _parts(o, a)
    return ~((there > 0) & (other > limit) & (other > called))


def _broken(rule):
    """A mistake: `rule(called, other, there, others, limit, actions)` says what is not allowed."""
    return lambda o, a, limit: ~rule(*_parts(o, a), limit, a)


PROMISE_MISTAKES = (
    (lambda o, a, limit: ~_allowed(o, a, limit), "it says where an action is not allowed; turn it "
     "round"),
    (_broken(lambda c, w, t, n, limit, a: (w > limit) & (w > c)), "if nobody of the called group "
     "is there, the other one is served anyway, and nobody is passed over"),
    (_broken(lambda c, w, t, n, limit, a: (c > 0) & (w > limit) & (w > c)), ASKED_NOW),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (c > limit) & (c > w)), "you exchange the two "
     "waits; who is called, and who waits on?"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (n > limit) & (n > t)), "columns 0 and 1 tell "
     "how many there are; the waits are in columns 2 and 3"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > limit)), "whoever is called may have "
     "waited even longer, and is nobody's fault then"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > c)), "up to the limit the policy may "
     "choose as it likes"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w >= limit) & (w > c)), "who has waited "
     "exactly as long as the limit has not waited longer"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > limit) & (w >= c)), "of two who have "
     "waited equally long none is passed over"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > limit) & (w > c) & (a == 0)), "the "
     "promise names no group; a complex call can break it as well"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > limit) & (w > c) & (a == 1)), "the "
     "promise names no group; a routine call can break it as well"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w - c > limit)), "the limit is for the wait "
     "itself, not for the difference of two waits"),
    (_broken(lambda c, w, t, n, limit, a: (n > 0) & (c > limit) & (c > w)), "you protect the one "
     "who is called; look at the other group"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (c > limit) & (w > c)), "it is the other one's "
     "wait that is compared with the limit"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > limit) & (w < c)), "it is allowed to call "
     "the one who has waited longer; you forbid that"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & (w > limit / 5) & (w > c)), "columns 2 and 3 "
     "are in days already, as the limit is"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) & ((w > limit) | (w > c))), "both "
     "must hold: a wait above the limit, and one above that of who is called"),
    (_broken(lambda c, w, t, n, limit, a: (t > 0) | (w > limit) | (w > c)), "all three conditions "
     "must hold together"),
    (_broken(lambda c, w, t, n, limit, a: np.zeros(len(a), bool)), "you allow everything"),
    (_broken(lambda c, w, t, n, limit, a: np.ones(len(a), bool)), "you allow nothing"),
)  # fmt: skip


@part("09c.3")
def fair_call(answer: Answer) -> None:
    """`answer(observations, actions, limit)` is where actions are allowed, (n,) bool."""
    cases = _promise_cases()
    came = []
    for what, *given in cases:
        told = answer(*given)
        came.append(numbers(told, given[1].shape, f"{what}: what came back"))
        kind = np.asarray(told).dtype
        require(kind.kind == "b", f"{what}: each entry should be True or False, whether the action "
                f"is allowed; what came back is of {kind}, not of bool")  # fmt: skip
    given = [tuple(each) for _, *each in cases]
    hint = explained(came, given, PROMISE_MISTAKES, "go through the five rows of hint 2")
    for (what, o, a, limit), got in zip(cases, came, strict=True):
        wrong = np.flatnonzero(got != _allowed(o, a, limit))
        if wrong.size:
            i = wrong[0]
            require(False, f"{what}, limit {limit:g}: for lists of ({o[i, 0]:.3g}, {o[i, 1]:.3g})"
                    f", the waits ({o[i, 2]:.3g}, {o[i, 3]:.3g}) and the action {a[i]} you "
                    f"return {got[i] > 0}, {got[i] <= 0} is right; {hint}")  # fmt: skip
