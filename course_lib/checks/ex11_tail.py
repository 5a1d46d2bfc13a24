"""Checks of exercise 11: follow a policy up to a step, and act at random after it."""

from typing import NamedTuple

import numpy as np

from course_lib.teach.checking import Answer, brief, numbers, part, require, safely


class Batch(NamedTuple):
    """What `act` gets, but for the generator."""

    policies: np.ndarray  # (n, H, S)
    h: np.ndarray  # (n,)
    t: int
    states: np.ndarray  # (n,)
    actions: int


def _batch(n: int, t: int, actions: int, *, seed: int, steps: int = 5, states: int = 4,
           beyond: int = 0, h: int | None = None) -> Batch:  # fmt: skip
    """A random batch; `beyond` more states are met than the policies know."""
    draw = np.random.default_rng([1103, seed])
    policies = draw.integers(actions, size=(n, steps, states))
    upto = draw.integers(steps, size=n) if h is None else np.full(n, h)
    return Batch(policies, upto, t, draw.integers(states + beyond, size=n), actions)


def _follows(batch: Batch) -> np.ndarray:
    """In which episodes the policy decides, (n,) bool."""
    return (batch.t <= batch.h) & (batch.states < batch.policies.shape[2])


def _planned(batch: Batch) -> np.ndarray:
    """What the policy does, clipped to what it knows, (n,)."""
    _, steps, states = batch.policies.shape
    rows = np.arange(len(batch.states)), min(batch.t, steps - 1)
    return batch.policies[(*rows, np.minimum(batch.states, states - 1))]


def _got(answer: Answer, what: str, batch: Batch, rng: np.random.Generator) -> np.ndarray:
    came = answer(*batch, rng)
    return _actions(came, what, batch)


def _actions(came, what: str, batch: Batch) -> np.ndarray:
    got = numbers(came, batch.states.shape, f"{what}: the actions")
    whole = np.asarray(came).dtype.kind in "iu"
    require(whole, f"{what}: actions are integers, and {brief(came)} came back")
    within = (got >= 0) & (got < batch.actions)
    last = batch.actions - 1
    require(bool(within.all()), f"{what}: actions are 0 to {last}, not {got.min():g}…{got.max():g}")
    return got.astype(int)


@part("11.3")
def act(answer: Answer) -> None:
    """`answer(policies, h, t, states, actions, rng)` are the actions (n,) of a batch at step t."""
    n = 3_000
    for seed, (what, batch) in enumerate((
        ("step t = 0", _batch(n, 0, 3, seed=0)),
        ("step t = 3", _batch(n, 3, 3, seed=1)),
        ("the policies' last step", _batch(n, 4, 2, seed=2)),
        ("states that the policies do not know", _batch(n, 1, 4, seed=3, beyond=2)),
        ("a step that the policies do not have", _batch(n, 5, 3, seed=4)),
        ("a step far beyond the policies, and unknown states", _batch(n, 9, 5, seed=5, beyond=1)),
        ("one episode that follows", _batch(1, 2, 3, seed=6, h=2)),
        ("t = h in all episodes", _batch(n, 3, 3, seed=7, h=3)),
        ("t = h + 1 in all episodes", _batch(n, 3, 3, seed=8, h=2)),
    )):  # fmt: skip
        got = _got(answer, what, batch, np.random.default_rng(seed))
        _check_followed(what, batch, got)
        _check_random(what, batch, got)
    _check_generator(answer)


def _check_followed(what: str, batch: Batch, got: np.ndarray) -> None:
    """Where the policy decides, its action is taken."""
    follows, planned = _follows(batch), _planned(batch)
    wrong = np.flatnonzero(follows & (got != planned))
    if not wrong.size:
        return
    share, at = wrong.size / follows.sum(), np.arange(len(got))
    hint = "look up one action for each episode, by its own policy, the step and its state"
    before, later = batch.policies[at, max(batch.t - 1, 0)], batch.policies[at, min(
        batch.t + 1, batch.policies.shape[1] - 1)]  # fmt: skip
    known = np.minimum(batch.states, batch.policies.shape[2] - 1)
    stopped = batch.policies[at, batch.h, known]
    if np.isin(wrong, np.flatnonzero(batch.h == batch.t)).all():
        hint = "the policy still decides at step h itself"
    elif not (got != batch.policies[0, batch.t, known])[follows].any():
        hint = "each episode has a policy of its own, and all follow the first"
    elif not (got != stopped)[follows].any():
        hint = "you look the action up at step h; the episode is at step t"
    elif not (got != before[at, known])[follows].any():
        hint = "you look the action up one step too early"
    elif not (got != later[at, known])[follows].any():
        hint = "you look the action up one step too late"
    elif np.array_equal(
        got[follows], batch.policies[: follows.sum()][at[: follows.sum()], batch.t, known[follows]]
    ):
        hint = (
            "the first episode that follows need not be the first of all; mind whose policy it is"
        )
    elif abs(share - (1 - 1 / batch.actions)) < 0.05:
        hint = "it looks like chance; up to step h nothing is left to it"
    i = int(wrong[0])
    require(False, f"{what}: the policy decides as h is {batch.h[i]}, and yet its action was not "
            f"taken in {wrong.size} of {follows.sum()} such episodes; {hint}")  # fmt: skip


