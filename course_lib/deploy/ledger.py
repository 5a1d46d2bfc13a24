"""A log that only grows, in one SQLite file: what was decided about a release, and on what.

Every method is one transaction. SQLite either keeps a transaction whole or not at all, also when
the process is killed in the middle of it (https://sqlite.org/atomiccommit.html), so whoever opens
the file next finds exactly what was written last.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

TABLES = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, at REAL, kind TEXT, stage TEXT, reason TEXT, digest TEXT);
CREATE TABLE IF NOT EXISTS evidence (
    stage TEXT, unit INTEGER, found TEXT, PRIMARY KEY (stage, unit));
"""


class Event(NamedTuple):
    """One line of the log."""

    number: int
    at: float  # s since 1970
    kind: str
    stage: str  # the stage that the event leads to
    reason: str
    digest: str  # of this event and the digest of the one before: an edited log shows


class Ledger:
    """The events and the evidence of one release, in the file `path`.

    Close it when you are done, or use it in a `with` statement.
    """

    def __init__(self, path: str | Path):
        # Transactions begin where the code says so; another process may write to the file as well.
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # a commit is on the disk
        self._db.executescript(TABLES)
        self._newest: tuple[int, Event | None] | None = None  # and the version of the file

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, and nobody else writes in between."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        else:
            self._db.execute("COMMIT")
        finally:
            self._newest = None

    def write(self, kind: str, stage: str, reason: str) -> None:
        """Add an event; call it within a transaction."""
        last = self.last()
        number = last.number + 1 if last else 1
        text = _digest(last.digest if last else "", number, kind, stage, reason)
        row = (number, time.time(), kind, stage, reason, text)
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
        self._newest = None

    def keep(self, stage: str, unit: int, found: dict[str, Any]) -> bool:
        """Add the evidence of one unit; returns False, and keeps the old, where it is known."""
        row = (stage, unit, json.dumps(found))
        return self._db.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", row).rowcount > 0

    def last(self) -> Event | None:
        """The newest event, whoever wrote it; cheap enough to ask before every decision."""
        # SQLite's number changes when another connection has written.
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if self._newest is None or self._newest[0] != version:
            row = self._db.execute("SELECT * FROM events ORDER BY number DESC LIMIT 1").fetchone()
            self._newest = version, Event(*row) if row else None
        return self._newest[1]

    def events(self) -> list[Event]:
        """All events, oldest first."""
        return [Event(*row) for row in self._db.execute("SELECT * FROM events ORDER BY number")]

    def evidence(self, stage: str) -> list[dict[str, Any]]:
        """What the units of a stage have shown, in their order."""
        rows = self._db.execute("SELECT found FROM evidence WHERE stage = ? ORDER BY unit", [stage])
        return [json.loads(found) for (found,) in rows]

    def newest_unit(self) -> int | None:
        """The largest unit of which there is any evidence."""
        return self._db.execute("SELECT max(unit) FROM evidence").fetchone()[0]

    def intact(self) -> bool:
        """Whether no event was changed or taken out since it was written."""
        before = ""
        for i, event in enumerate(self.events()):
            expected = _digest(before, i + 1, event.kind, event.stage, event.reason)
            if event.number != i + 1 or event.digest != expected:
                return False
            before = event.digest
        return True

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _digest(before: str, *fields: Any) -> str:
    return hashlib.sha256(json.dumps([before, *fields]).encode()).hexdigest()
