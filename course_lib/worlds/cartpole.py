"""CartPole with imperfections: a batch of carts, each with its own physics.

The rigid-body equations are those of Florian (2007), "Correct equations for the dynamics of the
cart-pole system", without the normal-force term, as in Gymnasium's `CartPole-v1`, which follows
Barto, Sutton and Anderson (1983), IEEE Trans. SMC 13(5). With nominal values both agree step by
step. Friction here is viscous (proportional to speed) in the rail and in the hinge; the integrator
is explicit, so friction far beyond that of a real bearing makes it unstable.
"""

from dataclasses import dataclass, fields
from types import SimpleNamespace

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.delay_line import DelayLine
from course_lib.worlds.physics import Physics, Sampler, bounds, quantity

TIME_STEP = 0.02  # s, the control period
RAIL_LIMIT = 2.4  # m, the cart ends the episode beyond it
TILT_LIMIT = 12 * 2 * np.pi / 360  # rad, the pole ends the episode beyond it
EPISODES_DRAWN_AHEAD = 256  # physics are drawn in blocks: far fewer calls to the generator


@dataclass(frozen=True)
class CartPolePhysics(Physics):
    """The physics of a cart and pole; the defaults are those of Gymnasium's `CartPole-v1`."""

    gravity: float = quantity(9.8, "m/s²", "gravitational acceleration", low=0)
    cart_mass: float = quantity(1.0, "kg", "mass of the cart", low=1e-3)
    pole_mass: float = quantity(0.1, "kg", "mass of the pole, spread evenly", low=1e-4)
    pole_half_length: float = quantity(0.5, "m", "from the hinge to the pole's middle", low=1e-2)
    force: float = quantity(10.0, "N", "push of the motor, left or right", low=0)
    cart_friction: float = quantity(0.0, "N·s/m", "viscous friction on the rail", low=0)
    joint_friction: float = quantity(0.0, "N·m·s/rad", "viscous friction in the hinge", low=0)
    action_delay: int = quantity(0, "steps", "wait before a command acts", low=0, whole=True)
    observation_delay: int = quantity(0, "steps", "age of what is seen", low=0, whole=True)
    motor_lag: float = quantity(
        0.0, "1", "new force = lag × old force + (1 - lag) × command", low=0, high=0.999
    )
    force_noise: float = quantity(0.0, "N", "standard deviation of the push", low=0)
    bump_chance: float = quantity(
        0.0, "1", "chance per step that somebody bumps the cart, from either side", low=0, high=1
    )
    bump_force: float = quantity(0.0, "N", "force of a bump, for one step", low=0)
    observation_noise: float = quantity(
        0.0, "m, m/s, rad, rad/s", "standard deviation of every reading", low=0
    )
    sensor_bias: float = quantity(0.0, "rad", "constant error of the angle reading")
    sensor_dropout: float = quantity(
        0.0, "1", "chance per step that the last reading is repeated", low=0, high=1
    )
    floor_tilt: float = quantity(
        0.0, "rad", "slope of the rail, uphill to the right", low=-1.0, high=1.0
    )

    def make(
        self, num_envs: int, *, max_episode_steps: int = 500, autoreset: bool = True
    ) -> "CartPole":
        """Build a batch of `num_envs` carts with this physics."""
        return CartPole(num_envs, self, max_episode_steps=max_episode_steps, autoreset=autoreset)


