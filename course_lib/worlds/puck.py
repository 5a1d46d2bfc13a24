"""A puck to be struck so that it comes to rest in a zone beyond the reach of the hand.

The first task of Wagenmaker, Huang, Ke, Jamieson and Gupta (2024), "Overcoming the Sim-to-Real Gap:
Leveraging Simulation to Learn to Explore for Real-World RL", arXiv 2410.20254, seen from above. The
dynamics are those of a textbook: Coulomb friction, Newton's law of restitution, and a hand so heavy
that a puck does not slow it.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.delay_line import DelayLine
from course_lib.worlds.physics import Physics, bounds, quantity

CONTROL_STEP = 0.05  # s, the control period
SUBSTEPS = 5  # physics steps in each control step
STEPS = 30  # control steps of an episode at most
GRAVITY = 9.81  # m/s²
HAND, PUCK = 0.04, 0.03  # m, their radii
SPEED = 3.0  # m/s, of the hand at full command
HAND_LAG = 0.05  # s, time constant with which the hand takes up a commanded speed
REACH = np.array([[-0.3, -0.3], [0.3, 0.05]])  # m, the hand's lowest and highest x and y
HAND_AT, PUCK_AT = np.array([0.0, -0.2]), np.zeros(2)  # m, where an episode starts
START = 0.02  # m, in x and in y an episode starts this close to there
GOAL = np.array([0.0, 0.8])  # m, middle of the zone
ZONE = 0.15  # m, radius of the zone
REST = 0.02  # m/s, a puck that is slower is at rest
STRUCK = 0.02  # m, a puck that is this far from its start was struck
BEYOND = REACH[1, 1] + 0.05  # m, from this y on the hand has lost the puck


@dataclass(frozen=True)
class PuckPhysics(Physics):
    """The physics of the simulated table; the defaults are what it is trained with."""

    friction: float = quantity(0.15, "1", "Coulomb friction of puck on table", low=0)
    hand_gain: float = quantity(1.0, "1", "the hand's speed over the commanded one", low=0)
    tilt: float = quantity(0.0, "rad", "slope of the table, uphill to the goal", low=-1, high=1)
    bounce: float = quantity(0.6, "1", "restitution of puck on hand", low=0, high=1)
    action_delay: int = quantity(0, "steps", "wait before a command acts", low=0, whole=True)

    def make(self, num_envs: int, *, autoreset: bool = True) -> "Puck":
        """Build a batch of `num_envs` tables with this physics."""
        return Puck(num_envs, self, autoreset=autoreset)


class Puck(BatchWorld):
    """Strike the puck so that it comes to rest in the zone, in `num_envs` worlds at once.

    Actions: `Box(-1, 1, (2,))`, the hand's speed in x and y as a share of 3 m/s, which it takes
    up with a time constant of 0.05 s. The hand stays within 0.3 m of the middle in x, and from
    -0.3 m to 0.05 m in y.

    Observations: float32 (9,); y points to the goal:

    | index | quantity                | unit             |
    |-------|-------------------------|------------------|
    | 0, 1  | position x, y of hand   | 0.2 m            |
    | 2, 3  | velocity of hand        | 1/0.7 = 1.43 m/s |
    | 4, 5  | position x, y of puck   | 0.5 m            |
    | 6, 7  | velocity of puck        | 1/0.7 = 1.43 m/s |
    | 8     | time since the start    | 30 steps         |

    Rewards: 1 when the puck comes to rest (slower than 0.02 m/s) with its middle within `ZONE` of
    `GOAL`, else 0. Start: hand about (0, -0.2) m and puck about (0, 0), each uniform in ±0.02 m, at
    rest. End: `terminated` on success, and when a puck that was struck rests beyond the hand's
    reach; `truncated` after 30 steps of 0.05 s.

    `reset(options={"state": array})` starts from true positions and velocities of hand and puck in
    m and m/s, (8,) or (num_envs, 8), in the order of the observations.
    """

    def __init__(
        self, num_envs: int = 1, physics: PuckPhysics | None = None, *, autoreset: bool = True
    ):
        super().__init__(
            num_envs,
            spaces.Box(-np.inf, np.inf, (9,), np.float32),
            spaces.Box(-1.0, 1.0, (2,), np.float32),
            max_episode_steps=STEPS,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else PuckPhysics()
        self._state = np.zeros((num_envs, 8))  # x, y and velocities, hand and puck
        self._start = np.zeros((num_envs, 2))
        self._arrived = np.zeros((num_envs, 2))
        self._k: dict[str, np.ndarray] = {}
        self._delays = bounds(self.physics.action_delay)[1] > 0
        self._commands = DelayLine(bounds(self.physics.action_delay)[1], (num_envs, 2))

    @property
    def where(self) -> np.ndarray:
        """The true position of the puck, (num_envs, 2) in m."""
        return self._state[:, 4:6].copy()

    @property
    def arrived(self) -> np.ndarray:
        """`where` after the last step, before finished episodes were restarted, (num_envs, 2)."""
        return self._arrived.copy()

    @property
    def state(self) -> np.ndarray:
        """True positions and velocities of hand and puck, (num_envs, 8) in m and m/s."""
        return self._state.copy()

    def _begin(self, which, options):
        # Starts are drawn before physics: worlds that differ in their physics share them.
        self._state[which] = starts(self.np_random.uniform(-START, START, (which.size, 4)))
        if "state" in options:
            self._state[:] = options["state"]
        self._start[which] = self._state[which, 4:6]
        for name, values in self.physics.sample(self.np_random, which.size).items():
            self._k.setdefault(name, np.zeros(self.num_envs))[which] = values
        self._commands.fill(which, 0.0, self._k["action_delay"][which])
        return observe(self._state[which], 0)

    def _advance(self, actions):
        k = self._k
        if self._delays:
            actions = self._commands.pass_on(actions)
        wanted = SPEED * k["hand_gain"][:, None] * actions
        self._state = slide(self._state, wanted, k["friction"], k["tilt"], k["bounce"])
        self._arrived = self.where
        success, rest = judge(self._state[:, 4:6], self._state[:, 6:], self._start)
        seen = observe(self._state, self._steps + 1)
        return seen, success.astype(np.float32), success | rest


def slide(state, wanted, friction, tilt, bounce) -> np.ndarray:
    """The state (n, 8) one control step later, with the hand told to move at `wanted` (n, 2) m/s.

    `friction`, `tilt` and `bounce` are those of each table, (n,).
    """
    step = CONTROL_STEP / SUBSTEPS
    hand, hand_speed, puck, speed = np.split(state, 4, axis=1)
    downhill = np.stack([np.zeros_like(tilt), -GRAVITY * np.sin(tilt)], axis=1) * step
    brake = friction * GRAVITY * np.cos(tilt) * step
    for _ in range(SUBSTEPS):
        hand_speed = hand_speed + (1 - np.exp(-step / HAND_LAG)) * (wanted - hand_speed)
        moved = hand + hand_speed * step
        hand = np.clip(moved, *REACH)
        hand_speed = np.where(moved == hand, hand_speed, 0.0)  # stopped by the end of its rail
        gap = puck - hand
        distance = np.linalg.norm(gap, axis=1)
        normal = gap / np.maximum(distance, 1e-9)[:, None]
        overlap = np.maximum(HAND + PUCK - distance, 0.0)
        closing = ((hand_speed - speed) * normal).sum(axis=1)
        hit = (overlap > 0) & (closing > 0)
        speed = speed + (hit * (1 + bounce) * closing)[:, None] * normal
        puck = puck + overlap[:, None] * normal
        speed = speed + downhill
        fast = np.linalg.norm(speed, axis=1)
        speed = speed * (np.maximum(fast - brake, 0.0) / np.maximum(fast, 1e-9))[:, None]
        puck = puck + speed * step
    return np.hstack([hand, hand_speed, puck, speed])


def starts(offsets: np.ndarray) -> np.ndarray:
    """States (n, 8) at rest, with hand and puck off their places by `offsets` (n, 4)."""
    still = np.zeros((len(offsets), 2))
    return np.hstack([HAND_AT + offsets[:, :2], still, PUCK_AT + offsets[:, 2:], still])


def observe(state: np.ndarray, steps: int | np.ndarray) -> np.ndarray:
    """What a policy sees, (n, 9), of positions and velocities (n, 8) after some steps."""
    time = np.broadcast_to(steps, len(state)) / STEPS
    scaled = state * [5.0, 5.0, 0.7, 0.7, 2.0, 2.0, 0.7, 0.7]
    return np.column_stack([scaled, time]).astype(np.float32)


def judge(puck: np.ndarray, speed: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether pucks (n, 2) at these speeds (n, 2) rest in the zone, and elsewhere out of reach."""
    still = np.linalg.norm(speed, axis=1) < REST
    success = still & (np.linalg.norm(puck - GOAL, axis=1) < ZONE)
    struck = np.linalg.norm(puck - start, axis=1) > STRUCK
    return success, still & struck & (puck[:, 1] > BEYOND) & ~success


def single_puck(physics: PuckPhysics | None = None) -> SingleWorld:
    """The environment behind `gym.make("sim2real/Puck-v0", physics=...)`."""
    return SingleWorld(Puck(1, physics, autoreset=False))
