"""The parts of the server that handlers, of HTTP and of sockets, may use."""

from collections.abc import Callable
from dataclasses import dataclass

from server.attendance import Attendance
from server.bundling import Bundling
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
from server.retention.keeping import Keeper
from server.retention.sweeping import Sweeper
from server.rooms import Rooms
from server.settings import Settings
from server.templates import Templates
from server.tokens import Tokens
from server.video.videos import Videos
from server.views import IncidentViews
from server.webhooks import Webhooks
from storage.database import Database
from storage.ledger import Ledger
from storage.recordings.chain import SigningKey


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that handlers may use."""

    settings: Settings
    tokens: Tokens
    links: Links
    lobby: Lobby
    providers: Providers
    rooms: Rooms
    attendance: Attendance
    provider_webhooks: ProviderWebhooks
    intake: Intake
    incidents: Incidents
    monitor: Monitor
    photos: Photos
    templates: Templates
    pacing: Pacing
    recorder: Recorder
    playback: Playback
    videos: Videos
    bundling: Bundling
    webhooks: Webhooks
    keeper: Keeper
    sweeper: Sweeper
    signing_key: SigningKey
    database: Database
    ledger: Ledger
    views: IncidentViews
    metrics: Metrics
    clock: Callable[[], float]
    """Seconds since the epoch."""
