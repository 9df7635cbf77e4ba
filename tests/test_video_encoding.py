"""Frames to one closed group of pictures: each at its own time, decodable alone, looking as they did."""

import av
import cv2
import numpy as np
import pytest

from detection.analyzer import decode
from detection.faces import Frame
from server.video import encoding
from server.video.encoding import GREY, Encoding, Piece, encode, fitted
from server.video.mp4 import even

from . import faces, streams
from .pictures import BAD_PICTURES, undecodable

SIZE = (240, 180)
"""Of a video that most of the pictures below do not fit exactly."""
JPEGS = [streams.picture(n) for n in range(1, 13)]
TIMES = [40, 41, 240, 400, 9_000, 9_200, 9_201, 9_202, 10_000, 10_200, 70_000, 3_600_000]


def decoded(piece: Piece) -> list[Frame]:
    """The pictures, by a decoder that knows nothing else."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = piece.config
    found: list[Frame] = []
    for packet in [*(av.Packet(each.data) for each in piece.pictures), None]:
        for frame in decoder.decode(packet):
            assert (frame.width, frame.height) == SIZE
            found.append(np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8))
    return found


def noise(one: Frame, other: Frame) -> float:
    """Peak signal to noise, in dB."""
    return float(cv2.PSNR(one, other))


def test_every_frame_keeps_its_time_and_looks_as_it_did() -> None:
    piece = encode(zip(TIMES, JPEGS, strict=True), size=SIZE)
    assert [each.at for each in piece.pictures] == TIMES
    assert piece.unreadable == 0
    for jpeg, shown in zip(JPEGS, decoded(piece), strict=True):
        assert noise(fitted(decode(jpeg), SIZE), shown) > 28


def test_a_piece_begins_with_a_picture_that_needs_no_other() -> None:
    first, second = (encode(zip(TIMES[n : n + 6], JPEGS[n : n + 6], strict=True), size=SIZE) for n in (0, 6))
    for piece in (first, second):
        assert [each.key for each in piece.pictures] == [True] + [False] * 5
        assert len(decoded(piece)) == 6
    assert first.config == second.config, "pieces of one video are one stream"


def test_a_seek_never_has_far_to_go() -> None:
    piece = encode(((n, JPEGS[0]) for n in range(120)), size=SIZE)
    assert [each.at for each in piece.pictures if each.key] == [0, 50, 100]


def test_the_same_frames_give_the_same_bytes() -> None:
    assert encode(zip(TIMES, JPEGS, strict=True), size=SIZE) == encode(zip(TIMES, JPEGS, strict=True), size=SIZE)


SPOILT = {name: jpeg for name, (jpeg, code) in BAD_PICTURES.items() if code != "too_large"}


@pytest.mark.parametrize("jpeg", [*SPOILT.values(), undecodable()], ids=[*SPOILT, "spoilt behind its headers"])
def test_what_is_no_picture_leaves_the_one_before_it(jpeg: bytes) -> None:
    piece = encode([(0, JPEGS[0]), (200, jpeg), (400, JPEGS[2])], size=SIZE)
    assert ([each.at for each in piece.pictures], piece.unreadable) == ([0, 400], 1)


def test_nothing_but_what_is_no_picture_is_an_empty_piece() -> None:
    assert encode([(0, b""), (1, b"x")], size=SIZE) == Piece(b"", (), 2)
    assert encode([], size=SIZE, lead=True) == Piece(b"", (), 0)


def test_before_the_first_frame_there_is_a_grey_picture() -> None:
    piece = encode([(1, b"x"), (1_500, JPEGS[0])], size=SIZE, lead=True)
    assert [(each.at, each.key) for each in piece.pictures] == [(0, True), (1_500, False)]
    grey, shown = decoded(piece)
    assert abs(int(grey.min()) - GREY) <= 2
    assert abs(int(grey.max()) - GREY) <= 2
    assert noise(fitted(decode(JPEGS[0]), SIZE), shown) > 28


def test_a_frame_that_is_there_at_once_has_nothing_before_it() -> None:
    assert [each.at for each in encode([(0, JPEGS[0])], size=SIZE, lead=True).pictures] == [0]


@pytest.mark.parametrize(
    ("width", "height", "inside"),
    [
        (240, 180, (0, 0, 240, 180)),
        (480, 360, (0, 0, 240, 180)),
        (120, 90, (0, 0, 240, 180)),
        (320, 180, (0, 22, 240, 135)),
        (90, 180, (75, 0, 90, 180)),
        (1920, 40, (0, 87, 240, 5)),
        (239, 179, (0, 0, 239, 179)),
    ],
)
def test_a_frame_of_another_size_is_fitted_with_black_beside_it(
    width: int, height: int, inside: tuple[int, int, int, int]
) -> None:
    shown = fitted(np.full((height, width, 3), 200, dtype=np.uint8), SIZE)
    assert shown.shape == (SIZE[1], SIZE[0], 3)
    x, y, w, h = inside
    assert (shown[y : y + h, x : x + w] == 200).all()
    assert int((shown == 200).sum()) == 3 * w * h
    assert int((shown == 0).sum()) == shown.size - 3 * w * h


@pytest.mark.parametrize(("size", "least"), [((480, 360), (480, 360)), ((33, 32), (34, 32)), ((41, 55), (42, 56))])
def test_a_video_has_even_sides(size: tuple[int, int], least: tuple[int, int]) -> None:
    assert even(size) == least


def test_colours_stay_what_they_are() -> None:
    bars = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0), (40, 200, 220)]
    for n, colour in enumerate(colours):
        bars[:, 40 * n : 40 * n + 40] = colour
    [shown] = decoded(encode([(0, faces.encode(bars, quality=95))], size=SIZE))
    for n, colour in enumerate(colours):
        assert np.abs(shown[90, 40 * n + 20].astype(int) - colour).max() <= 12


def test_another_encoder_serves_as_well() -> None:
    how = Encoding("libx264", {"preset": "medium", "crf": "40", "bf": "0"})
    small, large = (
        encode(zip(TIMES, JPEGS, strict=True), size=SIZE, how=how),
        encode(zip(TIMES, JPEGS, strict=True), size=SIZE, how=encoding.PLAYER),
    )
    assert [each.at for each in small.pictures] == [each.at for each in large.pictures]
    assert sum(len(each.data) for each in small.pictures) < sum(len(each.data) for each in large.pictures)
