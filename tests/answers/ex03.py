"""Answers to exercise 03. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

WRAPPER = """
import gymnasium as gym
import numpy as np
import random

class Randomized(gym.Wrapper):
    def __init__(self, env, ranges):
        super().__init__(env)
        self.ranges = ranges

    def reset(self, *, seed=None, options=None):
        observation, info = self.env.reset(seed=seed, options=options)
        cart = self.unwrapped
        for name, (low, high) in self.ranges.items():
            setattr(cart, name, cart.np_random.uniform(low, high))
        cart.total_mass = cart.masscart + cart.masspole
        cart.polemass_length = cart.masspole * cart.length
        return observation, info
"""
KEEP = "        self.ranges = ranges\n"
RESET = "        observation, info = self.env.reset(seed=seed, options=options)\n"
CART = "        cart = self.unwrapped\n"
EACH = "        for name, (low, high) in self.ranges.items():\n"
SET = "            setattr(cart, name, cart.np_random.uniform(low, high))\n"
TOTAL = "        cart.total_mass = cart.masscart + cart.masspole\n"
MOMENT = "        cart.polemass_length = cart.masspole * cart.length\n"
BACK = "        return observation, info\n"
DRAW = "cart.np_random.uniform(low, high)"

DRAWN_IN_INIT = """
import gymnasium as gym

class Randomized(gym.Wrapper):
    def __init__(self, env, ranges):
        super().__init__(env)
        cart = self.unwrapped
        for name, (low, high) in ranges.items():
            setattr(cart, name, cart.np_random.uniform(low, high))
        cart.total_mass = cart.masscart + cart.masspole
        cart.polemass_length = cart.masspole * cart.length
