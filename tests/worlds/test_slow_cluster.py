"""HeteroSched against a simulator of one cluster that is slow and plain, decision by decision."""

import numpy as np
import pytest
from random_clusters import play, random_cluster
from slow_cluster import SlowCluster
from slow_view import slow_view

WORLDS = 8


@pytest.mark.parametrize("seed", range(25))
def test_a_batch_makes_the_schedules_of_a_slow_simulator(seed):
    agrees(random_cluster(seed), seed)


@pytest.mark.parametrize("seed", range(10))
def test_also_when_many_things_happen_at_once(seed):
    cluster = random_cluster(seed, repair_hours=2.0)
    rng = np.random.default_rng(seed)
    episodes = cluster.draw(rng, WORLDS)
    for name in ("luck", "speed", "node_speed"):
        getattr(episodes, name)[:] = np.sign(getattr(episodes, name))
    for name in ("contention", "communication", "latency"):
        getattr(episodes, name)[:] = 0
    episodes.arrival = np.floor(episodes.arrival)
    episodes.failures = np.ceil(episodes.failures)
    for name in ("hours", "estimate", "life"):
        setattr(episodes, name, rng.integers(1, 4, getattr(episodes, name).shape).astype(float))
    agrees(cluster, seed, {"episodes": episodes})


def agrees(cluster, seed, options=None):
    env = cluster.make(WORLDS, autoreset=False)
    seen, _ = env.reset(seed=seed, options=options)
    seen, steps = [seen], []
    step = env.step

    def look(scores):
        job, waiting = env._batch.head(np.arange(WORLDS))
        heads = [j[w].tolist() for j, w in zip(job, waiting, strict=True)]
        steps.append((scores, env.legal.copy(), env._batch.now.copy(), heads))

    env.step = lambda actions: (result := step(actions), seen.append(result[0]))[0]
    rewards = play(env, seed, look)
    for i, log in enumerate(env.logs()):
        compare(SlowCluster(cluster.site, env._batch.episodes, i, cluster.visible), i, steps,
                seen, rewards[:, i], log)  # fmt: skip


def compare(slow, i, steps, seen, rewards, log):
    t, costs = 0, []

    def choose(slow):
        nonlocal t
        scores, legal, now, heads = steps[t]
        assert slow.legal() == np.flatnonzero(legal[i]).tolist()
        assert slow.now == pytest.approx(now[i], rel=1e-9, abs=1e-12)
        assert [job.number for job in slow.head()] == heads[i]
        np.testing.assert_allclose(seen[t][i], slow_view(slow), rtol=1e-5, atol=1e-5)
        costs.append(slow.cost())
        t += 1
        return max(slow.legal(), key=lambda action: scores[i, action])

    slow.run(choose)
    costs.append(slow.cost())
    assert (rewards[t:] == 0).all()
    np.testing.assert_allclose(rewards[:t], -np.diff(costs), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(seen[t][i], slow_view(slow), rtol=1e-5, atol=1e-5)
    assert len(log.attempts) == len(slow.attempts)
    for ours, theirs in zip(log.attempts, slow.attempts, strict=True):
        job, pool, start, end, failed, nodes = theirs
        assert (ours.job, ours.pool, ours.failed) == (job, pool, failed)
        assert ours.nodes.tolist() == nodes
        assert [ours.start, ours.end] == pytest.approx([start, end], rel=1e-9, abs=1e-12)
    assert log.lost.tolist() == [job.lost for job in slow.jobs]
    assert log.tries.tolist() == [job.tries for job in slow.jobs]


def test_the_random_instances_cover_what_can_happen():
    lost = failed = waited = hidden = 0
    for seed in range(25):
        cluster = random_cluster(seed)
        env = cluster.make(WORLDS, autoreset=False)
        env.reset(seed=seed)
        rewards = play(env, seed)
        attempts = [attempt for log in env.logs() for attempt in log.attempts]
        failed += sum(attempt.failed for attempt in attempts)
        lost += sum(log.lost.sum() for log in env.logs())
        waited += len(rewards) * WORLDS - len(attempts)
        hidden += sum(log.cls.size > cluster.visible for log in env.logs())
    assert min(lost, failed, waited, hidden) > 100
