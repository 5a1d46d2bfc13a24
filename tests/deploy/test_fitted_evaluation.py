import numpy as np
import pytest

from course_lib.deploy.fitted_q import direct, features, fit_q
from course_lib.deploy.logged import Exploring, Greedy, Logged, Mixed, log
from course_lib.deploy.off_policy import doubly_robust, estimate_interval, ordinary
from course_lib.learning.evaluate import evaluate
from course_lib.worlds.dispatch import HOLD, DispatchPhysics

# A world in which the features hold: positions in the plane, turned and shifted by each action

TURN = np.array([[[0.9, 0.3], [-0.3, 0.9]], [[0.5, 0.0], [0.2, -0.7]], [[0.0, 1.0], [1.0, 0.0]]])
SHIFT = np.array([[0.1, 0.0], [0.0, -0.4], [0.3, 0.3]])
LIKES = np.array([[1.0, 0.0], [-0.5, 0.2], [0.0, 2.0]])
STEPS = 3


def earns(x, action):
    return LIKES[action] @ x - 0.5 * x[0] * x[1] + action


def goes(x, action):
    return TURN[action] @ x + SHIFT[action]


class Always:
    """The same chances in every place."""

    def __init__(self, *chances):
        self._chances = np.array(chances)

    def chances(self, observations):
        return np.tile(self._chances, (len(observations), 1))


UNIFORM, TARGET = Always(1 / 3, 1 / 3, 1 / 3), Always(0.2, 0.7, 0.1)


def true_q(step, x, action, target):
    """What an action is worth, by going through everything that may follow."""
    worth = earns(x, action)
    if step + 1 < STEPS:
        then = goes(x, action)
        for act, chance in enumerate(target.chances(then[None])[0]):
            worth += chance * true_q(step + 1, then, act, target)
    return worth


def walk(n, seed=0, *, actions=3, stops=0.0, noise=0.0):
    """A log of the uniform policy, which stops after each step with some chance."""
    rng = np.random.default_rng(seed)
    x, running, steps = rng.normal(size=(n, 2)), np.ones(n, dtype=bool), []
    for _ in range(STEPS):
        action = rng.integers(actions, size=n)
        reward = np.array([earns(*pair) for pair in zip(x, action, strict=True)])
        reward = (reward + noise * rng.normal(size=n)) * running
        steps.append((x, action, reward, np.where(running, 1 / actions, 1.0), running))
        running = running & (rng.random(n) >= stops)
        x = np.array([goes(*pair) for pair in zip(x, action, strict=True)])
    seen, acted, rewards, chances, ran = (np.array(values) for values in zip(*steps, strict=True))
    return Logged(seen, acted, rewards, chances, ran.sum(axis=0))


def test_features_are_all_products_of_pairs_of_one_and_the_observation():
    expected = [[1, 2, 3, 4, 6, 9], [1, 0, -1, 0, 0, 1]]
    np.testing.assert_array_equal(features(np.array([[2.0, 3.0], [0.0, -1.0]])), expected)


@pytest.mark.parametrize("target", [UNIFORM, TARGET, Always(0.0, 0.0, 1.0)])
def test_fitted_q_is_exact_where_its_features_hold(target):
    logged, elsewhere = walk(400), np.random.default_rng(1).normal(size=(5, 2))
    q = fit_q(logged, target)
    for step in range(STEPS):
        expected = [[true_q(step, x, a, target) for a in range(3)] for x in elsewhere]
        np.testing.assert_allclose(q.values(step, elsewhere), expected, atol=1e-3)
        mean = (target.chances(elsewhere) * expected).sum(axis=1)
        np.testing.assert_allclose(q.value(step, elsewhere), mean, atol=1e-3)
    starts = [[true_q(0, x, a, target) for a in range(3)] for x in logged.observations[0]]
    truth = (target.chances(logged.observations[0]) * starts).sum(axis=1).mean()
    assert direct(logged, target) == pytest.approx(truth, abs=1e-3)
    assert direct(logged, target) == direct(logged, target, q)


def test_noise_averages_out():
    target = TARGET
    clean, noisy = fit_q(walk(6_000), target), fit_q(walk(6_000, noise=1.0), target)
    x = np.random.default_rng(1).normal(size=(200, 2))
    assert np.abs(clean.value(0, x) - noisy.value(0, x)).mean() < 0.15
    assert np.abs(clean.value(0, x)).mean() > 0.5


