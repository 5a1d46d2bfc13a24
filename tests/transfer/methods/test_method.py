"""A real site meters what is run there, and a plain method never goes there."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_site import HARD, ROLLOUT, SIM, costs

from course_lib.learning import MinMin, Random, train_scheduler
from course_lib.transfer.methods.method import Method, RealSite, SimulationOnly
from course_lib.worlds import BudgetSpent, Choice, Gaps

RULE = MinMin(SIM.layout)


def submitted(operation):
    return [log.submitted.tolist() for log in operation.logs]


# The site


def test_a_run_gives_a_recording_logs_and_slowdowns_of_the_same_episodes():
    operation = RealSite(HARD, 20, seed=1).run(RULE, 6)
    assert len(operation.logs) == 6
    assert operation.recording.observations.shape[1:] == (6, SIM.layout.size)
    assert operation.slowdowns.shape == (6,)
    expected = [costs(log).mean() for log in operation.logs]
    np.testing.assert_allclose(operation.slowdowns, expected, rtol=1e-9)
    started = [len(log.attempts) for log in operation.logs]
    assert (operation.recording.lengths >= started).all()
    # What is beyond the simulator shows: some jobs failed.
    assert sum(started) > 60


def test_slowdowns_are_means_over_the_jobs_of_each_episode_even_where_their_numbers_differ():
    mixed = replace(SIM, gaps=Gaps(scale=Choice((0.0, 1.0))))
    operation = RealSite(mixed, 8, seed=0).run(RULE, 8)
    assert {len(log.cls) for log in operation.logs} == {5, 10}
    expected = [costs(log).mean() for log in operation.logs]
    np.testing.assert_allclose(operation.slowdowns, expected, rtol=1e-9)


def test_every_episode_is_metered_and_kept_in_order():
    site = RealSite(HARD, 7, seed=1)
    runs = [site.run(RULE, n) for n in (3, 1)]
    assert site.episodes_left == 3
    assert site.history == [s for run in runs for s in run.slowdowns]
    assert all(isinstance(s, float) for s in site.history)
    site.run(RULE, 3)  # all that are left
    assert (site.episodes_left, len(site.history)) == (0, 7)
    with pytest.raises(BudgetSpent):
        site.run(RULE, 1)


@pytest.mark.parametrize("asked", [4, 0, -1])
def test_what_the_budget_does_not_allow_changes_nothing(asked):
    site, twin = (RealSite(HARD, 5, seed=3) for _ in range(2))
    site.run(RULE, 2), twin.run(RULE, 2)
    before = list(site.history)
    with pytest.raises(BudgetSpent, match=f"^{asked} real episodes were asked for and 3 are left"):
        site.run(RULE, asked)
    assert (site.episodes_left, site.history) == (3, before)
    assert submitted(site.run(RULE, 3)) == submitted(twin.run(RULE, 3))  # no luck was used up


def test_two_sites_share_neither_budget_nor_history():
    one, other = RealSite(HARD, 5), RealSite(HARD, 5)
    one.run(RULE, 5)
    assert (other.episodes_left, other.history) == (5, [])


def test_luck_repeats_by_seed_and_differs_from_run_to_run():
    def two_runs(seed):
        site = RealSite(HARD, 8, seed)
        return [submitted(site.run(RULE, 4)) for _ in range(2)]

    first, again, other = two_runs(0), two_runs(0), two_runs(1)
    assert first == again
    every = [times for runs in (first, other) for run in runs for times in run]
    assert len({tuple(times) for times in every}) == 16


def test_a_seed_is_no_continuation_of_another():
    """Seed 4 does not begin where seed 0 is after four episodes."""
    site = RealSite(HARD, 8, 0)
    site.run(RULE, 4)
    assert submitted(site.run(RULE, 4)) != submitted(RealSite(HARD, 4, 4).run(RULE, 4))


def test_luck_depends_neither_on_who_runs_nor_on_the_budget():
    runs = [RealSite(HARD, n, 2).run(p, 3) for n, p in ((3, RULE), (9, Random(SIM.layout)))]
    assert submitted(runs[0]) == submitted(runs[1])
    assert not np.array_equal(runs[0].slowdowns, runs[1].slowdowns)


def test_a_site_gives_a_policy_the_past_that_it_wants():
    widths = set()

    def remembering(observations):
        widths.add(observations.shape[1])
        return RULE(observations[:, -SIM.layout.size - SIM.layout.wait - 1 :][:, : SIM.layout.size])

    remembering.history = 2
    RealSite(HARD, 2).run(remembering, 2)
    assert widths == {2 * (SIM.layout.size + SIM.layout.wait + 1)}


# The method


@pytest.mark.parametrize(("make", "seed"), [(Method, 3), (SimulationOnly, 4)])
def test_a_plain_method_trains_in_the_simulator_alone(make, seed):
    method = make(seed, steps=3 * ROLLOUT)
    assert method.policy is None
    method.train(SIM)
    expected = train_scheduler(SIM, seed, steps=3 * ROLLOUT, progress=False)
    assert method.policy.fingerprint == expected.fingerprint
    assert method.policy.steps == 3 * ROLLOUT


def test_a_plain_method_touches_no_real_episode():
    method, site = Method(0), RealSite(HARD, 10)
    method.train(SIM)
    before, policy = method.policy.fingerprint, method.policy
    method.adapt(site, 10)
    assert (site.episodes_left, site.history) == (10, [])
    assert method.policy is policy and policy.fingerprint == before


def test_settings_of_one_training_take_the_place_of_the_methods(capfd):
    method = Method(0, steps=5 * ROLLOUT)
    policy = method._trained(SIM, steps=ROLLOUT, learning_rate=0.0)
    assert policy.steps == ROLLOUT
    assert method._trained(SIM, start=policy, steps=ROLLOUT).steps == 2 * ROLLOUT
    assert capfd.readouterr().err == ""  # no progress bar