"""

WRAPPER_ANSWERS = [
    Wrong("drawn in __init__", DRAWN_IN_INIT, "drawn when the wrapper is built, and kept"),
    Wrong(
        "drawn at the first reset only",
        edit(
            WRAPPER,
            EACH,
            "        if hasattr(self, 'drawn'):\n            return observation, "
            "info\n        self.drawn = True\n" + EACH,
        ),
        "three resets give the same cart",
    ),
    Wrong(
        "drawn only where there is a seed",
        edit(
            WRAPPER, EACH, "        if seed is None:\n            return observation, info\n" + EACH
        ),
        "three resets give the same cart",
        like="drawn at the first reset only",
    ),
    Wrong(
        "the first cart once more without a seed",
        edit(
            WRAPPER,
            EACH,
            "        if seed is None:\n            cart.np_random = "
            "np.random.default_rng(3)\n" + EACH,
        )
        .replace("cart.np_random = ", "rng = ")
        .replace(DRAW, "(rng if seed is None else cart.np_random).uniform(low, high)"),
        "two resets without a seed give the same cart",
    ),
    Wrong(
        "a new generator with a fixed seed at each reset",
        edit(
            WRAPPER,
            EACH,
            "        rng = np.random.default_rng(0)\n" + EACH,
            DRAW,
            "rng.uniform(low, high)",
        ),
        "three resets give the same cart",
        like="drawn at the first reset only",
    ),
    Wrong(
        "the cart's generator replaced at each reset",
        edit(WRAPPER, EACH, "        cart.np_random = np.random.default_rng(0)\n" + EACH),
        "three resets give the same cart",
        like="drawn at the first reset only",
    ),
    Wrong(
        "reset with a fixed seed",
        edit(WRAPPER, "seed=seed", "seed=0"),
        "reset(seed=7) reached the cart with seed=0",
    ),
    Wrong(
        "NumPy's global generator",
        edit(WRAPPER, DRAW, "np.random.uniform(low, high)"),
        "draws from a global random generator, so its results cannot be repeated; draw from a",
    ),
    Wrong(
        "Python's global generator",
        edit(WRAPPER, DRAW, "random.uniform(low, high)"),
        "draws from a global random generator",
        like="NumPy's global generator",
    ),
    Wrong(
        "the global generator seeded",
        edit(
            WRAPPER,
            EACH,
            "        np.random.seed(seed)\n" + EACH,
            DRAW,
            "np.random.uniform(low, high)",
        ),
        "draws from a global random generator",
        like="NumPy's global generator",
    ),
    Wrong(
        "a generator of the wrapper's own",
        edit(
            WRAPPER,
            KEEP,
            KEEP + "        self.rng = np.random.default_rng()\n",
            DRAW,
            "self.rng.uniform(low, high)",
        ),
        "one cart the first time and another the second",
    ),
    Wrong(
        "an own generator with a seed, never reset",
        edit(
            WRAPPER,
            KEEP,
            KEEP + "        self.rng = np.random.default_rng(0)\n",
            DRAW,
            "self.rng.uniform(low, high)",
        ),
        "one cart the first time and another the second",
        like="a generator of the wrapper's own",
    ),
    Wrong(
        "an own generator made from the seed",
        edit(
            WRAPPER,
            KEEP,
            KEEP + "        self.rng = np.random.default_rng()\n",
            EACH,
            "        if seed is not None:\n            self.rng = np.random.default_rng(seed)\n"
            + EACH,
            DRAW,
            "self.rng.uniform(low, high)",
        ),
        "are not the next uniform draws of the generator",
    ),
    Wrong(
        "drawn from the action space",
        edit(WRAPPER, DRAW, "self.action_space.np_random.uniform(low, high)"),
        "one cart the first time and another the second",
        like="a generator of the wrapper's own",
    ),
    Wrong(
        "drawn before the reset",
        edit(WRAPPER, RESET, "", TOTAL, RESET + TOTAL),
        "drawn before the reset, so a seed comes too late",
    ),
    Wrong("total_mass forgotten", edit(WRAPPER, TOTAL, ""), "but total_mass at 1.1; the nominal"),
    Wrong(
        "polemass_length forgotten",
        edit(WRAPPER, MOMENT, ""),
        "but polemass_length at 0.05; the nominal cart had that",
    ),
    Wrong(
        "derived before the draw",
        edit(WRAPPER, TOTAL, "", MOMENT, "", EACH, TOTAL + MOMENT + EACH),
        "is it up to date?",
    ),
    Wrong(
        "derived in the wrapper",
        edit(WRAPPER, TOTAL, TOTAL.replace("cart.t", "self.t")),
        "but total_mass at 1.1; the nominal",
        like="total_mass forgotten",
    ),
    Wrong(
        "length as the whole pole",
        edit(WRAPPER, "cart.masspole * cart.length", "cart.masspole * cart.length / 2"),
        "is it up to date?",
    ),
    Wrong(
        "derived from the ranges alone",
        edit(WRAPPER, TOTAL, "        if 'masscart' in self.ranges:\n    " + TOTAL),
        "left masscart, masspole and length at 1, ",
    ),
    Wrong("seed not passed on", edit(WRAPPER, "seed=seed, ", ""), "cart with seed=None"),
    Wrong(
        "options not passed on",
        edit(WRAPPER, ", options=options)", ")"),
        "reached the cart with options=None",
    ),
    Wrong("mean and standard deviation", edit(WRAPPER, "uniform", "normal"), "is not within"),
    Wrong(
        "low and width",
        edit(WRAPPER, DRAW, "low + high * cart.np_random.random()"),
        "is not within",
    ),
    Wrong(
        "times the nominal value",
        edit(WRAPPER, DRAW, "getattr(cart, name) * " + DRAW),
        "is not within",
    ),
    Wrong(
        "triangular",
        edit(WRAPPER, DRAW, "cart.np_random.triangular(low, (low + high) / 2, high)"),
        "are not the next uniform draws",
        like="an own generator made from the seed",
    ),
    Wrong(
        "low and high swapped",
        edit(
            WRAPPER,
            "(low, high) in",
            "(high, low) in",
            DRAW,
            "low + (high - low) * cart.np_random.random()",
        ),
        "which is which?",
    ),
    Wrong(
        "low and high swapped in the call",
        edit(WRAPPER, "uniform(low, high)", "uniform(high, low)"),
        "it raised",
    ),
    Wrong("rounded", edit(WRAPPER, DRAW, f"round({DRAW})"), "every value is whole"),
    Wrong(
        "whole numbers drawn",
        edit(WRAPPER, DRAW, "int(cart.np_random.integers(round(low), round(high) + 1))"),
        "every value is whole",
        like="rounded",
    ),
    Wrong(
        "one number for all",
        edit(
            WRAPPER,
            EACH,
            "        u = cart.np_random.random()\n" + EACH,
            DRAW,
            "low + u * (high - low)",
        ),
        "all quantities are equally far up",
    ),
    Wrong(
        "in the order of the alphabet",
        edit(WRAPPER, "self.ranges.items()", "sorted(self.ranges.items())"),
        "in another order than the names",
    ),
    Wrong(
        "ranges emptied",
        edit(
            WRAPPER,
            EACH,
            "        while self.ranges:\n            name, (low, high) = self.ranges.popitem()\n",
        ),
        "it changes the dict of ranges",
    ),
    Wrong(
        "ranges replaced by draws",
        edit(WRAPPER, SET, SET + "            self.ranges[name] = getattr(cart, name)\n"),
        "it changes the dict of ranges",
        like="ranges emptied",
    ),
    Wrong(
        "only the observation",
        edit(WRAPPER, BACK, "        return observation\n"),
        "every Gymnasium reset gives a pair",
    ),
    Wrong("nothing returned", edit(WRAPPER, BACK, ""), "reset gives None; does it end with"),
    Wrong(
        "info first",
        edit(WRAPPER, BACK, "        return info, observation\n"),
        "an observation that is not the one of the wrapped",
    ),
    Wrong(
        "an info of its own",
        edit(WRAPPER, BACK, "        return observation, dict(self.ranges)\n"),
        "an info that is not the one of the wrapped",
    ),
    Wrong(
        "set on the wrapper",
        edit(
            WRAPPER,
            CART,
            "",
            "setattr(cart, ",
            "setattr(self, ",
            DRAW,
            "self.unwrapped.np_random.uniform(low, high)",
            TOTAL,
            "        cart = self.unwrapped\n" + TOTAL,
        ),
        "did not change the cart's masscart; it is a wrapper that got one",
    ),
    Wrong(
        "set on the wrapped environment",
        edit(WRAPPER, "setattr(cart, ", "setattr(self.env, "),
        "it is a wrapper that got one",
        like="set on the wrapper",
    ),
    Wrong(
        "drawn and not set",
        edit(WRAPPER, "setattr(cart, name, cart.np_random.uniform(low, high))", DRAW),
        "did not change the cart's masscart; it is what it always was",
    ),
    Wrong(
        "only the first name",
        edit(WRAPPER, SET, SET + "            break\n"),
        "did not change the cart's length; it is what it always was",
    ),
    Wrong(
        "reset twice",
        edit(WRAPPER, RESET, "        super().reset(seed=seed, options=options)\n" + RESET),
        "the wrapped environment is reset 2 times",
    ),
    Wrong(
        "never reset",
        edit(WRAPPER, RESET, "        observation, info = np.array(self.unwrapped.state), {}\n"),
        "the wrapped environment is reset 0 times",
    ),
    Wrong(
        "only the innermost reset",
        edit(WRAPPER, "self.env.reset", "self.unwrapped.reset"),
        "the cart is reset past the wrapper around it",
    ),
    Wrong(
        "drawn at each step as well",
        WRAPPER + "    def step(self, action):\n"
        "        self.unwrapped.length = self.unwrapped.np_random.uniform(0.3, 0.7)\n"
        "        return self.env.step(action)\n",
        "the physics change within an episode",
    ),
    Wrong(
        "ranges kept by the class",
        edit(WRAPPER, KEEP, "        Randomized.ranges = ranges\n"),
        "of two wrappers, the one for gravity does not draw from its own ranges",
    ),
    Wrong(
        "no call of super().__init__",
        edit(WRAPPER, "        super().__init__(env)\n", ""),
        "it raised AttributeError",
    ),
    Wrong(
        "not a wrapper",
        edit(WRAPPER, "(gym.Wrapper)", "", "super().__init__(env)", "self.env = env"),
        "is not a gym.Wrapper",
    ),
    Wrong(
        "reset without options",
        edit(WRAPPER, "seed=None, options=None", "seed=None", ", options=options)", ")"),
        "it raised TypeError",
    ),
    Wrong(
        "reset for ever",
        edit(WRAPPER, EACH, "        while True:\n            pass\n" + EACH),
        "did not return within",
    ),
    Right("the usual way", WRAPPER),
    Right(
        "all at once, and an own copy of the ranges",
        """
