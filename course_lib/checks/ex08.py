"""Checks of exercise 08: the adversary's choice; three more modules have the other parts."""

import numpy as np

from course_lib.checks import ex08_reptile, ex08_threshold, ex08_verdict  # noqa: F401  register
from course_lib.checks.ex06_choice import hint_of
from course_lib.teach.checking import Answer, numbers, part, require


@part("08.1")
def choose(answer: Answer) -> None:
    """`answer(severities, harm, budget)` is the adversary's next mean, (5,)."""
    draw = np.random.default_rng(801)
    for n, budget, centre, lift in (
        (40, 1.2, (0.6, -0.2, 0.9, 1.3, 0.3), 2.0),
        (8, 5.0, (0.0, 0.1, -0.2, 0.2, 0.0), 2.0),
        (40, 5.0, 0.5, 2.0),
        (24, 2.0, 0.6, -4.0),  # a regret, which has both signs
        (16, 3.0, 0.4, -30.0),  # the policy is faster than the rule everywhere
        (11, 1.5, 0.5, 2.0),
        (5, 2.5, 0.7, 2.0),
        (2, 1.0, 0.5, 2.0),
    ):
        severities = draw.normal(centre, 0.3, (n, 5))
        harm = lift + draw.gamma(2, 1.5, n)
        above = (harm > 0).mean()
        signs = "" if above == 1 else ", harm of both signs" if above else ", harm below zero"
        _check(answer, f"{n} worlds, budget {budget:g}{signs}", severities, harm, budget)
    whole = draw.integers(0, 2, (12, 5))
    _check(answer, "12 worlds of whole severities", whole, draw.permutation(12), 2)
    nothing = -draw.random((8, 5))
    _check(answer, "8 worlds without any gap", nothing, draw.random(8), 2.0)


def _check(answer: Answer, what: str, severities, harm, budget: float) -> None:
    """The answer is the mean that is due; if not, look for the mistake."""
    got = numbers(answer(severities, harm, budget), (5,), f"{what}: the next mean")
    right = np.allclose(got, _due(severities, harm, budget), rtol=1e-7, atol=1e-9)
    hint = hint_of(got, _mistakes(severities, harm, budget), "go through two worlds by hand")
    require(right, f"{what}: the mean is not {np.round(got, 3).tolist()}; {hint}")


def _scaled(mean: np.ndarray, budget: float) -> np.ndarray:
    return mean * min(1, budget / max(mean.sum(), 1e-12))


def _due(severities, harm, budget: float) -> np.ndarray:
    worst = np.argsort(harm)[-max(2, len(harm) // 4) :]
    return _scaled(np.clip(severities, 0, 1)[worst].mean(axis=0), budget)


def _mistakes(severities, harm, budget: float) -> tuple:
    """(what comes out of a mistake, its hint), the likely ones first."""
    n, cut, order = len(harm), np.clip(severities, 0, 1), np.argsort(harm)
    quarter = max(2, n // 4)
    worst, rows = order[-quarter:], cut[order[-quarter:]]
    mean, raw = rows.mean(axis=0), severities[worst].mean(axis=0)
    total = max(mean.sum(), 1e-12)
    excess = max(total - budget, 0)
    weights = harm[worst] / (harm[worst].sum() or 1)

    def top(count: int) -> np.ndarray:
        return _scaled(cut[order[-max(1, count) :]].mean(axis=0), budget)

    def by(score: np.ndarray) -> np.ndarray:
        return _scaled(cut[np.argsort(score)[-quarter:]].mean(axis=0), budget)

    return (
        (mean, f"it adds up to more than the budget of {budget:g}"),
        (mean * budget / total, "it was scaled up; a budget need not be spent"),
        (_scaled(cut.mean(axis=0), budget), "it is the mean over all worlds, harmless ones too"),
        (by(-harm), "these worlds did least harm; which way does your sorting run?"),
        (by(abs(harm)), "harm far below zero is no harm; do not take its size"),
        (top(n // 4), "a quarter is less than two worlds here"),
        (top(1), "it is a single world; how many are the worst ones?"),
        (top(n // 2), "it is the worst half"),
        (top(max(2, -(-n // 4))), "round the quarter down"),
        (top(quarter + 1), "one world too many was averaged"),
        (top(quarter - 1), "one world too few was averaged"),
        (raw, "neither the cut nor the budget is there"),
        (_scaled(raw, budget), "some severities lie outside of 0 to 1; no world has these"),
        (_scaled(np.clip(raw, 0, 1), budget),
         "the mean was cut; it was the cut severities that each world had"),
        (np.mean([_scaled(row, budget) for row in rows], axis=0),
         "each world was scaled; the budget is for the mean that you return"),
        (np.minimum(mean, budget / 5), "each gap got a limit of its own; scale down as a whole"),
        (mean - excess / 5, "all gaps lost equally much; which proportion do they keep?"),
        (np.clip(mean - excess / 5, 0, 1), "all gaps lost equally much; which proportion do they "
         "keep?"),
        (mean * min(1, budget / max(np.linalg.norm(mean), 1e-12)),
         "the budget is for their sum, not for their length as a vector"),
        (np.clip(raw * min(1, budget / (raw.sum() or 1)), 0, 1), "cut first and scale last"),
        (_scaled(cut[-quarter:].mean(axis=0), budget),
         "these are the last rows of the table; the harm should choose"),
        (_scaled(cut[:quarter].mean(axis=0), budget),
         "these are the first rows of the table; the harm should choose"),
        (_scaled(np.sort(cut, axis=0)[-quarter:].mean(axis=0), budget),
         "each gap was sorted by itself; a world is a whole row"),
        (by(cut.sum(axis=1)), "these have the widest gaps; the harm should choose"),
        (_scaled(weights @ rows, budget), "worlds were weighted by their harm; take a plain mean"),
        (_scaled(np.median(rows, axis=0), budget), "it is a median; a mean was asked for"),
        (_scaled(rows.max(axis=0), budget), "it is the largest of each gap, no mean"),
        (_scaled(rows.sum(axis=0), budget), "it is a sum over worlds, no mean"),
        (1 - _scaled(mean, budget), "it is the opposite of what hurts"),
    )  # fmt: skip
