"""Severities drawn by somebody else's sampler: clusters from the next episode on."""

import numpy as np
import pytest
from random_clusters import ALL_GAPS, AnyLegal, play, random_cluster

from course_lib.worlds import CartPolePhysics, Cluster, Gaps, JobClass, Pool, Site, Uniform
from course_lib.worlds.scheduler import EPISODES_DRAWN_AHEAD

SITE = Site(
    "small",
    pools=(Pool("slow", 3, 6, 0.2), Pool("fast", 2, 4, 0.4)),
    classes=(
        JobClass("a", (1, 2), (1, 3), 0.5, 0.3, 2, 1.0, 1.6, (1, 2)),
        JobClass("b", (1, 6), (1, 4), 0.5, 0.7, 6, 1.5, 1.6),
    ),
    bursts=0.5, noise=0.3, contention=0.5, retries=1,
)  # fmt: skip
GAPS = ("hardware", "workload", "interference", "failures", "scale")
ANY = Gaps(*(Uniform(0, 1) for _ in GAPS))
WIDE = Cluster(SITE, ANY, jobs_per_node=2)


def draws(**severities):
    """A sampler of `ANY` in which these gaps have these severities."""

    def sample(rng, size):
        return ANY.sample(rng, size) | {k: np.full(size, float(v)) for k, v in severities.items()}

    return sample


class Numbered:
    """A sampler that numbers what it draws: the k-th episode has k thousandths of interference."""

    def __init__(self):
        self.sizes, self.generators, self.drawn = [], [], 0

    def __call__(self, rng, size):
        numbers = self.drawn + np.arange(size)
        self.drawn += size
        self.sizes.append(size)
        self.generators.append(rng)
        return ANY.sample(rng, size) | {"interference": numbers * 1e-3}


def numbers(env):
    return np.rint(env.episodes.contention / SITE.contention * 1e3).astype(int).tolist()


def finish(env, enough=10):
    """Step a batch that restarts until so many episodes have ended; how many in each world."""
    policy = AnyLegal(WIDE.layout)
    seen, ends = env.reset()[0], np.zeros(env.num_envs, dtype=int)
    while ends.sum() < enough:
        seen, _, terminated, _, _ = env.step(policy(seen))
        ends += terminated
    return ends


def test_a_new_sampler_draws_the_episodes_of_the_next_reset():
    env = WIDE.make(6)
    env.reset(seed=0)
    before = env.episodes.contention.copy()
    assert np.ptp(before) > 0
    env.draw_from(draws(interference=0.5, failures=1.0, scale=1.0))
    np.testing.assert_array_equal(env.episodes.contention, before)
    env.reset()  # without a seed: nothing else tells it to draw anew
    assert env.episodes.contention.tolist() == [0.25] * 6
    assert env.episodes.nodes.tolist() == [[6, 4]] * 6
    np.testing.assert_allclose(env.episodes.failures, [[0.2, 0.4]] * 6)
    assert np.ptp(env.episodes.speed[:, 0, 1]) > 0  # the hardware gap is still drawn
    env.draw_from(draws(interference=1.0))
    env.reset(seed=0)
    assert env.episodes.contention.tolist() == [0.5] * 6


def test_episodes_that_run_keep_their_severities_and_those_that_start_get_the_new_ones():
    env, policy = WIDE.make(12), AnyLegal(WIDE.layout)
    seen, _ = env.reset(seed=0)
    old = env.episodes.contention.copy()
    env.draw_from(draws(interference=0.5))
    restarted = np.zeros(12, dtype=bool)
    while restarted.sum() < 6:
        seen, _, terminated, _, _ = env.step(policy(seen))
        restarted |= terminated
        np.testing.assert_array_equal(env.episodes.contention, np.where(restarted, 0.25, old))


def test_world_i_gets_draw_i_in_blocks_and_every_draw_is_used_once():
    env, sample = WIDE.make(20), Numbered()
    env.draw_from(sample)
    assert sample.sizes == []  # not before an episode starts
    env.reset(seed=4)
    assert numbers(env) == list(range(20))
    assert sample.sizes == [EPISODES_DRAWN_AHEAD]
    assert sample.generators[0] is env.np_random
    env.reset()  # twelve that were drawn ahead are too few
    assert numbers(env) == list(range(EPISODES_DRAWN_AHEAD, EPISODES_DRAWN_AHEAD + 20))
    small, sample = WIDE.make(4), Numbered()
    small.draw_from(sample)
    for first in (0, 4, 8):
        small.reset()
        assert numbers(small) == list(range(first, first + 4))
    assert sample.sizes == [EPISODES_DRAWN_AHEAD]
    large, sample = WIDE.make(EPISODES_DRAWN_AHEAD + 1), Numbered()
    large.draw_from(sample)
    large.reset(seed=0)
    assert sample.sizes == [EPISODES_DRAWN_AHEAD + 1]


def test_a_reset_with_a_seed_drops_what_was_drawn_ahead():
    env, sample = WIDE.make(4), Numbered()
    env.draw_from(sample)
    env.reset(seed=0)
    env.reset(seed=0)
    assert numbers(env) == list(range(EPISODES_DRAWN_AHEAD, EPISODES_DRAWN_AHEAD + 4))


