"""The robot tasks of lesson 12, as training in a simulator needs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from course_lib.worlds import arm, puck
from course_lib.worlds.distributions import Choice, Uniform
from course_lib.worlds.physics import Physics


@dataclass(frozen=True)
class Task:
    """A robot task; places are (2,) or (3,) in m, where the puck or the tip of the tool can be."""

    simulator: Physics
    randomized: Physics  # the simulator as skills are trained in: a skill has to survive a gap, too
    target: np.ndarray  # where the task wants it
    draw: Callable[[np.random.Generator, int], np.ndarray]  # (rng, n) -> n places to want
    coordinates: Callable[[np.ndarray], np.ndarray]  # of places: distances in them are what counts
    unit: np.ndarray  # of each coordinate: policies see a wanted place in these units
    stops: int  # places that one exploring episode goes to
    steps: int  # control steps of an episode at most
    gamma: float
    sac: Mapping[str, float]  # settings of SAC other than the usual ones


def _direction_and_distance(places: np.ndarray) -> np.ndarray:
    """From where the hand starts: direction in rad, 0 straight ahead, and log of the distance in m.

    A strike misses by an angle and by a *share* of the distance. In metres a first, wild strike,
    which goes much too far, would be worse than none, and the hand would learn to keep away.
    """
    x, y = (places - puck.HAND_AT).T
    return np.column_stack([np.arctan2(x, y), np.log(np.maximum(np.hypot(x, y), 0.01))])


def _ahead(rng: np.random.Generator, n: int) -> np.ndarray:
    """Places within 0.1 rad of straight ahead, as many from 0.6 to 1.2 m as from 3.6 to 7.2 m.

    What stops a real puck may be several times what the simulator says, so that places several
    times as far away as the target are of use.
    """
    side = rng.uniform(-0.1, 0.1, n)
    far = np.exp(rng.uniform(np.log(0.6), np.log(7.2), n))
    return puck.HAND_AT + far[:, None] * np.column_stack([np.sin(side), np.cos(side)])


def _around_the_ball(rng: np.random.Generator, n: int) -> np.ndarray:
    """Places uniform in a sphere of 0.18 m: as far as an arm may stand from where it is drawn."""
    away = rng.standard_normal((n, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return arm.BALL + 0.18 * away * np.cbrt(rng.random((n, 1)))


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "puck": Task(
            simulator=puck.PuckPhysics(),
            randomized=puck.PuckPhysics(
                hand_gain=Uniform(0.7, 1.0, "a supply that gives less than its 24 V"),
                action_delay=Choice((0, 1), "a bus may pass a command on in its next cycle"),
            ),
            target=puck.GOAL,
            draw=_ahead,
            coordinates=_direction_and_distance,
            unit=np.array([0.1, 1.0]),
            stops=1,
            steps=puck.STEPS,
            gamma=0.99,
            sac=MappingProxyType({"n_steps": 8}),
        ),
        "arm": Task(
            simulator=arm.ArmPhysics(),
            randomized=arm.ArmPhysics(),
            target=arm.BALL,
            draw=_around_the_ball,
            coordinates=lambda places: places,
            unit=np.full(3, 0.3),
            stops=3,
            steps=arm.STEPS,
            gamma=0.95,
            sac=MappingProxyType({"n_steps": 3, "gamma": 0.95}),
        ),
    }
)
