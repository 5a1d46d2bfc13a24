"""One trial: a way to learn a robot task in one lab, and what came of every episode."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from course_lib.learning import Policy, TrainedPolicy
from course_lib.transfer.skills.in_reality import learn_in, successes
from course_lib.transfer.skills.sac_learner import SacLearner
from course_lib.transfer.skills.tasks import TASKS, Task
from course_lib.transfer.skills.tours import Tour, tours
from course_lib.worlds.lab import Attempt, Lab

BUDGET = 400  # real episodes for learning
EXAM = 50  # further real episodes that a policy is judged on, before and after


@dataclass(frozen=True)
class Way:
    """A way to explore: with which policies, and with how much noise on their actions."""

    explorers: Callable[[TrainedPolicy, Task, np.random.Generator], Sequence[Policy]]
    noise: float


def _task_policy(to_goal, task, rng):
    return [Tour(to_goal, task, task.target[None])]


def _nobody(to_goal, task, rng):
    size = task.simulator.make(1).single_action_space.shape[0]
    return [lambda seen: np.zeros((len(seen), size))]


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "exploration transfer": Way(tours, 0.05),
        "fine-tuning": Way(_task_policy, 0.1),
        "fine-tuning, loud": Way(_task_policy, 0.6),
        "from scratch": Way(_nobody, 0.6),
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


def trial(way: str, task: str, to_goal: TrainedPolicy, *, seed: int) -> Trial:
    """Learn `task` in the lab with this seed, exploring as `way` says with the skill `to_goal`.

    `to_goal` comes from `train_to_goals`. Raises ValueError for a way that is not in `WAYS`.
    """
    if way not in WAYS:
        raise ValueError(f"there is no way {way!r}; choose one of {', '.join(WAYS)}")
    about, rng = TASKS[task], np.random.default_rng([seed, 1])
    lab = Lab(task, seed, budget=BUDGET + 2 * EXAM)
    before = lab.run([Tour(to_goal, about, about.target[None])] * EXAM)
    one, began = about.simulator.make(1), time.perf_counter()
    sizes = one.single_observation_space.shape[0], one.single_action_space.shape[0]
    learner = SacLearner(*sizes, seed, **about.sac)
    explorers = WAYS[way].explorers(to_goal, about, rng)
    course = learn_in(lab, explorers, learner, rng, budget=BUDGET, noise=WAYS[way].noise)
    seconds = time.perf_counter() - began
    after = lab.run([learner.policy] * EXAM)
    return Trial(
        *(successes(attempts) for attempts in (course.explored, course.own, before, after)),
        *(_ends(attempts) for attempts in (course.explored, before, after)),
        seconds,
    )


def _ends(attempts: Sequence[Attempt]) -> np.ndarray:
    return np.array([attempt.where[-1] for attempt in attempts])
