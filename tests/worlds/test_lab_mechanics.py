"""The machines in a lab: MuJoCo's friction, strikes, motors and touches against formulas."""

import itertools
import math
from dataclasses import fields, replace
from importlib.util import find_spec

import numpy as np
import pytest

from course_lib.worlds import PuckPhysics
from course_lib.worlds import arm as arm_task
from course_lib.worlds import puck as puck_task
from course_lib.worlds.distributions import Distribution
from course_lib.worlds.lab_arm import CONTROL_STEP, MujocoArm
from course_lib.worlds.lab_arm_bullet import BulletArm
from course_lib.worlds.lab_physics import ARMS, TABLES, LabArmPhysics, TablePhysics
from course_lib.worlds.lab_puck import HAND as HAND_PLACE
from course_lib.worlds.lab_puck import (
    HAND_MASS,
    HAND_SPEED,
    PHYSICS_STEP,
    PUCK_MASS,
    PUCK_SPEED,
    PuckTable,
    damping_share,
)
from course_lib.worlds.lab_puck import PUCK as PUCK_PLACE
from course_lib.worlds.panda import HOME, LOW, tip
from course_lib.worlds.puck import GRAVITY, HAND, PUCK, SPEED

needs_bullet = pytest.mark.skipif(find_spec("pybullet") is None, reason="PyBullet is optional")
every_engine = pytest.mark.parametrize(
    "engine",
    [
        pytest.param(MujocoArm, id="MuJoCo"),
        pytest.param(BulletArm, id="Bullet", marks=needs_bullet),
    ],
)
LEVEL = TablePhysics(tilt=0.0, camera_noise=0.0, action_delay=0, hand_gain=1.0)
EXACT = LabArmPhysics(motor_lag=0.01, weight_error=0.0, camera_noise=0.0)


def dice(count, seed=0):
    return [np.random.default_rng([seed, i]) for i in range(count)]


def table(machine=LEVEL, count=1):
    station = PuckTable(machine, dice(count))
    station.begin()
    return station


def everyone(station):
    return np.arange(len(station._start if isinstance(station, PuckTable) else station._joints))


def moved(station, commands):
    """What the station returns after each command, (a,) for all episodes."""
    which = everyone(station)
    return [station.act(np.tile(c, (which.size, 1)).astype(float), which) for c in commands]


# The table


@pytest.mark.parametrize("friction", [0.2, 0.3, 0.4])
@pytest.mark.parametrize("tilt", [0.0, 0.12])
@pytest.mark.parametrize("speed", [0.7, 1.5, 2.5])
def test_a_puck_in_mujoco_stops_where_friction_and_slope_stop_it(friction, tilt, speed):
    station = table(replace(LEVEL, friction=friction, tilt=tilt))
    station._states[:, PUCK_PLACE] = 0.0, 0.2
    station._states[:, PUCK_SPEED] = 0.0, speed
    moved(station, np.zeros((28, 2)))
    way = station._states[0, PUCK_PLACE] - [0.0, 0.2]
    brake = GRAVITY * (friction * math.cos(tilt) + math.sin(tilt))
    assert way[1] == pytest.approx(speed**2 / (2 * brake), rel=0.03)
    assert abs(way[0]) < 1e-3
    assert np.linalg.norm(station._states[0, PUCK_SPEED]) < 1e-3


def test_a_puck_stays_where_it_is_until_it_is_struck():
    station = table(replace(LEVEL, friction=0.3, tilt=0.12), 5)
    moved(station, np.zeros((30, 2)))
    np.testing.assert_allclose(station._states[:, PUCK_PLACE], station._start, atol=3e-3)


