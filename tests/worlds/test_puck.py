"""The simulated puck: against closed forms, a slow scalar version, and what its datasheet says."""

import math
import warnings
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.worlds import Choice, Puck, PuckPhysics, Uniform
from course_lib.worlds.puck import (
    BEYOND,
    CONTROL_STEP,
    GOAL,
    GRAVITY,
    HAND,
    HAND_LAG,
    PUCK,
    REACH,
    REST,
    SPEED,
    STEPS,
    STRUCK,
    SUBSTEPS,
    ZONE,
)

STEP = CONTROL_STEP / SUBSTEPS
AWAY = [-0.3, -0.3, 0.0, 0.0]  # a hand in the corner, at rest
VARIED = PuckPhysics(
    friction=Uniform(0.1, 0.4),
    hand_gain=Uniform(0.7, 1.1),
    tilt=Uniform(-0.1, 0.1),
    bounce=Uniform(0.3, 0.9),
    action_delay=Choice((0, 1, 2)),
)


def after(physics, state, commands):
    """True states (steps, n, 8) after each command (steps, 2), from states (8,) or (n, 8)."""
    state = np.atleast_2d(state)
    env = physics.make(len(state), autoreset=False)
    env.reset(seed=0, options={"state": state})
    states = []
    for command in commands:
        env.step(np.broadcast_to(command, (len(state), 2)).astype(np.float32))
        states.append(env.state)
    return np.array(states)


def still(steps):
    return np.zeros((steps, 2))


# Closed forms


@pytest.mark.parametrize("friction", [0.1, 0.15, 0.35])
@pytest.mark.parametrize("tilt", [0.0, 0.08, -0.05])
def test_a_puck_slides_as_far_as_friction_and_slope_let_it(friction, tilt):
    speed = 1.5
    states = after(PuckPhysics(friction=friction, tilt=tilt), [*AWAY, 0, 0.2, 0, speed], still(80))
    brake = GRAVITY * (friction * math.cos(tilt) + math.sin(tilt))
    # The integrator moves with the newer, smaller speed: half a step's way less.
    way = speed**2 / (2 * brake) - speed * STEP / 2
    assert states[-1, 0, 5] - 0.2 == pytest.approx(way, abs=2e-3)
    assert not states[-1, 0, 6:].any()


def test_friction_brakes_along_the_motion_whatever_its_direction():
    speeds = np.array([[1.0, 0.0], [0.6, 0.8], [-0.6, 0.8], [0.0, -1.0]])
    state = np.hstack([np.tile([-0.3, -0.3, 0, 0, 0.3, 0.4], (4, 1)), speeds])
    ends = after(PuckPhysics(friction=0.3), state, still(30))[-1, :, 4:6] - [0.3, 0.4]
    way = np.linalg.norm(ends, axis=1)
    np.testing.assert_allclose(ends / way[:, None], speeds, atol=1e-9)
    np.testing.assert_allclose(way, way[0])


@pytest.mark.parametrize(("tilt", "slides"), [(0.14, False), (0.16, True)])
def test_a_puck_slides_down_only_where_the_slope_is_steeper_than_friction_holds(tilt, slides):
    end = after(PuckPhysics(friction=0.15, tilt=tilt), [*AWAY, 0, 0.4, 0, 0], still(10))[-1, 0]
    assert (end[5] < 0.4) == slides
    assert end[4] == 0.0


