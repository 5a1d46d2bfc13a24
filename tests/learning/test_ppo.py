import pickle

import numpy as np
import pytest
import torch

from course_lib.learning import (
    FAST_PPO,
    ROBUST_PPO,
    Falling,
    ObservationActionHistory,
    evaluate,
    record,
    train_ppo,
)
from course_lib.worlds import CartPole, CartPolePhysics, Uniform

NOMINAL = CartPolePhysics()
TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "steps": 512, "progress": False}
OBSERVATIONS = np.random.default_rng(0).uniform(-0.3, 0.3, (200, 4)).astype(np.float32)


def weights(policy):
    return torch.cat([p.flatten() for p in policy.model.policy.parameters()])


@pytest.fixture(scope="module")
def tiny():
    return train_ppo(NOMINAL, seed=3, **TINY)


@pytest.fixture(scope="module")
def tiny_with_history():
    return train_ppo(NOMINAL, seed=3, history=5, learning_rate=Falling(1e-3), **TINY)


def test_training_with_the_defaults_balances_the_nominal_pole():
    policy = train_ppo(NOMINAL, seed=0, progress=False)
    assert policy.steps == pytest.approx(100_000, rel=0.01)
    assert evaluate(policy, NOMINAL, episodes=100, seed=1).mean() >= 450


def test_one_seed_gives_one_policy_whatever_was_random_before(tiny):
    np.random.seed(99)  # noqa: NPY002
    torch.manual_seed(99)
    again = train_ppo(NOMINAL, seed=3, **TINY)
    assert torch.equal(weights(again), weights(tiny))
    np.testing.assert_array_equal(again(OBSERVATIONS), tiny(OBSERVATIONS))


def test_training_uses_one_thread():
    torch.set_num_threads(2)
    train_ppo(NOMINAL, seed=3, **TINY)
    assert torch.get_num_threads() == 1


def test_another_seed_gives_another_policy(tiny):
    assert not torch.equal(weights(train_ppo(NOMINAL, seed=4, **TINY)), weights(tiny))


def test_another_world_gives_another_policy(tiny):
    world = CartPolePhysics(force=Uniform(5.0, 15.0))
    assert not torch.equal(weights(train_ppo(world, seed=3, **TINY)), weights(tiny))


def test_training_stops_early_once_its_episodes_are_good_enough():
    policy = train_ppo(NOMINAL, seed=0, stop_at=40.0, steps=100_000, progress=False)
    returns = [episode["r"] for episode in policy.model.ep_info_buffer]
    assert policy.steps < 50_000
    assert len(returns) == 100
    assert np.mean(returns) >= 40.0


def test_training_does_not_stop_before_a_hundred_episodes_have_ended():
    # Without learning, an episode is some twenty steps long.
    settings = TINY | {"steps": 20_000, "learning_rate": 0.0}
    policy = train_ppo(NOMINAL, seed=3, stop_at=1.0, **settings)
    assert len(policy.model.ep_info_buffer) == 100
    assert policy.steps < 10_000


def test_training_does_not_stop_for_a_goal_that_it_misses(tiny):
    policy = train_ppo(NOMINAL, seed=3, stop_at=499.0, **TINY)
    assert policy.steps == tiny.steps == 512


def test_settings_replace_the_defaults(tiny):
    assert tiny.model.n_steps == 16
    assert tiny.model.gamma == FAST_PPO["gamma"]
    policy = train_ppo(NOMINAL, seed=3, gamma=0.5, **TINY)
    assert policy.model.gamma == 0.5
    with pytest.raises(TypeError, match="nonsense"):
        train_ppo(NOMINAL, seed=3, nonsense=1, **TINY)


@pytest.mark.parametrize("progress", [False, True])
def test_progress_is_shown_only_if_asked_for(progress, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    train_ppo(NOMINAL, seed=3, **TINY | {"progress": progress})
    assert ("training" in capsys.readouterr().err) is progress


def test_the_learning_rate_falls_to_a_tenth():
    rate = Falling(2e-3)
    assert [rate(1.0), rate(0.5), rate(0.0)] == pytest.approx([2e-3, 1.1e-3, 2e-4])


def test_the_learning_rate_of_the_robust_settings_has_fallen_at_the_end():
    policy = train_ppo(NOMINAL, seed=3, **ROBUST_PPO | TINY | {"learning_rate": Falling(1e-3)})
    assert policy.model.gae_lambda == ROBUST_PPO["gae_lambda"]
    last = policy.model.policy.optimizer.param_groups[0]["lr"]
    assert last == pytest.approx(1e-4)


def test_a_policy_with_history_sees_that_many_steps(tiny_with_history):
    assert tiny_with_history.history == 5
    assert tiny_with_history.model.observation_space.shape == (5 * (4 + 2),)
    assert record(tiny_with_history, NOMINAL, 3, seed=0).observations.shape[1:] == (3, 30)


def test_a_policy_with_history_is_evaluated_with_its_history(tiny_with_history):
    env = ObservationActionHistory(CartPole(20, NOMINAL, autoreset=False), 5)
    seen, _ = env.reset(seed=8)
    returns, running = np.zeros(20), np.ones(20, dtype=bool)
    while running.any():
        seen, rewards, terminated, truncated, _ = env.step(tiny_with_history(seen))
        returns += rewards * running
        running &= ~(terminated | truncated)
    np.testing.assert_array_equal(evaluate(tiny_with_history, NOMINAL, 20, seed=8), returns)


@pytest.mark.parametrize("name", ["tiny", "tiny_with_history"])
def test_a_trained_policy_survives_pickling(name, request):
    policy = request.getfixturevalue(name)
    copy = pickle.loads(pickle.dumps(policy))
    assert torch.equal(weights(copy), weights(policy))
    assert (copy.history, copy.steps, repr(copy)) == (policy.history, policy.steps, repr(policy))
    np.testing.assert_array_equal(evaluate(copy, NOMINAL, 10), evaluate(policy, NOMINAL, 10))


def test_a_policy_says_how_long_it_was_trained(tiny, tiny_with_history):
    assert repr(tiny) == "TrainedPolicy(FastPPO, 512 steps)"
    assert repr(tiny_with_history) == "TrainedPolicy(FastPPO, 512 steps, history=5)"
