"""Checks of exercise 02: distances, an honest test, a latency, and a budget."""

import copy
import math
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from scipy.stats import ks_2samp

from course_lib.checks.stand_ins import knocked_log, pushed_log
from course_lib.teach.checking import Answer, brief, number, part, require, safely, same


def _hint(got: float, mistakes: Sequence[tuple[float, str]], otherwise: str) -> str:
    """The hint that belongs to the mistake that leads to `got`."""
    return next((h for value, h in mistakes if math.isclose(got, value, abs_tol=1e-9)), otherwise)


@part("02.1")
def ks(answer: Answer) -> None:
    """`answer(first, second)` is the two-sample Kolmogorov-Smirnov statistic."""
    draw = np.random.default_rng(201)
    one, other = draw.normal(size=40), draw.normal(0.8, 1.0, size=25)
    got = number(answer(one, one.copy()), "the distance")
    require(
        abs(got) < 1e-12, f"two equal samples are at distance 0, not {got:.4g}; treat both alike"
    )
    got = number(answer(one, other), "the distance")
    for centre, what in ((np.mean, "means"), (np.median, "medians")):
        require(
            not math.isclose(abs(got), abs(centre(one) - centre(other)), rel_tol=1e-6),
            f"this is the difference of the {what}; two samples can agree in it and still differ",
        )
    low, high = np.arange(5.0), np.arange(10.0, 13.0)
    for first, second in ((low, high), (high, low)):
        far = number(answer(first, second), "the distance")
        hint = "compare shares from 0 to 1, each of its own sample, and not counts or values"
        if far < 1:
            hint = "the difference may have either sign, so look at its size"
        if 1e-12 < far < 1:
            hint = "take shares of each sample, at the values of both, and the largest difference"
        require(
            abs(far - 1) < 1e-12,
            f"for {first.tolist()} and {second.tolist()}, which do not overlap, the distance is 1, "
            f"not {far:.4g}; {hint}",
        )
    forth, back = (number(answer(*pair), "the distance") for pair in ((one, other), (other, one)))
    require(
        math.isclose(forth, back, abs_tol=1e-9),
        f"ks(first, second) is {forth:.4g} but ks(second, first) is {back:.4g}; treat both samples "
        "alike: the sign of the difference, and the values to look at",
    )
    require(
        math.isclose(forth, ks_2samp(one, other).statistic, abs_tol=1e-9),
        f"for samples of 40 and 25 numbers the largest difference of shares is not {forth:.4g}; "
        "is each share divided by the size of its own sample, and taken at every value?",
    )
    coarse = [draw.integers(0, 4, size=n).astype(float) for n in (30, 50)]
    got = number(answer(*coarse), "the distance")
    require(
        math.isclose(got, ks_2samp(*coarse).statistic, abs_tol=1e-9),
        f"when values occur several times you get {got:.4g}; a share counts the values at or "
        "below, all equal ones included",
    )
    far_off = [np.append(sample, 1e9) for sample in (one, other)]
    got = number(answer(*far_off), "the distance")
    require(
        math.isclose(got, ks_2samp(*far_off).statistic, abs_tol=1e-9),
        f"with one more number in each sample, far away from the others, you get {got:.4g}; "
        "between the points of a grid much can happen: look at the values that occur",
    )


def _mean_distance(first, second) -> float:
    """Distance of the means of two lists of episodes."""
    return float(abs(np.concatenate(first).mean() - np.concatenate(second).mean()))


def _episodes(draw: np.random.Generator, count: int, shift: float = 0.0) -> list[np.ndarray]:
    """Episodes of unequal length whose steps share an offset, so that they resemble each other."""
    return [
        shift + draw.normal() + 0.2 * draw.normal(size=(int(draw.integers(8, 16)), 2))
        for _ in range(count)
    ]


