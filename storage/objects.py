"""Photographs and recordings in an object store: a local folder by default, S3, GCS or Azure by URL."""

import asyncio
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import obstore
from obstore import store as stores
from obstore.exceptions import BaseError

HANDS: Final = 16
"""Objects that are deleted at the same time."""


class ObjectStoreError(Exception):
    """The object store refused or cannot be had."""


class ObjectStore:
    """Keeps bytes under keys. What is kept is never changed, only deleted."""

    def __init__(self, store: stores.ObjectStore, folder: Path | None = None) -> None:
        """`folder`: where a local store has its files."""
        self._store = store
        self._folder = folder

    @classmethod
    def local(cls, folder: Path) -> "ObjectStore":
        """A folder on this machine; what is in it never leaves the machine."""
        return cls(stores.LocalStore(folder, mkdir=True), folder)

    @classmethod
    def at(cls, url: str) -> "ObjectStore":
        """An object store by URL (`s3://bucket/prefix`, `gs://`, `az://`, `file:///`).

        Raises:
            ObjectStoreError: the URL is of no kind that is known.
        """
        try:
            return cls(stores.from_url(url))
        except (BaseError, ValueError) as error:
            raise ObjectStoreError(f"{url} is no object store that can be used: {error}") from error

    async def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`.

        Raises:
            ObjectStoreError: it was not kept.
        """
        try:
            await obstore.put_async(self._store, key, data)
        except (BaseError, OSError) as error:
            raise ObjectStoreError(f"{key} was not kept: {error}") from error

    async def put_files(self, files: Mapping[str, Path]) -> None:
        """Keep files, which are on the disk and change no more, under their keys. May be repeated.

        Raises:
            ObjectStoreError: they were not all kept.
        """
        if self._folder is not None:
            targets = {path: self._folder / key for key, path in files.items()}
            if await asyncio.to_thread(_linked, targets):
                return
        for key, path in files.items():
            try:
                # Bytes and not the path: for a path the library works in parts, which a small file does not need.
                await obstore.put_async(self._store, key, await asyncio.to_thread(path.read_bytes))
            except (BaseError, OSError) as error:
                raise ObjectStoreError(f"{key} was not kept: {error}") from error

    async def get(self, key: str) -> bytes | None:
        """The bytes under `key`, or None.

        Raises:
            ObjectStoreError: the store cannot be had.
        """
        try:
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise ObjectStoreError(f"{key} cannot be read: {error}") from error

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is under these keys; what is not there is no matter.

        Raises:
            ObjectStoreError: they were not all deleted.
        """
        found = list(keys)
        waiting = iter(found)
        # One by one: in one call for many, some stores stop at the first that is not there.
        await asyncio.gather(*(self._delete_all(waiting) for _ in range(HANDS)))
        if self._folder is not None:
            await asyncio.to_thread(_prune, {(self._folder / key).parent for key in found})

    async def _delete_all(self, keys: Iterator[str]) -> None:
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise ObjectStoreError(f"{key} was not deleted: {error}") from error

    async def below(self, folder: str) -> list[str]:
        """Every key that begins with `folder/`.

        Raises:
            ObjectStoreError: the store cannot be had.
        """
        found: list[str] = []
        try:
            async for part in obstore.list(self._store, prefix=folder):
                found += [each["path"] for each in part]
        except FileNotFoundError:
            return []
        except (BaseError, OSError) as error:
            raise ObjectStoreError(f"{folder} cannot be listed: {error}") from error
        return [key for key in found if key.startswith(f"{folder}/")]

    async def delete_below(self, folder: str) -> None:
        """Delete everything whose key begins with `folder/`, whoever put it there. May be repeated.

        Raises:
            ObjectStoreError: it was not all deleted.
        """
        await self.delete(await self.below(folder))
        if self._folder is not None:
            try:  # folders, and what the store does not count: files that a crash left half written
                await asyncio.to_thread(shutil.rmtree, self._folder / folder)
            except FileNotFoundError:
                return
            except OSError as error:
                raise ObjectStoreError(f"{folder} was not deleted: {error}") from error


def _prune(folders: Iterable[Path]) -> None:
    """Remove folders that are empty now."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _linked(targets: Mapping[Path, Path]) -> bool:
    """Give files a second name, which costs no second copy of their bytes. False where that cannot be done."""
    try:
        for path, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = target.with_name(f"{target.name}.part")
            part.unlink(missing_ok=True)
            os.link(path, part)
            part.replace(target)  # what is kept already is never away, not even for a moment
        for folder in {target.parent for target in targets.values()}:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError:  # another disk, or a file system without links
        return False
    return True
