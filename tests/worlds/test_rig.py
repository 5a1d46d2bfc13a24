"""What the sealed rig promises to those who use it: seeds, budget, safety stop, and wear."""

import sys
from dataclasses import asdict

import numpy as np
import pytest

from course_lib.learning import PD as BALANCE
from course_lib.worlds import BudgetSpent, BulletRig, PolicyFault, Rig
from course_lib.worlds.rig import _INSIDE, STEPS_OF_WEAR
from course_lib.worlds.rig_batch import RAIL_LIMIT, TILT_LIMIT
from course_lib.worlds.rig_physics import FLEET


def push_right(observations):
    return np.ones(len(observations), dtype=int)


def contents(log):
    """Everything in a log, as something that can be compared."""
    return [(e.times.tolist(), e.observations.tolist(), e.actions.tolist(), e.ended) for e in log]


def steps_in(log):
    return sum(len(episode.actions) for episode in log)


class After:
    """Balances for some steps, then does something else."""

    def __init__(self, steps, then):
        self.left, self.then = steps, then

    def __call__(self, observations):
        self.left -= 1
        return BALANCE(observations) if self.left >= 0 else self.then(observations)


def raises(error):
    def policy(observations):
        raise error

    return policy


# One seed, one machine


def test_two_rigs_with_one_seed_give_identical_logs_and_another_seed_another_log():
    logs = []
    for seed in (3, 3, 4):
        rig = Rig(seed)
        rig.run(BALANCE, 3)
        rig.run(BALANCE, 2)
        logs.append(contents(rig.log))
    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


def test_the_machine_of_a_seed_does_not_depend_on_what_ran_before():
    used, new = Rig(3), Rig(3)
    used.run(BALANCE, 2)
    Rig(4).run(BALANCE, 2)
    new.run(push_right, 5)  # other episodes and other lengths in the first run
    used.run(BALANCE, 2)
    new.run(BALANCE, 2)
    assert contents(used.log[-2:]) == contents(new.log[-2:])


def test_a_second_run_meets_new_starts_and_disturbances():
    rig = Rig(3)
    rig.run(BALANCE, 2)
    rig.run(BALANCE, 2)
    starts = {tuple(episode.observations[0]) for episode in rig.log}
    assert len(starts) == 4


def test_seeds_draw_machines_that_differ_in_everything_that_varies():
    machines = [asdict(_INSIDE[rig].machine) for rig in map(Rig, range(5))]
    for name, value in asdict(FLEET).items():
        drawn = {machine[name] for machine in machines}
        assert len(drawn) == (1 if isinstance(value, float) else 5), name


# The budget


def test_every_step_is_charged_and_the_lengths_returned_are_those_in_the_log():
    rig = Rig(0, budget=9_000)
    lengths = np.concatenate([rig.run(BALANCE, 5, max_steps=150), rig.run(push_right, 3)])
    assert lengths.tolist() == [len(episode.actions) for episode in rig.log]
    assert rig.budget - rig.steps_left == lengths.sum()


def test_a_budget_that_is_just_enough_is_enough():
    rig = Rig(0, budget=4 * 20)
    assert rig.run(BALANCE, 4, max_steps=20).tolist() == [20] * 4
    assert rig.steps_left == 0


def test_a_batch_that_runs_out_in_the_middle_stops_and_keeps_its_log():
    rig = Rig(0, budget=47)
    with pytest.raises(BudgetSpent) as caught:
        rig.run(BALANCE, 5)
    assert str(caught.value) == (
        "the budget of 47 real steps is spent: 2 left for the next step of 5 running episodes; "
        "the log is kept"
    )
    assert [len(episode.actions) for episode in rig.log] == [9] * 5
    assert {episode.ended for episode in rig.log} == {"budget spent"}
    assert rig.steps_left == 2


def test_what_a_batch_could_not_use_a_smaller_one_can():
    rig = Rig(0, budget=47)
    with pytest.raises(BudgetSpent):
        rig.run(BALANCE, 5)
    assert rig.run(BALANCE, 2, max_steps=1).tolist() == [1, 1]
    assert rig.steps_left == 0


