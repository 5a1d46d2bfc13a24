"""Contenders take turns: each measurement is a process of its own, in the environment it needs.

A part of the benchmarks is a module with a tuple `CONTENDERS` and the number `ROUNDS`. A
contender's function takes the number of the round, and what it is `about` if it has that, and
returns what it measured, as JSON can hold it. It is called in a new process, so that nobody profits
from what another one has warmed up, and the order rotates from round to round, so that nobody
always follows the same one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / ".venv"  # made of requirements.txt; the course never looks into it
PATIENCE = 1_200  # s, for one measurement
LEFT_OUT = "left out on request"
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
    "TQDM_DISABLE": "1",
    "COURSE_PYTHON": sys.executable,  # for a peer that needs something made by the course
}


@dataclass(frozen=True)
class Contender:
    """One side of a comparison: `function` is its name in the part's module.

    A `peer` runs in the environment of `benchmarks/requirements.txt`, others in the course's own.
    """

    name: str
    function: str
    peer: bool = False
    about: str = ""

    def called(self, names: Iterable[str]) -> bool:
        """Whether one of these names is its function's, or what it is about."""
        return bool({self.function, self.about} & {*names})

    @property
    def python(self) -> Path:
        """The interpreter that it runs in."""
        return PEERS / "bin" / "python" if self.peer else Path(sys.executable)


@dataclass(frozen=True)
class Outcome:
    """What a contest found: a list of measurements per contender, or why there are none."""

    measured: dict[str, list]
    failed: dict[str, str]


def hold(
    part: str,
    contenders: Iterable[Contender],
    rounds: int,
    left_out: Iterable[str] = (),
    say: Callable[[str], None] = print,
) -> Outcome:
    """Let the contenders of a part take turns; who fails once is not asked again."""
    measured: dict[str, list] = {c.name: [] for c in contenders}
    failed = {c.name: LEFT_OUT for c in contenders if c.called(left_out)}
    for number in range(rounds):
        order = list(contenders)
        shift = number % len(order)
        for contender in order[shift:] + order[:shift]:
            if contender.name in failed:
                continue
            try:
                found = measure(part, contender, number)
            except (subprocess.SubprocessError, OSError, ValueError) as error:
                failed[contender.name] = why(error)
                say(f"{part}, round {number + 1}: {contender.name}: {failed[contender.name]}")
            else:
                measured[contender.name].append(found)
                say(f"{part}, round {number + 1}: {contender.name}: {json.dumps(found)[:100]}")
    return Outcome({name: found for name, found in measured.items() if name not in failed}, failed)


def measure(part: str, contender: Contender, number: int) -> dict:
    """One measurement, in a new process with one thread."""
    what = [part, contender.function, str(number), *filter(None, [contender.about])]
    ran = subprocess.run(
        [contender.python, "-m", "benchmarks.measure", *what],
        cwd=HERE.parent,
        env=os.environ | SETTINGS,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    if not ran.stdout.strip():
        raise ValueError("it printed nothing")
    return json.loads(ran.stdout.splitlines()[-1])


def why(error: Exception) -> str:
    """One line on why a measurement failed."""
    if isinstance(error, subprocess.CalledProcessError):
        return (error.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {PATIENCE} s"
    return str(error) or type(error).__name__
