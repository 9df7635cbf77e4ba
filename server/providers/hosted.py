"""Rooms at Dyte and at Cloudflare RealtimeKit, which have the same calls with the same bodies.

They differ in their address and in how they are told who calls. Our participants' ids are theirs as
`custom_participant_id`; beside it they learn the name that is shown in the room, and nothing else.
"""

import base64
import logging
from collections.abc import Mapping
from functools import partial
from typing import Final
from uuid import UUID

from server.errors import ProviderRefused
from server.metrics import Metrics
from server.protocol import Provider, Role
from server.providers import MeetingProvider, Peer, Present, Seat, answers
from server.providers.client import Account, ProviderClient
from server.settings import Settings
from storage.records import Json, MeetingRecord, ParticipantRecord

logger = logging.getLogger(__name__)

PAGE: Final = 100
"""Rows that are asked for at once. They may give fewer."""
MAX_PAGES: Final = 30
"""Pages that are read of one list."""
GONE: Final = 404
"""Nobody is in the room, or it is not there (any more)."""
KNOWN_ALREADY: Final = (400, 409, 422)
"""With one of these they may refuse to add somebody who was added before; with which is written down nowhere."""


class HostedRooms:
    """The rooms of one account."""

    def __init__(self, client: ProviderClient, presets: Mapping[Role, str]) -> None:
        self.client = client
        self._presets = presets

    @property
    def away_since(self) -> float | None:
        """Since when the service cannot be reached."""
        return self.client.away_since

    async def close(self) -> None:
        """Hang up."""
        await self.client.close()

    async def create(self, meeting: MeetingRecord) -> str | None:
        """Make a room. When the answer is lost, an empty room that nobody knows of may be left there."""
        return self._id(await self.client.call("POST", "meetings", {"title": meeting.title}))

    async def admit(self, room: str, participant: ParticipantRecord) -> Seat | None:
        """Give somebody a seat. One whose answer is lost stays behind: nobody has its token."""
        preset = self._presets.get(Role(participant.role))
        if preset is None:
            return None
        body = {"name": participant.name, "preset_name": preset, "custom_participant_id": str(participant.id)}
        try:
            answer = await self.client.call("POST", f"meetings/{room}/participants", body)
        except ProviderRefused as refusal:
            seat = await self._seat_of(room, participant) if refusal.there in KNOWN_ALREADY else None
            if seat is None:
                raise
            return Seat(seat, await self.refresh(room, seat))
        return Seat(self._id(answer), self._token(answer))

    async def refresh(self, room: str, seat: str) -> str:
        """A fresh token for a seat."""
        return self._token(
            await self.client.call("POST", f"meetings/{room}/participants/{seat}/token", {}, repeatable=True)
        )

    async def kick(self, room: str, participant_id: UUID, seat: str) -> None:
        """Send somebody out of the room, from all their devices, and take their seat: their token is good for long."""
        # Both lists: RealtimeKit wants them, whatever is in them.
        body = {"participant_ids": [], "custom_participant_ids": [str(participant_id)]}
        await self._unless_gone("POST", f"meetings/{room}/active-session/kick", body)
        await self._unless_gone("DELETE", f"meetings/{room}/participants/{seat}")

    async def end(self, room: str) -> None:
        """Let nobody in any more, then send everybody out."""
        await self._unless_gone("PATCH", f"meetings/{room}", {"status": "INACTIVE"})
        await self._unless_gone("POST", f"meetings/{room}/active-session/kick-all", {})

    async def present(self, room: str) -> Present:
        """Who is in the room."""
        answer = await self._unless_gone("GET", f"meetings/{room}/active-session")
        if answer is None:
            return Present(None)
        session = self._id(answer)
        order: dict[str, str | int] = {"sort_by": "joinedAt", "sort_order": "DESC"}
        found, complete = await self._all(f"sessions/{session}/participants", order, under="participants")
        peers = tuple(_peer(each) for each in found)
        # What the list of a session that goes on leaves out is written down nowhere: their own count tells.
        counted = answers.data(answer).get("live_participants")
        if isinstance(counted, int) and counted > sum(peer.left_at is None for peer in peers):
            complete = False
        return Present(session, peers, complete)

    async def _seat_of(self, room: str, participant: ParticipantRecord) -> str | None:
        """The seat of somebody who was added before, when its answer was lost."""
        found, _ = await self._all(f"meetings/{room}/participants", {})
        mine = (each for each in found if each.get("custom_participant_id") == str(participant.id))
        return next((str(each["id"]) for each in mine), None)

    async def _unless_gone(self, method: str, path: str, body: Json | None = None) -> Json | None:
        """Make a call that may be repeated; None when there is nothing (any more) to do it to."""
        try:
            return await self.client.call(method, path, body, repeatable=True)
        except ProviderRefused as refusal:
            if refusal.there != GONE:
                raise
            return None

    async def _all(
        self, path: str, query: Mapping[str, str | int], *, under: str | None = None
    ) -> tuple[list[Json], bool]:
        """The rows of a list by their ids, and whether these are all. `under`: where in `data` they are."""
        found: dict[str, Json] = {}
        for page in range(1, MAX_PAGES + 1):
            answer = await self.client.call("GET", path, query={**query, "page_no": page, "per_page": PAGE})
            listed = answer.get("data")
            listed = listed.get(under) if under is not None and isinstance(listed, dict) else listed
            fresh = {each["id"]: each for each in answers.rows(listed) if _is_id(each) and each["id"] not in found}
            found |= fresh
            paging = answer.get("paging")
            total = paging.get("total_count") if isinstance(paging, dict) else None
            # By what came, not by how much was asked for: the service may have a smaller page in mind.
            if not fresh or (isinstance(total, int) and len(found) >= total):
                return list(found.values()), True
        logger.warning("%s lists more than %d pages; the rest is passed over", self.client.name, MAX_PAGES)
        return list(found.values()), False

    def _id(self, answer: Json) -> str:
        try:
            return answers.identifier(answers.data(answer), "id")
        except answers.Malformed as error:
            raise self._unclear(error) from None

    def _token(self, answer: Json) -> str:
        try:
            return answers.text(answers.data(answer), "token")
        except answers.Malformed as error:
            raise self._unclear(error) from None

    def _unclear(self, error: answers.Malformed) -> ProviderRefused:
        return ProviderRefused(f"{self.client.name} gave an answer that nobody understands: {error}.")


