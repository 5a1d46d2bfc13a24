"""How good could any scheduler be? A lower bound on the mean bounded slowdown of an episode.

Somebody who knows all jobs beforehand, and may start a third of a job here and two thirds there, is
at least as good as any scheduler, and the best that can be done so is a linear program. It is the
time-indexed one of Dyer and Wolsey (1990), "Formulating the single machine sequencing problem with
release dates as a mixed integer program", over intervals and unrelated pools as in Schulz and
Skutella (2002), "Scheduling Unrelated Machines by Randomized Rounding". Its unknowns say when jobs
start, not when they are worked on, which makes it several times as tight in as much time.
"""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from course_lib.worlds.episodes import SECOND, Episodes
from course_lib.worlds.scheduler import Cluster


def fluid_bounds(
    cluster: Cluster, episodes: int = 10, seed: int = 0, *, intervals: int = 160
) -> np.ndarray:
    """The bounds (episodes,) of the episodes that `evaluate` and `schedules` run with this seed."""
    batch = cluster.make(episodes, autoreset=False)
    batch.reset(seed=seed)
    drawn = batch.episodes
    return np.array([fluid_bound(cluster, drawn, i, intervals=intervals) for i in range(episodes)])


def fluid_bound(cluster: Cluster, episodes: Episodes, i: int = 0, *, intervals: int = 160) -> float:
    """No scheduler gets a smaller mean bounded slowdown in episode i of `episodes` than this.

    Why: let p be the least that the last attempt of a job can take in the pool where it ran; then
    its nodes were busy there for the last p hours before its end, at least, and not before its
    submission. Say that it started with them, and let y be 1 for that pool and the interval of that
    start, else 0. Wherever in the interval the start was, the job took of any interval no less than
    the smaller of what starts at the two ends of its own would have taken (the overlap of two
    intervals first grows and then falls as one is moved), so the y respect every pool's
    node-hours; and the job ended no earlier than p after its interval began. The program seeks the
    y, fractions too, of least mean slowdown, hence its optimum is at most that of any schedule.
    The last interval has no end and no limits, so no schedule is too long for it.

    It knows the true speeds, the luck of each run and the speeds of nodes, and assumes the best of
    them: the fastest nodes, an empty pool, the luckiest try that can come about. It does not know
    what failures cost (lost work, repair, lost jobs) nor contention nor latency, and it cuts jobs:
    there no scheduler may come near it. More `intervals` make it tighter and slower. Raises
    ValueError for less than one interval, RuntimeError where HiGHS gives up.
    """
    if intervals < 1:
        raise ValueError(f"intervals must be at least 1, not {intervals}")
    e = episodes.take(slice(i, i + 1))
    jobs = int(np.isfinite(e.arrival[0]).sum())
    submitted, width, nodes = e.arrival[0, :jobs], e.width[0, :jobs], e.nodes[0]
    best = e.shortest(e.hours, e.speed)[0, :jobs]
    floor = np.maximum(best, cluster.site.bound * SECOND)
    hours = least_hours(cluster, e, jobs)  # (jobs, pools)
    work = (width[:, None] * hours).min(axis=1).sum() / nodes.sum()
    edges = np.linspace(submitted.min(), submitted.max() + work, intervals + 1)
    begins, ends = edges, np.append(edges[1:], np.inf)  # of intervals

    # One unknown for each job, pool and interval in which the job can start there.
    j, k, t = (np.isfinite(hours)[:, :, None] & (ends > submitted[:, None, None])).nonzero()
    p, first, last = hours[j, k], np.maximum(begins[t], submitted[j]), ends[t]  # starts
    slowdown = np.maximum(1.0, (first + p - submitted[j]) / floor[j])
    row, column, value = [], [], []
    for u in range(intervals):
        near = np.flatnonzero((first < ends[u]) & (last + p > begins[u]) & np.isfinite(last))
        taken = np.minimum(
            *(
                np.minimum(start[near] + p[near], ends[u]) - np.maximum(start[near], begins[u])
                for start in (first, last)
            )
        )  # h, negative where they do not overlap
        some = taken > 0
        row.append(k[near][some] * intervals + u)
        column.append(near[some])
        value.append((taken * width[j[near]])[some])
    entries = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    found = linprog(
        slowdown / jobs,
        A_ub=coo_array(entries, shape=(len(nodes) * intervals, len(j))).tocsr(),
        b_ub=np.outer(nodes, np.diff(edges)).ravel(),
        A_eq=coo_array((np.ones(len(j)), (j, np.arange(len(j)))), shape=(jobs, len(j))).tocsr(),
        b_eq=np.ones(jobs),
        method="highs-ds",  # the simplex method: here several times as fast as the default
    )
    if found.status != 0:
        raise RuntimeError(f"HiGHS found no bound: {found.message}")
    return float(found.fun)


def least_hours(cluster: Cluster, e: Episodes, jobs: int) -> np.ndarray:
    """The least that the last attempt of a job can take, (jobs, pools) hours; cannot run: infinite.

    `e` is one episode. A gang is as fast as its slowest node, so at best as the width-th fastest of
    the pool. An attempt that can be repeated is the last one only if it succeeds.
    """
    width, cls = e.width[0, :jobs], e.cls[0, :jobs]
    luck, life = e.luck[0, :jobs, None, :], e.life[0, :jobs, None, :]  # (J, 1, tries)
    fits = (width[:, None] <= e.nodes[0]) & (e.speed[0, cls] > 0)
    pool = np.repeat(np.arange(len(e.nodes[0])), cluster.largest)
    fastest, slowest = np.ones((2, *fits.shape))
    for k, nodes in enumerate(e.nodes[0]):
        speeds = np.sort(e.node_speed[0, e.exists[0] & (pool == k)])[::-1]
        fastest[:, k], slowest[:, k] = speeds[np.minimum(width, nodes) - 1], speeds[-1]
    hours = e.hours[0, :jobs, None] * (1 + e.communication[0] * np.log2(width))[:, None]
    hours = np.divide(hours, e.speed[0, cls], out=np.full(fits.shape, np.inf), where=fits)
    least = (hours / fastest)[:, :, None] * luck  # (J, K, tries)
    most = (hours / slowest)[:, :, None] * luck * (1 + e.contention[0])
    rate = (e.failures[0] * width[:, None])[:, :, None]
    until = np.divide(life, rate, out=np.full(least.shape, np.inf), where=rate > 0)  # a failure
    last = np.where(least <= until, least, np.inf)
    last[:, :, -1] = np.minimum(least, until)[:, :, -1]
    # A try comes about only where all those before it can fail.
    can_fail = (fits[:, :, None] & (until < most)).any(axis=1).cumprod(axis=1)
    last[:, :, 1:] = np.where(can_fail[:, None, :-1], last[:, :, 1:], np.inf)
    return np.where(fits, last.min(axis=2), np.inf)
