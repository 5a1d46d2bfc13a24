"""Combination locks: the batch against the exact model, and each knob against what it says."""

import pickle
import time
import warnings
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from course_lib.worlds import CombinationLock, Lock
from course_lib.worlds.lock import pair

PLAIN = Lock(horizon=3, win=0.7, code=5)
EVERYTHING = Lock(
    horizon=4, actions=3, good=3, win=0.6, cost=0.01, flipped=2, slip=0.2, corridor=2,
    relabelled=True, code=7,
)  # fmt: skip


def steps_of(lock, episodes, seed=0):
    """Rows (h, s, a, r, next s, ended) of episodes with random actions."""
    env = lock.make(episodes, autoreset=False)
    rng = np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    running, rows = np.ones(episodes, dtype=bool), []
    while running.any():
        actions = rng.integers(lock.actions, size=episodes)
        seen_next, rewards, ended, truncated, _ = env.step(actions)
        assert not truncated[running].any()
        assert (seen_next[running, 0] == seen[running, 0] + 1).all()
        rows.append(np.c_[seen, actions, rewards, seen_next[:, 1], ended][running])
        running &= ~ended
        seen = seen_next
    return np.concatenate(rows)


@pytest.mark.parametrize(
    "lock", [PLAIN, EVERYTHING, Lock(horizon=1, good=1, actions=2, corridor=1)]
)
def test_the_batch_does_what_the_model_says(lock):
    model, rows = lock.model(), steps_of(lock, 200_000)
    h, s, a, to = rows[:, [0, 1, 2, 4]].astype(int).T
    counts, paid = np.zeros(model.transitions.shape), np.zeros(model.shape)
    np.add.at(counts, (h, s, a, to), 1)
    np.add.at(paid, (h, s, a), rows[:, 3])
    visits = counts.sum(axis=3)
    assert (visits > 0).sum() >= lock.steps * lock.actions
    for pair_seen in np.argwhere(visits >= 100):
        place, n = tuple(pair_seen), visits[tuple(pair_seen)]
        near = 5 / np.sqrt(n)  # well over five standard errors: chances and rewards lie in [0, 1]
        np.testing.assert_allclose(counts[place] / n, model.transitions[place], atol=near / 2)
        assert paid[place] / n == pytest.approx(model.rewards[place], abs=near / 2)
        assert (counts[place] > 0)[model.transitions[place] == 0].sum() == 0
    first = np.bincount(s[h == 0], minlength=len(model.start)) / (h == 0).sum()
    np.testing.assert_allclose(first, model.start, atol=0.01)


def slow_step(lock, h, state, action):
    """One step of a lock without slip or labels, written as it is told: (reward, next state)."""
    safe, dead, win, corridor = range(lock.good, lock.good + 4)
    if action != lock.right[h, 0 if state == corridor else state]:
        return 0.5, safe
    if h < lock.horizon - 1:
        return -lock.cost, "good"
    if h < lock.steps - 1:
        return -lock.cost, corridor
    return ({dead: -lock.cost, win: 1 - lock.cost}, (dead, win))


@pytest.mark.parametrize("lock", [PLAIN, Lock(horizon=2, corridor=2, win=0.5, code=3)])
def test_each_step_is_the_one_of_the_rules(lock):
    for h, s, a, r, to, ended in steps_of(lock, 500):
        expected, where = slow_step(lock, int(h), int(s), int(a))
        if where == "good":
            assert r == expected and to < lock.good and not ended
        elif isinstance(expected, dict):
            assert r == expected[int(to)] and ended
        else:
            assert (r, to) == (expected, where) and ended == (where == lock.good)


def test_rewards_are_those_of_the_end_entered_less_the_cost_of_right_actions():
    lock = Lock(horizon=2, win=1.0, cost=0.01)
    env = lock.make(4, autoreset=False)
    seen, _ = env.reset(seed=1)
    total = 0
    for h in range(2):
        seen, rewards, ended, _, _ = env.step(lock.right[h, seen[:, 1]])
        total += rewards
        assert ended.all() == (h == 1)
    np.testing.assert_allclose(total, 1 - 0.02)
    assert [lock.names[s] for s in seen[:, 1]] == ["WIN"] * 4
    # What is over stays where it is and pays nothing.
    stays, rewards, ended, _, _ = env.step(np.zeros(4, dtype=int))
    np.testing.assert_array_equal(stays, seen)
    assert not rewards.any() and ended.all()


