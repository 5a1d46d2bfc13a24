"""Checks of exercise 09b: a stop that ends an account's day, and a new day that begins."""

import numpy as np

from course_lib.checks.ex09b_arrays import array
from course_lib.teach.checking import Answer, CheckFailed, brief, part, require, safely
from course_lib.worlds.market import DRAWDOWN, FLAT, LEFT, LONG, PROFIT, SHORT


class _Inner:
    """A stand-in for a policy: does what is written down; never wants to be flat."""

    __name__ = "policy"

    def __init__(self, actions: np.ndarray):
        self.actions, self.step = actions, 0
        self.given = None  # the observations that it should get, if anybody looks
        self.deceived = False

    def __deepcopy__(self, memo) -> "_Inner":
        return self

    def __call__(self, seen) -> np.ndarray:
        """The next row of actions (n,)."""
        if np.ndim(seen) != 2 or np.shape(seen)[1] != 8:
            raise CheckFailed(f"the policy got an array of shape {np.shape(seen)}; hand it the "
                              "observations (n, 8) as they came")  # fmt: skip
        row = self.actions[min(self.step, len(self.actions) - 1)]
        if len(seen) != len(row):
            raise CheckFailed(f"the policy was asked about {len(seen)} of {len(row)} accounts; ask "
                              "it about all, and overrule it afterwards")  # fmt: skip
        self.deceived |= self.given is not None and not np.array_equal(seen, self.given)
        self.step += 1
        return row  # its own array


def _day(drawdown: np.ndarray, profit: float = -0.5) -> np.ndarray:
    """Observations (T, n, 8) of a day with these drawdowns (T, n) in bp."""
    steps, n = drawdown.shape
    seen = np.zeros((steps, n, 8), dtype=np.float32)
    seen[:, :, LEFT] = (1 - np.arange(steps) / 78)[:, None]
    seen[:, :, PROFIT] = profit
    seen[:, :, DRAWDOWN] = drawdown / 100
    return seen


def _played(answer: Answer, limit: float, days: list[np.ndarray], what: str) -> list[np.ndarray]:
    """Actions (T, n) of the answer on each day, with one and the same policy."""
    draw = np.random.default_rng(905)
    rows = [draw.choice([SHORT, LONG], day.shape[:2]) for day in days]
    inner = _Inner(np.vstack(rows) if len({r.shape[1] for r in rows}) == 1 else rows[0])
    stopped = answer(inner, limit)
    require(callable(stopped), f"{brief(stopped)} came back; return a policy: a function of the "
            "observations, or an object that can be called")  # fmt: skip
    came = []
    for day, row in zip(days, rows, strict=True):
        inner.actions, inner.step = row.copy(), 0
        actions = []
        for t, seen in enumerate(day):
            inner.given = before = seen.copy()
            with safely("your policy is asked for actions"):
                out = stopped(seen)
            got = _actions(out, row.shape[1:], f"{what}: the actions")
            require(np.array_equal(inner.actions, row), f"{what}: you write into the array that "
                    "`policy` returned, which is its own; make a new one")  # fmt: skip
            require(np.array_equal(seen, before), f"{what}: your policy changes the observations")
            require(not inner.deceived, f"{what}: the policy got other observations than yours "
                    "did; hand it all of them as they came")  # fmt: skip
            odd = got[~np.isin(got, (SHORT, FLAT, LONG))]
            require(not odd.size, f"{what}: actions are {SHORT}, {FLAT} and {LONG}, and "
                    f"{odd[:1]} came back")  # fmt: skip
            require(inner.step == t + 1, f"{what}: ask the policy once at each step; it was asked "
                    f"{inner.step} times in {t + 1} steps")  # fmt: skip
            actions.append(got.astype(int))
        came.append(np.array(actions))
    return [np.array([c, r]) for c, r in zip(came, rows, strict=True)]


def _actions(out, shape: tuple[int, ...], what: str) -> np.ndarray:
    got = array(out, shape, what)
    require(out.dtype.kind in "iu", f"{what} are of type {out.dtype}; whole numbers are due")
    return got


def _judge(pair: np.ndarray, stop: np.ndarray, what: str, hints: dict[str, str]) -> None:
    """`pair` is what came and what the policy wanted, (2, T, n); `stop` where to be flat."""
    came, wanted = pair
    late = stop & (came != FLAT)
    if late.any():
        t, i = np.argwhere(late)[0]
        hint = hints["on"]
        for action, does in ((SHORT, "sells short"), (LONG, "buys")):
            if (came[stop] == action).all():
                hint = f"action {action} {does}; to have no position is action {FLAT}"
        require(False, f"{what}: account {i} still trades at step {t}; {hint}")
    early = ~stop & (came != wanted)
    if early.any():
        t, i = np.argwhere(early)[0]
        require(False, f"{what}: account {i} is overruled at step {t}; {hints['off']}")


