"""Callbacks of Stable-Baselines3 that are handed to the training of a policy."""

import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import BaseCallback

from course_lib.learning import train_ppo
from course_lib.worlds import CartPolePhysics

TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "steps": 512, "progress": False}


class Watch(BaseCallback):
    """Notes what happens, and ends the training after `limit` calls."""

    def __init__(self, limit=np.inf):
        super().__init__()
        self.limit, self.rollouts, self.ended = limit, 0, 0

    def _on_rollout_start(self):
        self.rollouts += 1

    def _on_step(self):
        return self.n_calls < self.limit

    def _on_training_end(self):
        self.ended += 1


def train(**arguments):
    return train_ppo(CartPolePhysics(), seed=3, **TINY | arguments)


def test_every_callback_is_called_at_every_step_of_all_worlds():
    watches = [Watch(), Watch()]
    policy = train(callbacks=watches)
    for watch in watches:
        assert (watch.n_calls, watch.rollouts, watch.ended) == (64, 4, 1)
        assert watch.num_timesteps == 512
        assert watch.model is policy.model


def test_a_callback_may_end_the_training():
    watch = Watch(limit=20)
    assert train(callbacks=(watch,)).steps == 20 * 8
    assert watch.n_calls == 20


def test_a_callback_that_only_watches_changes_nothing():
    plain, watched = train(), train(callbacks=[Watch()])
    for one, other in zip(
        plain.model.policy.parameters(), watched.model.policy.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_training_still_ends_where_its_returns_are_good_enough():
    watch = Watch()
    settings = {"steps": 20_000, "learning_rate": 0.0, "stop_at": 1.0, "callbacks": [watch]}
    assert train(**settings).steps < 10_000
    assert watch.ended == 1


@pytest.mark.parametrize("progress", [False, True])
def test_progress_is_shown_beside_callbacks(progress, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    train(progress=progress, callbacks=[Watch()])
    assert ("training" in capsys.readouterr().err) is progress
