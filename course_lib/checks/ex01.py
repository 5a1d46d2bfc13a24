"""Checks of exercise 01: the return gap, its causes, and two repairs."""

import math

import gymnasium as gym
import numpy as np
from scipy.stats import trim_mean

from course_lib.checks.stand_ins import Curve, ScriptedEnv, StillEnv
from course_lib.teach.checking import Answer, number, numbers, part, require, safely


@part("01.1")
def return_gap(answer: Answer) -> None:
    """`answer(oracle, source, rng, resamples)` is (gap, low, high), by a paired bootstrap."""
    draw = np.random.default_rng(101)
    oracle = draw.normal(450, 40, size=12)
    shifted = numbers(
        answer(oracle, oracle - 30, np.random.default_rng(0), 500), (3,), "the result"
    )
    require(shifted[0] > 0, "the gap is negative although the oracle gets more; which minus which?")
    require(
        abs(shifted[0] - 30) < 1e-6,
        f"the oracle gets exactly 30 more on every seed, but the gap came out as {shifted[0]:.4g}",
    )
    require(
        np.allclose(shifted, 30),
        f"every pair differs by exactly 30, so low and high should be 30 too, not {shifted[1]:.4g} "
        f"and {shifted[2]:.4g}; resample pairs: the same seeds from both arrays",
    )

    source = oracle - draw.gamma(2.0, 20.0, size=12)
    source[3] -= 300  # one seed that failed
    difference = oracle - source
    results = [
        numbers(answer(oracle, source, np.random.default_rng(s), 4_000), (3,), "the result")
        for s in (1, 2, 3)
    ]
    gap, low, high = np.mean(results, axis=0)
    expected = trim_mean(difference, 0.25)
    require(
        not math.isclose(gap, difference.mean()),
        "the gap is the plain mean, which one failed seed moves far; use the interquartile mean",
    )
    require(
        not math.isclose(gap, np.median(difference)),
        "the gap is the median; use the interquartile mean, the mean of the middle half",
    )
    require(
        not math.isclose(gap, trim_mean(oracle, 0.25) - trim_mean(source, 0.25)),
        "the gap is a difference of two interquartile means; take the differences seed by seed "
        "first, then their interquartile mean",
    )
    require(
        math.isclose(gap, expected, rel_tol=1e-6),
        f"for 12 seeds the gap came out as {gap:.4g}, which is not the interquartile mean of the "
        "12 differences",
    )
    require(low <= gap <= high, f"the interval [{low:.4g}, {high:.4g}] does not hold the gap")

    resampled = draw.choice(difference, size=(100_000, 12))
    right_low, right_high = np.percentile(trim_mean(resampled, 0.25, axis=1), [2.5, 97.5])
    width, right_width = high - low, right_high - right_low
    require(
        width < 1.08 * right_width,
        f"the interval is {width / right_width:.2f} times as wide as it should be; it is about the "
        "interquartile mean of 12 resampled pairs, not about the spread of single seeds",
    )
    require(
        width > 0.92 * right_width,
        f"the interval is only {width / right_width:.2f} times as wide as it should be; a 95 % "
        "interval leaves 2.5 % out on each side, and a resample is as large as the sample",
    )
    off = max(abs(low - right_low), abs(high - right_high))
    require(
        off < 0.06 * right_width,
        "the interval has the right width but lies in the wrong place; take the percentiles of the "
        "resampled interquartile means",
    )
    again = answer(oracle, source, np.random.default_rng(1), 4_000)
    require(
        np.array_equal(results[0], again),
        "two generators with one seed give different results; draw only from rng",
    )
    require(
        not np.array_equal(results[0], results[1]),
        "generators with different seeds give the very same interval; draw from the given rng",
    )


@part("01.2")
def vary(answer: Answer) -> None:
    """`answer(returns_at, low, high, rng, variations)` is (sorted random values, mean returns)."""
    for low, high, slope, count in ((5.0, 25.0, 3.0, 50), (-2.0, 1.0, -7.0, 20)):
        curve = Curve(slope)
        values, returns = _two_arrays(answer(curve, low, high, np.random.default_rng(5), count))
        require(
            values.shape == (count,), f"asked for {count} variations, got {values.shape} values"
        )
        require(
            returns.shape == (count,),
            f"there should be one mean return per value, shape ({count},), not {returns.shape}",
        )
        require(
            low <= values.min() and values.max() <= high,
            f"values should lie between {low} and {high}; yours reach from {values.min():.3g} to "
            f"{values.max():.3g}",
        )
        require(
            len(np.unique(values)) == count,
            "the same value comes up again and again; draw a new one for each variation",
        )
        require(
            np.ptp(np.diff(np.sort(values))) > 1e-9,
            "the values stand at equal distances; draw them at random between low and high",
        )
        spread = np.ptp(values) / (high - low)
        require(spread > 0.7, f"the values cover only {spread:.0%} of the range; draw uniformly")
        require(bool(np.all(np.diff(values) > 0)), "sort the values, so that they can be plotted")
        expected = np.array([curve.mean(v) for v in values])
        require(
            not np.allclose(np.sort(returns), np.sort(expected)) or np.allclose(returns, expected),
            "the returns no longer belong to the values beside them; sort both in the same order",
        )
        require(
            np.allclose(returns, expected),
            f"at the value {values[0]:.3g} the episodes have mean {expected[0]:.4g}, but you "
            f"return {returns[0]:.4g}; take the mean over the episodes of returns_at(value)",
        )
    one, same, other = (
        _two_arrays(answer(Curve(1.0), 0.0, 1.0, np.random.default_rng(s), 10))[0]
        for s in (1, 1, 2)
    )
    require(np.array_equal(one, same), "one seed gives two results; draw only from the given rng")
    require(not np.array_equal(one, other), "another rng gives the same values; draw from rng")


