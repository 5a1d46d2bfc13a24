"""Pushes that interrupt a controller: how many, how long, and never without one to interrupt."""

import numpy as np
import pytest

from course_lib.gap import simulate_log
from course_lib.learning import lqr, record
from course_lib.transfer.excitation import Excited
from course_lib.worlds import CartPolePhysics, Rig


def mark(observations):
    """A controller whose actions are told from any push."""
    return np.full(len(observations), 7)


def actions_of(policy, episodes, steps):
    """What is done (steps, episodes) when nothing is ever seen."""
    policy.begin(episodes)
    return np.array([policy(np.zeros((episodes, 4))) for _ in range(steps)])


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("hold", [1, 4])
def test_pushes_fill_their_share_of_the_steps(share, hold):
    actions = actions_of(Excited(share, hold, controller=mark), 400, 300)[20:]
    assert (actions != 7).mean() == pytest.approx(share, abs=0.01)


def test_pushes_are_to_the_left_and_to_the_right_alike():
    actions = actions_of(Excited(0.5, 3, controller=mark), 300, 200)
    assert set(np.unique(actions)) == {0, 1, 7}
    assert actions[actions != 7].mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("hold", [1, 2, 5])
def test_a_push_is_held_to_one_side_for_its_steps(hold):
    actions = actions_of(Excited(0.3, hold, controller=mark), 100, 200)
    lengths = []
    for episode in actions.T:
        ends = np.flatnonzero(np.diff(episode)) + 1
        for block in np.split(episode, ends)[:-1]:  # the last one may be cut
            if block[0] != 7:
                lengths.append(len(block))
    assert not np.mod(lengths, hold).any()  # pushes to the same side may follow each other
    assert min(lengths) == hold
    assert max(lengths) > hold


def test_pushes_begin_at_different_times_in_different_episodes():
    actions = actions_of(Excited(0.5, 1, controller=mark), 50, 50)
    assert len({tuple(episode) for episode in actions.T}) == 50


def test_pushes_start_independently_of_each_other():
    actions = actions_of(Excited(1.0, 1), 1, 4_000)[:, 0] * 2.0 - 1
    for lag in (1, 2, 3):
        assert abs(np.mean(actions[lag:] * actions[:-lag])) < 0.08


def test_no_share_is_the_controller_and_full_share_never_asks_it():
    states = np.random.default_rng(0).uniform(-0.2, 0.2, (500, 4))
    none, full = Excited(0.0), Excited(1.0, controller=mark)
    for policy in (none, full):
        policy.begin(500)
    for _ in range(3):
        np.testing.assert_array_equal(none(states), lqr()(states))
        assert (full(states) != 7).all()


def test_a_controller_of_ones_own_gets_the_observations():
    policy = Excited(0.0, controller=lambda seen: (seen[:, 1] > 0).astype(int))
    policy.begin(2)
    np.testing.assert_array_equal(policy(np.array([[0, 1, 0, 0], [0, -1, 0, 0]])), [1, 0])


def test_new_episodes_begin_without_a_push_under_way():
    policy = Excited(0.0, 50, controller=mark)
    policy._chance = 1.0
    assert (actions_of(policy, 3, 1) != 7).all()
    policy._chance = 0.0  # the pushes go on, for 49 steps
    assert (policy(np.zeros((3, 4))) != 7).all()
    assert (actions_of(policy, 3, 5) == 7).all()


def test_a_batch_may_have_any_size():
    policy = Excited(0.5)
    for episodes in (1, 5, 2):
        assert actions_of(policy, episodes, 3).shape == (3, episodes)


def test_one_seed_gives_the_same_pushes_again():
    runs = [actions_of(Excited(0.5, 2, seed), 5, 100) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_every_episode_gets_pushes_of_its_own_and_a_second_run_gets_others():
    policy = Excited(1.0)
    first, second = (actions_of(policy, 2, 60) for _ in range(2))
    assert (first[:, 0] != first[:, 1]).any()
    assert (first != second).any()


@pytest.mark.parametrize("share", [-0.01, 1.01, np.nan])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match=r"share must lie in \[0, 1\]"):
        Excited(share)


@pytest.mark.parametrize("hold", [0, -1])
def test_a_hold_below_one_step_is_refused(hold):
    with pytest.raises(ValueError, match="hold be at least 1"):
        Excited(0.5, hold)


def test_pushes_drive_the_cart_farther_while_the_pole_stays_up():
    calm, excited = (record(Excited(s), CartPolePhysics(), 20, seed=1) for s in (0.0, 0.3))
    assert excited.lengths.mean() > 400
    last = min(excited.lengths)
    speeds = [run.observations[:last, :, 1].std() for run in (calm, excited)]
    assert speeds[1] > 1.5 * speeds[0]


def test_a_rig_takes_it_as_a_policy_and_a_simulator_as_well():
    rig = Rig(1)
    rig.run(Excited(0.3), 2, max_steps=20)
    assert len(rig.log) == len(simulate_log(Excited(0.3), CartPolePhysics(), 2)) == 2
