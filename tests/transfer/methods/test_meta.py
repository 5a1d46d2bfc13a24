"""Meta-learning: how weights move, and which trainings they are moved by."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_site import HARD, ROLLOUT, SIM, Overheard, Spy, same_weights

from course_lib.learning import train_scheduler
from course_lib.transfer.methods import meta
from course_lib.transfer.methods.meta import MetaLearning, moved, weights_of, with_weights
from course_lib.transfer.methods.method import RealSite
from course_lib.transfer.methods.randomized import GAPS, drawn
from course_lib.worlds import Gaps

INNER = 2 * ROLLOUT


@pytest.fixture(autouse=True)
def _few_short_tasks(monkeypatch):
    monkeypatch.setattr(meta, "TASKS", 1)
    monkeypatch.setattr(meta, "INNER", INNER)


def learned(tasks=1, seed=0, steps=3 * ROLLOUT, **settings):
    method = MetaLearning(seed, **settings)
    method.steps = steps
    method.train(SIM)
    return method


def by_hand(seed=0, share=1.0, maml=False, first=ROLLOUT):
    """One task, slowly: the policies before, half way and at the end, and the weights to come."""
    severities = drawn(np.random.default_rng(seed), 1)[0]
    world = type(SIM)(SIM.site, Gaps(**dict(zip(GAPS, severities, strict=True))), jobs_per_node=1,
                      visible=SIM.visible)  # fmt: skip
    policy = train_scheduler(SIM, seed, steps=first, progress=False)
    further = {"steps": ROLLOUT, "learning_rate": 1e-3, "progress": False}
    half = train_scheduler(world, seed + 1_000, start=policy, **further)
    end = train_scheduler(world, seed + 1_001, start=half, **further)
    at = [weights_of(p) for p in (policy, half, end)]
    origin = at[1] if maml else at[0]
    return {k: at[0][k] + share * (at[2][k] - origin[k]) for k in at[0]}, end


def agrees(policy, weights):
    own = weights_of(policy)
    return all(torch.allclose(own[k], weights[k], rtol=0, atol=1e-6) for k in weights)


# Weights


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0, -0.5])
def test_weights_move_a_share_of_the_way_from_start_to_end(share):
    rng = np.random.default_rng(0)
    shapes = {"a": (2, 3), "b": (4,)}
    sets = [{k: torch.as_tensor(rng.normal(size=s)) for k, s in shapes.items()} for _ in range(3)]
    weights, start, end = sets
    copies = [{k: v.clone() for k, v in one.items()} for one in sets]
    found = moved(weights, start, end, share)
    assert found.keys() == shapes.keys()
    for name, shape in shapes.items():
        for at in np.ndindex(shape):
            w, s, e = (float(one[name][at]) for one in sets)
            assert float(found[name][at]) == pytest.approx(w + share * (e - s))
    for one, copy in zip(sets, copies, strict=True):
        assert all(torch.equal(one[k], copy[k]) for k in shapes)


def test_a_policy_with_other_weights_is_a_copy_that_acts_by_them(trained):
    before = trained.fingerprint
    other = train_scheduler(SIM, 9, steps=ROLLOUT, progress=False)
    found = with_weights(trained, weights_of(other), 7)
    assert trained.fingerprint == before
    assert found.model is not trained.model
    assert same_weights(found, other)
    seen, _ = SIM.make(50).reset(seed=0)
    np.testing.assert_array_equal(found.chances(seen), other.chances(seen))
    assert not np.array_equal(found.chances(seen), trained.chances(seen))


# Tasks


def test_reptile_with_one_task_and_the_whole_way_is_training_further(monkeypatch):
    monkeypatch.setattr(meta, "SHARE", 1.0)
    weights, end = by_hand()
    policy = learned().policy
    assert agrees(policy, weights)
    assert same_weights(policy, end, atol=1e-6)


@pytest.mark.parametrize("maml", [False, True])
def test_each_variant_moves_half_of_its_way(maml):
    weights, _ = by_hand(share=0.5, maml=maml, seed=2)
    others, _ = by_hand(share=0.5, maml=not maml, seed=2)
    policy = learned(seed=2, first_order_maml=maml).policy
    assert agrees(policy, weights) and not agrees(policy, others)


def test_reptile_is_the_variant_unless_told():
    assert same_weights(learned().policy, learned(first_order_maml=False).policy)


@pytest.mark.parametrize("maml", [False, True])
def test_every_task_goes_on_from_the_moved_weights_in_a_world_of_its_own(monkeypatch, maml):
    monkeypatch.setattr(meta, "TASKS", 3)
    trainings, moves = Spy(train_scheduler), Spy(moved)
    monkeypatch.setattr(meta, "train_scheduler", trainings)
    monkeypatch.setattr(meta, "moved", moves)
    # A result that trainings could not have led to tells who starts from it.
    method = learned(steps=2 * ROLLOUT + 3 * INNER, seed=4, first_order_maml=maml)
    ((first_world, first_seed), first), *inner = trainings.calls
    assert (first_world, first_seed, first["steps"]) == (SIM, 4, 2 * ROLLOUT)
    assert "start" not in first and "learning_rate" not in first
    seeds = [given[1] for given, _ in inner]
    assert seeds == [1_004, 1_005, 2_004, 2_005, 3_004, 3_005]
    worlds = [given[0] for given, _ in inner]
    assert worlds[::2] == worlds[1::2] and len(set(worlds)) == 3
    severities = [[getattr(w.gaps, name) for name in GAPS] for w in worlds[::2]]
    rng = np.random.default_rng(4)
    np.testing.assert_array_equal(severities, [drawn(rng, 1)[0] for _ in range(3)])
    assert all(n["steps"] == INNER // 2 and n["learning_rate"] == 1e-3 for _, n in inner)
    starts = [named["start"] for _, named in inner]
    for task, ((weights, start, end, share), _) in enumerate(moves.calls):
        at_first, at_half = starts[2 * task : 2 * task + 2]
        assert agrees(at_first, weights)
        assert agrees(at_half if maml else at_first, start)
        assert not agrees(at_half, end)
        assert share == pytest.approx(0.5 * (1 - task / 3))
        following = starts[2 * task + 2] if task < 2 else method.policy
        assert agrees(following, moved(weights, start, end, share))


def test_simulation_costs_no_more_steps_than_any_other_method(monkeypatch):
    monkeypatch.undo()  # the constants of the course
    assert (meta.TASKS, meta.INNER, meta.SHARE, meta.RATE) == (14, 4_096, 0.5, 1e-3)
    trainings = Spy(answer=SimpleNamespace(steps=0))
    monkeypatch.setattr(meta, "train_scheduler", trainings)
    monkeypatch.setattr(meta, "moved", Spy(answer={}))
    monkeypatch.setattr(meta, "weights_of", Spy(answer={}))
    monkeypatch.setattr(meta, "with_weights", Spy(answer=None))
    monkeypatch.setattr(MetaLearning, "_start", lambda self, policy: None)
    method = MetaLearning(0)
    method.train(SIM)
    assert len(trainings.calls) == 1 + 2 * 14
    assert sum(named["steps"] for _, named in trainings.calls) == method.steps == 100_000


def test_a_policy_counts_the_steps_of_its_tasks_as_well():
    assert learned().policy.steps == 3 * ROLLOUT


# Reality


def test_afterwards_it_learns_from_real_episodes():
    method, site = learned(real_ppo={"epochs": 2}), Overheard(RealSite(HARD, 10))
    before = method.policy.fingerprint
    method.adapt(site, 10)
    assert [n for _, n in site.runs] == [10]
    assert site.runs[0][0] is method._learner.exploring
    assert method.policy.fingerprint != before
    assert method._learner.model.n_epochs == 2
