import time
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from course_lib.gap import fluid_bound, fluid_bounds
from course_lib.gap.fluid_bound import least_hours
from course_lib.learning import (
    WFP3,
    EasyBackfilling,
    FastestFirst,
    FirstFit,
    MinMin,
    Random,
    ShortestJobFirst,
    evaluate,
)
from course_lib.learning.schedules import schedules
from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.distributions import Uniform
from course_lib.worlds.scheduler import Cluster

SITE = Site(
    "small",
    pools=(Pool("slow", 4, 6, 0.1), Pool("fast", 3, 5, 0.1)),
    classes=(
        JobClass("a", (1, 2), (1, 3), 0.5, 0.3, 2, 1.0, 1.6, (1, 2, 4)),
        JobClass("b", (1, 6), (1, 4), 0.3, 0.3, 6, 1.5, 1.6, (1, 3)),
        JobClass("c", (0, 3), (0, 3), 0.2, 0.4, 4, 0.5, 1.6, (1, 2)),
    ),
    load=0.9, real_load=1.2, bursts=0.5, node_spread=0.2, stragglers=0.1, noise=0.4,
    contention=0.5, communication=0.1, latency=5, retries=1, bound=60,
)  # fmt: skip
MAKERS = [Random, FirstFit, FastestFirst, ShortestJobFirst, WFP3, EasyBackfilling, MinMin]


def cluster_with(gaps, site=SITE):
    return Cluster(site, gaps, visible=8, jobs_per_node=3)


@pytest.mark.parametrize(
    "gaps",
    [Gaps(), Gaps(*[Uniform(0, 1)] * 5), Gaps(1, 1, 1, 1, 0), Gaps(hardware=1, interference=1)],
    ids=["simulator", "any gaps", "four gaps", "luck"],
)
def test_no_scheduler_is_better_than_the_bound(gaps):
    cluster, n = cluster_with(gaps), 10
    bound = fluid_bounds(cluster, n, seed=2, intervals=40)
    assert (bound >= 1).all()
    for make in MAKERS:
        logs = schedules(make(cluster.layout), cluster, n, seed=2)
        reached = np.array([log.slowdown.mean() for log in logs])  # losing a job costs nothing here
        assert (bound <= reached + 1e-6).all()


def test_a_bound_belongs_to_the_episode_that_is_evaluated_with_the_same_seed():
    cluster = cluster_with(Gaps(1, 1, 1, 1))
    for n in (2, 40):  # more than are drawn ahead
        env = cluster.make(n, autoreset=False)
        env.reset(seed=5)
        bounds = fluid_bounds(cluster, n, seed=5, intervals=5)
        each = [fluid_bound(cluster, env._batch.episodes, i, intervals=5) for i in range(n)]
        np.testing.assert_array_equal(bounds, each)
    assert len(set(bounds)) > 20


def episode(pools, jobs, bound=1.0):
    """A cluster and its one episode: nodes per pool; jobs (submitted, nodes, hours per pool)."""
    speeds = [tuple(1 / h if h else 0.0 for h in hours) for _, _, hours in jobs]
    share = 1 / len(jobs)
    classes = tuple(JobClass(f"{i}", s, s, share, share, 1.0) for i, s in enumerate(speeds))
    site = Site("by hand", tuple(Pool(f"{k}", n, n) for k, n in enumerate(pools)), classes,
                bound=bound)  # fmt: skip
    cluster = Cluster(site, jobs_per_node=len(jobs))
    e = cluster.draw(np.random.default_rng(0), 1)
    e.arrival[:], e.hours[:], e.estimate[:] = np.inf, 1.0, 1.0
    for i, (submitted, width, _) in enumerate(jobs):
        e.arrival[0, i], e.cls[0, i], e.width[0, i] = submitted, i, width
    return cluster, e


def least_slowdown(pools, jobs):
    """The best schedule of all, by trying every order of the jobs and every choice of pools.

    For a cost that grows with ends, one of the schedules that start jobs in some order, each as
    early as the ones before it allow, is optimal.
    """
    best = np.inf
    for order in permutations(range(len(jobs))):
        for choice in product(range(len(pools)), repeat=len(jobs)):
            if any(not jobs[j][2][k] or jobs[j][1] > pools[k] for j, k in enumerate(choice)):
                continue
            total = 0.0
            placed = []
            for j in order:
                submitted, width, hours = jobs[j]
                start = earliest(
                    placed, pools[choice[j]], choice[j], submitted, width, hours[choice[j]]
                )
                end = start + hours[choice[j]]
                placed.append((choice[j], start, end, width))
                total += max(1.0, (end - submitted) / max(min(h for h in hours if h), 1 / 3600))
            best = min(best, total / len(jobs))
    return best


