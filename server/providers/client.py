"""HTTP to a video service: limited in time, size and number, repeated only where that is safe. Its secret stays here.

What is repeated: whatever the service surely did not take up (no connection, 429), and calls that are `repeatable`
(doing them twice is doing them once) after 5xx, a cut line or silence. A POST that makes something is not: when its
answer is lost, the thing may be there. What is then left behind is said by whoever asks for it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from server.errors import ProviderAway, ProviderFailed, ProviderRefused
from server.providers import answers
from storage.records import Json

logger = logging.getLogger(__name__)
# They write addresses, which hold the account's ids, and at `debug` whatever was sent.
for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)

MAX_ANSWER_BYTES: Final = 1024 * 1024
"""Largest answer that is read: a page of a hundred participants has 40 KB."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""The service never saw the call."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a service, as the settings have it."""

    name: str
    """What people call the service."""
    url: str
    """Below which its calls are."""
    authorization: str = field(repr=False)
    """The header's whole value."""
    secret: str = field(repr=False)
    """The part of it that is never repeated, wherever it comes back."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a client is. All times are in seconds."""

    attempts: int = 4
    """How often one call is tried."""
    attempt_seconds: float = 8.0
    """For one try, from its first byte to the answer's last."""
    call_seconds: float = 30.0
    """For a call with all its tries and pauses, the wait for its turn included."""
    pause: float = 0.5
    """Before the second try, on average; doubled before each one after."""
    longest_pause: float = 15.0
    """What the service may ask us to wait for, past which the call is given up."""
    at_once: int = 8
    """Calls under way at once; Dyte and Cloudflare both count them."""
    rest_after: int = 3
    """Calls in a row that found nobody there, past which further ones fail at once ..."""
    rest_seconds: float = 5.0
    """... for so long."""


class _Again(Exception):
    """A try that failed. `failure`: how to say so in the end."""

    def __init__(self, failure: ProviderFailed, *, safe: bool, wait: float | None = None) -> None:
        super().__init__(failure.text)
        self.failure = failure
        self.safe = safe
        self.wait = wait


