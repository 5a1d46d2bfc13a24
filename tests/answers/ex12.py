"""Answers to exercise 12. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

FOUND = """
import numpy as np

def nothing_found(n, sure):
    failures = (1 - sure) ** (1 / np.maximum(n, 1))
    return np.where(n > 0, 1 - failures, 1.0)
"""
FAILURES = "(1 - sure) ** (1 / np.maximum(n, 1))"
RATES = "return np.where(n > 0, 1 - failures, 1.0)"


def _found(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(FOUND, *changes), hint, like)


def _rate(name: str, hint: str, formula: str, like: str = "") -> Wrong:
    """Another formula, with m for n where there are episodes."""
    code = f"m = np.maximum(n, 1)\n    return np.where(n > 0, {formula}, 1.0)"
    return _found(name, hint, RATES, code, like=like)


FOUND_ANSWERS = [
    _rate("rule of three", "rule of three", "3 / m"),
    _rate("rule of three, cut off", "cut off or not", "np.minimum(3 / m, 1)"),
    _rate("the rate of failures", "a rate of failures", "failures"),
    _rate("all succeed", "all episodes succeed", "sure ** (1 / m)"),
    _rate("sure and doubt exchanged", "the more sure you want to be", "1 - sure ** (1 / m)"),
    _rate("two-sided", "do not halve it", "1 - ((1 - sure) / 2) ** (1 / m)"),
    _rate("a logarithm", "a rate above 1 is none", "-np.log(1 - sure) / m"),
    _rate("a logarithm, cut off", "do not approximate", "np.minimum(-np.log(1 - sure) / m, 1)"),
    _rate("one too many", "one episode more", "1 - (1 - sure) ** (1 / (m + 1))"),
    _found("one too few", "one episode fewer", "np.maximum(n, 1)", "np.maximum(n - 1, 1e-9)"),
    _rate("forward", "turned round", "1 - (1 - sure) ** m"),
    _rate("shared out", "nothing is shared out", "(1 - sure) / m"),
    _rate("sure shared out", "`sure` least of all", "sure / m"),
    _rate("one in n", "the rate of one success in n", "1 / m"),
    _rate("one in n + 1", "one more episode", "1 / (m + 1)"),
    _rate("Laplace", "Laplace's guess", "1 / (m + 2)"),
    _rate("the share", "share of successes that you saw", "0.0 * m"),
    _rate("Hoeffding", "any outcome", "np.sqrt(-np.log(1 - sure) / (2 * m))"),
    _rate("Wilson", "put your rate into", "3.84 / (m + 3.84)"),
    _rate("always one", "you say 1 whatever", "1.0"),
    _rate("per cent", "in per cent", "100 * (1 - failures)", like="per cent throughout"),
    _found("per cent throughout", "in per cent", RATES, RATES + " * 100"),
    _found("rounded", "it is rounded", RATES, RATES + ".round(2)", like="rounded, again"),
    _found(
        "rounded, again",
        "it is rounded",
        RATES,
        "return np.array([round(float(p), 2) for p in np.where(n > 0, 1 - failures, 1.0)])",
    ),
    _found("rounded to three digits", "to three digits", RATES, RATES + ".round(3)"),
    _found("nothing without episodes", "which rates can you rule out", "1.0)", "0.0)"),
    _found(
        "no episodes are one",
        "no episodes rule out nothing",
        RATES,
        "return 1 - failures",
    ),
    _found("sure is 0.95", "it does not depend on `sure`", "(1 - sure)", "0.05"),
    _found("the first number only", "depends on the first", "np.maximum(n, 1)", "(n[0] + 0 * n)"),
    _found(
        "added up",
        "they are not added up",
        "np.maximum(n, 1)",
        "max(n.sum(), 1)",
        RATES,
        "return np.full(n.shape, 1 - failures if n.sum() else 1.0)",
    ),
    _found("sorted", "another order", "    failures", "    n = np.sort(n)\n    failures"),
    _found("one number", "should have shape", RATES, RATES + "[0]"),
    _found("divides by zero", "it raised ZeroDivisionError", FAILURES, "1 / n.tolist()[0]"),
    _found("not a number", "finite everywhere", "1.0)", "np.nan)"),
    _found("no return", "None came back", "return np", "np"),
    _found("text", "should hold numbers", RATES, "return [str(k) for k in n]"),
    _found("in place", "it changes its argument", "    failures", "    n += n == 0\n    failures"),
    _found(
        "for ever",
        "did not return",
        "    failures",
        "    while (n >= 1).any():\n        pass\n    failures",
    ),
    _found(
        "rates above one",
        "rates lie from 0 to 1",
        RATES,
        "return np.where(n > 0, 1 + failures, 1.0)",
    ),
    Right("the usual way", FOUND),
    Right(
        "by bisection",
        """
def nothing_found(n, sure):
    rates = []
    for episodes in n.tolist():
        low, high = 0.0, 1.0
        for _ in range(100):
            middle = (low + high) / 2
            if (1 - middle) ** episodes < 1 - sure:
                high = middle
            else:
                low = middle
        rates.append(high)
    return rates
