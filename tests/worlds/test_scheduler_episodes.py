"""What is drawn for an episode: what each severity changes, loads, and sizes."""

from dataclasses import fields, replace

import numpy as np
import pytest
from random_clusters import REAL, play

from course_lib.worlds import Cluster, Gaps, JobClass, Pool, Site, Uniform
from course_lib.worlds.episodes import Episodes

SITE = Site(
    "small",
    pools=(Pool("cpu", 4, 4, failures=0.2), Pool("gpu", 2, 2, failures=0.1)),
    classes=(
        JobClass("batch", (1, 2), (1.5, 1.5), 0.5, 0.8, 2.0, 0.5, 1.5, (1, 2), bias=2.0),
        JobClass("deep", (0, 1), (0, 3), 0.5, 0.2, 4.0, 0.5, 1.5, (1,), bias=1.5),
    ),
    load=0.7, real_load=0.9, bursts=0.8, node_spread=0.2, stragglers=0.3, noise=0.2,
    contention=0.5, estimate_noise=0.5, gang_growth=4, communication=0.1, latency=5.0,
)  # fmt: skip
NAMES = [f.name for f in fields(Episodes)]
OF_GAP = {  # which parts of an episode each gap may change
    "hardware": {"speed", "node_speed"},
    "workload": {"arrival", "cls", "width", "hours", "estimate"},
    "interference": {"luck", "estimate", "contention"},
    "failures": {"failures"},
    "scale": {"arrival", "width", "communication", "latency"},  # and the nodes, if there are more
}


def drawn(cluster, seed=0, count=50):
    return cluster.draw(np.random.default_rng(seed), count)


def differing(one, other):
    return {n for n in NAMES if not np.array_equal(getattr(one, n), getattr(other, n))}


# Gaps


def test_without_gaps_an_episode_is_as_simulated():
    e = drawn(Cluster(SITE))
    for name in ("luck", "node_speed"):
        assert (getattr(e, name) == 1).all()
    for name in ("failures", "contention", "communication", "latency"):
        assert (getattr(e, name) == 0).all()
    assert (e.speed == SITE.table("speeds")).all()
    assert (e.nodes == SITE.nodes).all()
    np.testing.assert_array_equal(e.estimate, e.hours)
    assert set(np.unique(e.width[e.cls == 0])) == {1, 2}


@pytest.mark.parametrize("gap", OF_GAP)
def test_each_severity_changes_its_own_group_only(gap):
    assert differing(drawn(Cluster(SITE)), drawn(Cluster(SITE, Gaps(**{gap: 1.0})))) == OF_GAP[gap]


def test_with_all_severities_at_one_an_episode_is_as_measured():
    e = drawn(Cluster(SITE, REAL), count=400)
    assert (e.speed == SITE.table("real_speeds")).all()
    assert (e.failures == [0.2, 0.1]).all()
    assert (e.contention == 0.5).all()
    assert (e.communication == 0.1).all()
    assert (e.latency == 5.0 / 3600).all()
    assert np.log(e.luck).std() == pytest.approx(0.2, rel=0.02)
    assert (e.cls == 0).mean() == pytest.approx(0.8, abs=0.02)
    assert (e.node_speed < 0.65).mean() == pytest.approx(0.3, abs=0.05)
    assert np.log(e.node_speed[e.node_speed > 0.75]).std() == pytest.approx(0.2, abs=0.05)
    wrong = np.log(e.estimate / e.hours)
    for c, bias in enumerate([2.0, 1.5]):
        assert wrong[e.cls == c].mean() == pytest.approx(np.log(bias), abs=0.02)
        assert wrong[e.cls == c].std() == pytest.approx(0.5, rel=0.05)
    assert set(np.unique(e.width[e.cls == 0])) == {1, 2, 4}  # four times two, but no wider than 4
    assert set(np.unique(e.width[e.cls == 1])) == {1, 2}


