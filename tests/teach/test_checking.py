import contextlib
import random
import sys
import warnings

import gymnasium as gym
import numpy as np
import pytest

from course_lib.checks import check
from course_lib.teach import checking
from course_lib.teach.checking import (
    CHECKS,
    Answer,
    CheckFailed,
    NotSolved,
    UnknownPart,
    brief,
    number,
    numbers,
    part,
    require,
    run_check,
    safely,
    same,
)


@pytest.fixture(autouse=True)
def less_patience(monkeypatch):
    monkeypatch.setattr(checking, "SECONDS_PER_CALL", 0.1)


@pytest.fixture
def doubled():
    """A check that calls the answer with an array and wants the double of it."""

    @part("99.1")
    def double(answer):
        got = numbers(answer(np.array([1.0, 2.0])), (2,), "the result")
        require(np.array_equal(got, [2.0, 4.0]), "the result should be\n the double")

    yield lambda answer: run_check("99.1", answer)
    del CHECKS["99.1"]


def message(call, *args, error=CheckFailed):
    with pytest.raises(error) as caught:
        call(*args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What a learner sees


def test_a_right_answer_prints_one_fixed_line(doubled, capsys):
    doubled(lambda x: 2 * x)
    assert capsys.readouterr().out == "✔ 99.1 solved\n"


def test_a_wrong_answer_raises_one_line_and_prints_nothing(doubled, capsys):
    assert message(doubled, lambda x: x) == "✘ 99.1 not yet: the result should be the double"
    assert capsys.readouterr().out == ""


def test_the_error_shows_as_its_message_alone():
    assert CheckFailed("✘ one line")._render_traceback_() == ["✘ one line"]


def test_a_stub_is_not_solved_yet(doubled):
    def stub(x):
        raise NotImplementedError

    assert message(doubled, stub, error=NotSolved).startswith("○ 99.1 is not solved yet: write")


def test_a_library_that_misses_a_method_is_no_stub(doubled):
    said = message(doubled, lambda x: gym.Env().step(0))
    assert "it raised NotImplementedError (no message) when called with" in said


@pytest.mark.parametrize("name", ["99.7", "00.9", "77.1", "", "reality"])
def test_a_part_that_does_not_exist_is_said_in_one_line(name):
    assert repr(name) in message(check, name, abs, error=UnknownPart)


def test_a_module_that_a_check_fails_to_import_is_not_called_a_missing_exercise(monkeypatch):
    def broken(name):
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")

    monkeypatch.setattr("importlib.import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="scipy"):
        check("00.1", abs)


@pytest.mark.parametrize("value", [6, None, "double", np.zeros(3)])
def test_a_value_in_place_of_a_function_is_refused(doubled, value):
    assert "expected a function or class, got" in message(doubled, value)


# Whatever an answer does


def test_what_an_answer_prints_and_warns_is_not_shown(doubled, capsys):
    def loud(x):
        print("the answer is", 2 * x)
        print("here too", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 2 * x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doubled(loud)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("✔ 99.1 solved\n", "")


def raising(error):
    def answer(x):
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "described"),
    [
        (ValueError("two\n  lines"), "ValueError (two lines)"),
        (KeyError("x"), "KeyError ('x')"),
        (SystemExit(), "SystemExit (no message)"),
        (SystemExit(3), "SystemExit (3)"),
        (AssertionError(), "AssertionError (no message)"),
        (GeneratorExit(), "GeneratorExit (no message)"),
        (StopIteration(), "StopIteration (no message)"),
        (ValueError("word " * 1000), "word …)"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_whatever_an_answer_raises_becomes_one_line(doubled, error, described):
    said = message(doubled, raising(error))
    assert f"{described} when called with array([1., 2.])" in said
    assert len(said) < 300


def test_endless_recursion_is_reported(doubled):
    def again(x):
        return again(x)

    assert "it raised RecursionError" in message(doubled, again)


def test_only_the_learner_can_interrupt(doubled):
    with pytest.raises(KeyboardInterrupt):
        doubled(raising(KeyboardInterrupt()))


def endless(x):
    while True:
        pass


def endless_and_catching(x):
    while True:
        with contextlib.suppress(Exception):
            sum(x)


def endless_and_catching_everything(x):
    while True:
        try:  # noqa: SIM105
            sum(x)
        except:  # noqa: E722
            pass


@pytest.mark.parametrize("answer", [endless, endless_and_catching, endless_and_catching_everything])
def test_an_answer_that_never_ends_is_stopped(doubled, answer, capsys):
    said = message(doubled, answer)
    assert "did not return within 0.1 seconds when called with array([1., 2.])" in said
    print("still here")  # what was redirected came back
    assert capsys.readouterr().out == "still here\n"


DRAWS = [
    lambda x: np.random.random(),  # noqa: NPY002
    lambda x: np.random.seed(0),  # noqa: NPY002
    lambda x: np.random.default_rng(np.random.randint(9)),  # noqa: NPY002
    lambda x: random.random(),
    lambda x: random.seed(1),
]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("then", [lambda x: 2 * x, lambda x: 1 / 0], ids=["returns", "raises"])
def test_a_global_generator_is_refused_and_put_back(doubled, draw, then):
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    expected = np.random.random(), random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    said = message(doubled, lambda x: (draw(x), then(x))[1])
    assert ("global random generator" in said) != ("ZeroDivisionError" in said)
    assert (np.random.random(), random.random()) == expected  # noqa: NPY002


def test_a_generator_of_its_own_is_fine(doubled):
    doubled(lambda x: 2 * x + 0 * np.random.default_rng(1).random() + 0 * random.Random(1).random())


@pytest.mark.parametrize(
    ("given", "change"),
    [
        (np.zeros(3), lambda x: x.__setitem__(0, 1.0)),
        ([3, 1, 2], lambda x: x.sort()),
        ({"a": 1}, lambda x: x.pop("a")),
        ({"a": [np.zeros(2)]}, lambda x: x["a"][0].fill(7.0)),
        (([1], 2), lambda x: x[0].append(2)),
    ],
)
def test_an_answer_that_changes_its_argument_is_refused(given, change):
    before = repr(given)
    said = message(Answer(change), given)
    assert said.startswith("when called with") and said.endswith(
        "it changes its argument; work on a copy"
    )
    said = message(lambda: Answer(lambda x: change(x))(x=given))
    assert said.startswith("when called with x=")
    assert repr(given) == before


def test_objects_may_change_because_they_have_to():
    rng = np.random.default_rng(0)
    drawn = Answer(lambda generator: generator.random())(rng)
    assert drawn == np.random.default_rng(0).random() == rng.random()  # the answer had a copy


def test_a_hint_from_inside_a_callback_reaches_the_learner():
    def callback(value):
        require(value > 0, "never call it with 0")

    assert message(Answer(lambda call: call(0)), callback) == "never call it with 0"


def test_code_run_safely_gives_the_same_hints():
    expected = r"^it raised IndexError \(pop from empty list\) when stepped$"
    with pytest.raises(CheckFailed, match=expected), safely("stepped"):
        [].pop()


class Strange:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("not today")

    def __eq__(self, other):
        raise RuntimeError("nor ever")


def test_a_result_that_no_check_thought_of_is_still_one_line(doubled):
    said = message(doubled, lambda x: Strange())
    assert "what came back cannot be read (RuntimeError (not today))" in said


# Reading results


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.array(3), np.int64(3), True + 2])
def test_a_number_is_read(value):
    assert number(value, "it") == 3.0


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "it should be a number, but None came back; does your code end with return?"),
        ("3", "it should be a number, not '3'"),
        (b"3", "it should be a number, not b'3'"),
        ([3], "it should be one number, not of shape (1,)"),
        ([[1], [2, 3]], "it should be a number, not [[1], [2, 3]]"),
        ({"x": 3}, "it should be a number, not {'x': 3}"),
        (abs, "it should be a number, not abs"),
        ((x for x in ()), "it should be a number, not generator"),
        (1j, "it should be a number, not 1j"),
        (float("nan"), "it should be finite, not nan"),
        (-np.inf, "it should be finite, not -inf"),
    ],
)
def test_what_is_not_a_number_is_refused(value, said):
    assert message(number, value, "it") == said


