"""Checks of exercise 01: the return gap, and where it comes from; `ex01_repairs` has the rest."""

import math

import numpy as np
from scipy.stats import kstest, trim_mean

from course_lib.checks import ex01_repairs  # noqa: F401  registers 01.5 and 01.6
from course_lib.checks.stand_ins import Boundary, Curve
from course_lib.teach.checking import (
    Answer,
    CheckFailed,
    brief,
    number,
    numbers,
    part,
    require,
    safely,
)


@part("01.1")
def return_gap(answer: Answer) -> None:
    """`answer(oracle, source, rng, resamples)` is (gap, low, high), by a paired bootstrap."""
    draw = np.random.default_rng(101)
    oracle = draw.normal(450, 40, size=12)
    gap, low, high = _gap(answer, oracle, oracle - 30, 0, 500)
    require(gap > 0, "the gap is negative although the oracle gets more; which minus which?")
    require(
        abs(gap - 30) < 1e-6,
        f"the oracle gets exactly 30 more on every seed, but the gap came out as {gap:.4g}",
    )
    require(
        np.allclose([low, high], 30),
        f"every pair differs by exactly 30, so low and high should be 30 too, not {low:.4g} "
        f"and {high:.4g}; resample pairs: the same seeds from both arrays",
    )

    source = oracle + 25 - draw.gamma(2.0, 20.0, size=12)  # better than the oracle on some seeds
    source[3] -= 300  # one seed that failed
    difference = oracle - source
    expected = _iqm(difference)
    gap, *interval = _gap(answer, oracle, source, 1, 200)
    for mistaken, hint in (
        (difference.mean(), "the plain mean, which one failed seed moves far"),
        (np.median(difference), "the median, which keeps one or two seeds only"),
        (
            _iqm(oracle) - _iqm(source),
            "a difference of two interquartile means; take the differences seed by seed first",
        ),
        (
            _iqm(abs(difference)),
            "that of the sizes of the differences; a seed on which the source is better counts "
            "as negative",
        ),
    ):
        right = not math.isclose(gap, mistaken)
        require(right, f"the gap should be an interquartile mean; yours is {hint}")
    require(
        math.isclose(gap, expected) or not any(math.isclose(end, expected) for end in interval),
        "the interquartile mean is there, but in another place; return the gap first, then low "
        "and high",
    )
    require(
        math.isclose(gap, expected, rel_tol=1e-6),
        f"for 12 seeds the gap came out as {gap:.4g}, which is not the interquartile mean of the "
        "12 differences: the mean of the middle half, once they are sorted",
    )
    _check_interval(answer)
    one, again, other = (_gap(answer, oracle, source, seed, 200) for seed in (1, 1, 2))
    require(
        np.array_equal(one, again),
        "two generators with one seed give different results; draw only from rng",
    )
    require(
        not np.array_equal(one, other),
        "generators with different seeds give the very same interval; draw from the given rng",
    )
    _, low, high = _gap(answer, oracle, source, 1, 1)
    require(low == high, "with resamples=1 low and high should be the same; draw as many as asked")


def _gap(answer: Answer, oracle, source, seed: int, resamples: int) -> np.ndarray:
    result = answer(oracle, source, np.random.default_rng(seed), resamples)
    return numbers(result, (3,), "the result (gap, low, high)")


def _check_interval(answer: Answer) -> None:
    # Such that right answers differ by 1 % of the width, and wrong ones from them by 3 % or more.
    difference = np.array([-11.0, 14.0, 21.0, 21.0, 24.0, 93.0])
    source = np.array([430.0, 377.0, 455.0, 402.0, 391.0, 440.0])
    results = [_gap(answer, source + difference, source, seed, 4_000) for seed in range(1, 7)]
    gap, low, high = np.mean(results, axis=0)
    require(
        not math.isclose(low, high),
        "low and high are the same number although the seeds differ; draw every resample anew, "
        "and with replacement",
    )
    require(low < high, f"low, {low:.4g}, is greater than high, {high:.4g}")
    require(
        low <= gap <= high,
        f"the interval from {low:.4g} to {high:.4g} does not hold the gap, {gap:.4g}; its ends "
        "are percentiles, in percent, of the resampled interquartile means",
    )
    draw = np.random.default_rng(0)

    def ends(size=6, of=difference, statistic=_iqm, percent=(2.5, 97.5)) -> np.ndarray:
        return np.percentile(statistic(draw.choice(of, size=(50_000, size)), axis=1), percent)

    right = ends()
    width = np.ptp(right)

    def distance(other) -> float:
        return np.max(np.abs(np.subtract([low, high], other))) / width

    if distance(right) < 0.025:
        return
    size_hint = "each resample should have as many pairs as there are seeds"
    seed_hint = "one seed is never drawn; mind where the indices begin and end"
    for other, hint in (
        (ends(percent=(5, 95)), "it is one of 90 %; 95 % leaves 2.5 % out on each side"),
        (ends(statistic=np.mean), "take the interquartile mean of each resample, not its mean"),
        (ends(size=5), size_hint + ", not one less"),
        (ends(size=7), size_hint + ", not one more"),
        (ends(of=difference[:-1]), seed_hint),
        (ends(of=difference[1:]), seed_hint),
    ):
        require(distance(other) > 0.015, f"the interval is not right: {hint}")
    times = (high - low) / width
    require(
        times < 1.5,
        f"the interval is {times:.2f} times as wide as it should be; it is about the interquartile "
        "mean of 6 resampled pairs, not about the spread of single seeds",
    )
    raise CheckFailed(
        f"the interval is {times:.2f} times as wide as it should be, or lies in the wrong place; "
        "its ends are percentiles of the resampled interquartile means themselves"
    )


