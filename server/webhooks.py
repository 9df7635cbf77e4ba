"""Events told to other services over HTTP: signed, kept until they have arrived, and sent again on demand.

Signed as Standard Webhooks has it (https://www.standardwebhooks.com), for which every language has a library. What is
told of an incident is kept in the same commit as the incident, or in the same spool: neither a crash nor a receiver
that is away loses it. It may arrive twice, and after a later one; its `webhook-id` stays the same. No names, pictures
or links are in it.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from detection.rules import ChangeType
from server import VERSION
from server.incidents import EventType
from server.meetings import moment
from server.metrics import Metrics
from server.protocol import iso
from server.tasks import cancel, every
from storage.database import Database, DatabaseError
from storage.ledger import Ledger
from storage.records import DeliveryRecord, IncidentRecord, Json, MeetingRecord, ReviewRecord, new_id
from storage.spool import SpoolFull

logger = logging.getLogger(__name__)

TOLD: Final = ("opened", "closed", "reviewed")
"""What of an incident is told."""
PREFIX: Final = "whsec_"
"""Of secrets that are base64, as Standard Webhooks writes them."""
ANSWER_SECONDS: Final = 10.0
"""For one attempt."""
AT_ONCE: Final = 8
"""Attempts at one address at the same time."""
LOOK_SECONDS: Final = 1.0
"""How often is looked for what is due."""
PAUSES: Final = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Seconds after each attempt that failed; after two days, it is given up until somebody asks for it."""
LONGEST_REST: Final = 300.0
"""Seconds in which an address that does not take anything is left alone, at most."""
LONGEST_WAIT: Final = 3600
"""Seconds for which a receiver may put an event off."""
KEPT: Final = timedelta(days=30)
"""After that they are deleted, delivered or not."""
SWEEP_SECONDS: Final = 60.0
"""How often is counted what waits, and deleted what is old."""

GONE: Final = 410
"""The receiver's word that it wants no more."""


