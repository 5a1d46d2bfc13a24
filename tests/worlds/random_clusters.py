"""Small random sites with every gap, and schedulers that do anything that is legal."""

import numpy as np

from course_lib.worlds import Choice, Cluster, Gaps, JobClass, Pool, Site

SOME = Choice((0.0, 0.3, 0.7, 1.0))
ALL_GAPS = Gaps(SOME, SOME, SOME, SOME, SOME)
REAL = Gaps(1.0, 1.0, 1.0, 1.0, 1.0)


def random_cluster(seed, gaps=ALL_GAPS, **changes):
    """A cluster of 1-4 pools and 1-4 classes; many jobs fail, some are lost."""
    rng = np.random.default_rng(seed)
    n_pools, n_classes = rng.integers(1, 5, size=2)
    nodes = rng.integers(1, 6, size=n_pools)
    pools = tuple(
        Pool(f"pool {k}", int(n), int(n * rng.choice([1, 2])), rng.choice([0.0, 0.1, 0.5, 2.0]))
        for k, n in enumerate(nodes)
    )
    shares, real_shares = rng.dirichlet(np.ones(n_classes), size=2)
    classes = tuple(
        random_class(rng, f"class {c}", nodes, shares[c], real_shares[c]) for c in range(n_classes)
    )
    quantities = {
        "load": rng.uniform(0.5, 1.5), "real_load": rng.uniform(0.5, 2.0),
        "bursts": rng.choice([0.0, 0.8]), "node_spread": rng.choice([0.0, 0.3]),
        "stragglers": rng.choice([0.0, 0.3]), "noise": rng.choice([0.0, 0.3]),
        "contention": rng.choice([0.0, 0.5]), "estimate_noise": rng.choice([0.0, 1.0]),
        "repair_hours": rng.choice([0.1, 2.0]), "retries": int(rng.integers(0, 4)),
        "gang_growth": int(rng.choice([1, 4])), "communication": rng.choice([0.0, 0.2]),
        "latency": rng.choice([0.0, 60.0, 1200.0]), "bound": rng.choice([1.0, 600.0, 7200.0]),
    }  # fmt: skip
    site = Site(f"random {seed}", pools, classes, **(quantities | changes))
    return Cluster(site, gaps, jobs_per_node=3, visible=int(rng.integers(1, 7)))


def random_class(rng, name, nodes, share, real_share):
    speeds = rng.uniform(0.5, 5, nodes.size) * (rng.random(nodes.size) < 0.6)
    speeds[rng.integers(nodes.size)] = 1.0  # it can run somewhere
    room = int(nodes[speeds > 0].max())
    widths = tuple(int(w) for w in rng.integers(1, room + 1, size=rng.integers(1, 4)))
    return JobClass(
        name, tuple(speeds), tuple(speeds * rng.uniform(0.5, 2, nodes.size)), share, real_share,
        hours=rng.uniform(0.2, 3), spread=rng.uniform(0, 1.5), real_spread=rng.uniform(0, 1.5),
        widths=widths, bias=rng.uniform(0.5, 3),
    )  # fmt: skip


def play(env, seed=0, look=None):
    """One episode in every world; actions are legal and random. Returns rewards (steps, n).

    Before each step `look(scores)` may look at the scores, (n, actions), of the next actions: the
    legal action of the highest score is taken.
    """
    rng = np.random.default_rng(seed)
    rewards, over = [], np.zeros(env.num_envs, dtype=bool)
    while not over.all():
        scores = rng.random(env.legal.shape)
        if look is not None:
            look(scores)
        actions = np.where(env.legal, scores, -1).argmax(axis=1)
        _, reward, terminated, truncated, _ = env.step(actions)
        rewards.append(reward)
        assert not truncated.any()
        over |= terminated
    return np.array(rewards)


class AnyLegal:
    """A policy that picks among the legal actions by a hash of what it sees."""

    def __init__(self, layout):
        self.layout = layout

    def __call__(self, observations):
        legal = self.layout.legal(self.layout.view(observations))
        digits = np.abs(observations.astype(np.float64)).sum(axis=1, keepdims=True)
        scores = np.sin(1e4 * digits + 77.7 * np.arange(legal.shape[1]))
        return np.where(legal, scores, -2).argmax(axis=1)


class FirstFit:
    """Start the first legal pair there is; wait if there is none."""

    def __init__(self, layout):
        self.layout = layout

    def __call__(self, observations):
        return self.layout.legal(self.layout.view(observations)).argmax(axis=1)
