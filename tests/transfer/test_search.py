"""The search for a width: what is tried, on which rigs, at which price, and what is returned."""

import numpy as np
import optuna
import pytest
from stable_baselines3 import PPO

from course_lib.learning import FAST_PPO, PD, LinearPolicy, RandomPolicy, train_ppo
from course_lib.transfer import PARAMETERS, scaled, search, search_width
from course_lib.worlds import CartPolePhysics, Rig, Uniform

RANGES = CartPolePhysics(force=Uniform(9.0, 11.0))  # its width can be read from a world


class Trained:
    """A policy that remembers for what width it was trained; the rig looks at it."""

    def __init__(self, width):
        self.width = width


@pytest.fixture
def trainings(monkeypatch):
    """The calls of run_many, which trains nothing here."""
    calls = []

    def stub(function, configs, seeds, **settings):
        ((name, config),) = configs.items()
        calls.append((function, config, list(seeds), settings))
        return {name: [Trained(config["world"].force.high - 10.0)]}

    monkeypatch.setattr(search, "run_many", stub)
    return calls


class Workbench:
    """Rigs on which the steps that a policy makes depend on its width: most of them at `best`."""

    def __init__(self, best):
        self.best, self.rigs = best, []

    def build(self, seed):
        self.rigs.append(WorkbenchRig(self, seed))
        return self.rigs[-1]


class WorkbenchRig:
    budget = 50_000

    def __init__(self, bench, seed):
        self.bench, self.seed, self.steps_left, self.runs = bench, seed, self.budget, []

    def run(self, policy, episodes):
        merit = 400 - 100 * abs(policy.width - self.bench.best) + self.seed
        lengths = np.round(merit + np.arange(episodes))
        self.runs.append((policy, lengths))
        self.steps_left -= int(lengths.sum())
        return lengths


@pytest.fixture
def bench(monkeypatch):
    bench = Workbench(best=1.0)
    monkeypatch.setattr(search, "Rig", bench.build)
    return bench


def find(**settings):
    return search_width(RANGES, 5, **{"rigs": (3, 4), "more": 0} | settings)


def test_the_widths_given_are_tried_first_and_in_their_order(trainings, bench):
    first = (2.0, 0.5, 1.25)
    found = find(first=first, more=2)
    assert found.widths.shape == found.scores.shape == (5,)
    np.testing.assert_array_equal(found.widths[:3], first)
    tried = [config["world"] for _, config, *_ in trainings]
    assert tried == [scaled(RANGES, width) for width in found.widths]


def test_what_is_suggested_lies_around_the_widths_given(trainings, bench):
    found = find(first=(0.5, 1.5), more=4)
    more = found.widths[2:]
    assert ((more >= 0.25) & (more <= 2.25)).all()
    assert len(set(found.widths)) == 6


@pytest.mark.parametrize("best", [0.25, 3.0])
def test_the_search_may_leave_the_widths_given_on_either_side(trainings, bench, best):
    bench.best = best
    found = find(first=(0.5, 1.0, 2.0), more=6)
    assert (found.widths < 0.5).any() if best < 0.5 else (found.widths > 2.0).any()
    assert abs(found.policy.width - best) < abs(np.array([0.5, 2.0]) - best).min()


def test_the_suggestions_are_those_of_a_gaussian_process(trainings, bench):
    found = find(first=(0.5, 1.0, 1.5, 2.0), more=2)
    sampler = optuna.samplers.GPSampler(seed=5, n_startup_trials=4)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for width in (0.5, 1.0, 1.5, 2.0):
        study.enqueue_trial({"width": width})
    scores = iter(found.scores)
    study.optimize(lambda t: [t.suggest_float("width", 0.25, 3.0), next(scores)][1], n_trials=6)
    expected = [trial.params["width"] for trial in study.trials]
    np.testing.assert_allclose(found.widths, expected)


