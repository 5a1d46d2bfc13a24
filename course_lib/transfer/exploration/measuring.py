"""How many real episodes a method needs: the exact value of what it returns, budget by budget."""

from dataclasses import dataclass

import numpy as np

from course_lib.transfer.exploration.collecting import Reality
from course_lib.transfer.exploration.methods import Method
from course_lib.transfer.exploration.planning import optimum, value_of
from course_lib.worlds.lock import pair


@dataclass(frozen=True)
class Curve:
    """What the returned policy is worth in reality after growing numbers of episodes."""

    episodes: np.ndarray  # (n,), the budgets that were reached
    values: np.ndarray  # (n,), expected return of the policy of each
    optimum: float

    def needed(self, within: float = 0.1) -> float:
        """The first budget from which on the policy stays `within` of the optimum, or infinity."""
        bad = np.flatnonzero(self.values < self.optimum - within)
        first = bad[-1] + 1 if bad.size else 0
        return float(self.episodes[first]) if first < len(self.values) else np.inf


def budgets_upto(cap: int, first: int = 10, growth: float = 1.15) -> list[int]:
    """Whole numbers from `first` to `cap`, each `growth` times the one before."""
    if not 3 <= first <= cap:
        raise ValueError(f"first must lie between 3 and the cap of {cap}, not {first}")
    n = int(np.log(cap / first) / np.log(growth))
    return sorted({*np.round(first * growth ** np.arange(n + 1)).astype(int).tolist(), cap})


def learning_curve(
    method: Method,
    horizon: int,
    *,
    seed: int,
    gap: float = 0.8,
    cap: int = 5_000,
    within: float = 0.1,
    stays: float = 2.0,
    **knobs,
) -> Curve:
    """Let a method learn on the lock `pair(horizon, gap, code=seed, **knobs)`.

    It stops once the policy has stayed `within` of reality's optimum until `stays` times the first
    such budget, at `cap` episodes at the latest: a policy that is good once may be good by luck,
    and `stays=1` would count it. The value of a policy is computed, not sampled, and the method is
    not told.
    """
    simulator, real = pair(horizon, gap, seed, **knobs)
    truth, rng = real.model(), np.random.default_rng([seed, 1])
    best, budgets, values, good_since = optimum(truth), budgets_upto(cap), [], np.inf
    policies = method.learn(simulator, Reality(real, rng.integers(2**31)), budgets, rng)
    for budget, policy in zip(budgets, policies, strict=True):
        values.append(value_of(policy, truth))
        good_since = min(good_since, budget) if values[-1] >= best - within else np.inf
        if budget >= stays * good_since:
            break
    return Curve(np.array(budgets[: len(values)]), np.array(values), best)
