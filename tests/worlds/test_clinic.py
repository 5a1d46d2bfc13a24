"""The clinic against closed forms, a slow version of itself, and its datasheet."""

import math
import warnings
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.learning.evaluate import evaluate, steps_of
from course_lib.worlds.clinic import (
    AGAIN,
    BACKLOG,
    CALLS,
    COMPLEX,
    DAY,
    DAYS,
    LONGEST,
    ROOM,
    ROUTINE,
    SOURCES,
    SURGERY,
    WAITED,
    WEEK,
    Clinic,
    ClinicCosts,
    ClinicPhysics,
    single_clinic,
)
from course_lib.worlds.distributions import Uniform

EXACT = ClinicPhysics(no_show=0.0, spread=0.0)  # everybody comes, visits last what is planned
VARIED = ClinicPhysics(
    requests=Uniform(10, 18),
    complex_share=Uniform(0.1, 0.5),
    routine_visit=Uniform(10, 20),
    complex_visit=Uniform(30, 60),
    spread=Uniform(0, 0.6),
    no_show=Uniform(0.05, 0.3),
    no_show_rise=Uniform(0, 0.3),
    surge=Uniform(0, 1),
    tail=Uniform(0, 0.5),
)


def routine_first(seen):
    return np.zeros(len(seen), dtype=int)


def complex_first(seen):
    return np.ones(len(seen), dtype=int)


def longest_wait(seen):
    return (seen[:, 3] > seen[:, 2]).astype(int)


class Coins:
    def __init__(self, seed=0):
        self._rng = np.random.default_rng(seed)

    def __call__(self, seen):
        return self._rng.integers(2, size=len(seen))


def after(policy, world, weeks=200, seed=0):
    """The clinics at the end of their week, and their returns."""
    env = world.make(weeks, autoreset=False)
    returns = sum(step.rewards * step.running for step in steps_of(policy, env, seed))
    return env, returns


# Closed forms


def test_a_list_without_newcomers_is_worked_off_in_order_of_requests():
    world = replace(EXACT, requests=0.1, complex_share=0.0)
    env = world.make(50, autoreset=False)
    env.reset(seed=1)
    requested = np.sort(env._requested[:, :BACKLOG], axis=1)
    for _ in range(BACKLOG):
        env.step(routine_first(env._now))
    newcomers = env._requested[:, BACKLOG:].min(axis=1) < 15 * BACKLOG
    waits = np.sort(15 * np.arange(BACKLOG) - requested, axis=1) / DAY
    got = np.sort(np.where(env.was_seen, env.waits, np.nan)[:, :BACKLOG], axis=1)
    np.testing.assert_allclose(got[~newcomers], waits[~newcomers])
    assert (~newcomers).sum() > 20


@pytest.mark.parametrize("world", [EXACT, ClinicPhysics(), SURGERY, VARIED])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_return_is_what_the_waits_at_the_end_are_worth(world, power):
    class Whole:
        def make(self, n, *, autoreset=True):
            return Clinic(n, world, power=power, autoreset=autoreset)

    env, returns = after(Coins(), Whole())
    worth = np.nanmean(1 - (env.waits / LONGEST) ** power, axis=1)
    np.testing.assert_allclose(returns, worth, rtol=1e-5)
    assert ((returns > 0) & (returns < 1)).all()
    # In training the returns differ by what is the same for every policy.
    coins, costs = after(Coins(), ClinicCosts(world, power))
    np.testing.assert_array_equal(coins.waits, env.waits)
    others, more = after(routine_first, ClinicCosts(world, power))
    worths = np.nanmean(1 - (others.waits / LONGEST) ** power, axis=1)
    np.testing.assert_allclose(more - costs, worths - worth, atol=1e-5)
    assert (costs < 0).all()


def test_no_reward_is_negative_and_only_visits_earn_after_the_first():
    env = SURGERY.make(100, autoreset=False)
    visits = None
    for step in steps_of(Coins(), env, 0):
        assert (step.rewards >= 0).all()
        if visits is not None:
            np.testing.assert_array_equal(step.rewards > 0, env.was_seen.sum(axis=1) > visits)
        visits = env.was_seen.sum(axis=1)


def test_shorter_visits_first_has_the_least_mean_wait_where_nobody_is_to_come():
    """The c-mu rule; every other order of a fixed list waits at least as long."""
    world = replace(EXACT, requests=0.1)
    best = evaluate(routine_first, world, 300)
    for policy in (longest_wait, complex_first, Coins(1), Coins(2)):
        # A newcomer in the middle of a long visit can turn the order of a few weeks.
        assert (evaluate(policy, world, 300) <= best + 2e-3).all()
        assert evaluate(policy, world, 300).mean() < best.mean()


