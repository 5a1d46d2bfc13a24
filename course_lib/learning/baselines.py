"""Controllers for CartPole that do not learn: the scale on which a learned policy is read."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy.linalg import solve_continuous_are

from course_lib.worlds import CartPolePhysics


@dataclass(frozen=True)
class RandomPolicy:
    """Push left or right by the toss of a coin; every call tosses anew from `seed`'s generator."""

    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "_rng", np.random.default_rng(self.seed))

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, 4)."""
        return self._rng.integers(2, size=len(observations))


@dataclass(frozen=True)
class LinearPolicy:
    """Push right where `gains @ observation` > 0, else left.

    `gains` are in newtons per unit of (x, x_dot, theta, theta_dot). The motor knows only full left
    and full right, so only the sign of the wanted force is used: the hyperplane where it changes is
    the *switching surface*.
    """

    gains: tuple[float, float, float, float]

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions (n,) for observations (n, 4)."""
        return (observations @ np.asarray(self.gains) > 0).astype(int)


# Written by hand: push towards the side to which the pole leans (proportional) and falls
# (derivative). It does not care where the cart is.
PD = LinearPolicy((0.0, 0.0, 10.0, 2.0))


def lqr(physics: CartPolePhysics | None = None) -> LinearPolicy:
    """The linear-quadratic regulator of the cart and pole linearised about upright.

    Solves the continuous-time Riccati equation (SciPy) for the cost x² + x_dot²/10 + 10 theta² +
    theta_dot²/10 + force²/100, leaving out latency, noise, friction and slope. Raises TypeError
    when a parameter of `physics` is a distribution: the regulator is made for one machine.
    """
    p = physics or CartPolePhysics()
    if not all(isinstance(value, Real) for value in vars(p).values()):
        raise TypeError("lqr needs one machine: give every parameter of physics as a number")
    m, length = p.pole_mass, p.pole_half_length
    total = p.cart_mass + m
    inertia = length * (4 / 3 - m / total)  # m, so that theta_acc = (g theta - F / total) / inertia
    lean = p.gravity / inertia
    push = -1 / (total * inertia)
    A = np.array(
        [
            [0, 1, 0, 0],
            [0, 0, -m * length * lean / total, 0],
            [0, 0, 0, 1],
            [0, 0, lean, 0],
        ]
    )
    B = np.array([[0], [1 / total - m * length * push / total], [0], [push]])
    Q, R = np.diag([1.0, 0.1, 10.0, 0.1]), np.array([[0.01]])
    cost = solve_continuous_are(A, B, Q, R)
    gains = -np.linalg.solve(R, B.T @ cost)[0]  # force = gains @ state
    return LinearPolicy(tuple(float(k) for k in gains))
