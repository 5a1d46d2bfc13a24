"""What a lab promises to those who use it: seeds, episodes, budget, faults, and the seal."""

import copy
import gc
import json
import pickle
import re
import sys
import weakref
from dataclasses import asdict, replace
from importlib.util import find_spec

import numpy as np
import pytest

from course_lib.worlds import Attempt, BudgetSpent, Lab, PolicyFault
from course_lib.worlds.arm import BALL, RADIUS
from course_lib.worlds.lab import _INSIDE, TASKS
from course_lib.worlds.panda import HOME, tip
from course_lib.worlds.puck import GOAL, STEPS, ZONE

needs_bullet = pytest.mark.skipif(find_spec("pybullet") is None, reason="PyBullet is optional")
BULLET = pytest.param("arm, bullet", marks=needs_bullet)
every_task = pytest.mark.parametrize("task", ["puck", "arm", BULLET])


def commands_of(task):
    return 2 if task == "puck" else 7


class Constant:
    """Gives the same commands always, and remembers what it was asked."""

    def __init__(self, task, value=0.1):
        self.size, self.value, self.seen = commands_of(task), value, []

    def __call__(self, observations):
        self.seen.append(observations.copy())
        return np.full((len(observations), self.size), self.value)


class Wander:
    """Pseudo-random commands that depend on nothing but what is seen."""

    def __init__(self, task, seed):
        rng = np.random.default_rng(seed)
        inputs = 9 if task == "puck" else 8
        self.weights = rng.normal(size=(inputs, commands_of(task)))

    def __call__(self, observations):
        # Row by row: a product with several rows may round otherwise than one with a single row.
        return np.array([np.sin(3 * (row @ self.weights) + 1) for row in observations])


def strike(speed):
    """Drive at the puck at a share `speed` of full speed."""

    def policy(observations):
        going = observations[:, 1] < 0
        aim = np.clip(4 * (0.5 * observations[:, 4] - 0.2 * observations[:, 0]), -0.3, 0.3)
        return np.column_stack([aim, np.full(len(observations), speed)]) * going[:, None]

    return policy


def contents(attempts):
    """Everything in some attempts, as something that can be compared."""
    return [
        [a.ended, *(v.tolist() for v in (a.observations, a.actions, a.rewards, a.where))]
        for a in attempts
    ]


# One seed, one machine


@every_task
def test_two_labs_with_one_seed_give_identical_attempts_and_another_seed_others(task):
    runs = []
    for seed in (3, 3, 4):
        lab = Lab(task, seed)
        lab.run([Wander(task, i) for i in range(3)])
        lab.run([Wander(task, 0)])
        runs.append(contents(lab.log))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert runs[0][0][1][0] != runs[2][0][1][0]  # other starts as well
    assert runs[0][0][1:] != runs[0][3][1:]  # a second run meets another start


@every_task
def test_an_episode_is_the_same_however_the_episodes_are_split_into_runs(task):
    policies = [Wander(task, i) for i in range(5)]
    together, apart = Lab(task, 3), Lab(task, 3)
    together.run(policies)
    for some in (policies[:1], policies[1:4], policies[4:]):
        apart.run(some)
    assert contents(together.log) == contents(apart.log)


def test_labs_with_one_seed_are_the_same_arm_in_both_engines():
    pytest.importorskip("pybullet")
    ours, theirs = Lab("arm", 5), Lab("arm, bullet", 5)
    assert _INSIDE[ours].machine == _INSIDE[theirs].machine
    a, b = (lab.run([Constant("arm")])[0] for lab in (ours, theirs))
    np.testing.assert_array_equal(a.observations[0], b.observations[0])
    np.testing.assert_allclose(a.where[0], b.where[0])
    assert contents([a]) != contents([b])


@pytest.mark.parametrize("task", ["puck", "arm"])
def test_seeds_draw_machines_that_differ_in_everything_that_varies(task):
    machines = [asdict(_INSIDE[lab].machine) for lab in (Lab(task, seed) for seed in range(5))]
    fleet = TASKS[task][0]
    for name in machines[0]:
        value = getattr(fleet, name)
        drawn = {machine[name] for machine in machines}
        assert len(drawn) == (1 if isinstance(value, (int, float)) else 5), name
        if not isinstance(value, (int, float)):
            assert all(value.low <= v <= value.high for v in drawn)


# Attempts


