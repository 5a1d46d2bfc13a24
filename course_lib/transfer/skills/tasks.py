"""The robot tasks of lesson 12, as training in a simulator needs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from course_lib.worlds import arm, puck
from course_lib.worlds.physics import Physics


@dataclass(frozen=True)
class Task:
    """A robot task; places are (2,) or (3,) in m, where the puck or the tip of the tool can be."""

    simulator: Physics
    target: np.ndarray  # where the task wants it
    draw: Callable[[np.random.Generator, int], np.ndarray]  # (rng, n) -> n other places to want
    unit: np.ndarray  # m, for each axis: policies see a wanted place in these units
    stops: int  # places that one exploring episode goes to
    steps: int  # control steps of an episode at most
    gamma: float
    sac: Mapping[str, float]  # settings of SAC other than the usual ones


def _on_the_table(rng: np.random.Generator, n: int) -> np.ndarray:
    """Places on a long table, as many between 0.3 and 0.6 m as between 2.5 and 5 m.

    What stops a puck may be several times what the simulator says, so that places several times as
    far away as the target are of use, and their logarithm is what counts.
    """
    far = np.exp(rng.uniform(np.log(0.3), np.log(5.0), n))
    return np.column_stack([rng.uniform(-0.3, 0.3, n), far])


def _around_the_ball(rng: np.random.Generator, n: int) -> np.ndarray:
    """Places uniform in a sphere of 0.18 m: as far as an arm may stand from where it is drawn."""
    away = rng.standard_normal((n, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return arm.BALL + 0.18 * away * np.cbrt(rng.random((n, 1)))


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "puck": Task(
            simulator=puck.PuckPhysics(),
            target=puck.GOAL,
            draw=_on_the_table,
            unit=np.array([0.5, 1.0]),
            stops=1,
            steps=puck.STEPS,
            gamma=0.99,
            sac=MappingProxyType({"n_steps": 8}),
        ),
        "arm": Task(
            simulator=arm.ArmPhysics(),
            target=arm.BALL,
            draw=_around_the_ball,
            unit=np.full(3, 0.3),
            stops=3,
            steps=arm.STEPS,
            gamma=0.95,
            sac=MappingProxyType({"n_steps": 3, "gamma": 0.95}),
        ),
    }
)
