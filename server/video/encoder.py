"""The server's side of the process that makes videos of segments. One that crashes or hangs is killed and replaced."""

import asyncio
import json
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from server.video.kept import Added
from server.video.worker import HEADER, MAX_BYTES, message
from storage.records import Json

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT: Final = 300.0
"""Seconds for one segment. It ends itself by the CPU that it takes; this is for one that waits for something. On a
machine with much to do, which comes first, an ordinary one may take a hundred times its 0.2."""
IDLE_SECONDS: Final = 30.0
"""After so long without work it is ended: it holds 80 MB."""
STDERR_LINES: Final = 20
"""Lines of its log that are passed on; decoders write one for every spoilt picture."""


class EncoderLost(Exception):
    """The process died, hung or talked nonsense. It has been killed."""


class Damaged(Exception):
    """The segment cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A segment's files."""

    name: str
    """What to call it."""
    video: bytes
    """The Matroska file."""
    journal: bytes
    """The journal beside it."""


class Encoder:
    """Makes videos of segments, one after the other, in a process that comes and goes with the work."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._log: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    async def sizes(self, pair: Pair) -> dict[tuple[int, int], int]:
        """How often pictures of each width and height are in a segment.

        Raises:
            Damaged: it cannot be read.
            EncoderLost: no sound answer came.
        """
        said, _ = await self._ask({"do": "measure"}, pair)
        try:
            return {(int(width), int(height)): int(count) for width, height, count in said["sizes"]}
        except (KeyError, TypeError, ValueError):
            raise EncoderLost("it talks nonsense") from None

    async def encode(
        self, pair: Pair, *, number: int, end: int, began: int, size: tuple[int, int], lead: bool
    ) -> tuple[Added, bytes]:
        """What a segment adds to a video, and its pictures.

        Args:
            pair: its files.
            number: its number.
            end: when it ends, in milliseconds since the recording began.
            began: when that was, in milliseconds since the epoch.
            size: of the video.
            lead: nothing comes before it.

        Raises:
            Damaged: it cannot be read.
            EncoderLost: no sound answer came.
        """
        said, pictures = await self._ask({"do": "encode", "began": began, "size": size, "lead": lead}, pair)
        try:
            at, sizes, keys = (tuple(map(int, said[name])) for name in ("at", "sizes", "keys"))
            if said["unreadable"]:
                logger.info("%s: %d frames are no pictures", pair.name, said["unreadable"])
            added = Added(number, end, at, sizes, keys, str(said["config"]))
        except (KeyError, TypeError, ValueError):
            raise EncoderLost("it talks nonsense") from None
        if not added.sound or sum(added.sizes) != len(pictures):
            raise EncoderLost("its figures do not fit its pictures")
        return added, pictures

    async def close(self) -> None:
        """End the process. May be called twice."""
        async with self._turn:
            await self._kill()

    # --- the process --------------------------------------------------------------------------------------

    async def _ask(self, asked: Json, pair: Pair) -> tuple[Json, bytes]:
        async with self._turn:
            if self._idle is not None:
                self._idle.cancel()
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    said, pictures = await self._exchange(
                        message({**asked, "name": pair.name}, pair.video, pair.journal)
                    )
            except (
                asyncio.IncompleteReadError,
                OSError,
                ValueError,
                RuntimeError,
            ) as error:  # a TimeoutError is an OSError
                await self._kill()
                raise EncoderLost(f"{type(error).__name__} {error}") from error
            except asyncio.CancelledError:
                await self._kill()  # it would answer whoever comes next
                raise
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_input)
        if "damaged" in said:
            raise Damaged(str(said["damaged"]))
        return said, pictures

    async def _exchange(self, request: bytes) -> tuple[Json, bytes]:
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None or process.stdin.is_closing():
            await self._kill()
            process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request)
        await process.stdin.drain()
        lengths = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
        if max(lengths) > MAX_BYTES:
            raise ValueError(f"an answer of {lengths} bytes")
        said = json.loads(await process.stdout.readexactly(lengths[0]))
        if not isinstance(said, dict):
            raise ValueError("an answer that is no object")
        return said, await process.stdout.readexactly(lengths[1])

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.video.worker", stdin=pipe, stdout=pipe, stderr=pipe
        )
        self._log = asyncio.create_task(_pass_on(self._process))
        return self._process

    def _end_input(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()  # it ends itself, and the next request finds it ended

    async def _kill(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:  # once it is reaped, its number may be another's
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        if self._log is not None:
            await self._log  # it ends with the process


async def _pass_on(process: asyncio.subprocess.Process) -> None:
    """Pass on what the process writes to standard error, and no more than is bearable."""
    assert process.stderr is not None
    count = 0
    while line := await process.stderr.read(4096):
        count += 1
        if count <= STDERR_LINES:
            logger.warning("encoder %d: %s", process.pid, line.decode(errors="replace").rstrip()[:500])
