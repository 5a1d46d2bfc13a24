"""Answers to exercise 09c. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

WAIT = """
import numpy as np

def restricted_wait(waits, seen, horizon):
    waiting, last, area = 1.0, 0.0, 0.0
    for t in np.unique(waits[seen & (waits < horizon)]):
        area += waiting * (t - last)
        waiting *= 1 - (seen & (waits == t)).sum() / (waits >= t).sum()
        last = t
    return area + waiting * (horizon - last)
"""
END = "return area + waiting * (horizon - last)"
HITS = "(seen & (waits == t)).sum()"
AT_RISK = "(waits >= t).sum()"
STEP = f"waiting *= 1 - {HITS} / {AT_RISK}"


def _wait(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(WAIT, *changes), hint, like)


def _formula(name: str, hint: str, formula: str, like: str = "") -> Wrong:
    code = (
        f"import numpy as np\n\ndef restricted_wait(waits, seen, horizon):\n    return {formula}\n"
    )
    return Wrong(name, code, hint, like)


WAIT_ANSWERS = [
    _formula(
        "unseen dropped",
        "you drop those",
        "np.minimum(waits[seen], horizon).mean() if seen.any() else 0.0",
    ),
    _formula(
        "unseen dropped, no horizon",
        "horizon is left out",
        "waits[seen].mean() if seen.any() else 0.0",
    ),
    _formula("as if seen", "as if they had", "np.minimum(waits, horizon).mean()"),
    _formula("mean of all", "knows no horizon", "waits.mean()"),
    _formula(
        "unseen for ever",
        "until the horizon; of some",
        "np.where(seen, np.minimum(waits, horizon), horizon).mean()",
    ),
    _wait("risk strictly after", "at risk at t, the one", AT_RISK, "max((waits > t).sum(), 1)"),
    _wait(
        "only the seen at risk",
        "for as long as they are known",
        AT_RISK,
        "(seen & (waits >= t)).sum()",
        like="unseen dropped",
    ),
    _wait("all at risk", "falls as", AT_RISK, "len(waits)"),
    _wait(
        "cut off before",
        "one who was cut off at t",
        AT_RISK,
        "((waits > t) | (seen & (waits == t))).sum()",
    ),
    _wait("cut off make a step", "only those who were *seen*", HITS, "(waits == t).sum()"),
    Wrong(
        "unseen dropped first",
        "import numpy as np\n\ndef restricted_wait(waits, seen, horizon):\n"
        "    return np.minimum(waits[seen], horizon).mean()\n",
        "you drop those",
        like="unseen dropped",
    ),
    _wait("one at a time", "the step is larger", HITS, "1"),
    _wait(
        "one after the other",
        "make one step",
        "for t in np.unique(waits[seen & (waits < horizon)]):",
        "order = np.argsort(waits, kind='stable')\n"
        "    for place, t in [(p, waits[i]) for p, i in enumerate(order)\n"
        "                     if seen[i] and waits[i] < horizon]:",
        STEP,
        "waiting *= 1 - 1 / (len(waits) - place)",
    ),
    _wait(
        "height after the step",
        "before the step",
        "        area += waiting * (t - last)\n        " + STEP,
        "        " + STEP + "\n        area += waiting * (t - last)",
    ),
    _wait("no last rectangle", "last rectangle is missing", END, "return area"),
    _wait("visits after the horizon", "after the horizon", "seen & (waits < horizon)", "seen"),
    _wait(
        "above the staircase",
        "above the staircase",
        END,
        END.replace("return", "return horizon - (") + ")",
    ),
    _wait(
        "a share",
        "share of the horizon",
        END,
        "return (area + waiting * (horizon - last)) / horizon",
    ),
    _wait("the height", "the height at the horizon", END, "return waiting"),
    _wait("the share seen", "share who were seen", END, "return 1 - waiting"),
    _wait(
        "seen exchanged",
        "you exchange",
        "    waiting, last",
        "    seen = ~seen\n    waiting, last",
    ),
    _wait(
        "to the longest wait",
        "not at the longest wait",
        "    waiting, last",
        "    horizon = waits.max()\n    waiting, last",
    ),
    _wait(
        "no further than the waits",
        "beyond the longest wait",
        "    waiting, last",
        "    horizon = min(horizon, waits.max())\n    waiting, last",
    ),
    _wait(
        "no further than the visits",
        "after the last visit",
        "    waiting, last",
        "    horizon = min(horizon, waits[seen].max(initial=0.0))\n    waiting, last",
    ),
    _wait("rounded", "rounded", END, "return round(area + waiting * (horizon - last), 2)"),
    _wait("no return", "None came back", "return area", "area"),
    _wait("a median", "draw the staircase", END, "return np.median(waits)"),
    _wait(
        "in place",
        "changes its argument",
        "    waiting, last",
        "    waits.sort()\n    waiting, last",
    ),
    _wait(
        "no visit at all",
        "it raised ValueError",
        "    waiting, last",
        "    longest = waits[seen].max()\n    waiting, last",
    ),
    Right("the usual way", WAIT),
    Right(
        "patient by patient",
        """
