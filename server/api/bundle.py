"""A meeting's bundle, sent while it is made."""

import asyncio
import logging
from contextlib import aclosing
from typing import Final

from aiohttp import web

from server.api.calls import Call
from server.api.meetings import query_id
from server.bundling import Deleted
from storage.database import DatabaseError
from storage.objects import ObjectStoreError

logger = logging.getLogger(__name__)

SLOW_SECONDS: Final = 60.0
"""Whoever takes nothing for so long has hung up without a word."""


async def export(call: Call) -> web.StreamResponse:
    """The zip. A failure midway cuts the answer short: nobody takes half a bundle for a whole one."""
    query = call.asked("candidate_id")
    candidate_id = query_id(query.get("candidate_id"), "candidate_id")
    meeting = await call.services.lobby.meeting(call.meeting_id())
    bundling = call.services.bundling
    wanted = await bundling.wanted(meeting, candidate_id)
    name = f"invigil-{candidate_id or meeting.id}.zip"
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    try:
        async with aclosing(bundling.parts(wanted)) as parts:
            async for part in parts:
                if not response.prepared:  # with the first part: what is wrong before it is an error with words
                    await response.prepare(call.request)
                async with asyncio.timeout(SLOW_SECONDS):
                    await response.write(part)
        await response.write_eof()
    except (DatabaseError, Deleted, ObjectStoreError, OSError, ValueError) as error:  # a TimeoutError is an OSError
        if not response.prepared:
            raise
        if not isinstance(error, ConnectionError):  # they hung up
            logger.error("[%s] a bundle was cut short: %r", meeting.id, error)
        if call.request.transport is not None:
            call.request.transport.abort()
    return response
