"""A recording as video, in parts as players ask for them."""

import asyncio
import logging
import os
from typing import Final

from aiohttp import web

from server.api.calls import Call
from server.api.ranges import Part, part
from server.api.recordings import segment_number, there
from server.errors import Making
from server.video.kept import Sendable

logger = logging.getLogger(__name__)

AT_ONCE: Final = 256 * 1024
"""Bytes that are read and sent at once."""
SLOW_SECONDS: Final = 60.0
"""Whoever takes nothing for so long is hung up on. A player that was paused asks again where it was."""
RETRY_SECONDS: Final = 2
"""When to ask again for a video that is being made."""
TRIES: Final = 3
"""A video may be deleted between its being found and its being opened; then it is made again."""


async def show(call: Call) -> web.StreamResponse:
    """The video, for GET and HEAD. Asking for it makes it."""
    last = call.asked("last").get("last")
    shown = await there(call)
    number = None if last is None else segment_number(last, "last")
    for _ in range(TRIES):
        try:
            video = await call.services.videos.get(shown, number)
            descriptor = await asyncio.to_thread(os.open, video.path, os.O_RDONLY)
        except Making as error:
            return web.json_response(error.body(), status=error.status, headers={"Retry-After": str(RETRY_SECONDS)})
        except FileNotFoundError:
            await call.services.videos.forget(shown.record.id)
            continue
        try:
            # One that may be longer the next time is asked for again each time.
            fixed = shown.record.closed_at is not None or number is not None
            return await _answer(call.request, video, descriptor, fixed=fixed)
        finally:
            os.close(descriptor)
    raise Making("The video was deleted while it was asked for; try again.", share=0.0)


async def _answer(request: web.Request, video: Sendable, descriptor: int, *, fixed: bool) -> web.StreamResponse:
    asked = part(request.headers, length=video.length, tag=video.tag)
    if request.method == "HEAD" and asked.status in (206, 416):  # a range is for GET alone
        asked = part({}, length=video.length, tag=video.tag)
    headers = {
        "ETag": f'"{video.tag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600" if fixed else "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    if asked.status == 416:
        headers["Content-Range"] = f"bytes */{video.length}"
    if asked.status in (304, 416):
        return web.Response(status=asked.status, headers=headers)
    if asked.status == 206:
        headers["Content-Range"] = f"bytes {asked.first}-{asked.last}/{video.length}"
    response = web.StreamResponse(status=asked.status, headers=headers)
    response.content_type = "video/mp4"
    response.content_length = asked.last + 1 - asked.first
    await _send(response, request, video, descriptor, asked)
    return response


async def _send(
    response: web.StreamResponse, request: web.Request, video: Sendable, descriptor: int, asked: Part
) -> None:
    try:
        await response.prepare(request)
        for first in range(asked.first, 0 if request.method == "HEAD" else asked.last + 1, AT_ONCE):
            data = await asyncio.to_thread(_read, video, descriptor, first, min(AT_ONCE, asked.last + 1 - first))
            async with asyncio.timeout(SLOW_SECONDS):
                await response.write(data)
        await response.write_eof()
    except OSError as error:  # a TimeoutError is an OSError
        if not isinstance(error, ConnectionError | TimeoutError):  # they hung up, or wait
            logger.error("a video was cut short: %r", error)
        if request.transport is not None:
            request.transport.abort()


def _read(video: Sendable, descriptor: int, first: int, size: int) -> bytes:
    """Some bytes of a video. Raises OSError."""
    data = video.head[first : first + size]
    data += os.pread(descriptor, size - len(data), max(0, first - len(video.head)))
    if len(data) < size:
        raise OSError("the file is shorter than it was")
    return data
