import time
import warnings
from itertools import product

import numpy as np
import pytest
from dispatch_rules import by_class

from course_lib.deploy.logged import Exploring, Greedy, Logged, Mixed, log
from course_lib.deploy.off_policy import (
    doubly_robust,
    effective_sample_size,
    estimate_interval,
    ordinary,
    per_decision,
    predictions,
    ratios,
    unsupported,
    weighted,
    weighted_doubly_robust,
    weighted_per_decision,
)
from course_lib.learning.dispatchers import shortest_queue
from course_lib.learning.evaluate import evaluate
from course_lib.worlds import DISPATCH_SITE
from course_lib.worlds.dispatch import HOLD

WITHOUT_Q = [ordinary, weighted, per_decision, weighted_per_decision]
WITH_Q = [doubly_robust, weighted_doubly_robust]

# A world of two states, two actions and at most three decisions

START = np.array([0.7, 0.3])
NEXT = np.array([[0.2, 0.9], [0.6, 0.3]])  # [state, action]: chance that state 1 follows
ENDS = np.array([[0.0, 0.2], [0.3, 0.5]])  # [state, action]: chance that the episode ends instead
EARNS = np.array([[1.0, 2.0], [0.5, 4.0]])  # [state, action]: mean reward
STEPS = 3


class Table:
    """Chances by state, which is observed one-hot."""

    def __init__(self, rows):
        self.rows = np.array(rows, dtype=float)

    def chances(self, observations):
        return self.rows[observations.argmax(axis=1)]


LOGGING = Table([[0.6, 0.4], [0.5, 0.5]])
TARGET = Table([[0.2, 0.8], [0.9, 0.1]])


def true_q(step, state, action, policy):
    """What an action is worth, by going through everything that may follow."""
    worth = EARNS[state, action]
    if step + 1 < STEPS:
        for then, act in product((0, 1), (0, 1)):
            follows = NEXT[state, action] if then else 1 - NEXT[state, action]
            chance = (1 - ENDS[state, action]) * follows * policy.rows[then, act]
            worth += chance * true_q(step + 1, then, act, policy)
    return worth


def true_value(policy):
    return sum(
        START[state] * policy.rows[state, action] * true_q(0, state, action, policy)
        for state, action in product((0, 1), (0, 1))
    )


class TrueQ:
    """The right Q of a policy, or a wrong one: plus an error for each step, state and action."""

    def __init__(self, policy, error=None):
        self.table = np.array(
            [
                [[true_q(t, state, action, policy) for action in (0, 1)] for state in (0, 1)]
                for t in range(STEPS)
            ]
        )
        if error is not None:
            self.table = self.table + error

    def values(self, step, observations):
        return self.table[step, observations.argmax(axis=1)]


WRONG = np.random.default_rng(5).normal(0, 3, (STEPS, 2, 2))


