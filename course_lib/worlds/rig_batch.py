"""A batch of episodes on one rig, in MuJoCo: the physical system behind a sealed `Rig`.

It is built in another way than the training simulator. A motor carriage pulls the cart by a belt
with play, friction is dry as well as viscous, the pole is a rod with its own inertia, and the
integrator is MuJoCo's implicit one at 500 Hz under a controller at 50 Hz.
"""

from dataclasses import replace

import mujoco
import numpy as np
from gymnasium import spaces
from mujoco import rollout

from course_lib.worlds.batch import BatchWorld
from course_lib.worlds.rig_physics import RigPhysics

CONTROL_STEP = 0.02  # s
SUBSTEPS = 10  # physics steps of 2 ms per control step
PHYSICS_STEP = CONTROL_STEP / SUBSTEPS
RAIL_LIMIT = 2.4  # m, a switch at the rail's end
TILT_LIMIT = 12 * 2 * np.pi / 360  # rad, where the controller is switched off
IN_FLIGHT = 10  # commands that can be under way at once: latency is at most 0.2 s

MODEL = """
<mujoco>
  <option timestep="{step}" integrator="implicitfast" gravity="0 0 -9.81">
    <flag contact="disable"/>
  </option>
  <worldbody>
    <body name="carriage">
      <joint name="carriage" type="slide" axis="1 0 0"/>
      <geom type="box" size=".03 .03 .03" mass="{p.carriage_mass}"/>
    </body>
    <body name="cart">
      <joint name="cart" type="slide" axis="1 0 0" damping="{p.rail_damping}"
             frictionloss="{p.stiction}"/>
      <geom type="box" size=".12 .08 .04" mass="{p.cart_mass}"/>
      <body name="pole">
        <joint name="hinge" type="hinge" axis="0 1 0" damping="{p.hinge_damping}"/>
        <geom type="capsule" size=".008" fromto="0 0 0 0 0 {p.pole_length}" mass="{p.pole_mass}"/>
      </body>
    </body>
  </worldbody>
  <tendon>
    <!-- A belt: it pulls only where the carriage is ahead or behind by more than its slack. -->
    <fixed springlength="-{p.belt_slack} {p.belt_slack}" stiffness="4000" damping="20">
      <joint joint="carriage" coef="1"/>
      <joint joint="cart" coef="-1"/>
    </fixed>
  </tendon>
  <actuator><motor joint="carriage"/></actuator>
</mujoco>
"""
CART, HINGE = 1, 2  # places in MuJoCo's qpos