""",
    ),
    Right(
        "with logarithms",
        """
import numpy as np

def nothing_found(n, sure):
    return -np.expm1(np.log1p(-sure) / n)
""",
    ),
    Right(
        "SciPy",
        """
import numpy as np
from scipy.stats import beta

def nothing_found(n, sure):
    rates = np.ones(n.shape)
    rates[n > 0] = beta.ppf(sure, 1, n[n > 0])
    return rates
""",
    ),
]

COVER = """
import numpy as np

def coverage(ends, places, radius):
    away = np.linalg.norm(places[:, None] - ends, axis=2)
    return float((away < radius).any(axis=1).mean())
"""
AWAY = "np.linalg.norm(places[:, None] - ends, axis=2)"
CLOSE = "(away < radius).any(axis=1).mean()"
SHARE = f"float({CLOSE})"


def _cover(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(COVER, *changes), hint, like)


def _guarded(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    """The same, with no ends dealt with first."""
    first = "    if len(ends) == 0:\n        return 0.0\n"
    return Wrong(name, edit(COVER, "    away = ", first + "    away = ", *changes), hint, like)


COVER_ANSWERS = [
    _cover("at the radius, too", "exactly at the radius", "<", "<="),
    _guarded("ends counted", "the places were to be counted", "axis=1", "axis=0"),
    _guarded(
        "ends over places",
        "divide by the places",
        SHARE,
        "(away < radius).any(axis=0).sum() / len(places)",
    ),
    _cover("how many", "a share was asked for", ".mean()", ".sum()"),
    _guarded("not covered", "nobody came close to", SHARE, f"1 - {SHARE}"),
    _cover("all not covered", "nobody came close to", SHARE, f"1 - {SHARE}", like="not covered"),
    _cover("per cent", "in per cent", SHARE, f"100 * {SHARE}"),
    _guarded("all ends close", "not all need", "any", "all"),
    _cover("vacuous truth", "not all need", "any", "all", like="all ends close"),
    _guarded("pairs", "however many ends", ".any(axis=1)", ""),
    _cover("pairs over places", "counts once", CLOSE, "(away < radius).sum() / len(places)"),
    _cover("squares", "a square with the radius", "away < radius", "away**2 < radius"),
    _cover("a square", "is no circle", AWAY, "abs(places[:, None] - ends).max(axis=2)"),
    _cover("Manhattan", "think of Pythagoras", AWAY, "abs(places[:, None] - ends).sum(axis=2)"),
    _cover("a sum", "cancel in a sum", AWAY, "abs((places[:, None] - ends).sum(axis=2))"),
    _cover("first coordinate", "first coordinate", AWAY, "abs(places[:, None, 0] - ends[:, 0])"),
    _cover(
        "in a plane",
        "three coordinates",
        AWAY,
        "np.linalg.norm(places[:, None, :2] - ends[:, :2], axis=2)",
    ),
    _cover(
        "one coordinate is enough",
        "in one coordinate is not enough",
        AWAY,
        "abs(places[:, None] - ends).min(axis=2)",
    ),
    _cover(
        "each coordinate by another end",
        "one and the same end",
        CLOSE,
        "(abs(places[:, None] - ends) < radius).any(axis=1).all(axis=1).mean()",
    ),
    _cover("first end", "only the first end", "[:, None] - ends", "[:, None] - ends[:1]"),
    _cover("last end", "only the last end", "[:, None] - ends", "[:, None] - ends[-1:]"),
    _guarded(
        "middle of the ends",
        "where nobody ended",
        "[:, None] - ends",
        "[:, None] - ends.mean(axis=0)",
    ),
    _guarded(
        "mean distance",
        "the mean distance says little",
        CLOSE,
        "(away.mean(axis=1) < radius).mean()",
    ),
    _guarded(
        "farthest end",
        "not all need",
        CLOSE,
        "(away.max(axis=1) < radius).mean()",
        like="all ends close",
    ),
    _guarded("turned round", "is turned round", CLOSE, "(away.min(axis=1) > radius).mean()"),
    _cover("a diameter", "is no diameter", "< radius", "< radius / 2"),
    _cover("twice", "twice the radius", "< radius", "< 2 * radius"),
    _guarded("from the origin", "not from the origin", "places[:, None] - ends", "places[:, None]"),
    _guarded(
        "ends from the origin",
        "you compare ends with the origin",
        SHARE,
        "float((np.linalg.norm(ends, axis=1) < radius).mean())",
    ),
    _guarded(
        "in pairs",
        "you go through them in pairs",
        SHARE,
        "float(np.mean([np.linalg.norm(e - p) < radius for e, p in zip(ends, places)]))",
    ),
    _cover("paired arrays", "it raised", "places[:, None] - ends, axis=2", "places - ends, axis=1"),
    _cover("rounded", "it is rounded", SHARE, f"round({SHARE}, 2)"),
    _cover("any place", "how many were", ".mean()", ".any()"),
    _cover("empty is all", "nobody came close to", SHARE, f"{SHARE} if len(ends) else 1.0"),
    _cover("never", "you say 0 whatever", SHARE, "0.0"),
    _cover("always", "you say 1 whatever", SHARE, "1.0"),
    _cover("nothing for no ends", "None came back", SHARE, f"{SHARE} if len(ends) else None"),
    _cover("nan for no ends", "should be finite", SHARE, f"{SHARE} if len(ends) else np.nan"),
    _cover(
        "minimum of nothing",
        "there may be no ends at all, and then it raised ValueError",
        "(away < radius).any(axis=1)",
        "(away.min(axis=1) < radius)",
    ),
    _cover(
        "farthest end, none left out",
        "not all need",
        CLOSE,
        "(away.max(axis=1) < radius).mean()",
        like="all ends close",
    ),
    _cover("no return", "does your code end with return", "return float", "float"),
    _cover("which places", "should be one number", ".mean())", ")", "float(", "("),
    _cover("in place", "it changes its argument", "    away", "    ends /= radius\n    away"),
    _cover(
        "for ever", "did not return", "    away", "    while len(ends):\n        pass\n    away"
    ),
    _cover(
        "one end and its neighbour",
        "by hand",
        "[:, None] - ends",
        "[:, None] - (ends + np.roll(ends, 1, axis=0)) / 2",
    ),
    Right("the usual way", COVER),
    Right(
        "in plain Python",
        """
