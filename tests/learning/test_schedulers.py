import numpy as np
import pytest

from course_lib.learning import evaluate
from course_lib.learning.schedulers import (
    WFP3,
    EasyBackfilling,
    FastestFirst,
    FirstComeFirstServed,
    FirstFit,
    MinMin,
    Random,
    ShortestJobFirst,
)
from course_lib.learning.schedules import schedules
from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.distributions import Uniform
from course_lib.worlds.queue_view import CLUSTER, JOB, LARGEST, PAIR, Layout
from course_lib.worlds.scheduler import Cluster

SITE = Site(
    "two speeds",
    pools=(Pool("slow", 4, 6, 0.05), Pool("fast", 4, 6, 0.05)),
    classes=(
        JobClass("anywhere", (1, 2), (1, 3), 0.5, 0.3, 2, 1.0, 1.6, (1, 2, 4)),
        JobClass("mostly fast", (1, 6), (1, 4), 0.3, 0.4, 6, 1.5, 1.6, (1, 2)),
        JobClass("only fast", (0, 3), (0, 3), 0.2, 0.3, 4, 0.5, 1.6, (1, 3)),
    ),
    load=0.8, real_load=0.9, bursts=0.5, node_spread=0.1, stragglers=0.1, noise=0.3,
    contention=0.5, estimate_noise=0.7, communication=0.1, latency=5, bound=60,
)  # fmt: skip
SMALL = Cluster(SITE, visible=8, jobs_per_node=6)
ANY_GAPS = Cluster(SITE, Gaps(*[Uniform(0, 1)] * 5), visible=8, jobs_per_node=6)
ALL = {
    "random": Random,
    "fcfs": FirstComeFirstServed,
    "first fit": FirstFit,
    "fastest first": FastestFirst,
    "sjf": ShortestJobFirst,
    "patient sjf": lambda layout: ShortestJobFirst(layout, patient=True),
    "wfp3": WFP3,
    "patient wfp3": lambda layout: WFP3(layout, patient=True),
    "min-min": MinMin,
    "min-min, telemetry": lambda layout: MinMin(layout, telemetry=True),
    "min-min, in order": lambda layout: MinMin(layout, in_order=True),
    "easy": EasyBackfilling,
}


def decisions(policy, cluster, episodes, seed=0):
    """Run a policy; yields the batch and the actions that it is about to take."""
    env = cluster.make(episodes, autoreset=False)
    seen, _ = env.reset(seed=seed)
    done = np.zeros(episodes, dtype=bool)
    while not done.all():
        actions = policy(seen)
        yield env, actions, ~done
        seen, _, terminated, truncated, _ = env.step(actions)
        assert not truncated.any()
        done |= terminated


def by_hand(pools, jobs, estimates=None):
    """A cluster with exactly these pools and jobs: a batch of one, and its first observation.

    pools: nodes of each; jobs: (submitted, nodes, run time in each pool; 0: cannot run there).
    """
    classes = tuple(
        JobClass(f"{i}", *[tuple(1 / h if h else 0 for h in hours)] * 2, 1 / len(jobs),
                 1 / len(jobs), 1.0)
        for i, (_, _, hours) in enumerate(jobs)
    )  # fmt: skip
    site = Site("by hand", tuple(Pool(f"{k}", n, n) for k, n in enumerate(pools)), classes)
    cluster = Cluster(site, jobs_per_node=max(1, len(jobs)), visible=6)
    e = cluster.draw(np.random.default_rng(0), 1)
    e.arrival[:], e.hours[:], e.estimate[:] = np.inf, 1.0, 1.0
    for i, (submitted, width, _) in enumerate(jobs):
        e.arrival[0, i], e.cls[0, i], e.width[0, i] = submitted, i, width
    env = cluster.make(1, autoreset=False)
    seen, _ = env.reset(options={"episodes": e})
    return env, seen


