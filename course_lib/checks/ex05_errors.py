"""Checks of exercise 05, the rest: the better of two excitations, and an interval with coverage."""

import math
from types import SimpleNamespace

import numpy as np
from scipy.stats import binom, norm, t

from course_lib.teach.checking import Answer, CheckFailed, brief, numbers, part, require, safely

REPETITIONS = 200
RARE = 1e-3  # a coverage as far off as that is no bad luck


# 05.3

REGULAR = (
    ([[100, 99], [99, 100]], [[10, 0], [0, 10]], 0),
    ([[10, 0], [0, 10]], [[100, 99], [99, 100]], 1),
    ([[9, 0], [0, 1]], [[4, 0], [0, 4]], 0),
    ([[9, 0], [0, 1]], [[4, 0], [0, 4]], 1),
    ([[4, 0], [0, 900]], [[9, 1], [1, 2]], 0),
    ([[9, 1], [1, 2]], [[4, 0], [0, 900]], 0),
    ([[9, 0, 0], [0, 5, 0], [0, 0, 1]], [[6, 0, 0], [0, 2, 0], [0, 0, 3]], 1),
    ([[6, 0, 0], [0, 2, 0], [0, 0, 3]], [[9, 0, 0], [0, 5, 0], [0, 0, 1]], 2),
    ([[6, 2, 4], [2, 7, 3], [4, 3, 9]], [[5, -1, 0], [-1, 8, 2], [0, 2, 6]], 2),
    ([[1, 0, 0], [0, 100, 0], [0, 0, 90]], [[2, 0, 0], [0, 3, 0], [0, 0, 3]], 2),
    ([[9]], [[16]], 0),
    ([[2e-12, 0], [0, 5e-12]], [[3e-12, 0], [0, 1e-12]], 0),
)
# The second effect is -1.5 times the first: exactly, and up to rounding.
EXACT = np.outer([1.0, -1.5], [1.0, -1.5])
ROUNDED = 3e3 * np.outer([0.1, -0.2, 0.7], [0.1, -0.2, 0.7])
NEARLY = ROUNDED + np.diag([1e-9, 2e-9, 3e-9])
# Two readings of three quantities. An inverse of it is rounding errors, and may be negative.
TOO_FEW = 100 * np.outer([-0.3, -0.9, -0.5], [-0.3, -0.9, -0.5])
TOO_FEW += np.outer([0.9, -0.4, 0.8], [0.9, -0.4, 0.8])
TWO, THREE = 0.1 * np.eye(2), 0.1 * np.eye(3)
SINGULAR = (
    (EXACT, TWO, 0, "b"),
    (TWO, 7 * EXACT, 1, "a"),
    (ROUNDED, THREE, 2, "b"),
    (THREE, 5 * ROUNDED, 0, "a"),
    (1e-9 * THREE, NEARLY, 0, "a"),
    (TOO_FEW, THREE, 1, "b"),
    (EXACT, 5 * EXACT, 0, None),
    (ROUNDED, NEARLY, 1, None),
    (NEARLY, 2 * NEARLY, 2, None),
)
# What others minimise, each with a hint.
CRITERIA = (
    (lambda m, w: 1, "do you look at them?"),
    (lambda m, w: -np.linalg.inv(m)[w, w], "the smaller error is the better one"),
    (lambda m, w: 1 / m[w, w], "1 / I_ww holds if all else is known, and it is not"),
    (lambda m, w: m[w, w], "a large entry means that the readings tell much"),
    (lambda m, w: np.linalg.inv(m)[0, 0], "is it the wanted quantity that you compare?"),
    (lambda m, w: np.linalg.inv(m)[-1, -1], "is it the last quantity that was wanted?"),
    (lambda m, w: np.linalg.inv(m)[w - 1, w - 1], "the numbers of the quantities begin at 0"),
    (lambda m, w: np.trace(np.linalg.inv(m)), "you count all quantities; one is wanted"),
    (lambda m, w: np.abs(np.linalg.inv(m)[w]).sum(), "an error stands on the diagonal"),
    (lambda m, w: -np.trace(m), "a trace tells neither what is wanted nor how effects overlap"),
    (lambda m, w: -np.linalg.det(m), "a determinant does not know which quantity is wanted"),
    (lambda m, w: -np.linalg.eigvalsh(m)[0], "an eigenvalue does not know what is wanted"),
    (lambda m, w: np.linalg.cond(m), "a condition number says whether, but not how well"),
)  # fmt: skip


def _chosen(answer: Answer, a: np.ndarray, b: np.ndarray, wanted: int) -> str | None:
    try:
        got = answer(a, b, wanted)
    except CheckFailed as problem:
        if "LinAlgError" not in str(problem):
            raise
        hint = "; a matrix has a null direction: look at its condition before you invert it"
        raise CheckFailed(f"{problem}{hint}") from None
    known = got is None or (isinstance(got, str) and got in ("a", "b"))
    require(known, f'{brief(got)} came back; return "a", "b" or None')
    return got


