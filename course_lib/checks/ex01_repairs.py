"""Checks of exercise 01, second half: the two pieces of code to repair."""

import gymnasium as gym
import numpy as np

from course_lib.checks.stand_ins import ScriptedEnv, StillEnv
from course_lib.teach.checking import Answer, numbers, part, require, safely


@part("01.5")
def run_episodes(answer: Answer) -> None:
    """`answer(env, policy, episodes, max_steps)` is a list of returns, and always ends."""
    scripts = {
        "an episode that terminates": [(3, "terminated"), (7, "terminated")],
        "an episode that is truncated": [(4, "truncated"), (9, "truncated")],
        "an episode that never ends by itself": [(0, "never")],
        "a mixture of endings": [(30, "terminated"), (2, "truncated"), (0, "never")],
    }
    for what, ends in scripts.items():
        env, most = ScriptedEnv(ends), 25
        with safely(f"run on {what}"):
            result = answer.function(env, env.policy, 6, most)
        lasted = [length for length in env.lengths if length]
        due = [most if how == "never" else min(last, most) for last, how in (ends * 6)[:6]]
        where = f"six times {what}, with max_steps={most}"
        require(
            len(env.lengths) >= 6 or not env.late,
            f"{where}: you reset only {len(env.lengths)}×; every episode starts with a reset",
        )
        require(
            not env.seeded,
            f"{where}: you reset with a seed; then the same episodes come back again and again",
        )
        require(not env.late, f"{where}: you step on after the end; an end can be one of two kinds")
        require(not env.stale, f"{where}: the policy should be given the newest observation")
        require(len(lasted) == 6, f"{where}: of 6 episodes you run {len(lasted)}")
        for length, right in zip(lasted, due, strict=True):
            require(
                length == right,
                f"{where}: an episode of yours lasts {length} steps, where {right} are due",
            )
        returns = numbers(result, (6,), "the list of the returns of 6 episodes")
        _check_returns(returns, np.array(due), env.REWARD, where)


def _check_returns(returns: np.ndarray, steps: np.ndarray, reward: float, where: str) -> None:
    right = reward * steps
    for mistaken, hint in (
        (steps, "you count steps; a return is the sum of the rewards"),
        (np.cumsum(right), "each return contains those before it; start again from zero"),
        (right - reward, "the reward of the last step is missing"),
        (np.full(6, reward), "one step's reward is all you return; add them up"),
    ):
        require(not np.allclose(returns, mistaken), f"{where}: {hint}")
    require(
        np.allclose(returns, right),
        f"{where} and a reward of {reward} per step: episodes of {steps.tolist()} steps do not "
        f"have the returns {np.round(returns, 2).tolist()}",
    )


@part("01.6")
def sensor_noise(answer: Answer) -> None:
    """`answer(env, std)` is a wrapper with repeatable noise, from the first reading on."""
    std = 0.3
    noise = _noise(answer, seed=1, std=std)
    later = noise[1:]
    require(bool(np.any(later != 0)), "readings after a step carry no noise")
    require(bool(np.any(noise[0] != 0)), "the first reading, from reset, carries no noise")
    require(
        not np.allclose(later[0], later[1]),
        "the noise is the same at each step; draw it anew every time",
    )
    require(
        not np.allclose(later, later[:, :1], atol=1e-5),
        "all four numbers of a reading get the same noise; draw one for each",
    )
    mean, found = later.mean(), later.std()
    require(abs(mean) < 0.15 * found, f"the noise has a mean of {mean:.2g}, not zero")
    require(
        not np.isclose(found, [std**0.5, std**2], rtol=0.1).any(),
        f"with std={std} the noise has a standard deviation of {found:.3g}; somewhere it is taken "
        "for a variance",
    )
    each = later.std(axis=0)
    require(
        each.max() < 1.6 * each.min(),
        "some numbers of a reading get more noise than others; std is the same for all",
    )
    require(
        0.9 < found / std < 1.1, f"with std={std} the noise has a standard deviation of {found:.3g}"
    )
    require(
        np.mean(abs(later) > 1.8 * std) > 0.03,
        "the noise never goes far; Gaussian noise now and then exceeds twice its std",
    )
    require(
        np.array_equal(noise, _noise(answer, seed=1, std=std)),
        "two runs after reset(seed=1) differ; draw from a generator that reset seeds",
    )
    require(
        not np.array_equal(noise, _noise(answer, seed=2, std=std)),
        "reset(seed=1) and reset(seed=2) give the same noise; the seed should decide it",
    )
    _noise(answer, seed=1, size=2, steps=2)
    _check_streams(answer)


