"""What all transfer methods have in common, and the real site that they meet."""

from typing import NamedTuple

import numpy as np

from course_lib.learning import Policy, TrainedPolicy, train_scheduler
from course_lib.learning.evaluate import Recording, record_in
from course_lib.learning.schedules import slowdowns_in
from course_lib.worlds import BudgetSpent, Cluster, ScheduleLog

STEPS = 100_000  # decisions in simulation that every method may spend on its policy


class Operation(NamedTuple):
    """Some real episodes: what PPO can learn from them, and what the site's own log says."""

    recording: Recording
    logs: list[ScheduleLog]
    slowdowns: np.ndarray  # (episodes,), mean bounded slowdown of each


class RealSite:
    """A site that runs policies, whole episodes at a time, until its budget of episodes is spent.

    What it is like stays hidden: there are only the logs. `seed` fixes its luck. `history` keeps
    the mean slowdown of each episode that was run: somebody waited for those jobs.
    """

    def __init__(self, cluster: Cluster, budget: int, seed: int = 0):
        self._cluster, self._seed = cluster, seed
        self.episodes_left = budget
        self.history: list[float] = []

    def run(self, policy: Policy, episodes: int) -> Operation:
        """Run `episodes` new episodes; raises BudgetSpent, and runs none, if fewer are left."""
        if not 1 <= episodes <= self.episodes_left:
            raise BudgetSpent(
                f"{episodes} real episodes were asked for and {self.episodes_left} are left"
            )
        self.episodes_left -= episodes
        batch = self._cluster.make(episodes, autoreset=False)
        luck = np.random.SeedSequence((self._seed, len(self.history))).generate_state(1)
        recording = record_in(batch, policy, int(luck[0]))
        slowdowns = slowdowns_in(batch, recording.returns)
        self.history += slowdowns.tolist()
        return Operation(recording, batch.logs(), slowdowns)


class Method:
    """A way from a simulator to a policy for a real site; by itself it does nothing in between.

    `train(sim)` learns in simulation. `adapt(real, budget)` uses `budget` real episodes; it may be
    called again with more. `policy` is what the method would have the site run now.
    """

    def __init__(self, seed: int, steps: int = STEPS):
        self.seed, self.steps = seed, steps
        self.policy: Policy | None = None

    def train(self, sim: Cluster) -> None:
        """Learn in simulation; sets `policy`."""
        self.policy = self._trained(sim)

    def adapt(self, real: RealSite, budget: int) -> None:
        """Use `budget` real episodes; by default none is touched."""

    def _trained(self, cluster: Cluster, **settings) -> TrainedPolicy:
        """A scheduler trained with this method's seed and steps, without a progress bar."""
        settings = {"steps": self.steps, "progress": False} | settings
        return train_scheduler(cluster, self.seed, **settings)


class SimulationOnly(Method):
    """Train in the simulator and hope: what every other method is measured against."""