@part("09b.5")
def with_stop(answer: Answer) -> None:
    """`answer(policy, limit)` is a policy that is flat for the rest of a day from a drawdown on."""
    calm = np.zeros((6, 3))
    (pair,) = _played(answer, 200.0, [_day(calm)], "no drawdown at all")
    _judge(pair, calm > 0, "no drawdown at all", {"on": "", "off": "nothing was lost; the policy "
           "decides"})  # fmt: skip
    poor = np.full((4, 2), 50.0)
    (pair,) = _played(answer, 200.0, [_day(poor, profit=-4.0)], "a loss, and a small drawdown")
    _judge(pair, poor > 200, "a loss, and a small drawdown", {"on": "", "off": "the drawdown "
           "counts, not the profit"})  # fmt: skip
    grows = np.cumsum(np.full((8, 3), 30.0), axis=0) * [0.2, 1.0, 2.0]
    for limit in (155.0, 95.0):
        what = f"drawdowns that grow, limit {limit:g} bp"
        (pair,) = _played(answer, limit, [_day(grows)], what)
        off = "its drawdown is below the limit; the policy decides"
        others = (pair[0][:, 0] == FLAT).any() and (pair[0][:, 2] == FLAT).any()
        off = "another account reached the limit, this one did not" if others else off
        _judge(pair, grows >= limit - 1e-3, what, {"on": _why_on(answer, pair, grows, limit),
               "off": off})  # fmt: skip
    edge = np.array([[0.0, 0.0], [100.0, 99.0], [100.0, 99.0]])
    (pair,) = _played(answer, 100.0, [_day(edge)], "exactly at the limit")
    _judge(pair, edge >= 100, "exactly at the limit", {"on": "at the limit is enough",
           "off": "99 is not yet 100"})  # fmt: skip
    rich = np.full((4, 2), 300.0)
    (pair,) = _played(answer, 200.0, [_day(rich, profit=4.0)], "a profit, and a fall from more")
    _judge(pair, rich > 0, "a profit, and a fall from more", {"on": "the drawdown counts, not the "
           "profit", "off": ""})  # fmt: skip
    back = np.array([[0, 0], [250, 20], [120, 30], [10, 250], [0, 40.0]])
    stop = np.array([[0, 0], [1, 0], [1, 0], [1, 1], [1, 1]], dtype=bool)
    (pair,) = _played(answer, 200.0, [_day(back)], "a drawdown that shrinks again")
    _judge(pair, stop, "a drawdown that shrinks again", {"on": "it reached the limit before, and "
           "stays out to the end", "off": "it has not reached the limit yet"})  # fmt: skip
    what = "the day after a stop"
    pairs = _played(answer, 200.0, [_day(back), _day(calm[:, :2])], what)
    _judge(pairs[1], np.zeros((6, 2), bool), what, {"on": "", "off": "a new day begins where all "
           "of the day is left; who was stopped may trade again"})  # fmt: skip
    _check_two(answer, back, calm, stop)


def _why_on(answer: Answer, pair: np.ndarray, drawdown: np.ndarray, limit: float) -> str:
    """Why an account that reached the limit is not stopped."""
    stop, flat = drawdown >= limit - 1e-3, pair[0] == FLAT
    if np.array_equal(flat[1:], stop[:-1]) and not flat[0].any():
        return "it reached the limit at this very step; update the memory before you act"
    (small,) = _played(answer, 2.0, [_day(drawdown)], "limit 2 bp")
    if not flat.any() and np.array_equal(small[0] == FLAT, drawdown >= 200 - 1e-3):
        return "it has reached the limit; column 7 is in units of 100 bp, and the limit is in bp"
    return "it has reached the limit; a drawdown is not below 0, and column 7 has it"


def _check_two(answer: Answer, back, calm, stop) -> None:
    """Two stopped policies do not know of each other, and a day may have another number."""
    inner = _Inner(np.full((60, 2), LONG))
    for_ever, other = answer(inner, 200.0), answer(inner, 200.0)
    with safely("two stopped policies take turns"):
        for t, seen in enumerate(_day(back)):
            first, second = np.asarray(for_ever(seen)), np.asarray(other(_day(calm[:5, :2])[t]))
            require((second != FLAT).all(), "a second stopped policy is stopped by the drawdowns "
                    "of the first; each keeps a memory of its own")  # fmt: skip
            require(((first == FLAT) == stop[t]).all(), "two stopped policies take turns, and the "
                    "first one forgets; each keeps a memory of its own")  # fmt: skip
    for n in (2, 5):
        inner = _Inner(np.full((60, n), LONG))
        more = answer(inner, 200.0) if n == 2 else more  # noqa: F821
        more_inner = inner if n == 2 else more_inner  # noqa: F821
        more_inner.actions, more_inner.step = np.full((60, n), LONG), 0
        with safely(f"a day of {n} accounts begins"):
            out = _actions(more(_day(np.zeros((1, n)))[0]), (n,), f"a day of {n} accounts: actions")
        require((out == LONG).all(), f"a day of {n} accounts: nobody has lost, the policy decides")
