"""The rule of exercise 10 by three bets, and what it becomes with one thing done otherwise."""

import numpy as np
from scipy.stats import t as student

from course_lib.deploy.betting import confidence_sequence, wealth

SHARES = np.array([0.3, 0.6, 0.9])


def none(n: int) -> np.ndarray:
    """No fault in n units."""
    return np.zeros(n, dtype=bool)


def _wealth(d, limit, *, worst=-1.0, x=None, m=None, shares=SHARES, most=None, better=False,
            mix=None) -> np.ndarray:  # fmt: skip
    """The wealth (n,) after each unit, with one thing done otherwise."""
    d = np.where(np.isnan(d), worst, d)
    m = (1 - limit) / 2 if m is None else m(limit)
    x = (d + 1) / 2 if x is None else x(d)
    bets = np.asarray(shares) / (1 - m if most is None else most(m))
    factors = 1 + bets[:, None] * ((x - m) if better else (m - x))
    return factors.cumprod(axis=1).mean(axis=0) if mix is None else mix(factors)


def rule(d, faults, limit, alpha=0.05, *, over=None, when=None, **how) -> int | None:
    """The first unit after which to fall back, with one thing done otherwise."""
    wealth = _wealth(d, limit, **how)
    shown = wealth >= 1 / alpha if over is None else over(wealth, alpha)
    stops = np.flatnonzero((shown | faults) if when is None else when(shown, faults))
    return int(stops[0]) if stops.size else None


def _with(**how):
    return lambda *given: rule(*given, **how)


def _then(change):
    """A mistake in what is returned."""
    return lambda d, *rest: change(rule(d, *rest), d)


def _skipping(d, faults, limit, alpha=0.05, *, count=True) -> int | None:
    """Episodes that did not end are left out, and faults in them as well."""
    kept = np.flatnonzero(~np.isnan(d))
    found = rule(d[kept], faults[kept], limit, alpha)
    return found if found is None or not count else int(kept[found])


def _cautious(d, faults, limit, alpha=0.05) -> int | None:
    """Stop when the mean so far is below the limit: no test at all."""
    d = np.where(np.isnan(d), -1.0, d)
    stops = np.flatnonzero((d.cumsum() / np.arange(1, len(d) + 1) < -limit) | faults)
    return int(stops[0]) if stops.size else None


def _at_once(d, faults, limit, alpha=0.05) -> int | None:
    stops = np.flatnonzero((np.where(np.isnan(d), -1.0, d) < -limit) | faults)
    return int(stops[0]) if stops.size else None


def _t_test(d, faults, limit, alpha=0.05, start=2) -> int | None:
    """Student's t test after every unit from the `start`-th on."""
    d = np.where(np.isnan(d), -1.0, d)
    for i in range(len(d)):
        seen = d[: i + 1]
        error = seen.std(ddof=1) / np.sqrt(i + 1) if i else np.nan
        shown = i + 1 >= start and (seen.mean() + limit) / error < student.ppf(alpha, i)
        if faults[i] or shown:
            return i
    return None


def _reset(d, faults, limit, alpha=0.05) -> int | None:
    """Each bet's wealth never falls below 1."""

    def mix(factors):
        wealth, rows = np.ones(len(factors)), []
        for column in factors.T:
            wealth = np.maximum(1, wealth * column)
            rows.append(wealth.mean())
        return np.array(rows)

    return rule(d, faults, limit, alpha, mix=mix)


def _nan_is_fault(d, faults, *rest) -> int | None:
    return rule(d, faults | np.isnan(d), *rest)


def _end_only(d, faults, *rest) -> int | None:
    """Looks at the evidence once, after the last unit."""
    last = np.arange(len(d)) == len(d) - 1
    return rule(d, faults, *rest, when=lambda shown, faults: (shown & last) | faults)


def _faults_first(d, faults, *rest) -> int | None:
    return int(faults.argmax()) if faults.any() else rule(d, faults, *rest)


def _evidence_first(d, faults, *rest) -> int | None:
    found = rule(d, none(len(d)), *rest)
    return rule(d, faults, *rest) if found is None else found


def _twice(d, faults, *rest) -> int | None:
    """A fault, or evidence, in two units in a row."""
    return rule(d, faults, *rest, when=lambda s, f: (s & np.append(False, s[:-1])) | f)


def _adapting(d, faults, limit, alpha=0.05) -> int | None:
    """With the bets of lesson 09."""
    x = (1 - np.where(np.isnan(d), -1.0, d)) / 2
    stops = np.flatnonzero((wealth(x, (1 + limit) / 2) >= 1 / alpha) | faults) if len(d) else d
    return int(stops[0]) if stops.size else None


