"""A motor that takes shares of its force: the force, the clipping and the price of a command."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.learning import PD, evaluate, train_ppo
from course_lib.learning.store import key_of, provenance_of
from course_lib.worlds import CartPole, CartPolePhysics, Proportional, Uniform

REST = {"state": np.zeros(4)}


def column(commands):
    """Commands (n,) as actions (n, 1)."""
    return np.asarray(commands, dtype=np.float32)[:, None]


def first_speeds(world, commands):
    """The speeds (n,) of carts that were at rest, one step after these commands (n,)."""
    env = world.make(len(commands), autoreset=False)
    env.reset(seed=0, options=REST)
    env.step(column(commands))
    return env.state[:, 1]


def rewards(world, commands):
    """What these commands (n,) earn in the first step."""
    env = world.make(len(commands), autoreset=False)
    env.reset(seed=0)
    return env.step(column(commands))[1]


def test_a_command_gives_its_share_of_the_force():
    full = CartPole(1, CartPolePhysics(force=14.0), autoreset=False)
    full.reset(options=REST)
    full.step(np.ones(1, dtype=int))
    shares = np.array([1.0, 0.5, 0.25, 0.0, -0.5, -1.0])
    speeds = first_speeds(Proportional(CartPolePhysics(force=14.0)), shares)
    np.testing.assert_allclose(speeds, shares * full.state[0, 1], rtol=1e-12)
    assert speeds[0] > 0.2


def test_full_commands_are_the_two_actions_of_the_cartpole(everything_random):
    ours = Proportional(everything_random).make(30)
    theirs = CartPole(30, everything_random)
    np.testing.assert_array_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
    actions, ends = np.random.default_rng(0).integers(2, size=(120, 30)), 0
    for action in actions:
        *mine, infos = ours.step(column(2 * action - 1))
        *other, _ = theirs.step(action)
        for got, expected in zip(mine, other, strict=True):
            np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(ours.state, theirs.state)
        ends += infos.get("_final_obs", np.zeros(1)).sum()
    assert ends > 50


def test_commands_between_pass_the_delay_and_the_lag():
    world = Proportional(CartPolePhysics(action_delay=1, motor_lag=0.5, pole_mass=1e-4, gravity=0))
    env = world.make(1, autoreset=False)
    env.reset(options=REST)
    speeds = [0.0]
    for command in (0.4, -0.2, 0.0, 0.0):
        env.step(column([command]))
        speeds.append(env.state[0, 1])
    found = np.diff(speeds) / 0.02  # the cart weighs 1 kg
    expected, force = [], 0.0
    for command in (0.0, 4.0, -2.0, 0.0):
        force = 0.5 * force + 0.5 * command
        expected.append(force)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_the_motor_clips_beyond_its_limit_and_nowhere_else():
    commands = [0.0, 0.125, 0.25, 0.3, 1.0, -0.25, -0.3, -1.0]
    speeds = first_speeds(Proportional(limit=0.25), commands)
    wanted = [0.0, 0.125, 0.25, 0.25, 0.25, -0.25, -0.25, -0.25]
    expected = np.multiply(wanted, first_speeds(Proportional(), [1.0]))
    np.testing.assert_allclose(speeds, expected, rtol=1e-12)


def test_a_step_costs_the_square_of_the_way_beyond_the_soft_limit():
    world = Proportional(soft_limit=0.5, penalty=2.0)
    commands = [0.0, 0.25, 0.5, 0.625, 0.75, 1.0, -0.5, -0.75, -1.0]
    cost = [0.0, 0.0, 0.0, 2 / 64, 2 / 16, 0.5, 0.0, 2 / 16, 0.5]
    np.testing.assert_array_equal(rewards(world, commands), 1 - np.array(cost))


def test_the_wish_is_charged_even_where_the_motor_clips():
    world = Proportional(limit=0.25, soft_limit=0.25, penalty=4.0)
    np.testing.assert_array_equal(rewards(world, [0.25, 0.75, -1.0]), [1.0, 0.0, -1.25])


def test_the_step_in_which_the_pole_falls_is_charged_too():
    env = Proportional(penalty=0.5).make(1)
    env.reset(options={"state": [0.0, 0.0, 0.2094, 1.0]})
    _, reward, terminated, *_ = env.step(column([1.0]))
    assert terminated[0]
    assert reward[0] == 0.5


def test_without_a_penalty_every_step_earns_one():
    np.testing.assert_array_equal(rewards(Proportional(limit=0.1), [0.0, 1.0, -1.0]), np.ones(3))


def test_a_penalty_counts_from_no_command_on_unless_told_otherwise():
    np.testing.assert_array_equal(rewards(Proportional(penalty=1.0), [0.0, 0.5]), [1.0, 0.75])


def test_its_space_takes_shares_and_refuses_the_rest():
    env = Proportional().make(2)
    assert env.single_action_space.shape == (1,)
    assert (env.single_action_space.low, env.single_action_space.high) == (-1.0, 1.0)
    env.reset(seed=0)
    assert env.step(column([1.0, -1.0]))[1].dtype == np.float32
    for wrong in (column([1.01, 0.0]), np.ones(2, dtype=int), np.zeros((2, 2), np.float32)):
        with pytest.raises(ValueError, match="not in Box"):
            env.step(wrong)


def test_worlds_restart_by_themselves_unless_told_otherwise():
    lengths = []
    for autoreset in (True, False):
        env = Proportional().make(3, autoreset=autoreset)
        env.reset(seed=0)
        for _ in range(30):
            env.step(column(np.ones(3)))
        lengths.append(env._steps.max())
    assert lengths[0] < 20
    assert lengths[1] == 30


@pytest.mark.parametrize("limit", [0.0, -0.5, 1.01, float("nan")])
def test_a_limit_that_is_no_share_is_refused(limit):
    with pytest.raises(ValueError, match="motor's limit is a share"):
        Proportional(limit=limit)


@pytest.mark.parametrize(
    "wrong", [{"soft_limit": -0.1}, {"soft_limit": 1.1}, {"penalty": -1e-9}, {"soft_limit": np.nan}]
)
def test_a_soft_limit_that_is_no_share_and_a_bonus_are_refused(wrong):
    with pytest.raises(ValueError, match="soft_limit is a share"):
        Proportional(**wrong)


@pytest.mark.parametrize("edge", [{"limit": 1.0}, {"soft_limit": 1.0}, {"soft_limit": 0.0}])
def test_the_ends_of_what_is_allowed_are_allowed(edge):
    assert replace(Proportional(), **edge).make(1).num_envs == 1


def test_a_controller_that_commands_both_extremes_balances_it():
    def controller(observations):
        return column(2 * PD(observations) - 1)

    np.testing.assert_array_equal(
        evaluate(controller, Proportional(), 10, 3), evaluate(PD, CartPolePhysics(), 10, 3)
    )


def test_the_world_can_be_part_of_a_stored_results_key():
    keys = {
        key_of(provenance_of(train_ppo, {"world": world}, 0))
        for world in (Proportional(), Proportional(), Proportional(limit=0.5))
    }
    assert len(keys) == 2


@pytest.mark.parametrize("history", [0, 2])
def test_a_policy_can_be_trained_in_it(history):
    world = Proportional(CartPolePhysics(force=Uniform(8.0, 12.0)), limit=0.8, penalty=0.1)
    tiny = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "steps": 256, "progress": False}
    policy = train_ppo(world, seed=0, history=history, **tiny)
    assert policy.model.action_space.shape == (1,)
    returns = evaluate(policy, world, 5, seed=1)
    assert ((returns > 0) & (returns < 500)).all()
    assert (returns % 1 != 0).any()  # small commands are charged a little
