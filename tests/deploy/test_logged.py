from dataclasses import fields, replace

import numpy as np
import pytest
from dispatch_rules import by_class
from gymnasium import spaces

from course_lib.deploy.logged import (
    Drawn,
    Exploring,
    Greedy,
    Logged,
    Mixed,
    log,
    reseeded,
    taken,
)
from course_lib.learning.dispatchers import shortest_queue
from course_lib.learning.evaluate import evaluate, record
from course_lib.worlds import DISPATCH_SITE
from course_lib.worlds.batch import BatchWorld
from course_lib.worlds.dispatch import HOLD


class Stairs(BatchWorld):
    """Each step earns its action; about a third of the episodes end at each step."""

    def __init__(self, num_envs, autoreset=True):
        super().__init__(
            num_envs,
            spaces.Box(0.0, 9.0, (2,), np.float32),
            spaces.Discrete(4),
            max_episode_steps=6,
            autoreset=autoreset,
        )

    def _begin(self, which, options):
        return self._seen()[which]

    def _advance(self, actions):
        return self._seen(), np.asarray(actions, float), self.np_random.random(self.num_envs) < 0.35

    def _seen(self):
        steps = np.full(self.num_envs, self._steps)
        return np.stack([steps, self.np_random.random(self.num_envs) < 0.5], axis=1).astype("f4")


class StairsPhysics:
    def make(self, num_envs, *, autoreset=True):
        return Stairs(num_envs, autoreset)


STAIRS = StairsPhysics()


def second_number(seen):
    return seen[:, 1].astype(int)


class Table:
    """Chances that differ between the two kinds of observation of Stairs."""

    rows = np.array([[0.1, 0.2, 0.3, 0.4], [0.0, 0.5, 0.0, 0.5]])

    def chances(self, observations):
        return self.rows[second_number(observations)]


def same(a, b):
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(Logged))


# What is written down


def test_a_log_says_what_was_seen_done_and_earned_and_how_likely_it_was():
    policy = Exploring(second_number, n_actions=4, explored=3, share=0.3)
    logged = log(policy, STAIRS, 50, seed=1)
    steps, episodes = logged.actions.shape
    assert episodes == 50
    assert logged.lengths.max() == steps
    assert len(set(logged.lengths)) > 2
    for i in range(episodes):
        for t in range(steps):
            if t >= logged.lengths[i]:
                assert (logged.rewards[t, i], logged.chances[t, i]) == (0, 1)
                continue
            assert logged.rewards[t, i] == logged.actions[t, i]
            preferred = logged.actions[t, i] == logged.observations[t, i, 1]
            assert logged.chances[t, i] == pytest.approx(0.1 + 0.7 * preferred)
        assert logged.returns[i] == logged.rewards[: logged.lengths[i], i].sum()


def test_actions_are_drawn_as_often_as_the_chances_say():
    logged = log(Table(), STAIRS, 20_000, seed=0)
    on = logged.running
    for kind in (0, 1):
        where = on & (logged.observations[:, :, 1] == kind)
        often = np.bincount(logged.actions[where], minlength=4) / where.sum()
        np.testing.assert_allclose(often, Table.rows[kind], atol=0.01)
        assert not often[Table.rows[kind] == 0].any()


def test_a_policy_without_a_generator_of_its_own_is_drawn_from_and_not_followed_blindly():
    class Soft(Table):
        def __call__(self, observations):  # as a trained policy: the most likely action
            return self.chances(observations).argmax(axis=1)

    assert same(log(Soft(), STAIRS, 40, seed=3), log(Table(), STAIRS, 40, seed=3))


def test_the_same_call_gives_the_same_log_whatever_was_run_before():
    policy = Exploring(second_number, 4, 3, 0.5, seed=7)
    first = log(policy, STAIRS, 30, seed=2)
    policy(np.zeros((5, 2), np.float32))
    assert same(log(policy, STAIRS, 30, seed=2), first)


