"""Answers to the second half of exercise 02: a latency and a budget."""

from answers import Right, Wrong, edit

LATENCY = """
import numpy as np

def latency(log):
    response = []
    for lag in range(10):
        products = []
        for e in log:
            u = 2 * e.actions - 1
            change = np.diff(e.observations[:, 1])
            products.append(u[:len(u) - lag] * change[lag:])
        response.append(np.mean(np.concatenate(products)))
    response = np.array(response)
    begin = np.argmax(response >= response.max() / 2)
    return max(0, int(begin) - 1)
"""
U = "2 * e.actions - 1"
CHANGE = "np.diff(e.observations[:, 1])"
PRODUCTS = "u[:len(u) - lag] * change[lag:]"
MEAN = "np.mean(np.concatenate(products))"
BEGIN = "np.argmax(response >= response.max() / 2)"
END = "max(0, int(begin) - 1)"
JOINED = """
import numpy as np

def latency(log):
    u = 2 * np.concatenate([e.actions for e in log]) - 1
    change = np.concatenate([np.diff(e.observations[:, 1]) for e in log])
    response = np.array([np.mean(u[:len(u) - j] * change[j:]) for j in range(10)])
    return max(0, int(np.argmax(response >= response.max() / 2)) - 1)
"""
DIFFS = "np.concatenate([np.diff(e.observations[:, 1]) for e in log])"

