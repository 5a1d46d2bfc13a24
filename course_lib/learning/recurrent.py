"""A policy that keeps its own memory: PPO with an LSTM, from sb3-contrib."""

import io
import time

import numpy as np
import torch
from sb3_contrib import RecurrentPPO

from course_lib.learning.evaluate import World
from course_lib.learning.policy import fingerprint, saved_bytes
from course_lib.learning.ppo import ROBUST_PPO
from course_lib.learning.sb3_adapter import SB3Adapter
from course_lib.worlds.history import with_history

# One LSTM for actor and critic: faster than one for each, and as good here.
RECURRENT_PPO = ROBUST_PPO | {
    "policy_kwargs": {
        "lstm_hidden_size": 64,
        "net_arch": [64],
        "shared_lstm": True,
        "enable_critic_lstm": False,
    }
}


class RecurrentPolicy:
    """`policy(observations) -> actions`, carrying a memory from each call to the next.

    `begin(n)` forgets everything and starts n new episodes; whoever runs the policy calls it.
    """

    history = 1  # the newest observation with the action before it; the LSTM remembers the rest

    def __init__(self, model: RecurrentPPO, seconds: float = float("nan")):
        self.model = model
        self.seconds = seconds
        self.begin(0)

    @property
    def fingerprint(self) -> str:
        """A text that tells this policy from any other."""
        return fingerprint(self.model, self.history)

    def begin(self, episodes: int) -> None:
        """Forget: `episodes` new episodes start with the next call."""
        self._memory = None  # the model starts from an empty one

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """The most likely action for each observation: (n, d) -> (n,)."""
        actions, self._memory = self.model.predict(
            observations, state=self._memory, deterministic=True
        )
        return actions

    def __getstate__(self) -> dict:
        """Pickle the model the way Stable-Baselines3 saves it."""
        return {"model": saved_bytes(self.model), "seconds": self.seconds}

    def __setstate__(self, state: dict) -> None:
        """Load the model on the CPU, wherever it was trained."""
        model = RecurrentPPO.load(io.BytesIO(state["model"]), device="cpu")
        self.__init__(model, state["seconds"])


def train_recurrent_ppo(
    world: World, seed: int, *, steps: int = ROBUST_PPO["steps"]
) -> RecurrentPolicy:
    """Train an LSTM policy in `world` for `steps` environment steps, as many as `ROBUST_PPO`."""
    torch.set_num_threads(1)
    settings = {k: v for k, v in RECURRENT_PPO.items() if k not in ("steps", "num_envs")}
    env = SB3Adapter(with_history(world.make(RECURRENT_PPO["num_envs"]), RecurrentPolicy.history))
    model = RecurrentPPO("MlpLstmPolicy", env, seed=seed, device="cpu", **settings)
    start = time.perf_counter()
    model.learn(steps)
    return RecurrentPolicy(model, time.perf_counter() - start)
