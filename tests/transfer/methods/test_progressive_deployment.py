"""Stages of training, and a share of the real site that grows and shrinks by gates."""

import numpy as np
import pytest
from tiny_site import HARD, ROLLOUT, SIM, Spy

from course_lib.learning import MinMin, train_scheduler
from course_lib.transfer.methods import progressive
from course_lib.transfer.methods.method import Operation, RealSite
from course_lib.transfer.methods.progressive import Gate, ProgressiveDeployment
from course_lib.transfer.methods.randomized import up_to

GOOD, BAD, RULE = 2.0, 5.0, 3.0  # slowdowns


# The gate


@pytest.mark.parametrize(
    ("policy", "rule", "decision"),
    [
        ([], [], 0),
        ([2.0] * 4, [3.0] * 30, 0),  # not enough yet
        ([9.0] * 4, [3.0] * 30, 0),
        ([2.0] * 5, [3.0] * 5, 1),
        ([9.0] * 5, [3.0] * 5, -1),
        ([1.0] * 40, [], 0),  # nobody to be compared with
        ([9.0] * 40, [], 0),
        ([11.0] * 5, [10.0] * 5, 1),  # just tolerated
        ([11.1] * 5, [10.0] * 5, -1),
        ([1.0, 1.0, 1.0, 1.0, 8.0], [2.0] * 5, -1),  # means, not medians
        ([4.0, 4.0, 4.0, 4.0, 4.0, 1.0], [2.0] * 4 + [8.0], 1),
    ],
)
def test_a_gate_compares_the_means_of_enough_episodes(policy, rule, decision):
    assert Gate(policy, rule).decide() == decision


# Training


def test_training_goes_through_stages_each_on_wider_ranges(monkeypatch):
    trainings = Spy(train_scheduler)
    monkeypatch.setattr(progressive, "train_scheduler", trainings)
    method = ProgressiveDeployment(3)
    method.steps = 8 * ROLLOUT
    method.train(SIM)
    assert [given[1] for given, _ in trainings.calls] == [3, 1_003, 2_003, 3_003]
    assert [given[0].gaps for given, _ in trainings.calls] == [
        up_to(width) for width in (0, 0.25, 0.5, 1)
    ]
    assert {given[0].site for given, _ in trainings.calls} == {SIM.site}
    assert [named["steps"] for _, named in trainings.calls] == [2 * ROLLOUT] * 4
    starts = [named["start"] for _, named in trainings.calls]
    assert [start and start.steps for start in starts] == [None, *(256, 512, 768)]
    assert method.policy.steps == 8 * ROLLOUT
    assert all(not named["progress"] for _, named in trainings.calls)


# Deployment


class Learner:
    """Notes how many episodes it is given to learn from."""

    def __init__(self):
        self.exploring, self.policy, self.learned = object(), object(), []

    def learn(self, episodes):
        self.learned.append(list(episodes))


class Site:
    """A site in which the k-th run of the policy costs what it is told, and one of the rule 3."""

    def __init__(self, learner, costs):
        self.learner, self.costs, self.runs, self.count = learner, list(costs), [], 0

    def run(self, policy, episodes):
        own = policy is self.learner.exploring
        assert own or isinstance(policy, MinMin)
        self.runs.append(("policy" if own else "rule", episodes))
        each = self.costs.pop(0) if own else RULE
        numbers = list(range(self.count, self.count + episodes * own))
        self.count += len(numbers)
        return Operation(numbers, [], np.full(episodes, each))


@pytest.fixture
def deploy(trained, monkeypatch):
    """Deploy a policy that costs so much in its runs; the method, its learner and its site."""
    monkeypatch.setattr(progressive, "train_scheduler", lambda *_, **__: trained)
    monkeypatch.setattr(progressive, "experiences", lambda learner, recording: list(recording))

    def run(*costs, parts=None):
        method, learner = ProgressiveDeployment(0), Learner()
        method.train(SIM)
        assert method.policy is method._learner.policy
        method._learner, method.policy = learner, learner.policy
        site = Site(learner, costs)
        for part in parts or (10 * len(costs),):
            method.adapt(site, part)
        return method, learner, site

    return run


