"""Ranges whose ends move: by how much, what is drawn from them, and who is examined where."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.learning import FAST_PPO, evaluate
from course_lib.transfer import WORKSHOP, adaptive, train_adaptive
from course_lib.transfer.adaptive import EPISODES_PER_END, START, MovingEnds, next_widths
from course_lib.worlds import CartPolePhysics, Choice, Uniform

NOMINAL = CartPolePhysics()
FULL = CartPolePhysics(
    cart_mass=Uniform(0.5, 3.0),
    force=Uniform(6.0, 14.0),
    action_delay=Choice((0, 1, 2, 3, 4)),
    gravity=12.0,
)
ENDS = ("cart_mass down", "cart_mass up", "force down", "force up", "action_delay up")
NOTHING, HALF, ALL = np.zeros(5), np.full(5, 0.5), np.ones(5)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# How the ends move


def test_ends_move_outward_where_success_is_high_and_inward_where_it_is_low():
    success = np.array([1.0, 0.81, 0.8, 0.6, 0.4, 0.39, 0.0])
    moved = next_widths(np.full(7, 0.5), success)
    np.testing.assert_allclose(moved, [0.6, 0.6, 0.5, 0.5, 0.5, 0.4, 0.4])


def test_ends_stay_between_the_narrowest_width_and_the_full_one():
    widths = np.array([0.95, 1.0, 0.3, 0.25])
    np.testing.assert_allclose(next_widths(widths, np.array([1, 1, 0, 0])), [1.0, 1.0, 0.25, 0.25])
    np.testing.assert_allclose(next_widths(widths, np.array([0, 0, 1, 1])), [0.85, 0.9, 0.4, 0.35])


def test_steps_and_thresholds_may_be_chosen():
    settings = {"step": 0.3, "widen_above": 0.5, "narrow_below": 0.5, "narrowest": 0.0}
    moved = next_widths(np.array([0.5, 0.5, 0.2]), np.array([0.6, 0.5, 0.4]), **settings)
    np.testing.assert_allclose(moved, [0.8, 0.5, 0.0])


def test_the_old_widths_are_left_alone():
    widths = np.full(3, 0.5)
    assert next_widths(widths, np.ones(3)) is not widths
    np.testing.assert_array_equal(widths, 0.5)


# What is drawn


def test_every_end_that_can_move_has_a_name():
    # A delay is at least nominal, so that there is nothing to move downwards.
    assert sorted(MovingEnds(FULL).names) == sorted(ENDS)
    names = MovingEnds(WORKSHOP).names
    assert len(names) == len(set(names)) == 19
    assert {"sensor_bias down", "floor_tilt down", "cart_friction up"} <= set(names)
    assert "cart_friction down" not in names


def ends_of(widths):
    """low and high of the three ranges of FULL at these widths, given in the order of ENDS."""
    mass_down, mass_up, force_down, force_up, delay_up = widths
    return {
        "cart_mass": (1 - 0.5 * mass_down, 1 + 2 * mass_up),
        "force": (10 - 4 * force_down, 10 + 4 * force_up),
        "action_delay": (0, np.round(4 * delay_up)),
    }


def in_order(ends, widths):
    """Widths in the order of ENDS, as `ends` wants them."""
    return np.array([widths[ENDS.index(name)] for name in ends.names])


WIDTHS = [NOTHING, HALF, ALL, np.array([0.2, 0.9, 1.0, 0.0, 0.35])]


@pytest.mark.parametrize("widths", WIDTHS)
def test_samples_fill_the_ranges_at_their_widths(widths, rng):
    ends = MovingEnds(FULL)
    drawn = ends.sample(in_order(ends, widths), rng, 4_000)
    assert set(drawn) == set(NOMINAL.sample(rng, 1))
    for name, (low, high) in ends_of(widths).items():
        values = drawn[name]
        assert values.shape == (4_000,)
        assert low <= values.min() <= low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) <= values.max() <= high
        if name != "action_delay":
            assert values.mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low) + 1e-9)
    for name, values in drawn.items():
        if name not in ends_of(widths):
            assert (values == getattr(FULL, name)).all(), name


@pytest.mark.parametrize("widths", WIDTHS)
def test_an_exam_puts_each_world_at_one_end_and_the_others_within(widths, rng):
    ends = MovingEnds(FULL)
    drawn = ends.exam(in_order(ends, widths), rng, 500)
    limits = ends_of(widths)
    for i, name in enumerate(ends.names):
        quantity, side = name.split()
        expected = limits[quantity][side == "up"]
        np.testing.assert_allclose(drawn[quantity][i :: len(ends.names)], expected, rtol=1e-12)
    for quantity, (low, high) in limits.items():
        assert low - 1e-12 <= drawn[quantity].min()
        assert drawn[quantity].max() <= high + 1e-12
        elsewhere = [i for i, name in enumerate(ends.names) if quantity not in name]
        others = drawn[quantity].reshape(-1, len(ends.names))[:, elsewhere]
        assert len(np.unique(others)) == 1 if low == high else len(np.unique(others)) > 1


def test_an_exam_of_a_size_that_is_no_multiple_of_the_ends_goes_round(rng):
    ends = MovingEnds(FULL)
    place = ends.names.index("force up")
    force = ends.exam(ALL, rng, 5 + place + 1)["force"]
    assert force[place] == force[5 + place] == 14.0
    assert (force == 14.0).sum() == 2


def test_delays_are_whole_numbers(rng):
    ends = MovingEnds(FULL)
    for widths in WIDTHS:
        for draw in (ends.sample, ends.exam):
            delays = draw(in_order(ends, widths), rng, 300)["action_delay"]
            np.testing.assert_array_equal(delays, np.round(delays))
    assert set(ends.sample(ALL, rng, 300)["action_delay"]) == {0, 1, 2, 3, 4}


def test_one_generator_gives_one_draw():
    ends = MovingEnds(FULL)
    for draw in (ends.sample, ends.exam):
        one, same, other = (draw(HALF, np.random.default_rng(seed), 9) for seed in (1, 1, 2))
        for name in ("cart_mass", "force"):
            np.testing.assert_array_equal(one[name], same[name])
            assert not np.array_equal(one[name], other[name])


@pytest.mark.parametrize("full", [FULL, WORKSHOP], ids=["some", "workshop"])
def test_a_batch_built_for_the_full_ranges_takes_every_draw(full):
    ends, env = MovingEnds(full), full.make(20)
    everywhere = np.ones(len(ends.names))
    for widths in (0 * everywhere, 0.37 * everywhere, everywhere):
        for draw in (ends.sample, ends.exam):
            env.draw_from(lambda rng, size, draw=draw, now=widths: draw(now, rng, size))
            env.reset(seed=0)
    np.testing.assert_array_equal(widths, 1.0)


def test_widths_for_other_ends_are_refused(rng):
    with pytest.raises(ValueError, match="zip"):
        MovingEnds(FULL).sample(np.ones(4), rng, 3)
    with pytest.raises(ValueError, match="zip"):
        MovingEnds(FULL).exam(np.ones(6), rng, 3)


# Training


@pytest.fixture(autouse=True)
def _tiny_training(monkeypatch):
    tiny = {"steps": 3 * 128, "num_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 1}
    monkeypatch.setattr(adaptive, "ROBUST_PPO", FAST_PPO | tiny)


def train(seed=0, full=FULL, **settings):
    return train_adaptive(full, seed, progress=False, **settings)


def test_a_policy_that_knows_nothing_keeps_the_ranges_narrow(monkeypatch):
    lengths = []

    def noted(*arguments):
        lengths.append(evaluate(*arguments))
        return lengths[-1]

    monkeypatch.setattr(adaptive, "evaluate", noted)
    result = train(history=2)
    assert sorted(result.ends) == sorted(ENDS)
    np.testing.assert_array_equal(result.widths, np.full((3, 5), START))
    assert result.exam_steps == sum(part.sum() for part in lengths)
    assert isinstance(result.exam_steps, int)
    assert {part.shape for part in lengths} == {(EPISODES_PER_END * 5,)}
    assert result.policy.steps == 3 * 128
    assert result.policy.history == 2
    assert result.policy.model.observation_space.shape == (2 * 6,)


def marks(monkeypatch, give):
    """Let `give(name)` steps be the length of an exam's episode at the end of that name."""
    exams = []

    def stub(policy, world, episodes, seed):
        names = MovingEnds(world.ranges).names
        env = world.make(episodes, autoreset=False)
        env.reset(seed=seed)
        exams.append((seed, env._k.force.copy()))
        return np.array([give(names[i % len(names)]) for i in range(episodes)], dtype=float)

    monkeypatch.setattr(adaptive, "evaluate", stub)
    return exams


