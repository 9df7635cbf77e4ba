"""Candidates that cost as little as they can: `python -m tests.bench.crowd`, the plan as JSON on standard input.

The frames of Socket.IO are written by hand here, so that on two cores the server is what is measured. One line of
JSON is printed when all are connected, and one for each further line of input: frames acknowledged so far.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp

UNACKNOWLEDGED = 2


class Member:
    """One candidate on a bare WebSocket."""

    def __init__(self, jpegs: Sequence[bytes]) -> None:
        self._jpegs = jpegs
        self._seq = 0
        self._room = asyncio.Semaphore(UNACKNOWLEDGED)
        self.acknowledged = 0
        self.refused = 0

    async def connect(self, http: aiohttp.ClientSession, url: str, token: str, *, deflate: bool) -> None:
        """Open the socket and the namespace."""
        # Browsers offer compression always; the server decides.
        self._socket = await http.ws_connect(
            f"{url}/socket.io/?EIO=4&transport=websocket", compress=15 if deflate else 0, max_msg_size=0
        )
        await self._socket.receive_str()
        await self._socket.send_str("40/candidate," + json.dumps({"token": token}))
        if not (answer := await self._socket.receive_str()).startswith("40/candidate,"):
            raise RuntimeError(answer)

    async def listen(self) -> None:
        """Take acknowledgements, and answer pings."""
        async for message in self._socket:
            if message.data == "2":
                await self._socket.send_str("3")
            elif message.data.startswith("43/candidate,"):
                ok = '"ok":true' in message.data
                self.acknowledged += ok
                self.refused += not ok
                self._room.release()

    async def stream(self, fps: float | None, phase: float) -> None:
        """Send at a pace; without one, as fast as they are acknowledged."""
        clock = asyncio.get_running_loop().time
        begin, number = clock() + (phase / fps if fps else 0), 0
        while True:
            if fps:
                await asyncio.sleep(begin + number / fps - clock())
                number += 1
            await self._room.acquire()
            self._seq += 1
            head = f'451-/candidate,{self._seq}["frame",{{"seq":{self._seq},"captured_at":{time.time() * 1000:.0f},'
            await self._socket.send_str(head + '"jpeg":{"_placeholder":true,"num":0}}]')
            await self._socket.send_bytes(self._jpegs[self._seq % len(self._jpegs)])


async def run(plan: dict[str, Any]) -> None:
    """Stream until standard input ends."""
    jpegs = [bytes.fromhex(each) for each in plan["jpegs"]]
    crowd = [Member(jpegs) for _ in plan["tokens"]]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        for member, token in zip(crowd, plan["tokens"], strict=True):
            await member.connect(http, plan["url"], token, deflate=plan["deflate"])
        tasks = [asyncio.create_task(member.listen()) for member in crowd]
        for number, member in enumerate(crowd):
            tasks.append(asyncio.create_task(member.stream(plan["fps"], number / len(crowd))))
        tell(crowd)
        while await asyncio.to_thread(sys.stdin.readline):
            tell(crowd)
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


def tell(crowd: Iterable[Member]) -> None:
    """Print the counts."""
    counts = {"acknowledged": sum(each.acknowledged for each in crowd), "refused": sum(each.refused for each in crowd)}
    print(json.dumps(counts | {"at": time.perf_counter()}), flush=True)


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.stdin.readline())))
