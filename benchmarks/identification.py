"""System identification: how long it takes, and how far the estimate is from the truth.

Everybody gets the same log of a cart whose gravity and cart mass are not known, the two quantities
that a widely copied tutorial looks for. The rest is known, the noise of the readings too. SciPy and
CMA-ES get a better objective than the tutorial's, whose bias no optimiser can mend: free runs from
starts that are estimated too. All peers simulate in a loop around Gymnasium's `CartPoleEnv`.
"""

import time
from dataclasses import dataclass

import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

from benchmarks.contest import Contender

ROUNDS = 5  # truths, each with a log
TRUTHS = np.array([[8.0, 12.0], [0.5, 2.0]])  # gravity in m/s², cart mass in kg: drawn from these
RANGES = np.array([[6.0, 14.0], [0.3, 3.0]])  # what everybody is told
NOISE = 0.05  # standard deviation of every reading, as in the tutorial
STEPS, LONGEST = 400, 100  # of the log, and of an episode in it
GRID = 20  # points per quantity
PREDICTIONS = 100  # that the tutorial tries each point on
PIECE, CORRECTIONS = 40, 2  # steps of a free run, and how often its start is mended: tried out
NUDGE = 1e-4  # of a start, to see what changes


@dataclass(frozen=True)
class Episode:
    """Readings (T + 1, 4), with noise, and commands (T,)."""

    observations: np.ndarray
    actions: np.ndarray


def ours(seed: int) -> dict:
    """`identify`, with the quantities' ranges and the noise."""
    from course_lib.transfer.identification import identify
    from course_lib.worlds import CartPolePhysics, Uniform

    gravity, mass = (Uniform(*ends) for ends in RANGES.tolist())
    ranges = CartPolePhysics(gravity=gravity, cart_mass=mass, observation_noise=NOISE)

    def estimate(log):
        physics = identify(log, ranges).physics
        return physics.gravity, physics.cart_mass

    return timed(seed, estimate)


def grid(seed: int) -> dict:
    """The tutorial's recipe: the point of a grid with the smallest errors one step ahead."""
    return timed(seed, lambda log: best_of_grid(log, PREDICTIONS))


def whole_grid(seed: int) -> dict:
    """The same grid, tried on the whole log."""
    return timed(seed, lambda log: best_of_grid(log, STEPS))


def scipy_fit(seed: int) -> dict:
    """SciPy's `least_squares` on free runs."""
    from scipy.optimize import least_squares

    def estimate(log):
        return least_squares(
            lambda x: free_runs(log, x),
            RANGES.mean(axis=1),
            bounds=RANGES.T,
            x_scale=np.ptp(RANGES, axis=1),
            ftol=1e-4,
        ).x

    return timed(seed, estimate)


def cma_es(seed: int) -> dict:
    """CMA-ES on the sum of the same squares."""
    import cma

    low, width = RANGES[:, 0], np.ptp(RANGES, axis=1)
    options = {"bounds": [0, 1], "seed": seed + 1, "tolfun": 0.01, "tolx": 1e-3, "verbose": -9}

    def estimate(log):
        def loss(share):
            return np.sum(free_runs(log, low + share * width) ** 2) / NOISE**2

        return low + cma.fmin2(loss, [0.5, 0.5], 0.25, options)[0] * width

    return timed(seed, estimate)


def timed(seed: int, estimate) -> dict:
    """Seconds, and the error: the root mean square of ln(estimate / truth)."""
    truth, log = make_log(seed)
    start = time.perf_counter()
    found = np.asarray(estimate(log))
    seconds = time.perf_counter() - start
    error = float(np.sqrt(np.mean(np.log(found / truth) ** 2)))
    return {
        "seconds": seconds,
        "error": error,
        "estimates": found.tolist(),
        "truth": truth.tolist(),
    }


def make_log(seed: int) -> tuple[np.ndarray, list[Episode]]:
    """Draw gravity and cart mass, (2,), and balance that cart, with pushes at random now and then.

    The readings are kept until the pole has fallen, and the last one too.
    """
    rng = np.random.default_rng(seed)
    truth = rng.uniform(*TRUTHS.T)
    env, log, left = cart(truth), [], STEPS
    while left:
        env.state = rng.uniform(-0.05, 0.05, 4)
        seen, actions = [env.state + NOISE * rng.standard_normal(4)], []
        push = disturbed = 0
        while len(actions) < min(left, LONGEST) and abs(env.state[2]) < 0.2:
            if disturbed == 0 and rng.random() < 0.1:
                push, disturbed = int(rng.integers(2)), int(rng.integers(2, 6))
            rule = int(seen[-1] @ [0.05, 0.1, 1.0, 0.3] > 0)
            actions.append(push if disturbed else rule)
            disturbed = max(disturbed - 1, 0)
            env.step(actions[-1])
            seen.append(env.state + NOISE * rng.standard_normal(4))
        log.append(Episode(np.array(seen), np.array(actions)))
        left -= len(actions)
    return truth, log


def cart(quantities) -> CartPoleEnv:
    """Gymnasium's cart with a gravity and a cart mass, and no end of an episode."""
    env = CartPoleEnv()
    env.gravity, env.masscart = map(float, quantities)
    env.total_mass = env.masspole + env.masscart
    env.x_threshold = env.theta_threshold_radians = np.inf
    return env


def run(env: CartPoleEnv, start: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The true states (T + 1, 4) from a start on."""
    env.state, states = start, [start]
    for action in actions.tolist():
        env.step(action)
        states.append(env.state)
    return np.array(states)


def best_of_grid(log: list[Episode], predictions: int) -> tuple[float, float]:
    """Predict each reading from the one before, at every point, and compare the squared errors."""
    steps = [
        (before, action, after)
        for episode in log
        for before, action, after in zip(
            episode.observations[:-1],
            episode.actions.tolist(),
            episode.observations[1:],
            strict=True,
        )
    ][:predictions]
    losses = {}
    for gravity in np.linspace(*RANGES[0], GRID):
        for mass in np.linspace(*RANGES[1], GRID):
            env, loss = cart((gravity, mass)), 0.0
            for before, action, after in steps:
                env.state = before
                env.step(action)
                loss += np.sum((after - env.state) ** 2)
            losses[gravity, mass] = loss
    return min(losses, key=losses.get)


def free_runs(log: list[Episode], quantities: np.ndarray) -> np.ndarray:
    """Readings less free runs of `PIECE` steps from the best start of each, flat.

    A run starts at a reading. Four more runs show what a change of the start does, and linear least
    squares correct it. After the last correction the errors are those of the linear model.
    """
    env, errors = cart(quantities), []
    for episode in log:
        for t in range(0, len(episode.actions), PIECE):
            seen, actions = episode.observations[t : t + PIECE + 1], episode.actions[t : t + PIECE]
            start = seen[0]
            for _ in range(CORRECTIONS):
                states = run(env, start, actions)
                moved = [run(env, start + nudge, actions) - states for nudge in NUDGE * np.eye(4)]
                slopes = np.reshape(moved, (4, -1)).T / NUDGE
                missed = (seen - states).ravel()
                change = np.linalg.lstsq(slopes, missed, rcond=None)[0]
                start = start + change
            errors.append(missed - slopes @ change)
    return np.concatenate(errors)


CONTENDERS = (
    Contender("this course", "ours"),
    Contender("tutorial: grid, 100 predictions", "grid", peer=True),
    Contender("the same grid, whole log", "whole_grid", peer=True),
    Contender("SciPy least squares, a loop around the simulator", "scipy_fit", peer=True),
    Contender("CMA-ES, the same loop", "cma_es", peer=True),
)
