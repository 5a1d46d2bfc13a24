"""Answers to the second half of exercise 01: the two pieces of code to repair."""

from answers import Right, Wrong, edit

RUN = """
def run_episodes(env, policy, episodes, max_steps=500):
    returns = []
    for _ in range(episodes):
        observation, _ = env.reset()
        total = 0.0
        for _ in range(max_steps):
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            total += reward
            if terminated or truncated:
                break
        returns.append(total)
    return returns
"""
COLLEAGUE = """
def run_episodes(env, policy, episodes, max_steps=500):
    returns = []
    observation, _ = env.reset()
    for _ in range(episodes):
        total, terminated = 0.0, False
        while not terminated:
            next_observation, reward, terminated, truncated, _ = env.step(policy(observation))
            total += reward
        returns.append(total)
    return returns
"""
START = "        observation, _ = env.reset()\n"
ADD = "            total += reward\n"
LEAVE = "            if terminated or truncated:\n                break\n"

EPISODES = [
    Wrong(
        "reset outside the loop",
        edit(
            RUN,
            START,
            "",
            "    for _ in range(episodes)",
            START[4:] + "    for _ in range(episodes)",
        ),
        "you reset only 1×; every episode starts with a reset",
    ),
    Wrong("the colleague's", COLLEAGUE, "you reset only 1×", like="reset outside the loop"),
    Wrong(
        "a stale observation",
        edit(RUN, "observation, reward", "next_observation, reward"),
        "the policy should be given the newest observation",
    ),
    Wrong(
        "the first observation for ever",
        edit(
            RUN,
            "env.step(policy(observation))",
            "env.step(action)",
            ADD,
            ADD,
            "total = 0.0\n",
            "total = 0.0\n        action = policy(observation)\n",
        ),
        "the policy should be given the newest observation",
        like="a stale observation",
    ),
    Wrong(
        "truncation ignored, no limit",
        edit(
            RUN,
            "for _ in range(max_steps)",
            "while True",
            "if terminated or truncated",
            "if terminated",
        ),
        "you go on for ever after an episode was truncated",
    ),
    Wrong(
        "termination ignored, no limit",
        edit(
            RUN,
            "for _ in range(max_steps)",
            "while True",
            "if terminated or truncated",
            "if truncated",
        ),
        "you go on for ever after an episode was terminated",
    ),
    Wrong(
        "truncation ignored",
        edit(RUN, "if terminated or truncated", "if terminated"),
        "an episode that is truncated, with max_steps=25: you step on after the end",
    ),
    Wrong(
        "termination ignored",
        edit(RUN, "if terminated or truncated", "if truncated"),
        "an episode that terminates, with max_steps=25: you step on after the end",
    ),
    Wrong(
        "both needed for an end",
        edit(RUN, "terminated or truncated", "terminated and truncated"),
        "an episode that terminates, with max_steps=25: you step on after the end",
        like="termination ignored",
    ),
    Wrong(
        "no limit",
        edit(RUN, "for _ in range(max_steps)", "while True"),
        "you never stop an episode that does not end by itself",
    ),
    Wrong(
        "one step too many",
        edit(RUN, "range(max_steps)", "range(max_steps + 1)"),
        "an episode of yours lasts 26 steps, where 25 are due",
    ),
    Wrong(
        "one step too few",
        edit(RUN, "range(max_steps)", "range(1, max_steps)"),
        "an episode of yours lasts 24 steps, where 25 are due",
    ),
    Wrong(
        "a limit of its own",
        edit(RUN, "range(max_steps)", "range(500)"),
        "an episode of yours lasts 500 steps, where 25 are due",
    ),
    Wrong(
        "left after the first step",
        edit(RUN, LEAVE, "            break\n"),
        "an episode of yours lasts 1 steps, where 3 are due",
    ),
    Wrong(
        "the last reward forgotten",
        edit(RUN, ADD + LEAVE, LEAVE + ADD),
        "the reward of the last step is missing",
    ),
    Wrong(
        "the total goes on",
        edit(RUN, "        total = 0.0\n", "", "returns = []", "returns, total = [], 0.0"),
        "start again from zero",
    ),
    Wrong("steps counted", edit(RUN, "total += reward", "total += 1"), "you count steps"),
    Wrong("no sum", edit(RUN, "total += reward", "total = reward"), "add them up"),
    Wrong(
        "discounted",
        edit(RUN, "total += reward", "total = reward + 0.99 * total"),
        "do not have the returns",
    ),
    Wrong(
        "the mean",
        edit(RUN, "return returns", "return sum(returns) / episodes"),
        "the list of the returns of 6 episodes should have shape (6,), not ()",
    ),
    Wrong(
        "return too early",
        edit(RUN, "    return returns", "        return returns"),
        "of 6 episodes you run 1",
    ),
    Wrong(
        "one episode too many",
        edit(RUN, "range(episodes)", "range(episodes + 1)"),
        "of 6 episodes you run 7",
    ),
    Wrong(
        "the same seed for each episode",
        edit(RUN, "env.reset()", "env.reset(seed=0)"),
        "you reset with a seed",
    ),
    Wrong(
        "a seed per episode",
        edit(
            RUN, "for _ in range(episodes)", "for i in range(episodes)", "reset()", "reset(seed=i)"
        ),
        "you reset with a seed",
        like="the same seed for each episode",
    ),
    Wrong(
        "what reset returns is not unpacked",
        edit(RUN, "observation, _ = env", "observation = env"),
        "reset returns two things, (observation, info)",
    ),
    Wrong(
        "four values from step",
        edit(RUN, "terminated, truncated, _ =", "terminated, _ =", " or truncated", ""),
        "it raised ValueError (too many values to unpack (expected 4)) when run on an episode",
    ),
    Wrong(
        "never reset",
        edit(RUN, "env.reset()", "env.observation_space.low, {}"),
        "you step before the first reset",
    ),
    Wrong("printed", edit(RUN, "return returns", "print(returns)"), "but None came back"),
    Wrong(
        "a list that outlives the call",
        edit(RUN, "max_steps=500", "max_steps=500, returns=[]", "    returns = []\n", ""),
        "should have shape (6,), not (12,)",
    ),
    Right("the usual way", RUN),
    Right(
        "a while loop that counts and prints",
        """
import numpy as np

def run_episodes(env, policy, episodes, max_steps=500):
    returns = np.zeros(episodes)
    for episode in range(episodes):
        observation, info = env.reset()
        steps, done = 0, False
        while not done and steps < max_steps:
            action = policy(observation)
            observation, reward, terminated, truncated, info = env.step(action)
            print(episode, steps, action, observation, reward)
            returns[episode] += reward
            steps += 1
            done = terminated or truncated
    return returns
""",
    ),
    Right(
        "Gymnasium's TimeLimit",
        """
from gymnasium.wrappers import TimeLimit

def run_episodes(env, policy, episodes, max_steps=500):
    env = TimeLimit(env, max_steps)

    def episode():
        observation, _ = env.reset()
        while True:
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            yield reward
            if terminated or truncated:
                return

    return [sum(episode()) for _ in range(episodes)]
""",
    ),
    Right(
        "recursion",
        """
def run_episodes(env, policy, episodes, max_steps=500):
    def rest(observation, left):
        if left == 0:
            return 0.0
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        if terminated or truncated:
            return reward
        return reward + rest(observation, left - 1)

    if episodes == 0:
        return []
    first = rest(env.reset()[0], max_steps)
    return [first] + run_episodes(env, policy, episodes - 1, max_steps)
""",
    ),
    Right(
        "one loop over steps, reset after each episode",
        """
def run_episodes(env, policy, episodes, max_steps=500):
    returns, total, steps = [], 0.0, 0
    observation, _ = env.reset()
    while len(returns) < episodes:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        total, steps = total + reward, steps + 1
        if terminated or truncated or steps == max_steps:
            returns.append(total)
            total, steps = 0.0, 0
            observation, _ = env.reset()
    return tuple(returns)
""",
    ),
]