def earliest(placed, nodes, pool, submitted, width, hours):
    """The first time from which `width` nodes of the pool are free for so many hours."""
    here = [(start, end, w) for k, start, end, w in placed if k == pool]
    for at in sorted({submitted, *(end for _, end, _ in here if end > submitted)}):
        moments = [at, *(start for start, _, _ in here if at < start < at + hours)]
        used = [sum(w for s, end, w in here if s <= m < end) for m in moments]
        if max(used) + width <= nodes:
            return at
    raise AssertionError("unreachable")


def random_jobs(rng, count, pools):
    for _ in range(count):
        hours = rng.exponential(2, len(pools)) + 0.1
        if rng.random() < 0.3:
            hours[rng.integers(len(pools))] = 0.0  # cannot run there
        room = max(n for n, h in zip(pools, hours, strict=True) if h)
        yield rng.choice([0.0, rng.exponential(1)]), int(rng.integers(1, room + 1)), tuple(hours)


def test_the_bound_is_below_the_best_of_all_schedules_and_not_far_below():
    rng = np.random.default_rng(1)
    found, best = [], []
    for _ in range(40):
        pools = [int(n) for n in rng.integers(1, 3, size=2)]
        jobs = list(random_jobs(rng, 4, pools))
        found.append(fluid_bound(*episode(pools, jobs), intervals=150))
        best.append(least_slowdown(pools, jobs))
    found, best = np.array(found), np.array(best)
    assert (found <= best + 1e-6).all()
    queues = best > 1.1
    assert queues.sum() > 15
    # Not more: half a job here and half there is often all that it takes.
    assert np.mean((found[queues] - 1) / (best[queues] - 1)) > 0.6


def test_one_node_and_all_jobs_at_once_is_smiths_rule():
    hours = np.array([3.0, 1.0, 2.0, 6.0])
    jobs = [(5.0, 1, (h,)) for h in hours]
    in_order = np.sort(hours)  # weights 1 / hours: the shortest first
    best = (in_order.cumsum() / in_order).mean()
    coarse, fine = (fluid_bound(*episode([1], jobs), intervals=n) for n in (12, 240))
    assert coarse < fine <= best + 1e-9
    assert fine > 0.97 * best


def test_jobs_that_never_meet_are_not_slowed_down():
    cluster, e = episode([1, 2], [(0.0, 1, (2, 1)), (5.0, 2, (3, 3)), (9.0, 1, (0, 4))])
    assert fluid_bound(cluster, e) == pytest.approx(1.0)


def test_a_job_alone_in_its_slow_pool_is_slowed_down_by_just_that():
    # Both fit into the fast pool one after another; the slow pool takes 3 times as long.
    jobs = [(0.0, 1, (3, 1)), (0.0, 1, (3, 1))]
    assert fluid_bound(*episode([1, 1], jobs), intervals=200) == pytest.approx(1.5, abs=0.02)
    wide = [(0.0, 2, (3, 1)), (0.0, 1, (3, 1))]  # a gang of two runs in the slow pool only
    assert fluid_bound(*episode([2, 1], wide), intervals=200) == pytest.approx(1.0)


def test_a_job_is_not_started_before_it_is_submitted_even_in_one_long_interval():
    cluster, e = episode([1], [(0.0, 1, (1,)), (5.0, 1, (1,))])
    e.luck[0, 1] = 2.0  # takes twice its best
    assert fluid_bound(cluster, e, intervals=1) == pytest.approx((1 + 2) / 2)


def test_short_jobs_count_as_long_as_the_bound_of_their_slowdown():
    jobs = [(0.0, 1, (1,)), (0.0, 1, (1,))]
    assert fluid_bound(*episode([1], jobs, bound=7200), intervals=100) == pytest.approx(1.0)
    assert fluid_bound(*episode([1], jobs, bound=3600), intervals=100) > 1.45


@pytest.mark.parametrize("gaps", [Gaps(), Gaps(1, 1, 1, 1, 1), Gaps(1, 1, 1, 0, 1)])
def test_no_last_attempt_takes_less_than_the_least(gaps):
    cluster = cluster_with(gaps)
    env = cluster.make(12, autoreset=False)
    seen, _ = env.reset(seed=1)
    policy, done = MinMin(env.layout), np.zeros(12, dtype=bool)
    while not done.all():
        seen, _, terminated, _, _ = env.step(policy(seen))
        done |= terminated
    ratios, e = [], env._batch.episodes
    for i, log in enumerate(env.logs()):
        least = least_hours(cluster, e.take(slice(i, i + 1)), len(log.cls))
        ratios += list(log.run / least[np.arange(len(log.cls)), log.pool])
    assert min(ratios) > 1 - 1e-9
    if gaps == Gaps():
        assert max(ratios) < 1 + 1e-9


