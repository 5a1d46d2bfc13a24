"""Progressive transfer: training that goes on in stages, from one physics towards another.

Y. Bengio and others (2009), "Curriculum Learning": easy examples first. A. Rusu and others (2017),
"Sim-to-Real Robot Learning from Pixels with Progressive Nets", and S. Narvekar and others (2020),
"Curriculum Learning for Reinforcement Learning Domains", for the same idea with reinforcement
learning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real

from course_lib.learning import ROBUST_PPO, TrainedPolicy, World, train_ppo
from course_lib.worlds.physics import Physics


@dataclass(frozen=True)
class Stage:
    """So many environment steps in one world; the world is a physics or anything that trains."""

    world: World
    steps: int


@dataclass(frozen=True)
class Part:
    """The part of a learning rate's schedule that belongs to one stage of several.

    The stage begins after the share `begin` of all steps and ends after the share `end`.
    """

    schedule: Callable[[float], float]
    begin: float
    end: float

    def __call__(self, remaining: float) -> float:
        """The rate when the share `remaining` of the stage, from 1 to 0, is still to come."""
        return self.schedule(1 - self.end + remaining * (self.end - self.begin))


def toward(target: Physics, share: float, start: Physics | None = None) -> Physics:
    """The physics at `share` of the way from `start` (nominal unless told) to `target`.

    0 gives `start` and 1 gives `target`. What is counted in steps is rounded, halves up. Raises
    TypeError unless both are plain numbers throughout, and ValueError for a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share lies between 0 (the start) and 1 (the target), not {share}")
    start = start if start is not None else type(target)()
    between = {}
    for f in fields(target):
        a, b = getattr(start, f.name), getattr(target, f.name)
        if not (isinstance(a, Real) and isinstance(b, Real)):
            raise TypeError(f"{f.name}: there is no way between {a!r} and {b!r}; give numbers")
        value = (1 - share) * a + share * b  # exact at both ends
        between[f.name] = int(value + 0.5) if f.metadata["whole"] else value
    return replace(target, **between)


def stages_toward(target: Physics, shares: Sequence[float], steps: int) -> tuple[Stage, ...]:
    """One stage at each share of the way to `target`, dividing `steps` equally among them.

    What does not divide goes to the last stage. Raises ValueError without shares, or for fewer
    steps than stages.
    """
    if not 1 <= len(shares) <= steps:
        raise ValueError(f"{steps} steps cannot be divided among {len(shares)} stages")
    each = steps // len(shares)
    counts = [each] * (len(shares) - 1) + [steps - each * (len(shares) - 1)]
    return tuple(Stage(toward(target, s), n) for s, n in zip(shares, counts, strict=True))


def train_in_stages(
    stages: Sequence[Stage],
    seed: int,
    *,
    history: int = 6,
    one_schedule: bool = True,
    start: TrainedPolicy | None = None,
    progress: bool = True,
    **settings,
) -> TrainedPolicy:
    """Train one policy in several worlds, one after the other, and return it.

    Weights and optimiser go on from stage to stage. The learning rate falls once over the whole
    (`one_schedule`), or anew in each stage. `settings` replace entries of `ROBUST_PPO`. PPO
    collects whole rollouts of `num_envs` x `n_steps` steps, so each stage is rounded up to these.

    Raises ValueError without stages.
    """
    if not stages:
        raise ValueError("there is nothing to train in: give at least one stage")
    settings = {k: v for k, v in (ROBUST_PPO | settings).items() if k != "steps"}
    rate, total, done = settings.pop("learning_rate"), sum(s.steps for s in stages), 0
    for number, stage in enumerate(stages):
        falling = one_schedule and callable(rate)
        part = Part(rate, done / total, (done + stage.steps) / total) if falling else rate
        start = train_ppo(
            stage.world,
            # Another seed for each stage: the same one would replay the same random numbers.
            seed + 1_000 * number,
            steps=stage.steps,
            history=history,
            start=start,
            learning_rate=part,
            progress=progress,
            **settings,
        )
        done += stage.steps
    return start
