"""Pictures that must be refused at the door, with the code that says why."""

from . import faces


def claiming(width: int, height: int) -> bytes:
    """A picture whose header says that it is this large."""
    good = faces.one_face()
    at = good.index(b"\xff\xc0")
    return good[: at + 5] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + good[at + 9 :]


def padded(size: int) -> bytes:
    """A good picture with so many bytes of nothing before its end."""
    return faces.one_face()[:-2] + b"\0" * size + b"\xff\xd9"


def undecodable() -> bytes:
    """A picture that is let in by its headers and that no decoder takes: its Huffman table is spoilt."""
    good = faces.one_face()
    at = good.index(b"\xff\xc4")
    return good[: at + 5] + b"\xff" * 16 + good[at + 21 :]


BAD_PICTURES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not_a_jpeg"),
    "text": (b"hello", "not_a_jpeg"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not_a_jpeg"),
    "half a JPEG": (faces.one_face()[: len(faces.one_face()) // 2], "truncated_jpeg"),
    "a JPEG without its end": (faces.one_face()[:-2], "truncated_jpeg"),
    "30000 by 30000 pixels": (claiming(30000, 30000), "bad_dimensions"),
    "8 by 8 pixels": (faces.one_face(8, 8), "bad_dimensions"),
    "over 512 KB": (padded(512 * 1024), "too_large"),
}
