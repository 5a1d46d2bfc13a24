"""Checks of exercise 12: who acts in the next exploring episode, and until when."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.checks.hints import explained
from course_lib.teach.checking import Answer, brief, number, part, require, safely

SET = ("left", "right", "short", "long", "hard")
TICKETS = ("early", "late", "early", "lucky", "early", "lucky")
N = 4_000  # draws, where it is chance that decides


class Call(NamedTuple):
    """What `who_acts` gets, but for the generator."""

    explorers: Sequence[str]
    turn: int
    succeeded: Sequence[str]
    repeat: float

    def lists(self) -> tuple:
        """Fresh lists of the same."""
        return list(self.explorers), self.turn, list(self.succeeded), self.repeat


class Choice(NamedTuple):
    """What `who_acts` returns."""

    policy: str
    at: float | None
    turn: int


def _read(came, what: str, call: Call) -> Choice:
    """What came back, if it is a policy, a time or None, and a turn."""
    require(came is not None, f"{what}: None came back; does your code end with return?")
    three = isinstance(came, tuple | list) and len(came) == 3
    require(three, f"{what}: return three things, (policy, at, turn); {brief(came)} came back")
    policy, at, turn = came
    known = isinstance(policy, str) and policy in (*call.explorers, *call.succeeded)
    require(known, f"{what}: the policy is one of those given; {brief(policy)} came back")
    repeated = policy in call.succeeded
    require(at is None or call.succeeded, f"{what}: a policy of the set acts to the end, and yet "
            f"it hands over at {brief(at)}; at is None then")  # fmt: skip
    at = at if at is None else number(at, f"{what}: the time of the hand-over")
    lies = "a share of the episode lies in [0, 1)" if repeated else "at is None for the set"
    require(at is None or 0 <= at < 1, f"{what}: the time of the hand-over is {at}, and {lies}")
    whole = number(turn, f"{what}: the turn")
    require(whole == int(whole), f"{what}: the turn is a whole number, and {brief(turn)} came back")
    return Choice(str(policy), at, int(whole))


def _one(answer: Answer, what: str, call: Call, seed: int = 0) -> Choice:
    return _read(answer(*call.lists(), np.random.default_rng(seed)), what, call)


def _many(answer: Answer, what: str, call: Call, n: int, seed: int) -> list[Choice]:
    """`n` choices in a row, with one generator."""
    rng, lists = np.random.default_rng([1204, seed]), call.lists()
    with safely(f"called again and again, {what}"):
        came = [answer.function(*lists, rng) for _ in range(n)]
    return [_read(each, what, call) for each in came]


@part("12.4")
def who_acts(answer: Answer) -> None:
    """`answer(explorers, turn, succeeded, repeat, rng)` is (policy, hand-over or None, turn)."""
    _check_set(answer)
    _check_extremes(answer)
    for seed, (repeat, turn) in enumerate(((0.3, 2), (0.8, 9))):
        _check_chance(answer, Call(SET, turn, TICKETS, repeat), seed)
    _check_generator(answer)


def _off(count: int, n: int, p: float) -> bool:
    """Whether a count is more than five standard errors away from n p."""
    return abs(count - n * p) > 5 * np.sqrt(n * p * (1 - p)) + 1e-9


# The set


def _next(index, after=lambda turn, n: turn + 1):
    """A rule for whose turn it is, and what the turn is then."""
    return lambda turn, n: np.array([index(turn, n), after(turn, n)])


_due = _next(lambda turn, n: turn % n)
TURNS = (
    (_next(lambda turn, n: min(turn, n - 1)), "after the last one the set begins anew"),
    (_next(lambda turn, n: 0), "it is always the first one's turn"),
    (_next(lambda turn, n: n - 1), "it is always the last one's turn"),
    (_next(lambda turn, n: (turn - 1) % n), "the set is one behind; at turn 0 nobody has acted"),
    (_next(lambda turn, n: (turn + 1) % n), "the set is one ahead; at turn 0 nobody has acted"),
    (_next(lambda turn, n: n - 1 - turn % n), "the set acts from the first to the last"),
    (_next(lambda turn, n: turn % n, lambda turn, n: turn), "after an episode of the set the turn "
     "is the next one's"),
    (_next(lambda turn, n: turn % n, lambda turn, n: (turn + 1) % n), "turns are counted on and "
     "on; the set begins anew, and the count does not"),
    (_next(lambda turn, n: turn % n, lambda turn, n: turn % n + 1), "turns are counted on and on; "
     "take the rest of a division for looking up only"),
    (_next(lambda turn, n: turn % n, lambda turn, n: turn + n), "an episode is one turn"),
    (_next(lambda turn, n: turn % n, lambda turn, n: turn - 1), "turns are counted up"),
)  # fmt: skip


def _check_set(answer: Answer) -> None:
    """As long as nothing succeeded, the set acts in its order, whatever repeat says."""
    calls = [Call(SET, turn, (), repeat) for turn in (0, 1, 3, 4, 5, 8, 23) for repeat in (0.5, 1)]
    calls += [Call(("alone",), turn, (), 0.5) for turn in (0, 1, 7)]
    came, given = [], []
    for seed, call in enumerate(calls):
        size = len(call.explorers)
        what = f"nothing succeeded yet, turn {call.turn} of {size}, repeat = {call.repeat:g}"
        got = _one(answer, what, call, seed)
        came.append((call.explorers.index(got.policy), got.turn))
        given.append((call.turn, size))
    hint = explained(came, given, TURNS, "whose turn is it, and whose is it after the last one's?")
    for call, (i, turn), each in zip(calls, came, given, strict=True):
        what = f"nothing succeeded yet, turn {call.turn} of {len(call.explorers)}"
        require(i == _due(*each)[0], f"{what}: it is not the turn of number {i} of the set, "
                f"counted from 0; {hint}")  # fmt: skip
        require(turn == _due(*each)[1], f"{what}: the turn that comes back is {turn}; {hint}")


def _check_extremes(answer: Answer) -> None:
    """With repeat = 0 the set goes on for ever, with repeat = 1 only tickets are drawn."""
    for seed in range(20):
        _check_tickets_stay(answer, Call(SET, 3, TICKETS, 0.5), seed)
        _one(answer, "six successes and repeat = 0.5", Call(SET, 3, TICKETS, 0.5), seed)
    call = Call(SET, 3, TICKETS, 0.0)
    for got in _many(answer, "where repeat = 0", call, 200, seed=10):
        _check_kind(got, call, "repeat = 0 and six successes", repeats=False)
    for tickets, turn in ((TICKETS, 3), (("left", "left", "hard"), 11), (("hard",), 0)):
        call = Call(SET, turn, tickets, 1.0)
        what = f"repeat = 1 and {len(tickets)} success{'es'[: 2 * (len(tickets) > 1)]}"
        for got in _many(answer, f"where {what}", call, 200, seed=11):
            _check_kind(got, call, what, repeats=True)


def _check_tickets_stay(answer: Answer, call: Call, seed: int) -> None:
    """Who draws a ticket may draw it again."""
    what, lists = f"six successes and repeat = {call.repeat:g}", call.lists()
    with safely(f"called with {what}"):
        answer.function(*lists, np.random.default_rng(seed))
    require(len(lists[2]) >= len(call.succeeded), f"{what}: {len(lists[2])} tickets are left; a "
            "ticket stays in the list, and can be drawn again")  # fmt: skip


def _check_kind(got: Choice, call: Call, what: str, repeats: bool) -> None:
    """One choice is of the set, or a repeat, with all that belongs to it."""
    if not repeats:
        require(got.policy in call.explorers and got.at is None, f"{what}: {got.policy!r} was "
                f"repeated, or hands over; nobody is repeated with chance 0")  # fmt: skip
        _check_turn(got, call, what)
    else:
        require(got.policy in call.succeeded, f"{what}: {got.policy!r} acts, which never "
                "succeeded; somebody who did is repeated with chance 1")  # fmt: skip
        _check_repeat(got, call, what)


def _check_turn(got: Choice, call: Call, what: str) -> None:
    due = call.explorers[call.turn % len(call.explorers)]
    require(got.policy == due, f"{what}: {got.policy!r} of the set acts at turn {call.turn}; its "
            "turns go on in order, whoever was repeated in between")  # fmt: skip
    require(got.turn == call.turn + 1, f"{what}: the set acted at turn {call.turn}, and turn "
            f"{got.turn} comes back; after an episode of the set it is the next one's")  # fmt: skip


def _check_repeat(got: Choice, call: Call, what: str) -> None:
    require(got.at is not None, f"{what}: {got.policy!r} is repeated and acts to the end; draw "
            "when it hands over")  # fmt: skip
    require(got.turn == call.turn, f"{what}: {got.policy!r} is repeated at turn {call.turn}, and "
            f"turn {got.turn} comes back; a repeat is no turn of the set")  # fmt: skip


# Chance


def _check_chance(answer: Answer, call: Call, seed: int) -> None:
    """How often somebody is repeated, who, and until when."""
    what = f"repeat = {call.repeat:g} and six successes"
    choices = _many(answer, f"where {what}", call, N, seed)
    again = [got for got in choices if got.policy in call.succeeded]
    for got in choices:
        check = _check_repeat if got.policy in call.succeeded else _check_set_member
        check(got, call, what)
    share = len(again) / N
    require(not _off(len(again), N, call.repeat), f"{what}: {share:.0%} of the episodes repeat "
            f"somebody; {_hint_share(share, call)}")  # fmt: skip
    _check_order(choices, call, what)
    _check_tickets(again, call, what)
    _check_times(again, what)


def _check_set_member(got: Choice, call: Call, what: str) -> None:
    require(got.at is None, f"{what}: {got.policy!r} never succeeded, and yet it hands over; a "
            "policy of the set acts to the end")  # fmt: skip
    _check_turn(got, call, what)


def _hint_share(share: float, call: Call) -> str:
    for value, hint in (
        (0.0, "with successes there is something to repeat"),
        (1.0, "the set goes on, too"),
        (1 - call.repeat, "is that the chance to repeat, or that of the set?"),
        (0.5, "repeat says how likely it is"),
        (call.repeat**2, "two draws are needed where one decides"),
        (1 - (1 - call.repeat) ** len(call.succeeded), "you try once for each success; one draw "
         "decides for all"),
    ):  # fmt: skip
        if abs(share - value) < 0.03:
            return hint
    return "repeat says how likely it is, once anything has succeeded"


def _check_order(choices: list[Choice], call: Call, what: str) -> None:
    """Whether an episode repeats somebody does not depend on the one before."""
    kinds = np.array([got.policy in call.succeeded for got in choices])
    after = kinds[1:][kinds[:-1]]
    require(not _off(after.sum(), after.size, call.repeat), f"{what}: after a repeat comes another "
            f"one in {after.mean():.0%} of all cases; draw anew for each episode")  # fmt: skip


def _check_tickets(again: list[Choice], call: Call, what: str) -> None:
    """Each success is a ticket."""
    drawn, due = Counter(got.policy for got in again), Counter(call.succeeded)
    n = len(again)
    shares = ", ".join(f"{name} {drawn[name] / n:.2f}" for name in due)
    said = f"{what}, of which {', '.join(f'{name} had {k}' for name, k in due.items())}: the "
    said += f"shares of repeats are {shares}"
    wrong = any(_off(drawn[name], n, k / len(call.succeeded)) for name, k in due.items())
    hint = "each success is a ticket, and every ticket is as likely as any other"
    if wrong and len(drawn) == 1:
        (only,) = drawn
        hint = "it is always the same one"
        if only == call.succeeded[-1] != due.most_common(1)[0][0]:
            hint = "it is always the last one that succeeded"
        elif only == call.succeeded[0]:
            hint = "it is always the first one, or the one with most successes"
    elif wrong and all(abs(drawn[name] / n - 1 / len(due)) < 0.05 for name in due):
        hint = "whoever succeeded more often has more tickets"
    elif wrong and set(drawn) < set(due):
        hint = "some of those that succeeded are never repeated"
    require(not wrong, f"{said}; {hint}")


def _check_times(again: list[Choice], what: str) -> None:
    """Hand-overs are uniform in [0, 1), whoever hands over."""
    at, who = np.array([got.at for got in again]), np.array([got.policy for got in again])
    tenths = np.bincount((10 * at).astype(int), minlength=10)
    said = f"{what}: of {at.size} hand-overs"
    require(np.ptp(at) > 0, f"{what}: every hand-over is at {at[0]:g}; draw a time for each")
    require(np.unique(at).size > at.size / 2, f"{said}, only {np.unique(at).size} are at different "
            "times; any share of the episode is possible")  # fmt: skip
    uneven = any(_off(count, at.size, 0.1) for count in tenths)
    empty = [f"{i / 10:g} to {(i + 1) / 10:g}" for i in np.flatnonzero(tenths == 0)]
    hint = f"none is from {empty[0]}" if empty else f"{tenths[0]} come before 0.1, {tenths[-1]} "
    hint += "" if empty else "after 0.9"
    require(not uneven, f"{said}, {hint}; all shares of the episode are equally likely")
    for name in sorted(set(who)):
        half = at[who == name] < 0.5
        require(not _off(half.sum(), half.size, 0.5), f"{what}: {half.mean():.0%} of the hand-"
                f"overs of {name!r} come in the first half; who acts and until when are two "
                "draws")  # fmt: skip
    early = at[1:][at[:-1] < 0.5] < 0.5
    require(not _off(early.sum(), early.size, 0.5), f"{what}: the time of a hand-over depends on "
            "the one before; draw anew for each episode")  # fmt: skip


def _check_generator(answer: Answer) -> None:
    """Draws come from the generator that was given, and from no other one."""
    call = Call(SET, 1, TICKETS, 0.5)
    what = "two generators of one seed"
    first, again = (_many(answer, what, call, 60, seed=20) for _ in range(2))
    require(first == again, f"{what} lead to different choices; draw from rng only")
    other = _many(answer, "another generator", call, 60, seed=21)
    require(first != other, "two generators of different seeds lead to the same choices; draw from "
            "the rng that you are given")  # fmt: skip
