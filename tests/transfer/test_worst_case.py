"""Training on the worst worlds: which are they, and is anything else trained on?"""

import inspect

import numpy as np
import pytest

from course_lib.learning import FAST_PPO
from course_lib.transfer import cvar, train_worst_case, worst_case
from course_lib.transfer.worst_case import CANDIDATES
from course_lib.worlds import CartPolePhysics, Choice, Uniform

RANGES = CartPolePhysics(
    force=Uniform(5.0, 15.0), cart_mass=Uniform(0.5, 2.0), action_delay=Choice((0, 1, 2))
)


# Conditional value at risk


def slow_cvar(returns, share):
    left = list(returns)
    worst = []
    while not worst or len(worst) < round(share * len(returns)):
        worst.append(min(left))
        left.remove(min(left))
    return sum(worst) / len(worst)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 0.34, 0.5, 0.99, 1.0])
def test_cvar_is_the_mean_of_the_worst_share(share):
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 10, 53):
        returns = rng.integers(0, 20, size).astype(float)  # some are equal
        assert cvar(returns, share) == pytest.approx(slow_cvar(returns, share))


def test_cvar_of_a_known_case():
    returns = np.array([500.0, 100.0, 300.0, 200.0, 400.0, 50.0, 500.0, 500.0, 500.0, 500.0])
    assert cvar(returns) == 75.0  # a fifth unless told otherwise
    assert cvar(returns, 0.1) == cvar(returns, 0.001) == 50.0
    assert cvar(returns, 1.0) == returns.mean()
    assert isinstance(cvar(returns), float)


def test_cvar_leaves_the_returns_in_their_order():
    returns = np.array([3.0, 1.0, 2.0])
    cvar(returns, 0.5)
    assert returns.tolist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share must be above 0 and at most 1"):
        cvar(np.ones(5), share)
    with pytest.raises(ValueError, match="share must be above 0 and at most 1"):
        train_worst_case(RANGES, 0, share=share)


# Training


@pytest.fixture(autouse=True)
def _tiny_training(monkeypatch):
    tiny = {"steps": 4 * 320, "num_envs": 16, "n_steps": 20, "batch_size": 64, "n_epochs": 1}
    monkeypatch.setattr(worst_case, "ROBUST_PPO", FAST_PPO | tiny)


class Stage:
    """Examines with a stub in which the carts with the weakest motors do worst."""

    def __init__(self):
        self.forces, self.seeds, self.policies = [], [], []

    def __call__(self, policy, world, episodes, seed):
        env = world.make(episodes, autoreset=False)
        env.reset(seed=seed)
        self.forces.append(env._k.force.copy())
        self.seeds.append(seed)
        self.policies.append(policy)
        return env._k.force.copy()


@pytest.fixture
def stage(monkeypatch):
    stage = Stage()
    monkeypatch.setattr(worst_case, "evaluate", stage)
    return stage


@pytest.fixture
def callback(monkeypatch):
    """The exams of a training that does not take place, given its arguments."""

    def build(share=0.5, **arguments):
        found = {}
        monkeypatch.setattr(
            worst_case,
            "train_ppo",
            lambda world, seed, **settings: found.update(settings, world=world, seed=seed),
        )
        train_worst_case(RANGES, 7, share=share, progress=False, **arguments)
        return found

    return build


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 1.0])
def test_only_the_worst_worlds_are_drawn_and_all_of_them(stage, callback, share):
    next_worlds = callback(share)["callbacks"][0]._next_worlds
    drawn = next_worlds(None, 3)(np.random.default_rng(0), 20_000)
    candidates = stage.forces[0]
    kept = max(1, round(share * CANDIDATES))
    assert candidates.shape == (CANDIDATES,)
    np.testing.assert_array_equal(np.unique(drawn["force"]), np.sort(candidates)[:kept])
    counts = np.unique(drawn["force"], return_counts=True)[1]
    assert counts.max() < 20_000 / kept + 6 * np.sqrt(20_000 / kept)  # equally often