SENSOR = """
import gymnasium as gym
import numpy as np

class SensorNoise(gym.ObservationWrapper):
    def __init__(self, env, std):
        super().__init__(env)
        self.std = std

    def observation(self, observation):
        noise = self.np_random.normal(0.0, self.std, observation.shape)
        return (observation + noise).astype(np.float32)
"""
DRAW = "self.np_random.normal(0.0, self.std, observation.shape)"
RESULT = "(observation + noise).astype(np.float32)"
# One with a generator of its own, and one that is a plain Wrapper.
OWN = """
import gymnasium as gym
import numpy as np

class SensorNoise(gym.ObservationWrapper):
    def __init__(self, env, std):
        super().__init__(env)
        self.std, self.rng = std, np.random.default_rng()

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        return super().reset(seed=seed, options=options)

    def observation(self, observation):
        noise = self.rng.normal(0.0, self.std, observation.shape)
        return (observation + noise).astype(np.float32)
"""
WRAPPER = """
import gymnasium as gym
import numpy as np

class SensorNoise(gym.Wrapper):
    def __init__(self, env, std):
        super().__init__(env)
        self.std = std

    def noisy(self, o):
        return (o + self.np_random.normal(0.0, self.std, o.shape)).astype(np.float32)

    def reset(self, **kwargs):
        o, info = self.env.reset(**kwargs)
        return self.noisy(o), info

    def step(self, action):
        o, reward, terminated, truncated, info = self.env.step(action)
        return self.noisy(o), reward, terminated, truncated, info
"""
STEP = "self.noisy(o), reward, terminated, truncated, info"