def test_another_seed_of_the_log_or_of_the_policy_gives_other_draws():
    policy = Exploring(second_number, 4, 4, 1.0, seed=7)
    first = log(policy, STAIRS, 300, seed=2)
    other = log(policy, STAIRS, 300, seed=3)
    # Everything is explored, so equal actions are chance: a quarter of them.
    assert np.mean(first.actions[0] == other.actions[0]) == pytest.approx(0.25, abs=0.1)
    other = log(replace(policy, seed=8), STAIRS, 300, seed=2)
    assert np.mean(first.actions[0] == other.actions[0]) == pytest.approx(0.25, abs=0.1)
    np.testing.assert_array_equal(first.observations[0], other.observations[0])  # the same world


@pytest.mark.parametrize("seed", [0, 3])
def test_draws_have_nothing_to_do_with_the_world_of_the_same_seed(seed):
    """Stairs draws its first observation as the policy draws its action, with random(n)."""
    logged = log(Exploring(second_number, 2, 2, 1.0, seed=seed), STAIRS, 4_000, seed=0)
    played = record(Exploring(second_number, 2, 2, 1.0, seed=seed), STAIRS, 4_000, seed=seed)
    for first in (logged, played):
        agree = first.actions[0] == first.observations[0, :, 1]
        assert agree.mean() == pytest.approx(0.5, abs=0.04)


def test_episodes_can_be_picked():
    logged = log(Table(), STAIRS, 10, seed=0)
    few = logged.take(np.array([7, 2, 2]))
    for name in ("observations", "actions", "rewards", "chances"):
        np.testing.assert_array_equal(getattr(few, name)[:, 0], getattr(logged, name)[:, 7])
        np.testing.assert_array_equal(getattr(few, name)[:, 2], getattr(logged, name)[:, 2])
    np.testing.assert_array_equal(few.lengths, logged.lengths[[7, 2, 2]])
    np.testing.assert_array_equal(logged.take(slice(4)).returns, logged.returns[:4])


def test_the_first_decisions_are_a_log_of_shorter_episodes():
    logged = log(Table(), STAIRS, 40, seed=0)
    short = logged.first(2)
    assert short.actions.shape == short.observations.shape[:2] == (2, 40)
    np.testing.assert_array_equal(short.returns, logged.rewards[:2].sum(axis=0))
    np.testing.assert_array_equal(short.lengths, [min(n, 2) for n in logged.lengths])
    assert same(logged.first(99), logged)


# Policies whose chances are known


def test_exploration_is_shared_among_the_first_actions_only():
    seen = np.array([[0, 0], [0, 1]], np.float32)
    policy = Exploring(second_number, n_actions=4, explored=3, share=0.3)
    expected = [[0.8, 0.1, 0.1, 0], [0.1, 0.8, 0.1, 0]]
    np.testing.assert_allclose(policy.chances(seen), expected)


def test_what_is_not_explored_is_still_done_where_the_policy_wants_it():
    policy = Exploring(lambda seen: np.full(len(seen), 3), n_actions=4, explored=2, share=0.4)
    np.testing.assert_allclose(policy.chances(np.zeros((1, 2))), [[0.2, 0.2, 0, 0.6]])


def test_a_greedy_policy_is_sure_of_what_it_does():
    policy, seen = Greedy(second_number, 4), np.array([[0, 0], [0, 1]], np.float32)
    np.testing.assert_array_equal(policy(seen), [0, 1])
    np.testing.assert_array_equal(policy.chances(seen), [[1, 0, 0, 0], [0, 1, 0, 0]])
    logged = log(policy, STAIRS, 20, seed=0)
    assert (logged.chances == 1).all()
    played = record(policy, STAIRS, 20, seed=0)
    np.testing.assert_array_equal(logged.actions, played.actions)
    np.testing.assert_array_equal(logged.rewards, played.rewards)


