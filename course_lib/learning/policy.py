"""A trained policy: a Stable-Baselines3 model that acts on batches and can be stored."""

import io

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm


class TrainedPolicy:
    """`policy(observations) -> actions`, with the model that learned it.

    `history` is the number of past steps that the policy sees; whoever runs it wraps the world
    accordingly (`with_history`). `steps` counts the environment steps spent on training.
    """

    def __init__(self, model: BaseAlgorithm, history: int = 0):
        self.model = model
        self.history = history
        self.steps = model.num_timesteps

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """The most likely action for each observation: (n, d) -> (n, ...)."""
        actions, _ = self.model.predict(observations, deterministic=True)
        return actions

    def __getstate__(self) -> dict:
        """Pickle the model the way Stable-Baselines3 saves it: without its environment."""
        saved = io.BytesIO()
        self.model.save(saved)
        return {"algorithm": type(self.model), "model": saved.getvalue(), "history": self.history}

    def __setstate__(self, state: dict) -> None:
        """Load the model on the CPU, wherever it was trained."""
        model = state["algorithm"].load(io.BytesIO(state["model"]), device="cpu")
        self.__init__(model, state["history"])

    def __repr__(self) -> str:
        memory = f", history={self.history}" if self.history else ""
        return f"TrainedPolicy({type(self.model).__name__}, {self.steps:,} steps{memory})"
