"""SAC that learns from whole episodes of a lab, whoever acted in them.

Haarnoja, Zhou, Abbeel and Levine (2018), "Soft Actor-Critic", as Stable-Baselines3 implements it.
Unlike PPO, SAC is *off-policy*: it can learn from what other policies did.
"""

from collections.abc import Sequence

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.logger import Logger
from stable_baselines3.sac.policies import SACPolicy
from torch import nn

from course_lib.worlds.lab import Attempt

# A reward that comes once, at the end, must get from there to the action that earned it: several
# steps at once (`n_steps`; each task has its own). Little entropy: where rewards are 0 and 1, the
# usual bonus for random actions would be worth more than the task.
SAC_SETTINGS = {
    "learning_rate": 1e-3,
    "batch_size": 256,
    "tau": 0.01,
    "ent_coef": 0.003,
    "policy_kwargs": {"net_arch": [128, 128]},
}


class NormalizedCritics(SACPolicy):
    """SAC's networks, with layer normalisation after each hidden layer of the critics.

    Critics that learn from what others did overestimate actions that nobody tried. Normalised
    layers bound how much, which lets them learn from few episodes. Ball, Smith, Kostrikov and
    Levine (2023), "Efficient Online Reinforcement Learning with Offline Data", arXiv 2302.02948.
    """

    def make_critic(self, features_extractor=None):
        """Stable-Baselines3's critics, normalised."""
        critic = super().make_critic(features_extractor)
        for i, network in enumerate(critic.q_networks):
            *hidden, last = network
            layers = []
            for layer in hidden:
                layers.append(layer)
                if isinstance(layer, nn.Linear):
                    layers.append(nn.LayerNorm(layer.out_features))
            critic.q_networks[i] = nn.Sequential(*layers, last).to(self.device)
            critic.add_module(f"qf{i}", critic.q_networks[i])  # under its name in the original
        return critic


class SacLearner:
    """A SAC agent with its replay buffer, fed with `Attempt`s.

    `updates` is the number of gradient steps for each step of an episode. The learning rate falls
    with the share of the budget that is spent.
    """

    def __init__(self, observations: int, actions: int, seed: int, *, updates: float = 2.0, **sac):
        torch.set_num_threads(1)
        settings = SAC_SETTINGS | sac
        rate = settings.pop("learning_rate")
        self.model = SAC(
            NormalizedCritics,
            _Shape(observations, actions),
            seed=seed,
            device="cpu",
            buffer_size=50_000,
            learning_rate=lambda left: rate * max(left, 0.05),
            **settings,
        )
        self.model.set_logger(Logger(None, []))
        self._updates, self._due = updates, 0.0

    def remember(self, attempts: Sequence[Attempt]) -> None:
        """Put episodes into the replay buffer.

        The time is part of what is seen, so the last step is an end like any other: nothing is to
        be expected after it, and nothing is bootstrapped.
        """
        for attempt in attempts:
            seen, last = attempt.observations, len(attempt.actions) - 1
            for t, action in enumerate(attempt.actions):
                reward, end = attempt.rewards[t], np.array([t == last])
                self.model.replay_buffer.add(seen[t], seen[t + 1], action, reward, end, [{}])
            self._due += self._updates * (last + 1)

    def learn(self, spent: float) -> None:
        """Make the gradient steps that are due; `spent` is how much of the budget is spent."""
        self.model._current_progress_remaining = 1.0 - spent
        steps, self._due = int(self._due), self._due % 1.0
        if steps:
            self.model.train(steps, self.model.batch_size)

    def policy(self, observations: np.ndarray) -> np.ndarray:
        """The most likely actions (n, a) for observations (n, d)."""
        return self._act(observations, deterministic=True)

    def exploring(self, observations: np.ndarray) -> np.ndarray:
        """Drawn actions (n, a), as SAC explores."""
        return self._act(observations, deterministic=False)

    def _act(self, observations: np.ndarray, deterministic: bool) -> np.ndarray:
        with torch.no_grad():
            seen = torch.as_tensor(observations)
            return self.model.policy.actor(seen, deterministic=deterministic).numpy()


class _Shape(gym.Env):
    """Tells SAC the sizes; it is never stepped."""

    def __init__(self, observations: int, actions: int):
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (observations,), np.float32)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (actions,), np.float32)
