"""The child process that makes videos of segments: a pair of files in on standard input, H.264 out on standard output.

`python -m server.video.worker`. It runs at the lowest priority, with one thread, and ends when its input does. One
segment that takes more CPU than an honest one could ends it: it is killed by a signal, in whatever library it hangs.
"""

import json
import logging
import os
import signal
import struct
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from detection.worker import LIMITS, take_over_pipes
from storage.records import Json

logger = logging.getLogger(__name__)

HEADER: Final = struct.Struct(">III")
"""Bytes of a message's JSON, and of the two files behind it; in an answer the second is 0."""
MAX_BYTES: Final = 256 * 1024 * 1024
"""Largest part of a message. A segment of ten seconds at 15 frames of 512 KB has 80 MB, an ordinary one 1 MB."""
CPU_SECONDS: Final = 60.0
"""For one segment. An ordinary one takes 0.2; a hundred times as much is no honest one."""
MEASURED_EVERY: Final = 10
"""One frame in so many is measured."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def message(said: Json, *files: bytes) -> bytes:
    """A message with up to two files."""
    text = json.dumps(said).encode()
    first, second = [*files, b"", b""][:2]
    return HEADER.pack(len(text), len(first), len(second)) + text + first + second


def milliseconds(seconds: float) -> int:
    """Milliseconds since the epoch, as our JSON shows that time: cut off, not rounded."""
    return (datetime.fromtimestamp(seconds, UTC) - _EPOCH) // timedelta(milliseconds=1)


def main() -> int:
    """Serve until standard input ends."""
    os.nice(19)  # whatever else there is to do comes first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server ends it itself
    requests, replies = take_over_pipes()
    os.environ.update(LIMITS)
    try:
        while (request := _read(requests)) is not None:
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            reply = answer(*request)
            signal.setitimer(signal.ITIMER_PROF, 0)
            replies.write(reply)
            replies.flush()
    except BrokenPipeError:
        logger.info("the server is gone")
    return 0


def _read(requests: BinaryIO) -> tuple[Json, bytes, bytes] | None:
    header = requests.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    lengths = HEADER.unpack(header)
    if max(lengths) > MAX_BYTES:
        logger.error("a request of %s bytes: the pipe is out of step", lengths)
        return None
    parts = [requests.read(length) for length in lengths]
    if [len(part) for part in parts] != list(lengths):
        return None
    return json.loads(parts[0]), parts[1], parts[2]


def answer(asked: Json, video: bytes, journal: bytes) -> bytes:
    """The message that answers a request. A segment that cannot be read is an answer too.

    Args:
        asked: `do`, `measure` or `encode`, and what that takes.
        video: the segment's Matroska file.
        journal: its journal.
    """
    # Imported only now: these libraries read LIMITS when they load, and may print.
    from storage.recordings.compacted import shown_frames  # noqa: PLC0415
    from storage.recordings.segment import SegmentError, read_lines  # noqa: PLC0415

    try:
        frames = [
            (milliseconds(each.received_at), each.jpeg)
            for each in shown_frames(video, read_lines(journal, asked["name"]), asked["name"])
        ]
    except (SegmentError, KeyError, TypeError, ValueError) as error:
        return message({"damaged": str(error) if isinstance(error, SegmentError) else "its journal cannot be read"})
    return _measured(frames) if asked["do"] == "measure" else _encoded(asked, frames)


def _measured(frames: list[tuple[int, bytes]]) -> bytes:
    """How often each size is among the frames."""
    from detection.analyzer import UndecodableFrame, decode  # noqa: PLC0415
    from detection.jpeg import JpegError  # noqa: PLC0415

    sizes: Counter[tuple[int, int]] = Counter()
    for _, jpeg in frames[::MEASURED_EVERY]:
        try:
            height, width = decode(jpeg).shape[:2]  # upright, and not as the header has it
        except (JpegError, UndecodableFrame):
            continue
        sizes[width, height] += 1
    return message({"sizes": [[*size, count] for size, count in sizes.items()]})


def _encoded(asked: Json, frames: list[tuple[int, bytes]]) -> bytes:
    """The pictures of a segment.

    Args:
        asked: `size` of the video, `began` (milliseconds since the epoch) for the zero of its times, `lead` whether
            nothing comes before.
        frames: milliseconds since the epoch, and JPEGs.
    """
    from server.video import encoding, mp4  # noqa: PLC0415

    began, (width, height) = asked["began"], asked["size"]
    since = [(max(0, at - began), jpeg) for at, jpeg in frames]
    piece = encoding.encode(since, size=(width, height), lead=asked["lead"])
    samples = [mp4.sample(each.data) for each in piece.pictures]
    said = {
        "at": [each.at for each in piece.pictures],
        "sizes": [len(each) for each in samples],
        "keys": [n for n, each in enumerate(piece.pictures) if each.key],
        "config": piece.config.hex(),
        "unreadable": piece.unreadable,
    }
    return message(said, b"".join(samples))


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    sys.exit(main())
