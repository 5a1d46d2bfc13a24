"""Stop code that runs too long, without leaving the process."""

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
    def ring(*_):
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    """For Windows and for threads: cannot interrupt a long call into C, such as a sleep."""
    victim, done = threading.get_ident(), threading.Event()

    def ring():
        wait = seconds
        while not done.wait(wait):
            raise_in(ctypes.c_ulong(victim), ctypes.py_object(TimeUp))
            wait = 0.2

    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    threading.Thread(target=ring, daemon=True).start()
    try:
        yield
    finally:
        done.set()
