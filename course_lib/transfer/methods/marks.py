"""What methods are measured against: rules that somebody wrote, and a policy that knew reality."""

from collections.abc import Callable
from dataclasses import replace

from course_lib.learning import Policy
from course_lib.transfer.methods.method import Method
from course_lib.transfer.methods.randomized import WIDE
from course_lib.worlds import Cluster, Gaps
from course_lib.worlds.queue_view import Layout

REALITY = Gaps(1, 1, 1, 1, 1)  # everything as it was measured at the sites


class TrainedForTarget(Method):
    """An oracle: trained on drawn clusters and then on the real one, as if it were known.

    Trained on the real cluster alone, policies are worse: hard worlds teach slowly.
    """

    def train(self, sim: Cluster) -> None:
        """Train twice as long as the others, the second time on reality."""
        broad = self._trained(replace(sim, gaps=WIDE))
        self.policy = self._trained(replace(sim, gaps=REALITY), start=broad)


class Rule(Method):
    """No learning at all: a policy that somebody wrote."""

    def __init__(self, seed: int, make: Callable[[Layout], Policy]):
        super().__init__(seed)
        self._make = make

    def train(self, sim: Cluster) -> None:
        """Build the rule for this cluster."""
        self.policy = self._make(sim.layout)
