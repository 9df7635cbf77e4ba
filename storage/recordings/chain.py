"""Tamper evidence: every segment and every photograph hashed, the hashes chained, the end of the chain signed. Pure.

A link hashes the link before it together with what it adds, so that nothing can be changed, left out, put in or
moved without every later link changing. The last one stands in a statement, with the hashes of the photographs, that
is signed with the server's Ed25519 key (RFC 8032) when the recording closes. Canonical JSON (sorted keys, no spaces,
UTF-8) is what is hashed and signed, so that anybody can do it again.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.records import Json


@dataclass(frozen=True, slots=True)
class Added:
    """What a segment adds to the chain: whole numbers and hashes, which every database and every program keeps."""

    number: int
    """Its place in the recording, from 0."""
    frames: int
    """Frames in it."""
    bytes: int
    """Bytes of those frames."""
    not_recorded: int
    """Frames that were received and are missing, as its gaps say."""
    first_seq: int | None
    """The first frame's number; None when there is none."""
    last_seq: int | None
    """The last one's."""
    sha256: str
    """Of the Matroska file."""
    journal_sha256: str
    """Of the journal."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement and the signature under it."""

    statement: str
    """What is stated: canonical JSON, kept as the text that was signed."""
    signature: str
    """Ed25519 over its UTF-8, hexadecimal."""
    public_key: str
    """The key that checks it, 32 bytes in hexadecimal."""


def canonical(value: Json) -> str:
    """The one form of a JSON object that is hashed and signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def start(recording_id: UUID) -> str:
    """The link before the first one: every recording has its own, so that none passes for part of another."""
    return sha256(canonical({"recording_id": str(recording_id)}).encode())


def link(before: str, added: Added) -> str:
    """The next link."""
    return sha256(canonical({"added": asdict(added), "before": before}).encode())


def first_break(recording_id: UUID, added: Iterable[Added], links: Sequence[str]) -> int | None:
    """The index of the first segment that does not fit; None when all do. A missing or surplus one does not fit."""
    before, count = start(recording_id), 0
    for each in added:
        before = link(before, each)
        if count >= len(links) or links[count] != before:
            return count
        count += 1
    return None if count == len(links) else count


class SigningKey:
    """The server's own key."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: 32 random bytes, which never leave the server."""
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw().hex()
        """The key that checks signatures, hexadecimal; for everybody."""

    def sign(self, statement: Json) -> Signed:
        """The statement with our signature."""
        text = canonical(statement)
        return Signed(text, self._key.sign(text.encode()).hex(), self.public)


def is_genuine(signed: Signed) -> bool:
    """Whether the signature is that of the key over the statement. Whose key it is must be known from elsewhere."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key))
        key.verify(bytes.fromhex(signed.signature), signed.statement.encode())
    except (ValueError, InvalidSignature):
        return False
    return True
