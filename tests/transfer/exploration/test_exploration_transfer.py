"""Exploration transfer: what each part of it is for, and coverage corrected by reality."""

import numpy as np
import pytest

from course_lib.transfer.exploration import Counts, ExplorationTransfer, Reality, learning_curve
from course_lib.transfer.exploration.collecting import only
from course_lib.transfer.exploration.exploration_sets import covering_model, explorers
from course_lib.transfer.exploration.methods import no_counts
from course_lib.transfer.exploration.planning import greedy, occupancies, optimal_q
from course_lib.transfer.exploration.transfer import SETS, corrected
from course_lib.worlds.lock import pair

SEEDS = range(6)


def median_needed(method, horizon, cap=2_000, **knobs):
    curves = [learning_curve(method, horizon, seed=s, cap=cap, **knobs) for s in SEEDS]
    return np.median([curve.needed() for curve in curves])


def test_it_finds_the_way_where_uniform_exploration_would_need_ten_thousands():
    assert median_needed(ExplorationTransfer(), 8) < 300
    assert median_needed(ExplorationTransfer(), 16) < 600


def test_re_covering_finds_a_way_that_the_simulator_does_not_know():
    fixed = median_needed(ExplorationTransfer(), 8, corridor=3)
    assert median_needed(ExplorationTransfer(recover=True), 8, corridor=3) < fixed


@pytest.fixture
def runs(monkeypatch):
    """What reality is asked to run: (mixture, episodes)."""
    seen, run = [], Reality.run

    def noted(self, mixture, episodes):
        seen.append((mixture, episodes))
        return run(self, mixture, episodes)

    monkeypatch.setattr(Reality, "run", noted)
    return seen


def learn(method, budgets):
    simulator, real = pair(3, code=1)
    return list(method.learn(simulator, Reality(real, 0), budgets, np.random.default_rng(0)))


def test_without_tolerance_for_reality_the_simulators_policy_is_learned():
    simulator, _ = pair(3, code=1)
    for tolerance, same in ((0.0, True), ((0.0, 0.0, 1.0), False)):
        (policy,) = learn(ExplorationTransfer(tolerance=tolerance, selection=False), [500])
        best = greedy(optimal_q(simulator.model()))
        assert (policy.argmax(axis=2) == best)[:, :2].all() == same


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("tail", [True, False])
def test_it_explores_with_the_set_that_it_is_told(runs, name, tail):
    learn(ExplorationTransfer(exploring=name, tail=tail), [100])
    assert [episodes for _, episodes in runs] == [80, 10, 10]
    expected = SETS[name](pair(3, code=1)[0], np.random.default_rng(0))
    mixture = explorers(expected, (3, 5, 3), tail=tail)
    np.testing.assert_array_equal(runs[0][0].policies, mixture.policies)
    np.testing.assert_array_equal(runs[0][0].weights, mixture.weights)


def test_coverage_is_computed_anew_whenever_the_episodes_double_whatever_the_budgets(runs):
    def turns():
        """Explored episodes at which the mixture changed."""
        explored, changed, last = 0, [], None
        for mixture, episodes in runs:
            if last is not None and mixture is not last:
                changed.append(explored)
            explored, last = explored + episodes, mixture
        return changed

    method = ExplorationTransfer(recover=True, selection=False)
    for budgets in ([100], [7, 15, 20, 90, 100]):
        runs.clear()
        learn(method, budgets)
        assert sum(episodes for _, episodes in runs) == 100
        assert turns() == [10, 20, 40, 80]
    runs.clear()
    learn(ExplorationTransfer(selection=False), [7, 100])
    assert [episodes for _, episodes in runs] == [7, 93] and turns() == []


def test_the_corrected_simulator_is_itself_where_reality_was_not_seen():
    simulator, _ = pair(3, code=1)
    model = simulator.model()
    same = corrected(model, no_counts(model.shape))
    np.testing.assert_array_equal(same.transitions, model.transitions)
    np.testing.assert_array_equal(same.start, model.start)
    larger = corrected(model, no_counts((4, 6, 3)))
    np.testing.assert_allclose(larger.transitions.sum(axis=3), 1)
    np.testing.assert_array_equal(larger.transitions[:3, :5, :, :5], model.transitions)
    assert (larger.transitions[3, 2, :, 2] == 1).all() and (
        larger.transitions[:, 5, :, 5] == 1
    ).all()


def test_the_corrected_simulator_weighs_itself_as_one_visit():
    simulator, _ = pair(3, code=1)
    model = simulator.model()
    following = np.zeros((3, 5, 3, 5))
    wrong = (simulator.right[0, 0] + 1) % 3
    following[0, 0, wrong, 1] = 3
    seen = corrected(model, Counts(following, following * 0, np.zeros(5, dtype=bool)))
    np.testing.assert_allclose(seen.transitions[0, 0, wrong], [0, 0.75, 0.25, 0, 0])
    rest = np.ones(model.shape, dtype=bool)
    rest[0, 0, wrong] = False
    np.testing.assert_array_equal(seen.transitions[rest], model.transitions[rest])


def test_once_reality_was_seen_coverage_reaches_beyond_a_flip():
    simulator, real = pair(4, code=6, flipped=1)
    assert (simulator.right != real.right).any(axis=1)[:3].any()  # before the last step
    counts = Counts.of(Reality(real, 0).run(only(np.full((4, 5, 3), 1 / 3)), 20_000), (4, 5, 3))
    reached = []
    for model in (simulator.model(), corrected(simulator.model(), counts)):
        last = covering_model(model)[3]
        visits = sum(
            weight * occupancies(policy, real.model())[3, :2].sum()
            for policy, weight in zip(last.policies, last.weights, strict=True)
        )
        reached.append(visits)
    assert reached[0] == 0.0 and reached[1] > 0.9


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="exploring must be one of coverage, random, skills, ens"):
        ExplorationTransfer(exploring="hope")
    with pytest.raises(ValueError, match="recover=True needs exploring='coverage', not 'random'"):
        ExplorationTransfer(exploring="random", recover=True)
