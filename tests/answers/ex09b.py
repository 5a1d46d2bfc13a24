"""Answers to exercise 09b. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

SHARPE = """
import numpy as np

def sharpe(profits, days):
    if len(profits) < 2 or np.ptp(profits) == 0:
        raise ValueError("needs at least two days with different profits")
    daily = profits.mean() / profits.std(ddof=1)
    error = np.sqrt((1 + daily**2 / 2) / len(profits))
    return np.sqrt(days) * np.array([daily, daily - 1.96 * error, daily + 1.96 * error])
"""
RETURN = "return np.sqrt(days) * np.array([daily, daily - 1.96 * error, daily + 1.96 * error])"
ERROR = "np.sqrt((1 + daily**2 / 2) / len(profits))"
GUARD = "len(profits) < 2 or np.ptp(profits) == 0"


def _sharpe(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(SHARPE, *changes), hint, like)


SHARPE_ANSWERS = [
    _sharpe("n for n - 1", "divides by n - 1", "std(ddof=1)", "std()"),
    _sharpe(
        "times days", "standard deviations with its root", "return np.sqrt(days)", "return days"
    ),
    _sharpe("daily", "these are daily", "return np.sqrt(days) * ", "return "),
    _sharpe(
        "n - 1 in the error",
        "the standard error divides by n",
        ERROR,
        "np.sqrt((1 + daily**2 / 2) / (len(profits) - 1))",
    ),  # fmt: skip
    _sharpe(
        "yearly too early",
        "wants the daily ratio",
        "daily = ",
        "daily = np.sqrt(days) * ",
        "return np.sqrt(days) * ",
        "return ",
    ),
    _sharpe(
        "daily error",
        "its standard error still daily",
        RETURN,
        "y = np.sqrt(days) * daily\n    return np.array([y, y - 1.96 * error, y + 1.96 * error])",
    ),
    _sharpe("error of a mean", "a term of the standard error", ERROR, "1 / np.sqrt(len(profits))"),
    _sharpe("no half", "half of the square", "daily**2 / 2", "daily**2"),
    _sharpe("not divided", "more days make one surer", " / len(profits))", ")"),
    _sharpe("no root", "a root is missing", ERROR, "(1 + daily**2 / 2) / len(profits)"),
    _sharpe("one error", "one standard error to each side", RETURN, RETURN.replace("1.96 * ", "")),
    _sharpe("90 %", "holds 90 %", RETURN, RETURN.replace("1.96", "1.645")),
    _sharpe("variance", "not by its square", "profits.std(", "profits.var("),
    _sharpe("sum", "not their sum", "profits.mean()", "profits.sum()"),
    _sharpe("always 252", "only in some markets", "np.sqrt(days)", "np.sqrt(252)"),
    _sharpe("upper end first", "lower end before", RETURN, RETURN + "[[0, 2, 1]]"),
    _sharpe("ratio in the middle", "the ratio comes first", RETURN, RETURN + "[[1, 0, 2]]"),
    _sharpe("absolute", "keep the sign", RETURN, RETURN.replace("return ", "return abs(") + ")"),
    _sharpe(
        "cut at 0",
        "do not cut it",
        RETURN,
        RETURN.replace("return ", "return np.maximum(") + ", 0)",
    ),  # fmt: skip
    _sharpe(
        "rounded", "it is rounded", RETURN, RETURN.replace("return ", "return np.round(") + ", 2)"
    ),  # fmt: skip
    _sharpe(
        "yearly in the formula",
        "make it yearly afterwards",
        "(1 + daily**2 / 2)",
        "(1 + days * daily**2 / 2)",
    ),
    _sharpe("days under the root", "not by `days`", "/ 2) / len(profits)", "/ 2) / days"),
    _sharpe("root of n", "however many profits", "np.sqrt(days)", "np.sqrt(len(profits))"),
    _sharpe(
        "two distances",
        "distances from the ratio",
        "daily - 1.96 * error, daily + 1.96",
        "-1.96 * error, 1.96",
    ),
    _sharpe(
        "one distance twice",
        "return the ends",
        "daily - 1.96 * error, daily + 1.96",
        "1.96 * error, 1.96",
    ),
    _sharpe("std compared", "compare the profits", "np.ptp(profits)", "profits.std(ddof=1)"),
    _sharpe("raises at mean 0", "it raised ValueError", GUARD, GUARD + " or profits.mean() == 0"),
    _sharpe("no guard", "equal profits: raise a ValueError", GUARD, "len(profits) < 2"),
    _sharpe("one day", "one day: raise a ValueError", GUARD, "len(profits) == 0"),
    _sharpe(
        "no words",
        "should say what is wrong",
        '"needs at least two days with different profits"',
        '""',
    ),  # fmt: skip
    _sharpe("the ratio alone", "should have shape (3,)", RETURN, "return np.sqrt(days) * daily"),
    _sharpe("no return", "None came back", RETURN, RETURN.replace("return ", "")),
    _sharpe("a median", "by hand", "profits.mean()", "np.median(profits)"),
    _sharpe("in place", "it changes its argument", "    daily", "    profits -= 1.0\n    daily"),
    Right("the usual way", SHARPE),
    Right("few words", edit(SHARPE, "needs at least two days with different profits", "n < 2")),
    Right(
        "with SciPy and the exact quantile",
        """
