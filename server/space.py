"""Room on the data folder's disk: an exam is not begun that could not be recorded to its end."""

import logging
import shutil
from pathlib import Path
from typing import Final

from server.errors import NoSpace
from server.protocol import Pace

logger = logging.getLogger(__name__)

HOURS: Final = 2.0
"""For so long all that runs must find room, and a new meeting beside it."""
CANDIDATES: Final = 1
"""Candidates that a new meeting is reckoned with: how many come is not known before, and the next one is refused when
those who came fill the disk."""
FRAME_BYTES: Final = 6000
"""A frame of 320 by 240 pixels at the default quality, as long as none was measured."""


class Space:
    """How much room there is. Blocking: `look` is called from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.free: int | None = None
        """Bytes that are free; None while nobody looked."""

    def look(self) -> None:
        """Ask the disk."""
        self.free = shutil.disk_usage(self._folder).free

    def require(self, measured: list[float], asked: Pace) -> None:
        """Check that there is room for another meeting.

        Args:
            measured: bytes a second of every open recording.
            asked: what the new meeting's candidates are asked for.

        Raises:
            NoSpace: there is too little.
        """
        needed = required(measured, asked)
        if self.free is not None and self.free < needed:
            logger.error("no room for another meeting: %d bytes are free, %d are needed", self.free, needed)
            raise NoSpace(
                f"There is no room to record another exam: {_gigabytes(self.free)} are free in the data folder, "
                f"{_gigabytes(needed)} are needed for the next {HOURS:g} hours. Make room, let "
                "INVIGIL_DATA_DIR be on a larger disk, or record nobody (INVIGIL_RECORD=off)."
            )


def required(measured: list[float], asked: Pace) -> int:
    """Bytes that what runs and one more meeting take in `HOURS`."""
    each = sum(measured) / len(measured) if measured else asked_rate(asked)
    return round((sum(measured) + CANDIDATES * each) * HOURS * 3600)


def asked_rate(asked: Pace) -> float:
    """Bytes a second of a stream that nobody has measured."""
    return asked.fps * FRAME_BYTES * (asked.width / 320) ** 2 * (asked.quality / 0.6)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