def _iqm(values: np.ndarray, axis: int = -1) -> np.ndarray:
    return trim_mean(values, 0.25, axis=axis)


@part("01.2")
def vary(answer: Answer) -> None:
    """`answer(returns_at, low, high, rng, variations)` is (sorted random values, mean returns)."""
    for low, high, slope, count in ((5.0, 25.0, 3.0, 50), (-2.0, 1.0, -7.0, 20)):
        curve = Curve(slope)
        values, returns = _two_arrays(answer(curve, low, high, np.random.default_rng(5), count))
        require(
            values.shape == (count,),
            f"asked for {count} variations, you return values of shape {values.shape}",
        )
        require(
            returns.shape == (count,),
            f"there should be one mean return per value, shape ({count},), not {returns.shape}",
        )
        inside = low <= values.min() and values.max() <= high
        require(
            inside or not (low <= returns.min() and returns.max() <= high),
            "the values come first and the mean returns second; yours are the other way round",
        )
        require(
            inside,
            f"values should lie between {low} and {high}; yours reach from {values.min():.3g} to "
            f"{values.max():.3g}",
        )
        require(
            not np.array_equal(values, np.round(values)),
            "all values are whole numbers; any number between low and high should be possible",
        )
        require(
            len(np.unique(values)) == count,
            "the same value comes up again and again; draw a new one for each variation",
        )
        steps = np.diff(values)
        require(
            np.ptp(np.diff(np.sort(values))) > 1e-9,
            "the values stand at equal distances; draw them at random between low and high",
        )
        require(not np.all(steps < 0), "the values descend; sort them in ascending order")
        require(bool(np.all(steps > 0)), "sort the values, so that they can be plotted")
        _check_means(values, returns, curve)
    values, _ = _two_arrays(answer(Curve(1.0), 5.0, 25.0, np.random.default_rng(6), 1_000))
    require(
        kstest(values, "uniform", (5.0, 20.0)).statistic < 0.085,  # by chance once in a million
        "between low and high some values come up more often than others; draw uniformly",
    )
    one, same, other = (
        _two_arrays(answer(Curve(1.0), 0.0, 1.0, np.random.default_rng(s), 10))[0]
        for s in (1, 1, 2)
    )
    require(np.array_equal(one, same), "one seed gives two results; draw only from the given rng")
    require(not np.array_equal(one, other), "another rng gives the same values; draw from rng")


def _two_arrays(result) -> tuple[np.ndarray, np.ndarray]:
    require(
        isinstance(result, tuple | list | np.ndarray) and len(result) == 2,
        f"return two arrays, the values and the mean returns, not {brief(result)}",
    )
    return numbers(result[0], None, "the values"), numbers(result[1], None, "the mean returns")


def _check_means(values: np.ndarray, returns: np.ndarray, curve: Curve) -> None:
    expected = np.array([curve.mean(v) for v in values])
    require(
        not np.allclose(np.sort(returns), np.sort(expected)) or np.allclose(returns, expected),
        "the returns no longer belong to the values beside them; sort both in the same order",
    )
    spread = np.sort(curve.EPISODES)
    for mistaken, what in (
        (expected + np.median(spread), "the median of the episodes, not their mean"),
        (5 * expected, "the sum over the episodes, not their mean"),
        (expected + curve.EPISODES[0], "one episode only, not the mean over all"),
        (expected + spread[-1], "the best episode, not the mean over all"),
    ):
        require(not np.allclose(returns, mistaken), f"what you return at each value is {what}")
    require(
        np.allclose(returns, expected),
        f"at the value {values[-1]:.3g} the episodes have mean {expected[-1]:.4g}, but you "
        f"return {returns[-1]:.4g}; take the mean over the episodes of returns_at(value)",
    )


