"""A policy for schedulers: one small network that scores every (job, pool) pair.

The same weights serve all pairs (parameter sharing), so the network is small, does not care about
the order of the pairs, and takes as many jobs and pools as there are. What cannot be started is
masked (Huang and Ontañón 2022, "A Closer Look at Invalid Action Masking in Policy Gradient
Algorithms"). The score of waiting, and the value, are read from the mean over all pairs.
"""

from typing import NamedTuple

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

from course_lib.worlds.queue_view import CLUSTER, JOB, PAIR, Layout

NEVER = -1e8  # score of an illegal action
LEGAL, ABLE = list(PAIR).index("legal"), list(PAIR).index("able")
MAY_WAIT = list(CLUSTER).index("may_wait")


class Pairs(NamedTuple):
    """The P pairs, of all n observations, in which a job is able to run in a pool."""

    row: torch.Tensor  # (P,) observation that a pair belongs to
    action: torch.Tensor  # (P,) action that starts it
    features: torch.Tensor  # (P, features)
    legal: torch.Tensor  # (n, actions) bool
    cluster: torch.Tensor  # (n, cluster features)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean of values (P, d) over each observation's pairs, and its cluster: (n, d + c)."""
        n = len(self.cluster)
        total = values.new_zeros(n, values.shape[1]).index_add_(0, self.row, values)
        count = torch.bincount(self.row, minlength=n).clamp(min=1)
        return torch.cat([total / count[:, None], self.cluster], dim=1)


class PairNetwork(nn.Module):
    """From observations (n, layout.size) to scores (n, actions) and what values are read from."""

    def __init__(self, layout: Layout, width: int):
        super().__init__()
        self.layout = layout
        self.latent_dim_pi, self.latent_dim_vf = layout.wait + 1, width + len(CLUSTER)
        self.actor, self.critic = _encoder(width), _encoder(width)
        self.start = nn.Linear(width, 1)
        self.wait = nn.Linear(width + len(CLUSTER), 1)

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (n, actions) and means (n, latent_dim_vf)."""
        pairs = self._pairs(observations)
        return self._scores(pairs), pairs.mean(self.critic(pairs.features))

    def forward_actor(self, observations: torch.Tensor) -> torch.Tensor:
        """The scores alone."""
        return self._scores(self._pairs(observations))

    def forward_critic(self, observations: torch.Tensor) -> torch.Tensor:
        """The means alone."""
        pairs = self._pairs(observations)
        return pairs.mean(self.critic(pairs.features))

    def _pairs(self, observations: torch.Tensor) -> Pairs:
        # Ratios spread over orders of magnitude: it is their logarithms that should be compared.
        pair, job, cluster = self.layout.blocks(torch.log1p(observations))
        # Most places in the queue are empty; only what is there is computed.
        row, m, k = pair[:, ABLE].nonzero(as_tuple=True)
        features = torch.cat([pair[row, :, m, k], job[row, :, m], cluster[row]], dim=1)
        legal = torch.cat([pair[:, LEGAL].flatten(1), cluster[:, MAY_WAIT, None]], dim=1) > 0
        return Pairs(row, m * self.layout.pools + k, features, legal, cluster)

    def _scores(self, pairs: Pairs) -> torch.Tensor:
        x = self.actor(pairs.features)  # (P, width)
        scores = x.new_zeros(pairs.legal.shape)
        scores[pairs.row, pairs.action] = self.start(x)[:, 0]
        scores[:, self.layout.wait] = self.wait(pairs.mean(x))[:, 0]
        return torch.where(pairs.legal, scores, NEVER)


def _encoder(width: int) -> nn.Sequential:
    features = len(PAIR) + len(JOB) + len(CLUSTER)
    return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


class PairPolicy(ActorCriticPolicy):
    """A Stable-Baselines3 policy around `PairNetwork`; give it `policy_kwargs={"layout": ...}`."""

    def __init__(self, *args, layout: Layout, width: int = 32, **kwargs):
        self.layout, self.width = layout, width
        super().__init__(*args, **kwargs)

    def _get_constructor_parameters(self) -> dict:
        return super()._get_constructor_parameters() | {"layout": self.layout, "width": self.width}

    def _build_mlp_extractor(self) -> None:
        self.mlp_extractor = PairNetwork(self.layout, self.width)

    def _build(self, lr_schedule) -> None:
        super()._build(lr_schedule)
        self.action_net = nn.Identity()  # the network's scores are the logits
        self.optimizer = self.optimizer_class(
            self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs
        )
