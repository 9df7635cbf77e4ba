"""The command line: `invigil serve` and its companions."""

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
from pathlib import Path

from server import (
    compact_command,
    evaluation_command,
    labels_command,
    logs,
    replay_command,
    retention_command,
    simulation_command,
    verify_command,
    webhooks_command,
)
from server import settings as settings_module
from server.settings import Settings, SettingsError

logger = logging.getLogger("invigil")

GC_THRESHOLDS = (20_000, 20, 50)
"""Frames make and drop many small objects, hardly any in circles: Python's own 700 collects ten times a second."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit status is 0 when all went well, 1 when it could not, 2 for wrong words."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="invigil", description="Live proctoring of online exams.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the server; every setting is INVIGIL_<NAME>, see the README")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    serve.add_argument("--data-dir", type=Path, help="folder for everything that is kept")
    serve.set_defaults(run=_serve)
    simulation_command.add_command(commands)
    evaluation_command.add_command(commands)
    verify_command.add_command(commands)
    replay_command.add_command(commands)
    labels_command.add_command(commands)
    retention_command.add_commands(commands)
    compact_command.add_command(commands)
    webhooks_command.add_command(commands)
    models = commands.add_parser("models", help="the detectors' weights").add_subparsers(required=True, metavar="WHAT")
    fetch = models.add_parser("fetch", help="download the pinned weights and check their hashes")
    fetch.add_argument("names", nargs="*", metavar="NAME", help="which; unset: all that the detectors need")
    fetch.add_argument("--from", dest="base", metavar="URL", help="a mirror that has the files by their names")
    fetch.set_defaults(run=_fetch_models)
    models.add_parser("list", help="what is pinned, and what is there").set_defaults(run=_list_models)
    return parser


def _serve(options: argparse.Namespace) -> int:
    settings = settings_module.load(host=options.host, port=options.port, data_dir=options.data_dir)
    logs.configure(settings.log_level)
    return asyncio.run(_run_server(settings))


def _fetch_models(options: argparse.Namespace) -> int:
    from server import fetching  # noqa: PLC0415 - the other commands need no HTTP client

    try:
        fetching.fetch(options.names, settings_module.load().models_dir, base=options.base)
    except fetching.FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _list_models(options: argparse.Namespace) -> int:
    from server import fetching  # noqa: PLC0415

    sys.stdout.write(fetching.describe(settings_module.load().models_dir) + "\n")
    return 0


def _calm_collector() -> None:
    """What is there now stays: the collector need not look through it again and again while frames come in."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def _run_server(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT."""
    from server.app import running  # noqa: PLC0415 - the other commands need none of it
    from server.workers import DetectorFailed, WorkerLost  # noqa: PLC0415
    from storage.database import DatabaseAway  # noqa: PLC0415
    from storage.embedded import EmbeddedDatabaseFailed  # noqa: PLC0415
    from storage.folder import FolderInUse  # noqa: PLC0415
    from storage.objects import ObjectStoreError  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with running(settings) as server:
            if notice := server.services.monitor.notice_text:
                logger.warning(notice)
            _calm_collector()
            ready = {
                "url": server.url,
                "operator_url": server.operator_url,
                "data_dir": str(settings.data_dir.resolve()),
            }
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            logger.info("serving; detector %s", server.services.monitor.name)
            await stop.wait()
            logger.info("stopping")
    except (
        DatabaseAway,
        DetectorFailed,
        EmbeddedDatabaseFailed,
        ObjectStoreError,
        FolderInUse,
        OSError,
        WorkerLost,
    ) as error:
        sys.stderr.write(f"Invigil cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
