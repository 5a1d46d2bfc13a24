"""What a lesson writes out does what the package does: both are run and compared."""

import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

from course_lib.deploy.dispatch_release import GUARD, RULE, logs
from course_lib.deploy.logged import Greedy, Mixed
from course_lib.deploy.measured import measured
from course_lib.deploy.off_policy import (
    effective_sample_size,
    ordinary,
    ratios,
    weighted,
    weighted_per_decision,
)
from course_lib.deploy.real_jobs import BENCH
from course_lib.gap import simulate_log
from course_lib.learning import PD, MinMin, evaluate, record, train_scheduler
from course_lib.learning.dispatchers import shortest_queue
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
from course_lib.transfer.skills.coverage import coverage as covered_share
from course_lib.transfer.skills.diversity import Discriminator, Diverse
from course_lib.transfer.skills.in_reality import Exploring, learn_in, successes
from course_lib.transfer.skills.tasks import TASKS
from course_lib.transfer.skills.tours import HandedOver, Noisy, tours
from course_lib.worlds import (
    DISPATCH_SITE,
    SIMULATED_TARGET,
    SITES,
    TUTORIAL_REALITY,
    CartPolePhysics,
    Cluster,
)
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


ROBOT = "12_exploring_with_a_robot.ipynb"
EXPLORING_WITH_A_ROBOT = f"../solutions/{ROBOT}"


def test_what_a_discriminator_guesses():
    written = written_in(ROBOT, "discriminator", np=np)["log_odds"]
    rng = np.random.default_rng(0)
    centres, at = rng.standard_normal((4, 2)), rng.standard_normal((30, 2))
    skills = rng.integers(4, size=30)
    package = Discriminator(centres).log_odds(at, skills)
    np.testing.assert_allclose(written(at, skills, centres), package)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_places_far_apart(task):
    written = written_in(ROBOT, "farthest", np=np)["far_apart"]
    n = 15 * task.stops
    candidates = task.draw(np.random.default_rng(4), 100 * n)
    chosen = candidates[written(task.coordinates(candidates), n)]
    package = np.concatenate([tour.places for tour in tours(None, task, np.random.default_rng(4))])
    np.testing.assert_array_equal(np.sort(chosen, axis=0), np.sort(package, axis=0))


class Wheel:
    """A lab in which explorers sometimes succeed, and the learner more and more often."""

    def __init__(self):
        self.luck, self.rounds = np.random.default_rng(5), 0

    def run(self, policies):
        self.rounds += 1
        shown = np.zeros((1, 9), dtype=np.float32)
        chances = [0.3 if policy(shown)[0, 0] else min(0.1 * self.rounds, 1) for policy in policies]
        return [SimpleNamespace(succeeded=bool(self.luck.random() < chance)) for chance in chances]


@pytest.mark.parametrize("budget", [45, 400])
def test_learning_on_a_real_machine(budget):
    task, seen = TASKS["puck"], ([], [])

    def skill(observations):
        return np.ones((len(observations), 2))

    def learner(spent):
        return SimpleNamespace(exploring=lambda shown: np.zeros((len(shown), 2)),
                               remember=lambda attempts: None, learn=spent)  # fmt: skip

    names = {"np": np, "Noisy": Noisy, "task": task, "skill": skill}
    written = written_in(ROBOT, "next-explorer", "learn-loop", **names)["learn_on"]
    taught = learner(lambda spent: seen[0].append(spent))
    explored, own = written(Wheel(), taught, np.random.default_rng(6), budget)
    rng, taught = np.random.default_rng(6), learner(lambda spent: seen[1].append(spent))
    exploring = Exploring(lambda: tours(skill, task, rng), taught, rng, 0.05)
    package = learn_in(Wheel(), exploring, taught, budget=budget)
    assert explored == successes(package.explored).tolist() and any(explored)
    assert own == successes(package.own).tolist()
    assert seen[0] == seen[1] and (package.episodes < budget)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("n", [1, 20])
def test_the_share_of_places_that_are_covered(task, n):
    written = written_in(EXPLORING_WITH_A_ROBOT, "ex12-2", np=np)["coverage"]
    places = task.coordinates(task.draw(np.random.default_rng(0), 2_000))
    ends = task.draw(np.random.default_rng(1), n)
    found = written(task.coordinates(ends), places, 0.15)
    assert 0 < found == covered_share(ends, task)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("gate", [None, 0.16, 0.6])
def test_pay_for_being_told_apart(task, gate):
    written = written_in(EXPLORING_WITH_A_ROBOT, "ex12-3", np=np)["diversity_reward"]
    world = Diverse(task.simulator.make(200), task, 5, gate)
    world.reset(seed=0)
    places = task.draw(np.random.default_rng(1), 200)
    world.unwrapped._arrived = places
    log_q = world.discriminator.log_odds(task.coordinates(places), world.told) - np.log(5)
    slack = np.inf if gate is None else gate
    found = written(log_q, 5, -world.distance(places), 0.0, slack)
    np.testing.assert_allclose(found, world.pay(np.zeros(200), np.arange(200)))
    assert found.any() and not found.all()