def restricted_wait(waits, seen, horizon):
    order = sorted(zip(waits.tolist(), [not s for s in seen.tolist()]))
    height, last, area = 1.0, 0.0, 0.0
    for place, (wait, censored) in enumerate(order):
        if not censored and wait < horizon:
            area += height * (wait - last)
            left = len(order) - place
            height, last = height * (left - 1) / left, wait
    return area + height * (horizon - last)
""",
    ),
    Right(
        "with arrays",
        """
import numpy as np

def restricted_wait(waits, seen, horizon):
    times = np.unique(np.append(waits[seen], 0.0))
    times = times[times < horizon]
    hits = (seen[:, None] & (waits[:, None] == times)).sum(axis=0)
    risk = (waits[:, None] >= times).sum(axis=0)
    heights = np.cumprod(1 - hits / np.maximum(risk, 1))
    return heights @ np.diff(np.append(times, horizon))
""",
    ),
]

OVER = """
import numpy as np

def passed_over(observations, actions):
    real = (observations[:, :2] > 0).all(axis=1)
    shares = np.zeros(2)
    for group in (0, 1):
        due = real & (observations[:, 2 + group] > observations[:, 3 - group])
        if due.any():
            shares[group] = (actions[due] != group).mean()
    return shares
"""
SHARE = "(actions[due] != group).mean()"
DUE = "real & (observations[:, 2 + group] > observations[:, 3 - group])"


def _over(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(OVER, *changes), hint, like)


OVER_ANSWERS = [
    _over("no real choices", "where one list is empty", "real & (obs", "(obs"),
    _over(
        "one list is enough",
        "where one list is empty",
        ".all(axis=1)",
        ".any(axis=1)",
        like="no real choices",
    ),
    _over("equal waits", "equal waits", "+ group] >", "+ group] >="),
    _over("asked just now", "columns 0 and 1 tell", "observations[:, :2]", "observations[:, 2:4]"),
    _over(
        "ties to routine",
        "give them to routine",
        DUE,
        "real & ((observations[:, 3] > observations[:, 2]) == group)",
    ),
    _over(
        "ties to complex",
        "give them to complex",
        DUE,
        "real & ((observations[:, 2] > observations[:, 3]) != group)",
    ),
    _over(
        "of all decisions",
        "not of all decisions",
        SHARE,
        "(actions[due] != group).sum() / len(actions)",
    ),
    _over(
        "of real choices",
        "not of all real choices",
        SHARE,
        "(actions[due] != group).sum() / real.sum()",
    ),
    _over(
        "of the other's calls",
        "of what is it the share",
        SHARE,
        "(actions[due] != group).sum() / max((real & (actions != group)).sum(), 1)",
    ),
    _over(
        "of all longer waits",
        "of what is it the share",
        SHARE,
        "(actions[due] != group).sum() "
        "/ (observations[:, 2 + group] > observations[:, 3 - group]).sum()",
        like="of the other's calls",
    ),
    _over("how many", "that is how many", ".mean()", ".sum()"),
    _over("how often called", "how often each group is called", "!= group", "== group"),
    _over("complex first", "routine comes first", "return shares", "return shares[::-1]"),
    _over("shorter waits", "not shorter", "group] > obs", "group] < obs"),
    _over(
        "numbers compared",
        "how many there are",
        "observations[:, 2 + group] > observations[:, 3 - group]",
        "observations[:, group] > observations[:, 1 - group]",
    ),
    _over("whoever waited", "has waited longer than", DUE, "real"),
    _over("per cent", "in per cent", "return shares", "return 100 * shares"),
    _over("twice routine", "that of the routine group", "return shares", "return shares[[0, 0]]"),
    _over("twice complex", "that of the complex group", "return shares", "return shares[[1, 1]]"),
    _over("rounded", "rounded", "return shares", "return shares.round(2)"),
    _over("nobody", "nobody is ever", "return shares", "return 0 * shares"),
    _over("nan", "finite everywhere", "if due.any():", "if True:"),
    _over("one number", "should have shape", "return shares", "return shares.mean()"),
    _over("no return", "None came back", "return shares", "shares"),
    _over("half", "three rows by hand", "return shares", "return shares / 2"),
    _over(
        "in place",
        "changes its argument",
        "    shares = ",
        "    observations[:, :2] *= 20\n    shares = ",
    ),
    Right("the usual way", OVER),
    Right(
        "row by row",
        """
