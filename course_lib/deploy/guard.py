"""Nothing but a legal action reaches the system: every proposal is checked before it acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from gymnasium import spaces

from course_lib.learning.evaluate import Policy

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]  # observations, actions -> allowed, (n,)


@dataclass(frozen=True)
class Guard:
    """Checks proposals for `space`, a Discrete or a Box, and for rules of your own.

    `rules` are named: each takes observations (n, d) and actions (n, ...), all of them in the
    space, and returns where they are allowed, (n,) bool.
    """

    space: spaces.Discrete | spaces.Box
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def ask(
        self, policy: Policy, observations: np.ndarray, safe: np.ndarray
    ) -> tuple[np.ndarray, list[str]]:
        """What the policy proposes, with the safe action wherever that must not be done.

        Takes observations (n, d) and safe actions (n, ...). Returns actions like `safe`, and one
        line for each kind of fault, none if all is well. Whatever the policy raises is a fault too,
        and so is an array of another shape; then every action is the safe one.
        """
        try:
            proposed = np.asarray(policy(observations.copy()))
        except Exception as error:
            return safe, [f"the policy raised {type(error).__name__}: {error}"]
        if proposed.shape != safe.shape:
            return safe, [f"actions of shape {proposed.shape} in place of {safe.shape}"]
        if proposed.dtype.kind not in "iuf":
            return safe, [f"actions of type {proposed.dtype}"]
        faults = []
        allowed = np.ones(len(safe), dtype=bool)
        for name, holds in self._within(proposed).items():
            faults += _told(name, allowed & ~holds, proposed)
            allowed &= holds
        actions = np.where(_over(allowed, safe), proposed, safe).astype(safe.dtype)
        for name, rule in self.rules.items():
            holds = np.asarray(rule(observations, actions))
            faults += _told(name, allowed & ~holds, proposed)
            allowed &= holds
        return np.where(_over(allowed, safe), actions, safe), faults

    def _within(self, proposed):
        """Where the proposals lie in the space, by the name of what would be wrong."""
        flat = proposed.reshape(len(proposed), -1)
        finite = np.isfinite(flat).all(axis=1)
        if isinstance(self.space, spaces.Discrete):
            low, high = self.space.start, self.space.start + self.space.n - 1
            whole = np.nan_to_num(flat) == np.floor(np.nan_to_num(flat))
            inside = whole & (flat >= low) & (flat <= high)
        else:
            inside = (flat >= self.space.low.ravel()) & (flat <= self.space.high.ravel())
        return {"not finite": finite, "outside of the action space": inside.all(axis=1)}


def _over(allowed, actions):
    """(n,) as (n, 1, ...), to be combined with actions (n, ...)."""
    return allowed.reshape(-1, *(1,) * (actions.ndim - 1))


def _told(name, wrong, proposed):
    if not wrong.any():
        return []
    return [f"{name}: {np.array2string(proposed[wrong.argmax()])} ({wrong.sum()} of {len(wrong)})"]
