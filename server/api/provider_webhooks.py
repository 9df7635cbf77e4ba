"""Webhooks of Dyte and RealtimeKit."""

from server import protocol
from server.api.calls import Call
from server.errors import TooLarge
from server.provider_webhooks import MAX_BODY_BYTES


async def receive(call: Call) -> protocol.Done:
    """Take a webhook. 4xx is final to the senders, 5xx is sent again, and they wait for 3 s."""
    if (call.request.content_length or 0) > MAX_BODY_BYTES:
        raise TooLarge(f"The webhook is too large; the limit is {MAX_BODY_BYTES} bytes.")
    body = await call.request.read()  # the very bytes: they are what is signed
    await call.services.provider_webhooks.receive(call.request.match_info["provider"], call.request.headers, body)
    return protocol.Done()
