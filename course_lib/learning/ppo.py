"""Train a policy with Stable-Baselines3's PPO, in seconds."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import BasePolicy

from course_lib.learning.evaluate import World
from course_lib.learning.fast_ppo import FastPPO
from course_lib.learning.policy import TrainedPolicy
from course_lib.learning.progress import progress_bar
from course_lib.learning.sb3_adapter import SB3Adapter
from course_lib.worlds.history import with_history

# Many worlds, short rollouts and large minibatches: a small network spends its time in overhead,
# so the same samples in fewer, larger pieces train several times faster. `gamma` is lower than
# usual because 0.98 per 20 ms step already looks a second ahead, enough to balance a pole.
FAST_PPO = {
    "n_steps": 64,
    "batch_size": 512,
    "n_epochs": 5,
    "learning_rate": 5e-3,
    "gamma": 0.98,
    "gae_lambda": 0.95,
}


@dataclass(frozen=True)
class Falling:
    """A learning rate that falls linearly from `start` to a tenth of it: less jitter at the end."""

    start: float

    def __call__(self, remaining: float) -> float:
        """The rate when the share `remaining` of training, from 1 to 0, is still to come."""
        return self.start * (0.1 + 0.9 * remaining)


# For worlds that are noisy, delayed or drawn anew each episode: more worlds at once, larger
# minibatches against the noise, and a falling learning rate.
ROBUST_PPO = FAST_PPO | {
    "steps": 200_000,
    "num_envs": 128,
    "n_steps": 32,
    "batch_size": 1024,
    "learning_rate": Falling(2e-3),
}


def train_ppo(
    world: World,
    seed: int,
    *,
    steps: int = 100_000,
    history: int = 0,
    num_envs: int = 32,
    stop_at: float | None = None,
    progress: bool = True,
    callbacks: Sequence[BaseCallback] = (),
    start: TrainedPolicy | None = None,
    algorithm: type[PPO] = FastPPO,
    policy: str | type[BasePolicy] = "MlpPolicy",
    **settings,
) -> TrainedPolicy:
    """Train PPO in `world` and return the policy.

    Training ends after `steps` environment steps, or earlier, once the last 100 training episodes
    (which explore) average at least `stop_at`. `history` is the number of past steps the policy
    sees, 0 for the newest observation alone. `callbacks` are Stable-Baselines3's, called at every
    step. `settings` replace entries of `FAST_PPO`.

    With `start` a policy that was trained before, by PPO with as much history, is trained further:
    weights and optimiser go on from where they were, in a copy. The steps of the new policy include
    those of the old one. `algorithm` may be a variant of PPO, `policy` a network of another kind.

    One seed gives one result on one machine. PyTorch is set to one thread, for the whole process:
    networks this small are slower on two.
    """
    torch.set_num_threads(1)
    env = SB3Adapter(with_history(world.make(num_envs), history))
    model = algorithm(policy, env, seed=seed, device="cpu", **(FAST_PPO | settings))
    if start is not None:
        model.policy.load_state_dict(start.model.policy.state_dict())
        # A copy: the optimiser would otherwise go on with the old one's own moments.
        optimiser = copy.deepcopy(start.model.policy.optimizer.state_dict())
        model.policy.optimizer.load_state_dict(optimiser)
    began = time.perf_counter()
    model.learn(steps, callback=[_Watch(steps, stop_at, progress), *callbacks])
    model.num_timesteps += start.steps if start is not None else 0
    return TrainedPolicy(model, history, time.perf_counter() - began)


class _Watch(BaseCallback):
    """Draw the progress bar and end training early."""

    def __init__(self, steps: int, stop_at: float | None, progress: bool):
        super().__init__()
        self._bar = progress_bar(steps, "training", shown=progress, unit=" steps")
        self._stop_at = stop_at

    def _on_step(self) -> bool:
        # Looked at once per rollout: the mean changes slowly, and looking costs time.
        if self.n_calls % self.model.n_steps:
            return True
        episodes = self.model.ep_info_buffer
        mean = np.mean([e["r"] for e in episodes]) if episodes else 0.0
        self._bar.set_postfix_str(f"return {mean:.0f}")
        self._bar.update(self.num_timesteps - self._bar.n)
        full = len(episodes) == episodes.maxlen
        return not (self._stop_at is not None and full and mean >= self._stop_at)

    def _on_training_end(self) -> None:
        self._bar.close()
