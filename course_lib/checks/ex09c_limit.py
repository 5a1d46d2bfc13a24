"""Checks of exercise 09c: the strictest limit that is needed, with its uncertainty."""

import numpy as np

from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, number, part, require


def _trade(draw, limits, clinics: int, weeks: int, spread: float = 0.15) -> tuple:
    """Gains and harms (m, k, n) that rise with the limit, noisily."""
    level = np.asarray(limits, dtype=float)[:, None]
    gains = 0.01 * level + draw.normal(0, 0.01, (clinics, len(limits), weeks))
    scale = draw.uniform(0.8, 1.3, (clinics, 1, 1))
    harms = 0.2 * scale * level + draw.normal(0, spread, (clinics, len(limits), weeks))
    return gains, harms


def _given() -> list[tuple]:
    """What it is, then limits, gains, harms, tolerance, resamples."""
    draw = np.random.default_rng(904)
    cases = []

    def add(what, limits, gains, harms, tolerance, rows=400):
        n = gains.shape[2]
        resamples = draw.integers(n, size=(rows, n))
        cases.append((what, np.array(limits, float), gains, harms, tolerance, resamples))

    limits = [1, 1.5, 2, 2.5, 3, 4]
    # The mean harm of one limit lies just below the tolerance, its interval does not.
    edge = np.array([0.1, 0.2, 0.3, 0.38, 0.55, 0.7])
    for clinics in (1, 3):
        noise = draw.normal(0, 0.2, (clinics, 6, 30))
        noise -= noise.mean(axis=2, keepdims=True)
        gains = np.array([0.01, 0.02, 0.025, 0.03, 0.04, 0.05])[None, :, None] + 0.1 * noise
        add(f"{clinics} clinic{'s' * (clinics > 1)}", limits, gains, edge[:, None] + noise, 0.4)
    for tolerance in (0.05, 0.3, 0.5, 0.62, 2.0):
        gains, harms = _trade(draw, limits, 4, 40)
        add("4 clinics", limits, gains, harms, tolerance)
    # Only one clinic of three is harmed by the loosest limit, far less than half of all weeks.
    gains, harms = _trade(draw, [1, 2, 3], 3, 25, spread=0.02)
    harms[:, :, :] = 0.1 + 0.02 * draw.normal(size=harms.shape)
    harms[1, 2] += 0.35
    add("3 clinics, one of them harmed by the loosest limit", [1, 2, 3], gains, harms, 0.4)
    # Gains do not rise with the limit, and limits come in no order.
    gains, harms = _trade(draw, [3, 1, 2, 4], 2, 25, spread=0.05)
    gains = np.array([0.02, 0.01, 0.05, 0.03])[None, :, None] + 0.001 * draw.normal(size=(2, 4, 25))
    harms = np.array([0.2, 0.1, 0.3, 0.35])[None, :, None] + 0.05 * draw.normal(size=(2, 4, 25))
    add("limits in no order, and gains that do not rise with them", [3, 1, 2, 4], gains, harms, 0.5)
    # One clinic gains much with a limit that the others do not like.
    gains = np.array([[0.01, 0.09], [0.05, 0.0], [0.04, 0.0]])[:, :, None] + np.zeros((3, 2, 10))
    harms = np.full((3, 2, 10), 0.2)
    add("3 clinics with unlike gains", [2, 3], gains, harms, 0.4)
    gains = np.array([[0.03, 0.02], [0.03, 0.02], [0.03, 0.08]])[:, :, None] + np.zeros((3, 2, 10))
    add("3 clinics, one of which gains more", [2, 3], gains, harms, 0.4)
    # The limit with the largest mean gain has neither the largest median nor the largest ends.
    gains = np.array([[0.03] * 20, [0.0] * 18 + [0.4] * 2, [-0.3, 0.37] * 10])[None]
    add("a few weeks that gain much", [1, 2, 3], gains, np.full((1, 3, 20), 0.2), 0.4)
    gains = np.array([[0.09] + [0.01] * 9, [0.03] * 10])[None]
    cases.append(("resamples of the first week only", np.array([1.0, 2]), gains,
                  np.full((1, 2, 10), 0.2), 0.4, np.zeros((5, 10), dtype=int)))  # fmt: skip
    harms = np.array([0.1, 0.7, 0.9])[None, :, None] + np.zeros((2, 3, 10))
    add("only the limit 0 is safe", [0, 1, 2], harms / 10, harms, 0.4)
    # The tolerance is reached exactly, and nothing varies.
    add("harms of exactly the tolerance", [1, 2, 3],
        np.array([0.01, 0.02, 0.03])[None, :, None] + np.zeros((1, 3, 8)),
        np.array([0.25, 0.5, 0.75])[None, :, None] + np.zeros((1, 3, 8)), 0.5)  # fmt: skip
    # In one clinic each week is like the others, in another the weeks differ a lot.
    gains = np.array([0.01, 0.03, 0.02])[None, :, None] + np.zeros((3, 3, 16))
    noise = draw.normal(0, 1, (3, 3, 16)) * np.array([0.01, 0.3, 0.6])[:, None, None]
    noise -= noise.mean(axis=2, keepdims=True)
    for tolerance in (0.29, 0.35, 0.4, 0.41, 0.42, 0.45, 0.55):
        harms = np.array([0.1, 0.28, 0.2])[None, :, None] + noise
        add("3 clinics that vary unlike", [1, 2, 3], gains, harms, tolerance)
    # The second of the clinics is harmed most, but alone by no more than its weeks vary.
    harms = np.array([[0.1, 0.1], [0.48, 0.2], [0.1, 0.1]])[:, :, None] + noise[:1, :2]
    add("3 clinics and two limits", [1, 2], gains[:, 1::-1], harms, 0.4)
    # The means lie far below the tolerance and far above it; limits are not in order.
    gains = np.array([0.03, 0.05, 0.01, 0.04])[None, :, None] + np.zeros((2, 4, 10))
    harms = np.array([0.9, 0.9, 0.1, 0.2])[None, :, None] + np.zeros((2, 4, 10))
    add("two limits that harm too much", [2, 4, 1, 1.5], gains, harms, 0.4)
    harms = np.array([0.1, 0.2, 0.1, 0.9])[None, :, None] + np.zeros((2, 4, 10))
    add("limits in another order", [4, 2, 3, 1], gains, harms, 0.4)
    # A mean harm that lies a little above the tolerance, and one bad week among many good ones.
    gains = np.array([0.01, 0.02, 0.03])[None, :, None] + np.zeros((1, 3, 60))
    noise = np.tile([-0.2, 0.2], 30)
    add("1 clinic, 60 weeks", [1, 2, 3], gains,
        np.array([0.1, 0.3, 0.43])[None, :, None] + noise, 0.4)  # fmt: skip
    harms = np.array([0.05, 0.1, 0.9])[None, :, None] + np.zeros((1, 3, 60))
    harms[0, 1, 17] = 1.0
    add("one bad week among 60", [1, 2, 3], gains, harms, 0.4)
    # Every safe limit loses a little: still the best of them.
    gains, harms = _trade(draw, [1, 2, 3], 2, 20, spread=0.02)
    add("gains below zero", [1, 2, 3], gains - 0.2, harms, 0.5)
    # Weeks that differ a lot, so that which weeks a resample draws matters.
    gains, harms = _trade(draw, limits, 2, 12, spread=0.5)
    add("few weeks that differ a lot", limits, gains, harms, 0.9)
    return cases


