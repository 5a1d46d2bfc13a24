"""Answers to exercise 10. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

FIT = """
import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

def fit_service_time(seconds, ended):
    logs = np.log(seconds)

    def loss(at):
        mean, log_sd = at
        z = (logs - mean) / np.exp(log_sd)
        return -np.where(ended, norm.logpdf(z) - log_sd, norm.logsf(z)).sum()

    found = minimize(loss, [logs.mean(), np.log(logs.std())], method="Nelder-Mead")
    return found.x[0], np.exp(found.x[1])
"""
BOTH = "norm.logpdf(z) - log_sd, norm.logsf(z)"
LOSS = f"return -np.where(ended, {BOTH}).sum()"
START = "[logs.mean(), np.log(logs.std())]"
FOUND = "return found.x[0], np.exp(found.x[1])"


def _fit(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(FIT, *changes), hint, like)


def _formula(name: str, hint: str, *lines: str, like: str = "") -> Wrong:
    body = "\n".join(f"    {line}" for line in ("logs = np.log(seconds)", *lines))
    head = "import numpy as np\n\ndef fit_service_time(seconds, ended):\n"
    return Wrong(name, f"{head}{body}\n", hint, like)


EM = """
import numpy as np
from scipy.stats import norm

def fit_service_time(seconds, ended):
    logs = np.log(seconds)
    mean, sd = logs.mean(), logs.std()
    for _ in range(500):
        z = (logs - mean) / sd
        ratio = np.exp(norm.logpdf(z) - norm.logsf(z))
        filled = np.where(ended, logs, mean + sd * ratio)
        more = np.where(ended, 0, sd**2 * (1 + z * ratio - ratio**2))
        mean = filled.mean()
        sd = np.sqrt(np.mean((filled - mean) ** 2 + more))
    return mean, sd