def test_a_mixture_lies_between_its_policies():
    seen = np.array([[0, 0], [0, 1]], np.float32)
    mixed = Mixed(0.25, Greedy(second_number, 4), Table())
    expected = [[0.325, 0.15, 0.225, 0.3], [0.0, 0.625, 0.0, 0.375]]
    np.testing.assert_allclose(mixed.chances(seen), expected)
    np.testing.assert_array_equal(
        Mixed(0, Greedy(second_number, 4), Table()).chances(seen), Table.rows
    )


@pytest.mark.parametrize(
    "policy",
    [
        Exploring(second_number, 4, 4, 0.5),
        Mixed(0.3, Greedy(second_number, 4), Table()),
        Drawn(Table()),
    ],
    ids=["exploring", "mixed", "drawn"],
)
def test_policies_that_draw_can_be_run_again_with_the_same_luck(policy):
    first = record(policy, STAIRS, 5_000, seed=0)
    again = record(policy, STAIRS, 5_000, seed=0)
    np.testing.assert_array_equal(first.actions, again.actions)
    often = np.bincount(first.actions[0], minlength=4) / 5_000
    np.testing.assert_allclose(often, policy.chances(first.observations[0]).mean(axis=0), atol=0.02)


def test_what_has_no_chance_is_not_drawn_where_chances_miss_one_by_a_rounding_error():
    class Rounded:
        def chances(self, observations):
            return np.tile(np.array([0.0, 0.5, 0.49, 0.0]), (len(observations), 1))

    assert set(Drawn(Rounded())(np.zeros((1_000, 2)))) == {1, 2}


def test_policies_hand_on_how_much_of_the_past_they_see():
    class Remembers:
        history = 3

        def __call__(self, observations):
            assert observations.shape[1] == 3 * (2 + 4)
            return np.zeros(len(observations), dtype=int)

    incumbent = Exploring(Remembers(), 4, 2, 0.1)
    mixed = Mixed(0.5, Greedy(Remembers(), 4), incumbent)
    assert Drawn(mixed).history == incumbent.history == 3
    assert log(mixed, STAIRS, 5, seed=0).observations.shape[2] == 18
    with pytest.raises(ValueError, match="the same number of past steps"):
        Mixed(0.5, Greedy(second_number, 4), incumbent)


def test_chances_belong_to_the_actions_that_were_taken():
    seen = np.array([[0, 1], [0, 0]], np.float32)
    np.testing.assert_allclose(taken(Table(), seen, np.array([1, 3])), [0.5, 0.4])


# A real world


def test_a_log_of_dispatch_is_reproducible_and_never_explores_to_hold():
    incumbent = Exploring(shortest_queue, HOLD + 1, HOLD, share=0.3, seed=5)
    logged = log(incumbent, DISPATCH_SITE, 200, seed=1)
    assert same(log(incumbent, DISPATCH_SITE, 200, seed=1), logged)
    assert set(np.unique(logged.actions)) == {0, 1, 2}
    assert set(np.unique(logged.chances.round(12))) == {0.1, 0.8}
    preferred = shortest_queue(logged.observations.reshape(-1, 9)).reshape(logged.actions.shape)
    np.testing.assert_allclose(logged.chances, np.where(logged.actions == preferred, 0.8, 0.1))


def test_a_mixture_in_dispatch_earns_what_lies_between():
    one, other = Greedy(shortest_queue, 4), Greedy(by_class, 4)
    earned = [
        evaluate(policy, DISPATCH_SITE, 1_000, seed=0).mean()
        for policy in (Mixed(0.0, other, one), Mixed(1.0, other, one))
    ]
    assert earned[0] == evaluate(shortest_queue, DISPATCH_SITE, 1_000, seed=0).mean()
    assert earned[1] == evaluate(by_class, DISPATCH_SITE, 1_000, seed=0).mean()
    assert earned[0] != earned[1]


# Refused


