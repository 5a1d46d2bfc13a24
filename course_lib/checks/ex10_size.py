"""Checks of exercise 10: how many pairs of episodes a canary needs."""

import numpy as np
from scipy.stats import nct, norm, t

from course_lib.checks.hints import alike, explained
from course_lib.teach.checking import Answer, brief, number, part, require


def _cases() -> list[tuple]:
    """What it is, then differences (m,), harm, and alpha and power where they are not usual."""
    draw = np.random.default_rng(1002)
    some = draw.normal(0.01, 0.15, 12)
    worse = draw.normal(-0.3, 0.1, 15)
    return [
        ("12 pilot pairs", some, 0.05),
        ("12 pilot pairs", some, 0.1),
        ("15 pairs that are worse by far", worse, 0.04),
        ("two pilot pairs", np.array([0.1, -0.05]), 0.06),
        ("100 pilot pairs", draw.normal(0, 0.2, 100), 0.03),
        ("a stricter test", some, 0.05, 0.01, 0.8),
        ("a laxer test", worse, 0.03, 0.2, 0.8),
        ("more power", some, 0.05, 0.05, 0.95),
        ("a power of one half", some, 0.05, 0.05, 0.5),
        ("little power", worse, 0.02, 0.1, 0.3),
        ("seconds in place of shares", 600 * some, 25.0, 0.05, 0.9),
        ("a tiny harm", some, 0.002, 0.05, 0.8),
        ("a harm that nobody could miss", some, 0.9),
        ("pilots that are all alike", np.full(6, 0.25), 0.05),
    ]


def _z(alpha, power) -> float:
    return norm.ppf(1 - alpha) + norm.ppf(power)


def _pairs(d, harm, alpha=0.05, power=0.8, *, z=_z, sd=None, raw=None, whole=np.ceil, least=2):
    """The number of pairs, with one thing done otherwise."""
    spread = d.std(ddof=1) if sd is None else sd(d)
    n = (z(alpha, power) * spread / harm) ** 2 if raw is None else raw(d, harm, alpha, power)
    return max(least, float(whole(round(n, 9))))


def _with(**how):
    return lambda *given: _pairs(*given, **how)


def _other(change):
    """A mistake: the right number, and then something is done to it."""
    return lambda d, *rest: change(_pairs(d, *rest), d)


def _scale(change):
    """A mistake: something else than the square of the one ratio; z and sd are right."""
    return _with(raw=lambda d, h, a, p: change(_z(a, p), d.std(ddof=1), h))


def _first(enough, d, harm, alpha, power) -> float:
    """The first number of pairs that is enough; not looked for beyond where it must be."""
    about = int(_pairs(d, harm, alpha, power))
    return next((n for n in range(max(2, about - 2), about + 60) if enough(n)), np.nan)


def _students(d, harm, alpha=0.05, power=0.8) -> float:
    """With quantiles of Student's t for the canary's own number of pairs."""
    s = d.std(ddof=1) / harm
    return _first(lambda n: n >= ((t.ppf(1 - alpha, n - 1) + t.ppf(power, n - 1)) * s) ** 2,
                  d, harm, alpha, power)  # fmt: skip


def _noncentral(d, harm, alpha=0.05, power=0.8) -> float:
    """With the exact power of Student's t test for normal differences."""
    s = max(d.std(ddof=1), 1e-12)
    return _first(
        lambda n: nct.sf(t.ppf(1 - alpha, n - 1), n - 1, min(harm / s * n**0.5, 30)) >= power,
        d, harm, alpha, power)  # fmt: skip


def _pilots_t(d, harm, alpha=0.05, power=0.8) -> float:
    """With quantiles of Student's t for the number of pilots."""
    both = t.ppf(1 - alpha, len(d) - 1) + t.ppf(power, len(d) - 1)
    return _pairs(d, harm, alpha, power, z=lambda a, p: both)


STUDENT = "you use quantiles of Student's t; the normal approximation was asked for"

