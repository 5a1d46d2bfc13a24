"""What is identified from attempts is what made them, and a simulator made of it keeps to it."""

import copy
import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.deploy.measured import Measured, MeasuredSched, measured
from course_lib.deploy.real_jobs import BENCH
from course_lib.learning.evaluate import evaluate
from course_lib.learning.store import provenance_of
from course_lib.worlds import Cluster, Gaps
from course_lib.worlds.episodes import SECOND

CLUSTER = Cluster(BENCH, jobs_per_node=6, visible=5)
SPEEDS = {"dense": (14.0, 0.9), "sort": (60.0, 1.1), "parse": (1.2, 1.2), "wait": (1.0, 1.0)}
SLOPES = {"dense": 0.3, "sort": 0.2, "parse": 0.1, "wait": 0.0}
POOLS = [pool.name for pool in BENCH.pools]


def attempts(each=1000, noise=0.0, overhead=0.004, slopes=SLOPES, seed=0):
    """`each` attempts of every class, by a law that is known."""
    rng, found = np.random.default_rng(seed), []
    for kind, speeds in SPEEDS.items():
        for i in range(each):
            pool, others = i % 2, int(rng.integers(3))
            nominal, submitted = rng.uniform(0.01, 0.1), rng.uniform(0, 10)
            seconds = nominal / speeds[pool] * np.exp(slopes[kind] * others)
            seconds *= np.exp(noise * rng.standard_normal())
            decided = overhead / 4  # a part of the overhead that comes before
            ended = submitted + seconds + overhead * rng.uniform(0.5, 1.5) - decided
            found.append(SimpleNamespace(
                kind=kind, pool=POOLS[pool], nominal=nominal, others=others, decided=decided,
                submitted=submitted, ended=ended, seconds=seconds,
            ))  # fmt: skip
    return found


def test_what_made_the_attempts_is_recovered_exactly_without_noise():
    found = measured(CLUSTER, attempts(each=12))
    for job_class in found.site.classes:
        assert job_class.real_speeds == pytest.approx(SPEEDS[job_class.name])
    assert found.slowed == pytest.approx(tuple(SLOPES.values()), abs=1e-9)
    assert found.site.noise == pytest.approx(0, abs=1e-9)


def test_what_made_the_attempts_is_recovered_from_noise():
    found = measured(CLUSTER, attempts(noise=0.1))
    for job_class in found.site.classes:
        assert job_class.real_speeds == pytest.approx(SPEEDS[job_class.name], rel=0.04)
    assert found.slowed == pytest.approx(tuple(SLOPES.values()), abs=0.02)
    assert found.site.noise == pytest.approx(0.1, rel=0.1)
    assert found.overhead == pytest.approx(0.004, rel=0.05)


