"""Commands that make a log worth reading: without motion, nothing can be identified."""

import numpy as np

from course_lib.learning import Policy, lqr


class Excited:
    """A controller that is interrupted by random pushes of `hold` steps, `share` of the time.

    The controller keeps the pole up, so that episodes last; the pushes drive the cart through
    motions from which its physics can be read. `share` 0 is the controller alone, 1 is nothing but
    random pushes. Raises ValueError for a share outside [0, 1] and a hold below one step.
    """

    def __init__(
        self, share: float, hold: int = 1, seed: int = 0, controller: Policy | None = None
    ):
        if not 0 <= share <= 1 or hold < 1:
            raise ValueError(f"share must lie in [0, 1], hold be at least 1; got {share}, {hold}")
        self.share, self.hold = share, hold
        self.controller = controller or lqr()
        self._rng = np.random.default_rng(seed)
        self._left = self._push = None  # until episodes begin
        # A push starts with this chance in a free step, so that pushes fill `share` of all steps.
        self._chance = share / (share + hold * (1 - share))

    def begin(self, episodes: int) -> None:
        """Start new episodes without a push under way."""
        self._left = np.zeros(episodes, dtype=int)
        self._push = np.zeros(episodes, dtype=int)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, 4)."""
        n = len(observations)
        if self._left is None or len(self._left) != n:
            self.begin(n)
        starts = (self._left == 0) & (self._rng.random(n) < self._chance)
        pushes = self._rng.integers(2, size=n)
        self._push = np.where(starts, pushes, self._push)
        self._left = np.where(starts, self.hold, self._left)
        actions = np.where(self._left > 0, self._push, self.controller(observations))
        self._left = np.maximum(self._left - 1, 0)
        return actions
