import time

import gymnasium as gym
import numpy as np
from random_clusters import FirstFit

from course_lib.worlds import CartPole, Cluster, JobClass, Pool, Site

ENVS, STEPS = 256, 150


def seconds(env):
    actions = np.random.default_rng(0).integers(2, size=(STEPS, ENVS))
    env.reset(seed=0)
    start = time.process_time()  # other work on the machine does not count
    for action in actions:
        env.step(action)
    return time.process_time() - start


def test_randomising_everything_costs_at_most_three_times_gymnasiums_plain_batch(
    everything_random,
):
    ours = CartPole(ENVS, everything_random)
    theirs = gym.make_vec("CartPole-v1", ENVS, vectorization_mode="vector_entry_point")
    times = np.array([(seconds(ours), seconds(theirs)) for _ in range(9)])
    ratio = times[:, 0].min() / times[:, 1].min()
    assert ratio <= 3


def seconds_per_decision(nodes):
    """Of 16 clusters with so many nodes in four pools."""
    pools = tuple(Pool(f"pool {k}", nodes // 4, nodes // 4) for k in range(4))
    classes = (JobClass("any", (1, 2, 3, 4), (1, 2, 3, 4), 1, 1, 2.0, widths=(1, 2)),)
    cluster = Cluster(Site("large", pools, classes))
    env, policy = cluster.make(16), FirstFit(cluster.layout)
    seen, _ = env.reset(seed=0)
    start = time.process_time()
    for _ in range(100):
        seen, *_ = env.step(policy(seen))
    return time.process_time() - start


def test_a_decision_in_a_cluster_64_times_as_large_costs_far_less_than_64_times_as_much():
    times = np.array([(seconds_per_decision(16), seconds_per_decision(1024)) for _ in range(5)])
    assert times[:, 1].min() / times[:, 0].min() < 8
