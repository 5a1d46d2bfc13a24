"""The picking station: against closed forms, a slow scalar version, and what its datasheet says."""

import math
import warnings
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.worlds import Grasping, GraspingPhysics, Uniform
from course_lib.worlds.grasping import (
    BUSY,
    CUP,
    ENTRY,
    FIRST,
    GRAVITY,
    LAST,
    LENGTHS,
    LOOK,
    PARCELS,
    PICTURE,
    REACH,
    REAL_STATION,
    SHORTFALLS,
    SMALLEST_GAP,
    SPEED,
    WAIT,
    lag,
)

STRAIGHT = int(np.argmin(np.abs(SHORTFALLS)))  # aims where the belt would carry the parcel
EXACT = GraspingPhysics(camera_noise=0.0, scatter=0.0)
VARIED = replace(
    REAL_STATION,
    belt_speed=Uniform(0.8, 1.2),
    reach_time=Uniform(0.3, 0.4),
    gap=Uniform(1.2, 1.8),
    bags=Uniform(0.2, 0.8),
    box_friction=Uniform(0.1, 0.4),
)


def play(physics, policy, n=50, seed=0):
    """Run whole shifts; returns the batch, the return of each, and all observations (T, n, 8)."""
    env = physics.make(n, autoreset=False)
    seen, _ = env.reset(seed=seed)
    rng, returns, all_seen, over = np.random.default_rng(1), np.zeros(n), [seen], np.zeros(n, bool)
    while not over.all():
        seen, rewards, terminated, truncated, _ = env.step(policy(seen, rng))
        returns += rewards * ~over
        over |= terminated | truncated
        all_seen.append(seen)
    return env, returns, np.array(all_seen)


def at_once(seen, rng):
    return np.full(len(seen), STRAIGHT)


def anything(seen, rng):
    return rng.integers(0, WAIT + 1, len(seen))


def beyond(place):
    return lambda seen, rng: np.where(seen[:, 0] >= place, STRAIGHT, WAIT)


# Closed forms


@pytest.mark.parametrize(("slower", "pull"), [(0.8, 2.0), (0.4, 0.5), (0.9, 98.0)])
def test_a_parcel_falls_behind_until_it_has_caught_up(slower, pull):
    caught_up = slower / pull
    times = np.array([0.0, caught_up / 2, caught_up, 2 * caught_up])
    way = slower**2 / (2 * pull)  # a body that is braked from `slower` to rest
    np.testing.assert_allclose(lag(times, slower, pull), [0, 0.75 * way, way, way])


def test_the_lag_is_the_integral_of_the_missing_speed():
    steps = np.linspace(0, 0.7, 70_001)
    missing = np.maximum(0.6 - 1.3 * steps, 0)
    assert lag(0.7, 0.6, 1.3) == pytest.approx(np.trapezoid(missing, steps), rel=1e-6)


def test_where_nothing_slips_and_nothing_scatters_every_grasp_hits():
    env, _, _ = play(EXACT, at_once)
    log = env.log()
    assert log.hits.all() and len(log.hits) > 500
    # Friction 10 is not infinite: a parcel falls behind by at most this much.
    assert np.abs(log.errors).max() < 0.9**2 / (2 * 10 * GRAVITY)


def test_scatter_alone_misses_as_often_as_a_normal_law_says():
    log = play(replace(EXACT, scatter=0.03, box_friction=1e6, bag_friction=1e6), at_once)[0].log()
    share = math.erf(CUP / 0.03 / math.sqrt(2))
    assert log.hits.mean() == pytest.approx(share, abs=4 * math.sqrt(0.25 / len(log.hits)))
    assert log.errors.std() == pytest.approx(0.03, rel=0.1)


def test_the_error_of_a_parcel_that_slips_is_its_lag_within_the_reach():
    physics = replace(EXACT, box_friction=0.02, bag_friction=0.02)  # slips all the way
    log = play(physics, at_once)[0].log()
    pull = 0.02 * GRAVITY
    # The mean speed over a picture's time is the speed in the middle of it.
    missing = -log.observations[:, 1] - pull * PICTURE / 2
    np.testing.assert_allclose(-log.errors, missing * REACH - pull * REACH**2 / 2, atol=1e-5)


