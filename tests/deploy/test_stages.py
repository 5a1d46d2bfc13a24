"""A release moves on by its gates only, has one way back, and survives being killed at any time."""

import os
import random
import signal
import time

import numpy as np
import pytest

from course_lib.deploy.gates import Difference
from course_lib.deploy.stages import INCUMBENT, SHARES, STAGES, Pipeline, Verdict


class After:
    """A gate that passes after `units` units."""

    def __init__(self, units):
        self.units = units

    def __call__(self, evidence):
        return Verdict("pass" if len(evidence) >= self.units else "wait", f"{len(evidence)} units")

    def __repr__(self):
        return f"After({self.units})"


def never(evidence):
    return Verdict("fail", "never")


GATES = dict(zip(STAGES, [After(1), After(2), After(3), After(2), After(99)], strict=True))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "release.db"


def advance(pipeline, stage):
    """Submit and approve until the release has come to a stage."""
    while pipeline.stage != stage:
        if pipeline.waits_for_approval:
            pipeline.approve("Ada", "fine")
        else:
            pipeline.submit(len(pipeline.evidence()), {})


def test_a_release_goes_through_every_stage_in_order_and_asks_before_two(path):
    with Pipeline(path, GATES) as p:
        advance(p, "full")
        assert [(e.kind, e.stage) for e in p.log] == [
            ("start", "offline"),
            ("pass", "shadow"),
            ("ask", "shadow"),
            ("approve", "rollout"),
            ("pass", "ab test"),
            ("ask", "ab test"),
            ("approve", "full"),
        ]
        assert all(e.reason for e in p.log) and p.intact()
        assert [len(p.evidence(stage)) for stage in STAGES] == [1, 2, 3, 2, 0]


def test_a_gate_that_fails_leads_back_to_the_incumbent_for_good(path):
    with Pipeline(path, GATES | {"shadow": never}) as p:
        p.submit(0, {})
        assert p.submit(0, {}).outcome == "fail"
        assert p.stage == INCUMBENT and p.share == 0
        with pytest.raises(RuntimeError, match=r"cannot submit evidence.*fell back \(never\)"):
            p.submit(1, {})


def test_nothing_moves_while_a_person_is_asked_and_a_refusal_is_the_end(path):
    with Pipeline(path, GATES) as p:
        for unit in (0, 0, 1):
            p.submit(unit, {})
        assert p.waits_for_approval and p.stage == "shadow"
        with pytest.raises(RuntimeError, match="approve or refuse first"):
            p.submit(2, {})
        p.refuse("Ada", "not on a Friday")
        assert p.stage == INCUMBENT and p.log[-1].reason == "Ada: not on a Friday"


def test_nobody_can_approve_what_was_not_asked(path):
    with Pipeline(path, GATES) as p:
        for answer in (p.approve, p.refuse):
            with pytest.raises(RuntimeError, match="nobody was asked"):
                answer("Ada", "fine")
        assert p.stage == "offline"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", ["violation", "kill"])
def test_from_every_stage_there_is_a_way_back_at_once(path, stage, how):
    with Pipeline(path, GATES) as p:
        advance(p, stage)
        p.violation("NaN") if how == "violation" else p.kill("Ada", "smoke")
        assert p.stage == INCUMBENT and p.share == 0 and p.log[-1].kind == how
        events = len(p.log)
        p.kill("Bob", "more smoke")
        assert len(p.log) == events, "two alarms are one way back"


def test_a_kill_switch_works_while_a_person_is_asked(path):
    with Pipeline(path, GATES) as p:
        for unit in (0, 0, 1):
            p.submit(unit, {})
        p.kill("Ada", "smoke")
        with pytest.raises(RuntimeError, match="nobody was asked"):
            p.approve("Bob", "fine")
        assert p.stage == INCUMBENT


