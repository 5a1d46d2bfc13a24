"""The dispatcher: against closed forms of queueing theory, a slow version, and its datasheet."""

import heapq
import warnings
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.worlds import Choice, Dispatch, DispatchPhysics, Uniform
from course_lib.worlds.dispatch import HOLD, JOBS, PATIENCE, PAUSE, SERVERS

VARIED = DispatchPhysics(
    rate=Uniform(1.5, 2.5),
    dense_share=Uniform(0.2, 0.8),
    dense_fast=Uniform(0.2, 1.5),
    dense_plain=Uniform(0.5, 1.5),
    parse_fast=Uniform(0.5, 1.5),
    parse_plain=Uniform(0.5, 1.5),
    spread=Uniform(0.2, 1.0),
    contention=Uniform(0.1, 0.5),
    age=Choice((0.5, 2.0)),
)
SAME = {"dense_fast": 1.0, "dense_plain": 1.0, "parse_fast": 1.0, "parse_plain": 1.0}


def served(physics, n, choose, seed=0):
    """A finished batch and its returns; `choose(rng, observations)` gives actions (n,)."""
    env = physics.make(n, autoreset=False)
    seen, _ = env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    total = np.zeros(n)
    for _ in range(env.max_episode_steps):
        seen, rewards, terminated, *_ = env.step(choose(rng, seen))
        total += rewards
        if terminated.all():
            break
    return env, total


def to(server):
    return lambda rng, seen: np.full(len(seen), server)


def anywhere(rng, seen):
    return rng.integers(len(SERVERS), size=len(seen))


# Closed forms


def test_an_idle_site_answers_after_the_service_time():
    physics = DispatchPhysics(rate=0.01, spread=0.0, dense_share=1.0, dense_fast=0.7)
    env, total = served(physics, 4, to(0))
    # At a job every 100 s hardly any two meet.
    assert np.median(env.responses) == pytest.approx(0.7, abs=1e-9)
    assert total.mean() == pytest.approx(1 - 0.7 / PATIENCE, abs=0.01)


def test_one_server_is_the_queue_of_the_textbook():
    # Pollaczek and Khinchine: mean wait = rate E[S²] / (2 (1 - load)); a shift starts empty, so
    # only its end is compared, at a load where forty jobs are enough to forget the start.
    physics = DispatchPhysics(rate=0.5, dense_share=0.0, parse_fast=1.0, spread=0.5)
    env, _ = served(physics, 40_000, to(0))
    load, second_moment = 0.5, np.exp(0.5**2)
    expected = 1.0 + 0.5 * second_moment / (2 * (1 - load))
    last = env.responses[:, 30:]
    assert last.mean() == pytest.approx(expected, abs=0.02)


def test_random_splitting_makes_three_queues_of_a_third_of_the_load():
    rate = 1.5
    one, _ = served(replace(DispatchPhysics(**SAME), rate=rate / 3), 4_000, to(1))
    three, _ = served(replace(DispatchPhysics(**SAME), rate=rate), 4_000, anywhere)
    # Thirteen jobs each: compared where both have forgotten the start.
    assert three.responses[:, -5:].mean() == pytest.approx(one.responses[:, 11:16].mean(), abs=0.06)


def test_arrivals_are_as_many_as_the_rate_says_and_service_times_have_their_mean():
    env, _ = served(DispatchPhysics(rate=2.0, spread=1.0), 4_000, to(1))
    assert env._arrived[:, -1].mean() == pytest.approx(JOBS / 2.0, rel=0.01)
    assert env._luck.mean() == pytest.approx(1.0, abs=0.02)
    assert (env.classes == 0).mean() == pytest.approx(0.6, abs=0.01)


def test_a_held_job_comes_again_and_its_time_counts():
    physics = DispatchPhysics(rate=0.01, spread=0.0)
    env = physics.make(1, autoreset=False)
    first, _ = env.reset(seed=0)
    seen, reward, *_ = env.step(np.array([HOLD]))
    assert reward[0] == 0 and seen[0, 8] == first[0, 8]
    assert seen[0, 1] == pytest.approx(PAUSE / 10)
    env.step(np.array([1]))
    assert env.responses[0, 0] == pytest.approx(1.0 + PAUSE)


def test_who_holds_for_ever_is_stopped_after_three_decisions_per_job():
    env = Dispatch(3, autoreset=False)
    env.reset(seed=0)
    for step in range(3 * JOBS):
        _, rewards, terminated, truncated, _ = env.step(np.full(3, HOLD))
        assert not rewards.any() and not terminated.any()
        assert truncated.all() == (step == 3 * JOBS - 1)
    assert np.isnan(env.responses).all()


def test_where_nothing_is_held_there_is_no_such_action():
    env = Dispatch(2, holds=False)
    assert env.single_action_space.n == HOLD
    env.reset(seed=0)
    with pytest.raises(ValueError, match="not in"):
        env.step(np.full(2, HOLD))


# A slow version


