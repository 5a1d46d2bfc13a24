"""The simulated arm: kinematics against other sources, motion against a slow version."""

import warnings

import gymnasium as gym
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.worlds import Arm, ArmPhysics, Uniform
from course_lib.worlds.arm import BALL, RADIUS, SPEED, STEPS, SUBSTEPS
from course_lib.worlds.lab_arm import model_text
from course_lib.worlds.lab_physics import LabArmPhysics
from course_lib.worlds.panda import DH, FLANGE, HIGH, HOME, LOW, TOOL, chain, tip

POSES = np.random.default_rng(0).uniform(LOW, HIGH, (50, 7))
ZEROS = {f"zero_{j}": 0.01 * j for j in range(1, 8)}
VARIED = ArmPhysics(
    **{f"zero_{j}": Uniform(-0.03, 0.03) for j in range(1, 8)},
    base_x=Uniform(-0.05, 0.05),
    base_y=Uniform(-0.05, 0.05),
    base_z=Uniform(-0.05, 0.05),
    speed_limit=Uniform(0.5, 1.0),
    control_period=Uniform(0.1, 0.4),
    lag=Uniform(0.0, 0.8),
)

# Kinematics


def slow_frames(joints):
    """The transforms (4, 4) of all joints of one arm, multiplied out: Craig's convention."""
    frame, frames = np.eye(4), []
    for (a, d, alpha), theta in zip(DH, joints, strict=True):
        ca, sa, c, s = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
        frame = frame @ [
            [c, -s, 0, a],
            [s * ca, c * ca, -sa, -d * sa],
            [s * sa, c * sa, ca, d * ca],
            [0, 0, 0, 1],
        ]
        frames.append(frame)
    return frames


def test_the_tip_is_where_the_product_of_all_transforms_puts_it():
    expected = [slow_frames(pose)[-1] @ [0, 0, FLANGE + TOOL, 1] for pose in POSES]
    np.testing.assert_allclose(tip(POSES), np.array(expected)[:, :3], atol=1e-12)


def test_the_chain_goes_through_base_joints_flange_and_tip():
    points = chain(POSES)
    assert points.shape == (50, 10, 3)
    for pose, mine in zip(POSES, points, strict=True):
        frames = slow_frames(pose)
        expected = [np.zeros(3), *(f[:3, 3] for f in frames)]
        expected += [(frames[-1] @ [0, 0, length, 1])[:3] for length in (FLANGE, FLANGE + TOOL)]
        np.testing.assert_allclose(mine, expected, atol=1e-12)


def test_an_arm_at_zero_has_its_flange_where_the_manual_draws_it():
    np.testing.assert_allclose(chain(np.zeros((1, 7)))[0, 8], [0.088, 0, 0.926], atol=1e-12)


def test_mujocos_kinematics_of_the_model_in_the_lab_agree():
    model = mujoco.MjModel.from_xml_string(model_text(LabArmPhysics(base_x=0.1, base_z=-0.2)))
    data = mujoco.MjData(model)
    for pose, points in zip(POSES, chain(POSES) + [0.1, 0, -0.2], strict=True):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(data.site_xpos[0], points[-1], atol=1e-6)
        np.testing.assert_allclose(data.xanchor, points[1:8], atol=1e-6)


def test_pybullets_panda_agrees():
    bullet = pytest.importorskip("pybullet")
    data = pytest.importorskip("pybullet_data")
    client = bullet.connect(bullet.DIRECT)
    arm = bullet.loadURDF(
        f"{data.getDataPath()}/franka_panda/panda.urdf", useFixedBase=True, physicsClientId=client
    )
    for pose, points in zip(POSES[:10], chain(POSES[:10]), strict=True):
        for joint, angle in enumerate(pose):
            bullet.resetJointState(arm, joint, angle, physicsClientId=client)
        state = bullet.getLinkState(arm, 7, computeForwardKinematics=True, physicsClientId=client)
        np.testing.assert_allclose(state[4], points[8], atol=1e-5)
        axis = np.reshape(bullet.getMatrixFromQuaternion(state[5]), (3, 3))[:, 2]
        np.testing.assert_allclose(state[4] + TOOL * axis, points[9], atol=1e-5)
    bullet.disconnect(client)


# Motion


def driven(physics, commands, state=HOME):
    """True joints (steps, 7) after each command (steps, 7) or a number for all."""
    env = physics.make(1, autoreset=False)
    env.reset(seed=0, options={"state": state})
    joints = []
    for command in commands:
        env.step(np.broadcast_to(command, (1, 7)).astype(np.float32))
        joints.append(env.state[0])
    return np.array(joints)


@pytest.mark.parametrize("period", [0.1, 0.2, 0.3])
def test_a_command_moves_each_joint_by_speed_times_period(period):
    moved = driven(ArmPhysics(control_period=period), [0.25] * 3) - HOME
    np.testing.assert_allclose(moved, np.tile(0.25 * SPEED * period * np.c_[1:4], 7), atol=1e-12)


