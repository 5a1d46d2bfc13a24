"""Checks of exercise 06, the rest: a plan that is chosen and confirmed, and an anchor."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import log_softmax

from course_lib.gap import interquartile_mean, iqm_interval, paired_interval
from course_lib.teach.checking import Answer, CheckFailed, brief, number, part, require, safely


def refuses(call: str, function: Callable, *given) -> None:
    """The answer raises a ValueError of its own, with a message, for what it is given."""
    error = None
    with safely(f"called with {call}"):
        try:
            function(*given)
        except NotImplementedError:
            raise
        except Exception as raised:
            error = raised
    came = type(error).__name__ if error else "a result"
    require(isinstance(error, ValueError), f"{call}: raise a ValueError; {came} came")
    require(len(str(error)) > 8, f"{call}: the ValueError should say what is wrong")


def hint_of(got, mistakes: Sequence[tuple], otherwise: str) -> str:
    """The hint of the first mistake that gives what the answer gave."""
    for value, hint in mistakes:
        if np.shape(value) == np.shape(got) and np.allclose(got, value, rtol=1e-7, atol=1e-12):
            return hint
    return otherwise


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
    ("b gains on average on the tuning seeds, and on all fresh ones",
     _case({"direct": np.zeros(5), "b": [70, -30, 20, -25, 45]}, _gains(8, b=30))),
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


def _apart(tuning: Tables, fresh: Tables) -> str:
    best = _best(tuning)
    ours, theirs = iqm_interval(fresh[best]), iqm_interval(fresh["direct"])
    return best if best != "direct" and ours.low > theirs.high else "direct"


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
    (lambda t, f: _verdict(_best(t), f, lambda i: i.low >= 0),
     "an interval that ends at zero touches it"),
    (_apart, "compare seed by seed; the luck that both plans share then cancels"),
    (_among_others, "direct takes part in the choice, too"),
    (lambda t, f: _verdict(_best(t, np.mean), f, _above), "it goes by interquartile means"),
    (lambda t, f: _verdict(_best(t, np.median), f, _above), "it goes by interquartile means"),
    (lambda t, f: _verdict(_best(t, np.max), f, _above), "one lucky seed chooses; take them all"),
    (lambda t, f: _verdict(_best(t, lambda r: -interquartile_mean(r)), f, _above),
     "the chosen plan is the worst one"),
)  # fmt: skip


@part("06.3")
def choose(answer: Answer) -> None:
    """`answer(plans, returns_of, tuning, fresh)` is a confirmed plan's name, or "direct"."""
    came, due, problem = [], [], None
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
        problem = problem or _misused(what, seen, _best(tables[0]), tuning, fresh)
        came.append(got)
        due.append(_verdict(_best(tables[0]), tables[1], _above))
    fits = (hint for rule, hint in PROCEDURES if came == [rule(*tables) for _, tables in CASES])
    hint = next(fits, None)
    require(not problem or (hint and came != due), problem or "")
    hint = hint or "go through the five steps with few seeds"
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
        refuses(what, answer.function, plans, returns_of, [0, 1, 2, 3, 4], list(fresh))
        require(not any(seen.values()), f"{what}: look before you train; training costs minutes")


def _returns_of(tables, tuning: list[int], fresh: list[int], seen: dict) -> Callable:
    """A stand-in for training; notes in `seen` which plan had which seeds."""

    def returns_of(name, seeds):
        if not isinstance(name, str) or name not in seen:
            raise CheckFailed(f"returns_of got {brief(name)}; it takes the name of a plan")
        if not isinstance(seeds, Sequence | np.ndarray | range):
            raise CheckFailed(f"returns_of got the seeds {brief(seeds)}; it takes several")
        values = dict(
            zip([*tuning, *fresh], np.concatenate([t[name] for t in tables]), strict=True)
        )
        strange = [seed for seed in seeds if seed not in values]
        if strange:
            raise CheckFailed(f"returns_of got the seed {strange[0]}, which you were not given")
        seen[name] += [int(seed) for seed in seeds]
        return np.array([values[seed] for seed in seeds])

    return returns_of


def _misused(what: str, seen: dict, best: str, tuning: list[int], fresh: list[int]) -> str | None:
    """What is wrong with the seeds: all plans need the tuning ones, and only two the fresh ones."""
    for name, seeds in seen.items():
        if not set(tuning) <= set(seeds):
            return f"where {what}, {name!r} was not tried on all tuning seeds"
    for name in set(seen) - {best, "direct"}:
        if set(fresh) & set(seen[name]):
            hint = "it was not the best on the tuning seeds, and fresh seeds are for one comparison"
            return f"where {what}, {name!r} was trained on the fresh seeds; {hint}"
    return None


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
        (-back, "the sum runs over what new would do; the weights belong to the frozen policy"),
        (due / old.shape[1], "it is a mean over actions; sum over actions, average over states"),
        (due * n, "it is a sum over states; a larger batch would pull harder"),
        (mean(-P * q), "it does not vanish where both agree; something of old is missing"),
        (mean(-P * p), "new is not in it"),
        ((due + back) / 2, "both directions are in it; only one was asked for"),
        (due + back, "both directions are in it; only one was asked for"),
        (due / np.log(2), "the logarithm is the natural one"),
        (mean(P * (old - new)), "logits are logarithms of probabilities once they are normalised"),
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
    require(right, f"{what}: the penalty is not {got:.6g}; {hint_of(got, mistakes, other)}")
