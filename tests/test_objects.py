"""The object store: what is kept is found again, and a file in a local store takes no second copy of its bytes."""

import asyncio
import os
from pathlib import Path

import pytest

from storage import objects
from storage.objects import ObjectStore, ObjectStoreError


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {f"meeting/recording/000000.{n}": tmp_path / f"{n}.part" for n in ("mkv", "jsonl")}
    for n, path in enumerate(found.values()):
        path.write_bytes(bytes([n]) * 1000)
    return found


@pytest.mark.parametrize("how", ["links", "no links", "by address"])
async def test_files_are_kept_and_stay_when_ours_are_gone(
    how: str, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    store = ObjectStore.at(folder.as_uri()) if how == "by address" else ObjectStore.local(folder)
    if how == "no links":
        monkeypatch.setattr(objects, "_linked", lambda _: False)
    for _ in range(2):  # it may be repeated
        await store.put_files(files)
    for n, (key, path) in enumerate(files.items()):
        path.unlink()
        assert await store.get(key) == bytes([n]) * 1000


async def test_in_a_local_store_a_file_has_two_names_and_one_copy(files: dict[str, Path], tmp_path: Path) -> None:
    store = ObjectStore.local(tmp_path / "store")
    await store.put_files(files)
    key, path = next(iter(files.items()))
    assert await asyncio.to_thread(os.path.samefile, path, tmp_path / "store" / key)


async def test_a_store_that_is_away_says_so(files: dict[str, Path], tmp_path: Path) -> None:
    store = ObjectStore.local(tmp_path / "store")
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("a file where the folder was")
    with pytest.raises(ObjectStoreError):
        await store.put_files(files)


async def test_a_file_that_is_gone_leaves_what_is_kept_alone(files: dict[str, Path], tmp_path: Path) -> None:
    store = ObjectStore.local(tmp_path / "store")
    await store.put_files(files)
    key, path = next(iter(files.items()))
    path.unlink()
    with pytest.raises(ObjectStoreError):
        await store.put_files(files)
    assert await store.get(key) == b"\0" * 1000


async def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert await ObjectStore.local(tmp_path).get("nothing") is None
