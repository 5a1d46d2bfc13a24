"""A lab: a real table or arm, as far as this course is concerned. No one can look into it.

`Lab("puck", seed=7)` is one physical machine with constants of its own. You can send it policies,
an episode each, and keep what came of them; every episode is charged to a budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn
from weakref import WeakKeyDictionary

import numpy as np

from course_lib.worlds.bullet import load_pybullet
from course_lib.worlds.lab_arm import MujocoArm
from course_lib.worlds.lab_arm_bullet import BulletArm
from course_lib.worlds.lab_physics import ARMS, TABLES
from course_lib.worlds.lab_puck import PuckTable
from course_lib.worlds.physics import Physics
from course_lib.worlds.rig import BudgetSpent, PolicyFault, fixed

TASKS = {  # the fleet that a machine is drawn from, and what runs episodes on it
    "puck": (TABLES, PuckTable),
    "arm": (ARMS, MujocoArm),
    "arm, bullet": (ARMS, BulletArm),
}

Policy = Callable[[np.ndarray], np.ndarray]  # observations (k, d) -> commands (k, a)


@dataclass(frozen=True)
class Attempt:
    """What the lab recorded of one episode of T steps. All arrays are read-only."""

    observations: np.ndarray  # (T + 1, d), float32, as in the simulator of the task
    actions: np.ndarray  # (T, a), float32, as commanded, cut off at -1 and 1
    rewards: np.ndarray  # (T,), 1 for a success, else 0
    where: np.ndarray  # (T + 1, 2 or 3), m: puck or tool tip as a camera over the room sees it
    ended: str  # "success", "rest" or "time"; in a log also "policy fault" or "interrupted"

    @property
    def succeeded(self) -> bool:
        """Whether the episode ended in a success."""
        return self.ended == "success"


class Lab:
    """One machine for a task, drawn by its seed from a fleet of the same make.

    `task` is "puck", "arm", or "arm, bullet" for the same arm in another engine, which needs
    PyBullet. Commands, observations and rewards are those of the simulators `Puck` and `Arm`, and
    so is the end of an episode. Zone and ball are where the simulators have them, in the frame of
    `Attempt.where`. `run` is the only way to use a lab and `log` the only way to learn about it.
    `budget` is the number of episodes that it may make in all.

    Two labs with one seed are the same machine, whose first, second, … episode meets the same start
    and the same disturbances in both, however the episodes are split into runs: so policies can be
    compared in pairs, each in a lab of its own.

    Raises ValueError for an unknown task or a budget of less than one episode, and ImportError for
    "arm, bullet" where PyBullet is not installed.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, task: str, seed: int, *, budget: int = 400):
        if task not in TASKS:
            raise ValueError(f"the task is one of {', '.join(map(repr, TASKS))}, not {task!r}")
        if not budget >= 1:
            raise ValueError(f"a lab needs a budget of at least one episode, not {budget}")
        if task == "arm, bullet":
            load_pybullet()
        fleet, station = TASKS[task]
        rng = np.random.default_rng([seed, 0])
        drawn = {name: float(value[0]) for name, value in fleet.sample(rng, 1).items()}
        _INSIDE[self] = _Inside(task, seed, type(fleet)(**drawn), station, budget)

    @property
    def task(self) -> str:
        """What the lab was built for."""
        return _INSIDE[self].task

    @property
    def budget(self) -> int:
        """Episodes that the lab may make in all."""
        return _INSIDE[self].budget

    @property
    def episodes_left(self) -> int:
        """Episodes that remain."""
        return self.budget - _INSIDE[self].spent

    @property
    def log(self) -> tuple[Attempt, ...]:
        """Every episode that was run, in order."""
        # Copies: whatever is done to them by force, the log stays as it was.
        return tuple(replace(attempt) for attempt in _INSIDE[self].log)

    def run(self, policies: Sequence[Policy]) -> list[Attempt]:
        """Run one whole episode for each policy, all at once, and return what came of them.

        A policy gets observations (1, d) and returns commands (1, a), which are cut off at -1 and
        1. One that stands in the sequence k times is asked once for all of its episodes that still
        run, with at most k rows.

        Raises BudgetSpent, before anything moves, when fewer episodes are left than policies are
        given, and PolicyFault when a policy raises or returns anything but commands. In that case,
        and when it is interrupted, the lab stops, the log keeps the steps made, and all episodes of
        the run are charged, unless nothing has moved yet.
        """
        return [replace(attempt) for attempt in _run(_INSIDE[self], list(policies))]

    def __repr__(self) -> str:
        inside = _INSIDE[self]
        return f"Lab({inside.task!r}, seed={inside.seed}, {self.episodes_left:,} episodes left)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a lab cannot be copied or stored: keep its log, or its seed to build it")