def fine():
    return {
        "observations": np.zeros((3, 2, 4)),
        "actions": np.zeros((3, 2), dtype=int),
        "rewards": np.zeros((3, 2)),
        "chances": np.ones((3, 2)),
        "lengths": np.array([3, 1]),
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"actions": np.zeros(3, dtype=int)}, r"actions must be \(T, n\)"),
        ({"actions": np.zeros((0, 2), dtype=int)}, "at least one decision"),
        ({"actions": np.zeros((3, 2))}, "whole numbers"),
        ({"actions": np.full((3, 2), -1)}, "whole numbers from 0 on"),
        ({"observations": np.zeros((3, 2))}, r"observations must be \(T, n, d\)"),
        ({"observations": np.zeros((2, 3, 4))}, r"\(3, 2\), as the actions; got \(2, 3, 4\)"),
        ({"rewards": np.zeros(2)}, r"rewards must be \(3, 2\), not \(2,\)"),
        ({"chances": np.ones((2, 3))}, r"chances must be \(3, 2\), not \(2, 3\)"),
        ({"lengths": np.array([3])}, r"lengths must be \(2,\), not \(1,\)"),
        ({"lengths": np.array([3, 0])}, "between 1 and T = 3"),
        ({"lengths": np.array([4, 1])}, "between 1 and T = 3"),
        ({"chances": np.array([[1, 0.0], [1, 1], [1, 1]])}, r"chances must lie in \(0, 1\]"),
        ({"chances": np.array([[1, 1.1], [1, 1], [1, 1]])}, r"chances must lie in \(0, 1\]"),
        ({"chances": np.array([[1, np.nan], [1, 1], [1, 1]])}, r"chances must lie in \(0, 1\]"),
        ({"rewards": np.array([[1, np.inf], [1, 0], [1, 0]])}, "finite"),
        ({"rewards": np.array([[1, 1], [1, 2], [1, 0]])}, "after an episode's end rewards"),
        ({"chances": np.array([[1, 1], [1, 0.5], [1, 1]])}, "after an episode's end rewards"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(wrong, message):
    Logged(**fine())
    with pytest.raises(ValueError, match=message):
        Logged(**fine() | wrong)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), 30])
def test_a_share_that_is_no_probability_is_refused(share):
    with pytest.raises(ValueError, match="share is a probability"):
        Exploring(second_number, 4, 3, share)
    with pytest.raises(ValueError, match="share is a probability"):
        Mixed(share, Table(), Table())


@pytest.mark.parametrize("explored", [0, 5])
def test_exploring_more_actions_than_there_are_or_none_is_refused(explored):
    with pytest.raises(ValueError, match="explored must lie between 1 and n_actions = 4"):
        Exploring(second_number, 4, explored, 0.1)


def test_a_policy_that_draws_or_remembers_is_not_taken_for_a_sure_one():
    with pytest.raises(ValueError, match="keeps a memory or draws"):
        Greedy(Drawn(Table()), 4)
    with pytest.raises(ValueError, match="keeps a memory or draws"):
        Exploring(Drawn(Table()), 4, 3, 0.1)


def test_fewer_steps_than_one_are_refused():
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        Logged(**fine()).first(0)


def test_chances_of_the_wrong_shape_are_refused():
    seen, actions = np.zeros((2, 2), np.float32), np.array([0, 4])
    with pytest.raises(ValueError, match=r"chances must be .*more than 4\); got \(2, 4\)"):
        taken(Table(), seen, actions)


def test_a_reseeded_policy_draws_anew_and_the_same_for_one_seed():
    explores = Exploring(lambda seen: np.zeros(len(seen), dtype=int), 3, 3, 0.9, seed=5)
    seen = np.zeros((200, 2))
    first, again, other = (reseeded(explores, seed)(seen) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any() and (first != explores(seen)).any()
    assert (reseeded(reseeded(explores, 1), 2)(seen) != other).any()
    plain = explores.policy
    assert reseeded(plain, 1) is plain