class ProviderClient:
    """Calls one account of one service. `count` is told what came of each call."""

    def __init__(
        self, account: Account, *, limits: Limits | None = None, count: Callable[[str], object] | None = None
    ) -> None:
        self.name = account.name
        self._limits = limits or Limits()
        self._secrets = (account.secret, account.authorization.partition(" ")[2])
        self._count: Callable[[str], object] = count or (lambda _: None)
        self._http = httpx.AsyncClient(
            base_url=account.url.rstrip("/") + "/",
            headers={
                "Authorization": account.authorization,
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # compressed, a small answer could grow without limit
            },
            timeout=self._limits.attempt_seconds,
            limits=httpx.Limits(max_connections=self._limits.at_once, max_keepalive_connections=self._limits.at_once),
            follow_redirects=False,
        )
        self._turns = asyncio.Semaphore(self._limits.at_once)
        self._failures = 0
        self._resting_until = 0.0
        self._quiet_until = 0.0
        self.away_since: float | None = None
        """Since when no call came through, in seconds since the epoch; None while they do."""

    async def close(self) -> None:
        """Hang up. May be called twice."""
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str | int] | None = None,
        repeatable: bool = False,
    ) -> Json:
        """Make a call; the JSON object of the answer.

        Args:
            repeatable: doing it twice is doing it once. Of GET, PUT, PATCH and DELETE it always is.

        Raises:
            ProviderAway: the service cannot be had, is overloaded, or failed.
            ProviderRefused: it said no, or something that nobody understands.
        """
        repeatable = repeatable or method != "POST"
        now = asyncio.get_running_loop().time()
        if now < self._resting_until:
            self._count("away")
            raise ProviderAway(f"{self.name} cannot be reached just now.")
        try:
            async with asyncio.timeout(self._limits.call_seconds), self._turns:
                answer = await self._persist(method, path, body, query, repeatable=repeatable)
        except TimeoutError:
            raise self._failed(ProviderAway(f"{self.name} did not answer in time.")) from None
        except ProviderFailed as failure:
            raise self._failed(failure) from None
        self._reached("ok")
        return answer

    # --- one call ---

    async def _persist(
        self, method: str, path: str, body: Json | None, query: Mapping[str, str | int] | None, *, repeatable: bool
    ) -> Json:
        attempt = 0
        while True:
            attempt += 1
            await self._keep_quiet()
            try:
                return await self._attempt(method, path, body, query)
            except _Again as again:
                if attempt >= self._limits.attempts or not (again.safe or repeatable):
                    raise again.failure from None
                wait = again.wait
            self._count("repeated")
            if wait is None:  # at the service's word all calls wait, at our own only this one
                await asyncio.sleep(self._limits.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))

    async def _keep_quiet(self) -> None:
        """Wait for as long as the service asked to be left alone."""
        wait = self._quiet_until - asyncio.get_running_loop().time()
        if wait > self._limits.longest_pause:
            raise ProviderAway(f"{self.name} takes no more calls for the next {wait:.0f} s.", there=429)
        if wait > 0:  # not all of them in the same moment
            await asyncio.sleep(wait + random.uniform(0, self._limits.pause))

    async def _attempt(self, method: str, path: str, body: Json | None, query: Mapping[str, str | int] | None) -> Json:
        try:
            async with asyncio.timeout(self._limits.attempt_seconds):
                status, headers, content = await self._send(method, path, body, query)
        except _NOT_SENT as error:
            failure = ProviderAway(f"{self.name} cannot be reached ({type(error).__name__}).")
            raise _Again(failure, safe=True) from None
        except (httpx.TransportError, TimeoutError) as error:
            failure = ProviderAway(f"{self.name} did not answer ({type(error).__name__}).")
            raise _Again(failure, safe=False) from None
        except answers.Malformed as error:
            raise _Again(self._refusal(f"answered {error}"), safe=False) from None
        if 200 <= status < 300:
            try:
                return answers.envelope(content) if content.strip() else {}
            except answers.Malformed as error:
                raise _Again(self._refusal(f"answered {error}", there=status), safe=False) from None
        raise self._refused(status, headers, answers.said(content, hidden=self._hidden(body)))

    async def _send(
        self, method: str, path: str, body: Json | None, query: Mapping[str, str | int] | None
    ) -> tuple[int, httpx.Headers, bytes]:
        content = bytearray()
        async with self._http.stream(method, path, json=body, params=query) as response:
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise answers.Malformed(f"more than {MAX_ANSWER_BYTES} bytes")
        return response.status_code, response.headers, bytes(content)

    # --- what came of it ---

    def _refused(self, status: int, headers: httpx.Headers, said: str) -> Exception:
        """The error for a status that is no success."""
        if status == 429:
            wait = answers.retry_after(headers.get("retry-after"), time.time())
            failure = ProviderAway(f"{self.name} is asked too often.", there=status)
            if wait is not None:
                now = asyncio.get_running_loop().time()
                self._quiet_until = max(self._quiet_until, now + min(wait, 600.0))
            return _Again(failure, safe=True, wait=wait)
        if status >= 500:
            return _Again(ProviderAway(f"{self.name} failed with {status}: {said}", there=status), safe=False)
        if status < 400:
            return self._refusal(f"sends us elsewhere ({status}). Check its address in the settings.", there=status)
        if status in (401, 403):
            return self._refusal(f"refuses our credentials ({status}: {said}). Check them.", there=status)
        return self._refusal(f"refused ({status}: {said})", there=status)

    def _refusal(self, words: str, *, there: int | None = None) -> ProviderRefused:
        return ProviderRefused(f"{self.name} {words}", there=there)

    def _hidden(self, body: Json | None) -> list[str]:
        """What must not be repeated of what a service says: our secret, and whose name we sent."""
        names = [str(value) for key, value in (body or {}).items() if key in ("name", "title") and value]
        return [*self._secrets, *names]

    def _failed(self, failure: ProviderFailed) -> ProviderFailed:
        if not isinstance(failure, ProviderAway):
            self._reached("refused")
            return failure
        self._count("away")
        self._failures += 1
        if self.away_since is None:
            self.away_since = time.time()
            logger.warning("%s", failure.text)
        if self._failures >= self._limits.rest_after:
            self._resting_until = asyncio.get_running_loop().time() + self._limits.rest_seconds
        return failure

    def _reached(self, outcome: str) -> None:
        self._count(outcome)
        self._failures = 0
        if self.away_since is not None:
            logger.info("%s can be reached again", self.name)
            self.away_since = None
