"""What part of something a request asks for (RFC 9110, 13 and 14). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be sent."""

    status: int
    """200 all of it, 206 a part, 304 it is there already, 416 there is no such part."""
    first: int = 0
    """The first byte."""
    last: int = -1
    """The last one; below `first` when nothing is sent."""


def part(headers: Mapping[str, str], *, length: int, tag: str) -> Part:
    """What a GET asks for.

    Args:
        headers: of the request.
        length: bytes of all; 1 or more.
        tag: the strong entity tag, without quotes.
    """
    mine = f'"{tag}"'
    if (known := headers.get("If-None-Match")) is not None:
        tags = {each.strip().removeprefix("W/") for each in known.split(",")}
        if mine in tags or tags == {"*"}:
            return Part(304)
    whole = Part(200, 0, length - 1)
    # A condition that does not hold, or several parts at once, which nobody's player asks for: all of it.
    if headers.get("If-Range", mine) != mine:
        return whole
    asked = _RANGE.fullmatch(headers.get("Range", "").strip())
    if asked is None:
        return whole
    first, last, suffix = asked.groups()
    if suffix is not None:
        count = min(int(suffix), length)
        return Part(206, length - count, length - 1) if count else Part(416)
    if int(first) >= length:
        return Part(416)
    end = min(int(last), length - 1) if last else length - 1
    return Part(206, int(first), end) if end >= int(first) else whole
