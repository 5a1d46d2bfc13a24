"""The record of a release says what its log says, and nothing if the log was edited."""

import sqlite3

import pytest

from course_lib.deploy.compliance import compliance_record
from course_lib.deploy.stages import STAGES, Pipeline, Verdict

NAMES = {"release": "7", "system": "the dispatcher", "incumbent": "shortest queue"}


def passes(evidence):
    return Verdict("pass", "a | b")


@pytest.fixture
def release(tmp_path):
    with Pipeline(tmp_path / "release.db", dict.fromkeys(STAGES, passes)) as p:
        yield p


def test_the_record_tells_what_was_tested_who_approved_and_what_it_falls_back_to(release):
    assert "nobody so far" in compliance_record(release, **NAMES)
    release.submit(0, {}), release.submit(0, {})
    release.approve("Ada", "fine")
    page = compliance_record(release, **NAMES)
    for part in ("at rollout", "shortest queue", "Ada: fine", "offline: 1, shadow: 1, rollout: 0"):
        assert part in page
    rows = [line for line in page.splitlines() if line.startswith("| 2")]
    assert len(rows) == len(release.log)
    assert all(row.replace(r"\|", "").count("|") == 5 for row in rows), "a cell broke the table"


def test_the_record_says_that_a_release_fell_back(release):
    release.kill("Ada", "smoke")
    page = compliance_record(release, **NAMES)
    assert "fell back to the incumbent" in page and "Ada: smoke" in page


def test_an_edited_log_gives_no_record(release, tmp_path):
    release.submit(0, {})
    with sqlite3.connect(tmp_path / "release.db") as db:
        db.execute("UPDATE events SET reason = 'all tests passed' WHERE number = 2")
    db.close()
    with pytest.raises(ValueError, match="was edited"):
        compliance_record(release, **NAMES)