import gymnasium as gym
import numpy as np

class Randomized(gym.Wrapper):
    def __init__(self, env, ranges):
        super().__init__(env)
        self.names = list(ranges)
        self.low, self.high = np.array([ranges[name] for name in self.names]).T

    def reset(self, *, seed=None, options=None):
        result = super().reset(seed=seed, options=options)
        for name, value in zip(self.names, self.np_random.uniform(self.low, self.high)):
            setattr(self.env.unwrapped, name, float(value))
        self.unwrapped.total_mass = self.unwrapped.masspole + self.unwrapped.masscart
        self.unwrapped.polemass_length = self.unwrapped.length * self.unwrapped.masspole
        return result
""",
    ),
    Right(
        "scaled by hand, with the draws in the info, and talkative",
        """
import gymnasium as gym

class Randomized(gym.Wrapper):
    def __init__(self, env, ranges, verbose=True):
        self.ranges = tuple((k, *v) for k, v in ranges.items())
        gym.Wrapper.__init__(self, env)

    def reset(self, **kwargs):
        obs, info = self.env.reset(**kwargs)
        drawn = {}
        for k, a, b in self.ranges:
            drawn[k] = a + (b - a) * self.unwrapped.np_random.random()
        vars(self.unwrapped).update(drawn)
        print(drawn)
        self._derive(self.unwrapped)
        return obs.copy(), {**info, "drawn": drawn}

    def _derive(self, c):
        c.total_mass, c.polemass_length = c.masscart + c.masspole, c.masspole * c.length
""",
    ),
    Right(
        "also drawn when it is built, through set_wrapper_attr",
        """
import gymnasium as gym

class Randomized(gym.Wrapper):
    def __init__(self, env, ranges):
        super().__init__(env)
        self.ranges = dict(ranges)
        self.draw()

    def draw(self):
        get = self.env.get_wrapper_attr
        for name in self.ranges:
            self.env.set_wrapper_attr(name, self.unwrapped.np_random.uniform(*self.ranges[name]))
        self.env.set_wrapper_attr("total_mass", get("masspole") + get("masscart"))
        self.env.set_wrapper_attr("polemass_length", get("masspole") * get("length"))

    def reset(self, seed=None, options=None):
        observation, info = self.env.reset(seed=seed, options=options)
        self.draw()
        return observation, info
""",
    ),
]

NEXT = """
import numpy as np

def next_widths(widths, success, step=0.1, widen_above=0.8, narrow_below=0.4, narrowest=0.25):
    up = success > widen_above
    down = success < narrow_below
    moves = step * up - step * down
    return np.clip(widths + moves, narrowest, 1.0)
