import pytest
import torch
from tiny_site import ROLLOUT, SIM, TINY_PPO

from course_lib.learning import SCHEDULER_PPO, train_scheduler
from course_lib.transfer.methods.method import Method

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _tiny_trainings(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    for name, value in TINY_PPO.items():
        monkeypatch.setitem(SCHEDULER_PPO, name, value)
    # The default number of steps: most methods take no other.
    monkeypatch.setattr(Method.__init__, "__defaults__", (2 * ROLLOUT,))


@pytest.fixture(scope="session")
def trained():
    """A policy that has learned a little in the simulator; leave it as it is."""
    return train_scheduler(SIM, 0, steps=4 * ROLLOUT, progress=False, **TINY_PPO)