LATENCY_ANSWERS = [
    Wrong("the step not taken off", edit(LATENCY, END, "int(begin)"), "take off the step by which"),
    Wrong(
        "lag 0 left out",
        edit(LATENCY, "u[:len(u) - lag] * change[lag:]", "u[:len(u) - lag - 1] * change[lag + 1:]"),
        "lag 0 is the first change after a command",
    ),
    Wrong(
        "two steps taken off",
        edit(LATENCY, "int(begin) - 1", "int(begin) - 2"),
        "lag 0 is the first change after a command",
        like="lag 0 left out",
    ),
    Wrong("below 0", edit(LATENCY, END, "int(begin) - 1"), "would act before the command"),
    Wrong(
        "where the response is largest",
        edit(LATENCY, BEGIN, "response.argmax()"),
        "the response begins before it is largest",
    ),
    Wrong(
        "the absolute response",
        edit(LATENCY, "= np.array(response)", "= np.abs(response)"),
        "a negative response is small, not large",
    ),
    Wrong(
        "absolute products",
        edit(LATENCY, PRODUCTS, f"np.abs({PRODUCTS})"),
        "a command that acts after 2 steps came out as 0; follow one push",
    ),
    Wrong(
        "a fixed threshold",
        edit(LATENCY, "response.max() / 2", "0.05"),
        "hold the response against its own largest value",
    ),
    Wrong(
        "the velocity itself",
        edit(LATENCY, CHANGE, "e.observations[1:, 1]"),
        "the cart is fast all the time; look at the changes of column 1",
    ),
    Wrong(
        "the change of position",
        edit(LATENCY, "[:, 1]", "[:, 0]"),
        "look at the changes of column 1",
        like="the velocity itself",
    ),
    Wrong("the pole's rate", edit(LATENCY, "[:, 1]", "[:, 3]"), "differences of column 1"),
    Wrong("all columns", edit(LATENCY, "[:, 1])", "[:, :])"), "it raised ValueError"),
    Wrong(
        "along the wrong axis",
        edit(LATENCY, "e.observations[:, 1]", "e.observations[1]"),
        "it raised ValueError (operands could not be broadcast",
    ),
    Wrong(
        "commands 0 and 1",
        edit(LATENCY, U, "e.actions"),
        "stand for pushes of -1 and +1",
    ),
    Wrong(
        "left and right swapped",
        edit(LATENCY, U, "1 - 2 * e.actions"),
        "follow one push through",
        like="absolute products",
    ),
    Wrong(
        "the effect before its cause",
        edit(LATENCY, PRODUCTS, "u[lag:] * change[:len(u) - lag]"),
        "follow one push through",
    ),
    Wrong(
        "episodes joined",
        JOINED,
        "keep each episode by itself",
    ),
    Wrong(
        "velocities joined",
        edit(
            JOINED, DIFFS, "np.diff(np.concatenate([e.observations[:-1, 1] for e in log]))"
        ).replace("u[:len(u) - j]", "u[:len(u) - j - 1]"),
        "keep each episode by itself",
        like="episodes joined",
    ),
    Wrong(
        "joined with an observation too many",
        edit(
            JOINED, DIFFS, "np.diff(np.concatenate([e.observations[:, 1] for e in log]))[:len(u)]"
        ),
        "follow one push through",
    ),
    Wrong(
        "one episode only",
        edit(LATENCY, "for e in log:", "for e in log[:1]:"),
        "every step of each counts the same",
        like="the mean of the means of the episodes",
    ),
    Wrong(
        "returned inside the loop",
        edit(LATENCY, "    response = np.array", "        response = np.array")
        .replace("    begin", "        begin")
        .replace("    return", "        return"),
        "came out as 0",
        like="absolute products",
    ),
    Wrong(
        "the mean of the latencies of single episodes",
        edit(LATENCY, "def latency", "def of_all")
        + "\ndef latency(log):\n    return np.mean([of_all([e]) for e in log])\n",
        "put the products of all episodes together",
    ),
    Wrong(
        "the rounded mean of the latencies of single episodes",
        edit(LATENCY, "def latency", "def of_all")
        + "\ndef latency(log):\n    return round(np.mean([of_all([e]) for e in log]))\n",
        "of all episodes together",
    ),
    Wrong(
        "the mean of the means of the episodes",
        edit(LATENCY, MEAN, "np.mean([np.mean(p) for p in products])"),
        "every step of each counts the same",
    ),
    Wrong(
        "the sum of the products",
        edit(LATENCY, MEAN, "np.sum(np.concatenate(products))"),
        "lag j has fewer pairs than lag 0",
    ),
    Wrong(
        "nine lags",
        edit(LATENCY, "range(10)", "range(9)"),
        "look at lags 0 to 9, of all episodes together",
    ),
    Wrong(
        "no lag 0",
        edit(LATENCY, "range(10)", "range(1, 10)"),
        "lag 0 is the first change",
        like="lag 0 left out",
    ),
    Wrong(
        "up to the minus-zeroth",
        edit(LATENCY, "u[:len(u) - lag]", "u[:-lag]"),
        "it raised ValueError (operands could not be broadcast",
        like="along the wrong axis",
    ),
    Wrong(
        "commands changed in the log",
        edit(LATENCY, f"u = {U}", "e.actions[:] = 2 * e.actions - 1\n            u = e.actions"),
        "it changes the log; work on copies",
    ),
    Wrong(
        "all lags that reach half",
        edit(LATENCY, BEGIN, "np.flatnonzero(response >= response.max() / 2)").replace(
            END, "begin - 1 + 0 * np.arange(2)[:, None]"
        ),
        "the latency should be one number",
    ),
    Wrong(
        "seconds",
        edit(LATENCY, END, "0.02 * max(0, begin - 1)"),
        "a whole number of steps, not 0.04",
    ),
    Wrong("no return", edit(LATENCY, "return ", ""), "does your code end with return?"),
    Right("the usual way", LATENCY),
    Right(
        "sums and counts, a NumPy float",
        """
import numpy as np

def latency(log):
    total, pairs = np.zeros(10), np.zeros(10)
    for e in log:
        u, v = np.where(e.actions == 1, 1.0, -1.0), e.observations[:, 1]
        for j in range(min(10, len(u))):
            total[j] += u[:len(u) - j] @ (v[j + 1:] - v[j:-1])
            pairs[j] += len(u) - j
    response = total / np.maximum(pairs, 1)
    first = np.nonzero(response > 0.5 * response.max())[0][0]
    return np.maximum(first - 1.0, 0.0)
""",
    ),
    Right(
        "plain Python",
        """
def latency(log):
    means = []
    for j in range(10):
        found = []
        for e in log:
            v = e.observations[:, 1].tolist()
            for k, a in enumerate(e.actions.tolist()):
                if k + j + 1 < len(v):
                    found.append((1 if a else -1) * (v[k + j + 1] - v[k + j]))
        means.append(sum(found) / len(found))
        print(j, means[-1])
    for j, mean in enumerate(means):
        if mean >= max(means) / 2:
            return j - 1 if j else 0
""",
    ),
    Right(
        "np.correlate",
        """
import numpy as np

def latency(log):
    response = np.zeros(10)
    count = np.zeros(10)
    for e in log:
        u, c = e.actions * 2.0 - 1.0, np.diff(e.observations, axis=0)[:, 1]
        t = len(u)
        response += np.correlate(c, u, mode="full")[t - 1:t + 9]
        count += t - np.arange(10)
    response /= count
    return max(int((response >= response.max() / 2).argmax()), 1) - 1
""",
    ),
    Right(
        "a table filled with nan",
        """
import numpy as np

def latency(log):
    longest = max(len(e.actions) for e in log)
    u = np.full((len(log), longest), np.nan)
    change = np.full((len(log), longest + 10), np.nan)
    for i, e in enumerate(log):
        u[i, :len(e.actions)] = e.actions - 0.5
        change[i, :len(e.actions)] = e.observations[1:, 1] - e.observations[:-1, 1]
    response = [np.nanmean(u * change[:, j:j + longest]) for j in range(10)]
    reached = [j for j, r in enumerate(response) if r >= max(response) / 2]
    return np.array(max(0, reached[0] - 1))
""",
    ),
]