@every_task
def test_an_attempt_holds_what_was_seen_and_what_was_commanded(task):
    lab, policy = Lab(task, 0), Constant(task, value=0.2)
    (attempt,) = lab.run([policy])
    length = len(attempt.actions)
    size = 9 if task == "puck" else 8
    assert attempt.observations.shape == (length + 1, size)
    assert attempt.actions.shape == (length, commands_of(task))
    assert attempt.rewards.shape == (length,)
    assert attempt.where.shape == (length + 1, 2 if task == "puck" else 3)
    assert attempt.observations.dtype == attempt.actions.dtype == attempt.rewards.dtype == "f4"
    np.testing.assert_array_equal(np.concatenate(policy.seen), attempt.observations[:-1])
    assert (attempt.actions == np.float32(0.2)).all()
    limit = STEPS if task == "puck" else 12
    np.testing.assert_allclose(attempt.observations[:, -1], np.arange(length + 1) / limit)


@every_task
def test_commands_are_cut_off_at_one(task):
    (wild,), (full,) = (Lab(task, 1).run([Constant(task, value)]) for value in (-50.0, -1.0))
    assert contents([wild]) == contents([full])
    assert (wild.actions == -1).all()


def test_a_good_strike_succeeds_and_says_so():
    lab = Lab("puck", 0)
    attempts = lab.run([strike(speed) for speed in np.linspace(0.1, 1.0, 19)])
    assert {a.ended for a in attempts} == {"success", "rest", "time"}
    for attempt in attempts:
        assert attempt.succeeded == (attempt.ended == "success")
        assert not attempt.rewards[:-1].any()
        assert attempt.rewards[-1] == attempt.succeeded
        assert (attempt.ended == "time") == (len(attempt.actions) == STEPS)
        inside = np.linalg.norm(attempt.where[-1] - GOAL) < ZONE
        if attempt.ended != "time":  # a camera's noise is 2 mm at most; none ends on the rim
            assert inside == attempt.succeeded
        np.testing.assert_allclose(attempt.where, 0.5 * attempt.observations[:, 4:6], atol=1e-6)


class Reach:
    """Goes to where the ball should be, for an arm with these zeros and this base."""

    def __init__(self, zero=0.0, base=0.0):
        self.zero, self.base = zero, base

    def __call__(self, observations):
        commands = []
        for joints in observations[:, :7] + HOME - self.zero:
            here = tip(joints[None])[0]
            slope = (tip(joints + 1e-6 * np.eye(7)) - here).T / 1e-6
            turn = np.linalg.pinv(slope) @ (BALL - here - self.base) / 0.3
            commands.append(turn / max(1.0, np.abs(turn).max()))
        return np.array(commands)


@pytest.mark.parametrize(("task", "seeds"), [("arm", range(8)), ("arm, bullet", range(2))])
def test_every_arm_can_touch_its_ball_but_not_where_the_drawing_puts_it(task, seeds):
    if task == "arm, bullet":
        pytest.importorskip("pybullet")
    for seed in seeds:
        lab = Lab(task, seed)
        inside = _INSIDE[lab].machine
        zero = np.array([getattr(inside, f"zero_{j}") for j in range(1, 8)])
        base = np.array([inside.base_x, inside.base_y, inside.base_z])
        blind = lab.run([Reach()] * 4)
        knowing = lab.run([Reach(zero, base)] * 4)
        assert [a.ended for a in blind] == ["time"] * 4
        assert [a.ended for a in knowing] == ["success"] * 4
        for attempt in blind:
            assert np.linalg.norm(attempt.where - BALL, axis=1).min() > 1.3 * RADIUS
        for attempt in knowing:
            assert np.linalg.norm(attempt.where[-1] - BALL) == pytest.approx(RADIUS, abs=0.015)
            assert attempt.rewards.tolist() == [0] * (len(attempt.rewards) - 1) + [1]


@pytest.mark.parametrize("seed", range(6))
def test_every_table_of_a_seed_has_a_strike_that_succeeds(seed):
    lab = Lab("puck", seed)
    speeds = np.linspace(0.5, 1.0, 11)
    won = np.array([[a.succeeded for a in lab.run([strike(s)] * 6)] for s in speeds])
    assert won.mean(axis=1).max() >= 0.8
    assert not won[0].any()


@every_task
def test_a_policy_that_stands_in_the_sequence_several_times_is_asked_once_for_all(task):
    shared, single = Constant(task), Constant(task)
    lab = Lab(task, 0)
    attempts = lab.run([shared, single, shared, shared])
    assert [len(rows) for rows in shared.seen][:3] == [3, 3, 3]
    assert {len(rows) for rows in single.seen} == {1}
    assert len(shared.seen) == max(len(attempts[i].actions) for i in (0, 2, 3))
    for row, i in enumerate((0, 2, 3)):
        np.testing.assert_array_equal(shared.seen[0][row], attempts[i].observations[0])
    one_by_one = Lab(task, 0).run([Constant(task) for _ in range(4)])
    assert contents(attempts) == contents(one_by_one)