class RigBatch(BatchWorld):
    """`num_envs` episodes on one machine, at the same time.

    Actions, observations and rewards are those of the simulator's `CartPole`: push left or right;
    position, velocity, angle and rate; 1 per step. An episode is terminated by the safety stop:
    the cart at the end of the rail, or a *measured* angle beyond 12°. The velocities are finite
    differences of quantised positions, as a real controller computes them.
    """

    def __init__(self, num_envs: int, machine: RigPhysics, *, max_episode_steps: int = 500):
        high = np.full(4, np.inf, dtype=np.float32)
        super().__init__(
            num_envs,
            spaces.Box(-high, high),
            spaces.Discrete(2),
            max_episode_steps=max_episode_steps,
            autoreset=False,
        )
        self._machine = machine
        self._model = mujoco.MjModel.from_xml_string(MODEL.format(p=machine, step=PHYSICS_STEP))
        self._data = mujoco.MjData(self._model)
        self._rollout = rollout.Rollout(nthread=0)
        self._keep = 1.0 - np.exp(-PHYSICS_STEP / machine.motor_time_constant)

    def _begin(self, which, options):
        n, joints = which.size, self._model.nq
        start = np.zeros((n, 1 + 2 * joints))  # time, positions, velocities
        cart, hinge = self.np_random.uniform(-0.05, 0.05, (2, n))
        start[:, 1] = start[:, 1 + CART] = cart
        start[:, 1 + HINGE] = hinge
        self._state = start
        self._going = np.ones(n, dtype=bool)
        self._force = np.zeros(n)  # of the motor, before gear and belt
        self._commands = np.zeros((n, IN_FLIGHT))
        self._arrivals = np.zeros((n, IN_FLIGHT))
        self._time = 0.0
        self._reading = self._measure()
        self._previous = self._reading
        return self._observation()

    def _advance(self, actions):
        self._send(2.0 * actions - 1.0)
        control = self._motor()  # (n, SUBSTEPS, 1)
        going = self._going  # a machine that was stopped stands still
        if going.any():
            states, _ = self._rollout.rollout(
                self._model, self._data, self._state[going], control[going]
            )
            self._state[going] = states[:, -1]
        self._time += CONTROL_STEP
        self._previous, reading = self._reading, self._measure()
        lost = self.np_random.random(self.num_envs) < self._machine.dropout
        reading[lost] = self._previous[lost]
        self._reading = reading
        at_end = np.abs(self._state[:, 1 + CART]) > RAIL_LIMIT
        terminated = at_end | (np.abs(reading[:, 1]) > TILT_LIMIT)
        self._going = going & ~terminated
        return self._observation(), np.ones(self.num_envs, dtype=np.float32), terminated

    def _send(self, commands):
        """Put new commands (n,) on their way; a later one never overtakes an earlier one."""
        m = self._machine
        delay = m.latency + m.latency_jitter * self.np_random.standard_normal(self.num_envs)
        arrival = np.maximum(self._time + np.clip(delay, 0.0, 0.15), self._arrivals[:, -1])
        self._commands = np.column_stack([self._commands[:, 1:], commands])
        self._arrivals = np.column_stack([self._arrivals[:, 1:], arrival])

    def _motor(self):
        """The force on the carriage at each physics step to come, (n, SUBSTEPS, 1), in N."""
        m = self._machine
        force = np.empty((self.num_envs, SUBSTEPS, 1))
        rows = np.arange(self.num_envs)
        for i in range(SUBSTEPS):
            arrived = (self._arrivals <= self._time + i * PHYSICS_STEP).sum(axis=1)
            wanted = m.motor_force * self._commands[rows, np.maximum(arrived - 1, 0)]
            self._force = self._force + self._keep * (wanted - self._force)
            through = np.maximum(np.abs(self._force) - m.dead_zone, 0.0)
            force[:, i, 0] = np.sign(self._force) * through
        return force

    def _measure(self):
        """What the two encoders show now, (n, 2): cart position in m, pole angle in rad."""
        m = self._machine
        position, angle = self._state[:, 1 + CART], self._state[:, 1 + HINGE] + m.angle_bias
        noise = self.np_random.standard_normal((2, self.num_envs))
        position = position + m.position_noise * noise[0]
        angle = angle + m.angle_noise * noise[1]
        return np.column_stack([quantise(position, m.position_step), quantise(angle, m.angle_step)])

    def _observation(self):
        speed = (self._reading - self._previous) / CONTROL_STEP
        x, theta = self._reading.T
        return np.column_stack([x, speed[:, 0], theta, speed[:, 1]]).astype(np.float32)


def quantise(values: np.ndarray, step: float) -> np.ndarray:
    """Round to whole steps of an encoder; a step of 0 leaves the values as they are."""
    return np.round(values / step) * step if step else values


def worn(machine: RigPhysics, wear: float) -> RigPhysics:
    """The machine after `wear` (0: new, 1: due for maintenance): a looser belt, a weaker motor.

    Copper loses 0.4 % of conductivity per kelvin, so a motor that runs 50 K hotter gives about a
    fifth less force; dust doubles dry friction; a toothed belt that is due for tightening has
    millimetres of play.
    """
    return replace(
        machine,
        motor_force=machine.motor_force * (1.0 - 0.2 * wear),
        stiction=machine.stiction * (1.0 + wear),
        belt_slack=machine.belt_slack + 0.003 * wear,
    )
