import functools
import os
import threading
import time

import joblib
import numpy as np
import pytest
from distributed import Client

from course_lib.learning import PD, RandomPolicy, evaluate, lqr, run_many
from course_lib.worlds import CartPolePhysics

SOURCE = """
import threading, time
calls, threads, started = [], set(), []

def work(seed, scale=1):
    calls.append((scale, seed))
    threads.add(threading.get_ident())
    if seed < 0:
        raise RuntimeError(f"seed {seed} is cursed")
    return scale * seed

def slow_at_first(seed):
    started.append(seed)
    time.sleep(0.05 * (3 - seed))
    return seed

def chatty(seed, progress=True):
    return progress
"""


@pytest.fixture
def toy(write_module):
    return write_module("toy", SOURCE)


@pytest.fixture
def run(store):
    """`run_many` in this process with a temporary store."""
    return functools.partial(run_many, store=store, workers=1, progress=False)


def test_results_come_under_their_name_in_the_order_of_the_seeds(toy, run):
    configs = {"ten": {"scale": 10}, "one": {}, "two": {"scale": 2}}
    results = run(toy.work, configs, [3, 1, 2])
    assert list(results) == ["ten", "one", "two"]
    assert results == {"ten": [30, 10, 20], "one": [3, 1, 2], "two": [6, 2, 4]}
    assert run(toy.work, configs, [3, 1, 2]) == results  # from the store


def test_a_stored_result_is_not_computed_again(toy, run):
    first = run(toy.work, {"a": {"scale": 3}}, range(4))
    assert len(toy.calls) == 4
    assert run(toy.work, {"a": {"scale": 3}}, range(4)) == first
    assert run(toy.work, {"another name": {"scale": 3}}, range(4)) == {"another name": first["a"]}
    assert len(toy.calls) == 4


def test_equal_calls_are_made_once_and_share_nothing(write_module, run):
    made = write_module(
        "listed", "calls = []\ndef work(seed):\n    calls.append(seed)\n    return [seed]"
    )
    first = run(made.work, {"a": {}, "b": {}}, [1, 1, 2])
    assert first == {"a": [[1], [1], [2]], "b": [[1], [1], [2]]}
    assert sorted(made.calls) == [1, 2]
    first["a"][0].append(7)
    assert first["a"][1] == first["b"][0] == [1]


def test_only_what_is_missing_is_computed(toy, run):
    run(toy.work, {"a": {"scale": 3}}, [0, 2])
    toy.calls.clear()
    results = run(toy.work, {"a": {"scale": 3}, "b": {"scale": 4}}, [0, 1, 2])
    assert results == {"a": [0, 3, 6], "b": [0, 4, 8]}
    assert sorted(toy.calls) == [(3, 1), (4, 0), (4, 1), (4, 2)]


def test_an_edit_of_the_function_has_everything_computed_again(toy, run, write_module):
    run(toy.work, {"a": {}}, [1, 2])
    edited = write_module("toy", SOURCE.replace("scale * seed", "scale * seed + 100"))
    assert run(edited.work, {"a": {}}, [1, 2]) == {"a": [101, 102]}


def test_a_damaged_result_is_computed_again(toy, run, store):
    run(toy.work, {"a": {}}, [5, 6])
    for file in store.folder.glob("*.pkl"):
        file.write_bytes(file.read_bytes()[:-1])
    toy.calls.clear()
    assert run(toy.work, {"a": {}}, [5, 6]) == {"a": [5, 6]}
    assert len(toy.calls) == 2
    assert run(toy.work, {"a": {}}, [5, 6]) == {"a": [5, 6]}
    assert len(toy.calls) == 2


def test_what_was_finished_before_an_error_is_kept(toy, run):
    with pytest.raises(RuntimeError, match="seed -1 is cursed"):
        run(toy.work, {"a": {}}, [0, 1, -1, 2])
    toy.calls.clear()
    assert run(toy.work, {"a": {}}, [0, 1]) == {"a": [0, 1]}
    assert toy.calls == []


