"""Working processes of a command: with nothing of ours in them, one thread each, and behind whatever a server does."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from detection.worker import LIMITS

MAX_JOBS: Final = 61
"""Processes; more than Windows can wait for."""


NICENESS: Final = 10
"""An exam that runs on the same machine comes first."""

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes; what they have not begun at the end is not done."""
    kept = {name: os.environ.get(name) for name in LIMITS if name.endswith("_THREADS")}
    os.environ.update({name: LIMITS[name] for name in kept})  # read when the libraries are loaded, in the child
    found = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"), initializer=_settle_down)
    try:
        yield found
    except KeyboardInterrupt:
        for each in multiprocessing.active_children():  # what they are at may take minutes, and nobody waits for it
            each.terminate()
        raise
    finally:
        found.shutdown(cancel_futures=True)
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Here(Executor):
    """Does what it is given at once, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Do it."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # whatever it is, it is the caller's, as from another process
            future.set_exception(error)
        return future


def cores() -> int:
    """Those that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MAX_JOBS)


def _settle_down() -> None:
    # Ctrl-C reaches the whole process group; the command ends its processes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