def test_episodes_that_ended_before_the_budget_keep_their_own_reason():
    lengths = Rig(0).run(BALANCE, 4)
    first, second = np.sort(lengths)[:2]
    rig = Rig(0, budget=int(4 * first + 3 * (second - first) - 1))
    with pytest.raises(BudgetSpent):
        rig.run(BALANCE, 4)
    assert sorted(e.ended for e in rig.log) == ["budget spent"] * 3 + ["safety stop"]
    assert rig.budget - rig.steps_left == steps_in(rig.log)


def test_a_run_after_the_budget_is_spent_raises_again_without_asking_the_policy():
    rig = Rig(0, budget=10)
    rig.run(BALANCE, 1, max_steps=10)
    before = contents(rig.log)
    for _ in range(2):
        with pytest.raises(BudgetSpent, match="budget of 10 real steps is spent"):
            rig.run(raises(AssertionError("it was shown a start for nothing")), 1)
    assert contents(rig.log) == before
    assert rig.steps_left == 0


def test_a_policy_that_runs_its_own_rig_pays_from_the_same_budget():
    rig = Rig(0, budget=50)

    def greedy(observations):
        rig.run(BALANCE, 1, max_steps=12)
        return BALANCE(observations)

    with pytest.raises(PolicyFault, match="BudgetSpent"):
        rig.run(greedy, 1)
    assert rig.budget - rig.steps_left == steps_in(rig.log) <= 50


@pytest.mark.parametrize("budget", [0, -5, float("nan")])
def test_a_rig_without_a_budget_is_refused(budget):
    with pytest.raises(ValueError, match="budget of at least one step"):
        Rig(0, budget=budget)


@pytest.mark.parametrize("wrong", [{"episodes": 0}, {"episodes": -1}, {"max_steps": 0}])
def test_a_run_of_nothing_is_refused_and_costs_nothing(wrong):
    rig = Rig(0)
    with pytest.raises(ValueError, match="at least one episode"):
        rig.run(BALANCE, **{"episodes": 1, **wrong})
    assert rig.steps_left == rig.budget


# The safety stop


def test_a_pole_that_is_seen_to_lean_more_than_twelve_degrees_stops_the_episode():
    rig = Rig(0)
    rig.run(push_right, 8)
    assert {episode.ended for episode in rig.log} == {"safety stop"}
    for episode in rig.log:
        tilts = np.abs(episode.observations[:, 2])
        assert tilts[-1] > TILT_LIMIT >= tilts[:-1].max()


def test_the_end_of_the_rail_stops_the_episode():
    class Travel:
        """Balances about a lean that makes the cart run to the right."""

        def __call__(self, observations):
            return (observations @ [0.0, -0.3, 10.0, 2.0] > -0.3).astype(int)

    ends = []
    for seed in range(8):
        rig = Rig(seed)
        rig.run(Travel(), 6)
        ends += [e for e in rig.log if np.abs(e.observations[-1, 2]) <= TILT_LIMIT]
    stopped = [e for e in ends if e.ended == "safety stop"]
    assert stopped
    for episode in stopped:  # read with an error of a few steps of the encoder
        positions = np.abs(episode.observations[:, 0])
        assert positions[-1] > RAIL_LIMIT - 0.01
        assert positions[:-1].max() < RAIL_LIMIT + 0.01


def test_an_episode_that_reaches_the_time_limit_says_so():
    rig = Rig(0)
    rig.run(BALANCE, 3, max_steps=20)
    assert [episode.ended for episode in rig.log] == ["time"] * 3


# Policies that fail


class EqualsAnything:
    def __eq__(self, other):
        return True

    def __int__(self):
        return 7

    __hash__ = None


WRONG = {
    "NaN": lambda o: np.full(len(o), np.nan),
    "too few": lambda o: np.ones(len(o) - 1),
    "a column": lambda o: np.ones((len(o), 1)),
    "one number": lambda o: 1,
    "a half": lambda o: np.full(len(o), 0.5),
    "two": lambda o: np.full(len(o), 2),
    "minus one": lambda o: np.full(len(o), -1),
    "nothing": lambda o: None,
    "text": lambda o: np.full(len(o), "1"),
    "objects": lambda o: np.array([EqualsAnything() for _ in o]),
    "ragged": lambda o: [[1]] + [[1, 0]] * (len(o) - 1),
    "an error": raises(ZeroDivisionError("division by zero")),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_policy_that_fails_stops_the_rig_which_stays_as_honest_as_before(wrong):
    rig = Rig(0, budget=200)
    with pytest.raises(PolicyFault, match="the rig has stopped: the policy failed with") as caught:
        rig.run(After(7, wrong), 3)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, Exception)
    assert [(len(e.actions), e.ended) for e in rig.log] == [(7, "policy fault")] * 3
    assert rig.steps_left == 200 - 21
    rig.run(push_right, 1)
    assert rig.log[-1].ended == "safety stop"
    with pytest.raises(BudgetSpent):
        rig.run(BALANCE, 10)
    assert rig.budget - rig.steps_left == steps_in(rig.log)


