"""Methods that learn in reality: honest budgets, and the behaviour that each is named after."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from course_lib.transfer.exploration import (
    Counts,
    ExplorationTransfer,
    Optimistic,
    PosteriorSampling,
    Reality,
    Uniform,
    ZetaGreedy,
    better_in_reality,
)
from course_lib.transfer.exploration.collecting import only
from course_lib.transfer.exploration.methods import no_counts
from course_lib.transfer.exploration.optimistic import bounded_q
from course_lib.transfer.exploration.planning import (
    chances,
    greedy,
    optimal_q,
    optimum,
    value_of,
)
from course_lib.worlds.lock import Tabular, pair

SIMULATOR, REAL = pair(3, code=4)
SHAPE = (3, 5, 3)
METHODS = [
    Uniform(),
    ZetaGreedy(0.5),
    ZetaGreedy(0.5, from_simulator=False),
    Optimistic(),
    PosteriorSampling(),
    ExplorationTransfer(),
    ExplorationTransfer(selection=False),
    ExplorationTransfer(recover=True),
    ExplorationTransfer(tolerance=0.8),
]


def learned(method, budgets, seed=0, real=REAL, simulator=SIMULATOR):
    reality = Reality(real, seed)
    return list(method.learn(simulator, reality, budgets, np.random.default_rng(seed))), reality


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("budget", [3, 57, 200])
def test_a_budget_is_spent_to_the_last_episode_and_not_beyond(method, budget):
    (policy,), reality = learned(method, [budget])
    assert reality.episodes == budget
    assert policy.shape == SHAPE
    np.testing.assert_allclose(policy.sum(axis=2), 1)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_with_enough_episodes_each_finds_the_way_through_a_short_chain(method):
    (policy,), _ = learned(method, [3_000])
    assert value_of(policy, REAL.model()) > optimum(REAL.model()) - 0.1


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_one_seed_gives_the_same_policies_also_after_pickling(method):
    one, same, pickled = (
        learned(m, [10, 40])[0] for m in (method, method, pickle.loads(pickle.dumps(method)))
    )
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(one, pickled)


@pytest.mark.parametrize("method", [Uniform(), ZetaGreedy(), Optimistic(), PosteriorSampling()])
def test_budgets_go_on_from_each_other_where_a_method_can_be_stopped_at_any_time(method):
    policies, reality = learned(method, [10, 25, 60])
    assert len(policies) == 3 and reality.episodes == 60


def test_exploration_is_shared_by_budgets_and_trying_is_paid_by_each():
    policies, reality = learned(ExplorationTransfer(), [20, 50])
    assert len(policies) == 2
    assert reality.episodes == 40 + 2 * 5 + 2 * 2  # explored for the larger, tried for both


def behaviour_of(method, simulator=SIMULATOR, counts=None):
    counts = no_counts(SHAPE) if counts is None else counts
    prior = method.prior(simulator, SHAPE)
    mixture = method.behaviour(counts, prior, np.random.default_rng(0))
    assert mixture.policies.shape == (1, *SHAPE)
    return mixture.policies[0]


def test_direct_transfer_starts_from_the_simulators_policy_and_its_noise():
    best = greedy(optimal_q(SIMULATOR.model()))
    policy = behaviour_of(ZetaGreedy(0.3))
    np.testing.assert_array_equal(policy.argmax(axis=2), best)
    np.testing.assert_allclose(np.sort(policy, axis=2), np.tile([0.1, 0.1, 0.8], (3, 5, 1)))
    np.testing.assert_allclose(behaviour_of(ZetaGreedy(0.0)), chances(best, 3))
    # It bails out at once: the chance to walk through is that of naive exploration.
    right = [policy[h, s, REAL.right[h, s]] for h in range(3) for s in range(2)]
    np.testing.assert_allclose(right, 0.1)


def test_from_scratch_the_simulator_does_not_matter():
    other = replace(SIMULATOR, code=9)
    scratch, direct = ZetaGreedy(0.3, from_simulator=False), ZetaGreedy(0.3)
    for method, matters in ((scratch, False), (direct, True)):
        one, another = (learned(method, [5], simulator=s)[0][0] for s in (SIMULATOR, other))
        assert (one != another).any() == matters


def test_uniform_exploration_and_zeta_one_take_every_action_alike():
    for method in (Uniform(), ZetaGreedy(1.0)):
        np.testing.assert_allclose(behaviour_of(method), 1 / 3)


def seen_once(h, s, a, to, reward, ended):
    counts = no_counts(SHAPE)
    following, paid = counts.next.copy(), counts.rewards.copy()
    following[h, s, a, to], paid[h, s, a, to] = 1, reward
    ends = np.zeros(5, dtype=bool)
    ends[to] = ended
    return Counts(following, paid, ends)


def test_optimism_prefers_what_it_has_not_seen_until_the_bonus_is_small():
    tried = seen_once(0, 0, 0, 2, 0.5, True)
    assert behaviour_of(Optimistic(0.1), counts=tried)[0, 0].argmax() == 1
    rng = np.random.default_rng(0)
    many = Counts(tried.next + 400 * rng.uniform(0.9, 1, (*SHAPE, 5)), tried.rewards, tried.ends)
    paid = many.rewards.copy()
    paid[2, 1, 2, 4] = 100.0
    certain = behaviour_of(Optimistic(0.01), counts=Counts(many.next, paid, many.ends))
    assert certain[2, 1].argmax() == 2


def test_optimism_adds_its_bonus_per_root_of_visits():
    counts = seen_once(2, 0, 0, 2, 0.2, True)
    counts = Counts(counts.next * 4, counts.rewards * 4, counts.ends)
    for a, reward in ((1, 0.3), (2, 0.35)):
        other = seen_once(2, 0, a, 2, reward, True)
        counts = counts + Counts(other.next * 16, other.rewards * 16, other.ends)
    # 0.2 + bonus / 2 against 0.35 + bonus / 4: equal at a bonus of 0.6.
    assert behaviour_of(Optimistic(0.58), counts=counts)[2, 0].argmax() == 2
    assert behaviour_of(Optimistic(0.62), counts=counts)[2, 0].argmax() == 0


def test_posterior_sampling_draws_anew_and_trusts_what_it_has_counted():
    method, rng = PosteriorSampling(), np.random.default_rng(0)
    few, many = (
        Counts.of(Reality(REAL, 0).run(only(np.full(SHAPE, 1 / 3)), n), SHAPE) for n in (3, 50_000)
    )
    drawn = [method.behaviour(few, np.zeros(SHAPE), rng).policies for _ in range(5)]
    assert len(np.unique(drawn, axis=0)) == 5
    policy = method.behaviour(many, np.zeros(SHAPE), rng).policies[0]
    assert value_of(policy, REAL.model()) == pytest.approx(optimum(REAL.model()))


def test_bounded_values_are_optimal_values_that_stay_below_the_largest_return():
    model = REAL.model()
    ends = model.absorbing
    np.testing.assert_allclose(
        bounded_q(model.transitions, model.rewards, ends)[:, ~ends], optimal_q(model)[:, ~ends]
    )
    generous = Tabular(model.transitions, model.rewards + 0.4, model.start)
    q = bounded_q(generous.transitions, generous.rewards, ends)
    assert q.max() == 1.0
    assert q[0, 0, (REAL.right[0, 0] + 1) % 3] == pytest.approx(0.9)  # nothing after an end


def test_the_better_policy_is_returned_and_a_tie_is_the_fallback():
    model = REAL.model()
    best = chances(greedy(optimal_q(model)), 3)
    bails = chances(greedy(optimal_q(SIMULATOR.model())), 3)
    reality = Reality(REAL, 0)
    assert better_in_reality(best, bails, reality, 100) is best
    assert better_in_reality(bails, best, reality, 100) is best
    assert reality.episodes == 400
    also_bails = bails.copy()
    assert better_in_reality(also_bails, bails, reality, 10) is bails


def test_selection_bounds_the_loss_where_learning_fails():
    # Reality is as bad as the simulator says: whatever was learned, bailing out is right.
    simulator, real = pair(6, gap=-0.2, code=1, flipped=6)
    values = []
    for selection in (True, False):
        method = ExplorationTransfer(selection=selection)
        policies = [learned(method, [20], s, real, simulator)[0][0] for s in range(20)]
        values.append(np.mean([value_of(policy, real.model()) for policy in policies]))
    assert values[0] >= values[1]
    assert values[0] > 0.45


@pytest.mark.parametrize("zeta", [-0.1, 1.1])
def test_zeta_must_be_a_chance(zeta):
    with pytest.raises(ValueError, match="zeta must be a chance in"):
        ZetaGreedy(zeta)


def test_methods_learn_in_a_reality_that_has_more_steps_and_states():
    simulator, real = pair(3, code=4, corridor=1)
    for method in (ExplorationTransfer(), ExplorationTransfer(recover=True), ZetaGreedy(1.0)):
        (policy,), _ = learned(method, [3_000], 0, real, simulator)
        assert policy.shape == (4, 6, 3)
        assert value_of(policy, real.model()) > optimum(real.model()) - 0.1