@pytest.mark.parametrize("requests", [8.0, 14.0, 18.0])
def test_requests_are_a_poisson_process_of_the_given_rate(requests):
    env = replace(EXACT, requests=requests).make(2_000)
    env.reset(seed=0)
    came = (env.groups[:, BACKLOG:] >= 0).sum(axis=1)
    error = math.sqrt(requests * DAYS / 2_000)
    assert abs(came.mean() - requests * DAYS) < 4 * error
    assert came.var() == pytest.approx(requests * DAYS, rel=0.15)
    assert (came < ROOM - BACKLOG).mean() > 0.99


@pytest.mark.parametrize("surge", [0.0, 0.6, 3.0])
def test_a_surge_moves_requests_to_monday_and_changes_their_number_little(surge):
    env = replace(EXACT, surge=surge).make(1_000)
    env.reset(seed=0)
    times = env._requested[:, BACKLOG:]
    times = times[np.isfinite(times)] / DAY
    shares = np.histogram(times, bins=np.arange(DAYS + 1))[0] / times.size
    np.testing.assert_allclose(shares[0], (1 + surge) / DAYS, atol=0.01)
    np.testing.assert_allclose(shares[1:], (1 - surge / 4) / DAYS, atol=0.01)
    assert times.size / 1_000 == pytest.approx(70, rel=0.02)


def test_with_all_requests_on_monday_nobody_comes_later():
    env = replace(EXACT, surge=4.0).make(100)
    env.reset(seed=0)
    times = env._requested[:, BACKLOG:]
    assert times[np.isfinite(times)].max() <= DAY


@pytest.mark.parametrize(("spread", "tail"), [(0.0, 0.0), (0.4, 0.0), (0.4, 0.5)])
def test_lengths_are_log_normal_and_a_tail_is_for_complex_visits_only(spread, tail):
    env = ClinicPhysics(spread=spread, tail=tail, complex_share=0.5).make(2_000)
    env.reset(seed=0)
    for group, sd in ((ROUTINE, spread), (COMPLEX, spread + tail)):
        lengths = env._length[env._group == group]
        assert np.log(lengths).std() == pytest.approx(sd, rel=0.02, abs=1e-9)
        assert lengths.mean() == pytest.approx(math.exp((sd**2 - spread**2) / 2), rel=0.02)


@pytest.mark.parametrize(("rise", "waits"), [(0.0, 0.0), (0.3, 2.0), (0.3, 6.0)])
def test_the_odds_of_a_no_show_rise_with_the_wait(rise, waits):
    env = ClinicPhysics(no_show=0.15, no_show_rise=rise).make(20_000, autoreset=False)
    env.reset(seed=0)
    env._requested[:, 0] = -waits * DAY
    env._requested[:, 1:BACKLOG] = 0.0
    env._group[:, 0] = COMPLEX
    env._group[:, 1:BACKLOG] = ROUTINE
    env.step(complex_first(env._now))
    odds = 0.15 / 0.85 * math.exp(rise * waits)
    assert 1 - env.was_seen[:, 0].mean() == pytest.approx(odds / (1 + odds), abs=0.01)


def test_who_does_not_come_costs_the_planned_time_and_can_be_called_a_day_later():
    env = ClinicPhysics(no_show=0.9).make(500, autoreset=False)
    env.reset(seed=0)
    first = np.where(env._group[:, :BACKLOG] == COMPLEX, env._requested[:, :BACKLOG], 0)
    called = first.argmin(axis=1)
    env.step(complex_first(env._now))
    missed = ~env.was_seen.any(axis=1) & (first.min(axis=1) < 0)
    rows = np.flatnonzero(missed)
    assert rows.size > 300
    np.testing.assert_allclose(env._now[rows], 45.0)
    np.testing.assert_allclose(env._callable[rows, called[rows]], AGAIN)
    assert not env._busy[rows].any()
    assert np.isfinite(env.waits[rows, called[rows]]).all()  # still on the list


def test_each_call_of_a_patient_has_luck_of_its_own():
    env, _ = after(longest_wait, ClinicPhysics(no_show=0.5, requests=4.0), 300)
    calls, seen = env._calls, env.was_seen
    again = calls >= 2
    # Of those who missed the first call, half come to the second one.
    assert (seen & (calls == 2))[again].mean() == pytest.approx(0.5, abs=0.03)
    assert calls.max() > CALLS


def test_a_doctor_with_a_full_list_is_busy_unless_somebody_does_not_come():
    env, _ = after(longest_wait, replace(EXACT, requests=18.0))
    assert (env.utilisation > 0.99).mean() > 0.85
    env, _ = after(longest_wait, replace(EXACT, requests=18.0, no_show=0.25))
    assert env.utilisation.mean() == pytest.approx(0.75, abs=0.01)
    env, _ = after(longest_wait, replace(EXACT, requests=4.0))
    planned = (BACKLOG + 4 * DAYS) * (0.75 * 15 + 0.25 * 45) / WEEK
    assert env.utilisation.mean() == pytest.approx(planned, abs=0.02)