"""

FIT_ANSWERS = [
    _fit("survival as it is", "take its logarithm", "norm.logsf(z)", "norm.sf(z)"),
    _fit(
        "three places",
        "it is rounded",
        FOUND,
        "return [round(x, 3) for x in (found.x[0], np.exp(found.x[1]))]",
    ),
    _fit(
        "corrected by n - 1",
        "divide by n - 1 somewhere",
        "np.exp(found.x[1])",
        "np.exp(found.x[1]) * np.sqrt(len(logs) / (len(logs) - 1))",
    ),
    _formula("dropped", "you drop", "return logs[ended].mean(), logs[ended].std()"),
    _formula("counted", "as if they had just ended", "return logs.mean(), logs.std()"),
    _formula(
        "dropped, n - 1",
        "you drop the jobs that still run, and",
        "return logs[ended].mean(), logs[ended].std(ddof=1)",
    ),
    _formula("counted, n - 1", "as ended, and the rest", "return logs.mean(), logs.std(ddof=1)"),
    _fit(
        "n - 1 where all ended",
        "divides by n - 1",
        "    logs = np.log(seconds)\n",
        "    logs = np.log(seconds)\n    if ended.all():\n"
        "        return logs.mean(), logs.std(ddof=1)\n",
    ),
    _fit("exchanged", "you exchange", "np.where(ended", "np.where(~ended"),
    _fit("less time than so far", "takes *less* time", "logsf", "logcdf"),
    _fit("minus z", "takes *less* time", "logsf(z)", "logsf(-z)", like="less time than so far"),
    _fit(
        "density for all",
        "as if they had just ended",
        LOSS,
        "return -(norm.logpdf(z) - log_sd).sum()",
        like="counted",
    ),
    _fit("dropped in the likelihood", "you drop", "norm.logsf(z)", "0.0", like="dropped"),
    _fit("survival over sd", "a survival is a probability", "logsf(z)", "logsf(z) - log_sd"),
    _fit("no sd in the density", "the lower it is", "logpdf(z) - log_sd", "logpdf(z)"),
    _fit(
        "plus log sd",
        "the lower it is",
        "logpdf(z) - log_sd",
        "logpdf(z) + log_sd",
        like="no sd in the density",
    ),
    _fit("the wrong sign", "*smallest* value", "return -np", "return np"),
    _fit("twice", "counts twice", "logsf(z)", "logsf(z) * 2"),
    _fit("log sd", "logarithm of the standard", FOUND, "return tuple(found.x)"),
    _fit("variance", "is a variance", FOUND, "return found.x[0], np.exp(2 * found.x[1])"),
    _fit("sd first", "mean comes first", FOUND, "return np.exp(found.x[1]), found.x[0]"),
    _fit("median", "median in seconds", FOUND, FOUND.replace("found.x[0]", "np.exp(found.x[0])")),
    _fit(
        "all exponentials",
        "turned back into seconds",
        FOUND,
        "return np.exp(found.x[0]), np.exp(np.exp(found.x[1]))",
    ),
    _fit(
        "mean of times",
        "mean in seconds",
        FOUND,
        "m, s = found.x[0], np.exp(found.x[1])\n    return np.exp(m + s**2 / 2), s",
    ),
    _fit(
        "log of the mean",
        "logarithm of the mean",
        FOUND,
        "m, s = found.x[0], np.exp(found.x[1])\n    return m + s**2 / 2, s",
    ),
    _fit("base 10", "base 10", "np.log(seconds)", "np.log10(seconds)"),
    _fit("base 2", "base 2", "np.log(seconds)", "np.log2(seconds)"),
    _fit("log1p", "1 + the time", "np.log(seconds)", "np.log1p(seconds)"),
    _fit("no logarithm", "fit to the times themselves", "np.log(seconds)", "seconds"),
    _formula(
        "twice the time",
        "twice as long",
        "logs = np.where(ended, logs, np.log(2 * seconds))",
        "return logs.mean(), logs.std()",
    ),
    _formula(
        "the longest time",
        "the longest one",
        "logs = np.where(ended, logs, logs.max())",
        "return logs.mean(), logs.std()",
    ),
    Wrong("one step of EM", edit(EM, "500", "1"), "one step of EM"),
    Wrong("one filling", edit(EM, "500", "1", " + more", ""), "one round of filling in"),
    Wrong("no spread in EM", edit(EM, " + more", ""), "that spread is missing"),
    _fit(
        "rounded",
        "it is rounded",
        FOUND,
        "return round(found.x[0], 2), round(np.exp(found.x[1]), 2)",
    ),
    _fit(
        "rounded a lot",
        "and a lot",
        FOUND,
        "return round(found.x[0], 1), round(np.exp(found.x[1]), 1)",
    ),
    _fit(
        "a product",
        "a product of so many",
        LOSS,
        "return -np.where(ended, norm.pdf(z) / np.exp(log_sd), norm.sf(z)).prod()",
    ),
    _fit(
        "sum of densities",
        "below the largest",
        LOSS,
        "return -np.where(ended, norm.pdf(z) / np.exp(log_sd), norm.sf(z)).sum()",
    ),
    _fit(
        "a bound on the mean",
        "in another unit",
        'method="Nelder-Mead"',
        'method="Nelder-Mead", bounds=[(-5, 5), (-9, 9)]',
    ),
    _fit(
        "a bound on sd",
        "so small a standard deviation",
        "z = (logs",
        "log_sd = max(log_sd, -2.5)\n        z = (logs",
        FOUND,
        "return found.x[0], max(np.exp(found.x[1]), 0.08)",
    ),
    _fit("sd of the ended", "means are right", FOUND, "return found.x[0], logs[ended].std()"),
    _fit(
        "mean of the ended",
        "deviations are right",
        FOUND,
        "return logs[ended].mean(), np.exp(found.x[1])",
    ),
    _fit(
        "ended come first",
        "the first jobs in the log",
        LOSS,
        "k = ended.sum()\n"
        "        return k * log_sd - norm.logpdf(z[:k]).sum() - norm.logsf(z[k:]).sum()",
    ),
    _fit("negative sd", "not below 0", FOUND, "return found.x[0], -np.exp(found.x[1])"),
    _fit("one number", "should have shape", FOUND, "return found.x[0]"),
    _fit("no return", "None came back", FOUND, "found.x"),
    _fit(
        "in place",
        "changes its argument",
        "logs = np.log(seconds)",
        "logs = np.log(seconds, out=seconds)",
    ),
    _fit("half", "counts by half", "norm.logsf(z)", "norm.logsf(z) / 2"),
    _fit(
        "density of the running",
        "survival and no density",
        "norm.logsf(z)",
        "norm.logsf(z) + norm.logpdf(z) - log_sd",
    ),
    _fit(
        "survival of the ended",
        "density and no survival",
        LOSS,
        "return -(norm.logpdf(z) - log_sd)[ended].sum() - norm.logsf(z).sum()",
    ),
    _fit(
        "an exponential too many",
        "one exponential too many",
        FOUND,
        "return found.x[0], np.exp(np.exp(found.x[1]))",
    ),
    _fit(
        "survival in seconds",
        "below the largest",
        "norm.logsf(z)",
        "norm.logsf((seconds - mean) / np.exp(log_sd))",
    ),
    _fit(
        "only hazards",
        "below the largest",
        LOSS,
        "return -(norm.logpdf(z) - log_sd)[ended].sum() - norm.logsf(z)[ended].sum()",
    ),
    _fit("stopped soon", "below the largest", '"Nelder-Mead"', '"Nelder-Mead", tol=0.05'),
    _fit(
        "log-normal fit",
        "as if they had just ended",
        START,
        START,
        "    def loss",
        "    from "
        "scipy.stats import lognorm\n\n    found = lognorm.fit(seconds, floc=0)\n    return "
        "np.log(found[2]), found[0]\n\n    def loss",
        like="counted",
    ),
    _fit("a dictionary", "should hold numbers", FOUND, "return {'mean': found.x[0]}"),
    _fit("a random start", "global random generator", START, "np.random.normal(size=2)"),
    Wrong(
        "Kaplan and Meier",
        """
