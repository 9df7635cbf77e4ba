"""Dyte's and RealtimeKit's API as it is documented, on a real port: it checks who calls and what they send, strictly.

What is written down nowhere (a participant added twice, say) can be chosen. It goes wrong in every way that a test asks
for, signs webhooks with a real key, and notes what it was asked.
"""

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.protocol import Provider

from .people import Exam, Http, Json

ACCOUNT, APP, TOKEN = "account-1", "app-1", "cloudflare-token-of-the-tests"
ORGANIZATION, KEY = "org-1", "dyte-key-of-the-tests"

PRESETS = ("group_call_host", "group_call_participant")

Misbehaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@cache
def rsa_key(name: str = "first") -> rsa.RSAPrivateKey:
    """A key, the same for the same name: they take long to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signature(key: rsa.RSAPrivateKey, body: bytes) -> str:
    """As the services sign."""
    return base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(status: int, body: Any = None, **headers: str) -> Misbehaviour:
    """Every call is answered with this: text as it is, anything else as JSON."""

    async def misbehave(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, str | bytes):
            content = body.encode() if isinstance(body, str) else body
            return web.Response(status=status, body=content, headers=named)
        return web.json_response(body, status=status, headers=named)

    return misbehave


async def hang(_: web.Request) -> web.StreamResponse:
    """Say nothing for a minute."""
    await asyncio.sleep(60)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """An answer of which a byte comes now and then."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(600):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    """An answer whose end does not come."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"success": true, "da')
    assert request.transport is not None
    request.transport.close()
    return response