@pytest.mark.parametrize("repeat", [0.0, 0.5, 1.0])
def test_who_acts_in_an_exploring_episode(repeat):
    written = written_in(EXPLORING_WITH_A_ROBOT, "ex12-4", np=np)["who_acts"]
    rngs, luck = [np.random.default_rng(2) for _ in range(2)], np.random.default_rng(3)
    learner = SimpleNamespace(exploring="learner")
    package = Exploring(lambda: ["a", "b", "c"], learner, rngs[0], 0.0, repeat)
    turn, succeeded, handed_over = 0, [], 0
    for _ in range(200):
        (acting,) = package.policies(1)
        policy, at, turn = written(["a", "b", "c"], turn, succeeded, repeat, rngs[1])
        repeats = isinstance(acting, HandedOver)
        assert at == (acting._at if repeats else None)
        assert policy == (acting._first if repeats else acting)._policy
        won = bool(luck.random() < 0.2)
        package.learn([SimpleNamespace(succeeded=won)])
        succeeded = succeeded + [policy] * (won and at is None)
        handed_over += repeats
    assert (handed_over > 0) == (repeat > 0)


LESSON_09 = "09_safe_deployment.ipynb"


def test_importance_weights_and_what_they_are_worth():
    lesson = written_in(LESSON_09, "weights", np=np, candidates={"measured": [shortest_queue]})
    for share in (0.05, 0.3, 1.0):
        target = Mixed(share, Greedy(shortest_queue, 4), RULE)
        weights = lesson["weights_of"](logs(), target)
        np.testing.assert_allclose(weights, ratios(logs(), target).cumprod(axis=0))
        assert lesson["worth"](weights[-1]) == pytest.approx(effective_sample_size(weights[-1]))
    assert lesson["worth"](np.zeros(5)) == effective_sample_size(np.zeros(5)) == 0


def test_estimators_by_importance_weights():
    lesson = written_in(
        LESSON_09, "weights", "weights-run", "estimators", "estimators-run", np=np,
        candidates={"measured": [shortest_queue]}, RULE=RULE, DISPATCH_SITE=DISPATCH_SITE,
    )  # fmt: skip
    weights, target = lesson["weights"], lesson["mixed"]
    for package in (ordinary, weighted, weighted_per_decision):
        told = lesson[package.__name__](weights, logs().rewards)
        assert told == pytest.approx(package(logs(), target))


def test_a_guard_replaces_what_is_no_action():
    guarded = written_in(LESSON_09, "guarded", np=np)["guarded"]
    rng = np.random.default_rng(0)
    pool = np.array([0, 1, 2, 3, 4, -1, 0.5, np.nan, np.inf, -np.inf])
    for _ in range(200):
        proposed, safe = rng.choice(pool, 6), rng.integers(4, size=6)
        actions, replaced = guarded(proposed, safe)
        expected, faults = GUARD.ask(lambda seen, a=proposed: a, np.zeros((6, 9)), safe)
        np.testing.assert_array_equal(actions, expected)
        assert bool(replaced) == bool(faults)


def test_identifying_a_cluster_from_its_log():
    names = {"np": np, "POOLS": [pool.name for pool in BENCH.pools]}
    fitted = written_in("10_a_real_cluster.ipynb", "identify", **names)["fitted"]
    rng, attempts = np.random.default_rng(0), []
    for i in range(400):
        nominal, others = rng.uniform(0.01, 0.1), int(rng.integers(3))
        seconds = nominal * rng.lognormal() * np.exp((i % 3 - 1) * others)  # one class gets faster
        attempts.append(SimpleNamespace(
            kind=BENCH.classes[i % 4].name, pool=BENCH.pools[i // 4 % 2].name, nominal=nominal,
            others=others, decided=0.0, submitted=0.0, ended=seconds, seconds=seconds,
        ))  # fmt: skip
    package = measured(Cluster(BENCH), attempts)
    lesson = [fitted(attempts, job_class.name) for job_class in BENCH.classes]
    for job_class, slowed, (speeds, slowing, _) in zip(
        package.site.classes, package.slowed, lesson, strict=True
    ):
        np.testing.assert_allclose(job_class.real_speeds, speeds)
        assert slowed == pytest.approx(slowing)
    assert 0.0 in package.slowed and max(package.slowed) > 0
    assert package.site.noise == pytest.approx(np.std(np.concatenate([r for *_, r in lesson])))


def test_a_cusum_is_the_largest_sum_that_ends_now():
    names = {"np": np, "calm": {}}
    cusum = written_in("09d_watching_it_work.ipynb", "cusum", **names)["cusum"]
    stream = np.random.default_rng(0).standard_normal(60)
    for tolerance in (0.0, 0.25, 1.0):
        above = stream - tolerance
        slow = [max(0.0, max(above[s : t + 1].sum() for s in range(t + 1))) for t in range(60)]
        np.testing.assert_allclose(cusum(stream, tolerance), slow, atol=1e-12)
