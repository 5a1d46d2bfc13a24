"""The log of a release: whole transactions, nothing twice, and an edit that shows."""

import sqlite3

import pytest

from course_lib.deploy.ledger import Ledger


@pytest.fixture
def path(tmp_path):
    return tmp_path / "release.db"


def filled(path, n=3):
    with Ledger(path) as ledger, ledger.transaction():
        for i in range(n):
            ledger.write("pass", f"stage {i}", f"reason {i}")
    return path


def test_events_come_back_in_their_order_after_the_file_was_closed(path):
    with Ledger(filled(path)) as ledger:
        assert [(e.number, e.stage) for e in ledger.events()] == [
            (1, "stage 0"),
            (2, "stage 1"),
            (3, "stage 2"),
        ]
        assert ledger.last() == ledger.events()[-1]


def test_a_transaction_that_fails_leaves_nothing_behind(path):
    with Ledger(filled(path, 1)) as ledger:
        with pytest.raises(RuntimeError, match="in the middle"), ledger.transaction():
            ledger.write("pass", "next", "")
            ledger.keep("next", 0, {})
            raise RuntimeError("in the middle")
        assert len(ledger.events()) == 1 and ledger.last().stage == "stage 0"
        assert ledger.evidence("next") == []


def test_evidence_of_one_unit_is_kept_once_and_the_first_stays(path):
    with Ledger(path) as ledger:
        assert ledger.keep("shadow", 1, {"x": [1.5]})
        assert not ledger.keep("shadow", 1, {"x": [2.5]})
        assert ledger.keep("shadow", 0, {"x": []}) and ledger.keep("full", 1, {})
        assert ledger.evidence("shadow") == [{"x": []}, {"x": [1.5]}]


def test_what_another_connection_writes_is_seen_at_once(path):
    with Ledger(filled(path, 1)) as mine, Ledger(path) as other:
        assert mine.last().stage == "stage 0"
        with other.transaction():
            other.write("kill", "incumbent", "")
        assert mine.last().stage == "incumbent"


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE events SET reason = 'better' WHERE number = 2",
        "UPDATE events SET stage = 'full' WHERE number = 3",
        "UPDATE events SET kind = 'approve' WHERE number = 1",
        "DELETE FROM events WHERE number = 2",
        "DELETE FROM events WHERE number = 1",
    ],
)
def test_an_edited_log_shows(path, edit):
    with sqlite3.connect(filled(path)) as db:
        db.execute(edit)
    db.close()
    with Ledger(path) as ledger:
        assert not ledger.intact()


def test_a_log_that_nobody_touched_is_intact(path):
    with Ledger(filled(path)) as ledger:
        assert ledger.intact()