class Refusal(Exception):
    """A status and a message, in the shape of the service."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


@dataclass
class Room:
    """A meeting there."""

    id: str
    title: str | None
    status: str = "ACTIVE"
    participants: dict[str, Json] = field(default_factory=dict)
    session: str | None = None
    peers: dict[str, Json] = field(default_factory=dict)
    """Those of the session, also who has left."""

    def live(self) -> list[Json]:
        return [peer for peer in self.peers.values() if "left_at" not in peer]


class MeetingService:
    """One account of one service."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.rooms: dict[str, Room] = {}
        self.webhooks: dict[str, Json] = {}
        self.asked: list[tuple[str, str]] = []
        """Method and path, below the account, of every call."""
        self.bodies: list[Any] = []
        self.misbehave: list[Misbehaviour] = []
        """What the next calls meet with, one each."""
        self.down: Misbehaviour | None = None
        """What every call meets with."""
        self.twice = "second"
        """What comes of adding somebody twice: a `second` row, or a `refusal`."""
        self.page = 100
        """Rows of a list in one answer, at most."""
        self.signing = rsa_key()
        self.published: Misbehaviour | None = None
        """What is answered where the key is, in its place."""
        self.keys_fetched = 0
        self.url = ""

    @property
    def settings(self) -> Json:
        """With which a server finds it."""
        where = f"{self.url}/.well-known/webhooks.json"
        if self.provider is Provider.DYTE:
            return {
                "dyte_organization_id": ORGANIZATION,
                "dyte_api_key": KEY,
                "dyte_url": f"{self.url}/v2",
                "dyte_webhook_key_url": where,
            }
        return {
            "realtimekit_account_id": ACCOUNT,
            "realtimekit_app_id": APP,
            "realtimekit_api_token": TOKEN,
            "realtimekit_url": f"{self.url}/client/v4",
            "realtimekit_webhook_key_url": where,
        }

    @property
    def prefix(self) -> str:
        return "/v2" if self.provider is Provider.DYTE else f"/client/v4/accounts/{ACCOUNT}/realtime/kit/{APP}"

    def count(self, method: str, end: str) -> int:
        """How many calls of this method there were to paths with this end."""
        return sum(asked == method and path.endswith(end) for asked, path in self.asked)

    # --- what goes on there ---

    def join(self, room: Room, participant: str, name: str = "Ada") -> Json:
        """Somebody comes in with a browser; what the service knows of the connection."""
        room.session = room.session or str(uuid.uuid4())
        peer = {
            "id": str(uuid.uuid4()),
            "user_id": str(uuid.uuid4()),
            "custom_participant_id": participant,
            "display_name": name,
            "preset_name": "group_call_participant",
            "joined_at": now(),
        }
        room.peers[peer["id"]] = peer
        return peer

    def leave(self, room: Room, peer: Json) -> None:
        """They close it."""
        room.peers[peer["id"]]["left_at"] = now()
        if not room.live():
            room.session, room.peers = None, {}

    def event(self, name: str, room: Room, peer: Json | None = None, **more: Any) -> bytes:
        """The body of a webhook."""
        body: Json = {
            "event": name,
            "meeting": {
                "id": room.id,
                "sessionId": room.session or str(uuid.uuid4()),
                "title": room.title,
                "roomName": "r",
                "status": "LIVE",
                "createdAt": now(),
                "startedAt": now(),
                "organizedBy": {"id": APP, "name": "A"},
            },
            **more,
        }
        if peer is not None:
            body["participant"] = {
                "peerId": peer["id"],
                "userDisplayName": peer["display_name"],
                "customParticipantId": peer["custom_participant_id"],
                "joinedAt": peer["joined_at"],
                **({"leftAt": peer["left_at"]} if "left_at" in peer else {}),
            }
        return json.dumps(body).encode()

    async def tell(self, http: Http, body: bytes, *, kind: str = "rtk", **changed: str) -> int:
        """Send a webhook; the status that it is answered with."""
        headers = {
            f"{kind}-signature": signature(self.signing, body),
            f"{kind}-uuid": str(uuid.uuid4()),
            f"{kind}-webhook-id": "webhook-1",
            "Content-Type": "application/json",
        } | {name.replace("_", "-"): value for name, value in changed.items()}
        answer = await http.call("POST", f"/api/webhooks/{self.provider}", data=body, **headers)
        return answer.status

    # --- the API ---

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        content = await request.read()
        self.asked.append((request.method, request.path.removeprefix(self.prefix)))
        self.bodies.append(json.loads(content) if content else None)
        if self.misbehave:
            return await self.misbehave.pop(0)(request)
        if self.down is not None:
            return await self.down(request)
        try:
            self._check_caller(request)
            return self._route(request, self.bodies[-1])
        except Refusal as refusal:
            return self._refused(refusal)

    def _check_caller(self, request: web.Request) -> None:
        pair = base64.b64encode(f"{ORGANIZATION}:{KEY}".encode()).decode()
        wanted = f"Basic {pair}" if self.provider is Provider.DYTE else f"Bearer {TOKEN}"
        if request.headers.get("Authorization") != wanted:
            raise Refusal(401, "Unauthorized")
        if not request.path.startswith(self.prefix + "/"):
            raise Refusal(404, "no such route")
        if request.method in ("POST", "PATCH") and request.content_type != "application/json":
            raise Refusal(400, "BAD_REQUEST: not JSON")

    def _refused(self, refusal: Refusal) -> web.Response:
        code, message = refusal.status, refusal.message
        if code == 401:
            body: Json = (
                {"message": message}
                if self.provider is Provider.DYTE
                else {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": []}
            )
        else:
            body = {"success": False, "error": {"code": code, "message": message}}
        return web.json_response(body, status=code)

    def _route(self, request: web.Request, body: Any) -> web.Response:
        parts = request.path.removeprefix(self.prefix + "/").split("/")
        match request.method, parts:
            case "POST", ["meetings"]:
                return self._create(body)
            case "PATCH", ["meetings", room]:
                _fields(body, optional={"title", "status"})
                self._room(room).status = body["status"]
                return self._ok({"id": room, "status": body["status"]})
            case "GET", ["meetings", room, "active-session"]:
                live = self._active(room)
                return self._ok(
                    {"id": live.session, "associated_id": room, "status": "LIVE", "live_participants": len(live.live())}
                )
            case "POST", ["meetings", room, "active-session", "kick"]:
                return self._kick(self._active(room), body)
            case "POST", ["meetings", room, "active-session", "kick-all"]:
                _fields(body)
                live = self._active(room)
                count = len(live.live())
                for peer in list(live.live()):
                    self.leave(live, peer)
                return self._ok({"action": "kick_all", "kicked_participants_count": count})
            case _:
                return self._route_people(request, parts, body)

    def _route_people(self, request: web.Request, parts: list[str], body: Any) -> web.Response:
        match request.method, parts:
            case "GET", ["meetings", room, "participants"]:
                found = [{**each, "token": None} for each in self._room(room).participants.values()]
                return self._list(request, found, None)
            case "POST", ["meetings", room, "participants"]:
                return self._add(self._room(room), body)
            case "DELETE", ["meetings", room, "participants", participant]:
                gone = self._participant(room, participant)
                del self._room(room).participants[participant]
                return self._ok({"custom_participant_id": gone["custom_participant_id"]})
            case "POST", ["meetings", room, "participants", participant, "token"]:
                _fields(body)
                return self._ok({"token": _token(self._participant(room, participant))})
            case "GET", ["sessions", session, "participants"]:
                held = next((each for each in self.rooms.values() if each.session == session), None)
                if held is None:
                    raise Refusal(404, "No such session")
                newest_first = sorted(held.peers.values(), key=lambda each: str(each["joined_at"]), reverse=True)
                return self._list(request, newest_first, "participants")
            case _:
                return self._route_webhooks(request, parts, body)

    def _route_webhooks(self, request: web.Request, parts: list[str], body: Any) -> web.Response:
        match request.method, parts:
            case "GET", ["webhooks"]:
                return self._ok(list(self.webhooks.values()))
            case "POST", ["webhooks"]:
                _fields(body, required={"name", "url", "events"}, optional={"enabled"})
                made = {"id": str(uuid.uuid4()), "enabled": True, **body}
                self.webhooks[made["id"]] = made
                return self._ok(made, 201)
            case "PATCH", ["webhooks", webhook]:
                _fields(body, optional={"name", "url", "events", "enabled"})
                self.webhooks[webhook] |= body
                return self._ok(self.webhooks[webhook])
            case _:
                raise Refusal(404, "no such route")

    def _create(self, body: Any) -> web.Response:
        regions = {"preferred_region"} if self.provider is Provider.DYTE else set[str]()
        _fields(body, optional={"title", "record_on_start", "persist_chat", *regions})
        room = Room(str(uuid.uuid4()), body.get("title"))
        self.rooms[room.id] = room
        return self._ok({"id": room.id, "title": room.title, "status": "ACTIVE", "created_at": now()}, 201)

    def _add(self, room: Room, body: Any) -> web.Response:
        _fields(body, required={"custom_participant_id", "preset_name"}, optional={"name", "picture"})
        if room.status != "ACTIVE":
            raise Refusal(400, "BAD_REQUEST: meeting is not active")
        if body["preset_name"] not in PRESETS:
            raise Refusal(400, f'BAD_REQUEST: no preset "{body["preset_name"]}"')
        known = {each["custom_participant_id"] for each in room.participants.values()}
        if self.twice == "refusal" and body["custom_participant_id"] in known:
            raise Refusal(409, "CONFLICT: participant exists")
        made = {"id": str(uuid.uuid4()), "name": None, **body, "created_at": now(), "updated_at": now()}
        room.participants[made["id"]] = made
        return self._ok({**made, "token": _token(made)}, 201)

    def _kick(self, room: Room, body: Any) -> web.Response:
        lists = {"participant_ids", "custom_participant_ids"}
        strict = self.provider is Provider.REALTIMEKIT
        _fields(body, required=lists if strict else set(), optional=lists)
        named = set(body.get("custom_participant_ids", []))
        hit = [peer for peer in room.live() if peer["custom_participant_id"] in named]
        if not hit:
            raise Refusal(404, "No participants found")
        for peer in hit:
            self.leave(room, peer)
        return self._ok({"action": "kick", "participants": [{"id": peer["id"]} for peer in hit]})

    def _room(self, room: str) -> Room:
        if room not in self.rooms:
            raise Refusal(404, "No meeting found")
        return self.rooms[room]

    def _active(self, room: str) -> Room:
        found = self._room(room)
        if found.session is None:
            raise Refusal(404, f"No active session found for meeting_id {room}")
        return found

    def _participant(self, room: str, participant: str) -> Json:
        if participant not in self._room(room).participants:
            raise Refusal(404, "No participant found")
        return self._room(room).participants[participant]

    def _ok(self, data: Any, status: int = 200) -> web.Response:
        return web.json_response({"success": True, "data": data}, status=status)

    def _list(self, request: web.Request, found: list[Json], under: str | None) -> web.Response:
        size = min(self.page, int(request.query["per_page"]))
        start = (int(request.query["page_no"]) - 1) * size
        rows = found[start : start + size]
        paging = {"total_count": len(found), "start_offset": start, "end_offset": start + len(rows)}
        data = rows if under is None else {under: rows}
        return web.json_response({"success": True, "data": data, "paging": paging})

    async def publish(self, request: web.Request) -> web.StreamResponse:
        """The public key of webhooks."""
        self.keys_fetched += 1
        if self.published is not None:
            return await self.published(request)
        pem = self.signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return web.json_response({"success": True, "data": {"publicKey": pem}, "message": ""})


def _fields(body: Any, *, required: set[str] | None = None, optional: set[str] | None = None) -> None:
    if not isinstance(body, dict):
        raise Refusal(400, "BAD_REQUEST: no object")
    required, optional = required or set(), optional or set()
    for name in sorted(required - set(body)):
        raise Refusal(400, f'BAD_REQUEST: "{name}" is required')
    for name in sorted(set(body) - required - optional):
        raise Refusal(400, f'BAD_REQUEST: "{name}" is not allowed')


def _token(participant: Json) -> str:
    return f"sdk-token-{participant['id']}-{time.monotonic_ns()}"


@asynccontextmanager
async def meeting_service(provider: Provider = Provider.REALTIMEKIT) -> AsyncIterator[MeetingService]:
    """A service on a free port."""
    service = MeetingService(provider)
    app = web.Application()
    app.router.add_get("/.well-known/webhooks.json", service.publish)
    app.router.add_route("*", "/{path:.*}", service.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()


async def exam(http: Http, service: MeetingService, /, **settings: Any) -> Exam:
    """A new meeting that is held there; as `people.exam`."""
    settings = settings or {"stream_lost": {"enabled": False}}
    body = {"title": "Exam", "provider": service.provider, "settings": settings}
    made = await http.post("/api/meetings", body, http.operator_token)
    assert made.status == 201, made
    return Exam(http, made.json)


def only_room(service: MeetingService) -> Room:
    """The one room that there is."""
    [room] = service.rooms.values()
    return room
