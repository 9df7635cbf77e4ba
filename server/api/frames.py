"""The way in for frames when a socket cannot be had."""

from server import protocol
from server.api.calls import Call
from server.broadcast import open_warnings
from server.errors import Invalid, TooLarge


async def receive(call: Call) -> protocol.FrameAck:
    """Take one frame. The answer holds what a socket would have been sent: the pace and the open warnings."""
    assert call.identity is not None
    candidate = await call.services.lobby.candidate(call.identity)
    headers = call.request.headers
    if (call.request.content_length or 0) > protocol.MAX_FRAME_BYTES:
        raise TooLarge(f"The frame is too large; the limit is {protocol.MAX_FRAME_BYTES} bytes.")
    data = {
        "seq": _number(headers.get("X-Seq"), "X-Seq", int),
        "captured_at": _number(headers.get("X-Captured-At"), "X-Captured-At", float),
        "jpeg": await call.request.read(),
    }
    call.services.intake.frame(candidate, data)
    return protocol.FrameAck(
        pace=call.services.pacing.of(candidate),
        warnings=open_warnings(candidate),
        messages=list(candidate.messages) or None,
    )


async def note(call: Call) -> protocol.Done:
    """Take an activity where a socket cannot be had."""
    assert call.identity is not None
    candidate = await call.services.lobby.candidate(call.identity)
    await call.services.intake.activity(candidate, await call.json())
    return protocol.Done()


def _number(text: str | None, name: str, kind: type[int] | type[float]) -> float:
    try:
        return kind((text or "")[:40])
    except ValueError:
        raise Invalid(f"The header {name} is needed, as a number.") from None
