"""A rehearsal in simulation: impossible actions and loops are found before anything is deployed."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.deploy.guard import Guard
from course_lib.learning.evaluate import Policy, World
from course_lib.worlds.history import begin

LOOP = 20  # the same action in the same situation so often in one episode is a loop


class Rehearsal(NamedTuple):
    """What went wrong in how many of the rehearsed episodes."""

    faults: list[str]  # one line for each kind, from the first decision where it appeared
    loops: np.ndarray  # (episodes,) bool: the policy went round in circles
    unfinished: np.ndarray  # (episodes,) bool: the time limit ended it


def rehearse(
    policy: Policy,
    incumbent: Policy,
    world: World,
    guard: Guard,
    *,
    clocks: Sequence[int] = (),
    episodes: int = 100,
    seed: int = 0,
) -> Rehearsal:
    """Run whole episodes in a simulator, with the incumbent's action wherever the guard objects.

    `clocks` are the entries of an observation that change by themselves as time passes: they are
    left out when situations are compared. A policy that does the same `LOOP` times where nothing
    else has changed is likely to do so for ever.
    """
    env = world.make(episodes, autoreset=False)
    begin(policy, episodes)
    seen, _ = env.reset(seed=seed)
    running, unfinished = np.ones(episodes, dtype=bool), np.zeros(episodes, dtype=bool)
    met, loops = [Counter() for _ in running], np.zeros(episodes, dtype=bool)
    faults: dict[str, str] = {}
    while running.any():
        actions, found = guard.ask(policy, seen, incumbent(seen))
        for line in found:
            faults.setdefault(line.split(":")[0], line)
        situations = np.column_stack([np.delete(seen, list(clocks), axis=1), actions])
        for i in np.flatnonzero(running):
            met[i][situations[i].tobytes()] += 1
            loops[i] |= met[i][situations[i].tobytes()] >= LOOP
        seen, _, terminated, truncated, _ = env.step(actions)
        unfinished |= running & truncated & ~terminated
        running &= ~(terminated | truncated)
    return Rehearsal(list(faults.values()), loops, unfinished)
