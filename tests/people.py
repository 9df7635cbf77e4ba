"""Real clients for tests: candidates and proctors with sockets, and the HTTP calls of an operator."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import socketio

from server.app import Running

from . import faces

MS = 0.001 * float(os.environ.get("TEST_TIME_SCALE", "1"))
"""A millisecond, longer on slow machines. Only limits are counted in it: nothing waits for a fixed time."""

PATIENCE = 8000 * MS
"""How long anything that must happen may take."""

QUIET = 300 * MS
"""How long we listen for what must not come."""

Json = dict[str, Any]


class Silence(AssertionError):
    """What was waited for did not come; the text says what came instead."""


class Inbox:
    """What one socket was sent, in order. Whatever is taken out does not come twice."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Any]] = []
        self._came = asyncio.Event()
        self.everything: list[tuple[str, Any]] = []
        """All of it, taken out or not."""

    def put(self, event: str, data: Any) -> None:
        """Keep an event."""
        self._waiting.append((event, data))
        self.everything.append((event, data))
        self._came.set()

    def all(self, event: str) -> list[Any]:
        """The data of every event of this name so far, taken out or not."""
        return [data for name, data in self.everything if name == event]

    async def next(self, event: str, within: float = PATIENCE, *, where: Callable[[Any], bool] | None = None) -> Any:
        """The oldest waiting event of this name (that meets `where`); it is taken out."""
        try:
            async with asyncio.timeout(within):
                while True:
                    self._came.clear()
                    for n, (name, data) in enumerate(self._waiting):
                        if name == event and (where is None or where(data)):
                            del self._waiting[n]
                            return data
                    await self._came.wait()
        except TimeoutError:
            raise Silence(f"no {event} in {within:.1f} s; waiting are {_short(self._waiting)}") from None

    async def none(self, event: str, within: float = QUIET) -> None:
        """Listen for a while, and hear no event of this name."""
        try:
            data = await self.next(event, within)
        except Silence:
            return
        raise AssertionError(f"{event} came and should not have: {_short(data)}")


def _short(value: object) -> str:
    return repr(value)[:2000]


class Person:
    """Somebody with a socket."""

    def __init__(self, url: str, token: object, namespace: str) -> None:
        self.url = url
        self.token = token
        self.page: object = None
        """The browser tab's own id, for those who say one."""
        self.namespace = namespace
        self.inbox = Inbox()
        self.gone = asyncio.Event()
        """Set when the socket has ended, by whomever."""
        self.refusal: Any = None
        """What was said at the door, when we were not let in."""
        self.socket = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.socket.on("*", self._heard, namespace=namespace)
        self.socket.on("disconnect", self._left, namespace=namespace)
        self.socket.on("connect_error", self._refused, namespace=namespace)

    async def _heard(self, event: str, data: Any = None) -> None:
        self.inbox.put(event, data)

    async def _left(self, *_: Any) -> None:
        self.gone.set()

    async def _refused(self, data: Any) -> None:
        self.refusal = data.get("data") if isinstance(data, dict) else data

    async def connect(self, *, transports: tuple[str, ...] = ("websocket",), **headers: str) -> None:
        """Connect, or raise `socketio.exceptions.ConnectionError`."""
        self.gone.clear()
        await self.socket.connect(
            self.url,
            namespaces=[self.namespace],
            transports=list(transports),
            auth={"token": self.token} | ({} if self.page is None else {"page": self.page}),
            headers=headers,
            wait_timeout=PATIENCE,
        )

    async def send(self, event: str, *data: Any) -> Any:
        """Emit and wait for the acknowledgement."""
        return await self.socket.call(event, data, namespace=self.namespace, timeout=PATIENCE)

    async def close(self) -> None:
        """Hang up. May be called twice."""
        await self.socket.disconnect()
        # The library leaves its HTTP session to the garbage collector when we were not let in.
        if self.socket.eio.http is not None and not self.socket.eio.http.closed:
            await self.socket.eio.http.close()


class Candidate(Person):
    """A candidate, with a camera that shows whatever the test wants."""

    def __init__(self, url: str, joined: Json, *, page: object = None) -> None:
        super().__init__(url, joined["token"], "/candidate")
        self.page = page
        self.joined = joined
        self.id: str = joined["participant"]["id"]
        self.name: str = joined["participant"]["name"]
        self.seq = 0

    async def frame(self, jpeg: object = None, **changed: Any) -> Any:
        """Send one frame, the next in the count, and return its acknowledgement."""
        self.seq += 1
        data = {"seq": self.seq, "captured_at": time.time() * 1000, "jpeg": faces.one_face() if jpeg is None else jpeg}
        return await self.send("frame", {**data, **changed})

    async def stream(self, jpeg: bytes, until: "asyncio.Future[Any] | asyncio.Task[Any]", fps: float = 12.0) -> Any:
        """Show this picture until something has happened, and return what."""
        while not until.done():
            answer = await self.frame(jpeg)
            assert answer["ok"], answer
            await asyncio.wait([until], timeout=1 / fps)
        return await until