def test_features_that_are_sums_of_others_do_no_harm():
    """One-hot observations: two columns that add up to the first, and squares of themselves."""
    rng = np.random.default_rng(0)
    state, action = rng.integers(2, size=(2, 1, 400))
    worth = np.array([[1.0, -2.0], [0.5, 7.0]])
    logged = Logged(
        np.eye(2)[state],
        action,
        worth[state, action],
        np.full((1, 400), 0.5),
        np.ones(400, dtype=int),
    )
    q = fit_q(logged, Always(0.5, 0.5))
    np.testing.assert_allclose(q.values(0, np.eye(2)), worth, atol=1e-4)


def test_episodes_that_ended_expect_nothing_more():
    """All earn 1 at each step, half of them stop after the first: 2 on average, and not 3."""
    n = 400
    lengths = np.where(np.arange(n) < n // 2, 1, 3)
    running = np.arange(3)[:, None] < lengths
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(3, n, 1))
    seen[~running] = np.nan  # nobody may look there
    logged = Logged(
        seen,
        rng.integers(2, size=(3, n)),
        running.astype(float),
        np.where(running, 0.5, 1.0),
        lengths,
    )
    q = fit_q(logged, Always(0.5, 0.5))
    assert direct(logged, Always(0.5, 0.5), q) == pytest.approx(2, abs=0.05)
    np.testing.assert_allclose(q.value(1, rng.normal(size=(5, 1))), 2, atol=1e-4)
    np.testing.assert_allclose(q.value(2, rng.normal(size=(5, 1))), 1, atol=1e-4)


# What the log does not tell


def test_an_action_that_was_never_logged_is_worth_what_the_others_are():
    logged, x = walk(400, actions=2), np.random.default_rng(1).normal(size=(5, 2))
    q = fit_q(logged, TARGET)  # 0.2, 0.7 and 0.1 for the action without a model
    assert not q.modelled[:, 2].any()
    values = q.values(1, x)
    np.testing.assert_allclose(values[:, 2], (0.2 * values[:, 0] + 0.7 * values[:, 1]) / 0.9)
    np.testing.assert_allclose(q.value(1, x), values[:, 2])
    renormalised = fit_q(logged, Always(0.2 / 0.9, 0.7 / 0.9, 0.0))
    np.testing.assert_allclose(q.value(0, x), renormalised.value(0, x))


def test_a_target_that_takes_nothing_that_was_logged_is_given_their_plain_mean():
    logged, x = walk(400, actions=2), np.random.default_rng(1).normal(size=(5, 2))
    values = fit_q(logged, Always(0.0, 0.0, 1.0)).values(2, x)
    np.testing.assert_allclose(values[:, 2], values[:, :2].mean(axis=1))


def test_an_action_that_was_logged_a_few_times_gets_its_mean():
    few, enough = walk(8), walk(400)
    for logged, flat in ((few, True), (enough, False)):
        q = fit_q(logged, TARGET)
        spread = q.values(STEPS - 1, np.random.default_rng(1).normal(size=(50, 2))).std(axis=0)
        assert (spread < 1e-9).all() if flat else (spread > 0.1).all()
    own = few.actions[STEPS - 1] == 1
    value = fit_q(few, TARGET).values(STEPS - 1, np.zeros((1, 2)))[0, 1]
    assert value == pytest.approx(few.rewards[STEPS - 1, own].mean())


def test_a_step_that_few_episodes_reach_does_not_spoil_those_before():
    logged = walk(3_000, stops=0.95)
    assert 0 < logged.running[2].sum() < 20
    x = np.random.default_rng(1).normal(size=(5, 2))
    first = [[earns(one, a) for a in range(3)] for one in x]
    assert np.abs(fit_q(logged, TARGET).values(0, x) - first).max() < 0.6


def test_a_step_that_no_episode_reached_is_worth_nothing():
    logged = walk(200, stops=0.5)
    short = logged.take(logged.lengths == 1)
    q, x = fit_q(short, TARGET), np.ones((4, 2))
    np.testing.assert_array_equal(q.values(2, x), np.zeros((4, 3)))
    # Fitted to the same episodes without the empty steps it is the same.
    np.testing.assert_array_equal(q.values(0, x), fit_q(short.first(1), TARGET).values(0, x))