import numpy as np

def fit_service_time(seconds, ended):
    order = np.argsort(seconds)
    logs, done = np.log(seconds[order]), ended[order]
    left, weights = 1.0, np.zeros(len(logs))
    for i in np.flatnonzero(done):
        weights[i] = left / (len(logs) - i)
        left -= weights[i]
    weights /= weights.sum()
    mean = (weights * logs).sum()
    return mean, np.sqrt((weights * (logs - mean) ** 2).sum())
""",
        "below the largest",
    ),
    Right("the usual way", FIT),
    Right(
        "from zero",
        edit(FIT, START + ', method="Nelder-Mead"', "[0.0, 0.0]", ").sum()", ").mean()"),
    ),
    Right("EM", EM),
    Right(
        "bounds and a log-normal distribution",
        """
import numpy as np
from scipy import optimize, stats

def fit_service_time(seconds, ended):
    scale = np.exp(np.log(seconds).mean())
    known, running = seconds[ended] / scale, seconds[~ended] / scale

    def loss(at):
        times = stats.lognorm(at[1], scale=np.exp(at[0]))
        return -times.logpdf(known).sum() - times.logsf(running).sum()

    start = [0.0, np.log(seconds).std()]
    found = optimize.minimize(loss, start, bounds=[(None, None), (1e-4, None)])
    return np.array([found.x[0] + np.log(scale), found.x[1]])
""",
    ),
    Right(
        "SciPy's own censored data",
        """
import numpy as np
from scipy import stats

def fit_service_time(seconds, ended):
    logs = np.log(seconds)
    return stats.norm.fit(stats.CensoredData(uncensored=logs[ended], right=logs[~ended]))
""",
    ),
    Right(
        "loops, and the inverse of sd",
        """
import math
from scipy.optimize import minimize

def fit_service_time(seconds, ended):
    logs = [math.log(s) for s in seconds]
    centre = sum(logs) / len(logs)
    size = math.sqrt(sum((x - centre) ** 2 for x in logs) / len(logs))

    def loss(at):
        ratio, inverse = at
        if inverse <= 0:
            return math.inf
        total = 0.0
        for x, done in zip(logs, ended):
            z = inverse * (x - centre) / size - ratio
            if done:
                total += z * z / 2 - math.log(inverse)
            else:
                total -= math.log(max(math.erfc(z / math.sqrt(2)) / 2, 1e-300))
        return total

    ratio, inverse = minimize(loss, [0.0, 1.0], method="Nelder-Mead").x
    return centre + size * ratio / inverse, size / inverse
""",
    ),
]

SIZE = """
import math
import numpy as np
from scipy.stats import norm, t

def canary_size(differences, harm, alpha=0.05, power=0.8):
    spread = differences.std(ddof=1)
    z = norm.ppf(1 - alpha) + norm.ppf(power)
    n = (z * spread / harm) ** 2
    return max(2, math.ceil(n))