def test_a_limit_cuts_commands_off_on_both_sides():
    command = np.array([1, -1, 0.6, -0.6, 0.3, -0.3, 0])
    moved = driven(ArmPhysics(speed_limit=0.5), [command])[0] - HOME
    np.testing.assert_allclose(moved, np.clip(command, -0.5, 0.5) * SPEED * 0.2, atol=1e-7)


@pytest.mark.parametrize("lag", [0.0, 0.5, 0.9])
def test_a_lag_lets_the_speed_approach_the_command_geometrically(lag):
    moved = driven(ArmPhysics(lag=lag), [0.2] * 5) - HOME
    n = SUBSTEPS * np.arange(1, 6)
    speeds = [0.2 * SPEED * (1 - lag ** np.arange(1, k + 1)).sum() for k in n]
    np.testing.assert_allclose(moved[:, 0], np.array(speeds) * 0.2 / SUBSTEPS, rtol=1e-6)


@pytest.mark.parametrize("direction", [1, -1])
def test_joints_stop_at_their_limits(direction):
    end = driven(ArmPhysics(control_period=1.0), [direction] * 12)[-1]
    np.testing.assert_allclose(end, HIGH if direction > 0 else LOW)


def test_a_batch_of_random_arms_does_what_a_slow_version_does():
    n, rng = 300, np.random.default_rng(2)
    env = VARIED.make(n, autoreset=False)
    seen, _ = env.reset(seed=0)
    k = env._k
    joints, speeds, touched = env.state, np.zeros((n, 7)), np.zeros(n, dtype=bool)
    goal = pose_of(BALL)
    rows = rng.choice(n, 40, replace=False)
    for step in range(STEPS):
        there = 3 * (goal - env.state) + rng.uniform(-0.5, 0.5, (n, 7))
        commands = np.clip(there, -1, 1).astype(np.float32)
        seen, rewards, terminated, _, _ = env.step(commands)
        for i in rows:
            base = np.array([k["base"][i, 0], k["base"][i, 1], k["base"][i, 2]])
            hit = False
            for _ in range(SUBSTEPS):
                for j in range(7):
                    limit = float(k["speed_limit"][i, 0])
                    wanted = SPEED * min(max(float(commands[i, j]), -limit), limit)
                    lag, period = k["lag"][i, 0], k["control_period"][i, 0]
                    speeds[i, j] = lag * speeds[i, j] + (1 - lag) * wanted
                    angle = joints[i, j] + speeds[i, j] * period / SUBSTEPS
                    joints[i, j] = min(max(angle, LOW[j]), HIGH[j])
                place = base + (slow_frames(joints[i])[-1] @ [0, 0, FLANGE + TOOL, 1])[:3]
                hit |= np.linalg.norm(place - BALL) < RADIUS
            np.testing.assert_allclose(env.where[i], place, atol=1e-9)
            assert (rewards[i], terminated[i]) == (hit, hit)
            expected = joints[i] + k["zero"][i] - HOME
            np.testing.assert_allclose(seen[i], [*expected, (step + 1) / STEPS], atol=1e-6)
        touched |= terminated
    assert 0.1 < touched[rows].mean() < 0.9


# The datasheet


def test_an_arm_starts_at_home_by_its_encoders_whatever_their_zeros():
    env = Arm(4_000, ArmPhysics(**ZEROS))
    seen, _ = env.reset(seed=0)
    assert 0.0299 < np.abs(seen[:, :7]).max() <= 0.03
    assert np.abs(seen[:, :7].mean(axis=0)).max() < 0.001
    assert not seen[:, 7].any()
    truth = env.state - HOME + 0.01 * np.arange(1, 8)  # reading = truth + zero
    np.testing.assert_allclose(seen[:, :7], truth, atol=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_where_counts_from_the_drawn_base_and_the_arm_stands_elsewhere(axis):
    name = f"base_{'xyz'[axis]}"
    straight, moved = Arm(5), Arm(5, ArmPhysics(**{name: 0.04}))
    straight.reset(seed=0)
    moved.reset(seed=0)
    np.testing.assert_array_equal(straight.state, moved.state)
    np.testing.assert_allclose(
        moved.where - straight.where, np.tile(0.04 * np.eye(3)[axis], (5, 1))
    )
    np.testing.assert_allclose(straight.where, tip(straight.state))


def pose_of(place):
    """Joint angles (7,) that put the tip at a place (3,), by Newton's method from home."""
    joints = HOME.copy()
    for _ in range(100):
        here = tip(joints[None])[0]
        slope = (tip(joints + 1e-6 * np.eye(7)) - here) / 1e-6
        joints += np.clip(np.linalg.pinv(slope.T) @ (place - here), -0.1, 0.1)
    np.testing.assert_allclose(tip(joints[None])[0], place, atol=1e-9)
    return joints


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("distance", "touch"), [(0.039, True), (0.041, False)])
def test_the_tip_touches_within_the_balls_radius_on_every_side(axis, side, distance, touch):
    pose = pose_of(BALL + side * distance * np.eye(3)[axis])
    env = Arm(1, autoreset=False)
    env.reset(options={"state": pose})
    _, rewards, terminated, truncated, _ = env.step(np.zeros((1, 7), dtype=np.float32))
    assert (rewards[0], terminated[0], truncated[0]) == (touch, touch, False)