class CartPole(BatchWorld):
    """Keep the pole upright by pushing the cart left or right, in `num_envs` worlds at once.

    Actions: `Discrete(2)`, 0 pushes left and 1 pushes right with `force` newtons.

    Observations: float32 (4,), as the sensors report them:

    | index | quantity             | unit  | episode ends beyond |
    |-------|----------------------|-------|---------------------|
    | 0     | cart position        | m     | ±2.4                |
    | 1     | cart velocity        | m/s   |                     |
    | 2     | pole angle, 0 is up  | rad   | ±0.2095 (12°)       |
    | 3     | pole rate            | rad/s |                     |

    Rewards: 1 for every step, the last one included. Start: every coordinate uniform in ±0.05.
    End: `terminated` when the true cart or pole leaves its limit, `truncated` after
    `max_episode_steps`.

    From command to push: delayed by `action_delay` steps (no push until the first command
    arrives), smoothed by `motor_lag` (time constant -0.02 s / ln(lag)), disturbed by `force_noise`
    and by bumps.
    From state to reading: noise and bias, then dropout (the last reading again), then
    `observation_delay`. All of it acts from the first observation on.

    `reset(options={"state": array})` starts from a given true state, shape (4,) or (num_envs, 4).
    """

    def __init__(
        self,
        num_envs: int = 1,
        physics: CartPolePhysics | None = None,
        *,
        max_episode_steps: int = 500,
        autoreset: bool = True,
    ):
        high = np.array([2 * RAIL_LIMIT, np.inf, 2 * TILT_LIMIT, np.inf], dtype=np.float32)
        super().__init__(
            num_envs,
            spaces.Box(-high, high),
            spaces.Discrete(2),
            max_episode_steps=max_episode_steps,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else CartPolePhysics()
        # An imperfection that this physics can never switch on is skipped in every step.
        self._able = SimpleNamespace(
            **{
                f.name: bounds(getattr(self.physics, f.name)) != (0, 0)
                for f in fields(self.physics)
            }
        )
        self._state = np.zeros((4, num_envs))  # true x, x_dot, theta, theta_dot
        self._slopes = np.zeros((4, num_envs))  # of the state, per second
        self._force = np.zeros(num_envs)
        self._commands = DelayLine(bounds(self.physics.action_delay)[1], (num_envs,))
        longest = bounds(self.physics.observation_delay)[1]
        self._readings = DelayLine(longest, (num_envs, 4), np.float32)
        self._last_reading = np.zeros((num_envs, 4))
        self._sample = self.physics.sample
        self._episodes = None  # constants of the episodes to come, (constants, episodes)
        self._now = np.zeros((len(CONSTANTS), num_envs))
        self._k = SimpleNamespace(**dict(zip(CONSTANTS, self._now, strict=True)))  # rows of _now

    @property
    def state(self) -> np.ndarray:
        """The true state (num_envs, 4): a simulator may be looked into, the real system may not.

        Assign to it, (4,) or (num_envs, 4), to put the carts elsewhere in the middle of an episode;
        commands and readings that are under way stay as they are.
        """
        return self._state.T.copy()

    @state.setter
    def state(self, states: np.ndarray) -> None:
        self._state[:] = np.broadcast_to(states, (self.num_envs, 4)).T

    def draw_from(self, sample: Sampler) -> None:
        """Draw the physics of the episodes to come with `sample(rng, size)`, not `physics.sample`.

        `sample` returns what `Physics.sample` does: name -> (size,). The batch was built for
        `physics`, so everything drawn must lie within its ranges; if not, the next episode to start
        raises ValueError.
        """

        def within(rng, size):
            drawn = sample(rng, size)
            self.physics.require_within(drawn)
            return drawn

        self._sample, self._episodes = within, None

    def reset(self, *, seed=None, options=None):
        """Start new episodes; see the class for `options`."""
        if seed is not None:
            self._episodes = None  # they were drawn from the old generator
        return super().reset(seed=seed, options=options)

    def _begin(self, which, options):
        self._now[:, which] = self._draw_constants(which.size)
        if "state" in options:
            self._state[:] = np.broadcast_to(options["state"], (self.num_envs, 4)).T
        else:
            self._state[:, which] = self.np_random.uniform(-0.05, 0.05, (4, which.size))
        self._force[which] = 0.0
        if self._able.action_delay:
            self._commands.fill(which, 0.0, self._k.action_delay[which])
        reading = self._measure(which)
        self._last_reading[which] = reading
        if self._able.observation_delay:
            self._readings.fill(which, reading, self._k.observation_delay[which])
        return reading.astype(np.float32, order="C")

    def _draw_constants(self, count):
        """Return the constants of `count` new episodes, (constants, count)."""
        if self._episodes is None or self._episodes.shape[1] < count:
            ahead = max(self.num_envs, EPISODES_DRAWN_AHEAD)
            self._episodes = constants(self._sample(self.np_random, ahead))
        drawn, self._episodes = self._episodes[:, :count], self._episodes[:, count:]
        return drawn

    def _advance(self, actions):
        k, (_, x_dot, theta, theta_dot) = self._k, self._state
        force = self._push(actions)
        sin, cos = np.sin(theta), np.cos(theta)
        drive = (force + k.pole_moment * theta_dot * theta_dot * sin) * k.inverse_mass
        if self._able.cart_friction:
            drive -= k.cart_friction * k.inverse_mass * x_dot
        turn = k.weight * sin - cos * drive
        if self._able.joint_friction:
            turn -= k.hinge_drag * theta_dot
        theta_acc = turn / (k.length_4_3 - k.length_share * cos * cos)
        x_acc = drive - k.moment_share * theta_acc * cos
        if self._able.floor_tilt:
            x_acc += k.downhill
        # Explicit Euler, as in Gymnasium: positions move with the old velocities.
        self._slopes[:] = x_dot, x_acc, theta_dot, theta_acc
        self._slopes *= TIME_STEP
        self._state += self._slopes
        x, _, theta, _ = self._state
        terminated = (np.abs(x) > RAIL_LIMIT) | (np.abs(theta) > TILT_LIMIT)
        return self._observe(), np.ones(self.num_envs, dtype=np.float32), terminated

    def _push(self, actions):
        """The force on the cart (num_envs,) in N, given the newest commands."""
        command = (2.0 * actions - 1.0) * self._k.force
        if self._able.action_delay:
            command = self._commands.pass_on(command)
        if self._able.motor_lag:
            command = self._force + (1.0 - self._k.motor_lag) * (command - self._force)
        self._force = push = command
        if self._able.force_noise:
            push = push + self._k.force_noise * self.np_random.standard_normal(self.num_envs)
        if self._able.bump_chance and self._able.bump_force:
            chance = self._k.bump_chance / 2  # from each side
            u = self.np_random.random(self.num_envs)
            side = (u < chance) - 1.0 * (u > 1 - chance)
            push = push + self._k.bump_force * side
        return push

    def _measure(self, which):
        """Fresh readings (len(which), 4) of the true state: noise and bias, nothing later."""
        reading = self._state[:, which].copy()  # (4, len(which))
        if self._able.observation_noise:
            noise = self.np_random.standard_normal(reading.T.shape)
            reading += np.multiply(noise.T, self._k.observation_noise[which], order="C")
        if self._able.sensor_bias:
            reading[2] += self._k.sensor_bias[which]
        return reading.T

    def _observe(self):
        reading = self._measure(slice(None))
        if self._able.sensor_dropout:
            lost = self.np_random.random(self.num_envs) < self._k.sensor_dropout
            np.copyto(reading, self._last_reading, where=lost[:, None])
            self._last_reading = reading
        if self._able.observation_delay:
            return self._readings.pass_on(reading)
        return reading.astype(np.float32, order="C")


def constants(drawn: dict[str, np.ndarray]) -> np.ndarray:
    """Turn drawn physics into what the step needs, computed once per episode: (constants, n)."""
    g, slope = drawn["gravity"], drawn["floor_tilt"]
    m, length = drawn["pole_mass"], drawn["pole_half_length"]
    total = m + drawn["cart_mass"]
    derived = {
        # A slope turns gravity: part presses on the rail, part pulls cart and pole along it. The
        # latter accelerates everything alike, so the pole's angle does not feel it.
        "weight": g * np.cos(slope),
        "downhill": -g * np.sin(slope),
        "inverse_mass": 1.0 / total,
        "pole_moment": m * length,
        "moment_share": m * length * (1.0 / total),
        "hinge_drag": drawn["joint_friction"] / (m * length),
        "length_4_3": length * (4.0 / 3.0),
        "length_share": length * m / total,
    }
    everything = drawn | derived
    return np.array([everything[name] for name in CONSTANTS])


CONSTANTS = (
    "weight",
    "downhill",
    "inverse_mass",
    "pole_moment",
    "moment_share",
    "cart_friction",
    "hinge_drag",
    "length_4_3",
    "length_share",
    "force",
    "action_delay",
    "observation_delay",
    "motor_lag",
    "force_noise",
    "bump_chance",
    "bump_force",
    "observation_noise",
    "sensor_bias",
    "sensor_dropout",
)


def single_cartpole(physics: CartPolePhysics | None = None) -> SingleWorld:
    """The environment behind `gym.make("sim2real/CartPole-v0", physics=...)`."""
    return SingleWorld(CartPole(1, physics, autoreset=False))