"""
SPREAD, Z = "differences.std(ddof=1)", "norm.ppf(1 - alpha) + norm.ppf(power)"
N, UP = "n = (z * spread / harm) ** 2", "return max(2, math.ceil(n))"


def _size(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(SIZE, *changes), hint, like)


SIZE_ANSWERS = [
    _size("harm from the mean", "mean changes the harm", "/ harm", "/ (harm - differences.mean())"),
    _size("only harm squared", "s are squared", N, "n = z * spread / harm**2"),
    _size("level twice", "level comes twice", "norm.ppf(power)", "norm.ppf(1 - alpha)"),
    _size(
        "from a table",
        "use `norm.ppf`",
        Z,
        "round(norm.ppf(1 - alpha), 3) + round(norm.ppf(power), 3)",
    ),
    _size("two sides", "two-sided", "1 - alpha", "1 - alpha / 2"),
    _size("no power", "power does not come in", Z, "norm.ppf(1 - alpha)"),
    _size(
        "no power, no least",
        "power does not come in",
        Z,
        "norm.ppf(1 - alpha)",
        UP,
        "return math.ceil(n)",
        like="no power",
    ),
    _size("no alpha", "alpha does not come in", Z, "norm.ppf(power)"),
    _size("beta", "the two distances add up", "ppf(power)", "ppf(1 - power)"),
    _size("alpha", "the two distances add up", "1 - alpha", "alpha", like="beta"),
    _size("minus", "the two distances add up", ") + norm", ") - norm", like="beta"),
    _size("cdf", "gives a probability", Z, "norm.cdf(1 - alpha) + norm.cdf(power)"),
    _size("fixed power", "power is 0.8 whatever", "ppf(power)", "ppf(0.8)"),
    _size("fixed alpha", "alpha is 0.05 whatever", "ppf(1 - alpha)", "ppf(0.95)"),
    _size("2.486", "0.05 and 0.8", Z, "norm.ppf(0.95) + norm.ppf(0.8)"),
    _size(
        "sum of squares",
        "square the sum",
        "z * spread",
        "z * spread",
        N,
        "n = (norm.ppf(1 - alpha) ** 2 + norm.ppf(power) ** 2) * (spread / harm) ** 2",
    ),
    _size("ddof 0", "ddof=0", "ddof=1", "ddof=0"),
    _size("no centre", "about deviations from it", SPREAD, "np.sqrt((differences**2).mean())"),
    _size(
        "no centre, n - 1",
        "(and n - 1",
        SPREAD,
        "np.sqrt((differences**2).sum() / (len(differences) - 1))",
    ),
    _size("variance", "variance in place", SPREAD, "differences.var(ddof=1)"),
    _size("a root too many", "root too many", SPREAD, "np.sqrt(differences.std(ddof=1))"),
    _size("standard error", "*single* pairs", SPREAD, SPREAD + " / np.sqrt(len(differences))"),
    _size("two groups", "for two separate groups", SPREAD, "np.sqrt(2) * " + SPREAD),
    _size("twice two groups", "a factor too many", SPREAD, "2 * " + SPREAD),
    _size("range", "the range", SPREAD, "np.ptp(differences)"),
    _size("mean size", "mean size", SPREAD, "np.abs(differences).mean()"),
    _size("no square", "the square is missing", ") ** 2", ")"),
    _size("z not squared", "quantiles belong under", N, "n = z * (spread / harm) ** 2"),
    _size("only z squared", "spread over the harm", N, "n = z**2 * spread / harm"),
    _size("harm not squared", "harm is squared", N, "n = (z * spread) ** 2 / harm"),
    _size(
        "upside down", "turn the ratio round", N, "n = (z * harm / spread) ** 2 if spread else 0"
    ),
    _size("the pilots' mean", "plan for the pilots' mean", "/ harm", "/ abs(differences.mean())"),
    _size("mean added", "changes the harm", "/ harm", "/ (harm + differences.mean())"),
    _size("down", "round up", "math.ceil(n)", "int(n)"),
    _size("nearest", "sometimes too few", "math.ceil(n)", "round(n)"),
    _size("one more", "one pair more", UP, "return max(2, math.ceil(n) + 1)"),
    _size("one", "at least 2", "max(2", "max(1"),
    _size("none", "with no pair", UP, "return math.ceil(n)"),
    _size("three", "at least 3", "max(2", "max(3"),
    _size("thirty", "as it is", "max(2", "max(30"),
    _size(
        "Student, own pairs",
        "for the canary's pairs",
        UP,
        "m = max(2, math.ceil(n))\n"
        "    while m < ((t.ppf(1 - alpha, m - 1) + t.ppf(power, m - 1)) * spread / harm) ** 2:\n"
        "        m += 1\n    return m",
    ),
    _size(
        "Student, pilots",
        "for the pilots",
        Z,
        "sum(t.ppf((1 - alpha, power), len(differences) - 1))",
    ),
    _size(
        "exact power",
        "exact power of a t test",
        UP,
        """from scipy.stats import nct
    m = max(2, math.ceil(n) - 2)
    while True:
        shift = min(harm / max(spread, 1e-9) * math.sqrt(m), 30)
        if nct.sf(t.ppf(1 - alpha, m - 1), m - 1, shift) >= power:
            return m
        m += 1""",
    ),
    _size(
        "minus pilots",
        "do not count as a part",
        UP,
        "return max(2, math.ceil(n) - len(differences))",
    ),
    _size("at least the pilots", "fewer pairs than there were", "max(2", "max(len(differences)"),
    _size("plus pilots", "the pilots do not count;", UP, UP + " + len(differences)"),
    _size("episodes", "not episodes", "return", "return 2 *"),
    _size("a float", "of type float", "math.ceil(n)", "float(np.ceil(n))"),
    _size("not rounded", "no whole number", "math.ceil(n)", "n"),
    _size("no return", "None came back", "return max", "max"),
    _size("no pilots' spread", "too many", SPREAD, "1.0"),
    _size(
        "an array",
        "one number, not of shape",
        SPREAD,
        "np.abs(differences)",
        "math.ceil(n)",
        "math.ceil(n.max())",
        UP.replace("math.ceil(n)", "math.ceil(n.max())"),
        "return np.maximum(2, np.ceil(n)).astype(int)",
    ),
    _size("power needed", "it raised TypeError", "alpha=0.05, power=0.8", "alpha, power"),
    _size(
        "divides by no spread",
        "it raised ZeroDivisionError",
        N,
        "n = (z / (harm / float(spread))) ** 2",
    ),
    _size("two sides, no power", "test has two sides", Z, "norm.ppf(1 - alpha / 2)"),
    _size("rounded inside", "round up once", N, "n = math.ceil(z * spread / harm) ** 2"),
    _size(
        "twice the pairs",
        "for two separate groups",
        N,
        "n = 2 * (z * spread / harm) ** 2",
        like="two groups",
    ),
    _size("power twice", "too few", Z, "2 * norm.ppf(power)"),
    _size(
        "a robust spread",
        "too many",
        SPREAD,
        "1.4826 * np.median(np.abs(differences - np.median(differences)))",
    ),
    _size(
        "None without spread",
        "None came back",
        "    z =",
        "    if spread == 0:\n        return None\n    z =",
    ),
    _size(
        "an error without spread",
        "it raised AssertionError",
        "    z =",
        "    assert spread > 0\n    z =",
    ),
    _size("two means", "OverflowError", "ddof=1", "ddof=2"),
    Right("the usual way", SIZE),
    Right(
        "from the effect",
        """
