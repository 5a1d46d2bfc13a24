"""The rig: a real system, as far as this course is concerned. No one can look into it.

`Rig(seed=7)` is one physical machine with constants of its own. You can run policies on it and read
its log, and every step that it makes is charged to a budget. What it is like inside is for you to
find out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn
from weakref import WeakKeyDictionary

import numpy as np
from gymnasium.vector import VectorWrapper

from course_lib.worlds.history import begin, with_history
from course_lib.worlds.rig_batch import CONTROL_STEP, RigBatch, worn
from course_lib.worlds.rig_mujoco import MujocoRigBatch
from course_lib.worlds.rig_physics import FLEET, RigPhysics

STEPS_OF_WEAR = 20_000  # control steps from new to due for maintenance, on a rig that wears

Policy = Callable[[np.ndarray], np.ndarray]  # observations (n, d) -> actions (n,)


class RigError(Exception):
    """The rig has stopped; the message says why. Its log holds everything up to then."""


class BudgetSpent(RigError):
    """The budget of real steps is used up."""


class PolicyFault(RigError):
    """The policy raised an error, or gave something that is not a command."""


@dataclass(frozen=True)
class RigEpisode:
    """What the rig recorded in one episode of T steps. All arrays are read-only."""

    times: np.ndarray  # (T + 1,), s since the episode began
    observations: np.ndarray  # (T + 1, 4): position m, velocity m/s, angle rad, rate rad/s
    actions: np.ndarray  # (T,), 0 left and 1 right
    ended: str  # "time", "safety stop", "budget spent", "policy fault" or "interrupted"

    @property
    def rewards(self) -> np.ndarray:
        """One for every step, (T,)."""
        return np.ones(len(self.actions))


class Rig:
    """One machine, drawn by its seed from a fleet of rigs of the same make.

    `run` is the only way to use it and `log` the only way to learn about it. `budget` is the number
    of control steps (20 ms) that it may make in all. With `wears=True` the machine changes as it is
    used. Two rigs with one seed are the same machine, and see the same disturbances in the same
    order, so that policies can be compared in pairs: give each a rig of its own.
    """

    __slots__ = ("__weakref__",)
    _engine = MujocoRigBatch  # builds the batch of episodes of one run

    def __init__(self, seed: int, *, budget: int = 50_000, wears: bool = False):
        if not budget >= 1:
            raise ValueError(f"a rig needs a budget of at least one step, not {budget}")
        rng = np.random.default_rng([seed, 0])
        drawn = {name: float(value[0]) for name, value in FLEET.sample(rng, 1).items()}
        _INSIDE[self] = _Inside(seed, RigPhysics(**drawn), budget, wears, self._engine)

    @property
    def budget(self) -> int:
        """Control steps that the rig may make in all."""
        return _INSIDE[self].budget

    @property
    def steps_left(self) -> int:
        """Control steps that remain."""
        return self.budget - _INSIDE[self].steps

    @property
    def log(self) -> tuple[RigEpisode, ...]:
        """Every episode that was run, in order."""
        # Copies: whatever is done to them by force, the log stays as it was.
        return tuple(replace(episode) for episode in _INSIDE[self].log)

    def run(self, policy: Policy, episodes: int, *, max_steps: int = 500) -> np.ndarray:
        """Run `policy` for some episodes and return the steps that each lasted, shape (episodes,).

        The policy gets observations (n, 4) and returns n commands, 0 or 1. A policy with an
        attribute `history` sees that many past steps instead, and one with a method `begin` is told
        when new episodes start. An episode ends by the safety stop, at the rail's end or when the
        pole is seen to lean more than 12°, or after `max_steps`.

        Raises BudgetSpent when the budget does not reach for the next step of the episodes that
        still run, and PolicyFault when the policy raises or returns anything but commands. In both
        cases, and when it is interrupted, the rig stops at once, the steps made are charged, and
        the log keeps them.
        """
        return _run(_INSIDE[self], policy, episodes, max_steps)

    def __repr__(self) -> str:
        inside = _INSIDE[self]
        return f"{type(self).__name__}(seed={inside.seed}, {self.steps_left:,} steps left)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a rig cannot be copied or stored: keep its log, or its seed to build it")


@dataclass
class _Inside:
    """The machine and the meter of one rig, out of reach of its users."""

    seed: int
    machine: RigPhysics
    budget: int
    wears: bool
    engine: Callable[..., RigBatch]
    steps: int = 0
    runs: int = 0

    def __post_init__(self):
        self.log: list[RigEpisode] = []


_INSIDE: WeakKeyDictionary[Rig, _Inside] = WeakKeyDictionary()


def _run(inside: _Inside, policy: Policy, episodes: int, max_steps: int) -> np.ndarray:
    if episodes < 1 or max_steps < 1:
        raise ValueError("run at least one episode of at least one step")
    wear = inside.steps / STEPS_OF_WEAR if inside.wears else 0.0
    engine = inside.engine(episodes, worn(inside.machine, wear), max_episode_steps=max_steps)
    meter = _Meter(engine, inside)
    env = with_history(meter, getattr(policy, "history", 0))
    # Each run meets disturbances of its own, and another rig of the same seed meets the same ones.
    disturbances = np.random.SeedSequence([inside.seed, 1, inside.runs]).generate_state(1)
    inside.runs += 1
    try:
        try:
            begin(policy, episodes)
        except Exception as error:
            raise _fault(error) from error
        seen, _ = env.reset(seed=int(disturbances[0]))
        while meter.running.any():
            meter.check_budget()
            try:
                commands = _commands(policy(seen), episodes)
            except Exception as error:
                meter.stop("policy fault")
                raise _fault(error) from error
            seen, *_ = env.step(commands)
    finally:
        meter.stop("interrupted")  # only what still runs
        meter.write()
        engine.close()
    return meter.lengths.astype(float)


def _fault(error: Exception) -> PolicyFault:
    return PolicyFault(f"the rig has stopped: the policy failed with {error!r}")


def _commands(given, episodes: int) -> np.ndarray:
    """Return a policy's output as commands (episodes,); raises ValueError if it is not that."""
    commands = np.asarray(given)
    if commands.shape != (episodes,):
        raise ValueError(f"commands of shape ({episodes},) are needed, not {commands.shape}")
    # Only numbers are compared, since an object may claim to equal anything; NaN equals nothing.
    if commands.dtype.kind not in "biuf" or not ((commands == 0) | (commands == 1)).all():
        raise ValueError("a command is 0 or 1")
    return commands.astype(int)


