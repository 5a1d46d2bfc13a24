"""Checks of exercise 06: training in stages, what is forgotten, choosing a plan, and an anchor."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import log_softmax

from course_lib.gap import interquartile_mean, paired_interval
from course_lib.teach.checking import Answer, CheckFailed, brief, number, numbers, part, require
from course_lib.teach.checking import safely as safe


def _refuses(call: str, function: Callable, *given) -> None:
    """The answer raises a ValueError of its own, with a message, for what it is given."""
    error = None
    with safe(f"called with {call}"):
        try:
            function(*given)
        except NotImplementedError:
            raise
        except Exception as raised:
            error = raised
    came = type(error).__name__ if error else "a result"
    require(isinstance(error, ValueError), f"{call}: raise a ValueError; {came} came")
    require(len(str(error)) > 8, f"{call}: the ValueError should say what is wrong")


def _hint(got, mistakes: Sequence[tuple], otherwise: str) -> str:
    """The hint of the first mistake that gives what the answer gave."""
    for value, hint in mistakes:
        if np.shape(value) == np.shape(got) and np.allclose(got, value, rtol=1e-7, atol=1e-12):
            return hint
    return otherwise


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
        (["nominal", "half way", "target"], 300),
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
    _refuses("no world at all", answer.function, train, [], 100)
    _refuses("3 worlds and 2 steps", answer.function, train, ["a", "b", "c"], 2)


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
    hint = _hint(counts, mistakes, f"together they are {sum(counts)}")
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
    for seeds, episodes, floor, loss in ((8, 5, 20.0, 90.0), (5, 1, 0.0, 30.0), (6, 9, 45.5, -35)):
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
    _refuses(fewer, answer.function, two, two[:1], 20.0, rows)
    what = "a policy whose return before is that of the floor"
    _refuses(what, answer.function, two, two - 5, 295.0, rows)


def _check_share(got: float, before, after, floor: float) -> None:
    """`got` is the share of the return above the floor that was lost."""
    b, a = before.mean(), after.mean()
    due = (b - a) / (b - floor)
    each = (before - after).mean(axis=1) / (before.mean(axis=1) - floor)
    mistakes = (
        (-due, "a loss counts as positive"),
        (b - a, "this is the loss in return; a share of what was asked for"),
        (a - b, "this is the change in return; a share lost was asked for"),
        ((b - a) / b, "what a policy has that has learned nothing cannot be forgotten"),
        (1 - due, "this share is kept; which one is lost?"),
        ((b - a) / (a - floor), "it is a share of what is there after; of what was there before?"),
        ((b - a - floor) / (b - floor), "the floor falls out of a difference"),
        ((b - a) / (b + floor), "which part of the return lies above the floor?"),
        (100 * due, "it is in per cent; 1 stands for all"),
        (max(due, 0.0), "a negative share tells something too: the policy gained"),
        (abs(due), "a gain is no loss; the sign should tell them apart"),
        (each.mean(), "it is a mean of shares; one weak seed can make its share huge"),
        (np.median(each), "it is a median of shares; take the share of the means"),
        ((before - after)[0].mean() / (before[0].mean() - floor), "only the first seed counts"),
        ((np.median(before) - np.median(after)) / (np.median(before) - floor),
         "it is made of medians; means were asked for"),
    )  # fmt: skip
    hint = _hint(got, mistakes, "go through two seeds with one episode each, by hand")
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
        (ends(each[rows].mean(axis=1)), "each resample gives a mean of shares; take the means first"),
        (ends(paired, 0.05), "5 % lie outside on each side; how much is that together?"),
        (ends(paired, 0.0), "these are the extreme ones, which grow with the number of draws"),
        (ends(paired, 0.25), "half of the resamples lie outside"),
        (share + spread * paired.std(), "quantiles were asked for, no standard error"),
        (share + spread * paired.std(ddof=1), "quantiles were asked for, no standard error"),
        (2 * share - due[::-1], "they are mirrored about the share; take them as they come"),
        (ends(shares(rows[0], rows[0])), "only the first resample counts"),
        (ends(shares(rows.T, rows.T)) if rows.size else due, "a resample is a row, not a column"),
    )  # fmt: skip
    hint = _hint(got[1:], mistakes, "which share does one row of resamples give?")
    right = np.allclose(got[1:], due, rtol=1e-7, atol=1e-12)
    many = f"{len(b)} seeds and {len(rows)} resamples"
    require(right, f"for {many}, the interval is not [{got[1]:.5g}, {got[2]:.5g}]; {hint}")


# 06.3

Tables = dict[str, np.ndarray]


def _case(tuning: dict, fresh: dict, luck: float = 40.0, seed: int = 603) -> tuple[Tables, Tables]:
    """Returns of every plan on tuning and fresh seeds: a seed's luck, and the plan's own gain."""
    draw, tables = np.random.default_rng(seed), []
    for gains in (tuning, fresh):
        shared = 250 + draw.normal(0, luck, len(next(iter(gains.values()))))
        tables.append({name: shared + np.array(gain, float) for name, gain in gains.items()})
    return tables[0], tables[1]


def _about(mean: float, n: int) -> np.ndarray:
    return mean + 3 * np.linspace(-1, 1, n) ** 3


def _gains(n: int, **means: float) -> dict[str, np.ndarray]:
    return {"direct": np.zeros(n)} | {name: _about(mean, n) for name, mean in means.items()}


UP_AND_DOWN = [30, -25, 28, -20, 12, -9, 24, -28]  # positive on average, and no verdict
OUTLIER = [-5, -4, 420, -6, -3]
# What it is, and the returns.
CASES = (
    ("b gains on all seeds", _case(_gains(5, b=50, c=-20), _gains(8, b=45, c=-20))),
    ("c gains on the tuning seeds and on no others",
     _case(_gains(6, b=5, c=40), _gains(8, b=5) | {"c": np.array(UP_AND_DOWN)})),
    ("b is better on the tuning seeds, c on the fresh ones, and both gain",
     _case(_gains(5, b=30, c=10), _gains(9, b=20, c=45))),
    ("seeds differ far more than plans do",
     _case(_gains(5, b=9, c=1), _gains(7, b=8, c=1), luck=150)),
    ("c gains on the tuning seeds and loses on the fresh ones",
     _case(_gains(7, b=-9, c=30), _gains(7, b=-9, c=-30))),
    ("direct is best on the tuning seeds", _case(_gains(5, b=-10, c=-30), _gains(8, b=40, c=20))),
    ("c gains on one tuning seed, enormously",
     _case(_gains(5, b=20) | {"c": OUTLIER}, _gains(8, b=30, c=30), luck=1)),
    ("b has the higher median on the tuning seeds",
     _case({"direct": np.zeros(5), "b": [0, 10, 50, 52, 60], "c": [0, 44, 46, 48, 49]},
           _gains(8, b=30, c=30), luck=0)),
    ("b equals direct on most fresh seeds",
     _case(_gains(5, b=20), {"direct": np.zeros(8), "b": [0, 0, 0, 0, 0, 0, 9, 9]})),
)  # fmt: skip


def _best(table: Tables, score: Callable = interquartile_mean) -> str:
    return max(table, key=lambda name: score(table[name]))


def _verdict(name: str, fresh: Tables, holds: Callable) -> str:
    compared = paired_interval(fresh[name], fresh["direct"])
    return name if name != "direct" and holds(compared) else "direct"


def _above(interval) -> bool:
    return interval.low > 0


def _among_others(tuning: Tables, fresh: Tables) -> str:
    others = {name: returns for name, returns in tuning.items() if name != "direct"}
    return _verdict(_best(others), fresh, _above)


# What others do, each with a hint.
PROCEDURES = (
    (lambda t, f: "direct", "something was confirmed here; when do you believe it?"),
    (lambda t, f: _best(t), "nothing was confirmed: the best of several looks too good"),
    (lambda t, f: _verdict(_best(t), t, _above), "the seeds that chose cannot confirm"),
    (lambda t, f: _verdict(_best(t), f, lambda i: i.estimate > 0),
     "is a difference above zero, or its whole interval?"),
    (lambda t, f: _verdict(_best(t), f, lambda i: i.low > 0 or i.high < 0),
     "an interval without zero may lie on either side of it"),
    (lambda t, f: _verdict(_best(t), f, lambda i: i.high < 0), "which side of zero is a gain?"),
    (lambda t, f: _verdict(_best(t), f, lambda i: i.low >= 0), "an interval that ends at zero touches it"),
    (_among_others, "direct takes part in the choice, too"),
    (lambda t, f: _verdict(_best(t, np.mean), f, _above), "the choice goes by interquartile means"),
    (lambda t, f: _verdict(_best(t, np.median), f, _above), "the choice goes by interquartile means"),
    (lambda t, f: _verdict(_best(t, np.max), f, _above), "one lucky seed chooses; take them all"),
    (lambda t, f: _verdict(_best(t, lambda r: -interquartile_mean(r)), f, _above),
     "the chosen plan is the worst one"),
)  # fmt: skip


@part("06.3")
def choose(answer: Answer) -> None:
    """`answer(plans, returns_of, tuning, fresh)` is a confirmed plan's name, or "direct"."""
    came, due = [], []
    for k, (what, tables) in enumerate(CASES):
        plans = {name: (["nominal"] * i + ["target"], 6_000) for i, name in enumerate(tables[0])}
        first, second = (list(table.values())[0] for table in tables)
        tuning = [11 * k + i for i in range(len(first))]
        fresh = [900 + 7 * k + i for i in range(len(second))]
        seen: dict[str, list[int]] = {name: [] for name in plans}
        got = answer(plans, _returns_of(tables, tuning, fresh, seen), tuning, fresh)
        require(got is not None, "None came back; if no plan wins, direct is the answer")
        known = isinstance(got, str) and got in plans
        require(known, f"{brief(got)} came back; return the name of a plan")
        _check_seeds(what, seen, _best(tables[0]), tuning, fresh)
        came.append(got)
        due.append(_verdict(_best(tables[0]), tables[1], _above))
    fits = (hint for rule, hint in PROCEDURES if came == [rule(*tables) for _, tables in CASES])
    hint = next(fits, "does every plan and direct have the same seeds, in the same order?")
    for (what, _), got, right in zip(CASES, came, due, strict=True):
        require(got == right, f"where {what}, you return {got!r}; {hint}")
    seen = {"direct": [], "b": []}
    returns_of = _returns_of(CASES[0][1], [0, 1, 2, 3, 4], list(range(10, 18)), seen)
    fair = {"direct": (["target"], 6_000), "b": (["nominal", "target"], 6_000)}
    more = fair | {"b": (["nominal", "target"], 6_001)}
    for what, plans, fresh in (
        ("plans of 6000 and 6001 steps", more, range(10, 18)),
        ("seeds that are both tuning and fresh", fair, range(4, 12)),
    ):
        _refuses(what, answer.function, plans, returns_of, [0, 1, 2, 3, 4], list(fresh))
        require(not any(seen.values()), f"{what}: look before you train; training costs minutes")


