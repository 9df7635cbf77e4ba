"""`invigil retention` and `invigil erase` on the command line: they ask a running server, which alone deletes."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from server.command_words import CommandError, say
from server.settings import load

if TYPE_CHECKING:
    import httpx

TIMEOUT = 600.0
"""Seconds for one call: a part of what is due is deleted in it."""

EPILOG = """\
The server deletes what is due by itself, once an hour, and never anything of a meeting that is open or held. This shows
what that will be, and with --now does it at once. The exit status is 2 when the server cannot be asked.
"""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `retention` and `erase` to the command line."""
    parser = commands.add_parser("retention", help="show what is kept no longer, or delete it now", epilog=EPILOG)
    _add_server(parser)
    parser.add_argument("--now", action="store_true", help="delete it, in place of only showing it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    parser = commands.add_parser("erase", help="delete all that is kept of a candidate, and print the receipt")
    parser.add_argument("meeting", metavar="MEETING_ID")
    parser.add_argument("candidate", metavar="PARTICIPANT_ID")
    _add_server(parser)
    parser.set_defaults(run=run_erase)


def _add_server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--url", default="http://127.0.0.1:8080", help="the server, or the operator's URL that `serve` printed")
    add("--operator-token", metavar="T", help="unset: from the URL's #token=, else INVIGIL_OPERATOR_TOKEN")


def run(options: argparse.Namespace) -> int:
    """Run `retention`."""
    try:
        with _server(options) as server:
            due = _call(server, "GET", "/api/retention")["due"]
            if not options.now:
                sys.stdout.write(json.dumps(due) + "\n" if options.json else _told(due))
                return 0
            receipts: list[str] = []
            more = True
            while more:
                answer = _call(server, "POST", "/api/retention")
                receipts, more = receipts + answer["receipts"], answer["more"]
                say(f"{len(receipts)} deletions so far")
    except CommandError as error:
        say(str(error))
        return 2
    sys.stdout.write(json.dumps(receipts) + "\n" if options.json else f"{len(receipts)} deletions, a receipt each.\n")
    return 0


def run_erase(options: argparse.Namespace) -> int:
    """Run `erase`."""
    try:
        with _server(options) as server:
            path = f"/api/meetings/{options.meeting}/participants/{options.candidate}/erase"
            sys.stdout.write(json.dumps(_call(server, "POST", path)["receipt"]["signed"]) + "\n")
    except CommandError as error:
        say(str(error))
        return 2
    return 0


def _told(due: list[dict[str, Any]]) -> str:
    """What is due, a line for each meeting."""
    if not due:
        return "Nothing is due.\n"
    lines = []
    for each in due:
        state = "HELD, nothing is deleted" if each["hold"] else f"due: {', '.join(each['parts'])}"
        lines.append(
            f"{each['meeting_id']}  {each['title'][:40]!r} ended {each['ended_at'][:10]}; {state}; "
            f"{each['candidates']} candidates, {each['recordings']} recordings of {each['bytes'] / 1e6:.1f} MB, "
            f"{each['pictures']} photographs, {each['incidents']} incidents, {each['unreviewed']} not reviewed"
        )
    return "\n".join(lines) + "\n"


@contextmanager
def _server(options: argparse.Namespace) -> "Iterator[httpx.Client]":
    import httpx  # noqa: PLC0415 - the other commands need no HTTP client

    from server.simulation_meeting import token_in  # noqa: PLC0415

    token = options.operator_token or token_in(options.url)
    if token is None:
        secret = load().operator_token
        if secret is None:
            raise CommandError("The operator's token is needed: give --url as `serve` printed it, or --operator-token.")
        token = secret.get_secret_value()
    base = options.url.partition("#")[0].rstrip("/")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base, headers=headers, timeout=TIMEOUT, trust_env=False) as client:
        yield client


def _call(server: "httpx.Client", method: str, path: str) -> Any:
    """What the server answers.

    Raises:
        CommandError: nothing, or an error.
    """
    import httpx  # noqa: PLC0415

    try:
        answer = server.request(method, path)
        found = answer.json()
        if answer.is_error:
            raise CommandError(found["error"]["text"])
    except httpx.HTTPError as error:
        raise CommandError(f"{server.base_url} cannot be reached: {error}") from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"What answers at {server.base_url} is no Invigil.") from None
    return found
