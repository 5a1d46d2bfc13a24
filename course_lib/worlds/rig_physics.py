"""What a cart-and-pole rig can be like: one machine is a draw from `FLEET`.

The ranges are those of a small laboratory rig with a belt drive and a geared DC motor. Each has
its reason beside it. None was chosen for what it does to a policy.
"""

from dataclasses import dataclass

from course_lib.worlds.distributions import LogUniform, Uniform
from course_lib.worlds.physics import Physics, quantity


@dataclass(frozen=True)
class RigPhysics(Physics):
    """The physics of one rig. Unlike in the simulator, none of it is known to a policy."""

    cart_mass: float = quantity(1.2, "kg", "mass of the cart", low=0.1)
    carriage_mass: float = quantity(
        0.3, "kg", "motor, gear and pulley as seen by the belt", low=0.05
    )
    pole_mass: float = quantity(0.15, "kg", "mass of the pole, a thin rod", low=0.01)
    pole_length: float = quantity(0.9, "m", "whole length of the pole", low=0.1)
    stiction: float = quantity(0.3, "N", "dry friction on the rail", low=0)
    rail_damping: float = quantity(0.4, "N·s/m", "viscous friction on the rail", low=0)
    hinge_damping: float = quantity(0.001, "N·m·s/rad", "viscous friction in the hinge", low=0)
    motor_force: float = quantity(10.0, "N", "force of a full command", low=0.1)
    motor_time_constant: float = quantity(0.04, "s", "first-order lag of the force", low=1e-3)
    dead_zone: float = quantity(0.2, "N", "motor force lost in the gear", low=0)
    belt_slack: float = quantity(0.001, "m", "play of the belt, to each side", low=0)
    latency: float = quantity(0.04, "s", "from reading to command, on average", low=0, high=0.1)
    latency_jitter: float = quantity(0.005, "s", "standard deviation of the latency", low=0)
    angle_step: float = quantity(0.00614, "rad", "resolution of the pole's encoder", low=0)
    position_step: float = quantity(0.0005, "m", "resolution of the cart's encoder", low=0)
    angle_bias: float = quantity(0.0, "rad", "error of the encoder's zero")
    angle_noise: float = quantity(0.002, "rad", "electrical noise of the angle", low=0)
    position_noise: float = quantity(0.0005, "m", "electrical noise of the position", low=0)
    dropout: float = quantity(0.01, "1", "chance per step that a reading is lost", low=0, high=1)


TURN = 6.283185307179586  # rad

FLEET = RigPhysics(
    cart_mass=Uniform(0.8, 2.0, "an aluminium plate, with or without battery and camera"),
    carriage_mass=Uniform(0.2, 0.5, "rotor inertia times gear ratio squared, over pulley squared"),
    pole_mass=Uniform(0.1, 0.3, "aluminium or steel tube of the lengths below"),
    pole_length=Uniform(0.5, 1.2, "whatever rod was in the workshop"),
    stiction=Uniform(0.1, 0.8, "2 to 4 % of the weight: linear ball bearings, clean to dusty"),
    rail_damping=Uniform(0.1, 1.0, "grease, and the back-EMF of the motor"),
    hinge_damping=LogUniform(0.0003, 0.003, "a ball bearing, new to old"),
    motor_force=Uniform(7.0, 13.0, "10 N nominal; supply voltage and winding vary by 30 %"),
    motor_time_constant=Uniform(0.02, 0.06, "electrical and gear lag of small geared motors"),
    dead_zone=Uniform(0.0, 0.6, "friction of the gear, up to 5 % of full force"),
    belt_slack=Uniform(0.0, 0.002, "a toothed belt, tight to worn"),
    latency=Uniform(0.02, 0.06, "1 to 3 control periods: sensor, bus, computer, driver"),
    latency_jitter=Uniform(0.0, 0.008, "an operating system that is not real-time"),
    angle_step=TURN / 1024,  # a 10-bit encoder
    position_step=Uniform(0.0002, 0.001, "a 2,000 to 400 line encoder on a 40 cm turn of belt"),
    angle_bias=Uniform(-0.015, 0.015, "the zero is set by eye, to about a degree"),
    angle_noise=Uniform(0.0, 0.004, "less than one step of the encoder"),
    position_noise=Uniform(0.0, 0.001, "about one step of the encoder"),
    dropout=Uniform(0.0, 0.03, "a bus with an occasional checksum error"),
)