def _two_arrays(result) -> tuple[np.ndarray, np.ndarray]:
    require(
        isinstance(result, tuple | list) and len(result) == 2,
        "return two arrays: the values and the mean returns",
    )
    return numbers(result[0], None, "the values"), numbers(result[1], None, "the mean returns")


@part("01.3")
def failing_deviation(answer: Answer) -> None:
    """`answer(values, returns, nominal, threshold)` is the smallest failing |value - nominal|."""
    values = np.array([4.0, 6.0, 9.0, 10.0, 11.0, 14.0, 20.0])
    safe = np.array([500.0, 490.0, 500.0, 500.0, 480.0, 500.0, 500.0])
    nothing = answer(values, safe, 10.0, 475.0)
    require(
        nothing is None,
        f"no return lies below the threshold, so the honest answer is None, not {nothing!r}",
    )
    above = safe.copy()
    above[[5, 6]] = 100.0
    got = answer(values, above, 10.0, 475.0)
    require(got is not None, "the policy fails at 14 and 20, but the result is None")
    got = number(got, "the deviation")
    require(got != 14.0, "14 is the value at which it fails; the deviation from 10 is wanted")
    require(got != 10.0, "20 fails too, but 14 is nearer to 10; the smallest deviation is wanted")
    require(got == 4.0, f"it fails at 14 and 20, nominal is 10: the deviation is not {got:g}")
    both = safe.copy()
    both[[0, 1, 6]] = 100.0
    got = number(answer(values, both, 10.0, 475.0), "the deviation")
    require(
        got >= 0,
        f"a deviation is a distance, so it has no sign; you returned {got:g}",
    )
    require(
        got == 4.0,
        f"it fails at 4, 6 and 20, nominal is 10; the nearest failure is not {got:g} away. Mind "
        "failures on both sides",
    )
    edge = safe.copy()
    edge[4] = 475.0
    require(
        answer(values, edge, 10.0, 475.0) is None,
        "a return equal to the threshold is not below it, so it is no failure",
    )
    shuffled = np.array([6, 2, 0, 5, 1, 3, 4])
    got = number(answer(values[shuffled], both[shuffled], 10.0, 475.0), "the deviation")
    require(
        got == 4.0, "with the same points in another order the answer changes; do not rely on it"
    )


@part("01.4")
def bisect(answer: Answer) -> None:
    """`answer(survives, good, bad, tolerance)` locates the boundary in few trials."""
    for good, bad, boundary, tolerance in (
        (0.5, 2.0, 0.83, 0.01), (10.0, 0.0, 3.217, 0.001), (-1.0, 7.0, 6.99, 0.05),
    ):  # fmt: skip
        asked = []

        def survives(value, good=good, boundary=boundary, asked=asked):
            asked.append(number(value, "the value at which you call survives"))
            return value < boundary if good < boundary else value > boundary

        where = f"good={good:g}, bad={bad:g} and the boundary at {boundary:g}"
        got = number(answer(survives, good, bad, tolerance), "the boundary")
        require(
            abs(got - boundary) <= tolerance,
            f"with {where}, you return {got:.5g}, which is off by more than the tolerance "
            f"{tolerance:g}",
        )
        outside = [v for v in asked if not min(good, bad) <= v <= max(good, bad)]
        require(not outside, f"with {where}, you tried {outside[:1]}, which is not between the two")
        allowed = math.ceil(math.log2(abs(bad - good) / tolerance)) + 4
        require(
            len(asked) <= allowed,
            f"with {where}, you needed {len(asked)} trials where {allowed} are enough; each trial "
            "should halve the interval",
        )
    for good, bad, verdict, what in (
        (0.0, 1.0, True, "survives at `bad` as well"),
        (0.0, 1.0, False, "fails at `good` already"),
    ):
        require(
            _refuses(answer, lambda value, verdict=verdict: verdict, good, bad),
            f"when the policy {what}, there is no boundary between the two: raise a ValueError",
        )