@part("05.3")
def better_excitation(answer: Answer) -> None:
    """`answer(a, b, wanted)` is the letter of the information with the smaller error, or None."""
    pairs = [(np.array(a, float), np.array(b, float), w) for a, b, w in REGULAR]
    gave = [_chosen(answer, *pair) for pair in pairs]

    def choice(criterion, tie: str = "a") -> list[str]:
        values = [[criterion(m, w) for m in (a, b)] for a, b, w in pairs]
        return [tie if of_a == of_b else "ab"[int(of_a > of_b)] for of_a, of_b in values]

    due = choice(lambda m, w: np.linalg.inv(m)[w, w])
    fits = (hint for c, hint in CRITERIA if gave in (choice(c), choice(c, "b")))
    hint = next(fits, "what are the two errors?")
    for got, right, (a, b, wanted) in zip(gave, due, REGULAR, strict=True):
        if got is None:
            hint = "neither is singular; that an entry or determinant is small depends on the units"
        require(got == right, f"for a = {a}, b = {b} and wanted = {wanted} you chose {got}; {hint}")
    for a, b, wanted, right in SINGULAR:
        got, size = _chosen(answer, a, b, wanted), f"of {len(a)} quantities"
        where = f"where both matrices {size} have condition numbers above 1e10"
        hint = "neither can tell, so there is nothing to choose"
        if right:
            other = "b" if right == "a" else "a"
            where = f"where matrix {other} {size} has a condition number above 1e10"
            hint = "the other one has not, so there is something to choose"
        if right and got:
            hint = "it has a null direction, and no large entry makes up for that"
        require(got == right, f"{where}, you chose {got}; {hint}")


# 05.4


def _fits(n: int, p: int, seed: int) -> list[SimpleNamespace]:
    """Repetitions of an experiment on a machine whose readings are linear in its quantities."""
    draw = np.random.default_rng(seed)
    J = draw.normal(size=(n, p)) + 1.5 * draw.normal(size=(n, 1))  # the effects overlap
    truth, fits = draw.uniform(1, 9, p), []
    for _ in range(REPETITIONS):
        readings = J @ truth + draw.normal(0, 0.7, n)
        estimate = np.linalg.lstsq(J, readings, rcond=None)[0]
        fits.append(SimpleNamespace(truth=truth, x=estimate, fun=J @ estimate - readings, jac=J))
    return fits


@part("05.4")
def interval(answer: Answer) -> None:
    """`answer(estimate, residuals, jacobian, which, confidence)` covers as often as it promises."""
    for n, p, which, confidence in (
        (5, 3, 1, None),
        (4, 2, 0, None),
        (7, 2, 1, 0.8),
        (12, 4, 3, 0.99),
        (3, 1, 0, 0.5),
    ):
        fits, asked = _fits(n, p, 536), {} if confidence is None else {"confidence": confidence}
        results = [answer(f.x, f.fun, f.jac, which, **asked) for f in fits]
        ends = [numbers(result, (2,), "the result (low, high)") for result in results]
        _check_coverage(np.array(ends), fits, which, confidence or 0.95)
    for n, p in ((2, 2), (2, 3)):
        _check_refusal(answer, n, p)


def _check_coverage(ends: np.ndarray, fits: list, which: int, confidence: float) -> None:
    """The intervals (repetitions, 2) hold the truth as often as they should, and are not wide."""
    n, p = fits[0].jac.shape
    where = f"for {n} readings of {p} quantit{'ies' if p > 1 else 'y'} at {confidence:.0%}, "
    truth, centre = fits[0].truth[which], np.array([f.x[which] for f in fits])
    low, high = ends.T
    ends_hint = "return the two ends, the lower first"
    require((low < high).all(), f"{where}{low[0]:.4g} and {high[0]:.4g} came; {ends_hint}")
    half = (high - low) / 2
    middle = np.allclose((low + high) / 2, centre, atol=1e-6 * half.max())
    due = np.array([_half(f, which, confidence) for f in fits])
    covered, ratio = int(((low < truth) & (truth < high)).sum()), np.median(half / due)
    around = _around(ends.mean(axis=1), fits) if not middle else ""
    require(middle, f"{where}the interval does not lie about the estimate{around}")
    few, many = binom.ppf([RARE, 1 - RARE], REPETITIONS, confidence)
    fine = few <= covered <= many and np.allclose(half, due, rtol=0.02)
    if not fine:
        hold = f"{covered} of {REPETITIONS} intervals hold the truth"
        size = f"{where}{hold}, and they are {ratio:.3g} times as wide as they should be; "
        raise CheckFailed(size + _why(half, fits, which, confidence))


def _around(middle: np.ndarray, fits: list) -> str:
    if np.allclose(middle, 0, atol=1e-9):
        return ", but about zero"
    others = np.array([f.x for f in fits])
    if any(np.allclose(middle, column) for column in others.T):
        return " of the quantity asked for, but of another"
    return ""


