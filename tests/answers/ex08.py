"""Answers to exercise 08. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

WORST = """
import numpy as np

def choose(severities, harm, budget):
    cut = np.clip(severities, 0, 1)
    worst = cut[np.argsort(harm)[-max(2, len(harm) // 4):]]
    mean = worst.mean(axis=0)
    total = mean.sum()
    if total > budget:
        mean = mean * budget / total
    return mean
"""
PICK = "cut[np.argsort(harm)[-max(2, len(harm) // 4):]]"
MEAN = "mean = worst.mean(axis=0)"
CUT = "cut = np.clip(severities, 0, 1)"
SCALE = "mean = mean * budget / total"
MORE = "if total > budget:"


def _worst(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(WORST, *changes), hint, like)


WORST_ANSWERS = [
    _worst("no budget", "more than the budget of 1.2", MORE, "if False:"),
    _worst("scaled up", "a budget need not be spent", MORE, "if total > 0:"),
    _worst("all worlds", "harmless ones too", PICK, "cut"),
    _worst(
        "the best quarter", "did least harm", PICK, "cut[np.argsort(harm)[:max(2, len(harm) // 4)]]"
    ),
    _worst("harm by size", "harm far below zero", "np.argsort(harm)", "np.argsort(abs(harm))"),
    _worst("the worst world", "a single world", PICK, "cut[np.argsort(harm)[-1:]]"),
    _worst("at least one", "less than two worlds here", "max(2,", "max(1,"),
    _worst("the worst half", "the worst half", "len(harm) // 4", "len(harm) // 2"),
    _worst("one too many", "one world too many", ":]]", " - 1:]]"),
    _worst("one too few", "one world too few", ":]]", " + 1:]]"),
    _worst("the worst one is lost", "go through two worlds by hand", ":]]", ":-1]]"),
    _worst("rounded", "round the quarter down", "len(harm) // 4", "round(len(harm) / 4)"),
    _worst(
        "rounded up",
        "round the quarter down",
        "len(harm) // 4",
        "-(-len(harm) // 4)",
        like="rounded",
    ),
    _worst(
        "above a quantile",
        "round the quarter down",
        PICK,
        "cut[harm >= np.quantile(harm, 0.75)]",
        like="rounded",
    ),
    _worst("no cut", "no world has these", CUT, "cut = severities"),
    _worst(
        "neither cut nor budget",
        "neither the cut nor",
        *(CUT, "cut = severities"),
        *(MORE, "if False:"),
    ),
    _worst(
        "cut too late",
        "that each world had",
        *(CUT, "cut = severities"),
        *(MEAN, "mean = worst.mean(axis=0).clip(0, 1)"),
    ),
    _worst(
        "cut last",
        "cut first and scale last",
        *(CUT, "cut = severities"),
        *("return mean", "return mean.clip(0, 1)"),
    ),
    _worst(
        "each world scaled",
        "each world was scaled",
        MEAN,
        "mean = (worst * np.minimum(1, budget / worst.sum(axis=1, keepdims=True).clip(1e-9)))"
        ".mean(axis=0)",
    ),
    _worst("each gap limited", "a limit of its own", SCALE, "mean = np.minimum(mean, budget / 5)"),
    _worst("all lose as much", "lost equally much", SCALE, "mean = mean - (total - budget) / 5"),
    _worst(
        "all lose as much, cut",
        "lost equally much",
        SCALE,
        "mean = np.clip(mean - (total - budget) / 5, 0, 1)",
        like="all lose as much",
    ),
    _worst("length", "not for their length", "total = mean.sum()", "total = np.linalg.norm(mean)"),
    _worst(
        "mean of severities",
        "budget of 1.2",
        "total = mean.sum()",
        "total = mean.mean()",
        like="no budget",
    ),
    _worst("not sorted", "the last rows", PICK, "cut[-max(2, len(harm) // 4):]"),
    _worst("the first rows", "the first rows", PICK, "cut[:max(2, len(harm) // 4)]"),
    _worst(
        "harm sorted, not argsorted",
        "raised IndexError",
        "np.argsort(harm)",
        "np.sort(harm)",
    ),
    _worst(
        "each gap sorted",
        "sorted by itself",
        PICK,
        "np.sort(cut, axis=0)[-max(2, len(harm) // 4):]",
    ),
    _worst("widest gaps", "the widest gaps", "np.argsort(harm)", "np.argsort(cut.sum(axis=1))"),
    _worst(
        "weighted by harm",
        "weighted by their harm",
        *(MEAN, "w = np.sort(harm)[-len(worst):]\n    mean = w @ worst / w.sum()"),
    ),
    _worst("the median", "it is a median", MEAN, "mean = np.median(worst, axis=0)"),
    _worst("the largest", "the largest of each gap", MEAN, "mean = worst.max(axis=0)"),
    _worst("the sum", "a sum over worlds", MEAN, "mean = worst.sum(axis=0)"),
    _worst("the opposite", "the opposite of what", "return mean", "return 1 - mean"),
    _worst("one number", "should have shape (5,), not ()", MEAN, "mean = worst.mean()"),
    _worst("mean of each world", "not (10,)", MEAN, "mean = worst.mean(axis=1)"),
    _worst("the worlds themselves", "not (10, 5)", MEAN, "mean = worst"),
    _worst(
        "zero over zero",
        "without any gap: the next mean should be finite",
        *(
            f"    {MORE}\n        {SCALE}",
            "    mean = mean * np.minimum(1, budget / total)\n    mean = mean + 0 * budget / total",
        ),
    ),
    _worst("no return", "None came back", "return mean", "mean"),
    _worst(
        "cut in place",
        "it changes its argument",
        CUT,
        "cut = np.clip(severities, 0, 1, out=severities)",
    ),
    _worst(
        "sorted in place",
        "changes its argument",
        PICK,
        "cut[np.argsort(harm)[-max(2, len(harm) // 4):]]\n    harm.sort()",
        like="cut in place",
    ),
    _worst(
        "whole numbers",
        "go through two worlds",
        "return mean",
        "return np.round(mean)",
        like="the worst one is lost",
    ),
    _worst(
        "always one half",
        "go through two worlds",
        "return mean",
        "return np.full(5, 0.5)",
        like="the worst one is lost",
    ),
    _worst("for ever", "did not return within", MORE, "while total > budget:"),
    Right("the usual way", WORST),
    Right(
        "world by world, in a list",
        """
def choose(severities, harm, budget):
    ranked = sorted(zip(harm, severities.tolist()), key=lambda pair: -pair[0])
    count = max(2, int(len(ranked) * 0.25))
    sums = [0.0] * 5
    for _, world in ranked[:count]:
        for gap, severity in enumerate(world):
            sums[gap] += min(max(severity, 0), 1)
    mean = [s / count for s in sums]
    over = sum(mean) / budget
    return [m / over for m in mean] if over > 1 else mean
""",
    ),
    Right(
        "with a partition and a least total",
        """
import numpy as np

def choose(severities, harm, budget):
    n = len(harm)
    quarter = max(2, n // 4)
    worst = np.argpartition(-harm, quarter - 1)[:quarter]
    mean = np.minimum(np.maximum(severities[worst], 0), 1).mean(0)
    return mean * budget / np.maximum(mean.sum(), budget)
""",
    ),
]

MOVE = """
import numpy as np

def reptile(weights, trained, share):
    new = {}
    for name, old in weights.items():
        mean = np.mean([one[name] for one in trained], axis=0)
        new[name] = old + share * (mean - old)
    return new
"""
STEP = "old + share * (mean - old)"
AVERAGE = "np.mean([one[name] for one in trained], axis=0)"


def _step(name: str, hint: str, code: str, like: str = "") -> Wrong:
    return Wrong(name, edit(MOVE, STEP, code), hint, like)


def _average(name: str, hint: str, code: str, like: str = "") -> Wrong:
    return Wrong(name, edit(MOVE, AVERAGE, code), hint, like)


MOVE_ANSWERS = [
    _step("nothing moves", "nothing moved", "1.0 * old"),
    _step("all the way", "it went all the way", "mean"),
    _step("share reversed", "how far to stay behind", "share * old + (1 - share) * mean"),
    _step("away", "moved away", "old - share * (mean - old)"),
    _step("sign of the difference", "moved away", "old + share * (old - mean)", like="away"),
    _step("a share of the mean added", "which way is to be gone", "old + share * mean"),
    _step("the step alone", "that is the step alone", "share * (mean - old)"),
    _step("the mean's share alone", "a share of the mean alone", "share * mean"),
    _step("share squared", "the share is in it twice", "old + share**2 * (mean - old)"),
    _step("divided twice", "divided by the number", "old + share * (mean - old) / len(trained)"),
    _step("only the sign", "only the sign", "old + share * np.sign(mean - old)"),
    _step("old shrinks", "the trained weights are not in it", "(1 - share) * old"),
    _average(
        "the sum over worlds", "twice as far", "old + sum(one[name] - old for one in trained)"
    ),
    _average(
        "the sum of weights",
        "weights were added up",
        "np.sum([one[name] for one in trained], axis=0)",
    ),
    _average("the first world", "only the first world", "trained[0][name]"),
    _average("the last world", "only the last world", "trained[-1][name]"),
    _average("the median", "to the median", "np.median([one[name] for one in trained], axis=0)"),
    _average(
        "with the old",
        "are in the mean as well",
        "np.mean([old, *(one[name] for one in trained)], axis=0)",
    ),
    _average("one number", "an array became one number", "np.mean([one[name] for one in trained])"),
    _average(
        "one number, as a full array",
        "an array became one number",
        "np.full(old.shape, np.mean([one[name] for one in trained]))",
        like="one number",
    ),
    _average(
        "by place",
        "go by name",
        "np.mean([list(one.values())[list(weights).index(name)] for one in trained], axis=0)",
    ),
    Wrong(
        "world by world",
        """
def reptile(weights, trained, share):
    new = {name: old.copy() for name, old in weights.items()}
    for one in trained:
        new = {name: w + share * (one[name] - w) for name, w in new.items()}
    return new
""",
        "all trainings began at the same",
    ),
    Wrong(
        "in place",
        edit(MOVE, f"new[name] = {STEP}", "old += share * (mean - old)"),
        "it changes the weights that it was given",
    ),
    Wrong(
        "the same dict",
        edit(MOVE, "new = {}", "new = weights"),
        "it changes the weights that it was given",
        like="in place",
    ),
    Wrong(
        "a shallow copy, in place",
        edit(
            MOVE,
            *("new = {}", "new = dict(weights)"),
            *("weights.items()", "new.items()"),
            *(f"new[name] = {STEP}", "old += share * (mean - old)"),
        ),
        "it changes the weights",
        like="in place",
    ),
    Wrong(
        "trained in place",
        """
def reptile(weights, trained, share):
    for one in trained:
        for name in one:
            one[name] = weights[name] + share * (one[name] - weights[name])
    return {name: sum(one[name] for one in trained) / len(trained) for name in weights}
""",
        "it changes what came out of training",
    ),
    Wrong(
        "the first one collects",
        """
def reptile(weights, trained, share):
    total = trained[0]
    for one in trained[1:]:
        for name in total:
            total[name] += one[name]
    return {name: w + share * (total[name] / len(trained) - w) for name, w in weights.items()}
""",
        "it changes what came out of training",
        like="trained in place",
    ),
    Wrong(
        "popped",
        edit(MOVE, "    return new", "    trained.clear()\n    return new"),
        "changes what came out",
        like="trained in place",
    ),
    Wrong(
        "the old arrays for share 0",
        edit(
            MOVE, "    new = {}", "    if share == 0:\n        return dict(weights)\n    new = {}"
        ),
        "'actor' is one of the arrays that it was given",
    ),
    Wrong(
        "the old dict for share 0",
        edit(MOVE, "    new = {}", "    if share == 0:\n        return weights\n    new = {}"),
        "is one of the arrays",
        like="the old arrays for share 0",
    ),
    Wrong(
        "the trained arrays for share 1",
        edit(
            MOVE,
            *(
                "    new = {}",
                "    if len(trained) == 1 and share > 0.9:\n"
                "        return trained[0]\n    new = {}",
            ),
            *(STEP, "old + share * (mean - old) if len(trained) > 1 else trained[0][name]"),
        ),
        "1 world and the share 0.4: 'actor' is one of the arrays",
    ),
    Wrong("a list", edit(MOVE, "return new", "return list(new.values())"), "return a dict by name"),
    Wrong(
        "a name lost",
        edit(MOVE, "    return new", "    new.pop('scale')\n    return new"),
        "look at scale",
    ),
    Wrong(
        "other names",
        edit(MOVE, "new[name] =", "new['new ' + name] ="),
        "look at actor, bias, critic, new actor",
    ),
    Wrong(
        "flat",
        edit(MOVE, STEP, "np.ravel(old + share * (mean - old))"),
        "should have shape (4, 3), not (12,)",
    ),
    Wrong(
        "only arrays with rows",
        edit(
            MOVE,
            "weights.items():",
            "weights.items():\n        if old.ndim < 2:\n"
            "            new[name] = old.copy()\n            continue",
        ),
        "wrong values in 'bias', 'scale'",
    ),
    Wrong("no return", edit(MOVE, "return new", "new"), "None came back"),
    Wrong(
        "returns too early",
        edit(MOVE, "    return new", "        return new"),
        "look at bias, critic, scale",
    ),
    Wrong(
        "the share cut off",
        edit(MOVE, "share * (", "min(share, 0.5) * ("),
        "3 worlds and the share 1: wrong values",
    ),
    Wrong(
        "not all worlds",
        edit(MOVE, "in trained]", "in trained[:3]]"),
        "4 worlds and the share 0.3: wrong values",
    ),
    Right("the usual way", MOVE),
    Right(
        "as a mixture of old and mean",
        """
def reptile(weights, trained, share):
    return {
        name: (1 - share) * weights[name] + share * sum(one[name] for one in trained) / len(trained)
        for name in weights
    }
""",
    ),
    Right(
        "on deep copies, in place",
        """
import copy

def reptile(weights, trained, share):
    new = copy.deepcopy(weights)
    for one in trained:
        for name, array in one.items():
            new[name] = new[name] + share / len(trained) * (array - weights[name])
    return new
""",
    ),
    Right(
        "a mean of moves, sorted by name",
        """
import numpy as np

def reptile(weights, trained, share):
    moves = {name: np.stack([t[name] - weights[name] for t in trained]) for name in sorted(weights)}
    return {name: np.add(weights[name], share * np.average(m, axis=0)) for name, m in moves.items()}
""",
    ),
]

SAFE = """
import numpy as np

def calibrate(thresholds, slowdown):
    quarter = max(1, slowdown.shape[1] // 4)
    tail = np.sort(slowdown, axis=1)[:, -quarter:].mean(axis=1)
    safe = tail <= tail[-1]
    mean = np.where(safe, slowdown.mean(axis=1), np.inf)
    return thresholds[mean.argmin()]
"""
QUARTER = "max(1, slowdown.shape[1] // 4)"
TAIL = "np.sort(slowdown, axis=1)[:, -quarter:].mean(axis=1)"
IS_SAFE = "tail <= tail[-1]"
FASTEST = "np.where(safe, slowdown.mean(axis=1), np.inf)"
CHOSEN = "thresholds[mean.argmin()]"


def _safe(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(SAFE, *changes), hint, like)


SAFE_ANSWERS = [
    _safe("the fastest", "was taken; is it safe?", FASTEST, "slowdown.mean(axis=1)"),
    _safe("always the rule", "always the rule alone", CHOSEN, "thresholds[-1]"),
    _safe("always the first", "always the first one", CHOSEN, "thresholds[0]"),
    _safe("least tail", "the mean over all worlds decides", FASTEST, "tail"),
    _safe("the first safe one", "need not be the fastest", CHOSEN, "thresholds[safe.argmax()]"),
    _safe("the unsafe ones", "the unsafe ones", IS_SAFE, "tail > tail[-1]"),
    _safe(
        "the slowest",
        "the slowest of the safe",
        *(FASTEST, "np.where(safe, slowdown.mean(axis=1), -1)"),
        *(CHOSEN, "thresholds[mean.argmax()]"),
    ),
    _safe(
        "strictly",
        "as slow as the rule is safe",
        *(CHOSEN, "thresholds[mean.argmin() if safe.any() else -1]"),
        *(IS_SAFE, "tail < tail[-1]"),
    ),
    _safe(
        "the last of equals",
        "fewer fallbacks",
        CHOSEN,
        "thresholds[len(mean) - 1 - mean[::-1].argmin()]",
    ),
    _safe(
        "not the rule itself",
        "may be the fastest of the safe",
        *(CHOSEN, "thresholds[mean[:-1].argmin() if safe[:-1].any() else -1]"),
    ),
    _safe(
        "the rule's worst worlds",
        "need not be those of the mixture",
        TAIL,
        "slowdown[:, np.argsort(slowdown[-1])[-quarter:]].mean(axis=1)",
    ),
    _safe(
        "the first row's worst worlds",
        "of the first row need not",
        TAIL,
        "slowdown[:, np.argsort(slowdown[0])[-quarter:]].mean(axis=1)",
    ),
    _safe(
        "worlds that are bad on average",
        "a worst quarter of its own",
        TAIL,
        "slowdown[:, np.argsort(slowdown.mean(axis=0))[-quarter:]].mean(axis=1)",
    ),
    _safe(
        "the mixture's worst worlds",
        "the rule has a worst quarter of its own",
        *(
            IS_SAFE,
            "np.array([row[w].mean() <= slowdown[-1][w].mean() for row in slowdown"
            " for w in [np.argsort(row)[-quarter:]]])",
        ),
    ),
    _safe(
        "in every world",
        "beat the rule in each world",
        IS_SAFE,
        "(slowdown <= slowdown[-1]).all(axis=1)",
    ),
    _safe("against the first row", "the first row is not the rule", IS_SAFE, "tail <= tail[0]"),
    _safe(
        "against the rule's mean",
        "with all worlds of the rule",
        IS_SAFE,
        "tail <= slowdown[-1].mean()",
    ),
    _safe("the worst world", "one world is not", TAIL, "slowdown.max(axis=1)"),
    _safe("the best quarter", "these are the best worlds", "[:, -quarter:]", "[:, :quarter]"),
    _safe("the worst half", "the worst half", "// 4", "// 2"),
    _safe("a quantile", "does not see how bad", TAIL, "np.quantile(slowdown, 0.75, axis=1)"),
    _safe("rounded up", "a quarter is rounded down", QUARTER, "-(-slowdown.shape[1] // 4)"),
    _safe(
        "rounded",
        "a quarter is rounded down",
        *(QUARTER, "max(1, round(slowdown.shape[1] / 4))"),
        like="rounded up",
    ),
    _safe("at least two", "one world is enough", "max(1,", "max(2,"),
    _safe("from minus 0", "a slice from minus 0", QUARTER, "slowdown.shape[1] // 4"),
    _safe(
        "medians",
        "it goes by medians",
        "slowdown.mean(axis=1), np.inf",
        "np.median(slowdown, axis=1), np.inf",
    ),
    _safe(
        "quarter not sorted",
        "two rows by hand",
        TAIL,
        "slowdown[:, -quarter:].mean(axis=1)",
    ),
    _safe(
        "quarter of all worlds together",
        "two rows by hand",
        TAIL,
        "(slowdown * (slowdown >= np.quantile(slowdown, 0.75))).mean(axis=1)",
    ),
    _safe(
        "sorted along the wrong axis",
        "was taken; is it safe?",
        "slowdown, axis=1)[",
        "slowdown, axis=0)[",
        like="the fastest",
    ),
    _safe("the place", "1 came back, which is none of them", CHOSEN, "mean.argmin()"),
    _safe("the slowdown", "3.375 came back, which is none", CHOSEN, "mean.min()"),
    _safe(
        "both",
        "should be one number, not of shape (2,)",
        CHOSEN,
        "(thresholds[mean.argmin()], mean.min())",
    ),
    _safe("all safe ones", "not of shape (3,)", CHOSEN, "thresholds[safe]"),
    _safe(
        "a mean of equals", "which is none of them", CHOSEN, "thresholds[mean == mean.min()].mean()"
    ),
    _safe("no return", "None came back", "return thresholds", "thresholds"),
    _safe(
        "sorted in place",
        "it changes its argument",
        TAIL,
        "(slowdown.sort(axis=1), slowdown[:, -quarter:].mean(axis=1))[1]",
    ),
    _safe("with a slack", "two rows by hand", IS_SAFE, "tail <= 1.1 * tail[-1]"),
    _safe(
        "means of both",
        "two rows by hand",
        FASTEST,
        "np.where(safe, slowdown.mean(axis=1) + tail, np.inf)",
    ),
    Right("the usual way", SAFE),
    Right(
        "row by row",
        """
def calibrate(thresholds, slowdown):
    def tail(row):
        worst = sorted(row, reverse=True)[: max(1, len(row) // 4)]
        return sum(worst) / len(worst)

    best, chosen = None, None
    for threshold, row in zip(thresholds, slowdown):
        mean = sum(row) / len(row)
        if tail(row) <= tail(slowdown[-1]) and (best is None or mean < best):
            best, chosen = mean, threshold
    return chosen
""",
    ),
    Right(
        "sorted by mean, then by threshold",
        """
import numpy as np

def calibrate(thresholds, slowdown):
    k, worlds = slowdown.shape
    quarter = worlds // 4 or 1
    tail = [-np.sort(-row)[:quarter].mean() for row in slowdown]
    order = sorted(range(k), key=lambda i: (slowdown[i].mean(), thresholds[i]))
    return float(next(thresholds[i] for i in order if tail[i] <= tail[-1]))
""",
    ),
    Right(
        "a masked array",
        """
import numpy as np

def calibrate(thresholds, slowdown):
    n = slowdown.shape[1]
    q = max(1, int(n * 0.25))
    tail = np.partition(slowdown, n - q, axis=1)[:, n - q:].mean(axis=1)
    means = np.ma.array(slowdown.mean(axis=1), mask=tail > tail[-1])
    return thresholds[means.argmin()]
""",
    ),
]

WINS = """
import numpy as np
from course_lib.gap.stats import paired_interval

def verdict(ours, theirs):
    found = paired_interval(ours.mean(axis=1), theirs.mean(axis=1))
    low, high = found.low, found.high
    if high < 0:
        return "ours"
    return "theirs" if low > 0 else "undecided"
"""
FOUND = "paired_interval(ours.mean(axis=1), theirs.mean(axis=1))"
ENDS = "low, high = found.low, found.high"
NEED = "found = " + FOUND
WON = "if high < 0:"
LOST = '"theirs" if low > 0 else "undecided"'


def _wins(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(WINS, *changes), hint, like)


def _ends(name: str, hint: str, code: str, like: str = "") -> Wrong:
    """The interval comes from other code, which sets low and high."""
    return _wins(name, hint, NEED, "pass", ENDS, code, like=like)


SEEDS = "d = (ours - theirs).mean(axis=1)\n    "
WIN_ANSWERS = [
    _wins(
        "larger is better",
        "it won nothing",
        WON,
        "if low > 0:",
        "if low > 0 else",
        "if high < 0 else",
    ),
    _wins(
        "exchanged",
        "it won nothing",
        FOUND,
        "paired_interval(theirs.mean(axis=1), ours.mean(axis=1))",
        like="larger is better",
    ),
    _ends(
        "bold the smallest",
        "the smaller mean wins always",
        "low = high = ours.mean() - theirs.mean()",
    ),
    _ends(
        "bold the largest",
        "the larger mean wins always",
        "low = high = theirs.mean() - ours.mean()",
    ),
    _wins("never decided", "nothing is ever decided", WON, "return 'undecided'\n    if high < 0:"),
    _ends(
        "intervals that do not overlap",
        "compare within pairs",
        "from course_lib.gap import iqm_interval\n"
        "    a, b = iqm_interval(ours.mean(axis=1)), iqm_interval(theirs.mean(axis=1))\n"
        "    low, high = a.low - b.high, a.high - b.low",
    ),
    _ends(
        "an unpaired interval",
        "compare within pairs",
        "from scipy.stats import ttest_ind\n    low, high = ttest_ind(ours.mean(axis=1), "
        "theirs.mean(axis=1), equal_var=False).confidence_interval()",
        like="intervals that do not overlap",
    ),
    _wins(
        "pooled episodes",
        "share one training",
        FOUND,
        "paired_interval(ours.ravel(), theirs.ravel())",
    ),
    _ends(
        "pooled episodes, t",
        "share one training",
        "from scipy.stats import ttest_rel\n    low, high = ttest_rel(ours.ravel(), "
        "theirs.ravel()).confidence_interval()",
    ),
    _ends(
        "the root of all episodes",
        "share one training",
        SEEDS + "e = 1.96 * d.std(ddof=1) / np.sqrt(ours.size)\n"
        "    low, high = d.mean() - e, d.mean() + e",
        like="pooled episodes, t",
    ),
    _wins(
        "episodes as seeds",
        "which axis is which",
        FOUND,
        "paired_interval(ours.mean(axis=0), theirs.mean(axis=0))",
    ),
    _ends(
        "neither pairs nor seeds",
        "neither pairs nor seeds",
        "from course_lib.gap import iqm_interval\n"
        "    a, b = iqm_interval(ours.ravel()), iqm_interval(theirs.ravel())\n"
        "    low, high = a.low - b.high, a.high - b.low",
    ),
    _ends(
        "all episodes, unpaired",
        "neither pairs nor seeds",
        "from scipy.stats import ttest_ind\n    low, high = ttest_ind(ours.ravel(), "
        "theirs.ravel(), equal_var=False).confidence_interval()",
        like="neither pairs nor seeds",
    ),
    _wins("the estimate", "the sign of an estimate", ENDS, "low = high = found.estimate"),
    _ends("the median", "most seeds gain", SEEDS + "low = high = np.median(d)"),
    _ends("the majority", "you return", SEEDS + "low = high = np.sum(d > 0) - np.sum(d < 0)"),
    _ends(
        "one standard error",
        "68 %",
        SEEDS + "e = d.std(ddof=1) / len(d)**0.5\n    low, high = d.mean() - e, d.mean() + e",
    ),
    _ends(
        "standard deviations",
        "where another seed may lie",
        SEEDS + "low, high = d.mean() - 1.96 * d.std(), d.mean() + 1.96 * d.std()",
    ),
    _ends(
        "quantiles of the seeds",
        "where another seed may lie",
        SEEDS + "low, high = np.quantile(d, [0.025, 0.975])",
        like="standard deviations",
    ),
    _ends("unanimous", "not every seed has to agree", SEEDS + "low, high = d.min(), d.max()"),
    _wins("touching zero", "nobody wins", WON, "if high <= 0:", "low > 0", "low >= 0"),
    _wins(
        "the median episode",
        "leaves out the hard ones",
        FOUND,
        "paired_interval(np.median(ours, axis=1), np.median(theirs, axis=1))",
    ),
    _wins(
        "the first episode",
        "only the first episode",
        FOUND,
        "paired_interval(ours[:, 0], theirs[:, 0])",
    ),
    _wins("the first seed", "only the first seed", FOUND, "paired_interval(ours[0], theirs[0])"),
    _ends(
        "five per cent",
        "are two questions",
        "d, e = (ours - theirs).mean(), 0.05 * theirs.mean()\n    low, high = d - e, d + e",
    ),
    _wins("not won is lost", "what is not won is not lost", f"return {LOST}", "return 'theirs'"),
    _wins("not lost is won", "what is not lost is not won", WON, "if low <= 0:"),
    _wins("theirs never wins", "one of the two never wins", LOST, '"undecided"'),
    _wins(
        "the other way round",
        "one without it is not",
        WON,
        "if low <= 0 <= high:",
        LOST,
        '"undecided"',
    ),
    _wins("one-sided ends", "on one side of zero", WON, "if low < 0:"),
    _wins(
        "the wrong ends",
        "on one side of zero",
        WON,
        "if low < 0:",
        "low > 0",
        "high > 0",
        like="one-sided ends",
    ),
    _wins(
        "the worst episode",
        "you return",
        FOUND,
        "paired_interval(ours.max(axis=1), theirs.max(axis=1))",
    ),
    _wins(
        "the best seed",
        "you return",
        FOUND,
        "paired_interval(ours.min(axis=0), theirs.min(axis=0))",
    ),
    _wins(
        "shuffled pairs",
        "compare within pairs",
        FOUND,
        "paired_interval(np.sort(ours.mean(axis=1)), np.sort(theirs.mean(axis=1))[::-1])",
        like="intervals that do not overlap",
    ),
    _wins(
        "fifty per cent",
        "one standard error is an interval of 68 %",
        "theirs.mean(axis=1))",
        "theirs.mean(axis=1), confidence=0.5)",
        like="one standard error",
    ),
    _wins("booleans", "True came back; return one of", 'return "ours"', "return True"),
    _wins("other words", "'Ours' came back", 'return "ours"', 'return "Ours"'),
    _wins("the interval", "Interval(", WON, "return found\n    if high < 0:"),
    _wins(
        "no third answer",
        "None came back",
        f"return {LOST}",
        'if low > 0:\n        return "theirs"',
    ),
    _wins(
        "in place",
        "it changes its argument",
        NEED,
        "ours -= theirs\n    found = paired_interval(ours.mean(axis=1), 0 * ours.mean(axis=1))",
    ),
    _wins(
        "global draws",
        "global random generator",
        NEED,
        "d = (ours - theirs).mean(axis=1)\n    found = None",
        ENDS,
        "low, high = np.quantile(np.random.choice(d, (999, len(d))).mean(axis=1), [0.025, 0.975])",
    ),
    Right("the usual way", WINS),
    Right(
        "Student's interval",
        """
import math

def verdict(ours, theirs):
    gains = [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(ours.tolist(), theirs.tolist())]
    n = len(gains)
    mean = math.fsum(gains) / n
    error = math.sqrt(sum((g - mean) ** 2 for g in gains) / (n - 1) / n)
    t = {5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 10: 2.262, 20: 2.093}[n]
    if abs(mean) <= t * error:
        return "undecided"
    return "ours" if mean > 0 else "theirs"
""",
    ),
    Right(
        "a bootstrap of the mean",
        """
import numpy as np

def verdict(ours, theirs):
    d = np.mean(theirs - ours, axis=1)
    rows = np.random.default_rng(7).integers(0, len(d), (4000, len(d)))
    low, high = np.quantile(d[rows].mean(axis=1), (0.025, 0.975))
    return ["theirs", "undecided", "ours"][int(low > 0) - int(high < 0) + 1]
""",
    ),
    Right(
        "SciPy's paired test",
        """
from scipy.stats import ttest_rel

def verdict(ours, theirs):
    ends = ttest_rel(ours.mean(axis=1), theirs.mean(axis=1)).confidence_interval(0.95)
    if ends.high < 0:
        return "ours"
    if ends.low > 0:
        return "theirs"
    return "undecided"
""",
    ),
]

ANSWERS = {
    "08.1": WORST_ANSWERS,
    "08.2": MOVE_ANSWERS,
    "08.3": SAFE_ANSWERS,
    "08.4": WIN_ANSWERS,
}
