"""Checks of exercise 06: training in stages and forgetting; `ex06_choice` has the rest."""

import numpy as np

from course_lib.checks.ex06_choice import hint_of, refuses  # registers 06.3 and 06.4, too
from course_lib.teach.checking import Answer, CheckFailed, brief, numbers, part, require

# 06.1


class _Policy:
    """What the stand-in for training returns: it knows its number, counted from 1."""

    def __init__(self, stage: int):
        self.stage = stage

    def __deepcopy__(self, memo) -> "_Policy":
        return self


@part("06.1")
def progressive_transfer(answer: Answer) -> None:
    """`answer(train, worlds, steps)` is the list of the policies after each stage."""
    for worlds, steps in (
        (["nominal", "half way", "nearly", "target"], 400),
        (["target"], 70),
        (["tight", "target", "tight", "wide"], 103),
        (["n", "m", "m", "l", "k"], 64_004),
    ):
        calls: list[tuple] = []

        def train(world, steps, start="nothing at all", calls=calls):
            calls.append((world, steps, start, _Policy(len(calls) + 1)))
            require(len(calls) < 100, "train is called again and again; once per world is enough")
            return calls[-1][-1]

        where = f"with worlds {worlds} and {steps} steps, "
        result = answer(train, worlds, steps)
        _check_calls(where, calls, worlds, steps)
        _check_policies(where, result, [call[-1] for call in calls])
    refuses("no world at all", answer.function, train, [], 100)
    refuses("3 worlds and 2 steps", answer.function, train, ["a", "b", "c"], 2)


def _check_calls(where: str, calls: list[tuple], worlds: list[str], steps: int) -> None:
    """Every stage got the world, the start and the steps that it should get."""
    n, each = len(worlds), steps // len(worlds)
    require(bool(calls), f"{where}train was never called")
    got, counts, starts, policies = map(list, zip(*calls, strict=True))
    for call in calls:
        fits = isinstance(call[0], str) and call[0] in worlds
        require(fits, f"{where}train got the world {brief(call[0])}; it takes one, and then steps")
    few = "is one left out?" if len(calls) < n else "are there too many?"
    if len(calls) < n == len(worlds) and got == list(dict.fromkeys(worlds)):
        few = "a world may come twice, and then it counts twice"
    require(len(calls) == n, f"{where}train was called {len(calls)} times; {few}")
    order = "they were reversed" if got == worlds[::-1] else "take them as they come"
    require(got == worlds, f"{where}the worlds were {got}; {order}")
    for count in counts:
        whole = isinstance(count, int | np.integer)
        require(whole, f"{where}a stage got {brief(count)} steps; steps are whole numbers")
    due = [each] * (n - 1) + [steps - each * (n - 1)]
    left = steps - each * n
    mistakes = (
        ([steps] * n, "each stage got the whole budget, which only all of them together have"),
        ([each] * n, "some steps of the budget were lost; what becomes of the remainder?"),
        ([each + 1] * n, "together they are more than the budget; do not round up"),
        ([each + left] + [each] * (n - 1), "the remainder belongs elsewhere"),
        ([each + 1] * left + [each] * (n - left), "the remainder was handed out one by one"),
        ([each] * (n - 1) + [left], "the last stage got the remainder and nothing else"),
        ([each * (i + 1) for i in range(n)], "the budget up to a stage is not that of the stage"),
    )
    hint = hint_of(counts, mistakes, f"together they are {sum(counts)}")
    require(counts == due, f"{where}the stages got {counts} steps; {hint}")
    require(starts[0] is None, f"{where}the first stage started from {brief(starts[0])}, not None")
    if "nothing at all" in starts[1:]:
        raise CheckFailed(f"{where}train was called without a start, so it began from scratch")
    came = [s.stage if isinstance(s, _Policy) else s for s in starts]
    hint = "which policy was there last?"
    if n > 1 and set(came) == {None}:
        hint = "so each began from scratch, and only the last stage counts"
    elif n > 2 and set(came[1:]) == {1}:
        hint = "so all went on from the first policy, and what came between is lost"
    right = came == [None, *range(1, n)]
    require(right, f"{where}the stages started from the policies {came} (numbered from 1); {hint}")


def _check_policies(where: str, result, policies: list[_Policy]) -> None:
    """The result is the list of all policies."""
    if isinstance(result, _Policy):
        raise CheckFailed(f"{where}one policy came back; return a list with one for each stage")
    require(result is not None, "None came back; does your code end with return?")
    right = isinstance(result, list | tuple) and all(isinstance(p, _Policy) for p in result)
    require(right, f"{where}{brief(result)} came back; return a list of policies")
    came, due = [p.stage for p in result], [p.stage for p in policies]
    hint = "one for each stage, in the order of training"
    if came == due[::-1]:
        hint = "it is in the wrong order"
    elif len(came) == len(due) and len(set(came)) == 1:
        hint = "the same one fills the list"
    require(came == due, f"{where}the list holds the policies {came} (numbered from 1); {hint}")


# 06.2


