"""Checks of exercise 12: what a skill earns for being told apart, where the task is done."""

import numpy as np

from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, CheckFailed, numbers, part, require


def _log_q(draw: np.random.Generator, m: int, n: int) -> np.ndarray:
    """Log-probabilities (m,) from sure of the skill to nearly sure of another one."""
    return np.log(draw.beta(0.7, 0.7 * (n - 1) / 2, m))


def _cases() -> list[tuple]:
    """What it is, log_q (m,), n, returns (m,), best, slack; the last two are special."""
    draw = np.random.default_rng(1203)
    never = np.array([-np.inf, np.log(0.9), -np.inf, np.log(0.6)])
    steps = np.array([1.0, 1.5, 1.75, 2.0, 2.25, 3.0])
    return [
        ("12 episodes and 5 skills", _log_q(draw, 12, 5), 5, draw.normal(8, 1, 12), 9.0, 1.5),
        ("200 episodes and 15 skills", _log_q(draw, 200, 15), 15, draw.normal(0, 1, 200), 1.0, 0.8),
        ("a task whose returns are below zero", _log_q(draw, 30, 8), 8, draw.normal(-6, 1, 30),
         -5.0, 0.7),
        ("returns of 0 and 1, best 1 and slack 0.5", _log_q(draw, 30, 4), 4,
         1.0 * draw.integers(2, size=30), 1.0, 0.5),
        ("a return of exactly best - slack", np.log([0.9, 0.8, 0.7, 0.9, 0.6, 0.9]), 3, steps, 2.0,
         0.25),
        ("slack 0", np.log([0.9, 0.8, 0.7, 0.9, 0.6, 0.9]), 3, steps, 2.0, 0.0),
        ("an infinite slack", _log_q(draw, 40, 6), 6, draw.normal(0, 9, 40), 4.0, np.inf),
        ("all returns above the best", _log_q(draw, 20, 5), 5, draw.uniform(7, 9, 20), 6.0, 0.1),
        ("all returns too low", _log_q(draw, 20, 5), 5, draw.uniform(-9, 0, 20), 6.0, 2.0),
        ("one skill", np.zeros(5), 1, draw.normal(0, 1, 5), 0.0, 1.0),
        ("a guess: q = 1/n", np.full(6, -np.log(6)), 6, np.full(6, 2.0), 2.0, 1.0),
        ("sure of the skill: q = 1", np.zeros(6), 6, np.full(6, 2.0), 2.0, 1.0),
        ("one episode", np.log([0.8]), 4, np.array([1.0]), 1.2, 0.5),
        ("q = 0 in some episodes", never, 4, np.array([5.0, 5.0, 1.0, 1.0]), 5.0, 1.0),
        ("no episode", np.zeros(0), 4, np.zeros(0), 1.0, 0.5),
    ]  # fmt: skip


def _pay(log_q, n, returns, best, slack, *, told=None, floor=0.0, gate=None, unpaid=0.0):
    """The reward with one thing done otherwise."""
    told = log_q + np.log(n) if told is None else told
    gate = returns >= best - slack if gate is None else gate
    return np.where(gate, np.maximum(told, floor), unpaid)


def _due(*given) -> np.ndarray:
    return _pay(*given)


def _gated(formula) -> tuple:
    """A mistake in who is paid: `formula(returns, best, slack)`."""
    return lambda q, n, r, b, s: _pay(q, n, r, b, s, gate=formula(r, b, s))


def _told(formula) -> tuple:
    """A mistake in what is paid: `formula(log_q, n)`."""
    return lambda q, n, r, b, s: _pay(q, n, r, b, s, told=formula(q, n))


def _top(returns: np.ndarray) -> float:
    return returns.max() if returns.size else 0.0


