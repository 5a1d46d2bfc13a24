"""Checks of exercise 11: the chance that an explored episode opens a lock with a corridor."""

import numpy as np

from course_lib.checks.ex06_choice import hint_of
from course_lib.teach.checking import Answer, number, part, require


@part("11.5")
def chance_to_pass(answer: Answer) -> None:
    """`answer(horizon, actions, corridor, led)` is the chance of passing in one episode."""
    for horizon, actions, corridor, led in (
        (4, 3, 0, 4), (6, 3, 4, 6), (9, 4, 2, 3), (1, 2, 0, 1), (1, 3, 2, 1), (5, 2, 1, 5),
        (7, 3, 1, 0), (6, 5, 0, 1), (8, 3, 0, 7), (4, 3, 4, 2), (24, 3, 1, 24), (24, 2, 0, 20),
    ):  # fmt: skip
        what = f"{horizon} step{'s'[: horizon > 1]}, {actions} actions, corridor {corridor}"
        what += "" if led == horizon else f", led {led}"
        got = number(answer(horizon, actions, corridor, led), f"{what}: the chance")
        due = _due(horizon, actions, corridor, led)
        hint = "follow the policies of a lock of two steps by hand, one by one"
        hint = hint_of(got / due, _mistakes(horizon, actions, corridor, led), hint)
        right = np.isclose(got, due, rtol=1e-6, atol=0)
        require(right, f"{what}: the chance is not {got:.4g}; {hint}")


def _sum(horizon: int, actions: int, corridor: int, steps: range, less: int = 0) -> float:
    """The mean over the policies of `steps` of the chance to guess all that is left, right."""
    return sum(actions ** -float(horizon + corridor - h - less) for h in steps) / horizon


def _due(horizon: int, actions: int, corridor: int, led: int) -> float:
    return _sum(horizon, actions, corridor, range(min(led, horizon - 1) + 1))


def _mistakes(horizon: int, actions: int, corridor: int, led: int) -> tuple:
    """(what comes out of a mistake in units of what is due, its hint)."""
    every = range(horizon)
    some = range(min(led, horizon - 1) + 1)
    a, size = float(actions), (horizon, actions, corridor)
    due, whole, both = _due(*size, led), _sum(*size, every), horizon + corridor
    at_first = (h for h in range(horizon) if h > led)  # wrong, had they been random from `led` on
    lost = sum(a ** -(both - led) for _ in at_first) / horizon
    longest, full = a ** -(both - some[-1]), a**-both
    mistakes = (
        (1 / due, "that is how many episodes it takes; the chance of one was asked for"),
        (due * horizon, "it is a sum over policies; one of them is drawn for an episode"),
        (whole, "a policy that has to pass the step led takes a wrong action there for sure"),
        (due + lost, "a policy beyond led takes a wrong action for sure; it does not guess"),
        (_sum(*size, range(led)), "the policy of step h = led guesses there, and may be right"),
        (_sum(*size, range(led + 1)), "the steps h that may be drawn end at horizon - 1"),
        (_sum(*size, range(min(led + 1, horizon - 1) + 1)), "the policy of step led + 1 cannot get "
         "past a wrong action"),
        (_sum(*size, some, less=1), "the policy of step h covers all actions there: at step h "
         "itself it is right by chance only"),
        (_sum(*size, some, less=-1), "one guess too many: up to step h the policy knows the way"),
        (_sum(horizon, actions, 0, some), "the corridor has to be guessed as well"),
        (_sum(horizon, actions, min(corridor, 1), some),
         "each step of the corridor is guessed, and all must be right"),
        (_sum(horizon, actions, 0, some) / max(corridor, 1) / a,
         "each step of the corridor is guessed, and all must be right"),
        (_sum(horizon, actions, 0, some) / (corridor * a or 1),
         "each step of the corridor is guessed, and all must be right"),
        (_sum(horizon, actions, 0, some) * (a**-1 * corridor),
         "each step of the corridor is guessed, and all must be right"),
        (due * horizon / both, "the simulator has no policy for the corridor; how many steps h can "
         "be drawn?"),
        (_sum(horizon, actions, corridor, range(both)) * horizon / both,
         "the simulator has no policy for the corridor; how many steps h can be drawn?"),
        (due * horizon / len(some), "policies that cannot pass are drawn, too"),
        (_sum(horizon, actions, corridor, range(both)),
         "the simulator has no policy for the corridor; how many steps h can be drawn?"),
        (longest, "only one policy is in it; which others may be drawn?"),
        (longest / horizon, "only one policy is in it; the shorter ones may pass as well"),
        (full, "that is exploring at random all the way; what do policies from a simulator do up "
         "to h?"),
        (full / horizon, "only the policy of step 0 is in it"),
        (a**-corridor if led == horizon else -1, "half of the way the chain has to be passed, too"),
        (1 - due, "that is the chance to fail"),
        (np.log(due), "that is its logarithm"),
    )  # fmt: skip
    return tuple((value / due, hint) for value, hint in mistakes)
