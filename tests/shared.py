"""One server for a whole file of tests: each test has a meeting of its own on it.

A file takes it with `pytestmark = shared.LOOP` and `server, http, room = shared.server, shared.http, shared.room`.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.app import Running, running

from . import people
from .conftest import leaving_no_task, settings_for
from .people import Exam, Http
from .postgres import TEMPLATE, Postgres

LOOP = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(postgresql: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A server without detection."""
    url = await asyncio.to_thread(postgresql.database, template=TEMPLATE)
    settings = settings_for(url, tmp_path_factory.mktemp("shared"))
    async with leaving_no_task(), running(settings) as server:
        yield server
    await asyncio.to_thread(postgresql.drop, url)


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: Running) -> AsyncIterator[Http]:
    """HTTP calls to it."""
    async with people.calls(server) as http:
        yield http


@pytest_asyncio.fixture(loop_scope="module")
async def room(http: Http) -> Exam:
    """A meeting on it."""
    return await people.exam(http)


@pytest_asyncio.fixture(loop_scope="module")
async def cast(room: Exam) -> dict[str, str]:
    """A token of every kind, by name; `stranger` is the proctor of another meeting."""
    other = await people.exam(room.http, "Other")
    return {
        "operator": room.http.operator_token,
        "proctor": (await room.add("P", "proctor"))["token"],
        "reviewer": (await room.add("R", "reviewer"))["token"],
        "candidate": (await room.add("C", "candidate"))["token"],
        "stranger": (await other.add("S", "proctor"))["token"],
    }


@pytest_asyncio.fixture(loop_scope="module")
async def token(room: Exam) -> str:
    """Of a candidate."""
    added: str = (await room.add())["token"]
    return added