def _choose(limits, gains, harms, tolerance, resamples, *, upper=None, safe=None, gain=None,
            low=-np.inf):  # fmt: skip
    """The right choice, with one thing done otherwise."""
    high = (_upper if upper is None else upper)(harms, resamples)  # (m, k)
    fine = (high <= tolerance).all(axis=0) if safe is None else safe(high, tolerance)
    if not fine.any():
        return None
    worth = gains.mean(axis=(0, 2)) if gain is None else gain(gains, limits, resamples)
    return float(limits[np.where(fine, worth, low).argmax()])


def _gain_end(q: float):
    """A mistake: a quantile of resampled gains in place of the mean of gains."""
    return lambda gains, limits, resamples: _upper(gains, resamples, q).mean(axis=0)


def _place_of_safe(limits, gains, harms, tolerance, resamples):
    """The place among the safe limits, used as one among all limits."""
    fine = (_upper(harms, resamples) <= tolerance).all(axis=0)
    return float(limits[gains.mean(axis=(0, 2))[fine].argmax()]) if fine.any() else None


def _never_none(*given):
    due = _choose(*given)
    return float(given[0][0]) if due is None else due


def _upper(harms, resamples, q: float = 0.975) -> np.ndarray:
    return np.quantile(harms[:, :, resamples].mean(axis=-1), q, axis=-1)


def _pooled(harms, resamples):
    return np.quantile(harms.mean(axis=0)[:, resamples].mean(axis=-1), 0.975, axis=-1)[None]


def _with(**how):
    return lambda *given: _choose(*given, **how)


MEDIAN = "the gain is a mean over clinics and weeks, not a median"
AS_THEY_ARE = "gains are averaged as they are, with no resamples and no quantile"