MISTAKES = (
    (lambda q, n, r, b, s: _pay(q, n, r, b, s, floor=-np.inf), "nobody pays for being mistaken for "
     "another skill; what is the least that can be earned?"),
    (lambda q, n, r, b, s: np.zeros(q.shape), "nobody ever earns anything, not even where the "
     "discriminator is sure"),
    (_told(lambda q, n: -q), "more is due where the skill is told more surely"),
    (_told(lambda q, n: q + np.log2(n)), "the logarithms have different bases, 2 and e"),
    (_told(lambda q, n: q + np.log10(n)), "the logarithms have different bases, 10 and e"),
    (_told(lambda q, n: (q + np.log(n)) / np.log(2)), "natural logarithms were asked for, and "
     "these are to base 2"),
    (_told(lambda q, n: (q + np.log(n)) / np.log(10)), "natural logarithms were asked for, and "
     "these are to base 10"),
    (_told(lambda q, n: np.maximum(q, 0) + np.log(n)), "all that are paid earn alike; "
     "how surely a skill is told matters, and so does where you cut at zero"),
    (_told(lambda q, n: np.exp(q) * n), "that is a ratio of probabilities; its logarithm was asked "
     "for"),
    (_told(lambda q, n: np.exp(q) - 1 / n), "that is a difference of probabilities; logarithms "
     "were asked for"),
    (_told(lambda q, n: q + n), "the logarithm of n is added, not n"),
    (_told(lambda q, n: q + np.log(max(len(q), 1))), "n counts skills, not episodes"),
    (_told(lambda q, n: 1.0 * (q > -np.log(n))), "how surely a skill is told matters, too"),
    (_gated(lambda r, b, s: r > b - s), "exactly best - slack is enough"),
    (_gated(lambda r, b, s: r <= b - s), "those are paid who do the task badly"),
    (_gated(lambda r, b, s: r < b - s), "those are paid who do the task badly, and no others"),
    (_gated(lambda r, b, s: abs(r - b) <= s), "who is better than the best so far does the task, "
     "too"),
    (_gated(lambda r, b, s: r >= b + s), "slack lowers what has to be reached"),
    (_gated(lambda r, b, s: r >= b), "slack is left out"),
    (_gated(lambda r, b, s: r >= s), "it depends on the best how much is enough"),
    (_gated(lambda r, b, s: r >= -s), "it depends on the best how much is enough; it is not 0"),
    (_gated(lambda r, b, s: r >= (1 - s) * b), "slack is a difference of returns, not a share"),
    (_gated(lambda r, b, s: r >= b * s), "slack is a difference of returns, not a factor"),
    (_gated(lambda r, b, s: r >= _top(r) - s), "best is given; it is not the best of these "
     "episodes"),
    (_gated(lambda r, b, s: r >= max(b, _top(r)) - s), "best is given, and stays what it is if "
     "some episodes surpass it"),
    (_gated(lambda r, b, s: np.full(r.shape, r.size > 0 and r.mean() >= b - s)), "each episode "
     "passes the gate, or does not, by itself"),
    (_gated(lambda r, b, s: np.full(r.shape, bool((r >= b - s).all()))), "each episode passes the "
     "gate by itself; not all need to"),
    (_gated(lambda r, b, s: np.full(r.shape, bool((r >= b - s).any()))), "each episode passes the "
     "gate by itself; another one's return is of no use"),
    (_gated(lambda r, b, s: np.full(r.shape, bool((r[:1] >= b - s).all()))), "each episode passes "
     "the gate by itself; you look at the first one"),
    (_gated(lambda r, b, s: np.full(r.shape, True)), "all are paid, whether or not they do the "
     "task"),
    (lambda q, n, r, b, s: _pay(q, n, r, b, s, unpaid=-1.0), "who misses the gate earns nothing, "
     "and loses nothing"),
    (lambda q, n, r, b, s: _pay(q, n, r, b, s) + r, "the task's return opens the gate; it is not "
     "paid"),
    (lambda q, n, r, b, s: _pay(q, n, r, b, s) * r, "the task's return opens the gate; it is no "
     "factor"),
)  # fmt: skip


@part("12.3")
def diversity_reward(answer: Answer) -> None:
    """`answer(log_q, n, returns, best, slack)` are the rewards (m,) of m episodes."""
    *cases, never, nothing = _cases()
    _judge(answer, cases)
    _judge(answer, [never])  # after the others, for what is infinite hides every other mistake
    try:
        _judge(answer, [nothing])  # last, for what is raised here hides the others, too
    except CheckFailed as problem:
        said = str(problem).removeprefix("no episode: ")
        raise CheckFailed(f"m may be 0, and then {said}") from None


def _judge(answer: Answer, cases: list[tuple]) -> None:
    came, given = [], [tuple(each) for _, *each in cases]
    for (what, *_), each in zip(cases, given, strict=True):
        came.append(_rewards(answer(*each), each, f"{what}: the rewards"))
    otherwise = "take one episode through it, first the gate and then the pay"
    hint = explained(came, given, MISTAKES, otherwise)
    for (what, *_), each, got in zip(cases, given, came, strict=True):
        due = _due(*each)
        for q, reached, earned, right in zip(each[0], each[2], got, due, strict=True):
            require(alike(earned, right), f"{what}: a return of {reached:.4g} and q = "
                    f"{np.exp(q):.3g} do not earn {earned:.4g}; {hint}")  # fmt: skip


def _rewards(value, given: tuple, what: str) -> np.ndarray:
    """Rewards (m,), all finite; where they are not, the logarithm of a logarithm has a hint."""
    try:
        return numbers(value, given[0].shape, what)
    except CheckFailed as problem:
        came = np.asarray(value)
        if came.dtype.kind != "f" or not np.isnan(came).any() or np.isinf(given[0]).any():
            raise
        raise CheckFailed(f"{problem}; log_q is a logarithm already, and a number below 0 has "
                          "none") from None  # fmt: skip
