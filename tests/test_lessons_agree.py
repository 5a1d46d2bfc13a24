"""What a lesson writes out does what the package does: both are run and compared."""

import copy
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from course_lib.gap import simulate_log
from course_lib.learning import PD, MinMin, evaluate, record, train_scheduler
from course_lib.transfer import WORKSHOP, worst_case
from course_lib.transfer.adaptive import next_widths
from course_lib.transfer.exams import Drawn
from course_lib.transfer.excitation import Excited
from course_lib.transfer.exploration import (
    Counts,
    Reality,
    coverage,
    exploration_sets,
    fitted_q,
    planning,
)
from course_lib.transfer.following import follow, in_full
from course_lib.transfer.methods import adversarial, meta
from course_lib.transfer.methods.fine_tuned import FineTuning
from course_lib.transfer.methods.method import RealSite
from course_lib.transfer.methods.progressive import Gate
from course_lib.transfer.methods.uncertain import Ensemble, Fallback
from course_lib.transfer.progressive import Stage, toward, train_in_stages
from course_lib.worlds import SIMULATED_TARGET, SITES, TUTORIAL_REALITY, CartPolePhysics, Cluster
from course_lib.worlds.carts import carts_with
from course_lib.worlds.lock import pair

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def written_in(lesson: str, *ids: str, **names) -> dict:
    """What these cells of a lesson define, given `names` of earlier cells."""
    notebook = nbformat.read(NOTEBOOKS / lesson, as_version=4)
    cells = {cell["id"]: cell.source for cell in notebook.cells}
    for id in ids:
        exec(cells[id], names)
    return names