def _sequence(d, faults, limit, alpha=0.05) -> int | None:
    """When the confidence sequence of lesson 09 lies below the limit."""
    if not len(d):
        return None
    high = confidence_sequence(np.where(np.isnan(d), -1.0, d), low=-1, high=1, alpha=alpha).high
    stops = np.flatnonzero((high < -limit) | faults)
    return int(stops[0]) if stops.size else None


END = "an episode that did not end counts as the worst, a difference of -1; "

SMALLER = "the three bets are smaller than 0.3, 0.6 and 0.9 of the largest"

MISTAKES = (
    (_skipping, END + "you leave those units out"),
    (lambda *g: _skipping(*g, count=False), END + "you leave those units out, and count the rest "
     "anew"),
    (lambda d, f, limit, *rest: rule(np.where(np.isnan(d), -limit, d), f, limit, *rest), END +
     "you leave the wealth as it was"),
    (_with(worst=np.nan), END + "in your wealth one NaN makes NaN of all that follows"),
    (_with(worst=0.0), END + "you take 0, as if nothing had happened"),
    (_with(worst=1.0), END + "you take the best"),
    (_with(worst=-3.0), END + "so x is 0 then, and not -1"),
    (lambda d, f, *rest: rule(d, f & ~np.isnan(d), *rest), "a fault counts where the episode did "
     "not end, too"),
    (_nan_is_fault, "an episode that did not end counts as -1; it is no fault by itself"),
    (lambda d, f, *rest: rule(d, none(len(d)), *rest), "a fault does not make you fall back"),
    (lambda d, f, *rest: rule(np.where(f, -1.0, d), none(len(d)), *rest), "a fault is enough by "
     "itself, whatever the wealth"),
    (_faults_first, "the evidence was there before the fault, and you go on to the fault"),
    (_evidence_first, "the fault came before the evidence, and you wait for the evidence"),
    (_with(when=lambda shown, faults: shown & faults), "a fault *or* evidence is enough; you wait "
     "for both"),
    (_with(when=lambda shown, faults: faults), "only faults make you "
     "fall back: does your wealth ever grow? (x and m have to be mapped alike)"),
    (_with(when=lambda shown, faults: shown | (faults.cumsum() > 1)), "one fault is enough"),
    (_then(lambda i, d: None if i is None else i + 1), "units are counted from 0, and the unit "
     "that showed it is the one to return"),
    (_then(lambda i, d: None if i is None else i - 1), "what a unit shows is known after it, not "
     "one unit before"),
    (_then(lambda i, d: i or None), "0 is an index, too; it is not None"),
    (_then(lambda i, d: 0 if i is None else i), "with nothing shown, None was asked for, and not "
     "0, which is the first unit"),
    (_then(lambda i, d: -1 if i is None else i), "with nothing shown, None was asked for, and not "
     "-1, which is the last unit"),
    (_then(lambda i, d: len(d) if i is None else i), "with nothing shown, None was asked for, and "
     "not the number of units"),
    (_then(lambda i, d: len(d) - 1 if i is None else i), "with nothing shown, None was asked "
     "for, and not the last unit"),
    (_with(better=True), "you bet that the candidate is *better*: wealth must grow where x is "
     "below m"),
    (_with(better=True, most=lambda m: m), "you bet that the candidate is *better*: wealth must "
     "grow where x is below m (and the bets go with m)"),
    (_with(m=lambda limit: (1 + limit) / 2), "the bound is -harm_limit, not harm_limit"),
    (_with(m=lambda limit: limit), "harm_limit is not the bound: what does -harm_limit become, "
     "where -1 becomes 0 and 1 becomes 1?"),
    (_with(m=lambda limit: 0.5), "harm_limit does not come in: some harm is allowed"),
    (_with(m=lambda limit: 0.5 - limit), "the bound is mapped otherwise than the differences: half "
     "of the limit, or all of it?"),
    (_with(m=lambda limit: 1 - limit, most=lambda m: np.maximum(1 - m, 1e-9)), "the bound is "
     "mapped otherwise than the differences: what does -harm_limit become?"),
    (_with(x=lambda d: d), "the differences are not mapped to [0, 1], and the bound is"),
    (_with(x=lambda d: d / 2), "the differences are mapped to [-0.5, 0.5], not to [0, 1]"),
    (_with(x=lambda d: np.clip(d, 0, 1)), "a difference below 0 is cut off; all of [-1, 1] is "
     "mapped to [0, 1]"),
    (_with(x=lambda d: d.clip(-1, 0) + 1), "gains are cut off; all of [-1, 1] is mapped to [0, 1]"),
    (_with(most=lambda m: 1.0), "the bets are the shares themselves: divide each by 1 - m"),
    (_with(most=lambda m: m or 1e-9), "the bets are divided by m: what is the most that can be "
     "lost in one unit, at x = 1?"),
    (_with(most=lambda m: 1 + m), "the bets are divided by 1 + m: what is the most that can be "
     "lost in one unit, at x = 1?"),
    (_with(x=lambda d: d, m=lambda limit: -limit, most=lambda m: (1 - m) / 2), "differences and "
     "bound are not mapped; then the largest bet is another one, too"),
    (_with(most=lambda m: 1 / (1 - m)), "the bets are multiplied by 1 - m: divide"),
    (_with(shares=(0.25, 0.5, 0.75)), SMALLER),
    (_with(shares=(0.1, 0.2, 0.3)), SMALLER + " by far"),
    (_with(shares=SHARES[:1]), "only the smallest bet is made"),
    (_with(shares=SHARES[1:2]), "the wealth is that of the middle bet alone, which is also "
     "that of the average bet: each bet grows on its own, and the three *wealths* are averaged"),
    (_with(shares=SHARES[2:]), "only the boldest bet is made"),
    (_with(mix=lambda f: f.cumprod(axis=1).max(axis=0)), "the best of three bets is known only "
     "afterwards; average their wealths"),
    (_with(mix=lambda f: f.cumprod(axis=1).min(axis=0)), "the poorest of three bets decides; "
     "average their wealths"),
    (_with(mix=lambda f: f.cumprod(axis=1).sum(axis=0)), "the three wealths are added up, so they "
     "start from 3; average them"),
    (_with(mix=lambda f: f.prod(axis=0).cumprod()), "the three wealths are multiplied; average "
     "them"),
    (_with(mix=lambda f: np.median(f.cumprod(axis=1), axis=0)), "the average is the mean, not the "
     "median"),
    (_with(mix=lambda f: np.exp(np.log(f).cumsum(axis=1).mean(axis=0))), "you average the "
     "logarithms of the wealths; average the wealths"),
    (_with(mix=lambda f: 1 + (f - 1).cumsum(axis=1).mean(axis=0)), "what was won is added up; the "
     "whole wealth is put at stake each time, so factors are multiplied"),
    (_with(mix=lambda f: f.mean(axis=0)), "each unit starts from 1 again; the wealth carries over"),
    (_reset, "the wealth is lifted to 1 whenever it falls below; what was lost is lost"),
    (_with(over=lambda w, a: w >= a), "the wealth is compared with alpha; it has to reach 1 / "
     "alpha"),
    (_with(over=lambda w, a: w >= 2 / a), "alpha is halved: this bet has one side only"),
    (_with(over=lambda w, a: w >= 3 / a), "the mean of three wealths needs no correction for "
     "three bets; 1 / alpha is enough"),
    (_with(over=lambda w, a: w >= 1 / 0.05), "alpha is 0.05 whatever was asked for"),
    (_with(over=lambda w, a: w >= 1 - a), "the wealth is compared with 1 - alpha; it has to reach "
     "1 / alpha"),
    (_with(over=lambda w, a: w >= len(w) / a), "you divide alpha by the number of units; a bet "
     "needs no correction for looking often"),
    (_with(over=lambda w, a: w <= a), "the wealth is small where *nothing* is shown; it has to "
     "grow to 1 / alpha"),
    (_with(over=lambda w, a: np.log(w) >= 1 / a), "the logarithm of the wealth is compared with "
     "1 / alpha"),
    (_end_only, "the evidence was there once, and later gains hide it; look after every unit"),
    (_twice, "once is enough: after the first unit at which the wealth reaches 1 / alpha"),
    (_at_once, "one bad unit is no evidence: the mean counts"),
    (_cautious, "a mean so far below the limit is no test; by chance that happens early"),
    (_t_test, "a t test after every unit has many chances of a false alarm; bet instead"),
    (lambda *g: _t_test(*g, start=5), "a t test after every unit has many chances of a false "
     "alarm, also from the fifth on; bet instead"),
    (_adapting, "those are the bets of lesson 09, which adapt; three fixed ones were asked for"),
    (_sequence, "a confidence sequence has two sides and other bets; three fixed bets were asked "
     "for"),
    (_with(when=lambda shown, faults: none(len(faults))), "nothing ever makes you fall back"),
)  # fmt: skip
