"""What a scheduler sees: the head of the queue against the pools, in ratios only.

Times are in units of the job's own shortest predicted run time, numbers of nodes are shares.
A policy that learned with 16 nodes can therefore act with 4,096, and one that learned with hours
can act with milliseconds.
"""

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import numpy as np

LARGEST = 1_000.0  # ratios are cut off here
PAIR = {  # (n, visible jobs, pools)
    "legal": "1 where the job can be started in the pool now",
    "able": "1 where it could be started there if nodes were free",
    "run": "predicted run time there: the user's estimate over the simulated speed",
    "wait": "predicted time until enough nodes are free",
    "measured": "run time over prediction, mean of the ended jobs of that class in that pool",
    "free": "share of the pool's nodes that are free",
    "part": "share of the pool's nodes that the job needs",
    "pool": "share of the cluster's nodes that are in the pool",
}
JOB = {  # (n, visible jobs)
    "waiting": "1 where there is a job in this place",
    "size": "shortest predicted run time, in units of the mean of all visible jobs",
    "age": "time since the job was submitted",
    "slowdown": "bounded slowdown that the job has already",
    "tries": "how often it was started and failed, over the tries that it has",
}
CLUSTER = {  # (n,)
    "may_wait": "1 where something will happen without a decision",
    "queue": "jobs in the queue per node of the cluster",
    "hidden": "share of the queue that is not visible",
    "pressure": "work of the visible jobs: node-time asked, per node",
    "idle": "share of the cluster's nodes that are free",
}


@dataclass(frozen=True)
class Layout:
    """Where things are in an observation of `visible` jobs and `pools` types of nodes."""

    visible: int
    pools: int

    @cached_property
    def size(self) -> int:
        """Length of an observation."""
        return self.visible * (len(PAIR) * self.pools + len(JOB)) + len(CLUSTER)

    @property
    def wait(self) -> int:
        """The action that waits; job m in pool k is action m × pools + k."""
        return self.visible * self.pools

    def pack(self, **parts: np.ndarray) -> np.ndarray:
        """Build observations (n, size), float32, from all the parts by name."""
        n = len(parts["queue"])
        pairs = np.empty((n, len(PAIR), self.visible, self.pools), dtype=np.float32)
        jobs = np.empty((n, len(JOB), self.visible), dtype=np.float32)
        cluster = np.empty((n, len(CLUSTER)), dtype=np.float32)
        for i, name in enumerate(PAIR):
            pairs[:, i] = parts[name]
        for i, name in enumerate(JOB):
            jobs[:, i] = parts[name]
        for i, name in enumerate(CLUSTER):
            cluster[:, i] = parts[name]
        packed = np.concatenate([pairs.reshape(n, -1), jobs.reshape(n, -1), cluster], axis=1)
        return np.minimum(packed, LARGEST, out=packed)

    def blocks(self, observations) -> tuple:
        """Cut observations, of NumPy or PyTorch, into the three blocks, features first.

        Shapes (n, pair features, visible, pools), (n, job features, visible), (n, features).
        """
        n, pairs = len(observations), len(PAIR) * self.visible * self.pools
        jobs = pairs + len(JOB) * self.visible
        return (
            observations[:, :pairs].reshape(n, len(PAIR), self.visible, self.pools),
            observations[:, pairs:jobs].reshape(n, len(JOB), self.visible),
            observations[:, jobs:],
        )

    def view(self, observations: np.ndarray) -> SimpleNamespace:
        """Name the parts of observations (n, size): `view.run` (n, visible, pools) and so on.

        Raises ValueError for observations of another length.
        """
        if observations.shape[-1] != self.size:
            raise ValueError(
                f"these observations have {observations.shape[-1]} entries; {self.visible} visible "
                f"jobs and {self.pools} pools make {self.size}: build the policy for this cluster"
            )
        pairs, jobs, cluster = self.blocks(observations)
        parts = {name: pairs[:, i] for i, name in enumerate(PAIR)}
        parts |= {name: jobs[:, i] for i, name in enumerate(JOB)}
        parts |= {name: cluster[:, i] for i, name in enumerate(CLUSTER)}
        return SimpleNamespace(**parts)

    def legal(self, view: SimpleNamespace) -> np.ndarray:
        """Which actions are legal, (n, wait + 1) bool."""
        starts = view.legal.reshape(len(view.legal), -1)
        return np.concatenate([starts, view.may_wait[:, None]], axis=1) > 0