def play(policy, n, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    state, running = (rng.random(n) < START[1]).astype(int), np.ones(n, dtype=bool)
    steps = []
    for _ in range(STEPS):
        action = (rng.random(n) < policy.rows[state, 1]).astype(int)
        reward = EARNS[state, action] + noise * rng.normal(size=n)
        chance = np.where(running, policy.rows[state, action], 1.0)
        steps.append((np.eye(2)[state], action, reward * running, chance, running))
        running = running & (rng.random(n) >= ENDS[state, action])
        state = (rng.random(n) < NEXT[state, action]).astype(int)
    seen, actions, rewards, chances, ran = (np.array(values) for values in zip(*steps, strict=True))
    return Logged(seen, actions, rewards, chances, ran.sum(axis=0))


def over_logs(estimator, *q, episodes=4, logs=1_500):
    """The estimates from many small logs."""
    logged = play(LOGGING, episodes * logs)
    return np.array(
        [
            estimator(logged.take(slice(first, first + episodes)), TARGET, *q)
            for first in range(0, episodes * logs, episodes)
        ]
    )


def errors_off(estimates, truth=None):
    """How many standard errors the mean of the estimates is away from the truth."""
    truth = true_value(TARGET) if truth is None else truth
    return abs(estimates.mean() - truth) / (estimates.std(ddof=1) / np.sqrt(len(estimates)))


def test_the_world_of_these_tests_earns_what_enumeration_says():
    for policy in (LOGGING, TARGET):
        assert errors_off(play(policy, 20_000, seed=1).returns, true_value(policy)) < 4
    assert abs(true_value(LOGGING) - true_value(TARGET)) > 0.3  # else nothing would be tested


# Right on average


@pytest.mark.parametrize("estimator", [ordinary, per_decision])
def test_importance_sampling_is_unbiased(estimator):
    assert errors_off(over_logs(estimator)) < 4


@pytest.mark.parametrize("error", [0.0, WRONG, 10.0], ids=["right q", "wrong q", "high q"])
def test_the_doubly_robust_estimate_is_unbiased_whatever_q_is(error):
    assert errors_off(over_logs(doubly_robust, TrueQ(TARGET, error))) < 4


@pytest.mark.parametrize("estimator", [weighted, weighted_per_decision])
def test_weighting_is_biased_in_small_logs_and_calmer(estimator):
    few = over_logs(estimator, episodes=2)
    assert errors_off(few) > 4
    assert few.std() < 0.8 * over_logs(ordinary, episodes=2).std()


@pytest.mark.parametrize("estimator", [weighted, weighted_per_decision])
def test_the_bias_of_weighting_goes_with_more_episodes(estimator):
    assert estimator(play(LOGGING, 200_000), TARGET) == pytest.approx(true_value(TARGET), abs=0.05)


def test_the_weighted_doubly_robust_estimate_is_right_in_large_logs_whatever_q_is():
    logged = play(LOGGING, 200_000)
    for error in (0.0, WRONG):
        estimate = weighted_doubly_robust(logged, TARGET, TrueQ(TARGET, error))
        assert estimate == pytest.approx(true_value(TARGET), abs=0.06)


def test_each_refinement_makes_the_estimate_calmer():
    spread = [over_logs(e).std() for e in (ordinary, per_decision)]
    spread.append(over_logs(doubly_robust, TrueQ(TARGET)).std())
    assert spread[0] > 1.1 * spread[1] > 1.1**2 * spread[2]


def test_a_perfect_q_leaves_no_variance_where_nothing_is_random_but_the_policy():
    """Actions lead to states of their own number for sure: only the draws of actions differ."""
    rng = np.random.default_rng(0)
    actions = rng.integers(2, size=(STEPS, 500))
    states = np.vstack([np.zeros((1, 500), dtype=int), actions[:-1]])
    rewards = EARNS[states, actions]
    logged = Logged(
        np.eye(2)[states], actions, rewards, np.full(actions.shape, 0.5), np.full(500, STEPS)
    )
    table = np.zeros((STEPS + 1, 2, 2))
    for t in reversed(range(STEPS)):
        table[t] = EARNS + (TARGET.rows * table[t + 1]).sum(axis=1)  # the action is the next state
    q = TrueQ(TARGET)
    q.table = table[:STEPS]
    truth = TARGET.rows[0] @ table[0, 0]
    for estimator in WITH_Q:
        interval = estimate_interval(logged, TARGET, estimator, q=q)
        assert interval.low == pytest.approx(truth)
        assert interval.high == pytest.approx(truth)
    assert ordinary.terms(logged, TARGET).values.std() > 1


# The same, slowly


def random_log(seed=0, n=40, steps=6, n_actions=3):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, steps + 1, n)
    running = np.arange(steps)[:, None] < lengths
    return Logged(
        rng.normal(size=(steps, n, 2)),
        rng.integers(n_actions, size=(steps, n)),
        rng.normal(size=(steps, n)) * running,
        np.where(running, rng.uniform(0.1, 1, (steps, n)), 1.0),
        lengths,
    )


class Soft:
    """Chances that depend on the observation."""

    def chances(self, observations):
        score = np.exp(observations @ np.array([[1.0, -1.0, 0.5], [0.3, 0.2, -2.0]]))
        return score / score.sum(axis=1, keepdims=True)


class AnyQ:
    def values(self, step, observations):
        return np.sin(step + observations @ np.array([[1.0, 2.0, 3.0], [0.1, -1.0, 2.0]]))


