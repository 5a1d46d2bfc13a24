"""DQN on a rig: what it starts from, what it remembers, and what it is charged."""

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN

from course_lib.learning import FAST_PPO, SB3Adapter, evaluate, train_ppo, with_history
from course_lib.transfer import replay_fine_tuning
from course_lib.transfer.real_fine_tuning import windows
from course_lib.transfer.replay_fine_tuning import Greedy, begin_as, replay_on_rig
from course_lib.worlds import CartPolePhysics, Rig

TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 2, "progress": False}
SHORT = {"steps": 300, "episodes": 2, "max_steps": 60, "batch_size": 32}


@pytest.fixture(scope="module")
def start():
    settings = FAST_PPO | TINY | {"steps": 60 * 128, "history": 2}
    return train_ppo(CartPolePhysics(), 0, **settings)


def q_weights(policy):
    return torch.cat([w.detach().flatten() for w in policy.model.q_net.parameters()])


def test_action_values_start_as_the_policys_scores(start):
    env = SB3Adapter(with_history(CartPolePhysics().make(1), 2))
    network = {"net_arch": [64, 64], "activation_fn": torch.nn.Tanh}
    model = DQN("MlpPolicy", env, seed=0, buffer_size=10, policy_kwargs=network)
    before = start.fingerprint
    begin_as(model, start, 25.0)
    seen = torch.as_tensor(np.random.default_rng(0).normal(0, 1, (200, 12)).astype(np.float32))
    policy = start.model.policy
    with torch.no_grad():
        scores = policy.action_net(policy.mlp_extractor.policy_net(seen))
        for net in (model.q_net, model.q_net_target):
            torch.testing.assert_close(net(seen), scores + 25.0, atol=1e-4, rtol=1e-4)
    assert start.fingerprint == before  # a copy


def test_without_updates_it_acts_as_the_start_does(start):
    tuned = replay_on_rig(start, 100, 0, updates=0.0, **SHORT)
    world = CartPolePhysics()
    np.testing.assert_array_equal(evaluate(tuned.policy, world, 20), evaluate(start, world, 20))


def test_every_logged_step_is_remembered_as_it_was(start, monkeypatch):
    rig = Rig(100, budget=300)
    kept = []

    class Noting(DQN):
        def train(self, *arguments):
            kept.append(self.replay_buffer)

    monkeypatch.setattr(replay_fine_tuning, "DQN", Noting)
    monkeypatch.setattr(replay_fine_tuning, "Rig", lambda seed, budget: rig)
    replay_on_rig(start, 100, 0, steps=300, episodes=3, max_steps=30)
    buffer, row, ends = kept[-1], 0, set()
    assert len(kept) == sum(len(e.actions) for e in rig.log)
    for episode in rig.log:
        seen = windows(episode, 2)
        for t, action in enumerate(episode.actions):
            np.testing.assert_array_equal(buffer.observations[row, 0], seen[t])
            np.testing.assert_array_equal(buffer.next_observations[row, 0], seen[t + 1])
            assert buffer.actions[row, 0, 0] == action
            assert buffer.rewards[row, 0] == 1
            last = t == len(episode.actions) - 1
            assert buffer.dones[row, 0] == last
            assert buffer.timeouts[row, 0] == (last and episode.ended != "safety stop")
            row += 1
        ends.add(episode.ended)
    assert {"time", "safety stop"} & ends


@pytest.mark.parametrize("epsilon", [0.0, 0.4, 1.0])
def test_exploring_pushes_at_random_now_and_then(start, epsilon):
    seen = np.random.default_rng(0).normal(0, 0.2, (20_000, 12)).astype(np.float32)
    differs = (Greedy(start, epsilon, 1)(seen) != start(seen)).mean()
    assert differs == pytest.approx(epsilon / 2, abs=0.02)


def test_learning_is_metered_and_repeats(start):
    one, same, other = (replay_on_rig(start, 100, seed, **SHORT) for seed in (0, 0, 1))
    assert torch.equal(q_weights(one.policy), q_weights(same.policy))
    assert not torch.equal(q_weights(one.policy), q_weights(other.policy))
    assert 300 - 2 < one.real_steps <= 300
    assert one.policy.steps == start.steps + one.real_steps
