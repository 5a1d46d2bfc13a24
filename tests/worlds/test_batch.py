"""What every batched world promises: seeds, time limit, autoreset, and the single-world view."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from course_lib.worlds import CartPole, CartPolePhysics, Choice, LogUniform, Uniform
from course_lib.worlds.batch import SingleWorld

BALANCE = np.array([0.3, 0.5, 10.0, 2.0])
ACTIONS = np.random.default_rng(3).integers(2, size=(80, 8))


def trajectory(physics, seed, env=None):
    """Everything that eight worlds return in eighty steps, restarts included."""
    env = env or CartPole(8, physics)
    parts = [env.reset(seed=seed)[0].ravel()]
    for actions in ACTIONS:
        observations, rewards, terminated, truncated, infos = env.step(actions)
        parts += [observations.ravel(), rewards, terminated, truncated]
        parts += [final for final in infos.get("final_obs", ()) if final is not None]
    return np.concatenate(parts)


# Registration


@pytest.mark.parametrize("kwargs", [{}, {"physics": CartPolePhysics(observation_noise=0.01)}])
def test_the_single_world_passes_gymnasiums_own_check(kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gym.make("sim2real/CartPole-v0", **kwargs).unwrapped)
    # Speeds have no bounds, in CartPole-v1 neither.
    assert [w for w in caught if "infinity" not in str(w.message)] == []


@pytest.mark.parametrize("mode", ["vector_entry_point", "sync", None])
def test_make_vec_builds_a_batch(mode):
    envs = gym.make_vec("sim2real/CartPole-v0", num_envs=3, vectorization_mode=mode)
    observations, _ = envs.reset(seed=0)
    assert envs.observation_space.contains(observations)
    assert isinstance(envs.unwrapped, CartPole) == (mode != "sync")
    observations, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert envs.observation_space.contains(observations)
    assert rewards.tolist() == [1.0, 1.0, 1.0]
    assert terminated.dtype == truncated.dtype == bool
    assert terminated.shape == truncated.shape == (3,)


def test_make_vec_passes_the_physics_and_the_time_limit_on():
    physics = CartPolePhysics(gravity=3.7)
    envs = gym.make_vec("sim2real/CartPole-v0", 2, physics=physics, max_episode_steps=7)
    assert envs.unwrapped.physics == physics
    assert envs.unwrapped.max_episode_steps == 7


# Randomness


def test_one_seed_gives_one_trajectory(everything_random):
    np.testing.assert_array_equal(
        trajectory(everything_random, seed=5), trajectory(everything_random, seed=5)
    )


def test_a_used_environment_repeats_itself_when_seeded_again(everything_random):
    env = CartPole(8, everything_random)
    first = trajectory(everything_random, 5, env)
    other = trajectory(everything_random, 6, env)
    again = trajectory(everything_random, 5, env)
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_another_seed_gives_other_physics_starts_and_noise(everything_random):
    one, other = CartPole(8, everything_random), CartPole(8, everything_random)
    seen_by_one, _ = one.reset(seed=0)
    seen_by_other, _ = other.reset(seed=1)
    assert not (seen_by_one == seen_by_other).any()
    assert not (one.state == other.state).any()
    assert not (one._k.force == other._k.force).any()


def test_a_reset_without_seed_goes_on_with_new_episodes(everything_random):
    env = CartPole(8, everything_random)
    first, _ = env.reset(seed=0)
    second, _ = env.reset()
    assert not (first == second).any()


def test_the_global_generator_is_neither_used_nor_changed(everything_random):
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    one = trajectory(everything_random, seed=0)
    after = np.random.get_state()  # noqa: NPY002
    assert before[2] == after[2]
    np.testing.assert_array_equal(before[1], after[1])
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(one, trajectory(everything_random, seed=0))


def test_all_randomness_comes_from_np_random(everything_random):
    env, twin = CartPole(8, everything_random), CartPole(8, everything_random)
    for world in (env, twin):
        world.np_random = np.random.default_rng(11)
    np.testing.assert_array_equal(trajectory(None, None, env), trajectory(None, None, twin))


# Physics per episode


@pytest.mark.parametrize("num_envs", [7, 100, 300])  # below and above one block drawn ahead
def test_every_reset_draws_new_physics(num_envs):
    env = CartPole(num_envs, CartPolePhysics(force=Uniform(5.0, 15.0)))
    env.reset(seed=0)
    drawn = [env._k.force.copy()]
    for _ in range(9):
        env.reset()
        drawn.append(env._k.force.copy())
    assert len(np.unique(drawn)) == 10 * num_envs


def test_autoreset_draws_new_physics_for_the_finished_worlds_only():
    env = CartPole(200, CartPolePhysics(force=Uniform(5.0, 15.0)))
    env.reset(seed=0)
    everything, restarts = [env._k.force.copy()], 0
    for _ in range(30):
        before = env._k.force.copy()
        _, _, terminated, _, _ = env.step(np.ones(200, dtype=int))
        np.testing.assert_array_equal(before != env._k.force, terminated)
        everything.append(env._k.force[terminated])
        restarts += terminated.sum()
    assert restarts > 256  # more than were drawn in one block
    drawn = np.concatenate(everything)
    assert len(np.unique(drawn)) == len(drawn) == 200 + restarts


def test_the_newly_drawn_physics_is_what_the_cart_feels():
    env = CartPole(20, CartPolePhysics(force=Uniform(5.0, 15.0), pole_mass=1e-4))
    env.reset(seed=0)
    for _ in range(20):
        speed, before = env.state[:, 1], env._k.force.copy()
        _, _, terminated, _, _ = env.step(np.ones(20, dtype=int))
        going = ~terminated
        np.testing.assert_allclose(
            (env.state[:, 1] - speed)[going] / 0.02, before[going], rtol=0.01
        )


def test_draws_follow_their_distributions():
    physics = CartPolePhysics(
        force=Uniform(5.0, 15.0),
        cart_friction=LogUniform(0.01, 1.0),
        action_delay=Choice((0, 1, 5)),
    )
    env = CartPole(500, physics)
    drawn = {name: [] for name in ("force", "cart_friction", "action_delay")}
    env.reset(seed=0)
    for _ in range(20):
        for name, values in drawn.items():
            values.append(getattr(env._k, name).copy())
        env.reset()
    force, friction, delay = (np.concatenate(values) for values in drawn.values())
    assert 5 <= force.min() < 5.01
    assert 14.99 < force.max() <= 15
    assert force.mean() == pytest.approx(10, abs=0.15)
    assert 0.01 <= friction.min() < 0.0101
    assert 0.99 < friction.max() <= 1
    assert np.log10(friction).mean() == pytest.approx(-1, abs=0.03)
    values, counts = np.unique(delay, return_counts=True)
    assert values.tolist() == [0, 1, 5]
    np.testing.assert_allclose(counts / len(delay), 1 / 3, atol=0.025)


# Time limit and restarts


def test_an_episode_is_truncated_at_the_limit_and_each_world_counts_for_itself():
    env = CartPole(50, max_episode_steps=12)
    env.reset(seed=0)
    age = np.zeros(50, dtype=int)
    ends = {"fell": 0, "time": 0}
    for actions in np.random.default_rng(0).integers(2, size=(100, 50)):
        _, _, terminated, truncated, _ = env.step(actions)
        age += 1
        np.testing.assert_array_equal(truncated, age >= 12)
        ends["fell"] += (terminated & ~truncated).sum()
        ends["time"] += truncated.sum()
        age[terminated | truncated] = 0
    assert min(ends.values()) > 10


def test_a_finished_world_restarts_at_once_and_its_last_observation_is_the_true_one():
    # Until a world's first end, its twin without autoreset goes through the very same states.
    env, twin = CartPole(30), CartPole(30, autoreset=False)
    env.reset(seed=0)
    twin.reset(seed=0)
    first_episode = np.ones(30, dtype=bool)
    for actions in np.random.default_rng(0).integers(2, size=(200, 30)):
        seen, _, terminated, truncated, infos = env.step(actions)
        expected, *_ = twin.step(actions)
        done = terminated | truncated
        np.testing.assert_array_equal(infos.get("_final_obs", np.zeros(30, dtype=bool)), done)
        going = first_episode & ~done
        np.testing.assert_array_equal(seen[going], expected[going])
        for i in np.flatnonzero(done):
            final = infos["final_obs"][i]
            assert env.single_observation_space.contains(final)
            if first_episode[i]:
                np.testing.assert_array_equal(final, expected[i])
            assert (np.abs(seen[i]) <= 0.05).all()
            np.testing.assert_array_equal(seen[i], env.state[i].astype(np.float32))
        if done.any():
            assert all(infos["final_obs"][i] is None for i in np.flatnonzero(~done))
        first_episode &= ~done
    assert not first_episode.any()


def test_returned_arrays_are_not_changed_by_later_steps():
    env = CartPole(4)
    kept = [env.reset(seed=0)[0]]
    copies = [kept[0].copy()]
    for actions in ACTIONS[:30, :4]:
        kept += env.step(actions)[:4]
        copies += [part.copy() for part in kept[-4:]]
    for part, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_without_autoreset_a_finished_world_goes_on():
    env = CartPole(5, autoreset=False, max_episode_steps=40)
    env.reset(seed=0)
    ended = np.zeros((60, 5), dtype=bool)
    for t in range(60):
        before = env.state
        seen, _, terminated, truncated, infos = env.step(np.ones(5, dtype=int))
        assert infos == {}
        np.testing.assert_array_equal(seen, env.state.astype(np.float32))
        np.testing.assert_allclose(seen[:, 0], (before[:, 0] + 0.02 * before[:, 1]), atol=1e-6)
        assert (truncated == (t >= 39)).all()
        ended[t] = terminated
    assert ended[20].all()


@pytest.mark.parametrize(
    ("autoreset", "mode"), [(True, AutoresetMode.SAME_STEP), (False, AutoresetMode.DISABLED)]
)
def test_the_autoreset_mode_is_declared(autoreset, mode):
    assert CartPole(2, autoreset=autoreset).metadata["autoreset_mode"] == mode
    assert "autoreset_mode" not in CartPole.metadata


# One world and many


def test_a_batch_is_the_same_as_its_worlds_one_by_one():
    physics = CartPolePhysics(
        cart_mass=1.5,
        action_delay=2,
        observation_delay=1,
        motor_lag=0.4,
        cart_friction=0.1,
        joint_friction=0.01,
        floor_tilt=0.05,
        sensor_bias=0.01,
    )
    starts = np.random.default_rng(0).uniform(-0.05, 0.05, (6, 4))
    batch = CartPole(6, physics, autoreset=False)
    singles = [gym.make("sim2real/CartPole-v0", physics=physics) for _ in starts]
    seen, _ = batch.reset(options={"state": starts})
    for env, start, expected in zip(singles, starts, seen, strict=True):
        np.testing.assert_array_equal(env.reset(options={"state": start})[0], expected)
    for actions in ACTIONS[:25, :6]:
        several = batch.step(actions)[:4]
        for i, env in enumerate(singles):
            observation, reward, terminated, truncated, _ = env.step(actions[i])
            np.testing.assert_array_equal(observation, several[0][i])
            assert (reward, terminated, truncated) == tuple(part[i] for part in several[1:])


def test_a_single_world_is_a_batch_of_one(everything_random):
    single = gym.make("sim2real/CartPole-v0", physics=everything_random)
    batch = CartPole(1, everything_random, autoreset=False)
    np.testing.assert_array_equal(single.reset(seed=4)[0], batch.reset(seed=4)[0][0])
    for action in ACTIONS[:30, 0]:
        np.testing.assert_array_equal(single.step(action)[0], batch.step(np.array([action]))[0][0])


def test_the_state_shown_is_a_copy():
    env = CartPole(2)
    env.reset(seed=0)
    env.state[:] = 99.0
    assert (np.abs(env.state) <= 0.05).all()


# Mistakes


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (lambda: CartPole(0), ValueError, "num_envs must be at least 1, not 0"),
        (lambda: CartPole(-3), ValueError, "num_envs must be at least 1, not -3"),
        (
            lambda: CartPole(2).step(np.zeros(2, dtype=int)),
            RuntimeError,
            r"call reset\(\) before step\(\)",
        ),
        (lambda: SingleWorld(CartPole(2, autoreset=False)), ValueError, "a batch of one world"),
        (lambda: SingleWorld(CartPole(1)), ValueError, "autoreset=False"),
    ],
)
def test_a_mistake_is_named_in_one_line(mistake, error, message):
    with pytest.raises(error, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("action", [2, -1, 0.5, "left"])
def test_a_single_world_refuses_an_action_outside_its_space(action):
    env = SingleWorld(CartPole(1, autoreset=False))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"is not in Discrete\(2\)"):
        env.step(action)


@pytest.mark.parametrize("actions", [[-1, 1], [2, 0], [0.5, 0.5], [np.nan, 1], 1])
def test_a_batch_refuses_actions_outside_its_space(actions):
    env = CartPole(2)
    env.reset(seed=0)
    with pytest.raises(ValueError):
        env.step(np.array(actions))


def test_a_policy_that_survives_is_paid_one_per_step_until_the_limit():
    env = CartPole(20, autoreset=False)
    seen, _ = env.reset(seed=0)
    total = np.zeros(20)
    for _ in range(500):
        seen, rewards, terminated, truncated, _ = env.step((seen @ BALANCE > 0).astype(int))
        total += rewards
        assert not terminated.any()
    assert truncated.all()
    assert (total == 500).all()
