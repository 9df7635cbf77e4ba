"""How the server is, for machines."""

from typing import Any

from aiohttp import web

from server import VERSION
from server.api.calls import Call, bearer
from server.errors import NotAllowed, NotFound
from server.protocol import Provider, Role


async def health(call: Call) -> web.StreamResponse:
    """Whether it works, and with which detector. 200 as long as exams go on; `status` says if something is amiss."""
    services = call.services
    monitor, ledger = services.monitor, services.ledger
    wanted = services.settings.workers
    videos = {provider: each.away_since for provider, each in services.providers if provider != Provider.BUILTIN}
    amiss = any(videos.values()) or ledger.away or monitor.failing or monitor.workers_alive != wanted
    body: dict[str, Any] = {
        "ok": True,
        "status": "degraded" if amiss else "ok",
        "version": VERSION,
        "detector": monitor.name,
        "notice": monitor.notice_text,
        "workers": {"wanted": wanted, "alive": monitor.workers_alive},
        "database": "away" if ledger.away else "ok",
        "video": {provider: "away" if since else "ok" for provider, since in videos.items()},
        "signing_key": services.signing_key.public,
    }
    return web.json_response(body)


async def metrics(call: Call) -> web.StreamResponse:
    """Everything that is counted, for Prometheus."""
    services = call.services
    if services.settings.metrics == "off":
        raise NotFound("There is nothing under this address.")
    closed = services.settings.metrics == "operator"
    if closed and services.tokens.identify(bearer(call.request)).role is not Role.OPERATOR:
        raise NotAllowed("Metrics are for the operator. INVIGIL_METRICS=open opens them.")
    services.metrics.spool_bytes.set(await services.ledger.waiting())
    headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return web.Response(body=services.metrics.render(), headers=headers)
