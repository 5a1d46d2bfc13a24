"""What a simulator says of the jobs of one real episode: the same jobs, other luck."""

from dataclasses import replace

import numpy as np

from course_lib.gap.schedule_metrics import metrics_of
from course_lib.learning.evaluate import Policy, steps_of
from course_lib.worlds.clusters import Site
from course_lib.worlds.episodes import Episodes
from course_lib.worlds.schedule_log import ScheduleLog
from course_lib.worlds.scheduler import Cluster, HeteroSched

JOBS = ("arrival", "cls", "width", "hours", "estimate")  # what an episode's jobs are made of


def logs_by(ruler: Site, env: HeteroSched) -> list[ScheduleLog]:
    """What happened in each world, with the simulated speeds of `ruler` saying what is best.

    Simulators that disagree about that can be compared with one another, and with reality, by one
    ruler only.
    """
    episodes = env.episodes
    best = episodes.shortest(episodes.hours, ruler.table("speeds"))
    return [replace(log, best=b[: len(log.cls)]) for log, b in zip(env.logs(), best, strict=True)]


def slowdown_by(ruler: Site, env: HeteroSched) -> np.ndarray:
    """Mean bounded slowdown of the finished episode in each world, (n,), by one `ruler`."""
    return np.array([metrics_of(log).mean_slowdown for log in logs_by(ruler, env)])


def forecast(
    policy: Policy,
    cluster: Cluster,
    episode: Episodes,
    ruler: Site,
    *,
    worlds: int = 64,
    seed: int = 0,
) -> float:
    """Mean slowdown that `cluster` predicts for one `episode`, by `ruler`; a mean over `worlds`.

    The jobs and their times are those of the episode; speeds and luck are the cluster's.
    """
    drawn = cluster.draw(np.random.default_rng(seed), worlds)
    for name in JOBS:
        getattr(drawn, name)[:] = getattr(episode, name)
    env = cluster.make(worlds, autoreset=False)
    for _ in steps_of(policy, env, seed, {"episodes": drawn}):
        pass
    return float(slowdown_by(ruler, env).mean())