@pytest.mark.parametrize("width", [0.25, 0.3, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("success", [0.0, 0.39, 0.4, 0.6, 0.8, 0.81, 1.0])
def test_the_rule_that_moves_an_end(width, success):
    moved = written_in("03b_choosing_ranges.ipynb", "rule")["moved"]
    package = next_widths(np.array([width]), np.array([success])).item()
    assert moved(width, success) == pytest.approx(package)


def test_the_worse_half_of_worlds(monkeypatch):
    asked = {}
    monkeypatch.setattr(worst_case, "Exams", lambda ask, *_: asked.setdefault("ask", ask))
    monkeypatch.setattr(worst_case, "train_ppo", lambda *_, **__: None)
    worst_case.train_worst_case(WORKSHOP, 0, share=0.5)
    drawn = asked["ask"](PD, 3)(np.random.default_rng(0), 5_000)

    candidates = WORKSHOP.sample(np.random.default_rng(3), 512)
    exam = Drawn(WORKSHOP, lambda rng, size: {k: v[:size] for k, v in candidates.items()})
    lesson = written_in("03c_limits_and_rare_events.ipynb", "epopt", np=np, evaluate=evaluate)
    worse = lesson["worse_half"](PD, exam, 3)
    assert set(drawn["cart_mass"]) == set(candidates["cart_mass"][worse])


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_min_min(site):
    cluster = Cluster(site).make(64)
    seen, _ = cluster.reset(seed=7)
    written = written_in("07_heterogeneous_scheduler.ipynb", "min-min", np=np)["min_min"]
    package, waits = MinMin(cluster.layout), 0
    for _ in range(100):
        actions = package(seen)
        np.testing.assert_array_equal(written(cluster.layout.view(seen)), actions)
        waits += np.sum(actions == cluster.layout.wait)
        seen, *_ = cluster.step(actions)
    assert waits > 100


MACHINES = {
    "calm": TUTORIAL_REALITY,
    "late, slow and noisy": SIMULATED_TARGET,
    "heavy": replace(SIMULATED_TARGET, cart_mass=3.0, action_delay=0),
}


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_the_surprise_of_a_log(machine):
    lesson = written_in("05_system_identification.ipynb", "follow", np=np, carts_with=carts_with)
    episode = simulate_log(Excited(0.5, seed=1), machine, 1, seed=2)[0]
    for guess in (machine, replace(machine, gravity=11.0), replace(machine, motor_lag=0.3)):
        world = in_full({"gravity": np.array([guess.gravity])}, guess)
        package = follow([episode], world).surprise.item()
        assert lesson["surprise"](episode, world) == pytest.approx(package, rel=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.25, 0.5, 0.75, 1.0])
def test_the_way_toward_a_target(share):
    lesson = written_in("06_progressive_transfer.ipynb", "toward-def")
    hard = replace(SIMULATED_TARGET, action_delay=4)
    assert lesson["toward"](hard, share) == toward(hard, share)


def test_training_in_stages():
    lesson = written_in("06_progressive_transfer.ipynb", "in-stages")
    worlds, steps = (CartPolePhysics(), SIMULATED_TARGET), 2 * 128 * 32
    written = lesson["progressive"](worlds, steps, seed=3)
    stages = [Stage(world, steps // 2) for world in worlds]
    assert train_in_stages(stages, 3, learning_rate=1e-3, progress=False).fingerprint == (
        written.fingerprint
    )


SIX = "08_six_transfer_methods.ipynb"
TINY = Cluster(SITES[2], jobs_per_node=1)


@pytest.fixture(scope="module")
def scheduler():
    return train_scheduler(TINY, 0, steps=2_048, progress=False)


def test_the_adversary():
    lesson, rng = written_in(SIX, "adversary", np=np), np.random.default_rng(0)
    tried = rng.uniform(-0.2, 1.2, (48, 5))
    np.testing.assert_array_equal(
        lesson["within_budget"](tried, 3.0), adversarial.within_budget(tried, 3.0)
    )
    moved = adversarial.Adversary(np.zeros(5), np.ones(5)).after(tried, tried[:, 0])
    mean, spread = lesson["choose"](tried, tried[:, 0])
    np.testing.assert_allclose(mean, moved.mean)
    np.testing.assert_allclose(spread, moved.spread)


def test_the_gate():
    gate = written_in(SIX, "gate", np=np)["gate"]
    for ours in ([], [5.0] * 4, [5.0] * 5, [5.5] * 6, [5.6] * 6):
        for rules in ([], [5.0] * 3):
            assert gate(ours, rules) == Gate(ours, rules).decide()


def test_fine_tuning(scheduler):
    tune = written_in(SIX, "tune")["fine_tune"]
    package = FineTuning(0, real_ppo={"batch_size": 128})
    package._start(scheduler)
    package.adapt(RealSite(TINY, 20, seed=3), 20)
    written = tune(scheduler, RealSite(TINY, 20, seed=3), 2, anchor=0.02, target_kl=0.06)
    assert written.fingerprint == package.policy.fingerprint


def test_reptile(scheduler):
    further = train_scheduler(TINY, 5, steps=2_048, start=scheduler, progress=False)
    names = {"copy": copy, "train_scheduler": lambda *_, **__: further}
    written = written_in(SIX, "meta", **names)["reptile"](scheduler, [TINY], 5, share=0.25)
    weights = [meta.weights_of(policy) for policy in (scheduler, scheduler, further)]
    expected = meta.with_weights(scheduler, meta.moved(*weights, 0.25), scheduler.steps)
    assert written.fingerprint == expected.fingerprint != scheduler.fingerprint


def test_the_cautious_ensemble(scheduler):
    other = train_scheduler(TINY, 1, steps=2_048, progress=False)
    cautious, rule = written_in(SIX, "uncertain", np=np)["Cautious"], MinMin(TINY.layout)
    package = Fallback(Ensemble([scheduler, other]), rule, 0.5)
    written = cautious([scheduler, other], rule, 0.5)
    seen = record(package, TINY, 4, seed=2).observations.reshape(-1, TINY.layout.size)
    np.testing.assert_array_equal(written(seen), package(seen))
    assert 0.05 < package.share_of_rule < 0.95


LEARNING_TO_EXPLORE = "11_learning_to_explore.ipynb"
SIMULATOR, REAL = pair(horizon=4, code=3)


@pytest.fixture(scope="module")
def exploring():
    """What lesson 11 defines, without running its cells that only show things."""
    start = {"np": np, "simulator": SIMULATOR, "sim_model": SIMULATOR.model()}
    return written_in(LEARNING_TO_EXPLORE, "steer", "visits", "cover", "sets", **start)


def test_steering(exploring):
    model = SIMULATOR.model()
    for h in range(4):
        reward = np.random.default_rng(h).random(model.shape[1:])
        policy = exploring["steer"](model, h, reward)
        np.testing.assert_array_equal(policy, coverage.seek(reward, model, h))
        visits = exploring["visits"](policy, model, h), coverage.visits_at(policy, model, h)
        np.testing.assert_allclose(*visits)


def test_covering(exploring):
    model = SIMULATOR.model()
    for h in range(4):
        policies, covered = exploring["cover"](model, h)
        alike = coverage.Mixture(policies, np.full(len(policies), 1 / len(policies)))
        rarest = coverage.smallest_eigenvalue(alike, model, h)
        assert rarest == pytest.approx(covered[:2].min())
        package = coverage.smallest_eigenvalue(coverage.cover(model, h), model, h)
        assert rarest == pytest.approx(package, rel=0.05)


def test_the_random_tail(exploring):
    names = {**exploring, "real": REAL, "rng": np.random.default_rng(0)}
    explore = written_in(LEARNING_TO_EXPLORE, "explore", **names)["explore"]
    data = explore(REAL, exploring["sets"], 20_000, np.random.default_rng(1))
    mixtures = exploration_sets.covering(SIMULATOR, None)
    mixture = exploration_sets.explorers(mixtures, REAL.model().shape)
    package = Reality(REAL, 2).run(mixture, 20_000)
    for h in range(4):
        for s in (0, 1):
            for a in range(3):
                written = ((data[:, :3] == (h, s, a)).all(axis=1)).mean()
                there = ((package.h == h) & (package.s == s) & (package.a == a)).mean()
                assert written == pytest.approx(there, abs=0.006)


def test_fitting_backwards(exploring):
    shape = REAL.model().shape
    mixture = exploration_sets.explorers(exploration_sets.covering(SIMULATOR, None), shape)
    data = Reality(REAL, 2).run(mixture, 200)
    names = {**exploring, "data": np.zeros((1, 6)), "real_model": REAL.model()}
    names |= {"greedy": planning.greedy, "value_of": planning.value_of, "optimum": planning.optimum}
    written = written_in(LEARNING_TO_EXPLORE, "fit", **names)["fitted_q"]
    found = written(np.column_stack(data), shape)
    np.testing.assert_allclose(found, fitted_q(Counts.of(data, shape)), atol=1e-9)
