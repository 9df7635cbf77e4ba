"""One detection process and the pipe to it. A worker that crashes or hangs is replaced; the exam goes on.

Why a process, a pipe and one frame at a time was measured (`tests/bench/choices.py`; figures in the README): the way
there and back costs a fiftieth of the looking, so shared memory has nothing to save, and batches are no cheaper.
"""

import asyncio
import logging
import sys
from contextlib import suppress
from pathlib import Path

from detection import codec
from detection.values import DetectorInfo
from detection.worker import UNAVAILABLE

logger = logging.getLogger(__name__)

START_TIMEOUT = 60.0
"""Seconds to load a model on a busy machine."""

ANSWER_TIMEOUT = 5.0
"""Seconds for one frame. The slowest honest one takes 0.3."""

STDERR_LINES, STDERR_SECONDS = 20, 60.0
"""Lines a worker may log in so many seconds: decoders write one for every spoilt picture that a candidate sends."""


class WorkerLost(Exception):
    """The worker died, hung or talked nonsense. It has been killed."""


class DetectorFailed(Exception):
    """The worker says that its detector cannot run: a new one would say the same."""


class Worker:
    """A child process that decodes and looks at frames, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process, info: DetectorInfo, log: asyncio.Task[None]) -> None:
        self._process = process
        self._number = codec.HELLO_ID
        self._log = log
        self._turn = asyncio.Lock()
        self.info = info

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still answer, as far as is known."""
        return self._process.returncode is None

    @property
    def busy(self) -> bool:
        """Whether it is looking at a picture."""
        return self._turn.locked()

    @classmethod
    async def start(cls, detector: str, models: Path) -> "Worker":
        """Start a worker and wait until its model is loaded and warm.

        Raises:
            DetectorFailed: its detector cannot run; the text is the worker's own.
            WorkerLost: it did not come up.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "detection.worker",
            "--detector",
            detector,
            "--models",
            str(models),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        log = asyncio.create_task(_log(process))
        try:
            async with asyncio.timeout(START_TIMEOUT):
                number, payload = await _read(process)
            if number != codec.HELLO_ID:
                raise codec.BadMessage("no hello")
            return cls(process, codec.parse_hello(payload), log)
        except asyncio.IncompleteReadError:
            status = await process.wait()
            await log
            if status == UNAVAILABLE:
                raise DetectorFailed("The detector cannot run; its reason is above.") from None
            raise WorkerLost(f"a worker ended at its start with status {status}") from None
        except (TimeoutError, codec.BadMessage) as error:
            await _kill(process)
            raise WorkerLost(f"a worker did not come up: {error!r}") from error
        except asyncio.CancelledError:
            await _kill(process)
            raise

    async def analyze(self, jpeg: bytes, *, describe: bool = False) -> codec.Observed | codec.Failed:
        """What is to be seen in a picture; with the descriptor of its only face, if that is wanted.

        Raises:
            WorkerLost: no sound answer came; the worker is dead now.
        """
        async with self._turn:
            return await self._analyze(jpeg, describe=describe)

    async def _analyze(self, jpeg: bytes, *, describe: bool) -> codec.Observed | codec.Failed:
        self._number = self._number % 0xFFFFFFFF + 1
        stdin = self._process.stdin
        assert stdin is not None
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                stdin.write(codec.request(self._number, jpeg, describe=describe))
                await stdin.drain()
                number, payload = await _read(self._process)
            if number != self._number:
                raise codec.BadMessage(f"an answer to {number} instead of {self._number}")
            return codec.parse_reply(payload)
        except (asyncio.IncompleteReadError, OSError, RuntimeError, codec.BadMessage) as error:
            await _kill(self._process)
            status = self._process.returncode
            raise WorkerLost(f"{type(error).__name__} {error}, status {status}") from error

    async def close(self) -> None:
        """Let it finish and go. May be called twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(1.0):
                await self._process.wait()
        except TimeoutError:
            await _kill(self._process)
        await self._log  # it ends with the process


async def _log(process: asyncio.subprocess.Process) -> None:
    """Pass on what the worker writes to standard error, and no more than is bearable."""
    assert process.stderr is not None
    clock = asyncio.get_running_loop().time
    began, count = clock(), 0
    while line := await _line(process.stderr):
        now = clock()
        if now - began > STDERR_SECONDS:
            if count > STDERR_LINES:
                logger.warning("%d more lines from a worker were left out", count - STDERR_LINES)
            began, count = now, 0
        count += 1
        if count <= STDERR_LINES:
            logger.warning("worker %d: %s", process.pid, line.decode(errors="replace").rstrip()[:500])


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the reader's limit; the rest of it comes as a line of its own
        return b"(a line too long)"


async def _read(process: asyncio.subprocess.Process) -> tuple[int, bytes]:
    assert process.stdout is not None
    number, length = codec.HEADER.unpack(await process.stdout.readexactly(codec.HEADER.size))
    if length > codec.MAX_REPLY:
        raise codec.BadMessage(f"an answer of {length} bytes")
    return number, await process.stdout.readexactly(length)


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:  # once it is reaped, its number may be another's
        with suppress(ProcessLookupError):
            process.kill()
    await process.wait()
