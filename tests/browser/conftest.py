"""A real Chromium with a made video as its camera."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright, expect

from server.api.pages import STATIC

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""No call to any other host, and no wait for one."""

PATIENCE = 40_000
"""Milliseconds for an action, or for what is expected: a machine may be busy, and a browser slow to wake."""
expect.set_options(timeout=PATIENCE)

CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]

Open = Callable[..., AbstractAsyncContextManager[BrowserContext]]


@pytest.fixture
async def playwright() -> AsyncIterator[Playwright]:
    """The driver of the browser."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: install `chromium` and put it on the path")
    if not (STATIC / "index.html").is_file():
        pytest.skip("needs the client: run `make setup`")
    async with async_playwright() as playwright:
        yield playwright


@pytest.fixture
def browser(playwright: Playwright) -> Open:
    """`async with browser(camera=clip) as context`: a browser of its own, with that clip as its camera."""

    @asynccontextmanager
    async def launch(camera: Path | None = None) -> AsyncIterator[BrowserContext]:
        arguments = list(QUIET)
        if camera is not None:
            arguments += [*CAMERA, f"--use-file-for-fake-video-capture={camera}"]
        started: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            context = await started.new_context(viewport={"width": 1280, "height": 800})
            context.set_default_timeout(PATIENCE)
            yield context
        finally:
            await started.close()

    return launch


@pytest.fixture
def tabs(playwright: Playwright, tmp_path: Path) -> Open:
    """`async with tabs(clip) as context`: a browser as people have it, whose tabs hide and slow each other.

    Playwright's own start and its default settings keep every page visible.
    """

    @asynccontextmanager
    async def launch(camera: Path) -> AsyncIterator[BrowserContext]:
        arguments = [*QUIET, *CAMERA, f"--use-file-for-fake-video-capture={camera}", "--headless"]
        arguments += ["--remote-debugging-port=0", f"--user-data-dir={tmp_path / 'profile'}"]
        assert CHROMIUM is not None, "the driver would have skipped"
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *arguments, "about:blank", stderr=asyncio.subprocess.PIPE
        )
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(_read(process.stderr, found))
        try:
            address = await asyncio.wait_for(found, timeout=PATIENCE / 1000)
            started = await playwright.chromium.connect_over_cdp(address, no_defaults=True)
            context = started.contexts[0]
            context.set_default_timeout(PATIENCE)
            yield context
            await started.close()
        finally:
            process.terminate()
            await process.wait()
            await reading

    return launch


async def _read(output: asyncio.StreamReader | None, found: asyncio.Future[str]) -> None:
    """Find the address at which Chromium says it can be driven, and read on: a full pipe would stop it."""
    assert output is not None
    async for line in output:
        if b"DevTools listening on" in line and not found.done():
            found.set_result(line.split()[-1].decode())
    if not found.done():
        found.set_exception(AssertionError("Chromium ended before it could be driven"))