class _Meter(VectorWrapper):
    """Charges every real step, and records what the sensors show."""

    def __init__(self, engine: RigBatch, inside: _Inside):
        super().__init__(engine)
        self._inside = inside
        self.running = np.ones(engine.num_envs, dtype=bool)
        self.lengths = np.zeros(engine.num_envs, dtype=int)
        self._seen: list[np.ndarray] = []
        self._done: list[np.ndarray] = []
        self._ended = np.full(engine.num_envs, "time", dtype=object)

    def check_budget(self) -> None:
        """Raise BudgetSpent unless there is a step left for every episode that still runs."""
        budget, due = self._inside.budget, int(self.running.sum())
        left = budget - self._inside.steps
        if due > left:
            self.stop("budget spent")
            raise BudgetSpent(
                f"the budget of {budget:,} real steps is spent: {left:,} left for the next step "
                f"of {due:,} running episodes; the log is kept"
            )

    def reset(self, *, seed=None, options=None):
        observations, infos = self.env.reset(seed=seed, options=options)
        self._seen.append(observations.copy())  # the policy gets the original, and may write to it
        return observations, infos

    def step(self, actions):
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        self._seen.append(observations.copy())
        self._done.append(actions)
        self._inside.steps += int(self.running.sum())
        self.lengths += self.running
        self._ended[self.running & terminated] = "safety stop"
        self.running = self.running & ~(terminated | truncated)
        return observations, rewards, terminated, truncated, infos

    def stop(self, reason: str) -> None:
        """Stop the episodes that still run."""
        self._ended[self.running] = reason
        self.running = np.zeros_like(self.running)

    def write(self) -> None:
        """Put every episode that made a step into the log."""
        observations, actions = np.array(self._seen), np.array(self._done, dtype=int)
        for i, length in enumerate(self.lengths):
            if length:
                columns = (
                    CONTROL_STEP * np.arange(length + 1),
                    observations[: length + 1, i],
                    actions[:length, i],
                )
                self._inside.log.append(RigEpisode(*map(fixed, columns), ended=self._ended[i]))


def fixed(values: np.ndarray) -> np.ndarray:
    """A copy that no one can write to: unlike a flag, its memory cannot be made writeable again."""
    return np.frombuffer(values.tobytes(), dtype=values.dtype).reshape(values.shape)
