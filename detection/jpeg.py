"""Reads the size of a JPEG from its headers, so that no hostile picture is decoded beyond our limits.

It runs on the event loop for every frame, and is deliberately stricter than the decoder: whatever libjpeg would
skip over (garbage between segments, stray markers) is refused, so that both see the same frame header.
"""

from typing import ClassVar, Final

MAX_SIDE: Final = 1920
"""Longest side of a picture, in pixels."""
MIN_SIDE: Final = 32
"""Shortest side of a picture, in pixels."""
MAX_SEGMENTS: Final = 64
"""A camera's picture has about 6 segments before its frame header, an edited photo about 20."""
MAX_SCANS: Final = 32
"""Each scan of a progressive picture goes over all of it, and half a megabyte holds thousands of tiny ones. An
ordinary picture has 10."""
MAX_PADDING: Final = 16
"""Zero bytes that some cameras leave behind the end."""

_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_SOS: Final = b"\xff\xda"
_PROGRESSIVE: Final = 0xC2
_READABLE_FRAMES: Final = frozenset({0xC0, 0xC1, _PROGRESSIVE})
_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_SKIPPED: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})


class JpegError(ValueError):
    """Not a picture that we take. `str()` says why in one sentence; `code` is the word for the wire."""

    code: ClassVar[str] = "not_a_jpeg"


class NotAJpeg(JpegError):
    """Something else, a JPEG broken in its headers, or one of a kind that we do not read."""


class TruncatedJpeg(JpegError):
    """The end is missing."""

    code = "truncated_jpeg"


class BadDimensions(JpegError):
    """Too large or too small."""

    code = "bad_dimensions"


class UnsupportedJpeg(NotAJpeg):
    """A rare kind of JPEG that no camera and no browser makes."""


def dimensions(data: bytes) -> tuple[int, int]:
    """Width and height as the headers have them.

    Raises:
        JpegError: the picture is not one of ours, in one of the ways above; nothing else, whatever the bytes.
    """
    if not data.startswith(_SOI):
        raise NotAJpeg("The frame is not a JPEG picture.")
    if not (data.endswith(_EOI) or data[-MAX_PADDING - 2 :].rstrip(b"\0").endswith(_EOI)):
        raise TruncatedJpeg("The JPEG picture ends before its end marker.")
    marker, at = _find_header(data, 2)
    if marker not in _READABLE_FRAMES:
        raise _wrong_header(marker)
    width, height, components, end = _read_frame_header(data, at)
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise BadDimensions(f"The picture is {width}x{height} pixels; each side must have {MIN_SIDE} to {MAX_SIDE}.")
    _limit_scans(data, end, components, progressive=marker == _PROGRESSIVE)
    return width, height


def _find_header(data: bytes, at: int) -> tuple[int, int]:
    """The first marker from `at` on that is no plain segment, and where its own segment begins."""
    size = len(data)
    for _ in range(MAX_SEGMENTS):
        if at + 4 > size:
            raise TruncatedJpeg("The JPEG picture ends inside its headers.")
        if data[at] != 0xFF:
            raise NotAJpeg("The JPEG picture has bytes between its headers that belong to none.")
        marker = data[at + 1]
        if marker in _SKIPPED:
            length = data[at + 2] << 8 | data[at + 3]
            if length < 2:
                raise NotAJpeg("The JPEG picture has a header of impossible length.")
            at += 2 + length
        elif marker == 0xFF:
            at += 1  # a fill byte, allowed before any marker
        else:
            return marker, at + 2
    raise NotAJpeg(f"The JPEG picture has more than {MAX_SEGMENTS} segments before its data.")


def _wrong_header(marker: int) -> JpegError:
    """Why a picture with this marker instead of a frame header is refused."""
    if marker in _OTHER_FRAMES:
        return UnsupportedJpeg("The JPEG picture is lossless, hierarchical or arithmetic coded.")
    return NotAJpeg("The JPEG picture has no frame header before its data.")


def _read_frame_header(data: bytes, at: int) -> tuple[int, int, int, int]:
    """Width, height and number of components from the segment at `at`, and where it ends."""
    end = at + (data[at] << 8 | data[at + 1])
    if end > len(data) or at + 8 > len(data):
        raise TruncatedJpeg("The JPEG picture ends inside its frame header.")
    precision, components = data[at + 2], data[at + 7]
    if end != at + 8 + 3 * components:
        raise NotAJpeg("The JPEG picture has a broken frame header.")
    if precision != 8 or components not in (1, 3):
        raise UnsupportedJpeg("The JPEG picture is neither 8-bit colour nor 8-bit grey.")
    return data[at + 5] << 8 | data[at + 6], data[at + 3] << 8 | data[at + 4], components, end


def _limit_scans(data: bytes, at: int, components: int, *, progressive: bool) -> None:
    """Refuse a picture that would keep the decoder busy with thousands of scans."""
    marker, start = _find_header(data, at)
    if marker != _SOS[1]:
        raise NotAJpeg("The JPEG picture has no data behind its frame header.")
    # One scan with all components is a whole picture, and the decoder stops after it: the ordinary case, in which
    # the data need not be searched (1 us per KB). FF DA always is a marker: in the data 00 follows every FF.
    whole = not progressive and data[start + 2] == components
    if not whole and data.count(_SOS, start) >= MAX_SCANS:
        raise UnsupportedJpeg(f"The JPEG picture has more than {MAX_SCANS} scans.")