import math

def coverage(ends, places, radius):
    covered = [any(math.dist(end, place) < radius for end in ends) for place in places]
    return sum(covered) / len(covered)
""",
    ),
    Right(
        "by a tree",
        """
import numpy as np
from scipy.spatial import cKDTree

def coverage(ends, places, radius):
    if not len(ends):
        return 0
    nearest, _ = cKDTree(ends).query(places)
    return np.mean(nearest < radius)
""",
    ),
    Right(
        "end by end, with squares",
        """
import numpy as np

def coverage(ends, places, radius):
    nearest = np.full(len(places), np.inf)
    for end in ends:
        nearest = np.minimum(nearest, ((places - end) ** 2).sum(axis=1))
    return np.count_nonzero(nearest < radius**2) / len(places)
""",
    ),
]

PAY = """
import numpy as np

def diversity_reward(log_q, n, returns, best, slack):
    told = np.maximum(log_q + np.log(n), 0.0)
    return np.where(returns >= best - slack, told, 0.0)
"""
TOLD = "np.maximum(log_q + np.log(n), 0.0)"
GATE = "returns >= best - slack"


def _pay(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(PAY, *changes), hint, like)


FLOOR = "np.maximum(np.where(np.isfinite(log_q), log_q, -99.0) + np.log(n), -99.0)"
PAY_ANSWERS = [
    _pay("no floor", "the least that can be earned", TOLD, "log_q + np.log(n)"),
    _pay("a low floor", "the least that can be earned", TOLD, FLOOR, like="no floor"),
    _pay("the absolute value", "do not earn", TOLD, "abs(np.maximum(log_q, -9) + np.log(n))"),
    _pay("log q alone", "nobody ever earns", "log_q + np.log(n)", "log_q"),
    _pay(
        "log n taken away",
        "nobody ever",
        "log_q + np.log(n)",
        "log_q - np.log(n)",
        like="log q alone",
    ),
    _pay("minus log q", "more is due where", TOLD, "-log_q"),
    _pay("log2", "different bases, 2 and e", "np.log(n)", "np.log2(n)", like="log2, again"),
    _pay("log2, again", "different bases, 2 and e", "np.log(n)", "np.log(n) / np.log(2)"),
    _pay("log10", "10 and e", "np.log(n)", "np.log10(n)"),
    _pay(
        "in bits", "these are to base 2", TOLD, "np.maximum(np.log2(np.exp(log_q)) + np.log2(n), 0)"
    ),
    _pay("all to base 10", "these are to base 10", TOLD, TOLD + " / np.log(10)"),
    _pay("log of log q", "a logarithm already", "log_q + ", "np.log(log_q) + "),
    _pay(
        "log of log q, negligent",
        "a logarithm already",
        TOLD,
        "np.maximum(np.log(log_q * n), 0.0)",
        like="log of log q",
    ),
    _pay("cut too early", "where you cut at zero", TOLD, "np.maximum(log_q, 0) + np.log(n)"),
    _pay("a ratio", "a ratio of probabilities", TOLD, "np.exp(log_q) * n"),
    _pay("a difference", "a difference of prob", TOLD, "np.maximum(np.exp(log_q) - 1 / n, 0)"),
    _pay("n itself", "not n", "np.log(n)", "n"),
    _pay("episodes for skills", "not episodes", "np.log(n)", "np.log(max(len(log_q), 1))"),
    _pay("better than a guess", "matters, too", TOLD, "1.0 * (log_q > -np.log(n))"),
    _pay("paid alike", "earn alike", TOLD, "np.full(log_q.shape, np.log(n))", like="cut too early"),
    _pay("strictly", "exactly best - slack", GATE, "returns > best - slack"),
    _pay("gate turned round", "and no others", GATE, "returns < best - slack"),
    _pay("bad ones", "do the task badly", GATE, "returns <= best - slack"),
    _pay(
        "no better than best", "better than the best so far", GATE, "abs(returns - best) <= slack"
    ),
    _pay("slack on top", "slack lowers", GATE, "returns >= best + slack"),
    _pay("no slack", "slack is left out", GATE, "returns >= best"),
    _pay("slack alone", "how much is enough", GATE, "returns >= slack"),
    _pay("best is 0", "it is not 0", GATE, "returns >= -slack"),
    _pay("a share", "not a share", GATE, "returns >= (1 - slack) * best"),
    _pay("a factor", "not a factor", GATE, "returns >= slack * best"),
    _pay(
        "best of these",
        "not the best of these",
        GATE,
        "returns >= np.max(returns, initial=-np.inf) - slack",
    ),
    _pay(
        "best of these, or nothing",
        "not the best of these",
        GATE,
        "returns >= returns.max() - slack",
        like="best of these",
    ),
    _pay("best so far", "some episodes surpass it", GATE, "returns >= max(best, *returns) - slack"),
    _pay(
        "best so far, again",
        "some episodes surpass it",
        GATE,
        "returns >= max(best, returns.max()) - slack",
        like="best so far",
    ),
    _pay(
        "the lowest of none",
        "m may be 0, and then it raised ValueError",
        "    told",
        "    lowest = returns.min()\n    told",
    ),
    _pay(
        "one reward for none",
        "m may be 0, and then the rewards should have shape (0,)",
        "    told",
        "    if not len(log_q):\n        return 0.0\n    told",
    ),
    _pay("mean gate", "by itself", GATE, "returns.sum() >= len(returns) * (best - slack)"),
    _pay("all must pass", "not all need to", GATE, "(returns >= best - slack).all()"),
    _pay("one passes for all", "of no use", GATE, "(returns >= best - slack).any()"),
    _pay("no gate", "whether or not they do", GATE, "True"),
    _pay("a fine", "loses nothing", "told, 0.0)", "told, -1.0)"),
    _pay("return added", "it is not paid", "told, 0.0)", "told, 0.0) + returns"),
    _pay("return as a factor", "it is no factor", "told, 0.0)", "told, 0.0) * returns"),
    _pay("nothing", "nobody ever", "told, 0.0)", "0.0 * told, 0.0)", like="log q alone"),
    _pay(
        "0 times infinity", "finite everywhere", TOLD, "(log_q + np.log(n)) * (log_q > -np.log(n))"
    ),
    _pay("the sum", "should have shape (12,), not ()", "told, 0.0)", "told, 0.0).sum()"),
    _pay(
        "those paid only", "should have shape", "np.where(" + GATE + ", told, 0.0)", f"told[{GATE}]"
    ),
    _pay("no return", "None came back", "return np", "np"),
    _pay("in place", "it changes its argument", "    told", "    log_q += np.log(n)\n    told"),
    _pay("one by one, the first", "you look at the first one", GATE, "returns[0] >= best - slack"),
    _pay(
        "if of an array",
        "it raised ValueError",
        "    return",
        "    if told > 0:\n        pass\n    return",
    ),
    _pay("for ever", "did not return", "    told", "    while n > 1:\n        pass\n    told"),
    _pay("pay and gate together", "first the gate", TOLD, "np.maximum(log_q + np.log(n), 0.05)"),
    Right("the usual way", PAY),
    Right(
        "in plain Python",
        """
