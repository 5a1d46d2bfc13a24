"""Training on the worlds in which the policy does worst.

A. Rajeswaran and others (2017), "EPOpt: Learning Robust Neural Network Policies Using Model
Ensembles", arXiv:1610.01283. EPOpt keeps the worst share of the trajectories of each batch; here
an exam finds the worst share of a large sample of worlds, and new episodes are drawn from those.
The mean return over the worst share is the *conditional value at risk*, CVaR.
"""

import numpy as np

from course_lib.learning import ROBUST_PPO, TrainedPolicy, evaluate, train_ppo
from course_lib.transfer.exams import Drawn, Exams
from course_lib.worlds import CartPolePhysics

CANDIDATES = 512  # worlds in an exam


def cvar(returns: np.ndarray, share: float = 0.2) -> float:
    """The mean of the worst `share` of `returns` (n,), of at least one of them.

    Raises ValueError for a share outside (0, 1], and if there are no returns.
    """
    if not len(returns):
        raise ValueError("there is no worst share of no returns")
    return float(np.sort(returns)[: _count(share, len(returns))].mean())


def _count(share: float, size: int) -> int:
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {share}")
    return max(1, round(share * size))


def train_worst_case(
    ranges: CartPolePhysics,
    seed: int,
    *,
    share: float = 0.5,
    history: int = 6,
    every: int = 4,
    progress: bool = True,
) -> TrainedPolicy:
    """Train with `ROBUST_PPO` on the worst `share` of worlds alone.

    They are found anew before every `every`-th rollout, among worlds drawn anew from `ranges`.
    Raises ValueError for a share outside (0, 1].
    """
    kept = _count(share, CANDIDATES)

    def next_worlds(policy, seed):
        candidates = ranges.sample(np.random.default_rng(seed), CANDIDATES)
        exam = Drawn(ranges, lambda rng, size: {k: v[:size] for k, v in candidates.items()})
        worst = np.argsort(evaluate(policy, exam, CANDIDATES, seed))[:kept]

        def sample(rng, size):
            picked = rng.choice(worst, size)
            return {name: values[picked] for name, values in candidates.items()}

        return sample

    callback = Exams(next_worlds, history, every)
    return train_ppo(
        ranges, seed, history=history, callbacks=[callback], progress=progress, **ROBUST_PPO
    )
