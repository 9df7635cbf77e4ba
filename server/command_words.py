"""What commands that run detection take alike: settings by name or file, processes, files to write."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from server.processes import MAX_JOBS, cores

INTERRUPTED: Final = 130
"""Exit status after Ctrl-C, as shells have it."""


class CommandError(Exception):
    """The words of the command cannot be used; the text says why."""


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The words by which rules are set."""
    add = parser.add_argument
    add("--interval", type=float, metavar="S", help="seconds between samples; unset: as it was or is served")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a rule, such as no_face.enter_seconds=3")
    add("--settings", type=Path, metavar="FILE", help="rules as JSON, as a meeting has them")


def overrides(options: argparse.Namespace) -> dict[str, Any]:
    """What a meeting's settings would say: the file, over it the single ones, over them the interval.

    Raises:
        CommandError: they are no settings.
    """
    found: dict[str, Any] = {}
    if options.settings:
        try:
            found = json.loads(options.settings.read_bytes())
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{options.settings}: is not JSON: {error}") from None
        if not isinstance(found, dict):
            raise CommandError(f"{options.settings}: expected an object.")
    for each in options.set:
        name, equals, value = each.partition("=")
        if not equals:
            raise CommandError(f"--set {each}: expected NAME=VALUE.")
        put(found, name.strip(), _value(value.strip()))
    if options.interval is not None:
        put(found, "sample_interval", options.interval)
    return found


def put(overrides: dict[str, Any], name: str, value: Any) -> None:
    """`no_face.enter_seconds` is the field of an object.

    Raises:
        CommandError: it would be one of what is no object.
    """
    *path, last = name.split(".")
    for part in path:
        overrides = overrides.setdefault(part, {})
        if not isinstance(overrides, dict):
            raise CommandError(f"{name}: {part} is no object.")
    overrides[last] = value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def jobs(options: argparse.Namespace) -> int:
    """On how many processes.

    Raises:
        CommandError: on so many it cannot be.
    """
    if options.jobs is not None and not 1 <= options.jobs <= MAX_JOBS:
        raise CommandError(f"--jobs: between 1 and {MAX_JOBS}.")
    return options.jobs or cores()


def require_writable(*paths: Path | None) -> None:
    """Long work whose result cannot be written would be lost.

    Raises:
        CommandError: there is no folder for one of these files.
    """
    for path in paths:
        if path is not None and not path.resolve().parent.is_dir():
            raise CommandError(f"{path}: there is no such folder to write it in.")


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """So many of them, in words; `plural`: where it is not the noun with an s."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def say(text: str) -> None:
    """How far it has come, on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
