"""Whether the files of a bundle are those that were signed; and if not, where the first change is."""

import json
import zlib
from dataclasses import asdict
from typing import Final

from storage.bundle import archive
from storage.bundle.reading import Files, Misfit, Say, readable
from storage.bundle.writer import FORMAT, MANIFEST, SIGNATURE, parts_name, rows
from storage.recordings import chain
from storage.recordings.chain import Signed
from storage.recordings.segment import JOURNAL, VIDEO
from storage.records import Json

MAX_STATEMENT: Final = 1 << 16
"""Bytes of `signature.json`."""


def check(files: Files, say: Say) -> tuple[Json, str, dict[str, str]]:
    """What was signed, the key that signed it, and the SHA-256 of every file under the signature.

    Raises:
        Misfit: something is not as it was signed.
    """
    statement, key = _statement(files)
    say("every file's hash")
    found = files.hashes(say)
    hashes = {name: sha256 for name, (sha256, _) in found.items()}
    manifest = hashes.pop(MANIFEST)
    del hashes[SIGNATURE]
    if manifest != statement["manifest_sha256"]:
        raise Misfit(_place_in_manifest(files, hashes))
    _check_manifest(files, hashes, statement)
    for name, (_, crc) in found.items():
        if crc != files.entries[name].crc:
            raise Misfit(f"the zip: the CRC-32 of {name} is not that of its bytes")
    return statement, key, hashes


def is_genuine(signed: Signed) -> bool:
    """Whether a signature is good, and written as we write it: `A` would pass for `a`."""
    texts = (signed.signature, signed.public_key)
    return all(bytes.fromhex(text).hex() == text for text in texts) and chain.is_genuine(signed)


def _statement(files: Files) -> tuple[Json, str]:
    data = files.read(SIGNATURE, MAX_STATEMENT)
    with readable(SIGNATURE):
        signed = Signed(**json.loads(data))
        if rows([asdict(signed)]) != data or not is_genuine(signed):
            raise Misfit(f"{SIGNATURE}: the signature is not that of the key over the statement")
        statement: Json = json.loads(signed.statement)
        if statement["format"] != FORMAT:
            raise Misfit(f"{SIGNATURE}: the format {statement['format']!r:.100} is not known to this version")
        for name in ("files", "bytes", "missing", "complete"):
            if not isinstance(statement[name], int):
                raise TypeError(name)
        return statement, signed.public_key


def _check_manifest(files: Files, hashes: dict[str, str], statement: Json) -> None:
    listed = 0
    for line, (name, found) in zip(files.lines(MANIFEST), hashes.items(), strict=False):
        listed += len(line)
        if line != _row(files, name, found):
            raise Misfit(_place(files, name, line))
    if listed != files.entries[MANIFEST].size or len(hashes) != statement["files"]:
        raise Misfit(f"{MANIFEST}: does not list the files that are there")
    if sum(files.entries[name].size for name in hashes) != statement["bytes"]:
        raise Misfit(f"{SIGNATURE}: says {statement['bytes']} bytes, and there are others")


def _row(files: Files, name: str, found: str) -> bytes:
    return rows([{"path": name, "bytes": files.entries[name].size, "sha256": found}])


def _place_in_manifest(files: Files, hashes: dict[str, str]) -> str:
    """Which row of the manifest is not as it was signed: the first that does not fit the files."""
    at = files.entries[MANIFEST].at
    pairs = zip(files.lines(MANIFEST), hashes.items(), strict=False)
    for number, (line, (name, found)) in enumerate(pairs, start=1):
        if line != _row(files, name, found):
            return f"{MANIFEST}: changed in row {number} (bytes {at} to {at + len(line) - 1} of the bundle)"
        at += len(line)
    return f"{MANIFEST}: is not the one that was signed"


def _place(files: Files, name: str, line: bytes) -> str:
    """Where a file is not as its line in the manifest has it."""
    each = files.entries[name]
    with readable(MANIFEST):
        listed = json.loads(line)
        if listed["path"] != name or listed["bytes"] != each.size:
            return f"{name}: is not in its place in the manifest, or has another size"
    try:
        parts = next(row["parts"] for row in files.rows(parts_name(name)) if row["path"] == name)
        data, start = files.read(name, archive.MAX_FILE), 0
        for number, (end, crc) in enumerate(parts, start=1):
            if zlib.crc32(data[start:end]) != crc:
                return f"{name}: changed in {_part(name, number, start, end)}"
            start = end
    except (Misfit, LookupError, StopIteration, TypeError, ValueError):
        pass  # the list of parts was changed as well
    return f"{name}: is not as it was signed (bytes {each.at} to {each.end - 1} of the bundle)"


def _part(name: str, number: int, start: int, end: int) -> str:
    where = f"bytes {start} to {end - 1}"
    if name.endswith(JOURNAL):
        return f"row {number} ({where})"
    if name.endswith(VIDEO):
        return f"frame {number} or what stands before it ({where})"
    return where