class Proctor(Person):
    """A proctor or a reviewer."""

    def __init__(self, url: str, joined: Json) -> None:
        super().__init__(url, joined["token"], "/proctor")
        self.joined = joined
        self.id: str = joined["participant"]["id"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP call came to."""

    status: int
    headers: dict[str, str]
    content: bytes
    json: Any
    """None when it is not JSON."""


class Http:
    """HTTP calls to one server."""

    def __init__(self, url: str, session: aiohttp.ClientSession, operator_token: str) -> None:
        self.url = url
        self.session = session
        self.operator_token = operator_token

    async def call(
        self, method: str, path: str, *, token: str | None = None, json: Any = None, data: Any = None, **headers: str
    ) -> Answer:
        """Any call; `token` is sent as the bearer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        where = path if path.startswith("http") else self.url + path
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with self.session.request(
            method, where, json=json, data=data, headers=sent, allow_redirects=False, timeout=timeout
        ) as answer:
            content = await answer.read()
            is_json = answer.content_type == "application/json"
            return Answer(answer.status, dict(answer.headers), content, await answer.json() if is_json else None)

    async def get(self, path: str, token: str | None = None, **headers: str) -> Answer:
        """A GET."""
        return await self.call("GET", path, token=token, **headers)

    async def post(self, path: str, json: Any = None, token: str | None = None) -> Answer:
        """A POST with a JSON body."""
        return await self.call("POST", path, json=json, token=token)

    async def frame(self, token: str, seq: object, jpeg: object, captured_at: object = 1_700_000_000_000.0) -> Answer:
        """A frame without a socket."""
        return await self.call(
            "POST", "/api/frames", token=token, data=jpeg, X_Seq=str(seq), X_Captured_At=str(captured_at)
        )

    async def metric(self, name: str) -> float:
        """The sum of one metric over its labels."""
        text = (await self.get("/metrics")).content.decode()
        lines = [line for line in text.splitlines() if line.partition(" ")[0].partition("{")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in lines)


class Exam:
    """A meeting of one server, and the people in it."""

    def __init__(self, http: Http, created: Json) -> None:
        self.http = http
        self.created = created
        self.id: str = created["meeting"]["id"]
        self.path = f"/api/meetings/{self.id}"
        self.code = parse_qs(urlsplit(created["candidate_url"]).query)["code"][0]

    async def add(self, name: str = "Ada", role: str = "candidate") -> Json:
        """A new participant, as the answer to the call has them."""
        answer = await self.http.post(
            f"{self.path}/participants", {"name": name, "role": role}, self.http.operator_token
        )
        assert answer.status == 201, answer
        added: Json = answer.json
        return added

    async def incidents(self) -> list[Json]:
        """What the server keeps of it, oldest first."""
        answer = await self.http.get(f"{self.path}/incidents", self.http.operator_token)
        assert answer.status == 200, answer
        return list(reversed(answer.json["incidents"]))

    async def end(self) -> Answer:
        """End it for everyone."""
        return await self.http.post(f"{self.path}/end", None, self.http.operator_token)


@asynccontextmanager
async def calls(server: Running | str, operator_token: str | None = None) -> AsyncIterator[Http]:
    """HTTP calls to a server."""
    url = server if isinstance(server, str) else server.url
    token = operator_token or (server.operator_url.partition("#token=")[2] if isinstance(server, Running) else "")
    async with aiohttp.ClientSession() as session:
        yield Http(url, session, token)


async def exam(http: Http, title: str = "Exam", /, **settings: Any) -> Exam:
    """A new meeting with these settings of its own; without any, nobody's stream is missed, so that tests may pause."""
    settings = settings or {"stream_lost": {"enabled": False}}
    answer = await http.post("/api/meetings", {"title": title, "settings": settings}, http.operator_token)
    assert answer.status == 201, answer
    return Exam(http, answer.json)


@asynccontextmanager
async def candidate(
    room: Exam, name: str = "Ada", joined: Json | None = None, *, page: object = None
) -> AsyncIterator[Candidate]:
    """A connected candidate who has been told how to stream."""
    person = Candidate(room.http.url, joined or await room.add(name), page=page)
    try:
        await person.connect()
        await person.inbox.next("pace")
        yield person
    finally:
        await person.close()


@asynccontextmanager
async def proctor(room: Exam, name: str = "Paula", role: str = "proctor") -> AsyncIterator[Proctor]:
    """A connected proctor or reviewer, who has had the snapshot."""
    person = Proctor(room.http.url, await room.add(name, role))
    try:
        await person.connect()
        await person.inbox.next("snapshot")
        yield person
    finally:
        await person.close()


async def eventually(check: Callable[[], Any], within: float = PATIENCE) -> Any:
    """What `check` gives, as soon as that is true; it may be a coroutine function."""
    end = time.monotonic() + within
    while True:
        found = check()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise Silence(f"not within {within:.1f} s")
        await asyncio.sleep(20 * MS)
