"""The machinery of checks: call a learner's answer safely and say in one line what is wrong.

A module of `course_lib.checks` registers one function per part of an exercise:

    @part("03.2")
    def widen(answer):
        require(answer(0.5) > 0.5, "a success rate above the target must widen the range")

`answer` is the learner's function in a safe: it may raise, print, loop for ever, change its
arguments or draw from a global generator, and each of these has a hint of its own.
"""

import contextlib
import copy
import io
import random
import re
import reprlib
import sysconfig
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.teach.errors import OneLineError
from course_lib.teach.time_limit import TimeUp, time_limit

SECONDS_PER_CALL = 5.0
LIBRARIES = sysconfig.get_paths()["purelib"]
LONGEST = 80  # characters of a value in a message
CHECKS: dict[str, Callable[["Answer"], None]] = {}


class CheckFailed(OneLineError):
    """The answer is wrong; the message says which property failed, for which input."""


class NotSolved(OneLineError):
    """Nothing was written yet."""


class UnknownPart(OneLineError):
    """There is no check of that name."""


def part(name: str) -> Callable:
    """Register the decorated function as the check of the exercise part `name`, such as "01.2"."""

    def register(function: Callable[["Answer"], None]) -> Callable[["Answer"], None]:
        CHECKS[name] = function
        return function

    return register


def run_check(name: str, answer: Any) -> None:
    """Print one fixed line if `answer` is right; raise CheckFailed or NotSolved if not."""
    if name not in CHECKS:
        raise UnknownPart(f"There is no check {name!r}; the check cell should not be edited.")
    try:
        CHECKS[name](Answer(answer))
    except CheckFailed as problem:
        raise CheckFailed(f"✘ {name} not yet: {problem}") from None
    except NotSolved:
        raise NotSolved(
            f"○ {name} is not solved yet: write your code in the cell above, in place of "
            "`raise NotImplementedError`."
        ) from None
    except Exception as error:  # a result of a kind that the check did not think of
        raise CheckFailed(
            f"✘ {name} not yet: what came back cannot be read ({described(error)}); is it of the "
            "type that the task asks for?"
        ) from None
    print(f"✔ {name} solved")


def require(holds: bool, hint: str) -> None:
    """Raise CheckFailed with `hint` unless the property holds."""
    if not holds:
        raise CheckFailed(" ".join(hint.split()))


class Answer:
    """A learner's function or class in a safe; call it like the original."""

    def __init__(self, function: Any):
        if not callable(function):
            raise CheckFailed(f"expected a function or class, got {brief(function)}")
        self.function = function

    def __call__(self, *args, **kwargs) -> Any:
        """Call the answer on copies of the arguments and return what it returns.

        Raises NotSolved if it is still the stub, and CheckFailed if it raises, runs too long,
        changes an argument, or draws from a global random generator.
        """
        given, given_named = copy.deepcopy(args), copy.deepcopy(kwargs)
        call = f"called with {brief_call(args, kwargs)}" if args or kwargs else "called"
        with safely(call):
            result = self.function(*given, **given_named)
        require(
            same((args, kwargs), (given, given_named)),
            f"when {call}, it changes its argument; work on a copy",
        )
        return result


@contextlib.contextmanager
def safely(call: str):
    """Run a learner's code in the body: bounded, silent, and every failure turned into a hint."""
    try:
        with (
            own_randomness(),
            time_limit(SECONDS_PER_CALL),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    except (OneLineError, KeyboardInterrupt):
        raise
    except TimeUp:
        raise CheckFailed(
            f"it did not return within {SECONDS_PER_CALL:g} seconds when {call}; "
            "look for a loop that never ends, or for a slow call for each number"
        ) from None
    except BaseException as error:  # SystemExit too: a learner's exit() must not end the kernel
        if isinstance(error, NotImplementedError) and not in_library(error):
            raise NotSolved from None
        raise CheckFailed(f"it raised {described(error)} when {call}") from None


@contextlib.contextmanager
def own_randomness():
    """Refuse code that draws from a global generator, and put those generators back."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        yield
        drew = not same(numpy_state, np.random.get_state()) or python_state != random.getstate()
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)
    require(
        not drew,
        "it draws from a global random generator, so its results cannot be repeated; "
        "draw from a numpy Generator of its own",
    )


def number(value: Any, what: str) -> float:
    """Return `value` as a float; raise CheckFailed if it is not one finite number."""
    array = _floats(value, f"{what} should be a number")
    require(array.shape == (), f"{what} should be one number, not of shape {array.shape}")
    require(bool(np.isfinite(array)), f"{what} should be finite, not {array}")
    return float(array)


def numbers(value: Any, shape: tuple[int, ...] | None, what: str) -> np.ndarray:
    """Return `value` as a float array of `shape` (None: any); raise CheckFailed if it is not."""
    array = _floats(value, f"{what} should hold numbers")
    right = shape is None or array.shape == shape
    require(right, f"{what} should have shape {shape}, not {array.shape}")
    require(bool(np.isfinite(array).all()), f"{what} should be finite everywhere")
    return array


def _floats(value: Any, wanted: str) -> np.ndarray:
    # NumPy would take None for nan, and "1.5" for a number.
    require(value is not None, f"{wanted}, but None came back; does your code end with return?")
    try:
        array, is_text = np.asarray(value, dtype=float), np.asarray(value).dtype.kind in "US"
    except (TypeError, ValueError):
        raise CheckFailed(f"{wanted}, not {brief(value)}") from None
    require(not is_text, f"{wanted}, not {brief(value)}")
    return array


def same(a: Any, b: Any) -> bool:
    """Whether two nested structures hold equal numbers and objects; a NaN equals a NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, str | int | float | complex | bool | None):
        return a == b or (a != a and b != b)
    return True  # an object that may well change, such as a generator or an environment


def in_library(error: BaseException) -> bool:
    """Whether an error was raised by an installed package rather than by the learner's code."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename.startswith(LIBRARIES)


def described(error: BaseException) -> str:
    """An error in a few words, on one line."""
    message = textwrap.shorten(str(error), 160, placeholder=" …") or "no message"
    return f"{type(error).__name__} ({message})"


def brief(value: Any) -> str:
    """A short description of a value, for a message of one line."""
    if isinstance(value, np.ndarray) and value.size > 6:
        return f"an array of shape {value.shape}"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    text = " ".join(reprlib.repr(value).split())
    if re.search("x[0-9a-f]{8}", text, re.I):
        return type(value).__name__  # an address tells nobody anything
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def brief_call(args: tuple, kwargs: dict) -> str:
    """The arguments of a call in a few words."""
    named = [f"{name}={brief(value)}" for name, value in kwargs.items()]
    return ", ".join([*map(brief, args), *named])
