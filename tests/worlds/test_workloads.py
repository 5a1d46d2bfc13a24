from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from workload_sites import SITE, drawn, episodes, finish, same

from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.workloads import Synthetic

SYNTHETIC = Synthetic()
SEVERITIES = (0.0, 0.3, 0.7, 1.0)


@pytest.fixture(scope="module")
def streams():
    return {severity: drawn(SYNTHETIC, severity, n=4000) for severity in SEVERITIES}


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_mean_gap_is_one_at_every_severity(streams, severity):
    gaps = streams[severity].gaps
    assert gaps.min() > 0
    assert gaps.mean() == pytest.approx(1, abs=4 * gaps.std() / np.sqrt(gaps.size))
    # At every place of an episode, not only in the mean.
    assert np.abs(gaps.mean(axis=0) - 1).max() < 4.5 * gaps.std() / np.sqrt(len(gaps))


def dispersion(gaps):
    """Variance over mean of the number of arrivals in ten mean gaps: 1 for a Poisson process."""
    arrivals = gaps.cumsum(axis=1)
    counts = [((arrivals > t) & (arrivals <= t + 10)).sum(axis=1) for t in (0, 10)]
    return np.var(counts) / np.mean(counts)


def test_burstiness_grows_with_severity():
    # So many jobs that none of the episodes ends before the counted time.
    found = [dispersion(drawn(SYNTHETIC, s, n=2000, jobs=200).gaps) for s in SEVERITIES]
    assert found[0] == pytest.approx(1, abs=0.1)
    assert all(b > a + 0.3 for a, b in zip(found, found[1:], strict=False))


def test_without_severity_arrivals_are_poisson(streams):
    assert stats.kstest(streams[0.0].gaps[:400].ravel(), "expon").pvalue > 0.01


def test_silence_is_the_share_of_time_and_bursts_are_as_long_as_the_site_says(streams):
    gaps = streams[1.0].gaps
    # Within bursts jobs come 5 times as fast; after one in ten, a pause of 8 mean gaps.
    for x in (0.2, 2.0, 10.0):
        within = np.exp(-x / 0.2)
        with_pause = (8 * np.exp(-x / 8) - 0.2 * np.exp(-x / 0.2)) / (8 - 0.2)
        assert (gaps > x).mean() == pytest.approx(0.9 * within + 0.1 * with_pause, abs=0.004)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_run_times_keep_their_mean_and_are_log_normal(streams, severity):
    stream = streams[severity]
    sigma = 0.5 + severity * 1.0
    for c, mean in enumerate([2.0, 1.0, 0.5]):
        hours = stream.hours[stream.cls == c]
        error = hours.std() / np.sqrt(hours.size)
        assert hours.mean() == pytest.approx(mean, abs=5 * error)
        log = np.log(hours[:20_000])
        law = stats.norm(np.log(mean) - sigma**2 / 2, sigma)
        assert stats.kstest(log, law.cdf).pvalue > 0.005


def test_tails_grow_heavier(streams):
    tail = [np.quantile(streams[s].hours[streams[s].cls == 1], 0.99) for s in SEVERITIES]
    assert tail == sorted(tail)
    assert tail[-1] > 2 * tail[0]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_mix_moves_from_the_simulated_to_the_real(streams, severity):
    cls = streams[severity].cls
    share = np.bincount(cls.ravel(), minlength=3) / cls.size
    expected = (1 - severity) * np.array([0.6, 0.3, 0.1]) + severity * np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(share, expected, atol=0.006)


def test_severities_may_differ_within_a_batch():
    severity = np.tile([0.0, 1.0], 2000)
    stream = SYNTHETIC.draw(np.random.default_rng(0), SITE, severity, 20)
    spread = [stream.gaps[severity == s].std() for s in (0, 1)]
    assert spread[1] > 2 * spread[0]
    assert spread[0] == pytest.approx(1, abs=0.03)
    shares = [(stream.cls[severity == s] == 2).mean() for s in (0, 1)]
    np.testing.assert_allclose(shares, [0.1, 0.5], atol=0.01)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_widths_are_the_classs_options_all_equally_likely(streams, severity):
    stream = streams[severity]
    for c, options in enumerate([(1, 2, 4), (8,), (1, 3)]):
        found, count = np.unique(stream.width[stream.cls == c], return_counts=True)
        assert tuple(found) == options
        np.testing.assert_allclose(count / count.sum(), 1 / len(options), atol=0.015)


