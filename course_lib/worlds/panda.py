"""The Franka Emika Panda: where its seven joints put the tip of a straight tool.

Denavit–Hartenberg parameters in Craig's convention and joint limits are those of the manufacturer's
"Franka Control Interface Documentation", section "Robot and interface specifications".
"""

from collections.abc import Iterator

import numpy as np

QUARTER = np.pi / 2
DH = (  # for each joint: a (m), d (m), alpha (rad); theta is the joint's angle
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -QUARTER),
    (0.0, 0.316, QUARTER),
    (0.0825, 0.0, QUARTER),
    (-0.0825, 0.384, -QUARTER),
    (0.0, 0.0, QUARTER),
    (0.088, 0.0, QUARTER),
)
FLANGE = 0.107  # m, from the last joint's frame to the flange, along its axis
TOOL = 0.15  # m, from the flange to the tip
HOME = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])  # rad
LOW = np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973])  # rad
HIGH = np.array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973])  # rad


def tip(joints: np.ndarray) -> np.ndarray:
    """Where the tool's tip is, (n, 3) in m from the base, for joint angles (n, 7) in rad."""
    *_, (place, axis) = _frames(joints)
    return (place + (FLANGE + TOOL) * axis).T


def chain(joints: np.ndarray) -> np.ndarray:
    """The points to draw the arm through, (n, 10, 3): base, seven joints, flange and tip."""
    frames = list(_frames(joints))
    place, axis = frames[-1]
    points = [np.zeros_like(place), *(p for p, _ in frames), place + FLANGE * axis]
    return np.stack([*points, place + (FLANGE + TOOL) * axis]).transpose(2, 0, 1)


def _frames(joints: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield origin (3, n) and axis of rotation (3, n) of each joint, from the base outwards."""
    n = len(joints)
    place, (x, y, z) = np.zeros((3, n)), np.eye(3)[:, :, None] * np.ones(n)
    for (a, d, alpha), c, s in zip(DH, np.cos(joints).T, np.sin(joints).T, strict=True):
        # Rot(x, alpha) Trans(x, a) Rot(z, theta) Trans(z, d); every alpha is 0 or a quarter turn.
        if alpha:
            y, z = (z, -y) if alpha > 0 else (-z, y)
        place = place + a * x + d * z
        yield place, z
        x, y = c * x + s * y, c * y - s * x
