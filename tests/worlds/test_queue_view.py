"""What a scheduler sees: ratios only, so that neither the unit of time nor of size matters."""

from dataclasses import replace

import numpy as np
import pytest
from random_clusters import ALL_GAPS, REAL, AnyLegal, FirstFit, play, random_cluster

from course_lib.worlds import Cluster, Gaps, Uniform
from course_lib.worlds.queue_view import CLUSTER, JOB, LARGEST, PAIR, Layout


def all_seen(cluster, seed=0, n=6):
    """Observations (steps, n, size), rewards and masks of legal actions of a random play."""
    env = cluster.make(n, autoreset=False)
    seen, legal, step = [env.reset(seed=seed)[0]], [env.legal.copy()], env.step

    def kept(actions):
        result = step(actions)
        seen.append(result[0])
        legal.append(env.legal.copy())
        return result

    env.step = kept
    rewards = play(env, seed)
    return np.array(seen), rewards, np.array(legal)


def slower(site, times):
    """The same site with every time so many times as long."""
    return replace(
        site,
        classes=tuple(replace(c, hours=c.hours * times) for c in site.classes),
        pools=tuple(replace(p, failures=p.failures / times) for p in site.pools),
        latency=site.latency * times,
        bound=site.bound * times,
        repair_hours=site.repair_hours * times,
    )


@pytest.mark.parametrize("seed", range(6))
def test_observations_are_in_their_space_and_show_what_is_legal(seed):
    cluster = random_cluster(seed)
    space = cluster.make(1).single_observation_space
    seen, _, legal = all_seen(cluster, seed)
    assert seen.dtype == np.float32
    assert all(space.contains(one) for one in seen.reshape(-1, cluster.layout.size))
    shares = ("legal", "able", "free", "part", "pool", "waiting", "tries", "hidden", "idle")
    view = cluster.layout.view(seen.reshape(-1, cluster.layout.size))
    assert max(getattr(view, name).max() for name in shares) <= 1
    np.testing.assert_array_equal(cluster.layout.legal(view), legal.reshape(len(view.idle), -1))


@pytest.mark.parametrize("times", [1024.0, 1 / 1024])  # powers of two keep ties of events ties
@pytest.mark.parametrize("seed", range(6))
def test_the_unit_of_time_does_not_matter(seed, times):
    cluster = random_cluster(seed, REAL)
    seen, rewards, _ = all_seen(cluster, seed)
    seen_too, rewards_too, _ = all_seen(replace(cluster, site=slower(cluster.site, times)), seed)
    np.testing.assert_allclose(seen, seen_too, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(rewards, rewards_too, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_eight_times_the_nodes_for_gangs_eight_times_as_wide_look_the_same(seed):
    cluster = random_cluster(seed, replace(REAL, scale=0.0, failures=0.0), node_spread=0.0,
                             stragglers=0.0)  # fmt: skip
    cluster = replace(cluster, jobs_per_node=8)
    site = replace(
        cluster.site,
        pools=tuple(replace(p, nodes=8 * p.nodes, real_nodes=8 * p.real_nodes)
                    for p in cluster.site.pools),
        classes=tuple(replace(c, widths=tuple(8 * w for w in c.widths))
                      for c in cluster.site.classes),
    )  # fmt: skip
    seen, rewards, _ = all_seen(cluster, seed, n=2)
    seen_too, rewards_too, _ = all_seen(replace(cluster, site=site, jobs_per_node=1), seed, n=2)
    seen[..., cluster.layout.size - len(CLUSTER) + list(CLUSTER).index("queue")] /= 8
    np.testing.assert_allclose(seen, seen_too, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(rewards, rewards_too, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_narrow_jobs_see_in_pools_eight_times_as_large_the_same_pairs_but_for_their_part(seed):
    cluster = random_cluster(seed, Gaps())
    classes = tuple(replace(c, widths=(1,)) for c in cluster.site.classes)
    larger = tuple(replace(p, nodes=8 * p.nodes, real_nodes=8 * p.nodes)
                   for p in cluster.site.pools)  # fmt: skip
    views = []
    for pools, jobs_per_node in ((cluster.site.pools, 8), (larger, 1)):
        site = replace(cluster.site, pools=pools, classes=classes)
        seen, _ = replace(cluster, site=site, jobs_per_node=jobs_per_node).make(9).reset(seed=seed)
        views.append(cluster.layout.view(seen))
    small, large = views
    np.testing.assert_allclose(small.part / 8, large.part, rtol=1e-6)
    for name in (set(PAIR) | set(JOB)) - {"part", "slowdown"}:
        np.testing.assert_allclose(getattr(small, name), getattr(large, name), rtol=1e-6)
    assert small.legal.any()
    assert (small.idle == 1).all()
    assert (large.idle == 1).all()


def test_ratios_are_cut_off():
    cluster = random_cluster(0, ALL_GAPS)
    classes = tuple(replace(c, hours=0.001) for c in cluster.site.classes)
    site = replace(cluster.site, classes=classes, latency=1e6)
    seen, _, _ = all_seen(replace(cluster, site=site, gaps=replace(REAL, failures=0.0)))
    assert seen.max() == LARGEST


def test_blocks_and_view_take_an_observation_apart_as_pack_put_it_together():
    layout, rng, n = Layout(visible=3, pools=2), np.random.default_rng(0), 5
    parts = {name: rng.random((n, 3, 2)) for name in PAIR}
    parts |= {name: rng.random((n, 3)) for name in JOB}
    parts |= {name: rng.random(n) for name in CLUSTER}
    packed = layout.pack(**parts)
    assert packed.shape == (n, layout.size)
    view = vars(layout.view(packed))
    assert view.keys() == parts.keys()
    for name, part in parts.items():
        np.testing.assert_array_equal(view[name], part.astype(np.float32))
    pairs, jobs, cluster = layout.blocks(packed)
    np.testing.assert_array_equal(pairs[:, 2], view[list(PAIR)[2]])
    np.testing.assert_array_equal(jobs[:, 1], view[list(JOB)[1]])
    np.testing.assert_array_equal(cluster[:, 3], view[list(CLUSTER)[3]])


def test_an_observation_of_another_cluster_is_named_in_one_line():
    with pytest.raises(ValueError, match="have 7 entries; 3 visible jobs and 2 pools make 68"):
        Layout(3, 2).view(np.zeros((1, 7)))


def test_a_policy_acts_in_clusters_of_other_sizes():
    site = random_cluster(3).site
    for scale in (0.0, 1.0, Uniform(0, 1)):
        cluster = Cluster(site, Gaps(scale=scale), visible=4)
        for policy in (AnyLegal(cluster.layout), FirstFit(cluster.layout)):
            env = cluster.make(3)
            seen, _ = env.reset(seed=0)
            for _ in range(10):
                seen, *_ = env.step(policy(seen))
