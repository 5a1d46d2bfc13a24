"""The market: against closed forms, a slow scalar version, and what its datasheet says."""

import math
import warnings
from dataclasses import fields, replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.learning.evaluate import evaluate
from course_lib.worlds import Choice, Market, MarketPhysics, Uniform
from course_lib.worlds.market import (
    BACK_IN,
    BOUND,
    CALM_FOR,
    CRASH_FROM,
    CRASH_TO,
    DRAWDOWN,
    EVERY,
    FLAT,
    FULL,
    LONG,
    MEMORY,
    MINUTES,
    POSITION,
    PROFIT,
    SHORT,
    SHOWN,
    STEPS,
    TARGETS,
    TURBULENT_FOR,
    MixedMarket,
    indicators,
)

STILL = MarketPhysics(volatility=0, deviation=0, error=0)
VARIED = MarketPhysics(
    volatility=Uniform(20, 150),
    turbulence=Uniform(1, 3),
    deviation=Uniform(5, 40),
    error=Uniform(0, 10),
    half_life=Uniform(5, 60),
    spread=Uniform(0, 10),
    impact=Uniform(0, 3),
    latency=Choice((0, 1, 3, 5)),
    crash=0.5,
    depth=Uniform(-900, 900),
    fall=Uniform(2, 20),
    recovery=Uniform(0, 1),
    blowout=Uniform(1, 50),
)


def played(env, actions, seed=0):
    """Observations (T + 1, n, 8), rewards (T, n) and profits (T, n) for actions (T, n)."""
    seen, rewards, profits = [env.reset(seed=seed)[0]], [], []
    for row in actions:
        now, reward, *_ = env.step(np.broadcast_to(row, (env.num_envs,)))
        seen.append(now)
        rewards.append(reward)
        profits.append(env.profits)
    return np.array(seen), np.array(rewards), np.array(profits)


def always(action):
    return np.full((STEPS, 1), action)


def random_actions(n, seed=0):
    return np.random.default_rng(seed).integers(3, size=(STEPS, n))


# Closed forms


@pytest.mark.parametrize("spread", [0.0, 6.0])
@pytest.mark.parametrize("impact", [0.0, 1.5])
def test_where_no_price_moves_only_trades_cost(spread, impact):
    env = replace(STILL, spread=spread, impact=impact).make(1, autoreset=False)
    one, two = spread / 2 + impact, 2 * (spread / 2 + impact * math.sqrt(2))
    actions = [[LONG], [LONG], [SHORT], [FLAT], *always(FLAT)[4:]]
    _, _, profits = played(env, actions)
    np.testing.assert_allclose(profits[:4, 0], -np.array([one, one, one + two, 2 * one + two]))
    assert profits[-1, 0] == profits[3, 0]


def test_what_is_left_in_the_evening_is_closed_at_a_cost():
    env = replace(STILL, spread=4.0, impact=1.0).make(1, autoreset=False)
    _, _, profits = played(env, always(SHORT))
    np.testing.assert_allclose(profits[:-1], -3.0)
    assert profits[-1, 0] == pytest.approx(-6.0)


@pytest.mark.parametrize("latency", [0, 2, 5])
@pytest.mark.parametrize("action", [SHORT, LONG])
def test_who_holds_earns_the_change_of_the_price_from_the_first_trade_on(latency, action):
    env = MarketPhysics(latency=latency).make(50, autoreset=False)
    _, _, profits = played(env, always(action))
    price = env.prices
    expected = TARGETS[action] * (price[EVERY::EVERY] - price[latency])
    np.testing.assert_allclose(profits, expected, atol=1e-9)


def test_the_walk_has_the_volatility_of_a_day_and_no_memory():
    env = MarketPhysics(volatility=80, deviation=0).make(4_000)
    env.reset(seed=0)
    steps = np.diff(env.prices, axis=0)
    assert env.prices[-1].std() == pytest.approx(80, rel=0.05)
    assert steps.std() == pytest.approx(80 / math.sqrt(MINUTES), rel=0.01)
    assert abs((steps[1:] * steps[:-1]).mean()) / steps.var() < 0.005


def test_turbulence_raises_the_variance_in_its_share_of_the_time_and_makes_clusters():
    env = MarketPhysics(volatility=80, deviation=0, turbulence=3).make(3_000)
    env.reset(seed=0)
    steps = np.diff(env.prices, axis=0) * math.sqrt(MINUTES) / 80
    share = TURBULENT_FOR / (TURBULENT_FOR + CALM_FOR)
    mean = 1 - share + 9 * share
    assert steps.var() == pytest.approx(mean, rel=0.03)
    kurtosis = (steps**4).mean() / steps.var() ** 2
    assert kurtosis == pytest.approx(3 * (1 - share + 81 * share) / mean**2, rel=0.05)
    # The regime of a minute is that of the next with 1 - 1/30 - 1/90.
    square = steps**2 - mean
    for lag in (1, 30):
        covariance = 64 * share * (1 - share) * (1 - 1 / TURBULENT_FOR - 1 / CALM_FOR) ** lag
        assert (square[lag:] * square[:-lag]).mean() == pytest.approx(covariance, rel=0.1)