def _uneven(got: np.ndarray, kinds: int) -> bool:
    """Whether numbers 0 … kinds - 1 come up too unequally: five standard errors."""
    n = len(got)
    if n < 50:
        return False
    off = np.bincount(got, minlength=kinds) - n / kinds
    return bool(abs(off).max() > 5 * np.sqrt(n / kinds * (1 - 1 / kinds)))


def _check_random(what: str, batch: Batch, got: np.ndarray) -> None:
    """Where chance decides, each action comes up alike, whatever the policy and the others do."""
    free = ~_follows(batch)
    drawn, planned, a = got[free], _planned(batch)[free], batch.actions
    if drawn.size < 50:
        return
    unknown = batch.states[free] >= batch.policies.shape[2]
    after = f"{what}: where the policy does not decide"
    require((drawn != drawn[0]).any(), f"{after}, all episodes take action {drawn[0]}; draw one "
            "for each episode")  # fmt: skip
    hint = "after step h nobody follows it any more"
    require((drawn != planned)[~unknown].any() or unknown.all(), f"{after}, it is followed; {hint}")
    just = (batch.h[free] == batch.t - 1) & ~unknown
    longer = just.sum() > 50 and (drawn == planned)[just].all()
    require(not longer, f"{after}, it is followed at t = h + 1; step h was its last")
    for groups, name in ((batch.states[free], "in one state"), (batch.h[free], "with one h")):
        alike = [np.ptp(drawn[groups == group]) == 0 for group in np.unique(groups)]
        require(len(alike) < 2 or not all(alike), f"{after}, all episodes {name} take the same "
                "action; draw one for each episode")  # fmt: skip
    hint = "no two actions need to differ; draw from all of them"
    require((drawn == planned).any(), f"{after}, its action never comes up; {hint}")
    never = sorted(set(range(a)) - set(drawn.tolist()))
    require(not never, f"{after}, the actions {never} never come up; which numbers may be drawn?")
    counts = np.bincount(drawn, minlength=a) / drawn.size
    shares = ", ".join(f"{share:.2f}" for share in counts)
    require(not _uneven(drawn, a), f"{after}, the actions have the shares {shares}; each should be "
            "as likely as any other")  # fmt: skip
    together = f"{after}, the actions depend on"
    for other, kinds, name, hint in (
        (planned, a, "the policy", "that is a mixture of following and chance"),
        (batch.states[free], batch.states.max() + 1, "the state", "chance does not look"),
        (np.roll(drawn, 1), a, "the episode before", "draw a whole array at once"),
        (np.roll(drawn, drawn.size // 2), a, "the episode half a batch before",
         "draw a whole array at once"),
        (np.arange(drawn.size) % a, a, "the episode's number", "draw a whole array at once"),
        (batch.h[free], batch.policies.shape[1], "h", "chance does not look"),
        (batch.policies[free, 0, 0], a, "the policy's first action", "chance does not look"),
    ):  # fmt: skip
        for kind in range(kinds):
            bad = _uneven(drawn[other == kind], a)
            require(not bad, f"{together} {name}; {hint}")


def _check_generator(answer: Answer) -> None:
    """Draws come from the generator that was given, and from no other one."""
    batch = _batch(400, 4, 3, seed=9, h=1)
    what = "two generators of one seed"
    first, again = (_got(answer, what, batch, np.random.default_rng(5)) for _ in range(2))
    require(np.array_equal(first, again), f"{what} give different actions; draw from rng only")
    other = _got(answer, what, batch, np.random.default_rng(6))
    require(not np.array_equal(first, other), "two generators of different seeds give the same "
            "actions; draw from the rng that you are given")  # fmt: skip
    rng, taken = np.random.default_rng(7), []
    for _ in range(2):
        with safely("called twice with one generator"):
            came = answer.function(*batch, rng)
        taken.append(_actions(came, "the second call with one generator", batch))
    require(not np.array_equal(*taken), "two calls with one generator give the same actions; do "
            "not seed a generator anew in each step")  # fmt: skip
    few, tries = _batch(3, 4, 3, seed=10, h=1), 120
    twice = sum(
        len({*_got(answer, "three episodes", few, np.random.default_rng(100 + i)).tolist()}) < 3
        for i in range(tries)
    )
    # Of 27 equally likely triples, 21 have an action at least twice.
    require(twice > 0, "three episodes never take the same of three actions; they are dealt out, "
            "where each should be drawn for itself")  # fmt: skip
    off = abs(twice / tries - 21 / 27)
    require(off < 0.2, f"in {twice} of {tries} draws of three episodes an action comes up twice, "
            "which is not what chance does; draw one for each episode")  # fmt: skip
    lost = _batch(2_000, 1, 3, seed=11, beyond=3, h=4)
    one, two = (_got(answer, "states nobody knows", lost, np.random.default_rng(i)) for i in (8, 9))
    unknown = ~_follows(lost)
    alike = (one == two)[unknown].mean()
    require(alike < 0.5, f"at t = 1 and h = 4, {alike:.0%} of the actions in unknown states are "
            "the same with two generators; no row of the policy is meant for these")  # fmt: skip