import math
from statistics import fmean, stdev
from scipy.stats import norm

def sharpe(profits, days):
    if len(profits) < 2 or all(p == profits[0] for p in profits):
        raise ValueError("the ratio is not defined here")
    ratio = fmean(profits) / stdev(profits)
    reach = norm.ppf(0.975) * math.sqrt((1 + 0.5 * ratio * ratio) / len(profits))
    return tuple(math.sqrt(days) * x for x in (ratio, ratio - reach, ratio + reach))
""",
    ),
]

FALL = """
import numpy as np

def max_drawdown(steps):
    start = np.zeros((1, steps.shape[1]))
    levels = np.vstack([start, steps.cumsum(axis=0)])
    falls = np.maximum.accumulate(levels, axis=0) - levels
    return falls.max(axis=0)
"""
LEVELS = "np.vstack([start, steps.cumsum(axis=0)])"
FALLS = "np.maximum.accumulate(levels, axis=0) - levels"
DEEPEST = "falls.max(axis=0)"


def _fall(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(FALL, *changes), hint, like)


FALL_ANSWERS = [
    _fall("no start", "a day starts at 0", LEVELS, "steps.cumsum(axis=0)"),
    _fall("negative", "is not below 0", DEEPEST, "-falls.max(axis=0)"),
    _fall(
        "high minus low",
        "the low has to come after the high",
        FALLS,
        "levels.max(axis=0, keepdims=True) - levels.min(axis=0, keepdims=True)",
    ),  # fmt: skip
    _fall(
        "high minus low, no start",
        "and the start counts",
        LEVELS,
        "steps.cumsum(axis=0)",
        FALLS,
        "levels.max(axis=0, keepdims=True) - levels.min(axis=0, keepdims=True)",
    ),  # fmt: skip
    _fall("from 0", "not from 0", FALLS, "-levels"),
    _fall("at the end", "the fall that is left at the end", DEEPEST, "falls[-1]"),
    _fall(
        "the worst step", "add them up first, and nothing is below", DEEPEST, "-steps.min(axis=0)"
    ),
    _fall(
        "the worst step, cut",
        "can fall; add them up first",
        DEEPEST,
        "np.maximum(-steps.min(axis=0), 0)",
    ),  # fmt: skip
    _fall(
        "steps as levels",
        "those are steps",
        LEVELS,
        "steps",
    ),
    _fall(
        "strung together",
        "strung together",
        "    start",
        "    n = steps.shape[1]\n    steps = steps.T.reshape(-1, 1)\n    start",
        DEEPEST,
        "np.full(n, falls.max())",
    ),  # fmt: skip
    _fall("the worst of all", "of its own", DEEPEST, "np.full(steps.shape[1], falls.max())"),
    _fall(
        "the mean day",
        "the mean of all days",
        "    start",
        "    n = steps.shape[1]\n    steps = steps.mean(axis=1)[:, None]\n    start",
        DEEPEST,
        "np.full(n, falls.max())",
    ),  # fmt: skip
    _fall("mean fall", "the mean of all falls", DEEPEST, "falls.mean(axis=0)"),
    _fall("sum of falls", "falls are not added up", DEEPEST, "falls.sum(axis=0)"),
    _fall("rises", "the largest rises", FALLS, "levels - np.minimum.accumulate(levels, axis=0)"),
    _fall("rounded", "it is rounded", DEEPEST, "falls.max(axis=0).round()"),
    _fall("along days", "along which axis", DEEPEST, "falls.max(axis=1)"),
    _fall("one number", "should have shape", DEEPEST, "falls.max()"),
    _fall("no return", "None came back", "return falls", "falls"),
    _fall("in place", "it changes its argument", "    start", "    steps += 1.0\n    start"),
    _fall("a list", "return an array", DEEPEST, DEEPEST + ".tolist()"),
    _fall("half", "mark the highest", DEEPEST, "falls.max(axis=0) / 2"),
    Right("the usual way", FALL),
    Right(
        "in plain Python",
        """
