"""Severities read from logs: what a log says, how sure that is, and the training that follows."""

from dataclasses import fields, replace

import numpy as np
import pytest
from tiny_site import HARD, ROLLOUT, SIM, Overheard, same_weights

from course_lib.learning import MinMin, schedules, train_scheduler
from course_lib.transfer.exams import Drawn
from course_lib.transfer.methods import identified
from course_lib.transfer.methods.identified import (
    Identifier,
    IdentifyAndRandomize,
    features,
    ranges_about,
)
from course_lib.transfer.methods.method import RealSite
from course_lib.transfer.methods.randomized import GAPS, WIDE, DomainRandomization, drawn, these
from course_lib.worlds import Gaps
from course_lib.worlds.physics import bounds

LONG = replace(SIM, jobs_per_node=8)
RULE = MinMin(SIM.layout)


def ends(gaps):
    return np.array([bounds(getattr(gaps, f.name)) for f in fields(gaps)])


@pytest.fixture(scope="module")
def identifier():
    return Identifier(LONG, 5)


# What a log says


def features_by_hand(log):
    """Slowly, job by job."""
    ran = [j for j in range(len(log.cls)) if not log.lost[j]]
    error = {j: np.log((log.ended[j] - log.started[j]) / log.predicted[j]) for j in ran}
    found = []
    for c in range(2):
        for k in range(2):
            own = [error[j] for j in ran if log.cls[j] == c and log.pool[j] == k]
            found.append(sum(own) / len(own) if own else 0.0)
    found += [sum(c == log.cls) / len(log.cls) for c in range(2)]
    waits = [b - a for a, b in zip(log.submitted, log.submitted[1:], strict=False)]
    failures = sum(log.tries) / len(log.tries) - 1
    return [
        *found,
        np.std(list(error.values())),
        np.log(np.std(waits) / np.mean(waits)),
        np.log(np.mean(waits) / np.mean(log.predicted)),
        np.std(np.log(log.predicted)),
        np.log(np.mean(log.width)),
        np.log(sum(log.nodes)),
        failures,
        failures**0.5,
    ]


def test_features_are_those_of_the_jobs_one_by_one():
    logs = schedules(RULE, HARD, 12) + schedules(RULE, SIM, 4)
    assert any(log.lost.any() for log in logs)
    for log in logs:
        np.testing.assert_allclose(features(log), features_by_hand(log), atol=1e-12)


# The regression


def test_the_error_is_that_of_logs_that_were_left_out(monkeypatch):
    """Leave every log out in turn, and fit the others with the same ridge."""
    n = 48
    monkeypatch.setattr(identified, "SIMULATED", n)
    ours = Identifier(LONG, 3)
    truth = drawn(np.random.default_rng(3), n)
    worlds = Drawn(replace(LONG, gaps=WIDE), these(truth))
    raw = np.array([features(log) for log in schedules(RULE, worlds, n, 3)])
    x = (raw - raw.mean(axis=0)) / (raw.std(axis=0) + 1e-6)
    x = np.hstack([x, np.ones((n, 1))])
    ridge = np.diag([0.01 * n] * (x.shape[1] - 1) + [0.0])

    def fitted(rows):
        return np.linalg.solve(x[rows].T @ x[rows] + ridge, x[rows].T @ truth[rows])

    residuals = [truth[i] - x[i] @ fitted(np.arange(n) != i) for i in range(n)]
    np.testing.assert_allclose(ours.error, np.std(residuals, axis=0), rtol=1e-6)
    found = ours.severities(schedules(RULE, HARD, 3))
    new = (np.array([features(log) for log in schedules(RULE, HARD, 3)]) - raw.mean(axis=0)) / (
        raw.std(axis=0) + 1e-6
    )
    expected = np.hstack([new, np.ones((3, 1))]) @ fitted(slice(None))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_known_severities_are_found_within_the_stated_error(identifier):
    assert identifier.error.shape == (5,)
    spread = 12**-0.5  # of a guess that never looks
    assert identifier.error[GAPS.index("scale")] < 0.25 * spread
    assert (identifier.error < 0.95 * spread).all()
    truth = drawn(np.random.default_rng(77), 96)  # of other worlds than it has learned from
    worlds = Drawn(replace(LONG, gaps=WIDE), these(truth))
    estimates = identifier.severities(schedules(RULE, worlds, 96, 78))
    missed = np.sqrt(((estimates - truth) ** 2).mean(axis=0))
    assert (missed < 1.25 * identifier.error).all()
    assert (missed > 0.7 * identifier.error).all()


@pytest.mark.parametrize(
    "severities", [(0, 0, 0, 0, 0), (1, 1, 1, 1, 1), (0.8, 0.2, 0.5, 0.9, 0.1)]
)
def test_ten_logs_of_one_site_lead_to_ranges_that_hold_it(identifier, severities):
    site = replace(LONG, gaps=Gaps(*severities))
    estimates = identifier.severities(schedules(RULE, site, 10, 4))
    assert estimates.shape == (10, 5)
    ranges = ends(ranges_about(estimates, identifier.error))
    assert ((ranges[:, 0] - 0.1 <= severities) & (severities <= ranges[:, 1] + 0.1)).all()
    assert np.diff(ranges).sum() < 4  # and they say something


def test_identifiers_differ_by_seed_only(identifier):
    logs = schedules(RULE, HARD, 2)
    same, other = Identifier(LONG, 5), Identifier(LONG, 6)
    np.testing.assert_array_equal(same.severities(logs), identifier.severities(logs))
    assert not np.allclose(other.severities(logs), identifier.severities(logs))


# Ranges


