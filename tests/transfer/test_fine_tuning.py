"""Fine-tuning, its cures for forgetting, and the rig's log as what PPO learns from."""

import pickle

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from course_lib.learning import (
    FAST_PPO,
    Falling,
    TrainedPolicy,
    evaluate,
    train_ppo,
    with_history,
)
from course_lib.learning.store import key_of, provenance_of
from course_lib.transfer import fine_tuning
from course_lib.transfer.episode_learner import EpisodeLearner, Exploring, rollouts
from course_lib.transfer.fine_tuning import AnchoredPPO, KeepBest, Rehearsal, fine_tune
from course_lib.transfer.real_fine_tuning import experience, fine_tune_on_rig, windows
from course_lib.transfer.side_by_side import SideBySide
from course_lib.worlds import SIMULATED_TARGET, CartPolePhysics, Rig

NOMINAL = CartPolePhysics()
WEAK = CartPolePhysics(force=4.0)
TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 2, "progress": False}
ROLLOUT = 8 * 16


def weights(policy):
    return torch.cat([w.detach().flatten() for w in policy.model.policy.parameters()])


def divergence(one, other, history=2):
    """Mean KL between two policies on random observations."""
    seen = torch.as_tensor(np.random.default_rng(0).normal(0, 0.5, (500, 6 * history)))
    with torch.no_grad():
        p, q = (x.model.policy.get_distribution(seen.float()).distribution for x in (one, other))
        return float(torch.distributions.kl_divergence(p, q).mean())


@pytest.fixture(scope="module")
def start():
    return train_ppo(NOMINAL, 0, history=2, **FAST_PPO | TINY | {"steps": 60 * ROLLOUT})


def tune(start, seed=1, steps=4 * ROLLOUT, **arguments):
    return fine_tune(start, SIMULATED_TARGET, seed, steps=steps, **TINY | arguments)


# Batches side by side


def test_batches_are_stepped_as_they_are_alone():
    seeds = [int(s) for s in np.random.SeedSequence(3).generate_state(2)]
    alone = [NOMINAL.make(3), SIMULATED_TARGET.make(5)]
    together = SideBySide([NOMINAL.make(3), SIMULATED_TARGET.make(5)])
    expected = [b.reset(seed=s)[0] for b, s in zip(alone, seeds, strict=True)]
    seen, _ = together.reset(seed=3)
    np.testing.assert_array_equal(seen, np.concatenate(expected))
    rng, ends = np.random.default_rng(0), np.zeros(8)
    for _ in range(80):
        actions = rng.integers(2, size=8)
        parts = [b.step(a) for b, a in zip(alone, (actions[:3], actions[3:]), strict=True)]
        *columns, infos = together.step(actions)
        for i, column in enumerate(columns):
            np.testing.assert_array_equal(column, np.concatenate([p[i] for p in parts]))
        done = columns[2] | columns[3]
        ends += done
        assert ("final_obs" in infos) == done.any()
        for which in np.flatnonzero(done):
            own = parts[0][-1] if which < 3 else parts[1][-1]
            np.testing.assert_array_equal(
                infos["final_obs"][which], own["final_obs"][which - 3 * (which >= 3)]
            )
        if done.any():
            np.testing.assert_array_equal(infos["_final_obs"], done)
    assert (ends > 0).all()


def test_a_history_can_be_put_around_batches_side_by_side():
    env = with_history(SideBySide([NOMINAL.make(2), SIMULATED_TARGET.make(2)]), 3)
    env.reset(seed=0)
    for _ in range(60):
        env.step(np.ones(4, dtype=int))


def test_batches_that_do_not_fit_are_refused():
    for batches in ([], [NOMINAL.make(2), NOMINAL.make(2, autoreset=False)]):
        with pytest.raises(ValueError, match="equal"):
            SideBySide(batches)
    with pytest.raises(ValueError, match="equal"):
        SideBySide([NOMINAL.make(2), with_history(NOMINAL.make(2), 2)])


@pytest.mark.parametrize(
    ("share", "worlds", "old"), [(0.5, 8, 4), (0.25, 8, 2), (0, 8, 1), (1, 8, 7), (0.5, 2, 1)]
)
def test_a_share_of_the_worlds_is_old(share, worlds, old):
    env = Rehearsal(new=SIMULATED_TARGET, old=WEAK, share=share).make(worlds, autoreset=False)
    assert [b.physics for b in env.batches] == [WEAK, SIMULATED_TARGET]
    assert [b.num_envs for b in env.batches] == [old, worlds - old]
    assert env.metadata["autoreset_mode"] == AutoresetMode.DISABLED