def test_a_world_that_is_drawn_is_one_of_the_candidates_as_a_whole(stage, callback):
    next_worlds = callback()["callbacks"][0]._next_worlds
    drawn = next_worlds(None, 3)(np.random.default_rng(0), 300)
    candidates = RANGES.sample(np.random.default_rng(3), CANDIDATES)
    np.testing.assert_array_equal(stage.forces[0], candidates["force"])
    assert set(drawn) == set(candidates)
    names = list(candidates)
    rows = set(zip(*(candidates[name] for name in names), strict=True))
    assert set(zip(*(drawn[name] for name in names), strict=True)) <= rows


def test_worlds_are_judged_by_what_the_policy_earns_in_them(callback):
    next_worlds = callback(0.1)["callbacks"][0]._next_worlds

    def right(observations):
        return np.ones(len(observations), dtype=int)

    drawn = next_worlds(right, 3)(np.random.default_rng(0), 400)
    # A cart that is always pushed to one side falls sooner the harder and sooner it is pushed.
    assert drawn["force"].mean() > 11
    assert drawn["action_delay"].mean() < 0.5


def test_candidates_are_drawn_anew_for_every_exam(stage, callback):
    next_worlds = callback()["callbacks"][0]._next_worlds
    samplers = [next_worlds(None, seed) for seed in (3, 4, 3)]
    assert not np.intersect1d(stage.forces[0], stage.forces[1]).size
    np.testing.assert_array_equal(stage.forces[0], stage.forces[2])
    assert stage.seeds == [3, 4, 3]
    for sample, forces in zip(samplers, stage.forces, strict=True):  # each keeps to its own
        drawn = sample(np.random.default_rng(0), 100)["force"]
        assert np.isin(drawn, forces).all()


def test_what_is_drawn_depends_on_the_generator_alone(stage, callback):
    sample = callback()["callbacks"][0]._next_worlds(None, 3)
    one, same, other = (sample(np.random.default_rng(s), 50)["force"] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_training_is_that_of_robust_ppo_in_these_ranges(callback):
    found = callback(history=3)
    assert (found["world"], found["seed"], found["history"]) == (RANGES, 7, 3)
    assert len(found["callbacks"]) == 1
    assert worst_case.ROBUST_PPO.items() <= found.items()


def test_half_of_the_worlds_and_an_exam_every_four_rollouts_unless_told_otherwise(stage):
    policy = train_worst_case(RANGES, 7, progress=False)  # four rollouts
    assert len(stage.seeds) == 1
    worst_case.ROBUST_PPO["steps"] += 320
    train_worst_case(RANGES, 7, progress=False)
    assert len(stage.seeds) == 3
    assert inspect.signature(train_worst_case).parameters["share"].default == 0.5
    assert policy.history == 6


def test_training_takes_place_in_the_worst_worlds(stage, monkeypatch):
    found = []

    class Forces(worst_case.Exams):
        def _on_rollout_end(self):
            found.append(self.training_env.env.unwrapped._k.force.copy())

    monkeypatch.setattr(worst_case, "Exams", Forces)
    policy = train_worst_case(RANGES, 2, share=0.1, history=1, every=3, progress=False)
    assert policy.steps == 4 * 320
    assert policy.history == 1
    assert [p.model for p in stage.policies] == [policy.model] * 2  # before rollouts 0 and 3
    worst = [np.sort(forces)[:51] for forces in stage.forces]
    first = RANGES.make(16)
    first.reset(seed=2)
    expected = np.concatenate([first._k.force, worst[0]])
    for forces in found[:3]:
        assert np.isin(forces, expected).all()
    assert np.isin(found[2], worst[0]).mean() > 0.7
    assert np.isin(found[3], np.concatenate([expected, worst[1]])).all()
    assert np.isin(found[3], worst[1]).sum() >= 3


def test_one_seed_gives_one_training():
    prints = [
        train_worst_case(RANGES, seed, every=2, progress=False).fingerprint for seed in (1, 1, 2)
    ]
    assert prints[0] == prints[1] != prints[2]
