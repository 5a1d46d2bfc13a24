"""Answers to exercise 06. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

STAGES = """
def progressive_transfer(train, worlds, steps):
    if not 0 < len(worlds) <= steps:
        raise ValueError("give at least one world, and a step for each")
    each = steps // len(worlds)
    policies, policy = [], None
    for number, world in enumerate(worlds):
        last = number == len(worlds) - 1
        count = steps - each * number if last else each
        policy = train(world, count, policy)
        policies.append(policy)
    return policies
"""
COUNT = "steps - each * number if last else each"
TRAIN = "policy = train(world, count, policy)"
REFUSE = (
    "    if not 0 < len(worlds) <= steps:\n"
    '        raise ValueError("give at least one world, and a step for each")\n'
)

STAGES_ANSWERS = [
    Wrong(
        "from scratch in each stage",
        edit(STAGES, TRAIN, "policy = train(world, count, None)"),
        "so each began from scratch",
    ),
    Wrong(
        "no start given",
        edit(STAGES, TRAIN, "policy = train(world, count)"),
        "started from 'nothing at all', not None",
    ),
    Wrong(
        "a start only where there is one before, forgotten later",
        edit(
            STAGES, TRAIN, "policy = train(world, count) if policies else train(world, count, None)"
        ),
        "train was called without a start",
    ),
    Wrong(
        "the first policy again",
        edit(STAGES, TRAIN, "policy = train(world, count, policies[0] if policies else None)"),
        "so all went on from the first policy",
    ),
    Wrong(
        "the policy before the last",
        edit(STAGES, TRAIN, "policy = train(world, count, policies[-2] if number > 1 else policy)"),
        "which policy was there last?",
    ),
    Wrong(
        "the world as the start",
        edit(STAGES, TRAIN, "policy = train(world, count, worlds[0])"),
        "the first stage started from 'nominal', not None",
    ),
    Wrong(
        "reversed", edit(STAGES, "enumerate(worlds)", "enumerate(worlds[::-1])"), "were reversed"
    ),
    Wrong("sorted", edit(STAGES, "enumerate(worlds)", "enumerate(sorted(worlds))"), "as they come"),
    Wrong(
        "without the last world",
        edit(STAGES, "enumerate(worlds)", "enumerate(worlds[:-1])"),
        "called 3 times; is one left out?",
    ),
    Wrong(
        "without the first world",
        edit(STAGES, "enumerate(worlds)", "enumerate(worlds[1:])"),
        "called 3 times; is one left out?",
        like="without the last world",
    ),
    Wrong(
        "each world once",
        edit(STAGES, "enumerate(worlds)", "enumerate(dict.fromkeys(worlds))"),
        "a world may come twice",
    ),
    Wrong(
        "nothing trained",
        edit(STAGES, TRAIN, "policy = world"),
        "train was never called",
    ),
    Wrong(
        "the last world twice",
        edit(STAGES, "    return policies", "    train(world, count, policy)\n    return policies"),
        "are there too many?",
    ),
    Wrong("the whole budget each", edit(STAGES, COUNT, "steps"), "each stage got the whole budget"),
    Wrong("the remainder lost", edit(STAGES, COUNT, "each"), "some steps of the budget were lost"),
    Wrong(
        "the remainder first",
        edit(STAGES, COUNT, "each if number else steps - each * (len(worlds) - 1)"),
        "the remainder belongs elsewhere",
    ),
    Wrong(
        "the remainder one by one",
        edit(STAGES, COUNT, "each + (number < steps % len(worlds))"),
        "the remainder was handed out one by one",
    ),
    Wrong(
        "only the remainder",
        edit(STAGES, COUNT, "(steps % len(worlds) or each) if last else each"),
        "got the remainder and nothing else",
    ),
    Wrong("rounded up", edit(STAGES, COUNT, "-(-steps // len(worlds))"), "do not round up"),
    Wrong(
        "cumulative",
        edit(STAGES, COUNT, "each * (number + 1)"),
        "the budget up to a stage",
    ),
    Wrong("a fraction", edit(STAGES, COUNT, "steps / len(worlds)"), "steps are whole numbers"),
    Wrong(
        "arguments exchanged",
        edit(STAGES, TRAIN, "policy = train(count, world, policy)"),
        "train got the world 100",
    ),
    Wrong(
        "only the last policy",
        edit(STAGES, "return policies", "return policy"),
        "one policy came back",
    ),
    Wrong(
        "only the last policy, in a list",
        edit(STAGES, "return policies", "return [policy]"),
        "one for each stage, in the order of training",
    ),
    Wrong(
        "the newest first",
        edit(STAGES, "policies.append(policy)", "policies.insert(0, policy)"),
        "it is in the wrong order",
    ),
    Wrong(
        "the last policy as often as there are worlds",
        edit(STAGES, "return policies", "return [policy] * len(worlds)"),
        "the same one fills the list",
    ),
    Wrong(
        "None in front",
        edit(STAGES, "policies, policy = [], None", "policies, policy = [None], None"),
        "return a list of policies",
    ),
    Wrong("no return", edit(STAGES, "    return policies\n", ""), "None came back"),
    Wrong(
        "the list of worlds is used up",
        edit(STAGES, "    return policies\n", "    worlds.clear()\n    return policies\n"),
        "it changes its argument",
    ),
    Wrong("no refusal", edit(STAGES, REFUSE, ""), "no world at all: raise a ValueError"),
    Wrong(
        "stages without a step",
        edit(STAGES, " <= steps", ""),
        "3 worlds and 2 steps: raise a ValueError; a result came",
    ),
    Wrong(
        "no message",
        edit(STAGES, '("give at least one world, and a step for each")', ""),
        "should say what is wrong",
    ),
    Wrong(
        "for ever",
        edit(
            STAGES, "        policies.append(policy)\n", "        while True:\n            pass\n"
        ),
        "did not return within",
    ),
    Wrong(
        "training for ever",
        edit(
            STAGES, TRAIN, "\n        while True:\n            policy = train(world, count, policy)"
        ),
        "again and again",
    ),
    Wrong(
        "a world that does not exist",
        edit(STAGES, TRAIN, "policy = train(worlds[number + 1], count, policy)"),
        "it raised IndexError",
    ),
    Right("the usual way", STAGES),
    Right(
        "by recursion, in a tuple",
        """
