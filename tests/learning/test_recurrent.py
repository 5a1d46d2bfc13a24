"""A policy with a memory of its own: what it remembers, what it forgets, and how it is stored."""

import inspect
import math
import pickle

import numpy as np
import pytest
import torch
from sb3_contrib import RecurrentPPO

from course_lib.learning import (
    ROBUST_PPO,
    ObservationActionHistory,
    RecurrentPolicy,
    SB3Adapter,
    evaluate,
    recurrent,
    train_recurrent_ppo,
)
from course_lib.worlds import CartPole, CartPolePhysics, Rig, Uniform

NOMINAL = CartPolePhysics()
N = 40
SEQUENCE = np.random.default_rng(0).normal(0, 1, (12, N, 6)).astype(np.float32)  # (steps, n, d)


@pytest.fixture(autouse=True)
def _tiny_training(monkeypatch):
    tiny = {"num_envs": 4, "n_steps": 16, "batch_size": 32, "n_epochs": 2}
    monkeypatch.setattr(recurrent, "RECURRENT_PPO", recurrent.RECURRENT_PPO | tiny)


@pytest.fixture(scope="module")
def policy():
    """An untrained policy with weights so large that its actions differ."""
    env = SB3Adapter(ObservationActionHistory(CartPole(2), 1))
    settings = recurrent.RECURRENT_PPO["policy_kwargs"]
    model = RecurrentPPO("MlpLstmPolicy", env, seed=1, device="cpu", policy_kwargs=settings)
    with torch.no_grad():
        for weight in model.policy.parameters():
            weight.normal_(0, 1)
    return RecurrentPolicy(model, 2.5)


def actions_of(policy, sequence):
    """The actions (steps, n) for these observations (steps, n, d), from where the policy is."""
    return np.array([policy(observations) for observations in sequence])


def remembered(policy, sequence=SEQUENCE):
    """The same after a new beginning."""
    policy.begin(sequence.shape[1])
    return actions_of(policy, sequence)


def weights(policy):
    return torch.cat([p.flatten() for p in policy.model.policy.parameters()])


# Memory


def test_actions_are_those_of_an_lstm_that_is_fed_by_hand(policy):
    found = remembered(policy)
    lstm, net = policy.model.policy.lstm_actor, policy.model.policy
    hidden = tuple(torch.zeros(1, N, 64) for _ in range(2))
    expected = []
    with torch.no_grad():
        for observations in SEQUENCE:
            out, hidden = lstm(torch.from_numpy(observations)[None], hidden)
            latent = net.mlp_extractor.forward_actor(out[0])
            expected.append(net.action_net(latent).argmax(1).numpy())
    assert found.shape == (12, N)
    assert 0.1 < found.mean() < 0.9
    np.testing.assert_array_equal(found, expected)


def test_it_acts_differently_from_a_policy_that_forgets_at_every_step(policy):
    forgetful = np.concatenate([remembered(policy, SEQUENCE[i : i + 1]) for i in range(12)])
    with_memory = remembered(policy)
    np.testing.assert_array_equal(forgetful[0], with_memory[0])
    assert (forgetful[1:] != with_memory[1:]).mean() > 0.1


def test_begin_forgets(policy):
    first = remembered(policy)
    going_on = actions_of(policy, SEQUENCE)
    assert not np.array_equal(going_on[0], first[0])
    np.testing.assert_array_equal(remembered(policy), first)


def test_a_new_beginning_may_be_of_more_or_of_fewer_episodes(policy):
    everyone = remembered(policy)
    np.testing.assert_array_equal(remembered(policy, SEQUENCE[:, :3]), everyone[:, :3])
    np.testing.assert_array_equal(remembered(policy), everyone)


def test_each_episode_has_a_memory_of_its_own(policy):
    together = remembered(policy)
    alone = [remembered(policy, SEQUENCE[:, i : i + 1])[:, 0] for i in range(5)]
    np.testing.assert_array_equal(together[:, :5].T, alone)


def test_it_sees_the_newest_observation_and_the_action_before_it(policy):
    assert policy.history == RecurrentPolicy.history == 1
    widths = set()

    class Watched:
        history = policy.history
        begin = staticmethod(policy.begin)

        def __call__(self, observations):
            widths.add(observations.shape)
            return policy(observations)

    evaluate(Watched(), NOMINAL, 5)
    assert widths == {(5, 4 + 2)}