def passed_over(observations, actions):
    due, over = [0, 0], [0, 0]
    for row, action in zip(observations.tolist(), actions.tolist()):
        if row[0] > 0 and row[1] > 0 and row[2] != row[3]:
            group = int(row[3] > row[2])
            due[group] += 1
            over[group] += action != group
    return [o / d if d else 0 for o, d in zip(over, due)]
""",
    ),
    Right(
        "with counts",
        """
import numpy as np

def passed_over(observations, actions):
    r, c, wr, wc = observations[:, :4].T
    sure = (r * c > 0) & (wr != wc)
    longest = (wc > wr).astype(int)[sure]
    due = np.bincount(longest, minlength=2)
    over = np.bincount(longest[longest != actions[sure]], minlength=2)
    return over / np.maximum(due, 1)
""",
    ),
]

FAIR = """
import numpy as np

def fair_call(observations, actions, limit):
    rows = np.arange(len(actions))
    waits = observations[:, 2:4]
    called, other = waits[rows, actions], waits[rows, 1 - actions]
    there = observations[rows, actions] > 0
    return ~(there & (other > limit) & (other > called))
"""
RULE = "there & (other > limit) & (other > called)"


def _fair(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(FAIR, *changes), hint, like)


FAIR_ANSWERS = [
    _fair("turned round", "turn it round", "~(", "("),
    _fair("empty lists", "nobody is passed over", "there & (other > l", "(other > l"),
    _fair(
        "asked just now", "columns 0 and 1 tell", "observations[rows, actions] > 0", "called > 0"
    ),
    _fair("waits exchanged", "exchange the two waits", "called, other =", "other, called ="),
    _fair(
        "counts as waits", "waits are in columns 2", "observations[:, 2:4]", "observations[:, :2]"
    ),
    _fair("integers", "not of bool", f"return ~({RULE})", f"return 1 - ({RULE})"),
    _fair("whoever is called", "even longer", " & (other > called)", ""),
    _fair("no limit", "as it likes", "(other > limit) & ", ""),
    _fair("at the limit", "exactly as long as the limit", "other > limit", "other >= limit"),
    _fair("equal waits", "equally long", "other > called", "other >= called"),
    _fair("complex only", "a complex call can break", RULE, RULE + " & (actions == 0)"),
    _fair("routine only", "a routine call can break", RULE, RULE + " & (actions == 1)"),
    _fair("a difference", "not for the difference", RULE, "there & (other - called > limit)"),
    _fair(
        "exchanged",
        "you protect the one who is called",
        "called, other = ",
        "other, called = ",
        "observations[rows, actions] > 0",
        "observations[rows, 1 - actions] > 0",
    ),
    _fair("the caller's wait", "compared with the limit", "other > limit", "called > limit"),
    _fair("forbids the right", "you forbid that", "other > called", "other < called"),
    _fair(
        "the other list",
        "nobody is passed over",
        "observations[rows, actions] > 0",
        "observations[rows, 1 - actions] > 0",
        like="empty lists",
    ),
    _fair("in weeks", "in days already", "other > limit", "5 * other > limit"),
    _fair("any of them", "must hold together", RULE, "there | (other > limit) | (other > called)"),
    _fair("one of two", "both must hold", RULE, "there & ((other > limit) | (other > called))"),
    _fair("everything", "you allow everything", RULE, "there & ~there"),
    _fair("nothing", "you allow nothing", RULE, "there | ~there"),
    _fair("one answer", "should have shape", RULE, f"({RULE}).any()"),
    _fair("minus for not", "True or False", "return ~(", "return -1.0 * ("),
    _fair("actions back", "five rows", "return ~(" + RULE + ")", "return actions > 0"),
    _fair(
        "a loop over groups",
        "it raised",
        "    waits = ",
        "    if actions == 0:\n        pass\n    waits = ",
    ),
    _fair(
        "in place",
        "changes its argument",
        "    waits = ",
        "    actions[:] = 1 - actions\n    waits = ",
    ),
    _fair("no return", "None came back", "return ~", "~"),
    Right("the usual way", FAIR),
    Right(
        "row by row",
        """
