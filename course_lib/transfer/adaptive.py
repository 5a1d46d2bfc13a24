"""Automatic domain randomization: ranges that widen where the policy succeeds.

OpenAI and others (2019), "Solving Rubik's Cube with a Robot Hand", arXiv:1910.07113, section 5:
every end of every range moves by itself, depending on how the policy does with that quantity *at*
that end. Here the policy is examined between rollouts rather than within them.
"""

from dataclasses import dataclass, fields

import numpy as np

from course_lib.learning import ROBUST_PPO, TrainedPolicy, evaluate, train_ppo
from course_lib.transfer.exams import Drawn, Exams
from course_lib.worlds import CartPolePhysics
from course_lib.worlds.distributions import Distribution
from course_lib.worlds.physics import bounds

EPISODES_PER_END = 4
FULL_MARKS = 500  # steps: success is the mean share of them for which the pole stayed up
START = 0.25  # from the nominal physics alone, most of the training would pass before it widens


@dataclass(frozen=True)
class Adapted:
    """What adaptive training gave."""

    policy: TrainedPolicy
    ends: tuple[str, ...]  # the name of every end of a range, such as "cart_mass up"
    widths: np.ndarray  # (exams, ends), in [0, 1]: how far each end had moved at each exam
    exam_steps: int  # simulated steps spent on exams; training has its own


def next_widths(
    widths: np.ndarray,
    success: np.ndarray,
    *,
    step: float = 0.1,
    widen_above: float = 0.8,
    narrow_below: float = 0.4,
    narrowest: float = 0.25,
) -> np.ndarray:
    """Move every end outward by `step` where success is high, and inward where it is low.

    `widths` and `success` have shape (ends,) and values in [0, 1]. Widths stay between `narrowest`
    and 1. Returns a new array.
    """
    moves = step * (success > widen_above) - step * (success < narrow_below)
    return np.clip(widths + moves, narrowest, 1.0)


class MovingEnds:
    """Ranges with ends that move between the nominal value (width 0) and `full`'s (width 1)."""

    def __init__(self, full: CartPolePhysics):
        self.full = full
        self._fixed = {f.name: float(f.default) for f in fields(full)}
        self._counted = [f.name for f in fields(full) if f.metadata["whole"]]
        self._ends = []  # (field, -1 down or +1 up, distance from nominal to full)
        for f in fields(full):
            value = getattr(full, f.name)
            if isinstance(value, Distribution):
                down, up = (end - f.default for end in bounds(value))
                if down > 0 or up < 0:
                    raise ValueError(f"{f.name}: ranges move out from {f.default}; include it")
                self._ends += [(f, side, d) for side, d in ((-1, down), (1, up)) if d]
            else:
                self._fixed[f.name] = float(value)
        self.names = tuple(f"{f.name} {'up' if side > 0 else 'down'}" for f, side, _ in self._ends)

    def sample(self, widths: np.ndarray, rng: np.random.Generator, size: int) -> dict:
        """Draw `size` worlds uniformly from the ranges at `widths` (ends,)."""
        low, high = dict(self._fixed), dict(self._fixed)
        for (f, side, distance), width in zip(self._ends, widths, strict=True):
            (high if side > 0 else low)[f.name] += width * distance
        drawn = {name: rng.uniform(low[name], high[name], size) for name in self._fixed}
        for name in self._counted:
            drawn[name] = rng.integers(round(low[name]), round(high[name]) + 1, size).astype(float)
        return drawn

    def exam(self, widths: np.ndarray, rng: np.random.Generator, size: int) -> dict:
        """Draw as `sample` does; then world i gets the value at end i (modulo the ends)."""
        drawn = self.sample(widths, rng, size)
        turn = np.arange(size) % len(self._ends)
        for i, ((f, _, distance), width) in enumerate(zip(self._ends, widths, strict=True)):
            end = self._fixed[f.name] + width * distance
            drawn[f.name][turn == i] = round(end) if f.name in self._counted else end
        return drawn


def train_adaptive(
    full: CartPolePhysics, seed: int, *, history: int = 6, every: int = 1, progress: bool = True
) -> Adapted:
    """Train with `ROBUST_PPO` on ranges that start at a quarter of `full` and may grow to it.

    The policy is examined before every `every`-th rollout, with each quantity at each of its ends.
    """
    ends = MovingEnds(full)
    widths, past, exam_steps = np.full(len(ends.names), START), [], 0

    def next_worlds(policy, seed):
        nonlocal widths, exam_steps
        exam = Drawn(full, lambda rng, size: ends.exam(widths, rng, size))
        lengths = evaluate(policy, exam, EPISODES_PER_END * len(widths), seed)
        exam_steps += int(lengths.sum())
        success = lengths.reshape(EPISODES_PER_END, len(widths)).mean(axis=0) / FULL_MARKS
        widths = next_widths(widths, success)
        past.append(widths)
        return lambda rng, size, now=widths: ends.sample(now, rng, size)

    callback = Exams(next_worlds, history, every)
    policy = train_ppo(
        full, seed, history=history, callbacks=[callback], progress=progress, **ROBUST_PPO
    )
    return Adapted(policy, ends.names, np.array(past), exam_steps)