import math

def diversity_reward(log_q, n, returns, best, slack):
    rewards = []
    for q, reached in zip(log_q.tolist(), returns.tolist()):
        rewards.append(max(0.0, q + math.log(n)) if reached >= best - slack else 0)
    return rewards
""",
    ),
    Right(
        "by a mask",
        """
import numpy as np

def diversity_reward(log_q, n, returns, best, slack):
    rewards = np.zeros(len(log_q))
    paid = ~(returns < best - slack) & (log_q > -np.log(n))
    rewards[paid] = np.log(n * np.exp(log_q[paid]))
    return rewards
""",
    ),
    Right(
        "clipped, and as a product",
        """
import numpy as np

def diversity_reward(log_q, n, returns, best, slack):
    return np.clip(log_q - np.log(1 / n), 0, None) * (returns + slack >= best)
""",
    ),
]

WHO = """
import numpy as np

def who_acts(explorers, turn, succeeded, repeat, rng):
    if succeeded and rng.random() < repeat:
        again = succeeded[rng.integers(len(succeeded))]
        return again, rng.random(), turn
    return explorers[turn % len(explorers)], None, turn + 1
"""
IF = "if succeeded and rng.random() < repeat:"
AGAIN = "succeeded[rng.integers(len(succeeded))]"
REPEATED = "return again, rng.random(), turn"
OWN = "return explorers[turn % len(explorers)], None, turn + 1"


def _who(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(WHO, *changes), hint, like)


WHO_ANSWERS = [
    _who("asks nobody first", "it raised ValueError", "if succeeded and ", "if "),
    _who("repeats before a success", "it raised", IF, "if True:", like="asks nobody first"),
    _who("never repeats", "never succeeded; somebody", IF, "if False:"),
    _who("always repeats", "nobody is repeated with chance 0", IF, "if succeeded:"),
    _who(
        "turned round", "was repeated, or hands over", "< repeat", "> repeat", like="always repeats"
    ),
    _who(
        "turned round, but for 0 and 1",
        "or that of the set",
        "< repeat",
        "< (repeat if repeat in (0, 1) else 1 - repeat)",
    ),
    _who(
        "half of the time",
        "repeat says how likely it is",
        "< repeat",
        "< (repeat if repeat in (0, 1) else 0.5)",
        like="half of the time, again",
    ),
    _who(
        "half of the time, again",
        "repeat says how likely it is",
        "rng.random() < repeat",
        "rng.integers(2) * (repeat > 0) + (repeat == 1)",
    ),
    _who(
        "two draws for one",
        "two draws are needed",
        "rng.random() < repeat",
        "rng.random() < repeat and rng.random() < repeat",
    ),
    _who(
        "once for each success",
        "one draw decides for all",
        "rng.random() < repeat",
        "(rng.random(len(succeeded)) < repeat).any()",
    ),
    _who(
        "all but never",
        "with successes there is something",
        "rng.random() < repeat",
        "repeat == 1",
    ),
    _who("all but always", "the set goes on, too", "rng.random() < repeat", "repeat > 0"),
    _who(
        "a share of its own",
        "once anything has succeeded",
        "< repeat",
        "< (repeat if repeat in (0, 1) else 0.7 * repeat)",
    ),
    _who("the first of the set again", "never succeeded", AGAIN, "explorers[0]"),
    _who(
        "one of the set again",
        "which never succeeded",
        AGAIN,
        "explorers[rng.integers(len(explorers))]",
        like="the first of the set again",
    ),
    _who("the last success", "always the last one", AGAIN, "succeeded[-1]"),
    _who("the first success", "the first one, or", AGAIN, "succeeded[0]"),
    _who(
        "most successes",
        "with most successes",
        AGAIN,
        "max(succeeded, key=succeeded.count)",
        like="the first success",
    ),
    _who(
        "one ticket each",
        "has more tickets",
        AGAIN,
        "sorted(set(succeeded))[rng.integers(len(set(succeeded)))]",
    ),
    _who(
        "all but the last ticket",
        "every ticket is as likely",
        AGAIN,
        "succeeded[rng.integers(max(len(succeeded) - 1, 1))]",
    ),
    _who(
        "the first three tickets",
        "are never repeated",
        AGAIN,
        "succeeded[rng.integers(min(len(succeeded), 3))]",
    ),
    _who("at half time", "every hand-over is at 0.5", REPEATED, "return again, 0.5, turn"),
    _who(
        "at one of ten times",
        "are at different times",
        REPEATED,
        "return again, rng.integers(10) / 10, turn",
    ),
    _who("in the first half", "none is from 0.5", REPEATED, "return again, rng.random() / 2, turn"),
    _who(
        "in the second half",
        "none is from 0 to",
        REPEATED,
        "return again, 0.5 + rng.random() / 2, turn",
    ),
    _who("early rather than late", "after 0.9", REPEATED, "return again, rng.random() ** 2, turn"),
    _who(
        "up to repeat",
        "none is from",
        IF,
        "u = rng.random()\n    if succeeded and u < repeat:",
        REPEATED,
        "return again, u, turn",
    ),
    _who(
        "in steps",
        "a share of the episode lies in",
        REPEATED,
        "return again, int(rng.integers(30)), turn",
    ),
    _who("up to one", "a share of the episode lies", REPEATED, "return again, 1.0, turn"),
    _who(
        "one draw for who and when",
        "are two draws",
        AGAIN,
        "succeeded[int((u := rng.random()) * len(succeeded))]",
        REPEATED,
        "return again, u, turn",
    ),
    _who("no hand-over", "draw when it hands over", REPEATED, "return again, None, turn"),
    _who(
        "the set hands over", "acts to the end, and yet", OWN, OWN.replace("None", "rng.random()")
    ),
    _who("the set hands over at once", "at is None then", OWN, OWN.replace("None", "0.0")),
    _who("the set hands over at the end", "at is None then", OWN, OWN.replace("None", "1.0")),
    _who("text for no time", "at is None then", OWN, OWN.replace("None", "'never'")),
    _who(
        "the set hands over at the end, later",
        "at is None for the set",
        OWN,
        OWN.replace("None", "1.0 if succeeded else None"),
    ),
    _who("repeats count", "a repeat is no turn", REPEATED, REPEATED + " + 1"),
    _who("the turn stays", "the turn is the next one's", OWN, OWN[:-4]),
    _who(
        "the count begins anew", "the count does not", OWN, OWN[:-8] + "(turn + 1) % len(explorers)"
    ),
    _who(
        "the rest of a division", "for looking up only", OWN, OWN[:-8] + "turn % len(explorers) + 1"
    ),
    _who("a round for a turn", "an episode is one turn", OWN, OWN[:-1] + "len(explorers)"),
    _who("counted down", "counted up", OWN, OWN.replace("turn + 1", "turn - 1")),
    _who("no second round", "it raised IndexError", "turn % len(explorers)", "turn"),
    _who(
        "the last for ever", "begins anew", "turn % len(explorers)", "min(turn, len(explorers) - 1)"
    ),
    _who("the first for ever", "always the first one's", "turn % len(explorers)", "0"),
    _who("the last one only", "always the last one's", "turn % len(explorers)", "-1"),
    _who("one behind", "one behind", "[turn %", "[(turn - 1) %"),
    _who("one ahead", "one ahead", "[turn %", "[(turn + 1) %"),
    _who("backward", "from the first to the last", "[turn %", "[-1 - turn %"),
    _who(
        "a set in any order",
        "whose turn is it",
        "turn % len(explorers)",
        "rng.integers(len(explorers))",
    ),
    _who(
        "the set stops where somebody succeeded",
        "go on in order",
        OWN,
        "if succeeded:\n        return explorers[0], None, turn + 1\n    " + OWN,
    ),
    _who(
        "a success is a turn",
        "and turn",
        OWN,
        "if succeeded:\n        return explorers[turn % len(explorers)], None, turn\n    " + OWN,
    ),
    _who("the turn of a list", "it raised TypeError", "turn % len(explorers)", "turn % explorers"),
    _who(
        "in turn with the set",
        "after a repeat comes another",
        "import numpy as np\n",
        "import numpy as np\n\nlast = [False]\n",
        IF,
        "p = repeat\n    if 0 < repeat < 1:\n        p = repeat + (0.15 if last[0] else "
        "-0.15 * repeat / (1 - repeat))\n    last[0] = bool(succeeded) and rng.random() < p\n"
        "    if last[0]:",
    ),
    _who("pops", "it changes its argument", OWN, "return explorers.pop(0), None, turn + 1"),
    _who(
        "takes the ticket away",
        "a ticket stays in the list",
        AGAIN,
        "succeeded.pop(rng.integers(len(succeeded)))",
    ),
    _who(
        "removes the ticket",
        "a ticket stays in the list",
        REPEATED,
        "succeeded.remove(again)\n        " + REPEATED,
        like="takes the ticket away",
    ),
    _who(
        "a ticket more",
        "it changes its argument",
        REPEATED,
        "succeeded.append(again)\n        " + REPEATED,
    ),
    _who(
        "seeds itself",
        "episodes repeat somebody",
        "    if succ",
        "    rng = np.random.default_rng(1)\n    if succ",
        like="all but never",
    ),
    _who(
        "a generator of its own",
        "draw from rng only",
        "    if succ",
        "    rng = np.random.default_rng()\n    if succ",
    ),
    _who(
        "a generator that goes on",
        "draw from rng only",
        "import numpy as np\n",
        "import numpy as np\n\nmine = np.random.default_rng(3)\n",
        "    if succ",
        "    rng = mine\n    if succ",
        like="a generator of its own",
    ),
    _who(
        "global draws",
        "global random generator",
        "rng.random() < repeat",
        "np.random.random() < repeat",
    ),
    _who("two things", "return three things", OWN, "return explorers[turn % len(explorers)], None"),
    _who(
        "another order",
        "is one of those given",
        OWN,
        "return None, explorers[turn % len(explorers)], turn + 1",
    ),
    _who("the whole set", "the policy is one of", OWN, "return explorers, None, turn + 1"),
    _who("a turn and a half", "a whole number", OWN, OWN + " / 2"),
    _who("text for a time", "should be a number", REPEATED, "return again, 'late', turn"),
    _who("no return", "does your code end with return", "return explorers", "explorers"),
    _who(
        "for ever",
        "did not return",
        "    if succ",
        "    while not succeeded:\n        pass\n    if succ",
    ),
    Right("the usual way", WHO),
    Right(
        "choice, and one uniform draw",
        """
