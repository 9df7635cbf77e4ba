"""Pages of other origins: those in INVIGIL_ALLOWED_ORIGINS may use the API, and nobody else's."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from server.api.calls import SERVICES

HEADERS = "Authorization, Content-Type, X-Captured-At, X-Seq"
METHODS = "GET, POST, PUT"
MAX_AGE = "600"
"""Seconds for which a browser need not ask again."""


@web.middleware
async def origins(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer the browsers' question whether a page may, and mark every answer for a page that may."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    allowed = origin in request.app[SERVICES].settings.allowed_origins
    if allowed and request.method == hdrs.METH_OPTIONS:
        answer: web.StreamResponse = web.Response(status=204)
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = HEADERS
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = METHODS
        answer.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = MAX_AGE
    else:
        answer = await handler(request)
    # No credentials: tokens travel in a header that a page must set itself. Sockets set their own headers.
    if allowed and not answer.prepared:
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        answer.headers[hdrs.VARY] = hdrs.ORIGIN
    return answer
