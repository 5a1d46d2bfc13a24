"""A person who approves or refuses, by buttons or by a rule, and how often an overseer approved."""

import numpy as np
import pytest
from gymnasium import spaces

from course_lib.deploy.approval import approval_rate, ask_person, decide
from course_lib.deploy.guard import Guard
from course_lib.deploy.live import Live, run_day
from course_lib.deploy.stages import INCUMBENT, STAGES, Pipeline, Verdict
from course_lib.worlds import DispatchPhysics


def passes(evidence):
    return Verdict("pass", "fine <so far>")


@pytest.fixture
def asking(tmp_path):
    """A release that waits for a person before its rollout."""
    with Pipeline(tmp_path / "release.db", dict.fromkeys(STAGES, passes)) as p:
        p.submit(0, {}), p.submit(0, {})
        yield p


def parts(box):
    told, name, why, buttons = box.children
    return told, name, why, *buttons.children


@pytest.mark.parametrize(
    ("which", "stage", "kind"), [(3, "rollout", "approve"), (4, INCUMBENT, "refuse")]
)
def test_a_button_answers_with_name_and_reason(asking, which, stage, kind):
    told, name, why, yes, no = found = parts(ask_person(asking))
    name.value, why.value = "Ada", "looked at it"
    found[which].click()
    assert asking.stage == stage
    assert (asking.log[-1].kind, asking.log[-1].reason) == (kind, "Ada: looked at it")
    assert yes.disabled and no.disabled and stage in told.value


@pytest.mark.parametrize(("who", "reason"), [("", "fine"), ("Ada", ""), ("  ", "fine")])
def test_an_answer_without_name_or_reason_is_none(asking, who, reason):
    told, name, why, yes, _ = parts(ask_person(asking))
    name.value, why.value = who, reason
    yes.click()
    assert asking.waits_for_approval and "name and your reason" in told.value and not yes.disabled


def test_a_button_that_comes_too_late_says_so(asking):
    told, name, why, yes, no = parts(ask_person(asking))
    name.value, why.value = "Ada", "fine"
    asking.kill("Bob", "smoke")
    yes.click()
    assert asking.stage == INCUMBENT and "nobody was asked" in told.value


def test_there_is_nothing_to_press_when_nobody_is_asked(asking):
    asking.approve("Ada", "fine")
    told, _, _, yes, no = parts(ask_person(asking))
    assert yes.disabled and no.disabled and "at <b>rollout</b>" in told.value


def test_a_rule_can_stand_in_for_a_person(asking):
    decide(asking, "rule 7", lambda p: None)
    assert asking.stage == "rollout" and asking.log[-1].reason == "rule 7: no objection"
    decide(asking, "rule 7", lambda p: "never")
    assert asking.stage == "rollout", "nobody was asked"
    asking.submit(0, {}), asking.submit(0, {})
    decide(asking, "rule 7", lambda p: "too few approvals")
    assert asking.stage == INCUMBENT and "too few approvals" in asking.log[-1].reason


def test_an_overseer_is_asked_in_the_rollout_and_what_it_refuses_is_not_done(tmp_path):
    waits = Verdict("wait", "more")
    gates = dict.fromkeys(STAGES, passes) | {"rollout": lambda evidence: waits}

    def incumbent(observations):
        return np.zeros(len(observations), dtype=int)

    def candidate(observations):
        return 1 + (observations[:, 0] > 0)  # dense jobs to plain B, others to plain A

    with Pipeline(tmp_path / "release.db", gates, approvals=()) as p:
        live = Live(
            p, candidate, incumbent, Guard(spaces.Discrete(4)), oversees=lambda seen, a: a == 1
        )
        with pytest.raises(ValueError, match="give Live an overseer"):
            approval_rate(p)
        p.submit(0, {}), p.submit(0, run_day(live, DispatchPhysics(), 0))
        assert p.stage == "rollout"
        for day in range(10):
            p.submit(day, run_day(live, DispatchPhysics(), day))
        live.begin_day(np.ones(4, dtype=bool), 0)
        seen = np.zeros((4, 9), dtype=np.float32)
        seen[:2, 0] = 1
        done = np.array([live(seen) for _ in range(200)])
        assert not done[:, :2].any(), "plain B was never approved"
        assert done[:, 2:].mean() == pytest.approx(0.1, abs=0.04)
        rate = approval_rate(p)
        assert rate.n > 100 and rate.low < 0.4 < rate.high, "two jobs in five are parse jobs"
