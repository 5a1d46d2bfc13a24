"""The rig in PyBullet: the same promises, kept by another engine."""

import gc
from dataclasses import replace

import numpy as np
import pytest

from course_lib.learning import PD
from course_lib.worlds import BudgetSpent, BulletRig, PolicyFault, Rig
from course_lib.worlds.rig import _INSIDE
from course_lib.worlds.rig_batch import TILT_LIMIT
from course_lib.worlds.rig_bullet import BulletRigBatch
from course_lib.worlds.rig_mujoco import MujocoRigBatch
from course_lib.worlds.rig_physics import RigPhysics

pybullet = pytest.importorskip("pybullet")


def contents(log):
    return [(e.observations.tolist(), e.actions.tolist(), e.ended) for e in log]


def push_right(observations):
    return np.ones(len(observations), dtype=int)


def open_clients():
    """How many physics clients there are in this process."""
    return sum(bool(pybullet.isConnected(client)) for client in range(64))


def test_one_seed_gives_one_log_and_another_seed_another():
    logs = []
    for seed in (3, 3, 4):
        rig = BulletRig(seed)
        rig.run(PD, 2, max_steps=100)
        logs.append(contents(rig.log))
    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


def test_it_is_the_machine_of_the_same_seed_with_the_same_starts_in_another_engine():
    ours, theirs = BulletRig(3), Rig(3)
    assert _INSIDE[ours].machine == _INSIDE[theirs].machine
    ours.run(PD, 2, max_steps=40)
    theirs.run(PD, 2, max_steps=40)
    for mine, other in zip(ours.log, theirs.log, strict=True):
        np.testing.assert_array_equal(mine.observations[0], other.observations[0])
    assert contents(ours.log) != contents(theirs.log)


def test_its_public_surface_is_that_of_the_rig():
    def surface(rig):
        return [name for name in dir(rig) if not name.startswith("_")]

    assert surface(BulletRig(0)) == surface(Rig(0))
    assert repr(BulletRig(7, budget=1_000)) == "BulletRig(seed=7, 1,000 steps left)"
    with pytest.raises(AttributeError):
        BulletRig(0).anything = 1


def test_a_budget_that_is_spent_stops_it_with_the_log_kept():
    rig = BulletRig(0, budget=47)
    with pytest.raises(BudgetSpent):
        rig.run(PD, 5)
    assert [(len(e.actions), e.ended) for e in rig.log] == [(9, "budget spent")] * 5
    assert rig.steps_left == 2


def test_the_safety_stop_ends_an_episode_at_the_measured_tilt():
    rig = BulletRig(0)
    rig.run(push_right, 4)
    for episode in rig.log:
        assert episode.ended == "safety stop"
        tilts = np.abs(episode.observations[:, 2])
        assert tilts[-1] > TILT_LIMIT >= tilts[:-1].max()


def test_a_policy_keeps_an_episode_up_for_about_as_long_in_both_engines():
    means = np.array(
        [[kind(seed).run(PD, 8).mean() for kind in (BulletRig, Rig)] for seed in (0, 1)]
    )
    ratios = means[:, 0] / means[:, 1]
    assert (ratios > 0.5).all()
    assert (ratios < 2.0).all()


@pytest.mark.parametrize("slack", [0.0, 0.001])
def test_both_engines_agree_on_where_a_driven_rig_goes(slack):
    machine = replace(RigPhysics(), belt_slack=slack)
    ends = []
    for engine in (BulletRigBatch, MujocoRigBatch):
        batch = engine(20, machine)
        batch.reset(seed=0)
        for i in range(20):
            batch.step(np.full(20, i // 4 % 2))
        ends.append(batch._pose)
        batch.close()
    moved = np.abs(ends[1][:, 0]).mean()
    assert np.abs(ends[0] - ends[1])[:, 0].max() < 0.25 * moved


def test_two_batches_do_not_disturb_each_other():
    def steps(*batches):
        for batch in batches:
            batch.reset(seed=1)
        for i in range(30):
            seen = [batch.step(np.full(2, i % 2))[0] for batch in batches]
        return seen

    heavy = replace(RigPhysics(), cart_mass=2.0)
    together = steps(BulletRigBatch(2, RigPhysics()), BulletRigBatch(2, heavy))
    alone = [steps(BulletRigBatch(2, machine))[0] for machine in (RigPhysics(), heavy)]
    np.testing.assert_array_equal(together, alone)
    assert not np.array_equal(*alone)


def test_a_rig_leaves_no_physics_client_behind_however_a_run_ends():
    gc.collect()
    before = open_clients()
    rig = BulletRig(0, budget=60)
    rig.run(PD, 2, max_steps=10)
    with pytest.raises(PolicyFault) as fault:
        rig.run(lambda observations: None, 2)
    with pytest.raises(BudgetSpent) as spent:
        rig.run(PD, 2)
    assert open_clients() == before
    assert fault.tb and spent.tb  # they are still here, and hold on to the run that they end


def test_a_batch_frees_its_client_once_when_closed_or_forgotten():
    gc.collect()
    before = open_clients()
    closed, forgotten = BulletRigBatch(1, RigPhysics()), BulletRigBatch(1, RigPhysics())
    assert open_clients() == before + 2
    closed.close()
    closed.close()
    assert open_clients() == before + 1
    del forgotten
    gc.collect()
    assert open_clients() == before


def test_bullet_integrates_at_five_hundred_hertz_or_more():
    batch = BulletRigBatch(1, RigPhysics())
    parameters = pybullet.getPhysicsEngineParameters(**batch._client)
    assert parameters["fixedTimeStep"] <= 0.002
    assert parameters["numSubSteps"] == 0
    batch.close()