@part("06.2")
def forgetting(answer: Answer) -> None:
    """`answer(before, after, floor, resamples)` is the share lost and its interval."""
    draw = np.random.default_rng(602)
    for seeds, episodes, floor, loss in ((8, 5, 20.0, 90.0), (6, 9, 45.5, -35), (5, 1, 0.0, 30.0)):
        level = draw.uniform(150, 450, (seeds, 1))
        before = level + draw.normal(0, 30, (seeds, episodes))
        after = level - loss + draw.normal(0, 30, (seeds, episodes))
        resamples = draw.integers(0, seeds, (400, seeds))
        result = answer(before, after, floor, resamples)
        got = numbers(result, (3,), "the result (share, low, high)")
        _check_share(got[0], before, after, floor)
        _check_ends(got, before, after, floor, resamples)
    two = np.array([[300.0, 310.0], [280.0, 290.0]])
    rows = np.array([[0, 1], [1, 1]])
    fewer = "before of shape (2, 2) and after of shape (1, 2)"
    refuses(fewer, answer.function, two, two[:1], 20.0, rows)
    what = "a policy whose return before is that of the floor"
    refuses(what, answer.function, two, two - 5, 295.0, rows)


def _check_share(got: float, before, after, floor: float) -> None:
    """`got` is the share of the return above the floor that was lost."""
    b, a = before.mean(), after.mean()
    due = (b - a) / (b - floor)
    each = (before - after).mean(axis=1) / (before.mean(axis=1) - floor)
    mistakes = (
        (max(due, 0.0), "a negative share tells something too: the policy gained"),
        (abs(due), "a gain is no loss; the sign should tell them apart"),
        (-due, "a loss counts as positive"),
        (b - a, "this is the loss in return; a share of what was asked for"),
        (a - b, "this is the change in return; a share lost was asked for"),
        ((b - a) / b, "what a policy has that has learned nothing cannot be forgotten"),
        (1 - due, "this share is kept; which one is lost?"),
        ((b - a) / (a - floor), "it is a share of what is there after; of what was there before?"),
        ((b - a - floor) / (b - floor), "the floor falls out of a difference"),
        ((b - a) / (b + floor), "which part of the return lies above the floor?"),
        (100 * due, "it is in per cent; 1 stands for all"),
        (each.mean(), "it is a mean of shares; one weak seed can make its share huge"),
        (np.median(each), "it is a median of shares; take the share of the means"),
        ((before - after)[0].mean() / (before[0].mean() - floor), "only the first seed counts"),
        ((np.median(before) - np.median(after)) / (np.median(before) - floor),
         "it is made of medians; means were asked for"),
    )  # fmt: skip
    hint = hint_of(got, mistakes, "go through two seeds with one episode each, by hand")
    right = np.isclose(got, due, rtol=1e-9, atol=1e-12)
    where = f"with a mean of {b:.4g} before, {a:.4g} after and the floor {floor:g}"
    require(right, f"{where}, the share is not {got:.6g}; {hint}")


def _check_ends(got, before, after, floor: float, resamples) -> None:
    """The ends are quantiles of the share over the resamples."""
    b, a = before.mean(axis=1), after.mean(axis=1)

    def shares(rows_b, rows_a) -> np.ndarray:
        means = b[rows_b].mean(axis=-1), a[rows_a].mean(axis=-1)
        return (means[0] - means[1]) / (means[0] - floor)

    rows, all_seeds, share = resamples, np.arange(len(b)), got[0]
    paired, each = shares(rows, rows), (b - a) / (b - floor)

    def ends(values, tail: float = 0.025) -> np.ndarray:
        return np.quantile(values, [tail, 1 - tail])

    due = ends(paired)
    spread = 1.96 * np.array([-1, 1])
    mistakes = (
        (due[::-1], "return the two ends, the lower first"),
        (ends(shares(rows, rows[::-1])), "before and after are of different seeds; see each pair"),
        (ends(shares(all_seeds, rows)), "before stays as it is; draw the same seeds from both"),
        (ends(shares(rows, all_seeds)), "after stays as it is; draw the same seeds from both"),
        (ends(each), "the seeds' own shares are not those of the resamples"),
        (ends(each[rows].mean(axis=1)), "a resample gives a mean of shares; take the means first"),
        (ends(paired, 0.05), "5 % lie outside on each side; how much is that together?"),
        (ends(paired, 0.0), "these are the extreme ones, which grow with the number of draws"),
        (ends(paired, 0.25), "half of the resamples lie outside"),
        (share + spread * paired.std(), "quantiles were asked for, no standard error"),
        (share + spread * paired.std(ddof=1), "quantiles were asked for, no standard error"),
        (2 * share - due[::-1], "they are mirrored about the share; take them as they come"),
        (ends(shares(rows[0], rows[0])), "only the first resample counts"),
        (ends(shares(rows.T, rows.T)) if rows.size else due, "a resample is a row, not a column"),
    )  # fmt: skip
    hint = hint_of(got[1:], mistakes, "which share does one row of resamples give?")
    right = np.allclose(got[1:], due, rtol=1e-7, atol=1e-12)
    many = f"{len(b)} seeds and {len(rows)} resamples"
    require(right, f"for {many}, the interval is not [{got[1]:.5g}, {got[2]:.5g}]; {hint}")
