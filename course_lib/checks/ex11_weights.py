"""Checks of exercise 11: the weights of a mixture that covers, judged by what it could gain."""

import numpy as np

from course_lib.teach.checking import Answer, numbers, part, require

ALLOWED = 0.01  # gain per feature that may be left
STEPS = 3_000  # of our own search for what a mistake leads to


def _cases() -> list[tuple[str, np.ndarray, float]]:
    """What it is, visits (P, d), reg."""
    draw = np.random.default_rng(1102)
    some = draw.dirichlet(np.full(6, 0.3), size=12)
    better = np.vstack([draw.uniform(0, 0.2, (5, 3)), [0.3, 0.3, 0.4]])
    nobody = draw.dirichlet(np.full(4, 0.4), size=7) * np.array([1, 1, 0, 1])
    twice = draw.dirichlet(np.full(4, 0.3), size=4)[[0, 1, 2, 3, 1, 1]]
    return [
        ("12 policies and 6 features", some, 1e-3),
        ("one policy", draw.dirichlet(np.ones(5), size=1), 1e-3),
        ("two policies and one feature", np.array([[0.2], [0.7]]), 1e-3),
        ("a policy that visits everything more often than all others", better, 1e-3),
        ("a feature that nobody visits", nobody, 1e-3),
        ("a policy that is there three times", twice, 1e-3),
        ("features that are visited hardly and often", np.diag([0.9, 0.5, 0.05]), 1e-3),
        ("features that are visited hardly and often, with reg = 0.2",
         np.diag([0.9, 0.5, 0.05]), 0.2),
        ("40 policies and 9 features", draw.dirichlet(np.full(9, 0.2), size=40), 1e-2),
    ]  # fmt: skip


def _gap(weights: np.ndarray, visits: np.ndarray, reg: float) -> float:
    """What the objective can gain at most: its slope toward the best policy."""
    covered = weights @ visits
    slope = 1 / (covered + reg)
    return float((visits @ slope).max() - covered @ slope)


def _worth(weights: np.ndarray, visits: np.ndarray, reg: float) -> float:
    return float(np.log(weights @ visits + reg).sum())


def _search(visits: np.ndarray, slope_at, steps: int = STEPS) -> np.ndarray:
    """Frank-Wolfe with any slope, (P,)."""
    weights = np.zeros(len(visits))
    for k in range(steps):
        best = (visits @ slope_at(weights @ visits)).argmax()
        weights += (np.eye(len(visits))[best] - weights) * 2 / (k + 2)
    return weights


@part("11.2")
def cover_weights(answer: Answer) -> None:
    """`answer(visits, reg)` are the weights (P,) of a mixture that maximises the sum of logs."""
    for what, visits, reg in _cases():
        _check(answer, what, visits, reg)
    _check(answer, "visits that are whole numbers", np.array([[1, 0], [0, 1], [0, 1]]), 1)


def _check(answer: Answer, what: str, visits: np.ndarray, reg: float) -> None:
    policies, features = visits.shape
    weights = numbers(answer(visits, reg), (policies,), f"{what}: the weights")
    require(weights.min() >= -1e-9, f"{what}: a weight is {weights.min():.3g}; it is a chance")
    total = weights.sum()
    require(abs(total - 1) < 1e-6, f"{what}: the weights add up to {total:.4g}, not to 1")
    gap = _gap(weights, visits, reg)
    if gap > ALLOWED * features * (1 + 1e-6):
        require(False, f"{what}: {_hint(weights, visits, reg)}; a gain of up to {gap:.3g} is left")


def _hint(weights: np.ndarray, visits: np.ndarray, reg: float) -> str:
    policies = len(visits)
    even = np.full(policies, 1 / policies)
    slopes = (
        (lambda c: 1 / (c + 1e-9), "it fits a reg of nearly 0; what is the slope of log(x + reg)?"),
        (lambda c: 1 / (c + reg) ** 2, "the slope of the logarithm is not one over the square"),
        (lambda c: (c + reg) ** -0.5, "the slope of the logarithm is not one over the root"),
        (lambda c: -np.log(c + reg), "the logarithm itself is no slope"),
    )
    for slope_at, hint in slopes:
        if np.allclose(weights, _search(visits, slope_at), atol=0.02):
            return hint
    if np.allclose(weights, even, atol=1e-3):
        return "all policies weigh the same, though some of them cover what others do as well"
    if weights.max() > 0.999:
        most = visits.sum(axis=1).argmax() == weights.argmax()
        why = ", the one that visits most in all" if most else ""
        return f"one policy has all the weight{why}; which feature should the next step be after"
    if _worth(weights, visits, reg) < _worth(even, visits, reg):
        return "it covers less than equal weights would"
    return (
        "the search stopped early, its steps do not get smaller as they should, or its slope is "
        "not that of the objective"
    )
