"""Run schedulers over whole episodes: the log of every job, or how slow they were."""

from collections.abc import Sequence

import numpy as np

from course_lib.learning.evaluate import Policy, evaluate, steps_of
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


def mean_slowdown(policy: Policy, cluster: Cluster, episodes: int = 32, seed: int = 0) -> float:
    """The mean bounded slowdown over all jobs of these episodes, lost jobs as in the reward.

    Raises ValueError where the number of nodes, and so of jobs, differs between episodes.
    """
    low, high = bounds(cluster.gaps.scale)
    if low != high:
        raise ValueError("give one severity of the scale gap: episodes need equally many jobs")
    jobs = cluster.jobs_per_node * int(cluster.largest.sum())
    return float(1 - evaluate(policy, cluster, episodes, seed).mean() / jobs)


def mean_slowdowns(
    policies: Sequence[Policy], cluster: Cluster, episodes: int = 32, seed: int = 0
) -> np.ndarray:
    """`mean_slowdown` of each policy over the same episodes, (policies,); see `for_each`."""
    return np.array(
        for_each(mean_slowdown, policies, cluster=cluster, episodes=episodes, seed=seed)
    )
