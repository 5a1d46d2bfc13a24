"""Queues whose mean waiting time is known: M/M/1, and M/M/c by Erlang's C formula."""

import math

import numpy as np
import pytest
from random_clusters import FirstFit

from course_lib.worlds import Cluster, JobClass, Pool, Site

WORLDS, JOBS, WARM_UP = 200, 400, 100  # the warm-up is a multiple of the time to forget the start
SERVICE = 1.0  # jobs per hour of one node


def queue_logs(nodes, load, seed):
    """First come, first served on one pool; arrivals and run times are exponential."""
    site = Site("queue", (Pool("pool", nodes, nodes),), (JobClass("any", (1,), (1,), 1, 1, 1.0),))
    cluster = Cluster(site, jobs_per_node=JOBS // nodes, visible=1)
    env, rng = cluster.make(WORLDS, autoreset=False), np.random.default_rng(seed)
    episodes = cluster.draw(rng, WORLDS)
    shape = episodes.arrival.shape
    episodes.arrival = rng.exponential(1 / (load * nodes * SERVICE), shape).cumsum(axis=1)
    episodes.hours = episodes.estimate = rng.exponential(1 / SERVICE, shape)
    seen, _ = env.reset(options={"episodes": episodes})
    policy, over = FirstFit(cluster.layout), np.zeros(WORLDS, dtype=bool)
    while not over.all():
        seen, _, terminated, _, _ = env.step(policy(seen))
        over |= terminated
    return env.logs()


def agrees(values, expected):
    """Whether independent worlds agree with a mean, within four standard errors, and closely."""
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert 4 * error < 0.2 * expected  # or the test would accept anything
    return abs(np.mean(values) - expected) < 4 * error


def erlang_c(nodes, load):
    """Chance that a job has to wait."""
    offered = nodes * load
    last = offered**nodes / math.factorial(nodes) / (1 - load)
    return last / (sum(offered**n / math.factorial(n) for n in range(nodes)) + last)


@pytest.mark.parametrize(("nodes", "load"), [(1, 0.6), (3, 0.7)])
def test_waiting_is_as_long_as_queueing_theory_says(nodes, load):
    logs = queue_logs(nodes, load, seed=nodes)
    arrivals = load * nodes * SERVICE
    waited = erlang_c(nodes, load) / (nodes * SERVICE - arrivals)
    if nodes == 1:
        assert waited + 1 / SERVICE == pytest.approx(1 / (SERVICE - arrivals))  # M/M/1
    settled = [slice(WARM_UP, None)] * WORLDS
    in_system = [(g.ended - g.submitted)[s].mean() for g, s in zip(logs, settled, strict=True)]
    assert agrees(in_system, waited + 1 / SERVICE)
    had_to_wait = [(g.started > g.submitted)[s].mean() for g, s in zip(logs, settled, strict=True)]
    assert agrees(had_to_wait, erlang_c(nodes, load))
    assert agrees([mean_number_waiting(log) for log in logs], arrivals * waited)  # Little's law


def mean_number_waiting(log):
    """Mean over time between two arrivals, of the number of jobs in the queue."""
    start, end = log.submitted[WARM_UP], log.submitted[-1]
    inside = np.clip(log.started, start, end) - np.clip(log.submitted, start, end)
    return inside.sum() / (end - start)