def _returns_of(tables, tuning: list[int], fresh: list[int], seen: dict) -> Callable:
    """A stand-in for training; notes in `seen` which plan had which seeds."""

    def returns_of(name, seeds):
        if not isinstance(name, str) or name not in seen:
            raise CheckFailed(f"returns_of got {brief(name)}; it takes the name of a plan")
        if not isinstance(seeds, Sequence | np.ndarray | range):
            raise CheckFailed(f"returns_of got the seeds {brief(seeds)}; it takes several")
        values = dict(zip([*tuning, *fresh], np.concatenate([t[name] for t in tables]), strict=True))
        strange = [seed for seed in seeds if seed not in values]
        if strange:
            raise CheckFailed(f"returns_of got the seed {strange[0]}, which you were not given")
        seen[name] += [int(seed) for seed in seeds]
        return np.array([values[seed] for seed in seeds])

    return returns_of


def _check_seeds(what: str, seen: dict, best: str, tuning: list[int], fresh: list[int]) -> None:
    """All plans had the tuning seeds; the fresh ones were kept for one comparison."""
    for name, seeds in seen.items():
        tried = set(tuning) <= set(seeds)
        require(tried, f"where {what}, {name!r} was not tried on all tuning seeds")
    for name in set(seen) - {best, "direct"}:
        kept = not set(fresh) & set(seen[name])
        hint = "it was not the best on the tuning seeds, and fresh seeds are for one comparison"
        require(kept, f"where {what}, {name!r} was trained on the fresh seeds; {hint}")