@pytest.mark.parametrize(
    ("gaps", "larger"), [(Gaps(), 1), (Gaps(hardware=1.0), 1), (Gaps(scale=1.0), 2)]
)
@pytest.mark.parametrize("deep_hours", [1.0, 4.0])
def test_the_load_is_a_share_of_what_the_simulated_cluster_could_do(gaps, larger, deep_hours):
    batch, deep = SITE.classes
    site = replace(
        SITE,
        load=0.6,
        gang_growth=1,
        classes=(batch, replace(deep, hours=deep_hours)),
        pools=tuple(replace(p, real_nodes=larger * p.nodes) for p in SITE.pools),
    )
    e = drawn(Cluster(site, gaps), count=400)
    jobs_per_hour = 1 / np.diff(e.arrival, axis=1).mean() / larger
    # By hand: each job brings deep_hours / 2 node-hours for GPUs alone, and 1.5 node-hours at speed
    # 1 for 4 CPUs and, twice as fast, for what is left of 2 GPUs.
    most = min(2 / (deep_hours / 2), (4 + 2 * 2) / (1.5 + deep_hours))
    assert jobs_per_hour == pytest.approx(0.6 * most, rel=0.05)


def test_bursts_leave_the_mean_time_between_jobs_and_mean_run_times_as_they_are():
    site = replace(SITE, real_load=SITE.load, classes=tuple(
        replace(c, real_share=c.share) for c in SITE.classes))  # fmt: skip
    calm, bursty = (drawn(Cluster(site, Gaps(workload=s)), count=2000) for s in (0.0, 1.0))
    between = [np.diff(e.arrival, axis=1) for e in (calm, bursty)]
    assert between[1].mean() == pytest.approx(between[0].mean(), rel=0.05)
    assert (between[0].std() / between[0].mean()) == pytest.approx(1, rel=0.05)
    assert (between[1].std() / between[1].mean()) > 3
    assert bursty.hours.mean() == pytest.approx(calm.hours.mean(), rel=0.1)
    assert np.median(bursty.hours) < 0.6 * np.median(calm.hours)


def test_wider_gangs_come_less_often_so_that_the_load_stays():
    one, other = (drawn(Cluster(SITE, Gaps(scale=s)), count=400) for s in (0.0, 1.0))
    work = [(e.width * e.hours).sum(axis=1) / e.arrival[:, -1] for e in (one, other)]
    assert other.width.mean() > 1.3 * one.width.mean()
    assert np.median(work[1]) == pytest.approx(np.median(work[0]), rel=0.1)


# Sizes


def test_with_a_scale_per_episode_each_world_has_its_own_nodes_and_jobs():
    site = replace(SITE, pools=(Pool("cpu", 4, 16), Pool("gpu", 2, 8)))
    cluster = Cluster(site, Gaps(scale=Uniform(0, 1)), jobs_per_node=2)
    e = drawn(cluster, count=200)
    assert len(np.unique(e.nodes[:, 0])) > 8
    pool = np.repeat([0, 1], [16, 8])
    for k in (0, 1):
        np.testing.assert_array_equal(e.exists[:, pool == k].sum(axis=1), e.nodes[:, k])
    jobs = np.isfinite(e.arrival)
    np.testing.assert_array_equal(jobs.sum(axis=1), 2 * e.nodes.sum(axis=1))
    assert (jobs[:, 1:] <= jobs[:, :-1]).all()
    for i in range(200):
        assert (e.width[i] <= np.where(e.cls[i] == 0, max(e.nodes[i]), e.nodes[i, 1])).all()


def test_nodes_that_do_not_exist_are_never_used():
    site = replace(SITE, pools=(Pool("cpu", 4, 16), Pool("gpu", 2, 8)))
    env = Cluster(site, Gaps(scale=Uniform(0, 1))).make(10, autoreset=False)
    env.reset(seed=0)
    play(env)
    for log, exists in zip(env.logs(), env._batch.episodes.exists, strict=True):
        used = {int(node) for attempt in log.attempts for node in attempt.nodes}
        assert used == set(np.flatnonzero(exists))
