"""`invigil verify`: whether a bundle is as it was signed. Needs no settings, database or network."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.bundle.verify import Verdict

EPILOG = """\
The exit status is 0 when every byte is as it was signed and all fits together, 1 when something does not (the first
such place is printed), 2 when it is no bundle or cannot be read. A bundle brings the key that checks it along, as
anybody's bundle would: compare it with GET /api/signing-key, or name it with --key.
"""


class CommandError(Exception):
    """The words of the command cannot be used; the text says why."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `verify` to the command line."""
    parser = commands.add_parser("verify", help="check a bundle, offline", epilog=EPILOG)
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="as GET /api/meetings/{id}/bundle gave it")
    parser.add_argument(
        "--key", action="append", default=[], metavar="HEX_OR_FILE", help="a public key that may have signed it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from storage.bundle.reading import Misfit  # noqa: PLC0415 - the other commands need none of it
    from storage.bundle.verify import NoBundle, verify  # noqa: PLC0415

    try:
        keys = [_key(text) for text in options.key]
        with options.bundle.open("rb") as file:
            verdict = verify(file, _say)
    except (CommandError, OSError) as error:
        _say(str(error))
        return 2
    except NoBundle as error:
        sys.stdout.write(f"{options.bundle} is no bundle: {error}.\n")
        return 2
    except Misfit as error:
        sys.stdout.write(f"{options.bundle} does not fit. {error}.\n")
        return 1
    if keys and (others := [each for each in verdict.keys if each not in keys]):
        sys.stdout.write(f"{options.bundle} was signed by another key: {', '.join(others)}.\n")
        return 1
    sys.stdout.write(_told(options.bundle, verdict, known=bool(keys)))
    return 0


def _told(bundle: Path, verdict: "Verdict", *, known: bool) -> str:
    lines = [
        f"{bundle} is as it was signed, and all in it fits together: {verdict.files} files, {verdict.bytes} bytes, "
        f"{verdict.recordings} recordings with {verdict.segments} segments and {verdict.frames} frames, "
        f"{verdict.incidents} incidents with {verdict.pictures} pictures."
    ]
    if not verdict.statement["complete"]:
        lines.append(f"It was made while the exam ran: {verdict.open} recordings were not closed and signed yet.")
    if verdict.missing:
        lines.append(f"{verdict.missing} files of it were gone when it was made; their hashes stand in its rows.")
    if verdict.deleted_at:
        times = ", ".join(dict.fromkeys(each[:10] for each in verdict.deleted_at))
        lines.append(
            f"{verdict.deleted_recordings} recordings and {verdict.deleted_pictures} pictures are not there, deleted "
            f"by receipt of {times}; {len(verdict.deleted_at)} receipts are signed, and say that it was these."
        )
    if verdict.reencoded:
        lines.append(
            f"{verdict.reencoded} frames were re-encoded and are no longer the original bytes; a signed statement ties "
            "them to the hashes that the chain has."
        )
    if not known:
        lines.append(
            f"Signed by {', '.join(verdict.keys)}: compare that with GET /api/signing-key, or the copy that you keep."
        )
    return "\n".join(lines) + "\n"


def _key(text: str) -> str:
    found = text.strip()
    if not re.fullmatch("[0-9a-fA-F]{64}", found):
        try:
            with Path(text).open("rb") as file:
                found = file.read(1000).decode("ascii", "replace").strip()
        except (OSError, ValueError) as error:
            raise CommandError(f"--key {text}: neither 64 hexadecimal digits nor a file: {error}") from None
    match = re.search(r"\b[0-9a-fA-F]{64}\b", found)
    if match is None:
        raise CommandError(f"--key {text}: the file holds no key, 64 hexadecimal digits.")
    return match.group().lower()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