def shares(site):
    """Episodes of the policy in each ten."""
    found, others = [], []
    for who, episodes in site.runs:
        if who == "policy":
            found.append(episodes)
            others.append(0)
        else:
            others[-1] += episodes
    assert [a + b for a, b in zip(found, others, strict=True)] == [10] * len(found)
    return found


def test_a_good_policy_is_given_more_and_more(deploy):
    method, learner, site = deploy(*[GOOD] * 8)
    # Gates need five episodes: three times two, twice four.
    assert shares(site) == [2, 2, 2, 4, 4, 10, 10, 10]
    assert method.policy is learner.policy
    # It learns as soon as five are there, from every episode once, in order.
    assert [len(e) for e in learner.learned] == [6, 8, 10, 10, 10]
    assert sum(learner.learned, []) == list(range(44))


def test_a_bad_policy_stays_small_and_the_rule_is_what_runs(deploy):
    method, learner, site = deploy(*[BAD] * 7)
    assert shares(site) == [2] * 7
    assert isinstance(method.policy, MinMin) and method.policy.layout == SIM.layout
    assert [len(e) for e in learner.learned] == [6, 6]  # it goes on learning


def test_until_a_gate_has_decided_the_policy_stays(deploy):
    method, learner, _ = deploy(BAD, BAD)
    assert method.policy is learner.policy
    assert learner.learned == []


def test_what_was_refused_may_come_back(deploy):
    method, learner, site = deploy(*[BAD] * 3, *[GOOD] * 3, GOOD)
    assert shares(site) == [2] * 6 + [4]  # what it cost before the gate is forgotten
    assert method.policy is learner.policy


def test_a_policy_that_fails_at_a_larger_share_gets_the_smaller_one_again(deploy):
    method, learner, site = deploy(*[GOOD] * 3, BAD, BAD, GOOD)
    assert shares(site) == [2, 2, 2, 4, 4, 2]
    assert method.policy is learner.policy  # it passed that gate, the rule takes over at the next
    method, _, site = deploy(*[GOOD] * 3, *[BAD] * 5, BAD)
    assert shares(site) == [2, 2, 2, 4, 4, 2, 2, 2, 2]
    assert isinstance(method.policy, MinMin)


def test_where_the_policy_runs_everything_it_stays(deploy):
    method, learner, site = deploy(*[GOOD] * 5, *[BAD] * 3)
    assert shares(site)[-3:] == [10, 10, 10]
    assert method.policy is learner.policy


@pytest.mark.parametrize("costs", [[GOOD] * 8, [BAD] * 4 + [GOOD] * 4])
def test_in_steps_or_at_once_is_the_same(deploy, costs):
    _, one, at_once = deploy(*costs)
    _, other, in_steps = deploy(*costs, parts=[10, 20, 30, 20])
    assert (one.learned, at_once.runs) == (other.learned, in_steps.runs)


@pytest.mark.parametrize(("budget", "runs"), [(9, 0), (10, 1), (29, 2)])
def test_what_is_left_over_of_ten_is_not_run(deploy, budget, runs):
    _, _, site = deploy(GOOD, GOOD, GOOD, parts=[budget])
    assert shares(site) == [2] * runs


def test_two_methods_share_nothing(deploy):
    deploy(*[GOOD] * 5)
    assert shares(deploy(GOOD)[2]) == [2]


def test_it_runs_at_a_real_site_and_repeats():
    found = []
    for _ in range(2):
        method, site = ProgressiveDeployment(1), RealSite(HARD, 40, 1)
        method.steps = 4 * ROLLOUT
        method.train(SIM)
        before = method._learner.policy.fingerprint
        method.adapt(site, 40)
        assert site.episodes_left == 0
        assert method._learner.policy.fingerprint != before
        found.append(site.history)
    assert found[0] == found[1]