def _is_id(row: Json) -> bool:
    try:
        return bool(answers.identifier(row, "id"))
    except answers.Malformed:
        return False


def _peer(row: Json) -> Peer:
    participant, name = row.get("custom_participant_id"), row.get("display_name")
    return Peer(
        row["id"],
        participant[:200] if isinstance(participant, str) else "",
        name[:200] if isinstance(name, str) else "",
        answers.seconds(row.get("joined_at")),
        answers.seconds(row.get("left_at")),
    )


def accounts(settings: Settings) -> dict[Provider, Account]:
    """The accounts that the settings have."""
    found = {}
    if settings.dyte_organization_id and settings.dyte_api_key:
        secret = settings.dyte_api_key.get_secret_value()
        pair = base64.b64encode(f"{settings.dyte_organization_id}:{secret}".encode()).decode()
        found[Provider.DYTE] = Account("Dyte", str(settings.dyte_url), f"Basic {pair}", secret)
    if settings.realtimekit_account_id and settings.realtimekit_app_id and settings.realtimekit_api_token:
        secret = settings.realtimekit_api_token.get_secret_value()
        root = str(settings.realtimekit_url).rstrip("/")
        url = f"{root}/accounts/{settings.realtimekit_account_id}/realtime/kit/{settings.realtimekit_app_id}"
        found[Provider.REALTIMEKIT] = Account("RealtimeKit", url, f"Bearer {secret}", secret)
    return found


def hosted(settings: Settings, metrics: Metrics) -> dict[Provider, MeetingProvider]:
    """The rooms of each account that the settings have. Blocking: it reads the certificates of this machine."""
    presets = {Role.CANDIDATE: settings.candidate_preset, Role.PROCTOR: settings.proctor_preset}
    made: dict[Provider, MeetingProvider] = {}
    for provider, account in accounts(settings).items():
        count = partial(_count, metrics, provider)
        made[provider] = HostedRooms(ProviderClient(account, count=count), presets)
    return made


def _count(metrics: Metrics, provider: Provider, outcome: str) -> None:
    metrics.provider_calls.labels(provider, outcome).inc()