def fair_call(observations, actions, limit):
    allowed = []
    for row, action in zip(observations, actions):
        mine, other = row[2 + action], row[3 - action]
        allowed.append(bool(row[action] == 0 or other <= max(limit, mine)))
    return allowed
""",
    ),
    Right(
        "with where",
        """
import numpy as np

def fair_call(observations, actions, limit):
    r, c, wait_r, wait_c = observations.T[:4]
    bad_r = (r > 0) & (wait_c > np.maximum(limit, wait_r))
    bad_c = (c > 0) & (wait_r > np.maximum(limit, wait_c))
    return np.where(actions == 0, ~bad_r, ~bad_c)
""",
    ),
]

LIMIT = """
import numpy as np

def choose_limit(limits, gains, harms, tolerance, resamples):
    means = harms[:, :, resamples].mean(axis=-1)
    safe = (np.quantile(means, 0.975, axis=-1) <= tolerance).all(axis=0)
    if not safe.any():
        return None
    gain = np.where(safe, gains.mean(axis=(0, 2)), -np.inf)
    return float(limits[gain.argmax()])
"""
UPPER = "np.quantile(means, 0.975, axis=-1)"
GAIN = "gains.mean(axis=(0, 2))"


def _limit(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(LIMIT, *changes), hint, like)


LIMIT_ANSWERS = [
    _limit("mean harm", "how large may it well be", UPPER, "harms.mean(axis=2)"),
    _limit(
        "clinics pooled",
        "you average the clinics first",
        "harms[:, :, resamples].mean(axis=-1)",
        "harms.mean(axis=0)[None][:, :, resamples].mean(axis=-1)",
    ),
    _limit("ends averaged", "how large the harm may be; a", UPPER, UPPER + ".mean(axis=0)[None]"),
    _limit("one clinic is enough", "is not enough", ".all(axis=0)", ".any(axis=0)"),
    _limit("first clinic", "only the first clinic counts", "harms[:, ", "harms[:1, "),
    _limit("lower end", "how small the harm", "0.975", "0.025"),
    _limit("median", "half of the resamples", "0.975", "0.5"),
    _limit("weeks", "quantile of single weeks", UPPER, "np.quantile(harms, 0.975, axis=-1)"),
    _limit("worst week", "the worst week", UPPER, "harms.max(axis=-1)"),
    _limit("worst resample", "largest of all resamples", UPPER, "means.max(axis=-1)"),
    _limit("loosest", "loosest limit", GAIN, "limits"),
    _limit("strictest", "strictest limit", GAIN, "-limits"),
    _limit("first", "first limit", "gain.argmax()", "safe.argmax()"),
    _limit("last", "last limit", "gain.argmax()", "np.flatnonzero(safe)[-1]"),
    _limit("luckiest clinic", "luckiest", GAIN, "gains.mean(axis=2).max(axis=0)"),
    _limit("gain of the first", "not that of the first", GAIN, "gains[0].mean(axis=-1)"),
    _limit("smallest gain", "smallest gain", GAIN, "-" + GAIN),
    _limit("median of all", "not a median", GAIN, "np.median(gains, (0, 2))"),
    _limit(
        "median clinic",
        "not a median",
        GAIN,
        "np.median(gains.mean(-1), axis=0)",
        like="median of all",
    ),
    _limit(
        "how small the gain may be",
        "averaged as they are",
        GAIN,
        "np.quantile(gains[:, :, resamples].mean(-1), 0.025, axis=-1).mean(0)",
    ),
    _limit(
        "how large the gain may be",
        "averaged as they are",
        GAIN,
        "np.quantile(gains[:, :, resamples].mean(-1), 0.975, axis=-1).mean(0)",
        like="how small the gain may be",
    ),
    _limit(
        "gain of resamples",
        "averaged as they are",
        GAIN,
        "gains[:, :, resamples].mean(axis=(0, 2, 3))",
        like="how small the gain may be",
    ),
    _limit("zero for unsafe", "beats a gain below zero", "-np.inf", "0.0"),
    _limit(
        "place among the safe",
        "an index into the safe ones",
        "limits[gain.argmax()]",
        "limits[gain[safe].argmax()]",
    ),
    _limit(
        "0 is not None",
        "0 is a limit, too",
        "return float(limits[gain.argmax()])",
        "return float(limits[gain.argmax()]) or None",
    ),
    _limit("no test for None", "None was asked for", "not safe.any()", "False"),
    _limit("quantile 0.9", "quantile 0.975 of the means", "0.975", "0.9"),
    _limit("quantile 0.95", "quantile 0.975 of the means", "0.975", "0.95", like="quantile 0.9"),
    _limit(
        "two standard errors",
        "quantile 0.975 of the means",
        UPPER,
        "harms.mean(-1) + 1.96 * harms.std(-1) / harms.shape[2] ** 0.5",
        like="quantile 0.9",
    ),
    _limit("strictly", "exactly the tolerance", "<= tol", "< tol"),
    _limit("unsafe ones", "that are not safe", "<= tol", "> tol"),
    _limit(
        "largest gain",
        "need not be safe",
        "np.where(safe, " + GAIN + ", -np.inf)",
        GAIN,
        "safe.any()",
        "len(limits)",
    ),
    _limit("its place", "its place in the array", "limits[gain.argmax()]", "gain.argmax()"),
    _limit(
        "always something",
        "no limit is safe",
        "return None",
        "return float(limits[0])",
        like="no test for None",
    ),
    _limit("the gain itself", "none of the limits", "limits[gain.argmax()]", "gain.max()"),
    _limit("never", "nothing comes back", "not safe.any()", "True"),
    _limit("all limits", "should be one number", "float(limits[gain.argmax()])", "limits[safe]"),
    _limit("in place", "changes its argument", "    means = ", "    harms.sort()\n    means = "),
    Right("the usual way", LIMIT),
    Right(
        "limit by limit",
        """
