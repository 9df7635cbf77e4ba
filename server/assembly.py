"""Every part of the server, each given what it needs; made once, when it is first asked for. Nothing runs here yet."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property

import httpx

from server.archive import Archive
from server.attendance import Attendance
from server.bundling import Bundling
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
from storage.database import Database
from storage.folder import DataFolder
from storage.ledger import Ledger
from storage.objects import ObjectStore
from storage.recordings.chain import SigningKey
from storage.retention import Retention


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


def steady_clock() -> Callable[[], float]:
    """Seconds since the epoch that never jump: a clock that is set back would stop all sampling until it caught up."""
    began = time.time() - time.monotonic()
    return lambda: began + time.monotonic()


class Assembly:
    """The parts of one server."""

    def __init__(
        self, settings: Settings, tokens: Tokens, seal: Seal, stores: Stores, outside: Outside, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._seal = seal
        self._stores = stores
        self._outside = outside
        self._metrics = metrics
        self._clock = steady_clock()

    @cached_property
    def services(self) -> Services:
        """What handlers may use."""
        return Services(
            settings=self._settings,
            tokens=self._tokens,
            links=self._links,
            lobby=self._lobby,
            providers=self._outside.providers,
            rooms=self._rooms,
            attendance=self._attendance,
            provider_webhooks=self._provider_webhooks,
            intake=self._intake,
            incidents=self._incidents,
            monitor=self._monitor,
            photos=self._photos,
            templates=self._templates,
            pacing=self._pacing,
            recorder=self._recorder,
            playback=self._playback,
            videos=self._videos,
            bundling=self._bundling,
            webhooks=self._webhooks,
            keeper=self._keeper,
            sweeper=Sweeper(self._keeper, self._compacting()),
            signing_key=self._stores.signing_key,
            database=self._stores.database,
            ledger=self._stores.ledger,
            views=self._views,
            metrics=self._metrics,
            clock=self._clock,
        )

    @cached_property
    def channels(self) -> Channels:
        """The sockets."""
        return Channels(self._settings.allowed_origins, self._metrics)

    @cached_property
    def _links(self) -> Links:
        return Links(self._tokens, lifetime=self._settings.evidence_link_lifetime)

    @cached_property
    def _views(self) -> IncidentViews:
        return IncidentViews(self._links)

    # --- the way of a frame -------------------------------------------------------------------------------

    @cached_property
    def _intake(self) -> Intake:
        return Intake(
            lobby=self._lobby,
            monitor=self._monitor,
            photos=self._photos,
            recorder=self._recorder,
            incidents=self._incidents,
            metrics=self._metrics,
            clock=self._clock,
        )

    @cached_property
    def _monitor(self) -> Monitor:
        return Monitor(
            detector=self._settings.detector,
            models=self._settings.models_dir,
            workers=self._settings.workers,
            incidents=self._incidents,
            templates=self._templates,
            recorder=self._recorder,
            metrics=self._metrics,
            clock=self._clock,
        )

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self._seal, self._stores.database, self._clock)

    @cached_property
    def _photos(self) -> Photos:
        return Photos(monitor=self._monitor, ledger=self._stores.ledger, metrics=self._metrics)

    @cached_property
    def _pacing(self) -> Pacing:
        return Pacing(candidates=self._lobby.candidates, sender=self.channels.broadcast, metrics=self._metrics)

    @cached_property
    def _incidents(self) -> Incidents:
        return Incidents(
            ledger=self._stores.ledger,
            database=self._stores.database,
            view=self._views.incident,
            announcer=self.channels.broadcast,
            outgoing=self._webhooks.of_incident,
            metrics=self._metrics,
            clock=self._clock,
        )

    @cached_property
    def _webhooks(self) -> Webhooks:
        secret = self._settings.webhook_secret
        return Webhooks(
            urls=[str(url) for url in self._settings.webhook_urls],
            secret="" if secret is None else secret.get_secret_value(),
            database=self._stores.database,
            ledger=self._stores.ledger,
            metrics=self._metrics,
            clock=self._clock,
        )

    # --- meetings, here and at other services -------------------------------------------------------------

    @cached_property
    def _lobby(self) -> Lobby:
        return Lobby(
            settings=self._settings,
            database=self._stores.database,
            incidents=self._incidents,
            monitor=self._monitor,
            templates=self._templates,
            recorder=self._recorder,
            presence=self.channels,
            rooms=self._rooms,
            webhooks=self._webhooks,
            clock=self._clock,
        )

    @cached_property
    def _rooms(self) -> Rooms:
        return Rooms(
            providers=self._outside.providers,
            database=self._stores.database,
            metrics=self._metrics,
            clock=self._clock,
        )

    @cached_property
    def _attendance(self) -> Attendance:
        return Attendance(
            lobby=self._lobby,
            rooms=self._rooms,
            providers=self._outside.providers,
            monitor=self._monitor,
            teller=self.channels.broadcast,
            database=self._stores.database,
            clock=self._clock,
        )

    @cached_property
    def _provider_webhooks(self) -> ProviderWebhooks:
        return ProviderWebhooks(
            settings=self._settings,
            providers=self._outside.providers,
            attendance=self._attendance,
            database=self._stores.database,
            metrics=self._metrics,
            clock=self._clock,
            http=self._outside.http,
        )

    # --- recordings ---------------------------------------------------------------------------------------

    @cached_property
    def _recorder(self) -> Recorder:
        archive = Archive(
            store=self._stores.recordings,
            ledger=self._stores.ledger,
            database=self._stores.database,
            key=self._stores.signing_key,
            settled=self._incidents.settled,
            metrics=self._metrics,
        )
        return Recorder(
            enabled=self._settings.record,
            folder=self._stores.folder.growing,
            archive=archive,
            database=self._stores.database,
            metrics=self._metrics,
            clock=self._clock,
        )

    @cached_property
    def _playback(self) -> Playback:
        return Playback(
            database=self._stores.database,
            store=self._stores.recordings,
            recorder=self._recorder,
            folder=self._stores.folder.growing,
        )

    @cached_property
    def _videos(self) -> Videos:
        shelf = Shelf(self._stores.folder.videos, limit=self._settings.video_cache * 1e9)
        return Videos(database=self._stores.database, playback=self._playback, shelf=shelf, metrics=self._metrics)

    @cached_property
    def _bundling(self) -> Bundling:
        return Bundling(
            database=self._stores.database,
            ledger=self._stores.ledger,
            store=self._stores.recordings,
            recorder=self._recorder,
            key=self._stores.signing_key,
            clock=self._clock,
        )

    # --- keeping and deleting -----------------------------------------------------------------------------

    @cached_property
    def _keeper(self) -> Keeper:
        retention = Retention(self._stores.database)
        deleter = Deleter(
            database=self._stores.database,
            retention=retention,
            ledger=self._stores.ledger,
            store=self._stores.recordings,
            forget_video=self._videos.forget,
            key=self._stores.signing_key,
            clock=self._clock,
        )
        return Keeper(
            days=self._settings.days,
            database=self._stores.database,
            retention=retention,
            ledger=self._stores.ledger,
            recorder=self._recorder,
            deleter=deleter,
            rooms=self._lobby,
            metrics=self._metrics,
            settled=self._incidents.settled,
            clock=self._clock,
        )

    def _compacting(self) -> Callable[[], Awaitable[None]] | None:
        """Re-encodes cold recordings, where that is asked for; in one process, of the lowest priority."""
        days = self._settings.compact_after_days
        if days is None:
            return None
        compactor = Compactor(
            database=self._stores.database,
            retention=Retention(self._stores.database),
            store=self._stores.recordings,
            key=self._stores.signing_key,
            clock=self._clock,
            processes=1,
        )

        async def compact() -> None:
            await compactor.run(days=days)

        return compact
