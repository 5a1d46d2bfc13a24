"""Episodes in reality, which can only be run, and in which every episode counts."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.transfer.exploration.coverage import Mixture
from course_lib.worlds.lock import Lock


class Transitions(NamedTuple):
    """n steps of any episodes, one array (n,) for each part."""

    h: np.ndarray
    s: np.ndarray
    a: np.ndarray
    r: np.ndarray
    next_s: np.ndarray
    done: np.ndarray  # bool, whether the episode ended with this step


@dataclass(frozen=True)
class Counts:
    """All that least squares on pairs of state and action needs to know of many transitions."""

    next: np.ndarray  # (H, S, A, S), how often a pair led to a state
    rewards: np.ndarray  # (H, S, A, S), the sum of what was paid then
    ends: np.ndarray  # (S,) bool, in which states an episode was seen to end

    @classmethod
    def of(cls, data: Transitions, shape: tuple[int, int, int]) -> "Counts":
        """Count transitions of a world of this shape (H, S, A)."""
        table = (*shape, shape[1])
        place = np.ravel_multi_index((data.h, data.s, data.a, data.next_s), table)
        size = np.prod(table)
        ends = np.zeros(shape[1], dtype=bool)
        ends[data.next_s[data.done]] = True
        return cls(
            np.bincount(place, minlength=size).reshape(table),
            np.bincount(place, weights=data.r, minlength=size).reshape(table),
            ends,
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.next + other.next, self.rewards + other.rewards, self.ends | other.ends
        )  # fmt: skip

    @property
    def visits(self) -> np.ndarray:
        """How often each pair was seen at each step, (H, S, A)."""
        return self.next.sum(axis=3)


class Reality:
    """A lock that can only be run, for whole episodes, which are counted in `episodes`."""

    def __init__(self, lock: Lock, seed: int):
        self._lock, self._rng = lock, np.random.default_rng(seed)
        self.shape = (lock.steps, len(lock.names), lock.actions)  # (H, S, A)
        self.episodes = 0

    def run(self, mixture: Mixture, episodes: int) -> Transitions:
        """Run episodes at once, each with a policy drawn from a mixture of chances (P, H, S, A).

        Raises ValueError for less than one episode and for policies of another shape.
        """
        if mixture.policies.shape[1:] != self.shape:
            raise ValueError(
                f"policies must have the shape (P, {', '.join(map(str, self.shape))}), "
                f"not {mixture.policies.shape}"
            )
        self.episodes += episodes
        batch = self._lock.make(episodes, autoreset=False)
        seen, _ = batch.reset(seed=int(self._rng.integers(2**31)))
        upto = mixture.policies.cumsum(axis=3)[..., :-1]
        which = self._rng.choice(len(upto), size=episodes, p=mixture.weights)
        running, parts = np.ones(episodes, dtype=bool), []
        while running.any():
            h, s = seen.T
            # After an episode's end the step is the last: its action is not used.
            limits = upto[which, np.minimum(h, self.shape[0] - 1), s]
            actions = (self._rng.random(episodes)[:, None] >= limits).sum(axis=1)
            seen, rewards, ended, _, _ = batch.step(actions)
            step = Transitions(h, s, actions, rewards, seen[:, 1], ended)
            parts.append([part[running] for part in step])
            running &= ~ended
        return Transitions(*map(np.concatenate, zip(*parts, strict=True)))


def only(policy: np.ndarray) -> Mixture:
    """One policy (H, S, A) as a mixture."""
    return Mixture(policy[None], np.ones(1))


def mean_return(data: Transitions, episodes: int) -> float:
    """The mean return of the episodes that the transitions are made of."""
    return float(data.r.sum()) / episodes