@pytest.mark.parametrize("bounce", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("side", [0.0, 0.03, -0.05])
def test_a_strike_changes_the_speed_along_the_line_of_centres_by_newtons_law(bounce, side):
    up = math.sqrt((HAND + PUCK) ** 2 - side**2)
    # The hand moves at the speed it is told to, and touches in the first substep.
    state = [0, -0.1, 0, 0.5 * SPEED, side, -0.1 + up, 0, 0]
    now = after(PuckPhysics(friction=0.0, bounce=bounce), state, [[0.0, 0.5]])[-1, 0]
    moved = 0.5 * SPEED * STEP  # in the substep of the touch
    normal = np.array([side, up - moved])
    normal /= np.linalg.norm(normal)
    struck = (1 + bounce) * 0.5 * SPEED * normal[1] * normal
    if bounce:  # a puck that does not bounce stays on the hand
        np.testing.assert_allclose(now[6:], struck, rtol=1e-9)
    else:
        assert now[7] > 0
    np.testing.assert_allclose(now[2:4], [0, 0.5 * SPEED], atol=1e-9)  # the hand does not slow


def test_a_puck_that_is_faster_than_the_hand_is_not_struck_again():
    state = [0, -0.1, 0, 0.5, 0, -0.04, 0, 2.0]
    now = after(PuckPhysics(friction=0.0), state, [[0.0, 0.2]])[-1, 0]
    assert now[7] == pytest.approx(2.0)


@pytest.mark.parametrize("gain", [0.75, 1.0])
def test_the_hand_takes_up_its_speed_with_its_time_constant_and_gain(gain):
    command = np.array([0.1, -0.06])
    states = after(
        PuckPhysics(hand_gain=gain), [0, 0, 0, 0, 0.3, 0.3, 0, 0], np.tile(command, (6, 1))
    )
    times = CONTROL_STEP * np.arange(1, 7)
    expected = gain * SPEED * command * (1 - np.exp(-times / HAND_LAG))[:, None]
    np.testing.assert_allclose(states[:, 0, 2:4], expected, rtol=1e-6)


@pytest.mark.parametrize("command", [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]])
def test_the_hand_stops_at_the_end_of_its_reach(command):
    end = after(PuckPhysics(), [0, -0.2, 0, 0, 0.0, 0.6, 0, 0], np.tile(command, (20, 1)))[-1, 0]
    at_end = np.where(np.array(command) > 0, REACH[1], REACH[0])
    np.testing.assert_allclose(end[:2], np.where(command, at_end, [0, -0.2]))
    np.testing.assert_allclose(end[2:4], 0.0)


@pytest.mark.parametrize("delay", [1, 3])
def test_a_delay_shifts_what_the_hand_does(delay):
    rng = np.random.default_rng(0)
    commands = rng.uniform(-0.3, 0.3, (10, 2))
    start = [0, -0.1, 0, 0, 0.3, 0.4, 0, 0]
    prompt = after(PuckPhysics(), start, commands)
    late = after(PuckPhysics(action_delay=delay), start, commands)
    np.testing.assert_allclose(late[:delay, 0, :4], np.tile(start[:4], (delay, 1)))
    np.testing.assert_allclose(late[delay:, 0, :4], prompt[:-delay, 0, :4])


# A slow version


def slow_step(state, command, friction, gain, tilt, bounce):
    """One control step in plain numbers."""
    hx, hy, hvx, hvy, x, y, vx, vy = map(float, state)
    for _ in range(SUBSTEPS):
        share = 1 - math.exp(-STEP / HAND_LAG)
        hvx += share * (command[0] * SPEED * gain - hvx)
        hvy += share * (command[1] * SPEED * gain - hvy)
        hx, hy = hx + hvx * STEP, hy + hvy * STEP
        if hx < REACH[0, 0] or hx > REACH[1, 0]:
            hx, hvx = min(max(hx, REACH[0, 0]), REACH[1, 0]), 0.0
        if hy < REACH[0, 1] or hy > REACH[1, 1]:
            hy, hvy = min(max(hy, REACH[0, 1]), REACH[1, 1]), 0.0
        distance = math.hypot(x - hx, y - hy)
        if distance < HAND + PUCK:
            nx, ny = (x - hx) / distance, (y - hy) / distance
            closing = (hvx - vx) * nx + (hvy - vy) * ny
            if closing > 0:
                vx, vy = vx + (1 + bounce) * closing * nx, vy + (1 + bounce) * closing * ny
            x, y = hx + (HAND + PUCK) * nx, hy + (HAND + PUCK) * ny
        vy -= GRAVITY * math.sin(tilt) * STEP
        fast = math.hypot(vx, vy)
        if fast > 0:
            left = max(fast - friction * GRAVITY * math.cos(tilt) * STEP, 0) / fast
            vx, vy = vx * left, vy * left
        x, y = x + vx * STEP, y + vy * STEP
    return [hx, hy, hvx, hvy, x, y, vx, vy]


