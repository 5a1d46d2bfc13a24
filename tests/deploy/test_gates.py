"""Each gate passes on an interval that says so, fails on one that says the opposite, else waits."""

import numpy as np
import pytest

from course_lib.deploy.gates import Difference, Offline, Shadow, Watch

FINE = {"faults": 0, "loops": 0, "ess": 500.0, "low": -0.01, "high": 0.02}


def units(key, mean, days, per_day=8, spread=0.1, seed=0):
    rng = np.random.default_rng(seed)
    low = -1 if key == "differences" else 0
    return [{key: rng.normal(mean, spread, per_day).clip(low, 1).tolist()} for _ in range(days)]


@pytest.mark.parametrize(
    ("change", "outcome", "reason"),
    [
        ({}, "pass", "-0.010 to +0.020"),
        ({"faults": 1}, "fail", "1 faults, 0 loops"),
        ({"loops": 3}, "fail", "0 faults, 3 loops"),
        ({"ess": 99.0}, "fail", "worth 99 episodes, too few"),
        ({"low": -0.06}, "fail", "-0.060 to +0.020"),
        ({"low": -0.04}, "pass", "-0.040 to +0.020"),
    ],
)
def test_the_offline_gate_asks_for_a_clean_rehearsal_and_logs_that_are_worth_something(
    change, outcome, reason
):
    verdict = Offline(ess=100, margin=0.05)([FINE | change])
    assert verdict.outcome == outcome and reason in verdict.reason


@pytest.mark.parametrize(("share", "outcome"), [(0.4, "pass"), (0.6, "fail"), (0.2, "fail")])
def test_the_shadow_gate_compares_with_the_logs(share, outcome):
    verdict = Shadow(expected=0.4)(units("disagreement", share, 20))
    assert verdict.outcome == outcome


def test_the_shadow_gate_waits_until_its_interval_is_narrow_and_then_no_longer():
    gate = Shadow(expected=0.4, units=6)
    found = units("disagreement", 0.4, 6, per_day=1)
    assert [gate(found[: n + 1]).outcome for n in range(6)] == ["wait"] * 5 + ["fail"]
    assert "no answer in time" in gate(found).reason


@pytest.mark.parametrize(
    ("better_than", "outcome"), [(0.0, "pass"), (-0.05, "pass"), (0.2, "fail"), (0.1, "fail")]
)
def test_a_difference_passes_above_what_is_asked_and_fails_below_or_undecided(better_than, outcome):
    verdict = Difference(better_than, units=40)(units("differences", 0.1, 40))
    assert verdict.outcome == outcome
    assert verdict.reason.startswith("no answer") == (better_than == 0.1)


def test_a_difference_of_nothing_seldom_passes_however_often_one_looks():
    gate, passed = Difference(0.0, units=41), 0
    for seed in range(60):
        found = units("differences", 0.0, 40, spread=0.3, seed=seed)
        passed += any(gate(found[: n + 1]).outcome == "pass" for n in range(0, 40, 3))
    assert passed <= 6  # 2.5 % are 1.5 of 60


@pytest.mark.parametrize(
    ("returns", "differences", "outcome"),
    [(0.8, 0.05, "wait"), (0.5, 0.05, "fail"), (0.8, -0.3, "fail"), (0.72, 0.0, "wait")],
)
def test_the_watch_never_passes_and_fails_below_the_floor_or_behind_the_control(
    returns, differences, outcome
):
    found = [
        a | b for a, b in zip(units("returns", returns, 30), units("differences", differences, 30),
                              strict=True)
    ]  # fmt: skip
    assert Watch(floor=0.7)(found).outcome == outcome


def test_the_watch_forgets_what_was_good_long_ago():
    good, bad = units("returns", 0.9, 200), units("returns", 0.6, 30)
    found = [u | {"differences": [0.0]} for u in good + bad]
    assert Watch(floor=0.7, units=30)(found).outcome == "fail"
    assert Watch(floor=0.7, units=230)(found).outcome == "wait"


def test_gates_say_by_which_rules_they_judge():
    assert repr(Difference(-0.05)) == "Difference(better_than=-0.05, units=40, alpha=0.05)"
