"""Weights come whole and as pinned, or not at all: from a real server that also misbehaves."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from detection import models
from server import __main__, fetching
from server.fetching import FetchError

CONTENT = bytes(range(256)) * 1000
GOOD, SPARE = (
    models.Model(name, f"{name}.onnx", hashlib.sha256(CONTENT).hexdigest(), f"http://127.0.0.1:1/{name}", "MIT", needed)
    for name, needed in [("good", True), ("spare", False)]
)


@pytest.fixture(autouse=True)
def pinned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "MODELS", (GOOD, SPARE))
    monkeypatch.setenv("INVIGIL_MODELS", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class Mirror:
    """A server with a fault."""

    def __init__(self) -> None:
        self.fault = "none"
        self.calls = 0
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        match self.fault:
            case "missing":
                raise web.HTTPNotFound
            case "other":
                return web.Response(body=CONTENT[:-1] + b"!")
            case "redirect" if "moved" not in request.query:
                raise web.HTTPFound(f"{request.path}?moved=1")
            case "circle":
                raise web.HTTPFound(request.path)
            case "silent":
                await asyncio.sleep(60)
            case "cut" | "slow" | "endless":
                return await self.stream(request)
        return web.Response(body=CONTENT)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if self.fault == "cut":
            response.content_length = len(CONTENT)
        await response.prepare(request)
        await response.write(CONTENT[:1000])
        while self.fault == "endless":
            await response.write(CONTENT)
        if self.fault == "slow":
            await asyncio.sleep(60)
        assert request.transport
        request.transport.close()
        return response


@pytest.fixture
async def mirror() -> AsyncIterator[Mirror]:
    mirror = Mirror()
    app = web.Application()
    app.router.add_get("/models/{name}", mirror.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    mirror.url = f"http://127.0.0.1:{runner.addresses[0][1]}/models"
    yield mirror
    await runner.cleanup()


async def invigil(*arguments: str) -> int:
    return await asyncio.to_thread(__main__.main, ["models", *arguments])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_what_is_needed_is_fetched_and_verified(mirror: Mirror, tmp_path: Path) -> None:
    assert await invigil("fetch", "--from", mirror.url) == 0
    assert names(tmp_path) == ["good.onnx"]
    assert (tmp_path / "good.onnx").read_bytes() == CONTENT


async def test_what_is_named_is_fetched(mirror: Mirror, tmp_path: Path) -> None:
    assert await invigil("fetch", "spare", "--from", mirror.url + "/") == 0
    assert names(tmp_path) == ["spare.onnx"]


async def test_what_is_there_and_verified_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "good.onnx").write_bytes(CONTENT)
    assert await invigil("fetch", "--from", mirror.url) == 0
    assert mirror.calls == 0


async def test_a_file_with_other_contents_is_replaced(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "good.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    assert await invigil("fetch", "--from", mirror.url) == 0
    assert (tmp_path / "good.onnx").read_bytes() == CONTENT


async def test_a_redirect_is_followed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.fault = "redirect"
    assert await invigil("fetch", "--from", mirror.url) == 0
    assert (tmp_path / "good.onnx").read_bytes() == CONTENT


async def test_the_folder_is_made(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVIGIL_MODELS", str(tmp_path / "new" / "models"))
    assert await invigil("fetch", "--from", mirror.url) == 0
    assert names(tmp_path / "new" / "models") == ["good.onnx"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing", "404"),
        ("other", "not the pinned file"),
        ("cut", "good could not be fetched"),
        ("endless", "larger than 1 MB"),
        ("circle", "redirects"),
        ("silent", "did not answer in time"),
        ("slow", "did not answer in time"),
    ],
)
async def test_a_fault_is_one_sentence_and_leaves_what_was_there(
    fault: str, words: str, mirror: Mirror, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(fetching, "MAX_BYTES", 2**20)
    monkeypatch.setattr(fetching, "ANSWER_WITHIN", 0.5)
    monkeypatch.setattr(fetching, "READ_WITHIN", 0.5)
    (tmp_path / "good.onnx").write_bytes(b"old")
    mirror.fault = fault
    assert await invigil("fetch", "--from", mirror.url) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 2  # what is fetched, and why it failed
    assert names(tmp_path) == ["good.onnx"]
    assert (tmp_path / "good.onnx").read_bytes() == b"old"


async def test_a_download_that_never_ends_is_given_up(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WHOLE_WITHIN", 0.0)
    mirror.fault = "endless"
    with pytest.raises(FetchError, match="longer than 0 s"):
        await asyncio.to_thread(fetching.fetch, [], tmp_path, base=mirror.url)
    assert names(tmp_path) == []


def test_nobody_listening_is_told_at_once(tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(FetchError, match="good could not be fetched from http://127"):
        fetching.fetch([], tmp_path)  # its home is a port that nobody has
    assert time.monotonic() - begin < 5
    assert names(tmp_path) == []


def test_a_resolver_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(2))
    with pytest.raises(FetchError, match="did not answer in time"):
        fetching.fetch([], tmp_path, base="http://mirror.invalid")


async def test_a_folder_that_cannot_be_written_is_told(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FetchError, match="cannot be written"):
        await asyncio.to_thread(fetching.fetch, [], tmp_path / "file" / "models", base=mirror.url)


def test_an_unknown_name_is_told_with_those_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["models", "fetch", "other"]) == 1
    assert "Known: good, spare." in capsys.readouterr().err


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://[", "http://"])
def test_a_mirror_that_is_no_address_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError):
        fetching.fetch([], tmp_path, base=url)


@pytest.mark.parametrize(
    ("content", "word"), [(CONTENT, "verified"), (b"other", "mismatch"), (None, "missing")]
)  # fmt: skip
def test_the_list_says_what_is_there(
    content: bytes | None, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "good.onnx").write_bytes(content)
    assert __main__.main(["models", "list"]) == 0
    good, spare = capsys.readouterr().out.split("spare ", 1)
    assert word in good
    assert "missing" in spare
    for each in [GOOD.sha256, GOOD.url, GOOD.licence, str(tmp_path / GOOD.file)]:
        assert each in good
