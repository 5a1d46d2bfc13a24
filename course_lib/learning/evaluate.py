"""Run policies for whole episodes, paired: the same seed gives every policy the same episodes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium.vector import VectorEnv

from course_lib.worlds.history import begin, with_history

Policy = Callable[[np.ndarray], np.ndarray]  # observations (n, d) -> actions (n, ...)


class World(Protocol):
    """What can be trained and evaluated in: a physics, or anything else that builds a batch."""

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build `num_envs` worlds; without autoreset, finished ones go on being stepped."""


class Step(NamedTuple):
    """One step of a batch of episodes; arrays of shape (n, ...)."""

    observations: np.ndarray  # what the policy saw before the step, its history included
    states: np.ndarray | None  # the true state before the step, where the world has one to show
    actions: np.ndarray
    rewards: np.ndarray
    running: np.ndarray  # False where the episode had ended before this step


def episodes_of(policy: Policy, world: World, episodes: int, seed: int) -> Iterator[Step]:
    """Yield the steps of `episodes` simultaneous episodes until the last one has ended."""
    if episodes < 1:
        raise ValueError(f"episodes must be at least 1, not {episodes}")
    yield from steps_of(policy, world.make(episodes, autoreset=False), seed)


def steps_of(
    policy: Policy, batch: VectorEnv, seed: int, options: dict[str, Any] | None = None
) -> Iterator[Step]:
    """Yield the steps of one episode in every world of a batch, which must not restart them.

    `options` are those of the batch's `reset`.
    """
    episodes = batch.num_envs
    env = with_history(batch, getattr(policy, "history", 0))
    begin(policy, episodes)
    seen, _ = env.reset(seed=seed, options=options)
    running = np.ones(episodes, dtype=bool)
    while running.any():
        actions = policy(seen)
        state = getattr(env.unwrapped, "state", None)
        seen_next, rewards, terminated, truncated, _ = env.step(actions)
        yield Step(seen, state, actions, rewards, running)
        running = running & ~(terminated | truncated)
        seen = seen_next


def evaluate(policy: Policy, world: World, episodes: int = 100, seed: int = 0) -> np.ndarray:
    """Return the return of each episode, shape (episodes,).

    Two policies evaluated with one seed meet the same physics, start states and noise (common
    random numbers), so that their difference is a difference of policies. The random numbers of an
    episode do not depend on when other episodes end.
    """
    return returns_of(episodes_of(policy, world, episodes, seed))


def returns_of(steps: Iterable[Step]) -> np.ndarray:
    """The return of each episode, (episodes,), from all of its steps."""
    returns = 0.0
    for step in steps:
        returns = returns + step.rewards * step.running
    return returns


def mean_returns(
    policies: Iterable[Policy], world: World, episodes: int = 100, seed: int = 0
) -> np.ndarray:
    """The mean return of each policy over the same episodes, shape (policies,).

    With one policy per training seed this is what intervals over seeds are made of.
    """
    return np.array([evaluate(policy, world, episodes, seed).mean() for policy in policies])


@dataclass(frozen=True)
class Recording:
    """What happened in a batch of n episodes of at most T steps."""

    observations: np.ndarray  # (T, n, d), as the policy saw them
    states: np.ndarray | None  # (T, n, s), the truth, where the world shows it
    actions: np.ndarray  # (T, n, ...)
    rewards: np.ndarray  # (T, n), zero after an episode's end
    lengths: np.ndarray  # (n,), steps until each episode's end

    @property
    def returns(self) -> np.ndarray:
        """The return of each episode, (n,)."""
        return self.rewards.sum(axis=0)


def record(policy: Policy, world: World, episodes: int = 1, seed: int = 0) -> Recording:
    """Run paired episodes as `evaluate` does, and keep every step."""
    return _kept(episodes_of(policy, world, episodes, seed))


def record_in(batch: VectorEnv, policy: Policy, seed: int) -> Recording:
    """As `record`, one episode in every world of a batch, which must not restart them."""
    return _kept(steps_of(policy, batch, seed))


def _kept(stepped: Iterator[Step]) -> Recording:
    steps = list(stepped)
    running = np.array([step.running for step in steps])
    states = None if steps[0].states is None else np.array([step.states for step in steps])
    return Recording(
        observations=np.array([step.observations for step in steps]),
        states=states,
        actions=np.array([step.actions for step in steps]),
        rewards=np.array([step.rewards for step in steps]) * running,
        lengths=running.sum(axis=0),
    )
