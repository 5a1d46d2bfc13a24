"""One trial: a method, a site and a seed, with every episode's result."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib.gap.schedule_metrics import metrics_of
from course_lib.learning import MinMin, Policy, Random, schedules, slowdowns
from course_lib.transfer.methods.adversarial import AdversarialTraining, WorstOfMany, regret
from course_lib.transfer.methods.disturbed import ActionRobust
from course_lib.transfer.methods.fine_tuned import FineTuning
from course_lib.transfer.methods.identified import IdentifyAndRandomize
from course_lib.transfer.methods.marks import REALITY, Rule, TrainedForTarget
from course_lib.transfer.methods.meta import MetaLearning
from course_lib.transfer.methods.method import STEPS, Method, RealSite, SimulationOnly
from course_lib.transfer.methods.progressive import ProgressiveDeployment
from course_lib.transfer.methods.randomized import WIDE, DomainRandomization
from course_lib.transfer.methods.uncertain import Fallback, UncertaintyAware, choose_threshold
from course_lib.worlds import Cluster, Site

JOBS_PER_NODE = 4
CHECKPOINTS = (0, 10, 20, 40, 70, 100)  # real episodes
EPISODES = 32  # that every policy is judged on
UNSEEN = 48  # worlds drawn from `WIDE`
EXAM = 900_000  # seed of all of these: nobody trains on it


METHODS: Mapping[str, Callable[[int], Method]] = {
    "random": lambda seed: Rule(seed, lambda layout: Random(layout, seed)),
    "min-min": lambda seed: Rule(seed, MinMin),
    "min-min, telemetry": lambda seed: Rule(seed, lambda layout: MinMin(layout, telemetry=True)),
    "trained for the target": TrainedForTarget,
    "simulation only": SimulationOnly,
    "domain randomization": DomainRandomization,
    "adversarial training": AdversarialTraining,
    "progressive deployment": ProgressiveDeployment,
    "fine-tuning": FineTuning,
    "meta-learning": MetaLearning,
    "uncertainty-aware": UncertaintyAware,
    "randomise + fine-tune": lambda seed: FineTuning(seed, before=DomainRandomization),
    "identify + randomise + fine-tune": IdentifyAndRandomize,
    "randomization, twice as long": lambda seed: DomainRandomization(seed, 2 * STEPS),
    "worst of many": WorstOfMany,
    "adversary of regret": lambda seed: AdversarialTraining(seed, harm=regret),
    "disturbed actions": ActionRobust,
    "first-order MAML": lambda seed: MetaLearning(seed, first_order_maml=True),
}


@dataclass(frozen=True)
class Trial:
    """What one method did with one seed at one site. Slowdowns are means over an episode's jobs."""

    simulation: np.ndarray  # (2, EPISODES), slowdown before and after adapting
    real: np.ndarray  # (checkpoints, EPISODES), slowdown
    p95: np.ndarray  # (checkpoints, EPISODES), 95th percentile of slowdowns
    misses: np.ndarray  # (checkpoints, EPISODES), share of jobs that miss their objective
    fallback: np.ndarray  # (checkpoints, EPISODES), slowdown if min-min takes over where unsure
    unseen: np.ndarray  # (UNSEEN,), slowdown, after adapting
    paid: np.ndarray  # (real episodes used,), slowdown while adapting
    trained: float  # s
    adapting: np.ndarray  # (checkpoints,), s so far


def trial(
    method: str,
    site: Site,
    seed: int,
    with_fallback: bool = False,
    checkpoints: Sequence[int] = CHECKPOINTS,
) -> Trial:
    """Train `method` in the site's simulator and adapt it in steps to the real site.

    `checkpoints` are numbers of real episodes, rising from 0, after which it is judged.

    Raises ValueError for a name that is not in `METHODS`.
    """
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; choose one of {', '.join(METHODS)}")
    sim = Cluster(site, jobs_per_node=JOBS_PER_NODE)
    hard = replace(sim, gaps=REALITY)
    judged, began = METHODS[method](seed), time.perf_counter()
    judged.train(sim)
    trained = time.perf_counter() - began
    fallback = _fallback(judged.policy, sim, seed) if with_fallback else None
    real, adapting, columns = RealSite(hard, checkpoints[-1], seed), [0.0], []
    before = slowdowns(judged.policy, sim, EPISODES, EXAM)
    for i, checkpoint in enumerate(checkpoints):
        used, policy = len(real.history), judged.policy
        if checkpoint:
            began = time.perf_counter()
            judged.adapt(real, checkpoint - checkpoints[i - 1])
            adapting.append(adapting[-1] + time.perf_counter() - began)
        if i == 0 or len(real.history) > used or judged.policy is not policy:
            column = _judged(judged.policy, hard, fallback)
        columns.append(column)
    return Trial(
        np.array([before, slowdowns(judged.policy, sim, EPISODES, EXAM)]),
        *(np.array(rows) for rows in zip(*columns, strict=True)),
        slowdowns(judged.policy, replace(sim, gaps=WIDE), UNSEEN, EXAM),
        np.array(real.history),
        trained,
        np.array(adapting),
    )


def _judged(policy: Policy, hard: Cluster, fallback) -> tuple[np.ndarray, ...]:
    """Slowdown, its 95th percentile, misses, and slowdown with a fallback; each (EPISODES,)."""
    found = [metrics_of(log) for log in schedules(policy, hard, EPISODES, EXAM)]
    safe = np.full(EPISODES, np.nan)
    if fallback is not None:
        safe = slowdowns(fallback(policy), hard, EPISODES, EXAM)
    return (
        np.array([m.mean_slowdown for m in found]),
        np.array([m.p95_slowdown for m in found]),
        np.array([m.slo_misses for m in found]),
        safe,
    )


def _fallback(policy: Policy, sim: Cluster, seed: int) -> Callable[[Policy], Policy]:
    """How to put a fallback on top of a policy, with a threshold chosen before reality."""
    rule = MinMin(sim.layout)
    threshold, _ = choose_threshold(policy, rule, replace(sim, gaps=WIDE), 50_000 + seed)
    return lambda later: Fallback(later, rule, threshold)
