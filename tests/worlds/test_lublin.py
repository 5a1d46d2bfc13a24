import numpy as np
import pytest
from scipy import integrate, stats
from workload_sites import SITE, drawn, finish, same

from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.lublin import (
    MEAN_GAP,
    LublinFeitelson,
    daily_gaps,
    day_weights,
    mean_hours,
    run_hours,
    size_chances,
)

MACHINE = Site("128", (Pool("all", 128, 128),), (JobClass("all", (1,), (1,), 1.0, 1.0, 1.0),))
SHORT, LONG = stats.gamma(4.2, scale=0.94), stats.gamma(312, scale=0.03)
RUSH_GAP = stats.gamma(10.2303 * 1.0225, scale=0.4871)
MODEL = LublinFeitelson()


@pytest.fixture(scope="module")
def stream():
    return drawn(MODEL, 1, n=500, jobs=400, site=MACHINE)


# Sizes


def sizes(rng, count, low, knee, top):
    """The model's sizes as its authors describe them, job by job."""
    found = []
    for u in rng.random(count):
        below = rng.random() < 0.86
        log_size = rng.uniform(low, knee) if below else rng.uniform(knee, top)
        if u < 0.244:
            found.append(1)
        elif u < 0.244 + 0.576:
            found.append(2 ** round(log_size))
        else:
            found.append(round(2**log_size))
    return np.array(found)


# The second is the authors' example of a small machine.
@pytest.mark.parametrize(("nodes", "knee"), [(128, 4.5), (8, 1.5), (32, 2.5)])
def test_sizes_are_those_of_the_model(nodes, knee):
    found = sizes(np.random.default_rng(0), 100_000, 0.8, knee, np.log2(nodes))
    share = np.bincount(found, minlength=nodes + 1)[1:] / len(found)
    assert np.abs(share - size_chances(nodes)).max() < 0.005
    assert np.abs(share.cumsum() - size_chances(nodes).cumsum()).max() < 0.005


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5, 6, 7, 8, 24, 100])
def test_sizes_fit_into_any_machine_and_keep_their_shares(nodes):
    chances = size_chances(nodes)
    assert chances.shape == (nodes,)
    assert chances.min() >= 0
    assert chances.sum() == pytest.approx(1)
    if nodes > 1:
        assert chances[0] == pytest.approx(0.244)
        powers = chances[2 ** np.arange(1, int(np.log2(nodes)) + 1) - 1].sum()
        assert 0.576 <= powers <= 0.756


def test_shares_of_serial_jobs_and_powers_of_two(stream):
    width = stream.width
    assert (width == 1).mean() == pytest.approx(0.244, abs=0.004)
    # Powers of two by intention, and those of the rest that are rounded to one.
    chances = size_chances(128)
    power = (width > 1) & ((width & (width - 1)) == 0)
    assert power.mean() == pytest.approx(chances[[1, 3, 7, 15, 31, 63, 127]].sum(), abs=0.004)
    assert power.mean() > 0.576
    assert width.max() == 128
    assert width.min() == 1


def test_every_class_sees_the_largest_pool_that_it_can_use():
    stream = drawn(MODEL, 0)
    for c, nodes in enumerate([8, 8, 4]):
        width = stream.width[stream.cls == c]
        share = np.bincount(width, minlength=nodes + 1)[1:] / width.size
        np.testing.assert_allclose(share, size_chances(nodes), atol=0.03)


# Run times


@pytest.mark.parametrize("nodes", [1, 40, 128])
def test_the_logarithm_of_run_times_is_hyper_gamma(nodes):
    hours = run_hours(np.random.default_rng(0), np.full(20_000, nodes))
    p = -0.0054 * nodes + 0.78

    def chance(log):
        return p * SHORT.cdf(log) + (1 - p) * LONG.cdf(log)

    log = np.log(hours * 3600)
    assert log.max() <= 12
    assert stats.kstest(log, lambda x: chance(x) / chance(12)).pvalue > 0.01


@pytest.mark.parametrize("nodes", [1, 40, 144, 500])
def test_the_mean_run_time_is_that_of_the_truncated_distribution(nodes):
    p = max(-0.0054 * nodes + 0.78, 0)

    def density(log):
        return p * SHORT.pdf(log) + (1 - p) * LONG.pdf(log)

    mean, _ = integrate.quad(lambda x: np.exp(x) * density(x), 0, 12, points=[8, 10], limit=200)
    kept, _ = integrate.quad(density, 0, 12, points=[8, 10], limit=200)
    assert mean_hours(np.array([nodes]))[0] == pytest.approx(mean / kept / 3600, rel=1e-6)


def test_drawn_run_times_have_the_mean_of_their_size():
    width = np.tile([1, 100], (100_000, 1))
    hours = run_hours(np.random.default_rng(1), width)
    assert hours.shape == width.shape
    np.testing.assert_allclose(hours.mean(axis=0), mean_hours(np.array([1, 100])), rtol=0.03)