import numpy as np

def max_drawdown(steps):
    found = []
    for day in steps.T.tolist():
        level = highest = deepest = 0.0
        for step in day:
            level += step
            highest = max(highest, level)
            deepest = max(deepest, highest - level)
        found.append(deepest)
    return np.array(found)
""",
    ),
    Right(
        "the deepest sum of steps in a row",
        """
import numpy as np

def max_drawdown(steps):
    now = deepest = np.zeros(steps.shape[1])
    for row in steps:
        now = np.maximum(now - row, 0)
        deepest = np.maximum(deepest, now)
    return deepest
""",
    ),
]

TEST = """
import numpy as np

def backtest(rule, prices, spread, impact, latency):
    steps, n = len(prices) - 1, prices.shape[1]
    orders, held, profit = [], np.zeros(n), np.zeros(n)
    for t in range(steps + 1):
        if t < steps:
            orders.append(rule(prices[: t + 1]))
        wanted = np.zeros(n) if t == steps else orders[t - latency] if t >= latency else held
        size = np.abs(wanted - held)
        profit -= size * (spread / 2 + impact * np.sqrt(size))
        held = wanted
        if t < steps:
            profit += held * (prices[t + 1] - prices[t])
    return profit
"""
WANTED = "np.zeros(n) if t == steps else orders[t - latency] if t >= latency else held"
GAIN = "held * (prices[t + 1] - prices[t])"
COST = "size * (spread / 2 + impact * np.sqrt(size))"
ORDER = "orders.append(rule(prices[: t + 1]))"


ROWS = """
import numpy as np

def backtest(rule, prices, spread, impact, latency):
    steps, n = len(prices) - 1, prices.shape[1]
    wanted = np.array([rule(prices[: t + 1]) for t in range(steps)], dtype=float)
    held = np.vstack([np.zeros((latency, n)), wanted])[:steps]
    path = np.vstack([np.zeros((1, n)), held, np.zeros((1, n))])
    size = abs(np.diff(path, axis=0))
    costs = size * spread / 2 + impact * size**1.5
    return (held * np.diff(prices, axis=0)).sum(axis=0) - costs.sum(axis=0)
