"""Stable-Baselines3's PPO with fewer small calls: bit for bit the same policies, sooner.

A network this small spends most of its time between the calculations. So where the policy is a
plain network that chooses among actions, its few formulas are written out here, instead of asking
for features, latents and distributions; and an update keeps no statistics that nobody reads.
"""

from collections.abc import Callable

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.learning.policy import plain_layers


class FastPPO(PPO):
    """PPO (Schulman et al. 2017, arXiv:1707.06347), as `PPO` has it, without its training log.

    Raises ValueError for settings that it does not know: it normalises advantages, and has no
    `target_kl`, `clip_range_vf` or `use_sde`.
    """

    def _setup_model(self) -> None:
        if self.target_kl or self.clip_range_vf or self.use_sde or not self.normalize_advantage:
            raise ValueError(
                "FastPPO normalises advantages and has no target_kl, clip_range_vf or use_sde; "
                "use PPO for these"
            )
        super()._setup_model()
        # One call for all weights. Stable-Baselines3 leaves that to PyTorch, which does it on GPUs.
        for group in self.policy.optimizer.param_groups:
            group["foreach"] = True

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Fill the buffer with steps of the present policy; False if a callback ends training."""
        network = choosing(self.policy)
        if network is None:
            return super().collect_rollouts(env, callback, rollout_buffer, n_rollout_steps)
        buffer = rollout_buffer
        buffer.reset()
        callback.on_rollout_start()
        for _ in range(n_rollout_steps):
            with torch.no_grad():
                log_chances, values = network(torch.as_tensor(self._last_obs))
                drawn = torch.multinomial(log_chances.softmax(dim=1), 1, True)  # (worlds, 1)
                log_probs = log_chances.gather(1, drawn)[:, 0]
            actions = drawn[:, 0].numpy()
            new_obs, rewards, dones, infos = env.step(actions)
            self.num_timesteps += env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                return False
            if dones.any():
                self._update_info_buffer(infos, dones)
                self._add_what_was_cut_off(rewards, dones, infos)
            buffer.add(
                self._last_obs, actions, rewards, self._last_episode_starts, values, log_probs
            )
            self._last_obs, self._last_episode_starts = new_obs, dones
        with torch.no_grad():
            _, values = network(torch.as_tensor(new_obs))
        buffer.compute_returns_and_advantage(values, dones)
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    def _add_what_was_cut_off(self, rewards: np.ndarray, dones: np.ndarray, infos: list) -> None:
        """Add the value of the last state to the last reward of an episode that ran out of time."""
        for i in np.flatnonzero(dones):
            if infos[i].get("TimeLimit.truncated"):
                last, _ = self.policy.obs_to_tensor(infos[i]["terminal_observation"])
                with torch.no_grad():
                    rewards[i] += self.gamma * self.policy.predict_values(last)[0]

    def train(self) -> None:
        """Update the policy with what the buffer holds."""
        policy, buffer = self.policy, self.rollout_buffer
        policy.set_training_mode(True)
        self._update_learning_rate(policy.optimizer)
        clip = self.clip_range(self._current_progress_remaining)
        network = choosing(policy)
        parameters = list(policy.parameters())
        seen, actions, old_log_prob, advantage, target = (
            torch.as_tensor(buffer.swap_and_flatten(part))
            for part in (buffer.observations, buffer.actions, buffer.log_probs,
                         buffer.advantages, buffer.returns)
        )  # fmt: skip
        old_log_prob, advantage, target = (x[:, 0] for x in (old_log_prob, advantage, target))
        discrete = isinstance(self.action_space, spaces.Discrete)
        actions = actions[:, 0].long() if discrete else actions.float()
        for _ in range(self.n_epochs):
            # From the generator that `PPO` uses and seeds, NumPy's global one.
            order = torch.as_tensor(np.random.permutation(len(seen)))  # noqa: NPY002
            for i in order.split(self.batch_size):
                if network is not None and not self.ent_coef:
                    log_chances, value = network(seen[i])
                    log_prob, entropy = log_chances.gather(1, actions[i, None])[:, 0], None
                else:
                    value, log_prob, entropy = policy.evaluate_actions(seen[i], actions[i])
                a = advantage[i]
                if len(a) > 1:
                    a = (a - a.mean()) / (a.std() + 1e-8)
                ratio = torch.exp(log_prob - old_log_prob[i])
                loss = -torch.min(a * ratio, a * ratio.clamp(1 - clip, 1 + clip)).mean()
                if self.ent_coef:
                    loss = loss - self.ent_coef * entropy.mean()
                loss = loss + self.vf_coef * F.mse_loss(target[i], value.flatten())
                policy.optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(parameters, self.max_grad_norm)
                policy.optimizer.step()
        self._n_updates += self.n_epochs


def choosing(policy: ActorCriticPolicy) -> Callable[[Tensor], tuple[Tensor, Tensor]] | None:
    """Actor and critic of a plain network that chooses among actions, or None for another kind.

    Maps observations (n, d) to the logarithms of the actions' chances (n, a), and values (n, 1).
    """
    actor = plain_layers(policy)
    if actor is None or not isinstance(policy.action_space, spaces.Discrete):
        return None
    critic = [*policy.mlp_extractor.value_net, policy.value_net]

    def network(seen: Tensor) -> tuple[Tensor, Tensor]:
        scores = _through(actor, seen)
        return scores - scores.logsumexp(dim=1, keepdim=True), _through(critic, seen)

    return network


def _through(layers: list[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        linear = isinstance(layer, nn.Linear)
        x = F.linear(x, layer.weight, layer.bias) if linear else torch.tanh(x)
    return x
