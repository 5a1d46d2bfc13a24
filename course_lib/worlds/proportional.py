"""A cart whose motor takes any force between full left and full right, up to a limit."""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from course_lib.worlds.cartpole import CartPole, CartPolePhysics


@dataclass(frozen=True)
class Proportional:
    """A world of carts with a proportional motor.

    A command in [-1, 1] is a share of the physics' `force`. The motor *clips* it at ±`limit`. Each
    step earns 1, less `penalty` times the square of how far the command lies beyond ±`soft_limit`.
    """

    physics: CartPolePhysics = CartPolePhysics()
    limit: float = 1.0
    soft_limit: float = 0.0
    penalty: float = 0.0

    def __post_init__(self):
        if not 0 < self.limit <= 1:
            raise ValueError(f"the motor's limit is a share in (0, 1], not {self.limit}")
        if not 0 <= self.soft_limit <= 1 or self.penalty < 0:
            raise ValueError("soft_limit is a share in [0, 1], and a penalty is not negative")

    def make(self, num_envs: int, *, autoreset: bool = True) -> "ProportionalCartPole":
        """Build a batch of `num_envs` carts."""
        return ProportionalCartPole(num_envs, self, autoreset=autoreset)


class ProportionalCartPole(CartPole):
    """`CartPole` with actions `Box(-1, 1, (1,))`: the wanted share of the full force."""

    def __init__(self, num_envs: int, world: Proportional, *, autoreset: bool = True):
        super().__init__(num_envs, world.physics, autoreset=autoreset)
        self.single_action_space = spaces.Box(-1.0, 1.0, (1,), dtype=np.float32)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._world = world

    def _advance(self, actions):
        wanted, limit = actions[:, 0], self._world.limit
        # `CartPole` pushes with (2 a - 1) times the full force.
        observations, rewards, terminated = super()._advance(
            (np.clip(wanted, -limit, limit) + 1) / 2
        )
        beyond = np.maximum(np.abs(wanted) - self._world.soft_limit, 0.0)
        return observations, rewards - self._world.penalty * beyond**2, terminated
