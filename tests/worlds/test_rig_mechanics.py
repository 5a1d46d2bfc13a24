"""The machine inside a rig, in every engine: from the command to the motion of cart and pole."""

from dataclasses import fields, replace
from importlib.util import find_spec

import numpy as np
import pytest

from course_lib.worlds.distributions import Distribution
from course_lib.worlds.rig_batch import CONTROL_STEP, PHYSICS_STEP, SUBSTEPS, worn
from course_lib.worlds.rig_bullet import BulletRigBatch
from course_lib.worlds.rig_mujoco import MujocoRigBatch
from course_lib.worlds.rig_physics import FLEET, RigPhysics

needs_bullet = pytest.mark.skipif(find_spec("pybullet") is None, reason="PyBullet is optional")
ENGINES = [
    pytest.param(MujocoRigBatch, id="MuJoCo"),
    pytest.param(BulletRigBatch, id="Bullet", marks=needs_bullet),
]
every_engine = pytest.mark.parametrize("engine", ENGINES)

PERFECT = RigPhysics(
    stiction=0.0,
    rail_damping=0.0,
    hinge_damping=0.0,
    motor_time_constant=0.001,
    dead_zone=0.0,
    belt_slack=0.0,
    latency=0.0,
    latency_jitter=0.0,
    angle_step=0.0,
    position_step=0.0,
    angle_noise=0.0,
    position_noise=0.0,
    dropout=0.0,
)
HANGING = np.pi