def _p_value(answer: Answer, distance, lists: Sequence[list], seed: int, count: int) -> float:
    """What the answer returns for copies of `lists` and `count` permutations."""
    given = copy.deepcopy(lists)
    call = f"called with lists of {len(lists[0])} and {len(lists[1])} episodes"
    with safely(call):
        p = answer.function(distance, *given, np.random.default_rng(seed), count)
    require(same(lists, given), f"when {call}, it changes its argument; work on a copy")
    return number(p, "p")


def _check_divisions(answer: Answer, first: list, second: list) -> None:
    """Each of 100 divisions puts whole episodes, each once, into two lists, all equally likely."""
    calls = []

    def watched(a, b):
        calls.append([[np.asarray(episode).tobytes() for episode in side] for side in (a, b)])
        return _mean_distance(a, b)

    _p_value(answer, watched, (first, second), 0, 100)
    ours = [episode.tobytes() for episode in first]
    heap = ours + [episode.tobytes() for episode in second]
    for a, b in calls:
        require(
            set(a + b) <= set(heap),
            f"you take a distance between lists of {len(a)} and {len(b)} that hold something else "
            "than whole episodes; the steps of an episode must stay together",
        )
        require(
            (len(a), len(b)) == (len(first), len(second)),
            f"the lists have {len(first)} and {len(second)} episodes, so each division has, too; "
            f"one of yours has {len(a)} and {len(b)}",
        )
        require(
            sorted(a + b) == sorted(heap),
            f"one of your divisions holds only {len(set(a + b))} different episodes; each of all "
            f"{len(heap)} belongs into one of the two lists, and only once",
        )
    require(
        len(calls) == 101,
        f"of 1 real and 100 random divisions you take the distance {len(calls)} times, not 101",
    )
    sides = [frozenset(a) for a, _ in calls]
    require(frozenset(ours) in sides, "the distance of the two lists as they are is never taken")
    sides.remove(frozenset(ours))
    require(set(sides) != {frozenset(ours)}, "no episode changes sides; put all into one heap")
    require(
        len(set(sides)) > 80,  # of 5005 that are possible; fewer than 90 do not come up by chance
        f"your 100 divisions come down to {len(set(sides))}; draw each anew, from all there are",
    )


@part("02.2")
def permutation_test(answer: Answer) -> None:
    """`answer(distance, first, second, rng, permutations)` is a calibrated p-value."""
    draw = np.random.default_rng(202)
    first, second = _episodes(draw, 6), _episodes(draw, 9)
    _check_divisions(answer, first, second)
    lists = _episodes(draw, 8), _episodes(draw, 8, shift=9.0)
    got = _p_value(answer, _mean_distance, lists, 1, 99)
    require(got > 0, "p is 0, but the division that really happened counts, too: it is never 0")
    far = f"two lists far apart get p = {got:.3g}; a large distance must give a small p"
    require(got <= 0.03, far)
    same_for_all = _p_value(answer, lambda a, b: 0.0, (first, second), 0, 20)
    mistakes = (
        (21 / 20, "one division more is counted than there are below the line"),
        (1 / 21, "count those at least as large, equal ones included"),
    )
    hint = _hint(same_for_all, mistakes, "it is the share of those at least as large")
    require(
        math.isclose(same_for_all, 1.0),
        f"when all 20 divisions give the same distance, p is 1, not {same_for_all:.4g}; {hint}",
    )
    require(
        math.isclose(got * 100, round(got * 100), abs_tol=1e-9),
        f"for permutations=99 a p-value is a multiple of 1/100, not {got:.5g}; both the count and "
        "the number of permutations get 1 added",
    )
    pair, seeds = (first, second), (1, 1, 2, 3, 4, 5, 6)
    one, again, *others = (_p_value(answer, _mean_distance, pair, s, 50) for s in seeds)
    require(one == again, "one seed gives two p-values; draw only from the given rng")
    require(len({one, *others}) > 1, f"six generators give the same p = {one:.3g}; draw from rng")
    alarms, trials = 0, 300
    for trial in range(trials):
        lists = _episodes(draw, 6), _episodes(draw, 6)
        alarms += _p_value(answer, _mean_distance, lists, trial, 39) <= 0.05
    # 300 trials at 5 %: outside of 1 to 34 by chance in less than one of 100 000 repetitions.
    require(
        alarms <= 34,
        f"on lists from one source it raised {alarms} alarms in {trials} trials at the 5 % level; "
        "what is shuffled must be whole episodes, divided anew each time",
    )
    require(
        alarms >= 1,
        f"on lists from one source it never fell to 0.05 in {trials} trials; it should in 5 %",
    )


