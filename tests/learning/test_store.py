import functools
import json
import pickle
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from course_lib.learning import (
    Falling,
    RandomPolicy,
    ResultStore,
    TrainedPolicy,
    evaluate,
    lqr,
    train_ppo,
)
from course_lib.learning import store as store_module
from course_lib.learning.store import default_folder, key_of, provenance_of
from course_lib.worlds import CartPolePhysics, Uniform


def key(function=evaluate, config=None, seed=0):
    return key_of(provenance_of(function, config or {}, seed))


# The folder


def test_what_was_put_comes_back(store):
    result = {"returns": np.arange(5.0), "note": "ä"}
    store.put("abc", result, {"seed": 1})
    back = store.get("abc")
    np.testing.assert_array_equal(back["returns"], result["returns"])
    assert back["note"] == "ä"


def test_the_last_result_put_under_a_key_stands(store):
    store.put("abc", 1, {})
    store.put("abc", 2, {})
    assert store.get("abc") == 2


def test_a_readable_note_says_where_a_result_came_from(store):
    config = {"world": CartPolePhysics(gravity=Uniform(8.0, 12.0))}
    about = provenance_of(evaluate, config, 3)
    store.put(key_of(about), 1.0, about | {"seconds": 0.5})
    note = json.loads(next(store.folder.glob("*.json")).read_text())
    assert note["function"] == "course_lib.learning.evaluate.evaluate"
    assert "gravity=Uniform(low=8.0, high=12.0" in note["config"]["world"]
    assert (note["seed"], note["seconds"]) == (3, 0.5)
    assert set(note["packages"]) >= {"torch", "stable-baselines3", "gymnasium", "numpy", "scipy"}


def test_a_missing_result_is_a_key_error(store):
    with pytest.raises(KeyError):
        store.get("abc")
    store.put("abc", 1, {})
    with pytest.raises(KeyError):
        store.get("abd")


@pytest.mark.parametrize(
    "damage",
    [b"", b"nonsense", pickle.dumps(list(range(1_000)))[:-50], b"cno_such_module\nx\n."],
    ids=["empty", "no pickle", "cut off", "of a module that is gone"],
)
def test_a_damaged_file_counts_as_missing(store, damage):
    store.put("abc", 1, {})
    next(store.folder.glob("*.pkl")).write_bytes(damage)
    with pytest.raises(KeyError, match="unreadable"):
        store.get("abc")
    store.put("abc", 2, {})
    assert store.get("abc") == 2


def test_a_result_that_cannot_be_pickled_leaves_the_old_one_and_no_debris(store):
    store.put("abc", 1, {})
    files = sorted(store.folder.iterdir())
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        store.put("abc", threading.Lock(), {})
    assert store.get("abc") == 1
    assert sorted(store.folder.iterdir()) == files


def test_readers_never_see_half_of_a_result_that_several_write_at_once(store):
    store.put("abc", np.full(200_000, 0), {})
    stop = threading.Event()

    def keep_writing(value):
        while not stop.is_set():
            store.put("abc", np.full(200_000, value), {"value": value})

    writers = [threading.Thread(target=keep_writing, args=(value,)) for value in (1, 2)]
    for writer in writers:
        writer.start()
    try:
        seen = [np.unique(store.get("abc")).tolist() for _ in range(200)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert {len(values) for values in seen} == {1}
    assert {1, 2} <= {values[0] for values in seen}
    assert len(list(store.folder.iterdir())) == 2  # the result and its note


def test_the_folder_may_be_set_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "elsewhere"))
    assert ResultStore().folder == default_folder() == tmp_path / "elsewhere"
    monkeypatch.delenv("COURSE_STORE")
    assert default_folder().name == "sim2real-course"
    assert Path.home() in default_folder().parents


# The key


def test_the_same_call_has_the_same_key_whatever_the_order_of_its_arguments():
    one = {"world": CartPolePhysics(gravity=Uniform(8.0, 12.0)), "episodes": 5}
    other = {"episodes": 5, "world": CartPolePhysics(gravity=Uniform(8.0, 12.0))}
    assert key(config=one) == key(config=other)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"function": train_ppo},
        {"config": {"world": CartPolePhysics(gravity=9.81), "episodes": 5}},
        {"config": {"world": CartPolePhysics(), "episodes": 6}},
        {"config": {"world": CartPolePhysics()}},
        {"config": {"world": CartPolePhysics(), "episodes": "5"}},
    ],
)
def test_the_key_changes_with_function_configuration_and_seed(change):
    call = {"function": evaluate, "config": {"world": CartPolePhysics(), "episodes": 5}, "seed": 0}
    assert key(**call) != key(**call | change)


