"""The measurement: exact values, honest budgets, an end that luck cannot bring about."""

import numpy as np
import pytest

from course_lib.learning import ResultStore, run_many
from course_lib.transfer.exploration import Curve, ExplorationTransfer, Uniform, learning_curve
from course_lib.transfer.exploration.measuring import budgets_upto
from course_lib.transfer.exploration.planning import chances, greedy, optimal_q, optimum
from course_lib.worlds.lock import pair


class Scripted:
    """Yields for each budget the best policy or the one that bails out."""

    def __init__(self, good):
        self.good = good  # whether the policy of each budget is the best one

    def learn(self, simulator, reality, budgets, rng):
        self.budgets, self.simulator = list(budgets), simulator
        best, bails = (
            chances(greedy(optimal_q(lock.model())), 3) for lock in (reality._lock, simulator)
        )
        for good in [*self.good, *[True] * len(budgets)][: len(budgets)]:
            yield best if good else bails


def test_a_curve_has_the_value_of_every_policy_until_it_has_stayed_good():
    method = Scripted([False, True, False, True])
    curve = learning_curve(method, 6, seed=0, cap=200)
    best = optimum(pair(6)[1].model())
    assert curve.optimum == pytest.approx(best) == pytest.approx(0.9 - 6 * 0.002)
    np.testing.assert_allclose(curve.values[:4], [0.5, best, 0.5, best])
    np.testing.assert_array_equal(curve.episodes, method.budgets[: len(curve.values)])
    assert curve.needed() == method.budgets[3]
    stays = curve.episodes[-1]
    assert curve.episodes[-2] < 2 * method.budgets[3] <= stays


def test_told_so_it_ends_with_the_first_good_policy():
    method = Scripted([False, True, False])
    curve = learning_curve(method, 6, seed=0, cap=200, stays=1)
    assert len(curve.values) == 2 and curve.needed() == method.budgets[1]


def test_what_is_never_good_or_not_good_in_the_end_needs_infinitely_many():
    budgets = np.array([10, 20, 40])
    assert Curve(budgets, np.array([0.5, 0.9, 0.5]), 0.9).needed() == np.inf
    assert Curve(budgets, np.array([0.5, 0.9, 0.81]), 0.9).needed() == 20
    assert Curve(budgets, np.array([0.9, 0.9, 0.9]), 0.9).needed() == 10
    assert Curve(budgets, np.array([0.5, 0.6, 0.9]), 0.9).needed(within=0.35) == 20


def test_a_method_that_fails_ends_at_the_cap():
    curve = learning_curve(Scripted([False] * 99), 6, seed=0, cap=50)
    assert curve.episodes[-1] == 50 and curve.needed() == np.inf


def test_budgets_grow_geometrically_to_the_cap():
    budgets = budgets_upto(1_000, first=10, growth=1.5)
    assert budgets[0] == 10 and budgets[-1] == 1_000 and budgets == sorted(set(budgets))
    np.testing.assert_allclose(np.divide(budgets[1:-1], budgets[:-2]), 1.5, rtol=0.05)
    assert budgets_upto(10) == [10]
    with pytest.raises(ValueError, match="first must lie between 3 and the cap of 5, not 10"):
        budgets_upto(5)


def test_a_seed_is_a_lock_and_its_luck():
    curves = [learning_curve(Uniform(), 3, seed=s, cap=300) for s in (0, 0, 1)]
    np.testing.assert_array_equal(curves[0].values, curves[1].values)
    assert (
        len(curves[0].values) != len(curves[2].values)
        or (curves[0].values != curves[2].values).any()
    )


def test_knobs_and_gap_reach_the_lock():
    method = Scripted([])
    learning_curve(method, 4, seed=7, cap=50, gap=0.4)
    assert method.simulator == pair(4, 0.4, code=7)[0]
    curve = learning_curve(Uniform(), 2, seed=0, cap=10, gap=0.4, slip=0.2, actions=4, good=3)
    real = pair(2, 0.4, 0, slip=0.2, actions=4, good=3)[1]
    assert curve.optimum == pytest.approx(optimum(real.model()))


def test_seeds_run_in_parallel_and_are_stored(tmp_path):
    configs = {"transfer": {"method": ExplorationTransfer(), "horizon": 3, "cap": 100}}
    store = ResultStore(tmp_path)
    first, again = (
        run_many(learning_curve, configs, range(2), store=store, workers=1, progress=False)
        for _ in range(2)
    )
    direct = learning_curve(ExplorationTransfer(), 3, seed=1, cap=100)
    for result in (first, again):
        np.testing.assert_array_equal(result["transfer"][1].values, direct.values)
    assert len(list(tmp_path.glob("*.pkl"))) == 2
