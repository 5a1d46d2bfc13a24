"""Trials of ways to explore with a robot, and their file."""

from dataclasses import fields

import numpy as np
import pytest

from course_lib.learning.store import key_of, provenance_of
from course_lib.transfer.skills import results, trial
from course_lib.transfer.skills.results import SEEDS, load, save
from course_lib.transfer.skills.tasks import TASKS
from course_lib.transfer.skills.trial import WAYS, Trial


def straight(seen):
    """An arm that always does the same, whatever is wanted."""
    return np.full((len(seen), 7), 0.1)


def ahead(seen):
    """A hand that strikes straight ahead, harder the farther away the wanted place is."""
    return np.column_stack([np.zeros(len(seen)), np.clip(0.4 + 0.3 * seen[:, -1], 0, 1)])


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(trial, "BUDGET", 20)
    monkeypatch.setattr(trial, "EXAM", 3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("task", "skill"), [("puck", ahead), ("arm", straight)])
def test_a_trial_spends_its_budget_and_judges_before_and_after(way, task, skill):
    found = trial.trial(way, task, skill, skill, seed=1)
    axes = len(TASKS[task].unit)
    assert (len(found.explored), len(found.own)) == (15, 5)
    assert found.before.shape == found.after.shape == (3,)
    assert found.explored_to.shape == (15, axes)
    assert found.before_to.shape == found.after_to.shape == (3, axes)
    assert found.explored.dtype == found.own.dtype == bool
    assert found.seconds > 0


def test_a_trial_can_be_repeated_and_its_ways_meet_the_same_machine():
    first, again, other = (
        trial.trial(way, "puck", ahead, ahead, seed=1)
        for way in ("exploration transfer", "exploration transfer", "fine-tuning")
    )
    for f in fields(Trial):
        if f.name != "seconds":
            np.testing.assert_array_equal(getattr(first, f.name), getattr(again, f.name))
    np.testing.assert_array_equal(first.before_to, other.before_to)
    assert not np.array_equal(first.explored_to, other.explored_to)
    elsewhere = trial.trial("fine-tuning", "puck", ahead, ahead, seed=2)
    assert not np.array_equal(first.before_to, elsewhere.before_to)


def test_tours_go_to_many_places_and_fine_tuning_to_one():
    spread = {
        way: trial.trial(way, "puck", ahead, ahead, seed=1).explored_to[:, 1].std()
        for way in ("exploration transfer", "fine-tuning")
    }
    assert spread["exploration transfer"] > 3 * spread["fine-tuning"]


def test_a_way_that_is_not_there():
    with pytest.raises(ValueError, match="no way 'luck'; choose one of exploration transfer"):
        trial.trial("luck", "puck", ahead, ahead, seed=0)


def one(seed):
    rng = np.random.default_rng(seed)
    successes = [rng.random(n) < 0.5 for n in (15, 5, 3, 3)]
    return Trial(*successes, *(rng.normal(size=(n, 2)) for n in (15, 3, 3)), 1.23456)


def test_what_was_saved_is_loaded_to_four_digits(tmp_path):
    path = tmp_path / "new" / "file.json"
    made = {("puck", "fine-tuning"): [one(0), one(1)], ("arm", "fine-tuning, loud"): [one(2)]}
    save(made, path)
    found, about = load(path)
    assert found.keys() == made.keys()
    for cell, trials in made.items():
        for before, after in zip(trials, found[cell], strict=True):
            for f in fields(Trial):
                saved, loaded = getattr(before, f.name), getattr(after, f.name)
                np.testing.assert_allclose(loaded, saved, rtol=1e-3)
                assert np.asarray(loaded).dtype == np.asarray(saved).dtype
    assert about["made by"] == "make results LESSON=12" and about["seeds"] == list(SEEDS)
    assert len(path.read_text().splitlines()) == 4  # what it was made of, and a line for each


def test_without_a_file_the_command_that_makes_it_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="make results LESSON=12"):
        load(tmp_path / "none.json")


def test_computing_gives_each_seed_its_own_skill_and_all_ways(monkeypatch):
    asked, saved = [], []

    def run_many(function, configs, seeds):
        asked.append((function, configs, tuple(seeds)))
        made = function.__name__
        return {name: [(made, name, seed) for seed in seeds] for name in configs}

    monkeypatch.setattr(results, "run_many", run_many)
    monkeypatch.setattr(results, "save", saved.append)
    results.compute()
    (train, tasks, seeds), directs, trials = asked[0], asked[1::2], asked[2::2]
    assert train is results.train_skill and seeds == SEEDS
    assert tasks == {task: {"task": task} for task in TASKS}
    for train, told, (seed,) in directs:
        assert train is results.train_task
        skill = "train_skill"
        assert told == {task: {"task": task, "skill": (skill, task, seed)} for task in TASKS}
    assert [seeds for *_, seeds in trials] == [(seed,) for seed in SEEDS]
    for _, configs, (seed,) in trials:
        assert set(configs) == {(task, way) for task in TASKS for way in WAYS}
        for (task, way), told in configs.items():
            trained = ("train_task", task, seed), ("train_skill", task, seed)
            assert told == {"task": task, "way": way, "to_target": trained[0], "skill": trained[1]}
    assert saved == [{cell: [("trial", cell, seed) for seed in SEEDS] for cell in trials[0][1]}]


def test_a_skill_can_be_stored_under_a_key():
    keys = {key_of(provenance_of(results.train_skill, {"task": task}, 0)) for task in TASKS}
    assert len(keys) == 2
