"""Checks of exercise 03: drawn physics, widths that move, a fair comparison, and too wide."""

import copy
import math
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv
from scipy.stats import norm, t, trim_mean

from course_lib.teach.checking import Answer, brief, number, numbers, part, require, safely

RANGES = {"masscart": (1.5, 4.5), "length": (1, 2.75), "force_mag": (6, 14), "masspole": (1, 2)}
NOMINAL = {"masscart": 1.0, "length": 0.5, "force_mag": 10.0, "masspole": 0.1, "gravity": 9.8}


def _refuse(*mistakes: tuple[bool, str]) -> None:
    """Refuse with the hint of the first mistake that was made."""
    for made, hint in mistakes:
        require(not made, hint)


class _Cart(CartPoleEnv):
    """Gymnasium's CartPole; notes how it is reset, and its generator as the reset leaves it."""

    def __init__(self):
        super().__init__()
        super().reset(seed=99)
        self.asked, self.left, self.seen = [], copy.deepcopy(self.np_random), np.zeros(4)

    def reset(self, *, seed=None, options=None):
        observation, _ = super().reset(seed=seed, options=options)
        self.asked.append((seed, options))
        self.left, self.seen = copy.deepcopy(self.np_random), observation.copy()
        return observation, {"start": len(self.asked)}


class _Between(gym.Wrapper):
    """A wrapper between the cart and the answer's; counts its resets."""

    resets = 0

    def reset(self, *, seed=None, options=None):
        self.resets += 1
        return self.env.reset(seed=seed, options=options)


class _World:
    """An answer's wrapper around a cart that notes what happens to it."""

    def __init__(self, answer: Answer, ranges: dict):
        self.ranges, self.given, self.cart = ranges, copy.deepcopy(ranges), _Cart()
        self.between = _Between(self.cart)
        with safely("called with a cart and ranges"):
            self.wrapper = answer.function(self.between, self.given)
        derived = isinstance(self.wrapper, gym.Wrapper)
        require(derived, f"{brief(self.wrapper)} is not a gym.Wrapper; derive the class from it")
        self.drew_at_once = self.values() != [NOMINAL[name] for name in ranges]

    def values(self) -> list:
        """What the cart has under each name in the ranges."""
        return [getattr(self.cart, name) for name in self.ranges]

    def reset(self, **asked) -> SimpleNamespace:
        """Reset the wrapper and look: the values it got, those due, those of a draw before it."""
        call = f"reset({', '.join(f'{name}={value}' for name, value in asked.items())})"
        before, count = copy.deepcopy(self.cart.np_random), self.between.resets
        with safely(f"{call} was called"):
            result = self.wrapper.reset(**asked)
        times, cart = self.between.resets - count, self.cart
        seed, options = (cart.asked or [(None, None)])[-1]
        pair = isinstance(result, tuple) and len(result) == 2
        observation, info = result if pair else (None, None)
        _refuse(
            (result is None, "reset gives None; does it end with return?"),
            (not pair, f"reset gives {brief(result)}; every Gymnasium reset gives a pair"),
            (times == 0 < len(cart.asked), "the cart is reset past the wrapper around it"),
            (times != 1, f"at one reset, the wrapped environment is reset {times} times, not 1"),
            (seed != asked.get("seed"), f"{call} reached the cart with seed={seed}"),
            (options != asked.get("options"), f"{call} reached the cart with options={options}"),
            (not np.array_equal(observation, cart.seen),
             f"{call} gives an observation that is not the one of the wrapped reset"),
            (not isinstance(info, dict) or info.get("start") != len(cart.asked),
             f"{call} gives an info that is not the one of the wrapped reset"),
            (self.given != self.ranges or list(self.given) != list(self.ranges),
             "it changes the dict of ranges; whoever gave it to you may need it again"),
        )  # fmt: skip
        draws = (before, copy.deepcopy(cart.left))
        early, due = ([g.uniform(*ends) for ends in self.ranges.values()] for g in draws)
        got = [float(number(v, n)) for n, v in zip(self.ranges, self.values(), strict=True)]
        return SimpleNamespace(got=np.array(got), due=np.array(due), early=early)