@pytest.mark.parametrize("action", range(WAIT))
def test_a_shortfall_moves_the_cup_back_by_just_so_much(action):
    errors = play(EXACT, lambda seen, rng: np.full(len(seen), action))[0].log().errors
    assert errors.mean() == pytest.approx(SHORTFALLS[action], abs=5e-3)


def test_hits_are_what_the_cup_says_and_the_return_counts_them():
    env, returns, _ = play(replace(REAL_STATION, leak=0.0), anything)
    log = env.log()
    np.testing.assert_array_equal(log.hits, np.abs(log.errors) < CUP)
    assert returns.sum() * PARCELS == pytest.approx(log.hits.sum(), rel=1e-5)
    assert returns.min() >= 0 and returns.max() <= 1


# A slow version


def slow_shift(env, row, choices):
    """One shift in plain numbers: [(parcel, time, error)], with the drawn parcels of a batch."""
    speed, reach = env._k["belt_speed"][row], env._k["reach_time"][row]

    def place(parcel, now):
        time, slower = max(now - env._touched[row, parcel], 0.0), env._slower[row, parcel]
        pull = env._pull[row, parcel]
        slips = min(time, slower / pull)
        return speed * time - (slower * slips - pull * slips * slips / 2)

    now, grasps, parcel, fresh, look = 0.0, [], 0, True, 0
    while parcel < PARCELS:
        if fresh:
            now, fresh, look = max(now, env._touched[row, parcel] + FIRST), False, 0
        action, seen = next(choices), place(parcel, now) + env._noise[row, parcel, look + 1]
        if action == WAIT:
            now, look = now + LOOK, look + 1
        else:
            now += reach
            target = seen + SPEED * REACH - SHORTFALLS[action] + env._off[row, parcel]
            grasps.append((parcel, now, place(parcel, now) - target))
            now, parcel, fresh = now + BUSY, parcel + 1, True
        while parcel < PARCELS and place(parcel, now) > LAST:
            parcel, fresh = parcel + 1, True
    return grasps, now


def test_a_batch_does_what_a_slow_version_does():
    n, rng = 20, np.random.default_rng(3)
    script = rng.integers(0, WAIT + 1, (200, n))
    script[rng.random(script.shape) < 0.4] = WAIT
    env = VARIED.make(n, autoreset=False)
    env.reset(seed=4)
    ends, t = np.zeros(n), 0
    grasped = [[] for _ in range(n)]
    while (env._parcel < PARCELS).any():
        at = env._parcel.copy()
        before = len(env._log)
        env.step(script[t])
        if len(env._log) > before:
            rows = np.flatnonzero((at < PARCELS) & (script[t] != WAIT))
            for row, error in zip(rows, env._log[-1][2], strict=True):
                grasped[row].append((at[row], error))
        t += 1
    ends = env.duration
    for row in range(n):
        grasps, now = slow_shift(env, row, iter(script[:, row]))
        assert [g[0] for g in grasps] == [g[0] for g in grasped[row]]
        np.testing.assert_allclose([g[2] for g in grasps], [g[1] for g in grasped[row]], atol=1e-6)
        assert ends[row] == pytest.approx(now, abs=1e-9)
    assert sum(map(len, grasped)) < n * PARCELS  # some parcels went by


# The datasheet


def test_observations_are_the_quantities_of_the_datasheet():
    env = replace(EXACT, box_friction=0.15, bag_friction=0.08).make(200, autoreset=False)
    seen, _ = env.reset(seed=0)
    rows = np.arange(200)
    time = seen[:, 5].astype(float)
    np.testing.assert_allclose(time, FIRST, atol=1e-6)
    slower, pull = env._slower[:, 0], env._pull[:, 0]
    np.testing.assert_allclose(seen[:, 0], time - lag(time, slower, pull), atol=1e-6)
    before = time - PICTURE - lag(time - PICTURE, slower, pull)
    np.testing.assert_allclose(seen[:, 1], (seen[:, 0] - before) / PICTURE - SPEED, atol=1e-5)
    assert set(seen[:, 2]) == {0, 1} and seen[:, 2].mean() == pytest.approx(0.4, abs=0.15)
    for kind in (0, 1):
        lengths = seen[seen[:, 2] == kind, 3]
        assert LENGTHS[kind][0] <= lengths.min() and lengths.max() <= LENGTHS[kind][1]
    np.testing.assert_allclose(5 * seen[:, 4], env._weight[rows, 0], rtol=1e-6)
    assert (seen[:, 6] == 0).all() and (seen[:, 7] == 1).all()  # the next one is not there yet
    after = env.step(np.full(200, WAIT))[0]
    np.testing.assert_allclose(after[:, 5], FIRST + LOOK, atol=1e-6)


