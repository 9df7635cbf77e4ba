"""What every test may stand on: a clean environment, a real PostgreSQL, a server with real sockets."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from server.app import Running, running
from server.settings import Settings

from . import faces, people
from .postgres import TEMPLATE, Postgres, postgres

for _name in [name for name in os.environ if name.startswith("INVIGIL_") and name != "INVIGIL_MODELS"]:
    del os.environ[_name]  # a developer's own settings are nobody's test
Settings.model_config["env_file"] = None

Serve = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:
    """No file, socket, sleep or driver call of ours blocks the event loop."""
    with blockbuster_ctx(["server", "storage", "detection"]) as blockbuster:
        for function in blockbuster.functions.values():
            # Once, while the server starts and nobody is connected.
            function.can_block_in("storage/database.py", {"_queries"})
            function.can_block_in("server/api/pages.py", {"add_assets"})
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgres]:
    """The PostgreSQL that all tests share. Whoever takes it away has their own."""
    with postgres() as server:
        yield server


@pytest.fixture
def database_url(postgresql: Postgres) -> Iterator[str]:
    """A fresh database with the schema in it."""
    url = postgresql.database(template=TEMPLATE)
    yield url
    postgresql.drop(url)


def settings_for(database_url: str, folder: Path, **changed: Any) -> Settings:
    """Settings for a server in this folder, without detection unless workers are asked for."""
    given = {"port": 0, "workers": 0, "data_dir": folder / "data", "database_url": database_url}
    return Settings(**{**given, "models": faces.models_folder(), **changed})


@asynccontextmanager
async def leaving_no_task() -> AsyncIterator[None]:
    """Whatever is started inside ends inside; what is ending already gets a moment."""
    before = asyncio.all_tasks()
    yield
    # Engine.IO leaves one sleep a socket behind, of `ping_interval`: it finds its socket closed and ends.
    kept = {task for task in asyncio.all_tasks() if "AsyncSocket._send_ping" in repr(task.get_coro())}
    left = asyncio.all_tasks() - before - kept - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=1000 * people.MS)
    left = {task for task in left if task is not None and not task.done()}
    assert not left, f"tasks were left behind: {left}"


@pytest.fixture
def serve(database_url: str, tmp_path: Path) -> Serve:
    """`async with serve(workers=1) as server`: a real server on a free port, which leaves no task behind."""

    @asynccontextmanager
    async def start(**changed: Any) -> AsyncIterator[Running]:
        # Before there is a loop, as in a real start: the name of a plug-in is looked up on disk.
        settings = await asyncio.to_thread(settings_for, database_url, tmp_path, **changed)
        async with leaving_no_task(), running(settings) as server:
            yield server

    return start


@pytest.fixture
async def server(serve: Serve) -> AsyncIterator[Running]:
    """A server without detection."""
    async with serve() as server:
        yield server


@pytest.fixture
async def http(server: Running) -> AsyncIterator[people.Http]:
    """HTTP calls to `server`."""
    async with people.calls(server) as http:
        yield http


@pytest.fixture
async def room(http: people.Http) -> people.Exam:
    """A meeting on `server`."""
    return await people.exam(http)
