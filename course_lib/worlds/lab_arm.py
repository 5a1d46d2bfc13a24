"""The 7-joint arm in a lab, in MuJoCo: masses, motors that lag and sag, and a wrong drawing.

Masses and centres of mass are those identified by Gaz, Cognetti, Oliva, Robuffo Giordano and De
Luca (2019), "Dynamic Identification of the Franka Emika Panda Robot With Retrieval of Feasible
Parameters Using Penalty-Based Optimization", IEEE RA-L 4(4), as rounded in MuJoCo Menagerie. The
inertia of a link is that of a ball of 0.1 m radius; rotors and gears add 0.1 kg·m² to each joint.
"""

import numpy as np

from course_lib.worlds import arm as task
from course_lib.worlds.lab_physics import LabArmPhysics
from course_lib.worlds.mechanics import Mechanics
from course_lib.worlds.panda import DH, FLANGE, HIGH, HOME, LOW, TOOL, tip

CONTROL_STEP = 0.3  # s; the simulator's is 0.2 s
PHYSICS_STEP = 0.005  # s
GRAVITY = 9.81  # m/s²
TORQUE = (87.0,) * 4 + (12.0,) * 3  # N·m, the motors' limits in the Panda's datasheet
GAIN = (100.0,) * 4 + (20.0,) * 3  # N·m·s/rad
LINKS = (  # mass (kg) and centre of mass (m, in the joint's frame) of what each joint carries
    (4.970684, (0.003875, 0.002081, -0.04762)),
    (0.646926, (-0.003141, -0.02872, 0.003495)),
    (3.228604, (0.027518, 0.039252, -0.066502)),
    (3.587895, (-0.05317, 0.104419, 0.027454)),
    (1.225946, (-0.011953, 0.041065, -0.038437)),
    (1.666555, (0.060149, -0.014117, -0.010517)),
    (0.735522, (0.010517, -0.004252, 0.061597)),
)
TOOL_MASS = 0.3  # kg


class LabArm:
    """Episodes with one arm, all at the same time; each has a generator of its own.

    Commands, observations and the end of an episode are those of the simulator's `Arm`; the touch
    is tested at every physics step. An engine adds the mechanics in `_place` and `_drive`.
    """

    STEPS = task.STEPS
    COMMANDS = 7

    def __init__(self, machine: LabArmPhysics, dice: list[np.random.Generator]):
        self._machine = machine
        fields = {name: np.array([value]) for name, value in vars(machine).items()}
        arrays = task.arrays(fields)
        self._zero, self._base = arrays["zero"][0], arrays["base"][0]
        offsets = np.array([d.uniform(-task.START, task.START, 7) for d in dice])
        noise = np.array([d.standard_normal((self.STEPS + 1, 3)) for d in dice])
        self._noise = machine.camera_noise * noise
        self._joints = HOME + offsets - self._zero  # true: at home by its encoders
        self._tips = self._base + tip(self._joints)
        self._time = 0
        self._place(self._joints)

    def _place(self, joints: np.ndarray) -> None:
        """Put the arms at rest at these true joint angles, (n, 7) in rad."""
        raise NotImplementedError

    def _drive(self, speeds: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Let the k arms `which` take up joint speeds (k, 7) in rad/s, for one control step.

        Returns their true joint angles then, (k, 7), and the tips' places at every physics step,
        (k, steps, 3), the last of which is then.
        """
        raise NotImplementedError

    def begin(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the first observations (n, 8) and where motion capture sees the tips, (n, 3)."""
        return self._observe(), self._camera()

    def act(
        self, commands: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Make one control step with commands (n, 7) in the episodes `which` that still run.

        Returns for all episodes the observations (n, 8), where motion capture sees the tips (n, 3),
        success (n,), and zeros, since no arm ends an episode by resting. A tip that touched the
        ball is seen where it did.
        """
        limit = self._machine.speed_limit
        speeds = task.SPEED * np.clip(commands[which], -limit, limit)
        self._joints[which], paths = self._drive(speeds, which)
        self._time += 1
        touches = task.touches(paths)
        touched = touches.any(axis=1)
        ends = np.where(touched, touches.argmax(axis=1), paths.shape[1] - 1)
        self._tips[which] = paths[np.arange(which.size), ends]
        success = np.zeros(len(self._joints), dtype=bool)
        success[which] = touched
        return self._observe(), self._camera(), success, np.zeros_like(success)

    def close(self) -> None:
        """Free what the engine holds."""

    def _camera(self):
        return self._tips + self._noise[:, self._time]

    def _observe(self):
        return task.observe(self._joints + self._zero, self._time)


class MujocoArm(LabArm):
    """A `LabArm` whose mechanics are MuJoCo's, all episodes in one call per control step."""

    def __init__(self, machine, dice):
        self._mechanics = Mechanics(model_text(machine))
        super().__init__(machine, dice)

    def _place(self, joints):
        self._states = self._mechanics.states(len(joints))
        self._states[:, 1:8] = joints

    def _drive(self, speeds, which):
        # One step more, whose sensors show where the tips are after the last.
        controls = np.repeat(speeds[:, None], round(CONTROL_STEP / PHYSICS_STEP) + 1, axis=1)
        states, places = self._mechanics.drive(self._states[which], controls)
        self._states[which] = states[:, -2]
        return states[:, -2, 1:8], places[:, 1:]


def model_text(machine: LabArmPhysics) -> str:
    """The arm in MJCF: seven hinges, from the same table of parameters as the simulator's."""
    bodies = ""
    joints = zip(DH, LINKS, LOW, HIGH, strict=True)
    for i, ((a, d, alpha), (mass, middle), low, high) in enumerate(joints, start=1):
        place = a, -np.sin(alpha) * d, np.cos(alpha) * d
        bodies += f"""
        <body pos="{_row(place)}" euler="{alpha} 0 0" gravcomp="{1 - machine.weight_error}">
          <joint name="joint_{i}" axis="0 0 1" range="{low} {high}"/>
          <geom size=".1" pos="{_row(middle)}" mass="{mass}"/>"""
    motors = "".join(
        f"""
        <general joint="joint_{i}" dyntype="filter" dynprm="{machine.motor_lag}" gainprm="{gain}"
                 biastype="affine" biasprm="0 0 -{gain}" forcerange="-{torque} {torque}"/>"""
        for i, (gain, torque) in enumerate(zip(GAIN, TORQUE, strict=True), start=1)
    )
    base = machine.base_x, machine.base_y, machine.base_z
    return f"""
    <mujoco>
      <compiler angle="radian"/>
      <option timestep="{PHYSICS_STEP}" integrator="implicitfast" gravity="0 0 -{GRAVITY}">
        <flag contact="disable"/>
      </option>
      <default><joint damping="1" armature="0.1"/></default>
      <worldbody>
        <body pos="{_row(base)}">{bodies}
          <geom size=".02" pos="0 0 {FLANGE + TOOL / 2}" mass="{TOOL_MASS}"/>
          <site name="tip" pos="0 0 {FLANGE + TOOL}"/>
        {"</body>" * 8}
      </worldbody>
      <actuator>{motors}
      </actuator>
      <sensor><framepos objtype="site" objname="tip"/></sensor>
    </mujoco>
    """


def _row(numbers) -> str:
    return " ".join(f"{number:.9g}" for number in numbers)
