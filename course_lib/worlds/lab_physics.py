"""What a lab's table or arm can be like: one machine is a draw from `TABLES` or from `ARMS`.

Each range has its reason beside it. Unlike the fleet of rigs, these fleets are there to be far from
the simulator: lesson 12 is about what to do when a gap is too large to cross.
"""

from dataclasses import dataclass

from course_lib.worlds.arm import MountedArm
from course_lib.worlds.distributions import Uniform
from course_lib.worlds.physics import Physics, quantity


@dataclass(frozen=True)
class TablePhysics(Physics):
    """The physics of one real table. Unlike in the simulator, none of it is known to a policy."""

    friction: float = quantity(0.35, "1", "dry friction of puck on table", low=0.01)
    hand_gain: float = quantity(0.8, "1", "the hand's speed over the commanded one", low=0.1)
    hand_lag: float = quantity(0.05, "s", "time constant of the hand's drive", low=0.01)
    tilt: float = quantity(0.09, "rad", "slope of the table, uphill to the goal", low=-1, high=1)
    bounce: float = quantity(0.5, "1", "restitution of puck on hand", low=0.2, high=0.95)
    action_delay: int = quantity(1, "steps", "wait before a command acts", low=0, whole=True)
    camera_noise: float = quantity(0.0015, "m", "of the puck's position, in x and in y", low=0)


TABLES = TablePhysics(
    friction=Uniform(0.30, 0.40, "plastic on laminate, not waxed as the 0.15 was"),
    hand_gain=Uniform(0.75, 0.85, "the drive's supply gives 20 V where it was tuned at 24 V"),
    hand_lag=Uniform(0.04, 0.06, "the current loop of the drive, as its maker states it"),
    tilt=Uniform(0.06, 0.12, "two legs of the table stand on a cable duct: 8 to 15 cm in 1.3 m"),
    bounce=Uniform(0.45, 0.55, "a rubber bumper that has aged"),
    action_delay=1,  # the drive takes a command over at the next cycle of its bus
    camera_noise=Uniform(0.001, 0.002, "about a pixel of a camera that sees 1.5 m"),
)


@dataclass(frozen=True)
class LabArmPhysics(MountedArm):
    """The physics of one real arm. Unlike in the simulator, none of it is known to a policy."""

    motor_lag: float = quantity(0.08, "s", "time constant with which a speed is taken up", low=0.01)
    weight_error: float = quantity(
        0.05, "1", "share of its weight that the arm does not compensate", low=-1, high=1
    )
    camera_noise: float = quantity(0.001, "m", "of the motion capture, in each axis", low=0)


ZERO = Uniform(-0.02, 0.02, "each joint's zero is set by hand against a mark, to about a degree")

ARMS = LabArmPhysics(
    **{f"zero_{joint}": ZERO for joint in range(1, 8)},
    base_x=Uniform(-0.09, -0.06, "an adapter plate that was not in the drawing: further back,"),
    base_y=Uniform(-0.075, -0.045, "to the side, since its holes have another pattern,"),
    base_z=Uniform(0.06, 0.09, "and higher by its thickness"),
    speed_limit=Uniform(0.5, 0.7, "the safety controller of a room that people walk through"),
    motor_lag=Uniform(0.05, 0.12, "a controller tuned for smooth motion"),
    weight_error=Uniform(0.02, 0.08, "the tool's mass was typed in from its datasheet"),
    camera_noise=Uniform(0.0005, 0.0015, "motion capture in a volume of some metres"),
)
