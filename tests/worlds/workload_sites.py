"""A site for the tests of workloads, and a scheduler that makes its decisions at random."""

import numpy as np

from course_lib.worlds.clusters import JobClass, Pool, Site
from course_lib.worlds.episodes import Recipe
from course_lib.worlds.scheduler import Cluster

SITE = Site(
    "test",
    pools=(Pool("old", 8, 16), Pool("new", 4, 8)),
    classes=(
        JobClass("any", (1, 2), (1, 3), 0.6, 0.2, 2.0, 0.5, 1.5, (1, 2, 4), bias=2.0),
        JobClass("old only", (1, 0), (1, 0), 0.3, 0.3, 1.0, 0.5, 1.5, (8,)),
        JobClass("new only", (0, 3), (0, 2), 0.1, 0.5, 0.5, 0.5, 1.5, (1, 3)),
    ),
    bursts=0.8,
    estimate_noise=0.5,
    gang_growth=2,
)


def drawn(workload, severity, n=400, jobs=50, seed=0, site=SITE):
    """A stream of n episodes, all of one severity."""
    return workload.draw(np.random.default_rng(seed), site, np.full(n, float(severity)), jobs)


def same(one, other):
    """Whether two streams (or episodes, as a dict) are equal."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True) if a is not None)


def finish(workload, gaps, site=SITE):
    """Schedule two episodes to their end with random legal actions."""
    env = Cluster(site, gaps, workload, jobs_per_node=2).make(2, autoreset=False)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(env.max_episode_steps):
        actions = [rng.choice(np.flatnonzero(legal)) for legal in env.legal]
        *_, terminated, truncated, _ = env.step(np.array(actions))
        assert not truncated.any()
        if terminated.all():
            break
    assert terminated.all()


def episodes(workload, gaps, count=200, site=SITE):
    """Episodes as a cluster draws them, with two jobs for each node."""
    recipe = Recipe(site, gaps, workload, jobs_per_node=2)
    return recipe.draw(np.random.default_rng(0), count)
