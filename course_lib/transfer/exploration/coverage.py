"""Policies that cover: at one step, visit every direction of the features about equally often.

What regression can learn at step h is limited by the direction that the data show least, the
smallest eigenvalue of the covariance of the features. Frank and Wolfe's method (1956) maximises
log det(covariance + reg I) instead, which is smooth: the D-optimal design of Kiefer and Wolfowitz
(1960). With one feature per pair of state and action this is the sum of log(chance + reg). Each of
its steps is a planning problem with the gradient as reward; compare Wagenmaker and Jamieson (2022),
"Instance-Dependent Near-Optimal Policy Identification in Linear MDPs via Online Experiment Design".
"""

from dataclasses import dataclass

import numpy as np

from course_lib.transfer.exploration.planning import chances
from course_lib.worlds.lock import Tabular


@dataclass(frozen=True)
class Mixture:
    """P policies, one of which is drawn for a whole episode."""

    policies: np.ndarray  # (P, H, S) actions or (P, H, S, A) chances
    weights: np.ndarray  # (P,), the chance of each


def pairs(model: Tabular, h: int) -> np.ndarray:
    """One feature (S, A, d) for each pair that can be met at step h in a state that goes on."""
    can = model.start > 0
    for step in range(h):
        can = (model.transitions[step][can] > 0).any(axis=(0, 1))
    can = np.repeat(can & ~model.absorbing, model.shape[2])
    return np.eye(can.size)[:, can].reshape(*model.shape[1:], -1)


def cover(
    model: Tabular,
    h: int,
    features: np.ndarray | None = None,
    *,
    iterations: int = 60,
    reg: float = 1e-3,
    tolerance: float = 1e-2,
) -> Mixture:
    """A mixture of at most `iterations` policies whose visits at step h cover the features.

    `features` are (S, A, d), `pairs(model, h)` unless told. Step k of Frank-Wolfe moves by 1 / k,
    which leaves every chosen policy the same weight. It ends early once the log det is within
    `tolerance` * d of the largest: as it is concave, no mixture gains more than its slope toward
    the best next policy. Raises ValueError for a step that the model does not have.
    """
    if not 0 <= h < len(model.transitions):
        raise ValueError(f"h must be a step, 0 … {len(model.transitions) - 1}, not {h}")
    phi = pairs(model, h) if features is None else features
    eye = np.eye(phi.shape[2])
    covariance, chosen = np.zeros_like(eye), []
    for k in range(1, iterations + 1):
        slope = np.linalg.inv(covariance + reg * eye)  # gradient of log det by the covariance
        policy = seek(np.einsum("sai,ij,saj->sa", phi, slope, phi), model, h)
        found = covariance_of(visits_at(policy, model, h), phi)
        if chosen and np.sum(slope * (found - covariance)) <= tolerance * phi.shape[2]:
            break
        chosen.append(policy)
        covariance += (found - covariance) / k
    policies, times = np.unique(chosen, axis=0, return_counts=True)
    return Mixture(policies, times / times.sum())


def seek(reward: np.ndarray, model: Tabular, h: int) -> np.ndarray:
    """The policy (H, S) with the largest expected `reward` (S, A), which is paid at step h only."""
    policy = np.zeros(model.shape[:2], dtype=np.int64)
    q = reward
    for step in range(h, -1, -1):
        if step < h:
            q = model.transitions[step] @ q.max(axis=1)
        policy[step] = q.argmax(axis=1)
    return policy


def visits_at(policy: np.ndarray, model: Tabular, h: int) -> np.ndarray:
    """The chance (S, A) of each pair at step h under one policy (H, S) or (H, S, A)."""
    act, here = chances(policy[: h + 1], model.shape[2]), model.start
    for step in range(h):
        here = (here[:, None] * act[step]).ravel() @ model.transitions[step].reshape(-1, here.size)
    return here[:, None] * act[h]


def covariance_of(visits: np.ndarray, features: np.ndarray) -> np.ndarray:
    """E[phi phi^T], (d, d), for visits (S, A) and features (S, A, d)."""
    return np.einsum("sa,sai,saj->ij", visits, features, features)


def smallest_eigenvalue(
    mixture: Mixture, model: Tabular, h: int, features: np.ndarray | None = None
) -> float:
    """The smallest eigenvalue of the features' covariance at step h: how well it is covered."""
    phi = pairs(model, h) if features is None else features
    visits = sum(
        weight * visits_at(policy, model, h)
        for policy, weight in zip(mixture.policies, mixture.weights, strict=True)
    )
    return float(np.linalg.eigvalsh(covariance_of(visits, phi))[0])
