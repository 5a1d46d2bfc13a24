"""The adapter against Stable-Baselines3's own DummyVecEnv over the same single environments."""

from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from course_lib.learning import PD, ObservationActionHistory, SB3Adapter, with_history
from course_lib.worlds import CartPole, CartPolePhysics
from course_lib.worlds.batch import SingleWorld

LIMIT = 40
N = 8


class StartsLike(gym.Wrapper):
    """A single environment that begins each episode in the state where world `i` of `batch` is."""

    def __init__(self, env, batch, i):
        super().__init__(env)
        self.batch, self.i = batch, i

    def reset(self, *, seed=None, options=None):
        return self.env.reset(options={"state": self.batch.state[self.i]})


@dataclass
class Pair:
    ours: SB3Adapter
    theirs: DummyVecEnv

    def run(self, steps, limp=0.5):
        """Step both with the same actions, half of the worlds at random: pairs of results."""
        rng = np.random.default_rng(0)
        seen = self.ours.reset()
        yield (seen, None, None, None), (self.theirs.reset(), None, None, None)
        for _ in range(steps):
            actions = PD(seen)
            actions[: int(limp * N)] = rng.integers(2, size=int(limp * N))
            # Ours first: it restarts a finished world, and theirs then begins in the same state.
            result = self.ours.step(actions)
            yield result, self.theirs.step(actions)
            seen = result[0]


@pytest.fixture
def pair():
    physics = CartPolePhysics(action_delay=1, motor_lag=0.3, observation_delay=1)
    batch = CartPole(N, physics, max_episode_steps=LIMIT)
    ours = SB3Adapter(batch)
    ours.seed(0)

    def build(i):
        world = SingleWorld(CartPole(1, physics, max_episode_steps=LIMIT, autoreset=False))
        return lambda: Monitor(StartsLike(world, batch, i))

    return Pair(ours, DummyVecEnv([build(i) for i in range(N)]))


def test_observations_rewards_and_dones_are_those_of_dummy_vec_env(pair):
    assert pair.ours.num_envs == pair.theirs.num_envs
    assert pair.ours.observation_space == pair.theirs.observation_space
    assert pair.ours.action_space == pair.theirs.action_space
    for ours, theirs in pair.run(200):
        for mine, other in zip(ours[:3], theirs[:3], strict=True):
            np.testing.assert_array_equal(mine, other)
            if mine is not None:
                assert mine.dtype == other.dtype
                assert mine.shape == other.shape


def test_infos_of_finished_episodes_are_those_of_dummy_vec_env(pair):
    fell = cut_off = 0
    for (_, _, dones, infos), (_, _, _, expected) in pair.run(200):
        for i in range(N if dones is not None else 0):
            if not dones[i]:
                assert "terminal_observation" not in infos[i]
                assert "episode" not in infos[i]
                continue
            np.testing.assert_array_equal(
                infos[i]["terminal_observation"], expected[i]["terminal_observation"]
            )
            assert infos[i]["TimeLimit.truncated"] is expected[i]["TimeLimit.truncated"]
            assert infos[i]["episode"]["r"] == expected[i]["episode"]["r"]
            assert infos[i]["episode"]["l"] == expected[i]["episode"]["l"]
            cut_off += infos[i]["TimeLimit.truncated"]
            fell += not infos[i]["TimeLimit.truncated"]
    assert min(fell, cut_off) > 10


def steps_until_the_fall():
    env = CartPole(1, autoreset=False)
    env.reset(options={"state": np.zeros(4)})
    for step in range(1, 50):
        if env.step(np.ones(1, dtype=int))[2][0]:
            return step
    raise AssertionError("a cart pushed to one side must lose its pole")


@pytest.mark.parametrize(
    ("spare", "is_cut_off"),
    [(-1, True), (0, False), (1, False)],
    ids=["limit before the fall", "limit at the fall", "limit after the fall"],
)
def test_the_value_after_the_end_is_used_only_if_the_episode_was_cut_off(spare, is_cut_off):
    limit = steps_until_the_fall() + spare
    batch = CartPole(1, max_episode_steps=limit)
    env = SB3Adapter(batch)
    env.reset()
    batch.reset(options={"state": np.zeros(4)})
    while True:
        _, _, dones, infos = env.step(np.ones(1, dtype=int))
        if dones[0]:
            break
    assert infos[0]["TimeLimit.truncated"] is is_cut_off


@pytest.mark.parametrize(
    "env",
    [
        CartPole(2, autoreset=False),
        with_history(CartPole(2, autoreset=False), 3),
        gym.make_vec("CartPole-v1", 2, vectorization_mode="vector_entry_point"),
    ],
    ids=["no autoreset", "no autoreset, wrapped", "next-step autoreset"],
)
def test_another_autoreset_mode_is_refused(env):
    with pytest.raises(ValueError, match="SAME_STEP"):
        SB3Adapter(env)


def test_a_seed_is_used_for_one_reset():
    env = SB3Adapter(CartPole(3))
    env.seed(7)
    first, second = env.reset(), env.reset()
    env.seed(7)
    np.testing.assert_array_equal(first, env.reset())
    assert not (first == second).any()


def test_attributes_and_methods_of_the_batch_are_reached_for_each_world():
    env = SB3Adapter(CartPole(3, max_episode_steps=77))
    assert env.get_attr("max_episode_steps") == [77] * 3
    assert env.get_attr("max_episode_steps", indices=[0, 2]) == [77] * 2
    assert env.get_attr("max_episode_steps", indices=1) == [77]
    env.set_attr("max_episode_steps", 5)
    assert env.env.max_episode_steps == 5
    results = env.env_method("reset", seed=5, indices=[0, 2])
    assert len(results) == 2
    np.testing.assert_array_equal(results[0][0], CartPole(3).reset(seed=5)[0])
    assert env.has_attr("max_episode_steps")
    assert not env.has_attr("nonsense")


def test_wrappers_are_found_at_any_depth():
    class Outer(gym.vector.VectorWrapper):
        pass

    env = SB3Adapter(Outer(with_history(CartPole(2), 3)))
    assert env.env_is_wrapped(ObservationActionHistory) == [True] * 2
    assert env.env_is_wrapped(Outer, indices=0) == [True]
    assert env.env_is_wrapped(Monitor) == [False] * 2
    assert SB3Adapter(CartPole(2)).env_is_wrapped(ObservationActionHistory) == [False] * 2


def test_stable_baselines_own_wrappers_work_on_top():
    env = VecNormalize(VecMonitor(SB3Adapter(CartPole(4))), norm_reward=False)
    env.seed(0)
    assert env.reset().shape == (4, 4)
    ends = 0
    for _ in range(30):
        seen, rewards, dones, infos = env.step(np.ones(4, dtype=int))
        assert seen.shape == (4, 4)
        assert (rewards == 1).all()
        for i in np.flatnonzero(dones):
            assert 5 < infos[i]["episode"]["l"] < 15
            ends += 1
    assert ends >= 8


def test_infos_of_one_step_do_not_show_up_in_the_next():
    env = SB3Adapter(CartPole(4))
    env.reset()
    for _ in range(30):
        _, _, dones, infos = env.step(np.ones(4, dtype=int))
        assert [bool(info) for info in infos] == dones.tolist()


def test_options_given_to_the_adapter_reach_the_next_reset():
    env = SB3Adapter(CartPole(2))
    env.set_options({"state": np.zeros(4)})
    assert not env.reset().any()
    assert env.reset().any()  # used once, as in DummyVecEnv
