"""The client's pages: built by Vite into server/static, the same document under every page's address."""

from pathlib import Path

from aiohttp import web

from server.api.calls import Call
from server.errors import NotFound

DOCUMENT = web.AppKey("document", bytes)
STATIC = Path(__file__).parent.parent / "static"

HOSTS = {
    "realtimekit": "https://*.realtime.cloudflare.com",
    "dyte": "https://*.dyte.io https://*.dyte.in https://dyte-uploads.s3.ap-south-1.amazonaws.com",
}
"""What the services' own interfaces ask, on the pages `/exam/NAME` and `/proctor/NAME` that show a meeting there."""


def policy(path: str) -> str:
    """What a page may load: from nowhere but here, and in a video meeting data, pictures and sounds of its service."""
    page, _, name = path.removeprefix("/").partition("/")
    room = f" {HOSTS[name]}" if page in ("exam", "proctor") and name in HOSTS else ""
    # `blob:` workers encode frames off the main thread, and are the clock of the services' video middlewares.
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:{room}; "
        f"media-src 'self' blob:{room}; worker-src 'self' blob:; connect-src 'self' ws: wss:{room}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


HEADERS = {
    "Permissions-Policy": "camera=(self), microphone=(self), fullscreen=(self), display-capture=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


async def page(call: Call) -> web.StreamResponse:
    """The one document; it looks at its own address."""
    if DOCUMENT not in call.request.app:
        raise NotFound("The client is not built. Run `make setup`.")
    headers = {**HEADERS, "Content-Security-Policy": policy(call.request.path)}
    return web.Response(body=call.request.app[DOCUMENT], content_type="text/html", charset="utf-8", headers=headers)


def add_assets(app: web.Application) -> None:
    """Read the document, and serve the scripts and styles; their names hold a hash of their content."""
    if (STATIC / "index.html").is_file():
        app[DOCUMENT] = (STATIC / "index.html").read_bytes()
        app.router.add_static("/assets", STATIC / "assets", append_version=False)
