"""Episodes in reality: they follow the policies, they are counted, and they are whole."""

import numpy as np
import pytest

from course_lib.transfer.exploration.collecting import (
    Counts,
    Reality,
    Transitions,
    mean_return,
    only,
)
from course_lib.transfer.exploration.coverage import Mixture
from course_lib.transfer.exploration.planning import chances, occupancies
from course_lib.worlds import Lock

LOCK = Lock(horizon=3, win=0.8, slip=0.1, corridor=1, code=2)
SHAPE = (4, 6, 3)


def random_policies(seed, count):
    return np.random.default_rng(seed).dirichlet(np.ones(3), size=(count, 4, 6))


def test_pairs_are_met_as_often_as_the_mixture_would_have_it():
    mixture = Mixture(random_policies(0, 2), np.array([0.8, 0.2]))
    n = 50_000
    counts = Counts.of(Reality(LOCK, 0).run(mixture, n), SHAPE)
    model = LOCK.model()
    expected = sum(
        weight * occupancies(policy, model)
        for policy, weight in zip(mixture.policies, mixture.weights, strict=True)
    )
    expected[:, model.absorbing] = 0  # an episode's end is no step
    np.testing.assert_allclose(counts.visits / n, expected, atol=0.01)


def test_one_policy_is_followed_for_a_whole_episode():
    # Two policies that never agree: mixed within an episode, right actions would alternate.
    right = np.zeros((4, 6), dtype=int)
    right[:3, :2], right[3, 5] = LOCK.right[:3], LOCK.right[3, 0]
    mixture = Mixture(chances(np.stack([right, (right + 1) % 3]), 3), np.array([0.5, 0.5]))
    plain = Lock(horizon=3, win=0.8, corridor=1, code=2)
    data = Reality(plain, 0).run(mixture, 1_000)
    went = data.a == right[data.h, data.s]
    assert 400 < went[data.h == 0].sum() < 600
    assert went[data.h > 0].all()


def test_episodes_are_whole_and_counted():
    reality = Reality(LOCK, 3)
    data = reality.run(only(random_policies(1, 1)[0]), 200)
    assert reality.episodes == 200 == data.done.sum() == (data.h == 0).sum()
    reality.run(only(random_policies(1, 1)[0]), 50)
    assert reality.episodes == 250
    assert data.done.dtype == bool and len({len(part) for part in data}) == 1
    ended = np.isin(data.next_s, [2, 3, 4])
    np.testing.assert_array_equal(data.done, ended)


def test_one_seed_gives_the_same_episodes_and_another_run_gives_new_ones():
    policy = only(random_policies(2, 1)[0])
    one, same = Reality(LOCK, 4), Reality(LOCK, 4)
    first = one.run(policy, 100)
    for part, again in zip(first, same.run(policy, 100), strict=True):
        np.testing.assert_array_equal(part, again)
    # A certain policy draws nothing itself: what is new is the world's luck.
    certain = only(chances(np.zeros((4, 6), dtype=int), 3))
    starts = [data.s[data.h == 0] for data in (one.run(certain, 100), one.run(certain, 100))]
    assert (starts[0] != starts[1]).any()


def test_counts_are_what_a_loop_would_count_and_add_up():
    data = Reality(LOCK, 5).run(only(random_policies(3, 1)[0]), 300)
    seen, paid = np.zeros((*SHAPE, 6)), np.zeros((*SHAPE, 6))
    for h, s, a, r, to, _ in zip(*data, strict=True):
        seen[h, s, a, to] += 1
        paid[h, s, a, to] += r
    counts = Counts.of(data, SHAPE)
    np.testing.assert_array_equal(counts.next, seen)
    np.testing.assert_allclose(counts.rewards, paid)
    np.testing.assert_array_equal(counts.visits, seen.sum(axis=3))
    half = len(data.h) // 2
    parts = [Counts.of(Transitions(*(x[cut] for x in data)), SHAPE) for cut in (
        slice(half), slice(half, None)
    )]  # fmt: skip
    both = parts[0] + parts[1]
    np.testing.assert_array_equal(both.next, seen)
    np.testing.assert_allclose(both.rewards, paid)
    np.testing.assert_array_equal(both.ends, counts.ends)


def test_states_in_which_episodes_ended_are_known_once_seen():
    data = Transitions(*np.array([[0, 0], [0, 1], [0, 0], [0, 0], [2, 1]]), np.array([True, False]))
    assert Counts.of(data, (1, 4, 1)).ends.tolist() == [False, False, True, False]


def test_the_mean_return_is_over_episodes():
    data = Transitions(*np.zeros((3, 4), dtype=int), np.array([1.0, 0, 0.5, 0]), *np.zeros((2, 4)))
    assert mean_return(data, 3) == 0.5


def test_policies_of_another_shape_are_refused():
    reality = Reality(LOCK, 0)
    with pytest.raises(ValueError, match=r"policies must have the shape \(P, 4, 6, 3\)"):
        reality.run(only(np.full((3, 6, 3), 1 / 3)), 1)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        reality.run(only(np.full(SHAPE, 1 / 3)), 0)
    assert reality.episodes == 0
