"""Run a scheduler over whole episodes and keep the log of every job."""

from course_lib.learning.evaluate import Policy, steps_of
from course_lib.worlds.schedule_log import ScheduleLog
from course_lib.worlds.scheduler import Cluster


def schedules(
    policy: Policy, cluster: Cluster, episodes: int = 10, seed: int = 0
) -> list[ScheduleLog]:
    """One log per episode; the same seed gives every policy the same jobs and the same luck."""
    batch = cluster.make(episodes, autoreset=False)
    for _ in steps_of(policy, batch, seed):
        pass
    return batch.logs()
