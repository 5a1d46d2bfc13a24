"""Part 1: how long until CartPole-v1 is solved?"""

import json
import sys

import gymnasium as gym

from benchmarks.judge import Judge, Solved

TOO_LONG = 300_000  # steps, after which a contender has failed


def ours(seed, judge):
    from stable_baselines3.common.callbacks import BaseCallback

    from course_lib.learning.policy import TrainedPolicy
    from course_lib.learning.ppo import train_ppo
    from course_lib.worlds import CartPolePhysics

    class Examine(BaseCallback):
        def _on_rollout_start(self):
            judge.examine(TrainedPolicy(self.model))

        def _on_step(self):
            return True

    train_ppo(CartPolePhysics(), seed, steps=TOO_LONG, progress=False, callbacks=[Examine()])


def learn(algorithm, env, seed, judge, **settings):
    """Train a Stable-Baselines3 algorithm, examined before each rollout."""
    from stable_baselines3.common.callbacks import BaseCallback

    class Examine(BaseCallback):
        def _on_rollout_start(self):
            judge.examine(lambda seen: self.model.predict(seen, deterministic=True)[0])

        def _on_step(self):
            return True

    extra = {"device": "cpu"}
    model = algorithm("MlpPolicy", env, seed=seed, **(extra | settings))
    model.learn(TOO_LONG, callback=Examine())


def tutorial(seed, judge):
    from stable_baselines3 import PPO

    learn(PPO, gym.make("CartPole-v1"), seed, judge, n_steps=1024)


def zoo(seed, judge):
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env

    learn(PPO, make_vec_env("CartPole-v1", 8, seed=seed), seed, judge, **ZOO)


def sbx(seed, judge):
    from sbx import PPO
    from stable_baselines3.common.env_util import make_vec_env

    learn(PPO, make_vec_env("CartPole-v1", 8, seed=seed), seed, judge, **ZOO)


def falling(start, steps=100_000):
    # The schedule of the settings falls to zero over their 100,000 steps.
    return lambda remaining: start * max(1 - (1 - remaining) * TOO_LONG / steps, 0)


ZOO = {
    "n_steps": 32,
    "batch_size": 256,
    "gae_lambda": 0.8,
    "gamma": 0.98,
    "n_epochs": 20,
    "ent_coef": 0.0,
    "learning_rate": falling(1e-3),
    "clip_range": falling(0.2),
}

if __name__ == "__main__":
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        pass
    name, seed = sys.argv[1], int(sys.argv[2])
    judge = Judge(seed)
    try:
        globals()[name](seed, judge)
    except Solved:
        print(json.dumps({"seconds": judge._spent}))
