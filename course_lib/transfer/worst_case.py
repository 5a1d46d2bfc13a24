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


def cvar(returns: np.ndarray, share: float = 0.1) -> float:
    """The mean of the worst `share` of `returns` (n,), of at least one of them."""
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {share}")
    worst = max(1, round(share * len(returns)))
    return float(np.sort(returns)[:worst].mean())


def train_worst_case(
    ranges: CartPolePhysics,
    seed: int,
    *,
    share: float = 0.2,
    mix: float = 0.5,
    history: int = 6,
    every: int = 4,
    progress: bool = True,
) -> TrainedPolicy:
    """Train with `ROBUST_PPO`; a part `mix` of the episodes come from the worst `share` of worlds.

    The others are drawn from `ranges` as usual: with the worst worlds alone, the policy would
    forget the others. The worst are found anew before every `every`-th rollout.
    """

    def next_worlds(policy, seed):
        candidates = ranges.sample(np.random.default_rng(seed), CANDIDATES)
        exam = Drawn(ranges, lambda rng, size: {k: v[:size] for k, v in candidates.items()})
        order = np.argsort(evaluate(policy, exam, CANDIDATES, seed))
        worst = order[: round(share * CANDIDATES)]

        def sample(rng, size):
            drawn = ranges.sample(rng, size)
            hard = rng.random(size) < mix
            picked = rng.choice(worst, hard.sum())
            for name, values in drawn.items():
                values[hard] = candidates[name][picked]
            return drawn

        return sample

    callback = Exams(next_worlds, history, every)
    return train_ppo(
        ranges, seed, history=history, callbacks=[callback], progress=progress, **ROBUST_PPO
    )
