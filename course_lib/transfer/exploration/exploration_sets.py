"""Sets of policies to explore with, made in a simulator: for each step h a `Mixture` of policies.

All have one interface, `make(simulator, rng) -> [Mixture of step 0, step 1, …]`, and explore alike:
draw a step h, draw a policy from its mixture, follow it up to and with step h, then act at random.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from course_lib.transfer.exploration.coverage import Mixture, cover
from course_lib.transfer.exploration.planning import chances, greedy, occupancies, optimal_q
from course_lib.worlds.lock import Lock, Tabular

MakeSet = Callable[[Lock, np.random.Generator], list[Mixture]]


def covering(simulator: Lock, rng: np.random.Generator) -> list[Mixture]:
    """Policies that cover the pairs of each step, by Frank-Wolfe; see `cover`."""
    return covering_model(simulator.model())


def covering_model(model: Tabular) -> list[Mixture]:
    """As `covering`, for a world that is known as a model only."""
    return [cover(model, h) for h in range(len(model.transitions))]


def at_random(simulator: Lock, rng: np.random.Generator, policies: int = 30) -> list[Mixture]:
    """Deterministic policies, each of whose actions was drawn uniformly."""
    steps, states, actions = simulator.model().shape
    return [
        _alike(rng.integers(actions, size=(policies, steps, states))) for _ in range(steps)
    ]  # fmt: skip


def task_ensemble(simulator: Lock, rng: np.random.Generator, policies: int = 30) -> list[Mixture]:
    """Policies that are best for the task, each with a chance to win drawn from U(0, 1)."""
    best = [
        greedy(optimal_q(replace(simulator, win=win).model())) for win in rng.uniform(size=policies)
    ]
    return [_alike(np.array(best))] * simulator.steps


def skills(
    simulator: Lock, rng: np.random.Generator, policies: int = 30, rounds: int = 20
) -> list[Mixture]:
    """Policies that can be told apart by their states, after DIAYN.

    Eysenbach, Gupta, Ibarz and Levine (2019), "Diversity is All You Need". In a table both halves
    are exact: the posterior q(z | s, h) of the skill z is a ratio of visits, and each skill plans
    with the reward log q(z | s, h).
    """
    model = simulator.model()
    found = rng.integers(model.shape[2], size=(policies, *model.shape[:2]))
    for _ in range(rounds):
        visits = np.array([occupancies(policy, model).sum(axis=2) for policy in found])
        visits += 1e-3 / policies  # a state that no skill visits tells nothing
        rewards = np.log(visits / visits.sum(axis=0))[..., None]  # (policies, H, S, 1)
        rewards = np.broadcast_to(rewards, (policies, *model.shape))
        found = np.array([greedy(optimal_q(replace(model, rewards=reward))) for reward in rewards])
    return [_alike(found)] * simulator.steps


def _alike(policies: np.ndarray) -> Mixture:
    return Mixture(policies, np.full(len(policies), 1 / len(policies)))


def explorers(
    mixtures: Sequence[Mixture], shape: tuple[int, int, int], *, tail: bool = True
) -> Mixture:
    """The whole set as one mixture of policies (P, H, S, A) for a world of this shape.

    A policy from step h's mixture acts at random after step h; with `tail=False` it goes on to the
    end. In steps and states that the simulator does not have every policy acts at random. Raises
    ValueError for a world that has fewer steps or states, or other actions.
    """
    policies, weights = [], []
    for h, mixture in enumerate(mixtures):
        stack = lifted(chances(mixture.policies, shape[2]), shape, fill=1 / shape[2])
        if tail:
            stack[:, h + 1 :] = 1 / shape[2]
        policies.append(stack)
        weights.append(mixture.weights / len(mixtures))
    return Mixture(np.concatenate(policies), np.concatenate(weights))


def lifted(table: np.ndarray, shape: tuple[int, int, int], fill: float) -> np.ndarray:
    """A copy of the table (..., h, s, A) in a larger one (..., H, S, A), `fill` elsewhere.

    Raises ValueError where the table has more steps or states, or another number of actions.
    """
    steps, states, actions = table.shape[-3:]
    if steps > shape[0] or states > shape[1] or actions != shape[2]:
        raise ValueError(f"a table of shape {table.shape[-3:]} does not fit into {shape}")
    larger = np.full((*table.shape[:-3], *shape), float(fill))
    larger[..., :steps, :states, :] = table
    return larger
