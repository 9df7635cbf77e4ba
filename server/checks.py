"""What comes from outside, checked: messages, and pictures by their headers."""

from typing import Any, TypeVar

from pydantic import ValidationError

from detection import jpeg
from server.errors import BadFrame, Invalid, TooLarge
from server.protocol import MAX_FRAME_BYTES, Wire

Message = TypeVar("Message", bound=Wire)


def check_picture(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of what says it is a JPEG. Reads its headers and decodes nothing.

    Raises:
        TooLarge: over 512 KB.
        BadFrame: `not_a_jpeg`, `truncated_jpeg` or `bad_dimensions`.
    """
    if len(data) > MAX_FRAME_BYTES:
        raise TooLarge(f"The frame has {len(data)} bytes; the limit is {MAX_FRAME_BYTES}.")
    try:
        return jpeg.dimensions(data)
    except jpeg.NotAJpeg as error:
        raise BadFrame(str(error), code="not_a_jpeg") from None
    except jpeg.TruncatedJpeg as error:
        raise BadFrame(str(error), code="truncated_jpeg") from None
    except jpeg.BadDimensions as error:
        raise BadFrame(str(error), code="bad_dimensions") from None


def parse(model: type[Message], data: Any) -> Message:
    """A message from what came over the wire.

    Raises:
        Invalid: names every field that is missing, unknown or out of range, without its value.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(faults(error)) from None


def faults(error: ValidationError) -> str:
    """What pydantic found, in one line, without the values: they may be secrets or pictures."""
    return "; ".join(fault_lines(error, upper=False)[:10])


def fault_lines(error: ValidationError, *, upper: bool) -> list[str]:
    """What pydantic found, as `field: what is wrong`, without the values; `upper` writes fields as settings are."""
    found = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in each["loc"])[:100]
        text = each["msg"].removeprefix("Value error, ")
        name, colon, rest = text.partition(":")
        if not where and colon:
            where, text = name, rest.strip()
        found.append(f"{where.upper() if upper else where}: {text}" if where else text)
    return found