import numpy as np

def choose_limit(limits, gains, harms, tolerance, resamples):
    best = None
    for k, limit in enumerate(limits):
        ends = [np.quantile(clinic[k][resamples].mean(axis=1), 0.975) for clinic in harms]
        gain = gains[:, k].mean()
        if max(ends) <= tolerance and (best is None or gain > best[0]):
            best = gain, limit
    return None if best is None else best[1]
""",
    ),
    Right(
        "with a dictionary",
        """
import numpy as np

def choose_limit(limits, gains, harms, tolerance, resamples):
    high = np.percentile(np.take(harms, resamples, axis=2).mean(axis=3), 97.5, axis=2).max(axis=0)
    fine = {limits[k]: gains[:, k].mean() for k in range(len(limits)) if high[k] <= tolerance}
    return max(fine, key=fine.get, default=None)
""",
    ),
]

JUDGE = """
from course_lib.deploy.betting import confidence_sequence

def judge(evidence, groups, margin, units):
    def ends(key):
        values = [value for week in evidence for value in week[key]]
        found = confidence_sequence(values, low=-1, high=1)
        return found.low[-1], found.high[-1]

    low, high = ends("differences")
    lows, highs = zip(*map(ends, groups))
    if high < 0 or min(highs) < -margin:
        return "fail"
    if low > 0 and min(lows) > -margin:
        return "pass"
    return "fail" if len(evidence) >= units else "wait"