def _latency_of(answer: Answer, log: list[SimpleNamespace]) -> float:
    """The latency that the answer finds in a log, if it is one that could be right."""
    given = copy.deepcopy(log)
    with safely(f"called with a log of {len(log)} episodes"):
        got = answer.function(given)
    untouched = all(
        np.array_equal(e.actions, g.actions) and np.array_equal(e.observations, g.observations)
        for e, g in zip(log, given, strict=False)
    )
    require(untouched and len(log) == len(given), "it changes the log; work on copies")
    got = number(got, "the latency")
    require(
        got == int(got),
        f"the latency is a whole number of steps, not {got:g}; put the products of all episodes "
        "together before you look where the response begins",
    )
    require(got >= 0, f"a latency of {got:g} steps would act before the command")
    return got


@part("02.3")
def latency(answer: Answer) -> None:
    """`answer(log)` is the latency in steps of a cart pushed at random."""
    draw = np.random.default_rng(203)
    delays = (2, 0, 1, 3, 5, 8)
    found = [_latency_of(answer, pushed_log(late, draw)) for late in delays]
    hint = "follow one push through `actions` and the differences of column 1"
    for shift, mistake in (
        (0, "look at lags 0 to 9, of all episodes together"),
        (1, "take off the step by which a velocity from differences is behind"),
        (-1, "lag 0 is the first change after a command, from v[k] to v[k + 1]"),
    ):
        if found[:4] == [max(0, late + shift) for late in delays[:4]]:
            hint = mistake
    for late, got in zip(delays, found, strict=True):
        require(got == late, f"a command that acts after {late} steps came out as {got:g}; {hint}")
    knocks = pushed_log(-1, draw, lengths=[10] * 20, effect=[0.12])
    for right, log, hint in (
        (2, pushed_log(2, draw, drift=50.0),
         "the cart is fast all the time; look at the changes of column 1"),
        (2, knocked_log(draw),
         "the start of an episode depends on the end of the last; keep each episode by itself"),
        (2, pushed_log(2, draw, tilt=0.2),
         "the cart also speeds up by itself; commands 0 and 1 stand for pushes of -1 and +1"),
        (2, pushed_log(2, draw, effect=(0.075, 0.1)),
         "a push acts more in its second step; the response begins before it is largest"),
        (2, pushed_log(1, draw, effect=(-0.08, 0.1)),
         "the cart first recoils for a step; a negative response is small, not large"),
        (2, pushed_log(2, draw, effect=(0.01, 0.003), noise=0.003),
         "pushes are ten times weaker; hold the response against its own largest value"),
        (2, [*knocks, *pushed_log(2, draw, lengths=[600])],
         "one episode is much longer than the others; every step of each counts the same"),
        (6, pushed_log(1, draw, effect=(0.025, 0, 0, 0, 0, 0.1), lengths=[10] * 100),
         "most of the effect is late and episodes are short; lag j has fewer pairs than lag 0"),
        (0, pushed_log(-1, draw), "the very first change shows the push"),
    ):  # fmt: skip
        got = _latency_of(answer, log)
        require(got == right, f"a latency of {right} steps came out as {got:g} where {hint}")


