"""The simulator's meeting: made, joined and ended over HTTP, as an operator and candidates do. No sockets."""

from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from server import protocol

TIMEOUT = 10.0
"""Seconds for one call."""


class SimulationError(Exception):
    """The run cannot begin or go on; the text is for the person at the terminal."""


class Room:
    """One meeting on a server that is somewhere else."""

    def __init__(self, url: str, operator_token: str) -> None:
        self.url = url.rstrip("/")
        """The server, without a slash at the end."""
        self.meeting_id = ""
        self.proctor_token = ""
        self._code = ""
        # No proxies from the environment: the sockets do not take them either, and loopback has no use for one.
        self._http = httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT, trust_env=False)
        self._operator = {"Authorization": f"Bearer {operator_token}"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def create(self, title: str, pace: protocol.Pace) -> None:
        """Make the meeting; its candidates are asked for this pace.

        Raises:
            SimulationError: the server cannot be reached, or the token is wrong.
        """
        body = protocol.CreateMeeting(title=title, settings={"stream": pace.model_dump()})
        answer = await self._post("/api/meetings", body, self._operator)
        try:
            created = protocol.CreatedMeeting.model_validate(answer)
        except ValueError as error:
            raise SimulationError(f"What answers at {self.url} is no Invigil of this version: {error}") from None
        self.meeting_id = str(created.meeting.id)
        # Of the links only what is secret in them: they lead to the server's public address, which may be another.
        self.proctor_token = token_in(created.proctor_url) or ""
        self._code = parse_qs(urlsplit(created.candidate_url).query)["code"][0]

    async def join(self, name: str) -> str:
        """Come in through the candidates' link; returns the token.

        Raises:
            SimulationError: refused.
        """
        body = protocol.Join(name=name, code=self._code)
        answer = await self._post(f"/api/meetings/{self.meeting_id}/join", body, {})
        return protocol.JoinedParticipant.model_validate(answer).token

    async def end(self) -> None:
        """End the meeting for everyone.

        Raises:
            SimulationError: it could not be.
        """
        await self._post(f"/api/meetings/{self.meeting_id}/end", None, self._operator)

    async def _post(self, path: str, body: protocol.Wire | None, headers: dict[str, str]) -> Any:
        try:
            answer = await self._http.post(path, json=body.model_dump(mode="json") if body else None, headers=headers)
            data = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SimulationError(f"The server at {self.url} cannot be reached: {str(error) or repr(error)}") from None
        except ValueError:
            raise SimulationError(f"What answers at {self.url} is no Invigil: {path} gave no JSON.") from None
        if answer.status_code == 401:
            raise SimulationError(
                "The operator's token is wrong: take the one in the URL that `invigil serve` printed."
            )
        if answer.is_error:
            raise SimulationError(f"The server refused {path}: {_reason(data)}")
        return data


def token_in(url: str) -> str | None:
    """The token behind the # of a page's URL."""
    name, _, token = urlsplit(url).fragment.partition("=")
    return token if name == "token" and token else None


def _reason(data: Any) -> str:
    try:
        return protocol.ErrorBody.model_validate(data).error.text
    except ValueError:
        return "it did not say why."
