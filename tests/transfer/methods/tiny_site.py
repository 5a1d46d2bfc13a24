"""A site so small that whole trainings take a moment, and stand-ins for what is slow."""

from dataclasses import replace

import numpy as np

from course_lib.worlds import Cluster, Gaps, JobClass, Pool, Site

SITE = Site(
    "tiny",
    pools=(Pool("slow", 3, 6, 0.2), Pool("fast", 2, 4, 0.2)),
    classes=(
        JobClass("a", (1, 2), (1, 3), 0.5, 0.3, 2, 1.0, 1.6, (1, 2)),
        JobClass("b", (1, 6), (1, 4), 0.5, 0.7, 6, 1.5, 1.6, bias=2.0),
    ),
    bursts=0.5, noise=0.3, contention=0.5, estimate_noise=0.3, retries=1, gang_growth=2,
)  # fmt: skip
SIM = Cluster(SITE, jobs_per_node=1, visible=4)
HARD = replace(SIM, gaps=Gaps(1, 1, 1, 1, 1))
TINY_PPO = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 1}
ROLLOUT = 8 * 16  # decisions
LOST = 10  # what the reward charges for a job that is lost


class Spy:
    """Notes with what a function is called, and calls it; or answers with the same thing."""

    def __init__(self, function=None, answer=None):
        self.function, self.answer, self.calls = function, answer, []

    def __call__(self, *given, **named):
        self.calls.append((given, named))
        return self.answer if self.function is None else self.function(*given, **named)


class Overheard:
    """A real site that notes which policy ran how many episodes."""

    def __init__(self, site):
        self.site, self.runs = site, []

    def run(self, policy, episodes):
        self.runs.append((policy, episodes))
        return self.site.run(policy, episodes)


def costs(log):
    """The slowdown of each job of a log, lost ones as in the reward."""
    return log.slowdown + LOST * log.lost


def same_weights(one, other, **tolerance):
    """Whether two trained policies have the same weights."""
    pairs = [policy.model.policy.state_dict() for policy in (one, other)]
    assert pairs[0].keys() == pairs[1].keys()
    return all(
        np.allclose(pairs[0][k], pairs[1][k], **({"rtol": 0, "atol": 0} | tolerance))
        for k in pairs[0]
    )