@part("03.1")
def randomized(answer: Answer) -> None:
    """`answer(env, ranges)` is a wrapper that draws the cart's physics at each reset."""
    world = _World(answer, RANGES)
    looks = [world.reset(seed=7), world.reset(), world.reset()]
    _check_drawn(world, np.array([look.got for look in looks]))
    _check_derived(world)
    again, other = world.reset(seed=7), world.reset(seed=8)
    repeats = np.array_equal(again.got, looks[0].got)
    for look in (*looks, again, other):
        _check_uniform(look, repeats)
    world.reset(options={"low": -0.01, "high": 0.01})
    kept = world.values()
    with safely("step was called after reset"):
        for action in (0, 1, 1):
            world.wrapper.step(action)
    require(world.values() == kept, "the physics change within an episode; leave the steps alone")
    gravity, heavy = _World(answer, {"gravity": (5.0, 15.0)}), _World(answer, {"masspole": (2, 3)})
    for world in (gravity, heavy, gravity, heavy):
        look, name = world.reset(seed=3), next(iter(world.ranges))
        right = np.allclose(look.got, look.due)
        require(right, f"of two wrappers, the one for {name} does not draw from its own ranges")
        _check_derived(world)


def _check_drawn(world: _World, values: np.ndarray) -> None:
    """Every quantity of the cart itself is drawn anew at each of three resets."""
    mine = vars(world.wrapper) | vars(world.between)
    for i, name in enumerate(RANGES):
        still = (values[:, i] == NOMINAL[name]).all()
        hint = "it is a wrapper that got one" if name in mine else "it is what it always was"
        require(not still, f"three resets did not change the cart's {name}; {hint}")
    same = (values == values[0]).all()
    _refuse(
        (same and world.drew_at_once, "the physics are drawn when the wrapper is built, and kept"),
        (same, "three resets give the same cart; each one needs a draw of its own"),
        ((values[1] == values[2]).all(), "two resets without a seed give the same cart"),
    )


def _check_uniform(look: SimpleNamespace, repeats: bool) -> None:
    """The draws are those that the cart's own generator gives, in the order of the ranges."""
    low, high = np.transpose(list(RANGES.values()))
    got, due, share = look.got, look.due, (look.got - low) / (high - low)
    right = np.allclose(got, due)
    shuffled = np.allclose(np.sort(share), np.sort((due - low) / (high - low)))
    _refuse(
        (np.allclose(got, np.round(got)), "every value is whole; nothing in between is drawn"),
        (not right and np.allclose(got, low + high - due),
         "a draw that should be close to the low end is as close to the high end; which is which?"),
        (np.ptp(share) < 1e-9,
         "all quantities are equally far up in their ranges; each needs a number of its own"),
        (not right and np.allclose(got, look.early),
         "the physics are drawn before the reset, so a seed comes too late for them"),
        (((got < low) | (got > high)).any(),
         f"{got.round(2).tolist()} is not within {list(RANGES.values())}"),
        (not right and shuffled, f"the draws come in another order than the names {list(RANGES)}"),
        (not right and not repeats,
         "reset(seed=7) gives one cart the first time and another the second; who draws them?"),
        (not right, "the values lie in the ranges, but are not the next uniform draws of the "
         "generator that the cart has after its reset; where do they come from?"),
    )  # fmt: skip


def _check_derived(world: _World) -> None:
    """The constants that CartPoleEnv derives belong to the newest draw."""
    cart, nominal = world.cart, (1.1, 0.05)
    total, moment = cart.masscart + cart.masspole, cart.masspole * cart.length
    values = f"{cart.masscart:.3g}, {cart.masspole:.3g} and {cart.length:.3g}"
    for name, due in (("total_mass", total), ("polemass_length", moment)):
        got = number(getattr(cart, name), name)
        hint = (
            "the nominal cart had that" if np.isclose(got, nominal).any() else "is it up to date?"
        )
        after = f"a reset left masscart, masspole and length at {values}, but {name} at {got:.3g}; "
        require(math.isclose(got, due, rel_tol=1e-9), after + hint)


