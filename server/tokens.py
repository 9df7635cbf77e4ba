"""Who somebody is: JSON Web Tokens for participants, one secret for the operator, signed links to single things."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import jwt

from server.errors import NotAllowed, NotAuthenticated
from server.protocol import Role

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token belongs to."""

    role: Role
    meeting_id: UUID | None = None
    """The only meeting it is good for; None for the operator."""
    participant_id: UUID | None = None
    """Who it is; None for the operator."""


class Tokens:
    """Issues and checks tokens. Everything is signed with one key, which never leaves the server."""

    def __init__(
        self, key: str, operator_token: str, *, lifetime: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = key.encode()
        self._operator = operator_token.encode()
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, identity: Identity) -> str:
        """A token for a participant, good for `lifetime` seconds."""
        now = int(self._clock())
        claims = {
            "role": identity.role.value,
            "meeting_id": str(identity.meeting_id),
            "participant_id": str(identity.participant_id),
            "iat": now,
            "exp": now + int(self._lifetime),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def identify(self, token: object) -> Identity:
        """Whom `token` belongs to.

        Raises:
            NotAuthenticated: there is none, or it is forged, broken or expired.
        """
        # Neither secret nor JWT holds anything but ASCII; `encode` would fail on halves of characters.
        if not isinstance(token, str) or not 0 < len(token) <= 4096 or not token.isascii():
            raise NotAuthenticated("A token is needed. Open the link you were given again.")
        if hmac.compare_digest(token.encode(), self._operator):
            return Identity(Role.OPERATOR)
        try:
            claims = jwt.decode(
                token, self._key, algorithms=[_ALGORITHM], options={"require": ["exp", "role", "meeting_id"]}
            )
            role = Role(claims["role"])
            if role is Role.OPERATOR:  # only the secret makes an operator, never a signed claim
                raise ValueError("an operator has no signed token")
            return Identity(role, UUID(claims["meeting_id"]), UUID(claims["participant_id"]))
        except jwt.ExpiredSignatureError:
            raise NotAuthenticated("This link has expired. Ask for a new one.") from None
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError):
            raise NotAuthenticated("This token is not valid. Open the link you were given again.") from None

    def sign(self, path: str, *, seconds: float) -> str:
        """`path`, with its query, and an expiry and a signature: so that an <img> can show it without a token.

        It is good for `seconds` at most and nine tenths of that at least: a page that asks again and again is given
        the same link, and its browser shows what it has.
        """
        expires = int(self._clock() + seconds)
        expires -= expires % max(1, int(seconds / 10))
        return f"{path}{_joint(path)}expires={expires}&signature={self._signature(path, expires)}"

    def check_link(self, link: str) -> None:
        """Check a whole link made by `sign`; nothing may stand behind the signature.

        Raises:
            NotAllowed: it is forged or has expired.
        """
        rest, _, signature = link.rpartition("&signature=")
        path, _, expires = rest.rpartition("expires=")
        self.check(path[:-1], expires, signature)

    def check(self, path: str, expires: str, signature: str) -> None:
        """Check a link made by `sign`.

        Raises:
            NotAllowed: it is forged or has expired.
        """
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12 and signature.isascii()):
            raise NotAllowed("This link is not valid. Load the page again.")
        if not hmac.compare_digest(self._signature(path, int(expires)).encode(), signature.encode()):
            raise NotAllowed("This link is not valid. Load the page again.")
        if int(expires) < self._clock():
            raise NotAllowed("This link has expired. Load the page again.")

    def _signature(self, path: str, expires: int) -> str:
        return hmac.new(self._key, f"{expires}\n{path}".encode(), hashlib.sha256).hexdigest()


def _joint(path: str) -> str:
    return "&" if "?" in path else "?"
