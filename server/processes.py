"""Working processes of a command: with nothing of ours in them, and one thread each."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final

from detection.worker import LIMITS

MAX_JOBS: Final = 61
"""Processes; more than Windows can wait for."""


@contextmanager
def pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes; what they have not begun at the end is not done."""
    kept = {name: os.environ.get(name) for name in LIMITS if name.endswith("_THREADS")}
    os.environ.update({name: LIMITS[name] for name in kept})  # read when the libraries are loaded, in the child
    found = ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    try:
        yield found
    finally:
        found.shutdown(cancel_futures=True)
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def cores() -> int:
    """Those that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MAX_JOBS)


def _leave_interrupts_to_the_parent() -> None:
    # Ctrl-C reaches the whole process group; the command ends its processes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