def starts(make, pools, jobs):
    """Run a scheduler: [(job, pool, start)] in the order of the starts."""
    env, seen = by_hand(pools, jobs)
    policy, done = make(env.layout), [False]
    while not done[0]:
        seen, _, done, _, _ = env.step(policy(seen))
    return [(a.job, a.pool, pytest.approx(a.start, abs=1e-6)) for a in env.logs()[0].attempts]


# --- every scheduler against a slow, obvious version that looks at the cluster itself ---


def jobs_seen(env, i):
    """The visible jobs of world i, in hours: what a scheduler can know."""
    batch, e = env._batch, env._batch.episodes
    waits = batch.waits(np.array([i]), e.width[[i]][:, batch.queue[i, : env.layout.visible]])
    telemetry = batch.telemetry(np.array([i]))[0]
    found = []
    for m in range(min(batch.length[i], env.layout.visible)):
        j = batch.queue[i, m]
        width, cls = e.width[i, j], e.cls[i, j]
        job = {"m": m, "width": width, "age": batch.now[i] - batch.arrival[i, j], "pools": {}}
        shortest = min(
            e.estimate[i, j] / batch.speed[cls, k]
            for k in range(env.layout.pools)
            if batch.speed[cls, k] > 0 and width <= e.nodes[i, k]
        )
        job["shortest"] = shortest
        for k in range(env.layout.pools):
            if batch.speed[cls, k] > 0 and width <= e.nodes[i, k]:
                wait = min(waits[0, m, k], LARGEST * shortest)
                run = e.estimate[i, j] / batch.speed[cls, k]
                free = batch.free[i][batch.pool == k].sum()
                job["pools"][k] = {
                    "run": run, "wait": wait, "end": run + wait, "legal": width <= free,
                    "cut": waits[0, m, k] >= LARGEST * shortest, "measured": telemetry[cls, k],
                }  # fmt: skip
        found.append(job)
    return found


def legal_pools(job):
    return [k for k, p in job["pools"].items() if p["legal"]]


def best_pool(job, what="end"):
    return min(job["pools"], key=lambda k: job["pools"][k][what])


def fastest_legal(job):
    return job["m"], min(legal_pools(job), key=lambda k: job["pools"][k]["run"])


def slow_fcfs(jobs):
    return (0, legal_pools(jobs[0])[0]) if legal_pools(jobs[0]) else None


def slow_first_fit(jobs):
    return next((j["m"], legal_pools(j)[0]) for j in jobs if legal_pools(j))


def slow_fastest_first(jobs):
    k = best_pool(jobs[0], "run")
    return (0, k) if jobs[0]["pools"][k]["legal"] else None


def slow_in_best_pool(jobs, key):
    can = [j for j in jobs if j["pools"][best_pool(j)]["legal"]]
    if not can:
        return None
    job = min(can, key=key)
    return job["m"], best_pool(job)


def slow_min_min(jobs, in_order=False):
    claimed = set()
    for job in sorted(jobs, key=lambda j: j["pools"][best_pool(j)]["end"]):
        k = best_pool(job)
        if job["pools"][k]["legal"] and k not in claimed:
            return job["m"], k
        if in_order:
            claimed.add(k)
    return None


def slow_easy(jobs):
    head = jobs[0]
    reserved = best_pool(head)
    if head["pools"][reserved]["legal"]:
        return 0, reserved
    until = head["pools"][reserved]["wait"]
    free_then = max(
        j["width"]
        for j in jobs
        if reserved in j["pools"]
        and j["pools"][reserved]["wait"] <= until * (1 + 1e-6)
        and (j is head or not j["pools"][reserved]["cut"])
    )
    for job in jobs[1:]:
        k = best_pool(job)
        fits_beside = head["width"] + job["width"] <= free_then
        if job["pools"][k]["legal"] and (
            k != reserved or job["pools"][k]["run"] <= until or fits_beside
        ):
            return job["m"], k
    return None


def wfp3_score(job):
    return -(min((job["age"] / job["shortest"]), LARGEST) ** 3) * job["width"]


def with_telemetry(jobs):
    for job in jobs:
        for p in job["pools"].values():
            p["end"] = p["run"] * p["measured"] + p["wait"]
    return jobs