def who_acts(explorers, turn, succeeded, repeat, rng):
    if len(succeeded) > 0:
        if rng.uniform() < repeat:
            return (rng.choice(succeeded), rng.uniform(0, 1), turn)
    return (explorers[turn % len(explorers)], None, turn + 1)
""",
    ),
    Right(
        "one draw for whether and when, scaled",
        """
from collections import Counter

def who_acts(explorers, turn, succeeded, repeat, rng):
    u = rng.random()
    if u >= repeat or not succeeded:
        rounds, which = divmod(turn, len(explorers))
        return [explorers[which], None, turn + 1]
    tickets = Counter(succeeded)
    names = list(tickets)
    chances = [tickets[name] / len(succeeded) for name in names]
    return [names[rng.choice(len(names), p=chances)], u / repeat, turn]
""",
    ),
    Right(
        "all draws at once",
        """
from itertools import cycle, islice

def who_acts(explorers, turn, succeeded, repeat, rng):
    whether, who, when = rng.random(3)
    if whether < repeat and succeeded:
        return succeeded[int(who * len(succeeded))], float(when), turn
    return next(islice(cycle(explorers), turn, None)), None, 1 + turn
""",
    ),
]

BREAKS = """
import numpy as np

def breaks_at(hit_rate, gaps, episodes, sure):
    found = None
    for gap in gaps[::-1]:
        if 1 - (1 - hit_rate(gap)) ** episodes >= sure:
            break
        found = gap
    return found