NOISE = [
    Wrong(
        "noise after steps only",
        edit(WRAPPER, "self.noisy(o), info", "o, info"),
        "the first reading, from reset, carries no noise",
    ),
    Wrong(
        "noise after reset only",
        edit(WRAPPER, "self.noisy(o), reward", "o, reward"),
        "readings after a step carry no noise",
    ),
    Wrong(
        "the environment returned",
        "def SensorNoise(env, std):\n    return env",
        "it should be a gymnasium.Wrapper",
    ),
    Wrong(
        "no wrapper",
        edit(WRAPPER, "(gym.Wrapper)", "", "super().__init__(env)", "self.env = env"),
        "it should be a gymnasium.Wrapper",
        like="the environment returned",
    ),
    Wrong(
        "the method has another name",
        edit(SENSOR, "def observation(", "def observe("),
        "an ObservationWrapper calls its method `observation`, and yours has none",
    ),
    Wrong(
        "the environment is not handed on",
        edit(SENSOR, "        super().__init__(env)\n", ""),
        "it raised AttributeError ('SensorNoise' object has no attribute 'env')",
    ),
    Wrong(
        "drawn once",
        edit(
            SENSOR,
            "self.std = std",
            "self.noise = np.random.default_rng().normal(0, std, 4)",
            DRAW,
            "self.noise",
        ),
        "the noise is the same at each step",
    ),
    Wrong(
        "seeded again at each step",
        edit(
            OWN,
            "self.rng.normal",
            "np.random.default_rng(self.seed).normal",
            "if seed is not None:\n            self.rng = np.random.default_rng(seed)",
            "self.seed = seed",
        ),
        "the noise is the same at each step",
        like="drawn once",
    ),
    Wrong(
        "one number for all four",
        edit(SENSOR, ", observation.shape", ""),
        "all four numbers of a reading get the same noise",
    ),
    Wrong(
        "std taken for a variance",
        edit(SENSOR, "0.0, self.std", "0.0, self.std**2"),
        "somewhere it is taken for a variance",
    ),
    Wrong(
        "the root of std",
        edit(SENSOR, "0.0, self.std", "0.0, np.sqrt(self.std)"),
        "somewhere it is taken for a variance",
    ),
    Wrong(
        "std ignored",
        edit(SENSOR, "0.0, self.std", "0.0, 1.0"),
        "with std=0.3 the noise has a standard deviation of 1",
    ),
    Wrong(
        "uniform noise",
        edit(SENSOR, "normal(0.0, self.std", "uniform(-self.std * 3**0.5, self.std * 3**0.5"),
        "the noise never goes far",
    ),
    Wrong("positive noise", edit(SENSOR, DRAW, f"abs({DRAW})"), "not zero"),
    Wrong(
        "noise in proportion",
        edit(SENSOR, "observation + noise", "observation * (1 + noise)"),
        "some numbers of a reading get more noise than others",
    ),
    Wrong(
        "float64",
        edit(SENSOR, ".astype(np.float32)", ""),
        "a reading from reset is of type float64",
    ),
    Wrong(
        "a list",
        edit(SENSOR, ".astype(np.float32)", ".tolist()"),
        "a reading from reset is of type list",
    ),
    Wrong(
        "in place",
        edit(
            SENSOR,
            f"return {RESULT}",
            "observation += noise.astype(np.float32)\n        return observation",
        ),
        "it changes the environment's own state",
    ),
    Wrong(
        "one buffer for all readings",
        edit(
            SENSOR,
            "self.std = std",
            "self.std, self.buffer = std, np.zeros(env.observation_space.shape, np.float32)",
            f"return {RESULT}",
            "self.buffer[:] = observation + noise\n        return self.buffer",
        ),
        "one array that is overwritten",
    ),
    Wrong(
        "four numbers, whatever the environment",
        edit(SENSOR, ", observation.shape", ", 4"),
        "when made with std=0.3 for readings of 2 numbers",
    ),
    Wrong(
        "the global generator",
        edit(SENSOR, "self.np_random", "np.random"),
        "draws from a global random generator",
    ),
    Wrong(
        "a generator that reset does not seed",
        edit(OWN, "if seed is not None", "if False"),
        "two runs after reset(seed=1) differ",
    ),
    Wrong(
        "a fixed seed",
        edit(OWN, "default_rng()", "default_rng(0)", "if seed is not None", "if False"),
        "reset(seed=1) and reset(seed=2) give the same noise",
    ),
    Wrong(
        "the environment does not get the seed",
        edit(OWN, "super().reset(seed=seed, ", "super().reset("),
        "hand the seed on to the environment as well",
    ),
    Wrong(
        "reset takes no seed",
        edit(WRAPPER, "def reset(self, **kwargs)", "def reset(self)", "reset(**kwargs)", "reset()"),
        "it raised TypeError (SensorNoise.reset() got an unexpected keyword argument 'seed')",
    ),
    Wrong(
        "no generator before the first seed",
        edit(OWN, "self.std, self.rng = std, np.random.default_rng()", "self.std = std"),
        "when reset without a seed, the very first time",
    ),
    Wrong(
        "a reset without a seed draws a new one",
        edit(OWN, "if seed is not None", "if True"),
        "a reset without a seed goes on with the old generator",
    ),
    Wrong(
        "a reset without a seed starts again",
        edit(
            OWN,
            "if seed is not None:\n",
            "self.last = seed = seed or getattr(self, 'last', 0)\n        if True:\n",
        ),
        "a second reset without a seed repeats the noise of the first",
    ),
    Wrong(
        "one generator for all wrappers",
        edit(
            OWN,
            "self.rng = np",
            "SensorNoise.rng = np",
            "self.rng = std, np",
            "SensorNoise.rng = std, np",
        ),
        "two wrapped environments disturb each other",
    ),
    Wrong(
        "reset returns the reading alone",
        edit(WRAPPER, "self.noisy(o), info", "self.noisy(o)"),
        "reset should return two things",
    ),
    Wrong(
        "four things from step",
        edit(WRAPPER, STEP, "self.noisy(o), reward, terminated or truncated, info"),
        "step should return five things",
    ),
    Wrong(
        "truncated lost",
        edit(WRAPPER, STEP, "self.noisy(o), reward, terminated or truncated, False, info"),
        "should pass through step as they are",
    ),
    Wrong(
        "info lost",
        edit(WRAPPER, "self.noisy(o), info", "self.noisy(o), {}"),
        "the info that reset returns should pass through",
    ),
    Wrong(
        "printed",
        edit(SENSOR, f"return {RESULT}", f"print({RESULT})"),
        "a reading from reset should hold numbers, but None came back",
    ),
    Right("the usual way", SENSOR),
    Right("a generator of its own", OWN),
    Right("a plain wrapper", WRAPPER),
    Right(
        "Gymnasium's TransformObservation",
        """
from gymnasium.wrappers import TransformObservation
import numpy as np

def SensorNoise(env, std):
    def noisy(reading):
        print("before", reading)
        noise = std * env.np_random.standard_normal(reading.shape, dtype=np.float32)
        return reading + noise
    return TransformObservation(env, noisy, env.observation_space)
""",
    ),
    Right(
        "SciPy's normal distribution",
        """
import gymnasium as gym
import numpy as np
from scipy.stats import norm

class SensorNoise(gym.ObservationWrapper):
    def __init__(self, env, std):
        super().__init__(env)
        self.law = norm(0.0, std)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, env.observation_space.shape)

    def observation(self, observation):
        reading = np.array(observation, dtype=np.float32)
        reading += self.law.rvs(size=reading.shape, random_state=self.unwrapped.np_random)
        return reading
""",
    ),
    Right(
        "one child generator per episode, and numbers drawn one by one",
        """
import gymnasium as gym
import numpy as np

class SensorNoise(gym.Wrapper):
    def __init__(self, env, std):
        super().__init__(env)
        self.std, self.seeds = std, np.random.SeedSequence()

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.seeds = np.random.SeedSequence(seed)
        self.noise = np.random.Generator(np.random.PCG64(self.seeds.spawn(1)[0]))
        reading, info = super().reset(seed=seed, options=options)
        return self.read(reading), info

    def step(self, action):
        result = list(super().step(action))
        result[0] = self.read(result[0])
        return tuple(result)

    def read(self, truth):
        return np.array([x + self.noise.normal(0, self.std) for x in truth], "float32")
""",
    ),
]