def test_each_end_moves_for_itself(monkeypatch):
    length = {"force up": 500, "cart_mass down": 402, "action_delay up": 300}
    marks(monkeypatch, lambda name: length.get(name, 100))
    result = train()
    expected = np.full((3, 5), 0.25)
    for name in ("force up", "cart_mass down"):
        expected[:, result.ends.index(name)] = [0.35, 0.45, 0.55]
    np.testing.assert_allclose(result.widths, expected)


def test_worlds_are_examined_at_the_ends_of_the_widths_by_then(monkeypatch):
    exams = marks(monkeypatch, lambda name: 500)
    result = train()
    assert len({seed for seed, _ in exams}) == 3
    for (_, force), width in zip(exams, (0.25, 0.35, 0.45), strict=True):
        assert force.size == EPISODES_PER_END * 5
        up, down = (force[result.ends.index(f"force {side}") :: 5] for side in ("up", "down"))
        np.testing.assert_allclose(up, 10 + 4 * width)
        np.testing.assert_allclose(down, 10 - 4 * width)
        assert np.abs(force - 10).max() <= 4 * width + 1e-12


def test_training_goes_on_in_the_ranges_that_the_exam_decided_on(monkeypatch):
    marks(monkeypatch, lambda name: 500 if name == "force up" else 300)
    samplers = []

    class Noted(adaptive.Exams):
        def __init__(self, next_worlds, history, every):
            def noting(policy, seed):
                samplers.append(next_worlds(policy, seed))
                return samplers[-1]

            super().__init__(noting, history, every)

    monkeypatch.setattr(adaptive, "Exams", Noted)
    train()
    for sample, width in zip(samplers, (0.35, 0.45, 0.55), strict=True):
        force = sample(np.random.default_rng(0), 2_000)["force"]
        assert force.max() == pytest.approx(10 + 4 * width, abs=0.02)
        assert force.min() == pytest.approx(10 - 4 * 0.25, abs=0.02)


