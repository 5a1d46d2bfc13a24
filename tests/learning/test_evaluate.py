import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv

from course_lib.learning import PD, LinearPolicy, RandomPolicy, evaluate, mean_returns, record
from course_lib.learning.evaluate import record_in
from course_lib.worlds import CartPole, CartPolePhysics, Uniform
from course_lib.worlds.batch import SingleWorld

WEAK = LinearPolicy((0.0, 0.0, 1.0, 0.0))  # falls after some dozens of steps
NOISY = CartPolePhysics(
    force=Uniform(5.0, 15.0), observation_noise=0.1, force_noise=2.0, sensor_dropout=0.1
)


def left(observations):
    return np.zeros(len(observations), dtype=int)


def right(observations):
    return np.ones(len(observations), dtype=int)


class EndsAt:
    """A world whose episode i ends at step `ends[i]`, and which goes on paying afterwards."""

    def __init__(self, *ends, truncate=False):
        self.ends, self.truncate = np.array(ends), truncate

    def make(self, num_envs, *, autoreset=True):
        assert not autoreset
        assert num_envs == len(self.ends)
        return _Clock(self.ends, self.truncate)


class _Clock(VectorEnv):
    metadata = {"autoreset_mode": AutoresetMode.DISABLED}

    def __init__(self, ends, truncate):
        self.num_envs, self._ends, self._truncate = len(ends), ends, truncate
        self.single_observation_space = gym.spaces.Box(0, np.inf, (1,))
        self.single_action_space = gym.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed=None, options=None):
        self._now = 0
        return np.zeros((self.num_envs, 1), dtype=np.float32), {}

    def step(self, actions):
        self._now += 1
        assert self._now < 20, "stepped on although every episode has ended"
        over = self._now == self._ends  # said once only
        nothing = np.zeros_like(over)
        ended = (nothing, over) if self._truncate else (over, nothing)
        rewards = np.where(self._now <= self._ends, 1.0, 100.0)
        return np.full((self.num_envs, 1), self._now, dtype=np.float32), rewards, *ended, {}


def still(observations):
    return np.zeros((len(observations), 2))


@pytest.mark.parametrize("truncate", [False, True])
def test_a_finished_episode_adds_nothing(truncate):
    world = EndsAt(1, 3, 7, 3, truncate=truncate)
    assert evaluate(still, world, 4).tolist() == [1, 3, 7, 3]


