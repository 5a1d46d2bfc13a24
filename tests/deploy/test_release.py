"""Whole releases at a small site: a good one arrives, bad ones are sent back, killed ones go on."""

import os
import random
import signal
import time

import numpy as np
import pytest
from dispatch_rules import by_class
from gymnasium import spaces

from course_lib.deploy.approval import decide
from course_lib.deploy.gates import Difference, Offline, Shadow, Watch
from course_lib.deploy.guard import Guard
from course_lib.deploy.logged import Exploring, Greedy, Mixed, log
from course_lib.deploy.rehearsal import Rehearsal
from course_lib.deploy.release import first_step, go_live
from course_lib.deploy.stages import INCUMBENT, STAGES, Pipeline
from course_lib.learning.dispatchers import shortest_queue
from course_lib.worlds import DispatchPhysics

# Dense jobs are slow on the accelerator, so it is better left to the others.
SITE = DispatchPhysics(dense_fast=2.0)
CLEAN = Rehearsal([], np.zeros(10, dtype=bool), np.zeros(10, dtype=bool))
GUARD = Guard(spaces.Discrete(4))
RULE = Exploring(shortest_queue, 4, 3, 0.5)


def all_to_one(observations):
    return np.zeros(len(observations), dtype=int)


def fails_late(observations):
    """Good until the last few jobs of a shift."""
    return np.where(observations[:, 8] < 0.1, np.nan, by_class(observations))


@pytest.fixture(scope="module")
def logged():
    return log(RULE, SITE, 1_000, 1)


def gates(logged, candidate):
    decided = logged.observations.reshape(-1, 9)
    differs = np.nanmean(candidate(decided) != logged.actions.ravel())
    return dict(
        zip(
            STAGES,
            [
                Offline(ess=50),
                Shadow(round(float(differs), 3)),
                Difference(-0.1),
                Difference(0.0),
                Watch(0.5),
            ],
            strict=True,
        )
    )


def released(path, logged, candidate, *, until=60, **settings):
    """Run a release; returns the stages of its log."""
    with Pipeline(path, gates(logged, candidate)) as p:
        if p.stage == "offline":
            p.submit(0, first_step(logged, candidate, RULE, GUARD, CLEAN))
        go_live(
            p, candidate, RULE, GUARD, lambda day: SITE, until=until,
            approves=lambda p: decide(p, "rule 1", lambda p: None), **settings,
        )  # fmt: skip
        return [(e.kind, e.stage) for e in p.log]


def told(path, logged, candidate):
    with Pipeline(path, gates(logged, candidate)) as p:
        return [e._replace(at=0) for e in p.log], [p.evidence(stage) for stage in STAGES]


def test_a_better_policy_arrives(tmp_path, logged):
    stages = released(tmp_path / "release.db", logged, by_class)
    assert stages[-1] == ("approve", "full") and [s for _, s in stages[1:]][0] == "shadow"


def test_a_worse_policy_is_sent_back_before_it_acts_alone(tmp_path, logged):
    stages = released(tmp_path / "release.db", logged, all_to_one)
    assert stages[-1] == ("fail", INCUMBENT) and "full" not in [s for _, s in stages]


def test_a_fault_on_the_logs_never_gets_as_far_as_the_shadow(tmp_path, logged):
    stages = released(tmp_path / "release.db", logged, fails_late)
    assert stages == [("start", "offline"), ("fail", INCUMBENT)]


def test_a_fault_in_the_shadow_is_enough(tmp_path, logged):
    def blind(observations):
        return np.where(np.isnan(observations[:, 0]), np.nan, by_class(observations))

    def broken(observations):
        return np.where(observations[:, 8:] < 0.1, np.nan, observations)

    stages = released(tmp_path / "release.db", logged, blind, feed=broken)
    assert stages == [("start", "offline"), ("pass", "shadow"), ("violation", INCUMBENT)]


def test_another_feed_than_that_of_the_logs_shows_in_the_shadow(tmp_path, logged):
    def mixed_up(observations):
        return observations[:, [0, 1, 4, 5, 6, 7, 2, 3, 8]]

    stages = released(tmp_path / "release.db", logged, by_class, feed=mixed_up)
    assert stages[-1] == ("fail", INCUMBENT) and len(stages) == 3


def test_a_rehearsal_with_faults_and_logs_without_overlap_go_nowhere(tmp_path, logged):
    bad = Rehearsal(["not finite"], np.ones(10, dtype=bool), np.ones(10, dtype=bool))
    found = first_step(logged, by_class, RULE, GUARD, bad)
    assert (found["faults"], found["loops"]) == (1, 10)
    assert Offline()([found]).outcome == "fail"
    elsewhere = log(Greedy(all_to_one, 4), SITE, 50, 0)
    found = first_step(elsewhere, by_class, RULE, GUARD, CLEAN)
    assert found["ess"] < 50 and Offline()([found]).outcome == "fail"


def test_what_the_logs_say_of_the_first_step_is_true(logged):
    found = first_step(logged, by_class, RULE, GUARD, CLEAN)
    step = log(Mixed(0.1, Greedy(by_class, 4), RULE), SITE, 4_000, 9).returns.mean()
    usual = log(RULE, SITE, 4_000, 9).returns.mean()
    assert found["low"] - 0.01 <= step - usual <= found["high"] + 0.01
    assert found["ess"] > 50


def test_nobody_who_approves_leaves_the_release_waiting(tmp_path, logged):
    with Pipeline(tmp_path / "release.db", gates(logged, by_class)) as p:
        p.submit(0, first_step(logged, by_class, RULE, GUARD, CLEAN))
        go_live(p, by_class, RULE, GUARD, lambda day: SITE, until=60, approves=lambda p: None)
        assert p.waits_for_approval and p.stage == "shadow"


def test_a_system_that_is_killed_goes_on_with_the_day_in_which_it_was(tmp_path, logged):
    began = time.perf_counter()
    released(tmp_path / "whole.db", logged, by_class, until=30)
    seconds = time.perf_counter() - began
    whole = told(tmp_path / "whole.db", logged, by_class)
    draw, path, kills = random.Random(1), tmp_path / "killed.db", 0
    for _ in range(5):
        pid = os.fork()
        if not pid:
            released(path, logged, by_class, until=30)
            os._exit(0)
        time.sleep((0.05 + 0.3 * draw.random()) * seconds)
        os.kill(pid, signal.SIGKILL)
        kills += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert kills >= 3
    released(path, logged, by_class, until=30)
    assert told(path, logged, by_class) == whole