"""
WORKS = "1 - (1 - hit_rate(gap)) ** episodes >= sure"
LOOP = BREAKS[BREAKS.index("    found = None") :]


def _breaks(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(BREAKS, *changes), hint, like)


def _picked(name: str, hint: str, body: str, like: str = "") -> Wrong:
    """What is returned, given `fails` (k,) bool."""
    fails = (
        "    fails = np.array([not (1 - (1 - hit_rate(g)) ** episodes >= sure) for g in gaps])\n"
    )
    return _breaks(name, hint, LOOP, f"{fails}    {body}\n", like=like)


FIRST = "return gaps[fails][0] if fails.any() else None"
BREAKS_ANSWERS = [
    _picked("the first", "hits come back", FIRST),
    _picked("argmax", "argmax returns 0", "return gaps[fails.argmax()]"),
    _picked(
        "the last that works",
        "the last gap at which it works",
        "return gaps[~fails][-1] if not fails.all() else None",
        like="the last that works, again",
    ),
    _picked(
        "the last that works, again",
        "that is the last gap at which it works",
        "works = [g for g, f in zip(gaps, fails) if not f]\n    return max(works, default=None)",
    ),
    _picked(
        "the last that works, if it breaks",
        "if it breaks later",
        "return gaps[~fails][-1] if fails[-1] and not fails.all() else None",
    ),
    _picked("the last", "not the last one", "return gaps[-1] if fails[-1] else None"),
    _picked(
        "the largest that fails",
        "the largest gap at which it fails",
        "return gaps[fails][-1] if fails.any() else None",
    ),
    _breaks(
        "the place",
        "not its place",
        "return found",
        "return found if found is None else int(np.flatnonzero(gaps == found)[0])",
    ),
    _picked(
        "one too late",
        "one gap too late",
        "first = len(gaps) - int(np.argmax(np.append(~fails[::-1], True)))\n"
        "    return gaps[first + 1] if first + 1 < len(gaps) else None",
    ),
    _picked(
        "never from the first on",
        "broken from the first gap on",
        "first = max(len(gaps) - int(np.argmax(np.append(~fails[::-1], True))), 1)\n"
        "    return gaps[first] if first < len(gaps) else None",
    ),
    _picked("all or nothing", "may work at small gaps", "return gaps[0] if fails.all() else None"),
    _breaks(
        "the last for never",
        "it never breaks, as far",
        "return found",
        "return gaps[-1] if found is None else found",
    ),
    _breaks("0 for never", "a number says something else", "found = None", "found = 0.0"),
    _breaks("0 is false", "a gap of 0 is a gap, too", "return found", "return found or None"),
    _picked(
        "0 is false, forward",
        "where you ask whether one was found",
        "found = None\n    for gap, fail in zip(gaps, fails):\n"
        "        found = (found or gap) if fail else None\n    return found",
    ),
    _breaks(
        "bisection",
        "halving finds the place only",
        LOOP,
        """    low, high = 0, len(gaps)
    while low < high:
        middle = (low + high) // 2
        if 1 - (1 - hit_rate(gaps[middle])) ** episodes >= sure:
            low = middle + 1
        else:
            high = middle
    return gaps[low] if low < len(gaps) else None