@pytest.mark.parametrize("half_life", [10.0, 40.0])
def test_half_of_a_deviation_comes_back_in_its_half_life(half_life):
    env = MarketPhysics(volatility=0, deviation=30, error=0, half_life=half_life).make(4_000)
    gap = 20 * env.reset(seed=0)[0][:, 1]
    assert gap.std() == pytest.approx(30, rel=0.05)
    after = gap + env.prices[int(half_life)]  # the price starts at 0
    assert (gap * after).mean() / (gap**2).mean() == pytest.approx(0.5, abs=0.05)
    assert after.std() == pytest.approx(30, rel=0.05)


@pytest.mark.parametrize("depth", [600.0, -400.0])
def test_a_crash_falls_by_its_depth_and_a_share_comes_back_as_the_spread_does(depth):
    physics = replace(STILL, crash=1, depth=depth, fall=10, recovery=0.7, spread=2, blowout=20)
    env = physics.make(300)
    env.reset(seed=0)
    price, spread = env.prices, env.spreads
    low = np.abs(price).argmax(axis=0)
    rows = np.arange(300)
    np.testing.assert_allclose(price[low, rows], -depth)
    np.testing.assert_allclose(price[low - 5, rows], -depth / 2)
    np.testing.assert_array_equal(price[low - 10, rows], 0)
    np.testing.assert_allclose(spread[low, rows], 40)
    later = np.minimum(low + 20, MINUTES)
    left = np.exp(-(later - low) / BACK_IN)
    np.testing.assert_allclose(price[later, rows], -depth * (1 - 0.7 * (1 - left)))
    np.testing.assert_allclose(spread[later, rows], 2 * (1 + 19 * left))
    assert (low - 10).min() >= CRASH_FROM and (low - 10).max() <= CRASH_TO
    assert np.ptp(low) > 0.9 * (CRASH_TO - CRASH_FROM)


def test_crashes_are_as_frequent_as_they_should_be():
    env = replace(STILL, crash=0.3).make(5_000)
    env.reset(seed=0)
    assert (env.prices.min(axis=0) < -100).mean() == pytest.approx(0.3, abs=0.03)


def test_the_estimate_takes_a_crash_for_a_bargain_and_has_an_error_of_its_own():
    env = replace(STILL, crash=1, depth=60, recovery=0.0, error=0).make(20, autoreset=False)
    seen, _, _ = played(env, always(FLAT))
    np.testing.assert_allclose(20 * seen[:, :, 1], env.prices[::EVERY], atol=1e-4)
    env = replace(STILL, error=8).make(2_000, autoreset=False)
    seen, _, _ = played(env, always(FLAT)[:3])
    error = 20 * seen[:, :, 1]
    assert error.std() == pytest.approx(8, rel=0.03)
    assert abs(np.corrcoef(error[0], error[1])[0, 1]) < 0.07
    assert not env.prices.any()


# A slow version


def slow_day(price, spread, k, actions):
    """Profits after each step of one account, in plain numbers."""
    position = profit = 0.0
    closed, profits = False, []
    for t, action in enumerate(actions):
        now, want = EVERY * t, 0.0 if closed else float(action - 1)
        for minute in range(now, now + EVERY):
            if minute == now + int(k["latency"]):
                size = abs(want - position)
                profit -= size * (spread[minute] / 2 + k["impact"] * math.sqrt(size))
                position = want
            profit += position * (price[minute + 1] - price[minute])
        end = now + EVERY
        if int(k["latency"]) == EVERY:
            size = abs(want - position)
            profit -= size * (spread[end] / 2 + k["impact"] * math.sqrt(size))
            position = want
        if t == len(actions) - 1 or (not closed and profit <= -BOUND):
            profit -= abs(position) * (spread[end] / 2 + k["impact"])
            position, closed = 0.0, True
        profits.append(profit)
    return profits


