"""An ensemble that knows when it disagrees, and a rule that decides where it does."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_site import ROLLOUT, SIM, Spy, same_weights

from course_lib.learning import MinMin, slowdowns, train_scheduler
from course_lib.transfer.methods import uncertain
from course_lib.transfer.methods.method import Method
from course_lib.transfer.methods.randomized import WIDE
from course_lib.transfer.methods.uncertain import (
    THRESHOLDS,
    Ensemble,
    Fallback,
    UncertaintyAware,
    choose_threshold,
)

RULE = MinMin(SIM.layout)
FLEET = replace(SIM, gaps=WIDE)


class Member:
    """A policy with these chances, whatever it sees."""

    history = 0

    def __init__(self, *chances, name=""):
        self._chances, self.fingerprint = np.array(chances), name

    def chances(self, observations):
        return self._chances[: len(observations)]


# The ensemble


def test_an_ensemble_does_what_is_most_probable_in_the_mean():
    members = [
        Member([0.6, 0.4, 0.0], [0.1, 0.1, 0.8]),
        Member([0.6, 0.4, 0.0], [0.2, 0.5, 0.3]),
        Member([0.0, 0.5, 0.5], [0.3, 0.6, 0.1]),
    ]
    both = Ensemble(members)
    seen = np.zeros((2, 1))
    np.testing.assert_allclose(both.chances(seen), [[0.4, 1.3 / 3, 0.5 / 3], [0.2, 0.4, 0.4]])
    assert both(seen)[0] == 1  # though two of three would rather do 0
    assert Ensemble(members[:1])(seen).tolist() == [0, 2]
    assert both.history == 0 and Fallback(both, RULE, 0.5).history == 0


def test_an_ensemble_tells_its_members():
    a, b = Member([1.0], name="a"), Member([1.0], name="b")
    groups = ([a], [b], [a, b], [b, a], [a, a], [a, b, b])
    prints = [Ensemble(group).fingerprint for group in groups]
    assert len(set(prints)) == 6
    assert prints[2] == Ensemble((a, b)).fingerprint


def test_a_list_of_members_may_change_afterwards():
    members = [Member([0.9, 0.1])]
    ensemble = Ensemble(members)
    members.append(Member([0.0, 1.0]))
    np.testing.assert_array_equal(ensemble.chances(np.zeros((1, 1))), [[0.9, 0.1]])


def test_one_policy_as_an_ensemble_is_that_policy(trained):
    seen, _ = SIM.make(60).reset(seed=2)
    np.testing.assert_allclose(Ensemble([trained]).chances(seen), trained.chances(seen))
    np.testing.assert_array_equal(Ensemble([trained])(seen), trained(seen))


# The fallback


def test_the_rule_decides_row_by_row_where_the_policy_is_not_sure_enough():
    learned = Member([0.5, 0.25, 0.25], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0], [0.4, 0.35, 0.25])
    policy = Fallback(learned, lambda seen: 10 + np.arange(len(seen)), 0.5)
    assert policy.share_of_rule == 0.0
    assert policy(np.zeros((4, 2))).tolist() == [0, 1, 2, 13]  # exactly as sure is sure enough
    assert policy.share_of_rule == 1 / 4
    policy.threshold = 0.9
    assert policy(np.zeros((4, 2))).tolist() == [10, 11, 2, 13]
    assert policy.share_of_rule == 4 / 8
    assert isinstance(policy.share_of_rule, float)


def test_the_rule_sees_what_the_policy_sees():
    seen, given = np.arange(6.0).reshape(2, 3), Spy(answer=np.array([7, 8]))
    policy = Fallback(Member([0.5, 0.5], [0.9, 0.1]), given, 0.8)
    assert policy(seen).tolist() == [7, 0]
    np.testing.assert_array_equal(given.calls[0][0][0], seen)


def test_the_lowest_threshold_is_the_policy_and_the_highest_the_rule(trained):
    assert (THRESHOLDS[0], THRESHOLDS[-1]) == (0.0, 1.1)
    for threshold, alone, share in ((0.0, trained, 0.0), (1.1, RULE, 1.0)):
        policy = Fallback(trained, RULE, threshold)
        found = slowdowns(policy, FLEET, 12, 3)
        np.testing.assert_array_equal(found, slowdowns(alone, FLEET, 12, 3))
        assert policy.share_of_rule == share


# The threshold


@pytest.mark.parametrize(
    ("means", "chosen"),
    [([5, 4, 3, 2, 1], 4), ([1, 2, 3, 4, 5], 0), ([5, 4, 1, 2, 3], 2), ([3, 1, 2, 1, 3], 1)],
)
def test_the_threshold_of_least_mean_slowdown_is_chosen(monkeypatch, means, chosen):
    table, asked = dict(zip(THRESHOLDS, means, strict=True)), []
    learned = Member([1.0])

    def stub(policy, world, episodes, seed):
        assert policy.learned is learned and policy.rule is RULE and world is FLEET
        asked.append((policy.threshold, episodes, seed))
        return table[policy.threshold] + np.array([-0.5, -0.5, -0.5, 1.5])  # no median, no minimum

    monkeypatch.setattr(uncertain, "slowdowns", stub)
    threshold, found = choose_threshold(learned, RULE, FLEET, 9)
    assert threshold == THRESHOLDS[chosen]
    np.testing.assert_allclose(found, means)
    assert asked == [(t, 32, 9) for t in THRESHOLDS]  # the same worlds for all


# The method


def test_members_are_trained_apart_and_the_threshold_chosen_where_none_was(monkeypatch):
    choices = Spy(choose_threshold)
    monkeypatch.setattr(uncertain, "choose_threshold", choices)
    method = UncertaintyAware(2, steps=3 * ROLLOUT)
    assert method.means is None
    method.train(SIM)
    members = method.policy.learned.members
    assert len(members) == 3
    for seed, member in zip((1_002, 2_002, 3_002), members, strict=True):
        alone = train_scheduler(SIM, seed, steps=3 * ROLLOUT, progress=False)
        assert same_weights(member, alone)
    (((ensemble, rule, fleet, seed), _),) = choices.calls
    assert (rule, fleet, seed) == (RULE, FLEET, 50_002)
    assert method.policy.learned is ensemble and method.policy.rule == RULE
    assert method.policy.threshold == THRESHOLDS[int(np.argmin(method.means))]
    assert method.means.shape == (5,)
    np.testing.assert_allclose(method.means[-1], slowdowns(RULE, FLEET, 32, 50_002).mean())
    assert method.policy.share_of_rule == 0.0  # nothing decided yet


def test_it_trains_as_long_as_others_unless_told(monkeypatch):
    monkeypatch.setattr(uncertain, "choose_threshold", lambda *_: (0.4, np.zeros(5)))
    method = UncertaintyAware(0)
    method.train(SIM)
    assert {m.steps for m in method.policy.learned.members} == {Method(0).steps}
    assert method.policy.threshold == 0.4