def test_a_score_is_the_mean_return_over_the_rigs(trainings, bench):
    found = find(first=(0.5, 1.0), episodes=3)
    for trial, (width, score) in enumerate(zip(found.widths, found.scores, strict=True)):
        runs = [rig.runs[trial] for rig in bench.rigs]
        assert [policy.width for policy, _ in runs] == pytest.approx([width] * 2)
        assert {lengths.size for _, lengths in runs} == {3}
        assert score == pytest.approx(np.mean([lengths for _, lengths in runs]))


def test_every_rig_serves_all_trials_and_every_step_is_counted(trainings, bench):
    found = find(more=1)
    assert [rig.seed for rig in bench.rigs] == [3, 4]
    assert [len(rig.runs) for rig in bench.rigs] == [5, 5]
    assert found.real_steps == sum(n.sum() for rig in bench.rigs for _, n in rig.runs)


@pytest.mark.parametrize("best", [0.5, 1.5, 2.0])
def test_the_policy_of_the_best_trial_is_returned(trainings, bench, best):
    bench.best = best
    found = find(more=1)
    assert found.policy.width == pytest.approx(found.widths[found.scores.argmax()])
    assert found.policy.width == pytest.approx(best, abs=0.05)
    assert any(found.policy is policy for policy, _ in bench.rigs[0].runs)


def test_each_policy_is_trained_with_robust_ppo_and_the_seed_and_may_be_stored(trainings, bench):
    find(first=(1.0,), history=3)
    ((function, config, seeds, settings),) = trainings
    assert function is train_ppo
    assert seeds == [5]
    assert config == search.ROBUST_PPO | {"world": scaled(RANGES, 1.0), "history": 3}
    assert "store" not in settings  # the default: the user's


def test_six_widths_are_tried_for_two_episodes_per_rig_unless_told_otherwise(trainings, bench):
    found = search_width(RANGES, 5, rigs=(3, 4, 5))
    np.testing.assert_array_equal(found.widths[:4], [0.5, 1.0, 1.5, 2.0])
    assert found.scores.shape == (6,)
    assert {lengths.size for rig in bench.rigs for _, lengths in rig.runs} == {2}
    assert {config["history"] for _, config, *_ in trainings} == {6}


def test_one_seed_gives_one_search(trainings, bench):
    widths = [find(more=2).widths for _ in range(2)]
    np.testing.assert_array_equal(*widths)


# With real rigs and real training


@pytest.fixture
def rigs(monkeypatch):
    built = []

    def build(seed):
        built.append(Rig(seed))
        return built[-1]

    monkeypatch.setattr(search, "Rig", build)
    return built


def test_real_rigs_charge_what_the_search_reports(monkeypatch, rigs):
    weak = LinearPolicy((0.0, 0.0, 1.0, 0.0))
    policies = iter([RandomPolicy(), PD, weak])
    monkeypatch.setattr(search, "run_many", lambda *_, **__: {"": [next(policies)]})
    found = search_width(PARAMETERS, 0, rigs=(3, 4), first=(0.5, 1.0, 1.5), more=0, episodes=2)
    lengths = [[len(episode.actions) for episode in rig.log] for rig in rigs]
    assert found.real_steps == np.sum(lengths)
    expected = np.mean(np.reshape(lengths, (2, 3, 2)), axis=(0, 2))
    np.testing.assert_allclose(found.scores, expected)
    assert found.policy is PD


def test_a_policy_that_was_trained_for_a_width_before_is_read_from_the_store(
    monkeypatch, tmp_path, rigs
):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    tiny = {"steps": 128, "num_envs": 8, "n_steps": 16, "batch_size": 64, "progress": False}
    monkeypatch.setattr(search, "ROBUST_PPO", FAST_PPO | tiny)
    first = search_width(PARAMETERS, 0, rigs=(3,), first=(0.5, 1.0), more=0, history=1)
    assert len(list((tmp_path / "store").glob("*.pkl"))) == 2
    monkeypatch.setattr(PPO, "learn", None)  # no training now
    again = search_width(PARAMETERS, 0, rigs=(3,), first=(0.5, 1.0), more=0, history=1)
    np.testing.assert_array_equal(again.scores, first.scores)
    assert again.policy.fingerprint == first.policy.fingerprint
    assert again.policy.history == 1