def lone_nodes(gaps, **changes):
    """A cluster of single nodes without contention: an attempt takes what it takes."""
    pools = tuple(Pool(f"{k}", 1, 1, 0.3) for k in range(3))
    classes = (JobClass("a", (1, 2, 0), (1, 3, 0), 0.5, 0.5, 2), JobClass("b", (3, 1, 2), (3, 2, 2),
                0.5, 0.5, 2))  # fmt: skip
    return Cluster(replace(SITE, pools=pools, classes=classes, **changes), gaps)


def test_the_least_is_what_a_lone_node_takes():
    cluster = lone_nodes(Gaps(hardware=1, interference=1), contention=0.0)
    e = cluster.draw(np.random.default_rng(0), 1)
    hours = e.hours[0, :, None] / (e.speed[0, e.cls[0]] * e.node_speed[0] + 1e-300)
    expected = np.where(e.speed[0, e.cls[0]] > 0, hours * e.luck[0, :, :1], np.inf)
    np.testing.assert_allclose(least_hours(cluster, e, len(hours)), expected)


def test_a_try_that_must_fail_is_not_the_last_and_one_that_cannot_fail_is():
    cluster = lone_nodes(Gaps(failures=1))
    e = cluster.draw(np.random.default_rng(0), 1)
    e.cls[:], e.hours[:] = 0, 6.0  # 6 h in pool 0, 3 h in pool 1
    e.luck[0, :, 0], e.luck[0, :, 1] = 1.0, 0.5
    life = 0.3 * np.array([[100, 100], [4, 100], [1, 100], [4, 2], [1, 0.5]])  # fails after hours
    e.life[0, :5] = life
    least = least_hours(cluster, e, 5)
    expected = [[6, 3], [3, 1.5], [3, 1.5], [2, 1.5], [0.5, 0.5]]
    np.testing.assert_allclose(least[:, :2], expected)
    assert np.isinf(least[:, 2]).all()


def test_a_third_try_does_not_come_about_where_the_first_cannot_fail():
    cluster = lone_nodes(Gaps(failures=1), retries=2)
    e = cluster.draw(np.random.default_rng(0), 1)
    e.cls[:], e.hours[:], e.luck[0] = 0, 6.0, [1.0, 0.5, 0.1]
    e.life[0, :2] = 0.3 * np.array([[100, 0.1, 100], [1, 0.1, 100]])  # fails after hours
    np.testing.assert_allclose(least_hours(cluster, e, 2)[:, :2], [[6, 3], [0.6, 0.3]])


def test_the_fastest_nodes_are_taken_as_many_as_the_gang_has():
    site = replace(SITE, pools=(Pool("slow", 3, 3), Pool("fast", 4, 4)))
    cluster = cluster_with(Gaps(hardware=1), site)
    e = cluster.draw(np.random.default_rng(0), 1)
    e.node_speed[0], e.cls[:], e.width[0, :4] = [1, 2, 4, 3, 5, 9, 7], 0, [1, 2, 3, 4]
    relative = e.hours[0, :4, None] / e.speed[0, 0] / least_hours(cluster, e, 4)
    np.testing.assert_allclose(relative, [[4, 9], [2, 7], [1, 5], [0, 3]])


def test_more_intervals_make_a_tighter_bound_within_its_time():
    site = replace(SITE, pools=tuple(Pool(f"{k}", 8, 8) for k in range(2)))
    cluster = Cluster(site, Gaps(workload=1), jobs_per_node=8)
    begun = time.perf_counter()
    bounds = [fluid_bounds(cluster, 1, seed=1, intervals=n)[0] for n in (1, 10, 80, 160)]
    assert time.perf_counter() - begun < 15
    assert bounds == sorted(bounds)
    assert bounds[-1] > bounds[1] + 0.01


def test_no_intervals_no_bound():
    with pytest.raises(ValueError, match="at least 1"):
        fluid_bound(*episode([1], [(0.0, 1, (1,))]), intervals=0)


def test_min_min_is_between_the_bound_and_chance():
    cluster = cluster_with(Gaps(workload=1))
    jobs = 3 * 7
    bound = fluid_bounds(cluster, 8, intervals=60)
    good, bad = (1 - evaluate(m(cluster.layout), cluster, 8) / jobs for m in (MinMin, Random))
    assert 1 <= bound.mean() < good.mean() < bad.mean()