def strike(machine, speed, side):
    """Velocities of hand and puck (2,) after a strike, its normal (2,), and the puck's spin."""
    station = table(machine)
    up = math.sqrt((HAND + PUCK) ** 2 - side**2)
    station._states[:, HAND_PLACE] = 0.0, -0.1
    station._states[:, PUCK_PLACE] = side, -0.1 + up + 0.005
    station._states[:, HAND_SPEED] = 0.0, speed
    controls = np.tile([0.0, speed], (1, 40, 1))
    states = station._mechanics.drive(station._states, controls)[0][0]
    gap = states[:, PUCK_PLACE] - states[:, HAND_PLACE]
    near = np.linalg.norm(gap, axis=1) < HAND + PUCK
    first = np.flatnonzero(near)[0]
    last = np.flatnonzero(near)[-1] + 1
    normal = gap[first] / np.linalg.norm(gap[first])
    return states[last, HAND_SPEED], states[last, PUCK_SPEED], normal, states[last, -1]


@pytest.mark.parametrize("bounce", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("speed", [0.8, 1.5, 2.2])
@pytest.mark.parametrize("side", [0.0, 0.015])
def test_a_struck_puck_leaves_the_hand_with_its_bounce(bounce, speed, side):
    hand, puck, normal, spin = strike(replace(LEVEL, bounce=bounce, friction=0.01), speed, side)
    closing = speed * normal[1]
    assert (puck - hand) @ normal == pytest.approx(bounce * closing, abs=0.08 * speed)
    if not side:  # momentum; the hand's drive adds a little during the strike
        share = HAND_MASS / (HAND_MASS + PUCK_MASS)
        assert puck[1] == pytest.approx(share * (1 + bounce) * speed, rel=0.04)
    across = np.array([normal[1], -normal[0]])
    assert abs(puck @ across) < 0.1 * speed
    assert abs(spin) < 0.5  # rad/s: a bumper without friction


@pytest.mark.parametrize("bounce", [0.2, 0.45, 0.9])
def test_the_damping_of_the_bumper_gives_the_bounce(bounce):
    share, step = damping_share(bounce), 1e-5
    way, speed = 0.0, 1.0  # a mass of 1 on a spring of stiffness 1
    while way == 0 or -way - 2 * share * speed < 0:  # the spring pushes, and never pulls
        push = -way - 2 * share * speed
        speed += push * step
        way += speed * step
    assert -speed == pytest.approx(bounce, abs=1e-3)


@pytest.mark.parametrize("gain", [0.75, 0.9])
@pytest.mark.parametrize("lag", [0.03, 0.06])
def test_the_hand_of_a_table_takes_up_its_speed_with_its_lag_and_gain(gain, lag):
    station = table(replace(LEVEL, hand_gain=gain, hand_lag=lag, tilt=0.12))
    station._states[:, PUCK_PLACE] = 0.3, 0.6
    command = np.array([0.06, 0.1])
    speeds = np.array([seen[0, 2:4] / 0.7 for seen, *_ in moved(station, np.tile(command, (8, 1)))])
    shares = 1 - np.exp(-puck_task.CONTROL_STEP * np.arange(1, 9) / lag)
    np.testing.assert_allclose(speeds, gain * SPEED * shares[:, None] * command, rtol=0.05)


@pytest.mark.parametrize("command", [[1, 0], [-1, 0], [0, 1], [0, -1]])
def test_the_hand_of_a_table_stays_within_its_reach(command):
    low, high = puck_task.REACH
    station = table()
    station._states[:, PUCK_PLACE] = 0.0, 0.6
    controls = np.tile(SPEED * np.array(command), (1, 500, 1))
    path = station._mechanics.drive(station._states, controls)[0][0, :, HAND_PLACE]
    # The limit is felt only once it is passed: by then the hand may have moved on for one step.
    beyond = SPEED * PHYSICS_STEP
    assert (path > low - beyond).all() and (path < high + beyond).all()
    seen = np.array([result[0][0, :2] * 0.2 for result in moved(station, [command] * 20)])
    at_end = np.where(np.array(command) > 0, high, low)[np.flatnonzero(command)]
    np.testing.assert_allclose(seen[-1, np.flatnonzero(command)], at_end, atol=0.003)


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_a_command_acts_after_the_delay(delay):
    station = table(replace(LEVEL, action_delay=delay))
    results = moved(station, [[0.5, 0.0], [0, 0], [0, 0], [0, 0], [0, 0]])
    speeds = [seen[0, 2] for seen, *_ in results]
    assert int(np.argmax(speeds)) == delay
    assert np.abs(speeds[:delay]).sum() < 1e-9


def test_the_camera_sees_pucks_with_its_noise_and_speeds_as_differences():
    station = PuckTable(replace(LEVEL, camera_noise=0.002, tilt=0.0), dice(400))
    seen, where = station.begin()
    assert not seen[:, 6:8].any()
    frames, true = [where], [station._states[:, PUCK_PLACE].copy()]
    for _ in range(8):
        ((seen, where, *_),) = moved(station, [[0.0, 0.6]])
        np.testing.assert_allclose(seen[:, 4:6] * 0.5, where, atol=1e-6)
        speed = (where - frames[-1]) / puck_task.CONTROL_STEP
        np.testing.assert_allclose(seen[:, 6:8] / 0.7, speed, atol=1e-5)
        frames.append(where)
        true.append(station._states[:, PUCK_PLACE].copy())
    error = np.array(frames) - true
    assert error.std() == pytest.approx(0.002, rel=0.05)
    assert abs(np.corrcoef(error[0].ravel(), error[1].ravel())[0, 1]) < 0.15
    hand = station._states[:, HAND_PLACE]
    np.testing.assert_allclose(seen[:, :2] * 0.2, hand, atol=1e-6)  # by encoders
    assert seen[0, 8] == pytest.approx(8 / puck_task.STEPS)


def test_success_and_rest_are_judged_by_where_the_puck_is_not_by_what_is_seen():
    station = PuckTable(replace(LEVEL, camera_noise=0.5), dice(3))
    station.begin()
    rim = puck_task.GOAL + [0.0, puck_task.ZONE]
    near = [0.0, puck_task.BEYOND - 0.01]  # where the hand can still reach it
    station._states[:, PUCK_PLACE] = [rim - [0.0, 0.01], rim + [0.0, 0.01], near]
    _, _, success, rest = moved(station, np.zeros((1, 2)))[0]
    assert success.tolist() == [True, False, False]
    assert rest.tolist() == [False, True, False]


def test_only_the_episodes_that_run_are_moved():
    one, other = table(LEVEL, 3), table(LEVEL, 3)
    commands = np.tile([0.0, 0.5], (3, 1))
    for _ in range(10):
        one.act(commands, np.array([1]))
        other.act(commands, np.arange(3))
    np.testing.assert_array_equal(one._states[1], other._states[1])
    np.testing.assert_allclose(one._states[:, 0], [0, 10 * puck_task.CONTROL_STEP, 0])


def test_the_table_is_integrated_at_five_hundred_hertz():
    assert table()._mechanics.model.opt.timestep == PHYSICS_STEP == 0.002


# Whether the task can be done on every table, and not with the simulator's strike


AIM = 2.0  # 1/m; at 4 the hand, late by a step and its lag, swings about the puck's x


def scripted(speed, pull=0, until=0.0):
    """Pull back for some steps, then drive at the puck at a share `speed` up to y = `until`.

    `speed` is one number, or one for each episode.
    """

    def policy(seen):
        step, y = np.round(seen[:, 8] * puck_task.STEPS), 0.2 * seen[:, 1]
        going = (step >= pull) & (step < pull + 14) & (y < until)
        aim = np.clip(AIM * (0.5 * seen[:, 4] - 0.2 * seen[:, 0]), -0.3, 0.3)
        commands = np.zeros((len(seen), 2))
        commands[:, 0] = np.where(going | (step < pull), aim, 0.0)
        commands[:, 1] = np.where(step < pull, -1.0, np.where(going, speed, 0.0))
        return commands

    return policy


def successes(station, policy, steps=puck_task.STEPS):
    """Which episodes succeed, (n,)."""
    seen, _ = station.begin()
    which = everyone(station)
    won, ended = np.zeros(which.size, dtype=bool), np.zeros(which.size, dtype=bool)
    for _ in range(steps):
        running = which[~ended]
        if not running.size:
            break
        seen, _, success, rest = station.act(policy(seen), running)
        won |= success & ~ended
        ended |= success | rest
    return won


def corners():
    """The tables at the ends of all ranges of the fleet."""
    ranges = {f.name: getattr(TABLES, f.name) for f in fields(TABLES)}
    varied = [n for n, r in ranges.items() if isinstance(r, Distribution) and n != "camera_noise"]
    fixed = {"camera_noise": 0.0015, "action_delay": ranges["action_delay"]}
    for ends in itertools.product(("low", "high"), repeat=len(varied)):
        chosen = {n: getattr(ranges[n], end) for n, end in zip(varied, ends, strict=True)}
        yield TablePhysics(**fixed, **chosen)


CORNERS = list(corners())


def test_a_strike_at_some_speed_succeeds_on_every_table_of_the_fleet():
    for machine in CORNERS:
        assert any(
            successes(PuckTable(machine, dice(6)), scripted(speed, pull=4)).mean() >= 0.8
            for speed in np.linspace(0.5, 1.0, 26)
        ), machine


@pytest.mark.parametrize(("pull", "until"), [(0, 0.0), (4, 0.0), (0, 0.2)])
def test_strikes_that_succeed_in_the_simulator_stop_short_on_every_table(pull, until):
    env = PuckPhysics().make(20, autoreset=False)
    good = []
    speeds = np.linspace(0.2, 0.5, 16)
    for speed in speeds:
        seen, _ = env.reset(seed=0)
        won = np.zeros(20, dtype=bool)
        for _ in range(puck_task.STEPS):
            seen, rewards, *_ = env.step(scripted(speed, pull, until)(seen).astype(np.float32))
            won |= rewards > 0
        good += [speed] if won.mean() > 0.3 else []
    assert len(good) >= 2 and speeds[0] < good[0] and good[-1] < speeds[-1]
    # The best of what varies for a strike that is too weak; the rest is tried as well.
    for machine in [m for m in CORNERS if m.friction == TABLES.friction.low]:
        for speed in (good[0], good[-1]):
            station = PuckTable(machine, dice(6))
            assert not successes(station, scripted(speed, pull, until)).any()
            assert station._states[:, PUCK_PLACE][:, 1].max() < puck_task.GOAL[1] - puck_task.ZONE


def test_the_simulators_strike_to_the_goal_stops_short_of_the_zone_on_every_table():
    # All start in their places; the slowest strike that takes the simulated puck to the goal.
    speeds = np.linspace(0.1, 1.0, 181)
    env = PuckPhysics().make(speeds.size, autoreset=False)
    seen, _ = env.reset(options={"state": puck_task.starts(np.zeros((speeds.size, 4)))})
    for _ in range(puck_task.STEPS):
        seen = env.step(scripted(speeds)(seen).astype(np.float32))[0]
    reached = env.where[:, 1] >= puck_task.GOAL[1]
    strike = scripted(speeds[reached.argmax()])
    assert reached.any() and env.where[reached.argmax(), 1] < puck_task.GOAL[1] + 0.05

    def ends(machine):
        station = PuckTable(machine, dice(6))
        won = successes(station, strike)
        return won, station._states[:, PUCK_PLACE][:, 1]

    rim = puck_task.GOAL[1] - puck_task.ZONE
    alike = {name: getattr(PuckPhysics(), name) for name in ("friction", "tilt", "bounce")}
    won, ways = ends(replace(LEVEL, **alike))  # where only the engine is another
    assert won.any() and ways.min() > rim
    for machine in CORNERS:
        won, ways = ends(machine)
        assert not won.any() and ways.max() < rim, machine


# The arm


def arm(engine, machine=EXACT, count=1):
    station = engine(machine, dice(count))
    station.begin()
    return station


@every_engine
def test_an_arm_starts_at_home_by_its_encoders(engine):
    machine = replace(EXACT, zero_2=0.02, zero_5=-0.01, base_y=0.03)
    station = engine(machine, dice(50))
    seen, where = station.begin()
    assert 0.025 < np.abs(seen[:, :7]).max() <= 0.0301
    assert not seen[:, 7].any()
    zero = np.array([0, 0.02, 0, 0, -0.01, 0, 0])
    truth = seen[:, :7] + HOME - zero
    np.testing.assert_allclose(where, tip(truth) + [0, 0.03, 0], atol=1e-6)
    station.close()


@every_engine
@pytest.mark.parametrize("joint", range(7))
def test_a_command_moves_its_joint_at_its_speed_and_no_other(engine, joint):
    station = arm(engine, replace(EXACT, speed_limit=0.6))
    command = np.zeros(7)
    command[joint] = 0.4
    seen = np.array([station.begin()[0][0], *(r[0][0] for r in moved(station, [command] * 4))])
    steps = np.diff(seen[:, :7], axis=0)[1:] / CONTROL_STEP  # after the motors took it up
    np.testing.assert_allclose(steps, np.tile(command, (3, 1)), atol=0.03)
    np.testing.assert_allclose(seen[:, 7], np.arange(5) / arm_task.STEPS, atol=1e-6)
    station.close()


@every_engine
@pytest.mark.parametrize("limit", [0.5, 0.7])
def test_a_limit_cuts_the_speed_off(engine, limit):
    station = arm(engine, replace(EXACT, speed_limit=limit))
    start = station._joints.copy()
    command = np.array([1.0, 0.0, -1.0, 0.3, 0.0, 0.0, 0.0])
    moved(station, [command] * 2)
    speeds = (station._joints - start)[0] / (2 * CONTROL_STEP)
    np.testing.assert_allclose(speeds, np.clip(command, -limit, limit), atol=0.04)
    station.close()


@every_engine
@pytest.mark.parametrize("lag", [0.05, 0.2])
def test_the_motors_take_a_speed_up_with_their_time_constant(engine, lag):
    station = arm(engine, replace(EXACT, motor_lag=lag))
    start = station._joints.copy()
    moved(station, [[0.4, 0, 0, 0, 0, 0, 0]])
    expected = 0.4 * (CONTROL_STEP - lag * (1 - math.exp(-CONTROL_STEP / lag)))
    assert (station._joints - start)[0, 0] == pytest.approx(expected, rel=0.1)
    station.close()


def test_an_arm_whose_weight_is_not_compensated_sinks_and_another_does_not():
    sunk = []
    for error in (0.0, 0.08, -0.08):
        station = arm(MujocoArm, replace(EXACT, weight_error=error))
        before = tip(station._joints)[0, 2]
        moved(station, np.zeros((12, 7)))
        sunk.append(before - tip(station._joints)[0, 2])
    assert abs(sunk[0]) < 1e-6
    assert 0.005 < sunk[1] < 0.15
    assert -0.15 < sunk[2] < -0.005


@needs_bullet
def test_both_engines_agree_on_where_a_driven_arm_goes():
    rng = np.random.default_rng(1)
    commands = rng.uniform(-0.6, 0.6, (6, 7))
    machine = replace(EXACT, motor_lag=0.1, speed_limit=0.6, base_z=0.05)
    ours, theirs = arm(MujocoArm, machine, 3), arm(BulletArm, machine, 3)
    for mine, other in zip(moved(ours, commands), moved(theirs, commands), strict=True):
        np.testing.assert_allclose(mine[0], other[0], atol=0.03)
        np.testing.assert_allclose(mine[1], other[1], atol=0.03)
    theirs.close()


@every_engine
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("distance", "touch"), [(0.038, True), (0.042, False)])
def test_the_tip_touches_the_ball_where_it_is(engine, axis, side, distance, touch, monkeypatch):
    machine = replace(EXACT, base_x=-0.05, base_z=0.05)
    station = arm(engine, machine, 2)
    place = station._tips[0] - side * distance * np.eye(3)[axis]
    monkeypatch.setattr(arm_task, "BALL", place)
    _, where, success, rest = station.act(np.zeros((2, 7)), np.array([0]))
    assert (success.tolist(), rest.tolist()) == ([touch, False], [False, False])
    assert np.linalg.norm(where[0] - place) == pytest.approx(distance, abs=1e-3)
    station.close()