def test_what_the_scheduler_is_told_and_which_jobs_come_stay_as_they_were():
    found = measured(CLUSTER, attempts(each=12))
    assert [c.speeds for c in found.site.classes] == [c.speeds for c in BENCH.classes]
    assert (found.jobs_per_node, found.visible, found.workload) == (6, 5, CLUSTER.workload)
    ours, theirs = (c.draw(np.random.default_rng(3), 4) for c in (found, CLUSTER))
    for name in ("arrival", "cls", "hours", "estimate"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_allclose(ours.speed[0], found.site.table("real_speeds"))


def test_company_makes_nobody_faster():
    slopes = SLOPES | {"parse": -0.3}
    found = measured(CLUSTER, attempts(each=200, slopes=slopes))
    assert found.slowed == pytest.approx((0.3, 0.2, 0.0, 0.0), abs=1e-9)
    assert min(found.slowed) >= 0
    # What is left for the speed is what one sees on average.
    assert found.site.classes[2].real_speeds == pytest.approx([1.2 * np.exp(0.3)] * 2, rel=0.1)


def test_attempts_that_failed_or_have_not_ended_do_not_count():
    tried = attempts(each=12)
    failed = [SimpleNamespace(**vars(a) | {"seconds": np.nan}) for a in tried]
    running = [SimpleNamespace(**vars(a) | {"ended": np.inf}) for a in failed]
    assert measured(CLUSTER, failed + tried + running) == measured(CLUSTER, tried)


@pytest.mark.parametrize("left", [0, 30])
def test_a_pool_that_was_never_tried_is_refused_in_one_line(left):
    tried = attempts(each=30)[-left:] if left else []
    wanted = "no job of class 'dense' has ended in pool 'accelerator': log episodes of a policy"
    with pytest.raises(ValueError, match=wanted) as error:
        measured(CLUSTER, tried)
    assert "\n" not in str(error.value)


def test_a_pool_that_was_only_tried_in_vain_is_refused():
    tried = attempts(each=12)
    for a in tried:
        if (a.kind, a.pool) == ("parse", "plain"):
            a.seconds = np.nan
    with pytest.raises(ValueError, match="class 'parse' has ended in pool 'plain'"):
        measured(CLUSTER, tried)


def test_a_pool_that_cannot_run_a_class_needs_no_attempts():
    dense = replace(BENCH.classes[0], speeds=(20.0, 0.0), real_speeds=(20.0, 0.0))
    site = replace(BENCH, classes=(dense, *BENCH.classes[1:]))
    tried = [a for a in attempts(each=12) if (a.kind, a.pool) != ("dense", "plain")]
    found = measured(replace(CLUSTER, site=site), tried)
    assert found.site.classes[0].real_speeds == pytest.approx((14.0, 0.0))


def play(env, seed=0):
    """One episode by random legal actions; returns observations, rewards and who was running."""
    rng, (seen, _) = np.random.default_rng(seed), env.reset(seed=seed)
    story, over = [(seen, 0, 0)], np.zeros(env.num_envs, dtype=bool)
    while not over.all():
        actions = np.where(env.legal, rng.random(env.legal.shape), -1).argmax(axis=1)
        seen, rewards, terminated, *_ = env.step(actions)
        story.append((seen, rewards, terminated))
        over |= terminated
    return story


@pytest.mark.parametrize("slowed", [(), (0.0,) * 4])
def test_without_overhead_and_company_it_is_the_simulator_of_the_same_site(slowed):
    site = replace(
        measured(CLUSTER, attempts(each=12)).site, noise=0.2, contention=0.5, node_spread=0.2
    )
    gaps = Gaps(hardware=1.0, interference=1.0)
    plain = Cluster(site, gaps, jobs_per_node=6, visible=5)
    ours = Measured(site, gaps, jobs_per_node=6, visible=5, slowed=slowed).make(3, autoreset=False)
    theirs = plain.make(3, autoreset=False)
    assert isinstance(ours, MeasuredSched)
    for a, b in zip(play(ours), play(theirs), strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)


def by_hand(cluster, seconds, cls):
    """An episode of jobs of given seconds at speed 1 and classes, all there from the start."""
    e, n = cluster.draw(np.random.default_rng(0), 1), len(seconds)
    e.arrival[:] = np.inf
    e.arrival[0, :n], e.cls[0, :n] = 0.0, cls
    e.hours[0, :n] = e.estimate[0, :n] = np.array(seconds) * SECOND
    return {"episodes": e}


def test_a_run_takes_what_the_formula_says():
    cluster = replace(measured(CLUSTER, attempts(each=12)), overhead=0.25)
    env = cluster.make(1, autoreset=False)
    options = by_hand(cluster, [7.0, 3.0, 5.0, 2.0], cls=[2, 0, 1, 0])
    luck = options["episodes"].luck[0, :, 0]
    luck[:4] = 1.0, 1.5, 1.0, 1.0
    env.reset(options=options)
    # The head of the queue: plain, accelerator, plain; then the accelerator is free first.
    for action in (1, 0, 1, 0):
        env.step(np.array([action]))
    took = [(a.end - a.start) / SECOND for a in env.logs()[0].attempts]
    assert took == pytest.approx([
        0.25 + 7 / 1.2,  # alone
        0.25 + 3 / 14 * 1.5 * np.exp(0.3),  # beside one, with bad luck
        0.25 + 5 / 1.1 * np.exp(0.2 * 2),
        0.25 + 2 / 14 * np.exp(0.3 * 2),
    ])  # fmt: skip


def test_nodes_that_an_episode_lacks_are_nobodys_company():
    cluster = measured(CLUSTER, attempts(each=12))
    env = cluster.make(1, autoreset=False)
    options = by_hand(cluster, [7.0, 3.0], cls=[0, 0])
    options["episodes"].exists[0, 2], options["episodes"].nodes[0, 1] = False, 1
    env.reset(options=options)
    env.step(np.array([1]))
    (attempt,) = env.logs()[0].attempts
    assert (attempt.end - attempt.start) / SECOND == pytest.approx(cluster.overhead + 7 / 0.9)


def test_an_informed_scheduler_predicts_with_what_was_measured():
    cluster = measured(CLUSTER, attempts(each=12))
    informed = cluster.informed()
    assert isinstance(informed, Measured)
    for job_class, before in zip(informed.site.classes, cluster.site.classes, strict=True):
        assert job_class.speeds == job_class.real_speeds == before.real_speeds
    assert (informed.overhead, informed.slowed) == (cluster.overhead, cluster.slowed)


def test_an_informed_cluster_gets_the_same_jobs_at_the_same_times():
    cluster = measured(CLUSTER, attempts(each=12))
    before, after = (c.draw(np.random.default_rng(1), 8) for c in (cluster, cluster.informed()))
    np.testing.assert_allclose(after.arrival, before.arrival, rtol=1e-9)
    for name in ("cls", "hours", "luck", "speed"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-12)
    again = cluster.informed().informed()
    assert again.site.load == pytest.approx(cluster.informed().site.load, rel=1e-9)


def test_jobs_take_the_same_time_whatever_the_scheduler_is_told():
    cluster = replace(measured(CLUSTER, attempts(each=12)), overhead=0.1)
    logs = []
    for c in (cluster, cluster.informed()):
        env = c.make(1, autoreset=False)
        env.reset(options=by_hand(c, [4.0, 4.0, 4.0], cls=[0, 1, 2]))
        for action in (1, 0, 1):
            env.step(np.array([action]))
        logs.append(env.logs()[0])
    np.testing.assert_allclose(logs[0].run, logs[1].run)
    np.testing.assert_allclose(logs[1].predicted[:2], [4 / 0.9 * SECOND, 4 / 60 * SECOND])


def test_a_measured_cluster_can_be_told_pickled_and_stored():
    first, second = (measured(CLUSTER, attempts(each=12)) for _ in range(2))
    used = copy.deepcopy(first)
    used.make(2).reset(seed=0)
    used.informed()
    carried = pickle.loads(pickle.dumps(used))
    assert carried == first and repr(carried) == repr(first) == repr(second)
    assert "array" not in repr(first) and "float64" not in repr(first)
    told = [provenance_of(evaluate, {"world": c}, 0) for c in (first, second, carried)]
    assert told[0] == told[1] == told[2]
    other = replace(first, overhead=first.overhead + 1e-6)
    assert provenance_of(evaluate, {"world": other}, 0) != told[0]