@dataclass
class _Inside:
    """The machine and the meter of one lab, out of reach of its users."""

    task: str
    seed: int
    machine: Physics
    station: Callable
    budget: int
    spent: int = 0
    begun: int = 0  # unlike `spent` it never goes back: no start is shown twice

    def __post_init__(self):
        self.log: list[Attempt] = []


_INSIDE: WeakKeyDictionary[Lab, _Inside] = WeakKeyDictionary()


def _run(inside: _Inside, policies: list[Policy]) -> list[Attempt]:
    n, left = len(policies), inside.budget - inside.spent
    if n > left:
        raise BudgetSpent(
            f"the budget of {inside.budget:,} real episodes is spent: {left:,} left for {n:,} "
            "policies; the log is kept"
        )
    if not n:
        return []
    numbers = range(inside.begun, inside.begun + n)
    inside.begun += n
    inside.spent += n
    dice = [np.random.default_rng([inside.seed, 1, number]) for number in numbers]
    station = inside.station(inside.machine, dice)
    record = _Record(n)
    try:
        observations, where = station.begin()
        record.start(observations, where)
        for _ in range(station.STEPS):
            which = np.flatnonzero(record.running)
            if not which.size:
                break
            try:
                commands = _ask(policies, observations, which, station.COMMANDS)
            except Exception as error:
                record.stop("policy fault")
                raise PolicyFault(
                    f"the lab has stopped: the policy failed with {error!r}"
                ) from error
            observations, where, success, rest = station.act(commands, which)
            record.step(commands, observations, where, success, rest)
        record.stop("time")
    finally:
        record.stop("interrupted")  # only what still runs
        station.close()
        attempts = record.attempts()
        inside.log += attempts
        if not attempts:
            inside.spent -= n
    return attempts


def _ask(policies, observations, which, size) -> np.ndarray:
    """The commands (n, size) of all policies, asked for their episodes in `which` only."""
    commands = np.zeros((len(policies), size), dtype=np.float32)
    rows: dict[int, list[int]] = {}
    for i in which:
        rows.setdefault(id(policies[i]), []).append(i)
    for mine in rows.values():
        # Picking rows makes a copy, which a policy may write to.
        given = np.asarray(policies[mine[0]](observations[mine]))
        if given.shape != (len(mine), size):
            raise ValueError(f"commands of shape ({len(mine)}, {size}) are needed: {given.shape}")
        if given.dtype.kind not in "biuf" or not np.isfinite(given).all():
            raise ValueError("a command is a finite number")
        commands[mine] = np.clip(given, -1, 1)
    return commands


class _Record:
    """What `n` episodes that run at once leave behind."""

    def __init__(self, n: int):
        self.running = np.ones(n, dtype=bool)
        self._lengths = np.zeros(n, dtype=int)
        self._ended = np.full(n, "", dtype=object)
        self._seen, self._where, self._done, self._won = [], [], [], []

    def start(self, observations, where) -> None:
        self._seen.append(observations)
        self._where.append(where)

    def step(self, commands, observations, where, success, rest) -> None:
        self.start(observations, where)
        self._done.append(commands)
        self._won.append(success.astype(np.float32))
        self._lengths += self.running
        self._ended[self.running & rest] = "rest"
        self._ended[self.running & success] = "success"
        self.running = self.running & ~(success | rest)

    def stop(self, reason: str) -> None:
        """Stop the episodes that still run."""
        self._ended[self.running] = reason
        self.running = np.zeros_like(self.running)

    def attempts(self) -> list[Attempt]:
        """Every episode that made a step."""
        seen, where = np.array(self._seen), np.array(self._where)
        done, won = np.array(self._done), np.array(self._won)
        return [
            Attempt(
                fixed(seen[: length + 1, i]),
                fixed(done[:length, i]),
                fixed(won[:length, i]),
                fixed(where[: length + 1, i]),
                self._ended[i],
            )
            for i, length in enumerate(self._lengths)
            if length
        ]
