"""Stages on the way to a target: what lies between, and that training goes on."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from course_lib.learning import FAST_PPO, Falling, ResultStore, SB3Adapter, run_many, train_ppo
from course_lib.learning.fast_ppo import FastPPO
from course_lib.learning.store import key_of, provenance_of
from course_lib.transfer.progressive import Part, Stage, stages_toward, toward, train_in_stages
from course_lib.worlds import SIMULATED_TARGET, CartPolePhysics, Uniform

NOMINAL = CartPolePhysics()
TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 2, "progress": False}
ROLLOUT = 8 * 16
TWO = (Stage(NOMINAL, ROLLOUT), Stage(SIMULATED_TARGET, 2 * ROLLOUT))


def weights(policy):
    return torch.cat([w.detach().flatten() for w in policy.model.policy.parameters()])


# Between two physics


def test_both_ends_of_the_way_are_exact():
    start = replace(NOMINAL, gravity=3.3, action_delay=5)
    assert toward(SIMULATED_TARGET, 0) == NOMINAL
    assert toward(SIMULATED_TARGET, 1) == SIMULATED_TARGET
    assert toward(SIMULATED_TARGET, 0, start) == start
    assert toward(SIMULATED_TARGET, 1, start) == SIMULATED_TARGET


@pytest.mark.parametrize("share", [0.1, 0.25, 0.8])
def test_a_share_of_the_way_is_a_share_of_every_quantity(share):
    start = replace(NOMINAL, gravity=4.0, cart_mass=3.0)
    between = toward(SIMULATED_TARGET, share, start)
    for f in fields(between):
        a, b = getattr(start, f.name), getattr(SIMULATED_TARGET, f.name)
        if not f.metadata["whole"]:
            assert getattr(between, f.name) == pytest.approx(a + share * (b - a)), f.name


def test_steps_are_rounded_to_the_nearest_whole_number():
    far = replace(NOMINAL, action_delay=4, observation_delay=1)
    shares = [0, 0.12, 0.13, 0.37, 0.38, 0.5, 0.62, 0.63, 0.87, 0.88, 1]
    delays = [toward(far, share).action_delay for share in shares]
    assert delays == [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    assert toward(far, 0.49).observation_delay == 0
    assert toward(far, 0.5).observation_delay == 1
    assert isinstance(toward(far, 0.3).action_delay, int)


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_there_is_no_way_beyond_the_ends(share):
    with pytest.raises(ValueError, match="between 0"):
        toward(SIMULATED_TARGET, share)


def test_there_is_no_way_to_a_distribution():
    wide = replace(NOMINAL, force=Uniform(5, 15))
    for arguments in [(wide, 0.5), (NOMINAL, 0.5, wide)]:
        with pytest.raises(TypeError, match="force"):
            toward(*arguments)


# Stages


def test_stages_divide_the_steps_and_the_last_one_takes_the_rest():
    stages = stages_toward(SIMULATED_TARGET, (0, 0.5, 1), 100)
    assert [stage.steps for stage in stages] == [33, 33, 34]
    assert [stage.world for stage in stages] == [
        NOMINAL,
        toward(SIMULATED_TARGET, 0.5),
        SIMULATED_TARGET,
    ]
    assert stages_toward(SIMULATED_TARGET, [1], 7) == (Stage(SIMULATED_TARGET, 7),)


@pytest.mark.parametrize(("shares", "steps"), [((), 100), ((0, 0.5, 1), 2)])
def test_steps_must_suffice_for_the_stages(shares, steps):
    with pytest.raises(ValueError, match="stages"):
        stages_toward(SIMULATED_TARGET, shares, steps)


def test_stages_can_be_part_of_a_stored_result(tmp_path):
    config = {"stages": TWO, "history": 1, **TINY}
    first, second = (
        run_many(train_in_stages, {"": config}, [0], workers=1, store=ResultStore(tmp_path))[""][0]
        for _ in range(2)
    )
    assert first.seconds == second.seconds  # read, not trained again
    other = config | {"stages": TWO[::-1]}
    keys = {key_of(provenance_of(train_in_stages, c, 0)) for c in (config, other)}
    assert len(keys) == 2


# The learning rate


def test_parts_of_a_schedule_make_up_the_whole():
    whole = Falling(2e-3)
    first, last = Part(whole, 0.0, 0.25), Part(whole, 0.25, 1.0)
    assert first(1.0) == pytest.approx(whole(1.0))
    assert first(0.0) == last(1.0) == pytest.approx(whole(0.75))
    assert first(0.5) == pytest.approx(whole(1 - 0.125))
    assert last(0.0) == pytest.approx(whole(0.0))


@pytest.mark.parametrize("one_schedule", [True, False])
def test_the_rate_falls_over_the_whole_or_anew_in_each_stage(one_schedule, monkeypatch):
    rates = []
    plain = FastPPO.train

    def noting(model):
        plain(model)
        rates.append(model.policy.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(FastPPO, "train", noting)
    stages = (Stage(NOMINAL, 2 * ROLLOUT), Stage(SIMULATED_TARGET, 2 * ROLLOUT))
    train_in_stages(
        stages, 0, one_schedule=one_schedule, learning_rate=Falling(1.0), history=1, **TINY
    )
    expected = [0.775, 0.55, 0.325, 0.1] if one_schedule else [0.55, 0.1, 0.55, 0.1]
    np.testing.assert_allclose(rates, expected)


def test_a_rate_may_be_constant():
    assert train_in_stages(TWO, 0, learning_rate=1e-3, history=1, **TINY).steps == 3 * ROLLOUT


# Training


def test_one_stage_is_ordinary_training():
    staged = train_in_stages([Stage(SIMULATED_TARGET, 2 * ROLLOUT)], 4, history=2, **TINY)
    settings = FAST_PPO | {"learning_rate": Falling(2e-3), "steps": 2 * ROLLOUT, "history": 2}
    plain = train_ppo(SIMULATED_TARGET, 4, **settings | TINY)
    assert torch.equal(weights(staged), weights(plain))


def test_training_goes_on_where_the_stage_before_ended():
    first = train_in_stages(TWO[:1], 1, learning_rate=1e-3, history=1, **TINY)
    both = train_in_stages(TWO, 1, learning_rate=1e-3, history=1, **TINY)
    before = weights(first)
    rest = {"learning_rate": 1e-3, "history": 1, **TINY}
    by_hand = train_ppo(SIMULATED_TARGET, 1_001, start=first, steps=2 * ROLLOUT, **FAST_PPO | rest)
    assert torch.equal(weights(both), weights(by_hand))
    assert torch.equal(weights(first), before)  # a copy was trained
    assert both.steps == 3 * ROLLOUT


def test_the_loop_written_with_stable_baselines_alone_gives_the_same_policy():
    ours = train_in_stages(TWO, 5, learning_rate=1e-3, history=0, **TINY)
    settings = {k: v for k, v in TINY.items() if k not in ("num_envs", "progress")}
    settings = FAST_PPO | settings | {"learning_rate": 1e-3}
    parameters = None
    for number, stage in enumerate(TWO):
        env = SB3Adapter(stage.world.make(8))
        model = PPO("MlpPolicy", env, seed=5 + 1_000 * number, device="cpu", **settings)
        if parameters is not None:
            model.set_parameters(parameters)
        parameters = model.learn(stage.steps).get_parameters()
    theirs = torch.cat([w.detach().flatten() for w in model.policy.parameters()])
    assert torch.equal(weights(ours), theirs)


def test_a_stage_is_trained_in_its_own_world(monkeypatch):
    made = []
    plain = CartPolePhysics.make

    def noting(physics, *arguments, **settings):
        made.append(physics)
        return plain(physics, *arguments, **settings)

    monkeypatch.setattr(CartPolePhysics, "make", noting)
    train_in_stages(TWO, 0, history=1, **TINY)
    assert made == [NOMINAL, SIMULATED_TARGET]


def test_the_order_of_stages_and_the_seed_matter_to_the_weights():
    prints = [
        train_in_stages(stages, seed, history=1, **TINY).fingerprint
        for stages, seed in [(TWO, 0), (TWO, 0), (TWO[::-1], 0), (TWO, 1)]
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_the_rollouts_of_two_stages_do_not_repeat_each_other(monkeypatch):
    seeds = []
    plain = CartPolePhysics.make

    def noting(physics, *arguments, **settings):
        env = plain(physics, *arguments, **settings)
        reset = env.reset

        def noted(*, seed=None, options=None):
            seeds.append(seed)
            return reset(seed=seed, options=options)

        env.reset = noted
        return env

    monkeypatch.setattr(CartPolePhysics, "make", noting)
    train_in_stages((TWO[0], TWO[0], TWO[0]), 7, history=0, **TINY)
    assert None not in seeds
    assert len(set(seeds)) == 3


def test_nothing_to_train_in_is_refused():
    with pytest.raises(ValueError, match="at least one stage"):
        train_in_stages((), 0)


def test_a_start_is_trained_further_in_the_first_stage():
    start = train_ppo(NOMINAL, 0, history=1, **FAST_PPO | TINY | {"steps": ROLLOUT})
    settings = {"learning_rate": 0.0, "history": 1, **TINY}
    kept = train_in_stages(TWO[:1], 3, start=start, **settings)
    assert torch.equal(weights(kept), weights(start))
    assert kept.steps == 2 * ROLLOUT
