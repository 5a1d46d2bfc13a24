"""What can be learnt about a sealed rig: its log, which no one can change, and nothing else."""

import copy
import gc
import json
import pickle
import re
import weakref
from dataclasses import asdict, replace

import mujoco
import numpy as np
import pytest

from course_lib.learning import PD as BALANCE
from course_lib.worlds import BudgetSpent, PolicyFault, Rig, RigEpisode
from course_lib.worlds.rig import _INSIDE
from course_lib.worlds.rig_batch import CONTROL_STEP
from course_lib.worlds.rig_physics import FLEET


def contents(log):
    """Everything in a log, as something that can be compared."""
    return [(e.times.tolist(), e.observations.tolist(), e.actions.tolist(), e.ended) for e in log]


# The log


def test_the_log_holds_what_a_real_rig_records_and_nothing_else():
    rig = Rig(0)
    rig.run(BALANCE, 2, max_steps=25)
    for episode in rig.log:
        assert set(vars(episode)) == {"times", "observations", "actions", "ended"}
        np.testing.assert_allclose(episode.times, CONTROL_STEP * np.arange(26))
        assert episode.observations.shape == (26, 4)
        assert episode.actions.shape == (25,)
        assert set(episode.actions) <= {0, 1}
        assert episode.rewards.tolist() == [1.0] * 25


def test_observations_are_whole_steps_of_the_encoders_and_speeds_are_their_differences():
    rig = Rig(2)
    rig.run(BALANCE, 5)
    machine = _INSIDE[rig].machine
    for episode in rig.log:
        x, speed, angle, rate = episode.observations.T.astype(float)
        for values, step in ((x, machine.position_step), (angle, machine.angle_step)):
            np.testing.assert_allclose(values / step, np.round(values / step), atol=1e-3)
        np.testing.assert_allclose(speed[1:], np.diff(x) / CONTROL_STEP, atol=1e-4)
        np.testing.assert_allclose(rate[1:], np.diff(angle) / CONTROL_STEP, atol=1e-4)
        assert speed[0] == rate[0] == 0.0


def test_the_arrays_of_the_log_are_read_only_and_cannot_be_made_writeable():
    rig = Rig(0)
    rig.run(BALANCE, 1, max_steps=5)
    for name in ("times", "observations", "actions"):
        values = getattr(rig.log[0], name)
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            values.flags.writeable = True


def test_nothing_that_is_done_to_a_log_changes_the_log_of_the_rig():
    rig = Rig(0)
    rig.run(BALANCE, 2, max_steps=5)
    before, log = contents(rig.log), rig.log
    with pytest.raises(AttributeError):
        log[0].ended = "time of my life"
    vars(log[0])["ended"] = "by force"
    object.__setattr__(log[1], "actions", np.zeros(99))
    with pytest.raises(AttributeError):
        rig.log = ()
    assert contents(rig.log) == before


def test_a_policy_that_writes_to_what_it_is_shown_changes_neither_log_nor_rig():
    honest, vandalised = Rig(0), Rig(0)

    def vandal(observations):
        commands = BALANCE(observations)
        observations[:] = 99.0
        return commands

    honest.run(BALANCE, 2, max_steps=30)
    vandalised.run(vandal, 2, max_steps=30)
    assert contents(vandalised.log) == contents(honest.log)


@pytest.mark.parametrize("name", ["budget", "steps_left", "log", "run", "anything"])
def test_nothing_can_be_set_on_a_rig(name):
    with pytest.raises(AttributeError):
        setattr(Rig(0), name, 10**9)


# The seal


def secrets(rig):
    """The constants of a rig that are not the same on every rig."""
    fleet = asdict(FLEET)
    machine = asdict(_INSIDE[rig].machine)
    return {v for name, v in machine.items() if not isinstance(fleet[name], float)}


def reachable(root, depth=4):
    """Yield (path, object) for all that public attributes and items lead to from `root`."""
    met, queue = {}, [("it", root, 0)]
    while queue:
        path, thing, level = queue.pop(0)
        if id(thing) in met:
            continue
        met[id(thing)] = thing  # kept alive, so that no id is used twice
        yield path, thing
        if level == depth or isinstance(thing, (int, float, str, bytes, np.generic)):
            continue
        next_ = []
        if isinstance(thing, np.ndarray):
            next_ = [("base", thing.base)]  # the rest of an array is views of the same
        else:
            for name in dir(thing):
                if not name.startswith("_"):
                    try:
                        next_.append((name, getattr(thing, name)))
                    except Exception:  # a property of a class, or one that does not apply
                        continue
        if isinstance(thing, (list, tuple, set, frozenset)):
            next_ += list(enumerate(thing))
        if isinstance(thing, dict):
            next_ += [(key, value) for key, value in thing.items() if str(key)[0] != "_"]
        queue += [(f"{path}.{name}", value, level + 1) for name, value in next_]


