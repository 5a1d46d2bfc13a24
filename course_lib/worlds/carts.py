"""Carts side by side, each with a physics of its own: one batch tries many explanations at once."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from course_lib.worlds.cartpole import CartPole, CartPolePhysics
from course_lib.worlds.distributions import Choice


def carts_with(
    values: Mapping[str, np.ndarray], physics: CartPolePhysics | None = None
) -> CartPole:
    """Build a batch in which cart i has the quantities `values[name][i]`, and `physics` otherwise.

    `values` are arrays (n,). There is no time limit and no autoreset; every reset gives the carts
    the same values again. Raises ValueError for arrays of different lengths, and for values that
    `CartPolePhysics` does not allow; TypeError for a name that it does not have.
    """
    physics = physics or CartPolePhysics()
    values = {name: np.asarray(column, dtype=float) for name, column in values.items()}
    shapes = {column.shape for column in values.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(f"give each quantity one value per cart, (n,); got shapes {shapes}")
    ((num_envs,),) = shapes
    # Each value once: a choice looks at every value that it is given.
    ranges = replace(physics, **{name: Choice(np.unique(v)) for name, v in values.items()})
    batch = CartPole(num_envs, ranges, max_episode_steps=np.inf, autoreset=False)

    def sample(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        # Drawn ahead for more carts than there are: those that come first are the batch's own.
        return physics.sample(rng, size) | {n: np.resize(v, size) for n, v in values.items()}

    batch.draw_from(sample)
    return batch
