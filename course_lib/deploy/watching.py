"""What monitoring writes down of systems in service: streams of a number per shift or session."""

import numpy as np

from course_lib.learning.evaluate import Policy, record_in
from course_lib.worlds import DispatchPhysics, Rig, RigEpisode
from course_lib.worlds.dispatch import CLASSES, SERVERS

LAGS = 8  # commands that the model of a rig looks back on: what latency and motor can hide


def shifts(
    policy: Policy, physics: DispatchPhysics, count: int, seed: int
) -> dict[str, np.ndarray]:
    """Streams of `count` shifts at a dispatcher's site, each (count,).

    `return` is that of the shift. `time between jobs`, in s, and `jobs in the queues` are means
    over its decisions: inputs, for which nobody waits for an outcome. `to the accelerator` is the
    share of jobs that the policy sends there.
    """
    batch = physics.make(count, autoreset=False)
    kept = record_in(batch, policy, seed)
    on = np.arange(len(kept.actions))[:, None] < kept.lengths  # (T, count)
    queues = 5 * kept.observations[:, :, 2:8].reshape(*on.shape, len(SERVERS), len(CLASSES)).sum(3)

    def mean(values):
        return (values * on).sum(axis=0) / kept.lengths

    return {
        "return": kept.returns,
        "time between jobs": np.diff(batch.arrived, axis=1).mean(axis=1),
        "jobs in the queues": mean(queues.sum(axis=2)),
        "to the accelerator": mean(kept.actions == 0),
    }


def wear_out(
    policy: Policy, *, seed: int, sessions: int = 60, learned_on: int = 10
) -> dict[str, np.ndarray]:
    """Streams of a rig that wears and is never maintained, each (sessions,).

    A session is two episodes. `return` is their mean; `lean` the mean of the measured angle's size,
    in rad; `surprise` the size of what a model of this rig did not expect, rad/s. The model is a
    least-squares fit to the first `learned_on` sessions: it foretells the pole's next rate from two
    observations and the last commands.
    """
    rig = Rig(seed, budget=1_000 * sessions, wears=True)
    returns = [rig.run(policy, 2).mean() for _ in range(sessions)]
    episodes = rig.log
    parts = [_foretold(episode) for episode in episodes]
    x, y = (np.concatenate([part[i] for part in parts[: 2 * learned_on]]) for i in (0, 1))
    model = np.linalg.lstsq(x, y, rcond=None)[0]
    surprise = [np.sqrt(np.mean((y - x @ model) ** 2)) if len(y) else np.nan for x, y in parts]
    lean = [np.abs(episode.observations[:, 2]).mean() for episode in episodes]
    return {
        "return": np.array(returns),
        "lean": np.array(lean).reshape(sessions, 2).mean(axis=1),
        "surprise": np.nanmean(np.array(surprise).reshape(sessions, 2), axis=1),
    }


def _foretold(episode: RigEpisode) -> tuple[np.ndarray, np.ndarray]:
    """What the model sees (T, features) and what it has to foretell (T,), for one episode."""
    seen, pushed = episode.observations, 2.0 * episode.actions - 1
    now = np.arange(LAGS, len(pushed))
    past = [pushed[now - lag] for lag in range(LAGS)]
    return np.column_stack([np.ones(len(now)), seen[now], seen[now - 1], *past]), seen[now + 1, 3]
