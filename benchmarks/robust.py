"""Part 3: the time until a policy that has only seen random simulators keeps up the target's pole.

It sees six past steps and trains in `WORKSHOP`; the target is `SIMULATED_TARGET`. After each update
it is examined on a hundred episodes there, with the clock stopped. It *keeps* its return if three
examinations in a row average at least 475; the clock is read at the first of them.
"""

from benchmarks.contest import Contender
from benchmarks.judge import (
    EPISODES,
    GOOD,
    Solved,
    Stopwatch,
    after_updates,
    import_everything,
)

ROUNDS = 5  # training seeds
IN_A_ROW = 3


def ours(seed: int) -> dict:
    """`train_ppo` with the settings for random worlds."""
    from course_lib.learning.fast_ppo import FastPPO

    return timed(seed, FastPPO)


def library(seed: int) -> dict:
    """The same, to the last bit, with Stable-Baselines3's own PPO."""
    from stable_baselines3 import PPO

    return timed(seed, PPO)


def timed(seed: int, algorithm) -> dict:
    """Seconds and steps until the policy keeps its return."""
    from course_lib.learning import ROBUST_PPO, TrainedPolicy, evaluate, train_ppo
    from course_lib.transfer.randomization import WORKSHOP
    from course_lib.worlds import SIMULATED_TARGET

    import_everything()
    watch, passed = Stopwatch(), []

    def examine(model):
        with watch.stopped():
            returns = evaluate(TrainedPolicy(model, history=6), SIMULATED_TARGET, EPISODES, seed)
            if returns.mean() < GOOD:
                passed.clear()
                return
            passed.append({"seconds": watch.seconds, "steps": model.num_timesteps})
            if len(passed) == IN_A_ROW:
                raise Solved

    try:
        train_ppo(WORKSHOP, seed, history=6, algorithm=algorithm, progress=False,
                  callbacks=[after_updates(examine)], **ROBUST_PPO)  # fmt: skip
    except Solved:
        return passed[0]
    raise ValueError(f"seed {seed} did not keep {GOOD:g} within its {ROBUST_PPO['steps']:,} steps")


CONTENDERS = (
    Contender("this course", "ours"),
    Contender("the same with Stable-Baselines3's PPO", "library"),
)