"""
HARM, FINE = "high < 0 or min(highs) < -margin", "low > 0 and min(lows) > -margin"
OVER_TIME = 'return "fail" if len(evidence) >= units else "wait"'


def _judge(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(JUDGE, *changes), hint, like)


JUDGE_ANSWERS = [
    _judge("mean only", "look at the mean only", HARM, "high < 0", FINE, "low > 0"),
    _judge("no harm", "does not lead to a fail", HARM, "high < 0"),
    _judge("harm not excluded", "must be shown", FINE, "low > 0"),
    _judge("one group well", "one group that is well", "min(lows)", "max(lows)"),
    _judge("all harmed", "wait for all of them", "min(highs)", "max(highs)"),
    _judge("mean not better", "must be better as well", FINE, "min(lows) > -margin"),
    _judge("worse mean", "shown to be worse", HARM, "min(highs) < -margin"),
    _judge("no margin to pass", "small enough to pass", "min(lows) > -margin", "min(lows) > 0"),
    _judge("groups must gain", "no group has to gain", "min(lows) > -margin", "min(lows) > margin"),
    _judge(
        "no margin to fail",
        "within the margin is no reason",
        "min(highs) < -margin",
        "min(highs) < 0",
    ),
    _judge("sign of the margin", "gains little", "min(highs) < -margin", "min(highs) < margin"),
    _judge("margin for the mean", "better than 0", "low > 0", "low > -margin"),
    _judge("margin for a bad mean", "a mean below 0", "high < 0", "high < -margin"),
    _judge(
        "averages",
        "you compare averages",
        "        return found.low[-1], found.high[-1]",
        "        return (sum(values) / len(values),) * 2",
    ),
    _judge(
        "last week",
        "one week only",
        "for week in evidence for",
        "for week in evidence[-1:] for",
    ),
    _judge(
        "first value",
        "after the first value",
        "found.low[-1], found.high[-1]",
        "found.low[0], found.high[0]",
    ),
    _judge(
        "weekly means",
        "one value of a week",
        "[value for week in evidence for value in week[key]]",
        "[sum(week[key]) / len(week[key]) for week in evidence]",
    ),
    _judge("bounds left out", "it raised ValueError", ", low=-1, high=1", ""),
    _judge(
        "cut to bounds",
        "between -1 and 1",
        "values, low=-1, high=1",
        "[min(max(v, 0), 1) for v in values]",
    ),
    _judge("no end", "there is an end", OVER_TIME, 'return "wait"'),
    _judge(
        "time first",
        "test for time last",
        f"    if {HARM}",
        f'    if len(evidence) >= units:\n        return "fail"\n    if {HARM}',
    ),
    _judge(
        "values, not weeks",
        "counts weeks",
        "len(evidence) >= units",
        "sum(len(week['differences']) for week in evidence) >= units",
    ),
    _judge(
        "first week",
        "one week only",
        "for week in evidence for",
        "for week in evidence[:1] for",
        like="last week",
    ),
    _judge(
        "all keys",
        "only the keys in",
        "map(ends, groups)",
        "map(ends, [key for key in evidence[0] if key != 'differences'])",
    ),
    _judge("Bonferroni", "leave alpha", "high=1)", "high=1, alpha=0.05 / (len(groups) + 1))"),
    _judge(
        "Bonferroni of groups",
        "leave alpha",
        "high=1)",
        "high=1, alpha=0.05 / len(groups))",
        like="Bonferroni",
    ),
    _judge(
        "cut", "of different length", "in week[key]]", "in week[key][:len(week['differences'])]]"
    ),
    _judge(
        "cut to the first week",
        "of different length",
        "in week[key]]",
        "in week[key][:len(evidence[0][key])]]",
        like="cut",
    ),
    _judge(
        "cut to the shortest",
        "of different length",
        "in week[key]]",
        "in week[key][:min(len(week[k]) for k in ['differences', *groups])]]",
        like="cut",
    ),
    _judge(
        "smallest mean",
        "the lowest mean",
        "    low, high",
        "    groups = [min(groups, key=lambda g: sum(sum(w[g]) for w in evidence)\n"
        "                  / sum(len(w[g]) for w in evidence))]\n    low, high",
    ),
    _judge(
        "lowest lower end",
        "the lowest lower end",
        "    low, high",
        "    groups = [min(groups, key=lambda g: ends(g)[0])]\n    low, high",
    ),
    _judge("margin reached", "exactly minus the margin", "> -margin", ">= -margin"),
    _judge(
        "harm reached",
        "exactly minus the margin",
        "< -margin",
        "<= -margin",
        like="margin reached",
    ),
    _judge("backwards", "in the order of the weeks", "in evidence for", "in evidence[::-1] for"),
    _judge("first units", "also those", "in evidence for", "in evidence[:units] for"),
    _judge("one week more", "exactly `units`", ">= units", "> units"),
    _judge("first group", "only the first group", "map(ends, groups)", "map(ends, groups[:1])"),
    _judge("last group", "only the last group", "map(ends, groups)", "map(ends, groups[-1:])"),
    _judge("two groups", "more than two", "map(ends, groups)", "map(ends, groups[:2])"),
    _judge("no harm at all", "never a reason", HARM, "False"),
    _judge("impatient", "while there is time", OVER_TIME, 'return "fail"'),
    _judge("a bool", "return 'pass', 'fail' or 'wait'", 'return "pass"', "return True"),
    _judge(
        "fixed names",
        "it raised KeyError",
        "map(ends, groups)",
        "map(ends, ('routine', 'complex'))",
    ),
    Right("the usual way", JUDGE),
    Right(
        "with dictionaries",
        """
