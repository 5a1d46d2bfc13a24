"""Answers to exercise 09a. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

EXPLAINS = """
import numpy as np

def explains(feature, missed, groups, shuffles):
    total = ((missed - missed.mean()) ** 2).sum()
    if total == 0:
        return 0.0, 1.0
    cut = np.array_split(np.argsort(feature, kind="stable"), groups)

    def share(y):
        return sum(len(g) * (y[g].mean() - y.mean()) ** 2 for g in cut) / total

    own = share(missed)
    as_large = sum(share(missed[row]) >= own - 1e-9 for row in shuffles)
    return own, (1 + as_large) / (1 + len(shuffles))
"""
CUT = 'np.array_split(np.argsort(feature, kind="stable"), groups)'
BETWEEN = "sum(len(g) * (y[g].mean() - y.mean()) ** 2 for g in cut) / total"
COUNT = "sum(share(missed[row]) >= own - 1e-9 for row in shuffles)"
CHANCE = "(1 + as_large) / (1 + len(shuffles))"


def _explains(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(EXPLAINS, *changes), hint, like)


EXPLAINS_ANSWERS = [
    _explains(
        "not sorted",
        "sort them by the feature",
        CUT,
        "np.array_split(np.arange(len(feature)), groups)",
    ),
    _explains(
        "equal widths",
        "not equally wide",
        CUT,
        "[g for g in (np.flatnonzero(np.digitize(feature, np.linspace(feature.min(), "
        "feature.max(), groups + 1)[1:-1]) == i) for i in range(groups)) if g.size]",
    ),
    _explains(
        "unweighted",
        "weigh each by its size",
        BETWEEN,
        "np.var([y[g].mean() for g in cut]) / y.var()",
    ),
    _explains("correlation", "has a sign", BETWEEN, "np.corrcoef(feature, y)[0, 1]"),
    _explains(
        "squared correlation",
        "a squared correlation",
        BETWEEN,
        "np.corrcoef(feature, y)[0, 1] ** 2",
    ),
    _explains("within", "within the groups", BETWEEN, f"1 - {BETWEEN}"),
    _explains("a root", "do not take one", BETWEEN, f"np.sqrt({BETWEEN})"),
    _explains("no total", "divide by the sum", " / total\n", "\n"),
    _explains(
        "one group more", "one group too many", '"stable"), groups)', '"stable"), groups + 1)'
    ),
    _explains("strictly", "does as well counts", ">= own - 1e-9", "> own + 1e-9"),
    _explains("own not counted", "in the numerator and in", CHANCE, "as_large / len(shuffles)"),
    _explains(
        "own missing above", "missing in the numerator", CHANCE, "as_large / (1 + len(shuffles))"
    ),
    _explains(
        "own missing below", "missing in the denominator", CHANCE, "(1 + as_large) / len(shuffles)"
    ),
    _explains("turned round", "not those that do worse", ">= own - 1e-9", "<= own + 1e-9"),
    _explains("per cent", "in per cent", "return own, (1", "return 100 * own, (1"),
    _explains(
        "exchanged", "the share comes first", f"return own, {CHANCE}", f"return {CHANCE}, own"
    ),
    _explains(
        "nothing to explain", "there is nothing to explain", "return 0.0, 1.0", "return 0.0, 0.0"
    ),
    _explains("no guard", "there is nothing to explain", "if total == 0", "if total < 0"),
    _explains("share only", "should have shape", f"return own, {CHANCE}", "return own"),
    _explains("no return", "None came back", f"return own, {CHANCE}", f"own, {CHANCE}"),
    _explains(
        "in place",
        "it changes its argument",
        "    own = ",
        "    missed -= missed.mean()\n    own = ",
    ),
    _explains(
        "own shuffles", "global random generator", "missed[row]", "np.random.permutation(missed)"
    ),
    _explains("no tolerance", "mind the 1e-9", ">= own - 1e-9", ">= own"),
    _explains(
        "no tolerance, all at once",
        "mind the 1e-9",
        COUNT,
        "(sum(len(g) * (missed[shuffles][:, g].mean(axis=1) - missed.mean()) ** 2 for g in cut) "
        "/ total >= own).sum()",
        like="no tolerance",
    ),
    _explains(
        "no tolerance, from within",
        "mind the 1e-9",
        BETWEEN,
        "1 - sum(((y[g] - y[g].mean()) ** 2).sum() for g in cut) / total",
        "own - 1e-9",
        "own",
        like="no tolerance",
    ),
    _explains("downwards", "sort upwards", "argsort(feature", "argsort(-feature"),
    _explains("turned", "upwards, not downwards", '"stable"), groups)', '"stable")[::-1], groups)'),
    _explains(
        "not stable",
        "sort stably",
        'np.argsort(feature, kind="stable")',
        "np.lexsort((-np.arange(len(feature)), feature))",
    ),
    _explains(
        "quantiles",
        "quantiles place",
        CUT,
        "[g for g in (np.flatnonzero(np.digitize(feature, np.quantile(feature, np.linspace(0, 1, "
        "groups + 1))[1:-1]) == i) for i in range(groups)) if g.size]",
    ),
    _explains(
        "remainder dropped",
        "the last grasps are left out",
        CUT,
        'np.argsort(feature, kind="stable")[: len(feature) // groups * groups].reshape(groups, -1)',
    ),
    _explains(
        "values",
        "each value is a group",
        CUT,
        "[np.flatnonzero(feature == value) for value in np.unique(feature)]",
    ),
    _explains("no sizes", "counts with its size", "len(g) * ", ""),
    _explains("variance", "not by its mean", " / total\n", " / y.var()\n"),
    _explains(
        "feature reordered",
        "not the feature",
        COUNT,
        "sum(1 - sum(missed[g].var() * len(g) for g in np.array_split(np.argsort(feature[row], "
        'kind="stable"), groups)) / total >= own - 1e-9 for row in shuffles)',
    ),
    _explains(
        "seeded shuffles",
        "use the orders in",
        COUNT,
        "sum(share(np.random.default_rng(i).permutation(missed)) >= own - 1e-9 "
        "for i in range(len(shuffles)))",
    ),
    Right("the usual way", EXPLAINS),
    Right(
        "with sums of squares within",
        """
