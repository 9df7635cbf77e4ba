"""Headers are read right, limits hold, and no bytes whatever get anything but a JpegError out of it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection import jpeg
from detection.jpeg import BadDimensions, JpegError, NotAJpeg, TruncatedJpeg, UnsupportedJpeg, dimensions

from . import faces

PICTURE = faces.one_face()
EOI = b"\xff\xd9"


def segment(marker: int, payload: bytes = b"") -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload


def frame_header(width: int, height: int, *, marker: int = 0xC0, components: int = 3, precision: int = 8) -> bytes:
    sizes = height.to_bytes(2) + width.to_bytes(2)
    return segment(marker, bytes((precision,)) + sizes + bytes((components,)) + b"\1\x11\0" * components)


def scan(components: int = 3) -> bytes:
    return segment(0xDA, bytes((components,)) + b"\1\0" * components + b"\0\x3f\0") + b"data"


def picture(width: int = 320, height: int = 240, **header: int) -> bytes:
    return b"\xff\xd8" + frame_header(width, height, **header) + scan(header.get("components", 3)) + EOI


@pytest.mark.parametrize(("width", "height"), [(320, 240), (240, 320), (32, 32), (1920, 1920), (333, 77)])
@pytest.mark.parametrize("progressive", [False, True])
def test_reads_the_size_that_opencv_wrote(width: int, height: int, progressive: bool) -> None:
    data = faces.encode(faces.resize(faces.portrait(), width, height), progressive=progressive)
    assert dimensions(data) == (width, height)


def test_reads_a_grey_picture() -> None:
    grey = np.full((48, 64), 90, dtype=np.uint8)
    assert dimensions(cv2.imencode(".jpg", grey)[1].tobytes()) == (64, 48)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(picture(), id="bare"),
        pytest.param(PICTURE + bytes(jpeg.MAX_PADDING), id="zeroes behind the end"),
        pytest.param(b"\xff\xd8" + segment(0xE1, bytes(60000)) + picture()[2:], id="large metadata"),
        pytest.param(b"\xff\xd8\xff\xff\xff" + picture()[2:], id="fill bytes"),
        pytest.param(b"\xff\xd8" + segment(0xE1, frame_header(30000, 30000)) + picture()[2:], id="header inside"),
    ],
)
def test_takes_what_decoders_take(data: bytes) -> None:
    assert dimensions(data) == (320, 240)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotAJpeg),
        (b"\xff", NotAJpeg),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), NotAJpeg),
        (b"GIF89a" + PICTURE, NotAJpeg),
        (b"\xff\xd8", TruncatedJpeg),
        (b"\xff\xd8" + EOI, TruncatedJpeg),
        (PICTURE[:-1], TruncatedJpeg),
        (PICTURE[: len(PICTURE) // 2], TruncatedJpeg),
        (PICTURE + bytes(jpeg.MAX_PADDING + 1), TruncatedJpeg),
        (PICTURE + b"more", TruncatedJpeg),
        (b"\xff\xd8\xff\xe0\xff\xff" + bytes(20) + EOI, TruncatedJpeg),
        (b"\xff\xd8" + frame_header(320, 240)[:6] + EOI, TruncatedJpeg),
        (b"\xff\xd8" + frame_header(320, 240) + EOI, TruncatedJpeg),
        (b"\xff\xd8\xff\xe0\0\1" + picture()[2:], NotAJpeg),
        (b"\xff\xd8garbage" + picture()[2:], NotAJpeg),
        (b"\xff\xd8" + scan() + EOI, NotAJpeg),
        (b"\xff\xd8" + picture(), NotAJpeg),
        (b"\xff\xd8" + segment(0xFE) * jpeg.MAX_SEGMENTS + picture()[2:], NotAJpeg),
        (b"\xff\xd8" + segment(0xC0, b"\x08\0\xf0\1\x40\3") + scan() + EOI, NotAJpeg),
        (b"\xff\xd8" + frame_header(320, 240) * 2 + scan() + EOI, NotAJpeg),
        (picture(30000, 30000), BadDimensions),
        (picture(1921, 240), BadDimensions),
        (picture(320, 1921), BadDimensions),
        (picture(31, 240), BadDimensions),
        (picture(320, 31), BadDimensions),
        (picture(0, 240), BadDimensions),
        (picture(320, 0), BadDimensions),
        (picture(marker=0xC3), UnsupportedJpeg),
        (picture(marker=0xC9), UnsupportedJpeg),
        (picture(precision=12), UnsupportedJpeg),
        (picture(components=4), UnsupportedJpeg),
    ],
)
def test_refuses(data: bytes, error: type[JpegError]) -> None:
    with pytest.raises(error) as caught:
        dimensions(data)
    assert str(caught.value).endswith(".")
    assert type(caught.value) is error


@pytest.mark.parametrize(("marker", "components"), [(0xC2, 3), (0xC0, 1), (0xC1, 1)])
def test_refuses_thousands_of_scans(marker: int, components: int) -> None:
    head = b"\xff\xd8" + frame_header(320, 240, marker=marker)
    assert dimensions(head + scan(components) * jpeg.MAX_SCANS + EOI) == (320, 240)
    with pytest.raises(UnsupportedJpeg):
        dimensions(head + scan(components) * (jpeg.MAX_SCANS + 1) + EOI)


def test_every_error_has_its_word_for_the_wire() -> None:
    codes = {error.code for error in (NotAJpeg, TruncatedJpeg, BadDimensions, UnsupportedJpeg)}
    assert codes == {"not_a_jpeg", "truncated_jpeg", "bad_dimensions"}


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A good picture with some bytes of its headers overwritten."""
    data = bytearray(PICTURE)
    for at in draw(st.lists(st.integers(0, 700), min_size=1, max_size=8)):
        data[at] = draw(st.integers(0, 255))
    return bytes(data)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda data: b"\xff\xd8\xff" + data + EOI),
        st.lists(st.sampled_from([b"\xff\xc0", b"\xff\xda", b"\xff\xe0", b"\0\2", b"\0\x11", b"\xff"]))
        .map(b"".join).map(lambda data: b"\xff\xd8" + data + EOI),
        spoilt(),
    )
)  # fmt: skip
def test_whatever_the_bytes_it_answers_or_raises_a_jpeg_error(data: bytes) -> None:
    try:
        width, height = dimensions(data)
    except JpegError:
        return
    assert jpeg.MIN_SIDE <= width <= jpeg.MAX_SIDE
    assert jpeg.MIN_SIDE <= height <= jpeg.MAX_SIDE


@given(spoilt())
def test_a_picture_that_passes_decodes_to_the_size_that_was_read(data: bytes) -> None:
    try:
        size = dimensions(data)
    except JpegError:
        return
    frame = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert frame is None or (frame.shape[1], frame.shape[0]) == size
