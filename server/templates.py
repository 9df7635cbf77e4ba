"""Who a candidate is, kept through a restart: sealed, in the database, and only as long as their exam.

A template is the mean of a few descriptors of a face: biometric data. It is sealed with AES-GCM under a key that is
derived from the server's secret and is itself kept nowhere, bound to its candidate, and opened for nothing but the
rules of that candidate's own exam. It is never sent anywhere nor logged.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detection.codec import DESCRIPTOR_BYTES
from server.meetings import moment
from server.tasks import cancel, guarded
from storage.database import Database, DatabaseAway

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""Pause before a database that is away is tried again."""

_PURPOSE: Final = b"invigil: templates of faces, version 1"
"""Keeps this key apart from whatever else is derived from the secret, and templates of another network from ours."""
_NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """Sealed with another key, for somebody else, or damaged."""


class Seal:
    """Seals templates with a key of their own. Pure but for the nonces."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
        self._cipher = AESGCM(key)

    def close(self, candidate_id: UUID, template: bytes) -> bytes:
        """A template as it may be kept: nonce, ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, template, candidate_id.bytes)

    def open(self, candidate_id: UUID, sealed: bytes) -> bytes:
        """The template of this candidate.

        Raises:
            Unsealable: the key is another, it is somebody else's, or a bit of it has changed.
        """
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            template = self._cipher.decrypt(nonce, ciphertext, candidate_id.bytes)
        except (InvalidTag, ValueError):
            raise Unsealable("a template cannot be opened") from None
        if len(template) != DESCRIPTOR_BYTES:
            raise Unsealable("a template of another length")
        return template


class Templates:
    """Brings the database to what is to be kept, in a task of its own: no frame waits for it.

    While the database is away the newest wish of each candidate waits in memory. A crash meanwhile loses it: the
    candidate is then enrolled anew, and what should have been deleted is at the next start.
    """

    def __init__(self, seal: Seal, database: Database, clock: Callable[[], float]) -> None:
        self._seal = seal
        self._database = database
        self._clock = clock
        self._wanted: dict[UUID, bytes | None] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep and to delete."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Keep what is pending, if that takes no longer than a moment, and stop. May be called twice."""
        try:
            async with asyncio.timeout(1):
                await self._idle.wait()
        except TimeoutError:
            logger.warning("%d templates were not kept or deleted: the database is away", len(self._wanted))
        await cancel(self._task)

    def keep(self, candidate_id: UUID, template: bytes) -> None:
        """Keep a candidate's template, soon, in place of any other."""
        self._want({candidate_id: self._seal.close(candidate_id, template)})

    def forget(self, candidate_ids: Iterable[UUID]) -> None:
        """Delete the templates of these candidates, soon."""
        self._want(dict.fromkeys(candidate_ids))

    async def kept(self, meeting_id: UUID) -> dict[UUID, bytes]:
        """The templates of a meeting's candidates, opened. What cannot be opened is left out, with a warning.

        Raises:
            DatabaseAway: the database cannot be had.
        """
        found = {}
        for candidate_id, sealed in (await self._database.templates(meeting_id)).items():
            try:
                found[candidate_id] = self._seal.open(candidate_id, sealed)
            except Unsealable:
                logger.warning(
                    "[%s/%s] the kept template cannot be opened (was the secret changed?): enrolling anew",
                    meeting_id,
                    candidate_id,
                )
        return found

    async def sweep(self) -> None:
        """Delete what a crash left of exams that are over."""
        if count := await self._database.forget_stale_templates():
            logger.info("%d templates of exams that are over were left and are deleted now", count)

    def _want(self, wanted: Mapping[UUID, bytes | None]) -> None:
        self._wanted.update(wanted)
        if self._wanted:
            self._idle.clear()
            self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await guarded(self._settle)
            if not self._wanted:
                self._idle.set()

    async def _settle(self) -> None:
        """Make it so. What is wished for meanwhile comes after: the newest wish of a candidate is the last one."""
        wanted, self._wanted = self._wanted, {}
        at = moment(self._clock())
        gone = [candidate_id for candidate_id, sealed in wanted.items() if sealed is None]
        try:
            if gone:
                await self._database.forget_templates(gone)
            for candidate_id, sealed in wanted.items():
                if sealed is not None:
                    await self._database.keep_template(candidate_id, sealed, at)
        except DatabaseAway:
            # Each statement may be repeated.
            self._wanted = {**wanted, **self._wanted}
            await asyncio.sleep(RETRY_SECONDS)
            self._wake.set()