"""
CLIP = "np.clip(widths + moves, narrowest, 1.0)"
MOVES = "step * up - step * down"

NEXT_ANSWERS = [
    Wrong("at or above", edit(NEXT, "success >", "success >="), "it is exactly widen_above"),
    Wrong("at or below", edit(NEXT, "success <", "success <="), "it is exactly narrow_below"),
    Wrong(
        "not clipped",
        edit(NEXT, CLIP, "widths + moves"),
        "0.95 with success 0.9 became 1.05; a move ends at 1, neither beyond nor before it",
    ),
    Wrong(
        "clipped from 0 to 1",
        edit(NEXT, CLIP, "np.clip(widths + moves, 0, 1)"),
        "0.3 with success 0.1 became 0.2; a move ends at narrowest, neither",
    ),
    Wrong(
        "clipped below only",
        edit(NEXT, CLIP, "np.maximum(widths + moves, narrowest)"),
        "became 1.05; a move ends at 1",
        like="not clipped",
    ),
    Wrong(
        "clipped above only",
        edit(NEXT, CLIP, "np.minimum(widths + moves, 1)"),
        "became 0.2; a move ends at narrowest",
        like="clipped from 0 to 1",
    ),
    Wrong(
        "moves that would leave the limits are left out",
        edit(
            NEXT,
            "    return " + CLIP,
            "    new = widths + moves\n"
            "    return np.where((new > 1) | (new < narrowest), widths, new)",
        ),
        "0.95 with success 0.9 became 0.95; a move ends at 1",
    ),
    Wrong(
        "narrowed only where the limit allows",
        edit(
            NEXT,
            "success < narrow_below",
            "(success < narrow_below) & (widths - step >= narrowest)",
        ),
        "0.3 with success 0.1 became 0.3; a move ends at narrowest",
    ),
    Wrong(
        "clipped before the move",
        edit(NEXT, CLIP, "np.minimum(np.clip(widths, narrowest, 1) + moves, 1)"),
        "0.3 with success 0.1 became 0.2",
        like="clipped from 0 to 1",
    ),
    Wrong(
        "clipped before and after the move",
        edit(NEXT, CLIP, "np.clip(np.clip(widths, narrowest, 1) + moves, narrowest, 1)"),
        "0.2 with success 0.9 became 0.35; the clip comes after the move",
    ),
    Wrong(
        "clipped only where it moves",
        edit(NEXT, CLIP, f"np.where(moves == 0, widths, {CLIP})"),
        "0.1 with success 0.6 became 0.1; a width that does not move is clipped as well",
    ),
    Wrong(
        "sign",
        edit(NEXT, CLIP, "np.clip(widths - moves, narrowest, 1)"),
        "much success should move an end outward",
    ),
    Wrong(
        "in place",
        edit(
            NEXT,
            "    return " + CLIP,
            "    widths += moves\n    return np.clip(widths, narrowest, 1)",
        ),
        "it changes its argument; work on a copy",
    ),
    Wrong(
        "written into the array of success",
        edit(
            NEXT,
            "    return " + CLIP,
            "    success[:] = widths + moves\n    return np.clip(success, narrowest, 1)",
        ),
        "it changes its argument; work on a copy",
        like="in place",
    ),
    Wrong(
        "clipped with out=",
        edit(NEXT, CLIP, "np.clip(widths + moves, narrowest, 1, out=widths)"),
        "it changes its argument; work on a copy",
        like="in place",
    ),
    Wrong(
        "the given array when nothing moves",
        edit(
            NEXT,
            "    return ",
            "    if not moves.any() and widths.min() >= narrowest:\n"
            "        return widths\n    return ",
        ),
        "what comes back is the array that was given",
    ),
    Wrong(
        "multiplied by the step",
        edit(NEXT, CLIP, "np.clip(widths * (1 + moves), narrowest, 1)"),
        "a step adds the same to a narrow and a wide end",
    ),
    Wrong(
        "all by the mean success",
        edit(
            NEXT, "up = success", "up = success.mean()", "down = success", "down = success.mean()"
        ),
        "all ends moved alike",
    ),
    Wrong(
        "all by the worst success",
        edit(NEXT, "up = success", "up = success.min()", "down = success", "down = success.min()"),
        "all ends moved alike",
        like="all by the median success",
    ),
    Wrong(
        "all by the median success",
        edit(NEXT, "success >", "np.median(success) >", "success <", "np.median(success) <"),
        "all ends moved alike",
        like="all by the mean success",
    ),
    Wrong("only widens", edit(NEXT, MOVES, "step * up"), "no end narrowed"),
    Wrong("only narrows", edit(NEXT, MOVES, "-step * down"), "no end widened"),
    Wrong("unmoved", edit(NEXT, MOVES, "0 * success"), "nothing moved"),
    Wrong(
        "the thresholds swapped",
        edit(NEXT, "> widen_above", "> narrow_below", "< narrow_below", "< widen_above"),
        "it is exactly widen_above",
        like="at or above",
    ),
    Wrong(
        "narrowed wherever not widened",
        edit(NEXT, "success < narrow_below", "~up"),
        "the second, with success 0.6, should stay",
    ),
    Wrong(
        "by success times the step",
        edit(NEXT, MOVES, "step * up * success - step * down * (1 - success)"),
        "the moves are of another size than step",
    ),
    Wrong("the moves alone", edit(NEXT, "widths + moves", "moves"), "where did the old widths go?"),
    Wrong(
        "step ignored",
        edit(NEXT, MOVES, "0.1 * up - 0.1 * down"),
        "success 0.9 and step=0.03 became 0.6; does step count?",
    ),
    Wrong(
        "step ignored inward",
        edit(NEXT, "- step * down", "- 0.1 * down"),
        "success 0.1 and step=0.03 became 0.4; does step count?",
    ),
    Wrong("widen_above ignored", edit(NEXT, "> widen_above", "> 0.8"), "does widen_above count?"),
    Wrong(
        "narrow_below ignored", edit(NEXT, "< narrow_below", "< 0.4"), "does narrow_below count?"
    ),
    Wrong(
        "narrowest ignored",
        edit(NEXT, "moves, narrowest", "moves, 0.25"),
        "narrowest=0.45 became 0.4; does narrowest count?",
    ),
    Wrong(
        "narrowest never below a quarter",
        edit(NEXT, "moves, narrowest", "moves, max(narrowest, 0.25)"),
        "narrowest=0.0 became 0.25; does narrowest count?",
    ),
    Wrong(
        "one number",
        edit(NEXT, CLIP, CLIP + ".mean()"),
        "return an array, not",
    ),
    Wrong("a list", edit(NEXT, CLIP, CLIP + ".tolist()"), "return an array, not [0.6, 0.6, 0.6"),
    Wrong("no return", edit(NEXT, "return ", "new = "), "return an array, not None"),
    Wrong(
        "an if on an array",
        edit(NEXT, "    moves", "    if success > widen_above:\n        pass\n    moves"),
        "it raised ValueError (The truth value",
    ),
    Right("the usual way", NEXT),
    Right(
        "a loop",
        """