def test_wide_jobs_run_longer(stream):
    assert stats.spearmanr(stream.width.ravel(), stream.hours.ravel()).statistic > 0.05
    narrow, wide = stream.hours[stream.width <= 2], stream.hours[stream.width >= 64]
    assert wide.mean() > 1.5 * narrow.mean()


# Arrivals


def test_the_day_is_the_authors():
    rush = stats.gamma(8.1737, scale=3.9631)
    weights = np.empty(48)
    for number in range(11, 59):
        weights[(number - 1) % 48] = rush.cdf(number + 0.5) - rush.cdf(number - 0.5)
    np.testing.assert_allclose(day_weights(), weights / weights.mean())
    assert 13 <= day_weights().argmax() / 2 <= 15  # the rush hours, early in the afternoon
    assert 4 <= day_weights().argmin() / 2 <= 6


def test_the_mean_gap_is_that_of_the_truncated_distribution():
    mean, _ = integrate.quad(lambda x: np.exp(x) * RUSH_GAP.pdf(x), 0, 13)
    assert pytest.approx(mean / RUSH_GAP.cdf(13)) == MEAN_GAP


def slow_gaps(rng, jobs):
    """Gaps of one episode: each half hour is paid for with points, as the authors' program does."""
    logs = np.full(jobs, np.inf)
    while (logs > 13).any():
        logs[logs > 13] = rng.gamma(10.2303 * 1.0225, 0.4871, (logs > 13).sum())
    weights = day_weights() * 1800  # seconds of points in each half hour

    def spend(slot, left):
        while left > weights[slot % 48]:
            left -= weights[slot % 48]
            slot += 1
        return slot, left, 1800 * (slot + left / weights[slot % 48])

    slot, left, start = spend(0, 86400 * rng.random())
    gaps = []
    for log in logs:
        slot, left, end = spend(slot, left + np.exp(log))
        gaps.append(end - start)
        start = end
    return np.array(gaps)


@pytest.mark.parametrize("seed", range(5))
def test_arrivals_are_those_of_the_authors_program(seed):
    found = daily_gaps(np.random.default_rng(seed), 1, 300)[0]
    slow = slow_gaps(np.random.default_rng(seed), 300)
    np.testing.assert_allclose(found * MEAN_GAP, slow, rtol=1e-6, atol=1e-6)


def test_gaps_have_mean_one_at_every_place_of_an_episode():
    gaps = daily_gaps(np.random.default_rng(0), 100_000, 4)
    error = gaps.std() / np.sqrt(len(gaps))
    assert np.abs(gaps.mean(axis=0) - 1).max() < 4 * error < 0.1


def test_there_are_bursts_and_silence():
    spread = [drawn(MODEL, s, n=2000).gaps.std() for s in (0, 0.5, 1)]
    assert spread[0] == pytest.approx(1, abs=0.02)
    assert spread[0] < spread[1] < spread[2]
    assert spread[2] > 5


def test_without_severity_arrivals_are_poisson():
    assert stats.kstest(drawn(MODEL, 0).gaps.ravel(), "expon").pvalue > 0.01


def test_so_large_a_share_of_gaps_is_the_models():
    # The model's are often far shorter than any of so few exponential ones.
    tiny = [(drawn(MODEL, s, n=2000).gaps < 0.02).mean() for s in (0, 0.5, 1)]
    assert tiny[1] == pytest.approx((tiny[0] + tiny[2]) / 2, abs=0.003)
    assert tiny[2] > 3 * tiny[0]


# In the world


def test_the_mix_of_classes_moves_to_the_real_one():
    for severity, shares in ((0, [0.6, 0.3, 0.1]), (1, [0.2, 0.3, 0.5]), (0.5, [0.4, 0.3, 0.3])):
        share = np.bincount(drawn(MODEL, severity).cls.ravel(), minlength=3) / 20_000
        np.testing.assert_allclose(share, shares, atol=0.02)


def test_demand_is_the_mean_work_of_simulated_jobs():
    stream = drawn(MODEL, 0, n=8000)
    work = np.bincount(stream.cls.ravel(), (stream.width * stream.hours).ravel(), minlength=3)
    np.testing.assert_allclose(MODEL.demand(SITE), work / stream.cls.size, rtol=0.06)


def test_users_estimates_are_left_to_the_site(stream):
    assert stream.estimate is None


def test_only_the_generator_decides():
    assert same(drawn(MODEL, 0.5, seed=3), drawn(LublinFeitelson(), 0.5, seed=3))
    assert not same(drawn(MODEL, 0.5, seed=3), drawn(MODEL, 0.5, seed=4))


@pytest.mark.parametrize("severity", [0.0, 1.0])
def test_a_cluster_can_work_off_the_model(severity):
    finish(MODEL, Gaps(*[severity] * 5))
