"""Commit or spool: when `keep` returns, nothing of what it was given can be lost by a crash."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from storage.database import Database, DatabaseAway, DatabaseError, table_of, to_json
from storage.objects import ObjectStore, ObjectStoreError
from storage.records import Row
from storage.spool import Line, Spool

logger = logging.getLogger(__name__)

PICTURE_TIMEOUT = 2.0
"""Seconds for one picture; a store that takes longer is treated as away."""


class Ledger:
    """Keeps rows in PostgreSQL and pictures in the object store, or both on the local disk until these are back."""

    def __init__(
        self, database: Database, evidence: ObjectStore, spool: Spool, *, spooled: Callable[[int], object] = int
    ) -> None:
        """`spooled` is told of every number of rows that had to go into the spool."""
        self._database = database
        self._evidence = evidence
        self._spool = spool
        # Once the database is found away nobody waits for it again: the drain finds out when it is back.
        self.away = False
        self._spooled = spooled

    async def keep(self, rows: Sequence[Row], pictures: Mapping[str, bytes]) -> None:
        """Keep rows and pictures, here or there.

        Raises:
            SpoolFull: neither would take them; nothing may be shown.
        """
        await asyncio.gather(*(self._keep_picture(key, data) for key, data in pictures.items()))
        committed = not self.away and await self._commit(rows)
        if rows and not committed:
            lines: list[Line] = [(table_of(row), to_json(row)) for row in rows]
            await asyncio.to_thread(self._spool.append, lines)
            self._spooled(len(lines))

    async def _commit(self, rows: Sequence[Row]) -> bool:
        try:
            await self._database.save(rows)
        except DatabaseAway as error:
            self.away = True
            logger.error("PostgreSQL is away, what happens now goes into the spool: %s", error)
            return False
        except DatabaseError as error:
            # One row that PostgreSQL will not have must not take the others with it: the drain saves row by row.
            logger.error("a batch of %d rows was refused and goes through the spool: %s", len(rows), error)
            return False
        return True

    async def _keep_picture(self, key: str, data: bytes) -> None:
        try:
            async with asyncio.timeout(PICTURE_TIMEOUT):
                await self._evidence.put(key, data)
        except (ObjectStoreError, TimeoutError) as error:
            logger.error("the object store is away, a picture goes into the spool: %r", error)
            await asyncio.to_thread(self._spool.append_picture, key, data)

    async def waiting(self) -> int:
        """Bytes of rows that wait in the spool."""
        return await asyncio.to_thread(self._spool.size)

    async def picture(self, key: str) -> bytes | None:
        """The bytes of a picture, from the store or, when it has not reached it yet, from the spool."""
        waiting = await asyncio.to_thread(self._spool.picture, key)
        return waiting if waiting is not None else await self._evidence.get(key)

    async def settled(self) -> bool:
        """Whether everything that was kept is where it belongs, and nothing waits in the spool."""
        pictures = await asyncio.to_thread(self._spool.pictures)
        return not (self.away or pictures or await self.waiting())

    async def delete_pictures(self, keys: Sequence[str]) -> None:
        """Delete pictures, wherever they are. May be repeated.

        Raises:
            ObjectStoreError: they were not all deleted.
        """
        await self._evidence.delete(keys)
        for key in keys:
            await asyncio.to_thread(self._spool.remove_picture, key)

    async def forget_rejected(self, ids: frozenset[str]) -> None:
        """Delete what the database would not have of whoever, or whatever, has one of these ids."""
        await asyncio.to_thread(self._spool.forget_rejected, ids)

    async def drain(self) -> None:
        """Bring what waits in the spool to where it belongs. Does nothing while that is still away."""
        waiting = await self.waiting()
        if self.away or waiting:
            try:
                await self._database.ping()
                await self._drain_rows()
                if self.away:
                    logger.info("PostgreSQL is back and the spool is empty")
                self.away = False
            except DatabaseAway:
                self.away = True
        await self._drain_pictures()

    async def _drain_rows(self) -> None:
        lines = await asyncio.to_thread(lambda: list(self._spool.begin_drain()))
        for table, row in lines:
            try:
                await self._database.save_json(table, [row])
            except DatabaseAway:
                raise
            except DatabaseError as error:
                logger.error("a spooled row was refused and put aside: %s", error)
                await asyncio.to_thread(self._spool.reject, (table, row))
        await asyncio.to_thread(self._spool.end_drain)

    async def _drain_pictures(self) -> None:
        for key in await asyncio.to_thread(self._spool.pictures):
            data = await asyncio.to_thread(self._spool.picture, key)
            if data is None:
                continue
            try:
                async with asyncio.timeout(PICTURE_TIMEOUT):
                    await self._evidence.put(key, data)
            except (ObjectStoreError, TimeoutError):
                return
            await asyncio.to_thread(self._spool.remove_picture, key)