import numpy as np

def explains(feature, missed, groups, shuffles):
    if missed.min() == missed.max():
        return 0, 1
    order = np.argsort(feature, kind="stable")

    def left(y):
        return sum(part.var() * part.size for part in np.array_split(y[order], groups))

    shares = 1 - np.array([left(missed[row]) for row in shuffles]) / (missed.var() * missed.size)
    own = 1 - left(missed) / (missed.var() * missed.size)
    return own, (1 + np.count_nonzero(shares > own - 1e-9)) / (1 + len(shares))
""",
    ),
    Right(
        "in plain numbers",
        """
def explains(feature, missed, groups, shuffles):
    m, values = len(feature), [float(y) for y in missed]
    mean = sum(values) / m
    total = sum((y - mean) ** 2 for y in values)
    if not total:
        return [0.0, 1.0]
    order = sorted(range(m), key=lambda i: feature[i])

    def share(y):
        start, between = 0, 0.0
        for g in range(groups):
            size = m // groups + (g < m % groups)
            part = [y[i] for i in order[start : start + size]]
            between += size * (sum(part) / size - mean) ** 2
            start += size
        return between / total

    own = share(values)
    count = sum(share([values[i] for i in row]) >= own - 1e-9 for row in shuffles)
    return [own, (count + 1) / (len(shuffles) + 1)]
""",
    ),
]

NEEDED = """
import numpy as np
from statistics import NormalDist

def grasps_needed(before, after, sure, power):
    z = NormalDist().inv_cdf
    widths = z((1 + sure) / 2) + z(power)
    variance = before * (1 - before) + after * (1 - after)
    return np.ceil(widths**2 * variance / (after - before) ** 2)