def test_numbers_are_read():
    assert numbers([[1, 2]], (1, 2), "they").dtype == float
    assert numbers(range(3), None, "they").tolist() == [0, 1, 2]
    assert numbers((), (0,), "they").size == 0


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "they should hold numbers, but None came back; does your code end with return?"),
        ([1, 2, 3], "they should have shape (2,), not (3,)"),
        (1.0, "they should have shape (2,), not ()"),
        (["1", "2"], "they should hold numbers, not ['1', '2']"),
        ([1, [2]], "they should hold numbers, not [1, [2]]"),
        (map(abs, [1, 2]), "they should hold numbers, not map"),
        ([1, None], "they should be finite everywhere"),
        ([1, np.nan], "they should be finite everywhere"),
    ],
)
def test_what_is_not_the_numbers_asked_for_is_refused(value, said):
    assert message(numbers, value, (2,), "they") == said


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 1.0, True),
        (np.zeros(2), np.zeros(2), True),
        (np.zeros(2), [0.0, 0.0], False),
        (np.zeros(2), np.zeros(3), False),
        ([1, (2, {"a": np.ones(1)})], [1, (2, {"a": np.ones(1)})], True),
        ([1, (2, {"a": np.ones(1)})], [1, (2, {"a": np.zeros(1)})], False),
        ({"a": 1}, {"b": 1}, False),
        ([1, 2], [1], False),
        (None, 0, False),
        (object(), object(), True),
        (np.array([1, np.nan]), np.array([1, np.nan]), True),
        (np.array([1, np.nan]), np.array([np.nan, 1]), False),
        ([float("nan")], [float("nan")], True),
        (float("nan"), 1.0, False),
        (np.array(["a"]), np.array(["a"]), True),
    ],
)
def test_same_compares_nested_structures(a, b, expected):
    assert same(a, b) is expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros(3), "array([0., 0., 0.])"),
        (np.zeros((20, 4)), "an array of shape (20, 4)"),
        (abs, "abs"),
        (np.random.default_rng(0), "Generator"),
        (object(), "object"),
        ([1, 2], "[1, 2]"),
        ("a\n b", "'a\\n b'"),
    ],
)
def test_a_value_is_described_in_a_few_words(value, text):
    assert brief(value) == text


def test_a_description_is_short():
    assert len(brief([[1.123456789] * 50] * 50)) <= 81