def test_a_policy_is_not_asked_for_episodes_that_are_over():
    class Watches:
        def __init__(self):
            self.rows = []

        def __call__(self, observations):
            self.rows.append(len(observations))
            return strike(0.9)(observations)

    policy = Watches()
    attempts = Lab("puck", 0).run([policy] * 8)
    assert len({len(a.actions) for a in attempts}) > 1
    lengths = np.array([len(a.actions) for a in attempts])
    assert policy.rows == [(lengths > step).sum() for step in range(lengths.max())]


@every_task
def test_a_policy_that_writes_to_what_it_is_shown_changes_nothing(task):
    def vandal(observations):
        commands = Wander(task, 0)(observations)
        observations[:] = 99.0
        return commands

    honest, vandalised = Lab(task, 0).run([Wander(task, 0)]), Lab(task, 0).run([vandal])
    assert contents(honest) == contents(vandalised)


def test_arrays_and_logs_cannot_be_changed():
    lab = Lab("puck", 0)
    (attempt,) = lab.run([strike(0.8)])
    before = contents(lab.log)
    for name in ("observations", "actions", "rewards", "where"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(attempt, name)[0] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            getattr(attempt, name).flags.writeable = True
    with pytest.raises(AttributeError):
        attempt.ended = "success"
    vars(attempt)["ended"] = "by force"
    vars(lab.log[0])["ended"] = "by force"
    assert contents(lab.log) == before


# The budget


def test_every_policy_costs_an_episode():
    lab = Lab("arm", 0, budget=10)
    lab.run([Constant("arm")] * 3)
    assert (lab.episodes_left, len(lab.log)) == (7, 3)
    lab.run([Constant("arm") for _ in range(7)])
    assert (lab.episodes_left, len(lab.log), lab.budget) == (0, 10, 10)


def test_a_run_of_nothing_costs_nothing():
    lab = Lab("arm", 0)
    assert lab.run([]) == []
    assert lab.episodes_left == lab.budget == 400


def test_more_policies_than_episodes_left_are_refused_before_anything_moves():
    lab = Lab("arm", 0, budget=5)
    lab.run([Constant("arm")] * 3)
    policy = Constant("arm")
    with pytest.raises(BudgetSpent) as caught:
        lab.run([policy] * 3)
    assert str(caught.value) == (
        "the budget of 5 real episodes is spent: 2 left for 3 policies; the log is kept"
    )
    assert not policy.seen
    assert (lab.episodes_left, len(lab.log)) == (2, 3)
    assert len(lab.run([policy] * 2)) == 2


def test_a_policy_that_runs_its_own_lab_pays_from_the_same_budget():
    lab = Lab("arm", 0, budget=5)

    def greedy(observations):
        lab.run([Constant("arm")])
        return Constant("arm")(observations)

    with pytest.raises(PolicyFault, match="BudgetSpent"):
        lab.run([greedy])
    assert lab.budget - lab.episodes_left == len(lab.log) == 5
    # What ran inside did not disturb the episode around it.
    outer = lab.log[-1]
    alone = Lab("arm", 0).run([Constant("arm")])[0]
    np.testing.assert_array_equal(outer.observations, alone.observations[: len(outer.actions) + 1])


@pytest.mark.parametrize("budget", [0, -5, float("nan")])
def test_a_lab_without_a_budget_is_refused(budget):
    with pytest.raises(ValueError, match="budget of at least one episode"):
        Lab("puck", 0, budget=budget)


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError) as caught:
        Lab("golf", 0)
    assert str(caught.value) == "the task is one of 'puck', 'arm', 'arm, bullet', not 'golf'"


def test_a_lab_in_bullet_says_how_to_install_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybullet", None)
    with pytest.raises(ImportError) as caught:
        Lab("arm, bullet", 0)
    assert str(caught.value) == 'PyBullet is needed: pip install "sim2real-course[bullet]"'
    Lab("arm", 0).run([Constant("arm")])


# Policies that fail


def raises(error):
    def policy(observations):
        raise error

    return policy


WRONG = {
    "NaN": lambda o: np.full((len(o), 7), np.nan),
    "infinity": lambda o: np.full((len(o), 7), np.inf),
    "too few": lambda o: np.ones((len(o), 6)),
    "one row": lambda o: np.ones(7),
    "too many rows": lambda o: np.ones((len(o) + 1, 7)),
    "one number": lambda o: 1,
    "nothing": lambda o: None,
    "text": lambda o: np.full((len(o), 7), "1"),
    "complex": lambda o: np.full((len(o), 7), 1j),
    "ragged": lambda o: [[1], [1, 0]],
    "an error": raises(ZeroDivisionError("division by zero")),
}