""",
    ),
    _breaks(
        "bisection, the last gap first",
        "halving finds the place only",
        LOOP,
        """    low, high = -1, len(gaps) - 1
    if 1 - (1 - hit_rate(gaps[high])) ** episodes >= sure:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if 1 - (1 - hit_rate(gaps[middle])) ** episodes >= sure:
            low = middle
        else:
            high = middle
    return gaps[high]
""",
        like="bisection",
    ),
    _breaks("-1 for never", "-1 too", "found = None", "found = -1.0"),
    _breaks("infinity for never", "should be finite", "found = None", "found = np.inf"),
    _breaks("strictly", "exactly as likely", ">= sure", "> sure"),
    _breaks("chances added", "do not add up", WORKS, "hit_rate(gap) * episodes >= sure"),
    _breaks("one on average", "one success on average", WORKS, "hit_rate(gap) * episodes >= 1"),
    _breaks("one episode", "one of them is enough", WORKS, "hit_rate(gap) >= sure"),
    _breaks("any hits at all", "a few hits are not enough", WORKS, "hit_rate(gap) > 0"),
    _breaks("all hit", "that all episodes hit", WORKS, "hit_rate(gap) ** episodes >= sure"),
    _breaks("not all hit", "that not all hit", WORKS, "1 - hit_rate(gap) ** episodes >= sure"),
    _breaks("none hits", "that none hits", WORKS, "(1 - hit_rate(gap)) ** episodes >= sure"),
    _breaks(
        "none hits, below",
        "not how likely failures are",
        WORKS,
        "(1 - hit_rate(gap)) ** episodes <= sure",
        like="doubt for sure",
    ),
    _breaks(
        "comparison turned", "is turned round", WORKS, "(1 - hit_rate(gap)) ** episodes >= 1 - sure"
    ),
    _breaks("doubt for sure", "how likely a success is", ">= sure", ">= 1 - sure"),
    _breaks("one episode more", "one episode more", "** episodes", "** (episodes + 1)"),
    _breaks("one episode less", "one episode less", "** episodes", "** (episodes - 1)"),
    _breaks(
        "exactly one",
        "exactly one hit",
        "1 - (1 - hit_rate(gap)) ** episodes",
        "episodes * (p := hit_rate(gap)) * (1 - p) ** (episodes - 1)",
    ),
    _breaks("rule of three", "a rule of thumb", WORKS, "hit_rate(gap) * episodes >= 3"),
    _breaks(
        "Poisson", "only where p is small", WORKS, "1 - np.exp(-episodes * hit_rate(gap)) >= sure"
    ),
    _breaks("sure is 0.95", "`sure` is given", ">= sure", ">= 0.95"),
    _breaks("the first gap", "whatever is given", WORKS, "False"),
    _breaks("never", "it never breaks, whatever", "return found", "return None"),
    _breaks(
        "asks twice",
        "asked twice for gap",
        LOOP,
        "    found = None\n    for k in range(len(gaps) - 1, -1, -1):\n"
        "        if any(1 - (1 - hit_rate(g)) ** episodes >= sure for g in gaps[k:]):\n"
        "            break\n        found = gaps[k]\n    return found\n",
    ),
    _breaks(
        "asks for all at once", "asked for several gaps", "hit_rate(gap)", "hit_rate(gaps).mean()"
    ),
    _breaks(
        "asks in between", "which is not in the sequence", "hit_rate(gap)", "hit_rate(gap + 0.25)"
    ),
    _breaks(
        "asks by the place",
        "not in the sequence",
        LOOP,
        "    found = None\n    for k in range(len(gaps)):\n"
        "        if 1 - (1 - hit_rate(10 * k + 11)) ** episodes < sure:\n"
        "            found = gaps[k]\n"
        "    return found\n",
    ),
    _breaks("chances of all gaps", "should be one number", "return found", "return gaps"),
    _breaks("yes or no", "came back, for gaps", "return found", "return found is not None"),
    _breaks(
        "text", "should be a number", "return found", "return 'never' if found is None else found"
    ),
    _breaks(
        "in place",
        "it changes its argument",
        "    found = None",
        "    found = None\n    gaps[0] = 9",
    ),
    _breaks("the rate for the gap", "read from the end", "found = gap", "found = gap / 2"),
    _breaks(
        "for ever",
        "did not return",
        "    found = None",
        "    while True:\n        pass\n    found = None",
    ),
    _breaks(
        "runs past the end",
        "it raised IndexError",
        LOOP,
        "    k = 0\n    while 1 - (1 - hit_rate(gaps[k])) ** episodes >= sure:\n        k += 1\n"
        "    return gaps[k]\n",
    ),
    Right("the usual way", BREAKS),
    Right(
        "with all chances in an array",
        """
