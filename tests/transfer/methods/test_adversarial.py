"""The adversary keeps to its budget, learns what hurts, and gets half of all worlds."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_site import ROLLOUT, SIM, Spy

from course_lib.learning import MinMin, Random, slowdowns
from course_lib.transfer.exams import Drawn
from course_lib.transfer.methods import adversarial
from course_lib.transfer.methods.adversarial import (
    CANDIDATES,
    AdversarialTraining,
    Adversary,
    Examined,
    WorstOfMany,
    cost,
    regret,
    within_budget,
)
from course_lib.transfer.methods.randomized import GAPS, WIDE, DomainRandomization, drawn, these

SHORT = replace(SIM, gaps=WIDE)
RULE = MinMin(SIM.layout)
CORNER = np.array([1.0, 1.0, 0.0, 0.0, 1.0])


def tried(worlds):
    """The severities (CANDIDATES, 5) of the worlds of an exam."""
    return np.stack([worlds.sample(None, CANDIDATES)[name] for name in GAPS], axis=1)


def sampled(sample, size, seed=0):
    found = sample(np.random.default_rng(seed), size)
    assert tuple(found) == GAPS
    return np.stack(list(found.values()), axis=1)


# The budget


@pytest.mark.parametrize(
    ("severities", "budget", "expected"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5], 3, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ([1, 1, 1, 1, 1], 3, [0.6] * 5),
        ([1, 1, 1, 0, 0], 3, [1, 1, 1, 0, 0]),
        ([5, 1, 0, 0, 0], 3, [1, 1, 0, 0, 0]),  # cut first: nothing is left to scale
        ([-9, 1, 1, 1, 1], 2, [0, 0.5, 0.5, 0.5, 0.5]),
        ([0, 0, 0, 0, 0], 3, [0] * 5),
        ([1, 0, 0, 0, 0], 0, [0] * 5),
    ],
)
def test_severities_are_cut_and_then_scaled_to_the_budget(severities, budget, expected):
    given = np.array([severities, [0.0] * 5], dtype=float)  # the other row has no part in it
    before = given.copy()
    found = within_budget(given, budget)
    np.testing.assert_allclose(found, [expected, [0] * 5])
    np.testing.assert_array_equal(given, before)


def test_proposals_keep_to_the_budget_and_follow_the_bell_curve():
    adversary = Adversary(np.array([0.2, 0.5, 0.9, 0.9, 0.4]), np.array([0.0, 0.1, 0.3, 0.0, 0.2]))
    found, again, other = (adversary.propose(np.random.default_rng(s), 3_000, 9) for s in (0, 0, 1))
    assert found.shape == (3_000, 5)
    np.testing.assert_array_equal(found, again)
    assert not np.array_equal(found, other)
    np.testing.assert_allclose(found[:, [0, 3]], [[0.2, 0.9]] * 3_000)
    assert found[:, 1].mean() == pytest.approx(0.5, abs=0.01)
    assert found[:, 1].std() == pytest.approx(0.1, abs=0.01)
    tight = adversary.propose(np.random.default_rng(0), 3_000, 1.5)
    assert tight.sum(axis=1).max() <= 1.5 + 1e-9
    assert tight.min() >= 0


# What it learns


def test_the_adversary_moves_to_the_worlds_that_did_most_harm():
    severities = np.linspace(0, 1, 40).reshape(8, 5)
    harm = np.array([3.0, 9.0, 1.0, 0.0, 8.0, 2.0, 5.0, 4.0])
    start = Adversary(np.full(5, 0.5), np.full(5, 0.5))
    for share, worst in ((0.25, [1, 4]), (0.5, [1, 4, 6, 7]), (0.01, [1, 4])):
        after = start.after(severities, harm, share=share, least=0.0)
        np.testing.assert_allclose(after.mean, severities[worst].mean(axis=0))
        np.testing.assert_allclose(after.spread, severities[worst].std(axis=0))
    quarter = start.after(severities, harm, least=0.0)
    np.testing.assert_array_equal(quarter.mean, severities[[1, 4]].mean(axis=0))  # unless told


def test_the_adversary_never_stops_looking_around():
    severities = np.tile([0.2, 0.4, 0.6, 0.8, 1.0], (8, 1))
    severities[0, 0] = 1.0
    after = Adversary(np.zeros(5), np.zeros(5)).after(severities, np.arange(8.0)[::-1])
    np.testing.assert_allclose(after.spread, [0.4, 0.1, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("seed", range(3))
def test_a_corner_that_hurts_is_found(seed):
    def harm(policy, worlds, seed):
        return -((tried(worlds) - CORNER) ** 2).sum(axis=1)

    method = AdversarialTraining(seed, harm=harm)
    np.testing.assert_array_equal(method.past[0].mean, [0.5] * 5)
    np.testing.assert_array_equal(method.past[0].spread, [0.5] * 5)
    for exam in range(12):
        sample = method.next_worlds(RULE, SHORT, 100 * seed + exam)
    assert len(method.past) == 13
    np.testing.assert_allclose(method.past[-1].mean, CORNER, atol=0.2)
    found = sampled(sample, 2_000)
    near = np.abs(found - CORNER).max(axis=1) < 0.45
    assert 0.35 < near.mean() < 0.6  # its own half; of the other one in fifty


def test_unless_told_the_adversary_hurts_by_cost_within_three_of_five():
    method = AdversarialTraining(2)
    assert (method.seed, method.harm, method.budget) == (2, cost, 3.0)


def test_every_world_that_is_tried_is_within_the_budget_and_of_the_latest_adversary():
    seen = []

    def harm(policy, worlds, seed):
        assert policy is RULE and worlds.ranges == SHORT
        seen.append((tried(worlds), seed))
        return tried(worlds).sum(axis=1)

    method = AdversarialTraining(0, harm=harm, budget=2.0)
    for exam in (5, 6, 7):
        method.next_worlds(RULE, SHORT, exam)
    assert [seed for _, seed in seen] == [5, 6, 7]
    for (worlds, seed), adversary in zip(seen, method.past, strict=False):
        assert worlds.sum(axis=1).max() <= 2 + 1e-9
        expected = adversary.propose(np.random.default_rng(seed), CANDIDATES, 2.0)
        np.testing.assert_array_equal(worlds, expected)
    for before, after, (worlds, _) in zip(method.past, method.past[1:], seen, strict=False):
        np.testing.assert_array_equal(after.mean, before.after(worlds, worlds.sum(axis=1)).mean)


def test_half_of_the_worlds_to_come_are_drawn_from_all_that_are_possible():
    """With nothing to spend the adversary's own worlds are the simulator."""
    method = AdversarialTraining(0, harm=lambda *_: np.arange(CANDIDATES), budget=0.0)
    found = sampled(method.next_worlds(RULE, SHORT, 3), 4_000)
    own = (found == 0).all(axis=1)
    assert own.mean() == pytest.approx(0.5, abs=0.03)
    assert (found[~own] > 0).all()  # a world is all the adversary's or not at all
    others = found[~own]
    np.testing.assert_allclose(others.mean(axis=0), 0.5, atol=0.03)
    np.testing.assert_allclose(others.std(axis=0), 12**-0.5, atol=0.02)


