"""Loops that outlive any fault in what they do."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again and again, with `seconds` between; a fault in it is logged, and the next round comes."""
    while True:
        await asyncio.sleep(seconds)
        await guarded(work)


async def guarded(work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` once; a fault in it is logged and goes no further."""
    try:
        await work()
    except Exception:
        logger.exception("a background task met a fault and goes on")


async def cancel(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel tasks and wait for their end; a task does not cancel itself."""
    others = [task for task in tasks if task is not None and task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