SLOW = {
    "fcfs": slow_fcfs,
    "first fit": slow_first_fit,
    "fastest first": slow_fastest_first,
    "sjf": lambda jobs: fastest_legal(
        min((j for j in jobs if legal_pools(j)), key=lambda j: j["shortest"])
    ),
    "patient sjf": lambda jobs: slow_in_best_pool(jobs, lambda j: j["shortest"]),
    "wfp3": lambda jobs: fastest_legal(min((j for j in jobs if legal_pools(j)), key=wfp3_score)),
    "patient wfp3": lambda jobs: slow_in_best_pool(jobs, wfp3_score),
    "min-min": slow_min_min,
    "min-min, telemetry": lambda jobs: slow_min_min(with_telemetry(jobs)),
    "min-min, in order": lambda jobs: slow_min_min(jobs, in_order=True),
    "easy": slow_easy,
}


@pytest.mark.parametrize("cluster", [SMALL, ANY_GAPS], ids=["simulator", "any gaps"])
@pytest.mark.parametrize("name", SLOW)
def test_a_scheduler_decides_as_its_slow_and_obvious_version(name, cluster):
    seen, differ = 0, 0
    for env, actions, running in decisions(ALL[name](cluster.layout), cluster, 4):
        for i in np.flatnonzero(running):
            pair = SLOW[name](jobs_seen(env, i))
            expected = env.layout.wait if pair is None else pair[0] * env.layout.pools + pair[1]
            seen, differ = seen + 1, differ + (actions[i] != expected)
    assert seen > 150
    assert differ == 0


@pytest.mark.parametrize("name", ALL)
def test_every_action_is_legal_whatever_the_gaps(name):
    # The world refuses anything else.
    policy = ALL[name](ANY_GAPS.layout)
    assert np.isfinite(evaluate(policy, ANY_GAPS, 16, seed=3)).all()


# --- what each of them is about ---


def test_first_come_first_served_starts_jobs_as_they_were_submitted():
    def orders(make):
        logs = schedules(make(SMALL.layout), SMALL, 4)
        return [[a.job for a in log.attempts] for log in logs]

    for make in (FirstComeFirstServed, FastestFirst):
        assert all(order == sorted(order) for order in orders(make))
    for make in (FirstFit, ShortestJobFirst, WFP3, MinMin, EasyBackfilling):
        assert not any(order == sorted(order) for order in orders(make))


BLOCKED = ([2, 1], [(0, 1, (9, 0)), (0, 2, (4, 0)), (0, 1, (5, 1))])  # the second does not fit


def test_nobody_passes_a_head_that_does_not_fit_but_with_first_fit():
    assert starts(FirstComeFirstServed, *BLOCKED) == [(0, 0, 0), (1, 0, 9), (2, 1, 9)]
    assert starts(FirstFit, *BLOCKED) == [(0, 0, 0), (2, 0, 0), (1, 0, 9)]


def test_fastest_first_waits_for_the_fastest_pool_however_long():
    jobs = [(0, 1, (0, 50)), (0, 1, (9, 8))]
    assert starts(FastestFirst, [1, 1], jobs) == [(0, 1, 0), (1, 1, 50)]
    assert starts(FirstComeFirstServed, [1, 1], jobs) == [(0, 1, 0), (1, 0, 0)]


def test_shortest_job_first_is_what_its_name_says():
    jobs = [(0, 1, (3,)), (0, 1, (5,)), (0, 1, (1,)), (0, 1, (2,))]
    order = [job for job, _, _ in starts(ShortestJobFirst, [1], jobs)]
    assert order == [2, 3, 0, 1]


@pytest.mark.parametrize("make", [MinMin, lambda layout: ShortestJobFirst(layout, patient=True)])
def test_waiting_for_a_busy_fast_pool_where_that_pays_and_only_there(make):
    def second(busy):
        return starts(make, [1, 1], [(0, 1, (0, busy)), (0.5, 1, (8, 2))])[1]

    assert second(busy=6) == (1, 1, 6)  # 5.5 to wait and 2 to run are less than 8
    assert second(busy=7) == (1, 0, 0.5)


