"""A workload made of the log of a real machine: windows of its jobs arrive once more."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from course_lib.worlds.clusters import Site
from course_lib.worlds.swf import Trace
from course_lib.worlds.workloads import Stream, room

HOUR = 3600  # s


class _Jobs(NamedTuple):
    """What the jobs of a trace are at a site; all arrays (jobs,), as in `Stream`."""

    gap: np.ndarray  # before each job; NaN for the first
    cls: np.ndarray
    width: np.ndarray
    hours: np.ndarray
    estimate: np.ndarray


@dataclass(frozen=True)
class Replayed:
    """The jobs of a trace: each episode replays a window of consecutive ones.

    Times between arrivals are in units of their mean over the whole trace, so that busy weeks stay
    busy. Run times are those at speed 1; how long the site's classes say they run is not used. The
    estimates are the users' own, where the trace has them. A node has `processors_per_node` of the
    trace's processors. A job that is wider than any pool that can run its class is an error, unless
    `cap_widths` cuts it to that pool's size (and takes the rest of its work away).

    A trace knows no classes. Every application (executable number; where that is missing, user;
    where both are, the job alone) belongs to one class at a site for good. They are dealt out, the
    commonest first, each to the class that lacks most jobs to its simulated `share`. What a user
    sends in a row is thus alike, as it is in reality.

    With the severity of the workload gap, more of the trace's *order in time* comes in. At 0, the
    jobs of the window arrive as a simulator would send them: at random times (Poisson) and in
    random order. At 1, they come as they did. In between, that is true of so large a share of them,
    chosen at random.

    Raises ValueError for a trace in which no time passes and for less than one processor per node;
    when drawing, also for a trace that is too short and for jobs that are too wide.
    """

    trace: Trace
    processors_per_node: int = 1
    cap_widths: bool = False

    def __post_init__(self):
        if self.processors_per_node < 1:
            raise ValueError(
                f"processors_per_node must be at least 1, not {self.processors_per_node}"
            )
        if self.trace.submit[-1] <= self.trace.submit[0]:
            raise ValueError(f"all jobs of {self.trace.name} are submitted at the same time")

    def draw(self, rng, site, severity, jobs):
        """Draw the jobs; see `Workload`."""
        known = _jobs_at(self, site)
        if len(self.trace) <= jobs:  # the gap before the first job is not known
            raise ValueError(
                f"an episode has {jobs} jobs and needs a trace of more; "
                f"{self.trace.name} has {len(self.trace)}"
            )
        first = rng.integers(1, len(self.trace) - jobs + 1, size=len(severity))
        job = first[:, None] + np.arange(jobs)  # (n, jobs)
        simulated = rng.random(job.shape) >= severity[:, None]
        gaps = np.where(simulated, rng.exponential(size=job.shape), known.gap[job])
        for row, moved in zip(job, simulated, strict=True):
            row[moved] = rng.permutation(row[moved])
        return Stream(gaps, known.cls[job], known.width[job], known.hours[job], known.estimate[job])

    def demand(self, site):
        """Mean node-hours per job and class; see `Workload`."""
        known = _jobs_at(self, site)
        work = np.bincount(known.cls, known.width * known.hours, minlength=len(site.classes))
        return work / len(self.trace)


@cache
def _jobs_at(replayed: Replayed, site: Site) -> _Jobs:
    trace = replayed.trace
    cls = _classes(trace, site.table("share"))
    width = -(-trace.processors // replayed.processors_per_node)  # rounded up
    most = room(site)[cls]
    if (width > most).any() and not replayed.cap_widths:
        worst = np.argmax(width - most)
        raise ValueError(
            f"a job of {trace.name} needs {width[worst]} nodes of one type, and class "
            f"{site.classes[cls[worst]].name!r} has {most[worst]} at most; raise "
            "processors_per_node, or pass cap_widths=True"
        )
    gap = np.diff(trace.submit, prepend=np.nan)
    return _Jobs(
        gap / np.nanmean(gap),
        cls,
        np.minimum(width, most),
        trace.run / HOUR,
        trace.estimate / HOUR,
    )


def _classes(trace: Trace, share: np.ndarray) -> np.ndarray:
    """The class of each job (jobs,): all jobs of an application in one, near the shares."""
    user = np.where(trace.executable < 0, trace.user, -1)
    job = np.where((trace.executable < 0) & (trace.user < 0), np.arange(len(trace)), -1)
    _, application, count = np.unique(
        np.stack([trace.executable, user, job]), axis=1, return_inverse=True, return_counts=True
    )
    class_of = np.empty(len(count), dtype=int)
    lacking = share * len(trace)
    for a in np.argsort(-count, kind="stable"):
        class_of[a] = lacking.argmax()
        lacking[class_of[a]] -= count[a]
    return class_of[application]
