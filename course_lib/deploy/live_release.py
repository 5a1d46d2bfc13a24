"""A release on a real cluster: what two episodes with the same jobs show of a candidate."""

from typing import Any

import numpy as np
from gymnasium import spaces

from course_lib.deploy.guard import Guard
from course_lib.deploy.live import Live
from course_lib.deploy.live_cluster import LiveSched
from course_lib.gap.schedule_metrics import metrics_of
from course_lib.worlds.queue_view import Layout
from course_lib.worlds.schedule_log import ScheduleLog


def legal_only(layout: Layout) -> Guard:
    """A guard that lets nothing pass but what the cluster can do at this moment."""

    def legal_now(observations, actions):
        legal = layout.legal(layout.view(observations))
        return np.take_along_axis(legal, actions[:, None].astype(int), axis=1)[:, 0]

    return Guard(spaces.Discrete(layout.wait + 1), {"not legal now": legal_now})


def on_time(log: ScheduleLog) -> float:
    """The share of jobs that ended within their class's `slo`, in [0, 1]: a score to compare."""
    return 1 - metrics_of(log).slo_misses


def run_pair(live: Live, env: LiveSched, unit: int) -> dict[str, Any]:
    """Two episodes with the same jobs: in one the candidate may act, the other is the control.

    A lot decides which of the two comes first, for the machine may get slower or faster meanwhile.
    An episode's return is the share of its jobs that are `on_time`. Returns evidence as `run_day`
    does, of one pair. The jobs follow from the `unit`, so a pair that was interrupted can be run
    again.
    """
    first = bool(np.random.default_rng([unit, 2]).integers(2))
    score, disagreement, asked, approved = {}, [], 0, 0
    for treated in (first, not first):
        live.begin_day(np.array([treated]), unit)
        seen, _ = env.reset(seed=unit)
        differs, over = [], False
        while not over:
            seen, _, terminated, truncated, _ = env.step(live(seen))
            over = terminated[0] or truncated[0]
            differs.append(live.differs[0])
            asked += int(live.asked[0])
            approved += int(live.approved[0])
        score[treated] = on_time(env.logs()[0])
        disagreement.append(float(np.mean(differs)))
    return {
        "returns": [score[True]],
        "differences": [score[True] - score[False]],
        "disagreement": [float(np.mean(disagreement))],  # one: both episodes had the same jobs
        "asked": asked,
        "approved": approved,
    }