def forces(machine, commands, engine=MujocoRigBatch):
    """The motor's force at each physics step, (steps,), for commands of +1 and -1."""
    batch = engine(1, machine, max_episode_steps=10_000)
    batch.reset(seed=0)
    recorded = []
    original = batch._motor

    def motor():
        recorded.append(original())
        return recorded[-1]

    batch._motor = motor
    for command in commands:
        batch.step(np.array([(command + 1) // 2]))
    return np.concatenate(recorded, axis=1)[0]


def motion(engine, machine, cart, hinge, force, steps):
    """Where cart and pole are, (steps + 1, 2), with a force (N) on the carriage from rest."""
    batch = engine(1, machine)
    batch.reset(seed=0)
    batch._place(np.array([cart]), np.array([hinge]))
    pushes = np.broadcast_to(np.reshape(force, (-1, 1)), (steps, SUBSTEPS))
    poses = [batch._drive(push[None], np.array([0]))[0] for push in pushes]
    batch.close()
    return np.array([[cart, hinge], *poses])


# The path of a command


@pytest.mark.parametrize("latency", [0.0, 0.01, 0.02, 0.034, 0.06, 0.1])
def test_a_command_takes_the_latency_to_become_a_force(latency):
    force = forces(replace(PERFECT, latency=latency), [1] * 8)
    late = np.flatnonzero(force)[0] * PHYSICS_STEP
    assert latency - 1e-9 <= late <= latency + 1.01 * PHYSICS_STEP


def test_a_command_lasts_until_the_next_one_arrives():
    commands = [1, -1, -1, 1, 1, 1, -1]
    force = forces(replace(PERFECT, latency=0.04), commands)
    ends = force.reshape(-1, SUBSTEPS)[2:, -1]  # two control steps later
    assert np.sign(ends).tolist() == commands[:-2]


@pytest.mark.parametrize("jitter", [0.008, 0.05])
def test_jitter_changes_the_latency_but_never_the_order_of_commands(jitter):
    machine = replace(PERFECT, latency=0.05, latency_jitter=jitter)
    batch = MujocoRigBatch(50, machine, max_episode_steps=10_000)
    batch.reset(seed=0)
    arrivals = []
    for _ in range(100):
        batch.step(np.ones(50, dtype=int))
        assert (np.diff(batch._arrivals, axis=1) >= 0).all()
        arrivals.append(batch._arrivals[:, -1] - batch._time + CONTROL_STEP)
    delays = np.array(arrivals)
    assert delays.min() >= -1e-9
    # A command that waits for the one before is later than its own latency, never earlier.
    assert 0.049 < delays.mean() < 0.05 + jitter
    assert 0.5 * jitter < delays.std() < 1.1 * jitter


def test_the_force_approaches_a_full_command_with_the_time_constant_of_the_motor():
    machine = replace(PERFECT, motor_time_constant=0.05, motor_force=8.0)
    force = forces(machine, [1] * 20)
    times = PHYSICS_STEP * np.arange(1, len(force) + 1)
    np.testing.assert_allclose(force, 8.0 * (1.0 - np.exp(-times / 0.05)), atol=1e-9)


@pytest.mark.parametrize("command", [1, -1])
def test_the_gear_takes_its_dead_zone_off_the_force_in_both_directions(command):
    free = forces(replace(PERFECT, motor_time_constant=0.05), [command] * 10)
    geared = forces(replace(PERFECT, motor_time_constant=0.05, dead_zone=3.0), [command] * 10)
    weak = np.abs(free) <= 3.0
    assert weak.any()
    assert not geared[weak].any()
    np.testing.assert_allclose(geared[~weak], free[~weak] - 3.0 * command)


# The sensors


def readings(machine, n=400, steps=30):
    """What is seen and what is true, (steps, n, 2) each, of carts and poles."""
    batch = MujocoRigBatch(n, machine)
    batch.reset(seed=0)
    seen, true = [], []
    for _ in range(steps):
        seen.append(batch.step(np.arange(n) % 2)[0][:, [0, 2]])
        true.append(batch._pose.copy())
    return np.array(seen), np.array(true)


def test_a_perfect_sensor_shows_the_truth():
    seen, true = readings(PERFECT)
    np.testing.assert_allclose(seen, true, atol=1e-6)


def test_noise_and_bias_of_the_sensors_are_what_the_machine_says():
    machine = replace(PERFECT, position_noise=0.003, angle_noise=0.002, angle_bias=0.01)
    error = np.subtract(*readings(machine))
    np.testing.assert_allclose(error.mean(axis=(0, 1)), [0.0, 0.01], atol=2e-4)
    np.testing.assert_allclose(error.std(axis=(0, 1)), [0.003, 0.002], rtol=0.05)


def test_an_encoder_is_off_by_half_a_step_at_most():
    machine = replace(PERFECT, position_step=0.01, angle_step=0.02)
    error = np.abs(np.subtract(*readings(machine))).max(axis=(0, 1))
    np.testing.assert_allclose(error, [0.005, 0.01], rtol=0.05)


def test_a_lost_reading_repeats_the_one_before():
    seen, _ = readings(replace(PERFECT, dropout=0.2, position_noise=0.001))
    repeated = (np.diff(seen, axis=0) == 0).all(axis=2)
    assert 0.18 < repeated.mean() < 0.22


# Cart, belt and pole


@every_engine
def test_below_dry_friction_the_cart_does_not_move_and_above_it_does(engine):
    machine = replace(PERFECT, stiction=1.0)
    held = motion(engine, machine, 0.0, HANGING, 0.8, 50)
    freed = motion(engine, machine, 0.0, HANGING, 1.2, 50)
    assert np.abs(held[:, 0]).max() < 0.002
    assert freed[-1, 0] > 0.05


@every_engine
def test_a_pushed_cart_accelerates_as_newton_says(engine):
    machine = replace(PERFECT, pole_mass=0.01, stiction=1.0)
    path = motion(engine, machine, 0.0, HANGING, 4.0, 50)
    mass = machine.cart_mass + machine.carriage_mass + machine.pole_mass
    assert path[-1, 0] == pytest.approx(0.5 * (4.0 - 1.0) / mass * 1.0**2, rel=0.02)


@every_engine
def test_viscous_friction_holds_the_cart_at_a_constant_speed(engine):
    machine = replace(PERFECT, pole_mass=0.01, rail_damping=8.0)
    path = motion(engine, machine, 0.0, HANGING, 4.0, 150)
    speed = np.diff(path[:, 0])[-20:] / CONTROL_STEP
    np.testing.assert_allclose(speed, 4.0 / 8.0, rtol=0.02)


@every_engine
def test_a_slack_belt_delays_the_cart_when_the_force_changes_sign(engine):
    force = np.repeat([4.0, -4.0], 10)
    tight = motion(engine, PERFECT, 0.0, HANGING, force, 20)
    slack = motion(engine, replace(PERFECT, belt_slack=0.02), 0.0, HANGING, force, 20)
    assert slack[10, 0] < tight[10, 0]
    speed = np.diff(np.array([tight[:, 0], slack[:, 0]]), axis=1)
    lost = speed[:, 10] - speed[:, 12]  # in the two steps after the change
    assert lost[1] < 0.9 * lost[0]


def rod(machine):
    """Mass matrix of cart and rod, and the torque of gravity per radian."""
    m, length = machine.pole_mass, machine.pole_length
    total = machine.cart_mass + machine.carriage_mass + m
    return total, m * length / 2, m * length**2 / 3, 9.81 * m * length / 2


def rate(machine):
    """How fast a rod on a free cart falls, or swings when hanging, 1/s, for small angles."""
    total, coupling, inertia, torque = rod(machine)
    return np.sqrt(torque * total / (inertia * total - coupling**2))


RODS = [{}, {"pole_length": 0.5, "pole_mass": 0.3, "cart_mass": 0.8}, {"pole_length": 1.2}]


@every_engine
@pytest.mark.parametrize("shape", RODS)
def test_a_pole_falls_as_fast_as_a_thin_rod(engine, shape):
    machine = replace(PERFECT, **shape)
    steps, start = 30, 1e-3
    angles = motion(engine, machine, 0.0, start, 0.0, steps)[:, 1]
    measured = np.arccosh(angles[-1] / start) / (steps * CONTROL_STEP)
    assert measured == pytest.approx(rate(machine), rel=0.02)


@every_engine
@pytest.mark.parametrize("shape", RODS)
def test_a_hanging_pole_swings_with_the_period_of_a_thin_rod(engine, shape):
    machine = replace(PERFECT, **shape)
    swing = motion(engine, machine, 0.0, HANGING + 0.02, 0.0, 400)[:, 1] - HANGING
    down = np.flatnonzero((swing[:-1] > 0) & (swing[1:] <= 0))
    zeros = down + swing[down] / (swing[down] - swing[down + 1])
    period = np.diff(zeros).mean() * CONTROL_STEP
    assert period == pytest.approx(2 * np.pi / rate(machine), rel=0.02)


@every_engine
def test_friction_in_the_hinge_damps_the_swing_as_the_theory_of_small_swings_says(engine):
    machine = replace(PERFECT, cart_mass=1e4, hinge_damping=0.01)  # a cart that stays where it is
    swing = motion(engine, machine, 0.0, HANGING + 0.1, 0.0, 400)[:, 1] - HANGING
    peaks = 1 + np.flatnonzero((swing[1:-1] > swing[:-2]) & (swing[1:-1] >= swing[2:]))
    decay, _ = np.polyfit(peaks * CONTROL_STEP, np.log(swing[peaks]), 1)
    assert decay == pytest.approx(-0.5 * 0.01 / rod(machine)[2], rel=0.05)


@every_engine
def test_without_forces_the_centre_of_mass_stays_where_it_is(engine):
    path = motion(engine, PERFECT, 0.0, 0.1, 0.0, 40)
    total, coupling, *_ = rod(PERFECT)
    centre = path[:, 0] + coupling / total * np.sin(path[:, 1])
    np.testing.assert_allclose(centre, centre[0], atol=2e-3)
    assert np.ptp(path[:, 0]) > 0.02


@every_engine
def test_what_one_episode_does_is_nothing_to_another(engine):
    machine = RigPhysics()
    angles = np.array([0.05, 1.5, -0.02])
    together = engine(3, machine)
    together.reset(seed=0)
    together._place(np.zeros(3), angles)
    pushes = np.random.default_rng(0).uniform(-10, 10, (40, 3, SUBSTEPS))
    for push in pushes:
        poses = together._drive(push, np.arange(3))
    for i, angle in enumerate(angles):
        alone = engine(1, machine)
        alone.reset(seed=0)
        alone._place(np.zeros(1), np.array([angle]))
        for push in pushes:
            pose = alone._drive(push[[i]], np.array([0]))
        np.testing.assert_allclose(pose[0], poses[i], rtol=0, atol=1e-9)
        alone.close()
    together.close()


@every_engine
def test_a_stopped_machine_stands_still(engine):
    batch = engine(6, RigPhysics())
    batch.reset(seed=0)
    terminated, before = np.zeros(6, dtype=bool), batch._pose.copy()
    for _ in range(120):
        _, _, now, _, _ = batch.step(np.array([0, 0, 1, 1, 1, 0]))
        np.testing.assert_array_equal(batch._pose[terminated], before[terminated])
        terminated, before = terminated | now, batch._pose.copy()
    assert terminated.all()
    batch.close()


def test_mujoco_integrates_at_five_hundred_hertz_or_more():
    batch = MujocoRigBatch(1, RigPhysics())
    assert 1.0 / batch._mechanics.model.opt.timestep >= 499.9
    assert batch._mechanics.model.opt.timestep * SUBSTEPS == pytest.approx(CONTROL_STEP)


# The fleet


def test_every_range_of_the_fleet_has_a_reason_or_is_a_plain_number():
    for field in fields(FLEET):
        value = getattr(FLEET, field.name)
        assert isinstance(value, float) or (isinstance(value, Distribution) and value.why), field


@pytest.mark.parametrize("end", ["low", "high"])
@every_engine
def test_both_ends_of_the_fleet_can_be_built_and_run_new_and_worn(engine, end):
    ends = {f.name: getattr(FLEET, f.name) for f in fields(FLEET)}
    values = {n: getattr(v, end) if isinstance(v, Distribution) else v for n, v in ends.items()}
    for wear in (0.0, 1.0, 3.0):
        batch = engine(2, worn(RigPhysics(**values), wear))
        batch.reset(seed=0)
        for i in range(50):
            seen, *_ = batch.step(np.full(2, i % 2))
        assert np.isfinite(seen).all()
        batch.close()


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"cart_mass": 0.0}, ValueError, "cart_mass must lie between 0.1 and infinity kg"),
        ({"pole_length": -1.0}, ValueError, "pole_length must lie between"),
        ({"stiction": -0.1}, ValueError, "stiction must lie between 0 and infinity N"),
        ({"motor_time_constant": 0.0}, ValueError, "motor_time_constant must lie between"),
        ({"latency": 0.2}, ValueError, "latency must lie between 0 and 0.1 s"),
        ({"latency_jitter": -0.1}, ValueError, "latency_jitter must lie between"),
        ({"dropout": 1.1}, ValueError, "dropout must lie between 0 and 1"),
        ({"angle_bias": float("nan")}, ValueError, "angle_bias must be finite"),
        ({"belt_slack": "1 mm"}, TypeError, "belt_slack must be a number"),
        ({"dead_zone": None}, TypeError, "dead_zone must be a number"),
    ],
)
def test_a_machine_that_cannot_be_is_refused_in_one_line(wrong, error, message):
    with pytest.raises(error, match=message) as caught:
        RigPhysics(**wrong)
    assert "\n" not in str(caught.value)


def test_wear_weakens_the_motor_and_loosens_the_belt_more_and_more():
    new, due, old = (worn(RigPhysics(), wear) for wear in (0.0, 1.0, 2.0))
    assert new == RigPhysics()
    assert new.motor_force > due.motor_force > old.motor_force
    assert new.stiction < due.stiction < old.stiction
    assert new.belt_slack < due.belt_slack < old.belt_slack
    assert worn(RigPhysics(), 3.0) == worn(RigPhysics(), 300.0)