def test_right_actions_are_drawn_from_the_code_and_are_the_same_whatever_the_knobs():
    lock = Lock(horizon=50, actions=5, code=3)
    drawn = np.random.default_rng(3).integers(5, size=(50, 2))
    np.testing.assert_array_equal(lock.right, drawn)
    knobs = {"win": 0.9, "slip": 0.1, "relabelled": True, "corridor": 3, "cost": 0.1}
    np.testing.assert_array_equal(replace(lock, **knobs).right[:50], drawn)
    assert (replace(lock, code=4).right != drawn).any()


def test_flips_change_every_right_action_of_that_many_steps_and_are_nested():
    before, last = Lock(horizon=30, good=3, code=1), set()
    for flipped in (1, 2, 15, 30):
        changed = replace(before, flipped=flipped).right != before.right
        assert changed.all(axis=1).sum() == changed.any(axis=1).sum() == flipped
        steps = set(np.flatnonzero(changed.any(axis=1)))
        assert last <= steps
        last = steps
    firsts = [
        (replace(before, flipped=1, code=c).right != replace(before, code=c).right).any(1).argmax()
        for c in range(100)
    ]
    assert len(set(firsts)) > 20


def test_a_longer_corridor_begins_with_the_steps_of_a_shorter_one():
    short, long = (Lock(corridor=k, relabelled=True, code=2) for k in (2, 5))
    np.testing.assert_array_equal(long.right[: short.steps], short.right)
    np.testing.assert_array_equal(long.labels[:6, :2], short.labels[:6, :2])
    assert (short.right[6:] == short.right[6:, :1]).all()


def test_a_corridor_stands_between_the_chain_and_the_win():
    lock = Lock(horizon=2, corridor=2, win=1.0, cost=0.0)
    env = lock.make(1, autoreset=False)
    seen, _ = env.reset(seed=0)
    visited = []
    for h in range(lock.steps):
        at = min(seen[0, 1], lock.good - 1)
        seen, reward, ended, _, _ = env.step(lock.right[h, [at]])
        visited.append((lock.names[seen[0, 1]].split()[0], float(reward[0]), bool(ended[0])))
    assert visited == [
        ("GOOD", 0.0, False), ("CORRIDOR", 0.0, False), ("CORRIDOR", 0.0, False), ("WIN", 1.0, True)
    ]  # fmt: skip


def test_only_labels_are_permuted_at_some_steps_otherwise_than_at_others():
    plain = Lock(horizon=40, good=4, code=6)
    lock = replace(plain, relabelled=True)
    np.testing.assert_array_equal(lock.right, plain.right)
    np.testing.assert_array_equal(np.sort(lock.labels[:, :4], axis=1), plain.labels[:, :4])
    np.testing.assert_array_equal(lock.labels[:, 4:], plain.labels[:, 4:])
    assert len(np.unique(lock.labels[:40], axis=0)) > 10
    # A world with one seed walks through the same true states under other names.
    envs = [each.make(1_000, autoreset=False) for each in (plain, lock)]
    for env in envs:
        env.reset(seed=0)
    true = envs[0]._state.copy()
    np.testing.assert_array_equal(envs[1]._state, true)
    seen = [env.step(plain.right[0, true])[0][:, 1] for env in envs]
    np.testing.assert_array_equal(seen[1], lock.labels[1, seen[0]])
    assert (seen[0] != seen[1]).any() == (lock.labels[1] != plain.labels[1]).any()


@pytest.mark.parametrize(
    ("knob", "moves", "pays"),
    [
        ({"win": 0.9}, [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]),
        ({"cost": 0.1}, [0] * 6, [1] * 6),
        ({"slip": 0.1}, [1] * 6, [1] * 6),
    ],
)
def test_a_knob_changes_the_model_only_at_these_steps(knob, moves, pays):
    before, after = Lock().model(), Lock(**knob).model()
    assert (before.transitions != after.transitions).any(axis=(1, 2, 3)).tolist() == moves
    assert (before.rewards != after.rewards).any(axis=(1, 2)).tolist() == pays