def _moved(answer: Answer, widths: list, success: list, **settings) -> np.ndarray:
    """The widths that the answer gives."""
    got = answer(np.array(widths), np.array(success), **settings)
    require(isinstance(got, np.ndarray), f"return an array, not {brief(got)}")
    return numbers(got, (len(widths),), "the new widths")


@part("03.2")
def next_widths(answer: Answer) -> None:
    """`answer(widths, success, ...)` moves each width by its own success."""
    widths, success = [0.5, 0.6, 0.7, 0.45, 0.65, 0.55], [1.0, 0.6, 0.35, 1.0, 0.95, 1.0]
    start, signs = np.array(widths), np.array([1, 0, -1, 1, 1, 1])
    got = _moved(answer, widths, success)
    moves, times = got - start, got / start
    gave = f"{widths} with success {success} gave {got.round(3).tolist()}; "
    _refuse(
        (np.allclose(moves, 0), gave + "nothing moved"),
        (np.allclose(moves, -0.1 * signs), gave + "much success should move an end outward"),
        (np.ptp(moves) < 1e-9, gave + "all ends moved alike; each goes by its own success"),
        (np.allclose(moves[signs >= 0], 0), gave + "no end widened"),
        (np.allclose(moves[signs <= 0], 0), gave + "no end narrowed"),
        (np.ptp(times[signs > 0]) < 1e-9, gave + "a step adds the same to a narrow and a wide end"),
        (np.ptp(got[signs > 0]) < 1e-9, gave + "where did the old widths go?"),
        (abs(moves[1]) > 1e-9, gave + "the second, with success 0.6, should stay"),
        (not np.allclose(moves, 0.1 * signs), gave + "the moves are of another size than step"),
    )
    for start, success, due, hint, settings in (
        (0.5, 0.8, 0.5, "it is exactly widen_above, and the comparison is strict", {}),
        (0.5, 0.4, 0.5, "it is exactly narrow_below, and the comparison is strict", {}),
        (0.95, 0.9, 1.0, "a move ends at 1, neither beyond nor before it", {}),
        (0.3, 0.1, 0.25, "a move ends at narrowest, neither beyond nor before it", {}),
        (0.1, 0.6, 0.25, "a width that does not move is clipped as well", {}),
        (0.2, 0.9, 0.3, "the clip comes after the move, not before it", {}),
        (0.5, 0.9, 0.53, "does step count?", {"step": 0.03}),
        (0.5, 0.1, 0.47, "does step count?", {"step": 0.03}),
        (0.5, 0.6, 0.6, "does widen_above count?", {"widen_above": 0.55}),
        (0.5, 0.6, 0.4, "does narrow_below count?", {"narrow_below": 0.7}),
        (0.5, 0.1, 0.45, "does narrowest count?", {"narrowest": 0.45}),
        (0.15, 0.1, 0.05, "does narrowest count?", {"narrowest": 0.0}),
    ):
        got = _moved(answer, [start], [success], **settings)[0]
        named = "".join(f" and {name}={value}" for name, value in settings.items())
        became = f"a width of {start} with success {success}{named} became {got:.4g}; {hint}"
        require(math.isclose(got, due), became)
    given = np.array([0.5, 0.4])
    with safely("called where nothing moves"):
        got = answer.function(given, np.array([0.6, 0.6]))
    aliased = "what comes back is the array that was given, and changing one would change both"
    require(not np.shares_memory(got, given), aliased)


def _check_refusal(answer: Answer, what: str, *arguments: np.ndarray) -> None:
    """The answer raises a ValueError of its own, with a message."""
    cannot, error = f"{what} cannot be compared: raise a ValueError", None
    with safely(f"called with {what}"):
        try:
            answer.function(*arguments)
        except Exception as raised:
            error = raised
    _refuse(
        (error is None, cannot),
        (not isinstance(error, ValueError), f"{cannot}, not {type(error).__name__}"),
        (str(error) == "", f"{what}: the ValueError should say what is wrong"),
        ("could not be broadcast" in str(error), f"{what}: NumPy stumbles; {cannot} before"),
    )