import numpy as np
from scipy import stats

def canary_size(differences, harm, alpha=0.05, power=0.8):
    variance = np.sum((differences - differences.mean()) ** 2) / (len(differences) - 1)
    both = stats.norm.isf(alpha) - stats.norm.isf(power)
    n = int(np.ceil(both**2 * variance / harm**2))
    if n < 2:
        return 2
    return n
""",
    ),
    Right(
        "by trying",
        """
import statistics

def canary_size(differences, harm, alpha=0.05, power=0.8):
    normal = statistics.NormalDist()
    s = statistics.stdev(differences.tolist())
    line = normal.inv_cdf(1 - alpha)
    n = 2
    while s > 0 and normal.cdf(harm * n**0.5 / s - line) < power:
        n += 1
    return n
""",
    ),
    Right(
        "as a NumPy integer",
        """
import numpy as np
from scipy.special import ndtri

def canary_size(differences, harm, alpha=0.05, power=0.8):
    need = np.square((ndtri(1 - alpha) + ndtri(power)) * np.std(differences, ddof=1) / harm)
    return np.int64(max(np.ceil(need), 2))
""",
    ),
]

RULE = """
import numpy as np

def falls_back(differences, faults, harm_limit, alpha=0.05):
    x = (np.where(np.isnan(differences), -1.0, differences) + 1) / 2
    m = (1 - harm_limit) / 2
    bets = np.array([[0.3], [0.6], [0.9]]) / (1 - m)
    factors = 1 + bets * (m - x)
    wealth = np.cumprod(factors, axis=1).mean(axis=0)
    shown = wealth >= 1 / alpha
    reasons = np.flatnonzero(faults | shown)
    if not reasons.size:
        return None
    return int(reasons[0])
"""
X = "x = (np.where(np.isnan(differences), -1.0, differences) + 1) / 2"
M, MIX = "m = (1 - harm_limit) / 2", "np.cumprod(factors, axis=1).mean(axis=0)"
REASONS, FIRST, BETS = "faults | shown", "return int(reasons[0])", "[[0.3], [0.6], [0.9]]"
SHOWN = "shown = wealth >= 1 / alpha"
DEF = "def falls_back(differences, faults, harm_limit, alpha=0.05):"


def _rule(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(RULE, *changes), hint, like)


def _first(name: str, hint: str, *lines: str, like: str = "") -> Wrong:
    """The mistake is done before everything else."""
    return _rule(name, hint, DEF, DEF + "".join(f"\n    {line}" for line in lines), like=like)


LOOP = """
import numpy as np