PLAN = """
import math
import numpy as np

def plan(pilot, half_width):
    if len(pilot) < 2:
        raise ValueError("at least two episodes")
    if half_width <= 0:
        raise ValueError("half_width must be positive")
    s = np.std(pilot, ddof=1)
    episodes = max(2, math.ceil((1.96 * s / half_width) ** 2))
    steps = math.ceil(episodes * np.mean(pilot))
    return episodes, steps
"""
N = "max(2, math.ceil((1.96 * s / half_width) ** 2))"
COST = "math.ceil(episodes * np.mean(pilot))"
WIDTH = '    if half_width <= 0:\n        raise ValueError("half_width must be positive")\n'
SHORT = '    if len(pilot) < 2:\n        raise ValueError("at least two episodes")\n'

PLAN_ANSWERS = [
    Wrong("ddof 0", edit(PLAN, ", ddof=1", ""), "a spread estimated from a sample divides by n"),
    Wrong(
        "floor of the episodes",
        edit(PLAN, N, "max(2, math.floor((1.96 * s / half_width) ** 2))"),
        "106 episodes are too few; round up",
    ),
    Wrong(
        "episodes rounded",
        edit(PLAN, N, "max(2, round((1.96 * s / half_width) ** 2))"),
        "are too few; round up",
        like="floor of the episodes",
    ),
    Wrong(
        "episodes not rounded",
        edit(PLAN, N, "max(2, (1.96 * s / half_width) ** 2)"),
        "106.227 episodes and 26858 steps are not both whole",
    ),
    Wrong(
        "one episode more",
        edit(PLAN, N, "max(2, math.ceil((1.96 * s / half_width) ** 2) + 1)"),
        "108 episodes are more than needed; the interval is",
    ),
    Wrong("no least number", edit(PLAN, N, N[7:-1]), "1 episode has no spread"),
    Wrong(
        "at least the pilot",
        edit(PLAN, "max(2,", "max(len(pilot),"),
        "3 episodes are more than needed",
    ),
    Wrong(
        "half_width taken for the whole",
        edit(PLAN, "1.96 * s / half", "2 * 1.96 * s / half"),
        "do not halve it again",
    ),
    Wrong(
        "half_width doubled",
        edit(PLAN, "1.96 * s / half", "1.96 * s / 2 / half"),
        "half_width is half of the interval already",
    ),
    Wrong("no 1.96", edit(PLAN, "1.96 * ", ""), "wider than ± one standard error"),
    Wrong(
        "an interval of 90 %",
        edit(PLAN, "1.96", "1.645"),
        "75 episodes are too few; the interval is ± 1.96 s over the root",
    ),
    Wrong(
        "2 for 1.96",
        edit(PLAN, "1.96", "2"),
        "111 episodes are more than needed; the interval is ± 1.96 s",
        like="one episode more",
    ),
    Wrong(
        "the variance",
        edit(PLAN, "np.std(", "np.var("),
        "s is the standard deviation, not the variance",
    ),
    Wrong("not squared", edit(PLAN, " ** 2", ""), "shrinks with the root of the episodes only"),
    Wrong(
        "the pilot's episodes taken off",
        edit(PLAN, N, N + " - len(pilot)"),
        "the episodes of the pilot belong to those needed in all",
    ),
    Wrong(
        "the pilot's episodes added",
        edit(PLAN, N, N + " + len(pilot)"),
        "the episodes of the pilot are among those needed in all",
    ),
    Wrong(
        "the cost of the pilot",
        edit(PLAN, COST, "math.ceil(pilot.sum())"),
        "that is what the pilot cost, not the plan",
    ),
    Wrong(
        "the cost of the pilot taken off",
        edit(PLAN, COST, "math.ceil(episodes * pilot.mean() - pilot.sum())"),
        "what the pilot cost is part of it",
    ),
    Wrong(
        "500 steps an episode",
        edit(PLAN, COST, "episodes * 500"),
        "an episode lasts as long as the pilot's did on average",
    ),
    Wrong(
        "the greatest return",
        edit(PLAN, "np.mean(", "np.max("),
        "107 episodes do not cost 48150 steps; an episode lasts",
    ),
    Wrong(
        "the median",
        edit(PLAN, "np.mean(", "np.median("),
        "an episode lasts as long as the pilot's did on average",
    ),
    Wrong(
        "steps rounded down",
        edit(PLAN, COST, "int(episodes * np.mean(pilot))"),
        "steps; round up",
    ),
    Wrong(
        "steps not rounded",
        edit(PLAN, COST, "episodes * np.mean(pilot)"),
        "steps are not both whole",
    ),
    Wrong(
        "the mean rounded up first",
        edit(PLAN, COST, "episodes * math.ceil(np.mean(pilot))"),
        "round only at the end",
    ),
    Wrong(
        "steps from episodes that are not rounded",
        edit(PLAN, COST, "math.ceil((1.96 * s / half_width) ** 2 * np.mean(pilot))"),
        "107 episodes do not cost 26858 steps",
    ),
    Wrong(
        "steps first",
        edit(PLAN, "return episodes, steps", "return steps, episodes"),
        "the episodes come first, then the steps",
    ),
    Wrong("episodes only", edit(PLAN, "episodes, steps", "episodes"), "(episodes, steps), not 107"),
    Wrong("no return", edit(PLAN, "return ", ""), "None came back; does your code end with return"),
    Wrong(
        "two texts",
        edit(PLAN, "return episodes, steps", "return str(episodes), str(steps)"),
        "episodes should be a number, not '107'",
    ),
    Wrong("any half_width", edit(PLAN, WIDTH, ""), "a half_width of -5 allows no plan: raise"),
    Wrong(
        "a half_width of 0",
        edit(PLAN, "half_width <= 0", "half_width < 0"),
        "a half_width of 0 allows no plan: raise a ValueError, not OverflowError",
    ),
    Wrong("any pilot", edit(PLAN, SHORT, ""), "a pilot of one episode: Python stumbles over"),
    Wrong(
        "any pilot but an empty one",
        edit(PLAN, "len(pilot) < 2", "len(pilot) == 0"),
        "raise a ValueError of your own before",
        like="any pilot",
    ),
    Wrong(
        "an empty pilot",
        edit(PLAN, "len(pilot) < 2", "len(pilot) == 1"),
        "an empty pilot: Python stumbles",
    ),
    Wrong(
        "a pilot of two refused",
        edit(PLAN, "len(pilot) < 2", "len(pilot) <= 2"),
        "it raised ValueError (at least two episodes) when called with array([100., 300.])",
    ),
    Wrong(
        "no message",
        edit(PLAN, 'ValueError("half_width must be positive")', "ValueError"),
        "a half_width of -5: the ValueError should say what is wrong",
    ),
    Wrong(
        "no message about the pilot",
        edit(PLAN, 'ValueError("at least two episodes")', "ValueError()"),
        "a pilot of one episode: the ValueError should say what is wrong",
    ),
    Wrong(
        "an assertion",
        edit(PLAN, WIDTH, '    assert half_width > 0, "half_width must be positive"\n'),
        "raise a ValueError, not AssertionError",
    ),
    Wrong(
        "None instead of an error",
        edit(PLAN, 'raise ValueError("at least two episodes")', "return None"),
        "a pilot of one episode allows no plan: raise a ValueError",
    ),
    Wrong(
        "printed instead of raised",
        edit(PLAN, 'raise ValueError("half_width must be positive")', 'print("not positive")'),
        "a half_width of -5 allows no plan: raise a ValueError",
        like="any half_width",
    ),
    Wrong(
        "an array of the returns sorted in place",
        edit(PLAN, "    s =", "    pilot.sort()\n    s ="),
        "it changes its argument",
    ),
    Right("the usual way", PLAN),
    Right(
        "trying one number after another",
        """
import statistics

def plan(pilot, half_width):
    pilot = [float(x) for x in pilot]
    if half_width <= 0 or len(pilot) <= 1:
        raise ValueError(f"cannot plan with {len(pilot)} episodes and {half_width}")
    s, n = statistics.stdev(pilot), 2
    while 1.96 * s / n ** 0.5 > half_width:
        n += 1
        print(n)
    return n, -int(-n * statistics.fmean(pilot) // 1)
""",
    ),
    Right(
        "NumPy floats in an array",
        """
import numpy as np

def plan(pilot, half_width):
    n = np.size(pilot)
    if n < 2:
        raise ValueError("too few")
    if not half_width > 0:
        raise ValueError("too narrow")
    variance = ((pilot - pilot.mean()) ** 2).sum() / (n - 1)
    episodes = np.maximum(2, np.ceil(1.96 ** 2 * variance / half_width ** 2))
    return np.array([episodes, np.ceil(episodes * pilot.sum() / n)])
""",
    ),
    Right(
        "a list, the quantile of SciPy, and an error of its own kind",
        """
import math
from scipy import stats

class CannotPlan(ValueError):
    pass

def plan(pilot, half_width):
    if half_width <= 0:
        raise CannotPlan("the half width must be positive")
    if pilot.size < 2:
        raise CannotPlan("the pilot must have two episodes")
    z = stats.norm.ppf(0.975)
    episodes = math.ceil((z * stats.tstd(pilot)) ** 2 / half_width ** 2)
    if episodes == 0 or episodes == 1:
        episodes = 2
    return [episodes, math.ceil(pilot.mean() * episodes)]
""",
    ),
]
