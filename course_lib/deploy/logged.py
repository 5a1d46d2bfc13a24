"""What a site has written down, with the chance of every action: the data of off-policy evaluation.

Also the policies whose chances are known: one that explores, one that never does, a mixture of two.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from course_lib.learning.evaluate import Policy, World, record


class Target(Protocol):
    """A policy that says how likely it is to take each action; `TrainedPolicy` is one."""

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The probability of each action: observations (n, d) -> (n, actions)."""


@dataclass(frozen=True)
class Logged:
    """A log of n episodes of at most T decisions, with the chances (propensities) of its actions.

    Raises ValueError where the arrays do not belong together, a chance is not in (0, 1], or rewards
    and chances after an episode's end are not 0 and 1.
    """

    observations: np.ndarray  # (T, n, d), as the logging policy saw them
    actions: np.ndarray  # (T, n), whole numbers
    rewards: np.ndarray  # (T, n), zero after an episode's end
    chances: np.ndarray  # (T, n), of the action that was taken; 1 after an episode's end
    lengths: np.ndarray  # (n,), decisions until each episode's end

    def __post_init__(self):
        shape = self.actions.shape
        if self.actions.ndim != 2 or 0 in shape:
            raise ValueError(f"actions must be (T, n) with at least one decision, not {shape}")
        if not np.issubdtype(self.actions.dtype, np.integer) or self.actions.min() < 0:
            raise ValueError("actions must be whole numbers from 0 on, one per decision")
        if self.observations.ndim != 3 or self.observations.shape[:2] != shape:
            raise ValueError(
                f"observations must be (T, n, d) with (T, n) = {shape}, as the actions; "
                f"got {self.observations.shape}"
            )
        for name in ("rewards", "chances"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must be {shape}, not {getattr(self, name).shape}")
        if self.lengths.shape != shape[1:]:
            raise ValueError(f"lengths must be {shape[1:]}, not {self.lengths.shape}")
        if not ((self.lengths >= 1) & (self.lengths <= shape[0])).all():
            raise ValueError(f"lengths must lie between 1 and T = {shape[0]}")
        if not ((self.chances > 0) & (self.chances <= 1)).all():
            raise ValueError("chances must lie in (0, 1]: an action that was taken had a chance")
        if not np.isfinite(self.rewards).all():
            raise ValueError("rewards must be finite")
        after = ~self.running
        if (self.rewards[after] != 0).any() or (self.chances[after] != 1).any():
            raise ValueError("after an episode's end rewards must be 0 and chances 1")

    @property
    def returns(self) -> np.ndarray:
        """The return of each episode, (n,)."""
        return self.rewards.sum(axis=0)

    @property
    def running(self) -> np.ndarray:
        """Where an episode had not ended yet, (T, n)."""
        return np.arange(len(self.actions))[:, None] < self.lengths

    def take(self, which: np.ndarray | slice) -> "Logged":
        """Some of the episodes, by index."""
        return Logged(
            self.observations[:, which],
            self.actions[:, which],
            self.rewards[:, which],
            self.chances[:, which],
            self.lengths[which],
        )

    def first(self, steps: int) -> "Logged":
        """The first `steps` decisions of each episode; raises ValueError for fewer than one."""
        if steps < 1:
            raise ValueError(f"steps must be at least 1, not {steps}")
        return Logged(
            self.observations[:steps],
            self.actions[:steps],
            self.rewards[:steps],
            self.chances[:steps],
            np.minimum(self.lengths, steps),
        )


def log(policy: Target, world: World, episodes: int, seed: int) -> Logged:
    """Run a policy that has chances, and write down what a site has to write down.

    Actions are drawn from `policy.chances`. World and draws depend on `seed`, the draws also on
    `policy.seed` where there is one: the same call gives the same log, another seed an independent
    one.
    """
    acting = Drawn(policy, (*np.ravel(getattr(policy, "seed", 0)), seed))
    played = record(acting, world, episodes, seed)
    running = np.arange(len(played.actions))[:, None] < played.lengths  # (T, n)
    chances = np.ones(running.shape)
    chances[running] = taken(policy, played.observations[running], played.actions[running])
    return Logged(played.observations, played.actions, played.rewards, chances, played.lengths)


def reseeded(policy: Policy, seed: int) -> Policy:
    """The same policy with other draws; a policy that does not draw is returned as it is."""
    return Drawn(policy, (*np.ravel(policy.seed), seed)) if isinstance(policy, _Draws) else policy


def taken(target: Target, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The chance that `target` gives to each action: observations (m, d), actions (m,) -> (m,).

    Raises ValueError where the target does not give each observation a row of chances.
    """
    chances = np.asarray(target.chances(observations), dtype=float)
    if chances.ndim != 2 or len(chances) != len(actions) or chances.shape[1] <= actions.max():
        raise ValueError(
            f"chances must be (n, actions), here ({len(actions)}, more than {actions.max()}); "
            f"got {chances.shape}"
        )
    return chances[np.arange(len(actions)), actions]


class _Draws:
    """Acts by drawing from its own chances; new episodes start its random numbers again."""

    def begin(self, episodes: int) -> None:
        # The key keeps these numbers apart from those of a world with the same seed, which would
        # else decide about the actions as well.
        self._rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(1,)))

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        if not hasattr(self, "_rng"):
            self.begin(len(observations))
        # One number for each episode, ended or not: no episode changes the luck of another.
        luck = self._rng.random((len(observations), 1))
        below = np.cumsum(self.chances(observations), axis=1, dtype=float)
        return (below > luck * below[:, -1:]).argmax(axis=1)


@dataclass
class Drawn(_Draws):
    """A policy that draws its actions from the chances of another, such as a `TrainedPolicy`."""

    policy: Target
    seed: int | tuple[int, ...] = 0

    @property
    def history(self) -> int:
        """Past steps that the policy sees."""
        return getattr(self.policy, "history", 0)

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The probability of each action: observations (n, d) -> (n, actions)."""
        return self.policy.chances(observations)


@dataclass
class Greedy:
    """`policy`, which never explores, with its chances: 1 for what it does, among `n_actions`.

    Raises ValueError for a policy that keeps a memory or draws: what it does cannot be worked out
    again from an observation.
    """

    policy: Policy
    n_actions: int

    def __post_init__(self):
        if hasattr(self.policy, "begin"):
            raise ValueError(
                "needs a policy whose action follows from the observation alone: this one keeps a "
                "memory or draws at random"
            )

    @property
    def history(self) -> int:
        """Past steps that the policy sees."""
        return getattr(self.policy, "history", 0)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """What the policy does: (n, d) -> (n,)."""
        return self.policy(observations)

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The probability of each action, 0 or 1: observations (n, d) -> (n, n_actions)."""
        # A policy may write its whole numbers as floats.
        return np.eye(self.n_actions)[np.asarray(self.policy(observations)).astype(int)]


@dataclass
class Exploring(_Draws):
    """Do what `policy` does, but with probability `share` one of the first `explored` actions.

    Those are equally likely; actions from `explored` on, such as to hold a job, are left alone.
    Raises ValueError as `Greedy` does, and for a share or a number of actions out of range.
    """

    policy: Policy
    n_actions: int  # of the action space
    explored: int  # the first so many of them are tried
    share: float
    seed: int = 0

    def __post_init__(self):
        _check_share(self.share)
        if not 1 <= self.explored <= self.n_actions:
            raise ValueError(
                f"explored must lie between 1 and n_actions = {self.n_actions}, not {self.explored}"
            )
        self._greedy = Greedy(self.policy, self.n_actions)

    @property
    def history(self) -> int:
        """Past steps that the policy sees."""
        return self._greedy.history

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The probability of each action: observations (n, d) -> (n, n_actions)."""
        anything = (np.arange(self.n_actions) < self.explored) / self.explored
        return self.share * anything + (1 - self.share) * self._greedy.chances(observations)


@dataclass
class Mixed(_Draws):
    """At each decision let `candidate` act with probability `share`, else `incumbent`.

    Raises ValueError for a share out of range and for policies that see different histories.
    """

    share: float
    candidate: Target
    incumbent: Target
    seed: int = 0

    def __post_init__(self):
        _check_share(self.share)
        if getattr(self.candidate, "history", 0) != self.history:
            raise ValueError("candidate and incumbent must see the same number of past steps")

    @property
    def history(self) -> int:
        """Past steps that both policies see."""
        return getattr(self.incumbent, "history", 0)

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The probability of each action: observations (n, d) -> (n, actions)."""
        candidate, incumbent = (p.chances(observations) for p in (self.candidate, self.incumbent))
        return self.share * candidate + (1 - self.share) * incumbent


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"share is a probability such as 0.1, not {share}")
