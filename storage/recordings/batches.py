"""A file that is written in batches. Blocking: call it from a thread."""

import io
from pathlib import Path


class BatchedFile:
    """A new file that takes what it is given at once, and hands it on when it is flushed.

    One call of the kernel for all that came in a turn costs less than one for each frame. And a disk that is nearly
    full takes a part of what it is given and says so, to which FFmpeg does not listen: here a batch is written whole
    or not at all, and nothing ever follows one that was not.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._parts: list[bytes] = []
        self._at = 0
        self._size = 0
        self._failed = False

    @property
    def closed(self) -> bool:
        """Whether it is."""
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Take `data`, and keep it until the next flush."""
        self._parts.append(bytes(data))
        return len(data)

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._at + sum(map(len, self._parts))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """FFmpeg goes back to its file's head at the end."""
        self.flush()
        self._at = self._file.seek(offset, whence)
        return self._at

    def flush(self) -> None:
        """Hand on what waits.

        Raises:
            OSError: the disk did not take all of it, and so has none of it.
        """
        rest = memoryview(b"".join(self._parts))
        end = self._at + len(rest)
        self._parts.clear()
        if self._failed:
            return
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._failed = True
            self._file.truncate(self._size)
            raise
        self._at, self._size = end, max(self._size, end)

    def close(self) -> None:
        """Let go of it; what was not flushed is lost. May be called twice."""
        self._file.close()
