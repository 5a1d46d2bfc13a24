"""Checks of exercise 12: which share of places some end came close to."""

import numpy as np

from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, CheckFailed, number, part, require


def _cases() -> list[tuple]:
    """What it is, ends (n, k), places (m, k), radius; the last case has no ends."""
    draw = np.random.default_rng(1202)
    lone = np.array([[0.0, 0.0]])
    ring = np.array([[3.0, 4.0], [0.0, 5.0], [4.0, 4.0], [2.0, 1.0]])
    some = draw.normal(0, 1, (15, 2))
    far = 50 + draw.normal(0, 1, (9, 2))
    return [
        ("15 ends and 300 places on a plane", some, draw.normal(0, 1.5, (300, 2)), 0.5),
        ("many ends and few places", draw.normal(0, 1, (200, 2)), draw.normal(0, 1, (7, 2)), 0.2),
        ("as many ends as places", draw.normal(0, 1, (40, 2)), draw.normal(0, 1, (40, 2)), 0.3),
        ("places in a room", draw.random((30, 3)), draw.random((200, 3)), 0.25),
        ("places on a line", draw.random((6, 1)), draw.random((50, 1)), 0.06),
        ("a large radius", some, draw.normal(0, 1.5, (80, 2)), 2.5),
        ("one end", lone, draw.normal(0, 1, (60, 2)), 1.0),
        ("ends that are there twice", np.vstack([some, some]), draw.normal(0, 1.5, (100, 2)), 0.5),
        ("ends far from all places", far, draw.normal(0, 1, (20, 2)), 1.0),
        ("ends that are the places", some, some, 0.01),
        ("one place", some, np.array([[0.1, 0.2]]), 0.6),
        ("two places exactly at the radius from the only end", lone, ring, 5.0),
        ("no ends at all", np.zeros((0, 2)), draw.normal(0, 1, (30, 2)), 1.0),
    ]


def _away(ends: np.ndarray, places: np.ndarray, order: float = 2) -> np.ndarray:
    """Distances (m, n)."""
    return np.linalg.norm(places[:, None] - ends[None], axis=2, ord=order)


def _close(ends, places, radius, **how) -> np.ndarray:
    return _away(ends, places, **how) < radius


def _due(ends: np.ndarray, places: np.ndarray, radius: float) -> float:
    return float(_close(ends, places, radius).any(axis=1).mean())


def _first(ends: np.ndarray, places: np.ndarray) -> int:
    return min(len(ends), len(places))


