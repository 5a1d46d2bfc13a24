"""Jobs really run, once each, where they were sent; what breaks is noticed and made up for."""

import itertools
import os
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.deploy import live_cluster
from course_lib.deploy.dask_cluster import Workers, local_cluster
from course_lib.deploy.live_cluster import LiveSched
from course_lib.deploy.real_jobs import BENCH
from course_lib.gap.schedule_metrics import metrics_of
from course_lib.learning.schedulers import FirstFit, MinMin, Random
from course_lib.worlds import Cluster
from course_lib.worlds.cluster_batch import LOST_COSTS
from course_lib.worlds.episodes import SECOND

WAIT = [job_class.name for job_class in BENCH.classes].index("wait")
ACCELERATOR, PLAIN = 0, 1  # where the head of the queue goes


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A worker may take its time to come back on a busy machine."""
    monkeypatch.setattr(live_cluster, "PATIENCE", 90.0)


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """What the workers did: begun() and ended() are the units of each job, in that order.

    Jobs that have begun do not end between `shut()` and `open()`.
    """
    journal, gate, run = tmp_path / "journal", tmp_path / "gate", live_cluster.run
    journal.touch()

    def watched(kind, units, fast):
        with open(journal, "a") as file:
            file.write(f"began {units} {os.getpid()}\n")
        while gate.exists():
            time.sleep(0.01)
        found = run(kind, units, fast)
        with open(journal, "a") as file:
            file.write(f"ended {units} {os.getpid()}\n")
        return found

    def of(word):
        lines = [line.split() for line in journal.read_text().splitlines()]
        return [int(units) for what, units, _ in lines if what == word and units != "1"]

    monkeypatch.setattr(live_cluster, "run", watched)
    yield SimpleNamespace(
        shut=gate.touch,
        open=lambda: gate.unlink(missing_ok=True),
        began=lambda: of("began"),
        ended=lambda: of("ended"),
        lines=lambda: [line.split() for line in journal.read_text().splitlines()],
    )
    gate.unlink(missing_ok=True)


def live(workers, **changes):
    """A bench whose queue shows four jobs."""
    site = replace(workers.site(BENCH), **changes)
    return LiveSched(workers, Cluster(site, jobs_per_node=4, visible=4))


def waits(env, count, apart=0.0):
    """An episode of `count` jobs; job j waits for 10 + j ms and arrives after j * `apart` s."""
    e = env.cluster.draw(np.random.default_rng(0), 1)
    e.arrival[:], e.cls[:] = np.inf, WAIT
    e.arrival[0, :count] = np.arange(count) * apart * SECOND
    e.hours[0] = e.estimate[0] = (10 + np.arange(e.hours.shape[1])) / 1000 * SECOND
    return {"episodes": e}


def step(env, action):
    return env.step(np.array([action]))[1].item()


def play(env, policy, seen):
    """Go on to the end of the episode by a policy; returns the return from here."""
    earned, over = 0.0, False
    while not over:
        seen, reward, over, truncated, _ = env.step(policy(seen))
        assert not truncated
        earned += reward.item()
    return earned


def finish(env):
    """The same, by starting whatever is legal."""
    return play(env, lambda _: env.legal.argmax(axis=1), None)


def until(happened, seconds=120):
    """Wait until something has happened in another process."""
    given_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < given_up, "it never happened"
        time.sleep(0.02)


def keeps_the_books(env, earned):
    """The return says what the log says, and nobody does two things at once."""
    (log,) = env.logs()
    slowdown = log.slowdown + LOST_COSTS * log.lost
    assert earned == pytest.approx(-(slowdown - 1).sum(), rel=1e-6, abs=1e-6)
    assert metrics_of(log).mean_slowdown == pytest.approx(1 - earned / len(log.cls), rel=1e-6)
    for node in range(3):
        own = [a for a in env.attempts if a.node == node]
        for first, second in itertools.pairwise(own):
            assert first.submitted < first.ended <= second.submitted
    return log


# An episode


@pytest.mark.parametrize("rule", [FirstFit, MinMin, Random])
def test_an_episode_runs_every_job_once_in_the_pool_that_was_chosen(workers, jobs, rule):
    env = live(workers)
    policy, chosen = rule(env.layout), []

    def choose(seen):
        (action,) = actions = policy(seen)
        if action != env.layout.wait:
            chosen.append((env._batch.queue[0, action // 2], action % 2))
        return actions

    seen, _ = env.reset(seed=3)
    log = keeps_the_books(env, play(env, choose, seen))
    assert [(a.job, a.pool) for a in log.attempts] == chosen
    assert sorted(a.job for a in env.attempts) == list(range(12)) and not log.lost.any()
    assert [BENCH.pools[workers.pool[a.node]].name for a in env.attempts] == [
        a.pool for a in env.attempts
    ]
    arrival = env.episodes.arrival[0] / SECOND
    assert all(a.submitted >= arrival[a.job] for a in env.attempts)
    assert all(0 < a.seconds <= a.ended - a.submitted for a in env.attempts)
    assert sorted(jobs.began()) == sorted(jobs.ended()) and len(jobs.ended()) == 12


def test_a_job_is_done_by_the_worker_that_the_log_names(workers, jobs):
    env = live(workers)
    env.reset(options=waits(env, 9))
    keeps_the_books(env, finish(env))
    process = {int(units): int(pid) for what, units, pid in jobs.lines() if what == "ended"}
    node = {10 + a.job: a.node for a in env.attempts}
    assert process.keys() >= node.keys() == set(range(10, 19))
    found = {(node[units], process[units]) for units in node}
    assert len(found) == len({n for n, _ in found}) == len({pid for _, pid in found})


def test_a_job_gets_as_many_units_as_its_nominal_time_says_and_the_fast_version_if_there(
    workers, monkeypatch
):
    asked, submit = [], workers.submit
    monkeypatch.setattr(
        workers, "submit", lambda where, f, *args: asked.append(args) or submit(where, f, *args)
    )
    env = live(workers)
    env.reset(options=waits(env, 4))
    asked.clear()
    for action in (PLAIN, ACCELERATOR):
        step(env, action)
    assert asked[:2] == [("wait", 10, False), ("wait", 11, True)]
    finish(env)


def test_how_many_others_were_busy_is_noted(workers, jobs):
    env = live(workers)
    env.reset(options=waits(env, 4))
    jobs.shut()
    for action in (PLAIN, ACCELERATOR):
        step(env, action)
    threading.Timer(0.3, jobs.open).start()
    step(env, PLAIN)  # now all are busy
    assert [a.others for a in env.attempts] == [0, 1, 2]
    finish(env)


def test_it_looks_like_the_simulator(workers):
    env = live(workers)
    simulated = env.cluster.make(1)
    assert env.single_observation_space == simulated.single_observation_space
    assert env.single_action_space == simulated.single_action_space
    assert env.layout == simulated.layout
    ours, _ = env.reset(options=waits(env, 5))
    theirs, _ = simulated.reset(options=waits(env, 5))
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    mine, other = (vars(env.layout.view(seen)) for seen in (ours, theirs))
    for name in ("legal", "able", "run", "wait", "free", "waiting", "size", "may_wait", "queue"):
        np.testing.assert_allclose(mine[name], other[name], rtol=1e-5, err_msg=name)
    finish(env)


def test_legal_is_what_can_be_started_and_waiting_for_something(workers):
    env, rng = live(workers), np.random.default_rng(1)

    def anything(seen):
        assert env.single_observation_space.contains(seen[0])
        running = [a.node for a in env.attempts if np.isinf(a.ended)]
        arrived = (env.episodes.arrival[0] <= env._batch.now[0]).sum()
        free = [1 - running.count(0), 2 - running.count(1) - running.count(2)]
        waiting = min(arrived - len(env.attempts), 4)
        legal = (np.arange(4) < waiting)[:, None] & (np.array(free) > 0)
        assert (env.legal[0, :-1] == legal.ravel()).all()
        assert env.legal[0, -1] == (bool(running) or arrived < 12)
        assert (env.layout.legal(env.layout.view(seen)) == env.legal).all()
        return np.where(env.legal, rng.random(env.legal.shape), -1).argmax(axis=1)

    seen, _ = env.reset(seed=5)
    play(env, anything, seen)


def test_illegal_actions_raise_what_they_raise_in_the_simulator(workers, jobs):
    env = live(workers)
    simulated = env.cluster.make(1, autoreset=False)
    for world in (env, simulated):
        world.reset(options=waits(env, 3))
    jobs.shut()
    refused(env, simulated, env.layout.wait, "cannot wait: nothing will happen")
    refused(env, simulated, 3 * 2 + PLAIN, "only 3 jobs are in the queue")
    earned = step(env, ACCELERATOR)
    step(simulated, ACCELERATOR)
    refused(env, simulated, ACCELERATOR, "it needs 1 nodes there and 0 are free")
    assert len(env.attempts) == 1
    jobs.open()
    keeps_the_books(env, earned + finish(env))


def refused(env, simulated, action, why):
    with pytest.raises(ValueError, match=why) as ours:
        step(env, action)
    with pytest.raises(ValueError) as theirs:
        step(simulated, action)
    assert str(ours.value) == str(theirs.value)


def test_what_still_runs_has_no_end_in_the_log(workers, jobs):
    env = live(workers)
    env.reset(options=waits(env, 3))
    jobs.shut()
    earned = step(env, PLAIN)
    (log,) = env.logs()
    assert log.ended.tolist() == [np.inf] * 3 and log.pool.tolist() == [1, -1, -1]
    assert np.isfinite(log.started).tolist() == [True, False, False]
    assert log.attempts[0].end == np.inf and not log.attempts[0].failed
    jobs.open()
    log = keeps_the_books(env, earned + finish(env))
    assert np.isfinite(log.ended).all()


def test_an_action_outside_of_the_space_is_refused(workers):
    env = live(workers)
    env.reset(options=waits(env, 1))
    with pytest.raises(ValueError, match="not in"):
        step(env, env.layout.wait + 1)
    finish(env)


def test_an_episode_that_is_left_leaves_nothing_to_the_next(workers, jobs):
    env = live(workers)
    env.reset(options=waits(env, 6))
    jobs.shut()
    for action in (PLAIN, ACCELERATOR):
        step(env, action)
    until(lambda: sorted(jobs.began()) == [10, 11])
    threading.Timer(0.5, jobs.open).start()
    env.reset(options=waits(env, 6))
    assert sorted(jobs.ended()) == [10, 11], "workers that are still busy are waited for"
    assert env.attempts == [] and not np.isfinite(env.logs()[0].started).any()
    log = keeps_the_books(env, finish(env))
    assert log.tries.tolist() == [1] * 6
    assert sorted(jobs.ended()) == sorted([10, 11, *range(10, 16)])


def test_a_job_that_raises_raises_at_the_caller_and_the_next_episode_is_sound(workers, monkeypatch):
    run = live_cluster.run

    def breaks(kind, units, fast):
        if units == 11:
            raise OverflowError("the disk is full")
        return run(kind, units, fast)

    env = live(workers)
    monkeypatch.setattr(live_cluster, "run", breaks)
    env.reset(options=waits(env, 3))
    with pytest.raises(OverflowError, match="the disk is full"):
        finish(env)
    monkeypatch.setattr(live_cluster, "run", run)
    env.reset(options=waits(env, 3))
    keeps_the_books(env, finish(env))


def test_a_job_may_raise_a_time_out_of_its_own(workers, monkeypatch):
    def breaks(kind, units, fast):
        if units > 1:
            raise TimeoutError("the answer did not come")
        return 0.0, 0.0

    env = live(workers)
    monkeypatch.setattr(live_cluster, "run", breaks)
    env.reset(options=waits(env, 1))
    with pytest.raises(TimeoutError, match="the answer did not come"):
        finish(env)


def test_another_cluster_than_the_site_says_is_refused(workers):
    with pytest.raises(ValueError, match=r"\[1, 3\] nodes and the cluster \[1, 2\]: use workers"):
        pools = (BENCH.pools[0], replace(BENCH.pools[1], nodes=3, real_nodes=3))
        LiveSched(workers, Cluster(replace(BENCH, pools=pools)))


def test_wide_jobs_are_refused(workers):
    site = workers.site(BENCH)
    wide = (replace(site.classes[0], widths=(1, 2)), *site.classes[1:])
    with pytest.raises(ValueError, match="needs one node"):
        LiveSched(workers, Cluster(replace(site, classes=wide)))


# What breaks


def shut_in(env, jobs, options, *actions):
    """Begin an episode with jobs that are started and do not end; returns the return so far."""
    env.reset(options=options)
    jobs.shut()
    earned = sum(step(env, action) for action in actions)
    until(lambda: len(jobs.began()) == len(actions))
    return earned


def test_a_job_whose_worker_dies_is_tried_again_and_the_node_comes_back(workers, jobs):
    env = live(workers)
    earned = shut_in(env, jobs, waits(env, 5), PLAIN, ACCELERATOR)
    first = env.attempts[0]
    workers.kill(first.node)
    while not first.failed:
        earned += step(env, env.layout.wait)
    assert first.job in env._batch.queue[0, : env._batch.length[0]]
    assert len(env.attempts) == 2 and np.isnan(first.seconds) and np.isfinite(first.ended)
    earned += step(env, PLAIN)  # on the other worker; then all are busy until the one is back
    assert env.attempts[-1].node == 2 and env.legal[0, PLAIN] and not env.legal[0, ACCELERATOR]
    jobs.open()
    earned += step(env, PLAIN)
    assert env.attempts[-1].node == first.node and env.attempts[-1].where != first.where
    log = keeps_the_books(env, earned + finish(env))
    assert log.tries.tolist() == [2, 1, 1, 1, 1] and not log.lost.any()
    assert sorted(jobs.ended()) == list(range(10, 15))
    assert [a.failed for a in env.attempts].count(True) == 1


def test_an_idle_worker_that_dies_gets_no_jobs_until_it_is_back(workers, jobs):
    env = live(workers)
    earned = shut_in(env, jobs, waits(env, 6), ACCELERATOR)
    workers.kill(1)
    while env._batch.free[0, 1]:
        earned += step(env, env.layout.wait)
    earned += step(env, PLAIN)
    assert env.attempts[-1].node == 2 and env.legal[0, PLAIN]  # it is back
    jobs.open()
    log = keeps_the_books(env, earned + finish(env))
    assert log.tries.tolist() == [1] * 6 and not any(a.failed for a in env.attempts)


def test_a_job_that_dies_too_often_is_lost_and_costs_what_the_simulator_charges(workers, jobs):
    env = live(workers, retries=0)
    earned = shut_in(env, jobs, waits(env, 3), PLAIN, ACCELERATOR)
    workers.kill(1)
    jobs.open()
    earned += finish(env)
    log = keeps_the_books(env, earned)
    assert log.lost.tolist() == [True, False, False] and log.tries.tolist() == [1, 1, 1]
    assert earned == pytest.approx(-(log.slowdown - 1).sum() - 10.0, abs=1e-6)
    assert sorted(jobs.ended()) == [11, 12]


def test_a_worker_may_die_with_an_answer_that_nobody_has_fetched(workers, jobs):
    env = live(workers)
    env.reset(options=waits(env, 2))
    earned = step(env, PLAIN)
    until(lambda: env.attempts[0].future.status == "finished")
    workers.kill(env.attempts[0].node)
    log = keeps_the_books(env, earned + finish(env))
    assert log.tries.tolist() == [2, 1]
    assert sorted(jobs.ended()) == [10, 10, 11]


def test_a_worker_that_dies_between_two_episodes_is_waited_for(workers):
    env = live(workers)
    env.reset(options=waits(env, 4))
    keeps_the_books(env, finish(env))
    before = workers.alive()
    workers.kill(2)
    env.reset(options=waits(env, 4))
    assert workers.alive().keys() == {0, 1, 2} and workers.alive()[2] != before[2]
    keeps_the_books(env, finish(env))


def test_workers_that_say_nothing_for_too_long_are_an_error(workers, jobs, monkeypatch):
    env = live(workers)
    shut_in(env, jobs, waits(env, 2), PLAIN)
    monkeypatch.setattr(live_cluster, "PATIENCE", 0.5)
    with pytest.raises(TimeoutError, match="no worker has reported for .*Start it anew"):
        step(env, env.layout.wait)


def test_a_silent_cluster_is_no_error_while_jobs_are_to_arrive(workers, jobs, monkeypatch):
    env = live(workers)
    env.reset(options=waits(env, 2, apart=2.0))
    jobs.shut()
    monkeypatch.setattr(live_cluster, "PATIENCE", 0.5)
    earned = step(env, PLAIN)  # and until the next job arrives
    jobs.open()
    monkeypatch.setattr(live_cluster, "PATIENCE", 90.0)
    keeps_the_books(env, earned + finish(env))


def test_a_cluster_that_vanishes_is_an_error_and_not_a_wait_for_ever(monkeypatch):
    plain = [replace(c, speeds=(1.0,), real_speeds=(1.0,)) for c in BENCH.classes]
    site = replace(BENCH, pools=BENCH.pools[1:], classes=tuple(plain))
    with ExitStack() as cluster:
        address = cluster.enter_context(local_cluster({"plain": 2}))
        with Workers(address, ("plain",)) as workers:
            env = LiveSched(workers, Cluster(workers.site(site)))
            options = waits(env, 2)
            options["episodes"].hours[:] = 1.0
            env.reset(options=options)
            step(env, 0)
            cluster.close()
            monkeypatch.setattr(live_cluster, "PATIENCE", 1.0)
            with pytest.raises((TimeoutError, ConnectionError), match="is the cluster still there"):
                step(env, env.layout.wait)
            with pytest.raises((TimeoutError, ConnectionError)):
                env.reset(options=options)