# A slow version


def slow_week(patients, k, actions):
    """One week in plain numbers: (observations, rewards, waits)."""
    now, seen, again, calls = 0.0, {}, {}, {}
    observations, rewards = [], []
    total = len(patients)

    def ready(group):
        there = [
            (p["at"], i)
            for i, p in enumerate(patients)
            if i not in seen and again.get(i, p["at"]) <= now and p["group"] == group
        ]
        return sorted(there)

    def observe():
        lists = ready(0), ready(1)
        waits = [(now - each[0][0]) / DAY if each else 0.0 for each in lists]
        return [len(lists[0]) / 20, len(lists[1]) / 20, *waits, now / WEEK]

    def worth(p, until):
        return (1 - max((until - p["at"]) / DAY / LONGEST, 0)) / total

    due = sum(worth(p, WEEK) for p in patients)
    for action in actions:
        observations.append(observe())
        reward, due = due, 0.0
        _, i = (ready(action) or ready(1 - action))[0]
        p = patients[i]
        planned = k["complex_visit"] if p["group"] else k["routine_visit"]
        odds = k["no_show"] / (1 - k["no_show"])
        odds *= math.exp(k["no_show_rise"] * (now - p["at"]) / DAY)
        luck = p["luck"][min(calls.get(i, 0), CALLS - 1)]
        calls[i] = calls.get(i, 0) + 1
        if luck >= odds / (1 + odds):
            seen[i] = now
            reward += worth(p, now) - worth(p, WEEK)
            now += planned * p["length"]
        else:
            again[i] = now + AGAIN
            now += planned
        rewards.append(reward)
        nxt = [again.get(j, p["at"]) for j, p in enumerate(patients) if j not in seen]
        now = min(max(now, min(nxt, default=WEEK)), WEEK)
        if now >= WEEK:
            break
    waits = [
        (seen.get(i, now) - p["at"]) / DAY if p["at"] <= now else math.nan
        for i, p in enumerate(patients)
    ]
    return np.array(observations), np.array(rewards), np.array(waits)


