"""Logging to standard error, and a leash for what strangers can make us write."""

import logging
import sys
import time

LINES, SECONDS = 20, 60.0
"""Lines that a leashed logger may write in so many seconds."""


def configure(level: str) -> None:
    """Write to standard error, one line an event."""
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")


class Leash(logging.Filter):
    """One line instead of a traceback, and only so many a minute.

    For loggers that write of what clients send: a library's traceback for every broken packet would let anyone
    fill the disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self._began, self._count = 0.0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record; False when there were too many."""
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = f"{record.getMessage()}: {record.exc_info[0].__name__}"
            record.args, record.exc_info, record.exc_text = None, None, None
        now = time.monotonic()
        if now - self._began > SECONDS:
            self._began, self._count = now, 0
        self._count += 1
        return self._count <= LINES


def leash(*names: str) -> None:
    """Put loggers on a leash, once."""
    for name in names:
        logger = logging.getLogger(name)
        if not any(isinstance(each, Leash) for each in logger.filters):
            logger.addFilter(Leash())