import numpy as np

def next_widths(widths, success, step=0.1, widen_above=0.8, narrow_below=0.4, narrowest=0.25):
    new = []
    for w, s in zip(widths, success):
        if s > widen_above:
            w = w + step
        elif s < narrow_below:
            w = w - step
        new.append(min(1.0, max(narrowest, w)))
    return np.array(new)
""",
    ),
    Right(
        "masks on a copy",
        """
import numpy as np

def next_widths(widths, success, step=0.1, widen_above=0.8, narrow_below=0.4, narrowest=0.25):
    widths = widths.copy()
    widths[success > widen_above] += step
    widths[success < narrow_below] -= step
    widths[widths > 1] = 1
    widths[widths < narrowest] = narrowest
    return widths
""",
    ),
    Right(
        "where within where, and the sign",
        """
import numpy as np

def next_widths(widths, success, *, step=0.1, widen_above=0.8, narrow_below=0.4, narrowest=0.25):
    direction = np.where(success > widen_above, 1, np.where(success < narrow_below, -1, 0))
    return np.fmin(np.fmax(widths + direction * step, narrowest), 1)
""",
    ),
]

COMPARE = """
import numpy as np
from scipy import stats
from scipy.stats import t

def compare(adaptive, fixed, confidence=0.95):
    if adaptive.shape != fixed.shape:
        raise ValueError("the shapes differ")
    if len(adaptive) < 2:
        raise ValueError("at least two seeds are needed")
    d = adaptive.mean(axis=1) - fixed.mean(axis=1)
    n = len(d)
    mean, s = d.mean(), d.std(ddof=1)
    half = t.ppf((1 + confidence) / 2, n - 1) * s / np.sqrt(n)
    return mean, mean - half, mean + half
