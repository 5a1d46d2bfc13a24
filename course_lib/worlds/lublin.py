"""The workload model of Lublin and Feitelson, fitted to the logs of supercomputers at three sites.

U. Lublin, D. G. Feitelson (2003), "The workload on parallel supercomputers: modeling the
characteristics of rigid jobs", JPDC 63(11). The figures are those for jobs of any type in the
authors' program m_lublin99.c, in the Parallel Workloads Archive. Gamma distributions are given by
shape and scale; times are in seconds and, in logarithms, natural ones.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from course_lib.worlds.workloads import Stream, mixed_classes, room

HOUR, DAY = 3600, 86400  # s
SERIAL, POWER_OF_TWO = 0.244, 0.576  # shares of jobs that ask for 1 node, for 2, 4, 8 ...
SMALLEST, KNEE, BELOW_KNEE = 0.8, 2.5, 0.86  # of log2 of the nodes: see `size_chances`
SHORT, LONG = (4.2, 0.94), (312, 0.03)  # gamma of the logarithm of a run time
SHORT_SLOPE, SHORT_SHARE = -0.0054, 0.78  # share of short jobs: slope * nodes + share
LONGEST = 12  # logarithm of a run time: 45 h
GAP = (10.2303 * 1.0225, 0.4871)  # gamma of the logarithm of the time to the next arrival
LONGEST_GAP = 13  # its logarithm: 5 days
# Half hours of a day, counted from midnight. The gamma says where in the day jobs arrive; the day
# begins in the small hours, with the half hour that the authors number 11, at 5:00.
SLOTS, FIRST_SLOT, RUSH = 48, 11, (8.1737, 3.9631)


@dataclass(frozen=True)
class LublinFeitelson:
    """Sizes, run times and arrivals as on the supercomputers of the 1990s.

    Every class of jobs sees the largest pool that it can use as its machine. Run times are those
    at speed 1; how wide the site's classes are and how long they run is not used. Their mix is, and
    it moves to the real one with the severity of the workload gap. So do the arrivals: that share
    of the times between them is the model's, with its bursts and its quiet nights, and the others
    are exponential, as a simulator takes them to be. The mean is 1 for both.

    A day lasts as many mean gaps as in the model (see `MEAN_GAP`), whatever the site's load. An
    episode starts at the arrival of a job, hence more often by day than by night.

    On the model's machine, of 128 nodes, wide jobs run longer. On one of a few nodes hardly so: the
    share of short jobs falls with the number of nodes, not with the part of the machine.
    """

    def draw(self, rng, site, severity, jobs):
        """Draw the jobs; see `Workload`."""
        cls = mixed_classes(rng, site, severity, jobs)
        width = np.empty_like(cls)
        for c, nodes in enumerate(room(site)):
            here = cls == c
            width[here] = 1 + rng.choice(nodes, size=here.sum(), p=size_chances(nodes))
        own = rng.random(cls.shape) < severity[:, None]
        gaps = np.where(own, daily_gaps(rng, *cls.shape), rng.exponential(size=cls.shape))
        return Stream(gaps, cls, width, run_hours(rng, width))

    def demand(self, site):
        """Mean node-hours per job and class; see `Workload`."""
        work = []
        for nodes in room(site):
            width = np.arange(1, nodes + 1)
            work.append(np.sum(size_chances(nodes) * width * mean_hours(width)))
        return site.table("share") * work


def size_chances(nodes: int) -> np.ndarray:
    """Chances (nodes,) that a job asks for 1, 2, ... nodes of a machine that has `nodes`.

    log2 of a parallel job's size is uniform below a knee with chance 0.86, else uniform above it.
    Some jobs round it, to a power of two, the others round the size. The knee lies 2.5 below the
    machine's log2; the authors advise less for small machines, 1.5 for 8 nodes.
    """
    if nodes == 1:
        return np.ones(1)
    top = np.log2(nodes)
    knee = max(top - KNEE, top / 2)

    def below(log_size):
        return np.interp(log_size, [min(SMALLEST, knee), knee, top], [0, BELOW_KNEE, 1])

    chances = np.zeros(nodes)
    chances[0] = SERIAL
    powers = np.arange(1, int(top) + 1)
    # The largest power takes what would be rounded to more nodes than there are.
    chances[2**powers - 1] += POWER_OF_TWO * np.diff([0, *below(powers[:-1] + 0.5), 1])
    halfway = np.log2(np.arange(2, nodes) + 0.5)
    chances[1:] += (1 - SERIAL - POWER_OF_TWO) * np.diff([0, *below(halfway), 1])
    return chances


def run_hours(rng: np.random.Generator, width: np.ndarray) -> np.ndarray:
    """Draw run times for jobs of these widths; of the same shape, in hours."""
    log = np.full(width.shape, np.inf)
    while (again := log > LONGEST).any():
        short = rng.random(again.sum()) < _share_of_short(width[again])
        log[again] = rng.gamma(*np.where(short[:, None], SHORT, LONG).T)
    return np.exp(log) / HOUR


def mean_hours(width: np.ndarray) -> np.ndarray:
    """Mean of `run_hours` for these widths, in closed form."""
    short = _share_of_short(width)
    (short_mean, short_kept), (long_mean, long_kept) = (
        _mean_of_exp(*gamma, LONGEST) for gamma in (SHORT, LONG)
    )
    mean = short * short_mean + (1 - short) * long_mean
    return mean / (short * short_kept + (1 - short) * long_kept) / HOUR


def daily_gaps(rng: np.random.Generator, n: int, jobs: int) -> np.ndarray:
    """Draw times between arrivals (n, jobs), of mean 1, with the model's daily cycle.

    A clock that runs at the rate at which jobs arrive at that time of day sees gaps that are all
    alike; the clock on the wall sees them longer at night.
    """
    log = np.full((n, jobs), np.inf)
    while (again := log > LONGEST_GAP).any():
        log[again] = rng.gamma(*GAP, size=again.sum())
    start = DAY * rng.random((n, 1))
    uneven = np.hstack([start, start + np.exp(log).cumsum(axis=1)])
    day, rest = np.divmod(uneven, DAY)
    elapsed = np.concatenate([[0], day_weights().cumsum()]) * DAY / SLOTS
    wall = day * DAY + np.interp(rest, elapsed, np.linspace(0, DAY, SLOTS + 1))
    return np.diff(wall, axis=1) / MEAN_GAP


def day_weights() -> np.ndarray:
    """Rate of arrivals in each half hour from midnight on, (48,), of mean 1."""
    number = np.arange(FIRST_SLOT, FIRST_SLOT + SLOTS)
    shape, scale = RUSH
    chance = gammainc(shape, (number + 0.5) / scale) - gammainc(shape, (number - 0.5) / scale)
    return np.roll(chance / chance.mean(), FIRST_SLOT - 1)


def _share_of_short(width):
    return np.clip(SHORT_SLOPE * width + SHORT_SHARE, 0, 1)


def _mean_of_exp(shape: float, scale: float, limit: float) -> tuple[float, float]:
    """Mean of exp(x) where x is at most `limit`, else 0, for a gamma x; and the chance of that.

    exp(x) times the density of a gamma is that of one of scale / (1 - scale), up to a factor.
    """
    mean = (1 - scale) ** -shape * gammainc(shape, limit * (1 - scale) / scale)
    return mean, gammainc(shape, limit / scale)


_GAP_MEAN, _GAP_KEPT = _mean_of_exp(*GAP, LONGEST_GAP)
MEAN_GAP = _GAP_MEAN / _GAP_KEPT  # s