def test_a_kill_switch_in_another_process_is_seen_by_the_next_look(path):
    with Pipeline(path, GATES) as mine:
        advance(mine, "full")
        assert mine.share == 1
        pid = os.fork()
        if not pid:
            Pipeline(path, GATES).kill("Ada", "smoke")
            os._exit(0)
        os.waitpid(pid, 0)
        assert mine.share == 0
        with pytest.raises(RuntimeError, match="fell back"):
            mine.submit(0, {})


def test_a_unit_that_is_submitted_again_changes_nothing(path):
    with Pipeline(path, GATES) as p:
        advance(p, "rollout")
        for _ in range(5):
            p.submit(0, {"x": 1})
        assert p.stage == "rollout" and p.evidence() == [{"x": 1}]


def test_a_gate_that_raises_loses_nothing_and_moves_nothing(path):
    def broken(evidence):
        raise KeyError("returns")

    with Pipeline(path, GATES | {"shadow": broken}) as p:
        p.submit(0, {})
        with pytest.raises(KeyError):
            p.submit(0, {})
        assert p.stage == "shadow" and p.evidence() == []


def test_full_deployment_has_no_end(path):
    with Pipeline(path, GATES | {"full": After(1)}) as p:
        advance(p, "full")
        p.submit(0, {})
        p.submit(1, {})
        assert p.stage == "full"


def test_other_gates_cannot_take_over_a_release(path):
    Pipeline(path, GATES).close()
    with pytest.raises(ValueError, match="began with other gates"):
        Pipeline(path, GATES | {"rollout": After(1)})
    with pytest.raises(ValueError, match="began with other gates"):
        Pipeline(path, GATES, approvals=())
    with Pipeline(path, GATES) as p:
        assert p.stage == "offline"


@pytest.mark.parametrize("gates", [{}, dict(reversed(GATES.items())), GATES | {"more": never}])
def test_every_stage_needs_its_gate(path, gates):
    with pytest.raises(ValueError, match="one gate for each stage, in order: offline, shadow"):
        Pipeline(path, gates)


def test_no_share_grows_before_its_stage():
    assert [SHARES[stage] for stage in STAGES] == sorted(SHARES[stage] for stage in STAGES)
    assert SHARES["shadow"] == SHARES[INCUMBENT] == 0


# Killed in the middle


SCRIPT = dict(
    zip(
        STAGES,
        [After(1), After(30), Difference(-0.1, units=99), Difference(0.0, units=99), After(99)],
        strict=True,
    )
)


def run(path):
    """A release from wherever it is to 20 units of full deployment; the same for one seed."""
    with Pipeline(path, SCRIPT) as p:
        while not (p.stage == "full" and len(p.evidence()) == 20):
            if p.waits_for_approval:
                p.approve("Ada", f"approved {p.stage}")
                continue
            unit = len(p.evidence())
            rng = np.random.default_rng([STAGES.index(p.stage), unit])
            p.submit(unit, {"differences": rng.normal(0.1, 0.1, 6).clip(-1, 1).tolist()})


def told(path):
    """Everything that a release remembers but the times."""
    with Pipeline(path, SCRIPT) as p:
        assert p.intact()
        return [e._replace(at=0) for e in p.log], [p.evidence(stage) for stage in STAGES]


def killed(path, after):
    """Run in a process that is killed (SIGKILL) after so many seconds."""
    pid = os.fork()
    if not pid:
        run(path)
        os._exit(0)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_release_that_is_killed_at_any_of_fifty_points_goes_on_as_if_nothing_was(tmp_path):
    began = time.perf_counter()
    run(tmp_path / "whole.db")
    seconds = time.perf_counter() - began
    log, evidence = told(tmp_path / "whole.db")
    assert len(log) == 7
    found = set()
    draw = random.Random(0)
    for point in range(50):
        path = tmp_path / f"{point}.db"
        killed(path, draw.random() * seconds)
        if path.exists():
            so_far, kept = told(path)
            assert so_far == log[: len(so_far)]
            for mine, whole in zip(kept, evidence, strict=True):
                assert mine == whole[: len(mine)]
            found.add(sum(map(len, kept)))
        run(path)
        assert told(path) == (log, evidence)
    assert len(found) >= 10, "the kills did not spread over the release"
