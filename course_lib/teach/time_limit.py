"""Stop code that runs too long, without leaving the process."""

import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.2  # seconds between attempts to stop code that catches everything


class TimeUp(BaseException):
    """Raised inside the code that ran too long; no `except Exception` there can swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the body after `seconds`, and again and again if the body catches it."""
    in_main = threading.current_thread() is threading.main_thread()
    limit = _by_signal if in_main and hasattr(signal, "SIGALRM") else _by_thread
    with limit(seconds):
        yield


@contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    ours, tracer = list(_stack(sys._getframe())), sys.gettrace()
    rings = 0

    def ring(_, frame):
        nonlocal rings
        rings += 1
        if rings > 1:
            # Something like `except: pass` in a loop has swallowed the last one. Raise in the
            # handler too, where that `except` does not reach.
            sys.settrace(lambda *_: None)  # turns tracing on, for no other frame
            for running in _stack(frame):
                if running in ours:
                    break
                running.f_trace = raise_at_next_line
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        ours.clear()
        if rings > 1:
            sys.settrace(tracer)


def raise_at_next_line(_frame: FrameType, event: str, _arg):
    """Raise TimeUp in a frame as soon as it comes to another line; a trace function."""
    if event == "line":
        raise TimeUp
    return raise_at_next_line


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


@contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    """For Windows and for threads: cannot interrupt a long call into C, such as a sleep."""
    victim, done = threading.get_ident(), threading.Event()

    def ring():
        wait = seconds
        while not done.wait(wait):
            raise_in(ctypes.c_ulong(victim), ctypes.py_object(TimeUp))
            wait = AGAIN

    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    threading.Thread(target=ring, daemon=True).start()
    try:
        yield
    finally:
        done.set()
