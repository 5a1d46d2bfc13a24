"""One judge for everybody: is CartPole-v1 solved, and how long did it take to get there?"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gymnasium as gym
import numpy as np

EPISODES, LIMIT, GOOD = 100, 500, 475.0


def import_everything() -> None:
    """PyTorch imports a large part of itself when the first optimiser is built: do so now.

    It gets one thread, as it has in the course.
    """
    import torch

    torch.set_num_threads(1)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


class Solved(Exception):
    """Training may stop: the policy is good enough."""


class Stopwatch:
    """`seconds` of work so far; the time inside `with stopped()` does not count."""

    def __init__(self):
        self.seconds, self._since = 0.0, time.perf_counter()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stand still for a while; `seconds` is up to date meanwhile."""
        self.seconds += time.perf_counter() - self._since
        try:
            yield
        finally:
            self._since = time.perf_counter()


def after_updates(examine: Callable):
    """A Stable-Baselines3 callback: `examine(model)` before each rollout but the first."""
    from stable_baselines3.common.callbacks import BaseCallback

    class Examine(BaseCallback):
        def _on_rollout_start(self):
            if self.num_timesteps:
                examine(self.model)

        def _on_step(self):
            return True

    return Examine()


class Judge(Stopwatch):
    """A stopwatch that stands still while the policy is examined.

    Call `examine(act)` after each change of the policy; `act` maps observations (n, 4) to actions
    (n,). All examinations with one seed share their episodes.
    """

    def __init__(self, seed: int):
        self._env = gym.make_vec("CartPole-v1", EPISODES, vectorization_mode="vector_entry_point")
        self._seed = 1_000 + seed
        super().__init__()  # last: the clock starts

    def examine(self, act: Callable[[np.ndarray], np.ndarray]) -> None:
        """Raise Solved if the mean return of 100 episodes is at least 475."""
        with self.stopped():
            if self._passes(act):
                raise Solved

    def _passes(self, act) -> bool:
        """Whether the mean return is good enough; ends as soon as that is out of reach."""
        seen, _ = self._env.reset(seed=self._seed)
        running = np.ones(EPISODES, dtype=bool)
        missed = 0  # steps that episodes ended too early
        for steps in range(1, LIMIT):
            seen, _, terminated, truncated, _ = self._env.step(np.asarray(act(seen)).astype(int))
            ends = running & (terminated | truncated)
            running &= ~ends
            missed += ends.sum() * (LIMIT - steps)
            if missed > (LIMIT - GOOD) * EPISODES:
                return False
        return True
