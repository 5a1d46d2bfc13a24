"""Checks of exercise 09a: when the arm must not close."""

import numpy as np

from course_lib.checks.hints import explained
from course_lib.teach.checking import Answer, brief, part, require
from course_lib.worlds.grasping import GRAVITY

# What it is, (lowest, highest) friction, reach in s.
SETTINGS = (
    ("slippery or rough", (0.05, 0.6), 0.35),
    ("known friction", (0.15, 0.15), 0.35),
    ("a narrow range", (0.08, 0.2), 0.35),
    ("a slow arm", (0.1, 0.3), 0.8),
    ("a quick arm", (0.05, 0.2), 0.15),
)
CORNERS = (  # slower, shortfall, allowed: a parcel that moves with the belt, noise, and near misses
    (0.0, 0.0, 0.04),
    (0.0, 0.05, 0.04),
    (0.0, -0.05, 0.04),
    (-0.05, 0.0, 0.01),
    (-0.3, 0.02, 0.04),
    (0.9, 0.0, 0.04),
    (0.05, 0.0, 0.04),
)


def _lag(slower, friction, reach, catch_up=True, half=0.5, gravity=GRAVITY):
    pull = friction * gravity
    slips = np.minimum(reach, slower / pull) if catch_up else reach
    return slower * slips - half * pull * slips**2


def _borrowed(end):
    """A mistake: both frictions with the time that belongs to one of them."""

    def lag(friction):
        return lambda s, m, r: (
            s * (t := np.minimum(r, s / (friction[end] * GRAVITY))) - (m * GRAVITY * t**2 / 2)
        )

    return lambda s, f, k, a, r: _due(s, f, k, a, r, lag=lag(f))


def _due(
    slower, friction, shortfall, allowed, reach, *, ends=None, lag=_lag, clip=True, holds=None
):
    slower = np.maximum(slower, 0) if clip else slower
    ends = friction if ends is None else ends(friction)
    off = np.array([shortfall - lag(slower, mu, reach) for mu in ends])
    return (np.abs(off) <= allowed).all(axis=0) if holds is None else holds(off, allowed)


def _as(**changed):
    return lambda *given: _due(*given, **changed)


MISTAKES = (
    (_as(ends=lambda f: f[:1]), "it looks at the lowest friction only"),
    (_as(ends=lambda f: f[1:]), "it looks at the highest friction only"),
    (_as(ends=lambda f: [sum(f) / 2]), "the middle of the range may be right where both ends "
     "miss"),
    (_as(holds=lambda off, a: (np.abs(off) <= a).any(axis=0)), "it is enough for you that one end "
     "of the range hits"),
    (_as(holds=lambda off, a: (np.abs(off) > a).any(axis=0)), "the answer is turned round: True "
     "means that it may close"),
    (_as(holds=lambda off, a: (off <= a).all(axis=0)), "an error may be too far in either "
     "direction; you look at one only"),
    (_as(holds=lambda off, a: (-off <= a).all(axis=0)), "an error may be too far in either "
     "direction; you look at the other only"),
    (_as(holds=lambda off, a: (np.abs(off) <= a / 2).all(axis=0)), "`allowed` is to each side, no "
     "diameter"),
    (_as(holds=lambda off, a: np.abs(off.mean(axis=0)) <= a), "errors of both signs cancel in a "
     "mean"),
    (_as(holds=lambda off, a: off.max(axis=0) - off.min(axis=0) <= a), "a range that is narrow may "
     "still be in the wrong place"),
    (_as(lag=lambda s, m, r: -_lag(s, m, r)), "a slower parcel falls behind, so the arm has to aim "
     "short of the belt: mind the sign"),
    (_as(lag=lambda s, m, r: s * r + 0 * m), "friction speeds the parcel up meanwhile"),
    (_as(lag=lambda s, m, r: 0 * s), "a slower parcel falls behind the belt"),
    (_as(lag=lambda s, m, r: _lag(s, m, r, catch_up=False)), "a parcel that has caught up does not "
     "overtake the belt"),
    (_as(lag=lambda s, m, r: np.maximum(_lag(s, m, r, catch_up=False), 0)), "a parcel that has "
     "caught up stays as far behind as it is then"),
    (_as(lag=lambda s, m, r: s**2 / (2 * m * GRAVITY)), "the cup closes after `reach` seconds, and "
     "many a parcel has not caught up by then"),
    (_as(lag=lambda s, m, r: _lag(s, m, r, half=1.0)), "the way at a constant acceleration has a "
     "factor of one half"),
    (_as(lag=lambda s, m, r: _lag(s, m, r, gravity=1.0)), "friction is a number; the acceleration "
     "is friction times gravity"),
    *((_as(lag=lambda s, m, r, g=g: _lag(s, m, r, gravity=g)), "take 9.81 m/s² for g")
      for g in (9.8, 9.80665, 10.0)),
    (_as(lag=lambda s, m, r: s * (t := np.maximum(r, s / (m * GRAVITY))) - m * GRAVITY * t**2 / 2),
     "t' is the earlier of the two times, not the later"),
    (_borrowed(0), "each friction has a t' of its own; both get that of the lowest"),
    (_borrowed(1), "each friction has a t' of its own; both get that of the highest"),
    (_as(lag=lambda s, m, r: _lag(s, m, 0.35)), "`reach` is given"),
    (_as(clip=False), "a parcel that seems faster than the belt is noise: take 0"),
    (lambda s, f, k, a, r: _due(np.abs(s), f, k, a, r), "a parcel that seems faster than the belt "
     "is not slower by as much: take 0"),
    (lambda s, *rest: np.ones(len(s), bool), "it may always close, whatever is given"),
    (lambda s, *rest: np.zeros(len(s), bool), "it may never close, whatever is given"),
)  # fmt: skip