def test_a_batch_of_random_clinics_does_what_a_slow_version_does():
    n = 25
    env = VARIED.make(n, autoreset=False)
    seen, _ = env.reset(seed=4)
    rng, draws = np.random.default_rng(0), []
    drawn = [a.copy() for a in (env._requested, env._group, env._length, env._luck)]
    k = {name: values.copy() for name, values in env._k.items()}
    observed, rewards, running = [seen], [], []
    done = np.zeros(n, dtype=bool)
    while not done.all():
        draws.append(rng.integers(2, size=n))
        running.append(~done)
        seen, reward, terminated, truncated, _ = env.step(draws[-1])
        assert not truncated.any()
        observed.append(seen)
        rewards.append(reward)
        done |= terminated
    for i in range(n):
        requested, group, length, luck = (a[i] for a in drawn)
        there = np.isfinite(requested)
        patients = [
            {"at": a, "group": g, "length": x, "luck": u}
            for a, g, x, u in zip(requested, group, length, luck, strict=True)
            if np.isfinite(a)
        ]
        steps = sum(on[i] for on in running)
        assert steps > 40
        slow = slow_week(patients, {name: v[i] for name, v in k.items()}, [d[i] for d in draws])
        assert len(slow[1]) == steps
        np.testing.assert_allclose(np.array(observed)[:steps, i], slow[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(np.array(rewards)[:steps, i], slow[1], rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(env.waits[i, there], slow[2])


# The datasheet


def test_a_week_starts_with_a_backlog_that_has_waited_up_to_three_days():
    env = Clinic(3_000)
    seen, _ = env.reset(seed=0)
    waits = -env._requested[:, :BACKLOG] / DAY
    assert waits.min() >= 0 and 2.99 < waits.max() <= WAITED == 3
    assert waits.mean() == pytest.approx(1.5, abs=0.02)
    np.testing.assert_allclose(20 * seen[:, :2].sum(axis=1), BACKLOG, rtol=1e-6)
    assert seen[:, 1].mean() == pytest.approx(0.25, abs=0.01)  # in units of 20
    longest = np.where(env._group[:, :BACKLOG] == COMPLEX, waits, 0).max(axis=1)
    np.testing.assert_allclose(seen[:, 3], longest, rtol=1e-5)
    assert not seen[:, 4].any()


def test_an_empty_list_leaves_the_turn_to_the_other_group():
    worlds = [replace(ClinicPhysics(), complex_share=share) for share in (0.0, 1.0)]
    for world in worlds:
        one, other = (after(p, world, 20) for p in (routine_first, complex_first))
        np.testing.assert_array_equal(one[0].waits, other[0].waits)
        np.testing.assert_array_equal(one[1], other[1])


def test_a_week_ends_with_the_week_and_then_stands_still():
    env, _ = after(Coins(), SURGERY, 30)
    np.testing.assert_allclose(env._now, WEEK)
    waits, used = env.waits, env.utilisation
    assert (used > 0.5).all() and (used <= 1).all()
    seen, rewards, terminated, _, _ = env.step(np.zeros(30, dtype=int))
    assert terminated.all() and not rewards.any()
    np.testing.assert_array_equal(seen, np.tile([0, 0, 0, 0, 1], (30, 1)))
    np.testing.assert_array_equal(env.waits, waits)
    assert np.nanmax(waits) <= LONGEST


def test_waits_of_those_to_come_are_not_told():
    env = Clinic(50, autoreset=False)
    env.reset(seed=0)
    assert np.isfinite(env.waits).sum(axis=1).tolist() == [BACKLOG] * 50
    assert (env.groups >= 0).sum() > 50 * BACKLOG and env.groups.min() == -1
    env.groups[:] = 7
    assert env.groups.max() == COMPLEX


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requests", 10.0),
        ("complex_share", 0.5),
        ("routine_visit", 20.0),
        ("complex_visit", 60.0),
        ("spread", 0.1),
        ("no_show", 0.4),
        ("no_show_rise", 0.5),
        ("surge", 1.0),
        ("tail", 0.6),
    ],
)
def test_every_quantity_of_the_physics_matters(name, value):
    plain = evaluate(longest_wait, ClinicPhysics(), 200)
    other = evaluate(longest_wait, replace(ClinicPhysics(), **{name: value}), 200)
    assert np.abs(plain - other).mean() > 0.003
    # Longer visits, more requests and more no-shows are never good for those who wait.
    better = name in ("requests", "spread")
    if name not in ("spread", "surge"):
        assert (other.mean() > plain.mean()) == better


def test_the_real_clinic_differs_from_the_simulator_in_what_the_simulator_has_not():
    zero = ("no_show_rise", "surge", "tail")
    assert [getattr(ClinicPhysics(), name) for name in zero] == [0.0] * 3
    assert min(getattr(SURGERY, name) for name in zero) > 0
    rest = dict.fromkeys(zero, 0.0) | {"no_show": 0.2}
    assert replace(SURGERY, **rest) == ClinicPhysics()
    assert all(any(c.isdigit() for c in text) for text in SOURCES[:3])


# What every world promises


@pytest.mark.parametrize("kwargs", [{}, {"physics": VARIED}])
def test_the_single_world_passes_gymnasiums_own_check(kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gym.make("sim2real/Clinic-v0", **kwargs).unwrapped)
    assert [w for w in caught if "infinity" not in str(w.message)] == []
    assert isinstance(gym.make_vec("sim2real/Clinic-v0", num_envs=3).unwrapped, Clinic)
    assert single_clinic(SURGERY).batch.physics == SURGERY


def everything(env, seed):
    parts = [env.reset(seed=seed)[0].ravel()]
    rng = np.random.default_rng(9)
    for _ in range(150):  # more than a week
        seen, rewards, terminated, truncated, _ = env.step(rng.integers(2, size=env.num_envs))
        parts += [seen.ravel(), rewards, terminated, truncated, env.utilisation]
    return np.concatenate(parts)


def test_one_seed_gives_one_week_and_another_seed_another():
    env = VARIED.make(8)
    first = everything(env, 5)
    assert not np.array_equal(first, everything(env, 6))
    np.testing.assert_array_equal(first, everything(env, 5))
    np.testing.assert_array_equal(first, everything(VARIED.make(8), 5))


def test_clinics_with_other_physics_share_their_patients():
    one, other = ClinicPhysics().make(20), replace(VARIED, complex_share=0.25).make(20)
    one.reset(seed=3), other.reset(seed=3)
    np.testing.assert_array_equal(one._requested[:, :BACKLOG], other._requested[:, :BACKLOG])
    np.testing.assert_array_equal(one._luck, other._luck)
    np.testing.assert_array_equal(one._group, other._group)


def test_each_week_draws_its_physics_anew():
    env = VARIED.make(50)
    env.reset(seed=0)
    first = {name: values.copy() for name, values in env._k.items()}
    for _ in range(200):
        env.step(np.zeros(50, dtype=int))
    for name, values in first.items():
        assert len(set(values)) == 50 and (values != env._k[name]).mean() > 0.9


@pytest.mark.parametrize(
    "wrong", [{"requests": 19}, {"no_show": 1.0}, {"complex_share": 1.1}, {"tail": -0.1}]
)
def test_physics_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ClinicPhysics(**wrong)


def test_an_action_that_is_no_group_is_refused():
    env = Clinic(1)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="not in"):
        env.step(np.array([2]))
