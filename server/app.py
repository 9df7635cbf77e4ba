"""The composition root: makes every part, hands each what it needs, and takes them down in the reverse order."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from aiohttp import web

from server.api.calls import MAX_BODY_BYTES, SERVICES, errors, uncompressed
from server.api.origins import origins
from server.api.routes import add_routes
from server.archive import Archive
from server.attendance import Attendance
from server.bundling import Bundling
from server.candidate_channel import CandidateChannel
from server.channels import Channels
from server.incidents import Incidents
from server.intake import Intake
from server.links import Links
from server.lobby import Lobby
from server.metrics import Metrics
from server.monitor import Monitor
from server.pacing import Pacing
from server.photos import Photos
from server.playback import Playback
from server.proctor_channel import ProctorChannel
from server.provider_webhooks import ProviderWebhooks
from server.providers import Providers
from server.recorder import Recorder
from server.retention.compacting import Compactor
from server.retention.deleting import Deleter
from server.retention.keeping import Keeper
from server.retention.sweeping import Sweeper
from server.rooms import Rooms
from server.services import Services
from server.settings import Settings
from server.templates import Seal, Templates
from server.tokens import Tokens
from server.video.shelf import Shelf
from server.video.videos import Videos
from server.views import IncidentViews
from server.webhooks import Webhooks
from storage.database import Database, migrate
from storage.embedded import EmbeddedPostgres
from storage.folder import DataFolder
from storage.ledger import Ledger
from storage.objects import ObjectStore
from storage.recordings.chain import SigningKey
from storage.retention import Retention
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


@dataclass(frozen=True, slots=True)
class Stores:
    """Where everything is kept."""

    folder: DataFolder
    """On this machine."""
    database: Database
    """Rows."""
    ledger: Ledger
    """Rows and photographs, also while their homes are away."""
    recordings: ObjectStore
    """Segments of recordings."""
    signing_key: SigningKey
    """What recordings are signed with."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What is asked of others."""

    providers: Providers
    """The services that hold the video."""
    http: httpx.AsyncClient
    """For what they publish."""


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
        services, channels = _assemble(settings, tokens, Seal(key), stores, outside, metrics)
        await _start(services, stack)
        url = await _listen(_application(services, channels), settings, stack)
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


def steady_clock() -> Callable[[], float]:
    """Seconds since the epoch that never jump: a clock that is set back would stop all sampling until it caught up."""
    began = time.time() - time.monotonic()
    return lambda: began + time.monotonic()


