"""Answers to exercise 01. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit
from answers.ex01_repairs import EPISODES, NOISE

GAP = """
import numpy as np
from scipy.stats import trim_mean

def return_gap(oracle, source, rng, resamples=2_000):
    d = oracle - source
    n = len(d)
    picks = rng.integers(n, size=(resamples, n))
    gaps = trim_mean(d[picks], 0.25, axis=1)
    low, high = np.percentile(gaps, [2.5, 97.5])
    return trim_mean(d, 0.25), low, high
"""
PICKS = "rng.integers(n, size=(resamples, n))"
GAPS = "trim_mean(d[picks], 0.25, axis=1)"
ENDS = "np.percentile(gaps, [2.5, 97.5])"
RESULT = "trim_mean(d, 0.25), low, high"

GAP_ANSWERS = [
    Wrong(
        "source minus oracle",
        edit(GAP, "oracle - source", "source - oracle"),
        "the gap is negative although the oracle gets more",
    ),
    Wrong(
        "each array resampled by itself",
        edit(GAP, "d[picks]", "oracle[picks] - source[rng.integers(n, size=(resamples, n))]"),
        "resample pairs: the same seeds from both arrays",
    ),
    Wrong("90 %", edit(GAP, "[2.5, 97.5]", "[5, 95]"), "it is one of 90 %"),
    Wrong(
        "the mean",
        edit(GAP, GAPS, "d[picks].mean(axis=1)", RESULT, "d.mean(), low, high"),
        "yours is the plain mean",
    ),
    Wrong(
        "the median",
        edit(GAP, GAPS, "np.median(d[picks], axis=1)", RESULT, "np.median(d), low, high"),
        "yours is the median",
    ),
    Wrong(
        "a difference of interquartile means",
        edit(
            GAP,
            *(GAPS, "iqm(oracle[picks], axis=1) - iqm(source[picks], axis=1)"),
            *(RESULT, "iqm(oracle) - iqm(source), low, high"),
        )
        + "\ndef iqm(x, axis=0):\n    return trim_mean(x, 0.25, axis=axis)\n",
        "take the differences seed by seed first",
    ),
    Wrong(
        "absolute differences",
        edit(GAP, "oracle - source", "np.abs(oracle - source)"),
        "a seed on which the source is better counts as negative",
    ),
    Wrong(
        "the middle half without sorting",
        edit(GAP, GAPS, "d[picks][:, 3:9].mean(axis=1)", RESULT, "d[3:9].mean(), low, high"),
        "the mean of the middle half, once they are sorted",
    ),
    Wrong(
        "the mean of the resamples as the gap",
        edit(GAP, RESULT, "gaps.mean(), low, high"),
        "is not the interquartile mean of the 12 differences",
        like="the middle half without sorting",
    ),
    Wrong("low first", edit(GAP, RESULT, "low, trim_mean(d, 0.25), high"), "return the gap first"),
    Wrong("low and high swapped", edit(GAP, "low, high =", "high, low ="), "is greater than high"),
    Wrong(
        "the spread of the seeds",
        edit(GAP, ENDS, "trim_mean(d, 0.25) + 1.96 * d.std() * np.array([-1, 1])"),
        "not about the spread of single seeds",
    ),
    Wrong(
        "percentiles of the differences",
        edit(GAP, ENDS, "np.percentile(d, [2.5, 97.5])"),
        "not about the spread of single seeds",
    ),
    Wrong(
        "a symmetric interval from the standard error",
        edit(GAP, ENDS, "trim_mean(d, 0.25) + 1.96 * gaps.std() * np.array([-1, 1])"),
        "times as wide as it should be, or lies in the wrong place",
    ),
    Wrong(
        "the mean of each resample",
        edit(GAP, GAPS, "d[picks].mean(axis=1)"),
        "take the interquartile mean of each resample, not its mean",
    ),
    Wrong(
        "resamples smaller by one",
        edit(GAP, "(resamples, n)", "(resamples, n - 1)"),
        "as many pairs as there are seeds, not one less",
    ),
    Wrong(
        "resamples greater by one",
        edit(GAP, "(resamples, n)", "(resamples, n + 1)"),
        "as many pairs as there are seeds, not one more",
    ),
    Wrong(
        "the last seed is never drawn",
        edit(GAP, "rng.integers(n,", "rng.integers(0, n - 1,"),
        "one seed is never drawn",
    ),
    Wrong(
        "the first seed is never drawn",
        edit(GAP, "rng.integers(n,", "rng.integers(1, n,"),
        "one seed is never drawn",
        like="the last seed is never drawn",
    ),
    Wrong(
        "drawn once and reused",
        edit(GAP, PICKS, "np.tile(rng.integers(n, size=n), (resamples, 1))"),
        "draw every resample anew",
    ),
    Wrong(
        "without replacement",
        edit(GAP, PICKS, "rng.permuted(np.tile(np.arange(n), (resamples, 1)), axis=1)"),
        "and with replacement",
        like="drawn once and reused",
    ),
    Wrong(
        "fractions for percentiles",
        edit(GAP, "[2.5, 97.5]", "[0.025, 0.975]"),
        "its ends are percentiles, in percent",
    ),
    Wrong(
        "reflected at the gap, as the basic bootstrap is",
        edit(GAP, ENDS, "2 * trim_mean(d, 0.25) - np.percentile(gaps, [97.5, 2.5])"),
        "the interval is 1.00 times as wide as it should be, or lies in the wrong place",
    ),
    Wrong(
        "a fixed seed inside",
        edit(GAP, PICKS, "np.random.default_rng(0).integers(n, size=(resamples, n))"),
        "generators with different seeds give the very same interval",
    ),
    Wrong(
        "a generator without a seed inside",
        edit(GAP, PICKS, "np.random.default_rng().integers(n, size=(resamples, n))"),
        "two generators with one seed give different results",
    ),
    Wrong(
        "the global generator",
        edit(GAP, PICKS, "np.random.randint(n, size=(resamples, n))"),
        "draws from a global random generator",
    ),
    Wrong(
        "resamples ignored",
        edit(GAP, "(resamples, n)", "(2_000, n)"),
        "with resamples=1 low and high should be the same",
    ),
    Wrong(
        "differences written into an argument",
        edit(GAP, "d = oracle - source", "d = oracle\n    d -= source"),
        "it changes its argument",
    ),
    Wrong(
        "the gap alone",
        edit(GAP, RESULT, "trim_mean(d, 0.25)"),
        "the result (gap, low, high) should have shape (3,), not ()",
    ),
    Wrong(
        "text",
        edit(GAP, RESULT, 'f"{trim_mean(d, 0.25):.1f}", f"{low:.1f}", f"{high:.1f}"'),
        "should hold numbers, not ('30.0', '30.0', '30.0')",
    ),
    Wrong("printed", edit(GAP, f"return {RESULT}", f"print({RESULT})"), "but None came back"),
    Wrong(
        "a name that is not there",
        edit(GAP, RESULT, "iqm(d), low, high"),
        "it raised NameError (name 'iqm' is not defined)",
    ),
    Right("the usual way", GAP),
    Right(
        "SciPy's bootstrap",
        """
