"""Worlds small enough to try every policy."""

import itertools

import numpy as np

from course_lib.worlds.lock import Tabular


def random_world(seed, shape=(3, 3, 2)):
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.full(shape[1], 0.5), size=shape)
    return Tabular(transitions, rng.normal(size=shape), rng.dirichlet(np.ones(shape[1])))


def every_policy(model):
    steps, states, actions = model.shape
    for choice in itertools.product(range(actions), repeat=steps * states):
        yield np.array(choice).reshape(steps, states)