def test_a_policy_that_fails_at_once_costs_nothing_and_leaves_no_episode():
    rig = Rig(0)
    with pytest.raises(PolicyFault):
        rig.run(WRONG["nothing"], 3)
    assert rig.log == ()
    assert rig.steps_left == rig.budget


@pytest.mark.parametrize(
    "write",
    [list, tuple, lambda a: a.astype(bool), lambda a: a.astype(float), lambda a: a.astype("u1")],
    ids=["list", "tuple", "booleans", "floats", "bytes"],
)
def test_commands_may_be_written_in_any_way(write):
    plain, other = Rig(0), Rig(0)
    plain.run(BALANCE, 2, max_steps=30)
    other.run(lambda observations: write(BALANCE(observations)), 2, max_steps=30)
    assert contents(other.log) == contents(plain.log)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_passes_through_and_leaves_a_log_that_adds_up(error):
    rig = Rig(0)
    with pytest.raises(error):
        rig.run(After(5, raises(error())), 4)
    assert [(len(e.actions), e.ended) for e in rig.log] == [(5, "interrupted")] * 4
    assert rig.budget - rig.steps_left == 20
    assert rig.run(BALANCE, 1, max_steps=10).tolist() == [10]


@pytest.mark.parametrize("steps", [1, 4])
def test_a_policy_with_a_history_sees_that_many_steps_newest_last(steps):
    class Remembers:
        history = steps

        def __init__(self):
            self.seen = []

        def __call__(self, observations):
            self.seen.append(observations)
            return np.arange(len(observations)) % 2

    policy, rig = Remembers(), Rig(0)
    rig.run(policy, 2, max_steps=10)
    seen = np.array(policy.seen)
    assert seen.shape == (10, 2, steps * 6)  # four readings and two actions for each step
    newest = seen[:, :, -6:]
    for i, episode in enumerate(rig.log):
        np.testing.assert_array_equal(newest[:, i, :4], episode.observations[:-1])
        np.testing.assert_array_equal(newest[1:, i, 4:], np.eye(2)[episode.actions[:-1]])


# Wear


def test_a_rig_that_wears_changes_as_it_is_used_and_another_does_not():
    def late(wears):
        rig = Rig(0, wears=wears)
        rig.run(BALANCE, 60)
        assert rig.budget - rig.steps_left > STEPS_OF_WEAR / 4
        rig.run(BALANCE, 1, max_steps=40)
        return rig.log[-1], rig.log[0]

    (worn_last, worn_first), (kept_last, kept_first) = late(True), late(False)
    assert contents([worn_first]) == contents([kept_first])
    assert contents([worn_last]) != contents([kept_last])
    np.testing.assert_array_equal(worn_last.observations[0], kept_last.observations[0])


def test_without_wear_a_run_does_not_depend_on_how_far_the_rig_has_run():
    near, far = Rig(0), Rig(0)
    near.run(BALANCE, 1, max_steps=1)
    far.run(BALANCE, 40)
    near.run(BALANCE, 1, max_steps=40)
    far.run(BALANCE, 1, max_steps=40)
    assert contents(near.log[-1:]) == contents(far.log[-1:])


def test_a_rig_that_is_never_maintained_still_runs():
    rig = Rig(0, wears=True, budget=10**9)
    _INSIDE[rig].steps = 50 * STEPS_OF_WEAR
    assert rig.run(BALANCE, 1, max_steps=5).tolist() == [5]


# Without PyBullet


def test_a_rig_in_bullet_says_how_to_install_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybullet", None)
    with pytest.raises(ImportError) as caught:
        BulletRig(0)
    assert str(caught.value) == 'PyBullet is needed: pip install "sim2real-course[bullet]"'