"""
PAIRS = "d = adaptive.mean(axis=1) - fixed.mean(axis=1)"
HALF = "t.ppf((1 + confidence) / 2, n - 1) * s / np.sqrt(n)"
QUANTILE = "t.ppf((1 + confidence) / 2, n - 1)"
ENDS = "mean, mean - half, mean + half"
SHAPES = '    if adaptive.shape != fixed.shape:\n        raise ValueError("the shapes differ")\n'
FEW = '    if len(adaptive) < 2:\n        raise ValueError("at least two seeds are needed")\n'
X, Y = "adaptive.mean(axis=1)", "fixed.mean(axis=1)"

COMPARE_ANSWERS = [
    Wrong(
        "seeds and rigs pooled",
        edit(COMPARE, PAIRS, "d = (adaptive - fixed).ravel()"),
        "too narrow; every rig counts as a training of its own",
    ),
    Wrong(
        "the spread over seeds and rigs",
        edit(COMPARE, "d.std(ddof=1)", "(adaptive - fixed).std(ddof=1)"),
        "s is the spread of one number per seed",
    ),
    Wrong(
        "over rigs",
        edit(COMPARE, PAIRS, "d = (adaptive - fixed).mean(axis=0)"),
        "this is an interval over rigs",
    ),
    Wrong(
        "Welch",
        edit(
            COMPARE,
            "    return " + ENDS,
            f"    ci = stats.ttest_ind({X}, {Y}, equal_var=False).confidence_interval(confidence)\n"
            "    return mean, ci.low, ci.high",
        ),
        "two groups are taken apart; the seeds come in pairs",
    ),
    Wrong(
        "two groups of equal variance",
        edit(
            COMPARE,
            "    return " + ENDS,
            f"    ci = stats.ttest_ind({X}, {Y}).confidence_interval(confidence)\n"
            "    return mean, ci.low, ci.high",
        ),
        "two groups are taken apart; the seeds come in pairs",
    ),
    Wrong(
        "two variances added",
        edit(COMPARE, "d.std(ddof=1)", f"np.sqrt({X}.var(ddof=1) + {Y}.var(ddof=1))"),
        "go through its parts",
    ),
    Wrong("ddof=0", edit(COMPARE, "(ddof=1)", "()"), "divides by n - 1"),
    Wrong("1.96", edit(COMPARE, QUANTILE, "1.96"), "too sure of so few seeds"),
    Wrong(
        "the normal quantile",
        edit(COMPARE, QUANTILE, "stats.norm.ppf((1 + confidence) / 2)"),
        "too sure of so few seeds",
        like="1.96",
    ),
    Wrong(
        "confidence ignored",
        edit(COMPARE, QUANTILE, "t.ppf(0.975, n - 1)"),
        "is too wide; it is one of 95 %, whatever was asked",
    ),
    Wrong(
        "one-sided quantile",
        edit(COMPARE, "(1 + confidence) / 2", "confidence"),
        "all that is left out lies on one side",
    ),
    Wrong(
        "the lower quantile",
        edit(COMPARE, "(1 + confidence) / 2", "(1 - confidence) / 2"),
        "is not less than high",
    ),
    Wrong("n degrees", edit(COMPARE, "n - 1)", "n)"), "one degree of freedom went into the mean"),
    Wrong("no root of n", edit(COMPARE, " / np.sqrt(n)", ""), "single seeds scatter like this"),
    Wrong("divided by n", edit(COMPARE, "np.sqrt(n)", "n"), "falls with the root of n"),
    Wrong(
        "the root of n - 1",
        edit(COMPARE, "np.sqrt(n)", "np.sqrt(n - 1)"),
        "go through its parts",
        like="two variances added",
    ),
    Wrong(
        "one standard error",
        edit(COMPARE, QUANTILE, "1"),
        "one standard error to each side, without a quantile",
    ),
    Wrong(
        "the variance", edit(COMPARE, "d.std(", "d.var("), "a standard deviation, not a variance"
    ),
    Wrong(
        "half to each side",
        edit(COMPARE, "    return", "    half = half / 2\n    return"),
        "all of it goes to each side, not half",
    ),
    Wrong(
        "fixed minus adaptive",
        edit(
            COMPARE,
            PAIRS,
            PAIRS.replace("adaptive", "other")
            .replace("fixed", "adaptive")
            .replace("other", "fixed"),
        ),
        "it is positive where adaptive gets more",
    ),
    Wrong(
        "absolute differences",
        edit(COMPARE, "    n = len(d)", "    d = abs(d) * 2\n    n = len(d)"),
        "it is the plain mean of one number per seed",
    ),
    Wrong(
        "the interquartile mean",
        edit(COMPARE, "d.mean()", "stats.trim_mean(d, 0.25)"),
        "it is the plain mean of one number per seed",
    ),
    Wrong("low first", edit(COMPARE, ENDS, "mean - half, mean, mean + half"), "in another place"),
    Wrong(
        "high before low",
        edit(COMPARE, ENDS, "mean, mean + half, mean - half"),
        "is not less than high",
        like="the lower quantile",
    ),
    Wrong("mean and half", edit(COMPARE, ENDS, "mean, half"), "should have shape (3,), not (2,)"),
    Wrong(
        "the interval is about zero",
        edit(COMPARE, ENDS, "mean, -half, half"),
        "low and high should be equally far from the difference",
    ),
    Wrong(
        "a bootstrap",
        edit(
            COMPARE,
            "    return " + ENDS,
            "    rng = np.random.default_rng(0)\n"
            "    means = rng.choice(d, (2000, n)).mean(axis=1)\n"
            "    return mean, *np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])",
        ),
        "low and high should be equally far from the difference",
        like="the interval is about zero",
    ),
    Wrong(
        "shapes not compared",
        edit(COMPARE, SHAPES, ""),
        "shapes (4, 3) and (1, 3), which broadcast, cannot be compared: raise a ValueError",
    ),
    Wrong(
        "only the seeds compared",
        edit(COMPARE, "adaptive.shape != fixed.shape", "len(adaptive) != len(fixed)"),
        "shapes (4, 3) and (4, 2), unlike in rigs, cannot be compared",
    ),
    Wrong(
        "left to NumPy",
        edit(
            COMPARE,
            SHAPES,
            "",
            PAIRS,
            "d = (adaptive - fixed[:, :1] * 0 - fixed).mean(axis=1)",
            "    if len(",
            "    if len(fixed) == 1:\n        raise ValueError('few')\n    if len(",
        ),
        "NumPy stumbles",
    ),
    Wrong(
        "only a single seed allowed for",
        edit(COMPARE, "len(adaptive) < 2", "len(adaptive) == 1"),
        "no seed at all cannot be compared",
    ),
    Wrong(
        "too few seeds accepted", edit(COMPARE, FEW, ""), "a single seed on three rigs cannot be"
    ),
    Wrong(
        "rigs counted instead of seeds",
        edit(COMPARE, "len(adaptive) < 2", "adaptive.shape[1] < 2"),
        "it raised ValueError (at least two seeds",
    ),
    Wrong(
        "an assertion",
        edit(COMPARE, SHAPES, "    assert adaptive.shape == fixed.shape\n"),
        "cannot be compared: raise a ValueError, not AssertionError",
    ),
    Wrong("no words", edit(COMPARE, '("the shapes differ")', ""), "should say what is wrong"),
    Wrong("no return", edit(COMPARE, "return ", "all = "), "but None came back"),
    Wrong(
        "adaptive changed",
        edit(COMPARE, PAIRS, "adaptive -= fixed\n    d = adaptive.mean(axis=1)"),
        "it changes its argument; work on a copy",
    ),
    Right("the usual way", COMPARE),
    Right(
        "SciPy's paired test",
        """
