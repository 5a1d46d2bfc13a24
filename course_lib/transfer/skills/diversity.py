"""Skills that differ because a discriminator must tell them apart, with and without a gate.

Eysenbach, Gupta, Ibarz and Levine (2019), "Diversity is All You Need", arXiv 1802.06070 (DIAYN),
pay a skill for going where one can tell which skill it was. Kumar, Kumar, Levine and Finn (2020),
"One Solution is Not All You Need", arXiv 2010.14484 (SMERL), pay for that only where the task is
done nearly as well as it can be. Their discriminator is a network that looks at every step; ours
looks at where an episode ends, and is a bell curve for each skill.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium.vector import VectorEnv

from course_lib.learning import TrainedPolicy
from course_lib.learning.ppo import Falling
from course_lib.transfer.skills.goals import train_on_task
from course_lib.transfer.skills.tasks import TASKS, Task
from course_lib.transfer.skills.told import Told


class Discriminator:
    """Guesses by which of `n` skills something got where it is, in a task's coordinates.

    q(z|x) is proportional to exp(-|x - c_z|² / 2 spread²), where the centre c_z follows where skill
    z ends. `at` are the first centres, (n, k).
    """

    def __init__(self, at: np.ndarray, spread: float = 0.15, rate: float = 0.2):
        self.centres, self._spread, self._rate = at.copy(), spread, rate

    def log_odds(self, at: np.ndarray, skills: np.ndarray) -> np.ndarray:
        """log q(z|x) - log p(z), (m,), for coordinates (m, k) and skills (m,) drawn uniformly.

        It is 0 for a guess and log n for certainty.
        """
        fit = -((at[:, None] - self.centres) ** 2).sum(axis=2) / (2 * self._spread**2)
        fit -= fit.max(axis=1, keepdims=True)
        own = np.take_along_axis(fit, skills[:, None], axis=1)[:, 0]
        return own - np.log(np.exp(fit).sum(axis=1)) + np.log(len(self.centres))

    def learn(self, at: np.ndarray, skills: np.ndarray) -> None:
        """Move the centre of each skill that ended somewhere toward where it did."""
        for skill in np.unique(skills):
            mean = at[skills == skill].mean(axis=0)
            self.centres[skill] += self._rate * (mean - self.centres[skill])


class Diverse(Told):
    """Pay for ending where the discriminator can tell which of `n` skills it was.

    An episode earns max(0, log q(z|x) - log p(z)) at its end. With a `gate` it earns that only
    within this distance of the target, in the task's coordinates, and is paid for coming closer to
    the target as well. The skill that is to act is shown, see `with_skill`.
    """

    def __init__(self, env: VectorEnv, task: Task, n: int, gate: float | None):
        super().__init__(env, task, n)
        self._n, self._gate = n, gate

    def reset(self, *, seed=None, options=None):
        """Start all episodes, with a discriminator that knows nothing."""
        seen, infos = super().reset(seed=seed, options=options)
        start = self.task.coordinates(self.env.unwrapped.where).mean(axis=0)
        scatter = self.rng.standard_normal((self._n, len(start)))
        self.discriminator = Discriminator(start + 0.3 * scatter)
        return seen, infos

    def draw(self, n):
        """Skills (n,)."""
        return self.rng.integers(self._n, size=n)

    def show(self, observations, told):
        """Observations with the skills."""
        return with_skill(observations, told, self._n)

    def distance(self, places):
        """From the target."""
        target = self.task.coordinates(self.task.target[None])
        return np.linalg.norm(self.task.coordinates(places) - target, axis=1)

    def pay(self, fall, ended):
        """For being told apart at the end, and with a gate for coming closer."""
        rewards = np.zeros_like(fall) if self._gate is None else fall
        places = self.env.unwrapped.arrived
        if self._gate is not None:
            ended = ended[self.distance(places)[ended] < self._gate]
        if ended.size:
            at, skills = self.task.coordinates(places[ended]), self.told[ended]
            rewards[ended] += np.maximum(self.discriminator.log_odds(at, skills), 0.0)
            self.discriminator.learn(at, skills)
        return rewards


def with_skill(observations: np.ndarray, skills: np.ndarray, n: int) -> np.ndarray:
    """Observations (m, d) followed by which of `n` skills is to act, one-hot."""
    return np.hstack([observations, np.eye(n)[skills]]).astype(np.float32)


@dataclass(frozen=True)
class Distinct:
    """The simulator of a task in which skills are paid for being told apart, as `Diverse` says."""

    task: Task
    n: int
    gate: float | None

    def make(self, num_envs: int, *, autoreset: bool = True) -> VectorEnv:
        """Build a batch of `num_envs` worlds."""
        world = self.task.simulator.make(num_envs, autoreset=autoreset)
        return Diverse(world, self.task, self.n, self.gate)


def train_diverse(
    task: str, seed: int, *, n: int = 15, gate: float | None = None, steps: int = 600_000
) -> TrainedPolicy:
    """Train `n` skills at once in the simulator of a task of `TASKS`, with or without a `gate`.

    The policy sees `with_skill`.
    """
    about = TASKS[task]
    return train_on_task(about, Distinct(about, n, gate), seed, steps, Falling(2e-3))


class Skill:
    """One of the `n` skills of a policy from `train_diverse`."""

    def __init__(self, policy: TrainedPolicy, which: int, n: int = 15):
        self._policy, self._which, self._n = policy, which, n

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (m, a) for observations (m, d)."""
        skills = np.full(len(observations), self._which)
        return self._policy(with_skill(observations, skills, self._n))