"""
HELD = "np.vstack([np.zeros((latency, n)), wanted])[:steps]"


def _rows(name: str, hint: str, *changes: str) -> Wrong:
    return Wrong(name, edit(ROWS, *changes), hint)


def _test(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(TEST, *changes), hint, like)


TEST_ANSWERS = [
    _test(
        "look-ahead by a step",
        "a position earns the step that led to it",
        GAIN,
        "held * (prices[t] - prices[max(t - 1, 0)])",
    ),  # fmt: skip
    _test("all prices shown", "the future included", ORDER, "orders.append(rule(prices))"),
    _test(
        "the next price shown", "yet to come", ORDER, "orders.append(rule(prices[: t + 2]))"
    ),  # fmt: skip
    _test("one price shown", "all prices up to now", ORDER, "orders.append(rule(prices[t]))"),
    _test("the newest row", "not the first", ORDER, "orders.append(rule(prices[t : t + 1]))"),
    _test("up to before", "no price at all", ORDER, "orders.append(rule(prices[:t]))"),
    _test(
        "no latency",
        "the latency has no effect",
        WANTED,
        "np.zeros(n) if t == steps else orders[t]",
    ),  # fmt: skip
    _test(
        "one too late",
        "one step too late",
        WANTED,
        "np.zeros(n) if t == steps else orders[t - latency - 1] if t > latency else held",
    ),  # fmt: skip
    _test(
        "one too early",
        "one step too early",
        WANTED,
        "np.zeros(n) if t == steps else "
        "orders[min(t - latency + 1, len(orders) - 1)] if t - latency + 1 >= 0 else held",
    ),  # fmt: skip
    _test("left open", "has to be closed", "range(steps + 1)", "range(steps)"),
    _test("whole spread", "half of the spread", "spread / 2", "spread"),
    _test("no spread", "the spread costs nothing", "spread / 2 + ", ""),
    _test("no impact", "the impact costs nothing", " + impact * np.sqrt(size)", ""),
    _test("free", "trades cost nothing", f"profit -= {COST}", "pass"),
    _test("impact of any size", "here it does not grow", " * np.sqrt(size)", ""),
    _test("linear", "not with the size", "np.sqrt(size)", "size"),
    _test(
        "impact once", "only the spread part", COST, "size * spread / 2 + impact * np.sqrt(size)"
    ),
    _test(
        "signed size",
        "a size has no sign",
        "np.abs(wanted - held)",
        "wanted - held",
        "np.sqrt(size)",
        "np.sqrt(abs(size))",
    ),  # fmt: skip
    _test(
        "buyers pay", "who sells pays, too", "np.abs(wanted - held)", "np.maximum(wanted - held, 0)"
    ),  # fmt: skip
    _test(
        "held positions pay",
        "not as long as it is",
        "size = np.abs(wanted - held)",
        "size = np.abs(wanted) * (t < steps)",
    ),  # fmt: skip
    _test("per trade", "a large trade costs more", COST, "(size > 0) * (spread / 2 + impact)"),
    _test("costs earned", "costs are taken off", "profit -=", "profit +="),
    _test(
        "free entry",
        "the first trade costs",
        f"profit -= {COST}",
        f"profit -= {COST} * (t > min(latency, steps - 1))",
    ),  # fmt: skip
    _test(
        "sign",
        "a position above 0 earns",
        GAIN,
        "held * (prices[t] - prices[t + 1])",
        f"profit -= {COST}",
        "pass",
    ),  # fmt: skip
    _test(
        "one profit", "no mean was asked for", "return profit", "return np.full(n, profit.mean())"
    ),
    _test(
        "all profits", "has a profit of its own", "return profit", "return np.full(n, profit.sum())"
    ),
    _test("a number", "should have shape", "return profit", "return profit.sum()"),
    _test("rounded", "it is rounded", "return profit", "return profit.round(1)"),
    _test("no return", "None came back", "return profit", "profit"),
    _test("never asked", "never asked", ORDER, "orders.append(held)"),
    _test(
        "asked twice a step",
        "about step 0 again",
        ORDER,
        "rule(prices[: t + 1])\n            " + ORDER,
    ),  # fmt: skip
    _test(
        "last step left out",
        "the last step is missing",
        "if t < steps:\n            profit",
        "if t < steps - 1:\n            profit",
    ),  # fmt: skip
    _test(
        "a second pass",
        "the day is over",
        "    return profit",
        "    rule(prices)\n    return profit",
    ),
    _test(
        "rebased history",
        "shifted to start at 0",
        "prices[: t + 1]",
        "prices[: t + 1] - prices[0]",
    ),
    _test(
        "rebased prices",
        "changes its argument",
        "    return profit",
        "    prices -= prices[0]\n    return profit",
    ),
    _test("the last 50", "not the first", "prices[: t + 1]", "prices[max(0, t - 50) : t + 1]"),
    _test("a list", "return an array", "return profit", "return profit.tolist()"),
    _rows(
        "shifted the wrong way",
        "shift them the other way",
        HELD,
        "np.vstack([wanted[latency:], np.zeros((latency, n))])[:steps]",
    ),
    _rows(
        "shifted the wrong way, the last one stays",
        "earlier than the decision",
        HELD,
        "wanted[np.minimum(np.arange(steps) + latency, steps - 1)]",
    ),
    _rows("rolled", "appear at its start", HELD, "np.roll(wanted, latency, axis=0)"),
    _test(
        "trades before it asks",
        "ask the rule before",
        WANTED,
        "np.zeros(n) if t == steps else orders[t - max(latency, 1)] if t >= max(latency, 1) "
        "else held",
    ),
    _test(
        "latency 0 never trades",
        "ask the rule before",
        WANTED,
        "np.zeros(n) if t == steps else orders[t - latency] if t >= latency > 0 else held",
    ),
    _test(
        "due at the end",
        "due at T is never traded",
        "    return profit",
        "    if 0 < latency <= steps:\n"
        "        last, left = orders[steps - latency], orders[steps - latency - 1]\n"
        "        left = left * (latency < steps)\n"
        "        for size, sign in ((abs(last - left), 1), (abs(last), 1), (abs(left), -1)):\n"
        f"            profit -= sign * {COST}\n"
        "    return profit",
    ),
    _rows("free opening", "also at t = 0", "diff(path", "diff(path[1:]"),
    _rows(
        "no impact at the close",
        "closing pays the impact",
        "size**1.5",
        "size**1.5 * (np.arange(steps + 1) < steps)[:, None]",
    ),
    _test(
        "two trades",
        "one trade, of the whole change",
        f"profit -= {COST}",
        "turns = wanted * held < 0\n"
        "        for size in (np.where(turns, abs(held), size), abs(wanted) * turns):\n"
        f"            profit -= {COST}",
    ),
    Right("the usual way", TEST),
    Right("all orders first", ROWS),
]

MIX = """
import numpy as np