import numpy as np

def breaks_at(hit_rate, gaps, episodes, sure):
    rates = np.array([hit_rate(gap) for gap in gaps])
    works = np.flatnonzero(1 - (1 - rates) ** episodes >= sure)
    after = gaps[works[-1] + 1 :] if works.size else gaps
    return after[0] if after.size else None
""",
    ),
    Right(
        "forward, as it goes",
        """
import math

def breaks_at(hit_rate, gaps, episodes, sure):
    broken = None
    for gap in gaps.tolist():
        none = math.prod([1 - hit_rate(gap)] * episodes)
        if 1 - none >= sure:
            broken = None
        elif broken is None:
            broken = gap
    return broken
""",
    ),
    Right(
        "against the rate that is needed",
        """
def breaks_at(hit_rate, gaps, episodes, sure):
    needed = 1 - (1 - sure) ** (1 / episodes)
    rates = [hit_rate(gap) for gap in gaps]
    for i, gap in enumerate(gaps):
        if max(rates[i:]) < needed:
            return gap
""",
    ),
]

ANSWERS = {
    "12.1": FOUND_ANSWERS,
    "12.2": COVER_ANSWERS,
    "12.3": PAY_ANSWERS,
    "12.4": WHO_ANSWERS,
    "12.5": BREAKS_ANSWERS,
}