def _cases():
    draw = np.random.default_rng(9401)
    for what, friction, reach in SETTINGS:
        n = 300
        slower = draw.uniform(-0.2, 0.9, n)
        allowed = draw.uniform(0.01, 0.12, n)
        middle = _lag(np.maximum(slower, 0), sum(friction) / 2, reach)
        shortfall = middle + draw.normal(0, 0.06, n)
        corners = np.array(CORNERS)
        slower, shortfall, allowed = np.concatenate([[slower, shortfall, allowed], corners.T], 1)
        ends = [np.abs(shortfall - _lag(np.maximum(slower, 0), mu, reach)) for mu in friction]
        allowed[:40] = np.max(ends, axis=0)[:40] + draw.choice([-5e-6, 5e-6], 40)  # tells 9.8 apart
        clear = np.min([np.abs(end - allowed) for end in ends], axis=0) > 1e-6
        yield what, slower[clear], friction, shortfall[clear], allowed[clear], reach
    # Exactly as far off as is allowed: a parcel on the belt, numbers without rounding errors.
    exact = np.array([0.25, -0.25, 0.5])
    yield "exactly at the bound", np.zeros(3), (0.1, 0.2), exact, np.array([0.25, 0.25, 0.25]), 0.35


@part("09a.4")
def may_close(answer: Answer) -> None:
    """`answer(slower, friction, shortfall, allowed, reach)` says where it may close, (n,) bool."""
    cases = list(_cases())
    came = []
    for what, *given in cases:
        got = np.asarray(answer(*given))
        shape = given[0].shape
        require(got.shape == shape, f"{what}: the result should have shape {shape}, not {got.shape}"
                "; one answer for each parcel")  # fmt: skip
        require(got.dtype == bool, f"{what}: the result should hold True and False, not "
                f"{brief(got.ravel()[0].item())}")  # fmt: skip
        came.append(got)
    given = [tuple(each) for _, *each in cases]
    hint = explained(came, given, MISTAKES, "put both ends of the range in, by hand, for one")
    for (what, *each), got in zip(cases, came, strict=True):
        wrong = np.flatnonzero(got != _due(*each))
        if wrong.size:
            i = wrong[0]
            about = f"{what}, slower by {each[0][i]:.3g}, shortfall {each[2][i]:.3g}"
            if what == "exactly at the bound":
                hint = (
                    hint
                    if hint in dict(MISTAKES).values()
                    else "an error of just `allowed` is allowed"
                )
            require(False, f"{about}, allowed {each[3][i]:.3g}: not {bool(got[i])}; {hint}")
    none = np.zeros(0)
    got = answer(none, (0.1, 0.2), none, none, 0.35)
    empty = np.shape(got) == (0,)
    require(empty, "there may be no parcels at all, and then the result is empty, too")
    require(np.asarray(got).dtype == bool, "where there are no parcels, the empty result "
            "should still be an array for True and False (dtype=bool)")  # fmt: skip
