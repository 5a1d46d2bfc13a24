"""Where jobs come from: a stream of arrivals, widths and run times, drawn for many episodes."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from course_lib.worlds.clusters import Site, between


class Stream(NamedTuple):
    """The jobs of n episodes of J jobs each, in order of arrival; all arrays (n, J)."""

    gaps: np.ndarray  # times between arrivals, in units of their mean
    cls: np.ndarray  # class of each job, an index
    width: np.ndarray  # nodes
    hours: np.ndarray  # run time at speed 1
    estimate: np.ndarray | None = None  # hours, as the user says; NaN or None: as the site says


class Workload(Protocol):
    """Draws streams of jobs for a site."""

    def draw(self, rng: np.random.Generator, site: Site, severity: np.ndarray, jobs: int) -> Stream:
        """Draw `jobs` jobs for each of n episodes, given the severity (n,) of the workload gap."""

    def demand(self, site: Site) -> np.ndarray:
        """Mean node-hours at speed 1 that a job brings for each class, as simulated: (classes,)."""


@dataclass(frozen=True)
class Synthetic:
    """Poisson arrivals and log-normal run times, as the site's classes say.

    With the severity of the workload gap, arrivals come in bursts with silence in between (an
    on/off process of the same mean rate), run times get heavier tails (of the same mean), and the
    mix of classes moves to the real one.
    """

    def draw(self, rng, site, severity, jobs):
        """Draw the jobs; see `Workload`."""
        n = len(severity)
        cls = mixed_classes(rng, site, severity, jobs)
        spread = between(site.table("spread"), site.table("real_spread"), severity)
        sigma = np.take_along_axis(spread, cls, axis=1)
        mean = site.table("hours")[cls]
        hours = mean * np.exp(sigma * rng.standard_normal((n, jobs)) - sigma**2 / 2)
        return Stream(on_off_gaps(rng, site, severity, jobs), cls, _widths(rng, site, cls), hours)

    def demand(self, site):
        """Mean node-hours per job and class; see `Workload`."""
        width = np.array([np.mean(job_class.widths) for job_class in site.classes])
        return site.table("share") * site.table("hours") * width


def mixed_classes(rng, site: Site, severity: np.ndarray, jobs: int) -> np.ndarray:
    """Classes of jobs (n, jobs), drawn one by one from a mix between the simulated and the real."""
    shares = between(site.table("share"), site.table("real_share"), severity)  # (n, C)
    return (rng.random((len(severity), jobs, 1)) > shares.cumsum(axis=1)[:, None, :-1]).sum(axis=2)


def room(site: Site, nodes: np.ndarray | None = None) -> np.ndarray:
    """The largest pool, in nodes, that can run each class in the simulator: (classes,).

    With `nodes` (n, pools) the same in n episodes that have so many nodes, (n, classes).
    """
    nodes = site.nodes if nodes is None else nodes[:, None, :]
    return np.where(site.table("speeds") > 0, nodes, 0).max(axis=-1)


def on_off_gaps(rng, site: Site, severity: np.ndarray, jobs: int) -> np.ndarray:
    """Times between arrivals (n, jobs), of mean 1: exponential, with pauses between bursts.

    Within a burst jobs arrive faster by 1 / (1 - silence); a burst ends after a job with chance
    1 / `burst_jobs`, and an exponential pause follows that restores the mean. `silence` is the
    share of time between bursts.
    """
    silence = (severity * site.bursts)[:, None]
    within = (1 - silence) * rng.exponential(size=(len(severity), jobs))
    pause = silence * site.burst_jobs * rng.exponential(size=(len(severity), jobs))
    return within + pause * (rng.random((len(severity), jobs)) < 1 / site.burst_jobs)


def _widths(rng, site: Site, cls: np.ndarray) -> np.ndarray:
    options = [job_class.widths for job_class in site.classes]
    table = np.ones((len(options), max(map(len, options))), dtype=int)
    for c, widths in enumerate(options):
        table[c, : len(widths)] = widths
    count = np.array([len(widths) for widths in options])
    return table[cls, (rng.random(cls.shape) * count[cls]).astype(int)]
