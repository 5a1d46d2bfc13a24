"""Part 3: the time until a policy that has only seen random simulators keeps up the target's pole.

It sees six past steps and trains in `WORKSHOP`; the target is `SIMULATED_TARGET`. After each update
it is examined on a hundred episodes there, with the clock stopped. It *keeps* its return if three
examinations in a row average at least 475; the clock is read at the first of them.
"""

import time

from benchmarks.contest import Contender
from benchmarks.judge import EPISODES, GOOD, import_everything

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
    from stable_baselines3.common.callbacks import BaseCallback

    from course_lib.learning import ROBUST_PPO, TrainedPolicy, evaluate, train_ppo
    from course_lib.transfer.randomization import WORKSHOP
    from course_lib.worlds import SIMULATED_TARGET

    import_everything()

    class Examine(BaseCallback):
        passed: list[dict] = []
        spent = 0.0
        since = time.perf_counter()

        def _on_rollout_start(self):
            self.spent += time.perf_counter() - self.since
            policy = TrainedPolicy(self.model, history=6)
            good = evaluate(policy, SIMULATED_TARGET, EPISODES, seed).mean() >= GOOD
            mark = {"seconds": self.spent, "steps": self.num_timesteps}
            self.passed = [*self.passed, mark] if good else []
            self.since = time.perf_counter()

        def _on_step(self):
            return len(self.passed) < IN_A_ROW

    examined = Examine()
    train_ppo(WORKSHOP, seed, history=6, algorithm=algorithm, progress=False,
              callbacks=[examined], **ROBUST_PPO)  # fmt: skip
    if len(examined.passed) < IN_A_ROW:
        raise ValueError(
            f"seed {seed} did not keep {GOOD:g} within its {ROBUST_PPO['steps']:,} steps"
        )
    return examined.passed[0]


CONTENDERS = (
    Contender("this course", "ours"),
    Contender("the same with Stable-Baselines3's PPO", "library"),
)