def leaks(root, constants):
    """The public paths from `root` that end at a constant or at the physics engine's own data."""
    found = []
    for path, thing in reachable(root):
        if isinstance(thing, str):
            bad = mentions(thing, constants)
        elif isinstance(thing, (float, np.floating, np.ndarray)):
            bad = np.isin(thing, list(constants)).any()
        else:
            bad = isinstance(thing, (mujoco.MjModel, mujoco.MjData))
        found += [path] if bad else []
    return found


def mentions(text, constants):
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text)]
    return any(np.isclose(a, b, rtol=1e-3, atol=0) for a in numbers for b in constants)


@pytest.fixture
def used():
    """A rig that has been run in every way, and all that came out of it."""
    rig, out = Rig(5, budget=500, wears=True), []

    class Curious:
        history = 2

        def __call__(self, observations):
            out.append(observations)
            return np.ones(len(observations))

    out.append(rig.run(Curious(), 3))
    for policy in (lambda observations: np.full(len(observations), 0.5), BALANCE):
        with pytest.raises((PolicyFault, BudgetSpent)) as caught:
            rig.run(policy, 10)
        out.append(caught.value.with_traceback(None))
        if caught.value.__cause__:
            caught.value.__cause__.with_traceback(None)
    return rig, out


def test_no_public_path_leads_to_the_constants_of_a_rig(used):
    rig, out = used
    assert len(secrets(rig)) > 15
    for root in (rig, type(rig), *rig.log, *out, *weakref.getweakrefs(rig), weakref.ref(rig)):
        assert leaks(root, secrets(rig)) == []


def test_the_search_for_leaks_finds_leaks(used):
    rig, _ = used
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    secret = _INSIDE[rig].machine.cart_mass

    class Leaky:
        model_of_it = [{"m": model}]
        numbers = ({"cart": np.array([1.0, secret])},)
        text = f"a cart of {secret:.4g} kg"

    assert len(leaks(Leaky(), secrets(rig))) == 3
    assert leaks(_INSIDE[rig], secrets(rig))


@pytest.mark.parametrize("show", [repr, str, format, ascii, "{0!r:>200}".format])
def test_what_a_rig_prints_is_its_seed_and_what_is_left(used, show):
    rig, out = used
    assert re.fullmatch(r"Rig\(seed=5, \d+ steps left\)", show(rig).strip())
    errors = [thing for thing in out if isinstance(thing, Exception)]
    assert len(errors) == 2
    assert not any(mentions(show(error), secrets(rig)) for error in errors)


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "replace": replace,
    "pickle": pickle.dumps,
    "pickle in a list": lambda rig: pickle.dumps([rig]),
    "__reduce__": lambda rig: rig.__reduce__(),
    **{f"__reduce_ex__({i})": lambda rig, i=i: rig.__reduce_ex__(i) for i in range(6)},
    "json": json.dumps,
    "vars": vars,
    "asdict": asdict,
}


@pytest.mark.parametrize("take", COPIES.values(), ids=COPIES)
def test_a_rig_cannot_be_copied_stored_or_unpacked(used, take):
    with pytest.raises(TypeError) as caught:
        take(used[0])
    assert not mentions(str(caught.value), secrets(used[0]))


def test_a_rig_has_no_state_to_hand_over(used):
    assert used[0].__getstate__() in (None, (None, {}))
    assert Rig.__slots__ == ("__weakref__",)


def test_the_log_of_a_rig_can_be_stored(used):
    rig, _ = used
    assert contents(pickle.loads(pickle.dumps(rig.log))) == contents(rig.log)
    assert all(isinstance(episode, RigEpisode) for episode in copy.deepcopy(rig.log))


def test_a_rig_that_is_gone_leaves_nothing_behind():
    gc.collect()
    before, rig = len(_INSIDE), Rig(0)
    rig.run(BALANCE, 2)
    assert len(_INSIDE) == before + 1
    del rig
    gc.collect()
    assert len(_INSIDE) == before
