"""A trained policy: a Stable-Baselines3 model that acts on batches and can be stored."""

import hashlib
import io
from collections.abc import Callable

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import nn


class TrainedPolicy:
    """`policy(observations) -> actions`, with the model that learned it.

    `history` is the number of past steps that the policy sees; whoever runs it wraps the world
    accordingly (`with_history`). `steps` counts the environment steps spent on training, `seconds`
    the time that they took on the machine that trained it, where this is known.
    """

    def __init__(self, model: BaseAlgorithm, history: int = 0, seconds: float = float("nan")):
        self.model = model
        self.history = history
        self.seconds = seconds
        self.steps = model.num_timesteps
        self._act = _numpy_actor(model.policy) or self._predict

    @property
    def fingerprint(self) -> str:
        """A text that tells this policy from any other."""
        return fingerprint(self.model, self.history)

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """The most likely action for each observation: (n, d) -> (n, ...)."""
        return self._act(observations)

    def chances(self, observations: np.ndarray) -> np.ndarray:
        """The probability of each action in training: (n, d) -> (n, actions).

        Only for policies that choose among a number of actions.
        """
        with torch.no_grad():
            seen = torch.as_tensor(observations)
            return self.model.policy.get_distribution(seen).distribution.probs.numpy()

    def _predict(self, observations: np.ndarray) -> np.ndarray:
        return self.model.predict(observations, deterministic=True)[0]

    def __getstate__(self) -> dict:
        """Pickle the model the way Stable-Baselines3 saves it: without its environment."""
        return {
            "algorithm": type(self.model),
            "model": saved_bytes(self.model),
            "history": self.history,
            "seconds": self.seconds,
        }

    def __setstate__(self, state: dict) -> None:
        """Load the model on the CPU, wherever it was trained; PyTorch gets one thread for it."""
        torch.set_num_threads(1)  # as in training: on two, small networks are slower
        model = state["algorithm"].load(io.BytesIO(state["model"]), device="cpu")
        self.__init__(model, state["history"], state["seconds"])

    def __repr__(self) -> str:
        memory = f", history={self.history}" if self.history else ""
        return f"TrainedPolicy({type(self.model).__name__}, {self.steps:,} steps{memory})"


def saved_bytes(model: BaseAlgorithm) -> bytes:
    """The model as Stable-Baselines3 saves it, without its environment."""
    file = io.BytesIO()
    model.save(file)
    return file.getvalue()


def fingerprint(model: BaseAlgorithm, history: int) -> str:
    """A digest of a model's architecture, its weights, and the steps that it sees."""
    digest = hashlib.sha256(f"{type(model).__name__} {history} {model.policy}".encode())
    for name, values in model.policy.state_dict().items():
        digest.update(name.encode() + values.cpu().numpy().tobytes())
    return digest.hexdigest()


def plain_layers(policy: nn.Module) -> list[nn.Module] | None:
    """The layers of an actor on the CPU that is nothing but linear ones and tanh, or None."""
    seen = policy.observation_space
    flat = isinstance(seen, spaces.Box) and len(seen.shape) == 1
    plain = type(policy) is ActorCriticPolicy and not policy.squash_output
    if not (plain and flat and type(policy.features_extractor) is FlattenExtractor):
        return None
    hidden = list(policy.mlp_extractor.policy_net)
    known = all(type(layer) in (nn.Linear, nn.Tanh) for layer in hidden)
    return [*hidden, policy.action_net] if known and policy.device.type == "cpu" else None


def _numpy_actor(policy: nn.Module) -> Callable[[np.ndarray], np.ndarray] | None:
    """The network of a plain actor in NumPy, or None if it is of another kind.

    `model.predict` spends far more time on checks and conversions than on a network this small.
    The weights are views of PyTorch's, so that further training shows here at once.
    """
    plain, space = plain_layers(policy), policy.action_space
    if plain is None or not isinstance(space, spaces.Discrete | spaces.Box):
        return None
    layers = [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in plain
        if isinstance(layer, nn.Linear)
    ]

    def act(observations: np.ndarray) -> np.ndarray:
        x = observations  # (n, d)
        for weight, bias in layers[:-1]:
            x = np.tanh(x @ weight.T + bias)
        weight, bias = layers[-1]
        x = x @ weight.T + bias  # (n, actions): scores, or the mean of a Gaussian
        if isinstance(space, spaces.Discrete):
            return x.argmax(axis=1)
        return np.clip(x, space.low, space.high)

    return act