from scipy.stats import bootstrap, trim_mean

def return_gap(oracle, source, rng, resamples=2_000):
    iqm = lambda x, axis=-1: trim_mean(x, 0.25, axis=axis)
    found = bootstrap(
        (oracle - source,), iqm, n_resamples=resamples, method="percentile", rng=rng
    ).confidence_interval
    return iqm(oracle - source), found.low, found.high
""",
    ),
    Right(
        "plain Python, which prints a lot",
        """
def return_gap(oracle, source, rng, resamples=2_000):
    def iqm(values):
        values = sorted(values)
        cut = len(values) // 4
        middle = values[cut:len(values) - cut]
        return sum(middle) / len(middle)

    pairs = list(zip(oracle.tolist(), source.tolist()))
    gaps = []
    for _ in range(resamples):
        drawn = [pairs[i] for i in rng.integers(0, len(pairs), len(pairs)).tolist()]
        print("a resample:", drawn)
        gaps.append(iqm([a - b for a, b in drawn]))
    gaps.sort()
    at = lambda share: gaps[round(share * (len(gaps) - 1))]
    return [iqm([a - b for a, b in pairs]), at(0.025), at(0.975)]
""",
    ),
    Right(
        "pairs as rows of an array, drawn with choice",
        """
import numpy as np
from scipy import stats

def return_gap(oracle, source, rng, resamples=2_000):
    pairs = np.stack([oracle, source], axis=1)
    drawn = rng.choice(pairs, size=(resamples, len(pairs)), axis=0)
    gaps = stats.trim_mean(drawn[..., 0] - drawn[..., 1], 0.25, axis=-1)
    ends = np.quantile(gaps, (0.025, 0.975))
    return np.array([stats.trim_mean(pairs[:, 0] - pairs[:, 1], 0.25), *ends])
