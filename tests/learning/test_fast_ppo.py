"""`FastPPO` against Stable-Baselines3's own PPO: the same policies, bit for bit."""

import pickle

import pytest
import torch
from stable_baselines3 import PPO

from course_lib.learning import SB3Adapter, train_ppo, train_scheduler
from course_lib.learning.fast_ppo import FastPPO, choosing
from course_lib.worlds import EDGE, CartPole, CartPolePhysics, Cluster, Uniform
from course_lib.worlds.proportional import Proportional

TINY = {"num_envs": 8, "n_steps": 24, "batch_size": 48, "steps": 5 * 192, "progress": False}


class Short(CartPolePhysics):
    """Carts whose episodes are cut off early, so that many a last reward gets a value added."""

    def make(self, num_envs, *, autoreset=True):
        return CartPole(num_envs, self, max_episode_steps=15, autoreset=autoreset)


def everything(policy):
    """Weights and the optimiser's moments, in a row."""
    model = policy.model.policy
    moments = [m for s in model.optimizer.state.values() for m in s.values()]
    return torch.cat([x.detach().flatten() for x in (*model.parameters(), *moments)])


def both(world, train=train_ppo, **settings):
    return [train(world, 3, algorithm=a, **(TINY | settings)) for a in (PPO, FastPPO)]


@pytest.mark.parametrize(
    ("world", "settings"),
    [
        (CartPolePhysics(), {}),
        (Short(), {}),
        (CartPolePhysics(force=Uniform(5.0, 15.0), action_delay=2), {"history": 3}),
        (CartPolePhysics(), {"ent_coef": 0.02}),
        (CartPolePhysics(), {"policy_kwargs": {"net_arch": [16]}}),
        (CartPolePhysics(), {"policy_kwargs": {"activation_fn": torch.nn.ReLU}}),
        (Proportional(), {}),  # continuous actions
        (CartPolePhysics(), {"batch_size": 192, "clip_range": 0.1, "vf_coef": 0.7}),
        (CartPolePhysics(), {"batch_size": 191}),  # leaves a minibatch of one
    ],
)
def test_the_policy_is_stable_baselines3s_bit_for_bit(world, settings):
    plain, fast = both(world, **settings)
    assert type(fast.model) is FastPPO
    assert torch.equal(everything(plain), everything(fast))
    assert list(plain.model.ep_info_buffer) == list(fast.model.ep_info_buffer)
    assert (plain.steps, plain.model._n_updates) == (fast.steps, fast.model._n_updates)


def test_so_is_a_scheduler():
    plain, fast = both(Cluster(EDGE), train_scheduler)
    assert torch.equal(everything(plain), everything(fast))


def test_so_is_a_policy_that_is_trained_further():
    start = train_ppo(CartPolePhysics(), 0, **TINY)
    plain, fast = both(CartPolePhysics(force=4.0), start=start)
    assert torch.equal(everything(plain), everything(fast))
    assert not torch.equal(everything(start), everything(fast))


def test_only_plain_networks_that_choose_are_written_out():
    def network(world, **settings):
        return choosing(train_ppo(world, 0, **(TINY | {"steps": 1} | settings)).model.policy)

    assert network(CartPolePhysics()) is not None
    assert network(Proportional()) is None
    assert network(CartPolePhysics(), policy_kwargs={"activation_fn": torch.nn.ReLU}) is None


def test_what_it_does_not_do_is_refused():
    for setting in ({"target_kl": 0.1}, {"clip_range_vf": 0.2}, {"normalize_advantage": False}):
        with pytest.raises(ValueError, match="use PPO"):
            FastPPO("MlpPolicy", SB3Adapter(CartPole(2)), **setting)


def test_it_is_stored_like_any_model():
    policy = train_ppo(CartPolePhysics(), 0, **TINY)
    again = pickle.loads(pickle.dumps(policy))
    assert type(again.model) is FastPPO
    assert torch.equal(everything(policy), everything(again))