def test_every_evaluation_begins_without_memory(policy):
    env = ObservationActionHistory(CartPole(30, NOMINAL, autoreset=False), 1)
    seen, _ = env.reset(seed=8)
    policy.begin(30)
    returns, running = np.zeros(30), np.ones(30, dtype=bool)
    while running.any():
        seen, rewards, terminated, truncated, _ = env.step(policy(seen))
        returns += rewards * running
        running &= ~(terminated | truncated)
    for _ in range(2):
        np.testing.assert_array_equal(evaluate(policy, NOMINAL, 30, seed=8), returns)


def test_it_runs_on_a_rig_and_every_run_begins_without_memory(policy):
    first = Rig(3).run(policy, 4)
    assert len(np.unique(first)) > 1
    np.testing.assert_array_equal(Rig(3).run(policy, 4), first)


# Storing


def test_a_pickled_policy_acts_the_same_and_has_the_same_fingerprint(policy):
    remembered(policy)
    copy = pickle.loads(pickle.dumps(policy))
    assert copy.fingerprint == policy.fingerprint
    assert copy.seconds == policy.seconds == 2.5
    assert torch.equal(weights(copy), weights(policy))
    assert copy.model.env is None
    # It starts without memory, whatever the original remembers.
    np.testing.assert_array_equal(actions_of(copy, SEQUENCE[:1]), remembered(policy, SEQUENCE[:1]))
    np.testing.assert_array_equal(remembered(copy), remembered(policy))
    np.testing.assert_array_equal(evaluate(copy, NOMINAL, 10), evaluate(policy, NOMINAL, 10))


def test_pickling_does_not_disturb_the_memory_of_the_original(policy):
    expected = remembered(policy)
    policy.begin(N)
    first = actions_of(policy, SEQUENCE[:6])
    pickle.dumps(policy)
    np.testing.assert_array_equal([*first, *actions_of(policy, SEQUENCE[6:])], expected)


def test_the_fingerprint_is_of_the_weights_and_not_of_the_memory(policy):
    before = policy.fingerprint
    remembered(policy)
    assert policy.fingerprint == before
    copy = pickle.loads(pickle.dumps(policy))
    with torch.no_grad():
        copy.model.policy.lstm_actor.weight_hh_l0[0, 0] += 1e-6
    assert copy.fingerprint != before


def test_seconds_are_unknown_unless_given(policy):
    assert math.isnan(RecurrentPolicy(policy.model).seconds)


# Training


def test_one_seed_gives_one_policy_and_another_seed_or_world_another():
    policies = [
        train_recurrent_ppo(world, seed, steps=128)
        for world, seed in (
            (NOMINAL, 5),
            (NOMINAL, 5),
            (NOMINAL, 6),
            (CartPolePhysics(force=Uniform(5.0, 15.0)), 5),
        )
    ]
    assert torch.equal(weights(policies[0]), weights(policies[1]))
    np.testing.assert_array_equal(remembered(policies[0]), remembered(policies[1]))
    prints = [policy.fingerprint for policy in policies]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_training_changes_the_weights_for_as_many_steps_as_asked():
    short, long = (train_recurrent_ppo(NOMINAL, 5, steps=steps) for steps in (64, 192))
    assert (short.model.num_timesteps, long.model.num_timesteps) == (64, 192)
    assert not torch.equal(weights(short), weights(long))
    assert 0 < short.seconds < 60
    assert short.model.policy.lstm_actor.input_size == 4 + 2
    assert short.model.policy.lstm_actor.hidden_size == 64


def test_training_uses_one_thread():
    torch.set_num_threads(2)
    train_recurrent_ppo(NOMINAL, 5, steps=64)
    assert torch.get_num_threads() == 1


def test_training_is_as_long_as_that_of_the_policies_it_is_compared_with():
    default = inspect.signature(train_recurrent_ppo).parameters["steps"].default
    assert default == ROBUST_PPO["steps"]
    model = train_recurrent_ppo(NOMINAL, 5, steps=64).model
    for name in ("gamma", "gae_lambda", "learning_rate"):
        assert getattr(model, name) == ROBUST_PPO[name], name
    assert (model.n_envs, model.n_steps, model.batch_size) == (4, 16, 32)  # as set above
