import numpy as np
import pytest

from course_lib.worlds import Choice, LogUniform, Uniform

N = 20_000


def draws(distribution):
    return distribution.sample(np.random.default_rng(0), N)


def test_uniform_fills_its_range_evenly():
    values = draws(Uniform(2.0, 6.0))
    assert values.shape == (N,)
    assert 2.0 <= values.min() < 2.01
    assert 5.99 < values.max() <= 6.0
    np.testing.assert_allclose(np.quantile(values, [0.25, 0.5, 0.75]), [3, 4, 5], atol=0.06)


def test_loguniform_gives_every_order_of_magnitude_the_same_share():
    values = draws(LogUniform(0.01, 10.0))
    assert 0.01 <= values.min() <= values.max() <= 10.0
    share, _ = np.histogram(values, bins=[0.01, 0.1, 1.0, 10.0])
    np.testing.assert_allclose(share / N, 1 / 3, atol=0.015)


def test_choice_draws_each_value_equally_often_and_nothing_else():
    values, count = np.unique(draws(Choice((0, 3, 4))), return_counts=True)
    assert values.tolist() == [0, 3, 4]
    np.testing.assert_allclose(count / N, 1 / 3, atol=0.015)


def test_choice_knows_its_bounds_in_any_order_and_accepts_a_list():
    choice = Choice([3, 1, 2])
    assert (choice.low, choice.high) == (1, 3)
    assert hash(choice) == hash(Choice((3, 1, 2)))


@pytest.mark.parametrize("distribution", [Uniform(2.0, 2.0), LogUniform(2.0, 2.0), Choice((2.0,))])
def test_a_range_of_one_value_is_a_constant(distribution):
    np.testing.assert_allclose(draws(distribution), 2.0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Uniform(2.0, 1.0), "low must not exceed high"),
        (lambda: Uniform(float("nan"), 1.0), "finite"),
        (lambda: Uniform(1.0, float("inf")), "finite"),
        (lambda: Choice((9.8, float("nan"))), "finite"),
        (lambda: LogUniform(2.0, 1.0), "0 < low <= high"),
        (lambda: LogUniform(0.0, 1.0), "0 < low <= high"),
        (lambda: LogUniform(-1.0, 1.0), "0 < low <= high"),
        (lambda: Choice(()), "at least one value"),
    ],
)
def test_an_impossible_range_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: Choice(("earth", "moon")),
        lambda: Choice((True, 2)),
        lambda: Uniform("a", "b"),
        lambda: LogUniform(1.0, None),
    ],
)
def test_what_is_no_number_is_refused(build):
    with pytest.raises(TypeError, match="over numbers"):
        build()
