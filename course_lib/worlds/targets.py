"""Realities that are made of the simulators themselves, with other constants."""

from course_lib.worlds.cartpole import CartPolePhysics
from course_lib.worlds.dispatch import DispatchPhysics

# The modification that is widely copied in tutorials as the "real" CartPole.
TUTORIAL_REALITY = CartPolePhysics(
    gravity=12.0, cart_mass=1.5, pole_mass=0.2, observation_noise=0.05
)

# A machine that a workshop could build. No single value is extreme; each has an ordinary cause.
SIMULATED_TARGET = CartPolePhysics(
    cart_mass=1.5,  # kg, a battery was added
    pole_mass=0.2,  # kg, a steel rod instead of an aluminium one
    pole_half_length=0.35,  # m, cut to fit under the shelf
    action_delay=2,  # steps, 40 ms: a camera frame and a serial line
    motor_lag=0.7,  # time constant 56 ms, usual for a small geared motor
    observation_noise=0.05,  # about 3° of angle noise: a cheap sensor
    force_noise=2.0,  # N, a slipping belt
    cart_friction=0.05,  # N·s/m, a greased rail
)

# A site behind a dispatcher, as it is and not as the datasheets of its servers say.
DISPATCH_SITE = DispatchPhysics(
    dense_fast=1.2,  # s: the accelerator has no fast version of these jobs, its driver falls back
    parse_fast=0.8,  # s: but its processor is newer
    contention=0.1,  # one memory bus for all
    spread=0.8,  # jobs differ more than the benchmark
    age=2.0,  # s: queues are polled, and the poll is cached
)
