import numpy as np
import pytest
import torch

from course_lib.learning import SCHEDULER_PPO, Random, evaluate, train_scheduler
from course_lib.learning.pair_policy import PairPolicy
from course_lib.learning.train_scheduler import Clipped
from course_lib.worlds import EDGE, Cluster, Gaps

SMALL = Cluster(EDGE, Gaps(failures=1.0), jobs_per_node=2, visible=4)
TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "steps": 512, "progress": False}


def weights(policy):
    return torch.cat([p.flatten() for p in policy.model.policy.parameters()])


@pytest.fixture(scope="module")
def tiny():
    return train_scheduler(SMALL, 3, **TINY)


# Rewards that are cut off


@pytest.mark.parametrize("autoreset", [False, True])
@pytest.mark.parametrize("settings", [{}, {"worst": -0.5, "scale": 3.0}])
def test_rewards_are_cut_off_and_scaled_and_nothing_else_changes(settings, autoreset):
    worst, scale = settings.get("worst", -20.0), settings.get("scale", 5.0)
    cluster = Cluster(EDGE, Gaps(failures=1.0, workload=1.0), jobs_per_node=4, visible=4)
    plain = cluster.make(6, autoreset=autoreset)
    clipped = Clipped(cluster, **settings).make(6, autoreset=autoreset)
    assert clipped.num_envs == 6
    assert clipped.single_action_space == plain.single_action_space
    assert clipped.single_observation_space == plain.single_observation_space
    assert clipped.metadata["autoreset_mode"] == plain.metadata["autoreset_mode"]
    seen, seen_too = plain.reset(seed=7)[0], clipped.reset(seed=7)[0]
    policy, cut, ended = Random(cluster.layout), 0, 0
    for _ in range(200):
        np.testing.assert_array_equal(seen, seen_too)
        actions = policy(seen)
        seen, rewards, terminated, truncated, infos = plain.step(actions)
        seen_too, found, terminated_too, truncated_too, infos_too = clipped.step(actions)
        np.testing.assert_allclose(found, np.where(rewards < worst, worst, rewards) / scale)
        np.testing.assert_array_equal(terminated, terminated_too)
        np.testing.assert_array_equal(truncated, truncated_too)
        assert infos.keys() == infos_too.keys()
        for last, last_too in zip(*(i.get("final_obs", []) for i in (infos, infos_too)),
                                  strict=True):  # fmt: skip
            np.testing.assert_array_equal(last, last_too)
        cut += (rewards < worst).sum()
        ended += terminated.sum()
    assert cut > 0 and ended > 0


# Training


def test_training_beats_chance_clearly_in_episodes_that_it_did_not_see():
    cluster = Cluster(EDGE)
    policy = train_scheduler(cluster, 0, steps=40_000, progress=False)
    assert policy.steps == pytest.approx(40_000, rel=0.05)
    learned, chance = (evaluate(p, cluster, 32, seed=1) for p in (policy, Random(cluster.layout)))
    better = learned - chance
    assert better.mean() > 5 * better.std(ddof=1) / 32**0.5
    assert learned.mean() > 0.5 * chance.mean()  # both are negative
    assert (better > 0).mean() > 0.9


def test_one_seed_gives_one_policy_whatever_was_random_before(tiny):
    np.random.seed(99)  # noqa: NPY002
    torch.manual_seed(99)
    assert torch.equal(weights(train_scheduler(SMALL, 3, **TINY)), weights(tiny))


@pytest.mark.parametrize("change", [{"worst": -0.5}, {"scale": 1.0}, {"gamma": 0.5}])
def test_another_setting_gives_another_policy(tiny, change):
    assert not torch.equal(weights(train_scheduler(SMALL, 3, **TINY, **change)), weights(tiny))


def test_another_seed_or_cluster_gives_another_policy(tiny):
    assert not torch.equal(weights(train_scheduler(SMALL, 4, **TINY)), weights(tiny))
    harder = Cluster(EDGE, Gaps(1, 1, 1, 1), jobs_per_node=2, visible=4)
    assert not torch.equal(weights(train_scheduler(harder, 3, **TINY)), weights(tiny))


def test_it_trains_a_pair_policy_of_the_clusters_layout_with_the_settings_for_schedulers(tiny):
    net = tiny.model.policy
    assert type(net) is PairPolicy and net.layout == SMALL.layout
    assert tiny.model.n_steps == 16
    for name in ("gamma", "gae_lambda", "n_epochs"):
        assert getattr(tiny.model, name) == SCHEDULER_PPO[name]
    assert net.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * 3e-3, rel=1e-6)  # it fell
    assert tiny.steps == 512


def test_training_goes_on_from_a_policy_and_leaves_that_one_as_it_was(tiny):
    before = weights(tiny).clone()
    still = train_scheduler(SMALL, 5, start=tiny, **TINY | {"learning_rate": 0.0})
    assert torch.equal(weights(still), before)
    further = train_scheduler(SMALL, 5, start=tiny, **TINY)
    assert not torch.equal(weights(further), before)
    assert not torch.equal(weights(further), weights(train_scheduler(SMALL, 5, **TINY)))
    assert torch.equal(weights(tiny), before)
    assert [p.steps for p in (tiny, still, further)] == [512, 1024, 1024]


@pytest.mark.parametrize("progress", [False, True])
def test_progress_is_shown_only_if_asked_for(progress, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    train_scheduler(SMALL, 3, **TINY | {"progress": progress})
    assert ("training" in capsys.readouterr().err) is progress


def test_errors_arrive():
    with pytest.raises(TypeError, match="nonsense"):
        train_scheduler(SMALL, 3, nonsense=1, **TINY)
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        train_scheduler(SMALL, 3, **TINY | {"num_envs": 0})


def test_an_error_of_the_cluster_arrives():
    class Broken(Cluster):
        def make(self, num_envs, *, autoreset=True):
            raise RuntimeError("no such cluster")

    with pytest.raises(RuntimeError, match="no such cluster"):
        train_scheduler(Broken(EDGE), 3, **TINY)