"""
WIDTHS = "z((1 + sure) / 2) + z(power)"
VARIANCE = "before * (1 - before) + after * (1 - after)"
RESULT = "np.ceil(widths**2 * variance / (after - before) ** 2)"


def _needed(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(NEEDED, *changes), hint, like)


NEEDED_ANSWERS = [
    _needed("one-sided", "half of the doubt", WIDTHS, "z(sure) + z(power)"),
    _needed("no power", "every other time", WIDTHS, "z((1 + sure) / 2)"),
    _needed(
        "two-sided power",
        "the power has one side",
        WIDTHS,
        "z((1 + sure) / 2) + z((1 + power) / 2)",
    ),
    _needed("widths cancel", "they do not cancel", WIDTHS, "z((1 + sure) / 2) - z(power)"),
    _needed("squares of widths", "added first", WIDTHS, "np.hypot(z((1 + sure) / 2), z(power))"),
    _needed("sure is 0.95", "`sure` is given", WIDTHS, "1.96 + z(power)"),
    _needed("power is 0.8", "`power` is given", WIDTHS, "z((1 + sure) / 2) + 0.8416212"),
    _needed("before only", "so both scatter", VARIANCE, "before * (1 - before) + 0 * after"),
    _needed("after only", "so it scatters too", VARIANCE, "after * (1 - after)"),
    _needed(
        "before twice", "scatter differently", VARIANCE, "2 * before * (1 - before) + 0 * after"
    ),
    _needed("pooled", "pools the rates", VARIANCE, "(before + after) * (1 - (before + after) / 2)"),
    _needed(
        "deviations",
        "you add before you square",
        VARIANCE,
        "(np.sqrt(before * (1 - before)) + np.sqrt(after * (1 - after))) ** 2",
    ),
    _needed("largest variance", "not what they are", VARIANCE, "0.5 + 0 * after"),
    _needed("no failures", "the variance of one grasp", VARIANCE, "before + after"),
    _needed("not squared", "four times as many", "(after - before) ** 2", "abs(after - before)"),
    _needed("rounded down", "rounded down", "np.ceil", "np.floor"),
    _needed("nearest", "round up", "np.ceil", "np.round"),
    _needed("not whole", "whole numbers", RESULT, RESULT[7:]),
    _needed("both", "both policies together", RESULT, "2 * " + RESULT),
    _needed("one more", "one too many", RESULT, "1 + " + RESULT),
    _needed(
        "up only", "a step down is to be told", RESULT, f"np.where(after > before, {RESULT}, 0)"
    ),
    _needed("the first only", "should have shape", RESULT, RESULT + "[0]"),
    _needed("no return", "None came back", "return np", "np"),
    _needed(
        "in place",
        "it changes its argument",
        "    widths",
        "    after -= before\n    after += 0.1\n    widths",
    ),
    _needed("at least 12", "a huge step", RESULT, f"np.maximum(12, {RESULT})"),
    _needed("sure turned", "1 - sure taken for sure", WIDTHS, "z(1 - sure / 2) + z(power)"),
    Right("the usual way", NEEDED),
    Right(
        "with SciPy",
        """
import numpy as np
from scipy.stats import norm

def grasps_needed(before, after, sure, power):
    apart = norm.isf((1 - sure) / 2) - norm.isf(power)
    one = np.sqrt(before * (1 - before) + after * (1 - after)) * apart / np.abs(after - before)
    return np.ceil(one**2).astype(int)
""",
    ),
    Right(
        "by counting",
        """
import math
from statistics import NormalDist

def grasps_needed(before, after, sure, power):
    found = []
    for q in after.tolist():
        n = 1
        z = NormalDist().inv_cdf((1 + sure) / 2) + NormalDist().inv_cdf(power)
        v = before * (1 - before) + q * (1 - q)
        while abs(q - before) < z * math.sqrt(v / n):
            n += 1
        found.append(n)
    return found
""",
    ),
]

BATCH = """
import numpy as np

def mixed_batch(real, simulated, size, share, rng):
    k = round(share * size)
    if 0 < share < 1:
        k = min(max(k, 1), size - 1)
    return rng.integers(real, size=k), rng.integers(simulated, size=size - k)