def slowly(name, logged, target, q=None):
    """The estimators as the papers write them, one episode and one step at a time."""
    n = len(logged.lengths)
    # rho[i][t] is the product of the ratios of episode i up to step t.
    steps = len(logged.actions)
    rho = [[] for _ in range(n)]
    for i in range(n):
        product_so_far = 1.0
        for t in range(steps):
            if t < logged.lengths[i]:
                chances = target.chances(logged.observations[t, i : i + 1])[0]
                product_so_far *= chances[logged.actions[t, i]] / logged.chances[t, i]
            rho[i].append(product_so_far)
    returns = [sum(logged.rewards[t, i] for t in range(logged.lengths[i])) for i in range(n)]

    def model(t, i):
        seen = logged.observations[t, i : i + 1]
        values = q.values(t, seen)[0]
        chances = target.chances(seen)[0]
        v = sum(chance * value for chance, value in zip(chances, values, strict=True))
        return values[logged.actions[t, i]], v

    if name == "ordinary":
        return sum(rho[i][-1] * returns[i] for i in range(n)) / n
    if name == "weighted":
        return sum(rho[i][-1] * returns[i] for i in range(n)) / sum(rho[i][-1] for i in range(n))
    total = 0.0
    for i in range(n):
        for t in range(logged.lengths[i]):
            at_t, before = rho[i][t], rho[i][t - 1] if t else 1.0
            if name in ("per_decision", "doubly_robust"):
                w, w_before = at_t / n, before / n
            else:
                w = at_t / sum(rho[j][t] for j in range(n))
                w_before = before / sum(rho[j][t - 1] if t else 1.0 for j in range(n))
            total += w * logged.rewards[t, i]
            if q is not None:
                q_taken, v = model(t, i)
                total -= w * q_taken - w_before * v
    return total


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("estimator", WITHOUT_Q + WITH_Q, ids=lambda e: e.__name__)
def test_estimators_agree_with_their_formulas_written_as_loops(estimator, seed):
    logged, q = random_log(seed), [AnyQ()] if estimator in WITH_Q else []
    expected = slowly(estimator.__name__, logged, Soft(), *q)
    assert estimator(logged, Soft(), *q) == pytest.approx(expected, rel=1e-9)


def test_predictions_are_those_of_q_and_end_with_the_episode():
    logged = random_log()
    q_taken, v = predictions(logged, Soft(), AnyQ())
    assert not q_taken[~logged.running].any()
    assert not v[~logged.running].any()
    seen = logged.observations[2]
    every = AnyQ().values(2, seen)
    on = logged.running[2]
    np.testing.assert_allclose(q_taken[2, on], every[np.arange(40), logged.actions[2]][on])
    np.testing.assert_allclose(v[2, on], (Soft().chances(seen) * every).sum(axis=1)[on])


# The logging policy itself, and the ends of episodes


def test_the_logging_policy_has_ratios_of_one_and_every_estimate_is_the_mean_return():
    logged = play(LOGGING, 100)
    assert (ratios(logged, LOGGING) == 1).all()
    for estimator in WITHOUT_Q:
        assert estimator(logged, LOGGING) == pytest.approx(logged.returns.mean())
    nothing = TrueQ(LOGGING)
    nothing.table = np.zeros_like(nothing.table)
    for estimator in WITH_Q:
        assert estimator(logged, LOGGING, nothing) == pytest.approx(logged.returns.mean())


def test_after_the_end_of_an_episode_nothing_counts():
    logged = random_log(n_actions=2)
    rng = np.random.default_rng(9)
    after = ~logged.running
    assert after.any()
    seen, actions = logged.observations.copy(), logged.actions.copy()
    seen[after], actions[after] = np.nan, rng.integers(3, size=after.sum())
    other = Logged(seen, actions, logged.rewards, logged.chances, logged.lengths)
    assert (ratios(other, Soft())[after] == 1).all()
    for estimator in WITHOUT_Q:
        assert estimator(other, Soft()) == estimator(logged, Soft())
    for estimator in WITH_Q:
        assert estimator(other, Soft(), AnyQ()) == estimator(logged, Soft(), AnyQ())
    assert set(actions[after]) == {0, 1, 2}  # 2 is never logged while an episode runs
    assert unsupported(other, Soft()) == unsupported(logged, Soft()) > 0


