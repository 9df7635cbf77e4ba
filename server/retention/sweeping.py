"""Does in the background what is due: once an hour, a bounded part at a time, after everything that is urgent."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from server.errors import Away
from server.retention.keeping import Keeper
from server.tasks import cancel, every, guarded
from storage.database import DatabaseError
from storage.objects import ObjectStoreError

logger = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 3600.0
"""Between two looks for what is due."""
BREATH_SECONDS: Final = 1.0
"""Between two parts of what is due."""


class Sweeper:
    """Owns the task."""

    def __init__(self, keeper: Keeper, compact: Callable[[], Awaitable[None]] | None = None) -> None:
        """`compact`: makes cold recordings smaller; None: nobody asked for that."""
        self._keeper = keeper
        self._compact = compact
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, with what was cut short when the server last stopped."""
        self._tasks = [asyncio.create_task(guarded(self.sweep)), asyncio.create_task(every(SWEEP_SECONDS, self.sweep))]

    async def close(self) -> None:
        """Stop; what is cut short is finished by the next start. May be called twice."""
        await cancel(*self._tasks)

    async def sweep(self) -> None:
        """Delete all that is due now."""
        more = True
        try:
            while more:
                _, more = await self._keeper.delete_due()
                await asyncio.sleep(BREATH_SECONDS if more else 0)
        except (Away, DatabaseError, ObjectStoreError) as error:
            logger.warning("what is due stays until the next hour: %s", error)
            return
        if self._compact is not None:
            await self._compact()