def test_one_world_cannot_be_shared():
    with pytest.raises(ValueError, match="at least two"):
        Rehearsal(NOMINAL, WEAK, 0.5).make(1)


def test_a_rehearsal_can_be_evaluated_in(start):
    returns = evaluate(start, Rehearsal(new=NOMINAL, old=WEAK, share=0.5), 20, seed=2)
    assert returns.shape == (20,)


# The anchor


def test_an_anchor_without_weight_is_ppo_bit_for_bit():
    settings = FAST_PPO | TINY | {"steps": 4 * ROLLOUT, "history": 2}
    plain, anchored = (
        train_ppo(NOMINAL, 3, **settings | extra)
        for extra in ({}, {"algorithm": AnchoredPPO, "ent_coef": 0.0})
    )
    assert type(anchored.model) is AnchoredPPO
    assert torch.equal(weights(plain), weights(anchored))


def test_the_heavier_the_anchor_the_nearer_the_policy_stays(start):
    rate = {"learning_rate": 1e-3, "steps": 20 * ROLLOUT}
    distances = [divergence(start, tune(start, anchor=w, **rate)) for w in (0.0, 1.0, 1e3)]
    assert distances[0] > 2 * distances[1] > 4 * distances[2]


def test_the_penalty_is_the_divergence_from_the_frozen_policy(start):
    """Where no advantage pulls, the loss is the weight times KL, and its value is logged."""
    tuned = tune(start, anchor=0.5)
    model = tuned.model
    seen = torch.as_tensor(model.rollout_buffer.observations.reshape(-1, 12))
    with torch.no_grad():
        old = model._frozen.get_distribution(seen).distribution.probs
        new = model.policy.get_distribution(seen).distribution.probs
    np.testing.assert_array_equal(
        old, start.model.policy.get_distribution(seen).distribution.probs.detach()
    )
    expected = (old * (old / new).log()).sum(axis=1).mean()
    noted = []
    plain = fine_tuning.kl_divergence

    def noting(p, q):
        noted.append((p.probs.detach(), q.probs.detach(), plain(p, q).detach()))
        return plain(p, q)

    fine_tuning.kl_divergence, kept = noting, plain
    try:
        model.n_epochs, model.batch_size, model.ent_coef = 1, len(seen), 0.0
        model.train()
    finally:
        fine_tuning.kl_divergence = kept
    (p, q, value), *more = noted
    assert not more
    assert value.mean() == pytest.approx(float(expected), rel=1e-4)
    assert model.logger.name_to_value["train/entropy_loss"] == pytest.approx(float(expected), 1e-4)


def test_an_anchored_policy_can_be_stored(start):
    tuned = tune(start, anchor=1.0)
    copy = pickle.loads(pickle.dumps(tuned))
    assert torch.equal(weights(copy), weights(tuned))
    assert copy.model._frozen is None
    assert "evaluate_actions" not in vars(tuned.model.policy)


# Keeping the best


def examined(start, returns, monkeypatch, **settings):
    """Fine-tune with exams that have these results; the exams and what was kept."""
    given, seen, worlds = iter(returns), [], []

    def stub(policy, world, episodes, seed):
        seen.append(weights(policy).clone())
        worlds.append((world, episodes, seed))
        return np.full(episodes, next(given))

    monkeypatch.setattr(fine_tuning, "evaluate", stub)
    callback = KeepBest(WEAK, 2, every=1, **settings)
    policy = train_ppo(
        SIMULATED_TARGET,
        1,
        start=start,
        callbacks=[callback],
        history=2,
        **FAST_PPO | TINY | {"steps": 4 * ROLLOUT},
    )
    return policy, callback, seen, worlds


@pytest.mark.parametrize("returns", [(1, 2, 9, 3, 4), (9, 1, 1, 1, 1), (1, 2, 3, 4, 9), (5,) * 5])
def test_the_best_policy_seen_is_the_one_that_remains(start, returns, monkeypatch):
    policy, callback, seen, worlds = examined(start, returns, monkeypatch)
    assert callback.returns == list(returns)
    assert callback.steps == [0, 128, 256, 384, 512]
    assert torch.equal(weights(policy), seen[int(np.argmax(returns))])
    assert torch.equal(seen[0], weights(start))
    assert set(worlds) == {(WEAK, 32, 10_000)}  # one set of episodes for all exams