"""
ROUND = "round(share * size)"
INSIDE = "k = min(max(k, 1), size - 1)"
REAL = "rng.integers(real, size=k)"
OLD = "rng.integers(simulated, size=size - k)"


def _batch(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(BATCH, *changes), hint, like)


BATCH_ANSWERS = [
    _batch(
        "exchanged",
        "are exchanged",
        REAL,
        "rng.integers(real, size=size - k)",
        OLD,
        "rng.integers(simulated, size=k)",
    ),
    _batch("none left", "however small its part", INSIDE, "pass"),
    _batch(
        "cut off, none left",
        "and each kind should be there",
        ROUND,
        "int(share * size)",
        INSIDE,
        "pass",
    ),
    _batch("cut off", "where it should be rounded", ROUND, "int(share * size)"),
    _batch(
        "rounded up", "is rounded up", ROUND, "int(np.ceil(share * size - 1e-9))", INSIDE, "pass"
    ),
    _batch("always one", "all of one kind", "if 0 < share < 1", "if True"),
    _batch("no simulated", "the simulated grasps need", INSIDE, "k = max(k, 1)"),
    _batch("no real", "the real grasps need", INSIDE, "k = min(k, size - 1)"),
    _batch("half", "half and half", ROUND, "size // 2", "if 0 < share < 1", "if False"),
    _batch(
        "poured together",
        "drowns the short one",
        ROUND,
        "round(size * real / (real + simulated))",
        "if 0 < share < 1",
        "if False",
    ),
    _batch("a batch of each", "together are one batch", "size=size - k", "size=size"),
    _batch(
        "no repeats of few", "drawn from more than once", INSIDE, INSIDE + "\n    k = min(k, real)"
    ),
    _batch("no repeats", "ValueError", REAL, "rng.choice(real, size=k, replace=False)"),
    _batch("one place for both", "counted separately", OLD, "real + " + OLD),
    _batch("last never", "the last real grasp", REAL, "rng.integers(real - 1, size=k)"),
    _batch(
        "first never", "the first simulated grasp", OLD, "rng.integers(1, simulated, size=size - k)"
    ),
    _batch("places from 1", "there is no real grasp", REAL, "1 + " + REAL, like="one beyond"),
    _batch("always the same", "draw anew from rng", REAL, "np.arange(k) % real"),
    _batch(
        "own generator",
        "every batch has the same",
        "    k = round",
        "    rng = np.random.default_rng(0)\n    k = round",
        like="always the same",
    ),
    _batch("sorted", "come sorted", REAL, "np.sort(" + REAL + ")"),
    _batch(
        "the newest more", "drawn more often", REAL, "(real * np.sqrt(rng.random(k))).astype(int)"
    ),
    _batch(
        "without replacement",
        "may be drawn again",
        OLD,
        "np.concatenate([rng.permutation(simulated) for _ in range(size)])[: size - k]",
    ),
    _batch(
        "global generator", "global random generator", "rng.integers(real", "np.random.randint(real"
    ),
    _batch(
        "an unseeded one",
        "one seed give different",
        "    k = round",
        "    rng = np.random.default_rng()\n    k = round",
    ),
    _batch("decimals", "places are whole", REAL, "rng.random(k) * real"),
    _batch(
        "one array",
        "two arrays were asked for",
        f"return {REAL}, {OLD}",
        f"return np.concatenate([{REAL}, {OLD}])",
    ),
    _batch(
        "same luck",
        "with the same luck",
        f"return {REAL}, {OLD}",
        "u = rng.random(max(k, size - k))\n    return (u[:k] * real).astype(int), "
        "(u[: size - k] * simulated).astype(int)",
    ),
    _batch(
        "empty decimals",
        "the empty array holds decimals",
        OLD,
        "np.array([rng.integers(simulated) for _ in range(size - k)])",
    ),
    _batch(
        "no repeats where there are enough",
        "a real grasp that was drawn may",
        REAL,
        "rng.choice(real, k, replace=k > real)",
    ),
    _batch("one beyond", "the last is", REAL, "rng.integers(real, size=k, endpoint=True)"),
    _batch("the other way round", "the real ones come first", f"{REAL}, {OLD}", f"{OLD}, {REAL}"),
    _batch("one for all", "repeats its real grasps", REAL, "np.full(k, rng.integers(real))"),
    _batch("always up", "always rounded up", ROUND, "int(np.ceil(share * size))"),
    Right("the usual way", BATCH),
    Right(
        "with choice",
        """
import numpy as np

def mixed_batch(real, simulated, size, share, rng):
    k = int(np.rint(size * share))
    k += share > 0 and k == 0
    k -= share < 1 and k == size
    return rng.choice(real, k), rng.choice(simulated, size - k)
""",
    ),
    Right(
        "one by one",
        """
import math

def mixed_batch(real, simulated, size, share, rng):
    if share in (0, 1):
        k = size * int(share)
    else:
        k = sorted([1, math.floor(share * size + 0.5), size - 1])[1]
    first = [int(rng.random() * real) for _ in range(k)]
    return first, [int(rng.random() * simulated) for _ in range(size - k)]
""",
    ),
]

CLOSE = """
import numpy as np

def may_close(slower, friction, shortfall, allowed, reach):
    slower, fine = np.maximum(slower, 0), np.ones(len(slower), dtype=bool)
    for mu in friction:
        pull = mu * 9.81
        slips = np.minimum(reach, slower / pull)
        behind = slower * slips - pull * slips**2 / 2
        fine &= np.abs(shortfall - behind) <= allowed
    return fine
