"""The rules of the dispatcher's site: what its person refuses, and how releases there end."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.deploy.dispatch_release import (
    ACTIONS,
    RULE,
    disagreement,
    fate,
    gates,
    logs,
    objection,
    oversees,
    run,
)
from course_lib.deploy.stages import STAGES, Pipeline
from course_lib.learning import evaluate
from course_lib.learning.dispatchers import shortest_queue
from course_lib.worlds import DISPATCH_SITE, DispatchPhysics
from course_lib.worlds.dispatch import HOLD, SERVERS


def by_class(observations):
    """Parse jobs to the accelerator, dense ones to a plain server, each in turn of what is left."""
    left = np.round(40 * observations[:, 8]).astype(int)
    return np.where(observations[:, 0] > 0, 1 + left % 2, 0)


def test_the_rule_in_service_knows_its_chances_and_never_holds():
    assert ACTIONS == HOLD + 1 == len(SERVERS) + 1
    chances = RULE.chances(logs().observations[5])
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert not chances[:, HOLD].any() and chances[:, :HOLD].min() == pytest.approx(0.1)


def test_old_reports_make_the_shortest_queue_a_bad_choice():
    fresh, old = DispatchPhysics(rate=2.5), DispatchPhysics(rate=2.5, age=3.0)
    assert evaluate(shortest_queue, old, 300).mean() < evaluate(shortest_queue, fresh, 300).mean()
    assert evaluate(RULE, old, 300).mean() > evaluate(shortest_queue, old, 300).mean()


def test_logs_of_one_seed_are_the_same_and_have_every_server():
    logged = logs()
    assert logs() is logged and len(logged.lengths) == 10_000
    assert set(np.unique(logged.actions)) == {0, 1, 2}
    assert logged.returns.mean() == pytest.approx(
        evaluate(RULE, DISPATCH_SITE, 4_000).mean(), abs=0.01
    )


def test_disagreement_is_a_share_of_logged_decisions():
    assert disagreement(lambda seen: np.full(len(seen), HOLD), logs()) == 1
    # The rule itself differs from its log where it went anywhere else: two thirds of three tenths.
    assert disagreement(shortest_queue, logs()) == pytest.approx(0.2, abs=0.01)


def test_the_overseer_vetoes_long_queues_only():
    seen = np.zeros((4, 9), dtype=np.float32)
    seen[0, 4:6] = 1.1  # eleven jobs at plain A
    seen[1, 4:6] = 1.0  # ten
    assert oversees(seen, np.array([1, 1, 1, HOLD])).tolist() == [False, True, True, True]
    assert oversees(seen, np.array([0, 1, 2, 0])).all()


@pytest.mark.parametrize(
    ("approved", "stage", "objects"),
    [(95, "ab test", False), (50, "ab test", True), (50, "shadow", False)],
)
def test_a_person_refuses_what_the_overseer_stopped_too_often(approved, stage, objects):
    pipeline = SimpleNamespace(
        stage=stage, evidence=lambda name: [{"asked": 100, "approved": approved}]
    )
    assert bool(objection(pipeline)) == objects


def test_a_release_that_is_opened_again_goes_on(tmp_path):
    path = tmp_path / "release.db"
    run(path, by_class, until=4)
    with Pipeline(path, gates(disagreement(by_class, logs()))) as p:
        first = p.log
        assert p.next_unit == 4 and p.stage in STAGES
    run(path, by_class, until=8)
    with Pipeline(path, gates(disagreement(by_class, logs()))) as p:
        assert p.log[: len(first)] == first and p.next_unit == 8


def test_fates_tell_where_a_release_was_stopped():
    arrived = fate(by_class, seed=0, until=60)
    assert arrived.stage == "full" and 10 < arrived.days < 59
    assert len(arrived.returns) == 14 * (59 - arrived.days)
    assert np.mean(arrived.returns) == pytest.approx(
        evaluate(by_class, DISPATCH_SITE).mean(), abs=0.03
    )
    other_feed = fate(by_class, seed=0, order=[0, 1, 4, 5, 6, 7, 2, 3, 8], until=60)
    assert other_feed.stage != "offline"
    off_by_one = fate(lambda seen: by_class(seen) + 1, seed=0)
    assert (off_by_one.stage, off_by_one.days, off_by_one.returns) == ("offline", 0, [])
    assert "rehearsal" in off_by_one.reason