def _noise(answer: Answer, seed: int, std: float = 0.3, size: int = 4, steps: int = 400):
    """The noise (steps + 1, size) from a reset and some steps; the readings are well-formed."""
    env = StillEnv(size)
    truth = env.state.copy()
    with safely(f"made with std={std:g} for readings of {size} numbers, reset and stepped"):
        wrapped = _wrap(answer, env, std)
        first = wrapped.reset(seed=seed)
        require(
            isinstance(first, tuple) and len(first) == 2,
            "reset should return two things, the reading and info",
        )
        later = [wrapped.step(0) for _ in range(steps)]
        ended = wrapped.step(1)
    require(
        all(isinstance(step, tuple) and len(step) == 5 for step in (*later, ended)),
        "step should return five things: reading, reward, terminated, truncated, info",
    )
    require(
        ended[1:4] == (1.0, False, True) and ended[4] == {"step": True},
        "reward, terminated, truncated and info should pass through step as they are",
    )
    require(first[1] == {"start": True}, "the info that reset returns should pass through")
    require(env.seed == seed, "reset(seed=...) should hand the seed on to the environment as well")
    require(
        np.array_equal(env.state, truth),
        "it changes the environment's own state; add the noise to a new array",
    )
    for reading, source in ((first[0], "reset"), (later[0][0], "step")):
        numbers(reading, (size,), f"a reading from {source}")
        kind = getattr(reading, "dtype", type(reading).__name__)
        require(
            kind == np.float32,
            f"a reading from {source} is of type {kind}; it should stay a float32 array",
        )
    require(
        later[0][0] is not later[1][0] or later[0][0] is env.state,
        "all readings are one array that is overwritten; make a new one each time",
    )
    return np.array([first[0], *(step[0] for step in later)], dtype=float) - truth


def _wrap(answer: Answer, env: gym.Env, std: float) -> gym.Wrapper:
    """The learner's wrapper around `env`."""
    wrapped = answer.function(env, std)
    require(
        isinstance(wrapped, gym.Wrapper),
        "it should be a gymnasium.Wrapper, or a class derived from one",
    )
    bare = getattr(type(wrapped), "observation", None) is gym.ObservationWrapper.observation
    require(not bare, "an ObservationWrapper calls its method `observation`, and yours has none")
    return wrapped


def _check_streams(answer: Answer) -> None:
    """Resets without a seed, and two wrappers at once."""
    with safely("reset without a seed, the very first time"):
        _wrap(answer, StillEnv(), 0.3).reset()

    def stream() -> np.ndarray:
        wrapped = _wrap(answer, StillEnv(), 0.3)
        readings = [wrapped.reset(seed=1)[0], wrapped.step(0)[0], wrapped.reset()[0]]
        return np.array([*readings, wrapped.step(0)[0]])

    with safely("reset a second time, without a seed"):
        one, two = stream(), stream()
        first, second = _wrap(answer, StillEnv(), 0.3), _wrap(answer, StillEnv(), 0.3)
        first.reset(seed=1)
        second.reset(seed=1)
        twins = [(first.step(0)[0], second.step(0)[0]) for _ in range(3)]
    require(
        not np.array_equal(one[0], one[2]),
        "a second reset without a seed repeats the noise of the first; seed only when told to",
    )
    require(
        np.array_equal(one, two),
        "after reset(seed=1) and then reset(), two runs differ; a reset without a seed goes on "
        "with the old generator",
    )
    require(
        all(np.array_equal(*pair) for pair in twins),
        "two wrapped environments disturb each other; each needs a generator of its own",
    )
