"""Working processes that come with the work, go when there is none, and are replaced when one of them dies."""

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from typing import Any, Final, TypeVar

from server.processes import pool

IDLE_SECONDS: Final = 30.0
"""After so long without work they are ended: each holds 100 MB."""

CPU_SECONDS: Final = 60.0
"""For one work; an ordinary one takes 0.6. A process that takes more is ended by a signal, wherever it hangs."""

T = TypeVar("T")


class Lost(Exception):
    """The process died over this work, twice: once perhaps for another's fault, once for its own."""


class Crew:
    """So many processes, one thread each."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None
        self._busy = 0
        self._beginning = asyncio.Lock()
        self._alone = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` gives, done in one of the processes. What it raises is raised here.

        Raises:
            Lost: the process died.
        """
        if self._idle is not None:
            self._idle.cancel()
        self._busy += 1
        try:
            return await self._tried(work, *arguments)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end)

    async def _tried(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            return await self._once(work, *arguments)
        except BrokenProcessPool:
            async with self._alone:  # one after the other: now it is seen whose fault it was
                try:
                    return await self._once(work, *arguments)
                except BrokenProcessPool:
                    raise Lost("the process that looked at it died") from None

    async def _once(self, work: Callable[..., T], *arguments: Any) -> T:
        async with self._beginning:
            # From a thread, as the first work, which starts the processes: both block.
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._stack.enter_context, pool(self._processes))
            crew: ProcessPoolExecutor = self._pool
        try:
            return await asyncio.wrap_future(await asyncio.to_thread(_submit, crew, work, *arguments))
        except BrokenProcessPool:
            if self._pool is crew:
                self._end()
            raise

    def _end(self) -> None:
        stack, self._stack, self._pool = self._stack, ExitStack(), None
        task = asyncio.ensure_future(asyncio.to_thread(stack.close))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End the processes, once what they do is done. May be called twice."""
        if self._idle is not None:
            self._idle.cancel()
        self._end()
        await asyncio.gather(*self._ending)


def _submit(crew: ProcessPoolExecutor, work: Callable[..., T], *arguments: Any) -> "Future[T]":
    try:
        return crew.submit(_bounded, work, *arguments)
    except RuntimeError as error:  # another found it dead, and is ending it
        raise BrokenProcessPool(str(error)) from error


def _bounded(work: Callable[..., T], *arguments: Any) -> T:
    """In the process: last of all that wants the processor, and with so much of it."""
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    try:
        return work(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
