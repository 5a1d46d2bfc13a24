"""MuJoCo for many episodes at once: what every reality that MuJoCo moves has in common."""

import mujoco
import numpy as np
from mujoco import rollout


class Mechanics:
    """One MuJoCo model, whose state vectors are those of `mjSTATE_FULLPHYSICS`.

    A state is time, positions, velocities and activations, in this order; `n` states are an array
    (n, size). Episodes never influence each other. See "Simulation" and "rollout" in MuJoCo's
    documentation, https://mujoco.readthedocs.io.
    """

    def __init__(self, text: str):
        """Compile a model from its MJCF `text`."""
        self.model = mujoco.MjModel.from_xml_string(text)
        self._data = mujoco.MjData(self.model)
        self._rollout = rollout.Rollout(nthread=0)  # in this thread

    def states(self, count: int) -> np.ndarray:
        """States (count, size) in the model's initial pose, at rest."""
        model = self.model
        states = np.zeros((count, 1 + model.nq + model.nv + model.na))
        states[:, 1 : 1 + model.nq] = model.qpos0
        return states

    def drive(self, states: np.ndarray, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Move `n` episodes by some physics steps, and return what came of each of them.

        Takes states (n, size) and controls (n, steps, actuators); returns the states (n, steps,
        size) and the sensors' readings (n, steps, sensors). MuJoCo's readings belong to the
        beginning of a step.
        """
        return self._rollout.rollout(self.model, self._data, states, controls)
