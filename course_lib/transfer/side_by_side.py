"""Several batches of worlds, stepped as one batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space


class SideBySide(VectorEnv):
    """Batches of different worlds with equal spaces, put next to each other in the given order.

    Each batch gets random numbers of its own. Raises ValueError for no batch at all, for batches
    with different spaces, and for different autoreset modes.
    """

    def __init__(self, batches: Sequence[VectorEnv]):
        kinds = [
            (b.single_observation_space, b.single_action_space, b.metadata.get("autoreset_mode"))
            for b in batches
        ]
        if not kinds or any(kind != kinds[0] for kind in kinds):
            raise ValueError("worlds side by side need equal spaces and equal autoreset modes")
        self.batches = tuple(batches)
        self.num_envs = sum(b.num_envs for b in batches)
        self.single_observation_space, self.single_action_space, mode = kinds[0]
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {**self.metadata, "autoreset_mode": mode}
        self._cuts = np.cumsum([b.num_envs for b in batches])[:-1]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start new episodes everywhere: observations (num_envs, ...) and {}."""
        super().reset(seed=seed)
        count = len(self.batches)
        seeds = [None] * count
        if seed is not None:
            seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(count)]
        seen = [
            b.reset(seed=s, options=options)[0] for b, s in zip(self.batches, seeds, strict=True)
        ]
        return np.concatenate(seen), {}

    def step(self, actions: np.ndarray):
        """Step every world with its action; returns as a single batch does."""
        parts = np.split(np.asarray(actions), self._cuts)
        results = [b.step(a) for b, a in zip(self.batches, parts, strict=True)]
        columns = [np.concatenate(column) for column in list(zip(*results, strict=True))[:4]]
        return *columns, self._joined([infos for *_, infos in results])

    def _joined(self, infos: list[dict[str, Any]]) -> dict[str, Any]:
        if not any("final_obs" in info for info in infos):
            return {}
        final, done = [], []
        for batch, info in zip(self.batches, infos, strict=True):
            nothing = np.full(batch.num_envs, None, dtype=object)
            final.append(info.get("final_obs", nothing))
            done.append(info.get("_final_obs", np.zeros(batch.num_envs, dtype=bool)))
        return {"final_obs": np.concatenate(final), "_final_obs": np.concatenate(done)}

    def close_extras(self, **kwargs):
        """Close every batch."""
        for batch in self.batches:
            batch.close()
