"""Checks of exercise 02: distances, an honest test, a latency, and a budget."""

import math
from types import SimpleNamespace

import numpy as np
from scipy.stats import ks_2samp

from course_lib.teach.checking import Answer, brief, number, part, require, safely


@part("02.1")
def ks(answer: Answer) -> None:
    """`answer(first, second)` is the two-sample Kolmogorov-Smirnov statistic."""
    draw = np.random.default_rng(201)
    equal = draw.normal(size=30)
    got = number(answer(equal, equal.copy()), "the distance")
    require(abs(got) < 1e-12, f"two equal samples are at distance 0, not {got:.4g}")
    far = number(answer(np.arange(5.0), np.arange(10.0, 13.0)), "the distance")
    require(
        abs(far - 1.0) < 1e-12,
        f"two samples that do not overlap are at distance 1, not {far:.4g}; compare shares, from 0 "
        "to 1, and not counts or values",
    )
    one, other = draw.normal(size=40), draw.normal(0.8, 1.0, size=25)
    expected = ks_2samp(one, other).statistic
    forth, back = (number(answer(*pair), "the distance") for pair in ((one, other), (other, one)))
    require(
        math.isclose(forth, back, abs_tol=1e-9),
        f"ks(first, second) is {forth:.4g} but ks(second, first) is {back:.4g}; mind the sign of "
        "the difference, and look at the values of both samples",
    )
    require(
        not math.isclose(forth, abs(one.mean() - other.mean()), rel_tol=1e-6),
        "this is the difference of the means; two samples can have one mean and still differ",
    )
    require(
        math.isclose(forth, expected, abs_tol=1e-9),
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


def _mean_distance(first, second) -> float:
    """Distance of the means of two lists of episodes."""
    return float(abs(np.concatenate(first).mean() - np.concatenate(second).mean()))


def _episodes(draw: np.random.Generator, count: int, shift: float = 0.0) -> list[np.ndarray]:
    """Episodes of unequal length whose steps share an offset, so that they resemble each other."""
    return [
        shift + draw.normal() + 0.2 * draw.normal(size=(int(draw.integers(8, 16)), 2))
        for _ in range(count)
    ]


@part("02.2")
def permutation_test(answer: Answer) -> None:
    """`answer(distance, first, second, rng, permutations)` is a calibrated p-value."""
    draw = np.random.default_rng(202)
    first, second = _episodes(draw, 6), _episodes(draw, 9)
    got = number(answer(lambda a, b: 0.0, first, second, np.random.default_rng(0), 20), "p")
    require(
        math.isclose(got, 1.0),
        f"when every division gives the same distance, p is 1, not {got:.4g}; count those that are "
        "at least as large, equal ones included",
    )
    calls = []

    def watched(a, b):
        calls.append((len(a), len(b), sum(map(len, a)) + sum(map(len, b))))
        return _mean_distance(a, b)

    answer(watched, first, second, np.random.default_rng(0), 20)
    steps = sum(map(len, first + second))
    require(
        all(call == (6, 9, steps) for call in calls),
        "each division must put all 15 episodes, whole, into two lists of 6 and 9 as before; "
        f"one of yours has {next((c for c in calls if c != (6, 9, steps)), calls[:1])} (episodes, "
        "episodes, steps in all)",
    )
    require(
        len(calls) == 21,
        f"for permutations=20 the distance is needed 21 times, once as it is and 20 times "
        f"shuffled; you called it {len(calls)} times",
    )
    apart = _episodes(draw, 8, shift=9.0)
    got = number(
        answer(_mean_distance, _episodes(draw, 8), apart, np.random.default_rng(1), 99), "p"
    )
    require(got > 0, "p is 0, but the division that really happened counts, too: it is never 0")
    require(
        got <= 0.03,
        f"two lists that are far apart get p = {got:.3g}; a large distance must give a small p",
    )
    require(
        math.isclose(got * 100, round(got * 100), abs_tol=1e-9),
        f"for permutations=99 a p-value is a multiple of 1/100, not {got:.5g}; both the count and "
        "the number of permutations get 1 added",
    )
    one, same, other = (
        answer(_mean_distance, first, second, np.random.default_rng(s), 50) for s in (1, 1, 2)
    )
    require(one == same, "one seed gives two p-values; draw only from the given rng")
    many = {answer(_mean_distance, first, second, np.random.default_rng(s), 50) for s in range(6)}
    require(len(many) > 1, f"six generators give the very same p = {other:.3g}; draw from rng")
    alarms, trials = 0, 120
    for trial in range(trials):
        lists = _episodes(draw, 6), _episodes(draw, 6)
        p = number(answer(_mean_distance, *lists, np.random.default_rng(trial), 39), "p")
        alarms += p <= 0.05
    # 120 trials at 5 %: between 1 and 13 in all but one of a thousand repetitions.
    require(
        alarms <= 13,
        f"on lists from one source it raised {alarms} alarms in {trials} trials at the 5 % level; "
        "what is shuffled must be whole episodes, divided anew each time",
    )
    require(
        alarms >= 1,
        f"on lists from one source it never fell below 0.05 in {trials} trials; it should in 5 %",
    )


def pushed_log(
    late: int, draw: np.random.Generator, *, episodes: int = 22, drift: float = 0.0
) -> list[SimpleNamespace]:
    """A made-up log of random pushes whose effect is spread over two steps, `late` steps later."""
    log = []
    for _ in range(episodes):
        steps = int(draw.integers(18, 30))
        actions = draw.integers(0, 2, size=steps)
        push = np.concatenate([np.zeros(late + 2), 2.0 * actions - 1.0])
        # A velocity that is a difference of positions shows a push one step after it acts.
        change = 0.1 * push[1 : steps + 1] + 0.03 * push[:steps] if late >= 0 else push[:steps]
        velocity = np.concatenate([[0.0], np.cumsum(change)]) + draw.normal(0, 0.03, steps + 1)
        observations = np.column_stack([drift + np.cumsum(velocity) * 0.02, velocity + drift,
                                        draw.normal(size=(steps + 1, 2))])  # fmt: skip
        log.append(SimpleNamespace(observations=observations, actions=actions))
    return log


@part("02.3")
def latency(answer: Answer) -> None:
    """`answer(log)` is the latency in steps of a cart pushed at random."""
    draw = np.random.default_rng(203)
    for late in (2, 0, 1, 3, 5):
        for drift in (0.0, 1.5):
            log = pushed_log(late, draw, drift=drift)
            with safely(f"called with a log of {len(log)} episodes"):
                got = answer.function(log)
            got = number(got, "the latency")
            require(got == int(got), f"the latency is a whole number of steps, not {got:g}")
            require(got >= 0, f"a latency of {got:g} steps would act before the command")
            require(
                got != late + 1,
                f"a command that acts after {late} steps came out as {got:g}; take off the step by "
                "which a velocity from differences is behind",
            )
            require(
                got == late,
                f"a command that acts after {late} steps came out as {got:g}; follow one push "
                "through `actions` and the differences of column 1",
            )
    # One long episode: what ends an episode must not be taken for an effect of its last push.
    jump = pushed_log(2, draw, episodes=40)
    for i, episode in enumerate(jump):
        episode.observations[:, 1] += 6.0 * (-1) ** i * (2 * episode.actions[-1] - 1)
    with safely("called with episodes that start at different speeds"):
        got = answer.function(jump)
    require(
        number(got, "the latency") == 2,
        "when episodes start at different speeds the result changes; keep each episode by itself, "
        "and correlate with the change of velocity",
    )


@part("02.4")
def plan(answer: Answer) -> None:
    """`answer(pilot, half_width)` is (episodes, steps)."""
    draw = np.random.default_rng(204)
    for pilot, width in (
        (np.array([100.0, 300.0]), 50.0),
        (draw.integers(20, 500, size=12).astype(float), 25.0),
        (draw.integers(20, 90, size=40).astype(float), 4.0),
        (np.array([200.0, 210.0, 190.0]), 1_000.0),
    ):
        spread = pilot.std(ddof=1)
        needed = max(2, math.ceil((1.96 * spread / width) ** 2))
        where = f"for a pilot of {len(pilot)} returns with s = {spread:.1f}, and ± {width:g}"
        result = answer(pilot, width)
        require(
            isinstance(result, tuple | list | np.ndarray) and len(result) == 2,
            f"return two numbers, (episodes, steps), not {brief(result)}",
        )
        episodes, steps = (number(r, w) for r, w in zip(result, ("episodes", "steps"), strict=True))
        require(
            episodes == int(episodes) and steps == int(steps),
            f"{where}: {episodes:g} episodes and {steps:g} steps are not both whole; round up",
        )
        require(
            episodes >= 2, f"{where}: {episodes:g} episode has no spread; at least 2 are needed"
        )
        population = max(2, math.ceil((1.96 * pilot.std() / width) ** 2))
        require(
            episodes != population or population == needed,
            f"{where}: {episodes:g} episodes; a spread estimated from a sample divides by n - 1",
        )
        require(
            episodes >= needed,
            f"{where}: {episodes:g} episodes are too few for that width; is it 1.96 s over the "
            "root of the episodes, rounded up?",
        )
        require(
            episodes <= needed,
            f"{where}: {episodes:g} episodes are more than needed; the whole interval is twice as "
            "wide as ± half_width",
        )
        cost = math.ceil(needed * pilot.mean())
        require(
            abs(steps - cost) <= 1e-9 * cost,
            f"{where}: {episodes:g} episodes that last as long as the pilot's on average cost "
            f"another number of steps than {steps:g}",
        )
    for pilot, width, what in (
        (np.array([100.0]), 10.0, "a pilot of one episode"),
        (np.array([]), 10.0, "an empty pilot"),
        (np.array([100.0, 200.0]), 0.0, "a half_width of 0"),
        (np.array([100.0, 200.0]), -5.0, "a half_width of -5"),
    ):
        refused, message = False, ""
        with safely(f"called with {what}"):
            try:
                answer.function(pilot, width)
            except ValueError as error:
                refused, message = True, str(error)
        require(refused, f"{what} cannot be planned with: raise a ValueError")
        require(bool(message), f"{what}: the ValueError should say what is wrong")
