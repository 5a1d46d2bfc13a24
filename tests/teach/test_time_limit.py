import contextlib
import signal
import sys
import threading
import time

import pytest

from course_lib.teach.time_limit import TimeUp, time_limit


def busy():
    while True:
        pass


def catches_exceptions():
    while True:
        with contextlib.suppress(Exception):
            time.sleep(5)


def catches_everything():
    while True:
        try:  # noqa: SIM105
            time.sleep(5)
        except:  # noqa: E722
            pass


def catches_base_exceptions_of_a_helper():
    def helper():
        for i in range(10**9):
            str(i)

    while True:
        try:
            helper()
        except BaseException:
            continue


def catches_once():
    try:
        time.sleep(5)
    except BaseException:
        while True:
            pass


def endless_generator():
    def numbers():
        while True:
            yield 1

    return sum(numbers())


LOOPS = [busy, catches_exceptions, catches_everything, catches_base_exceptions_of_a_helper]


@pytest.mark.parametrize("endless", [*LOOPS, catches_once, endless_generator])
def test_code_that_never_ends_is_stopped(endless):
    start = time.perf_counter()
    with pytest.raises(TimeUp), time_limit(0.1):
        endless()
    assert 0.09 < time.perf_counter() - start < 2


@pytest.mark.parametrize("endless", [busy, endless_generator])
def test_it_is_stopped_in_another_thread_too(endless):
    caught = []

    def work():
        try:
            with time_limit(0.1):
                endless()
        except BaseException as error:
            caught.append(type(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(5)
    assert caught == [TimeUp]


def test_code_that_ends_in_time_is_left_alone():
    with time_limit(0.1):
        result = sum(range(1000))
    time.sleep(0.3)  # nothing rings later
    assert result == 499_500
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_error_of_the_code_passes_through():
    with pytest.raises(ValueError), time_limit(1):
        int("one")
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("endless", [busy, catches_everything])
def test_it_leaves_no_trace(endless):
    def handler(*_):
        raise AssertionError

    def tracer(*_):
        return None

    before, tracing = signal.signal(signal.SIGALRM, handler), sys.gettrace()
    sys.settrace(tracer)
    try:
        with pytest.raises(TimeUp), time_limit(0.1):
            endless()
        assert sys.gettrace() is tracer
        assert signal.getsignal(signal.SIGALRM) is handler
    finally:
        sys.settrace(tracing)
        signal.signal(signal.SIGALRM, before)


def test_what_surrounds_the_code_can_still_clean_up():
    done = []

    def surround():
        try:
            with time_limit(0.1):
                catches_everything()
        finally:
            for i in range(3):
                done.append(i)

    with pytest.raises(TimeUp):
        surround()
    assert done == [0, 1, 2]
