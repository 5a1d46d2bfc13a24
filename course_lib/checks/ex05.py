"""Checks of exercise 05: the trajectory loss and the information; `ex05_errors` has the rest."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from course_lib.checks import ex05_errors  # noqa: F401  registers 05.3 and 05.4
from course_lib.teach.checking import Answer, CheckFailed, brief, number, numbers, part, require


def _hint(got, mistakes: Iterable[tuple], otherwise: str, rtol: float = 1e-7) -> str:
    """The hint of the first mistake that gives what the answer gave."""
    for value, hint in mistakes:
        if np.shape(value) == np.shape(got) and np.allclose(got, value, rtol=rtol, atol=1e-300):
            return hint
    return otherwise


# 05.1


def _simulate(theta: np.ndarray, start: np.ndarray, commands: np.ndarray) -> np.ndarray:
    """A made-up machine: x' = theta[0] x + theta[1] u, and y' = y + x / 2; theta (2,)."""
    states = [np.asarray(start, dtype=float)]
    for u in np.asarray(commands, dtype=float):
        x, y = states[-1]
        states.append(np.array([theta[0] * x + theta[1] * u, y + x / 2]))
    return np.array(states)


def _watched(theta: np.ndarray, spoil: Callable = lambda states, start: states) -> Callable:
    """The machine, which minds how it is called; `spoil` may change what it returns."""

    def simulate(given, start, commands):
        given, start = np.asarray(given, dtype=float), np.asarray(start, dtype=float)
        if start.shape != (2,):
            raise CheckFailed(f"simulate got a start of shape {start.shape}; a state has (d,)")
        if np.ndim(commands) != 1:
            raise CheckFailed(f"simulate got commands of shape {np.shape(commands)}, not (T,)")
        if not np.array_equal(given, theta):
            raise CheckFailed("simulate got another theta than the one you were given")
        return spoil(_simulate(given, start, commands), start)

    return simulate


def _log(draw: np.random.Generator, lengths: Iterable[int], noise: np.ndarray) -> list[tuple]:
    """Episodes of the made-up machine with theta = (0.8, 1.5)."""
    log = []
    for length in lengths:
        commands = draw.integers(-2, 3, length).astype(float)
        states = _simulate(np.array([0.8, 1.5]), draw.normal(0, 3, 2), commands)
        log.append((states + draw.normal(0, noise, states.shape), commands))
    return log


@part("05.1")
def trajectory_loss(answer: Answer) -> None:
    """`answer(simulate, theta, log, noise)` is the loss of free runs from the first readings."""
    draw = np.random.default_rng(501)
    for lengths, noise, theta in (
        ((7,), np.array([1.0, 1.0]), np.array([0.9, 1.2])),
        ((6, 9, 4), np.array([0.5, 2.0]), np.array([0.7, 1.7])),
        ((1, 30), np.array([3.0, 0.1]), np.array([0.8, 1.5])),
    ):
        log = _log(draw, lengths, noise)
        got = number(answer(_watched(theta), theta, log, noise), "the loss")
        _check_loss(got, theta, log, noise)
    log, noise, theta = _log(draw, (5, 8, 3), noise), np.array([1.0, 2.0]), np.array([0.9, 1.2])
    second, third = log[1][0][0], log[2][0][0]
    for bad, where, begin in (
        (np.nan, "the last row of the second of three simulations", second),
        (np.inf, "the last row of the second of three simulations", second),
        (-np.inf, "the last row of the last simulation", third),
        (np.nan, "the last row of the last simulation", third),
    ):

        def spoil(states, start, bad=bad, begin=begin):
            states = states.copy()
            if np.allclose(start, begin):
                states[-1, 1] = bad
            return states

        got = answer(_watched(theta, spoil), theta, log, noise)
        require(np.shape(got) == () and got is not None, f"the loss is {brief(got)}, no number")
        wrong = f"{bad} in {where} gives the loss {float(got):.4g}; "
        require(not math.isnan(got), wrong + "nan compares with nothing, so test for it")
        require(got != -np.inf, wrong + "an optimiser would run there at once")
        require(got == np.inf, wrong + "such a theta must look as bad as can be")


def _check_loss(got: float, theta: np.ndarray, log: list, noise: np.ndarray) -> None:
    """`got` is the loss; if not, look for the mistake."""
    runs = [_simulate(theta, readings[0], commands) for readings, commands in log]
    off = [readings - run for (readings, _), run in zip(log, runs, strict=True)]
    z = np.concatenate(off) / noise
    each = [float(((o / noise) ** 2).sum()) for o in off]

    def from_starts(starts: Iterable) -> float:
        pairs = zip(log, starts, strict=True)
        return sum((((r - _simulate(theta, s, u)) / noise) ** 2).sum() for (r, u), s in pairs)

    def summed(differences: Iterable) -> float:
        return sum(((d / noise) ** 2).sum() for d in differences)

    both = list(zip(log, runs, strict=True))
    due, raw, last = sum(each), np.concatenate(off), np.array([o[-1] for o in off]) / noise
    carried = [log[0][0][0]]
    for _, commands in log[:-1]:
        carried.append(_simulate(theta, carried[-1], commands)[-1])
    one_step = (r[k + 1] - _simulate(theta, r[k], u[k : k + 1])[-1]
                for r, u in log for k in range(len(u)))  # fmt: skip
    later = (r - _simulate(theta, r[0], np.r_[0.0, u[:-1]]) for r, u in log)
    mistakes = (
        (summed(one_step), "the simulator starts anew at each reading and has no time to go wrong"),
        (summed(r[1:] - run[:-1] for (r, _), run in both),
         "a reading is held against the simulated row before it"),
        (summed(r[:-1] - run[1:] for (r, _), run in both),
         "a reading is held against the simulated row after it"),
        (summed(later), "each command comes one step late"),
        (from_starts(np.zeros((len(log), 2))), "the simulator starts at zero; where did they?"),
        (from_starts([r[-1] for r, _ in log]), "the simulator starts where the episode ends"),
        (from_starts([log[0][0][0]] * len(log)), "all episodes start where the first one did"),
        (from_starts(carried), "an episode starts where the simulation before it ended"),
        ((raw**2).sum(), "you left the noise out; a loud sensor must not drown a fine one"),
        ((raw**2 / noise).sum(), "is the noise squared along with the difference?"),
        (((raw * noise) ** 2).sum(), "a noisy sensor should count for less, not for more"),
        ((raw**2).sum() / (noise**2).mean(), "each channel has a noise of its own"),
        (((raw / noise.mean()) ** 2).sum(), "each channel has a noise of its own"),
        (((raw / noise[0]) ** 2).sum(), "each channel has a noise of its own"),
        (-due, "small should be good"),
        (math.sqrt(due), "it is the root of what it should be"),
        (due / 2, "it is half of what it should be; a mean over channels, perhaps?"),
        (abs(z).sum(), "sizes are summed, not squares"),
        (z.sum() ** 2, "errors to both sides cancel if you sum before you square"),
        (due + len(z) * np.log(noise).sum(), "nothing is added to the sum of squares"),
        ((last**2).sum(), "only the end of each episode counts"),
        ((z[:, 0] ** 2).sum(), "only the first channel counts"),
        ((z[:, -1] ** 2).sum(), "only the last channel counts"),
        ((z**2).mean(), "it is a mean; the sum was asked for, so that more readings weigh more"),
        ((z**2).mean(axis=0).sum(), "each channel counts with a mean over its rows"),
        (sum(((o / noise) ** 2).mean() for o in off), "each episode counts with its mean"),
        (due / len(log), "the sum is divided by the number of episodes"),
        (each[0], "only the first episode counts; does return stand inside the loop?"),
        (each[-1], "only the last episode counts; is the sum begun anew in the loop?"),
    )  # fmt: skip
    if math.isclose(got, due, rel_tol=1e-9):
        return
    episodes = (
        f"{len(log)} episode{'s'[: len(log) > 1]} of {', '.join(str(len(u)) for _, u in log)}"
    )
    hint = _hint(got, mistakes, "go through one episode of two steps by hand")
    raise CheckFailed(f"for {episodes} steps the loss is not {got:.6g}; {hint}")


# 05.2

TIMES = np.linspace(0.0, 2.0, 9)[:, None]
COUNT = np.arange(31)[:, None]
# A name, the experiment, theta, noise, and the sensitivities to shares of theta (p, rows, d).
EXPERIMENTS = (
    ("a ball in flight, theta = (speed, gravity)",
     lambda x: x[0] * TIMES - x[1] * TIMES**2 / 2, [12.0, 9.8], [0.6],
     lambda x: [x[0] * TIMES, -x[1] * TIMES**2 / 2]),
    ("two sensors of unlike noise",
     lambda x: np.hstack([5 * x[0] ** COUNT, COUNT * x[0] * x[1]]), [0.93, 4.0], [0.3, 2.0],
     lambda x: [np.hstack([5 * COUNT * x[0] ** COUNT, COUNT * x[0] * x[1]]),
                np.hstack([0.0 * COUNT, COUNT * x[0] * x[1]])]),
    ("a single quantity", lambda x: x[0] ** COUNT, [0.96], [0.1],
     lambda x: [COUNT * x[0] ** COUNT]),
    ("a cart, theta = (speed, force, mass)",
     lambda x: x[0] * TIMES + x[1] / x[2] * TIMES**2 / 2, [0.7, 10.0, 1.5], [0.05],
     lambda x: [x[0] * TIMES, x[1] / x[2] * TIMES**2 / 2, -x[1] / x[2] * TIMES**2 / 2]),
    ("a product of two quantities", lambda x: x[0] * x[1] * TIMES, [2.0, 0.3], [0.4],
     lambda x: [x[0] * x[1] * TIMES] * 2),
    ("quantities of 3e+06 and 2e-06",
     lambda x: np.sin(1e-6 * x[0] * TIMES) + np.exp(5e5 * x[1] * TIMES), [3e6, 2e-6], [1.0],
     lambda x: [3 * TIMES * np.cos(3 * TIMES), TIMES * np.exp(TIMES)]),
    ("whole numbers in theta", lambda x: x[0] * TIMES + x[1] ** 2 * TIMES**2, [3, 2], [1.0],
     lambda x: [x[0] * TIMES, 2 * x[1] ** 2 * TIMES**2]),
)  # fmt: skip


@part("05.2")
def fisher_information(answer: Answer) -> None:
    """`answer(run, theta, noise)` is the information about shares of theta, and its least seen."""
    for what, run, theta, noise, sensitivities in EXPERIMENTS:
        theta, noise = np.array(theta), np.array(noise)
        result = answer(_minding(run, len(theta)), theta, noise)
        require(result is not None, "None came back; does your code end with return?")
        fits = isinstance(result, tuple | list) and len(result) == 2
        require(fits, f"return two things, (information, blind), not {brief(result)}")
        order = np.shape(result[0]), np.shape(result[1])
        p = len(theta)
        require(order != ((p,), (p, p)), "the information comes first, then blind")
        information = numbers(result[0], (p, p), f"{what}: the information")
        blind = numbers(result[1], (p,), f"{what}: blind")
        S = np.array(sensitivities(theta), dtype=float)
        _check_information(what, information, run, theta, noise, S)
        _check_blind(what, blind, theta, noise, S)


def _minding(run: Callable, p: int) -> Callable:
    """An experiment that minds what it is given."""

    def experiment(theta):
        if np.shape(theta) != (p,):
            raise CheckFailed(f"run got a theta of shape {np.shape(theta)}, not ({p},)")
        return np.array(run(theta))

    return experiment


def _check_information(what, got, run, theta, noise, S) -> None:
    """`got` is the information; if not, look for the mistake."""
    rows, d = S.shape[1:]
    p, h, raw = len(theta), 1e-4, S / theta[:, None, None]

    def squared(S: np.ndarray, noise=noise) -> np.ndarray:
        flat = (S / noise).reshape(len(S), -1)
        return flat @ flat.T

    def numeric(up: float, down: float, stay: bool = False) -> np.ndarray:
        base, out = theta.astype(float), []
        for i in range(p):
            high, low = base.copy(), base.copy()
            high[i], low[i] = high[i] * (1 + up), low[i] * (1 + down)
            out.append((run(high) - run(low)) / (up - down))
            base = high if stay else base
        return squared(np.array(out))

    due = squared(S)
    z = S / noise
    if np.allclose(got, due, rtol=1e-4, atol=1e-4 * due.max()):
        return
    steps = "does each step go with the size of its quantity?"
    mistakes = (
        (0 * due, "nothing changes it; are both nudged thetas one array, or whole numbers?"),
        (squared(raw), "this is the change per unit; a share of a quantity was asked for"),
        (4 * due, "the two runs lie 2h apart"),
        (due / 4, "the two runs lie 2h apart, and that is divided by once"),
        (4 * h**2 * due, "by what is the difference of the runs divided?"),
        (squared(S, 1.0), "you left the noise out"),
        (squared(S, np.sqrt(noise)), "noise enters as a square"),
        (squared(S, 1 / noise), "a noisy sensor tells less, not more"),
        (squared(S, noise.mean()), "each channel has a noise of its own"),
        (squared(S, noise[0]), "each channel has a noise of its own"),
        (due / rows, "it is a mean over the rows; each reading adds to what is known"),
        (due / (rows * d), "it is a mean over the readings; each one adds to what is known"),
        (-due, "what is known cannot be negative"),
        (np.diag(np.diag(due)), "off its diagonal is nothing; who says how two effects overlap?"),
        (squared(S[:, -1:]), "only the last row counts"),
        (squared(S[:, :, :1], noise[:1]), "only the first channel counts"),
        (np.outer(z.sum((1, 2)), z.sum((1, 2))), "each reading is multiplied before the sum"),
        (numeric(h, -h, stay=True), "a quantity stays nudged while the next one is"),
        (numeric(h, 0), "the difference is one-sided; nudge to both sides"),
        (numeric(0, -h), "the difference is one-sided; nudge to both sides"),
        *((numeric(c, -c), "so large a share is no longer a small change; take the given h")
          for c in (0.5, 0.1, 0.05, 0.01)),
    )  # fmt: skip
    inverse = np.linalg.cond(due) < 1e8 and np.allclose(got, np.linalg.inv(due), rtol=1e-3)
    near = np.allclose(got, due, rtol=0.05, atol=0.02 * due.max())
    other = "take one quantity and one reading, and go through it by hand"
    if abs(np.log10(abs(theta))).max() > 3:
        other = f"{steps} A fixed one is too large for the one and too small for the other"
    elif theta.dtype.kind == "i":
        other = "can the array hold what you put into it?"
    elif near:
        other = "it is near; where does the difference come from, the step?"
    hint = "this is its inverse" if inverse else _hint(got, mistakes, other, rtol=1e-5)
    raise CheckFailed(f"{what}: the information begins with {got[0, 0]:.6g}, and is wrong; {hint}")


def _check_blind(what: str, blind: np.ndarray, theta, noise, S: np.ndarray) -> None:
    """`blind` is the unit vector along which the readings change least."""
    flat = (S / noise).reshape(len(S), -1)
    values, vectors = np.linalg.eigh(flat @ flat.T)
    length = np.linalg.norm(blind)
    require(length > 0, f"{what}: blind is zero, which is no direction")
    unit = blind / length
    small = ((unit @ flat) ** 2).sum() <= values[0] + 1e-6 * values[-1]
    axes, theta = np.eye(len(S)), np.asarray(theta, dtype=float)
    per_unit = vectors[:, 0] * theta
    mistakes = (
        (vectors[:, -1], "along it the readings change most, not least"),
        (vectors[0], "eigh has the vectors in its columns; this is a row"),
        (vectors[-1], "eigh has the vectors in its columns; this is a row"),
        (axes[np.diag(flat @ flat.T).argmin()], "a direction may lead across several quantities"),
        (per_unit / np.linalg.norm(per_unit), "its parts are shares; take them as they come"),
        (abs(vectors[:, 0]), "when one part grows the other falls, so signs differ"),
    )
    if len(S) > 2:
        mistakes += ((vectors[:, 1], "another direction is seen less; which eigenvalue is it?"),)
    fits = (hint for v, hint in mistakes if abs(abs(unit @ v) - 1) < 1e-5)
    hint = next(fits, "which eigenvector is it?")
    require(small, f"{what}: blind is {blind.round(3).tolist()}; {hint}")
    require(abs(length - 1) < 1e-6, f"{what}: blind has the length {length:.4g}, not 1")