def test_a_batch_of_random_tables_does_what_a_slow_version_does():
    n, rng = 40, np.random.default_rng(0)
    state = np.hstack([rng.uniform(*REACH, (n, 2)), rng.uniform(-2, 2, (n, 2))])
    state = np.hstack([state, rng.uniform(-0.2, 0.2, (n, 2)), rng.uniform(-1, 1, (n, 2))])
    env = replace(VARIED, action_delay=0).make(n, autoreset=False)
    env.reset(seed=0, options={"state": state})
    k, hits = env._k, 0
    for _ in range(15):
        before = env.state
        chase = 5 * (before[:, 4:6] - before[:, :2]) + rng.uniform(-0.5, 0.5, (n, 2))
        commands = np.clip(chase, -1, 1).astype(np.float32)
        env.step(commands)
        for i in range(n):
            physics = (k[name][i] for name in ("friction", "hand_gain", "tilt", "bounce"))
            expected = slow_step(before[i], commands[i].astype(float), *physics)
            np.testing.assert_allclose(env.state[i], expected, atol=1e-9)
            hits += np.linalg.norm(env.state[i, 6:] - before[i, 6:]) > 1
    assert hits > 20


# The datasheet


def test_observations_are_the_true_state_in_the_units_of_the_datasheet():
    state = np.array([0.2, -0.2, 0.1, 0.2, -0.5, 1.0, 0.3, 0.4])
    env = PuckPhysics(friction=0.0).make(1, autoreset=False)
    seen, _ = env.reset(options={"state": state})
    units = [0.2, 0.2, 1 / 0.7, 1 / 0.7, 0.5, 0.5, 1 / 0.7, 1 / 0.7]
    np.testing.assert_allclose(seen[0, :8] * units, state, rtol=1e-6)
    assert seen[0, 8] == 0
    for step in range(1, STEPS + 1):
        seen, _, _, truncated, _ = env.step(np.zeros((1, 2), dtype=np.float32))
        np.testing.assert_allclose(seen[0, :8] * units, env.state[0], rtol=1e-5, atol=1e-7)
        assert seen[0, 8] == pytest.approx(step / STEPS)
        assert truncated[0] == (step == STEPS)
    np.testing.assert_array_equal(env.where, env.state[:, 4:6])


def test_every_episode_starts_at_rest_about_its_place():
    env = Puck(5_000)
    env.reset(seed=0)
    middle = np.array([0, -0.2, 0, 0, 0, 0, 0, 0])
    spread = np.abs(env.state - middle).max(axis=0)
    assert (spread[[0, 1, 4, 5]] <= 0.02).all() and (spread[[0, 1, 4, 5]] > 0.0199).all()
    assert not spread[[2, 3, 6, 7]].any()
    assert env.state[:, [0, 1, 4, 5]].mean(axis=0) == pytest.approx([0, -0.2, 0, 0], abs=1e-3)


@pytest.mark.parametrize(
    ("place", "speed", "reward", "ends"),
    [
        (GOAL, 0.0, 1, True),
        (GOAL + [0, ZONE - 0.001], 0.0, 1, True),
        (GOAL - [ZONE - 0.001, 0], 0.0, 1, True),
        (GOAL + [0, ZONE + 0.001], 0.0, 0, True),
        (GOAL + [ZONE, 0.01], 0.0, 0, True),
        (GOAL, 0.9 * REST, 1, True),
        (GOAL, 1.2 * REST, 0, False),
        ([0.0, 2.0], 0.0, 0, True),
        ([0.0, BEYOND + 0.001], 0.0, 0, True),
        ([0.0, BEYOND - 0.001], 0.0, 0, False),  # the hand can still reach it
        ([0.5, -0.4], 0.0, 0, False),
    ],
)
def test_an_episode_ends_in_the_zone_with_a_reward_and_beyond_the_reach_without(
    place, speed, reward, ends
):
    env = PuckPhysics(friction=0.0).make(1, autoreset=False)
    env.reset(seed=0)
    env._state[0, 4:] = [*place, speed, 0.0]
    env._state[0, 4] -= speed * CONTROL_STEP
    env._state[0, :2] = AWAY[:2]
    _, rewards, terminated, _, _ = env.step(np.zeros((1, 2), dtype=np.float32))
    assert (rewards[0], terminated[0]) == (reward, ends)