""",
    ),
    Right(
        "sorted rows, uniform numbers turned into indices",
        """
import numpy as np

def return_gap(oracle, source, rng, resamples=2_000):
    d = np.subtract(oracle, source)
    n = len(d)
    cut = int(0.25 * n)
    picks = (rng.random((resamples, n)) * n).astype(int)
    gaps = np.sort(d[picks], axis=1)[:, cut:n - cut].mean(axis=1)
    low, high = np.percentile(gaps, 2.5), np.percentile(gaps, 97.5)
    return float(np.sort(d)[cut:n - cut].mean()), float(low), float(high)
""",
    ),
]

VARY = """
import random
import numpy as np

def vary(returns_at, low, high, rng, variations=50):
    values = np.sort(rng.uniform(low, high, variations))
    returns = np.array([returns_at(value).mean() for value in values])
    return values, returns
"""
VALUES = "np.sort(rng.uniform(low, high, variations))"
MEANS = "np.array([returns_at(value).mean() for value in values])"

VARY_ANSWERS = [
    Wrong(
        "not sorted",
        edit(VARY, VALUES, "rng.uniform(low, high, variations)"),
        "sort the values, so that they can be plotted",
    ),
    Wrong(
        "only one array sorted",
        edit(
            VARY,
            VALUES,
            "rng.uniform(low, high, variations)",
            "return values",
            "return np.sort(values)",
        ),
        "the returns no longer belong to the values",
    ),
    Wrong("descending", edit(VARY, VALUES, VALUES + "[::-1]"), "the values descend"),
    Wrong(
        "a grid",
        edit(VARY, VALUES, "np.linspace(low, high, variations)"),
        "stand at equal distances",
    ),
    Wrong(
        "drawn once and reused",
        edit(VARY, VALUES, "np.full(variations, rng.uniform(low, high))"),
        "the same value comes up again and again",
    ),
    Wrong(
        "whole numbers",
        edit(VARY, VALUES, "np.sort(rng.integers(low, high, variations))"),
        "all values are whole numbers",
    ),
    Wrong(
        "between 0 and high",
        edit(VARY, VALUES, "np.sort(rng.random(variations) * high)"),
        "values should lie between 5.0 and 25.0",
    ),
    Wrong(
        "more in the middle",
        edit(VARY, VALUES, "np.sort(rng.triangular(low, (low + high) / 2, high, variations))"),
        "draw uniformly",
    ),
    Wrong(
        "the median over the episodes",
        edit(VARY, "returns_at(value).mean()", "np.median(returns_at(value))"),
        "the median of the episodes, not their mean",
    ),
    Wrong(
        "the sum over the episodes",
        edit(VARY, "returns_at(value).mean()", "sum(returns_at(value))"),
        "the sum over the episodes, not their mean",
    ),
    Wrong(
        "the best episode",
        edit(VARY, "returns_at(value).mean()", "returns_at(value).max()"),
        "the best episode, not the mean",
    ),
    Wrong(
        "one episode",
        edit(VARY, "returns_at(value).mean()", "returns_at(value)[0]"),
        "one episode only",
    ),
    Wrong(
        "one mean over everything",
        edit(VARY, MEANS, "np.mean([returns_at(value) for value in values])"),
        "one mean return per value, shape (50,), not ()",
    ),
    Wrong(
        "all episodes",
        edit(VARY, "returns_at(value).mean()", "returns_at(value)"),
        "one mean return per value, shape (50,), not (50, 5)",
    ),
    Wrong(
        "the same return for all",
        edit(VARY, "returns_at(value)", "returns_at(low)"),
        "take the mean over the episodes of returns_at(value)",
    ),
    Wrong(
        "all values at once",
        edit(VARY, MEANS, "returns_at(values).mean()"),
        "returns_at takes one value at a time",
    ),
    Wrong(
        "returns first",
        edit(VARY, "return values, returns", "return returns, values"),
        "the other way round",
    ),
    Wrong(
        "a list of pairs",
        edit(VARY, "return values, returns", "return list(zip(values, returns))"),
        "return two arrays, the values and the mean returns, not [(",
    ),
    Wrong(
        "fifty, whatever was asked for",
        edit(VARY, "high, variations)", "high, 50)"),
        "asked for 20 variations, you return values of shape (50,)",
    ),
    Wrong(
        "a fixed seed inside",
        edit(VARY, "rng.uniform", "np.random.default_rng(42).uniform"),
        "another rng gives the same values",
    ),
    Wrong(
        "a generator without a seed inside",
        edit(VARY, "rng.uniform", "np.random.default_rng().uniform"),
        "one seed gives two results",
    ),
    Wrong(
        "the global generator",
        edit(VARY, "rng.uniform", "np.random.uniform"),
        "draws from a global random generator",
    ),
    Wrong(
        "Python's global generator",
        edit(VARY, VALUES, "sorted(random.uniform(low, high) for _ in range(variations))"),
        "draws from a global random generator",
        like="the global generator",
    ),
    Wrong(
        "nothing returned",
        edit(VARY, "return values, returns", "values, returns"),
        "and the mean returns, not None",
    ),
    Wrong(
        "exit",
        edit(VARY, "return values, returns", "raise SystemExit"),
        "it raised SystemExit (no message) when called with returns_at, 5.0, 25.0, Generator, 50",
    ),
    Wrong(
        "a parameter forgotten",
        edit(VARY, ", variations=50", "", "variations", "50"),
        "it raised TypeError (vary() takes 4 positional arguments but 5 were given)",
    ),
    Right("the usual way", VARY),
    Right(
        "plain Python lists",
        """
