"""Part 5: how fast schedulers can decide here, and how well a trained one does on a real trace.

Speeds are decisions per second of processor time, the policy's own included, so that other work on
the machine counts little. Each start of a job and each explicit wait is a decision. Everybody
schedules by a rule that costs next to nothing: first-fit, or any legal action in job shops.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable

from benchmarks.contest import HERE, Contender

ROUNDS = 3
NODES, BATCHES = (16, 64, 256, 1024, 4096), (1, 16, 128)
TOO_LARGE = 4096 * 128  # nodes times clusters: it would take a minute or two to fill them
SMALL = 64  # nodes of the cluster in which SimPy and we must agree on the slowdown
SECONDS = 0.6  # for one speed
PROCESSORS = 12  # per node; Gaia has 2,004 on 151 nodes, and most jobs ask for 1 or 12
TRAINING = 0.7  # share of the trace's jobs, the earliest
EPISODES = 64  # held-out windows


def ours(number: int) -> dict:
    """`HeteroSched` with `FirstFit`; and the mean slowdown of one small cluster."""
    from course_lib.learning.schedulers import FirstFit
    from course_lib.learning.schedules import slowdowns

    def speed(nodes: int, batch: int) -> float | None:
        if nodes * batch >= TOO_LARGE:
            return None
        cluster = four_pools(nodes)
        env, policy = cluster.make(batch), FirstFit(cluster.layout)
        seen, _ = env.reset(seed=number)

        def decide() -> int:
            nonlocal seen
            seen, *_ = env.step(policy(seen))
            return batch

        for _ in range(max(nodes // 2, 50)):  # until about as much is done as arrives
            decide()
        return per_second(decide)

    small = four_pools(SMALL)
    return {
        "per_second": {str(b): {str(n): speed(n, b) for n in NODES} for b in BATCHES},
        "slowdown": float(slowdowns(FirstFit(small.layout), small, 1, number).mean()),
    }


def four_pools(nodes: int):
    """A cluster of so many nodes in four equal pools, without any gap."""
    from course_lib.worlds import Cluster, JobClass, Pool, Site

    pools = tuple(Pool(f"pool {k}", nodes // 4, nodes // 4) for k in range(4))
    classes = (JobClass("any", (1, 2, 3, 4), (1, 2, 3, 4), 1, 1, 2.0, widths=(1, 2)),)
    return Cluster(Site("four pools", pools, classes))


def per_second(decide: Callable[[], int]) -> float:
    """Decisions per second of processor time; each call of `decide` returns how many it made."""
    made, start = 0, time.process_time()
    while (passed := time.process_time() - start) < SECONDS:
        made += decide()
    return made / passed


def jobs(number: int) -> dict:
    """What `simpy_cluster.Jobs` needs, per number of nodes: the jobs that `ours` would get."""
    return {str(nodes): jobs_of(four_pools(nodes), number) for nodes in NODES}


def jobs_of(cluster, seed: int) -> dict:
    """The first episode of a cluster after a reset with this seed."""
    env = cluster.make(1, autoreset=False)
    env.reset(seed=seed)
    first, site = env.episodes, cluster.site
    return {
        **{name: getattr(first, name)[0].tolist() for name in ("arrival", "cls", "width", "hours")},
        "speed": site.table("speeds").tolist(),
        "nodes": site.nodes.tolist(),
        "visible": cluster.visible,
        "bound": site.bound / 3600,
    }


def simpy(number: int) -> dict:
    """The same model with SimPy, one cluster; it computes no observations and no rewards."""
    return with_simpy(number, observing=False)


def simpy_observing(number: int) -> dict:
    """The same, but first-fit decides from the observation that a policy would get."""
    return with_simpy(number, observing=True)


def with_simpy(number: int, observing: bool) -> dict:
    """Speeds over whole episodes, and the mean slowdown of the small cluster."""
    from benchmarks.simpy_cluster import Jobs, SimPyCluster

    # The jobs are drawn by the course, which is not installed in the peers' environment.
    drawing = [os.environ["COURSE_PYTHON"], "-m", "benchmarks.measure", "scheduling", "jobs"]
    printed = subprocess.run(
        [*drawing, str(number)], cwd=HERE.parent, check=True, capture_output=True, text=True
    )
    given = {nodes: Jobs(**made) for nodes, made in json.loads(printed.stdout).items()}

    def played(nodes: str) -> SimPyCluster:
        cluster = SimPyCluster(given[nodes], observing)
        cluster.run()
        return cluster

    slowdown = played(str(SMALL)).slowdowns  # the warm-up, too
    return {
        "per_second": {"1": {n: per_second(lambda n=n: played(n).decisions) for n in given}},
        "slowdown": sum(slowdown) / len(slowdown),
    }


def jssenv(number: int) -> dict:
    """JSSEnv, a job shop for one agent: 15 jobs on 15 machines, any legal action."""
    from pathlib import Path

    import JSSEnv.envs.jss_env as source
    import numpy as np

    env = source.JssEnv({"instance_path": Path(source.__file__).parent / "instances" / "ta01"})
    rng = np.random.default_rng(number)

    def episode() -> int:
        seen, done, steps = env.reset(), False, 0
        while not done:
            seen, _, done, *_ = env.step(rng.choice(np.flatnonzero(seen["action_mask"])))
            steps += 1
        return steps

    episode()
    return {"per_second": per_second(episode)}


def job_shop_lib(number: int) -> dict:
    """The environment of job_shop_lib, the same job shop, any legal action.

    Its graph is the smallest that the library builds, with one feature of each node.
    """
    import numpy as np
    from job_shop_lib.benchmarking import load_benchmark_instance
    from job_shop_lib.dispatching.feature_observers import FeatureObserverType
    from job_shop_lib.graphs import build_resource_task_graph
    from job_shop_lib.reinforcement_learning import SingleJobShopGraphEnv

    env = SingleJobShopGraphEnv(
        build_resource_task_graph(load_benchmark_instance("ta01")),
        [FeatureObserverType.IS_READY],
    )
    rng = np.random.default_rng(number)

    def episode() -> int:
        (_, infos), done, steps = env.reset(), False, 0
        while not done:
            legal = infos["available_operations_with_ids"]
            _, machine, job = legal[rng.integers(len(legal))]
            _, _, done, _, infos = env.step((job, machine))
            steps += 1
        return steps

    episode()
    return {"per_second": per_second(episode)}


def quality(number: int) -> dict:
    """Train on the earlier part of a real trace, and compare with rules on its later part.

    Windows of Gaia's jobs, in their real order in time, on the simulated nodes of the site HPC. An
    application may belong to different classes of jobs in the two parts, and each part brings the
    same load. The later part is unlike the earlier one: these 30 % of the jobs came in the last 4
    of 89 days, and most are short and alike. Returns the mean and the median over the held-out
    windows of their mean bounded slowdown.
    """
    import numpy as np
    import torch

    from benchmarks.trace import gaia
    from course_lib.learning import schedulers as rules
    from course_lib.learning.schedules import slowdowns
    from course_lib.learning.train_scheduler import train_scheduler
    from course_lib.worlds.swf import read_swf

    torch.set_num_threads(1)
    trace = read_swf(gaia())
    cut = int(TRAINING * len(trace))
    earlier, later = replaying(trace, slice(cut)), replaying(trace, slice(cut, None))
    start = time.perf_counter()
    policy = train_scheduler(earlier, number, progress=False)
    seconds = time.perf_counter() - start
    layout = later.layout
    found = {
        name: slowdowns(policy, later, EPISODES, seed=1_000 + number)
        for name, policy in {
            "policy": policy,
            "first come, first served": rules.FirstComeFirstServed(layout),
            "first fit": rules.FirstFit(layout),
            "shortest job first": rules.ShortestJobFirst(layout),
            "WFP3": rules.WFP3(layout),
            "min-min": rules.MinMin(layout),
            "EASY backfilling": rules.EasyBackfilling(layout),
            "random": rules.Random(layout, number),
        }.items()
    }
    return {
        "mean": {name: float(each.mean()) for name, each in found.items()},
        "median": {name: float(np.median(each)) for name, each in found.items()},
        "seconds": seconds,
    }


def replaying(trace, part: slice):
    """The site HPC with this part of a trace, in its real order."""
    from course_lib.worlds import Cluster, Gaps
    from course_lib.worlds.replay import Replayed
    from course_lib.worlds.sites import HPC
    from course_lib.worlds.swf import Trace

    columns = ("submit", "run", "estimate", "processors", "user", "executable")
    some = Trace(
        trace.name, trace.header, trace.skipped, **{c: getattr(trace, c)[part] for c in columns}
    )
    return Cluster(HPC, Gaps(workload=1.0), Replayed(some, PROCESSORS, cap_widths=True))


CONTENDERS = (
    Contender("this course", "ours"),
    Contender("SimPy, the same model", "simpy", peer=True),
    Contender("SimPy, the same model and observations", "simpy_observing", peer=True),
    Contender("JSSEnv (another model: job shop ta01)", "jssenv", peer=True),
    Contender("job_shop_lib (another model: job shop ta01)", "job_shop_lib", peer=True),
    Contender("policy and rules on the trace of Gaia", "quality"),
)
