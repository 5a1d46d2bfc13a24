"""Checks of exercise 10: service times in a log that was cut; two more modules have the rest."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr

from course_lib.checks import ex10_rule, ex10_size  # noqa: F401  register the rest
from course_lib.teach.checking import Answer, numbers, part, require

NEAR = 0.01  # of the standard deviation: what a search may miss
STARTS = ("the times are in another unit, so all logarithms have moved by one number; where does "
          "your search start, and may it go there?")  # fmt: skip
PRODUCT = ("a product of so many densities is 0 for a computer, and then all is alike; add up "
           "their logarithms")  # fmt: skip
TINY = "the times are nearly equal; may your search go to so small a standard deviation?"


def _log(draw, n: int, mean: float, sd: float, window: float) -> tuple:
    """Times (n,) in a log that began `window` before its end, and which of the jobs ended."""
    times, since = np.exp(draw.normal(mean, sd, n)), draw.uniform(0, window, n)
    return np.minimum(times, since), times <= since


def _cases() -> list[tuple]:
    """What it is, seconds (n,), ended (n,), and what to say if only this one is wrong."""
    draw = np.random.default_rng(1001)
    some, most = _log(draw, 40, 1.0, 0.7, 6.0), _log(draw, 60, 2.0, 1.0, 4.0)
    times = np.exp(draw.normal(1.5, 0.6, 30))
    close = np.exp(draw.normal(0.3, 0.02, 25))
    order = draw.permutation(40)
    cases = [
        ("40 jobs, some still running", *some, ""),
        ("60 jobs, most still running", *most, ""),
        ("30 jobs, all ended", times, np.ones(30, dtype=bool), ""),
        ("30 jobs, all that run on started together", np.minimum(times, 5.0), times <= 5.0, ""),
        ("one of four runs, and very long", np.array([1.0, 2, 50, 3]), np.array([1, 1, 0, 1]) > 0,
         ""),
        ("two jobs, both ended", np.array([3.0, 1.0]), np.array([True, True]), ""),
        ("some have only just started", np.append(times, [1e-6] * 3), np.arange(33) < 30, ""),
        ("25 nearly equal times", np.minimum(close, 1.37), close <= 1.37, TINY),
        ("40 jobs in another order", some[0][order], some[1][order], ""),
        ("times in milliseconds", some[0] * 1000, some[1], STARTS),
        ("times in weeks", most[0] / 604_800, most[1], STARTS),
        ("2000 jobs", *_log(draw, 2000, 1.0, 0.7, 6.0), PRODUCT),
    ]  # fmt: skip
    assert all(len(np.unique(seconds[ended])) > 1 for _, seconds, ended, _ in cases)
    return cases


def _survival(z, log_sd):
    return log_ndtr(-z)


def _density(z, log_sd):
    return -(z**2) / 2 - log_sd


def _likelihood(logs, ended, mean, log_sd, running=_survival, done=_density) -> float:
    """The log-likelihood of the logarithms of times, without its constant."""
    z = (logs - mean) / np.exp(log_sd)
    return float(done(z, log_sd)[ended].sum() + running(z, log_sd)[~ended].sum())


def _best(logs, ended, *how) -> np.ndarray:
    """Mean and standard deviation of the largest likelihood."""
    start = logs.mean(), np.log(logs.std())
    found = minimize(lambda at: -_likelihood(logs, ended, *at, *how), start,
                     method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})  # fmt: skip
    return np.array([found.x[0], np.exp(found.x[1])])


def _due(seconds, ended, *how) -> np.ndarray:
    """What is due, or with other parts of the likelihood: of running jobs, and of ended ones."""
    return _best(np.log(seconds), ended, *how)


def _plain(logs) -> np.ndarray:
    return np.array([logs.mean(), logs.std()])


def _sampled(logs) -> np.ndarray:
    """As `_plain`, and divided by n - 1."""
    return np.array([logs.mean(), logs.std(ddof=1)])


def _filled(seconds, ended, steps: int, spread: bool) -> np.ndarray:
    """Fill in what running jobs are expected to take, again and again; EM, if `spread`."""
    logs = np.log(seconds)
    mean, sd = _plain(logs)
    for _ in range(steps):
        z = (logs - mean) / sd
        ratio = np.exp(-(z**2) / 2 - np.log(2 * np.pi) / 2 - log_ndtr(-z))
        filled = np.where(ended, logs, mean + sd * ratio)
        more = np.where(ended, 0.0, sd**2 * (1 + z * ratio - ratio**2)) if spread else 0.0
        sd = np.sqrt(np.mean((filled - filled.mean()) ** 2 + more))
        mean = filled.mean()
    return np.array([mean, sd])


def _turned(s, e) -> np.ndarray | None:
    """Ended and running exchanged; None where that has no end."""
    return _due(s, ~e) if len(np.unique(s[~e])) > 2 else None


def _moved(change):
    """A mistake in what is returned: change(mean, sd) of the right ones."""
    return lambda s, e: np.array(change(*_due(s, e)), dtype=float)


def _where_all_ended(s, e) -> np.ndarray:
    return _sampled(np.log(s)) if e.all() else _due(s, e)


MISTAKES = (
    (lambda s, e: _plain(np.log(s[e])), "you drop the jobs that still run; that they have run so "
     "long already is knowledge, too"),
    (lambda s, e: _plain(np.log(s)), "you treat the jobs that still run as if they had just ended; "
     "what is the probability that one takes longer than it has so far?"),
    (lambda s, e: _sampled(np.log(s[e])), "you drop the jobs that still run, and the rest is not "
     "the maximum of a likelihood either (n - 1)"),
    (lambda s, e: _sampled(np.log(s)), "you treat the jobs that still run as ended, and the rest "
     "is not the maximum of a likelihood either (n - 1)"),
    (_where_all_ended, "a standard deviation that divides by n - 1 does not maximise the "
     "likelihood"),
    (_turned, "`ended` is True for jobs whose time is complete; you exchange the two"),
    (lambda s, e: _due(s, np.arange(len(s)) < e.sum()), "you take the first jobs in the log for "
     "those that ended; `ended` says which they are"),
    (lambda s, e: None if e.all() else _due(s, e, lambda z, _: log_ndtr(z)), "of a running job you "
     "take the probability that it takes *less* time than so far"),
    (lambda s, e: _due(s, e, lambda z, log_sd: log_ndtr(-z) - log_sd), "a survival is a "
     "probability; dividing by the standard deviation makes a density of the ended ones only"),
    (lambda s, e: _due(s, e, lambda z, _: 2 * log_ndtr(-z)), "each running job counts twice"),
    (lambda s, e: _due(s, e, lambda z, _: log_ndtr(-z) / 2), "each running job counts by half"),
    (lambda s, e: _due(s, e, lambda z, log_sd: log_ndtr(-z) + _density(z, log_sd)), "a running job "
     "contributes its survival and no density: it has not ended at this time"),
    (lambda s, e: _due(s, e, _survival, lambda z, log_sd: log_ndtr(-z) + _density(z, log_sd)),
     "a job that ended contributes its density and no survival"),
    (_moved(lambda m, sd: (m, np.log(sd))), "the second number is the logarithm of the standard "
     "deviation"),
    (_moved(lambda m, sd: (m, sd**2)), "the second number is a variance"),
    (_moved(lambda m, sd: (sd, m)), "the mean comes first"),
    (_moved(lambda m, sd: (np.exp(m), sd)), "the first number is the median in seconds; the mean "
     "of the logarithm was asked for"),
    (_moved(lambda m, sd: (np.exp(m), np.exp(sd))), "both numbers were turned back into seconds; "
     "mean and standard deviation of the *logarithm* were asked for"),
    (_moved(lambda m, sd: (m, np.exp(sd))), "the standard deviation has one exponential too many"),
    (_moved(lambda m, sd: (np.exp(m + sd**2 / 2), sd)), "the first number is the mean in seconds; "
     "the mean of the logarithm was asked for"),
    (_moved(lambda m, sd: (m + sd**2 / 2, sd)), "the first number is the logarithm of the mean, "
     "which is not the mean of the logarithm"),
    (_moved(lambda m, sd: (m / np.log(10), sd / np.log(10))), "that is the logarithm to base 10; "
     "the natural one was asked for"),
    (_moved(lambda m, sd: (m / np.log(2), sd / np.log(2))), "that is the logarithm to base 2; the "
     "natural one was asked for"),
    (lambda s, e: _best(np.log1p(s), e), "that is the logarithm of 1 + the time"),
    (lambda s, e: _best(s, e), "that is a fit to the times themselves; it is their *logarithm* "
     "that is normal"),
    (lambda s, e: _plain(np.log(np.where(e, s, 2 * s))), "you made a time up for the jobs that run "
     "(twice as long); all that is known is that they take longer than so far"),
    (lambda s, e: _plain(np.log(np.where(e, s, s.max()))), "you made a time up for the jobs that "
     "run (the longest one); all that is known is that they take longer than so far"),
    (lambda s, e: _filled(s, e, 1, True), "one step of EM is not yet the maximum; go on until "
     "nothing changes"),
    (lambda s, e: _filled(s, e, 1, False), "one round of filling in is not the maximum of the "
     "likelihood"),
    (lambda s, e: _filled(s, e, 800, False), "what you filled in for the running jobs is an "
     "expectation; they vary around it, and that spread is missing"),
    (lambda s, e: _due(s, e) * [1, np.sqrt(len(s) / (len(s) - 1))], "the standard deviation is "
     "larger than the likelihood wants it: you divide by n - 1 somewhere"),
    (lambda s, e: _due(s, e, lambda z, _: np.exp(log_ndtr(-z))), "a survival is added as it is; "
     "take its logarithm"),
    (_moved(lambda m, sd: (round(m, 3), round(sd, 3))), "it is rounded"),
    (_moved(lambda m, sd: (round(m, 2), round(sd, 2))), "it is rounded"),
    (_moved(lambda m, sd: (round(m, 1), round(sd, 1))), "it is rounded, and a lot"),
)  # fmt: skip


def _near(got, due) -> bool:
    return bool((abs(got - due) <= NEAR * due[1]).all())


def _same(got, mistaken) -> bool:
    """Whether an answer is that of a mistake, which may be None: whatever comes is."""
    if mistaken is None:
        return True
    slack = NEAR * abs(mistaken[1]) + 0.001 * abs(mistaken) + 1e-9  # exponentials are far apart
    return bool(np.isfinite(mistaken).all() and (abs(got - mistaken) <= slack).all())


def _read(value, what: str) -> np.ndarray:
    """The two numbers; a standard deviation without end is one for now."""
    if isinstance(value, tuple | list | np.ndarray) and len(value) == 2:
        value = [1e300 if isinstance(v, float) and v == np.inf else v for v in value]
    return numbers(value, (2,), what)


@part("10.1")
def fit_service_time(answer: Answer) -> None:
    """`answer(seconds, ended)` are mean and sd of log times, where some are only known so far."""
    cases = _cases()
    came = [_read(answer(s, e), f"{what}: what you return, mean and standard deviation,")
            for what, s, e, _ in cases]  # fmt: skip
    due = [_due(s, e) for _, s, e, _ in cases]
    hint = _hint(cases, came, due)
    for (what, s, e, own), got, right in zip(cases, came, due, strict=True):
        said = f"{what}: ({got[0]:.4g}, {got[1]:.4g}) is not the maximum"
        require(_near(got, right), f"{said}; {hint or own or _lower(s, e, got, right)}")


def _hint(cases, came, due) -> str:
    """What all results have in common, if they have."""
    with np.errstate(all="ignore"):
        for mistake, hint in MISTAKES:
            if all(_same(g, mistake(s, e)) for g, (_, s, e, _) in zip(came, cases, strict=True)):
                return hint
    off = [(g[0] - d[0], g[1] / d[1], d[1]) for g, d in zip(came, due, strict=True)]
    if all(_near(np.array([g[0], abs(g[1])]), d) for g, d in zip(came, due, strict=True)):
        return "a standard deviation is not below 0; search over its logarithm, or take abs"
    if all(sd > 3 for _, sd, _ in off):
        return ("the standard deviation is far too large each time: the wider a density spreads, "
                "the lower it is")  # fmt: skip
    if all(sd < 0.01 or abs(mean) > 20 * size for mean, sd, size in off):
        return ("your search ran away from the data: `minimize` looks for the *smallest* value, so "
                "hand it minus the log-likelihood")  # fmt: skip
    if all(abs(mean) <= NEAR * size for mean, _, size in off):
        return "all the means are right, and standard deviations are not"
    if all(abs(sd - 1) <= NEAR for _, sd, _ in off):
        return "all the standard deviations are right, and means are not"
    return ""


def _lower(seconds, ended, got, due) -> str:
    """By how much the likelihood is lower than it could be."""
    if got[1] <= 0:
        return "a standard deviation is above 0"
    logs = np.log(seconds)
    with np.errstate(all="ignore"):
        gap = _likelihood(logs, ended, due[0], np.log(due[1]))
        gap -= _likelihood(logs, ended, got[0], np.log(got[1]))
    return (f"its log-likelihood (logs of times: density if ended, survival if not) is {gap:.2g} "
            "below the largest")  # fmt: skip
