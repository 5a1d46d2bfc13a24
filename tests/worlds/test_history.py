"""The history wrapper against a slow and obvious one that keeps a deque for each world."""

from collections import deque

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from course_lib.learning import ObservationActionHistory, with_history
from course_lib.worlds import CartPole, CartPolePhysics

N = 5


def cartpole(autoreset=True):
    physics = CartPolePhysics(observation_noise=0.05, observation_delay=1)
    return CartPole(N, physics, max_episode_steps=14, autoreset=autoreset)


def pendulum():
    same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
    return gym.make_vec(*("Pendulum-v1", N, "sync"), vector_kwargs=same_step, max_episode_steps=9)


class SlowHistory:
    """One deque of (observation, action) per world; actions as they are to be written."""

    def __init__(self, steps, blank):
        self.steps, self.blank = steps, blank

    def start(self, observation):
        self.past = deque([(observation, self.blank)] * self.steps, maxlen=self.steps)

    def append(self, observation, action):
        self.past.append((observation, action))

    def flat(self):
        return np.concatenate([np.concatenate(pair) for pair in self.past])


ONE_HOT = {0: [1.0, 0.0], 1: [0.0, 1.0]}


@pytest.mark.parametrize("steps", [1, 2, 6])
@pytest.mark.parametrize(
    ("build", "write", "blank"),
    [
        (cartpole, lambda action: ONE_HOT[int(action)], [0.0, 0.0]),
        (pendulum, lambda action: action, [0.0]),
    ],
    ids=["discrete actions", "continuous actions"],
)
def test_history_is_what_a_deque_per_world_remembers(build, write, blank, steps):
    env, twin = ObservationActionHistory(build(), steps), build()
    env.action_space.seed(0)
    slow = [SlowHistory(steps, blank) for _ in range(N)]
    seen, _ = env.reset(seed=1)
    observations, _ = twin.reset(seed=1)
    for world, observation in zip(slow, observations, strict=True):
        world.start(observation)
    ends = 0
    for _ in range(50):
        np.testing.assert_allclose(seen, [world.flat() for world in slow], atol=1e-6)
        assert seen.dtype == np.float32
        actions = env.action_space.sample()
        seen, *rest, infos = env.step(actions)
        observations, *twin_rest, twin_infos = twin.step(actions)
        for mine, other in zip(rest, twin_rest, strict=True):
            np.testing.assert_array_equal(mine, other)
        done = rest[1] | rest[2]
        for i, world in enumerate(slow):
            if done[i]:
                world.append(twin_infos["final_obs"][i], write(actions[i]))
                np.testing.assert_allclose(infos["final_obs"][i], world.flat(), atol=1e-6)
                world.start(observations[i])
                ends += 1
            else:
                world.append(observations[i], write(actions[i]))
    assert ends >= 2 * N


def test_without_autoreset_the_history_runs_on_beyond_the_end():
    env = ObservationActionHistory(cartpole(autoreset=False), 3)
    env.reset(seed=0)
    history = [env.step(np.ones(N, dtype=int))[0] for _ in range(20)]
    for earlier, later in zip(history, history[1:], strict=False):
        np.testing.assert_array_equal(later[:, :-6], earlier[:, 6:])


def test_the_newest_observation_stands_last_and_before_the_action_that_led_to_it():
    env = ObservationActionHistory(CartPole(2), 2)
    first, _ = env.reset(seed=0)
    start = env.unwrapped.state.astype(np.float32)
    none = np.zeros((2, 2))
    np.testing.assert_array_equal(first, np.hstack([start, none, start, none]))
    second, *_ = env.step(np.array([0, 1]))
    now = env.unwrapped.state.astype(np.float32)
    np.testing.assert_array_equal(second, np.hstack([start, none, now, np.eye(2)]))


def test_a_reset_forgets_everything():
    env = ObservationActionHistory(CartPole(2), 4)
    fresh, _ = env.reset(seed=0)
    env.step(np.ones(2, dtype=int))
    again, _ = env.reset(seed=0)
    np.testing.assert_array_equal(fresh, again)


@pytest.mark.parametrize("build", [lambda: CartPole(N), pendulum])
def test_histories_lie_in_the_declared_space(build):
    env = ObservationActionHistory(build(), 3)
    env.action_space.seed(0)
    seen, _ = env.reset(seed=0)
    assert env.observation_space.contains(seen)
    assert env.single_observation_space.contains(seen[0])
    for _ in range(25):
        seen, *_ = env.step(env.action_space.sample())
        assert env.observation_space.contains(seen)


def test_returned_histories_are_not_changed_by_later_steps():
    env = ObservationActionHistory(CartPole(2), 3)
    kept = [env.reset(seed=0)[0]]
    copies = [kept[0].copy()]
    for _ in range(15):
        seen, *_, infos = env.step(np.ones(2, dtype=int))
        new = [seen, *(final for final in infos.get("final_obs", ()) if final is not None)]
        kept += new
        copies += [part.copy() for part in new]
    assert len(kept) > 16
    for part, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_no_history_leaves_the_environment_as_it_is():
    env = CartPole(2)
    assert with_history(env, 0) is env
    assert isinstance(with_history(env, 1), ObservationActionHistory)


@pytest.mark.parametrize("steps", [0, -2])
def test_a_history_of_no_steps_is_refused(steps):
    with pytest.raises(ValueError, match=f"at least 1 step, not {steps}"):
        ObservationActionHistory(CartPole(2), steps)


class Pictures(CartPole):
    def __init__(self):
        super().__init__(2)
        self.single_observation_space = gym.spaces.Box(0, 255, (8, 8, 3), np.uint8)


class Symbols(CartPole):
    def __init__(self):
        super().__init__(2)
        self.single_observation_space = gym.spaces.Discrete(4)


@pytest.mark.parametrize("build", [Pictures, Symbols])
def test_observations_that_are_no_flat_box_are_refused(build):
    with pytest.raises(TypeError, match="flat Box"):
        ObservationActionHistory(build(), 3)


def test_an_environment_that_restarts_one_step_late_is_refused():
    env = gym.make_vec("CartPole-v1", 2, vectorization_mode="vector_entry_point")
    with pytest.raises(ValueError, match="NEXT_STEP mixes two episodes"):
        with_history(env, 3)
