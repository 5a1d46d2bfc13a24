"""Fine-tuning on a rig, which can only be run and whose log can only be read.

The policy explores on the rig for some episodes, PPO learns from the log of them, and so on until
the budget of real steps is spent. On-policy learning uses each real step once. Reuse keeps the logs
of earlier runs: PPO's ratio of probabilities is then one between the new policy and the older one
that acted, as in J. Queeney and others (2021), "Generalized Proximal Policy Optimization with
Sample Reuse", arXiv:2111.00072.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from course_lib.learning import Policy, TrainedPolicy
from course_lib.transfer.episode_learner import EpisodeLearner, Experience
from course_lib.worlds import BudgetSpent, Rig, RigEpisode


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
    machine = Rig(rig, budget=steps)
    learner = EpisodeLearner(
        start,
        seed,
        learning_rate=learning_rate,
        anchor=anchor,
        epochs=epochs,
        batch_size=batch_size,
    )
    past: list[list[Experience]] = []
    lengths = []
    for logged in metered_runs(machine, learner.exploring, episodes, max_steps):
        news = [experience(learner, e) for e in logged]
        lengths.append(np.mean([len(e.actions) for e in news]))
        past = [*past, news][-(reuse + 1) :]
        learner.learn([e for run in past for e in run], 1 - machine.steps_left / machine.budget)
    spent = machine.budget - machine.steps_left
    learner.model.num_timesteps += spent
    return Tuned(TrainedPolicy(learner.model, start.history), np.array(lengths), spent)


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


def experience(learner: EpisodeLearner, episode: RigEpisode) -> Experience:
    """An episode from the log, as PPO wants it; every step is worth 1."""
    seen = windows(episode, learner.policy.history)
    end = None if episode.ended == "safety stop" else seen[-1]
    return learner.experience(seen[:-1], episode.actions, np.ones(len(episode.actions)), end)