@pytest.mark.parametrize("seed", range(2))
def test_the_sampler_of_the_gaps_themselves_changes_nothing(seed):
    cluster = random_cluster(seed, ALL_GAPS)
    ours, theirs = (cluster.make(8, autoreset=False) for _ in range(2))
    theirs.draw_from(ALL_GAPS.sample)
    np.testing.assert_array_equal(ours.reset(seed=1)[0], theirs.reset(seed=1)[0])
    np.testing.assert_array_equal(play(ours), play(theirs))


def test_one_seed_gives_the_same_draws_again():
    env, found = WIDE.make(5), []
    env.draw_from(lambda rng, size: draws(scale=0)(rng, size))
    for seed in (5, 5, 6, None):
        env.reset(seed=seed)
        e = env.episodes
        found.append(np.concatenate([e.contention, e.arrival.ravel()[:10], e.luck.ravel()]))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert not np.array_equal(found[2], found[3])


def test_a_batch_has_room_for_all_that_its_gaps_allow():
    """Built for the largest scale, it runs small and large clusters side by side."""
    env = WIDE.make(8)
    env.draw_from(lambda rng, size: draws()(rng, size) | {"scale": np.arange(size) % 2.0})
    assert finish(env).sum() >= 10
    jobs = np.isfinite(env.episodes.arrival).sum(axis=1)
    assert set(jobs) == {10, 20}
    np.testing.assert_array_equal(jobs, 2 * env.episodes.nodes.sum(axis=1))


@pytest.mark.parametrize(
    ("name", "severity"),
    [("hardware", 0.71), ("workload", 0.29), ("failures", 0.01), ("scale", -0.1), ("scale", 0.6)],
)
def test_severities_outside_of_the_gaps_are_refused_when_an_episode_starts(name, severity):
    gaps = Gaps(Uniform(0.3, 0.7), Uniform(0.3, 0.7), 1.0, 0.0, Uniform(0.0, 0.5))
    env = Cluster(SITE, gaps, jobs_per_node=1).make(2)

    def sample(rng, size):
        drawn = gaps.sample(rng, size)
        drawn[name][-1] = severity  # a single one is enough
        return drawn

    env.draw_from(sample)
    for _ in range(2):  # and it is not used at the second attempt either
        with pytest.raises(ValueError, match=f"{name} was drawn outside of"):
            env.reset(seed=0)


def test_a_sampler_can_be_left_for_one_that_keeps_within():
    env = WIDE.make(2)
    env.draw_from(draws(scale=2.0))
    with pytest.raises(ValueError, match="scale was drawn outside of 0 to 1"):
        env.reset(seed=0)
    env.draw_from(draws(scale=1.0))
    env.reset(seed=0)
    assert env.episodes.nodes.tolist() == [[6, 4]] * 2


# The recipe


def test_a_recipe_draws_with_the_sampler_it_is_given_or_its_own_gaps():
    own, same = (WIDE.draw(np.random.default_rng(3), 5, s) for s in (None, ANY.sample))
    np.testing.assert_array_equal(own.luck, same.luck)
    np.testing.assert_array_equal(own.contention, same.contention)
    other = WIDE.draw(np.random.default_rng(3), 5, draws(interference=0.5))
    assert other.contention.tolist() == [0.25] * 5
    np.testing.assert_array_equal(WIDE.draw(np.random.default_rng(3), 5).luck, own.luck)


def test_given_episodes_need_no_sampler():
    env = WIDE.make(2, autoreset=False)
    env.draw_from(draws(interference=1.0))
    env.reset(seed=0, options={"episodes": WIDE.draw(np.random.default_rng(3), 2, draws(scale=0))})
    assert (env.episodes.contention < 0.5).all()


# Ranges


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        (5.0, True),
        (15.0, True),
        (5.0 - 1e-12, True),  # rounding
        (15.0 + 1e-12, True),
        (5.0 - 1e-6, False),
        (15.0 + 1e-6, False),
        (np.nan, False),
        (np.inf, False),
        (-np.inf, False),
    ],
)
def test_ranges_hold_what_lies_within_them_but_for_rounding(value, inside):
    ranges = CartPolePhysics(force=Uniform(5.0, 15.0))
    drawn = {"gravity": np.full(3, 9.8), "force": np.array([10.0, value, 6.0])}
    if inside:
        ranges.require_within(drawn)
        return
    with pytest.raises(ValueError, match="force was drawn outside of 5 to 15, the range this batc"):
        ranges.require_within(drawn)


def test_a_number_is_a_range_of_its_own():
    Gaps(scale=0.5).require_within({"scale": np.full(2, 0.5), "hardware": np.zeros(2)})
    for name, value in (("scale", 0.51), ("scale", 0.49), ("hardware", 1e-9), ("workload", -1e-9)):
        with pytest.raises(ValueError, match=f"{name} was drawn outside"):
            Gaps(scale=0.5).require_within({name: np.full(2, value)})
