"""Logs of real machines in the Standard Workload Format, that of the Parallel Workloads Archive.

The format: D. G. Feitelson, https://www.cs.huji.ac.il/labs/parallel/workload/swf.html, version 2.2;
what such logs are worth: Feitelson, Tsafrir, Krakov (2014), "Experience with using the Parallel
Workloads Archive", JPDC 74(10).
"""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from pathlib import Path

import numpy as np

FIELDS = 18  # numbers in a line
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?", re.ASCII)
SUBMIT, RUN, ALLOCATED, REQUESTED, ESTIMATE, STATUS, USER, EXECUTABLE = 1, 3, 4, 7, 8, 10, 11, 13
# A job that was stopped and went on later has a line for each part, besides the one for it all.
PARTS = (2, 3, 4)


@dataclass(frozen=True)
class Trace:
    """The jobs that ran on a machine, in order of submission; all arrays (jobs,), read-only.

    The arrays are no fields of the dataclass: a digest tells their content, so that traces can be
    compared, hashed, and named in the key of a stored result.
    """

    name: str
    header: dict[str, str] = field(repr=False, compare=False)  # the digest covers it
    skipped: int  # lines left out: see `read_swf`
    submit: InitVar[np.ndarray]  # s since the log's start
    run: InitVar[np.ndarray]  # s, positive
    estimate: InitVar[np.ndarray]  # s, what the user asked for; NaN = not known
    processors: InitVar[np.ndarray]  # allocated or, where that is not known, requested
    user: InitVar[np.ndarray]  # a number; -1 = not known
    executable: InitVar[np.ndarray]  # a number for each application; -1 = not known
    digest: str = field(init=False)

    def __post_init__(self, submit, run, estimate, processors, user, executable):
        content = hashlib.sha256(repr(sorted(self.header.items())).encode())
        times = {"submit": submit, "run": run, "estimate": estimate}
        numbers = {"processors": processors, "user": user, "executable": executable}
        for name, values in (times | numbers).items():
            column = np.array(values, dtype=float if name in times else int)
            column.flags.writeable = False
            content.update(column.tobytes())
            object.__setattr__(self, name, column)
        object.__setattr__(self, "digest", content.hexdigest())

    def __len__(self) -> int:
        return len(self.submit)


def read_swf(path: Path | str) -> Trace:
    """Read a log, plain or compressed with gzip.

    Left out and counted in `skipped`: jobs that never ran (no run time, or 0 s after rounding),
    jobs of unknown size, and the parts of jobs that were stopped and continued, which have a line
    for the whole as well. A job that failed or was cancelled while it ran stays: it took its nodes.

    Raises ValueError for a log without any job, for an incomplete compressed file, and, with its
    number, for a line that is no job: not 18 numbers, a size that is no whole number, or a
    submission before that of the job above it or before the log's start. OSError if there is no
    such file.
    """
    path = Path(path)
    header, jobs, skipped, latest = {}, [], 0, 0.0
    for number, line in enumerate(_lines(path), start=1):
        if not line or line.startswith(";"):
            _note(line, header)
            continue
        try:
            job = _numbers(line)
            if not _ran(job):
                skipped += 1
                continue
            _require_sound(job, latest)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
        latest = job[SUBMIT]
        jobs.append(job)
    if not jobs:
        raise ValueError(f"{path}: no job in this log ever ran (lines skipped: {skipped})")
    table = np.array(jobs)
    return Trace(
        path.name,
        header,
        skipped,
        submit=table[:, SUBMIT],
        run=table[:, RUN],
        estimate=np.where(table[:, ESTIMATE] > 0, table[:, ESTIMATE], np.nan),
        processors=[_processors(job) for job in jobs],
        user=np.maximum(table[:, USER], -1),
        executable=np.maximum(table[:, EXECUTABLE], -1),
    )


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file without surrounding blanks; told by its content if it is compressed."""
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path}: not a complete gzip file ({error})") from error
    # Only comments hold more than ASCII, in whatever encoding the log's owner used.
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="replace")
    return (line.strip() for line in text)


def _note(line: str, header: dict[str, str]) -> None:
    """Add a comment of the form `; Key: value`; a key that comes again adds a line."""
    found = re.fullmatch(r";\s*(\w+):(?!//)\s*(.*)", line)
    if found:
        key, value = found.groups()
        header[key] = f"{header[key]}\n{value}" if key in header else value


def _numbers(line: str) -> list[float]:
    words = line.split()
    if len(words) != FIELDS:
        raise ValueError(f"a job has {FIELDS} fields, this line has {len(words)}")
    for place, word in enumerate(words, start=1):
        if not NUMBER.fullmatch(word):
            raise ValueError(f"field {place} is {word!r}, not a number")
    return [float(word) for word in words]


def _processors(job: list[float]) -> float:
    return job[ALLOCATED] if job[ALLOCATED] > 0 else job[REQUESTED]


def _ran(job: list[float]) -> bool:
    return job[RUN] > 0 and _processors(job) > 0 and job[STATUS] not in PARTS


def _require_sound(job: list[float], latest: float) -> None:
    when = f"submitted at {job[SUBMIT]:.12g} s, before"
    if job[SUBMIT] < 0:
        raise ValueError(f"{when} the log's start")
    if job[SUBMIT] < latest:
        raise ValueError(f"{when} the job above it ({latest:.12g} s): sort the lines")
    if _processors(job) % 1:
        raise ValueError(f"{_processors(job):g} processors are no whole number")
