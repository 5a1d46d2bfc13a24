"""Part 1: the time until CartPole-v1 is solved.

Everybody is examined by the same judge after each update, with the clock stopped, and starts the
clock after all imports. What a library compiles when it is first called counts: a learner waits.
"""

import gymnasium as gym

from benchmarks.contest import Contender
from benchmarks.judge import Judge, Solved, after_updates, import_everything

ROUNDS = 5  # training seeds
STEPS = 100_000  # of the schedules
MOST = 300_000  # who has not solved it by then has failed

# Stable-Baselines3 Zoo, hyperparams/ppo.yml, CartPole-v1 ("Tuned"); both rates fall to zero.
ZOO = {"n_steps": 32, "batch_size": 256, "gae_lambda": 0.8, "gamma": 0.98, "n_epochs": 20}


def ours(seed: int, **settings) -> dict:
    """`train_ppo` with its default settings."""
    from course_lib.learning import TrainedPolicy, train_ppo
    from course_lib.worlds import CartPolePhysics

    def train(examine):
        callback = after_updates(lambda model: examine(TrainedPolicy(model)))
        train_ppo(
            CartPolePhysics(), seed, steps=MOST, progress=False, callbacks=[callback], **settings
        )

    return timed(seed, train)


def plain(seed: int) -> dict:
    """The same carts, settings and weights, with Stable-Baselines3's own PPO."""
    from stable_baselines3 import PPO

    return ours(seed, algorithm=PPO)


def tutorial(seed: int) -> dict:
    """The recipe of many tutorials: Stable-Baselines3's PPO, one environment, `n_steps=1024`."""
    from stable_baselines3 import PPO

    return library(PPO, seed, 1, n_steps=1024)


def zoo(seed: int) -> dict:
    """Stable-Baselines3's PPO with the tuned settings of its Zoo."""
    from stable_baselines3 import PPO

    return library(PPO, seed, 8, **ZOO, learning_rate=falling(1e-3), clip_range=falling(0.2))


def sbx(seed: int) -> dict:
    """The PPO of SBX, which is Stable-Baselines3 in JAX, with the same settings."""
    from sbx import PPO

    # Its clip range is a number.
    return library(PPO, seed, 8, **ZOO, learning_rate=falling(1e-3), clip_range=0.2)


def single_file(seed: int) -> dict:
    """PPO in a single file, in the style and with the settings of CleanRL."""
    from benchmarks.single_file_ppo import train

    return timed(seed, lambda examine: train(seed, MOST, examine))


def library(algorithm, seed: int, num_envs: int, **settings) -> dict:
    """Train an algorithm with Stable-Baselines3's interface."""
    from stable_baselines3.common.env_util import make_vec_env

    def train(examine):
        env = (
            make_vec_env("CartPole-v1", num_envs, seed=seed)
            if num_envs > 1
            else gym.make("CartPole-v1")
        )
        model = algorithm("MlpPolicy", env, seed=seed, device="cpu", **settings)
        model.learn(MOST, callback=after_updates(lambda model: examine(
            lambda seen: model.predict(seen, deterministic=True)[0]
        )))  # fmt: skip

    return timed(seed, train)


def falling(start: float):
    """A rate that falls to zero over `STEPS` steps, as the Zoo's do, whatever the limit is."""
    return lambda remaining: start * max(1 - (1 - remaining) * MOST / STEPS, 0.0)


def timed(seed: int, train) -> dict:
    """Seconds and whether it was solved."""
    import_everything()
    judge = Judge(seed)
    try:
        train(judge.examine)
    except Solved:
        return {"seconds": judge.seconds}
    raise ValueError(f"not solved within {MOST:,} steps with seed {seed}")


CONTENDERS = (
    Contender("this course", "ours"),
    Contender("the same with Stable-Baselines3's PPO", "plain"),
    Contender("tutorial: Stable-Baselines3 PPO, one environment", "tutorial", peer=True),
    Contender("Stable-Baselines3 PPO, settings of its Zoo", "zoo", peer=True),
    Contender("SBX PPO (JAX), settings of the Zoo but a constant clip range", "sbx", peer=True),
    Contender("single-file PPO, settings of CleanRL", "single_file", peer=True),
)