# 06.4


@part("06.4")
def kl_penalty(answer: Answer) -> None:
    """`answer(old_logits, new_logits)` is the mean over states of KL(old || new)."""
    draw = np.random.default_rng(604)
    for n, actions in ((6, 2), (1, 3), (40, 4)):
        old, new = draw.normal(0, 1.5, (n, actions)), draw.normal(0.5, 1.5, (n, actions))
        got = number(answer(old, new), "the penalty")
        _check_penalty(f"{n} state{'s'[: n > 1]} and {actions} actions", got, old, new)
    for what, old, new in (
        ("equal logits", [[0.3, -1.2]], [[0.3, -1.2]]),
        ("logits that differ by a constant", [[0.3, -1.2]], [[7.3, 5.8]]),
        ("whole numbers", [[2, 1], [0, 3]], [[0, 0], [1, 1]]),
        ("logits near 1000", [[1000, 999]], [[1001, 1002]]),
        ("logits near -1000", [[-1000, -999]], [[-1001, -1002]]),
        ("an action that old never takes", [[900, 0]], [[1, 0]]),
        ("an action that new never takes", [[1, 0]], [[900, 0]]),
    ):
        old, new = np.array(old), np.array(new)
        got = answer(old, new)
        require(np.shape(got) == () and got is not None, f"{what}: {brief(got)} is no number")
        hint = "what does exp do with such numbers, and log with zero?"
        require(bool(np.isfinite(got)), f"{what}: the penalty is {got}; {hint}")
        _check_penalty(what, float(got), old, new)


