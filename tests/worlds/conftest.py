import pytest

from course_lib.worlds import CartPolePhysics, Choice, LogUniform, Uniform


@pytest.fixture
def everything_random():
    """A physics in which every single parameter is drawn anew for each episode."""
    return CartPolePhysics(
        gravity=Uniform(8.0, 12.0),
        cart_mass=Uniform(0.5, 1.5),
        pole_mass=LogUniform(0.05, 0.2),
        pole_half_length=Uniform(0.3, 0.7),
        force=Uniform(8.0, 12.0),
        cart_friction=Uniform(0.0, 0.1),
        joint_friction=Uniform(0.0, 0.01),
        action_delay=Choice((0, 1, 2)),
        observation_delay=Choice((0, 1, 2)),
        motor_lag=Uniform(0.0, 0.5),
        force_noise=Uniform(0.1, 1.0),
        bump_chance=Uniform(0.0, 0.01),
        bump_force=Uniform(0.0, 20.0),
        observation_noise=Uniform(0.01, 0.05),
        sensor_bias=Uniform(-0.02, 0.02),
        sensor_dropout=Uniform(0.01, 0.1),
        floor_tilt=Uniform(-0.05, 0.05),
    )
