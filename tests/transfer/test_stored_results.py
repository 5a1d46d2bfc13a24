"""The results that come with the course can be had again: each method is trained anew."""

import numpy as np
import pytest

from course_lib.transfer.methods.results import SEEDS, VARIANTS, cells, load
from course_lib.transfer.methods.trial import CHECKPOINTS, EPISODES, METHODS, UNSEEN, trial
from course_lib.worlds import EDGE

RESULTS, ABOUT = load()
CHECKPOINT = 20  # real episodes: enough for two updates, and cheap
BY_THEN = CHECKPOINTS.index(CHECKPOINT)


def stored(method):
    """Slowdown in reality at the checkpoint, (seeds,)."""
    return np.array([one.real[BY_THEN].mean() for one in RESULTS["edge", method]])


def agrees(fresh, seeds):
    """Whether a new run looks like one more of the stored ones."""
    # Machines round differently, and training makes of that another run with the same law.
    return abs(fresh - seeds.mean()) <= 4 * seeds.std(ddof=1) * np.sqrt(1 + 1 / len(seeds)) + 1e-3


def test_every_cell_is_stored_with_what_it_was_made_of():
    assert set(RESULTS) == set(cells())
    assert ABOUT["seeds"] == list(SEEDS) and len(SEEDS) >= 5
    assert {"torch", "numpy", "stable-baselines3"} <= set(ABOUT["packages"])
    for found in RESULTS.values():
        assert len(found) == len(SEEDS)
        for one in found:
            assert one.real.shape == (len(CHECKPOINTS), EPISODES)
            assert one.unseen.shape == (UNSEEN,)
            assert np.isfinite(one.real).all() and (one.real >= 1).all()


# Variants share the code of a method, and training takes time.
@pytest.mark.parametrize("method", [m for m in METHODS if m not in VARIANTS])
def test_a_method_that_is_trained_anew_agrees_with_what_is_stored(method):
    fresh = trial(method, EDGE, seed=SEEDS[-1] + 1, checkpoints=(0, CHECKPOINT))
    assert agrees(fresh.real[-1].mean(), stored(method))


def test_another_methods_results_would_not_agree():
    plain = stored("simulation only").mean()
    for method in ("random", "min-min", "trained for the target"):
        assert not agrees(plain, stored(method))
