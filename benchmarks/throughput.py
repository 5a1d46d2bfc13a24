"""Part 2: steps per second of batches of carts, under random actions.

In ours every parameter of the physics is drawn anew for each episode, and everything that it can do
is switched on: delays, noise, bumps, lost readings. Gymnasium's and EnvPool's carts are all alike
and perfect. Random actions are the hard case: an episode is over after some twenty steps.
"""

import time
import warnings

import numpy as np

from benchmarks.contest import Contender

ROUNDS = 5
SIZES = (1, 8, 32, 256, 1024, 4096)
SECONDS = 0.4  # of measuring, for each size
FIVE = {
    "gravity": (8.0, 12.0),
    "cart_mass": (0.5, 1.5),
    "pole_mass": (0.05, 0.2),
    "pole_half_length": (0.3, 0.7),
    "force": (8.0, 12.0),
}  # what Gymnasium's cart knows of


def everything_random():
    """A physics in which every single parameter is drawn for each episode."""
    from course_lib.worlds import CartPolePhysics, Choice, LogUniform, Uniform

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


def ours(number: int) -> dict:
    """The course's batch with everything random."""
    physics = everything_random()
    return sizes(lambda n: stepping(physics.make(n)))


def five(number: int) -> dict:
    """The course's batch with what a wrapper of Gymnasium's cart can draw, and no more."""
    from course_lib.worlds import CartPolePhysics, Uniform

    physics = CartPolePhysics(**{name: Uniform(*ends) for name, ends in FIVE.items()})
    return sizes(lambda n: stepping(physics.make(n)))


def fixed(number: int) -> dict:
    """The course's batch with the physics of CartPole-v1: the job that Gymnasium's batch does."""
    from course_lib.worlds import CartPolePhysics

    return sizes(lambda n: stepping(CartPolePhysics().make(n)))


def chance(number: int) -> dict:
    """Nothing but the random numbers that a step of `ours` needs, drawn in as few calls."""
    rng = np.random.default_rng(0)

    def drawing(n):
        def draw(_):
            rng.standard_normal(n), rng.random(n)  # the push, and bumps
            rng.standard_normal((n, 4)), rng.random(n)  # the readings, and which are lost

        return draw

    return sizes(drawing)


def profile(number: int) -> dict:
    """Where the time of `ours` goes in its largest batch: shares by what is done."""
    import cProfile
    import pstats

    n = max(SIZES)
    step = stepping(everything_random().make(n))
    rate(step, n)
    with cProfile.Profile() as watched:
        rate(step, n)
    spent = {
        function: (own, whole)
        for (file, _, function), (_, _, own, whole, _) in pstats.Stats(watched).stats.items()
        if file.endswith(("cartpole.py", "batch.py"))
    }
    shares = {what: spent[function][1] for what, function in DOES.items()}
    shares["the pole's motion"] = spent["_advance"][0]  # what it calls is counted above
    total = spent["step"][1]
    shares["checks, time limit, the rest"] = total - sum(shares.values())
    return {"shares": {what: seconds / total for what, seconds in shares.items()}}


# Functions of `CartPole`, none of which calls another of them.
DOES = {
    "pushes: noise, delay, lag, bumps": "_push",
    "readings: noise, bias, losses, delay": "_observe",
    "new episodes": "_begin",
}


def gymnasium(number: int) -> dict:
    """Gymnasium's batch of carts in NumPy."""
    import gymnasium as gym

    return sizes(
        lambda n: stepping(
            gym.make_vec("CartPole-v1", n, vectorization_mode="vector_entry_point"), seed=0
        )
    )


def envpool_1(number: int) -> dict:
    """EnvPool with one thread."""
    return envpool(1)


def envpool_2(number: int) -> dict:
    """EnvPool with two threads."""
    return envpool(2)


def envpool(threads: int) -> dict:
    """EnvPool's carts in C++."""
    import envpool

    warnings.simplefilter("ignore")
    return sizes(
        lambda n: stepping(
            envpool.make_gymnasium("CartPole-v1", num_envs=n, num_threads=threads, seed=0)
        )
    )


def dummy(number: int) -> dict:
    """DummyVecEnv over the course's single environments, with everything random."""
    import gymnasium as gym

    physics = everything_random()
    return one_by_one(lambda: gym.make("sim2real/CartPole-v0", physics=physics))


def dummy_gymnasium(number: int) -> dict:
    """DummyVecEnv over Gymnasium's carts in a wrapper that draws `FIVE` for each episode."""
    import gymnasium as gym

    class Randomized(gym.Wrapper):
        def reset(self, **asked):
            seen, info = self.env.reset(**asked)
            cart = self.unwrapped
            cart.gravity, cart.masscart, cart.masspole, cart.length, cart.force_mag = (
                cart.np_random.uniform(*ends) for ends in FIVE.values()
            )
            cart.total_mass = cart.masscart + cart.masspole
            cart.polemass_length = cart.masspole * cart.length
            return seen, info

    return one_by_one(lambda: Randomized(gym.make("CartPole-v1")))


def one_by_one(build) -> dict:
    """Stable-Baselines3's DummyVecEnv over single environments, each made by `build()`."""
    from stable_baselines3.common.vec_env import DummyVecEnv

    return sizes(lambda n: stepping(DummyVecEnv([build] * n)))


def stepping(env, **reset):
    """Reset a batch; what steps it with given actions."""
    env.reset(**reset)
    return env.step


def sizes(build) -> dict:
    """Steps per second at each size: `build(n)` returns what makes a step with actions (n,)."""
    return {str(n): rate(build(n), n) for n in SIZES}


def rate(step, n: int) -> float:
    """World steps per second: `step(actions)` steps n worlds."""
    actions = np.random.default_rng(0).integers(2, size=(64, n)).astype(np.int32)
    for some in actions[: 64 if n < 1024 else 4]:  # caches, compilers, and the first falls
        step(some)
    begin, steps = time.perf_counter(), 0
    while (spent := time.perf_counter() - begin) < SECONDS:
        step(actions[steps % len(actions)])
        steps += 1
    return steps * n / spent


CONTENDERS = (
    Contender("this course, everything random", "ours"),
    Contender("this course, five quantities random", "five"),
    Contender("this course, CartPole-v1", "fixed"),
    Contender("only the random numbers of the first row", "chance"),
    Contender("Gymnasium's vector CartPole-v1", "gymnasium", peer=True),
    Contender("EnvPool CartPole-v1, one thread", "envpool_1", peer=True),
    Contender("EnvPool CartPole-v1, two threads", "envpool_2", peer=True),
    Contender(
        "DummyVecEnv over Gymnasium's single carts, five quantities random",
        "dummy_gymnasium",
        peer=True,
    ),
    Contender("DummyVecEnv over this course's single carts, everything random", "dummy"),
    Contender("profile of the first row", "profile"),
)
