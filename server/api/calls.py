"""One HTTP call: who calls, what they sent, and the one error shape for all that goes wrong."""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import web

from server.checks import parse
from server.errors import Away, Invalid, InvigilError, NotAllowed, NotAuthenticated, NotFound, TooLarge
from server.protocol import Role, Wire
from server.services import Services
from server.tokens import Identity
from storage.database import DatabaseAway
from storage.objects import ObjectStoreError
from storage.spool import SpoolFull

logger = logging.getLogger(__name__)
wire_logger = logging.getLogger("server.wire")
Body = TypeVar("Body", bound=Wire)

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Largest body: a reference photo in base64."""


SERVICES = web.AppKey("services", Services)


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known."""

    request: web.Request
    identity: Identity | None
    """None where a call is open to anyone, and for whoever comes by a signed link."""

    @property
    def services(self) -> Services:
        """The parts of the server."""
        return self.request.app[SERVICES]

    def id(self, name: str = "id") -> UUID:
        """An id in the path.

        Raises:
            NotFound: it is none.
        """
        try:
            return UUID(self.request.match_info[name])
        except ValueError:
            raise NotFound("There is nothing under this address.") from None

    def meeting_id(self) -> UUID:
        """The meeting in the path, which must be the caller's own.

        Raises:
            NotAllowed: a token of another meeting.
        """
        meeting_id = self.id()
        if not self.may_see(meeting_id):
            raise NotAllowed("This token is for another meeting.")
        return meeting_id

    def may_see(self, meeting_id: UUID) -> bool:
        """Whether a meeting is the caller's own; a signed link was checked for what it leads to."""
        identity = self.identity
        return identity is None or identity.role is Role.OPERATOR or identity.meeting_id == meeting_id

    async def body(self, model: type[Body]) -> Body:
        """The JSON body.

        Raises:
            Invalid: it is no JSON object of this shape.
        """
        return parse(model, await self.json())

    async def json(self) -> Any:
        """The JSON body, not looked into.

        Raises:
            Invalid: it is no JSON.
        """
        try:
            return json.loads(await self.request.read())
        except (ValueError, RecursionError):
            raise Invalid("The body is not JSON.") from None

    def query(self, *names: str) -> dict[str, str]:
        """The query, which may hold these names and no other.

        Raises:
            Invalid: it holds another.
        """
        query = self.request.query
        if unknown := sorted(set(query) - set(names)):
            raise Invalid(f"Unknown in the query: {', '.join(unknown)[:200]}. Known: {', '.join(names)}.")
        return dict(query)

    def asked(self, *names: str) -> dict[str, str]:
        """The query, likewise; that of a signed link without what signs it."""
        query = self.query(*names, "expires", "signature")
        return {name: value for name, value in query.items() if name in names}

    def origin(self) -> str:
        """Where people reach the server, without a slash at the end."""
        public = self.services.settings.public_url
        return str(public or self.request.url.origin()).rstrip("/")


Answer = Wire | web.StreamResponse
Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table: a call, who may make it, and what goes in and out."""

    method: str
    path: str
    handler: Handler
    summary: str
    roles: frozenset[Role] | None = None
    """Who may call; None: anyone, without a token."""
    body: type[Wire] | None = None
    answer: type[Wire] | None = None
    """What is answered; None: not JSON."""
    status: int = 200
    """Of the answer when all went well."""
    linked: bool = False
    """Whether a signed link serves as well as a token."""

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Check who calls, then answer."""
        identity = None
        if self.linked and "signature" in request.query:
            request.app[SERVICES].tokens.check_link(request.path_qs)
        elif self.roles is not None:
            identity = request.app[SERVICES].tokens.identify(bearer(request))
            if identity.role not in self.roles:
                raise NotAllowed("This token is not for this call.")
        answer = await self.handler(Call(request, identity))
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response(answer.dump(), status=self.status)


def bearer(request: web.Request) -> str:
    """The token of a request.

    Raises:
        NotAuthenticated: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("Send the token in the header `Authorization: Bearer …`.")
    return token.strip()


@web.middleware
async def uncompressed(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Take up WebSockets without compression, whatever the browser offers.

    JPEG does not shrink, and every open deflate stream costs: measured with 100 candidates, 50 µs a frame and 15 MB.
    """
    if "Sec-WebSocket-Extensions" in request.headers:
        headers = request.headers.copy()
        del headers["Sec-WebSocket-Extensions"]
        request = request.clone(headers=headers)
    return await handler(request)


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn everything that goes wrong into the one error shape."""
    try:
        return await handler(request)
    except InvigilError as error:
        return _error(error)
    except (DatabaseAway, ObjectStoreError, SpoolFull) as error:
        logger.error("a call could not be served: %s", error)
        return _error(Away("The storage is away just now; try again."))
    except web.HTTPRequestEntityTooLarge:
        return _error(TooLarge(f"The body is too large; the limit is {MAX_BODY_BYTES} bytes."))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _error(_from_http(error))
    except Exception as error:
        if request.path.startswith("/socket.io/"):  # the library raises what a broken packet made it raise
            wire_logger.warning("a packet that is no Engine.IO (%s)", type(error).__name__)
            return _error(Invalid("This is no Engine.IO packet."))
        logger.exception("a call could not be handled")
        return _error(InvigilError("Something went wrong on our side; it has been noted."))


def _error(error: InvigilError) -> web.Response:
    return web.json_response(error.body(), status=error.status)


def _from_http(error: web.HTTPException) -> InvigilError:
    if error.status == 404:
        return NotFound("There is nothing under this address.")
    found = InvigilError(error.reason, code="method_not_allowed" if error.status == 405 else "invalid")
    found.status = error.status
    return found