class SlowSite:
    """One site, job by job, with lists; fed with what the batch has drawn."""

    def __init__(self, batch, i):
        self.k = {name: values[i] for name, values in batch._k.items()}
        self.arrived, self.luck = batch._arrived[i], batch._luck[i]
        self.dense = batch._cls[i] == 0
        self.line = [(t, j) for j, t in enumerate(self.arrived)]
        heapq.heapify(self.line)
        self.jobs = []  # server, dense, sent, done

    def seen(self):
        now, job = self.line[0] if self.line else (self.arrived[-1], 0)
        old = now - self.k["age"]
        there = [(s, d) for s, d, sent, done in self.jobs if sent < old < done]
        queues = [there.count((s, d)) for s in range(3) for d in (True, False)]
        waited = now - self.arrived[job]
        return [self.dense[job], waited / 10, *(q / 5 for q in queues), len(self.line) / JOBS]

    def act(self, action):
        if not self.line:
            return 0.0
        now, job = heapq.heappop(self.line)
        if action == HOLD:
            heapq.heappush(self.line, (now + PAUSE, job))
            return 0.0
        kind = "dense" if self.dense[job] else "parse"
        seconds = self.k[f"{kind}_{'fast' if action == 0 else 'plain'}"] * self.luck[job]
        last = [
            max([d for s, _, _, d in self.jobs if s == server], default=0) for server in range(3)
        ]
        others = sum(last[s] > now for s in range(3) if s != action)
        done = max(now, last[action]) + seconds * (1 + self.k["contention"] * others)
        self.jobs.append((action, self.dense[job], now, done))
        return max(0.0, 1 - (done - self.arrived[job]) / PATIENCE) / JOBS


def test_it_is_the_same_as_the_slow_version():
    env = VARIED.make(20, autoreset=False)
    seen, _ = env.reset(seed=3)
    slow = [SlowSite(env, i) for i in range(20)]
    rng = np.random.default_rng(0)
    for _ in range(70):
        np.testing.assert_allclose(seen[:, 2:], [site.seen()[2:] for site in slow], atol=1e-5)
        going = np.array([bool(site.line) for site in slow])
        np.testing.assert_allclose(
            seen[going, :2], np.array([site.seen()[:2] for site in slow])[going], atol=1e-5
        )
        actions = rng.integers(HOLD + 1, size=20)
        seen, rewards, terminated, *_ = env.step(actions)
        expected = [site.act(a) for site, a in zip(slow, actions, strict=True)]
        np.testing.assert_allclose(rewards, expected, atol=1e-7)
        np.testing.assert_array_equal(terminated, [not site.line for site in slow])
    assert terminated.any()


# What the datasheet says


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 3.5},
        {"dense_fast": 1.5},
        {"dense_plain": 2.0},
        {"parse_fast": 3.0},
        {"parse_plain": 2.0},
        {"contention": 0.5},
    ],
)
def test_every_part_that_makes_it_harder_lowers_the_return(change):
    _, before = served(DispatchPhysics(), 300, anywhere)
    _, after = served(replace(DispatchPhysics(), **change), 300, anywhere)
    assert after.mean() < before.mean() - 0.02


def test_spread_leaves_the_mean_of_service_times_and_makes_queues_longer():
    calm, wild = (served(DispatchPhysics(spread=s, rate=1.5), 2_000, anywhere)[1] for s in (0, 1.2))
    assert wild.mean() < calm.mean() - 0.02


def test_old_reports_show_what_was():
    fresh, old = (DispatchPhysics(rate=1000.0, spread=0.0, age=age) for age in (0.0, 1.0))
    for physics, there in ((fresh, 1), (old, 0)):
        env = physics.make(1, autoreset=False)
        env.reset(seed=0)
        seen, *_ = env.step(np.array([1]))
        assert round(5 * float(seen[0, 2:8].sum())) == there


def test_old_reports_change_nothing_but_what_is_seen():
    _, fresh = served(DispatchPhysics(), 50, anywhere)
    _, old = served(DispatchPhysics(age=3.0), 50, anywhere)
    np.testing.assert_array_equal(fresh, old)


def test_sites_that_differ_in_physics_share_their_jobs():
    a, b = (served(p, 30, anywhere)[0] for p in (DispatchPhysics(), VARIED))
    scale = b._k["rate"][:, None]
    np.testing.assert_allclose(a._arrived * 1.8, b._arrived * scale)


def test_returns_lie_between_zero_and_one():
    for physics in (DispatchPhysics(), DispatchPhysics(rate=50.0)):
        _, total = served(physics, 200, anywhere)
        assert (total >= 0).all() and (total <= 1).all()


def test_observations_lie_in_their_space_and_restarts_begin_empty():
    env = VARIED.make(8)
    seen, _ = env.reset(seed=0)
    restarted = 0
    for _ in range(150):
        assert env.observation_space.contains(seen)
        seen, _, terminated, *_ = env.step(np.full(8, 2))
        assert not seen[terminated, 2:8].any() and (seen[terminated, 8] == 1).all()
        restarted += terminated.sum()
    assert restarted >= 16


def test_the_single_world_passes_gymnasiums_own_check():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*(render|infinity|Box).*")
        check_env(
            gym.make("sim2real/Dispatch-v0", physics=VARIED).unwrapped, skip_render_check=True
        )


def test_one_seed_is_one_episode():
    first, second = (served(VARIED, 5, anywhere, seed=4)[1] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (served(VARIED, 5, anywhere, seed=5)[1] != first).any()
