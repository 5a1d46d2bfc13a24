"""Run schedulers over whole episodes: the log of every job, or how slow they were."""

from collections.abc import Sequence

import numpy as np
from gymnasium.vector import VectorEnv

from course_lib.learning.evaluate import Policy, World, returns_of, steps_of
from course_lib.learning.for_each import for_each
from course_lib.worlds import Cluster, ScheduleLog
from course_lib.worlds.physics import bounds


def schedules(
    policy: Policy, cluster: Cluster, episodes: int = 10, seed: int = 0
) -> list[ScheduleLog]:
    """One log per episode; the same seed gives every policy the same jobs and the same luck."""
    batch = cluster.make(episodes, autoreset=False)
    for _ in steps_of(policy, batch, seed):
        pass
    return batch.logs()


def slowdowns(policy: Policy, world: World, episodes: int = 32, seed: int = 0) -> np.ndarray:
    """The mean bounded slowdown of each episode over its jobs, (episodes,).

    Lost jobs count as in the reward. `world` builds batches of clusters.
    """
    batch = world.make(episodes, autoreset=False)
    return slowdowns_in(batch, returns_of(steps_of(policy, batch, seed)))


def slowdowns_in(batch: VectorEnv, returns: np.ndarray) -> np.ndarray:
    """The mean bounded slowdown of each episode of a batch that earned `returns`; both (n,)."""
    return 1 - returns / np.isfinite(batch.unwrapped.episodes.arrival).sum(axis=1)


def mean_slowdown(policy: Policy, cluster: Cluster, episodes: int = 32, seed: int = 0) -> float:
    """The mean bounded slowdown over all jobs of these episodes, lost jobs as in the reward.

    Raises ValueError where the number of nodes, and so of jobs, differs between episodes.
    """
    low, high = bounds(cluster.gaps.scale)
    if low != high:
        raise ValueError("give one severity of the scale gap: episodes need equally many jobs")
    return float(slowdowns(policy, cluster, episodes, seed).mean())


def mean_slowdowns(
    policies: Sequence[Policy], cluster: Cluster, episodes: int = 32, seed: int = 0
) -> np.ndarray:
    """`mean_slowdown` of each policy over the same episodes, (policies,); see `for_each`."""
    return np.array(
        for_each(mean_slowdown, policies, cluster=cluster, episodes=episodes, seed=seed)
    )
