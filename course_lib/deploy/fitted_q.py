"""Fitted Q evaluation: learn what actions are worth from a log, then ask what the target earns.

After Le, Voloshin & Yue (2019), "Batch Policy Learning under Constraints" (ICML), with a model for
each step, as episodes end: least squares, from the last step back to the first.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.deploy.logged import Logged, Target
from course_lib.deploy.off_policy import estimator, plain

RIDGE = 1e-6  # per episode: enough for features that are sums of others, too little to be seen


def features(observations: np.ndarray) -> np.ndarray:
    """All products of pairs of (1, observation): (n, d) -> (n, (d + 1) (d + 2) / 2), 1 first."""
    x = np.hstack([np.ones((len(observations), 1)), observations])
    i, j = np.triu_indices(x.shape[1])
    return x[:, i] * x[:, j]


@dataclass(frozen=True)
class FittedQ:
    """What each action is worth if the target decides from then on: a linear model of `features`.

    An action that was never logged at a step has no model there. It is taken to be worth what the
    target's other actions are worth, each as likely as the target makes it (all alike, where the
    target takes none of them). So the value of the target is that of its chances renormalised over
    the actions that have a model. At a step that was never logged everything is worth 0.
    """

    target: Target
    coefficients: np.ndarray  # (T, p, actions), 0 where there is no model
    modelled: np.ndarray  # (T, actions), where there is one

    def values(self, step: int, observations: np.ndarray) -> np.ndarray:
        """The rewards to expect from `step` on: observations (n, d) -> (n, actions).

        Raises ValueError for a step that the log did not have.
        """
        if not 0 <= step < len(self.coefficients):
            raise ValueError(f"fitted to steps 0 to {len(self.coefficients) - 1}, not {step}")
        values = features(observations) @ self.coefficients[step]
        known = self.modelled[step]
        if known.any() and not known.all():
            chances = self.target.chances(observations)[:, known]
            chances = np.where(chances.any(axis=1, keepdims=True), chances, 1.0)
            mean = (chances * values[:, known]).sum(axis=1) / chances.sum(axis=1)
            values[:, ~known] = mean[:, None]
        return values

    def value(self, step: int, observations: np.ndarray) -> np.ndarray:
        """The same for the target's own choice: observations (n, d) -> (n,)."""
        return (self.target.chances(observations) * self.values(step, observations)).sum(axis=1)


def fit_q(logged: Logged, target: Target) -> FittedQ:
    """Fit the worth of each action at each step, from the last step back to the first.

    An action that was logged less than twice per feature at a step, such as where few episodes are
    still running, gets its mean for a model: a fit would follow the luck of single episodes.
    Raises ValueError if the target knows fewer actions than the log.
    """
    running = logged.running  # (T, n)
    n_actions = target.chances(logged.observations[0, :1]).shape[1]
    if logged.actions.max() >= n_actions:
        raise ValueError(f"the log has action {logged.actions.max()}, the target only {n_actions}")
    p = features(logged.observations[0, :1]).shape[1]
    q = FittedQ(
        target,
        np.zeros((len(running), p, n_actions)),
        np.zeros((len(running), n_actions), dtype=bool),
    )
    ahead = np.zeros(running.shape[1])  # what each episode has still to expect after this step
    for t in reversed(range(len(running))):
        on = np.flatnonzero(running[t])
        x, y = features(logged.observations[t, on]), logged.rewards[t, on] + ahead[on]
        for action in np.unique(logged.actions[t, on]):
            own = logged.actions[t, on] == action
            q.coefficients[t, :, action] = _least_squares(x[own], y[own])
            q.modelled[t, action] = True
        ahead[on] = q.value(t, logged.observations[t, on])
    return q


def _least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients (p,) of y (m,) on x (m, p), whose first column is 1."""
    m, p = x.shape
    if m < 2 * p:
        return np.eye(p)[0] * y.mean()
    return np.linalg.solve(x.T @ x + RIDGE * m * np.eye(p), x.T @ y)


@estimator
def direct(logged: Logged, target: Target, q: FittedQ | None = None):
    """The direct method: what fitted Q promises for the first observations of the log.

    Without `q` it is fitted to this log. Its error is that of the model, and no interval shows it.
    Source: Le et al. (2019), FQE.
    """
    q = fit_q(logged, target) if q is None else q
    return plain(q.value(0, logged.observations[0]))
