"""Domain randomization: ranges of physics to train on, and ways to change their width.

J. Tobin and others (2017), "Domain Randomization for Transferring Deep Neural Networks from
Simulation to the Real World"; X. B. Peng and others (2018), "Sim-to-Real Transfer of Robotic
Control with Dynamics Randomization".
"""

from dataclasses import Field, fields, replace

import numpy as np

from course_lib.worlds import CartPolePhysics, Choice, LogUniform, Uniform
from course_lib.worlds.distributions import Distribution
from course_lib.worlds.physics import bounds

# What a workshop does not know about the cart that it will build. The simulator has a number for
# each of these.
PARAMETERS = CartPolePhysics(
    cart_mass=Uniform(0.5, 2.5, "bare plate, or with battery, camera and whatever comes later"),
    pole_mass=Uniform(0.05, 0.4, "thin aluminium to thick steel"),
    pole_half_length=Uniform(0.25, 0.75, "rods of half a metre to a metre and a half"),
    force=Uniform(6.0, 14.0, "10 N on the data sheet; supply and winding vary"),
    cart_friction=Uniform(0.0, 1.0, "clean to well-greased rail"),
    joint_friction=Uniform(0.0, 0.005, "ball bearing, new to old"),
    action_delay=Choice((0, 1, 2, 3, 4), "up to 80 ms: camera, bus, computer, driver"),
    motor_lag=Uniform(0.0, 0.8, "time constants up to 90 ms: small geared motors"),
    force_noise=Uniform(0.0, 2.0, "ripple of the motor's torque"),
    observation_noise=Uniform(0.0, 0.05, "good encoder to cheap sensor"),
    sensor_bias=Uniform(-0.02, 0.02, "the zero is set by eye, to about a degree"),
    sensor_dropout=Uniform(0.0, 0.05, "a bus with an occasional checksum error"),
)

# A real cart also does what the simulator cannot do at all: dry friction, jittering latency, play
# in the belt. Wider ranges of what it can do stand in for that.
WORKSHOP = replace(
    PARAMETERS,
    cart_friction=Uniform(0.0, 3.0, "stands in for dry friction, which brakes as well"),
    force_noise=Uniform(0.0, 6.0, "stands in for jitter and play: pushes that come out wrong"),
    sensor_bias=Uniform(-0.04, 0.04, "the zero set by eye, twice as badly"),
    floor_tilt=Uniform(-0.05, 0.05, "stands in for any steady pull: cables, dry friction, table"),
)


def scaled(ranges: CartPolePhysics, by: float) -> CartPolePhysics:
    """Make every range `by` times as wide, about the nominal value; 0 gives the nominal physics.

    What is counted in steps becomes a choice of all whole numbers within the new range.

    Ends stay within what the physics allows and at a distance from the point where a cart would
    have no mass, no length, or a motor that never reacts. Raises ValueError for a negative `by`.
    """
    if by < 0:
        raise ValueError(f"a range cannot be {by} times as wide; give 0 or more")
    changed = {
        f.name: _scaled(value, by, f)
        for f in fields(ranges)
        for value in [getattr(ranges, f.name)]
        if isinstance(value, Distribution)
    }
    return replace(ranges, **changed)


def around(physics: CartPolePhysics, share: float) -> CartPolePhysics:
    """Ranges about one machine: every quantity up to `share` of its value larger or smaller.

    What is counted in steps gets a step more or less; what is zero stays zero. Ends stay within
    what the physics allows. Raises
    ValueError for a share outside (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"give the share of each value, between 0 and 1, not {share}")
    ranges = {}
    for f in fields(physics):
        value = getattr(physics, f.name)
        if not value:
            continue
        if f.metadata["whole"]:
            ranges[f.name] = Choice(tuple(range(int(value) - 1, int(value) + 2)))
        else:
            ends = sorted(((1 - share) * value, (1 + share) * value))
            ranges[f.name] = Uniform(*np.clip(ends, f.metadata["low"], f.metadata["high"]).tolist())
    return replace(physics, **ranges)


def _scaled(value: Distribution, by: float, about: Field) -> float | Distribution:
    nominal = about.default
    low, high = (nominal + by * (end - nominal) for end in bounds(value))
    if about.metadata["low"] is not None:
        low = max(low, about.metadata["low"])
    if nominal > 0:
        low = max(low, min(nominal / 20, value.low))
    if about.metadata["high"] is not None:
        high = min(high, 0.95 * about.metadata["high"])
    if low == high:
        return nominal
    if about.metadata["whole"]:
        return Choice(tuple(range(round(low), round(high) + 1)), value.why)
    if isinstance(value, Choice):
        scaled_values = (nominal + by * (v - nominal) for v in value.values)
        return Choice(tuple(min(max(v, low), high) for v in scaled_values), value.why)
    return (LogUniform if isinstance(value, LogUniform) else Uniform)(low, high, value.why)