def falls_back(differences, faults, harm_limit, alpha=0.05):
    m = (1 - harm_limit) / 2
    wealths = [1.0, 1.0, 1.0]
    for i, (d, fault) in enumerate(zip(differences, faults)):
        x = 0.0 if np.isnan(d) else (d + 1) / 2
        for k, share in enumerate((0.3, 0.6, 0.9)):
            wealths[k] *= 1 + share / (1 - m) * (m - x)
        if fault or sum(wealths) / 3 >= 1 / alpha:
            return i
    return None
"""
STOP = "if fault or sum(wealths) / 3 >= 1 / alpha:"


def _loop(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(LOOP, *changes), hint, like)


RULE_ANSWERS = [
    _first(
        "a fault is the worst",
        "whatever the wealth",
        "differences = np.where(faults, -1.0, differences)",
        "faults = np.zeros(len(faults), dtype=bool)",
    ),
    _first(
        "NaN left out",
        "you leave those units out, and count",
        "kept = ~np.isnan(differences)",
        "differences, faults = differences[kept], faults[kept]",
    ),
    _loop(
        "NaN skipped",
        "you leave those units out",
        "        x = 0.0",
        "        if np.isnan(d):\n            continue\n        x = 0.0",
    ),
    _rule("NaN stays", "one NaN makes NaN", X, "x = (differences + 1) / 2"),
    _rule("NaN is 0", "you take 0", X, "x = (np.nan_to_num(differences) + 1) / 2"),
    _rule("NaN is best", "you take the best", "-1.0", "1.0"),
    _rule(
        "NaN is a fault", "no fault by itself", REASONS, "faults | np.isnan(differences) | shown"
    ),
    _rule("no faults", "a fault does not make", REASONS, "shown"),
    _first(
        "faults first",
        "evidence was there before",
        "if faults.any():",
        "    return int(faults.argmax())",
    ),
    _rule(
        "evidence first",
        "you wait for the evidence",
        "flatnonzero(faults | shown)",
        "flatnonzero(shown if shown.any() else faults)",
    ),
    _rule("both", "you wait for both", REASONS, "faults & shown"),
    _rule("faults only", "only faults", REASONS, "faults"),
    _rule("second fault", "one fault is enough", REASONS, "shown | (np.cumsum(faults) > 1)"),
    _rule("from 1", "counted from 0", FIRST, "return int(reasons[0]) + 1"),
    _rule("one before", "known after it", FIRST, "return int(reasons[0]) - 1"),
    _rule("0 is false", "0 is an index", FIRST, "return int(reasons[0]) or None"),
    _rule("argmax", "the first unit", "return None", "return 0"),
    _rule("-1", "not -1", "return None", "return -1"),
    _rule("length", "not the number of units", "return None", "return len(differences)"),
    _rule("the last", "not the last unit", "return None", "return len(differences) - 1"),
    _rule("for better", "that the candidate is *better*", "m - x", "x - m"),
    _rule("for better, and its bets", "(and the bets", "m - x", "x - m", "(1 - m)", "max(m, 1e-9)"),
    _rule("gains allowed", "-harm_limit, not", M, "m = (1 + harm_limit) / 2"),
    _rule("no limit", "some harm is allowed", M, "m = 0.5"),
    _rule("all of the limit", "half of the limit", M, "m = 0.5 - harm_limit"),
    _rule(
        "bound not halved",
        "what does -harm_limit become",
        M,
        "m = 1 - harm_limit",
        "/ (1 - m)",
        "/ np.maximum(1 - m, 1e-9)",
    ),
    _rule(
        "bound not mapped", "does your wealth ever grow", M, "m = -harm_limit", like="faults only"
    ),
    _rule("x not mapped", "differences are not mapped", " + 1) / 2\n    m", ")\n    m"),
    _rule("x halved", "to [-0.5, 0.5]", " + 1) / 2\n    m", ") / 2\n    m"),
    _rule("losses cut", "below 0 is cut off", X, X.replace(" + 1) / 2", ").clip(0, 1)")),
    _rule("gains cut", "gains are cut off", X, X.replace(" + 1) / 2", ").clip(-1, 0) + 1")),
    _rule("bets not divided", "shares themselves", " / (1 - m)", ""),
    _rule("bets over m", "divided by m", "(1 - m)", "max(m, 1e-9)"),
    _rule("bets times", "multiplied by 1 - m", "/ (1 - m)", "* (1 - m)"),
    _rule("small bet", "only the smallest", BETS, "[[0.3]]"),
    _rule("middle bet", "middle bet alone", BETS, "[[0.6]]"),
    _rule("bold bet", "only the boldest", BETS, "[[0.9]]"),
    _rule(
        "bets averaged",
        "middle bet alone",
        MIX,
        "np.cumprod(factors.mean(axis=0))",
        like="middle bet",
    ),
    _rule("best bet", "the best of three", "axis=1).mean", "axis=1).max"),
    _rule("poorest bet", "the poorest", "axis=1).mean", "axis=1).min"),
    _rule("sum of wealths", "start from 3", "axis=1).mean", "axis=1).sum"),
    _rule("product of wealths", "are multiplied", "axis=1).mean", "axis=1).prod"),
    _rule("median wealth", "not the median", MIX, "np.median(np.cumprod(factors, axis=1), axis=0)"),
    _rule(
        "geometric mean",
        "average the logarithms",
        MIX,
        "np.exp(np.log(factors).cumsum(axis=1).mean(axis=0))",
    ),
    _rule("sum of gains", "is added up", MIX, "1 + (factors - 1).cumsum(axis=1).mean(axis=0)"),
    _rule("each unit anew", "starts from 1 again", MIX, "factors.mean(axis=0)"),
    _loop(
        "never below 1",
        "lifted to 1",
        "(m - x)",
        "(m - x)\n            wealths[k] = max(1, wealths[k])",
    ),
    _rule("compared with alpha", "compared with alpha;", SHOWN, "shown = wealth >= alpha"),
    _rule("half of alpha", "one side only", SHOWN, "shown = wealth >= 2 / alpha"),
    _rule("always 20", "alpha is 0.05", SHOWN, "shown = wealth >= 20"),
    _rule("1 - alpha", "with 1 - alpha", SHOWN, "shown = wealth >= 1 - alpha"),
    _rule("Bonferroni", "no correction", SHOWN, "shown = wealth >= len(wealth) / alpha"),
    _rule("like a p value", "wealth is small where", SHOWN, "shown = wealth <= alpha"),
    _rule(
        "log wealth", "the logarithm of the wealth", SHOWN, "shown = np.log(wealth) >= 1 / alpha"
    ),
    _rule(
        "at the end",
        "later gains hide it",
        REASONS,
        "faults | (shown & (np.arange(len(shown)) == len(shown) - 1))",
    ),
    _rule(
        "twice in a row",
        "once is enough",
        REASONS,
        "faults | (shown & np.append(False, shown[:-1]))",
    ),
    _rule("at once", "one bad unit", SHOWN, "shown = x < m"),
    _rule("mean so far", "is no test", SHOWN, "shown = x.cumsum() / np.arange(1, len(x) + 1) < m"),
    Wrong(
        "t test",
        """