def test_the_parcel_behind_is_seen_where_it_is_and_the_last_one_has_none_behind_it():
    env = REAL_STATION.make(50, autoreset=False)
    env.reset(seed=0)
    there = lonely = 0
    while (env._parcel < PARCELS).any():
        seen = env.step(np.full(50, STRAIGHT))[0]
        for row in np.flatnonzero(env._parcel < PARCELS):
            i = env._parcel[row] + 1
            time = env._now[row] - env._touched[row, min(i, PARCELS - 1)]
            place = 0.0
            if i < PARCELS and time > 0:
                place = time - lag(time, env._slower[row, i], env._pull[row, i])
                there += 1
            lonely += i == PARCELS
            assert seen[row, 6] == pytest.approx(place, abs=1e-6)
            assert seen[row, 7] == 1 - env._parcel[row] / PARCELS
    assert there > 50 and lonely > 20


def test_parcels_come_at_the_gaps_and_speeds_that_the_datasheet_says():
    env = Grasping(2_000)
    env.reset(seed=0)
    gaps = np.diff(env._touched, axis=1)
    assert gaps.min() >= SMALLEST_GAP and gaps.mean() == pytest.approx(1.5, rel=0.02)
    entry = 1 - env._slower
    assert ENTRY[0] <= entry.min() and entry.max() <= ENTRY[1]
    assert np.median(env._weight[env._bag]) == pytest.approx(0.6, rel=0.05)
    assert np.median(env._weight[~env._bag]) == pytest.approx(3.0, rel=0.05)


def test_a_grasp_takes_its_time_and_a_parcel_that_has_passed_is_gone():
    env = EXACT.make(1, autoreset=False)
    env.reset(seed=0)
    start = env._now.copy()
    env.step(np.array([STRAIGHT]))
    assert env.duration[0] == pytest.approx(start[0] + REACH + BUSY)
    _, returns, seen = play(GraspingPhysics(), lambda seen, rng: np.full(len(seen), WAIT))
    assert (returns == 0).all() and seen[..., 0].max() < LAST + 0.03
    assert (seen[-1] == 0).all()  # the shift is over


def test_waiting_makes_grasps_better_on_the_real_belt_and_costs_parcels_on_any():
    attempts, hits = {}, {}
    for name, physics in (("simulated", GraspingPhysics()), ("real", REAL_STATION)):
        for place in (0.0, 0.6):
            log = play(physics, beyond(place), 100)[0].log()
            attempts[name, place], hits[name, place] = len(log.hits), log.hits.mean()
    assert hits["simulated", 0.0] > 0.94 and 0.55 < hits["real", 0.0] < 0.65
    assert hits["real", 0.6] > 0.9
    for name in ("simulated", "real"):
        assert attempts[name, 0.6] < 0.85 * attempts[name, 0.0]


# Each parameter does what it says


def parcels(**changed):
    env = replace(GraspingPhysics(), **changed).make(300, autoreset=False)
    return env, env.reset(seed=0)[0]


def test_friction_of_boxes_bags_their_spread_and_dust():
    env, _ = parcels(box_friction=0.3, bag_friction=0.1, spread=0.5, dust=0.4)
    friction = np.log(env._pull / GRAVITY)
    for bags, middle in ((False, 0.3), (True, 0.1)):
        first = friction[:, 0][env._bag[:, 0] == bags]
        assert first.mean() == pytest.approx(np.log(middle), abs=0.15)
        assert first.std() == pytest.approx(0.5, rel=0.2)
        last = friction[:, -1][env._bag[:, -1] == bags]
        assert last.mean() == pytest.approx(np.log(0.6 * middle), abs=0.15)


