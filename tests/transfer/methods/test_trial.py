"""A trial judges what the method has come to at every checkpoint, on the same episodes."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from tiny_site import ROLLOUT, SITE, Spy

from course_lib.gap.schedule_metrics import metrics_of
from course_lib.learning import MinMin, Random, schedules, slowdowns, train_scheduler
from course_lib.transfer.methods import trial as trials
from course_lib.transfer.methods.adversarial import AdversarialTraining, WorstOfMany, cost, regret
from course_lib.transfer.methods.disturbed import ActionRobust
from course_lib.transfer.methods.fine_tuned import FineTuning
from course_lib.transfer.methods.identified import IdentifyAndRandomize
from course_lib.transfer.methods.meta import MetaLearning
from course_lib.transfer.methods.method import Method, SimulationOnly
from course_lib.transfer.methods.progressive import ProgressiveDeployment
from course_lib.transfer.methods.randomized import WIDE, DomainRandomization
from course_lib.transfer.methods.trial import METHODS, Rule, TrainedForTarget
from course_lib.transfer.methods.uncertain import Fallback, UncertaintyAware, choose_threshold
from course_lib.worlds import Cluster, Gaps

EPISODES, UNSEEN, EXAM = 4, 5, 900_000
POINTS = (0, 10, 20, 30)
SIM = Cluster(SITE, jobs_per_node=2)
HARD = replace(SIM, gaps=Gaps(1, 1, 1, 1, 1))
RULE = MinMin(SIM.layout)


def trial(method, site, seed, with_fallback=False, checkpoints=POINTS):
    return trials.trial(method, site, seed, with_fallback, checkpoints)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    for name, value in {
        "EPISODES": EPISODES, "UNSEEN": UNSEEN, "JOBS_PER_NODE": 2,
    }.items():  # fmt: skip
        monkeypatch.setattr(trials, name, value)


def test_the_course_compares_at_these_settings(monkeypatch):
    monkeypatch.undo()
    assert trials.CHECKPOINTS == (0, 10, 20, 40, 70, 100)
    assert (trials.EPISODES, trials.UNSEEN, trials.JOBS_PER_NODE) == (32, 48, 4)
    assert Gaps(1, 1, 1, 1, 1) == trials.REALITY
    assert trials.EXAM == EXAM
    told = inspect.signature(trials.trial).parameters
    assert told["checkpoints"].default == trials.CHECKPOINTS
    assert told["with_fallback"].default is False


# What is measured


def test_a_rule_is_judged_on_these_episodes():
    found = trial("min-min", SITE, 0)
    sim, wide = slowdowns(RULE, SIM, EPISODES, EXAM), replace(SIM, gaps=WIDE)
    np.testing.assert_array_equal(found.simulation, [sim, sim])
    np.testing.assert_array_equal(found.unseen, slowdowns(RULE, wide, UNSEEN, EXAM))
    real = [metrics_of(log) for log in schedules(RULE, HARD, EPISODES, EXAM)]
    for name, metric in (
        ("real", "mean_slowdown"), ("p95", "p95_slowdown"), ("misses", "slo_misses"),
    ):  # fmt: skip
        expected = [[getattr(m, metric) for m in real]] * len(POINTS)
        np.testing.assert_array_equal(getattr(found, name), expected)
    np.testing.assert_allclose(found.real[0], slowdowns(RULE, HARD, EPISODES, EXAM))
    assert np.isnan(found.fallback).all() and found.fallback.shape == (len(POINTS), EPISODES)
    assert found.paid.tolist() == []
    assert found.trained >= 0 and found.adapting.shape == (len(POINTS),)


def test_seeds_of_training_change_nothing_about_the_episodes():
    one, other = (trial("min-min", SITE, seed) for seed in (0, 1))
    np.testing.assert_array_equal(one.real, other.real)
    one, again, other = (trial("random", SITE, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.real, again.real)
    assert not np.array_equal(one.real, other.real)


def test_a_method_that_learns_pays_for_its_episodes_and_is_judged_anew():
    found = trial("fine-tuning", SITE, 0)
    assert found.paid.shape == (POINTS[-1],) and found.paid.min() >= 1
    assert len({tuple(column) for column in found.real}) > 1
    assert found.adapting[0] == 0 and (np.diff(found.adapting) > 0).all()
    assert found.trained > 0
    assert (found.p95 >= found.real).all() and (found.misses <= 1).all()
    again = trial("fine-tuning", SITE, 0)
    for name in ("simulation", "real", "unseen", "paid"):
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))


class Scripted(Method):
    """At each checkpoint does what it is told to; every policy is another rule."""

    script = ()

    def train(self, sim):
        self.sim, self.budgets = sim, []
        self.policy = Random(sim.layout, 0)
        Scripted.last = self

    def adapt(self, real, budget):
        self.budgets.append((budget, real.episodes_left))
        what = self.script[len(self.budgets) - 1]
        if "runs" in what:
            real.run(self.policy, budget)
        if "changes" in what:
            self.policy = MinMin(self.sim.layout)


@pytest.mark.parametrize(
    ("script", "judged"),
    [
        (("", "", ""), 1),
        (("changes", "", ""), 2),
        (("", "runs", ""), 2),
        (("runs", "runs changes", "runs"), 4),
    ],
)
def test_columns_repeat_where_nothing_was_adapted(monkeypatch, script, judged):
    monkeypatch.setitem(METHODS, "scripted", Scripted)
    monkeypatch.setattr(Scripted, "script", script)
    judging = Spy(trials._judged)
    monkeypatch.setattr(trials, "_judged", judging)
    found = trial("scripted", SITE, 0)
    assert len(judging.calls) == judged
    left = [30]
    for what in script:
        left.append(left[-1] - 10 * ("runs" in what))
    assert Scripted.last.budgets == [(10, n) for n in left[:-1]]
    assert len(found.paid) == 30 - left[-1]
    for i, what in enumerate(script):
        if not what:
            np.testing.assert_array_equal(found.real[i + 1], found.real[i])


def test_a_policy_that_changes_is_seen_from_its_checkpoint_on(monkeypatch):
    monkeypatch.setitem(METHODS, "scripted", Scripted)
    monkeypatch.setattr(Scripted, "script", ("", "changes", ""))
    found, rule = trial("scripted", SITE, 0), trial("min-min", SITE, 0)
    np.testing.assert_array_equal(found.real[2:], rule.real[2:])
    np.testing.assert_array_equal(found.real[0], found.real[1])
    assert not np.array_equal(found.real[1], found.real[2])
    np.testing.assert_array_equal(found.simulation[1], rule.simulation[1])  # afterwards
    assert not np.array_equal(found.simulation[0], rule.simulation[0])
    np.testing.assert_array_equal(found.unseen, rule.unseen)


def test_budgets_are_the_steps_between_checkpoints(monkeypatch):
    monkeypatch.setitem(METHODS, "scripted", Scripted)
    monkeypatch.setattr(Scripted, "script", ("runs",) * 3)
    assert trial("scripted", SITE, 0, checkpoints=(0, 3, 10, 11)).paid.shape == (11,)
    assert Scripted.last.budgets == [(3, 11), (7, 8), (1, 1)]


# The fallback


def test_a_fallback_is_chosen_before_reality_and_judged_there():
    found = trial("simulation only", SITE, 2, with_fallback=True)
    policy = train_scheduler(SIM, 2, steps=2 * ROLLOUT, progress=False)
    threshold, _ = choose_threshold(policy, RULE, replace(SIM, gaps=WIDE), 50_002)
    safe = slowdowns(Fallback(policy, RULE, threshold), HARD, EPISODES, EXAM)
    np.testing.assert_array_equal(found.fallback, [safe] * len(POINTS))
    np.testing.assert_allclose(found.real[0], slowdowns(policy, HARD, EPISODES, EXAM))


def test_the_fallback_stands_under_the_policy_as_it_is_by_then(monkeypatch):
    made, threshold = [], 0.77
    monkeypatch.setattr(trials, "choose_threshold", lambda *_: (threshold, None))

    def noting(learned, rule, at):
        made.append((learned, rule, at))
        return rule

    monkeypatch.setattr(trials, "Fallback", noting)
    monkeypatch.setitem(METHODS, "scripted", Scripted)
    monkeypatch.setattr(Scripted, "script", ("changes", "", ""))
    trial("scripted", SITE, 0, with_fallback=True)
    assert made == [(Random(SIM.layout, 0), RULE, 0.77), (RULE, RULE, 0.77)]


# Methods


def test_an_unknown_method_is_refused_with_the_names_of_all():
    with pytest.raises(ValueError, match="there is no method 'magic'; choose one of random, min-m"):
        trial("magic", SITE, 0)


KINDS = {
    "trained for the target": TrainedForTarget,
    "simulation only": SimulationOnly,
    "domain randomization": DomainRandomization,
    "adversarial training": AdversarialTraining,
    "progressive deployment": ProgressiveDeployment,
    "fine-tuning": FineTuning,
    "meta-learning": MetaLearning,
    "uncertainty-aware": UncertaintyAware,
    "randomise + fine-tune": FineTuning,
    "identify + randomise + fine-tune": IdentifyAndRandomize,
    "worst of many": WorstOfMany,
    "adversary of regret": AdversarialTraining,
    "disturbed actions": ActionRobust,
    "first-order MAML": MetaLearning,
    "random": Rule,
    "min-min": Rule,
    "min-min, telemetry": Rule,
    "randomization, twice as long": DomainRandomization,
}


def test_every_name_is_the_method_that_it_says():
    assert set(METHODS) == set(KINDS)
    made = {name: make(7) for name, make in METHODS.items()}
    assert {name: type(method) for name, method in made.items()} == KINDS
    assert {method.seed for method in made.values()} == {7}
    harms = [made[n].harm for n in ("adversarial training", "adversary of regret")]
    assert harms == [cost, regret]
    before = [type(made[n]._before) for n in ("fine-tuning", "randomise + fine-tune")]
    assert before == [Method, DomainRandomization]
    assert [made[n]._maml for n in ("meta-learning", "first-order MAML")] == [False, True]
    assert made["randomization, twice as long"].steps == 200_000
    rules = {"random": Random(SIM.layout, 7), "min-min": RULE}
    rules["min-min, telemetry"] = MinMin(SIM.layout, telemetry=True)
    for name, policy in rules.items():
        made[name].train(SIM)
        assert made[name].policy == policy


def test_the_oracle_is_trained_on_drawn_clusters_and_then_on_the_real_one(monkeypatch):
    trainings, made = Spy(Method._trained), []

    def noting(method, cluster, **settings):
        made.append(trainings(method, cluster, **settings))
        return made[-1]

    monkeypatch.setattr(Method, "_trained", noting)
    method = TrainedForTarget(0)
    method.train(SIM)
    assert [given[1] for given, _ in trainings.calls] == [replace(SIM, gaps=WIDE), HARD]
    assert [named.get("start") for _, named in trainings.calls] == [None, made[0]]
    assert method.policy is made[1]
    assert method.policy.steps == 4 * ROLLOUT