def _assemble(
    settings: Settings, tokens: Tokens, seal: Seal, stores: Stores, outside: Outside, metrics: Metrics
) -> tuple[Services, Channels]:
    """The parts, each given what it needs. Nothing runs yet."""
    clock, database, ledger = steady_clock(), stores.database, stores.ledger
    channels = Channels(settings.allowed_origins, metrics)
    links = Links(tokens, lifetime=settings.evidence_link_lifetime)
    views = IncidentViews(links)
    webhooks = Webhooks(
        urls=[str(url) for url in settings.webhook_urls],
        secret=settings.webhook_secret.get_secret_value() if settings.webhook_secret else "",
        database=database,
        ledger=ledger,
        metrics=metrics,
        clock=clock,
    )
    incidents = Incidents(
        ledger=ledger,
        database=database,
        view=views.incident,
        announcer=channels.broadcast,
        outgoing=webhooks.of_incident,
        metrics=metrics,
        clock=clock,
    )
    templates = Templates(seal, database, clock)
    recorder = _recorder(settings, stores, incidents, metrics, clock)
    monitor = Monitor(
        detector=settings.detector,
        models=settings.models_dir,
        workers=settings.workers,
        incidents=incidents,
        templates=templates,
        recorder=recorder,
        metrics=metrics,
        clock=clock,
    )
    rooms = Rooms(providers=outside.providers, database=database, metrics=metrics, clock=clock)
    lobby = Lobby(
        settings=settings,
        database=database,
        incidents=incidents,
        monitor=monitor,
        templates=templates,
        recorder=recorder,
        presence=channels,
        rooms=rooms,
        webhooks=webhooks,
        clock=clock,
    )
    attendance = Attendance(
        lobby=lobby,
        rooms=rooms,
        providers=outside.providers,
        monitor=monitor,
        teller=channels.broadcast,
        database=database,
        clock=clock,
    )
    pacing = Pacing(candidates=lobby.candidates, sender=channels.broadcast, metrics=metrics)
    photos = Photos(monitor=monitor, ledger=ledger, metrics=metrics)
    intake = Intake(
        lobby=lobby,
        monitor=monitor,
        photos=photos,
        recorder=recorder,
        incidents=incidents,
        metrics=metrics,
        clock=clock,
    )
    playback = Playback(database=database, store=stores.recordings, recorder=recorder, folder=stores.folder.growing)
    shelf = Shelf(stores.folder.videos, limit=settings.video_cache * 1e9)
    videos = Videos(database=database, playback=playback, shelf=shelf, metrics=metrics)
    keeper = _keeper(settings, stores, recorder, lobby, incidents, videos, metrics, clock)
    services = Services(
        settings=settings,
        tokens=tokens,
        links=links,
        lobby=lobby,
        providers=outside.providers,
        rooms=rooms,
        attendance=attendance,
        provider_webhooks=ProviderWebhooks(
            settings=settings,
            providers=outside.providers,
            attendance=attendance,
            database=database,
            metrics=metrics,
            clock=clock,
            http=outside.http,
        ),
        intake=intake,
        incidents=incidents,
        monitor=monitor,
        photos=photos,
        templates=templates,
        pacing=pacing,
        recorder=recorder,
        playback=playback,
        videos=videos,
        bundling=Bundling(
            database=database,
            ledger=ledger,
            store=stores.recordings,
            recorder=recorder,
            key=stores.signing_key,
            clock=clock,
        ),
        webhooks=webhooks,
        keeper=keeper,
        sweeper=Sweeper(keeper, _compacting(settings, stores, clock)),
        signing_key=stores.signing_key,
        database=database,
        ledger=ledger,
        views=views,
        metrics=metrics,
        clock=clock,
    )
    return services, channels


def _keeper(
    settings: Settings,
    stores: Stores,
    recorder: Recorder,
    lobby: Lobby,
    incidents: Incidents,
    videos: Videos,
    metrics: Metrics,
    clock: Callable[[], float],
) -> Keeper:
    retention = Retention(stores.database)
    return Keeper(
        days=settings.days,
        database=stores.database,
        retention=retention,
        ledger=stores.ledger,
        recorder=recorder,
        deleter=Deleter(
            database=stores.database,
            retention=retention,
            ledger=stores.ledger,
            store=stores.recordings,
            forget_video=videos.forget,
            key=stores.signing_key,
            clock=clock,
        ),
        rooms=lobby,
        metrics=metrics,
        settled=incidents.settled,
        clock=clock,
    )


def _compacting(settings: Settings, stores: Stores, clock: Callable[[], float]) -> Callable[[], Awaitable[None]] | None:
    """Re-encodes cold recordings, where that is asked for; on one process, of the lowest priority."""
    days = settings.compact_after_days
    if days is None:
        return None
    compactor = Compactor(
        database=stores.database,
        retention=Retention(stores.database),
        store=stores.recordings,
        key=stores.signing_key,
        clock=clock,
        processes=1,
    )

    async def compact() -> None:
        await compactor.run(days=days)

    return compact


def _recorder(
    settings: Settings, stores: Stores, incidents: Incidents, metrics: Metrics, clock: Callable[[], float]
) -> Recorder:
    archive = Archive(
        store=stores.recordings,
        ledger=stores.ledger,
        database=stores.database,
        key=stores.signing_key,
        settled=incidents.settled,
        metrics=metrics,
    )
    return Recorder(
        enabled=settings.record,
        folder=stores.folder.growing,
        archive=archive,
        database=stores.database,
        metrics=metrics,
        clock=clock,
    )


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
