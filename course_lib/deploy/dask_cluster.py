"""A cluster of unlike workers: started on this machine, or one that runs already.

A worker belongs to the pool that it names among its Dask *resources*. So any Dask cluster will do
whose workers were started with `--resources "accelerator=1"` or whatever the pool is called, with
one thread and a `--name` each, and with this package installed. Without a name of its own, a worker
that dies comes back as another one.
"""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from distributed import Client, Future, Nanny, Scheduler, SpecCluster

from course_lib.worlds.clusters import Site

LOOPBACK = "127.0.0.1"  # nobody else can reach it


@contextmanager
def local_cluster(pools: Mapping[str, int]) -> Iterator[str]:
    """Run a cluster with so many workers per pool on this machine; gives its address.

    Every worker is a process of its own, which is started again if it dies. Nothing listens but on
    the loopback interface. All processes end when the block is left, in whatever way. A script, but
    no notebook, has to call this below `if __name__ == "__main__":`, for workers import it anew.
    """
    quiet = {"host": LOOPBACK, "dashboard_address": f"{LOOPBACK}:0"}
    options = quiet | {"nthreads": 1, "memory_limit": 0, "silence_logs": logging.CRITICAL}
    workers = {
        f"{pool}-{i}": {"cls": Nanny, "options": options | {"resources": {pool: 1}}}
        for pool, count in pools.items()
        for i in range(count)
    }
    scheduler = {"cls": Scheduler, "options": quiet | {"port": 0}}
    with SpecCluster(workers, scheduler, silence_logs=logging.CRITICAL) as cluster:
        yield cluster.scheduler_address


class Workers:
    """The workers of a Dask cluster, by pool, for who wants to say which of them does a job.

    They are numbered pool by pool, in the order of `pools`. A worker that dies keeps its number for
    the one of the same name that takes its place. Close it, or use it in a `with` block.

    Raises ConnectionError if nobody answers at `address`, and ValueError if a pool has no worker or
    a worker has several threads.
    """

    def __init__(self, address: str, pools: tuple[str, ...], *, timeout: float = 10.0):
        try:
            self._client = Client(address, timeout=timeout, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise ConnectionError(f"no Dask scheduler answers at {address}") from error
        try:
            self.names, self.pool = self._found(address, pools)
        except BaseException:
            self.close()
            raise

    def _found(self, address, pools):
        known = self._known().values()
        names, pool = [], []
        for k, wanted in enumerate(pools):
            own = sorted(str(w["name"]) for w in known if wanted in w.get("resources", {}))
            if not own:
                raise ValueError(
                    f"the cluster at {address} has no worker of pool {wanted!r}: start one with "
                    f"dask worker {address} --name {wanted}-0 --nthreads 1 "
                    f'--resources "{wanted}=1"'
                )
            names += own
            pool += [k] * len(own)
        for worker in known:
            if str(worker["name"]) in names and worker["nthreads"] != 1:
                raise ValueError(
                    f"worker {worker['name']} has {worker['nthreads']} threads and would do several"
                    " jobs at once: start it with --nthreads 1"
                )
        return tuple(names), tuple(pool)

    def _known(self):
        known = self._client.scheduler_info(n_workers=-1)  # of all, not of the first few
        # A client that has lost its scheduler knows of nobody, until it gives up and closes.
        if self._client.status == "closed" or "workers" not in known:
            raise ConnectionError("the Dask scheduler has gone: is the cluster still there?")
        return known["workers"]

    def site(self, site: Site) -> Site:
        """The same site with as many nodes in each pool as there are workers."""
        counts = [self.pool.count(k) for k in range(len(site.pools))]
        pools = [
            replace(pool, nodes=n, real_nodes=n) for pool, n in zip(site.pools, counts, strict=True)
        ]
        return replace(site, pools=tuple(pools))

    def alive(self) -> dict[int, str]:
        """The workers that are there now: number -> address.

        Raises ConnectionError if the scheduler has gone.
        """
        address = {str(worker["name"]): where for where, worker in self._known().items()}
        return {i: address[name] for i, name in enumerate(self.names) if name in address}

    def submit(self, where: str, function: Callable, *args: Any) -> Future:
        """Have the worker at this address call `function(*args)`, this worker and no other."""
        return self._client.submit(
            function, *args, workers=[where], allow_other_workers=False, pure=False, retries=0
        )

    def kill(self, number: int) -> None:
        """Kill a worker in the middle of whatever it does, as a power cut would (for drills)."""
        self._client.run(_die, workers=[self.alive()[number]], on_error="ignore")

    def close(self) -> None:
        """Leave the cluster; it goes on running."""
        self._client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _die():
    os.kill(os.getpid(), signal.SIGKILL)