def test_leak_loses_only_bags_that_the_cup_held():
    log = play(replace(EXACT, leak=0.3), at_once)[0].log()
    bag = log.observations[:, 2] == 1
    assert log.hits[~bag].all()
    assert log.hits[bag].mean() == pytest.approx(0.7, abs=0.08)


def test_belt_speed_and_reach_time_put_the_cup_off_as_much_as_they_are_off():
    wide = {"box_friction": 1e6, "bag_friction": 1e6}
    for changed, error in (
        ({"belt_speed": 1.1}, 0.1 * REACH),
        ({"reach_time": REACH + 0.04}, 0.04),
    ):
        log = play(replace(EXACT, **wide, **changed), at_once)[0].log()
        np.testing.assert_allclose(log.errors, error, atol=1e-4)


def test_gap_bags_and_camera_noise():
    assert np.diff(parcels(gap=3.0)[0]._touched, axis=1).mean() == pytest.approx(3.0, rel=0.05)
    assert parcels(bags=1.0)[1][:, 2].all() and not parcels(bags=0.0)[1][:, 2].any()
    clear, noisy = parcels(camera_noise=0.0)[1], parcels(camera_noise=0.02)[1]
    assert (noisy - clear)[:, 0].std() == pytest.approx(0.02, rel=0.15)
    assert (noisy - clear)[:, 1].std() == pytest.approx(0.02 * math.sqrt(2) / PICTURE, rel=0.15)


# What every world promises


@pytest.mark.parametrize("kwargs", [{}, {"physics": VARIED}])
def test_the_single_world_passes_gymnasiums_own_check(kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gym.make("sim2real/Grasping-v0", **kwargs).unwrapped)
    assert [w for w in caught if "infinity" not in str(w.message)] == []
    assert isinstance(gym.make_vec("sim2real/Grasping-v0", num_envs=3).unwrapped, Grasping)


def everything(env, seed):
    parts, rng = [env.reset(seed=seed)[0].ravel()], np.random.default_rng(9)
    for _ in range(80):
        seen, rewards, terminated, truncated, _ = env.step(rng.integers(0, WAIT + 1, env.num_envs))
        parts += [seen.ravel(), rewards, terminated, truncated]
    return np.concatenate(parts)


def test_one_seed_gives_one_trajectory_and_another_seed_another():
    env = VARIED.make(8)
    first = everything(env, 5)
    assert not np.array_equal(first, everything(env, 6))
    np.testing.assert_array_equal(first, everything(env, 5))
    np.testing.assert_array_equal(first, everything(VARIED.make(8), 5))


def test_stations_with_other_physics_and_policies_share_their_parcels_and_luck():
    one, other = GraspingPhysics().make(20), replace(VARIED, bags=0.4, gap=1.5).make(20)
    one.reset(seed=3), other.reset(seed=3)
    for name in ("_touched", "_bag", "_length", "_weight", "_off", "_noise"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one._slower, other._slower / other._k["belt_speed"][:, None])


def test_each_shift_draws_parcels_and_physics_anew():
    env = VARIED.make(30)
    env.reset(seed=0)
    touched, friction = env._touched.copy(), env._k["box_friction"].copy()
    for _ in range(100):
        env.step(np.full(30, STRAIGHT))
    assert (env._touched != touched).any(axis=1).all()
    assert (env._k["box_friction"] != friction).all()
    assert len(env.log().hits) > 30 * PARCELS  # the log goes on over shifts ...
    env.reset(seed=1)
    log = env.log()
    assert log.observations.shape == (0, 8) and log.hits.shape == (0,)  # ... until a reset


def test_what_came_back_is_a_copy():
    env = GraspingPhysics().make(3, autoreset=False)
    env.reset(seed=0)
    seen = env.step(np.full(3, WAIT))[0]
    seen[:] = 7
    env.duration[:] = 7
    first = env.step(np.full(3, STRAIGHT))
    assert first[0].max() < 7 and env.log().observations.max() < 7


@pytest.mark.parametrize(
    "wrong", [{"box_friction": 0}, {"dust": 1.0}, {"leak": -0.1}, {"gap": 0.2}, {"bags": 1.5}]
)
def test_impossible_physics_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GraspingPhysics(**wrong)
