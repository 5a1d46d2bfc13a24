"""One trial: a way to learn a robot task in one lab, and what came of every episode."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from course_lib.learning import Policy, TrainedPolicy
from course_lib.transfer.skills.in_reality import Course, Exploring, learn_in, successes
from course_lib.transfer.skills.sac_learner import SacLearner
from course_lib.transfer.skills.tasks import TASKS, Task
from course_lib.transfer.skills.tours import Tour, tours
from course_lib.worlds.lab import Attempt, Lab

BUDGET = 400  # real episodes for learning
EXAM = 50  # further real episodes that a policy is judged on, before and after


@dataclass(frozen=True)
class Way:
    """A way to explore: with which policies, and with how much noise on their actions."""

    explorers: Callable[[Policy, TrainedPolicy, Task, np.random.Generator], Sequence[Policy]]
    noise: float


def _tours(direct, skill, task, rng):
    return tours(skill, task, rng)


def _direct(direct, skill, task, rng):
    return [direct]


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "exploration transfer": Way(_tours, 0.05),
        "fine-tuning": Way(_direct, 0.1),
        "fine-tuning, loud": Way(_direct, 0.6),
    }
)


@dataclass(frozen=True)
class Trial:
    """What one way came to in one lab. Places are those of the puck or the tip, in m."""

    explored: np.ndarray  # (n,) bool, whether the exploring episodes succeeded, in their order
    own: np.ndarray  # (m,) bool, the same of the learner's own
    before: np.ndarray  # (EXAM,) bool, successes of the simulator's task policy
    after: np.ndarray  # (EXAM,) bool, successes of what was learned
    explored_to: np.ndarray  # (n, 2 or 3), where the exploring episodes ended
    before_to: np.ndarray  # (EXAM, 2 or 3)
    after_to: np.ndarray  # (EXAM, 2 or 3)
    seconds: float  # for exploring and learning


@dataclass(frozen=True)
class Record:
    """Every episode of one trial, in the order that they were run."""

    before: list[Attempt]  # EXAM of the simulator's task policy
    course: Course
    after: list[Attempt]  # EXAM of what was learned
    seconds: float  # for exploring and learning


def trial(
    way: str, task: str, to_target: TrainedPolicy, skill: TrainedPolicy, *, seed: int
) -> Trial:
    """What `record` comes to."""
    found = record(way, task, to_target, skill, seed=seed)
    explored, own = found.course.explored, found.course.own
    return Trial(
        *(successes(attempts) for attempts in (explored, own, found.before, found.after)),
        *(ends(attempts) for attempts in (explored, found.before, found.after)),
        found.seconds,
    )


def record(
    way: str, task: str, to_target: TrainedPolicy, skill: TrainedPolicy, *, seed: int
) -> Record:
    """Learn `task` in the lab with this seed, exploring as `way` says.

    `to_target` comes from `train_task` and `skill` from `train_skill`. Raises ValueError for a way
    that is not in `WAYS`.
    """
    if way not in WAYS:
        raise ValueError(f"there is no way {way!r}; choose one of {', '.join(WAYS)}")
    about, chosen, rng = TASKS[task], WAYS[way], np.random.default_rng([seed, 1])
    lab = Lab(task, seed, budget=BUDGET + 2 * EXAM)
    direct = Tour(to_target, about, about.target[None])
    before = lab.run([direct] * EXAM)
    one, began = about.simulator.make(1), time.perf_counter()
    sizes = one.single_observation_space.shape[0], one.single_action_space.shape[0]
    learner = SacLearner(*sizes, seed, **about.sac)
    draw = partial(chosen.explorers, direct, skill, about, rng)
    exploring = Exploring(draw, learner, rng, chosen.noise)
    course = learn_in(lab, exploring, learner, budget=BUDGET)
    seconds = time.perf_counter() - began
    return Record(before, course, lab.run([learner.policy] * EXAM), seconds)


def ends(attempts: Sequence[Attempt]) -> np.ndarray:
    """Where each attempt ended, (n, 2 or 3) in m."""
    return np.array([attempt.where[-1] for attempt in attempts])