def test_demand_is_the_mean_work_of_simulated_jobs(streams):
    np.testing.assert_allclose(SYNTHETIC.demand(SITE), [0.6 * 2 * 7 / 3, 0.3 * 8, 0.1 * 0.5 * 2])
    stream = streams[0.0]
    work = np.bincount(stream.cls.ravel(), (stream.width * stream.hours).ravel(), minlength=3)
    np.testing.assert_allclose(SYNTHETIC.demand(SITE), work / stream.cls.size, rtol=0.03)


def test_only_the_generator_decides():
    assert same(drawn(SYNTHETIC, 0.5, seed=3), drawn(Synthetic(), 0.5, seed=3))
    assert not same(drawn(SYNTHETIC, 0.5, seed=3), drawn(SYNTHETIC, 0.5, seed=4))


@pytest.mark.parametrize("severity", [0.0, 1.0])
def test_a_cluster_can_work_off_the_jobs(severity):
    finish(SYNTHETIC, Gaps(*[severity] * 5))


def test_without_estimates_of_their_own_users_are_as_wrong_as_the_site_says():
    for severity in (0.0, 0.5, 1.0):
        e = episodes(SYNTHETIC, Gaps(interference=severity), count=500)
        for c, bias in enumerate([2.0, 1.0, 1.0]):
            error = np.log(e.estimate / e.hours)[e.cls == c]
            assert error.mean() == pytest.approx(severity * np.log(bias), abs=0.05)
            assert error.std() == pytest.approx(severity * 0.5, abs=0.04)


# Capacity: jobs per hour that a site can do at most


def site(speeds, nodes, shares=None):
    """A site of one class per row of speeds."""
    shares = shares or [1 / len(speeds)] * len(speeds)
    return Site(
        "made",
        tuple(Pool(f"p{k}", n, n) for k, n in enumerate(nodes)),
        tuple(
            JobClass(f"c{c}", row, row, share, share, 1.0)
            for c, (row, share) in enumerate(zip(speeds, shares, strict=True))
        ),
    )


@pytest.mark.parametrize(
    ("speeds", "nodes", "demand", "capacity"),
    [
        # 5 nodes at speed 1; a job takes 2 node-hours.
        ([(1,)], [5], [2.0], 2.5),
        # 5 nodes at speed 3.
        ([(3,)], [5], [2.0], 7.5),
        # 4 at speed 1 and 2 at speed 3 do 10 node-hours per hour.
        ([(1, 3)], [4, 2], [5.0], 2.0),
        # Two classes share one pool: 1 + 2 node-hours per job.
        ([(1,), (1,)], [6], [1.0, 2.0], 2.0),
        # Each class is alone in its pool; the slower one, 2 jobs per hour, holds up the other.
        ([(1, 0), (0, 1)], [8, 2], [1.0, 1.0], 2.0),
        # Everyone where they are fast: 4 nodes * 4 = 16 node-hours per hour for each class.
        ([(4, 1), (1, 4)], [4, 4], [8.0, 8.0], 2.0),
        # The first class is equally fast everywhere and makes room for the second, which is only
        # fast in pool 1: 3 nodes * 4 / 4 = 3 jobs need all of it; the first does 6 / 2 = 3.
        ([(1, 1), (0, 4)], [6, 3], [2.0, 4.0], 3.0),
        # A class that brings no work does not matter.
        ([(1,), (1,)], [5], [2.0, 0.0], 2.5),
    ],
)
def test_capacity_by_hand(speeds, nodes, demand, capacity):
    made = site(speeds, nodes)
    assert made.capacity(np.array(demand), made.nodes) == pytest.approx(capacity)
    assert made.capacity(np.array(demand), 2 * made.nodes) == pytest.approx(2 * capacity)


def test_capacity_uses_simulated_speeds_and_the_nodes_given():
    made = site([(1, 3)], [4, 2])
    real = replace(made, classes=(replace(made.classes[0], real_speeds=(9, 9)),))
    assert real.capacity(np.array([5.0]), np.array([4, 2])) == pytest.approx(2)
    assert real.capacity(np.array([5.0]), np.array([4, 0])) == pytest.approx(0.8)