def _half(f, which: int, confidence: float) -> float:
    n, p = f.jac.shape
    variance = f.fun @ f.fun / (n - p) * np.linalg.inv(f.jac.T @ f.jac)[which, which]
    return t.ppf((1 + confidence) / 2, n - p) * math.sqrt(variance)


def _why(half: np.ndarray, fits: list, which: int, confidence: float) -> str:
    """The hint of the mistake that gives these half-widths."""
    n, p = fits[0].jac.shape
    J, rest = fits[0].jac, np.array([f.fun for f in fits])
    told = J.T @ J
    tail, free = (1 + confidence) / 2, n - p
    no_mean = "take no mean off the residuals; none was fitted"
    due = np.array([_half(f, which, confidence) for f in fits])
    factor, squares = t.ppf(tail, free), (rest**2).sum(axis=1)
    s, entry = np.sqrt(squares / free), math.sqrt(np.linalg.inv(told)[which, which])
    few = "a normal distribution is too sure of a noise that so few readings tell"
    by_n = "the fit took up some of the noise, and a division by n does not know it"
    as_s = "Student's t has as many degrees of freedom as s has, not"
    mistakes = (
        (due * math.sqrt(free / n), by_n),
        (due * math.sqrt(free / (n - 1)), "how many quantities were fitted? More than one"),
        (due * norm.ppf(tail) / factor, few),
        (due * math.sqrt(free / n) * norm.ppf(tail) / factor, f"{by_n}. And {few}"),
        (due * t.ppf(tail, n - 1) / factor, f"{as_s} n - 1"),
        (due * t.ppf(tail, n) / factor, f"{as_s} n"),
        (due * math.sqrt(free / n) * t.ppf(tail, n) / factor,
         "neither s nor Student's t has n degrees of freedom"),
        (due * math.sqrt(free / (n - 1)) * t.ppf(tail, n - 1) / factor,
         "neither s nor Student's t has n - 1 degrees of freedom"),
        (due * t.ppf(0.975, free) / factor, "it is one of 95 %, whatever was asked for"),
        (due * 1.96 / factor, "1.96 belongs to a normal distribution, and to 95 %"),
        (due * t.ppf(confidence, free) / factor, "all that is left out lies on one side"),
        (due / factor, "this is one standard error to each side, without a quantile"),
        (due / entry / math.sqrt(told[which, which]),
         "1 over an entry of JᵀJ would do if the other quantities were known"),
        (due / entry / np.linalg.norm(J[:, which]), "one column of the Jacobian is not enough"),
        (due * entry, "the root of the matrix's entry is missing"),
        (due * s * entry, "it is made of a variance; a width has the unit of its quantity"),
        (due * s, "s is not squared here"),
        (due / s, "the noise is not in it; what do the residuals tell?"),
        (due * math.sqrt(free), "the squares of the residuals are summed, but not divided"),
        (due / math.sqrt(n), "the matrix counts the readings already; no further root of n"),
        (due / entry, "the Jacobian is not in it; how much does a reading tell?"),
        (due / entry * math.sqrt(told[which, which]), "what is known is inverse to what is not"),
        (due / 2, "all of it goes to each side, not half"),
        (due * 2, "all of it goes to each side once, not twice"),
        (due / s * rest.std(axis=1), no_mean),
        (due / s * rest.std(axis=1, ddof=1), no_mean),
        (due / s * rest.std(axis=1, ddof=min(p, n - 1)), no_mean),
        (due / s * abs(rest).mean(axis=1), "a mean of sizes is not the root of a mean square"),
        (due / s * abs(rest).max(axis=1), "one residual is not all of them"),
        *((due / entry * math.sqrt(e), "which quantity's entry of the matrix is it?")
          for e in np.diag(np.linalg.inv(told))),
        (due[0] + 0 * due, "all have the same width, though the residuals differ"),
    )  # fmt: skip
    for value, hint in mistakes:
        if np.allclose(half, value, rtol=1e-4) and not np.allclose(due, value, rtol=1e-3):
            return hint
    constant = np.ptp(half) < 1e-9 * half[0]
    if constant:
        return "all have the same width, though the residuals differ"
    return "go through its parts: s, the matrix, the quantile"


def _check_refusal(answer: Answer, n: int, p: int) -> None:
    """Too few readings: the answer raises a ValueError of its own, with a message."""
    what, error = f"{n} readings of {p} quantities", None
    draw = np.random.default_rng(n + p)
    with safely(f"called with {what}"):
        try:
            answer.function(draw.normal(size=p), 0.1 * np.ones(n), draw.normal(size=(n, p)), 0)
        except NotImplementedError:
            raise
        except Exception as raised:
            error = raised
    came = type(error).__name__ if error else "a result"
    right = isinstance(error, ValueError) and not isinstance(error, np.linalg.LinAlgError)
    require(right, f"{what} leave nothing to tell the noise: raise a ValueError, not {came}")
    require(len(str(error)) > 8, f"{what}: the ValueError should say what is wrong")
