"""What a scheduler sees of a `SlowCluster`, one number at a time; see `worlds.queue_view`."""

import math

import numpy as np

from course_lib.worlds.queue_view import CLUSTER, JOB, PAIR


def slow_view(cluster):
    """The observation (size,) of a `SlowCluster` at a decision."""
    head = cluster.head()
    mean = sum(job.shortest for job in head) / max(len(head), 1)
    places = head + [None] * (cluster.visible - len(head))
    pools = range(len(cluster.pools))
    pairs = [[[0.0] * len(pools) for _ in places] for _ in PAIR]
    jobs = [[0.0] * len(places) for _ in JOB]
    for m, job in enumerate(places):
        if job is not None:
            for row, value in zip(jobs, of_job(cluster, job, mean), strict=True):
                row[m] = value
            for k in pools:
                for row, value in zip(pairs, of_pair(cluster, job, k), strict=True):
                    row[m][k] = value
    parts = [np.ravel(pairs), np.ravel(jobs), of_cluster(cluster, head, mean)]
    return np.minimum(np.concatenate(parts), 1000.0)


def of_pair(cluster, job, k):
    if not cluster.able(job, k):
        return [0.0] * len(PAIR)
    pool = cluster.pools[k]
    n, free = len(pool.nodes), len(cluster.free(k))
    ends = sorted(-math.inf if node.planned is None else node.planned for node in pool.nodes)
    ratios = cluster.ratios.get((job.cls, k), [])
    seen = {
        "legal": float(job.width <= free),
        "able": 1.0,
        "run": cluster.predicted(job, k) / job.shortest,
        "wait": max(ends[job.width - 1] - cluster.now, 0.0) / job.shortest,
        "measured": math.prod(ratios) ** (1 / (len(ratios) + 1)),
        "free": free / n,
        "part": job.width / n,
        "pool": n / cluster.total,
    }
    return [seen[name] for name in PAIR]


def of_job(cluster, job, mean):
    seen = {
        "waiting": 1.0,
        "size": job.shortest / mean,
        "age": (cluster.now - job.submitted) / job.shortest,
        "slowdown": max(1.0, (cluster.now - job.submitted + job.best) / job.floor),
        "tries": job.tries / (cluster.site.retries + 1),
    }
    return [seen[name] for name in JOB]


def of_cluster(cluster, head, mean):
    total, length = cluster.total, len(cluster.queue)
    seen = {
        "may_wait": float(bool(cluster.events) or cluster.over()),
        "queue": length / total,
        "hidden": (length - len(head)) / max(length, 1),
        "pressure": sum(job.shortest / mean * job.width for job in head) / total,
        "idle": sum(len(cluster.free(k)) for k in range(len(cluster.pools))) / total,
    }
    return [seen[name] for name in CLUSTER]