def test_ranges_are_two_standard_errors_about_the_mean():
    error = np.array([0.1, 0.02, 0.0, 0.3, 0.05])
    middle = np.array([0.5, 0.4, 0.3, 0.6, 0.5])
    estimates = middle + np.array([[-0.2], [0.0], [0.0], [0.2]])
    half = 2 * error * np.sqrt(0.25 + 0.25)  # of four logs
    expected = np.stack([middle - half, middle + half], axis=1).clip(0, 1)
    found = ranges_about(estimates, error)
    np.testing.assert_allclose(ends(found), expected, atol=1e-12)
    assert all(getattr(found, name).why == "from logs" for name in GAPS)
    one = ends(ranges_about(estimates[1:2], error))
    many = ends(ranges_about(np.repeat(estimates[1:2], 10_000, axis=0), error))
    np.testing.assert_allclose(np.diff(one)[0], 2 * 2 * 0.1 * np.sqrt(1.25))
    np.testing.assert_allclose(np.diff(many)[0], 2 * 0.1, rtol=1e-3)  # half of it stays


def test_ranges_stay_within_what_is_possible():
    estimates = np.array([[-3.0, 4.0, 0.05, 0.95, 0.5]])
    found = ends(ranges_about(estimates, np.full(5, 0.1)))
    width = 0.2 * np.sqrt(1.25)
    np.testing.assert_allclose(
        found,
        [[0, width], [1 - width, 1], [0, 0.05 + width], [0.95 - width, 1],
         [0.5 - width, 0.5 + width]],
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for _ in range(20):
        found = ends(ranges_about(rng.normal(0.5, 1, (3, 5)), rng.uniform(0, 2, 5)))
        assert found.min() >= 0 and found.max() <= 1 and (found[:, 0] <= found[:, 1]).all()


# The method


@pytest.fixture(scope="module")
def wide():
    """What domain randomization would come to."""
    return train_scheduler(
        replace(SIM, gaps=WIDE),
        1,
        steps=2 * ROLLOUT,
        progress=False,
        num_envs=8,
        n_steps=16,
        batch_size=64,
        n_epochs=1,
    )


@pytest.fixture
def ready(monkeypatch, wide):
    """Build a method with seed 1 that has been trained in simulation."""
    monkeypatch.setattr(DomainRandomization, "train", lambda m, sim: setattr(m, "policy", wide))
    monkeypatch.setattr(identified, "SIMULATED", 40)

    def build():
        method = IdentifyAndRandomize(1)
        method.train(SIM)
        return method

    return build


class Archive:
    """A site that hands out the logs of one long run, in order, however they are asked for."""

    def __init__(self):
        self.operation, self.given = RealSite(HARD, 40, 3).run(RULE, 40), 0

    def run(self, policy, episodes):
        chosen = slice(self.given, self.given + episodes)
        self.given += episodes
        return self.operation._replace(logs=self.operation.logs[chosen])


def test_it_starts_as_domain_randomization_does(monkeypatch):
    monkeypatch.setattr(identified, "SIMULATED", 40)
    asked = []
    monkeypatch.setattr(identified, "Identifier", lambda sim, seed: asked.append((sim, seed)))
    method, plain = IdentifyAndRandomize(3), DomainRandomization(3)
    method.train(SIM), plain.train(SIM)
    assert same_weights(method.policy, plain.policy)
    assert method.found is None
    assert asked == [(SIM, 73_000)]


def test_ten_logs_are_looked_at_and_the_policy_is_trained_further_for_that_site(ready, wide):
    method, site = ready(), Overheard(RealSite(HARD, 30, 2))
    before = wide.fingerprint
    policy = method.policy
    method.adapt(site, 10)
    assert site.runs == [(policy, 10)]  # the policy as it is, without exploration
    logs = RealSite(HARD, 30, 2).run(policy, 10).logs
    found = ranges_about(method._identifier.severities(logs), method._identifier.error)
    assert method.found == found
    expected = train_scheduler(
        replace(SIM, gaps=found), 1, start=wide, steps=method.steps, progress=False
    )
    assert same_weights(method.policy, expected)
    assert method.policy is not policy and wide.fingerprint == before


@pytest.mark.parametrize("parts", [(5, 5), (3, 0, 7), (1, 1, 8)])
def test_in_steps_or_at_once_is_the_same(ready, parts):
    methods = []
    for budget in (parts, (10,)):
        method, site = ready(), Archive()
        for part in budget:
            assert method.found is None
            method.adapt(site, part)
        methods.append(method)
        assert site.given == 10
    assert methods[0].found == methods[1].found is not None
    assert same_weights(methods[0].policy, methods[1].policy)


def test_nothing_changes_before_ten_logs_are_there(ready):
    method, site = ready(), Overheard(RealSite(HARD, 30))
    policy = method.policy
    method.adapt(site, 9)
    assert method.policy is policy and method.found is None
    method.adapt(site, 0)
    assert site.runs == [(policy, 9)]
    method.adapt(site, 1)
    assert [n for _, n in site.runs] == [9, 1] and method.found is not None


def test_it_goes_on_to_learn_with_what_is_left(ready):
    plain, method = ready(), ready()
    plain.adapt(RealSite(HARD, 40, 2), 10)
    site = Overheard(RealSite(HARD, 60, 2))
    method.adapt(site, 29)
    assert [n for _, n in site.runs] == [10, 10]  # and nine are left over
    assert site.runs[1][0] is method._learner.exploring
    assert method.found == plain.found
    assert not same_weights(method.policy, plain.policy)
    before = method.policy.fingerprint
    method.adapt(site, 20)
    assert [n for _, n in site.runs] == [10] * 4
    assert method.policy.fingerprint != before