def _refuses(answer: Answer, survives, good: float, bad: float) -> bool:
    """Whether the learner's bisection raises ValueError."""
    refused = False
    with safely("called without a boundary between good and bad"):
        try:
            answer.function(survives, good, bad, 0.01)
        except ValueError:
            refused = True
    return refused


@part("01.5")
def run_episodes(answer: Answer) -> None:
    """`answer(env, policy, episodes, max_steps)` is a list of returns, and always ends."""

    def policy(observation):
        return int(np.asarray(observation).item()) % 2

    scripts = {
        "an episode that terminates": [(3, "terminated"), (7, "terminated")],
        "an episode that is truncated": [(4, "truncated"), (9, "truncated")],
        "an episode that never ends by itself": [(0, "never")],
        "a mixture of endings": [(30, "terminated"), (2, "truncated"), (0, "never")],
    }
    for what, ends in scripts.items():
        env, most = ScriptedEnv(ends), 25
        with safely(f"run on {what}"):
            result = answer.function(env, policy, 6, most)
        require(not env.problem, f"on {what}: {env.problem}")
        lengths = [most if how == "never" else min(last, most) for last, how in (ends * 6)[:6]]
        returns = numbers(result, (6,), "the list of returns of 6 episodes")
        require(
            np.allclose(returns, 0.5 * np.array(lengths)),
            f"on {what}: with max_steps=25 and a reward of 0.5 per step, six episodes of "
            f"{lengths} steps do not have the returns {np.round(returns, 1).tolist()}",
        )
        require(
            env.steps == sum(lengths),
            f"on {what}: {sum(lengths)} steps are due in all, you took {env.steps}",
        )


@part("01.6")
def sensor_noise(answer: Answer) -> None:
    """`answer(env, std)` is a wrapper with repeatable noise, from the first reading on."""

    def readings(seed: int | None, std: float = 0.2, count: int = 400):
        with safely(f"made with std={std:g}, reset with seed={seed} and stepped"):
            env = StillEnv()
            wrapped = answer.function(env, std)
            kind = isinstance(wrapped, gym.Wrapper)
            first = wrapped.reset(seed=seed)
            later = [wrapped.step(0) for _ in range(count)]
            ended = wrapped.step(1)
        require(kind, "it should be a gymnasium.Wrapper, or a class derived from one")
        require(
            isinstance(first, tuple) and len(first) == 2 and len(ended) == 5,
            "reset should return 2 things and step 5, as in Gymnasium",
        )
        require(
            ended[1:4] == (1.0, False, True) and ended[4] == {"step": True},
            "reward, terminated, truncated and info should pass through as they are",
        )
        require(first[1] == {"start": True}, "the info that reset returns should pass through")
        truth = StillEnv().state
        require(
            np.array_equal(env.state, truth),
            "it changes the environment's own state; add the noise to a new array",
        )
        observed = np.array([first[0]] + [s[0] for s in later], dtype=float)
        require(observed.shape == (count + 1, 4), "a reading should keep its shape (4,)")
        require(
            np.asarray(first[0]).dtype == np.float32
            and np.asarray(later[0][0]).dtype == np.float32,
            "a reading should keep its type float32: a float64 is outside the observation space",
        )
        return observed - truth

    noise = readings(seed=1)
    require(bool(np.any(noise[1:] != 0)), "readings after a step carry no noise")
    require(bool(np.any(noise[0] != 0)), "the first reading, from reset, carries no noise")
    require(
        not np.allclose(noise[1], noise[2]),
        "the noise is the same at each step; draw it anew every time",
    )
    require(
        bool(np.all(np.std(noise[1:], axis=1).mean() > 0.05)),
        "all four readings get the same noise; draw one number for each",
    )
    measured = noise[1:].std()
    require(
        0.9 < measured / 0.2 < 1.1,
        f"with std=0.2 the noise has a standard deviation of {measured:.3g}",
    )
    require(abs(noise[1:].mean()) < 0.03, "the noise has a mean other than zero")
    require(
        np.array_equal(noise, readings(seed=1)),
        "two runs after reset(seed=1) differ; draw from a generator that reset seeds",
    )
    require(
        not np.array_equal(noise, readings(seed=2)),
        "reset(seed=1) and reset(seed=2) give the same noise; the seed should decide it",
    )
    require(
        _goes_on(answer),
        "a second reset without a seed repeats the noise of the first; seed only when told to",
    )


def _goes_on(answer: Answer) -> bool:
    """Whether an unseeded reset continues the stream of noise instead of starting it again."""
    with safely("reset a second time, without a seed"):
        wrapped = answer.function(StillEnv(), 0.2)
        first, _ = wrapped.reset(seed=1)
        first = np.array(first)
        second, _ = wrapped.reset()
    return not np.array_equal(first, second)