def test_a_reward_counts_for_the_decisions_before_it_and_not_for_those_after():
    """One episode of two decisions with ratios 2 and 0: only the second reward is lost."""
    logged = Logged(
        np.array([[[1.0, 0.0]], [[0.0, 1.0]]]),
        np.array([[0], [1]]),
        np.array([[3.0], [5.0]]),
        np.array([[0.5], [0.5]]),
        np.array([2]),
    )
    target = Table([[1, 0], [1, 0]])
    np.testing.assert_array_equal(ratios(logged, target), [[2], [0]])
    assert per_decision(logged, target) == 6
    assert ordinary(logged, target) == 0


# How far to trust them


@pytest.mark.parametrize(
    ("weights", "size"),
    [
        (np.ones(7), 7),
        (np.full(5, 1e-200), 5),  # products of many ratios
        ([0, 0, 3.0, 0], 1),
        ([1, 1, 0, 0], 2),
        ([3, 1], 1.6),
        (np.zeros(4), 0),
    ],
)
def test_the_effective_sample_size_counts_episodes_of_equal_weight(weights, size):
    assert effective_sample_size(weights) == pytest.approx(size)


def test_support_is_what_the_target_gives_to_actions_that_were_never_logged():
    seen = np.eye(2)[[[0, 0, 1]]]  # three episodes of one decision, in states 0, 0 and 1
    target = Table([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1]])

    def logged(actions):
        return Logged(
            seen, np.array([actions]), np.zeros((1, 3)), np.full((1, 3), 0.5), np.ones(3, dtype=int)
        )

    assert unsupported(logged([0, 1, 2]), target) == 0
    assert unsupported(logged([0, 0, 1]), target) == pytest.approx((0.3 + 0.3 + 0.1) / 3)
    assert unsupported(logged([1, 1, 1]), target) == pytest.approx((0.8 + 0.8 + 0.2) / 3)


def test_what_lies_outside_the_support_is_lost_and_nobody_says_so():
    """Action 2 earns 10 and was never tried: the estimate is low by what it would have earned."""
    rng = np.random.default_rng(0)
    actions = rng.integers(2, size=(1, 2_000))
    logged = Logged(
        np.ones((1, 2_000, 1)),
        actions,
        np.array([1.0, 2.0])[actions],
        np.full((1, 2_000), 0.5),
        np.ones(2_000, dtype=int),
    )
    target = Table([[0.25, 0.25, 0.5]])
    interval = estimate_interval(logged, target, ordinary)
    assert unsupported(logged, target) == 0.5
    assert interval.high < 1 < 0.25 * 1 + 0.25 * 2 + 0.5 * 10


@pytest.mark.parametrize("estimator", WITHOUT_Q + WITH_Q, ids=lambda e: e.__name__)
def test_the_bootstrap_is_that_of_whole_episodes_run_again(estimator):
    logged, q = random_log(n=25, steps=2), [AnyQ()] if estimator in WITH_Q else []
    interval = estimate_interval(logged, Soft(), estimator, *q, confidence=0.9)
    rng = np.random.default_rng(1)
    again = [estimator(logged.take(rng.integers(25, size=25)), Soft(), *q) for _ in range(600)]
    low, high = np.percentile(again, [5, 95])
    assert interval.estimate == estimator(logged, Soft(), *q)
    assert interval.low == pytest.approx(low, abs=0.15 * (high - low))
    assert interval.high == pytest.approx(high, abs=0.15 * (high - low))
    assert (interval.n, interval.confidence) == (25, 0.9)


@pytest.mark.parametrize("estimator", [ordinary, weighted_per_decision])
def test_intervals_cover_the_truth_about_as_often_as_they_say(estimator):
    logged, truth = play(LOGGING, 100 * 60, seed=2), true_value(TARGET)
    intervals = [
        estimate_interval(logged.take(slice(first, first + 60)), TARGET, estimator)
        for first in range(0, 100 * 60, 60)
    ]
    covered = np.mean([interval.low <= truth <= interval.high for interval in intervals])
    assert 0.8 < covered < 0.99  # weights are skewed: a percentile interval is a little too narrow


