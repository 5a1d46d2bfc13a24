"""Exploring on purpose without a simulator: optimism, and posterior sampling.

Both visit what they know little about and what would be good if luck had it, so that they too need
polynomially many episodes. What exploration transfer saves them is finding the way.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.transfer.exploration.collecting import only
from course_lib.transfer.exploration.methods import Anytime
from course_lib.transfer.exploration.planning import chances, greedy

LARGEST = 1.0  # return of an episode at most; both methods are told


@dataclass(frozen=True)
class Optimistic(Anytime):
    """Plan on the counted frequencies plus a bonus of `bonus` / sqrt(visits).

    After UCBVI with Hoeffding bonuses (Azar, Osband and Munos, 2017, "Minimax Regret Bounds for
    Reinforcement Learning"). Their constant, 7 H log(5 S A T / delta), would never stop exploring
    here. The default is about the least with which hardly any lock stays unsolved.
    """

    bonus: float = 0.7

    def behaviour(self, counts, prior, rng):
        """Greedy under the optimistic values."""
        visits = np.maximum(counts.visits, 1)
        rewards = counts.rewards.sum(axis=3) / visits + self.bonus / np.sqrt(visits)
        rewards[counts.visits == 0] = LARGEST
        q = bounded_q(counts.next / visits[..., None], rewards, counts.ends)
        return only(chances(greedy(q), prior.shape[2]))


@dataclass(frozen=True)
class PosteriorSampling(Anytime):
    """Plan on a world drawn from the posterior of all worlds, anew for each few episodes.

    After PSRL (Osband, Russo and Van Roy, 2013, "(More) Efficient Reinforcement Learning via
    Posterior Sampling"), with a Dirichlet prior of 1 / S for each next state. What entering a
    state pays is its mean so far, and the largest return before it was entered.
    """

    def behaviour(self, counts, prior, rng):
        """Greedy in the world that was drawn."""
        weights = rng.standard_gamma(counts.next + 1 / prior.shape[1])
        transitions = weights / weights.sum(axis=3, keepdims=True)
        entered = counts.next.sum(axis=(0, 1, 2))
        paid = counts.rewards.sum(axis=(0, 1, 2)) / np.maximum(entered, 1)
        rewards = transitions @ np.where(entered > 0, paid, LARGEST)
        q = bounded_q(transitions, rewards, counts.ends)
        return only(chances(greedy(q), prior.shape[2]))


def bounded_q(transitions: np.ndarray, rewards: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Optimal values (H, S, A) that never exceed the largest return, and are 0 after an end."""
    q, value = np.empty(rewards.shape), np.zeros(rewards.shape[1])
    for h in reversed(range(len(q))):
        q[h] = np.minimum(rewards[h] + transitions[h] @ value, LARGEST)
        value = q[h].max(axis=1) * ~ends
    return q