@every_engine
def test_a_tip_that_passes_the_ball_within_a_step_touches_it_and_is_seen_there(engine, monkeypatch):
    monkeypatch.setattr(arm_task, "RADIUS", 0.03)  # a step must be longer than the ball is wide
    command = np.array([[0.9, 0, 0, 0, 0, 0, 0]])
    probe = arm(engine)
    for _ in range(2):
        start = probe._tips[0].copy()
        probe.act(command, np.array([0]))
    middle = (start + probe._tips[0]) / 2
    assert np.linalg.norm(start - middle) > 1.1 * arm_task.RADIUS
    probe.close()
    monkeypatch.setattr(arm_task, "BALL", middle)
    station = arm(engine)
    for expected in (False, True):
        _, where, success, _ = station.act(command, np.array([0]))
        assert success[0] == expected
    assert np.linalg.norm(where[0] - middle) == pytest.approx(arm_task.RADIUS, abs=0.008)
    station.close()


@every_engine
def test_joints_of_an_arm_stop_at_their_limits(engine):
    station = arm(engine, replace(EXACT, speed_limit=1.0))
    moved(station, [[0, 0, 0, -1.0, 0, 0, 0]] * 12)
    # Bullet's description gives a joint its whole mechanical range, which is a little wider.
    assert LOW[3] - 0.1 < station._joints[0, 3] < LOW[3] + 0.05
    station.close()


