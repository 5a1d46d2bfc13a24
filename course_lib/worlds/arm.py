"""Touching a small ball with the tool of a 7-joint arm: a simulator without masses or motors.

The second task of Wagenmaker, Huang, Ke, Jamieson and Gupta (2024), "Overcoming the Sim-to-Real
Gap: Leveraging Simulation to Learn to Explore for Real-World RL", arXiv 2410.20254, with the
kinematics of the Franka Emika Panda (see `panda`).
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.panda import HIGH, HOME, LOW, tip
from course_lib.worlds.physics import Physics, quantity

STEPS = 12  # control steps of an episode at most
SUBSTEPS = 6  # in each control step; contact is tested after each
SPEED = 1.0  # rad/s at full command
START = 0.03  # rad, each joint starts this close to where it is said to be at home
BALL = np.array([0.45, 0.25, 0.35])  # m, the ball's middle, from where the base is drawn
RADIUS = 0.04  # m, the tip touches the ball when it is this close to its middle


@dataclass(frozen=True)
class MountedArm(Physics):
    """What is wrong with an arm that stands somewhere, in a simulator as in reality."""

    zero_1: float = quantity(0.0, "rad", "error of the encoder's zero, joint 1: reading - truth")
    zero_2: float = quantity(0.0, "rad", "the same, joint 2")
    zero_3: float = quantity(0.0, "rad", "the same, joint 3")
    zero_4: float = quantity(0.0, "rad", "the same, joint 4")
    zero_5: float = quantity(0.0, "rad", "the same, joint 5")
    zero_6: float = quantity(0.0, "rad", "the same, joint 6")
    zero_7: float = quantity(0.0, "rad", "the same, joint 7")
    base_x: float = quantity(0.0, "m", "where the base stands, from where it is drawn: outwards")
    base_y: float = quantity(0.0, "m", "the same, to the side on which the ball is")
    base_z: float = quantity(0.0, "m", "the same, upwards")
    speed_limit: float = quantity(
        1.0, "1", "commands beyond it, to either side, are cut off", low=0, high=1
    )


@dataclass(frozen=True)
class ArmPhysics(MountedArm):
    """The physics of the simulated arm; the defaults are an arm as the drawing says."""

    control_period: float = quantity(0.2, "s", "how long a command is held", low=0.01, high=1.0)
    lag: float = quantity(
        0.0, "1", "new speed = lag × old speed + (1 - lag) × command, 6 × a step", low=0, high=0.999
    )

    def make(self, num_envs: int, *, autoreset: bool = True) -> "Arm":
        """Build a batch of `num_envs` arms with this physics."""
        return Arm(num_envs, self, autoreset=autoreset)


class Arm(BatchWorld):
    """Touch the ball with the tip of the tool, in `num_envs` worlds at once.

    Actions: `Box(-1, 1, (7,))`, the speed of each joint as a share of 1 rad/s. Joints stop at their
    limits.

    Observations: float32 (8,), as the encoders report them:

    | index | quantity                                      | unit            |
    |-------|-----------------------------------------------|-----------------|
    | 0…6   | angle of each joint, from its angle at home   | rad             |
    | 7     | time since the start                          | 12 steps        |

    Rewards: 1 for the touch, else 0. Start: every reading uniform in ±0.03 rad about home, the arm
    at rest. End: `terminated` when the tip comes within 0.04 m of the ball's middle, which is
    tested six times per step; `truncated` after 12 steps.

    The ball is at `BALL`, in metres from where the drawing puts the base of the arm. `base_x`,
    `base_y` and `base_z` are where the base really is: an arm that stands 4 cm too high
    (`base_z=0.04`) must reach 4 cm lower. No policy sees any of that.

    `reset(options={"state": array})` starts from given true joint angles, (7,) or (num_envs, 7).
    """

    def __init__(
        self, num_envs: int = 1, physics: ArmPhysics | None = None, *, autoreset: bool = True
    ):
        super().__init__(
            num_envs,
            spaces.Box(-np.inf, np.inf, (8,), np.float32),
            spaces.Box(-1.0, 1.0, (7,), np.float32),
            max_episode_steps=STEPS,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else ArmPhysics()
        self._joints = np.zeros((num_envs, 7))  # true angles
        self._speeds = np.zeros((num_envs, 7))
        self._k: dict[str, np.ndarray] = {}
        self._where = np.zeros((num_envs, 3))
        self._arrived = np.zeros((num_envs, 3))

    @property
    def where(self) -> np.ndarray:
        """The true position of the tip, (num_envs, 3), in the frame that `BALL` is given in."""
        return self._where.copy()

    @property
    def arrived(self) -> np.ndarray:
        """`where` after the last step, before finished episodes were restarted, (num_envs, 3)."""
        return self._arrived.copy()

    @property
    def state(self) -> np.ndarray:
        """The true joint angles (num_envs, 7) in rad."""
        return self._joints.copy()

    def _begin(self, which, options):
        readings = HOME + self.np_random.uniform(-START, START, (which.size, 7))
        # Starts are drawn before physics: worlds that differ in their physics share them.
        drawn = self.physics.sample(self.np_random, which.size)
        for name, values in arrays(drawn).items():
            self._k.setdefault(name, np.zeros((self.num_envs, *values.shape[1:])))[which] = values
        self._joints[which] = readings - self._k["zero"][which]
        if "state" in options:
            self._joints[:] = options["state"]
        self._speeds[which] = 0.0
        self._where[which] = self._k["base"][which] + tip(self._joints[which])
        return observe(self._joints[which] + self._k["zero"][which], 0)

    def _advance(self, actions):
        k, touched = self._k, np.zeros(self.num_envs, dtype=bool)
        wanted = SPEED * np.clip(actions, -k["speed_limit"], k["speed_limit"])
        for _ in range(SUBSTEPS):
            self._speeds = wanted + k["lag"] * (self._speeds - wanted)
            moved = self._joints + self._speeds * k["control_period"] / SUBSTEPS
            self._joints = np.clip(moved, LOW, HIGH)
            self._where = k["base"] + tip(self._joints)
            touched |= touches(self._where)
        self._arrived = self._where.copy()
        seen = observe(self._joints + k["zero"], self._steps + 1)
        return seen, touched.astype(np.float32), touched


def observe(readings: np.ndarray, steps: int | np.ndarray) -> np.ndarray:
    """What a policy sees, (n, 8), for encoder readings (n, 7) in rad after some steps."""
    time = np.broadcast_to(steps, len(readings)) / STEPS
    return np.column_stack([readings - HOME, time]).astype(np.float32)


def touches(where: np.ndarray) -> np.ndarray:
    """Whether a tip at these places (..., 3) touches the ball, (...)."""
    return np.linalg.norm(where - BALL, axis=-1) < RADIUS


def arrays(drawn: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Gather drawn physics: "zero" (n, 7), "base" (n, 3), and each other quantity (n, 1)."""
    zero = np.column_stack([drawn[f"zero_{joint}"] for joint in range(1, 8)])
    base = np.column_stack([drawn[f"base_{axis}"] for axis in "xyz"])
    rest = {name: v[:, None] for name, v in drawn.items() if name[:5] not in ("zero_", "base_")}
    return {"zero": zero, "base": base, **rest}


def single_arm(physics: ArmPhysics | None = None) -> SingleWorld:
    """The environment behind `gym.make("sim2real/Arm-v0", physics=...)`."""
    return SingleWorld(Arm(1, physics, autoreset=False))