MISTAKES = (
    (_with(upper=lambda h, r: h.mean(axis=2)), "you compare the mean harm with the tolerance; how "
     "large may it well be?"),
    (_with(upper=lambda h, r: _upper(h, r, 0.5)), "half of the resamples have more harm; how large "
     "may it well be?"),
    (_with(upper=_pooled), "you average the clinics first; a limit must be safe in every one of "
     "them"),
    (_with(upper=lambda h, r: _upper(h, r).mean(axis=0)[None]), "you average over clinics how "
     "large the harm may be; a limit must be safe in every one of them"),
    (_with(safe=lambda high, t: (high <= t).any(axis=0)), "one clinic in which a limit is safe is "
     "not enough"),
    (_with(upper=lambda h, r: _upper(h[:1], r)), "only the first clinic counts"),
    (_with(upper=lambda h, r: _upper(h, r, 0.025)), "that is how small the harm may be; how large "
     "may it be?"),
    (_with(upper=lambda h, r: np.quantile(h, 0.975, axis=2)), "that is a quantile of single weeks; "
     "it is the mean of the weeks that is uncertain"),
    (_with(upper=lambda h, r: h.max(axis=2)), "the worst week is not the mean of the weeks"),
    (_with(upper=lambda h, r: _upper(h, r, 1.0)), "that is the largest of all resamples; it grows "
     "with their number"),
    (_with(gain=lambda g, limits, r: limits), "you return the loosest limit that is safe; is it "
     "also the one with the largest gain?"),
    (_with(gain=lambda g, limits, r: -limits), "you return the strictest limit that is safe"),
    (_with(gain=lambda g, limits, r: -np.arange(len(limits))), "you return the first limit that is "
     "safe"),
    (_never_none, "None was asked for then"),
    (lambda *given: _choose(*given) or None, "0 is a limit, too; it is not None"),
    (_place_of_safe, "an index into the safe ones is not one into `limits`"),
    (_with(low=0.0), "0 in place of the gain of an unsafe limit beats a gain below zero"),
    (_with(gain=lambda g, limits, r: np.median(g, axis=(0, 2))), MEDIAN),
    (_with(gain=lambda g, limits, r: np.median(g.mean(axis=-1), axis=0)), MEDIAN),
    (_with(gain=_gain_end(0.025)), AS_THEY_ARE),
    (_with(gain=_gain_end(0.975)), AS_THEY_ARE),
    (_with(gain=lambda g, limits, r: g[:, :, r].mean(axis=(0, 2, 3))), AS_THEY_ARE),
    (_with(gain=lambda g, limits, r: np.arange(len(limits))), "you return the last limit that is "
     "safe in the array; gains decide"),
    (_with(gain=lambda g, limits, r: g.mean(axis=2).max(axis=0)), "the gain is an average over "
     "clinics, not that of the luckiest one"),
    (_with(gain=lambda g, limits, r: g.mean(axis=2)[0]), "the gain is an average over clinics, not "
     "that of the first one"),
    (_with(gain=lambda g, limits, r: -g.mean(axis=(0, 2))), "that is the safe limit with the "
     "smallest gain"),
    (_with(safe=lambda high, t: (high < t).all(axis=0)), "a harm of exactly the tolerance is "
     "tolerated"),
    (_with(safe=lambda high, t: (high > t).all(axis=0)), "you choose among limits that are not "
     "safe"),
    (_with(safe=lambda high, t: np.ones(high.shape[1], bool)), "the limit with the largest gain "
     "need not be safe"),
)  # fmt: skip


@part("09c.4")
def choose_limit(answer: Answer) -> None:
    """`answer(limits, gains, harms, tolerance, resamples)` is a limit, or None."""
    cases = _given()
    came = []
    for what, *given in cases:
        got = answer(*given)
        came.append(got if got is None else number(got, f"{what}: the limit"))
    given = [tuple(each) for _, *each in cases]
    hint = explained(came, given, MISTAKES, "is it the quantile 0.975 of the means of *these* "
                     "resamples, in each clinic alone?")  # fmt: skip
    places = [_place(_choose(*each), each[0]) for each in given]
    for (what, *each), got in zip(cases, came, strict=True):
        due = _choose(*each)
        said = f"{what}, tolerance {each[3]:g}: "
        if got is not None and due is None:
            require(False, f"{said}no limit is safe, and you return {got:g}; {hint}")
        if got is None and due is not None:
            require(False, f"{said}some limit is safe, and nothing comes back; {hint}")
        if got is not None and not np.isclose(each[0], got).any():
            indexed = all(map(alike, came, places))
            why = "that is its place in the array" if indexed else "it is none of the limits"
            require(False, f"{said}the limit is not {got:.4g}; {why}")
        require(alike(got, due), f"{said}the limit is not {got}; {hint}")


def _place(limit, limits):
    return None if limit is None else float(np.flatnonzero(limits == limit)[0])