class Webhooks:
    """Owns the deliveries: one task for each address, so that none waits for another."""

    def __init__(
        self,
        *,
        urls: Sequence[str],
        secret: str,
        database: Database,
        ledger: Ledger,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._urls = tuple(urls)
        self._key = key_of(secret)
        self._database = database
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._http: httpx.AsyncClient | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to send, if there is anywhere to send to."""
        if self._urls:
            # In a thread: it reads the certificates.
            self._http = await asyncio.to_thread(httpx.AsyncClient, timeout=ANSWER_SECONDS, follow_redirects=False)
            work = [every(LOOK_SECONDS, _Address(url, self).send_due) for url in self._urls]
            self._tasks = [asyncio.create_task(each) for each in [*work, every(SWEEP_SECONDS, self._sweep)]]

    async def close(self) -> None:
        """Stop; what is under way is sent again after the next start. May be called twice."""
        await cancel(*self._tasks)
        if self._http is not None:
            await self._http.aclose()

    # --- what happens -------------------------------------------------------------------------------------

    def of_incident(
        self, event: EventType, record: IncidentRecord, review: ReviewRecord | None
    ) -> list[DeliveryRecord]:
        """The rows to be kept with this change of an incident; none where nobody is told of it."""
        if str(event) not in TOLD:
            return []
        return self._rows(f"incident.{event}", record.meeting_id, _incident(record, review))

    async def closed(self, records: Sequence[IncidentRecord]) -> None:
        """Tell of incidents that were found open after a crash, and closed."""
        await self._keep([row for each in records for row in self.of_incident(ChangeType.CLOSED, each, None)])

    async def meeting_ended(self, meeting: MeetingRecord) -> None:
        """Tell of the end of a meeting."""
        ended_at = None if meeting.ended_at is None else iso(meeting.ended_at)
        await self._keep(self._rows("meeting.ended", meeting.id, {"id": str(meeting.id), "ended_at": ended_at}))

    def _rows(self, event: str, meeting_id: UUID, data: Json) -> list[DeliveryRecord]:
        if not self._urls:
            return []
        now = moment(self._clock())
        body = json.dumps({"type": event, "timestamp": iso(now), "data": data}, separators=(",", ":"))
        return [DeliveryRecord(new_id(), url, event, meeting_id, body, now, due_at=now) for url in self._urls]

    async def _keep(self, rows: list[DeliveryRecord]) -> None:
        try:
            await self._ledger.keep(rows, {})
        except SpoolFull as error:
            self._metrics.webhooks_lost.inc(len(rows))
            logger.critical("other services are not told of an event: %s", error)

    # --- sending ------------------------------------------------------------------------------------------

    async def due(self, url: str) -> list[DeliveryRecord]:
        """What is to be sent to an address now."""
        try:
            return await self._database.due_deliveries(url, moment(self._clock()), AT_ONCE)
        except DatabaseError:  # it is away, which others tell of
            return []

    async def attempt(self, delivery: DeliveryRecord) -> bool:
        """Send one; whether it was taken."""
        problem, wait = await self._posted(delivery)
        now, pause = self._clock(), _pause(delivery.attempts)
        with suppress(DatabaseError):  # then it is sent once more
            if problem is None:
                self._metrics.webhooks_delivered.inc()
                await self._database.delivered(delivery.id, moment(now))
                return True
            if problem == str(GONE):
                pause = None
            due_at = None if pause is None else moment(now + max(pause, wait))
            if due_at is None:
                self._metrics.webhooks_failed.inc()
                logger.error("[%s] %s was given up: %s", delivery.meeting_id, delivery.event, problem)
            await self._database.not_delivered(delivery.id, problem, due_at)
        return problem is None

    async def _posted(self, delivery: DeliveryRecord) -> tuple[str | None, float]:
        """What was wrong, None when nothing was; and the seconds that the receiver asks us to wait."""
        assert self._http is not None
        at, body = int(self._clock()), delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Invigil/{VERSION}",
            "webhook-id": str(delivery.id),
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self._key, str(delivery.id), at, body),
        }
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self._http.stream("POST", delivery.url, content=body, headers=headers) as answer,
            ):
                # Its status is all that counts: the rest of the answer is not read.
                if answer.is_success:
                    return None, 0.0
                asked = answer.headers.get("Retry-After", "")
                wait = min(int(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
                return str(answer.status_code), float(wait)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:  # TimeoutError is an OSError
            return type(error).__name__, 0.0

    async def _sweep(self) -> None:
        with suppress(DatabaseError):
            self._metrics.webhooks_waiting.set(await self._database.count_waiting_deliveries())
            await self._database.forget_deliveries(moment(self._clock()) - KEPT)


class _Address:
    """One receiver: what is due is sent, and one that takes nothing is left alone for a while."""

    def __init__(self, url: str, webhooks: Webhooks) -> None:
        self._url = url
        self._webhooks = webhooks
        self._refusals = 0
        self._rest_until = 0.0

    async def send_due(self) -> None:
        """All that is due, unless it is left alone."""
        clock = asyncio.get_running_loop().time
        while clock() >= self._rest_until and (due := await self._webhooks.due(self._url)):
            taken = await asyncio.gather(*(self._webhooks.attempt(each) for each in due))
            if any(taken):
                self._refusals = 0
                continue
            if self._refusals == 0:
                logger.warning("%s does not take events; they are sent again", urlsplit(self._url).hostname)
            self._rest_until = clock() + min(LONGEST_REST, PAUSES[0] * 2.0**self._refusals)
            self._refusals = min(self._refusals + 1, 10)


def _pause(attempts: int) -> float | None:
    """Seconds after an attempt that failed, when there were so many before it; None: that was the last."""
    return PAUSES[attempts] if attempts < len(PAUSES) else None


def key_of(secret: str) -> bytes:
    """The key behind a secret: base64 after `whsec_`, as Standard Webhooks has it, else the text itself.

    Raises:
        ValueError: what stands after `whsec_` is no base64.
    """
    return base64.b64decode(secret[len(PREFIX) :], validate=True) if secret.startswith(PREFIX) else secret.encode()


def signature(key: bytes, message_id: str, at: int, body: bytes) -> str:
    """The header `webhook-signature`: HMAC-SHA256 over id, time (seconds since the epoch) and body.

    Source: the specification of Standard Webhooks, "Signature scheme", version v1.
    """
    signed = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _incident(record: IncidentRecord, review: ReviewRecord | None) -> Json:
    """By ids: who has a token asks for the rest."""
    return {
        "id": str(record.id),
        "meeting_id": str(record.meeting_id),
        "candidate_id": str(record.candidate_id),
        "kind": record.kind,
        "severity": record.severity,
        "state": record.state,
        "opened_at": iso(record.opened_at),
        "updated_at": iso(record.updated_at),
        "closed_at": None if record.closed_at is None else iso(record.closed_at),
        "text": record.text,
        "evidence": [{name: each[name] for name in ("seq", "captured_at", "sha256")} for each in record.evidence],
        "review": None if review is None else {"verdict": review.verdict, "at": iso(review.at)},
    }
