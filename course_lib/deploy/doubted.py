"""A simulator for those who doubt the datasheet and have measured nothing yet."""

from dataclasses import dataclass, replace

from course_lib.worlds.scheduler import Cluster


@dataclass(frozen=True)
class Doubted(Cluster):
    """A cluster whose fast pools may help a class as much as is said, or less, or not at all.

    In every episode, for each class and pool, the true speed is the simulated one to a power that
    is drawn uniformly from [0, 1]: from as fast as the reference to what the datasheet says. What
    the scheduler is told stays the datasheet's, so that a policy has to watch the telemetry.
    """

    def draw(self, rng, count, sample=None):
        """Draw episodes; see `Recipe.draw`."""
        drawn = super().draw(rng, count, sample)
        return replace(drawn, speed=drawn.speed ** rng.random(drawn.speed.shape))
