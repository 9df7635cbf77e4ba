"""The composition root: opens what a server stands on, sets its parts going, and takes them down in reverse order."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from aiohttp import web

from server.api.calls import MAX_BODY_BYTES, SERVICES, errors, uncompressed
from server.api.origins import origins
from server.api.routes import add_routes
from server.assembly import Assembly, Outside, Stores
from server.candidate_channel import CandidateChannel
from server.channels import Channels
from server.metrics import Metrics
from server.proctor_channel import ProctorChannel
from server.providers import Providers
from server.services import Services
from server.settings import Settings
from server.templates import Seal
from server.tokens import Tokens
from storage.database import Database, migrate
from storage.embedded import EmbeddedPostgres
from storage.folder import DataFolder
from storage.ledger import Ledger
from storage.objects import ObjectStore
from storage.recordings.chain import SigningKey
from storage.spool import Spool

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 0.5
"""For requests under way. aiohttp waits twice this long; its default of 60 would keep a server up for minutes."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes connections."""

    url: str
    """Where."""
    operator_url: str
    """The console, with the operator's token behind the #."""
    services: Services
    """Its parts, for tests."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """A server, from its data folder up, until the context ends.

    Raises:
        FolderInUse, EmbeddedDatabaseFailed, DatabaseAway, ObjectStoreError, DetectorFailed, WorkerLost, OSError:
        why it could not start.
    """
    async with AsyncExitStack() as stack:
        folder = await asyncio.to_thread(DataFolder, settings.data_dir)
        stack.callback(folder.release)
        database = await _database(settings, folder, stack)
        # Hexadecimal: a command's word must not begin with a dash.
        operator_token = (
            settings.operator_token.get_secret_value() if settings.operator_token else secrets.token_hex(32)
        )
        key = settings.secret.get_secret_value() if settings.secret else await asyncio.to_thread(folder.secret)
        tokens = Tokens(key, operator_token, lifetime=settings.token_lifetime)
        metrics = Metrics()
        stores = await _stores(settings, folder, database, metrics)
        outside = await _outside(settings, metrics, stack)
        parts = Assembly(settings, tokens, Seal(key), stores, outside, metrics)
        services = parts.services
        await _start(services, stack)
        url = await _listen(_application(services, parts.channels), settings, stack)
        yield Running(url, f"{url}/#token={operator_token}", services)


async def _database(settings: Settings, folder: DataFolder, stack: AsyncExitStack) -> Database:
    """The operator's database, or our own; migrated."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
    else:
        embedded = await asyncio.to_thread(EmbeddedPostgres, folder.postgres)
        stack.push_async_callback(asyncio.to_thread, embedded.stop)
        url = embedded.url
    await asyncio.to_thread(migrate, url)
    database = await Database.connect(url)
    stack.push_async_callback(database.close)
    return database


async def _outside(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> Outside:
    """Everything that asks something of others. Made in a thread, since it reads the certificates of this machine."""
    providers = await asyncio.to_thread(Providers.of, settings, metrics)
    stack.push_async_callback(providers.close)
    http = await asyncio.to_thread(httpx.AsyncClient, headers={"Accept-Encoding": "identity"}, follow_redirects=False)
    stack.push_async_callback(http.aclose)
    return Outside(providers, http)


async def _stores(settings: Settings, folder: DataFolder, database: Database, metrics: Metrics) -> Stores:
    """Everything that keeps something."""
    evidence, recordings = (
        ObjectStore.at(url) if url else ObjectStore.local(local)
        for url, local in ((settings.evidence_url, folder.evidence), (settings.recordings_url, folder.recordings))
    )
    spool = await asyncio.to_thread(Spool, folder.spool)
    ledger = Ledger(database, evidence, spool, spooled=metrics.spooled.inc)
    return Stores(folder, database, ledger, recordings, SigningKey(await asyncio.to_thread(folder.signing_key)))


async def _start(services: Services, stack: AsyncExitStack) -> None:
    """Set the loops going. They end in the reverse order: what is pending is still kept and told."""
    await services.ledger.drain()  # before anybody looks for what was left open
    await services.webhooks.start()
    stack.push_async_callback(services.webhooks.close)
    services.incidents.start()
    stack.push_async_callback(services.incidents.close)
    services.templates.start()
    stack.push_async_callback(services.templates.close)
    stack.push_async_callback(services.recorder.close_all)
    await services.recorder.start()
    await services.videos.start()
    stack.push_async_callback(services.videos.close)
    await services.monitor.start()
    stack.push_async_callback(services.monitor.close)
    services.photos.start()
    stack.push_async_callback(services.photos.close)
    services.pacing.start()
    stack.push_async_callback(services.pacing.close)
    await services.lobby.resume()
    stack.push_async_callback(services.playback.close)
    services.sweeper.start()
    stack.push_async_callback(services.sweeper.close)
    services.rooms.start()
    stack.push_async_callback(services.rooms.close)
    services.attendance.start()
    stack.push_async_callback(services.attendance.close)


def _application(services: Services, channels: Channels) -> web.Application:
    """HTTP and sockets."""
    app = web.Application(middlewares=[uncompressed, origins, errors], client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    channels.attach(app)
    channels.open(
        CandidateChannel(channels.broadcast, services),
        ProctorChannel(channels.broadcast, services),
        notice=lambda: services.monitor.notice_text,
    )
    # Before anything else ends. Left to the library, sockets would be closed last, on a closed database.
    app.on_shutdown.append(lambda _: channels.close())
    add_routes(app)
    return app


async def _listen(app: web.Application, settings: Settings, stack: AsyncExitStack) -> str:
    """Take connections, and say where. First of all to end: no new ones, then `on_shutdown` hangs up."""
    # No access log: addresses and what is asked for are nobody's business; /metrics has the counts.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.host, settings.port)
    await site.start()
    host, port = runner.addresses[0][:2]
    shown = f"[{host}]" if ":" in str(host) else host
    return str(settings.public_url).rstrip("/") if settings.public_url else f"http://{shown}:{port}"
