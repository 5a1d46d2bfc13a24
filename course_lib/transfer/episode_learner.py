"""PPO that learns from whole episodes, wherever they were run.

A real system can only be run, and its log can only be read: nobody steps it inside of a training
loop. The policy explores for some episodes, PPO learns from their log, and so on.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger

from course_lib.learning import TrainedPolicy
from course_lib.learning.policy import saved_bytes
from course_lib.transfer.fine_tuning import AnchoredPPO


class Exploring:
    """A policy that tosses for its action as PPO does in training, with a generator of its own."""

    def __init__(self, policy: TrainedPolicy, seed: int):
        self.policy, self.history = policy, policy.history
        self._rng = np.random.default_rng(seed)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, d), each with the probability that the policy gives."""
        upto = self.policy.chances(observations).cumsum(axis=1)
        # The sum of all chances is 1 but for rounding. An action of chance 0 must never be drawn.
        upto /= upto[:, -1:]
        return (self._rng.random(len(upto))[:, None] >= upto[:, :-1]).sum(axis=1)


@dataclass(frozen=True)
class Experience:
    """One episode of T steps, as PPO learns from it."""

    seen: np.ndarray  # (T, d), before each step
    actions: np.ndarray  # (T,)
    rewards: np.ndarray  # (T,)
    log_probs: torch.Tensor  # (T,), of these actions, under the policy that chose them
    end: np.ndarray | None = None  # (d,), seen last, where the episode was cut off and had no end


class EpisodeLearner:
    """A copy of a trained policy that learns from the episodes it is given.

    `anchor` weighs the divergence from the frozen `start`. A learning rate that falls, such as
    `Falling(1e-3)`, falls with the share of the budget that is spent. An update ends early once it
    has moved the policy by 1.5 times `target_kl`.
    """

    def __init__(
        self,
        start: TrainedPolicy,
        seed: int,
        *,
        learning_rate: float | Callable[[float], float] = 1e-3,
        anchor: float = 0.0,
        epochs: int = 10,
        batch_size: int = 128,
        target_kl: float | None = None,
    ):
        torch.set_num_threads(1)
        self.model = AnchoredPPO.load(
            io.BytesIO(saved_bytes(start.model)),
            device="cpu",
            seed=seed,
            learning_rate=learning_rate,
            ent_coef=anchor,
            n_epochs=epochs,
            batch_size=batch_size,
            target_kl=target_kl,
        )
        self.model.set_logger(Logger(None, []))
        self.policy = TrainedPolicy(self.model, start.history)
        self.exploring = Exploring(self.policy, seed)

    def experience(
        self,
        seen: np.ndarray,
        actions: np.ndarray,
        rewards: np.ndarray,
        end: np.ndarray | None = None,
    ) -> Experience:
        """An episode that the policy ran as it is now; see `Experience`."""
        with torch.no_grad():
            distribution = self.model.policy.get_distribution(torch.as_tensor(seen))
            log_probs = distribution.log_prob(torch.tensor(actions))
        return Experience(seen, actions, rewards, log_probs, end)

    def learn(self, episodes: Sequence[Experience], spent: float = 0.0) -> None:
        """Update the policy from these episodes; `spent` is the share of the budget that is."""
        self.model.rollout_buffer = rollouts(self.model, episodes)
        self.model._current_progress_remaining = 1.0 - spent
        self.model.train()


def rollouts(model: AnchoredPPO, episodes: Sequence[Experience]) -> RolloutBuffer:
    """The episodes one after the other in Stable-Baselines3's buffer, with advantages."""
    buffer = RolloutBuffer(
        sum(len(e.actions) for e in episodes),
        model.observation_space,
        model.action_space,
        gamma=model.gamma,
        gae_lambda=model.gae_lambda,
    )
    for e in episodes:
        values = _values(model, e.seen)
        rewards = np.array(e.rewards, dtype=float)
        if e.end is not None:
            # As Stable-Baselines3 does: what was cut off is worth what the critic expects.
            rewards[-1] += model.gamma * float(_values(model, e.end[None])[0])
        for t, action in enumerate(e.actions):
            first = np.array([t == 0])
            buffer.add(e.seen[t], action, rewards[t : t + 1], first, values[t], e.log_probs[t])
    buffer.compute_returns_and_advantage(torch.zeros(1), np.array([True]))
    return buffer


def _values(model: AnchoredPPO, seen: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        return model.policy.predict_values(torch.as_tensor(seen))  # (T, 1)
