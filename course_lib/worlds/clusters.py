"""A cluster site: pools of nodes, classes of jobs, and what a simulator leaves out.

Every quantity of a site that matters has two values: the one that a simulator assumes and the one
that was measured in reality. Five *severities*, each from 0 (as simulated) to 1 (as measured), say
how far each of five groups of quantities has gone from the one to the other.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import linprog

from course_lib.worlds.physics import Physics, quantity


@dataclass(frozen=True)
class Gaps(Physics):
    """How far reality is from the simulator, for each of the five gaps; all zero is the simulator.

    A severity may be a distribution, which is drawn once per episode.
    """

    hardware: float = quantity(0.0, "1", "speeds, spread of nodes, stragglers", low=0, high=1)
    workload: float = quantity(0.0, "1", "bursts, tails, mix of classes, load", low=0, high=1)
    interference: float = quantity(
        0.0, "1", "noise of run times, contention, wrong estimates", low=0, high=1
    )
    failures: float = quantity(0.0, "1", "nodes that fail, lost work, repair", low=0, high=1)
    scale: float = quantity(
        0.0, "1", "more nodes, wider gangs, communication, latency", low=0, high=1
    )


@dataclass(frozen=True)
class Pool:
    """Nodes of one type."""

    name: str
    nodes: int  # in the simulator
    real_nodes: int  # at the site
    failures: float = 0.0  # real failures per hour of a busy node


@dataclass(frozen=True)
class JobClass:
    """Jobs that are alike; all speeds are relative to one reference type of node."""

    name: str
    speeds: tuple[float, ...]  # per pool, as simulated; 0 = cannot run there
    real_speeds: tuple[float, ...]
    share: float  # of all jobs
    real_share: float
    hours: float  # mean run time at speed 1
    spread: float = 1.0  # standard deviation of the logarithm of the run time
    real_spread: float = 1.0
    widths: tuple[int, ...] = (1,)  # nodes needed at once, all equally likely
    bias: float = 1.0  # real factor by which users overestimate
    slo: float = 10.0  # slowdown that must not be exceeded


@dataclass(frozen=True)
class Site:
    """Pools, job classes, and the sizes of the five gaps at severity 1; `sources` tells why."""

    name: str
    pools: tuple[Pool, ...]
    classes: tuple[JobClass, ...]
    load: float = 0.7  # share of what the simulated cluster could do at most
    real_load: float = 0.7
    bursts: float = 0.0  # share of time without any arrival, at equal mean rate
    burst_jobs: float = 10.0  # mean number of jobs in one burst
    node_spread: float = 0.0  # standard deviation of the logarithm of a node's speed
    stragglers: float = 0.0  # share of nodes that run at `straggler_speed`
    straggler_speed: float = 0.5
    noise: float = 0.0  # standard deviation of the logarithm of run times
    contention: float = 0.0  # a job takes 1 + contention times as long in a full pool
    estimate_noise: float = 0.0  # standard deviation of the logarithm of users' estimates
    repair_hours: float = 1.0  # a failed node is away so long
    retries: int = 2  # a job is started so many times more before it is lost
    gang_growth: int = 1  # at real scale gangs are up to so many times as wide
    communication: float = 0.0  # run time grows by this share for each doubling of the gang
    latency: float = 0.0  # s, for each start of a job
    bound: float = 10.0  # s, shorter jobs count as this long in their slowdown
    sources: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self):
        if not self.pools or not self.classes:
            raise ValueError(f"site {self.name!r} needs at least one pool and one class of jobs")
        for pool in self.pools:
            if not 1 <= pool.nodes <= pool.real_nodes:
                raise ValueError(f"pool {pool.name!r} needs 1 <= nodes <= real_nodes")
        for job_class in self.classes:
            self._require_can_run(job_class)
        for name in ("share", "real_share"):
            total = sum(getattr(job_class, name) for job_class in self.classes)
            if not np.isclose(total, 1.0):
                raise ValueError(f"the {name}s of the classes add up to {total:g}, not to 1")
        if not (self.load > 0 and self.real_load > 0):
            raise ValueError("load and real_load must be positive shares of the capacity")
        if not 0 <= self.bursts < 1:
            raise ValueError(f"bursts is a share of time below 1, not {self.bursts}")

    def _require_can_run(self, job_class: JobClass) -> None:
        for speeds in (job_class.speeds, job_class.real_speeds):
            if len(speeds) != len(self.pools):
                raise ValueError(
                    f"class {job_class.name!r} has {len(speeds)} speeds for {len(self.pools)} pools"
                )
        if [s > 0 for s in job_class.speeds] != [s > 0 for s in job_class.real_speeds]:
            raise ValueError(
                f"class {job_class.name!r} must have speed 0 in the same pools, simulated and real"
            )
        room = [p.nodes for p, s in zip(self.pools, job_class.speeds, strict=True) if s > 0]
        if not job_class.widths or min(job_class.widths) < 1:
            raise ValueError(f"class {job_class.name!r} needs widths of at least one node")
        if max(job_class.widths) > max(room, default=0):
            raise ValueError(
                f"class {job_class.name!r} asks for {max(job_class.widths)} nodes of one type, "
                f"more than any pool that can run it has ({max(room, default=0)})"
            )

    def table(self, name: str) -> np.ndarray:
        """An attribute of the job classes as an array: (classes,) or (classes, pools)."""
        return np.array([getattr(job_class, name) for job_class in self.classes], dtype=float)

    @cached_property
    def nodes(self) -> np.ndarray:
        """Nodes per pool in the simulator, (pools,)."""
        return np.array([pool.nodes for pool in self.pools])

    @cached_property
    def real_nodes(self) -> np.ndarray:
        """Nodes per pool at the site, (pools,)."""
        return np.array([pool.real_nodes for pool in self.pools])

    def capacity(self, demand: np.ndarray, nodes: np.ndarray) -> float:
        """How many jobs per hour `nodes` (pools,) can do at most, by a linear program.

        `demand` (classes,) is the mean number of node-hours at speed 1 that a job, of whatever
        class, brings for each class. The program divides every pool's time among the classes so
        that the classes stay in proportion. With the simulated speeds no scheduler can do better.
        """
        speeds = self.table("speeds")
        n_classes, n_pools = speeds.shape
        # Unknown: hours of pool k's nodes spent on class c, per hour, and the rate of jobs.
        cost = np.zeros(n_classes * n_pools + 1)
        cost[-1] = -1.0
        work_done = np.hstack([-np.kron(np.eye(n_classes), np.ones(n_pools)) * speeds.ravel(),
                               demand[:, None]])  # fmt: skip
        time_spent = np.hstack(
            [np.kron(np.ones(n_classes), np.eye(n_pools)), np.zeros((n_pools, 1))]
        )
        found = linprog(
            cost,
            A_ub=np.vstack([work_done, time_spent]),
            b_ub=np.concatenate([np.zeros(n_classes), nodes]),
        )
        return float(found.x[-1])


def between(simulated: np.ndarray, real: np.ndarray, severity: np.ndarray) -> np.ndarray:
    """Values `severity` of the way from simulated to real, for each severity: (n, ...)."""
    s = np.reshape(severity, (-1, *(1,) * np.ndim(simulated)))
    return (1 - s) * simulated + s * real


def between_ratios(simulated: np.ndarray, real: np.ndarray, severity: np.ndarray) -> np.ndarray:
    """As `between`, for quantities that differ by a factor; where one is zero both must be."""
    s = np.reshape(severity, (-1, *(1,) * np.ndim(simulated)))
    factor = np.divide(real, simulated, out=np.ones_like(simulated, dtype=float),
                       where=simulated > 0)  # fmt: skip
    return simulated * factor**s
