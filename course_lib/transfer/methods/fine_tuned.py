"""Fine-tuning: go on learning from a few real episodes, without leaving the old policy too far.

The anchor is the divergence from a frozen copy (S. Schmitt and others, 2018, "Kickstarting Deep
Reinforcement Learning", arXiv:1803.03835).
"""

from course_lib.learning import TrainedPolicy
from course_lib.learning.evaluate import Recording
from course_lib.learning.train_scheduler import clipped
from course_lib.transfer.episode_learner import EpisodeLearner, Experience
from course_lib.transfer.methods.method import Method, RealSite

# For a few thousand real decisions. Unless it is limited, one update may ruin a policy.
REAL_PPO = {
    "learning_rate": 2e-3,
    "anchor": 0.02,
    "epochs": 10,
    "batch_size": 128,
    "target_kl": 0.06,
}
RUN = 10  # real episodes between two updates


def experiences(learner: EpisodeLearner, recording: Recording) -> list[Experience]:
    """Each recorded episode as PPO wants it, with rewards as in training."""
    return [
        learner.experience(
            recording.observations[:length, i],
            recording.actions[:length, i],
            clipped(recording.rewards[:length, i]),
        )
        for i, length in enumerate(recording.lengths)
    ]


class FineTuning(Method):
    """Train as `before` does, in simulation; then learn from real episodes, ten at a time."""

    def __init__(self, seed: int, *, before: type[Method] = Method, real_ppo: dict | None = None):
        super().__init__(seed)
        self._before = before(seed)
        self._real_ppo = REAL_PPO | (real_ppo or {})
        self._learner: EpisodeLearner | None = None

    def train(self, sim) -> None:
        """Train in simulation by the other method."""
        self._before.train(sim)
        self._start(self._before.policy)

    def _start(self, policy: TrainedPolicy) -> None:
        self._learner = EpisodeLearner(policy, self.seed, **self._real_ppo)
        self.policy = self._learner.policy

    def adapt(self, real: RealSite, budget: int) -> None:
        """Explore for ten episodes, learn from them, and again; what is left over is not run."""
        for _ in range(budget // RUN):
            operation = real.run(self._learner.exploring, RUN)
            self._learner.learn(experiences(self._learner, operation.recording))
