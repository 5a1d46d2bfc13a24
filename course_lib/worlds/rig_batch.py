"""What every rig is like around its mechanics: command path, motor, encoders, safety stop.

A batch runs many episodes on one machine at the same time. The mechanics between the motor's force
and the true position belong to a physics engine: see `rig_mujoco` and `rig_bullet`.
"""

from dataclasses import replace

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld
from course_lib.worlds.cartpole import RAIL_LIMIT, TILT_LIMIT, TIME_STEP
from course_lib.worlds.rig_physics import RigPhysics

CONTROL_STEP = TIME_STEP  # s: the rig offers a policy the same task as the simulator
SUBSTEPS = 10  # physics steps of 2 ms per control step
PHYSICS_STEP = CONTROL_STEP / SUBSTEPS
GRAVITY = 9.81  # m/s²
IN_FLIGHT = 10  # commands that can be under way at once: latency is at most 0.2 s
WORN_OUT = 3.0  # wear beyond which a machine gets no worse


class RigBatch(BatchWorld):
    """`num_envs` episodes on one machine, at the same time.

    Actions, observations and rewards are those of the simulator's `CartPole`: push left or right;
    position, velocity, angle and rate; 1 per step. An episode is terminated by the safety stop:
    the cart at the end of the rail, or a *measured* angle beyond 12°. The velocities are finite
    differences of quantised positions, as a real controller computes them.

    An engine adds the mechanics in `_place` and `_drive`.
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
        self._keep = 1.0 - np.exp(-PHYSICS_STEP / machine.motor_time_constant)

    def _place(self, carts: np.ndarray, hinges: np.ndarray) -> None:
        """Put every machine at rest with its cart at `carts` (n,), m, and pole at `hinges`, rad."""
        raise NotImplementedError

    def _drive(self, forces: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Move the k machines `which` for one control step; the others are not looked at again.

        Takes the forces on their carriages at each physics step, (k, SUBSTEPS), in N, and returns
        where their carts (m) and poles (rad) are then, (k, 2).
        """
        raise NotImplementedError

    def _begin(self, which, options):
        n = which.size
        self._pose = self.np_random.uniform(-0.05, 0.05, (2, n)).T  # cart and hinge, true
        self._place(*self._pose.T)
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
        forces = self._motor()
        which = np.flatnonzero(self._going)  # a machine that was stopped stands still
        if which.size:
            self._pose[which] = self._drive(forces[which], which)
        self._time += CONTROL_STEP
        self._previous, reading = self._reading, self._measure()
        lost = self.np_random.random(self.num_envs) < self._machine.dropout
        reading[lost] = self._previous[lost]
        self._reading = reading
        at_end = np.abs(self._pose[:, 0]) > RAIL_LIMIT
        terminated = at_end | (np.abs(reading[:, 1]) > TILT_LIMIT)
        self._going &= ~terminated
        return self._observation(), np.ones(self.num_envs, dtype=np.float32), terminated

    def _send(self, commands):
        """Put new commands (n,) on their way; a later one never overtakes an earlier one."""
        m = self._machine
        delay = m.latency + m.latency_jitter * self.np_random.standard_normal(self.num_envs)
        arrival = np.maximum(self._time + np.clip(delay, 0.0, 0.15), self._arrivals[:, -1])
        self._commands = np.column_stack([self._commands[:, 1:], commands])
        self._arrivals = np.column_stack([self._arrivals[:, 1:], arrival])

    def _motor(self):
        """The force on the carriage at each physics step to come, (n, SUBSTEPS), in N."""
        m = self._machine
        times = self._time + PHYSICS_STEP * np.arange(SUBSTEPS)
        arrived = (self._arrivals[:, None] <= times[:, None]).sum(axis=2)  # (n, SUBSTEPS)
        latest = np.maximum(arrived - 1, 0)
        wanted = m.motor_force * np.take_along_axis(self._commands, latest, axis=1)
        force = np.empty_like(wanted)
        for i in range(SUBSTEPS):
            self._force = self._force + self._keep * (wanted[:, i] - self._force)
            force[:, i] = self._force
        return np.sign(force) * np.maximum(np.abs(force) - m.dead_zone, 0.0)

    def _measure(self):
        """What the two encoders show now, (n, 2): cart position in m, pole angle in rad."""
        m = self._machine
        position, angle = self._pose[:, 0], self._pose[:, 1] + m.angle_bias
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
    millimetres of play. A machine that is never maintained stays as it is from `WORN_OUT` on.
    """
    wear = min(wear, WORN_OUT)
    return replace(
        machine,
        motor_force=machine.motor_force * (1.0 - 0.2 * wear),
        stiction=machine.stiction * (1.0 + wear),
        belt_slack=machine.belt_slack + 0.003 * wear,
    )
