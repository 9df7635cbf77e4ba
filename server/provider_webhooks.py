"""Webhooks that come in: whether Dyte or RealtimeKit really sent them, and once.

The signature is RSA-SHA256 (PKCS#1 v1.5) over the raw body, by a key that the service publishes. Nothing else is
signed, no time and no header: so what counts against replays is the body's hash, and the event's id beside it. That
memory is in the database and outlives a restart; what is older than it is put right by the next list of who is there.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from server.attendance import Attendance
from server.errors import Away, NotAuthenticated, NotFound, TooLarge
from server.meetings import moment
from server.metrics import Metrics
from server.protocol import Provider
from server.providers import Providers
from server.room_events import read
from server.settings import Settings
from storage.database import Database

logger = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 128 * 1024
"""Largest webhook; those that matter have 1 KB."""

ANSWER_SECONDS: Final = 2.5
"""The senders wait for 3."""

KEY_SECONDS: Final = 60.0
"""A key is fetched again when a signature does not fit it, but not when it is younger than this."""

RETRY_SECONDS: Final = 5.0
"""The same where it could not be fetched."""

FETCH_SECONDS: Final = 1.5
"""For fetching a key."""

MAX_KEY_BYTES: Final = 16 * 1024

REMEMBERED: Final = timedelta(days=7)
"""How long it is known that a webhook was taken."""

SIGNATURES: Final = ("rtk-signature", "dyte-signature")
IDS: Final = ("rtk-uuid", "dyte-uuid")
"""RealtimeKit still sends the names of Dyte to some."""


class PublicKey:
    """The key of one service, as it publishes it."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._key: RSAPublicKey | None = None
        self._fresh = False
        """Whether the last time it was fetched it could be."""
        self._due_at = 0.0
        self._fetching = asyncio.Lock()

    async def check(self, signature: str, body: bytes, http: httpx.AsyncClient) -> None:
        """Check a signature.

        Raises:
            NotAuthenticated: it is not of this body by this service.
            Away: that cannot be told, since its key cannot be had.
        """
        try:
            given = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            raise NotAuthenticated("The signature is not base64.") from None
        if self._key is not None and _fits(self._key, given, body):
            return
        # It may have a new key. Fetched once a minute at most, whoever sends us nonsense.
        async with self._fetching:
            if self._clock() >= self._due_at:
                await self._renew(http)
        if self._key is None or not self._fresh:
            raise Away("The key that checks webhooks cannot be fetched; send it again.")
        if not _fits(self._key, given, body):
            raise NotAuthenticated("The signature does not fit the body.")

    async def _renew(self, http: httpx.AsyncClient) -> None:
        try:
            self._key, self._fresh = await self._fetch(http), True
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            logger.warning("the key of webhooks cannot be fetched: %s", type(error).__name__)
            self._fresh = False
        self._due_at = self._clock() + (KEY_SECONDS if self._fresh else RETRY_SECONDS)

    async def _fetch(self, http: httpx.AsyncClient) -> RSAPublicKey:
        content = bytearray()
        async with asyncio.timeout(FETCH_SECONDS), http.stream("GET", self._url) as response:
            response.raise_for_status()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_KEY_BYTES:
                    raise ValueError("too large")
        return _key_in(bytes(content))


def _key_in(content: bytes) -> RSAPublicKey:
    """The key in the document that a service publishes, or in a bare PEM."""
    if not content.lstrip().startswith(b"-----BEGIN"):
        found = json.loads(content)
        data = found.get("data", found) if isinstance(found, dict) else None
        pem = data.get("publicKey") if isinstance(data, dict) else None
        if not isinstance(pem, str):
            raise ValueError("no key")
        content = pem.encode()
    key = load_pem_public_key(content)
    # A giant one would make every check slow.
    if not isinstance(key, RSAPublicKey) or not 2048 <= key.key_size <= 8192:
        raise ValueError("no RSA key of a usual size")
    return key


def _fits(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


class ProviderWebhooks:
    """The way of a webhook: checked, known or not, and handed on before it is answered."""

    def __init__(
        self,
        *,
        settings: Settings,
        providers: Providers,
        attendance: Attendance,
        database: Database,
        metrics: Metrics,
        clock: Callable[[], float],
        http: httpx.AsyncClient,
    ) -> None:
        urls = {
            Provider.DYTE: settings.dyte_webhook_key_url,
            Provider.REALTIMEKIT: settings.realtimekit_webhook_key_url,
        }
        known = {provider for provider, _ in providers}
        self._keys = {provider: PublicKey(str(url), clock) for provider, url in urls.items() if provider in known}
        self._attendance = attendance
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._http = http

    async def receive(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a webhook. One that was taken before, or that says nothing of who is there, has no effect.

        Raises:
            NotFound: this server is not set up for that service.
            TooLarge, NotAuthenticated, Invalid: it is none of that service's. Final.
            Away: it cannot be taken just now; the service sends it again.
        """
        if provider not in self._keys:
            raise NotFound("This server is not set up for that service.")
        service, outcome = Provider(provider), "refused"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                outcome = await self._receive(service, headers, body)
        except (TimeoutError, Away):
            outcome = "away"
            raise Away("The webhook cannot be taken just now; send it again.") from None
        finally:
            self._metrics.provider_webhooks.labels(service, outcome).inc()

    async def _receive(self, provider: Provider, headers: Mapping[str, str], body: bytes) -> str:
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"The webhook is too large; the limit is {MAX_BODY_BYTES} bytes.")
        signature = _first(headers, SIGNATURES)
        if not signature:
            raise NotAuthenticated("The webhook is not signed.")
        await self._keys[provider].check(signature, body, self._http)
        event = read(provider, body)
        if event is None:
            return "ignored"
        if self._attendance.full:  # before it is known: it is to come again
            raise Away("Too many webhooks at once; send it again.")
        keys = [f"{provider}:{hashlib.sha256(body).hexdigest()}"]
        if uuid := _first(headers, IDS)[:200]:
            keys.append(f"{provider}:{hashlib.sha256(uuid.encode('utf-8', 'replace')).hexdigest()}")
        at = moment(self._clock())
        if not await self._database.hear_webhook(keys, at, before=at - REMEMBERED):
            return "replayed"
        self._attendance.offer(event)
        return "taken"


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")
