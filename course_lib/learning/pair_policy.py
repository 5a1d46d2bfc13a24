"""A policy for schedulers: one small network that scores every (job, pool) pair.

The same weights serve all pairs (parameter sharing), so the network is small, does not care about
the order of the pairs, and takes as many jobs and pools as there are. A network that looks at one
pair cannot compare, so two comparisons are handed to it: how much later the job would end here than
in its best pool, and how much later than the first of all jobs in this pool. What cannot be started
is masked (Huang and Ontañón 2022, "A Closer Look at Invalid Action Masking in Policy Gradient
Algorithms"). The score of waiting, and the value, are read from the mean over all pairs.
"""

from typing import NamedTuple

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

from course_lib.worlds.queue_view import CLUSTER, JOB, LARGEST, PAIR, Layout

NEVER = -1e8  # score of an illegal action
PLACE = {name: i for names in (PAIR, JOB, CLUSTER) for i, name in enumerate(names)}
COMPARISONS = 2
FEATURES = len(PAIR) + COMPARISONS + len(JOB) + len(CLUSTER)


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


def comparisons(pair: torch.Tensor, job: torch.Tensor) -> torch.Tensor:
    """A pair's predicted end over the least of its job's, and of its pool's: (n, 2, jobs, pools).

    From the first two blocks of an observation; 1 is the earliest, LARGEST the most.
    """
    completion = pair[:, PLACE["wait"]] + pair[:, PLACE["run"]]  # in the job's own unit
    end = completion * job[:, PLACE["size"], :, None]
    end = torch.where(pair[:, PLACE["able"]] > 0, end.clamp(min=1e-6), torch.inf)
    ratios = torch.stack([end / end.amin(2, keepdim=True), end / end.amin(1, keepdim=True)], dim=1)
    return ratios.nan_to_num(nan=LARGEST).clamp(max=LARGEST)  # not a number: nobody is able


class PairNetwork(nn.Module):
    """From observations (n, layout.size) to scores (n, actions) and what values are read from."""

    def __init__(self, layout: Layout, width: int):
        super().__init__()
        self.layout = layout
        self.latent_dim_pi, self.latent_dim_vf = layout.wait + 1, width + len(CLUSTER)
        self.actor, self.critic = _encoder(width), _encoder(width)
        self.start = nn.Linear(width, 1)
        self.wait = nn.Linear(width + len(CLUSTER), 1)

    def extra_repr(self) -> str:
        """The layout: no weight tells it, but a policy's fingerprint must."""
        return str(self.layout)

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
        pair, job, cluster = self.layout.blocks(observations)
        pair = torch.cat([pair, comparisons(pair, job)], dim=1)
        # Ratios spread over orders of magnitude: it is their logarithms that should be compared.
        pair, job, cluster = torch.log1p(pair), torch.log1p(job), torch.log1p(cluster)
        # Most places in the queue are empty; only what is there is computed.
        row, m, k = pair[:, PLACE["able"]].nonzero(as_tuple=True)
        legal = [pair[:, PLACE["legal"]].flatten(1), cluster[:, PLACE["may_wait"], None]]
        return Pairs(
            row=row,
            action=m * self.layout.pools + k,
            features=torch.cat([pair[row, :, m, k], job[row, :, m], cluster[row]], dim=1),
            legal=torch.cat(legal, dim=1) > 0,
            cluster=cluster,
        )

    def _scores(self, pairs: Pairs) -> torch.Tensor:
        x = self.actor(pairs.features)  # (P, width)
        scores = x.new_zeros(pairs.legal.shape)
        scores[pairs.row, pairs.action] = self.start(x)[:, 0]
        scores[:, self.layout.wait] = self.wait(pairs.mean(x))[:, 0]
        return torch.where(pairs.legal, scores, NEVER)


def _encoder(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


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