@every_engine
def test_motion_capture_sees_tips_with_its_noise(engine):
    machine = replace(EXACT, camera_noise=0.002)
    station = engine(machine, dice(60))
    frames = [station.begin()[1]] + [r[1] for r in moved(station, np.zeros((2, 7)))]
    error = np.array(frames) - station._tips
    assert error.std() == pytest.approx(0.002, rel=0.15)
    assert abs(np.corrcoef(error[0].ravel(), error[1].ravel())[0, 1]) < 0.3
    station.close()


@every_engine
def test_the_tip_is_where_the_joints_put_it_after_every_step(engine):
    station = arm(engine, replace(EXACT, base_x=-0.05, base_y=0.02, base_z=0.05, zero_1=0.1), 2)
    for command in np.random.default_rng(0).uniform(-0.8, 0.8, (5, 7)):
        moved(station, [command])
        expected = tip(station._joints) + [-0.05, 0.02, 0.05]
        np.testing.assert_allclose(station._tips, expected, atol=1e-4)
    station.close()


def test_an_arm_in_mujoco_moves_for_its_control_period_and_no_longer():
    station = arm(MujocoArm, count=3)
    for _ in range(4):
        station.act(np.zeros((3, 7)), np.array([1]))
    np.testing.assert_allclose(station._states[:, 0], [0, 4 * CONTROL_STEP, 0])


@every_engine
def test_no_episode_of_an_arm_depends_on_the_others(engine):
    rng = np.random.default_rng(0)
    commands = rng.uniform(-1, 1, (4, 3, 7))
    machine = replace(EXACT, weight_error=0.05)
    alone = engine(machine, dice(3)[1:2])
    alone.begin()
    together = engine(machine, dice(3))
    together.begin()
    for command in commands:
        mine = alone.act(command[1:2], np.array([0]))
        other = together.act(command, np.arange(3))
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(a[0], b[1])
    alone.close()
    together.close()


# The fleets


@pytest.mark.parametrize("fleet", [TABLES, ARMS])
def test_every_range_of_a_fleet_has_a_reason(fleet):
    ranges = [getattr(fleet, f.name) for f in fields(fleet)]
    assert all(r.why for r in ranges if isinstance(r, Distribution))
    assert sum(isinstance(r, Distribution) for r in ranges) >= 6


def test_every_arm_stands_where_its_ball_is_further_out_to_the_side_and_lower():
    for name, low, high in (("x", -0.09, -0.06), ("y", -0.075, -0.045), ("z", 0.06, 0.09)):
        drawn = getattr(ARMS, f"base_{name}")
        assert (drawn.low, drawn.high) == (low, high)
