"""A local cluster is there as long as its block and for nobody else; workers are told apart."""

import json
import math
import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest
from distributed import Client

from course_lib.deploy.dask_cluster import Workers, local_cluster
from course_lib.deploy.live_cluster import LiveSched
from course_lib.deploy.real_jobs import BENCH
from course_lib.learning import run_many
from course_lib.worlds import Cluster

POOLS = ("accelerator", "plain")


def until(happened, seconds=120):
    given_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < given_up, "it never happened"
        time.sleep(0.05)


def family():
    """This process and all below it; Python's own tracker of resources outlives a cluster."""
    me = psutil.Process()
    below = me.children(recursive=True)
    return {me, *(p for p in below if "resource_tracker" not in " ".join(p.cmdline()))}


def listening(processes):
    found = [c for p in processes for c in p.net_connections("tcp") if c.status == "LISTEN"]
    return {(c.laddr.ip, c.laddr.port) for c in found}


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# A local cluster


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_of_a_cluster_and_nobody_else_could_reach_it(fails):
    before, ports = family(), listening(family())
    try:
        with local_cluster({"plain": 1}) as address:
            during = family() - before
            opened = listening(family()) - ports
            assert during and address in {f"tcp://{ip}:{port}" for ip, port in opened}
            assert {ip for ip, _ in opened} == {"127.0.0.1"}
            if fails:
                raise KeyError("a lesson that breaks")
    except KeyError:
        assert fails
    until(lambda: all(gone(p.pid) for p in during))
    until(lambda: not listening(family()) & opened)


SCRIPT = """
import os, signal, time
from course_lib.deploy.dask_cluster import Workers, local_cluster

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    with local_cluster({"plain": 1}) as address, Workers(address, ("plain",)) as workers:
        print(workers.submit(workers.alive()[0], os.getpid).result(), flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(end, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            worker = int(process.stdout.readline())
            assert not gone(worker)
            process.send_signal(end)
            assert process.wait(120) != 0
            until(lambda: gone(worker), 30)
        finally:
            process.kill()


# Workers


def test_workers_are_numbered_pool_by_pool(address, workers):
    assert workers.names == ("accelerator-0", "plain-0", "plain-1") and workers.pool == (0, 1, 1)
    assert workers.alive().keys() == {0, 1, 2} and len(set(workers.alive().values())) == 3
    with Workers(address, POOLS[::-1]) as turned:
        assert turned.names == ("plain-0", "plain-1", "accelerator-0")
        assert turned.pool == (0, 0, 1)


def test_a_site_gets_the_nodes_that_are_there(workers):
    site = workers.site(BENCH)
    assert site.nodes.tolist() == site.real_nodes.tolist() == [1, 2]
    assert site.classes == BENCH.classes and site.name == BENCH.name


def test_a_job_runs_on_the_worker_that_it_was_sent_to_and_no_other(workers):
    alive = workers.alive()
    sent = {i: [workers.submit(alive[i], os.getpid) for _ in range(4)] for i in alive}
    found = {i: {future.result(60) for future in futures} for i, futures in sent.items()}
    assert all(len(pids) == 1 for pids in found.values())
    assert len(set.union(*found.values())) == 3 and os.getpid() not in set.union(*found.values())


def test_the_same_call_twice_is_two_jobs(workers):
    where = workers.alive()[0]
    first, second = (workers.submit(where, time.perf_counter).result(60) for _ in range(2))
    assert first != second


def test_what_a_job_raises_comes_back(workers):
    with pytest.raises(ZeroDivisionError):
        workers.submit(workers.alive()[0], operator.truediv, 1, 0).result(60)


def test_a_missing_pool_is_refused_with_what_to_do(address):
    wanted = f"no worker of pool 'gpu': start one with dask worker {address} --name gpu-0"
    with pytest.raises(ValueError, match=wanted) as error:
        Workers(address, ("plain", "gpu"))
    assert '--nthreads 1 --resources "gpu=1"' in str(error.value)


def test_nobody_at_the_address_is_a_connection_error_in_one_line():
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at tcp://") as error:
        Workers("tcp://127.0.0.1:9", POOLS, timeout=0.5)
    assert "\n" not in str(error.value)


def test_a_worker_with_several_threads_is_refused():
    with (
        Client(
            processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None,
            resources={"plain": 1}, set_as_default=False,
        ) as client,
        pytest.raises(ValueError, match="has 2 threads .* start it with --nthreads 1"),
    ):  # fmt: skip
        Workers(client.scheduler.address, ("plain",))


def test_a_worker_that_is_killed_comes_back_under_its_name(workers):
    before = workers.alive()
    pid = workers.submit(before[1], os.getpid).result(60)
    workers.kill(1)
    until(lambda: gone(pid))
    until(lambda: workers.alive().get(1, before[1]) != before[1])
    now = workers.alive()
    assert now.keys() == before.keys() and (now[0], now[2]) == (before[0], before[2])
    assert workers.submit(now[1], os.getpid).result(60) != pid


def test_a_cluster_goes_on_when_its_workers_are_closed(address):
    for _ in range(2):
        with Workers(address, POOLS) as workers:
            assert workers.submit(workers.alive()[2], math.sqrt, 4).result(60) == 2


def test_one_setting_spreads_the_experiments_of_a_course_over_unlike_workers(address):
    def process(seed):
        time.sleep(0.2)
        return seed, os.getpid()

    with Client(address), joblib.parallel_config(backend="dask"):
        found = run_many(process, {"a": {}}, range(9), store=None, workers=3, progress=False)["a"]
    assert [seed for seed, _ in found] == list(range(9))
    pids = {pid for _, pid in found}
    assert len(pids) > 1 and os.getpid() not in pids


def test_a_cluster_that_was_started_by_hand_will_do(tmp_path):
    dask = Path(sys.executable).with_name("dask")
    about = tmp_path / "scheduler.json"
    started = []

    def start(*args):
        started.append(subprocess.Popen(
            [dask, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
        ))  # fmt: skip

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
              "--scheduler-file", about)  # fmt: skip
        until(lambda: about.exists() and about.read_text().endswith("}"))
        address = json.loads(about.read_text())["address"]
        for pool in POOLS:
            start("worker", address, "--name", f"{pool}-0", "--nthreads", "1", "--no-dashboard",
                  "--resources", f"{pool}=1")  # fmt: skip
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        with Workers(address, POOLS) as workers:
            assert workers.names == ("accelerator-0", "plain-0")
            env = LiveSched(workers, Cluster(workers.site(BENCH), jobs_per_node=2))
            env.reset(seed=0)
            over = np.array([False])
            while not over:
                _, _, over, _, _ = env.step(env.legal.argmax(axis=1))
            assert sorted(a.job for a in env.attempts) == [0, 1, 2, 3]
            before = workers.alive()[1]
            workers.kill(1)
            until(lambda: workers.alive().get(1, before) != before)
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGINT)
        for process in started:
            process.wait(60)
