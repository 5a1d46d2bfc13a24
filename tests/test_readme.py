"""README stays true: every command and every path in it is tried."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()
]
# Run for real elsewhere: `make test` runs this file, test_browser.py runs `make lab`, CI lints,
# test_grading.py runs what `make check` and `make notebooks` run, tests/bench tries the parts of
# `make bench`, and conda is not ours to test.
ELSEWHERE = {"make lab", "make test", "make notebooks", "make lint", "make clean",
             "make results LESSON=08", "make results LESSON=12", "make bench"}  # fmt: skip
CONDA = "conda env create -f environment.yml"
RUN_HERE = {"make help": "make lab", "make exercises": "", "make check EX=01": "of 6 parts"}


def test_every_command_is_known_to_a_test():
    assert set(COMMANDS) == ELSEWHERE | set(RUN_HERE) | {CONDA}


@pytest.mark.parametrize("command", sorted(ELSEWHERE))
def test_make_knows_the_command(command):
    target = command.split()[1:]
    done = subprocess.run(["make", "-n", *target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("command", "says"), RUN_HERE.items())
def test_the_command_works(command, says):
    # The exercise as it is given out is not solved, so make reports its failure.
    fails = "check" in command
    done = subprocess.run(
        command.split(), cwd=ROOT, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))},
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stderr
    assert says in done.stdout


def test_every_path_exists():
    named = re.findall(r"`([\w./-]+/[\w./-]*|[A-Z]+\.(?:md|cff)|LICENSE|[\w-]+\.yml)`", TEXT)
    named += re.findall(r"\]\((?!http)([^)]+)\)", TEXT)
    assert len(named) > 15
    for path in named:
        assert (ROOT / path).exists(), path


def test_every_lesson_is_in_the_table():
    for path in ROOT.glob("notebooks/*.ipynb"):
        assert f"| `notebooks/{path.name}` |" in TEXT


def test_every_target_of_make_is_in_the_readme():
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    assert {f"make {t}" for t in targets} <= {" ".join(c.split()[:2]) for c in COMMANDS} | {
        "make help"
    }