def test_training_ends_when_patience_does(start, monkeypatch):
    returns = (1, 5, 2, 3, 9)
    policy, callback, seen, _ = examined(start, returns, monkeypatch, patience=2)
    assert callback.returns == [1, 5, 2, 3, 9][: len(callback.returns)]
    assert policy.steps < start.steps + 4 * ROLLOUT
    assert len(callback.returns) >= 4


def test_exams_are_as_rare_as_asked(start):
    callback = KeepBest(WEAK, 2, every=3, episodes=4)
    train_ppo(
        NOMINAL, 0, history=2, callbacks=[callback], **FAST_PPO | TINY | {"steps": 7 * ROLLOUT}
    )
    assert callback.steps == [0, 3 * ROLLOUT, 6 * ROLLOUT, 7 * ROLLOUT]


# Fine-tuning in a simulator


def test_fine_tuning_leaves_the_old_policy_alone(start):
    before = weights(start).clone()
    tuned = tune(start)
    assert torch.equal(weights(start), before)
    assert not torch.equal(weights(tuned), before)
    assert (tuned.history, tuned.steps) == (2, start.steps + 4 * ROLLOUT)


def test_a_rate_of_zero_changes_nothing(start):
    assert torch.equal(weights(tune(start, learning_rate=0.0)), weights(start))


def test_the_smaller_the_rate_the_nearer_the_policy_stays(start):
    distances = [divergence(start, tune(start, learning_rate=r)) for r in (3e-3, 3e-4, 3e-5)]
    assert distances[0] > 2 * distances[1] > 4 * distances[2] > 0


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_rehearsal_steps_old_worlds_in_their_share(start, share, monkeypatch):
    made = []
    plain = CartPolePhysics.make

    def noting(physics, worlds, **settings):
        made.append((physics, worlds))
        return plain(physics, worlds, **settings)

    monkeypatch.setattr(CartPolePhysics, "make", noting)
    tune(start, rehearse=NOMINAL, share=share)
    assert made == [(NOMINAL, 8 * share), (SIMULATED_TARGET, 8 - 8 * share)]


def test_a_validated_policy_is_at_least_as_good_there_as_the_old_one(start):
    tuned = tune(start, learning_rate=0.5, validate=NOMINAL)
    old, new = (evaluate(p, NOMINAL, 32, 10_000).mean() for p in (start, tuned))
    assert new >= old


# The rig's log


@pytest.fixture(scope="module")
def logged(start):
    rig = Rig(100, budget=3_000)
    rig.run(Exploring(start, 1), 4, max_steps=60)
    return rig.log


class Noting:
    """Notes what it sees, and pushes at random."""

    def __init__(self, history):
        self.history, self.seen, self._rng = history, [], np.random.default_rng(0)

    def __call__(self, observations):
        self.seen.append(observations.copy())
        return self._rng.integers(2, size=len(observations))


@pytest.mark.parametrize("history", [0, 1, 4])
def test_windows_are_what_the_policy_saw(history):
    rig, policy = Rig(101, budget=3_000), Noting(history)
    rig.run(policy, 3, max_steps=25)
    seen = np.array(policy.seen)
    for i, episode in enumerate(rig.log):
        found, steps = windows(episode, history), len(episode.actions)
        assert found.shape == (steps + 1, 6 * history or 4)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[:-1], seen[:steps, i])


def test_exploring_tosses_with_the_policys_chances(start):
    seen = np.random.default_rng(0).normal(0, 0.1, (1, 12)).astype(np.float32)
    with torch.no_grad():
        chances = start.model.policy.get_distribution(torch.as_tensor(seen)).distribution.probs
    many = np.repeat(seen, 20_000, axis=0)
    tossed = Exploring(start, 0)(many)
    assert tossed.mean() == pytest.approx(float(chances[0, 1]), abs=0.015)
    np.testing.assert_array_equal(tossed, Exploring(start, 0)(many))
    assert not np.array_equal(tossed, Exploring(start, 1)(many))


def advantages_by_hand(model, episode):
    """Generalised advantage estimation, slowly: J. Schulman and others (2016), equation 16."""
    seen = torch.as_tensor(windows(episode, 2))
    with torch.no_grad():
        values = model.policy.predict_values(seen).flatten().double().numpy()
    if episode.ended == "safety stop":
        values[-1] = 0.0
    errors = 1 + model.gamma * values[1:] - values[:-1]
    decay = model.gamma * model.gae_lambda
    return [sum(decay**k * e for k, e in enumerate(errors[t:])) for t in range(len(errors))]