@pytest.mark.parametrize(("every", "exams"), [(1, 3), (2, 2), (3, 1)])
def test_exams_are_held_as_often_as_asked(every, exams):
    assert train(every=every).widths.shape == (exams, 5)


def test_a_policy_sees_six_steps_and_has_an_exam_before_every_rollout_unless_told_otherwise():
    result = train()
    assert result.policy.history == 6
    assert len(result.widths) == 3


def test_one_seed_gives_one_training():
    prints = [train(seed).policy.fingerprint for seed in (1, 1, 2)]
    assert prints[0] == prints[1] != prints[2]


def test_a_number_that_is_not_nominal_is_trained_with():
    heavy = replace(FULL, gravity=20.0)
    assert train(full=heavy).policy.fingerprint != train().policy.fingerprint


def test_counted_ends_are_drawn_as_often_as_the_middle():
    ends = MovingEnds(replace(CartPolePhysics(), action_delay=Choice((0, 1, 2, 3, 4))))
    drawn = ends.sample(np.ones(1), np.random.default_rng(0), 10_000)["action_delay"]
    counts = [int((drawn == delay).sum()) for delay in range(5)]
    assert sum(counts) == 10_000
    assert counts == pytest.approx([2_000] * 5, rel=0.1)


def test_ranges_must_include_the_value_that_they_start_from():
    with pytest.raises(ValueError, match="cart_mass.*include"):
        MovingEnds(replace(CartPolePhysics(), cart_mass=Uniform(2.0, 3.0)))