MISTAKES = (
    (lambda e, p, r: (_away(e, p) <= r).any(axis=1).mean(), "exactly at the radius is not "
     "closer than it"),
    (lambda e, p, r: _close(e, p, r).any(axis=0).mean(), "that is the share of ends close "
     "to a place; the places were to be counted"),
    (lambda e, p, r: _close(e, p, r).any(axis=0).sum() / len(p), "you count ends that are "
     "close to a place, and divide by the places"),
    (lambda e, p, r: _close(e, p, r).any(axis=1).sum(), "that is how many; a share was "
     "asked for"),
    (lambda e, p, r: 1 - _close(e, p, r).any(axis=1).mean(), "that is the share nobody came "
     "close to"),
    (lambda e, p, r: 100 * _close(e, p, r).any(axis=1).mean(), "a share lies between 0 and "
     "1; this is in per cent"),
    (lambda e, p, r: _close(e, p, r).all(axis=1).mean(), "one end is enough; not all need "
     "to come close"),
    (lambda e, p, r: _close(e, p, r).mean(), "a place counts once, however many ends are "
     "close to it or far from it"),
    (lambda e, p, r: _close(e, p, r).sum() / len(p), "a place that several ends came close "
     "to counts once"),
    (lambda e, p, r: (_away(e, p) ** 2 < r).any(axis=1).mean(), "you compare a square with "
     "the radius"),
    (lambda e, p, r: _close(e, p, r, order=np.inf).any(axis=1).mean(), "a square around a "
     "place is no circle: take the length of the difference"),
    (lambda e, p, r: _close(e, p, r, order=1).any(axis=1).mean(), "coordinates do not add "
     "up to a distance; think of Pythagoras"),
    (lambda e, p, r: _close(e[:, :1], p[:, :1], r).any(axis=1).mean(), "you look at the "
     "first coordinate only"),
    (lambda e, p, r: _close(e[:, :2], p[:, :2], r).any(axis=1).mean(), "places may have "
     "three coordinates"),
    (lambda e, p, r: (abs((p[:, None] - e[None]).sum(axis=2)) < r).any(axis=1).mean(),
     "differences of both signs cancel in a sum; think of Pythagoras"),
    (lambda e, p, r: (abs(p[:, None] - e[None]) < r).any(axis=(1, 2)).mean(), "to be close "
     "in one coordinate is not enough"),
    (lambda e, p, r: (abs(p[:, None] - e[None]) < r).any(axis=1).all(axis=1).mean(), "all "
     "coordinates must be close for one and the same end"),
    (lambda e, p, r: _close(e[:1], p, r).any(axis=1).mean(), "only the first end counts"),
    (lambda e, p, r: _close(e[-1:], p, r).any(axis=1).mean(), "only the last end counts"),
    (lambda e, p, r: _close(e.mean(axis=0)[None], p, r).mean(), "the middle of all ends may "
     "be where nobody ended"),
    (lambda e, p, r: (_away(e, p).mean(axis=1) < r).mean(), "the mean distance says little; "
     "which end matters for a place?"),
    (lambda e, p, r: (_away(e, p).max(axis=1) < r).mean(), "the farthest end does not "
     "matter for a place; which one does?"),
    (lambda e, p, r: _close(e, p, 2 * r).any(axis=1).mean(), "that is twice the radius"),
    (lambda e, p, r: _close(e, p, r / 2).any(axis=1).mean(), "that is half the radius; it "
     "is no diameter"),
    (lambda e, p, r: (np.linalg.norm(p, axis=1) < r).mean(), "distances are from ends, not "
     "from the origin"),
    (lambda e, p, r: (np.linalg.norm(e, axis=1) < r).mean(), "you compare ends with the "
     "origin"),
    (lambda e, p, r: (_away(e, p).min(axis=1) > r).mean(), "the comparison is turned round"),
    (lambda e, p, r: (np.linalg.norm(e[: _first(e, p)] - p[: _first(e, p)], axis=1) < r)
           .mean(), "any end may come close to any place; you go through them in pairs"),
    (lambda e, p, r: round(_due(e, p, r), 2), "it is rounded"),
    (lambda e, p, r: float(_close(e, p, r).any()), "it says whether any place was met; how "
     "many were?"),
    (lambda e, p, r: 0.0, "you say 0 whatever is given"),
    (lambda e, p, r: 1.0, "you say 1 whatever is given"),
)  # fmt: skip


@part("12.2")
def coverage(answer: Answer) -> None:
    """`answer(ends, places, radius)` is the share of places closer than radius to some end."""
    *cases, (_, *none) = _cases()
    came = [number(answer(*given), f"{what}: the share") for what, *given in cases]
    given = [tuple(each) for _, *each in cases]
    hint = explained(came, given, MISTAKES, "take three ends and two places, and do it by hand")
    for (what, *each), got in zip(cases, came, strict=True):
        require(alike(got, _due(*each)), f"{what}: the share is not {got:.4g}; {hint}")
    try:
        share = number(answer(*none), "the share")
    except CheckFailed as problem:
        raise CheckFailed(f"there may be no ends at all, and then {problem}") from None
    require(alike(share, 0.0), f"there may be no ends at all, and then the share is not "
            f"{share:.4g}; nobody came close to anything there")  # fmt: skip