def test_the_sampler_keeps_to_the_adversary_of_its_exam():
    method = AdversarialTraining(0, harm=lambda p, w, s: tried(w)[:, 0] * (1 if s == 1 else -1))
    first = method.next_worlds(RULE, SHORT, 1)
    before = sampled(first, 500)
    method.next_worlds(RULE, SHORT, 2)
    np.testing.assert_array_equal(sampled(first, 500), before)


# Harm


def test_cost_is_the_slowdown_in_each_world():
    worlds = Drawn(SHORT, these(drawn(np.random.default_rng(0), CANDIDATES)))
    found = cost(RULE, worlds, 7)
    np.testing.assert_array_equal(found, slowdowns(RULE, worlds, CANDIDATES, 7))
    assert found.shape == (CANDIDATES,) and found.min() >= 1


def test_regret_is_paired_world_by_world():
    worlds = Drawn(SHORT, these(drawn(np.random.default_rng(0), CANDIDATES)))
    np.testing.assert_array_equal(regret(RULE, worlds, 7), np.zeros(CANDIDATES))
    found = regret(Random(SIM.layout), worlds, 7)
    expected = cost(Random(SIM.layout), worlds, 7) - cost(RULE, worlds, 7)
    np.testing.assert_array_equal(found, expected)
    assert found.mean() > 0


# Training


def test_the_worst_half_of_many_worlds_is_what_is_trained_on(monkeypatch):
    monkeypatch.setattr(adversarial, "cost", lambda policy, worlds, seed: tried(worlds)[:, 1])
    sample = WorstOfMany(0).next_worlds(RULE, SHORT, 4)
    candidates = drawn(np.random.default_rng(4), CANDIDATES)
    worst = candidates[candidates[:, 1] >= np.sort(candidates[:, 1])[CANDIDATES // 2]]
    assert len(worst) == CANDIDATES // 2
    found = sampled(sample, 2_000)
    assert found.shape == (2_000, 5)
    rows, counts = np.unique(found, axis=0, return_counts=True)
    np.testing.assert_array_equal(rows, np.unique(worst, axis=0))
    assert counts.min() > 40  # all of them about equally often


class Examiner(Examined):
    """Notes its exams; nothing but the simulator is trained on."""

    def __init__(self, seed):
        super().__init__(seed, steps=5 * ROLLOUT)
        self.exams, self.sizes = [], []

    def next_worlds(self, policy, short, seed):
        self.exams.append((policy.fingerprint, short, seed))

        def sample(rng, size):
            self.sizes.append(size)
            return these(np.zeros((size, 5)))(rng, size)

        return sample


def test_exams_are_held_in_short_episodes_and_decide_on_the_worlds_of_long_ones(monkeypatch):
    assert (adversarial.EVERY, CANDIDATES, adversarial.BUDGET) == (8, 48, 3.0)
    monkeypatch.setattr(adversarial, "EVERY", 2)
    long = replace(SIM, jobs_per_node=2)
    trainings = Spy(Examiner._trained)
    monkeypatch.setattr(Examiner, "_trained", lambda self, *a, **k: trainings(self, *a, **k))
    method = Examiner(1)
    method.train(long)
    policies, shorts, seeds = zip(*method.exams, strict=True)
    assert len(set(policies)) == len(set(seeds)) == 3  # before rollouts 1, 3 and 5
    assert set(shorts) == {SHORT}
    (((_, ranges), _),) = trainings.calls
    assert ranges == replace(long, gaps=WIDE)
    assert len(method.sizes) >= 3  # what an exam decided is used
    assert method.policy.steps == 5 * ROLLOUT


@pytest.mark.parametrize("make", [WorstOfMany, AdversarialTraining])
def test_training_with_exams_repeats_by_seed_and_is_no_plain_randomization(make):
    prints = []
    for method in (make(0), make(0), make(1), DomainRandomization(0)):
        method.train(SIM)
        prints.append(method.policy.fingerprint)
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_how_worlds_are_chosen_is_left_to_each_method():
    with pytest.raises(NotImplementedError):
        Examined(0).next_worlds(RULE, SHORT, 0)
