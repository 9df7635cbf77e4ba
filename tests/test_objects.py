"""The object store: what is kept is found again, and a file in a local store takes no second copy of its bytes."""

import asyncio
import os
from pathlib import Path

import pytest
from obstore import store as stores

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


@pytest.mark.parametrize("how", ["folder", "elsewhere"])
async def test_what_is_deleted_is_gone_and_all_else_stays(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = ObjectStore.local(folder) if how == "folder" else ObjectStore(stores.MemoryStore())
    keys = ["m/1/a.jpg", "m/1/b.jpg", "m/2/a.jpg", "m/12/a.jpg"]
    for key in keys:
        await store.put(key, b"x")
    for _ in range(2):  # it may be repeated, and what is not there is no matter
        await store.delete(["m/1/a.jpg", "m/1/none.jpg", "none/none.jpg"])
    assert [await store.get(key) for key in keys] == [None, b"x", b"x", b"x"]
    for _ in range(2):
        await store.delete_below("m/1")
    assert [await store.get(key) for key in keys] == [None, None, b"x", b"x"]
    assert sorted(await store.below("m")) == ["m/12/a.jpg", "m/2/a.jpg"]
    assert await store.below("none") == []
    if how == "folder":
        assert sorted(path.name for path in (folder / "m").iterdir()) == ["12", "2"]


async def test_what_a_crash_left_half_written_goes_with_the_rest(files: dict[str, Path], tmp_path: Path) -> None:
    store = ObjectStore.local(tmp_path / "store")
    await store.put_files(files)
    (tmp_path / "store/meeting/recording/000001.mkv.part").write_bytes(b"half")
    await store.delete_below("meeting/recording")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


async def test_a_store_that_cannot_be_had_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = ObjectStore.local(folder)
    await store.put("m/1/a.jpg", b"x")
    (folder / "m").rename(folder / "gone")
    (folder / "m").write_text("a file where the folder was")
    with pytest.raises(ObjectStoreError, match="was not deleted"):
        await store.delete(["m/1/a.jpg"])