@part("02.4")
def plan(answer: Answer) -> None:
    """`answer(pilot, half_width)` is (episodes, steps)."""
    draw = np.random.default_rng(204)
    for pilot, width in (
        (draw.integers(20, 500, size=12).astype(float), 25.0),
        (np.array([100.0, 300.0]), 50.0),
        (draw.integers(20, 90, size=41).astype(float), 4.0),
        (np.array([200.0, 210.0, 190.0]), 1_000.0),
        (np.array([475.0, 475.0]), 10.0),
    ):
        result = answer(pilot, width)
        require(result is not None, "None came back; does your code end with return?")
        require(
            isinstance(result, tuple | list | np.ndarray) and len(result) == 2,
            f"return two numbers, (episodes, steps), not {brief(result)}",
        )
        episodes, steps = (number(r, w) for r, w in zip(result, ("episodes", "steps"), strict=True))
        _check_plan(pilot, width, episodes, steps)
    for pilot, width, what in (
        (np.array([100.0, 200.0]), -5.0, "a half_width of -5"),
        (np.array([100.0, 200.0]), 0.0, "a half_width of 0"),
        (np.array([100.0]), 10.0, "a pilot of one episode"),
        (np.array([]), 10.0, "an empty pilot"),
    ):
        error: Exception | None = None
        with safely(f"called with {what}"):
            try:
                answer.function(pilot, width)
            except Exception as raised:
                error = raised
        cannot = f"{what} allows no plan: raise a ValueError"
        require(error is not None, cannot)
        require(isinstance(error, ValueError), f"{cannot}, not {type(error).__name__}")
        require(str(error) != "", f"{what}: the ValueError should say what is wrong")
        require(
            "float NaN" not in str(error),
            f"{what}: Python stumbles over a spread of nan; raise a ValueError of your own before",
        )


def _check_plan(pilot: np.ndarray, width: float, episodes: float, steps: float) -> None:
    """`episodes` and `steps` are those that the pilot calls for; if not, look for the mistake."""
    spread, mean = pilot.std(ddof=1), pilot.mean()
    exact = (1.96 * spread / width) ** 2
    needed = max(2, math.ceil(exact))
    cost = math.ceil(needed * mean)
    where = f"for a pilot of {len(pilot)} returns with s = {spread:.1f}, and ± {width:g}: "
    require((episodes, steps) != (cost, needed), where + "the episodes come first, then the steps")
    require(
        episodes == int(episodes) and steps == int(steps),
        f"{where}{episodes:g} episodes and {steps:g} steps are not both whole; round up",
    )
    require(episodes >= 2, f"{where}{episodes:g} episode has no spread; at least 2 are needed")
    mistakes = (
        ((1.96 * pilot.std() / width) ** 2, "a spread estimated from a sample divides by n - 1"),
        (exact - 1, "round up, else the interval is just too wide"),
        (needed - len(pilot), "the episodes of the pilot belong to those needed in all"),
        (needed + len(pilot), "the episodes of the pilot are among those needed in all"),
        ((spread / width) ** 2, "an interval of 95 % is wider than ± one standard error"),
        ((1.96 * spread**2 / width) ** 2, "s is the standard deviation, not the variance"),
        (1.96 * spread / width, "the width shrinks with the root of the episodes only"),
        (4 * exact, "half_width is half of the interval, so do not halve it again"),
        (exact / 4, "half_width is half of the interval already"),
    )
    counts = [(max(2, math.ceil(value)), hint) for value, hint in mistakes]
    hint = _hint(episodes, counts, "the interval is ± 1.96 s over the root of the episodes")
    much = "too few" if episodes < needed else "more than needed"
    require(episodes == needed, f"{where}{episodes:g} episodes are {much}; {hint}")
    mistakes = (
        (pilot.sum(), "that is what the pilot cost, not the plan"),
        (cost - 1, "round up"),
        (cost - pilot.sum(), "what the pilot cost is part of it"),
        (needed * math.ceil(mean), "round only at the end"),
    )
    hint = _hint(steps, mistakes, "an episode lasts as long as the pilot's did on average")
    require(steps == cost, f"{where}{episodes:g} episodes do not cost {steps:g} steps; {hint}")
