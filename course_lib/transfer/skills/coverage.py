"""Where policies take the puck, or the tool, in a simulator, and how much of the places that is."""

from collections.abc import Sequence

import numpy as np

from course_lib.learning import Policy
from course_lib.transfer.skills.tasks import Task
from course_lib.worlds.physics import Physics


def ends_in(
    physics: Physics, policy: Policy, n: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Where `n` episodes of a policy end in a simulator, (n, 2 or 3) in m, and successes (n,)."""
    env = physics.make(n)
    observations, _ = env.reset(seed=seed)
    ends, successes = np.zeros_like(env.where), np.zeros(n, dtype=bool)
    running = np.ones(n, dtype=bool)
    while running.any():
        actions = np.clip(policy(observations), -1, 1).astype(np.float32)
        observations, rewards, terminated, truncated, _ = env.step(actions)
        over = running & (terminated | truncated)
        ends[over], successes[over] = env.arrived[over], rewards[over] > 0
        running &= ~over
    return ends, successes


def coverage(
    ends: np.ndarray, task: Task, *, radius: float = 0.15, n: int = 2_000, seed: int = 0
) -> float:
    """The share of places, drawn as the task draws them, that an end (m, 2 or 3) came close to.

    Close is within `radius` in the task's coordinates; for the puck that is the size of the zone.
    """
    places = task.coordinates(task.draw(np.random.default_rng(seed), n))
    away = np.linalg.norm(places[:, None] - task.coordinates(ends), axis=2)
    return float((away.min(axis=1) < radius).mean())


def all_ends(
    physics: Physics, policies: Sequence[Policy], each: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """`ends_in` of every policy, one after the other: ends (policies, each, 2 or 3), successes."""
    ends, successes = zip(*(ends_in(physics, policy, each) for policy in policies), strict=True)
    return np.array(ends), np.array(successes)
