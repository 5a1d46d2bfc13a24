"""The comparison of ways to explore with a robot (lesson 12): run it anew, or read it."""

from dataclasses import fields
from pathlib import Path

import numpy as np

from course_lib.learning import run_many
from course_lib.transfer import stored
from course_lib.transfer.skills.goals import train_to_goals
from course_lib.transfer.skills.tasks import TASKS
from course_lib.transfer.skills.trial import WAYS, Trial, trial

FILE = stored.FOLDER / "12_exploring_robots.json"
SEEDS = (0, 1, 2, 3, 4, 5)  # of the training in simulation, and of the lab: six machines
SUCCESSES = ("explored", "own", "before", "after")

Results = dict[tuple[str, str], list[Trial]]  # (task, way) -> one trial per seed


def compute() -> None:
    """Run what is not in the result store already, and write the file."""
    skills = run_many(train_to_goals, {task: {"task": task} for task in TASKS}, SEEDS)
    results: Results = {(task, way): [] for task in TASKS for way in WAYS}
    for i, seed in enumerate(SEEDS):
        configs = {
            (task, way): {"way": way, "task": task, "to_goal": skills[task][i]}
            for task, way in results
        }
        for cell, found in run_many(trial, configs, [seed]).items():
            results[cell] += found
    save(results)


def save(results: Results, path: Path = FILE) -> None:
    """Write results with what they were made of; places are rounded to four digits."""
    trials: dict[str, dict[str, list]] = {}
    for (task, way), found in results.items():
        trials.setdefault(task, {})[way] = [
            {f.name: stored.rounded(np.asarray(getattr(one, f.name))) for f in fields(one)}
            for one in found
        ]
    stored.write(path, stored.about("12", SEEDS), trials, line_before="explored")


def load(path: Path = FILE) -> tuple[Results, dict]:
    """The stored results, and what they were made of.

    Raises FileNotFoundError, with the command that makes them, where there are none.
    """
    file = stored.read(path, "12")
    results = {
        (task, way): [
            Trial(**{name: _restored(name, v) for name, v in one.items()}) for one in found
        ]
        for task, ways in file["trials"].items()
        for way, found in ways.items()
    }
    return results, file["about"]


def _restored(name: str, kept: list | float) -> np.ndarray | float:
    return (
        np.array(kept, dtype=bool if name in SUCCESSES else float)
        if isinstance(kept, list)
        else kept
    )