def remembered(n=4_000, *, seen):
    """Guess a number twice: the second guess earns 1 if it is the first one again."""
    rng = np.random.default_rng(0)
    actions = rng.integers(2, size=(2, n))
    observations = np.zeros((2, n, 1))
    if seen:
        observations[1, :, 0] = actions[0]
    rewards = np.array([np.zeros(n), actions[0] == actions[1]], dtype=float)
    return Logged(observations, actions, rewards, np.full((2, n), 0.5), np.full(n, 2))


def test_fitted_q_is_confidently_wrong_where_the_observation_leaves_out_what_matters():
    ones = Always(0.0, 1.0)  # always guess 1: it earns 1 for sure
    full, partial = remembered(seen=True), remembered(seen=False)
    assert direct(full, ones) == pytest.approx(1, abs=1e-4)
    promised = estimate_interval(partial, ones, direct)
    assert promised.estimate == pytest.approx(0.5, abs=0.05)
    assert promised.high - promised.low < 1e-9
    # Importance sampling needs the chances of the actions only, not a full observation.
    weighed = estimate_interval(partial, ones, ordinary)
    assert weighed.low < 1 < weighed.high
    corrected = estimate_interval(partial, ones, doubly_robust, q=fit_q(partial, ones))
    assert corrected.low < 1 < corrected.high


def test_a_model_that_was_fitted_makes_the_doubly_robust_interval_narrow():
    logged = walk(1_500, stops=0.2, noise=0.5)
    q = fit_q(walk(1_500, seed=1, stops=0.2, noise=0.5), TARGET)

    def width(*args):
        interval = estimate_interval(logged, TARGET, *args)
        return interval.high - interval.low

    assert width(doubly_robust, q) < 0.6 * width(ordinary)


def test_the_doubly_robust_estimate_needs_no_model_of_actions_that_are_missing_by_chance():
    """Its V must be the mean of its Q over the target's chances, or the correction has a bias."""
    q = fit_q(walk(400, actions=2), TARGET)
    x = np.random.default_rng(1).normal(size=(5, 2))
    expected = (TARGET.chances(x) * q.values(0, x)).sum(axis=1)
    np.testing.assert_allclose(q.value(0, x), expected)
    logged = walk(6_000, seed=3)
    truth = np.mean(
        [
            sum(TARGET._chances[a] * true_q(0, x, a, TARGET) for a in range(3))
            for x in logged.observations[0]
        ]
    )
    interval = estimate_interval(logged, TARGET, doubly_robust, q=q, confidence=0.999)
    assert interval.low < truth < interval.high


def test_a_site_is_judged_about_as_well_by_its_fitted_q():
    site = DispatchPhysics(
        rate=1.8, dense_fast=1.2, parse_fast=0.8, contention=0.1, spread=0.8, age=2.0
    )

    def shortest_queue(seen):
        return seen[:, 2:8].reshape(-1, 3, 2).sum(axis=2).argmin(axis=1)

    def by_class(seen):
        return np.where(seen[:, 0] == 0, 0, 1 + (seen[:, 6:8].sum(axis=1) < seen[:, 4:6].sum(1)))

    incumbent = Exploring(shortest_queue, HOLD + 1, HOLD, share=0.3, seed=1)
    logged = log(incumbent, site, 3_000, seed=0)
    mixed = Mixed(0.1, Greedy(by_class, HOLD + 1), incumbent, seed=2)
    truth = evaluate(mixed, site, 5_000, seed=99).mean()
    q = fit_q(logged, mixed)
    assert not q.modelled[:, HOLD].any()
    assert direct(logged, mixed, q) == pytest.approx(truth, abs=0.02)
    interval = estimate_interval(logged, mixed, doubly_robust, q=q, confidence=0.99)
    assert interval.low < truth < interval.high
    assert interval.high - interval.low < 0.05


# Refused


def test_a_step_that_the_log_did_not_have_is_refused():
    q = fit_q(walk(50), TARGET)
    for step in (-1, STEPS):
        with pytest.raises(ValueError, match=f"steps 0 to {STEPS - 1}, not {step}"):
            q.values(step, np.zeros((1, 2)))


def test_a_target_that_knows_fewer_actions_than_the_log_is_refused():
    with pytest.raises(ValueError, match="the log has action 2, the target only 2"):
        fit_q(walk(50), Always(0.5, 0.5))