def mixed(usual, extreme, share):
    def sample(rng, size):
        chosen = rng.random(size) < share
        a, b = usual.sample(rng, size), extreme.sample(rng, size)
        return {name: np.where(chosen, b[name], a[name]) for name in a}
    return sample
"""
CHOSEN = "rng.random(size) < share"
DICT = "{name: np.where(chosen, b[name], a[name]) for name in a}"


def _mix(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(MIX, *changes), hint, like)


MIX_ANSWERS = [
    _mix(
        "each parameter for itself",
        "takes all its values from one",
        DICT,
        "{name: np.where(rng.random(size) < share, b[name], a[name]) for name in a}",
    ),  # fmt: skip
    _mix("turned round", "the share of usual days", CHOSEN, "rng.random(size) >= share"),
    _mix(
        "one lot for all", "of one kind; decide", CHOSEN, "np.full(size, rng.random() < share)"
    ),  # fmt: skip
    _mix(
        "a mean",
        "never a mean",
        DICT,
        "{name: share * b[name] + (1 - share) * a[name] for name in a}",
    ),  # fmt: skip
    _mix(
        "exact number",
        "a share of a call's days, rounded",
        CHOSEN,
        "rng.permutation(size) < round(share * size)",
    ),  # fmt: skip
    _mix("the first days", "scatter them", CHOSEN, "np.arange(size) < share * size"),
    _mix(
        "of the usual days",
        "not of the usual ones",
        CHOSEN,
        "rng.random(size) < share / (1 + share)",
    ),  # fmt: skip
    _mix("a coin", "a toss of a coin", CHOSEN, "rng.random(size) < 0.5"),
    _mix(
        "two draws",
        "where one decides",
        CHOSEN,
        "(rng.random(size) < share) & (rng.random(size) < share)",
    ),  # fmt: skip
    _mix(
        "own generator",
        "give the same days",
        CHOSEN,
        "np.random.default_rng(size).random(size) < share",
    ),  # fmt: skip
    _mix(
        "fresh generator",
        "two generators of one seed",
        CHOSEN,
        "np.random.default_rng().random(size) < share",
    ),  # fmt: skip
    _mix(
        "global generator",
        "global random generator",
        CHOSEN,
        "np.random.random(size) < share",
        "    def",
        "    np.random.random()\n    def",
    ),  # fmt: skip
    _mix(
        "drawn once",
        "before anybody asks",
        "    def sample",
        "    rng = np.random.default_rng(0)\n"
        "    usual.sample(rng, 9), extreme.sample(rng, 9)\n    def sample",
    ),  # fmt: skip
    _mix("called", "return a function", "return sample", "return 5"),
    _mix("a list", "a dictionary from name", DICT, "[np.where(chosen, b[k], a[k]) for k in a]"),
    _mix(
        "a name missing",
        "the names are",
        DICT,
        "{name: np.where(chosen, b[name], a[name]) for name in a if name != 'spread'}",
    ),  # fmt: skip
    _mix(
        "one too many",
        "should have shape",
        CHOSEN,
        "rng.random() < share",
        DICT,
        "{k: np.append(a[k], b[k][:1]) for k in a}",
    ),  # fmt: skip
    _mix(
        "each parameter drawn anew",
        "two different draws",
        DICT,
        "{k: np.where(chosen, extreme.sample(rng, size)[k], usual.sample(rng, size)[k]) "
        "for k in a}",
    ),  # fmt: skip
    _mix(
        "a plan",
        "every call of 40",
        CHOSEN,
        "rng.permutation(size) < int(share * size + rng.random() * (size == 1))",
    ),  # fmt: skip
    _mix(
        "a shared share",
        "changes the share of the first",
        "    def sample",
        "    mixed.share = share\n    def sample",
        CHOSEN,
        "rng.random(size) < mixed.share",
    ),  # fmt: skip
    _mix(
        "one draw for all days",
        "share 1 draw(s)",
        "usual.sample(rng, size), extreme.sample(rng, size)",
        "usual.sample(rng, size), extreme.sample(rng, 1)",
    ),
    _mix(
        "own generator for extreme days",
        "the values from the rng, too",
        "    def sample",
        "    own = np.random.default_rng(0)\n    def sample",
        "extreme.sample(rng, size)",
        "extreme.sample(own, size)",
    ),
    _mix(
        "same generator for extreme days",
        "the same values to some days",
        "extreme.sample(rng, size)",
        "extreme.sample(np.random.default_rng(0), size)",
    ),
    _mix(
        "at least one",
        "two days at a time",
        "        a, b",
        "        if size > 1 and not chosen.any():\n            chosen[0] = True\n        a, b",
    ),
    _mix(
        "lists as values",
        "return an array",
        DICT,
        "{name: np.where(chosen, b[name], a[name]).tolist() for name in a}",
    ),
    _mix("raises", "your sampler raised", CHOSEN, "rng.random(size) < shares"),
    _mix(
        "in blocks",
        "an extreme one are extreme",
        CHOSEN,
        "np.repeat(rng.random(size // 4 + 1) < share, 4)[:size]",
    ),  # fmt: skip
    Right("the usual way", MIX),
    Right(
        "day by day",
        """
