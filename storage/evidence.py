"""Photographs in an object store: a local folder by default, S3, GCS or Azure by URL."""

from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url


class EvidenceError(Exception):
    """The object store refused or cannot be had."""


class EvidenceStore:
    """Keeps pictures under keys. What is kept is never changed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def local(cls, folder: Path) -> "EvidenceStore":
        """A folder on this machine; the pictures never leave it."""
        return cls(LocalStore(folder, mkdir=True))

    @classmethod
    def at(cls, url: str) -> "EvidenceStore":
        """An object store by URL (`s3://bucket/prefix`, `gs://`, `az://`, `file:///`).

        Raises:
            EvidenceError: the URL is of no kind that is known.
        """
        try:
            return cls(from_url(url))
        except (BaseError, ValueError) as error:
            raise EvidenceError(f"{url} is no object store that can be used: {error}") from error

    async def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`.

        Raises:
            EvidenceError: it was not kept.
        """
        try:
            await obstore.put_async(self._store, key, data)
        except (BaseError, OSError) as error:
            raise EvidenceError(f"{key} was not kept: {error}") from error

    async def get(self, key: str) -> bytes | None:
        """The bytes under `key`, or None.

        Raises:
            EvidenceError: the store cannot be had.
        """
        try:
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise EvidenceError(f"{key} cannot be read: {error}") from error
