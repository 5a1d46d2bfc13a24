"""Dynamic programming on a tabular world: what is best, what a policy is worth, where it goes.

A policy is an array: one action for each step and state, (H, S), or chances (H, S, A).
"""

import numpy as np

from course_lib.worlds.lock import Tabular


def optimal_q(model: Tabular) -> np.ndarray:
    """The optimal values (H, S, A) of every action, by backward induction."""
    q, value = np.empty(model.shape), np.zeros(model.shape[1])
    for h in reversed(range(len(q))):
        q[h] = model.rewards[h] + model.transitions[h] @ value
        value = q[h].max(axis=1)
    return q


def greedy(q: np.ndarray) -> np.ndarray:
    """The best action (H, S) under q (H, S, A); the first of several."""
    return q.argmax(axis=2)


def optimum(model: Tabular) -> float:
    """The largest expected return."""
    return float(model.start @ optimal_q(model)[0].max(axis=1))


def chances(policy: np.ndarray, actions: int) -> np.ndarray:
    """A policy (H, S) or (H, S, A) as the chance of each action (..., H, S, A).

    A stack of policies (P, H, S) becomes (P, H, S, A) likewise. Raises ValueError for chances that
    are not those of `actions` actions.
    """
    if np.issubdtype(policy.dtype, np.integer):
        return np.eye(actions)[policy]
    if policy.shape[-1] != actions or not np.allclose(policy.sum(axis=-1), 1):
        raise ValueError(f"a policy's last axis must be the chances of {actions} actions")
    return policy


def occupancies(policy: np.ndarray, model: Tabular) -> np.ndarray:
    """The chance (H, S, A) of being in a state at a step and taking an action there."""
    visits = chances(policy, model.shape[2]).copy()
    here = model.start
    for h in range(len(visits)):
        visits[h] *= here[:, None]
        here = np.einsum("sa,sat->t", visits[h], model.transitions[h])
    return visits


def value_of(policy: np.ndarray, model: Tabular) -> float:
    """The expected return of a policy (H, S) or (H, S, A)."""
    return float((occupancies(policy, model) * model.rewards).sum())