import numpy as np
from scipy import stats

def falls_back(differences, faults, harm_limit, alpha=0.05):
    d = np.where(np.isnan(differences), -1, differences)
    for i in range(len(d)):
        if faults[i]:
            return i
        if i > 0 and stats.ttest_1samp(
            d[: i + 1], -harm_limit, alternative="less"
        ).pvalue < alpha:
            return i
    return None
""",
        "many chances of a false alarm; bet",
    ),
    Wrong(
        "t test from the fifth",
        """
import numpy as np
from scipy import stats

def falls_back(differences, faults, harm_limit, alpha=0.05):
    d = np.where(np.isnan(differences), -1, differences)
    for i in range(len(d)):
        if faults[i]:
            return i
        if i > 3 and stats.ttest_1samp(
            d[: i + 1], -harm_limit, alternative="less"
        ).pvalue < alpha:
            return i
    return None
""",
        "also from the fifth",
    ),
    Wrong("never", f"{DEF}\n    return None\n", "nothing ever makes"),
    _loop(
        "order of the checks",
        "raised UnboundLocalError",
        "        x = 0.0",
        "        if fault and x:\n            return i\n        x = 0.0",
    ),
    _rule(
        "in place",
        "changes its argument",
        X,
        "differences[np.isnan(differences)] = -1\n    x = (differences + 1) / 2",
    ),
    _rule("no unit", "it raised IndexError", "if not reasons.size", "if wealth[-1] < 0"),
    _rule("a bool", "is an int", FIRST, "return True"),
    _rule("a float", "is an int", FIRST, "return float(reasons[0])", like="a bool"),
    _rule("all reasons", "one number, not of shape", FIRST, "return reasons"),
    _rule(
        "cumulated twice",
        "too early",
        MIX,
        MIX.replace("mean(axis=0)", "cumprod(axis=1).mean(axis=0)"),
    ),
    _rule("wealth of losses too late", "too late", "m - x", "np.append(0, (m - x)[:-1])"),
    _rule(
        "NaN earns nothing",
        "leave the wealth as it was",
        X,
        "x = (differences + 1) / 2",
        MIX,
        "np.nancumprod(factors, axis=1).mean(axis=0)",
    ),
    _rule(
        "NaN after the mapping",
        "and not -1",
        X,
        "x = np.where(np.isnan(differences), -1.0, (differences + 1) / 2)",
    ),
    _rule(
        "no fault without an end",
        "a fault counts where",
        REASONS,
        "faults & ~np.isnan(differences) | shown",
    ),
    _first(
        "the first NaN",
        "no fault by itself",
        "if np.isnan(differences).any():",
        "    faults = faults | np.isnan(differences)",
        like="NaN is a fault",
    ),
    _rule("the limit itself", "harm_limit is not the bound", M, "m = harm_limit"),
    _rule("1 + m", "divided by 1 + m", "(1 - m)", "(1 + m)"),
    _rule(
        "other units, same bets",
        "the largest bet is another one",
        X,
        "x = np.where(np.isnan(differences), -1.0, differences)",
        M,
        "m = -harm_limit",
        "(1 - m)",
        "((1 - m) / 2)",
    ),
    _rule("quarters", "of the largest", BETS, "[[0.25], [0.5], [0.75]]"),
    _rule("timid", "by far", BETS, "[[0.1], [0.2], [0.3]]"),
    _rule("three bets corrected", "no correction for three", SHOWN, "shown = wealth >= 3 / alpha"),
    _rule(
        "bets of the lesson",
        "which adapt",
        MIX,
        "__import__('course_lib.deploy.betting', fromlist=['wealth']).wealth(1 - x, 1 - m)",
    ),
    _rule(
        "confidence sequence",
        "has two sides and other bets",
        SHOWN,
        """if not len(x):
        return None
    from course_lib.deploy.betting import confidence_sequence
    shown = confidence_sequence(2 * x - 1, low=-1, high=1, alpha=alpha).high < -harm_limit""",
    ),
    _rule("a sum", "too early", SHOWN, "shown = np.cumsum(m - x) >= 1"),
    _rule("never enough", "there is reason to", SHOWN, "shown = wealth >= 1e9"),
    _loop(
        "starts from 0",
        "does your wealth ever grow",
        "[1.0, 1.0, 1.0]",
        "[0.0, 0.0, 0.0]",
        like="faults only",
    ),
    _loop(
        "a third of the best",
        "too late",
        "sum(wealths)",
        "max(wealths)",
        like="wealth of losses too late",
    ),
    _loop(
        "one wealth",
        "are multiplied",
        "[1.0, 1.0, 1.0]",
        "[1.0]",
        "wealths[k]",
        "wealths[0]",
        "sum(wealths) / 3",
        "wealths[0]",
        like="product of wealths",
    ),
    _rule("False", "False came back", "return None", "return False"),
    _rule("NaN for none", "should be finite", "return None", "return np.nan"),
    _rule("a pair", "not (19", FIRST, "return int(reasons[0]), 'fault'"),
    Right("the usual way", RULE),
    Right("unit by unit", LOOP),
    Right(
        "without the mapping",
        """
import numpy as np

def falls_back(differences, faults, harm_limit, alpha=0.05):
    d = np.nan_to_num(differences, nan=-1.0)
    wealth = sum(
        np.cumprod(1 + share * (-harm_limit - d) / (1 + harm_limit)) for share in (0.3, 0.6, 0.9)
    )
    stops = [i for i in range(len(d)) if faults[i] or wealth[i] >= 3 / alpha]
    return stops[0] if stops else None
""",
    ),
    Right(
        "logarithms",
        """
import numpy as np
from scipy.special import logsumexp

def falls_back(differences, faults, harm_limit, alpha=0.05):
    better = (np.nan_to_num(differences, nan=-1.0) + 1) / 2
    bound = 0.5 - harm_limit / 2
    bets = np.array([0.3, 0.6, 0.9]) / (1 - bound)
    logs = np.log1p(bets[:, None] * (bound - better)).cumsum(axis=1)
    shown = logsumexp(logs, axis=0) - np.log(3) >= -np.log(alpha)
    stop = faults | shown
    return np.argmax(stop) if stop.any() else None
""",
    ),
]

ANSWERS = {"10.1": FIT_ANSWERS, "10.2": SIZE_ANSWERS, "10.3": RULE_ANSWERS}
