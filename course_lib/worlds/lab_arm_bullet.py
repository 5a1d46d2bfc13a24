"""The 7-joint arm in a lab, in PyBullet: the maker's description in an engine of another kind.

The arm is the Franka Panda that ships with PyBullet, with the masses of its URDF file and a gripper
that MuJoCo's arm does not have. A motor is a hard constraint that wants its joint to have a speed
and has only so much torque, so that an uncompensated weight hardly moves it.

PyBullet is an optional extra: `pip install "sim2real-course[bullet]"`.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from course_lib.worlds.bullet import connect
from course_lib.worlds.lab_arm import CONTROL_STEP, GRAVITY, TORQUE, LabArm
from course_lib.worlds.panda import TOOL

PHYSICS_STEP = 0.01  # s: the tip makes at most a centimetre in it
SUBSTEPS = round(CONTROL_STEP / PHYSICS_STEP)
ITERATIONS = 20  # of the solver, which then errs by less than 0.001 rad over an episode
JOINTS = list(range(7))
LINK = 7  # the flange


class BulletArm(LabArm):
    """A `LabArm` whose mechanics are Bullet's, in a physics client of its own until `close`.

    The client holds a single arm, which moves the episodes one after another: Bullet slows down
    with the number of arms in a scene, and so no episode can depend on which others run.
    """

    def __init__(self, machine, dice):
        self._bullet, client, self._disconnect = connect(self)
        bullet = self._bullet
        self._client = {"physicsClientId": client}
        bullet.setGravity(0, 0, -GRAVITY * machine.weight_error, **self._client)
        bullet.setPhysicsEngineParameter(
            fixedTimeStep=PHYSICS_STEP,
            numSolverIterations=ITERATIONS,
            solverResidualThreshold=0,
            **self._client,
        )
        super().__init__(machine, dice)

    def close(self):
        """Free the physics client."""
        self._disconnect()

    def _place(self, joints):
        with TemporaryDirectory() as folder:
            file = Path(folder, "panda.urdf")
            file.write_text(_bare(_description()))
            self._arm = self._bullet.loadURDF(
                str(file),
                self._base.tolist(),
                useFixedBase=True,
                flags=self._bullet.URDF_USE_INERTIA_FROM_FILE,
                **self._client,
            )
        self._speeds = np.zeros_like(joints)  # of the joints
        self._wanted = np.zeros_like(joints)  # what the motors are told, with their lag

    def _drive(self, speeds, which):
        paths = []
        for i, target in zip(which, speeds, strict=True):
            self._joints[i], self._speeds[i], path = self._drive_one(i, target)
            paths.append(path)
        return self._joints[which], _tips(np.array(paths))

    def _drive_one(self, i, target):
        """Drive the arm of one episode; returns joints, their speeds, and the flange's path."""
        bullet, client, arm = self._bullet, self._client, self._arm
        for joint in JOINTS:
            bullet.resetJointState(
                arm, joint, self._joints[i, joint], self._speeds[i, joint], **client
            )
        keep = np.exp(-PHYSICS_STEP / self._machine.motor_lag)
        path = []
        for _ in range(SUBSTEPS):
            self._wanted[i] = target + keep * (self._wanted[i] - target)
            bullet.setJointMotorControlArray(
                arm,
                JOINTS,
                bullet.VELOCITY_CONTROL,
                targetVelocities=self._wanted[i].tolist(),
                forces=TORQUE,
                **client,
            )
            bullet.stepSimulation(**client)
            link = bullet.getLinkState(arm, LINK, computeForwardKinematics=True, **client)
            path.append((*link[4], *link[5]))
        states = bullet.getJointStates(arm, JOINTS, **client)
        return [state[0] for state in states], [state[1] for state in states], path


def _tips(flanges: np.ndarray) -> np.ndarray:
    """Where the tool ends, (..., 3), on flanges (..., 7): a place and a quaternion x, y, z, w."""
    x, y, z, w = np.moveaxis(flanges[..., 3:], -1, 0)
    axis = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], axis=-1)
    return flanges[..., :3] + TOOL * axis


def _description() -> str:
    import pybullet_data

    return Path(pybullet_data.getDataPath(), "franka_panda", "panda.urdf").read_text()


def _bare(description: str) -> str:
    """The description without shapes, which take long to load, and with fingers that stand."""
    description = re.sub(r"<(visual|collision)>.*?</\1>", "", description, flags=re.DOTALL)
    return description.replace('type="prismatic"', 'type="fixed"')
