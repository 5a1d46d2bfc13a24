"""The comparison of ways to explore with a robot (lesson 12): run it anew, or read it."""

from dataclasses import fields
from pathlib import Path

import numpy as np

from course_lib.learning import run_many
from course_lib.transfer import stored
from course_lib.transfer.skills.goals import train_skill, train_task
from course_lib.transfer.skills.tasks import TASKS
from course_lib.transfer.skills.trial import WAYS, Trial, trial

FILE = stored.FOLDER / "12_exploring_robots.json"
SEEDS = (20, 21, 22, 23, 24, 25)  # six machines; the methods were made on others, 0 to 15
SUCCESSES = ("explored", "own", "before", "after")

Results = dict[tuple[str, str], list[Trial]]  # (task, way) -> one trial per seed


def compute() -> None:
    """Run what is not in the result store already, and write the file."""
    skills = run_many(train_skill, {task: {"task": task} for task in TASKS}, SEEDS)
    results: Results = {(task, way): [] for task in TASKS for way in WAYS}
    for i, seed in enumerate(SEEDS):
        told = {task: {"task": task, "skill": skills[task][i]} for task in TASKS}
        directs = run_many(train_task, told, [seed])
        configs = {
            (task, way): told[task] | {"way": way, "to_target": directs[task][0]}
            for task, way in results
        }
        for cell, found in run_many(trial, configs, [seed]).items():
            results[cell] += found
    save(results)


def save(results: Results, path: Path = FILE) -> None:
    """Write results with what they were made of; places are rounded to four digits."""
    stored.save(path, "12", SEEDS, results, _plain)


def load(path: Path = FILE) -> tuple[Results, dict]:
    """The stored results, and what they were made of; raises as `stored.load` does."""
    return stored.load(path, "12", _restored)


def _plain(one: Trial) -> dict:
    return {f.name: stored.rounded(np.asarray(getattr(one, f.name))) for f in fields(one)}


def _restored(plain: dict) -> Trial:
    arrays = {
        name: np.array(kept, dtype=bool if name in SUCCESSES else float)
        for name, kept in plain.items()
        if isinstance(kept, list)
    }
    return Trial(**plain | arrays)
