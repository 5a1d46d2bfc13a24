"""Let the real system choose how wide to randomize: a search scored on a few metered episodes.

Bayesian optimisation with Optuna's Gaussian-process sampler. After F. Muratore and others (2021),
"Data-efficient Domain Randomization with Bayesian Optimization", arXiv:2003.02471.
"""

from dataclasses import dataclass

import numpy as np
import optuna

from course_lib.learning import ROBUST_PPO, TrainedPolicy, run_many, train_ppo
from course_lib.transfer.randomization import scaled
from course_lib.worlds import CartPolePhysics, Rig


@dataclass(frozen=True)
class Searched:
    """What a search tried and found."""

    widths: np.ndarray  # (trials,), how wide the ranges were
    scores: np.ndarray  # (trials,), mean return on the rigs
    policy: TrainedPolicy  # of the best trial
    real_steps: int  # charged by the rigs, for all trials together


def search_width(
    ranges: CartPolePhysics,
    seed: int,
    *,
    rigs: tuple[int, ...],
    first: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0),
    more: int = 2,
    episodes: int = 2,
    history: int = 6,
) -> Searched:
    """Find a width for `scaled(ranges, width)` that does well on a few rigs.

    The widths in `first` are tried in any case; then Optuna suggests `more` of them, one after the
    other, between half of the narrowest and one and a half times the widest. Each trial trains a
    policy with `ROBUST_PPO` (or reads it from the store) and runs it for `episodes` on each of the
    rigs with these seeds, whose budgets count all trials.
    """
    machines = [Rig(seed) for seed in rigs]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.GPSampler(seed=seed, n_startup_trials=len(first))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for width in first:
        study.enqueue_trial({"width": width})
    policies = []

    def score(trial):
        width = trial.suggest_float("width", min(first) / 2, 1.5 * max(first))
        config = ROBUST_PPO | {"world": scaled(ranges, width), "history": history}
        policies.extend(run_many(train_ppo, {"": config}, [seed], workers=1, progress=False)[""])
        return float(np.mean([machine.run(policies[-1], episodes) for machine in machines]))

    study.optimize(score, n_trials=len(first) + more)
    return Searched(
        widths=np.array([trial.params["width"] for trial in study.trials]),
        scores=np.array([trial.value for trial in study.trials]),
        policy=policies[study.best_trial.number],
        real_steps=sum(machine.budget - machine.steps_left for machine in machines),
    )