class After:
    """Behaves for some steps, then does something else."""

    def __init__(self, steps, then):
        self.left, self.then = steps, then

    def __call__(self, observations):
        self.left -= 1
        return (Constant("arm") if self.left >= 0 else self.then)(observations)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_policy_that_fails_stops_the_lab_which_stays_as_honest_as_before(wrong):
    lab, good = Lab("arm", 0), Constant("arm")
    with pytest.raises(PolicyFault, match="the lab has stopped: the policy failed with") as caught:
        lab.run([good, After(5, wrong)])
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, Exception)
    assert [(len(a.actions), a.ended) for a in lab.log] == [(5, "policy fault")] * 2
    assert not lab.log[0].succeeded
    assert lab.episodes_left == lab.budget - 2
    assert lab.run([good])[0].ended == "time"


def test_a_policy_that_fails_at_once_costs_nothing_but_shows_no_start_twice():
    lab, seen = Lab("arm", 0), []

    def peeps(observations):
        seen.append(observations[0].tolist())
        raise ValueError("not this one")

    for _ in range(2):
        with pytest.raises(PolicyFault):
            lab.run([peeps])
    assert lab.log == ()
    assert lab.episodes_left == lab.budget
    seen.append(lab.run([Constant("arm")])[0].observations[0].tolist())
    assert seen[0] != seen[1] != seen[2] != seen[0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_passes_through_and_leaves_a_log_that_adds_up(error):
    lab = Lab("arm", 0)
    with pytest.raises(error):
        lab.run([After(4, raises(error()))] * 2)
    assert [(len(a.actions), a.ended) for a in lab.log] == [(4, "interrupted")] * 2
    assert lab.episodes_left == lab.budget - 2


@needs_bullet
def test_a_lab_that_stops_early_leaves_no_physics_client_behind():
    import pybullet

    def clients():
        return sum(bool(pybullet.isConnected(client)) for client in range(64))

    gc.collect()
    before, lab = clients(), Lab("arm, bullet", 0)
    lab.run([Constant("arm")])
    with pytest.raises(PolicyFault) as caught:
        lab.run([After(2, WRONG["nothing"])])
    assert clients() == before
    del caught  # it holds on to the frames of the run, and so to all that was not closed


# The seal


@every_task
def test_no_public_path_leads_to_the_constants_of_a_lab(task):
    lab = Lab(task, 5)
    lab.run([Wander(task, 1)] * 2)
    fleet, machine = TASKS[task][0], asdict(_INSIDE[lab].machine)
    secret = {v for n, v in machine.items() if not isinstance(getattr(fleet, n), (int, float))}
    assert len(secret) >= 6
    numbers = [
        v.ravel()
        for a in lab.log
        for v in (a.observations, a.actions, a.rewards, a.where, np.array(list(secret))[:0])
    ]
    assert not np.isin(np.concatenate(numbers), list(secret)).any()
    public = {name for name in dir(lab) if not name.startswith("_")}
    assert public == {"task", "budget", "episodes_left", "log", "run"}
    assert lab.__slots__ == ("__weakref__",)
    fields = {name for name in dir(lab.log[0]) if not name.startswith("_")}
    assert fields == {"observations", "actions", "rewards", "where", "ended", "succeeded"}


@pytest.mark.parametrize("show", [repr, str, format, ascii])
def test_what_a_lab_prints_is_its_task_its_seed_and_what_is_left(show):
    lab = Lab("arm", 7, budget=1_500)
    assert show(lab) == "Lab('arm', seed=7, 1,500 episodes left)"


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "replace": replace,
    "pickle": pickle.dumps,
    **{f"__reduce_ex__({i})": lambda lab, i=i: lab.__reduce_ex__(i) for i in range(6)},
    "json": json.dumps,
    "vars": vars,
    "asdict": asdict,
}


@pytest.mark.parametrize("take", COPIES.values(), ids=COPIES)
def test_a_lab_cannot_be_copied_stored_or_unpacked(take):
    with pytest.raises(TypeError) as caught:
        take(Lab("puck", 0))
    assert not re.search(r"\d\.\d{3}", str(caught.value))


@pytest.mark.parametrize("name", ["budget", "episodes_left", "log", "run", "task", "anything"])
def test_nothing_can_be_set_on_a_lab(name):
    with pytest.raises(AttributeError):
        setattr(Lab("puck", 0), name, 10**9)


def test_the_log_of_a_lab_can_be_stored():
    lab = Lab("puck", 0)
    lab.run([strike(0.7)])
    assert contents(pickle.loads(pickle.dumps(lab.log))) == contents(lab.log)
    assert all(isinstance(a, Attempt) for a in copy.deepcopy(lab.log))


def test_a_lab_that_is_gone_leaves_nothing_behind():
    gc.collect()
    before, lab = len(_INSIDE), Lab("puck", 0)
    lab.run([strike(0.7)])
    assert len(_INSIDE) == before + 1
    gone = weakref.ref(lab)
    del lab
    gc.collect()
    assert gone() is None and len(_INSIDE) == before
