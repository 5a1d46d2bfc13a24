"""Physics drawn by somebody else's sampler, from the next episode on and within what was built."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.worlds import CartPole, CartPolePhysics, Choice, Uniform
from course_lib.worlds.cartpole import EPISODES_DRAWN_AHEAD

RANGES = CartPolePhysics(
    cart_mass=Uniform(0.5, 2.0),
    force=Uniform(5.0, 15.0),
    action_delay=Choice((0, 1, 2)),
    sensor_bias=Uniform(-0.02, 0.02),
)


def draws(**values):
    """A sampler of `RANGES` in which these quantities have these values."""

    def sample(rng, size):
        return RANGES.sample(rng, size) | {k: np.full(size, float(v)) for k, v in values.items()}

    return sample


class Numbered:
    """A sampler that numbers what it draws: the k-th episode gets a bias of k millionths."""

    def __init__(self):
        self.sizes, self.generators, self.drawn = [], [], 0

    def __call__(self, rng, size):
        numbers = self.drawn + np.arange(size)
        self.drawn += size
        self.sizes.append(size)
        self.generators.append(rng)
        return RANGES.sample(rng, size) | {"sensor_bias": numbers * 1e-6}


def numbers(env):
    return np.round(env._k.sensor_bias * 1e6).astype(int).tolist()


def push_right(env):
    return env.step(np.ones(env.num_envs, dtype=int))


def test_a_new_sampler_draws_the_episodes_of_the_next_reset():
    env = RANGES.make(6)
    env.reset(seed=0)
    assert np.ptp(env._k.force) > 0
    env.draw_from(draws(force=7.0, cart_mass=1.5))
    env.reset()
    assert env._k.force.tolist() == [7.0] * 6
    np.testing.assert_allclose(env._k.inverse_mass, 1 / 1.6)


def test_the_drawn_force_is_the_one_that_pushes():
    speeds = []
    for force in (5.0, 15.0):
        env = RANGES.make(3, autoreset=False)
        env.draw_from(draws(force=force, action_delay=0, cart_mass=1.0))
        env.reset(seed=0, options={"state": np.zeros(4)})
        push_right(env)
        speeds.append(env.state[:, 1])
    np.testing.assert_allclose(speeds[1], 3 * speeds[0])
    assert (speeds[0] > 0).all()


def test_episodes_that_run_keep_their_physics_and_those_that_start_get_the_new_ones():
    env = RANGES.make(40)
    env.reset(seed=0)
    old = env._k.force.copy()
    env.draw_from(draws(force=6.5))
    np.testing.assert_array_equal(env._k.force, old)
    restarted = np.zeros(40, dtype=bool)
    for _ in range(14):
        _, _, terminated, _, _ = push_right(env)
        restarted |= terminated
        expected = np.where(restarted, 6.5, old)
        np.testing.assert_array_equal(env._k.force, expected)
    assert restarted.sum() > 10


def test_what_was_drawn_ahead_by_an_earlier_sampler_is_dropped():
    env = RANGES.make(2)
    env.draw_from(draws(force=6.0))
    env.reset(seed=0)
    assert env._k.force.tolist() == [6.0, 6.0]
    for force in (14.0, 9.0):
        env.draw_from(draws(force=force))
        env.reset()  # without a seed: nothing else tells it to draw anew
        assert env._k.force.tolist() == [force, force]


def test_a_sampler_draws_from_the_generator_of_the_world_in_blocks():
    env, sample = RANGES.make(3), Numbered()
    env.draw_from(sample)
    assert sample.sizes == []  # not before an episode starts
    env.reset(seed=4)
    env.reset()
    assert sample.sizes == [EPISODES_DRAWN_AHEAD]
    assert sample.generators[0] is env.np_random
    large, sample = RANGES.make(EPISODES_DRAWN_AHEAD + 1), Numbered()
    large.draw_from(sample)
    large.reset(seed=4)
    assert sample.sizes == [EPISODES_DRAWN_AHEAD + 1]


def test_world_i_gets_draw_i_and_every_draw_is_used_once():
    env = RANGES.make(30)
    env.draw_from(Numbered())
    env.reset(seed=0)
    assert numbers(env) == list(range(30))
    seen, used = numbers(env), list(range(30))
    for _ in range(60):
        push_right(env)
        now = numbers(env)
        used += [new for new, old in zip(now, seen, strict=True) if new != old]
        seen = now
    # A block's rest that is too small for the episodes that start together is left out.
    assert len(used) > 100
    assert used[:100] == list(range(100))
    assert len(set(used)) == len(used)


def test_one_seed_gives_the_same_draws_and_the_same_episodes_again():
    env = RANGES.make(20)
    env.draw_from(lambda rng, size: RANGES.sample(rng, size) | {"force": rng.uniform(6, 7, size)})
    runs = []
    for seed in (5, 5, 6, None):
        seen = [env.reset(seed=seed)[0]]
        forces = [env._k.force.copy()]
        for _ in range(25):
            seen.append(push_right(env)[0])
            forces.append(env._k.force.copy())
        runs.append(np.concatenate([np.ravel(seen), np.ravel(forces)]))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
    assert not np.array_equal(runs[2], runs[3])


def test_the_sampler_of_the_physics_itself_changes_nothing():
    ours, theirs = RANGES.make(20), RANGES.make(20)
    theirs.draw_from(RANGES.sample)
    np.testing.assert_array_equal(ours.reset(seed=1)[0], theirs.reset(seed=1)[0])
    for _ in range(30):
        np.testing.assert_array_equal(push_right(ours)[0], push_right(theirs)[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("force", 4.99),
        ("force", 15.01),
        ("cart_mass", 0.49),
        ("sensor_bias", -0.021),
        ("sensor_bias", 0.021),
        ("action_delay", 3),
        ("pole_mass", 0.11),  # a number in these ranges, not a distribution
        ("motor_lag", 0.01),  # off in these ranges
        ("motor_lag", -0.01),
    ],
)
def test_a_draw_outside_the_ranges_is_refused_when_an_episode_starts(name, value):
    env = RANGES.make(2)
    env.draw_from(draws(**{name: value}))
    with pytest.raises(ValueError, match=f"{name} was drawn outside of"):
        env.reset(seed=0)
    with pytest.raises(ValueError, match="build it with ranges that include everything"):
        env.reset(seed=0)  # it is not used at the second attempt either


def test_a_single_draw_outside_the_ranges_is_enough():
    def sample(rng, size):
        drawn = RANGES.sample(rng, size)
        drawn["force"][-1] = 16.0
        return drawn

    env = RANGES.make(2)
    env.draw_from(sample)
    with pytest.raises(ValueError, match="force was drawn outside of 5 to 15"):
        env.reset(seed=0)


def test_a_draw_outside_the_ranges_is_refused_in_an_episode_that_starts_by_itself():
    env = RANGES.make(4)
    env.reset(seed=0)
    env.draw_from(draws(force=16.0))
    with pytest.raises(ValueError, match="force was drawn outside"):
        for _ in range(40):
            push_right(env)


@pytest.mark.parametrize("force", [5.0, 15.0, 5.0 - 1e-12, 15.0 + 1e-12])
def test_the_ends_of_a_range_and_rounding_errors_are_within_it(force):
    env = RANGES.make(2)
    env.draw_from(draws(force=force))
    env.reset(seed=0)
    assert env._k.force.tolist() == [force, force]


def test_a_longer_delay_than_that_of_the_physics_alone_fits_if_the_ranges_include_it():
    env = CartPole(2, replace(RANGES, action_delay=Choice((0, 6))), autoreset=False)
    env.draw_from(draws(action_delay=5))
    env.reset(seed=0, options={"state": np.zeros(4)})
    for _ in range(5):
        push_right(env)
        assert not env.state.any()
    push_right(env)
    assert env.state[:, 1].all()


def test_what_is_not_a_number_is_refused():
    physics = CartPolePhysics(force=Uniform(5.0, 15.0))
    world = physics.make(2)

    def sample(rng, size):
        return physics.sample(rng, size) | {"force": np.full(size, np.nan)}

    world.draw_from(sample)
    with pytest.raises(ValueError, match="force"):
        world.reset(seed=0)