from scipy.stats import ttest_rel

def compare(adaptive, fixed, confidence=0.95):
    if adaptive.shape != fixed.shape or adaptive.shape[0] <= 1:
        raise ValueError(f"two equal shapes with two seeds or more, not {adaptive.shape}")
    test = ttest_rel(adaptive.mean(axis=1), fixed.mean(axis=1))
    low, high = test.confidence_interval(confidence)
    return (low + high) / 2, low, high
""",
    ),
    Right(
        "plain Python",
        """
import math
import statistics
from scipy.stats import t

def compare(adaptive, fixed, confidence=0.95):
    if [len(r) for r in adaptive] != [len(r) for r in fixed]:
        raise ValueError("every seed needs the same rigs")
    if len(adaptive) in (0, 1):
        raise ValueError("more seeds, please")
    gains = []
    for mine, theirs in zip(adaptive, fixed):
        gains.append(sum(float(m) - float(o) for m, o in zip(mine, theirs)) / len(mine))
    error = statistics.stdev(gains) / math.sqrt(len(gains))
    reach = abs(t.ppf((1 - confidence) / 2, len(gains) - 1)) * error
    centre = statistics.fmean(gains)
    return [centre, centre - reach, centre + reach]
""",
    ),
    Right(
        "t.interval and sem",
        """
import numpy as np
from scipy.stats import sem, t

def compare(adaptive, fixed, confidence=0.95):
    if np.shape(adaptive) != np.shape(fixed):
        raise ValueError("unlike")
    if np.shape(adaptive)[0] < 2:
        raise ValueError("few")
    d = np.mean(adaptive - fixed, axis=1)
    return np.array([d.mean(), *t.interval(confidence, d.size - 1, d.mean(), sem(d))])
""",
    ),
]

WIDE = """
import numpy as np
from course_lib.gap import interquartile_mean

def too_wide(widths, returns, share=0.9):
    middle = interquartile_mean(returns)
    best = middle.argmax()
    low = middle < share * middle[best]
    wider = widths > widths[best]
    found = widths[wider & low]
    return found.min() if len(found) else None
"""
SORTED = """
import numpy as np
from course_lib.gap import interquartile_mean

def too_wide(widths, returns, share=0.9):
    middle = interquartile_mean(returns)
    best = int(middle.argmax())
    for i in range(best + 1, len(widths)):
        if middle[i] < share * middle[best]:
            return widths[i]
    return None
