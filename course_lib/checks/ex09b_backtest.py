"""Checks of exercise 09b: a backtest that pays its costs and does not see the future."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_lib.checks.ex09b_arrays import array
from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, CheckFailed, brief, part, require


class Case(NamedTuple):
    """What `backtest` gets, but for the rule; `wanted` (T, n) is what the rule will want."""

    prices: np.ndarray  # (T + 1, n)
    spread: float
    impact: float
    latency: int
    wanted: np.ndarray


class _Rule:
    """A stand-in that wants what is written down, and watches what it is shown."""

    def __init__(self, case: Case, what: str):
        self.case, self.what, self.asked = case, what, []

    __name__ = "rule"

    def __deepcopy__(self, memo) -> "_Rule":
        return self

    def __call__(self, history) -> np.ndarray:
        """The positions (n,) for prices up to now (t + 1, n)."""
        prices, (steps, n) = self.case.prices, self.case.wanted.shape
        shape = np.shape(history)
        if len(shape) != 2 or shape[1] != n:
            raise CheckFailed(f"{self.what}: the rule got an array of shape {shape}; it is to see "
                              f"all prices up to now, (t + 1, {n})")  # fmt: skip
        now = shape[0] - 1
        if now < 0:
            raise CheckFailed(f"{self.what}: at first the rule is shown no price at all; the "
                              "present one is known")  # fmt: skip
        if now >= steps and len(self.asked) < steps:
            raise CheckFailed(f"{self.what}: the rule is shown all prices of the day at once, the "
                              "future included; show it those up to now")  # fmt: skip
        if now >= steps:
            raise CheckFailed(f"{self.what}: the rule is asked once more at the last price, where "
                              "the day is over; ask it at t = 0, 1, … T - 1")  # fmt: skip
        if not np.array_equal(history, prices[: now + 1]):
            shifted = np.allclose(history, prices[: now + 1] - prices[0])
            hint = "; they were shifted to start at 0, show them as they are" if shifted else ""
            raise CheckFailed(f"{self.what}: the {now + 1} prices that the rule got are not the "
                              f"first {now + 1} of the day{hint}")  # fmt: skip
        if now > len(self.asked):
            raise CheckFailed(f"{self.what}: at step {len(self.asked)} the rule is shown "
                              f"{now + 1} prices; some of them are yet to come")  # fmt: skip
        if now < len(self.asked):
            raise CheckFailed(f"{self.what}: the rule is asked about step {now} again; ask it once "
                              "at each moment, and keep what it said")  # fmt: skip
        self.asked.append(now)
        return self.case.wanted[now].copy()


def _case(seed: int, steps: int, n: int, spread=0.0, impact=0.0, latency=0, sizes=(-1, 0, 1)):
    draw = np.random.default_rng([903, seed])
    prices = np.vstack([np.zeros((1, n)), draw.normal(0, 10, (steps, n)).cumsum(axis=0)])
    wanted = draw.choice(np.array(sizes, float), (steps, n))
    return Case(prices + draw.normal(0, 50, n), spread, impact, latency, wanted)


def _planted(latency: int) -> Case:
    """A price that jumps once, and a rule that joins as soon as it has seen the jump."""
    prices = np.repeat(np.minimum(np.arange(13.0), 5)[:, None], 2, axis=1)
    prices[6:] += [50.0, -50.0]
    wanted = np.zeros((12, 2))
    wanted[6:] = [1.0, -1.0]
    return Case(prices, 0.0, 0.0, latency, wanted)


def _cases() -> list[tuple[str, Case]]:
    return [
        ("no costs", _case(0, 30, 4)),
        ("a spread", _case(1, 30, 3, spread=4.0)),
        ("slippage", _case(2, 30, 3, impact=1.5)),
        ("a latency of 1", _case(3, 20, 3, latency=1)),
        ("a latency of 3", _case(4, 20, 3, latency=3)),
        ("all of it", _case(5, 40, 5, 3.0, 1.2, 2)),
        ("positions of any size", _case(6, 25, 3, 2.0, 1.0, 1, sizes=(-1, -0.25, 0.5, 2.0))),
        ("as many accounts as steps", _case(7, 6, 6, 2.0, 1.0, 1)),
        ("a day of one step", _case(8, 1, 3, 2.0, 1.0, 0, sizes=(-1, 1))),
        ("a latency longer than the day", _case(9, 3, 2, 2.0, 1.0, 5)),
        ("a long day", _case(10, 120, 2, 1.0, 0.5, 1)),
    ]


def _held(case: Case, latency: int) -> np.ndarray:
    """Positions (T, n) from each moment to the next."""
    return np.vstack([np.zeros((latency, case.wanted.shape[1])), case.wanted])[: len(case.wanted)]


def _cost(case: Case, size: np.ndarray) -> np.ndarray:
    return size * (case.spread / 2 + case.impact * np.sqrt(size))


def _path(*rows: np.ndarray) -> np.ndarray:
    """Positions one after the other, and none before and after."""
    nothing = np.zeros((1, rows[0].shape[1]))
    return np.vstack([nothing, *rows, nothing])


def _run(case: Case, *, held: np.ndarray | None = None, early: int = 0, close: bool = True,
         spread: float = 0.5, root: Callable = np.sqrt, size: Callable = abs,
         fee: Callable | None = None, begin: bool = True, ends: int = 0) -> np.ndarray:  # fmt: skip
    """The profits (n,); every argument but the case is a mistake."""
    steps, n = case.wanted.shape
    held = _held(case, case.latency) if held is None else held
    moved = np.diff(case.prices, axis=0)
    if early:
        moved = np.vstack([np.zeros((early, n)), moved[:-early]])
    trades = np.diff(_path(held), axis=0)[: None if close else -1]
    if not begin:
        trades[case.latency if case.latency < len(trades) else 0] = 0.0
    sizes = size(trades)
    costs = sizes * (spread * case.spread + case.impact * root(np.abs(sizes)))
    costs = costs if fee is None else fee(case, held)
    return (held * moved)[: steps - ends].sum(axis=0) - costs.sum(axis=0)


def _bought(held: np.ndarray) -> np.ndarray:
    return np.maximum(held, 0)


# What is decided at t is held somewhere else than from t + latency on.


def _ahead(case: Case) -> np.ndarray:
    """Shifted the wrong way."""
    steps, after = len(case.wanted), np.zeros_like(case.wanted)
    return np.vstack([case.wanted[case.latency :], after])[:steps]


def _ahead_to_the_last(case: Case) -> np.ndarray:
    """Shifted the wrong way, and the last one stays."""
    steps = len(case.wanted)
    return case.wanted[np.minimum(np.arange(steps) + case.latency, steps - 1)]


def _rolled(case: Case) -> np.ndarray:
    return np.roll(case.wanted, case.latency, axis=0)


# Costs that are not those of the trades.


def _each_step(case: Case, held: np.ndarray) -> np.ndarray:
    """Costs of a position for each step that it is held."""
    return _cost(case, np.abs(held))


def _per_trade(case: Case, held: np.ndarray) -> np.ndarray:
    changes = np.diff(_path(held), axis=0) != 0
    return changes * (case.spread / 2 + case.impact)


def _due_at_the_end(case: Case, held: np.ndarray) -> np.ndarray:
    """An order that is due with the last price is traded, and closed at once."""
    late = np.vstack([np.zeros((case.latency, held.shape[1])), case.wanted])
    return _cost(case, np.abs(np.diff(_path(late[: len(held) + 1]), axis=0)))


def _no_row_above(case: Case, held: np.ndarray) -> np.ndarray:
    return _cost(case, np.abs(np.diff(_path(held)[1:], axis=0)))


def _free_impact_at_the_close(case: Case, held: np.ndarray) -> np.ndarray:
    costs = _cost(case, np.abs(np.diff(_path(held), axis=0)))
    costs[-1] = np.abs(held[-1]) * case.spread / 2
    return costs


def _two_trades(case: Case, held: np.ndarray) -> np.ndarray:
    """Who turns from long to short closes first, and opens then."""
    before, after = _path(held)[:-1], _path(held)[1:]
    apart = _cost(case, np.abs(before)) + _cost(case, np.abs(after))
    return np.where(before * after < 0, apart, _cost(case, np.abs(after - before)))


MISTAKES = (
    (lambda c: _run(c, early=1), "look-ahead: a position earns the step that led to it, which was "
     "over when the rule decided"),
    (lambda c: _run(c, held=_held(c, max(c.latency - 1, 0))), "trades take place one step too "
     "early"),
    (lambda c: _run(c, held=_held(c, c.latency + 1)), "trades take place one step too late"),
    (lambda c: _run(c, held=_held(c, 0)), "the latency has no effect"),
    (lambda c: _run(c, held=_ahead(c)), "look-ahead: with a latency, trades come earlier than the "
     "decision; shift them the other way"),
    (lambda c: _run(c, held=_ahead_to_the_last(c)), "look-ahead: with a latency, trades come "
     "earlier than the decision; shift them the other way"),
    (lambda c: _run(c, held=_rolled(c)), "the last orders of a day appear at its start"),
    (lambda c: _run(c, held=_held(c, max(c.latency, 1))), "with latency 0, what is decided at t is "
     "traded at t; ask the rule before you trade"),
    (lambda c: _run(c) * (c.latency > 0), "with latency 0, what is decided at t is traded at t; "
     "ask the rule before you trade"),
    (lambda c: _run(c, fee=_due_at_the_end), "an order that is due at T is never traded"),
    (lambda c: _run(c, fee=_free_impact_at_the_close), "closing pays the impact, too"),
    (lambda c: _run(c, fee=_two_trades), "from long to short is one trade, of the whole change"),
    (lambda c: _run(c, close=False), "what is left at the end has to be closed, at a cost"),
    (lambda c: _run(c, spread=1.0), "a trade pays half of the spread: it is from the selling to "
     "the buying price"),
    (lambda c: _run(c, spread=0.0), "the spread costs nothing"),
    (lambda c: _run(c, root=lambda x: 0.0), "the impact costs nothing"),
    (lambda c: _run(c, spread=0.0, root=lambda x: 0.0), "trades cost nothing"),
    (lambda c: _run(c, root=lambda x: 1.0), "the slippage per unit grows with the root of the "
     "size; here it does not grow"),
    (lambda c: _run(c, root=lambda x: x), "the slippage per unit grows with the root of the size, "
     "not with the size"),
    (lambda c: _run(c, root=lambda x: 1 / np.sqrt(np.maximum(x, 1e-12))), "the cost of a trade is "
     "its size times (spread / 2 + impact √size); in yours, only the "
     "spread part is multiplied by size"),
    (lambda c: _run(c, size=lambda x: x), "who sells pays, too: a size has no sign"),
    (lambda c: _run(c, size=_bought), "who sells pays, too"),
    (lambda c: _run(c, fee=_each_step), "a position costs when it changes, not as long as it is "
     "held"),
    (lambda c: _run(c, fee=_per_trade), "a large trade costs more than a small one"),
    (lambda c: 2 * _run(c, spread=0, root=lambda x: 0.0) - _run(c), "costs are taken off, not "
     "added"),
    (lambda c: _run(c, begin=False), "the first trade costs, too: a day begins without a "
     "position"),
    (lambda c: _run(c, fee=_no_row_above), "the first trade costs, too, also at t = 0"),
    (lambda c: _run(c, ends=1), "the last step is missing"),
    (lambda c: -_run(c, spread=0, root=lambda x: 0.0), "the sign: a position above 0 earns where "
     "the price rises"),
    (lambda c: np.full(c.prices.shape[1], _run(c).sum()), "each account has a profit of its own"),
    (lambda c: np.full(c.prices.shape[1], _run(c).mean()), "each account has a profit of its own; "
     "no mean was asked for"),
    (lambda c: _run(c).round(1), "it is rounded"),
)  # fmt: skip


@part("09b.3")
def backtest(answer: Answer) -> None:
    """`answer(rule, prices, spread, impact, latency)` are the profits (n,) of a day."""
    came, given = [], []
    for what, case in [("a rule that reacts to a jump", _planted(0)), *_cases()]:
        got = _profits(answer, what, case)
        came.append(got)
        given.append((case,))
    hint = explained(came[1:], given[1:], MISTAKES, "write down price, position and trade of every "
                     "step of a short day")  # fmt: skip
    jump = came[0]
    require(not (jump > 1).any(), "look-ahead! The price jumps, a rule joins after it has seen "
            f"the jump, and your backtest pays it {jump[0]:.4g} bp; {hint}")  # fmt: skip
    require(alike(jump, np.zeros(2)), "a price jumps once, and a rule joins after that: nothing "
            f"is left to earn, but your profits are {brief(jump.tolist())}; {hint}")  # fmt: skip
    for (what, _), (case,), got in zip(_cases(), given[1:], came[1:], strict=True):
        due = _run(case)
        wrong = np.flatnonzero(~np.isclose(got, due, rtol=1e-6, atol=1e-9))
        if wrong.size:
            i = wrong[0]
            require(False, f"{what}: the profit of account {i} is not {got[i]:.5g}; {hint}")


def _profits(answer: Answer, what: str, case: Case) -> np.ndarray:
    steps, n = case.wanted.shape
    rule = _Rule(case, what)
    got = array(
        answer(rule, case.prices, case.spread, case.impact, case.latency), (n,), f"{what}: profits"
    )
    due = list(range(steps))
    missing = sorted(set(due) - set(rule.asked))
    # An order that comes too late to be filled need not be asked for.
    needed = [t for t in missing if t + case.latency < steps]
    require(not needed, f"{what}: the rule was never asked at step {(needed or [0])[0]} of "
            f"{steps}; it decides at each step but the last price")  # fmt: skip
    return got
