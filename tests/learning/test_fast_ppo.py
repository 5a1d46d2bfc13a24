"""`FastPPO` against Stable-Baselines3's own PPO: the same rollouts, the same updates."""

import io

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from course_lib.learning import SB3Adapter
from course_lib.learning.fast_ppo import FastPPO
from course_lib.worlds import CartPole, CartPolePhysics
from course_lib.worlds.proportional import Proportional

STEPS, WORLDS = 40, 6
SETTINGS = {"n_steps": STEPS, "batch_size": STEPS * WORLDS, "n_epochs": 3, "learning_rate": 1e-3,
            "gamma": 0.9, "gae_lambda": 0.8, "seed": 0, "device": "cpu"}  # fmt: skip
PARTS = ("observations", "actions", "rewards", "episode_starts", "values", "log_probs",
         "advantages", "returns")  # fmt: skip


def discrete():
    return SB3Adapter(CartPole(WORLDS, CartPolePhysics(), max_episode_steps=15))


def continuous():
    env = Proportional().make(WORLDS)
    env.max_episode_steps = 15
    return SB3Adapter(env)


class Scripted(PPO):
    """Stable-Baselines3's PPO, which takes the actions of a rollout that somebody else made."""

    def follow(self, other):
        self.policy.load_state_dict(other.policy.state_dict())
        actions = iter(torch.as_tensor(other.rollout_buffer.actions.copy()))

        def forward(seen):
            taken = next(actions)
            taken = taken[:, 0].long() if other.action_space.shape == () else taken
            values, log_probs, _ = self.policy.evaluate_actions(seen, taken)
            return taken, values, log_probs

        self.policy.forward = forward


def ready(algorithm, env, **settings):
    model = algorithm("MlpPolicy", env, **(SETTINGS | settings))
    model.set_logger(Logger(None, []))
    _, callback = model._setup_learn(10_000, None)
    return model, lambda: model.collect_rollouts(env, callback, model.rollout_buffer, STEPS)


@pytest.fixture(params=[discrete, continuous])
def pair(request):
    """Both after a rollout with the same weights in the same worlds."""
    fast, collect = ready(FastPPO, request.param())
    assert collect()
    plain, collect_too = ready(Scripted, request.param())
    plain.follow(fast)
    assert collect_too()
    return fast, plain


def test_a_rollout_is_what_stable_baselines3_would_have_stored(pair):
    fast, plain = pair
    for part in PARTS:
        mine, other = getattr(fast.rollout_buffer, part), getattr(plain.rollout_buffer, part)
        np.testing.assert_allclose(mine, other, atol=2e-5, err_msg=part)
    # Some episodes were cut off in it, and some of discrete ones fell.
    assert (fast.rollout_buffer.rewards > 1.001).any() or (fast.rollout_buffer.rewards != 1).any()
    assert [e["r"] for e in fast.ep_info_buffer] == [e["r"] for e in plain.ep_info_buffer]
    assert fast.num_timesteps == plain.num_timesteps == STEPS * WORLDS


@pytest.mark.parametrize("ent_coef", [0.0, 0.05])
def test_an_update_moves_the_weights_as_stable_baselines3_does(pair, ent_coef):
    fast, plain = pair
    before = torch.cat([p.detach().flatten().clone() for p in fast.policy.parameters()])
    for model in pair:
        model.ent_coef = ent_coef
        model.train()
    weights = [torch.cat([p.flatten() for p in m.policy.parameters()]) for m in pair]
    assert (weights[0] - before).abs().max() > 1e-3
    torch.testing.assert_close(*weights, atol=2e-5, rtol=1e-3)
    assert fast._n_updates == plain._n_updates


def test_every_sample_is_used_once_per_epoch():
    fast, collect = ready(FastPPO, discrete(), batch_size=80)
    collect()
    seen = []
    plain = fast.policy.evaluate_actions

    def watched(observations, actions):
        seen.append(observations)
        return plain(observations, actions)

    fast.policy.evaluate_actions = watched
    fast.train()
    assert [len(part) for part in seen] == 9 * [80]
    for epoch in range(3):
        rows = torch.cat(seen[3 * epoch : 3 * epoch + 3]).sum(dim=1).sort().values
        expected = torch.as_tensor(fast.rollout_buffer.observations).sum(dim=2).flatten()
        torch.testing.assert_close(rows, expected.sort().values)


def test_discrete_actions_are_drawn_with_the_policys_probabilities():
    fast, _ = ready(FastPPO, discrete())
    scores = np.tile(np.array([[0.3, 1.5]], dtype=np.float32), (40_000, 1))
    drawn, acted = fast._explore(scores)
    np.testing.assert_array_equal(drawn, acted)
    assert drawn.mean() == pytest.approx(1 / (1 + np.exp(0.3 - 1.5)), abs=0.01)


def test_continuous_actions_are_drawn_around_the_mean_and_cut_off_for_the_world():
    fast, _ = ready(FastPPO, continuous())
    with torch.no_grad():
        fast.policy.log_std.fill_(np.log(0.7))
    drawn, acted = fast._explore(np.full((40_000, 1), 0.5, dtype=np.float32))
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.std() == pytest.approx(0.7, abs=0.02)
    np.testing.assert_array_equal(acted, np.clip(drawn, -1, 1))


def test_what_it_does_not_do_is_refused():
    for setting in ({"target_kl": 0.1}, {"clip_range_vf": 0.2}):
        with pytest.raises(ValueError, match="use PPO"):
            FastPPO("MlpPolicy", discrete(), **setting)


def test_it_is_saved_and_loaded_like_any_model():
    fast, collect = ready(FastPPO, discrete())
    collect()
    fast.train()
    file = io.BytesIO()
    fast.save(file)
    file.seek(0)
    again = FastPPO.load(file, device="cpu")
    for one, other in zip(fast.policy.parameters(), again.policy.parameters(), strict=True):
        assert torch.equal(one, other)