def progressive_transfer(train, worlds, steps):
    if len(worlds) == 0 or steps < len(worlds):
        raise ValueError(f"{steps} steps do not suffice for {len(worlds)} worlds")
    share, rest = divmod(steps, len(worlds))

    def go_on(left, start):
        if not left:
            return ()
        print("next:", left[0])
        trained = train(left[0], share + (rest if len(left) == 1 else 0), start=start)
        return (trained, *go_on(left[1:], trained))

    return go_on(list(worlds), None)
""",
    ),
    Right(
        "by reduce",
        """
from functools import reduce

import numpy as np

def progressive_transfer(train, worlds, steps):
    n = len(worlds)
    if n < 1 or steps < n:
        raise ValueError("too few worlds or steps")
    counts = np.full(n, steps // n)
    counts[-1] += steps - counts.sum()
    go_on = lambda done, stage: [*done, train(*stage, done[-1])]
    return reduce(go_on, zip(worlds, counts), [None])[1:]
""",
    ),
]

LOST = """
import numpy as np

def forgetting(before, after, floor, resamples):
    if before.shape != after.shape:
        raise ValueError("before and after must have the same seeds and episodes")
    b, a = before.mean(axis=1), after.mean(axis=1)
    if b.mean() <= floor:
        raise ValueError("nothing was there above the floor")

    def share(rows):
        return (b[rows].mean() - a[rows].mean()) / (b[rows].mean() - floor)

    shares = [share(rows) for rows in resamples]
    low, high = np.quantile(shares, [0.025, 0.975])
    return share(np.arange(len(b))), low, high
"""
SHARE = "(b[rows].mean() - a[rows].mean()) / (b[rows].mean() - floor)"
RETURN = "share(np.arange(len(b))), low, high"
DRAWS = "[share(rows) for rows in resamples]"
SHAPES = (
    "    if before.shape != after.shape:\n"
    '        raise ValueError("before and after must have the same seeds and episodes")\n'
)

LOST_ANSWERS = [
    Wrong(
        "the sign",
        edit(LOST, "(b[rows].mean() - a[rows].mean())", "(a[rows].mean() - b[rows].mean())"),
        "a loss counts as positive",
    ),
    Wrong(
        "the loss itself",
        edit(LOST, " / (b[rows].mean() - floor)", ""),
        "this is the loss in return",
    ),
    Wrong(
        "the change itself",
        edit(LOST, SHARE, "a[rows].mean() - b[rows].mean()"),
        "this is the change in return",
    ),
    Wrong(
        "no floor",
        edit(LOST, "(b[rows].mean() - floor)", "b[rows].mean()"),
        "cannot be forgotten",
    ),
    Wrong(
        "the share that is kept",
        edit(LOST, "(b[rows].mean() - a[rows].mean())", "(a[rows].mean() - floor)"),
        "which one is lost?",
    ),
    Wrong(
        "of what is there after",
        edit(LOST, "/ (b[rows]", "/ (a[rows]"),
        "of what was there before?",
    ),
    Wrong(
        "the floor above as well",
        edit(LOST, "a[rows].mean())", "a[rows].mean() - floor)"),
        "falls out of a difference",
    ),
    Wrong("plus the floor", edit(LOST, "- floor", "+ floor"), "lies above the floor?"),
    Wrong("per cent", edit(LOST, SHARE, f"100 * {SHARE}"), "1 stands for all"),
    Wrong("clipped", edit(LOST, SHARE, f"max({SHARE}, 0.0)"), "a negative share tells something"),
    Wrong("the size", edit(LOST, SHARE, f"abs({SHARE})"), "the sign should tell them apart"),
    Wrong(
        "a mean of shares",
        edit(LOST, SHARE, "np.mean((b[rows] - a[rows]) / (b[rows] - floor))"),
        "a mean of shares; one weak seed",
    ),
    Wrong(
        "a median of shares",
        edit(LOST, SHARE, "np.median((b[rows] - a[rows]) / (b[rows] - floor))"),
        "a median of shares",
    ),
    Wrong(
        "medians",
        edit(
            LOST,
            *("    b, a = before.mean(axis=1), after.mean(axis=1)\n", "    b, a = before, after\n"),
            *(
                SHARE,
                SHARE.replace("b[rows].mean()", "np.median(b[rows])").replace(
                    "a[rows].mean()", "np.median(a[rows])"
                ),
            ),
        ),
        "it is made of medians",
    ),
    Wrong(
        "the first seed",
        edit(LOST, "share(np.arange(len(b)))", "share([0])"),
        "only the first seed counts",
    ),
    Wrong(
        "the mean over the resamples",
        edit(LOST, "share(np.arange(len(b)))", "np.mean(shares)"),
        "go through two seeds",
    ),
    Wrong(
        "means over the seeds",
        edit(LOST, "before.mean(axis=1), after.mean(axis=1)", "before.mean(axis=0), after.mean(0)"),
        "it raised IndexError",
    ),
    Wrong(
        "unpaired",
        edit(
            LOST,
            *("def share(rows)", "def share(rows, other)"),
            *("a[rows]", "a[other]"),
            *(DRAWS, "[share(r, o) for r, o in zip(resamples, resamples[::-1])]"),
            *("share(np.arange(len(b)))", "share(np.arange(len(b)), np.arange(len(b)))"),
        ),
        "before and after are of different seeds",
    ),
    Wrong(
        "before not drawn",
        edit(LOST, SHARE, "(b.mean() - a[rows].mean()) / (b.mean() - floor)"),
        "before stays as it is",
    ),
    Wrong(
        "after not drawn",
        edit(LOST, "a[rows].mean()", "a.mean()"),
        "after stays as it is",
    ),
    Wrong(
        "quantiles of the seeds",
        edit(LOST, DRAWS, "(b - a) / (b - floor)"),
        "the seeds' own shares",
    ),
    Wrong(
        "means of shares in the resamples",
        edit(LOST, DRAWS, "[np.mean(((b - a) / (b - floor))[rows]) for rows in resamples]"),
        "take the means first",
    ),
    Wrong("5 % on each side", edit(LOST, "[0.025, 0.975]", "[0.05, 0.95]"), "5 % lie outside"),
    Wrong("the extremes", edit(LOST, "[0.025, 0.975]", "[0, 1]"), "these are the extreme ones"),
    Wrong("the quartiles", edit(LOST, "[0.025, 0.975]", "[0.25, 0.75]"), "half of the resamples"),
    Wrong(
        "standard errors",
        edit(
            LOST,
            "low, high = np.quantile(shares, [0.025, 0.975])",
            "low, high = share(np.arange(len(b))) + 1.96 * np.std(shares) * np.array([-1, 1])",
        ),
        "no standard error",
    ),
    Wrong(
        "mirrored",
        edit(
            LOST,
            "    return share(np.arange",
            "    whole = share(np.arange(len(b)))\n"
            "    low, high = 2 * whole - high, 2 * whole - low\n    return share(np.arange",
        ),
        "mirrored about the share",
    ),
    Wrong("the higher end first", edit(LOST, "low, high\n", "high, low\n"), "the lower first"),
    Wrong(
        "columns",
        edit(LOST, "in resamples]", "in np.transpose(resamples)]"),
        "a resample is a row",
    ),
    Wrong("only the share", edit(LOST, RETURN, "share(np.arange(len(b)))"), "shape (3,), not ()"),
    Wrong("no return", edit(LOST, f"return {RETURN}", "pass"), "None came back"),
    Wrong(
        "a global generator",
        edit(LOST, "in resamples]", "in np.random.randint(len(b), size=resamples.shape)]"),
        "draws from a global random generator",
    ),
    Wrong(
        "draws of its own",
        edit(
            LOST,
            "in resamples]",
            "in np.random.default_rng(0).integers(len(b), size=resamples.shape)]",
        ),
        "which share does one row of resamples give?",
    ),
    Wrong(
        "in place",
        edit(LOST, "    b, a =", "    before -= floor\n    b, a ="),
        "it changes its argument",
    ),
    Wrong("shapes not looked at", edit(LOST, SHAPES, ""), "after of shape (1, 2): raise"),
    Wrong(
        "the floor not looked at",
        edit(LOST, "b.mean() <= floor", "False"),
        "that of the floor: raise a ValueError; a result came",
    ),
    Wrong(
        "only below the floor",
        edit(LOST, "b.mean() <= floor", "b.mean() < floor"),
        "that of the floor: raise a ValueError; a result came",
        like="the floor not looked at",
    ),
    Wrong(
        "another error",
        edit(LOST, SHAPES, "    assert before.shape == after.shape\n"),
        "raise a ValueError; AssertionError came",
    ),
    Right("the usual way", LOST),
    Right(
        "all at once",
        """
import numpy as np

def forgetting(before, after, floor, resamples):
    if np.shape(before) != np.shape(after) or not np.mean(before) > floor:
        raise ValueError("cannot compare these")
    kept = (after[resamples].mean((1, 2)) - floor) / (before[resamples].mean((1, 2)) - floor)
    whole = 1 - (after.mean() - floor) / (before.mean() - floor)
    return np.array([whole, *np.percentile(1 - kept, (2.5, 97.5))])
""",
    ),
    Right(
        "loops and lists",
        """
import statistics
import numpy as np

def forgetting(before, after, floor, resamples):
    if before.shape != after.shape:
        raise ValueError("shapes differ")
    was = [statistics.fmean(row) for row in before.tolist()]
    now = [statistics.fmean(row) for row in after.tolist()]

    def share(numbers):
        lost = there = 0.0
        for i in numbers:
            lost += was[i] - now[i]
            there += was[i] - floor
        if there <= 1e-12:
            raise ValueError("the policy before was no better than the floor")
        return lost / there

    whole = share(range(len(was)))
    shares = sorted(map(share, resamples.tolist()))
    print(whole)
    return [whole] + [float(np.quantile(shares, q)) for q in (0.025, 0.975)]
""",
    ),
]

CHOOSE = """
import numpy as np
from course_lib.gap import interquartile_mean, paired_interval

def choose(plans, returns_of, tuning, fresh):
    if len({steps for _, steps in plans.values()}) > 1:
        raise ValueError("the plans have unequal budgets")
    if set(tuning) & set(fresh):
        raise ValueError("a seed cannot both choose and confirm")
    middle = {name: interquartile_mean(returns_of(name, tuning)) for name in plans}
    best = max(middle, key=middle.get)
    if best == "direct":
        return best
    compared = paired_interval(returns_of(best, fresh), returns_of("direct", fresh))
    return best if compared.low > 0 else "direct"
"""
COMPARE = 'paired_interval(returns_of(best, fresh), returns_of("direct", fresh))'
BUDGETS = (
    "    if len({steps for _, steps in plans.values()}) > 1:\n"
    '        raise ValueError("the plans have unequal budgets")\n'
)
OVERLAP = (
    "    if set(tuning) & set(fresh):\n"
    '        raise ValueError("a seed cannot both choose and confirm")\n'
)
EARLY = '    if best == "direct":\n        return best\n'
VERDICT = 'best if compared.low > 0 else "direct"'

CHOOSE_ANSWERS = [
    Wrong(
        "confirmed on the same seeds",
        edit(CHOOSE, COMPARE, COMPARE.replace("fresh", "tuning")),
        "the seeds that chose cannot confirm",
    ),
    Wrong("not confirmed", edit(CHOOSE, VERDICT, "best"), "nothing was confirmed"),
    Wrong(
        "chosen on the fresh seeds",
        edit(CHOOSE, "returns_of(name, tuning)", "returns_of(name, fresh)"),
        "was not tried on all tuning seeds",
    ),
    Wrong(
        "chosen on all seeds",
        edit(CHOOSE, "returns_of(name, tuning)", "returns_of(name, tuning + fresh)"),
        "was trained on the fresh seeds",
    ),
    Wrong(
        "all compared on the fresh seeds",
        edit(
            CHOOSE,
            EARLY,
            EARLY + "    on_fresh = {name: returns_of(name, fresh) for name in plans}\n",
        ),
        "was trained on the fresh seeds",
        like="chosen on all seeds",
    ),
    Wrong(
        "unpaired",
        edit(
            CHOOSE,
            COMPARE,
            'returns_of(best, fresh), returns_of("direct", fresh)\n'
            "    from course_lib.gap import iqm_interval\n"
            "    ours, theirs = map(iqm_interval, compared)",
            "compared.low > 0",
            "ours.low > theirs.high",
        ),
        "the luck that both plans share then cancels",
    ),
    Wrong(
        "paired with other seeds",
        edit(
            CHOOSE,
            'returns_of("direct", fresh)',
            'returns_of("direct", fresh[::-1])',
        ),
        "compare seed by seed",
        like="unpaired",
    ),
    Wrong(
        "the estimate decides",
        edit(CHOOSE, "compared.low", "compared.estimate"),
        "or its whole interval?",
    ),
    Wrong(
        "zero outside, whichever side",
        edit(CHOOSE, "compared.low > 0", "compared.low > 0 or compared.high < 0"),
        "may lie on either side",
    ),
    Wrong(
        "direct less the plan",
        edit(
            CHOOSE, COMPARE, 'paired_interval(returns_of("direct", fresh), returns_of(best, fresh))'
        ),
        "which side of zero is a gain?",
    ),
    Wrong("a gain of 25", edit(CHOOSE, "low > 0", "estimate > 25"), "go through the five steps"),
    Wrong("at zero", edit(CHOOSE, "low > 0", "low >= 0"), "ends at zero touches it"),
    Wrong(
        "direct takes no part",
        edit(CHOOSE, "for name in plans}", 'for name in plans if name != "direct"}'),
        "direct takes part in the choice",
        like="direct left out of the choice",
    ),
    Wrong(
        "direct left out of the choice",
        edit(CHOOSE, "    best = max", '    middle.pop("direct")\n    best = max'),
        "direct takes part in the choice",
    ),
    Wrong(
        "by means",
        edit(CHOOSE, "interquartile_mean(returns", "np.mean(returns"),
        "it goes by interquartile means",
    ),
    Wrong(
        "by medians",
        edit(CHOOSE, "interquartile_mean(returns", "np.median(returns"),
        "it goes by interquartile means",
    ),
    Wrong(
        "by the best seed", edit(CHOOSE, "interquartile_mean(returns", "np.max(returns"), "lucky"
    ),
    Wrong("the worst", edit(CHOOSE, "best = max", "best = min"), "the chosen plan is the worst"),
    Wrong("always direct", edit(CHOOSE, VERDICT, '"direct"'), "when do you believe it?"),
    Wrong(
        "None for no winner",
        edit(CHOOSE, VERDICT, VERDICT.replace('"direct"', "None")),
        "None came",
    ),
    Wrong("the interval", edit(CHOOSE, VERDICT, "compared"), "return the name of a plan"),
    Wrong(
        "the plan itself",
        edit(CHOOSE, VERDICT, "plans[best]"),
        "(['nominal', 'target'], 6000) came back",
    ),
    Wrong(
        "asked for a plan instead of a name",
        edit(CHOOSE, "returns_of(name, tuning)", "returns_of(plans[name], tuning)"),
        "it takes the name of a plan",
    ),
    Wrong(
        "seeds of its own",
        edit(CHOOSE, "returns_of(name, tuning)", "returns_of(name, range(5))"),
        "which you were not given",
    ),
    Wrong(
        "one seed",
        edit(CHOOSE, "returns_of(name, tuning)", "[returns_of(name, tuning[0])]"),
        "it takes several",
    ),
    Wrong(
        "not all tuning seeds",
        edit(CHOOSE, "returns_of(name, tuning)", "returns_of(name, tuning[:-1])"),
        "'direct' was not tried on all tuning seeds",
        like="chosen on the fresh seeds",
    ),
    Wrong("unequal budgets", edit(CHOOSE, BUDGETS, ""), "6000 and 6001 steps: raise a ValueError"),
    Wrong("seeds that overlap", edit(CHOOSE, OVERLAP, ""), "both tuning and fresh: raise"),
    Wrong(
        "seeds that are equal",
        edit(CHOOSE, "set(tuning) & set(fresh)", "set(tuning) == set(fresh)"),
        "both tuning and fresh: raise",
        like="seeds that overlap",
    ),
    Wrong(
        "budgets looked at too late",
        edit(CHOOSE, BUDGETS, "", "    best = max", BUDGETS + "    best = max"),
        "look before you train",
    ),
    Wrong(
        "plans with few steps thrown out",
        edit(CHOOSE, BUDGETS, "    plans.pop('c', None)\n"),
        "it changes its argument",
    ),
    Wrong(
        "no return",
        edit(CHOOSE, f"return {VERDICT}", "pass"),
        "None came back",
        like="None for no winner",
    ),
    Right("the usual way", CHOOSE),
    Right(
        "one seed at a time",
        """
import numpy as np
from scipy.stats import trim_mean
from course_lib.gap import paired_interval

def choose(plans, returns_of, tuning, fresh):
    budgets = [plan[1] for plan in plans.values()]
    if min(budgets) != max(budgets):
        raise ValueError(f"unequal budgets {budgets}")
    for seed in fresh:
        if seed in tuning:
            raise ValueError(f"seed {seed} is used twice")

    def earned(name, seeds):
        return np.array([returns_of(name, [seed])[0] for seed in seeds])

    scores = [(trim_mean(earned(name, tuning), 0.25), name) for name in plans]
    winner = max(scores)[1]
    if winner != "direct":
        gain = earned(winner, fresh) - earned("direct", fresh)
        print(gain)
        if paired_interval(gain, np.zeros(len(gain))).low > 0:
            return winner
    return "direct"
""",
    ),
    Right(
        "with iqm_interval, in another order",
        """
from course_lib.gap import interquartile_mean, iqm_interval

def choose(plans, returns_of, tuning, fresh):
    first = plans["direct"][1]
    if any(steps != first for worlds, steps in plans.values()):
        raise ValueError("budgets differ, so the comparison would be unfair")
    if not set(tuning).isdisjoint(fresh):
        raise ValueError("tuning and fresh seeds overlap")
    names = sorted(plans)
    tried = [returns_of(name, list(tuning)) for name in names]
    best = names[int(interquartile_mean(tried, axis=1).argmax())]
    direct, ours = returns_of("direct", fresh[::-1]), returns_of(best, fresh[::-1])
    found = iqm_interval(ours - direct)
    return "direct" if found.low <= 0 else best
""",
    ),
]

KL = """
import numpy as np

def kl_penalty(old_logits, new_logits):
    def log_probabilities(logits):
        logits = logits - logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    old, new = log_probabilities(old_logits), log_probabilities(new_logits)
    return (np.exp(old) * (old - new)).sum(axis=1).mean()
"""
RESULT = "(np.exp(old) * (old - new)).sum(axis=1).mean()"
SHIFT = "        logits = logits - logits.max(axis=1, keepdims=True)\n"

NAIVE = """
import numpy as np

def kl_penalty(old_logits, new_logits):
    def probabilities(logits):
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    p, q = probabilities(old_logits), probabilities(new_logits)
    return (p * np.log(p / q)).sum(axis=1).mean()
"""

KL_ANSWERS = [
    Wrong(
        "the other direction",
        edit(KL, RESULT, "(np.exp(new) * (new - old)).sum(axis=1).mean()"),
        "this is KL(new || old)",
    ),
    Wrong("the sign", edit(KL, "old - new", "new - old"), "a penalty is not negative"),
    Wrong(
        "weighted by new",
        edit(KL, "np.exp(old)", "np.exp(new)"),
        "the sum runs over what new would do",
    ),
    Wrong(
        "a mean over actions",
        edit(KL, ".sum(axis=1).mean()", ".mean()"),
        "sum over actions, average over states",
    ),
    Wrong("a sum over states", edit(KL, ".sum(axis=1).mean()", ".sum()"), "a sum over states"),
    Wrong("cross-entropy", edit(KL, "(old - new)", "-new"), "does not vanish where both agree"),
    Wrong("entropy", edit(KL, "(old - new)", "-old"), "new is not in it"),
    Wrong(
        "both directions, their mean",
        edit(KL, RESULT, "((np.exp(old) - np.exp(new)) * (old - new)).sum(axis=1).mean() / 2"),
        "only one was asked for",
    ),
    Wrong(
        "both directions, their sum",
        edit(KL, RESULT, "((np.exp(old) - np.exp(new)) * (old - new)).sum(axis=1).mean()"),
        "only one was asked for",
    ),
    Wrong("in bits", edit(KL, RESULT, f"{RESULT} / np.log(2)"), "the natural one"),
    Wrong(
        "logits for logarithms",
        edit(KL, "(old - new)", "(old_logits - new_logits)"),
        "once they are normalised",
    ),
    Wrong(
        "squares",
        edit(KL, RESULT, "((np.exp(old) - np.exp(new)) ** 2).sum(axis=1).mean()"),
        "squares of differences",
    ),
    Wrong(
        "squares of logits",
        edit(KL, RESULT, "np.mean((old_logits - new_logits) ** 2)"),
        "may differ by a constant",
    ),
    Wrong(
        "total variation",
        edit(KL, RESULT, "abs(np.exp(old) - np.exp(new)).sum(axis=1).mean() / 2"),
        "total variation",
    ),
    Wrong("no weights", edit(KL, "np.exp(old) * ", ""), "not weighted by what old"),
    Wrong("sizes", edit(KL, "(old - new)", "abs(old - new)"), "differences of both signs"),
    Wrong(
        "the likeliest action",
        edit(
            KL,
            RESULT,
            "(old - new)[np.arange(len(old)), old.argmax(axis=1)].mean()",
        ),
        "only the most likely action",
    ),
    Wrong("the largest", edit(KL, ".mean()", ".max()"), "the largest of all states"),
    Wrong(
        "no sum", edit(KL, ".sum(axis=1).mean()", ".sum(axis=1)"), "one number, not of shape (6,)"
    ),
    Wrong(
        "normalised over states",
        KL.replace("axis=1, keepdims", "axis=0, keepdims"),
        "one state with two actions",
    ),
    Wrong("not shifted", edit(KL, SHIFT, ""), "what does exp do with such numbers"),
    Wrong(
        "logarithms of rounded numbers", NAIVE, "an action that old never takes: the penalty is nan"
    ),
    Wrong(
        "a small number for safety",
        edit(NAIVE, "np.log(p / q)", "(np.log(p + 1e-12) - np.log(q + 1e-12))"),
        "before anything is rounded to zero",
    ),
    Wrong(
        "a coarse number for safety",
        edit(NAIVE, "np.log(p / q)", "(np.log(p + 1e-2) - np.log(q + 1e-2))"),
        "one state with two actions, by hand",
        like="normalised over states",
    ),
    Wrong(
        "in place", edit(KL, SHIFT, SHIFT.replace("logits = logits -", "logits -=")), "changes its"
    ),
    Wrong("no return", edit(KL, f"return {RESULT}", "pass"), "None came back"),
    Right("the usual way", KL),
    Right(
        "by torch",
        """
import torch
from torch.distributions import Categorical, kl_divergence

def kl_penalty(old_logits, new_logits):
    old, new = (torch.as_tensor(x, dtype=torch.float64) for x in (old_logits, new_logits))
    old, new = (x.log_softmax(dim=1) for x in (old, new))
    return float((old.exp() * (old - new)).sum(1).mean())
""",
    ),
    Right(
        "by logsumexp and loops",
        """
import numpy as np
from scipy.special import logsumexp, softmax

def kl_penalty(old_logits, new_logits):
    total = 0.0
    for a, b in zip(old_logits, new_logits):
        p = softmax(a.astype(float))
        total += p @ (a - b) - logsumexp(a) + logsumexp(b)
    print(total)
    return total / len(old_logits)
""",
    ),
    Right(
        "by logaddexp",
        """
import numpy as np

def kl_penalty(old_logits, new_logits):
    lp = old_logits - np.logaddexp.reduce(old_logits, axis=-1)[:, None]
    lq = new_logits - np.logaddexp.reduce(new_logits, axis=-1)[:, None]
    return np.average(np.einsum("na,na->n", np.exp(lp), lp - lq))
""",
    ),
]

ANSWERS = {
    "06.1": STAGES_ANSWERS,
    "06.2": LOST_ANSWERS,
    "06.3": CHOOSE_ANSWERS,
    "06.4": KL_ANSWERS,
}