def test_a_recording_keeps_every_step_until_the_last_episode_ends():
    recording = record(still, EndsAt(1, 3, 7), 3)
    assert recording.observations[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert recording.actions.shape == (7, 3, 2)
    assert recording.lengths.tolist() == recording.returns.tolist() == [1, 3, 7]
    assert recording.rewards.tolist() == [[t < 1, t < 3, t < 7] for t in range(7)]
    assert recording.states is None  # this world shows no true state


def test_one_seed_gives_the_same_episodes_again():
    np.testing.assert_array_equal(evaluate(WEAK, NOISY, 30, 4), evaluate(WEAK, NOISY, 30, 4))
    assert not np.array_equal(evaluate(WEAK, NOISY, 30, 4), evaluate(WEAK, NOISY, 30, 5))


def test_two_policies_meet_the_same_starts_and_the_same_noise():
    runs = [record(policy, NOISY, 20, seed=2) for policy in (left, right)]
    steps = min(len(run.actions) for run in runs)
    assert steps > 8
    np.testing.assert_array_equal(runs[0].states[0], runs[1].states[0])
    plain = CartPolePhysics(force=Uniform(5.0, 15.0), observation_noise=0.1, force_noise=2.0)
    noise = []
    for policy in (left, right):
        run = record(policy, plain, 20, seed=2)
        noise.append((run.observations - run.states)[:steps])
    np.testing.assert_allclose(noise[0], noise[1], atol=1e-5)
    assert noise[0].std() == pytest.approx(0.1, rel=0.1)


def test_two_policies_meet_the_same_physics():
    force = []
    for policy, sign in ((left, -1), (right, 1)):
        env = record(policy, CartPolePhysics(force=Uniform(5.0, 15.0), pole_mass=1e-4), 50, seed=2)
        force.append(sign * (env.states[1, :, 1] - env.states[0, :, 1]) / 0.02)
    np.testing.assert_allclose(force[0], force[1], rtol=0.01)
    assert np.ptp(force[0]) > 8


def test_an_episode_does_not_depend_on_when_the_others_end():
    def careless_elsewhere(observations):
        actions = right(observations)
        actions[0] = PD(observations[:1])[0]
        return actions

    together = record(PD, NOISY, 10, seed=1)
    alone = record(careless_elsewhere, NOISY, 10, seed=1)
    assert (alone.lengths[1:] < together.lengths[1:]).any()
    steps = alone.lengths[0]
    assert steps == together.lengths[0]
    assert steps > alone.lengths[1:].max()
    np.testing.assert_array_equal(alone.states[:steps, 0], together.states[:steps, 0])
    np.testing.assert_array_equal(alone.observations[:steps, 0], together.observations[:steps, 0])


@pytest.mark.parametrize("policy", [WEAK, right, PD])
def test_vectorised_evaluation_is_a_loop_over_single_episodes(policy):
    physics = CartPolePhysics(action_delay=1, motor_lag=0.3, cart_friction=0.1)
    starts = record(policy, physics, 12, seed=6).states[0]
    env = SingleWorld(CartPole(1, physics, autoreset=False))
    returns = []
    for start in starts:
        seen, _ = env.reset(options={"state": start})
        total, done = 0.0, False
        while not done:
            seen, reward, terminated, truncated, _ = env.step(policy(seen[None])[0])
            total += reward
            done = terminated or truncated
        returns.append(total)
    np.testing.assert_array_equal(evaluate(policy, physics, 12, seed=6), returns)


def test_a_recording_agrees_with_the_evaluation():
    recording = record(WEAK, NOISY, 15, seed=3)
    longest = recording.lengths.max()
    np.testing.assert_array_equal(recording.returns, evaluate(WEAK, NOISY, 15, seed=3))
    np.testing.assert_array_equal(recording.lengths, recording.returns)  # one per step
    assert recording.observations.shape == recording.states.shape == (longest, 15, 4)
    assert recording.actions.shape == recording.rewards.shape == (longest, 15)
    np.testing.assert_array_equal(recording.actions[4], WEAK(recording.observations[4]))


def test_a_recording_shows_the_state_in_which_the_action_was_chosen():
    recording = record(PD, CartPolePhysics(), 3, seed=0)
    np.testing.assert_array_equal(recording.observations, recording.states.astype(np.float32))


def test_mean_returns_are_those_of_each_policy_over_the_same_episodes():
    expected = [evaluate(policy, NOISY, 12, 3).mean() for policy in (WEAK, right, PD)]
    np.testing.assert_array_equal(mean_returns(iter([WEAK, right, PD]), NOISY, 12, 3), expected)


def test_an_episode_that_never_falls_returns_the_time_limit():
    assert (evaluate(PD, CartPolePhysics(), 10) == 500).all()


def test_a_policy_that_wants_history_gets_it():
    widths = []

    def remembering(observations):
        widths.append(observations.shape)
        return observations[:, -2:].argmax(axis=1)

    remembering.history = 4
    evaluate(remembering, CartPolePhysics(), 5)
    assert set(widths) == {(5, 4 * (4 + 2))}


@pytest.mark.parametrize(
    ("run", "episodes"),
    [
        (evaluate, 0),
        (record, 0),
        (record, -1),
        pytest.param(
            *(evaluate, -1),
        ),
    ],
)
def test_less_than_one_episode_is_refused(run, episodes):
    with pytest.raises(ValueError, match=f"episodes must be at least 1, not {episodes}"):
        run(RandomPolicy(), CartPolePhysics(), episodes)


# In a batch that is there already


def test_a_recording_in_a_batch_is_that_of_its_world():
    batch = NOISY.make(9, autoreset=False)
    found, expected = record_in(batch, WEAK, 3), record(WEAK, NOISY, 9, 3)
    for name in ("observations", "states", "actions", "rewards", "lengths", "returns"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    again = record_in(batch, WEAK, 3)  # a batch that was used
    np.testing.assert_array_equal(again.observations, expected.observations)
    other = record_in(batch, WEAK, 4)
    assert not np.array_equal(other.states[0], expected.states[0])


def test_a_recording_in_a_batch_ends_with_its_last_episode():
    recording = record_in(EndsAt(2, 5).make(2, autoreset=False), still, 0)
    assert recording.lengths.tolist() == recording.returns.tolist() == [2, 5]
    assert recording.rewards.tolist() == [[1, 1], [1, 1], [0, 1], [0, 1], [0, 1]]
    assert recording.observations.shape == (5, 2, 1)
    assert recording.states is None


def test_a_policy_with_a_past_gets_it_in_a_batch_too():
    widths = set()

    def remembering(observations):
        widths.add(observations.shape)
        return right(observations)

    remembering.history = 3
    batch = CartPolePhysics().make(4, autoreset=False)
    recording = record_in(batch, remembering, 0)
    assert widths == {(4, 3 * (4 + 2))}
    assert recording.observations.shape[2] == 18
