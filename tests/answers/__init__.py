"""Answers that the checks are attacked with: plain data, one module per exercise, named exNN.

`ANSWERS["01.2"]` lists wrong answers to a part, each with a fragment of the hint that it must get,
and right answers that are written another way than the solution.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A mistake that a learner makes: the check must refuse it, and its message hold `hint`.

    `like` names another wrong answer that makes the same kind of mistake and so may get the very
    same message; all other messages of a part must differ.
    """

    name: str
    code: str
    hint: str
    like: str = ""


@dataclass(frozen=True)
class Right:
    """A right answer; the check must accept it."""

    name: str
    code: str


def edit(code: str, *changes: str) -> str:
    """Return `code` with changes, given in pairs: what stands there once, and what shall."""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        if code.count(old) != 1:
            raise ValueError(f"{old!r} stands {code.count(old)} times in {code}")
        code = code.replace(old, new)
    return code