"""
BEHIND = "slower * slips - pull * slips**2 / 2"
SLIPS = "np.minimum(reach, slower / pull)"
ERROR = "np.abs(shortfall - behind) <= allowed"


def _close(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(CLOSE, *changes), hint, like)


CLOSE_ANSWERS = [
    _close("lowest only", "the lowest friction only", "in friction", "in friction[:1]"),
    _close("highest only", "the highest friction only", "in friction", "in friction[1:]"),
    _close("middle", "the middle of the range", "in friction", "in [sum(friction) / 2]"),
    _close(
        "one end is enough", "one end of the range hits", "np.ones(len", "np.zeros(len", "&=", "|="
    ),
    _close("turned round", "is turned round", "return fine", "return ~fine"),
    _close("one side", "you look at one only", ERROR, "shortfall - behind <= allowed"),
    _close("other side", "you look at the other only", ERROR, "behind - shortfall <= allowed"),
    _close("a diameter", "no diameter", ERROR, "np.abs(shortfall - behind) <= allowed / 2"),
    _close("sign", "mind the sign", ERROR, "np.abs(shortfall + behind) <= allowed"),
    _close("no friction meanwhile", "speeds the parcel up", BEHIND, "slower * reach"),
    _close("no lag", "falls behind the belt", BEHIND, "0"),
    _close("overtakes", "does not overtake", SLIPS, "reach"),
    _close(
        "overtakes, cut off",
        "stays as far behind",
        SLIPS,
        "reach",
        BEHIND,
        f"np.maximum({BEHIND}, 0)",
    ),
    _close("waits for the end", "not caught up by then", SLIPS, "slower / pull"),
    _close("no half", "one half", BEHIND, "slower * slips - pull * slips**2"),
    _close("no gravity", "friction times gravity", "mu * 9.81", "mu"),
    _close("reach is 0.35", "`reach` is given", SLIPS, "np.minimum(0.35, slower / pull)"),
    _close("negative speed", "is noise", "np.maximum(slower, 0)", "slower"),
    _close("absolute speed", "not slower by as much", "np.maximum(slower, 0)", "np.abs(slower)"),
    _close("strictly", "an error of just", "<= allowed", "< allowed"),
    _close("always", "it may always close", "return fine", "return fine | True"),
    _close("never", "it may never close", "return fine", "return fine & False"),
    _close("one for all", "should have shape", "return fine", "return fine.all()"),
    _close("numbers", "True and False", "return fine", "return fine.astype(float)"),
    _close("in place", "it changes its argument", "    for mu", "    shortfall *= 2\n    for mu"),
    _close("no return", "should have shape", "return fine", "fine", like="one for all"),
    _close("fails on nothing", "raised IndexError", "    for mu", "    slower[0]\n    for mu"),
    _close("g is 9.8", "9.81 m/s²", "9.81", "9.8"),
    _close("g is standard", "9.81 m/s²", "9.81", "9.80665", like="g is 9.8"),
    _close("the later time", "the earlier of", SLIPS, "np.maximum(reach, slower / pull)"),
    _close(
        "t of the lowest",
        "that of the lowest",
        SLIPS,
        "np.minimum(reach, slower / (friction[0] * 9.81))",
    ),
    _close(
        "t of the highest",
        "that of the highest",
        SLIPS,
        "np.minimum(reach, slower / (friction[1] * 9.81))",
    ),
    _close(
        "empty decimals", "(dtype=bool)", "return fine", "return np.array([bool(b) for b in fine])"
    ),
    Right("the usual way", CLOSE),
    Right(
        "with all ends at once",
        """
import numpy as np

def may_close(slower, friction, shortfall, allowed, reach):
    pull = 9.81 * np.array(friction)[:, None]
    s = np.clip(slower, 0, None)
    slipping = s * reach - pull * reach**2 / 2
    done = s / pull < reach
    lag = np.where(done, s**2 / (2 * pull), slipping)
    return (lag.max(axis=0) - allowed <= shortfall) & (shortfall <= lag.min(axis=0) + allowed)
""",
    ),
    Right(
        "one by one",
        """
import numpy as np

def may_close(slower, friction, shortfall, allowed, reach):
    answers = []
    for s, aim, limit in zip(slower, shortfall, allowed):
        fine = True
        for mu in friction:
            s = max(s, 0.0)
            t = min(reach, s / (mu * 9.81))
            speed_at_end = s - mu * 9.81 * t
            fine = fine and abs((s + speed_at_end) / 2 * t - aim) <= limit
        answers.append(bool(fine))
    return np.array(answers, dtype=bool)
""",
    ),
]

ANSWERS = {
    "09a.1": EXPLAINS_ANSWERS,
    "09a.2": NEEDED_ANSWERS,
    "09a.3": BATCH_ANSWERS,
    "09a.4": CLOSE_ANSWERS,
}
