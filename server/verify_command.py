"""`invigil verify`: whether a bundle is as it was signed. Needs no settings, database or network."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from server.command_words import CommandError, counted, say

if TYPE_CHECKING:
    from storage.bundle.verify import Verdict

EPILOG = """\
The exit status is 0 when every byte is as it was signed and all fits together, 1 when something does not (the first
such place is printed), 2 when it is no bundle or cannot be read; of several bundles the worst. A bundle brings the key
that checks it along, as anybody's bundle would: compare it with GET /api/signing-key, or name it with --key.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `verify` to the command line."""
    parser = commands.add_parser("verify", help="check a bundle, offline", epilog=EPILOG)
    parser.add_argument(
        "bundle", type=Path, nargs="+", metavar="BUNDLE", help="a zip, as GET /api/meetings/{id}/bundle gave it"
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="HEX_OR_FILE", help="a public key that may have signed it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    try:
        keys = [_key(text) for text in options.key]
    except CommandError as error:
        say(str(error))
        return 2
    return max([_verified(bundle, keys) for bundle in options.bundle])


def _verified(bundle: Path, keys: list[str]) -> int:
    """Print what is found in one; the exit status."""
    from storage.bundle.reading import Misfit  # noqa: PLC0415 - the other commands need none of it
    from storage.bundle.verify import NoBundle, verify  # noqa: PLC0415

    try:
        with bundle.open("rb") as file:
            verdict = verify(file, say)
    except OSError as error:
        say(f"{bundle}: {_why(error)}.")
        return 2
    except NoBundle as error:
        sys.stdout.write(f"{bundle} is no bundle: {error}.\n")
        return 2
    except Misfit as error:
        sys.stdout.write(f"{bundle} does not fit. {error}.\n")
        return 1
    if keys and (others := [each for each in verdict.keys if each not in keys]):
        sys.stdout.write(f"{bundle} was signed by another key: {', '.join(others)}.\n")
        return 1
    sys.stdout.write(_told(bundle, verdict, known=bool(keys)))
    return 0


def _why(error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return "is a folder; give the zip as it came, not what was unpacked from it"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "there is no such file"
    return f"cannot be read: {error.strerror}"


def _told(bundle: Path, verdict: "Verdict", *, known: bool) -> str:
    lines = [
        f"{bundle} is as it was signed, and all in it fits together: {counted(verdict.files, 'file')}, "
        f"{counted(verdict.bytes, 'byte')}, {counted(verdict.recordings, 'recording')} with "
        f"{counted(verdict.segments, 'segment')} and {counted(verdict.frames, 'frame')}, "
        f"{counted(verdict.incidents, 'incident')} with {counted(verdict.pictures, 'picture')}."
    ]
    if not verdict.statement["complete"]:
        were = "was" if verdict.open == 1 else "were"
        lines.append(
            f"It was made while the exam ran: {counted(verdict.open, 'recording')} {were} not closed and signed yet."
        )
    if verdict.missing:
        were, their = ("was", "its hash stands") if verdict.missing == 1 else ("were", "their hashes stand")
        lines.append(f"{counted(verdict.missing, 'file')} of it {were} gone when it was made; {their} in its rows.")
    if verdict.deleted_at:
        lines.append(_deleted(verdict))
    if verdict.reencoded:
        lines.append(
            f"{counted(verdict.reencoded, 'frame')} {'was' if verdict.reencoded == 1 else 'were'} re-encoded and "
            f"{'is' if verdict.reencoded == 1 else 'are'} no longer the original bytes; a signed statement ties "
            f"{'it' if verdict.reencoded == 1 else 'them'} to the hashes that the chain has."
        )
    if not known:
        lines.append(
            f"Signed by {', '.join(verdict.keys)}: compare that with GET /api/signing-key, or the copy that you keep."
        )
    return "\n".join(lines) + "\n"


def _deleted(verdict: "Verdict") -> str:
    """What the receipts themselves say: an erasure leaves nothing else that tells of it."""
    count, times = len(verdict.deleted_at), ", ".join(dict.fromkeys(each[:10] for each in verdict.deleted_at))
    told = f"{counted(count, 'receipt')} of {times} {'is' if count == 1 else 'are'} signed and"
    what = f"{counted(verdict.deleted_recordings, 'recording')} and {counted(verdict.deleted_pictures, 'picture')}"
    told += f" {'says' if count == 1 else 'say'} what was deleted: {what}"
    return told + (f"; of {counted(verdict.erased, 'candidate')} everything is gone." if verdict.erased else ".")


def _key(text: str) -> str:
    found = text.strip()
    if not re.fullmatch("[0-9a-fA-F]{64}", found):
        try:
            with Path(text).open("rb") as file:
                found = file.read(1000).decode("ascii", "replace").strip()
        except (OSError, ValueError) as error:
            why = _why(error) if isinstance(error, OSError) else "there is no such file"
            raise CommandError(f"--key {text}: not 64 hexadecimal digits; and as a file: {why}.") from None
    match = re.search(r"\b[0-9a-fA-F]{64}\b", found)
    if match is None:
        raise CommandError(f"--key {text}: the file holds no key, 64 hexadecimal digits.")
    return match.group().lower()