def test_the_same_log_gives_the_same_interval_and_more_confidence_a_wider_one():
    logged = play(LOGGING, 200)
    first = estimate_interval(logged, TARGET, weighted)
    assert estimate_interval(logged, TARGET, weighted, seed=0) == first
    assert estimate_interval(logged, TARGET, weighted, seed=1) != first
    wide = estimate_interval(logged, TARGET, weighted, confidence=0.99)
    assert wide.low < first.low < first.estimate < first.high < wide.high


def test_resamples_without_any_weight_are_left_out():
    logged = Logged(
        np.ones((1, 4, 1)),
        np.array([[0, 1, 1, 1]]),
        np.array([[7.0, 1.0, 2.0, 3.0]]),
        np.full((1, 4), 0.5),
        np.ones(4, dtype=int),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interval = estimate_interval(logged, Table([[1, 0]]), weighted)
    assert (interval.low, interval.estimate, interval.high) == (7, 7, 7)


def test_intervals_of_a_long_log_are_quick():
    logged = random_log(n=10_000, steps=40)
    start = time.process_time()
    estimate_interval(logged, Soft(), weighted_per_decision)  # has the most terms
    assert time.process_time() - start < 5  # about 0.3 s on a free core


# A world that nobody has written down


@pytest.fixture(scope="module")
def dispatched():
    incumbent = Exploring(shortest_queue, HOLD + 1, HOLD, share=0.3, seed=1)
    return incumbent, log(incumbent, DISPATCH_SITE, 3_000, seed=0)


def test_a_small_share_of_another_rule_can_be_judged_from_the_log_of_a_site(dispatched):
    incumbent, logged = dispatched
    mixed = Mixed(0.1, Greedy(by_class, HOLD + 1), incumbent, seed=2)
    weights = ratios(logged, mixed).prod(axis=0)
    assert effective_sample_size(weights) > 0.1 * len(weights)
    assert unsupported(logged, mixed) == 0
    truth = evaluate(mixed, DISPATCH_SITE, 5_000, seed=99).mean()
    for estimator in WITHOUT_Q:
        interval = estimate_interval(logged, mixed, estimator, confidence=0.99)
        assert interval.low < truth < interval.high
        assert interval.high - interval.low < 0.25


def test_all_of_the_other_rule_cannot(dispatched):
    _, logged = dispatched
    target = Greedy(by_class, HOLD + 1)
    assert effective_sample_size(ratios(logged, target).prod(axis=0)) < 2
    with pytest.raises(ValueError, match="no overlap"):
        weighted(logged, target)
    # The first decisions of a shift are another matter.
    assert effective_sample_size(ratios(logged.first(2), target).prod(axis=0)) > 20
    weighted(logged.first(2), target)


# Refused


def test_a_target_that_does_other_things_than_the_log_is_refused_by_whoever_divides():
    logged = Logged(
        np.ones((2, 3, 1)),
        np.array([[0, 1, 0], [1, 1, 1]]),
        np.ones((2, 3)),
        np.full((2, 3), 0.5),
        np.full(3, 2),
    )
    never = Table([[1, 0]])  # agrees with some first decisions, with no second one
    for estimator in (weighted, weighted_per_decision):
        with pytest.raises(ValueError, match="evaluate a policy closer to the logging one"):
            estimator(logged, never)
        with pytest.raises(ValueError, match="no overlap"):
            estimate_interval(logged, never, estimator)
    q = TrueQ(TARGET)
    q.table = np.zeros((2, 1, 2))
    with pytest.raises(ValueError, match="no overlap"):
        weighted_doubly_robust(logged, never, q)
    assert ordinary(logged, never) == 0
    assert weighted(logged.first(1), never) == 1


def test_a_target_that_knows_fewer_actions_than_the_log_is_refused():
    with pytest.raises(ValueError, match="more than 2"):
        ratios(random_log(), TARGET)


@pytest.mark.parametrize("confidence", [95, 0.0, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence is a share"):
        estimate_interval(random_log(), Soft(), ordinary, confidence=confidence)


def test_an_interval_of_two_episodes_is_refused():
    with pytest.raises(ValueError, match="at least 3 episodes, not 2"):
        estimate_interval(random_log(n=2), Soft(), ordinary)