def vary(returns_at, low, high, rng, variations=50):
    values = []
    while len(values) < variations:
        values.append(float(rng.uniform(low, high)))
        print(values[-10:])
    values.sort()
    means = []
    for value in values:
        returns = list(returns_at(value))
        means.append(sum(returns) / len(returns))
    return values, means
""",
    ),
    Right(
        "both sorted afterwards",
        """
import numpy as np

def vary(returns_at, low, high, rng, variations=50):
    values = low + (high - low) * rng.random(variations)
    means = np.fromiter((np.average(returns_at(v)) for v in values), dtype=float)
    order = np.argsort(values)
    return values[order], means[order]
""",
    ),
    Right(
        "recursion, pairs, and one array of two rows",
        """
import numpy as np

def vary(returns_at, low, high, rng, variations=50):
    def pairs(count):
        if count == 0:
            return []
        if count == 1:
            value = rng.uniform(low, high)
            return [(value, np.mean(returns_at(value)))]
        return pairs(count // 2) + pairs(count - count // 2)

    return np.array(sorted(pairs(variations))).T
""",
    ),
]

DEVIATION = """
import numpy as np

def failing_deviation(values, returns, nominal, threshold=475.0):
    failed = np.abs(values - nominal)[returns < threshold]
    return failed.min() if len(failed) else None
"""

DEVIATION_ANSWERS = [
    Wrong("infinity", edit(DEVIATION, "else None", "else np.inf"), "is None, not inf"),
    Wrong("zero for nowhere", edit(DEVIATION, "else None", "else 0.0"), "is None, not 0.0"),
    Wrong("nan", edit(DEVIATION, "else None", "else np.nan"), "answer is None, not nan"),
    Wrong("text", edit(DEVIATION, "else None", "else 'none'"), "answer is None, not 'none'"),
    Wrong(
        "the empty case forgotten",
        edit(DEVIATION, " if len(failed) else None", ""),
        "when no return lies below the threshold",
    ),
    Wrong(
        "with a sign",
        edit(DEVIATION, "np.abs(values - nominal)", "(values - nominal)"),
        "a deviation is a distance and has no sign; you returned -6",
    ),
    Wrong(
        "the value instead of the deviation",
        edit(DEVIATION, "np.abs(values - nominal)", "values"),
        "14 is the value at which it fails",
    ),
    Wrong(
        "the largest deviation",
        edit(DEVIATION, "failed.min()", "failed.max()"),
        "the smallest deviation is wanted",
    ),
    Wrong(
        "the mean deviation",
        edit(DEVIATION, "failed.min()", "failed.mean()"),
        "it fails at 14 and 20, nominal is 10: the deviation is not 7",
    ),
    Wrong(
        "the first failure in the list",
        edit(DEVIATION, "failed.min()", "failed[0]"),
        "4 fails first in the list",
    ),
    Wrong(
        "failures above only",
        edit(DEVIATION, "returns < threshold", "(returns < threshold) & (values >= nominal)"),
        "failures below the nominal count too",
    ),
    Wrong(
        "at the threshold counts as a failure",
        edit(DEVIATION, "returns <", "returns <="),
        "a return equal to the threshold is not below it",
    ),
    Wrong(
        "where it survives",
        edit(DEVIATION, "len(failed)", "min(returns) < threshold", "[returns <", "[returns >"),
        "it fails at 14 and 20, nominal is 10: the deviation is not 0",
    ),
    Wrong(
        "zero taken for nothing",
        edit(DEVIATION, "if len(failed)", "if failed.any()"),
        "the deviation is 0, and 0 is not None",
    ),
    Wrong(
        "a threshold of its own",
        edit(DEVIATION, "returns < threshold", "returns < 475.0"),
        "use the argument threshold",
    ),
    Wrong(
        "a nominal value of its own",
        edit(DEVIATION, "values - nominal", "values - 10.0"),
        "use the argument nominal",
    ),
    Wrong(
        "trusts the order",
        """
import numpy as np

def failing_deviation(values, returns, nominal, threshold=475.0):
    start = np.searchsorted(values, nominal)
    above = [v - nominal for v, r in zip(values[start:], returns[start:]) if r < threshold]
    below = [nominal - v for v, r in zip(values[:start], returns[:start]) if r < threshold]
    found = above[:1] + below[-1:]
    return min(found) if found else None
""",
        "with the same points in another order the answer changes",
    ),
    Wrong(
        "its argument changed",
        edit(
            DEVIATION, "failed =", "values -= nominal\n    failed =", "values - nominal", "values"
        ),
        "it changes its argument",
    ),
    Wrong(
        "every failing deviation",
        edit(DEVIATION, "failed.min()", "failed"),
        "the deviation should be one number, not of shape (2,)",
    ),
    Wrong(
        "printed",
        edit(DEVIATION, "return ", "x = ") + "    print(x)",
        "but None came back; is something returned?",
    ),
    Right("the usual way", DEVIATION),
    Right(
        "a loop over pairs",
        """
def failing_deviation(values, returns, nominal, threshold=475.0):
    best = None
    for value, got in zip(list(values), list(returns)):
        if got < threshold:
            deviation = abs(value - nominal)
            print("fails at", value)
            if best is None or deviation < best:
                best = deviation
    return best
""",
    ),
    Right(
        "min with a default",
        """
def failing_deviation(values, returns, nominal, threshold=475.0):
    return min((abs(v - nominal) for v, r in zip(values, returns) if r < threshold), default=None)
""",
    ),
    Right(
        "sorted by deviation, then the first failure",
        """
import numpy as np

def failing_deviation(values, returns, nominal, threshold=475.0):
    deviations = np.sqrt((np.asarray(values) - nominal) ** 2)
    order = np.argsort(deviations)
    failed = np.flatnonzero(returns[order] < threshold)
    if failed.size == 0:
        return None
    return float(deviations[order][failed[0]])
""",
    ),
    Right(
        "infinity inside, None outside",
        """
import numpy as np

def failing_deviation(values, returns, nominal, threshold=475.0):
    nearest = np.where(returns < threshold, np.abs(values - nominal), np.inf).min()
    return None if np.isinf(nearest) else nearest
""",
    ),
]

BISECT = """
def bisect(survives, good, bad, tolerance):
    if not survives(good) or survives(bad):
        raise ValueError("the policy must survive at good and fail at bad")
    while abs(bad - good) > tolerance:
        middle = (good + bad) / 2
        if survives(middle):
            good = middle
        else:
            bad = middle
    return (good + bad) / 2
"""
TEST = "if not survives(good) or survives(bad):"
RAISE = 'raise ValueError("the policy must survive at good and fail at bad")'
WHILE = "while abs(bad - good) > tolerance:"
END = "return (good + bad) / 2"

BISECT_ANSWERS = [
    Wrong(
        "bad taken for the greater one",
        edit(BISECT, "abs(bad - good)", "bad - good"),
        "here `bad` is the smaller of the two",
    ),
    Wrong(
        "branches swapped",
        edit(BISECT, "if survives(middle)", "if not survives(middle)"),
        "your search runs away",
    ),
    Wrong(
        "one value after another",
        """
import numpy as np

def bisect(survives, good, bad, tolerance):
    if not survives(good) or survives(bad):
        raise ValueError("no boundary")
    step = tolerance if good < bad else -tolerance
    for value in np.arange(good + step, bad, step):
        if not survives(value):
            return value - step / 2
""",
        "each trial should halve the interval, until it is no longer than 0.0005",
    ),
    Wrong(
        "eight trials, whatever the tolerance",
        edit(BISECT, WHILE, "for _ in range(8):"),
        "that is too early for a tolerance of 0.0005",
    ),
    Wrong(
        "the middle, without trials",
        "def bisect(survives, good, bad, tolerance):\n    return (good + bad) / 2",
        "you return 1.25 after 0 trials",
    ),
    Wrong(
        "forty trials, whatever the tolerance",
        edit(BISECT, WHILE, "for _ in range(40):"),
        "you needed 42 trials where 18 are enough",
    ),
    Wrong(
        "until good equals bad",
        edit(BISECT, WHILE, "while good != bad:"),
        "your search does not come to an end",
    ),
    Wrong(
        "the interval never shrinks, and nothing can stop it",
        edit(
            BISECT,
            "        if survives(middle):\n            good = middle\n        else:",
            "        try:\n            middle = float(middle)\n        except:",
        ),
        "look for a loop that never ends",
    ),
    Wrong(
        "both ends tried again in each round",
        edit(
            BISECT,
            "if survives(middle)",
            "if survives(good) and not survives(bad) and survives(middle)",
        ),
        "so keep what it said",
    ),
    Wrong(
        "whole numbers",
        edit(BISECT, ") / 2\n        if", ") // 2\n        if"),
        "you try 0, which is not between",
    ),
    Wrong(
        "no ValueError",
        edit(BISECT, TEST, "if False:"),
        "survives at `bad` as well, there is nothing to find: raise ValueError",
    ),
    Wrong(
        "None instead of ValueError",
        edit(BISECT, RAISE, "return None"),
        "survives at `bad` as well, there is nothing to find: raise ValueError",
        like="no ValueError",
    ),
    Wrong(
        "good is not tried",
        edit(BISECT, TEST, "if survives(bad):"),
        "fails at `good` already, there is nothing to find: raise ValueError",
    ),
    Wrong(
        "the wrong way round is let through",
        edit(BISECT, TEST, "if survives(good) == survives(bad):"),
        "fails at `good` and survives at `bad`, there is nothing to find",
    ),
    Wrong(
        "an assertion",
        edit(BISECT, TEST, "if True:", RAISE, "assert survives(good) and not survives(bad)"),
        "you raise AssertionError; it should be a ValueError",
    ),
    Wrong("both ends", edit(BISECT, END, "return good, bad"), "one number, not of shape (2,)"),
    Wrong(
        "a step too far at the end",
        edit(BISECT, END, "return bad + 2 * tolerance"),
        "which is off by more than the tolerance 0.0005",
    ),
    Wrong("printed", edit(BISECT, END, "print(good)"), "should be a number, but None came back"),
    Right("the usual way", BISECT),
    Right(
        "recursion",
        """
def bisect(survives, good, bad, tolerance, checked=False):
    if not checked and (survives(bad) or not survives(good)):
        raise ValueError("nothing changes between good and bad")
    middle = good + (bad - good) / 2
    if abs(bad - good) <= tolerance:
        return middle
    print(f"between {good} and {bad}")
    if survives(middle):
        return bisect(survives, middle, bad, tolerance, True)
    return bisect(survives, good, middle, tolerance, True)
""",
    ),
    Right(
        "SciPy's root finder",
        """
from functools import cache
from scipy.optimize import bisect as root

def bisect(survives, good, bad, tolerance):
    alive = cache(survives)
    if not alive(good) or alive(bad):
        raise ValueError("survives(good) must be True and survives(bad) False")
    return root(lambda value: 1.0 if alive(value) else -1.0, good, bad, xtol=tolerance)
""",
    ),
    Right(
        "a share of the way, and the number of trials known beforehand",
        """
import math

def bisect(survives, good, bad, tolerance):
    if not (survives(good) and not survives(bad)):
        raise ValueError("no boundary")
    share, width = 0.0, 1.0
    for _ in range(math.ceil(math.log2(abs(bad - good) / tolerance))):
        width /= 2
        if survives(good + (share + width) * (bad - good)):
            share += width
    return good + share * (bad - good)
""",
    ),
    Right(
        "sorted ends and a flag",
        """
def bisect(survives, good, bad, tolerance):
    low, high = sorted([good, bad])
    low_survives, high_survives = survives(low), survives(high)
    if low_survives == high_survives or low_survives != (good < bad):
        raise ValueError("no boundary")
    while high - low > 2 * tolerance:
        middle = 0.5 * (low + high)
        if survives(middle) == low_survives:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
""",
    ),
]

ANSWERS = {
    "01.1": GAP_ANSWERS,
    "01.2": VARY_ANSWERS,
    "01.3": DEVIATION_ANSWERS,
    "01.4": BISECT_ANSWERS,
    "01.5": EPISODES,
    "01.6": NOISE,
}
