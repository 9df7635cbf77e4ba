"""The client's pages: built by Vite into server/static, the same document under every page's address."""

from pathlib import Path

from aiohttp import web

from server.api.calls import Call
from server.errors import NotFound

DOCUMENT = web.AppKey("document", bytes)
STATIC = Path(__file__).parent.parent / "static"

HEADERS = {
    # Nothing comes from another host. `blob:` workers encode frames off the main thread.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
        "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), fullscreen=(self), display-capture=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


async def page(call: Call) -> web.StreamResponse:
    """The one document; it looks at its own address."""
    if DOCUMENT not in call.request.app:
        raise NotFound("The client is not built. Run `make setup`.")
    return web.Response(body=call.request.app[DOCUMENT], content_type="text/html", charset="utf-8", headers=HEADERS)


def add_assets(app: web.Application) -> None:
    """Read the document, and serve the scripts and styles; their names hold a hash of their content."""
    if (STATIC / "index.html").is_file():
        app[DOCUMENT] = (STATIC / "index.html").read_bytes()
        app.router.add_static("/assets", STATIC / "assets", append_version=False)
