"""A cluster to schedule, and what is drawn for each episode in it: speeds, nodes, jobs, luck."""

from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from course_lib.worlds.clusters import Gaps, Site, between, between_ratios
from course_lib.worlds.physics import Sampler, bounds
from course_lib.worlds.workloads import Synthetic, Workload, room

SECOND = 1 / 3600  # h, the unit of time of this world


@dataclass
class Episodes:
    """Everything that n episodes are made of; J jobs, C classes, K pools, N nodes, R retries.

    Jobs and nodes that an episode lacks, because another one has more, never arrive (`arrival` is
    infinite) and do not exist.
    """

    arrival: np.ndarray  # (n, J) h
    cls: np.ndarray  # (n, J)
    width: np.ndarray  # (n, J) nodes
    hours: np.ndarray  # (n, J) run time at speed 1
    estimate: np.ndarray  # (n, J) the same, as the user says
    luck: np.ndarray  # (n, J, R + 1) factor on the run time of each attempt
    life: np.ndarray  # (n, J, R + 1) exponential: node-hours until a failure, times the rate
    speed: np.ndarray  # (n, C, K) true speeds; 0 = cannot run there
    node_speed: np.ndarray  # (n, N) relative to the other nodes of the pool
    exists: np.ndarray  # (n, N)
    nodes: np.ndarray  # (n, K) nodes per pool
    failures: np.ndarray  # (n, K) per hour of a busy node
    contention: np.ndarray  # (n,)
    communication: np.ndarray  # (n,)
    latency: np.ndarray  # (n,) h

    def shortest(self, hours: np.ndarray, speed: np.ndarray) -> np.ndarray:
        """What jobs of `hours` (n, J) at speed 1 take in their fastest pool, (n, J).

        `speed` is (n, C, K) or (C, K); a pool counts for a job only if it has enough nodes.
        """
        speed = np.broadcast_to(speed, self.speed.shape)
        fits = self.width[:, :, None] <= self.nodes[:, None, :]  # (n, J, K)
        own = speed[np.arange(len(hours))[:, None], self.cls]
        return hours / np.where(fits, own, 0).max(axis=2)

    def take(self, which: np.ndarray | slice) -> "Episodes":
        """Some of the episodes."""
        return Episodes(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    def put(self, which: np.ndarray, others: "Episodes") -> None:
        """Replace the episodes `which` by others."""
        for f in fields(self):
            getattr(self, f.name)[which] = getattr(others, f.name)


@dataclass(frozen=True)
class Recipe:
    """A site's cluster with its jobs, as far from the simulator as the severities in `gaps` say."""

    site: Site
    gaps: Gaps = Gaps()
    workload: Workload = Synthetic()
    jobs_per_node: int = 8

    def __post_init__(self):
        if self.jobs_per_node < 1:
            raise ValueError(f"jobs_per_node must be at least 1, not {self.jobs_per_node}")

    @property
    def largest(self) -> np.ndarray:
        """The largest number of nodes that an episode can have in each pool, (pools,)."""
        return self._nodes(np.array([bounds(self.gaps.scale)[1]]))[0]

    def _nodes(self, scale: np.ndarray) -> np.ndarray:
        return np.rint(between_ratios(self.site.nodes, self.site.real_nodes, scale)).astype(int)

    def draw(self, rng: np.random.Generator, count: int, sample: Sampler | None = None) -> Episodes:
        """Draw `count` episodes; severities come from `sample`, or from `gaps` unless told.

        Raises ValueError for severities that lie outside of `gaps`.
        """
        site, gap = self.site, (sample or self.gaps.sample)(rng, count)
        self.gaps.require_within(gap)
        nodes = self._nodes(gap["scale"])
        jobs = self.jobs_per_node * nodes.sum(axis=1)
        J = self.jobs_per_node * int(self.largest.sum())
        stream = self.workload.draw(rng, site, gap["workload"], J)
        width = self._widened(rng, stream.width, stream.cls, nodes, gap["scale"])
        arrival = stream.gaps.cumsum(axis=1) * self._hours_between(stream, width, gap)[:, None]
        arrival[np.arange(J) >= jobs[:, None]] = np.inf
        attempts = (count, J, site.retries + 1)
        noise = (gap["interference"] * site.noise)[:, None, None]
        pool = np.repeat(np.arange(len(site.pools)), self.largest)
        place = np.arange(len(pool)) - np.searchsorted(pool, pool)  # of a node within its pool
        return Episodes(
            arrival=arrival,
            cls=stream.cls,
            width=width,
            hours=stream.hours,
            estimate=self._estimates(rng, stream, gap["interference"]),
            luck=np.exp(noise * rng.standard_normal(attempts)),
            life=rng.exponential(size=attempts),
            speed=between_ratios(site.table("speeds"), site.table("real_speeds"), gap["hardware"]),
            node_speed=self._node_speeds(rng, gap["hardware"], len(pool)),
            exists=place < nodes[:, pool],
            nodes=nodes,
            failures=gap["failures"][:, None] * [p.failures for p in site.pools],
            contention=gap["interference"] * site.contention,
            communication=gap["scale"] * site.communication,
            latency=gap["scale"] * site.latency * SECOND,
        )

    def checked(self, episodes: Episodes, count: int) -> Episodes:
        """Copy `count` episodes that were not drawn, in the data types of drawn ones.

        Raises ValueError for arrays of other shapes, jobs out of order, and jobs that cannot run.
        """
        own = self.draw(np.random.default_rng(0), count)
        for f in fields(Episodes):
            shape, wanted = np.shape(getattr(episodes, f.name)), getattr(own, f.name).shape
            if shape != wanted:
                raise ValueError(f"{f.name} of {count} episodes must be {wanted}, not {shape}")
        own.put(slice(None), episodes)
        times, first = own.arrival, own.arrival[:, 0]
        if not ((first >= 0) & np.isfinite(first)).all():
            raise ValueError("arrival of the first job must be a time from 0 h on")
        if not (times[:, 1:] >= times[:, :-1]).all():
            raise ValueError("arrival must never go down from job to job")
        if ((own.speed > 0) != (self.site.table("speeds") > 0)).any():
            raise ValueError("speed must be 0 in the same pools as the simulated speeds")
        most = self._room(own.cls, own.nodes)
        for i, j in np.argwhere(own.width > most)[:1]:
            raise ValueError(
                f"job {j} of episode {i} needs {own.width[i, j]} nodes of one type, more than any "
                f"pool that can run it has ({most[i, j]})"
            )
        return own

    def _room(self, cls, nodes):
        """Nodes in the largest pool that can run each job, (n, J)."""
        return np.take_along_axis(room(self.site, nodes), cls, axis=1)

    def _widened(self, rng, width, cls, nodes, scale):
        """Gangs as wide as they are at this scale, no wider than a pool that can run them."""
        doublings = rng.random(width.shape) * scale[:, None] * np.log2(self.site.gang_growth)
        wide = width * 2 ** np.rint(doublings).astype(int)
        return np.minimum(wide, self._room(cls, nodes))

    def _estimates(self, rng, stream, severity):
        """What users say (n, J), from exact to as wrong as they are: their own words, if known.

        For the jobs of which the workload knows no estimate, the site says how wrong users are.
        """
        site = self.site
        bias = between_ratios(np.ones(len(site.classes)), site.table("bias"), severity)
        noise = (severity * site.estimate_noise)[:, None] * rng.standard_normal(stream.hours.shape)
        error = np.take_along_axis(bias, stream.cls, axis=1) * np.exp(noise)
        if stream.estimate is not None:
            own = (stream.estimate / stream.hours) ** severity[:, None]
            error = np.where(np.isnan(stream.estimate), error, own)
        return stream.hours * error

    def _hours_between(self, stream, width, gap):
        """Mean time between arrivals (n,) that gives each episode its load.

        The load is meant for the simulated speeds and mix: users do not send less because nodes are
        slower than thought. Wider gangs come less often, so that they bring as much work.
        """
        site = self.site
        capacity = between_ratios(*_capacities(site, self.workload), gap["scale"])
        load = between(np.array(site.load), np.array(site.real_load), gap["workload"])
        return width.mean(axis=1) / stream.width.mean(axis=1) / (capacity * load)

    def _node_speeds(self, rng, hardware, count):
        spread = (hardware * self.site.node_spread)[:, None]
        speeds = np.exp(spread * rng.standard_normal((len(hardware), count)))
        slow = rng.random(speeds.shape) < (hardware * self.site.stragglers)[:, None]
        return np.where(slow, self.site.straggler_speed, 1.0) * speeds


@cache
def _capacities(site: Site, workload: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Jobs per hour that the simulated and the real number of nodes can do at most."""
    demand = workload.demand(site)
    return tuple(np.array(site.capacity(demand, n)) for n in (site.nodes, site.real_nodes))