"""
MIDDLE = "interquartile_mean(returns)"

WIDE_ANSWERS = [
    Wrong(
        "sorted widths taken for granted",
        SORTED,
        "for widths [4, 3, 1, 2] with interquartile means [300.0, 400.0, 470.0, 500.0] None "
        "came back; the widths come in any order",
    ),
    Wrong(
        "widths sorted, and returns not",
        edit(WIDE, "    low", "    widths = np.sort(widths)\n    low"),
        "the widths come in any order",
        like="sorted widths taken for granted",
    ),
    Wrong(
        "widths sorted in place",
        edit(WIDE, "    low", "    widths.sort()\n    low"),
        "it changes its argument; work on a copy",
    ),
    Wrong(
        "too narrow as well",
        edit(WIDE, "wider & low", "low"),
        "1 came back; below the best is too narrow",
    ),
    Wrong(
        "narrower instead of wider",
        edit(WIDE, "widths > widths", "widths < widths"),
        "[480.0, 500.0, 470.0, 300.0] None came back; give back a width",
    ),
    Wrong(
        "the position",
        edit(WIDE, "found.min()", "int(np.argmax(wider & low))"),
        "3 came back; give back a width",
    ),
    Wrong(
        "the best width",
        edit(WIDE, "found.min() if len(found) else None", "widths[best]"),
        "that is the best one itself",
    ),
    Wrong(
        "the widest that is still good",
        edit(
            WIDE,
            "found.min() if len(found) else None",
            "widths[(widths >= widths[best]) & ~low].max()",
        ),
        "[480.0, 500.0, 470.0, 300.0] 3 came back; give back a width",
        like="the position",
    ),
    Wrong(
        "the widest of all that are too wide",
        edit(WIDE, "found.min()", "found.max()"),
        "[300.0, 400.0, 470.0, 500.0] 4 came back; the widths come in any order",
    ),
    Wrong(
        "the widest before the returns recover",
        edit(
            WIDE,
            "    found",
            "    good = widths[wider & ~low]\n"
            "    if len(good):\n        wider = widths > good.max()\n    found",
        ),
        "4 came back; the smallest one counts",
    ),
    Wrong(
        "the plain mean",
        edit(WIDE, MIDDLE, "returns.mean(axis=1)"),
        "one seed that failed, or was lucky, should not decide",
    ),
    Wrong("the median", edit(WIDE, MIDDLE, "np.median(returns, axis=1)"), "a median keeps only"),
    Wrong(
        "the best seed",
        edit(WIDE, MIDDLE, "returns.max(axis=1)"),
        "None came back; one seed that failed, or was lucky",
    ),
    Wrong(
        "over the widths",
        edit(WIDE, MIDDLE, "interquartile_mean(returns, axis=0)"),
        "it raised",
    ),
    Wrong("at the share", edit(WIDE, "middle <", "middle <="), "exactly the share is not below it"),
    Wrong(
        "share ignored",
        edit(WIDE, "share * ", "0.9 * "),
        "share=0.5 was asked for",
    ),
    Wrong(
        "share at least 0.9 lost",
        edit(WIDE, "share * middle[best]", "(1 - share) * middle[best]"),
        "[480.0, 500.0, 470.0, 300.0] None came back",
        like="narrower instead of wider",
    ),
    Wrong(
        "points instead of a share",
        edit(WIDE, "share * middle[best]", "middle[best] - 100 * (1 - share)"),
        "3 came back",
        like="the position",
    ),
    Wrong(
        "share of a full return",
        edit(WIDE, "share * middle[best]", "share * 500"),
        "[20.0, 10.0, 19.0, 17.5] 3 came back",
    ),
    Wrong(
        "each against the one before",
        """
import numpy as np
from course_lib.gap import interquartile_mean

def too_wide(widths, returns, share=0.9):
    order = np.argsort(widths)
    widths, middle = widths[order], interquartile_mean(returns)[order]
    for i in range(int(middle.argmax()) + 1, len(widths)):
        if middle[i] < share * middle[i - 1]:
            return widths[i]
    return None
""",
        "[500.0, 460.0, 425.0, 395.0] None came back; each is held against the best",
    ),
    Wrong(
        "the next one after the best",
        edit(WIDE, "wider & low", "wider"),
        "[480.0, 500.0, 470.0, 300.0] 3 came back",
        like="the position",
    ),
    Wrong(
        "the widest when there is none",
        edit(WIDE, "else None", "else widths.max()"),
        "for widths [1, 2, 3] with interquartile means [100.0, 300.0, 500.0] 3.0 came back",
    ),
    Wrong("nan when there is none", edit(WIDE, "else None", "else np.nan"), "nan came back"),
    Wrong(
        "no care when there is none",
        edit(WIDE, " if len(found) else None", ""),
        "it raised ValueError (zero-size array",
    ),
    Wrong("all of them", edit(WIDE, "found.min()", "found"), "should be one number"),
    Wrong(
        "no return",
        edit(WIDE, "return ", "least = "),
        "None came back; give back a width",
        like="narrower instead of wider",
    ),
    Right("the usual way", WIDE),
    Right(
        "a sorted loop",
        """
import numpy as np
from course_lib.gap import interquartile_mean

def too_wide(widths, returns, share=0.9):
    pairs = sorted((float(w), float(interquartile_mean(r))) for w, r in zip(widths, returns))
    top = max(pairs, key=lambda pair: pair[1])
    for width, middle in pairs:
        if width > top[0] and middle < share * top[1]:
            return width
""",
    ),
    Right(
        "min with a default",
        """
from scipy.stats import trim_mean

def too_wide(widths, returns, share=0.9):
    m = trim_mean(returns, 0.25, axis=1)
    best = max(range(len(m)), key=m.__getitem__)
    return min((w for w, x in zip(widths, m) if w > widths[best] and x / m[best] < share),
               default=None)
""",
    ),
    Right(
        "sorted by argsort, the last of several that tie",
        """
import numpy as np

def too_wide(widths, returns, share=0.9):
    order = np.argsort(widths)
    w = widths[order]
    k = returns.shape[1] // 4
    m = np.sort(returns[order], axis=1)[:, k:returns.shape[1] - k].mean(axis=1)
    best = np.flatnonzero(m == m.max())[-1]
    after = np.flatnonzero(m[best + 1:] < share * m[best])
    return None if after.size == 0 else w[best + 1 + after[0]]
""",
    ),
]

ANSWERS = {
    "03.1": WRAPPER_ANSWERS,
    "03.2": NEXT_ANSWERS,
    "03.3": COMPARE_ANSWERS,
    "03.4": WIDE_ANSWERS,
}
