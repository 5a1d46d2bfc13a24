"""Exploring policies made of others: tours of places, noise, and one that hands over."""

import numpy as np

from course_lib.learning import Policy, TrainedPolicy
from course_lib.transfer.skills.goals import with_goal
from course_lib.transfer.skills.tasks import Task


class Tour:
    """Go to `places` (k, 2 or 3) one after the other, for an equal share of the episode each."""

    def __init__(self, to_goal: TrainedPolicy, task: Task, places: np.ndarray):
        self._to_goal, self._task, self.places = to_goal, task, places

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n, a) for observations (n, d), the last entry of which is the time's share."""
        turn = np.floor(observations[:, -1] * len(self.places) + 1e-6).astype(int)
        wanted = self.places[np.minimum(turn, len(self.places) - 1)]
        return self._to_goal(with_goal(observations, wanted, self._task))


class Noisy:
    """A policy with normal noise of standard deviation `scale` on each action."""

    def __init__(self, policy: Policy, scale: float, rng: np.random.Generator):
        self._policy, self._scale, self._rng = policy, scale, rng

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n, a), cut off at -1 and 1."""
        actions = self._policy(observations)
        return np.clip(actions + self._scale * self._rng.standard_normal(actions.shape), -1, 1)


class HandedOver:
    """One policy until a share `at` of the episode's time is over, and `then` another one."""

    def __init__(self, first: Policy, then: Policy, at: float):
        self._first, self._then, self._at = first, then, at

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n, a) for observations (n, d) of one time, which is their last entry."""
        acting = self._first if observations[0, -1] < self._at else self._then
        return acting(observations)


def tours(to_goal: TrainedPolicy, task: Task, rng: np.random.Generator, n: int = 15) -> list[Tour]:
    """`n` tours of `task.stops` places each, far from one another.

    Of 100 times as many places as are needed, each next one is the farthest from all that were
    chosen: the set has no two policies that do the same, and leaves no large hole.
    """
    candidates = task.draw(rng, 100 * n * task.stops)
    at = task.coordinates(candidates)
    chosen, nearest = [0], np.full(len(at), np.inf)
    while len(chosen) < n * task.stops:
        nearest = np.minimum(nearest, np.linalg.norm(at - at[chosen[-1]], axis=1))
        chosen.append(nearest.argmax())
    places = rng.permutation(candidates[chosen])
    return [Tour(to_goal, task, stops) for stops in places.reshape(n, task.stops, -1)]
