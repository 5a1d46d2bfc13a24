"""The puck's table in a lab, in MuJoCo: a rigid puck that slides, and is struck for real.

Nothing of the simulator's dynamics is used. The puck is a free cylinder that can spin, tip and hop;
dry friction comes from its contact with the table, in an elliptic cone; the hand has a mass and a
drive, and its rubber bumper gives way by some millimetres during a strike.
"""

import math

import numpy as np
from scipy.optimize import brentq

from course_lib.worlds import puck as task
from course_lib.worlds.lab_physics import TablePhysics
from course_lib.worlds.mechanics import Mechanics

PHYSICS_STEP = 0.002  # s
SUBSTEPS = round(task.CONTROL_STEP / PHYSICS_STEP)
HAND_MASS, PUCK_MASS = 2.0, 0.1  # kg
BUMPER = 200.0  # rad/s, frequency of puck on bumper: a strike lasts about pi / 200 = 16 ms

# The table stays level in its own coordinates; it is gravity that is tilted.
MODEL = """
<mujoco>
  <option timestep="{step}" integrator="implicitfast" cone="elliptic" impratio="10"
          gravity="0 {along} {down}"/>
  <default>
    <geom contype="0" conaffinity="0"/>
    <joint solreflimit="{stop} 1"/> <!-- MuJoCo's default lets a fast hand 2 cm past its reach -->
  </default>
  <worldbody>
    <geom name="table" type="plane" size="5 5 .1"/>
    <body name="hand" pos="0 0 .01" gravcomp="1">
      <joint name="x" type="slide" axis="1 0 0" range="{low[0]} {high[0]}"/>
      <joint name="y" type="slide" axis="0 1 0" range="{low[1]} {high[1]}"/>
      <geom name="hand" type="cylinder" size="{hand} .02" mass="{hand_mass}"/>
    </body>
    <body name="puck" pos="0 0 .01">
      <freejoint/>
      <geom name="puck" type="cylinder" size="{puck} .01" mass="{puck_mass}"/>
    </body>
  </worldbody>
  <contact>
    <pair geom1="puck" geom2="table" condim="3" friction="{mu} {mu} 0 0 0"/>
    <!-- Negative numbers are stiffness and damping themselves: the only way to a bounce. -->
    <pair geom1="hand" geom2="puck" condim="1" solref="-{stiffness} -{damping}"
          solimp=".99 .99 .001"/>
  </contact>
  <actuator>
    <velocity joint="x" kv="{drive}"/>
    <velocity joint="y" kv="{drive}"/>
  </actuator>
</mujoco>
"""
HAND, PUCK = slice(1, 3), slice(3, 5)  # places of the positions in a state, after the time
HAND_SPEED, PUCK_SPEED = slice(10, 12), slice(12, 14)


class PuckTable:
    """Episodes on one table, all at the same time; each has a generator of its own.

    Commands, observations and the end of an episode are those of the simulator's `Puck`. The hand
    is measured by its encoders; the puck by a camera, and its velocity is the change of what the
    camera saw over one control step.
    """

    STEPS = task.STEPS
    COMMANDS = 2

    def __init__(self, machine: TablePhysics, dice: list[np.random.Generator]):
        self._machine, n = machine, len(dice)
        self._mechanics = Mechanics(_text(machine))
        start = task.starts(np.array([d.uniform(-task.START, task.START, 4) for d in dice]))
        noise = np.array([d.standard_normal((self.STEPS + 1, 2)) for d in dice])
        self._noise = machine.camera_noise * noise
        self._states = self._mechanics.states(n)
        self._states[:, HAND], self._states[:, PUCK] = start[:, :2], start[:, 4:6]
        self._start = start[:, 4:6]
        self._commands = np.zeros((self.STEPS + 1, n, 2))  # acting in each step
        self._time = 0

    def begin(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the first observations (n, 9) and where the camera sees the pucks, (n, 2)."""
        self._seen = self._camera()
        return self._observe(np.zeros_like(self._seen)), self._seen

    def act(
        self, commands: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Make one control step with commands (n, 2) in the episodes `which` that still run.

        Returns for all episodes the observations (n, 9), where the camera sees the pucks (n, 2),
        success (n,) and rest beyond the reach (n,); what it says of the others is of no meaning.
        """
        machine = self._machine
        acting = self._time + int(machine.action_delay)
        if acting < self.STEPS:
            self._commands[acting] = commands
        wanted = task.SPEED * machine.hand_gain * self._commands[self._time, which]
        controls = np.repeat(wanted[:, None], SUBSTEPS, axis=1)
        self._states[which] = self._mechanics.drive(self._states[which], controls)[0][:, -1]
        self._time += 1
        last, self._seen = self._seen, self._camera()
        seen = self._observe((self._seen - last) / task.CONTROL_STEP)
        verdict = task.judge(self._states[:, PUCK], self._states[:, PUCK_SPEED], self._start)
        return seen, self._seen, *verdict

    def close(self) -> None:
        """Nothing to free."""

    def _camera(self):
        return self._states[:, PUCK] + self._noise[:, self._time]

    def _observe(self, speed):
        hand = self._states[:, HAND], self._states[:, HAND_SPEED]
        return task.observe(np.hstack([*hand, self._seen, speed]), self._time)


def _text(machine: TablePhysics) -> str:
    share = damping_share(machine.bounce)
    return MODEL.format(
        step=PHYSICS_STEP,
        stop=2 * PHYSICS_STEP,  # s, the stiffest that MuJoCo takes
        along=-task.GRAVITY * math.sin(machine.tilt),
        down=-task.GRAVITY * math.cos(machine.tilt),
        low=task.REACH[0],
        high=task.REACH[1],
        hand=task.HAND,
        puck=task.PUCK,
        hand_mass=HAND_MASS,
        puck_mass=PUCK_MASS,
        mu=machine.friction,
        stiffness=BUMPER**2,
        damping=2 * share * BUMPER,
        drive=HAND_MASS / machine.hand_lag,
    )


def damping_share(bounce: float) -> float:
    """The damping ratio of a spring from which a ball comes back with `bounce` of its speed.

    The ball leaves when the force is zero, since it does not stick to the spring: Schwager and
    Pöschel (2007), "Coefficient of restitution and linear-dashpot model revisited", Granular
    Matter 9, equation 21.
    """

    def excess(share):
        root = math.sqrt(1 - share**2)
        return math.exp(-2 * share / root * math.atan2(root, share)) - bounce

    return brentq(excess, 1e-9, 1 - 1e-9)
