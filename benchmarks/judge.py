"""One judge for everybody: is CartPole-v1 solved, and how long did it take to get there?"""

import time
from collections.abc import Callable

import gymnasium as gym
import numpy as np

EPISODES, LIMIT, SOLVED = 100, 500, 475.0


class Solved(Exception):
    """Training may stop: the policy is good enough."""


class Judge:
    """A stopwatch that stands still while the policy is examined.

    Call `examine(act)` whenever the policy has changed; `act` maps observations (n, 4) to actions
    (n,). `seconds` is the time that training took so far.
    """

    def __init__(self, seed: int):
        self._env = gym.make_vec("CartPole-v1", EPISODES, vectorization_mode="vector_entry_point")
        self._seed = 1_000 + seed
        self._spent, self._since = 0.0, time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time since the start, without the examinations."""
        return self._spent + time.perf_counter() - self._since

    def examine(self, act: Callable[[np.ndarray], np.ndarray]) -> None:
        """Raise Solved if the mean return of 100 episodes is at least 475."""
        self._spent = self.seconds
        solved = self._mean_return(act) >= SOLVED
        self._since = time.perf_counter()
        if solved:
            raise Solved

    def _mean_return(self, act) -> float:
        """The mean return, or less than 475 as soon as 475 is out of reach."""
        seen, _ = self._env.reset(seed=self._seed)
        returns = np.zeros(EPISODES)
        running = np.ones(EPISODES, dtype=bool)
        for t in range(1, LIMIT + 1):
            seen, _, terminated, truncated, _ = self._env.step(np.asarray(act(seen)).astype(int))
            returns += running
            running &= ~(terminated | truncated)
            at_most = returns[~running].sum() + running.sum() * LIMIT
            if at_most < SOLVED * EPISODES:
                return 0.0
        return float(returns.mean())