@part("03.3")
def compare(answer: Answer) -> None:
    """`answer(adaptive, fixed, confidence)` is a paired t interval over seeds."""
    draw = np.random.default_rng(303)
    for (seeds, rigs), confidence in (((6, 4), None), ((3, 9), None), ((5, 5), 0.8), ((2, 1), 0.9)):
        common = 300 + draw.normal(0, 60, (seeds, 1)) + draw.normal(0, 40, rigs)
        fixed = common + draw.normal(0, 10, (seeds, rigs))
        adaptive = common + 50 + draw.normal(0, 20, (seeds, 1)) + draw.normal(0, 10, (seeds, rigs))
        settings = {} if confidence is None else {"confidence": confidence}
        result = answer(adaptive, fixed, **settings)
        got = numbers(result, (3,), "the result (difference, low, high)")
        _check_comparison(got, adaptive, fixed, confidence or 0.95)
    many = np.zeros((4, 3))
    _check_refusal(answer, "shapes (4, 3) and (1, 3), which broadcast,", many, many[:1])
    _check_refusal(answer, "shapes (4, 3) and (4, 2), unlike in rigs,", many, many[:, :2])
    _check_refusal(answer, "shapes (4, 3) and (3, 3), unlike in seeds,", many, many[:3])
    _check_refusal(answer, "a single seed on three rigs", many[:1], many[:1] + 1)
    _check_refusal(answer, "no seed at all", many[:0], many[:0])


def _check_comparison(got: np.ndarray, a: np.ndarray, b: np.ndarray, confidence: float) -> None:
    """`got` is (difference, low, high) of a - b over seeds; if not, look for the mistake."""
    (n, rigs), table, d = a.shape, a - b, (a - b).mean(axis=1)
    mean, spread, root = d.mean(), d.std(ddof=1), math.sqrt(n)
    where = f"for {n} seeds on {rigs} rigs at confidence {confidence:g}, "
    off = f"{where}the difference is {mean:.4g}, not {got[0]:.4g}; "
    right = math.isclose(got[0], mean)
    _refuse(
        (math.isclose(got[0], -mean), off + "it is positive where adaptive gets more"),
        (not right and mean in got[1:], off + "it stands in another place"),
        (not right, off + "it is the plain mean of one number per seed"),
        (got[1] >= got[2], f"{where}low = {got[1]:.4g} is not less than high = {got[2]:.4g}"),
        (not math.isclose(got[2] - mean, mean - got[1], rel_tol=1e-6),
         f"{where}low and high should be equally far from the difference"),
    )  # fmt: skip
    half, tail = got[2] - mean, (1 + confidence) / 2
    due = t.ppf(tail, n - 1) * spread / root
    if math.isclose(half, due, rel_tol=1e-5):
        return
    u, v = (method.mean(axis=1).var(ddof=1) for method in (a, b))
    welch = (n - 1) * (u + v) ** 2 / (u**2 + v**2)
    over_rigs = table.mean(axis=0).std(ddof=min(1, rigs - 1)) / math.sqrt(rigs)
    apart, pairs = math.sqrt((u + v) / n), "two groups are taken apart; the seeds come in pairs"
    mistakes = (
        (t.ppf(tail, table.size - 1) * table.std(ddof=1) / math.sqrt(table.size),
         "every rig counts as a training of its own; how many trainings were there?"),
        (due / spread * table.std(ddof=1), "s is the spread of one number per seed"),
        (t.ppf(tail, max(rigs - 1, 1)) * over_rigs,
         "this is an interval over rigs; what could have come out otherwise is the training"),
        (t.ppf(tail, welch) * apart, pairs),
        (t.ppf(tail, 2 * n - 2) * apart, pairs),
        (due / spread * d.std(), "a spread estimated from a sample divides by n - 1"),
        (norm.ppf(tail) * spread / root, "a normal distribution is too sure of so few seeds"),
        (t.ppf(confidence, n - 1) * spread / root, "all that is left out lies on one side"),
        (t.ppf(0.975, n - 1) * spread / root, "it is one of 95 %, whatever was asked for"),
        (t.ppf(tail, n) * spread / root, "one degree of freedom went into the mean"),
        (due * root, "single seeds scatter like this; their mean is known better"),
        (due / root, "the error of a mean falls with the root of n"),
        (spread / root, "this is one standard error to each side, without a quantile"),
        (due * spread, "s is a standard deviation, not a variance"),
        (due / 2, "all of it goes to each side, not half"),
        (half, "go through its parts: s, the root of n, the quantile"),
    )  # fmt: skip
    hint = next(hint for value, hint in mistakes if math.isclose(half, value, rel_tol=1e-4))
    require(False, f"{where}± {half:.4g} is too {'narrow' if half < due else 'wide'}; {hint}")


