"""The theory's quantities, on locks where they are known in closed form."""

import numpy as np
import pytest

from course_lib.transfer.exploration import gap_allowed, reachability, total_variation_gap
from course_lib.transfer.exploration.exploration_sets import covering_model
from course_lib.transfer.exploration.theory import features_at_most
from course_lib.worlds import Lock
from course_lib.worlds.lock import pair


@pytest.mark.parametrize("gap", [0.0, 0.3, 0.8])
def test_the_gap_of_a_pair_is_the_difference_of_its_chances_to_win(gap):
    simulator, real = pair(5, gap)
    assert total_variation_gap(simulator.model(), real.model()) == pytest.approx(gap)


@pytest.mark.parametrize(("knobs", "gap"), [({"flipped": 1}, 1.0), ({"slip": 0.3}, 0.2)])
def test_total_variation_of_a_flip_is_all_and_of_a_slip_what_is_executed_otherwise(knobs, gap):
    simulator, real = pair(5, 0.0, **knobs)
    assert total_variation_gap(simulator.model(), real.model()) == pytest.approx(gap)


def test_models_of_different_shapes_have_no_gap():
    simulator, real = pair(5, corridor=1)
    with pytest.raises(ValueError, match="total variation needs the same steps"):
        total_variation_gap(simulator.model(), real.model())


def test_every_pair_of_a_lock_can_be_reached_alike():
    model = Lock(horizon=6, actions=3, good=2, win=0.1).model()
    assert reachability(covering_model(model), model) == pytest.approx(1 / 6)
    assert features_at_most(model) == 6


def test_reachability_is_that_of_the_worst_step():
    # Slips make each further step of the chain harder to reach.
    model = Lock(horizon=4, good=1, slip=0.3).model()
    worst = reachability(covering_model(model), model)
    kept = 0.7 + 0.3 / 3
    # No more than an even share of those that are still there.
    assert 0.9 * kept**3 / 3 < worst <= kept**3 / 3 + 1e-9


def test_the_gap_that_theory_allows_is_tiny():
    allowed = gap_allowed(1 / 6, 6, 6, 3)
    assert allowed == pytest.approx((1 / 6) / (64 * 6 * 6 * 27))
    assert np.log10(0.8 / allowed) > 5
