"""What exercise 11 holds to be the chance of passing a corridor is what the engine does."""

import numpy as np
import pytest

from course_lib.checks.ex11_corridor import _due
from course_lib.transfer.exploration import covering, explorers, occupancies
from course_lib.worlds.lock import pair


@pytest.mark.parametrize(("horizon", "actions", "corridor"), [(4, 3, 0), (5, 2, 2), (3, 4, 1)])
@pytest.mark.parametrize("code", range(3))
def test_the_chance_is_that_of_the_explorers(horizon, actions, corridor, code):
    simulator, real = pair(horizon, code=code, actions=actions, corridor=corridor)
    model, rng = real.model(), np.random.default_rng(0)
    mixture = explorers(covering(simulator, rng), model.shape)
    last = real.keys[-1]
    passed = 0.0
    for policy, weight in zip(mixture.policies, mixture.weights, strict=True):
        visits = occupancies(policy, model)[-1]
        passed += weight * sum(visits[s, key] for s, key in enumerate(last) if key >= 0)
    assert passed == pytest.approx(_due(horizon, actions, corridor, led=horizon), rel=1e-6)