@pytest.mark.parametrize(("way", "ends"), [(STRUCK - 0.001, False), (STRUCK + 0.001, True)])
def test_a_puck_that_was_not_struck_does_not_end_the_episode(way, ends):
    env = Puck(1, autoreset=False)
    env.reset(options={"state": [*AWAY, 0, 1.0, 0, 0]})
    env._state[0, 5] += way
    assert env.step(np.zeros((1, 2), dtype=np.float32))[2][0] == ends


# What every world promises


@pytest.mark.parametrize("kwargs", [{}, {"physics": VARIED}])
def test_the_single_world_passes_gymnasiums_own_check(kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gym.make("sim2real/Puck-v0", **kwargs).unwrapped)
    assert [w for w in caught if "infinity" not in str(w.message)] == []
    assert isinstance(gym.make_vec("sim2real/Puck-v0", num_envs=3).unwrapped, Puck)


def everything(env, seed):
    parts = [env.reset(seed=seed)[0].ravel()]
    rng = np.random.default_rng(9)
    for _ in range(80):
        commands = rng.uniform(-1, 1, (env.num_envs, 2)).astype(np.float32)
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
    one, other = PuckPhysics().make(20), VARIED.make(20)
    np.testing.assert_array_equal(one.reset(seed=3)[0], other.reset(seed=3)[0])


def test_each_episode_draws_its_physics_anew_within_its_range():
    env = VARIED.make(50)
    env.reset(seed=0)
    first = {name: values.copy() for name, values in env._k.items()}
    for _ in range(STEPS):
        env.step(np.zeros((50, 2), dtype=np.float32))
    for name, values in first.items():
        assert len(set(values)) == (3 if name == "action_delay" else 50)
        assert (values != env._k[name]).mean() > 0.5


def test_after_autoreset_where_is_the_new_puck_and_arrived_the_old_one():
    env = Puck(2)
    env.reset(options={"state": np.array([[*AWAY, 0, 0, 0, 0], [*AWAY, *GOAL, 0, 0]])})
    _, _, terminated, _, infos = env.step(np.zeros((2, 2), dtype=np.float32))
    assert terminated.tolist() == [False, True]
    np.testing.assert_allclose(env.arrived, [[0, 0], GOAL], atol=1e-9)
    np.testing.assert_allclose(env.arrived[1], infos["final_obs"][1][4:6] / 2, rtol=1e-6)
    assert np.abs(env.where).max() <= 0.02
    env.arrived[:] = env.where[:] = env.state[:] = 7.0  # copies
    assert np.abs(env.where).max() <= 0.02
    assert env.arrived.max() < 1


def test_a_delay_does_not_carry_commands_over_to_the_next_episode():
    env = PuckPhysics(action_delay=2).make(1)
    env.reset(seed=0)
    for _ in range(STEPS):
        _, _, _, truncated, _ = env.step(np.full((1, 2), 0.1, dtype=np.float32))
    assert truncated[0]
    before = env.state
    env.step(np.zeros((1, 2), dtype=np.float32))
    np.testing.assert_array_equal(env.state[:, :4], before[:, :4])


@pytest.mark.parametrize(
    "wrong",
    [{"friction": -0.1}, {"bounce": 1.1}, {"action_delay": 0.5}, {"tilt": 2.0}, {"hand_gain": -1}],
)
def test_physics_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PuckPhysics(**wrong)


def test_commands_beyond_the_space_are_refused():
    env = Puck(1)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="not in"):
        env.step(np.full((1, 2), 1.1, dtype=np.float32))