@part("01.3")
def failing_deviation(answer: Answer) -> None:
    """`answer(values, returns, nominal, threshold)` is the smallest failing |value - nominal|."""
    values = np.array([4.0, 6.0, 9.0, 10.0, 11.0, 14.0, 20.0])

    def returns(failing: set[float], bad: float = 100.0) -> np.ndarray:
        return np.array([bad if v in failing else 480.0 + v for v in values])

    with safely("no return lies below the threshold"):
        nothing = answer.function(values, returns(set()), 10.0, 475.0)
    require(
        nothing is None,
        f"no return lies below the threshold, so the honest answer is None, not {brief(nothing)}",
    )
    for failing, nominal, hints in (
        ({14.0, 20.0}, 10.0, {
            14.0: "14 is the value at which it fails; the deviation from 10 is wanted",
            10.0: "20 fails too, but 14 is nearer to 10; the smallest deviation is wanted",
        }),
        ({4.0, 6.0, 20.0}, 10.0, {
            10.0: "it fails at 4 and 6 as well as at 20; failures below the nominal count too",
            6.0: "4 fails first in the list, but 6 is nearer to 10; look at all failures",
        }),
        ({10.0}, 10.0, {}),
        ({20.0}, 11.0, {10.0: "nominal is 11 now, and 20 alone fails; use the argument nominal"}),
    ):  # fmt: skip
        listed = " and ".join(f"{value:g}" for value in sorted(failing))
        where = f"it fails at {listed}, nominal is {nominal:g}"
        expected = min(abs(v - nominal) for v in failing)
        got = answer(values, returns(failing), nominal, 475.0)
        require(
            got is not None or expected > 0,
            "where it fails at the nominal value itself the deviation is 0, and 0 is not None",
        )
        require(got is not None, f"{where}, but None came back; is something returned?")
        got = number(got, "the deviation")
        require(got not in hints, hints.get(got, ""))
        require(got >= 0, f"a deviation is a distance and has no sign; you returned {got:g}")
        require(got == expected, f"{where}: the deviation is not {got:g}")
    edge = returns(set())
    edge[4] = 475.0
    require(
        answer(values, edge, 10.0, 475.0) is None,
        "a return equal to the threshold is not below it, so it is no failure",
    )
    require(
        answer(values, returns({14.0}, 400.0), 10.0, 300.0) is None,
        "with a threshold of 300 a return of 400 is no failure; use the argument threshold",
    )
    order = np.array([6, 2, 0, 5, 1, 3, 4])
    got = answer(values[order], returns({4.0, 6.0, 20.0})[order], 10.0, 475.0)
    require(
        got == 4.0, "with the same points in another order the answer changes; do not rely on it"
    )


@part("01.4")
def bisect(answer: Answer) -> None:
    """`answer(survives, good, bad, tolerance)` locates the boundary in few trials."""
    for good, bad, boundary, tolerance in (
        (0.5, 2.0, 0.83, 0.0005), (10.0, 0.0, 3.217, 0.001), (-1.0, 7.0, 6.9, 0.03),
    ):  # fmt: skip
        survives = Boundary(good, bad, boundary)
        got = number(answer(survives, good, bad, tolerance), "the boundary")
        tried, needed = survives.tried, math.log2(abs(bad - good) / tolerance)
        _check_found(got, survives, tolerance, stopped_early=len(tried) < needed)
        repeated = len(tried) - len(set(tried))
        require(
            repeated <= 3,
            f"with {survives}, you make {repeated} trials of values you had tried already; each "
            "trial is an expensive evaluation, so keep what it said",
        )
        allowed = math.ceil(needed) + 6
        require(
            len(tried) <= allowed,
            f"with {survives}, you needed {len(tried)} trials where {allowed} are enough; each "
            f"trial should halve the interval, until it is no longer than {tolerance:g}",
        )
    for at_good, at_bad, what in (
        (True, True, "survives at `bad` as well"),
        (False, False, "fails at `good` already"),
        (False, True, "fails at `good` and survives at `bad`"),
    ):
        raised = _raised(answer, {0.0: at_good, 1.0: at_bad})
        require(raised != "", f"when the policy {what}, there is nothing to find: raise ValueError")
        right = raised == "ValueError"
        require(right, f"when the policy {what}, you raise {raised}; it should be a ValueError")


def _check_found(got: float, survives: Boundary, tolerance: float, stopped_early: bool) -> None:
    good, bad = survives.good, survives.bad
    right = abs(got - survives.boundary) <= tolerance
    require(
        right or good < bad,
        f"with {survives}, you return {got:.5g}; here `bad` is the smaller of the two",
    )
    require(
        right or not stopped_early,
        f"with {survives}, you return {got:.5g} after {len(survives.tried)} trials; that is too "
        f"early for a tolerance of {tolerance:g}",
    )
    require(
        right or min(abs(got - good), abs(got - bad)) > 2 * tolerance,
        f"with {survives}, your search runs away to {got:.5g}, one end of the interval; which "
        "half holds the change?",
    )
    require(
        right,
        f"with {survives}, you return {got:.5g}, which is off by more than the tolerance "
        f"{tolerance:g}",
    )


def _raised(answer: Answer, verdicts: dict[float, bool]) -> str:
    """The name of what the learner's bisection raises when told these verdicts, or nothing."""
    with safely("called without a boundary between good and bad"):
        try:
            answer.function(lambda value: verdicts.get(value, value < 0.5), 0.0, 1.0, 0.01)
        except Exception as error:
            return type(error).__name__
    return ""