def _check_penalty(what: str, got: float, old: np.ndarray, new: np.ndarray) -> None:
    """`got` is the penalty; if not, look for the mistake."""
    p, q = log_softmax(old, axis=1), log_softmax(new, axis=1)  # (n, actions)
    P, Q, n = np.exp(p), np.exp(q), len(p)

    def mean(x: np.ndarray) -> float:
        return x.sum(axis=1).mean()

    due, back = mean(P * (p - q)), mean(Q * (q - p))
    taken = np.arange(n), old.argmax(axis=1)
    mistakes = (
        (back, "this is KL(new || old); the weights belong to the frozen policy"),
        (-due, "a penalty is not negative; which logarithm comes first?"),
        (due / old.shape[1], "it is a mean over actions, too; a sum over actions, a mean over states"),
        (due * n, "it is a sum over states; a larger batch would pull harder"),
        (mean(-P * q), "it does not vanish where both agree; something of old is missing"),
        (mean(-P * p), "new is not in it"),
        ((due + back) / 2, "both directions are in it; only one was asked for"),
        (due + back, "both directions are in it; only one was asked for"),
        (due / np.log(2), "the logarithm is the natural one"),
        (mean(P * (old - new)), "logits are no logarithms of probabilities until they are normalised"),
        (mean((P - Q) ** 2), "these are squares of differences, no divergence"),
        (np.mean((old - new) ** 2), "it compares logits, and these may differ by a constant"),
        (mean(abs(P - Q)) / 2, "this is the total variation, another distance"),
        (mean(p - q), "the differences are not weighted by what old would do"),
        (mean(P * abs(p - q)), "differences of both signs belong in the sum as they are"),
        ((p - q)[taken].mean(), "only the most likely action counts"),
        (mean(P * (p - q))[None].max() if n == 1 else (P * (p - q)).sum(axis=1).max(),
         "it is the largest of all states, no mean"),
    )  # fmt: skip
    right = np.isclose(got, due, rtol=1e-6, atol=1e-9)
    other = "go through one state with two actions, by hand"
    if what.startswith("an action"):
        other = "take logarithms before anything is rounded to zero"
    require(right, f"{what}: the penalty is not {got:.6g}; {_hint(got, mistakes, other)}")