def test_min_min_in_order_lets_nobody_pass_the_job_of_least_completion():
    # One of four nodes is free; the gang of four ends at 5 + 1, the single job at 20.
    jobs = [(0, 3, (5,)), (1, 4, (1,)), (1, 1, (20,))]
    in_order = ALL["min-min, in order"]
    assert starts(MinMin, [4], jobs) == [(0, 0, 0), (2, 0, 1), (1, 0, 21)]
    assert starts(in_order, [4], jobs) == [(0, 0, 0), (1, 0, 5), (2, 0, 6)]


def packed(layout, **parts):
    """An observation in which everything that is not given is 0."""
    shapes = dict.fromkeys(PAIR, (1, layout.visible, layout.pools))
    shapes |= dict.fromkeys(JOB, (1, layout.visible)) | dict.fromkeys(CLUSTER, (1,))
    given = {name: np.asarray(parts.get(name, np.zeros(s[1:])))[None] for name, s in shapes.items()}
    return layout.pack(**given)


TWO = Layout(2, 2)
HERE = {"legal": np.ones((2, 2)), "able": np.ones((2, 2)), "size": [1, 1], "waiting": [1, 1]}


def test_wfp3_is_the_cube_of_the_waiting_ratio_times_the_nodes():
    def first(age, nodes):
        part = np.array(nodes)[:, None] * [1 / 4, 1 / 8]  # of pools of 4 and 8 nodes, 12 in all
        pool = np.ones((2, 2)) * [1 / 3, 2 / 3]
        run = np.array([[2, 1], [2, 1]])
        return WFP3(TWO)(packed(TWO, **HERE, age=age, part=part, pool=pool, run=run))[0]

    assert first(age=[2, 1.5], nodes=[1, 2]) == 1  # 8 against 6.75: job 0 in pool 1
    assert first(age=[2, 1.6], nodes=[1, 2]) == 3  # 8 against 8.192
    assert first(age=[1, 1.1], nodes=[2, 1]) == 1


def test_wfp3_counts_nodes_not_shares_of_pools():
    one_pool_each = np.array([[0, 1], [1, 0]])
    seen = packed(
        TWO,
        **HERE | {"legal": one_pool_each, "able": one_pool_each},
        age=[1, 1.1],
        part=one_pool_each / 4,  # two of 8 nodes and one of 4
        pool=one_pool_each * [1 / 3, 2 / 3],
    )
    assert WFP3(TWO)(seen) == 1


def test_min_min_takes_telemetry_only_when_told():
    seen = packed(
        TWO, **HERE, run=[[2, 3], [4, 5]], measured=[[2, 1], [0.5, 1]], wait=np.zeros((2, 2))
    )
    assert MinMin(TWO)(seen) == 0
    assert MinMin(TWO, telemetry=True)(seen) == 2  # 4 × 0.5, against 2 × 2 and 3


def test_where_nothing_will_happen_something_is_started_all_the_same():
    part = {"run": [[2, 3], [4, 5]], "wait": [[0, 9], [9, 9]], "able": np.ones((2, 2))}
    part |= {"legal": [[0, 1], [0, 1]], "size": [1, 1], "waiting": [1, 1]}
    for make in (FastestFirst, MinMin, EasyBackfilling):
        assert make(TWO)(packed(TWO, **part, may_wait=1)) == TWO.wait
        assert make(TWO)(packed(TWO, **part, may_wait=0)) == 1


def test_a_random_scheduler_draws_all_legal_actions_alike_and_no_others():
    one = packed(TWO, legal=[[1, 0], [0, 1]], able=np.ones((2, 2)), may_wait=1)
    policy = Random(TWO, seed=2)
    drawn = policy(np.repeat(one, 3000, axis=0))
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 3000, [1 / 3, 0, 0, 1 / 3, 1 / 3],
                               atol=0.03)  # fmt: skip
    many = np.repeat(one, 30, axis=0)
    assert not np.array_equal(policy(many), policy(many))
    assert np.array_equal(Random(TWO, seed=7)(many), Random(TWO, seed=7)(many))
    assert not np.array_equal(Random(TWO, seed=7)(many), Random(TWO, seed=8)(many))


