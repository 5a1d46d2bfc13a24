"""A simulator of a real cluster that is made of what was measured there.

It keeps the jobs of the datasheet's simulator and replaces what runs them: a start costs time, no
two classes gain alike from a fast node, and whoever else is busy slows a job down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from course_lib.worlds.cluster_batch import ClusterBatch
from course_lib.worlds.clusters import Gaps, JobClass, Site
from course_lib.worlds.episodes import SECOND
from course_lib.worlds.scheduler import Cluster, HeteroSched


class Tried(Protocol):
    """What is known of one attempt, as `live_cluster.Attempt` has it; times in seconds."""

    kind: str
    pool: str
    nominal: float
    others: int
    decided: float
    submitted: float
    ended: float
    seconds: float


@dataclass(frozen=True)
class Measured(Cluster):
    """A cluster whose jobs take what was measured; build one with `measured`.

    A run takes `overhead` + hours / speed × luck × exp(`slowed` × other busy nodes of the cluster),
    with the real speeds. What the scheduler is told follows from the simulated ones.
    """

    overhead: float = 0.0  # s, for each start
    slowed: tuple[float, ...] = ()  # per class; empty: by nobody

    def make(self, num_envs: int, *, autoreset: bool = True) -> "MeasuredSched":
        """Build a batch of `num_envs` clusters."""
        return MeasuredSched(num_envs, self, autoreset=autoreset)

    def informed(self) -> "Measured":
        """The same cluster with a scheduler that predicts with the measured speeds."""
        site, demand = self.site, self.workload.demand(self.site)
        classes = tuple(replace(c, speeds=c.real_speeds) for c in site.classes)
        told = replace(site, classes=classes)
        # A load is a share of what the simulated speeds could do; as many jobs come as before.
        ratio = site.capacity(demand, site.nodes) / told.capacity(demand, site.nodes)
        return replace(
            self, site=replace(told, load=site.load * ratio, real_load=site.real_load * ratio)
        )


class MeasuredSched(HeteroSched):
    """`HeteroSched` with the run times of a `Measured` cluster."""

    def _new_batch(self, *settings):
        return _MeasuredBatch(self.cluster, *settings)


class _MeasuredBatch(ClusterBatch):
    def __init__(self, cluster: Measured, *settings):
        super().__init__(*settings)
        self._overhead = cluster.overhead * SECOND
        self._slowed = np.array(cluster.slowed or [0.0] * len(cluster.site.classes))

    def run_hours(self, rows, job, k, gang):
        others = (self.episodes.exists[rows] & ~self.free[rows] & ~gang).sum(axis=1)
        slower = np.exp(self._slowed[self.episodes.cls[rows, job]] * others)
        return self._overhead + super().run_hours(rows, job, k, gang) * slower


def measured(cluster: Cluster, attempts: Sequence[Tried]) -> Measured:
    """Identify a real cluster from what ran there; its jobs come as they do in `cluster`.

    `overhead` is the mean of what an attempt took beyond its worker's own time: the decision, the
    way there and the way back. The logarithm of a worker's time over the nominal one is fitted,
    class by class, by least squares: a constant for each pool, which is minus the logarithm of the
    class's speed there, and a slope over the number of other busy workers, not below zero. What
    remains is the noise. Attempts that failed or have not ended are left out. Raises ValueError
    where a class has never run in a pool that can run it.
    """
    site, ended = cluster.site, [a for a in attempts if np.isfinite(a.seconds)]
    fits = [_fit(job_class, site, ended) for job_class in site.classes]
    classes = tuple(
        replace(job_class, real_speeds=fit.speeds)
        for job_class, fit in zip(site.classes, fits, strict=True)
    )
    noise = np.std(np.concatenate([fit.residuals for fit in fits]))
    return Measured(
        site=replace(site, classes=classes, noise=float(noise)),
        gaps=Gaps(hardware=1.0, interference=1.0),
        workload=cluster.workload,
        jobs_per_node=cluster.jobs_per_node,
        visible=cluster.visible,
        overhead=float(np.mean([a.decided + a.ended - a.submitted - a.seconds for a in ended])),
        slowed=tuple(fit.slope for fit in fits),
    )


class _Fit(NamedTuple):
    speeds: tuple[float, ...]  # per pool
    slope: float
    residuals: np.ndarray


def _fit(job_class: JobClass, site: Site, ended: Sequence[Tried]) -> _Fit:
    pools = [pool.name for pool, speed in zip(site.pools, job_class.speeds, strict=True) if speed]
    own = [a for a in ended if a.kind == job_class.name]
    for pool in pools:
        if not any(a.pool == pool for a in own):
            raise ValueError(
                f"no job of class {job_class.name!r} has ended in pool {pool!r}: "
                "log episodes of a policy that tries it there"
            )
    columns = np.array([[*(a.pool == pool for pool in pools), a.others] for a in own], dtype=float)
    slow = np.log([a.seconds / a.nominal for a in own])
    found = np.linalg.lstsq(columns, slow)[0]
    if found[-1] < 0:  # company makes nobody faster
        found = np.append(np.linalg.lstsq(columns[:, :-1], slow)[0], 0.0)
    speeds = np.zeros(len(site.pools))
    speeds[np.array(job_class.speeds) > 0] = np.exp(-found[:-1])
    return _Fit(tuple(speeds.tolist()), float(found[-1]), slow - columns @ found)