@pytest.mark.parametrize("package", store_module.PACKAGES)
def test_the_key_changes_with_the_version_of_a_package(package, monkeypatch):
    before, real = key(), store_module.version
    monkeypatch.setattr(
        store_module, "version", lambda name: "0.0" if name == package else real(name)
    )
    assert key() != before


def test_the_key_changes_with_the_version_of_python(monkeypatch):
    before = key()
    monkeypatch.setattr(store_module.platform, "python_version", lambda: "3.99.0")
    assert key() != before


def test_the_key_changes_with_the_source_of_the_function(write_module):
    before = key(write_module("toy", "def work(seed):\n    return 1\n").work)
    assert key(write_module("toy", "def work(seed):\n    return 1\n").work) == before
    assert key(write_module("toy", "def work(seed):\n    return 2\n").work) != before


@pytest.mark.parametrize(
    "source",
    [
        "import course_lib.toy_helper\ndef work(seed): ...",
        "import course_lib.toy_helper as h\ndef work(seed): ...",
        "from course_lib import toy_helper\ndef work(seed): ...",
        "from course_lib.toy_helper import value\ndef work(seed): ...",
        "def work(seed):\n    from course_lib.toy_helper import value\n",
        "from course_lib.toy_middle import value\ndef work(seed): ...",
    ],
)
def test_the_key_changes_with_the_source_of_a_module_that_the_function_leads_to(
    write_module, source
):
    keys = []
    for value in (1, 1, 2):
        write_module("toy_helper", f"value = {value}\n")
        write_module("toy_middle", "from course_lib.toy_helper import value\n")
        write_module("toy_unrelated", f"value = {len(keys)}\n")
        keys.append(key(write_module("toy", source).work))
    assert keys[0] == keys[1] != keys[2]


def test_the_key_changes_with_the_source_of_a_world_in_the_configuration(write_module):
    world = (
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\n"
        "class World:\n"
        "    size: float = 1.0\n"
        "    def gravity(self): return {}\n"
    )
    function = "def work(world, seed): return world.gravity()\n"
    keys = []
    for gravity in (9.8, 9.8, 12.0):
        toy_world = write_module("toy_world", world.format(gravity))
        keys.append(key(write_module("toy", function).work, {"world": toy_world.World()}))
    assert keys[0] == keys[1]
    assert keys[1] != keys[2]


def test_relative_imports_are_refused_because_they_are_not_followed(write_module):
    write_module("toy_helper", "value = 1\n")
    toy = write_module("toy", "from .toy_helper import value\ndef work(seed): ...\n")
    with pytest.raises(ValueError, match=r"course_lib\.toy: relative imports"):
        key(toy.work)


def in_a_notebook(seed):
    return seed


class CallableObject:
    __module__ = "course_lib.learning.baselines"

    def __call__(self, seed):
        return seed


@pytest.mark.parametrize(
    "function",
    [
        in_a_notebook,
        lambda seed: seed,
        functools.partial(evaluate, episodes=3),
        len,
        np.mean,
        pytest.param(
            CallableObject(),
        ),
    ],
)
def test_a_function_whose_source_cannot_be_followed_is_refused(function):
    with pytest.raises(ValueError, match="only a named function of course_lib can be stored"):
        key(function)


def test_a_function_inside_another_is_refused(write_module):
    source = "def outer():\n    def work(seed): ...\n    return work\n"
    with pytest.raises(ValueError, match=r"not course_lib\.toy\.outer\.<locals>\.work"):
        key(write_module("toy", source).outer())


@pytest.mark.parametrize("value", [object(), lambda: 0, [object()], {"a": in_a_notebook}])
def test_a_value_known_only_by_its_address_is_refused(value):
    with pytest.raises(ValueError, match="thing=.* cannot be part of a stored result's key"):
        key(config={"thing": value})


def test_arrays_that_differ_have_different_keys_or_are_refused():
    flat, bump = np.zeros(5_000), np.zeros(5_000)
    bump[2_000] = 1.0
    with suppress(ValueError):
        assert key(config={"x": flat}) != key(config={"x": bump})


def test_policies_that_differ_have_different_keys_or_are_refused():
    tiny = {"num_envs": 2, "n_steps": 8, "batch_size": 16, "steps": 16, "progress": False}
    policies = [train_ppo(CartPolePhysics(), seed=seed, **tiny) for seed in (0, 1)]
    assert all(isinstance(policy, TrainedPolicy) for policy in policies)
    with suppress(ValueError):
        assert key(config={"policy": policies[0]}) != key(config={"policy": policies[1]})


@pytest.mark.parametrize(
    "build", [Falling, lambda gravity: lqr(CartPolePhysics(gravity=gravity)), RandomPolicy]
)
def test_controllers_and_schedules_can_be_part_of_a_key(build):
    keys = [key(config={"value": build(number)}) for number in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
