"""The client's pages: built by Vite into server/static, the same document under every page's address."""

from pathlib import Path

from aiohttp import web

from server.api.calls import Call
from server.errors import NotFound

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
    index = STATIC / "index.html"
    if not index.is_file():
        raise NotFound("The client is not built. Run `make setup`.")
    return web.FileResponse(index, headers=HEADERS)


def add_assets(app: web.Application) -> None:
    """Serve the scripts and styles; their names hold a hash of their content."""
    if (STATIC / "assets").is_dir():
        app.router.add_static("/assets", STATIC / "assets", append_version=False)