def test_an_arm_that_passes_the_ball_within_a_step_touches_it():
    pose = pose_of(BALL)
    env = Arm(1, ArmPhysics(control_period=0.4), autoreset=False)
    env.reset(options={"state": pose - [0.2, 0, 0, 0, 0, 0, 0]})
    assert np.linalg.norm(env.where[0] - BALL) > 2 * RADIUS
    _, rewards, _, _, _ = env.step(np.eye(7, dtype=np.float32)[:1])
    assert np.linalg.norm(env.where[0] - BALL) > 2 * RADIUS
    assert rewards[0] == 1


def test_an_episode_takes_twelve_steps_at_most():
    env = Arm(3)
    env.reset(seed=0)
    for step in range(1, STEPS + 1):
        seen, rewards, terminated, truncated, infos = env.step(np.zeros((3, 7), dtype=np.float32))
        assert truncated.tolist() == [step == STEPS] * 3
        assert not terminated.any() and not rewards.any()
    assert not seen[:, 7].any() and [o[7] for o in infos["final_obs"]] == [1, 1, 1]


def test_after_autoreset_where_is_the_new_tip_and_arrived_the_old_one():
    env = Arm(2, ArmPhysics(base_x=0.01))
    pose = pose_of(BALL - [0.01, 0, 0])
    env.reset(options={"state": np.array([HOME, pose])})
    _, _, terminated, _, _ = env.step(np.zeros((2, 7), dtype=np.float32))
    assert terminated.tolist() == [False, True]
    np.testing.assert_allclose(env.arrived[1], BALL, atol=1e-9)
    np.testing.assert_allclose(env.arrived[0], env.where[0])
    np.testing.assert_allclose(env.where, tip(env.state) + [0.01, 0, 0])
    assert np.linalg.norm(env.where[1] - BALL) > 0.1
    env.arrived[:] = env.where[:] = env.state[:] = 7.0  # copies
    assert max(env.arrived.max(), env.where.max()) < 1


def test_a_new_episode_starts_at_rest():
    env = Arm(1, ArmPhysics(lag=0.9))
    env.reset(seed=0)
    for _ in range(STEPS):
        _, _, _, truncated, _ = env.step(np.full((1, 7), 0.3, dtype=np.float32))
    assert truncated[0]
    before = env.state
    env.step(np.zeros((1, 7), dtype=np.float32))
    np.testing.assert_array_equal(env.state, before)


# What every world promises


@pytest.mark.parametrize("kwargs", [{}, {"physics": VARIED}])
def test_the_single_world_passes_gymnasiums_own_check(kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gym.make("sim2real/Arm-v0", **kwargs).unwrapped)
    assert [w for w in caught if "infinity" not in str(w.message)] == []
    assert isinstance(gym.make_vec("sim2real/Arm-v0", num_envs=3).unwrapped, Arm)


def everything(env, seed):
    parts = [env.reset(seed=seed)[0].ravel()]
    rng = np.random.default_rng(9)
    for _ in range(30):
        commands = rng.uniform(-1, 1, (env.num_envs, 7)).astype(np.float32)
        observations, rewards, terminated, truncated, _ = env.step(commands)
        parts += [observations.ravel(), rewards, terminated, truncated, env.arrived.ravel()]
    return np.concatenate(parts)


def test_one_seed_gives_one_trajectory_and_another_seed_another():
    env = VARIED.make(8)
    first = everything(env, 5)
    assert not np.array_equal(first, everything(env, 6))
    np.testing.assert_array_equal(first, everything(env, 5))
    np.testing.assert_array_equal(first, everything(VARIED.make(8), 5))


def test_worlds_with_other_physics_share_their_starts():
    one, other = ArmPhysics().make(20), VARIED.make(20)
    np.testing.assert_allclose(one.reset(seed=3)[0], other.reset(seed=3)[0], atol=1e-7)


def test_each_episode_draws_its_physics_anew():
    env = VARIED.make(50)
    env.reset(seed=0)
    first = {name: values.copy() for name, values in env._k.items()}
    for _ in range(STEPS):
        env.step(np.zeros((50, 7), dtype=np.float32))
    for name, values in first.items():
        assert len(np.unique(values)) == values.size
        assert (values != env._k[name]).all(), name


@pytest.mark.parametrize(
    "wrong", [{"speed_limit": 1.1}, {"control_period": 0.0}, {"lag": 1.0}, {"zero_3": np.nan}]
)
def test_physics_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ArmPhysics(**wrong)
