"""`invigil webhooks register`: tells Dyte or RealtimeKit where to send what happens in its meetings."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from server.protocol import Provider
from server.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from server.providers.client import ProviderClient
    from storage.records import Json

NAME = "Invigil"
"""What our webhook is called in the service's own console."""

EPILOG = """\
The address is INVIGIL_PUBLIC_URL with /api/webhooks/ and the service's name behind it; it must be one that the service
can reach, over https. A webhook that is there already under that address is brought up to date. The exit status is 1
when the service refuses or cannot be reached.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `webhooks` to the command line."""
    what = commands.add_parser("webhooks", help="webhooks of Dyte or RealtimeKit").add_subparsers(
        required=True, metavar="WHAT"
    )
    parser = what.add_parser("register", help="have the service tell us who joins and leaves", epilog=EPILOG)
    services = [Provider.DYTE.value, Provider.REALTIMEKIT.value]
    parser.add_argument("--provider", required=True, choices=services, help="which service")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        SettingsError: the settings cannot be used, or lack what it takes.
    """
    from server.errors import ProviderFailed  # noqa: PLC0415 - the other commands need none of it
    from server.providers.client import ProviderClient  # noqa: PLC0415
    from server.providers.hosted import accounts  # noqa: PLC0415

    settings, provider = load(), Provider(options.provider)
    account = accounts(settings).get(provider)
    if account is None:
        raise SettingsError(f"This server is not set up for {provider}: its credentials are missing in the settings.")
    url = _url(settings, provider)
    try:
        done = asyncio.run(_register(ProviderClient(account), url))
    except ProviderFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{account.name} {done} {url}\n")
    return 0


def _url(settings: Settings, provider: Provider) -> str:
    if settings.public_url is None:
        raise SettingsError("INVIGIL_PUBLIC_URL is not set: it is where the service is to send webhooks to.")
    return f"{str(settings.public_url).rstrip('/')}/api/webhooks/{provider}"


async def _register(client: "ProviderClient", url: str) -> str:
    """Register the address, once; what was done."""
    from server.providers import answers  # noqa: PLC0415
    from server.room_events import EventKind  # noqa: PLC0415

    body: Json = {"name": NAME, "url": url, "events": [each.value for each in EventKind], "enabled": True}
    try:
        known = answers.rows((await client.call("GET", "webhooks")).get("data"))
        same = next((each["id"] for each in known if each.get("url") == url and isinstance(each.get("id"), str)), None)
        if same is not None:
            await client.call("PATCH", f"webhooks/{same}", body)
            return "goes on sending webhooks to"
        await client.call("POST", "webhooks", body)
        return "sends webhooks from now on to"
    finally:
        await client.close()