@pytest.mark.parametrize("lock", [PLAIN, EVERYTHING])
def test_a_model_is_made_of_chances_and_its_ends_absorb(lock):
    model = lock.model()
    np.testing.assert_allclose(model.transitions.sum(axis=3), 1)
    assert model.start.sum() == pytest.approx(1)
    assert (model.transitions >= 0).all()
    assert model.shape == (lock.steps, len(lock.names), lock.actions)
    names = np.array(lock.names)
    assert set(names[model.absorbing]) == {"SAFE", "DEAD", "WIN"}
    assert not model.rewards[:, model.absorbing].any()


def test_an_action_that_slips_is_any_action_alike():
    plain, slippery = Lock(), Lock(slip=0.3)
    rows = steps_of(slippery, 100_000)
    first = rows[rows[:, 0] == 0]
    right = plain.right[0, first[:, 1].astype(int)]
    kept = first[:, 5] == 0
    assert kept[first[:, 2] == right].mean() == pytest.approx(0.7 + 0.3 / 3, abs=0.01)
    assert kept[first[:, 2] != right].mean() == pytest.approx(0.3 / 3, abs=0.01)


def test_a_pair_shares_everything_but_the_gap_and_reality_s_knobs():
    simulator, real = pair(8, 0.6, 3, actions=4, good=3, slip=0.1, corridor=2)
    assert simulator == Lock(8, 4, 3, win=0.2, code=3)
    assert real == Lock(8, 4, 3, win=0.8, slip=0.1, corridor=2, code=3)
    assert (pair(6)[0].win, pair(6)[1].win) == pytest.approx((0.1, 0.9))


def test_one_seed_gives_the_same_episodes_and_a_pickled_lock_is_the_same_lock():
    one, same, other = (steps_of(EVERYTHING, 50, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or (one != other).any()
    copy = pickle.loads(pickle.dumps(EVERYTHING))
    assert copy == EVERYTHING
    np.testing.assert_array_equal(copy.right, EVERYTHING.right)


def test_a_batch_restarts_finished_episodes_when_told_to():
    env = PLAIN.make(100)
    env.reset(seed=0)
    wrong = (PLAIN.right[0, 0] + 1) % 3
    for _ in range(20):
        seen, _, ended, _, infos = env.step(np.full(100, wrong))
        assert (seen[ended, 0] == 0).all() and (seen[:, 1] < PLAIN.good).all()
        assert all(infos["final_obs"][i][1] >= PLAIN.good for i in np.flatnonzero(ended))


@pytest.mark.parametrize("lock", [None, PLAIN, EVERYTHING])
def test_a_single_lock_passes_gymnasiums_check(lock):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make("sim2real/CombinationLock-v0", lock=lock).unwrapped)
    vector = gym.make_vec("sim2real/CombinationLock-v0", num_envs=3, lock=lock)
    seen, _ = vector.reset(seed=0)
    assert seen.shape == (3, 2) and seen.dtype == np.int64
    assert isinstance(vector.unwrapped, CombinationLock)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"horizon": 0}, "horizon must be at least 1, not 0"),
        ({"actions": 1}, "actions must be at least 2, not 1"),
        ({"good": 0}, "good must be at least 1, not 0"),
        ({"flipped": -1}, "flipped must be at least 0, not -1"),
        ({"corridor": -1}, "corridor must be at least 0, not -1"),
        ({"code": -1}, "code must be at least 0, not -1"),
        ({"win": 1.1}, "win must be a chance in"),
        ({"slip": -0.1}, "slip must be a chance in"),
        ({"cost": -0.1}, "cost must be a number of at least 0, not -0.1"),
        ({"cost": np.nan}, "cost must be a number of at least 0, not nan"),
        ({"flipped": 7}, "flipped must be at most the horizon of 6, not 7"),
    ],
)
def test_what_makes_no_lock_is_refused(knobs, message):
    with pytest.raises(ValueError, match=message):
        Lock(**knobs)


def test_a_gap_that_no_chance_can_have_is_refused():
    with pytest.raises(ValueError, match=r"gap must lie in \[-1, 1\], not 1.5"):
        pair(6, 1.5)


def test_a_large_batch_steps_fast():
    env = EVERYTHING.make(10_000)
    env.reset(seed=0)
    actions = np.zeros(10_000, dtype=int)
    start = time.perf_counter()
    for _ in range(20):
        env.step(actions)
    assert 20 * 10_000 / (time.perf_counter() - start) > 300_000  # steps per second
