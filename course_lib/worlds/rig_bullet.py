"""The mechanics of a rig in PyBullet: a second engine that shares nothing with the first.

What MuJoCo solves as one convex problem in soft constraints, Bullet treats joint by joint with
hard ones: dry friction is a motor on the rail that wants to stand still and has only so much
force; the belt's play is a joint with hard stops between cart and carriage, without the belt's
elasticity; the integrator is semi-implicit Euler, at 1 kHz.

PyBullet is an optional extra: `pip install "sim2real-course[bullet]"`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from course_lib.worlds.bullet import connect, load_pybullet
from course_lib.worlds.rig import Rig
from course_lib.worlds.rig_batch import GRAVITY, PHYSICS_STEP, RigBatch
from course_lib.worlds.rig_physics import RigPhysics

HALVES = 2  # Bullet's steps in one physics step, so that hard stops are hit gently

# The rod's moment of inertia about its own middle is m L² / 12. Cart and carriage never turn.
MODEL = """
<robot name="rig">
  <link name="rail"><inertial>
    <mass value="0"/>
    <inertia ixx="0" iyy="0" izz="0" ixy="0" ixz="0" iyz="0"/>
  </inertial></link>
  <link name="cart"><inertial>
    <mass value="{p.cart_mass}"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/>
  </inertial></link>
  <link name="carriage"><inertial>
    <mass value="{p.carriage_mass}"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/>
  </inertial></link>
  <link name="pole"><inertial>
    <origin xyz="0 0 {middle}"/>
    <mass value="{p.pole_mass}"/>
    <inertia ixx="{inertia}" iyy="{inertia}" izz="1e-6" ixy="0" ixz="0" iyz="0"/>
  </inertial></link>
  <joint name="rail" type="prismatic">
    <parent link="rail"/><child link="cart"/><axis xyz="1 0 0"/>
    <limit lower="-100" upper="100" effort="1000" velocity="1000"/>
    <dynamics damping="{p.rail_damping}"/>
  </joint>
  <joint name="belt" type="prismatic">
    <parent link="cart"/><child link="carriage"/><axis xyz="1 0 0"/>
    <limit lower="-{p.belt_slack}" upper="{p.belt_slack}" effort="1000" velocity="1000"/>
  </joint>
  <joint name="hinge" type="continuous">
    <parent link="cart"/><child link="pole"/><axis xyz="0 1 0"/>
    <dynamics damping="{p.hinge_damping}"/>
  </joint>
</robot>
"""
RAIL, BELT, HINGE = JOINTS = range(3)  # a joint and the link that it carries have one number


class BulletRigBatch(RigBatch):
    """A `RigBatch` whose mechanics are Bullet's, in a physics client of its own until `close`."""

    def __init__(self, num_envs: int, machine: RigPhysics, *, max_episode_steps: int = 500):
        super().__init__(num_envs, machine, max_episode_steps=max_episode_steps)
        self._bullet, client, self._disconnect = connect(self)
        bullet = self._bullet
        self._client = {"physicsClientId": client}
        bullet.setGravity(0, 0, -GRAVITY, **self._client)
        bullet.setPhysicsEngineParameter(
            fixedTimeStep=PHYSICS_STEP / HALVES,
            solverResidualThreshold=0,  # no machine's accuracy depends on the others
            **self._client,
        )
        self._rigs = self._build(num_envs)

    def close_extras(self, **kwargs):
        """Free the physics client."""
        self._disconnect()

    def _build(self, count):
        m = self._machine
        text = MODEL.format(
            p=m, middle=m.pole_length / 2, inertia=m.pole_mass * m.pole_length**2 / 12
        )
        bullet, client = self._bullet, self._client
        rigs = []
        with TemporaryDirectory() as folder:
            file = Path(folder, "rig.urdf")
            file.write_text(text)
            for _ in range(count):
                rig = bullet.loadURDF(
                    str(file), useFixedBase=True, flags=bullet.URDF_USE_INERTIA_FROM_FILE, **client
                )
                rigs.append(rig)
        for rig in rigs:
            for joint, friction in zip(JOINTS, (m.stiction, 0.0, 0.0), strict=True):
                # Bullet has drag in the air and a brake on every joint unless told otherwise.
                bullet.changeDynamics(rig, joint, linearDamping=0, angularDamping=0, **client)
                bullet.setJointMotorControl2(
                    rig, joint, bullet.VELOCITY_CONTROL, targetVelocity=0, force=friction, **client
                )
        return rigs

    def _place(self, carts, hinges):
        for rig, cart, hinge in zip(self._rigs, carts, hinges, strict=True):
            for joint, position in zip(JOINTS, (cart, 0.0, hinge), strict=True):
                self._bullet.resetJointState(rig, joint, position, 0.0, **self._client)

    def _drive(self, forces, which):
        bullet, client = self._bullet, self._client
        rigs = [self._rigs[i] for i in which]
        for now in forces.T.tolist():
            for _ in range(HALVES):
                for rig, force in zip(rigs, now, strict=True):
                    bullet.applyExternalForce(
                        rig, BELT, (force, 0, 0), (0, 0, 0), bullet.LINK_FRAME, **client
                    )
                bullet.stepSimulation(**client)
        states = [bullet.getJointStates(rig, (RAIL, HINGE), **client) for rig in rigs]
        return np.array([[joint[0] for joint in state] for state in states])


class BulletRig(Rig):
    """A `Rig` whose mechanics are Bullet's: what holds on both is no quirk of one engine.

    `BulletRig(seed=7)` has the constants, starts and disturbances of `Rig(seed=7)`. It is slower,
    some thousand control steps per second, and its seal is thinner: while a run lasts, PyBullet
    itself answers whoever asks it. Raises ImportError where PyBullet is not installed.
    """

    __slots__ = ()
    _engine = BulletRigBatch

    def __init__(self, seed: int, *, budget: int = 50_000, wears: bool = False):
        load_pybullet()
        super().__init__(seed, budget=budget, wears=wears)