MISTAKES = (
    (_with(z=lambda a, p: norm.ppf(1 - a / 2) + norm.ppf(p)), "that is a two-sided test (alpha / "
     "2); only harm shall be noticed"),
    (_with(z=lambda a, p: norm.ppf(1 - a)), "the power does not come in: in one half of the "
     "canaries the mean would not be low enough"),
    (_with(z=lambda a, p: norm.ppf(1 - a / 2)), "the power does not come in, and the test has two "
     "sides"),
    (_with(z=lambda a, p: norm.ppf(p)), "alpha does not come in"),
    (_with(z=lambda a, p: norm.ppf(1 - a) - norm.ppf(p)), "one quantile is taken from the other "
     "(that of alpha is that of 1 - alpha, turned round): the two distances add up"),
    (_with(z=lambda a, p: norm.cdf(1 - a) + norm.cdf(p)), "`norm.cdf` gives a probability; the "
     "place that belongs to one was needed"),
    (_with(z=lambda a, p: norm.ppf(1 - a) + norm.ppf(0.8)), "the power is 0.8 whatever was asked "
     "for"),
    (_with(z=lambda a, p: norm.ppf(0.95) + norm.ppf(p)), "alpha is 0.05 whatever was asked for"),
    (_with(z=lambda a, p: norm.ppf(0.95) + norm.ppf(0.8)), "alpha and power are 0.05 and 0.8 "
     "whatever was asked for"),
    (_with(z=lambda a, p: np.hypot(norm.ppf(1 - a), norm.ppf(p))), "square the sum, not each of "
     "the two quantiles"),
    (_with(sd=lambda d: d.std()), "that is the standard deviation with ddof=0; few pilots make "
     "this too small"),
    (_with(sd=lambda d: np.sqrt((d**2).mean())), "the pilots' mean is in it: a standard deviation "
     "is about deviations from it"),
    (_with(sd=lambda d: np.sqrt((d**2).sum() / (len(d) - 1))), "the pilots' mean is in it: a "
     "standard deviation is about deviations from it (and n - 1 does not help)"),
    (_with(sd=lambda d: d.var(ddof=1)), "that is the variance in place of the standard deviation, "
     "before you square"),
    (_with(sd=lambda d: np.sqrt(d.std(ddof=1))), "a root too many: the standard deviation itself "
     "is squared"),
    (_with(sd=lambda d: d.std(ddof=1) / np.sqrt(len(d))), "that is the standard error of the "
     "pilots' mean; how much do *single* pairs vary?"),
    (_with(sd=lambda d: np.sqrt(2) * d.std(ddof=1)), "a difference of a pair has both variances in "
     "it already; the factor 2 is for two separate groups"),
    (_with(sd=lambda d: 2 * d.std(ddof=1)), "there is a factor too many: the differences have "
     "both arms in them already"),
    (_with(sd=lambda d: np.ptp(d)), "the range of the pilots is not their standard deviation"),
    (_with(sd=lambda d: abs(d).mean()), "the mean size is not a standard deviation"),
    (_scale(lambda z, s, h: np.ceil(z * s / h) ** 2), "round up once, at the end: what you round "
     "is squared afterwards"),
    (_scale(lambda z, s, h: z * s / h), "the square is missing: twice the precision takes four "
     "times the pairs"),
    (_scale(lambda z, s, h: z * (s / h) ** 2), "the quantiles belong under the square, too"),
    (_scale(lambda z, s, h: z**2 * s / h), "the spread over the harm belongs under the square, "
     "too"),
    (_scale(lambda z, s, h: (z * s) ** 2 / h), "the harm is squared, too"),
    (_scale(lambda z, s, h: z * s / h**2), "the quantiles and s are squared, too"),
    (_scale(lambda z, s, h: (z * h / s) ** 2 if s else 0.0), "you ask for more pairs where the "
     "harm is *larger*; turn the ratio round"),
    (lambda d, h, *rest: _pairs(d, abs(d.mean()), *rest), "you plan for the pilots' mean; it is "
     "the harm that was named which shall be noticed"),
    (lambda d, h, *rest: _pairs(d, abs(h + d.mean()), *rest), "the pilots' mean changes the harm; "
     "only their spread is needed"),
    (lambda d, h, *rest: _pairs(d, abs(h - d.mean()), *rest), "the pilots' mean changes the harm; "
     "only their spread is needed"),
    (_with(z=lambda a, p: 2 * norm.ppf(1 - a)), "the quantile of the level comes twice; the second "
     "is that of the power"),
    (_with(z=lambda a, p: round(norm.ppf(1 - a), 3) + round(norm.ppf(p), 3)), "quantiles that are "
     "rounded are not near enough; use `norm.ppf`"),
    (_with(whole=np.floor), "fewer pairs than needed: round up"),
    (_with(whole=np.round), "to the nearest whole number is sometimes too few: round up"),
    (_with(whole=lambda n: np.ceil(n) + 1), "one pair more than needed"),
    (_with(least=1), "with one pair there is no standard deviation; return at least 2"),
    (_with(least=0), "with no pair nothing can be noticed; return at least 2"),
    (_with(least=3), "2 pairs may be enough; you return at least 3"),
    (_with(least=10), "2 pairs may be enough; you return at least 10"),
    (_with(least=30), "2 pairs may be enough; the approximation is asked for as it is"),
    (_students, STUDENT + ", for the canary's pairs"),
    (_noncentral, "you use the exact power of a t test; the normal approximation was asked for"),
    (_pilots_t, STUDENT + ", for the pilots"),
    (_other(lambda n, d: max(2, n - len(d))), "the pilots do not count as a part of the canary"),
    (_other(lambda n, d: max(n, len(d))), "a canary may have fewer pairs than there were pilots"),
    (_other(lambda n, d: n + len(d)), "the pilots do not count; the canary's own pairs were asked "
     "for"),
    (_other(lambda n, d: 2 * n), "pairs were asked for, not episodes"),
)  # fmt: skip


@part("10.2")
def canary_size(answer: Answer) -> None:
    """`answer(differences, harm, alpha, power)` is the number of pairs that is needed."""
    cases, came = _cases(), []
    for what, *given in cases:
        got = answer(*given)
        what = f"{what}, {_asked(*given)}"
        came.append(number(got, f"{what}: the number of pairs"))
        is_int = isinstance(got, int | np.integer) and not isinstance(got, bool)
        require(is_int or came[-1] % 1 != 0, f"{what}: {brief(got)} is whole, but of type "
                f"{type(got).__name__}; `range` wants an int")  # fmt: skip
        require(came[-1] % 1 == 0, f"{what}: {came[-1]:.6g} is no whole number of pairs")
    given = [tuple(each) for _, *each in cases]
    # Who makes one of the mistakes may have forgotten the least number of pairs as well.
    hint = explained(came, given, MISTAKES, "") or explained(
        [max(2.0, n) for n in came], given, MISTAKES, ""
    )
    for (what, *each), got in zip(cases, came, strict=True):
        due = _pairs(*each)
        said = f"{what}, {_asked(*each)}: the number is not {got:.10g}"
        more = hint or f"that is too {'many' if got > due else 'few'}"
        require(alike(got, due), f"{said}; {more}")


def _asked(differences, harm, alpha=0.05, power=0.8) -> str:
    return f"harm {harm:g}, alpha {alpha:g}, power {power:g}"