def test_advantages_are_those_of_each_episode(start, logged):
    rig = Rig(102, budget=1_000)
    rig.run(Exploring(start, 2), 3, max_steps=8)  # too short to fall
    episodes = [*logged, *rig.log]
    assert {e.ended for e in episodes} == {"safety stop", "time"}
    learner = EpisodeLearner(start, 0)
    model = learner.model
    buffer = rollouts(model, [experience(learner, e) for e in episodes])
    assert buffer.full
    expected = np.concatenate([advantages_by_hand(model, e) for e in episodes])
    np.testing.assert_allclose(buffer.advantages[:, 0], expected, atol=2e-3, rtol=1e-3)
    actions = np.concatenate([e.actions for e in episodes])
    np.testing.assert_array_equal(buffer.actions[:, 0, 0], actions)
    seen = torch.as_tensor(buffer.observations[:, 0])
    chances = model.policy.get_distribution(seen).distribution.probs.detach().numpy()
    np.testing.assert_allclose(
        np.exp(buffer.log_probs[:, 0]), chances[np.arange(len(actions)), actions], rtol=1e-4
    )


# Fine-tuning on a rig

SHORT = {"steps": 400, "episodes": 2, "max_steps": 60, "batch_size": 64}


def test_real_steps_are_metered_and_never_exceeded(start):
    tuned = fine_tune_on_rig(start, 103, 0, **SHORT)
    assert 400 - 2 < tuned.real_steps <= 400
    assert tuned.policy.steps == start.steps + tuned.real_steps
    assert len(tuned.runs) >= 3


def test_fine_tuning_on_a_rig_repeats_and_leaves_the_start_alone(start):
    before = weights(start).clone()
    one, same, other, elsewhere = (
        fine_tune_on_rig(start, rig, seed, **SHORT).policy
        for rig, seed in ((103, 0), (103, 0), (103, 1), (104, 0))
    )
    assert torch.equal(weights(start), before)
    assert torch.equal(weights(one), weights(same))
    for different in (start, other, elsewhere):
        assert not torch.equal(weights(one), weights(different))
    assert isinstance(one, TrainedPolicy)


def test_without_a_rate_the_policy_stays_on_a_rig(start):
    tuned = fine_tune_on_rig(start, 103, 0, learning_rate=0.0, **SHORT)
    assert torch.equal(weights(tuned.policy), weights(start))


def test_a_rate_falls_with_the_real_steps_that_are_left(start, monkeypatch):
    rates, made = [], []
    plain = AnchoredPPO.train

    def noting(model):
        plain(model)
        rates.append(model.policy.optimizer.param_groups[0]["lr"])
        made.append(len(model.rollout_buffer.actions))

    monkeypatch.setattr(AnchoredPPO, "train", noting)
    fine_tune_on_rig(start, 103, 0, learning_rate=Falling(1.0), **SHORT)
    np.testing.assert_allclose(rates, 1 - 0.9 * np.cumsum(made) / 400)
    assert rates[0] > 0.5 and rates[-1] < 0.12


def test_an_anchor_holds_on_a_rig_too(start):
    free, held = (
        fine_tune_on_rig(start, 103, 0, learning_rate=1e-3, anchor=w, **SHORT).policy
        for w in (0.0, 100.0)
    )
    assert divergence(start, free) > 3 * divergence(start, held)


@pytest.mark.parametrize("reuse", [0, 1, 2])
def test_reuse_learns_from_earlier_runs_with_the_chances_of_then(start, reuse, monkeypatch):
    from course_lib.transfer import episode_learner

    learned = []

    def noting(model, episodes):
        learned.append(list(episodes))
        return rollouts(model, episodes)

    monkeypatch.setattr(episode_learner, "rollouts", noting)
    fine_tune_on_rig(start, 103, 0, learning_rate=1e-3, reuse=reuse, **SHORT)
    counts = [len(episodes) // 2 for episodes in learned]
    assert counts[:4] == [min(i, reuse) + 1 for i in range(len(counts))][:4]
    if reuse:
        assert learned[1][0] is learned[0][0]  # the same record, with its old chances


def test_a_stored_result_is_told_apart_by_the_policy_that_it_started_from(start):
    other = tune(start)
    copy = pickle.loads(pickle.dumps(start))
    keys = [
        key_of(provenance_of(fine_tune, {"start": policy, "world": NOMINAL}, 0))
        for policy in (start, copy, other)
    ]
    assert keys[0] == keys[1] != keys[2]