def test_a_batch_of_random_markets_does_what_a_slow_version_does():
    n = 60
    env = VARIED.make(n, autoreset=False)
    actions = random_actions(n)
    actions[:, : n // 2] = np.where(np.arange(n // 2) % 2, LONG, SHORT)  # these go bust
    seen, rewards, profits = played(env, actions, seed=3)
    price, spread, k = env.prices, env.spreads, env._k
    for i in range(n):
        own = {name: values[i] for name, values in k.items()}
        due = slow_day(price[:, i], spread[:, i], own, actions[:, i])
        np.testing.assert_allclose(profits[:, i], due, atol=1e-8)
    levels = np.vstack([np.zeros((1, n)), profits])
    falls = np.maximum.accumulate(levels, axis=0) - levels
    np.testing.assert_allclose(100 * seen[:, :, PROFIT], levels, atol=1e-3)
    np.testing.assert_allclose(100 * seen[:, :, DRAWDOWN], falls, atol=1e-3)
    due = 0.5 + np.clip(profits[-1], -BOUND, BOUND) / FULL
    np.testing.assert_allclose(rewards.sum(axis=0), due, atol=1e-9)
    assert (profits[-1] < -BOUND).sum() >= 3  # an account was closed


def test_an_account_that_lost_its_bound_does_not_trade_any_more():
    env = replace(STILL, crash=1, depth=800, recovery=0.9, spread=2).make(20, autoreset=False)
    seen, rewards, profits = played(env, always(LONG))
    assert (profits[-1] <= -BOUND).all()
    for i in range(20):
        bust = np.flatnonzero(profits[:, i] <= -BOUND)[0]
        assert (profits[bust:, i] == profits[bust, i]).all()
        assert not seen[bust + 1 :, i, POSITION].any()
        assert seen[bust, i, POSITION] == 1
    returns = rewards.sum(axis=0)
    assert (returns >= 0).all() and (returns < 1e-5).all()


# The datasheet


def slow_volatility(price):
    """What column 3 shows at each decision, in plain numbers."""
    keeps, square, shown = 0.5 ** (1 / MEMORY), 25.0, [1.0]
    for minute in range(1, len(price)):
        square = keeps * square + (1 - keeps) * (price[minute] - price[minute - 1]) ** 2
        if minute % EVERY == 0:
            shown.append(min(math.sqrt(square) / 5, SHOWN))
    return shown


def test_observations_are_what_the_datasheet_says():
    env = VARIED.make(30, autoreset=False)
    actions = random_actions(30)
    seen, _, _ = played(env, actions, seed=4)
    price, spread = env.prices[::EVERY], env.spreads[::EVERY]
    np.testing.assert_allclose(seen[:, :, 4], np.clip(spread / 10, 0, SHOWN), rtol=1e-5)
    change = np.clip(np.diff(price, axis=0, prepend=price[:1]) / 20, -SHOWN, SHOWN)
    np.testing.assert_allclose(seen[:, :, 2], change, atol=1e-5)
    for i in range(30):
        np.testing.assert_allclose(seen[:, i, 3], slow_volatility(env.prices[:, i]), rtol=1e-5)
    np.testing.assert_allclose(seen[:, 0, 5], 1 - np.arange(STEPS + 1) / STEPS, atol=1e-6)
    open_ = env.profits > -BOUND
    np.testing.assert_array_equal(seen[1:-1, open_, 0], TARGETS[actions[:-1, open_]])
    assert not seen[0, :, [0, 6, 7]].any() and not seen[-1, :, 0].any()


def test_no_indicator_knows_later_minutes():
    rng = np.random.default_rng(0)
    price, spread, estimate = rng.normal(0, 20, (3, MINUTES + 1, 4)).cumsum(axis=1)
    before = indicators(price, spread, estimate)
    for path in (price, spread, estimate):
        path[101:] += 1_000.0
    after = indicators(price, spread, estimate)
    np.testing.assert_array_equal(before[:21], after[:21])
    assert (before[21:] != after[21:]).any()


def test_a_day_has_78_decisions_and_is_never_terminated():
    env = Market(3)
    env.reset(seed=0)
    for t in range(1, STEPS + 1):
        _, _, terminated, truncated, infos = env.step(np.full(3, LONG))
        assert not terminated.any()
        assert truncated.all() == (t == STEPS)
    final = np.stack(infos["final_obs"])
    np.testing.assert_allclose(100 * final[:, PROFIT], env.profits, atol=1e-3)
    assert env.profits.any()  # those of the old day


def test_returns_lie_in_0_to_1_whatever_happens():
    wild = replace(VARIED, volatility=900, spread=Uniform(0, 200))
    for policy in (lambda s: np.full(len(s), LONG), lambda s: np.arange(len(s)) % 3):
        returns = evaluate(policy, wild, episodes=400, seed=1)
        assert returns.min() >= 0 and returns.max() <= 1
    assert returns.min() < 0.01 and returns.max() > 0.99
    np.testing.assert_allclose(evaluate(lambda s: np.full(len(s), FLAT), VARIED, 20), 0.5)


# Each number of the physics has its effect, and no other number's

ACTIONS = random_actions(40, seed=7)
BASE = MarketPhysics(
    turbulence=1.5, spread=2.0, impact=0.5, latency=1, crash=1.0, depth=300.0, blowout=5.0
)


@pytest.mark.parametrize("name", [f.name for f in fields(MarketPhysics)])
def test_every_number_of_the_physics_changes_something(name):
    value = getattr(BASE, name)
    other = {"latency": 3, "crash": 0.0, "recovery": 0.2}.get(name, 2 * value)
    first, second = (
        played(p.make(40, autoreset=False), ACTIONS) for p in (BASE, replace(BASE, **{name: other}))
    )
    assert not np.array_equal(first[0], second[0])
    if name != "error":  # which is only in what is seen
        assert not np.array_equal(first[2], second[2])


# Days of two kinds


def test_a_mixed_market_has_its_share_of_extreme_days_each_of_one_kind():
    usual = MarketPhysics(spread=Uniform(1, 2), volatility=40)
    extreme = MarketPhysics(spread=Uniform(5, 6), volatility=Uniform(80, 90), crash=1.0)
    mixed = MixedMarket(usual, extreme, 0.3)
    drawn = mixed.sample(np.random.default_rng(0), 5_000)
    bad = drawn["crash"] == 1
    assert bad.mean() == pytest.approx(0.3, abs=0.03)
    assert (drawn["spread"][bad] >= 5).all() and (drawn["spread"][~bad] <= 2).all()
    assert (drawn["volatility"][bad] >= 80).all() and (drawn["volatility"][~bad] == 40).all()
    env = mixed.make(400)
    env.reset(seed=0)
    fallen = env.prices.min(axis=0) < -350
    assert fallen.mean() == pytest.approx(0.3, abs=0.1)
    assert (env.spreads[0][fallen] >= 5).all()
    for _ in range(STEPS):
        env.step(np.full(400, FLAT))
    assert (fallen != (env.prices.min(axis=0) < -350)).any()  # drawn anew


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_mixed_market_of_one_kind_is_that_kind(share):
    kinds = MarketPhysics(spread=2), MarketPhysics(spread=9, crash=1.0)
    env = MixedMarket(*kinds, share).make(20)
    env.reset(seed=0)
    assert (env._k["spread"] == (9 if share else 2)).all()


def test_values_beyond_the_ranges_of_a_batch_are_refused():
    env = MarketPhysics(spread=Uniform(1, 2)).make(4)
    env.draw_from(MarketPhysics(spread=3).sample)
    with pytest.raises(ValueError, match="spread"):
        env.reset(seed=0)


# What every world promises


@pytest.mark.parametrize("kwargs", [{}, {"physics": VARIED}])
def test_the_single_world_passes_gymnasiums_own_check(kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gym.make("sim2real/Market-v0", **kwargs).unwrapped)
    assert [w for w in caught if "infinity" not in str(w.message)] == []
    assert isinstance(gym.make_vec("sim2real/Market-v0", num_envs=3).unwrapped, Market)


def everything(env, seed):
    seen, rewards, profits = played(env, random_actions(env.num_envs), seed)
    return np.concatenate([seen.ravel(), rewards.ravel(), profits.ravel(), env.prices.ravel()])


def test_one_seed_gives_one_day_and_another_seed_another():
    env = VARIED.make(8)
    first = everything(env, 5)
    assert not np.array_equal(first, everything(env, 6))
    np.testing.assert_array_equal(first, everything(env, 5))
    np.testing.assert_array_equal(first, everything(VARIED.make(8), 5))


def test_markets_with_other_costs_share_their_prices():
    one, other = MarketPhysics(), MarketPhysics(spread=5, latency=3, impact=2)
    first, second = one.make(20), other.make(20)
    first.reset(seed=3), second.reset(seed=3)
    np.testing.assert_array_equal(first.prices, second.prices)
    varied = replace(one, spread=Uniform(1, 5)).make(20)
    varied.reset(seed=3)
    np.testing.assert_array_equal(first.prices, varied.prices)


def test_what_is_handed_out_are_copies():
    env = Market(2)
    env.reset(seed=0)
    before = env.prices
    env.prices[:] = env.spreads[:] = env.profits[:] = 7.0
    np.testing.assert_array_equal(env.prices, before)
    assert not env.spreads.any() and not env.profits.any()


@pytest.mark.parametrize(
    "wrong",
    [{"volatility": -1}, {"turbulence": 0.5}, {"latency": 6}, {"latency": 0.5}, {"crash": 1.1},
     {"recovery": -0.1}, {"fall": 0}, {"blowout": 0.5}, {"half_life": 0}],
)  # fmt: skip
def test_physics_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MarketPhysics(**wrong)