@part("03.4")
def too_wide(answer: Answer) -> None:
    """`answer(widths, returns, share)` is where returns fall beyond the best width."""
    for widths, middles, share, due, hint in (
        ([1, 2, 3, 4], [480, 500, 470, 300], None, 4, "give back a width"),
        ([1, 2, 3, 4], [100, 200, 500, 300], None, 4, "a width below the best is too narrow"),
        ([4, 3, 1, 2], [300, 400, 470, 500], None, 3, "the widths come in any order"),
        ([1, 2, 3], [100, 300, 500], None, None, "the widest is the best"),
        ([1, 2, 3], [480, 500, 470], None, None, "beyond the best, all are nearly as good"),
        ([1, 2, 3, 4], [500, 460, 425, 395], None, 3, "each is held against the best"),
        ([1, 2, 3, 4], [500, 400, 300, 200], 0.5, 4, "share=0.5 was asked for"),
        ([3, 1, 2], [250, 470, 500], 0.5, None, "exactly the share is not below it"),
        ([1, 2, 3, 4, 5], [500, 400, 490, 300, 100], None, 2, "the smallest one counts"),
        ([1, 2, 3, 4], [500, 490, 460, 200], 0.95, 3, "share=0.95 was asked for"),
        ([7], [321], None, None, "there is only one width"),
        ([2, 1, 3, 4], [20, 10, 19, 17.5], None, 4, "returns may be small as well"),
    ):
        settings = {} if share is None else {"share": share}
        _check_width(answer, widths, middles, np.zeros((len(widths), 8)), settings, due, hint)
    # One seed fails, another is lucky. Then the middle half reaches to one side of the median.
    failed, skew = np.zeros((2, 3, 8))
    failed[1:, 0], skew[1] = [-380, 90], [0, 0, 0, 0, 0, 80, 90, 95]
    hint = "one seed that failed, or was lucky, should not decide"
    _check_width(answer, [1, 2, 3], [500, 470, 400], failed, {}, 3, hint)
    hint = "a median keeps only one or two of the seeds"
    _check_width(answer, [1, 2, 3], [500, 445, 300], skew, {}, 3, hint)


def _check_width(answer, widths, middles, spread, settings, due, hint) -> None:
    """The answer finds `due` for seeds that lie by `spread` (k, seeds) around `middles` (k,)."""
    returns = np.array(middles, dtype=float)[:, None] + spread
    got = answer(np.array(widths, dtype=float), returns, **settings)
    iqm = trim_mean(returns, 0.25, axis=1).tolist()
    case = f"for widths {widths} with interquartile means {iqm} "
    if due is None or got is None:
        require(got is due, f"{case}{brief(np.asarray(got).tolist())} came back; {hint}")
        return
    got, best = number(got, "the width"), widths[int(np.argmax(iqm))]
    if got not in widths:
        hint = "that is not one of the widths"
    elif got <= best:
        hint = "that is the best one itself" if got == best else "below the best is too narrow"
    require(got == due, f"{case}{got:g} came back; {hint}")
