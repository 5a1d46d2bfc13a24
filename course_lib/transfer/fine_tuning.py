"""Fine-tuning: a trained policy goes on learning in a new world, and should not forget the old one.

The cures for *catastrophic forgetting* (M. McCloskey, N. Cohen, 1989): a small learning rate,
*rehearsal* (A. Robins, 1995), and a penalty for leaving the old policy, measured by the
Kullback-Leibler divergence (S. Schmitt and others, 2018, "Kickstarting Deep Reinforcement
Learning", arXiv:1803.03835).
"""

import copy
from dataclasses import dataclass

import numpy as np
from gymnasium.vector import VectorEnv
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from torch.distributions import kl_divergence

from course_lib.learning import ROBUST_PPO, TrainedPolicy, World, evaluate, train_ppo
from course_lib.learning.fast_ppo import FastPPO
from course_lib.transfer.side_by_side import SideBySide


@dataclass(frozen=True)
class Rehearsal:
    """A share of the worlds of every batch is old, the others are new.

    The share is one of environment steps. At least one world of each kind is built, so a batch
    needs two.
    """

    new: World
    old: World
    share: float

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build the batch, the old worlds first; raises ValueError for fewer than two worlds."""
        if num_envs < 2:
            raise ValueError("old and new worlds side by side need a batch of at least two")
        old = min(max(1, round(self.share * num_envs)), num_envs - 1)
        return SideBySide(
            [
                self.old.make(old, autoreset=autoreset),
                self.new.make(num_envs - old, autoreset=autoreset),
            ]
        )


class AnchoredPPO(PPO):
    """PPO with a penalty for leaving the policy that it starts with.

    Adds `ent_coef` times KL(frozen || new), averaged over the observations of the minibatch, to
    PPO's loss. The loss has a place for such a term: the entropy bonus, which is left out.
    """

    _frozen = None

    def train(self) -> None:
        """Update the policy as PPO does; the first update freezes a copy before it."""
        policy = self.policy
        if self._frozen is None:
            self._frozen = copy.deepcopy(policy).requires_grad_(False)
        plain = policy.evaluate_actions

        def evaluate_actions(observations, actions):
            values, log_prob, _ = plain(observations, actions)
            old = self._frozen.get_distribution(observations).distribution
            new = policy.get_distribution(observations).distribution
            return values, log_prob, -kl_divergence(old, new)  # the "entropy" to be maximised, (n,)

        policy.evaluate_actions = evaluate_actions
        try:
            super().train()
        finally:
            del policy.evaluate_actions

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_frozen"]


class KeepBest(BaseCallback):
    """Examine the policy in another world now and then, and end with the best one seen.

    Stable-Baselines3's `EvalCallback` draws new episodes for each exam. Here all exams share their
    episodes (common random numbers), so that a difference is one of policies. Training stops after
    `patience` exams without a better one.
    """

    def __init__(
        self,
        world: World,
        history: int,
        *,
        every: int = 4,
        episodes: int = 32,
        seed: int = 10_000,
        patience: int | None = None,
    ):
        super().__init__()
        self._world, self._history, self._every = world, history, every
        self._episodes, self._seed, self._patience = episodes, seed, patience
        self._rollouts = 0
        self.returns: list[float] = []  # mean return of each exam
        self.steps: list[int] = []  # of training, at each exam
        self._best = None

    def _on_rollout_start(self) -> None:
        if self._rollouts % self._every == 0:
            self._exam()
        self._rollouts += 1

    def _on_step(self) -> bool:
        since = len(self.returns) - 1 - int(np.argmax(self.returns))
        return self._patience is None or since < self._patience

    def _on_training_end(self) -> None:
        self._exam()
        self.model.policy.load_state_dict(self._best)

    def _exam(self) -> None:
        policy = TrainedPolicy(self.model, self._history)
        earned = float(evaluate(policy, self._world, self._episodes, self._seed).mean())
        if not self.returns or earned > max(self.returns):
            self._best = copy.deepcopy(self.model.policy.state_dict())
        self.returns.append(earned)
        self.steps.append(self.num_timesteps)


def fine_tune(
    start: TrainedPolicy,
    world: World,
    seed: int,
    *,
    steps: int = 50_000,
    learning_rate: float = 1e-3,
    rehearse: World | None = None,
    share: float = 0.5,
    anchor: float = 0.0,
    validate: World | None = None,
    progress: bool = True,
    **settings,
) -> TrainedPolicy:
    """Train `start` further in `world`, for `steps` steps in all, and return the new policy.

    With `rehearse`, a `share` of these steps is made in that other world. `anchor` weighs the
    divergence from `start`. With `validate`, the policy that did best in that world is returned.
    """
    worlds = Rehearsal(world, rehearse, share) if rehearse is not None else world
    given = {"steps": steps, "learning_rate": learning_rate, "ent_coef": anchor}
    return train_ppo(
        worlds,
        seed,
        start=start,
        history=start.history,
        algorithm=AnchoredPPO if anchor else FastPPO,
        callbacks=[KeepBest(validate, start.history)] if validate is not None else [],
        progress=progress,
        **(ROBUST_PPO | given | settings),
    )