@pytest.mark.parametrize("name", ALL)
def test_observations_of_another_cluster_are_refused(name):
    with pytest.raises(ValueError, match="build the policy for this cluster"):
        ALL[name](TWO)(np.zeros((1, Layout(2, 3).size)))


# --- the promise of EASY ---


class Greedy(EasyBackfilling):
    """Backfills whatever fits."""

    def plan(self, view):
        order, cost, wanted = super().plan(view)
        wanted = wanted.copy()
        wanted[:, 1:] = True
        return order, cost, wanted


def lateness(policy, cluster, episodes=12):
    """Hours from each head's first reservation to its start; and how many jobs passed a head."""
    promised, passed = {}, 0
    for env, actions, running in decisions(policy, cluster, episodes):
        batch = env._batch
        for i in np.flatnonzero(running & (batch.length > 0)):
            head = jobs_seen(env, i)[0]
            wait = head["pools"][best_pool(head)]["wait"]
            promised.setdefault((i, batch.queue[i, 0]), batch.now[i] + wait)
            passed += env.layout.pools <= actions[i] < env.layout.wait
    started = [log.started for log in env.logs()]
    return np.array([started[i][j] - at for (i, j), at in promised.items()]), passed


def test_easy_never_delays_a_head_beyond_its_first_reservation():
    late, passed = lateness(EasyBackfilling(SMALL.layout), SMALL)
    assert passed > 50
    assert len(late) > 200
    assert late.max() < 1e-3
    late, _ = lateness(Greedy(SMALL.layout), SMALL)
    assert late.max() > 0.5


def test_easy_backfills_what_ends_before_the_reservation():
    def jobs(hours):
        return [(0, 2, (10,)), (0, 3, (5,)), (0, 2, (hours,))]

    assert starts(EasyBackfilling, [4], jobs(9.9)) == [(0, 0, 0), (2, 0, 0), (1, 0, 10)]
    assert starts(EasyBackfilling, [4], jobs(10.1)) == [(0, 0, 0), (1, 0, 10), (2, 0, 15)]


def test_easy_backfills_nodes_that_the_head_leaves_free_as_far_as_it_can_see():
    jobs = [(0, 2, (10,)), (0, 3, (5,)), (0, 1, (100,))]
    # That all four nodes will be free at 10 can only be seen from a gang of four.
    assert starts(EasyBackfilling, [4], jobs)[1] == (1, 0, 10)
    assert starts(EasyBackfilling, [4], [*jobs, (0, 4, (1,))])[1] == (2, 0, 0)
    wider = [*jobs[:2], (0, 2, (100,)), (0, 4, (1,))]
    assert starts(EasyBackfilling, [4], wider)[1] == (1, 0, 10)


def test_easy_is_not_misled_by_waits_that_are_cut_off():
    # The gang of four can start at 50 only, which is more than 1,000 times its run time.
    jobs = [(0, 2, (10,)), (0, 1, (50,)), (0, 3, (5,)), (0, 1, (100,)), (0, 4, (0.001,))]
    assert starts(EasyBackfilling, [4], jobs)[2] == (2, 0, 10)


def test_easy_backfills_other_pools_but_only_where_a_job_ends_earliest():
    held = [(0, 1, (10, 0)), (0, 1, (5, 0))]  # pool 0 is busy until 10, then the head's
    assert starts(EasyBackfilling, [1, 1], [*held, (0, 1, (0, 70))])[1] == (2, 1, 0)
    assert starts(EasyBackfilling, [1, 1], [*held, (0, 1, (50, 70))])[1:] == [
        (1, 0, 10),
        (2, 0, 15),
    ]