import numpy as np

def mixed(usual, extreme, share):
    def sample(rng, size):
        days = [(extreme if rng.random() < share else usual).sample(rng, 1) for _ in range(size)]
        return {name: np.concatenate([day[name] for day in days]) for name in days[0]}
    return sample
""",
    ),
    Right(
        "with choice and assignment",
        """
def mixed(usual, extreme, share):
    def sample(rng, size):
        which = rng.choice(2, size=size, p=[1 - share, share]) == 1
        days = usual.sample(rng, size)
        for name, values in extreme.sample(rng, size).items():
            days[name][which] = values[which]
        return days
    return sample
""",
    ),
]

STOP = """
import numpy as np

def with_stop(policy, limit):
    out = None
    def stopped(seen):
        nonlocal out
        begins = seen[:, 5] == 1
        before = np.zeros(len(seen), bool) if out is None or len(out) != len(seen) else out
        out = (before & ~begins) | (100 * seen[:, 7] >= limit)
        return np.where(out, 1, policy(seen))
    return stopped
"""
OUT = "out = (before & ~begins) | (100 * seen[:, 7] >= limit)"
ACT = "np.where(out, 1, policy(seen))"


def _stop(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(STOP, *changes), hint, like)


STOP_ANSWERS = [
    _stop("units", "in units of 100 bp", "100 * seen[:, 7]", "seen[:, 7]"),
    _stop("beyond the limit", "at the limit is enough", ">= limit", "> limit"),
    _stop("sells short", "action 0 sells short", ACT, "np.where(out, 0, policy(seen))"),
    _stop("no memory", "reached the limit before", "(before & ~begins) | ", ""),
    _stop("for ever", "may trade again", "before & ~begins", "before"),
    _stop(
        "loss for drawdown",
        "not the profit",
        "100 * seen[:, 7] >= limit",
        "-100 * seen[:, 6] >= limit",
    ),  # fmt: skip
    _stop(
        "loss or drawdown",
        "a loss, and a small drawdown",
        OUT,
        OUT.replace(">= limit)", ">= limit) | (-100 * seen[:, 6] >= limit)"),
        like="loss for drawdown",
    ),  # fmt: skip
    _stop(
        "only if it has lost",
        "the drawdown counts",
        OUT,
        OUT.replace(">= limit)", ">= limit) & (seen[:, 6] < 0)"),
    ),  # fmt: skip
    _stop("all together", "another account reached", ">= limit)", ">= limit).any()"),
    _stop("turned round", "nothing was lost", ">= limit", "< limit"),
    _stop(
        "keeps the position",
        "still trades at step",
        ACT,
        "np.where(out, seen[:, 0] + 1 + out, policy(seen)).astype(int)",
    ),  # fmt: skip
    _stop(
        "asks about some",
        "ask it about all",
        ACT,
        "np.where(out, 1, policy(seen[~out]) if (~out).all() else policy(seen[:1]))",
    ),  # fmt: skip
    _stop(
        "asks twice",
        "ask the policy once",
        "        begins",
        "        policy(seen)\n        begins",
    ),  # fmt: skip
    _stop("one observation", "hand it the observations", ACT, "np.where(out, 1, policy(seen[0]))"),
    _stop(
        "a position for an action", "and [-1.] came back", ACT, "np.where(out, -1, policy(seen))"
    ),  # fmt: skip
    _stop("no policy", "return a policy", "return stopped", "return limit"),
    _stop(
        "changes what is seen",
        "changes the observations",
        "        begins",
        "        seen[:, 7] *= 1.5\n        begins",
    ),  # fmt: skip
    _stop(
        "a memory for all",
        "a memory of its own",
        "    out = None\n",
        "",
        "nonlocal",
        "global",
        "def with_stop",
        "out = None\n\ndef with_stop",
    ),  # fmt: skip
    _stop("no return", "None came back", f"return {ACT}", ACT),
    _stop("size of the first day", "a day of 5 accounts", " or len(out) != len(seen)", ""),
    _stop("half the limit", "its drawdown is below", ">= limit", ">= limit / 2"),
    _stop(
        "a memory on the policy",
        "by the drawdowns of the first",
        "    out = None\n",
        "    policy.out = None\n",
        "        nonlocal out\n",
        "        out = policy.out\n",
        OUT,
        "policy.out = " + OUT,
        "        return np.where",
        "        out = policy.out\n        return np.where",
        like="a memory for all",
    ),
    _stop(
        "hides what is seen",
        "other observations than yours",
        "policy(seen)",
        "policy(np.where(out[:, None], 0, seen))",
    ),
    _stop(
        "the policy's array",
        "its own; make a new one",
        f"return {ACT}",
        "actions = policy(seen)\n        actions[out] = 1\n        return actions",
    ),
    _stop("floats", "whole numbers are due", ACT, "np.where(out, 1.0, policy(seen))"),
    _stop("a list of actions", "return an array", ACT, ACT + ".tolist()"),
    _stop(
        "a step late",
        "update the memory before",
        f"return {ACT}",
        "late = before & ~begins\n        return np.where(late, 1, policy(seen))",
    ),
    _stop("sign", "a drawdown is not below 0", "100 * seen[:, 7]", "-100 * seen[:, 7]"),
    Right("the usual way", STOP),
    Right(
        "an object",
        """
import numpy as np

class with_stop:
    def __init__(self, policy, limit):
        self.policy, self.limit, self.out = policy, limit, set()

    def __call__(self, seen):
        actions = self.policy(seen).copy()
        for i, row in enumerate(seen):
            if row[5] == 1:
                self.out.discard(i)
            if row[7] * 100 >= self.limit:
                self.out.add(i)
            if i in self.out:
                actions[i] = 1
        return actions
""",
    ),
]

ANSWERS = {
    "09b.1": SHARPE_ANSWERS,
    "09b.2": FALL_ANSWERS,
    "09b.3": TEST_ANSWERS,
    "09b.4": MIX_ANSWERS,
    "09b.5": STOP_ANSWERS,
}