@pytest.mark.filterwarnings("ignore:.*not used:UserWarning")
def test_after_an_error_of_the_store_the_calls_that_wait_are_not_made(toy, store, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(store, "put", full)
    with joblib.parallel_config(backend="threading"), pytest.raises(OSError) as caught:
        run_many(toy.slow_at_first, {"a": {}}, [1] * 30, store=store, workers=2, progress=False)
    made = len(toy.started)
    time.sleep(0.5)
    assert len(toy.started) == made < 20
    assert "no space" in str(caught.value)  # kept until here, as a notebook keeps its last error


def test_nothing_to_do_is_nothing_done(toy, run):
    assert run(toy.work, {}, [1, 2]) == {}
    assert run(toy.work, {"a": {}}, []) == {"a": []}
    assert toy.calls == []


def test_any_iterable_of_seeds_will_do(toy, run):
    assert run(toy.work, {"a": {}, "b": {}}, iter([1, 2])) == {"a": [1, 2], "b": [1, 2]}


def test_seeds_may_be_a_numpy_array(toy, run):
    assert run(toy.work, {"a": {}}, np.arange(3)) == {"a": [0, 1, 2]}


def test_the_order_of_results_is_not_the_order_of_finishing(toy, run):
    with joblib.parallel_config(backend="threading"):
        results = run(toy.slow_at_first, {"a": {}, "b": {}}, [0, 1, 2], workers=3)
    assert results == {"a": [0, 1, 2], "b": [0, 1, 2]}


def test_threads_may_be_chosen_through_joblib(toy, run):
    with joblib.parallel_config(backend="threading"):
        assert run(toy.work, {"a": {}}, range(6), workers=2) == {"a": list(range(6))}
    assert len(toy.calls) == 6
    assert threading.get_ident() not in toy.threads


def test_the_default_is_other_processes_and_the_default_store(tmp_path):
    configs = {
        name: {"policy": policy, "world": CartPolePhysics(observation_noise=0.1), "episodes": 4}
        for name, policy in {"pd": PD, "lqr": lqr()}.items()
    }
    results = run_many(evaluate, configs, [0, 1], workers=2, progress=False)
    for name, config in configs.items():
        for seed in (0, 1):
            np.testing.assert_array_equal(results[name][seed], evaluate(**config, seed=seed))
    assert len(list((tmp_path / "default_store").glob("*.pkl"))) == 4


def process(seed):
    return os.getpid()


def test_workers_are_processes_unless_told_otherwise():
    pids = run_many(process, {"a": {}}, range(4), store=None, workers=2, progress=False)["a"]
    assert os.getpid() not in pids
    assert run_many(process, {"a": {}}, [0], store=None, workers=1, progress=False)["a"] == [
        os.getpid()
    ]


def test_without_a_store_any_function_runs_every_time(tmp_path):
    calls = []

    def local(seed, x):
        calls.append(seed)
        return seed, x

    for _ in range(2):
        results = run_many(local, {"a": {"x": 7}}, [1, 2], store=None, workers=1, progress=False)
        assert results == {"a": [(1, 7), (2, 7)]}
    assert calls == [1, 2, 1, 2]
    assert not (tmp_path / "default_store").exists()


def test_without_a_store_a_partial_function_runs_as_well():
    double = functools.partial(lambda seed, factor: factor * seed, factor=2)
    assert run_many(double, {"a": {}}, [1, 2], store=None, workers=1, progress=False) == {
        "a": [2, 4]
    }


def test_a_function_that_cannot_be_stored_is_refused_before_anything_runs(run):
    calls = []
    with pytest.raises(ValueError, match="pass store=None to run without storing"):
        run(lambda seed: calls.append(seed), {"a": {}}, [0])
    assert calls == []


def test_a_function_that_draws_a_bar_of_its_own_is_told_not_to(toy, run, capsys):
    assert run(toy.chatty, {"a": {}, "b": {"progress": True}}, [0]) == {"a": [False], "b": [True]}
    assert capsys.readouterr().err == ""


def test_progress_is_shown_while_there_is_something_to_do(toy, run, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    run(toy.work, {"a": {}}, [0, 1], progress=True)
    assert "work" in capsys.readouterr().err
    run(toy.work, {"a": {}}, [0, 1], progress=True)
    assert capsys.readouterr().err == ""


def test_results_do_not_depend_on_what_another_call_did_to_its_arguments(run):
    config = {"world": CartPolePhysics(), "episodes": 10}
    results = run(evaluate, {"a": config | {"policy": RandomPolicy()}}, [0, 1])["a"]
    expected = [evaluate(RandomPolicy(), seed=seed, **config) for seed in (0, 1)]
    np.testing.assert_array_equal(results, expected)


def test_one_setting_spreads_the_work_over_a_dask_cluster(toy, store):
    with (
        Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None),
        joblib.parallel_config(backend="dask"),
    ):
        found = run_many(toy.work, {"a": {"scale": 3}}, range(5), store=store, progress=False)
    assert found == {"a": [0, 3, 6, 9, 12]}
    assert threading.get_ident() not in toy.threads  # it was the cluster that worked
    assert run_many(toy.work, {"a": {"scale": 3}}, range(5), store=store, progress=False) == found
    assert len(toy.calls) == 5
