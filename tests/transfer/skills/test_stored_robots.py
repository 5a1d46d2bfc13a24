"""The comparison that comes with lesson 12 can be had again: one machine is learned anew."""

import numpy as np
import pytest

from course_lib.transfer.skills.goals import train_skill, train_task
from course_lib.transfer.skills.results import SEEDS, load
from course_lib.transfer.skills.tasks import TASKS
from course_lib.transfer.skills.trial import BUDGET, EXAM, WAYS, trial

RESULTS, ABOUT = load()


def test_every_cell_is_stored_with_what_it_was_made_of():
    assert set(RESULTS) == {(task, way) for task in TASKS for way in WAYS}
    assert ABOUT["seeds"] == list(SEEDS) and len(SEEDS) >= 6
    assert {"torch", "numpy", "stable-baselines3"} <= set(ABOUT["packages"])
    for (task, _), found in RESULTS.items():
        assert len(found) == len(SEEDS)
        for one in found:
            assert one.before.shape == one.after.shape == (EXAM,)
            assert len(one.explored) + len(one.own) <= BUDGET
            assert one.explored_to.shape == (len(one.explored), len(TASKS[task].unit))


@pytest.fixture(scope="module")
def policies():
    skill = train_skill("arm", SEEDS[-1] + 1)
    return train_task("arm", SEEDS[-1] + 1, skill), skill


def agrees(fresh, others):
    """Whether a new machine looks like one more of the stored ones."""
    spread = 3 * others.std(ddof=1) * np.sqrt(1 + 1 / len(others))
    return abs(fresh - others.mean()) <= spread + 0.15  # of 50 episodes a few go either way


def stored(way, part):
    return np.array([getattr(one, part).mean() for one in RESULTS["arm", way]])


def test_an_arm_that_was_never_seen_agrees_with_what_is_stored(policies):
    # Only this way: fine-tuning ends anywhere between 0 and 1, so no end would disagree with it.
    fresh = trial("exploration transfer", "arm", *policies, seed=SEEDS[-1] + 1)
    for part in ("before", "after"):
        assert agrees(getattr(fresh, part).mean(), stored("exploration transfer", part))


def test_fine_tuning_would_not_agree_with_exploration_transfer():
    assert not agrees(
        stored("fine-tuning", "after").mean(), stored("exploration transfer", "after")
    )
