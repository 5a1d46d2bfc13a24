"""Off-policy fine-tuning on a rig: DQN learns from a replay of every step that was ever logged.

V. Mnih and others (2015), "Human-level control through deep reinforcement learning", with
Stable-Baselines3's DQN. A policy trained by PPO brings no action values. They start from the
policy's own preferences: see `begin_as`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.utils import polyak_update
from torch import nn

from course_lib.learning import SB3Adapter, TrainedPolicy
from course_lib.transfer.real_fine_tuning import Tuned, metered_runs, windows
from course_lib.worlds import CartPolePhysics, Rig
from course_lib.worlds.history import with_history


@dataclass
class Greedy:
    """Act as a policy does, but push at random with the chance `epsilon`."""

    policy: TrainedPolicy
    epsilon: float
    seed: int

    def __post_init__(self):
        self.history, self._rng = self.policy.history, np.random.default_rng(self.seed)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, d)."""
        tossed = self._rng.integers(2, size=len(observations))
        explore = self._rng.random(len(observations)) < self.epsilon
        return np.where(explore, tossed, self.policy(observations))


def replay_on_rig(
    start: TrainedPolicy,
    rig: int,
    seed: int,
    *,
    steps: int = 5_000,
    episodes: int = 5,
    max_steps: int = 200,
    learning_rate: float = 3e-4,
    updates: float = 1.0,
    epsilon: float = 0.1,
    batch_size: int = 128,
) -> Tuned:
    """Train a copy of `start` on the rig with seed `rig`, with `steps` real steps at most.

    After each run DQN makes `updates` updates per real step of that run, from all steps so far.
    """
    torch.set_num_threads(1)
    machine, history = Rig(rig, budget=steps), start.history
    env = SB3Adapter(with_history(CartPolePhysics().make(1), history))
    model = DQN(
        "MlpPolicy",
        env,
        seed=seed,
        device="cpu",
        buffer_size=steps,
        learning_rate=learning_rate,
        gamma=start.model.gamma,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": nn.Tanh},
    )
    model.set_logger(Logger(None, []))
    begin_as(model, start, 0.5 / (1 - start.model.gamma))  # half of what can be earned at all
    policy = TrainedPolicy(model, history)
    exploring, lengths = Greedy(policy, epsilon, seed), []
    for news in metered_runs(machine, exploring, episodes, max_steps):
        lengths.append(np.mean([len(e.actions) for e in news]))
        for episode in news:
            _remember(model, windows(episode, history), episode)
        for _ in range(round(updates * sum(len(e.actions) for e in news))):
            model.train(1, batch_size)
            polyak_update(model.q_net.parameters(), model.q_net_target.parameters(), 0.005)
    model.num_timesteps = start.steps + machine.budget - machine.steps_left
    model.replay_buffer = None
    return Tuned(
        TrainedPolicy(model, history), np.array(lengths), machine.budget - machine.steps_left
    )


def _remember(model: DQN, seen: np.ndarray, episode) -> None:
    for t, action in enumerate(episode.actions):
        last = t == len(episode.actions) - 1
        cut = last and episode.ended != "safety stop"
        model.replay_buffer.add(
            seen[t],
            seen[t + 1],
            action,
            np.ones(1),
            np.array([last]),
            [{"TimeLimit.truncated": cut}],
        )


def begin_as(model: DQN, start: TrainedPolicy, value: float) -> None:
    """Give the network of action values the weights of `start`'s policy: Q(s, a) = value + score.

    The greedy action is then that of `start`, everywhere. A fit of V(s) + log pi(a | s) is no
    substitute: its error is larger than the small difference between the actions.
    """
    policy = start.model.policy
    ours = [layer for layer in model.q_net.q_net if isinstance(layer, nn.Linear)]
    theirs = [layer for layer in policy.mlp_extractor.policy_net if isinstance(layer, nn.Linear)]
    for mine, given in zip(ours, [*theirs, policy.action_net], strict=True):
        mine.load_state_dict(given.state_dict())
    with torch.no_grad():
        ours[-1].bias += value
    model.q_net_target.load_state_dict(model.q_net.state_dict())
