"""The rule for a dispatcher does what it says, and a learned dispatcher soon beats it."""

import numpy as np

from course_lib.learning import evaluate, train_ppo
from course_lib.learning.dispatchers import DISPATCH_PPO, SendOnly, shortest_queue
from course_lib.worlds import DispatchPhysics
from course_lib.worlds.dispatch import HOLD


def test_the_shortest_queue_counts_jobs_of_both_classes_and_takes_the_first_of_equals():
    queues = np.random.default_rng(0).integers(0, 4, size=(200, 3, 2))
    seen = np.zeros((200, 9), dtype=np.float32)
    seen[:, 2:8] = queues.reshape(200, 6) / 5
    totals = queues.sum(axis=2).tolist()
    assert shortest_queue(seen).tolist() == [each.index(min(each)) for each in totals]


def test_a_world_to_learn_in_is_the_site_without_the_action_to_hold():
    physics = DispatchPhysics(rate=2.0)
    env, site = SendOnly(physics).make(3, autoreset=False), physics.make(3, autoreset=False)
    assert env.single_action_space.n == HOLD == site.single_action_space.n - 1
    np.testing.assert_array_equal(env.reset(seed=1)[0], site.reset(seed=1)[0])
    for action in (0, 1, 2):
        one, other = (e.step(np.full(3, action))[:2] for e in (env, site))
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_a_short_training_beats_the_rule_in_the_simulator():
    world = DispatchPhysics()
    settings = DISPATCH_PPO | {"steps": 81_920}
    learned = train_ppo(SendOnly(world), 0, progress=False, **settings)
    gain = evaluate(learned, world, 300) - evaluate(shortest_queue, world, 300)
    assert gain.mean() > 0.01
