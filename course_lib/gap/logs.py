"""What the log of a real system tells about the gap, without a look inside.

The functions take episodes that have `observations` (T + 1, 4) and `actions` (T,), such as those of
`Rig.log`: cart position, cart velocity, pole angle, pole rate, and commands 0 and 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from course_lib.learning import Policy, World, record
from course_lib.worlds import CartPolePhysics

VELOCITY = 1  # column of the cart's velocity


class Logged(Protocol):
    """One recorded episode."""

    observations: np.ndarray
    actions: np.ndarray


@dataclass(frozen=True)
class SimulatedEpisode:
    """What a rig's log would hold of an episode of T steps, from a simulator or cut shorter."""

    observations: np.ndarray  # (T + 1, d)
    actions: np.ndarray  # (T,)


def simulate_log(
    policy: Policy, world: World, episodes: int, seed: int = 0
) -> list[SimulatedEpisode]:
    """Run a policy in a simulator and return its log, to be held against that of a rig.

    The step that ends an episode is left out, as its observation is not recorded.
    """
    run = record(policy, world, episodes, seed)
    return [
        SimulatedEpisode(run.observations[:length, i], run.actions[: length - 1, i])
        for i, length in enumerate(run.lengths)
    ]


def first_steps(log: Sequence[Logged], steps: int) -> list[SimulatedEpisode]:
    """The first `steps` steps of a log, the last episode cut where they end.

    Raises ValueError when the log is shorter, and for a negative number of steps.
    """
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, not {steps}")
    cut, left = [], steps
    for episode in log:
        length = min(left, len(episode.actions))
        if length:
            cut.append(
                SimulatedEpisode(episode.observations[: length + 1], episode.actions[:length])
            )
        left -= length
    if left:
        raise ValueError(f"the log holds {steps - left:,} steps, not {steps:,}; log more episodes")
    return cut


def prediction_errors(log: Sequence[Logged], physics: CartPolePhysics) -> np.ndarray:
    """What the real system did less what a simulator predicts, step by step: (steps, 4).

    The simulator starts each step from the real observation, takes it for the true state, applies
    the real command, and is compared with the next real observation.
    """
    before = np.concatenate([episode.observations[:-1] for episode in log])
    after = np.concatenate([episode.observations[1:] for episode in log])
    actions = np.concatenate([episode.actions for episode in log])
    simulator = physics.make(len(actions), autoreset=False)
    simulator.reset(seed=0, options={"state": before})
    predicted, *_ = simulator.step(actions)
    return after - predicted


def command_response(log: Sequence[Logged], lags: int = 10) -> np.ndarray:
    """How the cart's speed changes after a push to the right, 0 to `lags` - 1 steps later, (lags,).

    The cross-correlation of command (±1) and change of velocity, in m/s. It shows cause and effect
    only if the commands do not depend on the observations: log random pushes.
    """
    sums, counts = np.zeros(lags), np.zeros(lags)
    for episode in log:
        push = 2.0 * episode.actions - 1.0
        change = np.diff(episode.observations[:, VELOCITY])
        for lag in range(min(lags, len(push))):
            sums[lag] += push[: len(push) - lag] @ change[lag:]
            counts[lag] += len(push) - lag
    return sums / np.maximum(counts, 1)


def latency_steps(log: Sequence[Logged]) -> int:
    """The latency in control steps: when the response first reaches half of its height.

    The height is the mean of the three largest values: a single one may be a stroke of noise. One
    step is taken off, because a velocity that is a finite difference is a step behind.
    """
    response = command_response(log)
    height = np.sort(response)[-3:].mean()
    return max(0, int(np.argmax(response >= height / 2)) - 1)
