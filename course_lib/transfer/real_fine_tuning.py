"""Fine-tuning on a rig, which can only be run and whose log can only be read.

The policy explores on the rig for some episodes, PPO learns from the log of them, and so on until
the budget of real steps is spent. On-policy learning uses each real step once. Reuse keeps the logs
of earlier runs: PPO's ratio of probabilities is then one between the new policy and the older one
that acted, as in J. Queeney and others (2021), "Generalized Proximal Policy Optimization with
Sample Reuse", arXiv:2111.00072.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger

from course_lib.learning import Policy, TrainedPolicy
from course_lib.learning.policy import saved_bytes
from course_lib.transfer.fine_tuning import AnchoredPPO
from course_lib.worlds import BudgetSpent, Rig, RigEpisode


class Exploring:
    """A policy that tosses for its action as PPO does in training, with a generator of its own."""

    def __init__(self, policy: TrainedPolicy, seed: int):
        self.policy, self.history = policy, policy.history
        self._rng = np.random.default_rng(seed)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, d), each with the probability that the policy gives."""
        with torch.no_grad():
            seen = torch.as_tensor(observations)
            chances = self.policy.model.policy.get_distribution(seen).distribution.probs.numpy()
        return (self._rng.random(len(chances))[:, None] > chances.cumsum(axis=1)[:, :-1]).sum(
            axis=1
        )


def windows(episode: RigEpisode, history: int) -> np.ndarray:
    """What a policy with `history` saw in an episode of T steps: (T + 1, d), the end included.

    Rebuilds `ObservationActionHistory` from the log.
    """
    seen = episode.observations.astype(np.float32)
    if not history:
        return seen
    steps = np.zeros((len(seen) - 1 + history, seen.shape[1] + 2), dtype=np.float32)
    steps[:history, : seen.shape[1]] = seen[0]
    steps[history:, : seen.shape[1]] = seen[1:]
    steps[history:, seen.shape[1] :] = np.eye(2, dtype=np.float32)[episode.actions]
    return np.array([steps[t : t + history].ravel() for t in range(len(seen))])


@dataclass(frozen=True)
class Tuned:
    """What fine-tuning on a rig gave."""

    policy: TrainedPolicy
    runs: np.ndarray  # (runs,), mean steps that the exploring policy stayed up in each run
    real_steps: int  # charged by the rig


@dataclass(frozen=True)
class Experience:
    """Steps of one episode with the chances that they had when they were made."""

    seen: np.ndarray  # (T + 1, d)
    actions: np.ndarray  # (T,)
    log_probs: torch.Tensor  # (T,)
    fell: bool  # a truncated episode would have gone on, so its end has a value


def fine_tune_on_rig(
    start: TrainedPolicy,
    rig: int,
    seed: int,
    *,
    steps: int = 5_000,
    episodes: int = 5,
    max_steps: int = 200,
    learning_rate: float | Callable[[float], float] = 1e-3,
    anchor: float = 0.0,
    reuse: int = 0,
    epochs: int = 10,
    batch_size: int = 128,
) -> Tuned:
    """Train `start` further on the rig with seed `rig`, with `steps` real steps at most.

    Each run makes `episodes` episodes of at most `max_steps`, then PPO learns from them and from
    the last `reuse` runs before. `anchor` weighs the divergence from the frozen `start`. A learning
    rate that falls, such as `Falling(3e-3)`, falls with the real steps that are left.
    """
    torch.set_num_threads(1)
    machine = Rig(rig, budget=steps)
    model = AnchoredPPO.load(
        io.BytesIO(saved_bytes(start.model)),
        device="cpu",
        seed=seed,
        learning_rate=learning_rate,
        ent_coef=anchor,
        n_epochs=epochs,
        batch_size=batch_size,
    )
    model.set_logger(Logger(None, []))
    policy = TrainedPolicy(model, start.history)
    exploring = Exploring(policy, seed)
    past: list[list[Experience]] = []
    lengths = []
    for logged in metered_runs(machine, exploring, episodes, max_steps):
        news = [experience(model, e, start.history) for e in logged]
        lengths.append(np.mean([len(e.actions) for e in news]))
        past = [*past, news][-(reuse + 1) :]
        model.rollout_buffer = rollouts(model, [e for run in past for e in run])
        model._update_current_progress_remaining(machine.budget - machine.steps_left, steps)
        model.train()
    model.num_timesteps += machine.budget - machine.steps_left
    tuned = TrainedPolicy(model, start.history)
    return Tuned(tuned, np.array(lengths), machine.budget - machine.steps_left)


def metered_runs(
    machine: Rig, policy: Policy, episodes: int, max_steps: int
) -> Iterator[tuple[RigEpisode, ...]]:
    """Run the policy again and again until the budget is spent; yield the log of each run.

    What happens between two runs may change the policy.
    """
    while machine.steps_left >= episodes:
        before = len(machine.log)
        with suppress(BudgetSpent):  # the log keeps what was done
            machine.run(policy, episodes, max_steps=max_steps)
        yield machine.log[before:]


def experience(model: AnchoredPPO, episode: RigEpisode, history: int) -> Experience:
    """An episode as PPO wants it, with the log-probabilities of the policy as it is now."""
    seen = windows(episode, history)
    with torch.no_grad():
        distribution = model.policy.get_distribution(torch.as_tensor(seen[:-1]))
        log_probs = distribution.log_prob(torch.tensor(episode.actions))
    return Experience(seen, episode.actions, log_probs, episode.ended == "safety stop")


def rollouts(model: AnchoredPPO, episodes: list[Experience]) -> RolloutBuffer:
    """The episodes one after the other in Stable-Baselines3's buffer, with advantages."""
    count = sum(len(e.actions) for e in episodes)
    buffer = RolloutBuffer(
        count,
        model.observation_space,
        model.action_space,
        gamma=model.gamma,
        gae_lambda=model.gae_lambda,
    )
    for e in episodes:
        with torch.no_grad():
            values = model.policy.predict_values(torch.as_tensor(e.seen))  # (T + 1, 1)
        for t, action in enumerate(e.actions):
            last = t == len(e.actions) - 1
            # As Stable-Baselines3 does: what was cut off is worth what the critic expects.
            reward = 1.0 + model.gamma * float(values[-1]) * (last and not e.fell)
            buffer.add(
                e.seen[t], action, np.array([reward]), np.array([t == 0]), values[t], e.log_probs[t]
            )
    buffer.compute_returns_and_advantage(torch.zeros(1), np.array([True]))
    return buffer