import numpy as np
from course_lib.deploy.betting import confidence_sequence

def judge(evidence, groups, margin, units):
    least = {"differences": 0} | {group: -margin for group in groups}
    known = {
        key: confidence_sequence(np.concatenate([week[key] for week in evidence]), low=-1, high=1)
        for key in least
    }
    if any(known[key].high[-1] < bound for key, bound in least.items()):
        return "fail"
    if all(known[key].low[-1] > bound for key, bound in least.items()):
        return "pass"
    return "wait" if len(evidence) < units else "fail"
""",
    ),
    Right(
        "step by step",
        """
from course_lib.deploy.betting import confidence_sequence

def judge(evidence, groups, margin, units):
    passed = True
    for key in ["differences", *groups]:
        bound = 0.0 if key == "differences" else -margin
        values = sum((list(week[key]) for week in evidence), [])
        found = confidence_sequence(values, low=-1, high=1)
        if found.high[-1] < bound:
            return "fail"
        passed = passed and found.low[-1] > bound
    if passed:
        return "pass"
    return "fail" if len(evidence) >= units else "wait"
""",
    ),
]

ANSWERS = {
    "09c.1": WAIT_ANSWERS,
    "09c.2": OVER_ANSWERS,
    "09c.3": FAIR_ANSWERS,
    "09c.4": LIMIT_ANSWERS,
    "09c.5": JUDGE_ANSWERS,
}
