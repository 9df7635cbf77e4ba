"""Verifying bundles: one bit changed anywhere is found and its place named, and hostile files end in words."""

import io
import json
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.__main__ import main
from storage.bundle import archive
from storage.bundle.archive import Entry
from storage.bundle.reading import Misfit
from storage.bundle.verify import NoBundle, verify
from storage.bundle.writer import PARTICIPANTS, picture_name, segment_name, segments_name, table_name
from storage.recordings import chain
from storage.recordings.chain import SigningKey
from storage.recordings.segment import JOURNAL, VIDEO
from storage.records import Json

from . import bundles, streams
from .bundles import CANDIDATE, INCIDENT, RECORDING, Files, made, opened, tiny

WHOLE = made()


def misfit(data: bytes) -> str:
    with pytest.raises(Misfit) as caught:
        verify(opened(data))
    return str(caught.value)


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def where(name: str, data: bytes = WHOLE) -> Entry:
    return next(each for each in archive.check(opened(data)) if each.name == name)


def is_found(data: bytes) -> bool:
    try:
        verify(opened(data))
    except (Misfit, NoBundle):
        return True
    return False


# --- one bit ----------------------------------------------------------------------------------------------


def test_every_single_bit_of_the_smallest_bundle_matters() -> None:
    data = tiny()
    assert verify(opened(data)).files == 5
    unseen = [(at, bit) for at in range(len(data)) for bit in range(8) if not is_found(flipped(data, at, bit))]
    assert unseen == []


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_any_bit_of_a_bundle_with_a_recording_matters(at: int, bit: int) -> None:
    misfit(flipped(WHOLE, at, bit))


def test_every_byte_around_the_files_of_a_bundle_matters() -> None:
    entries = archive.check(opened(WHOLE))
    around = [at for each in entries for at in range(each.offset, each.at)] + list(range(entries[-1].end, len(WHOLE)))
    chosen = random.Random(4).sample(around, 600)
    assert [at for at in chosen if not is_found(flipped(WHOLE, at, at % 8))] == []


@given(st.integers(0, len(WHOLE)), st.binary(min_size=1, max_size=3))
def test_bytes_put_in_anywhere_are_found(at: int, more: bytes) -> None:
    assert is_found(WHOLE[:at] + more + WHOLE[at:])


@given(st.integers(0, len(WHOLE) - 1))
def test_a_bundle_cut_anywhere_is_found(size: int) -> None:
    assert is_found(WHOLE[:size])


# --- where ------------------------------------------------------------------------------------------------

SEGMENT = segment_name(RECORDING, 1)


def test_a_changed_frame_is_named_with_its_bytes() -> None:
    each = where(SEGMENT + VIDEO)
    start = bundles.files()[SEGMENT + VIDEO].index(streams.picture(4))
    text = misfit(flipped(WHOLE, each.at + start + 100))
    assert text.startswith(f"{SEGMENT}.mkv: changed in frame 2 or what stands before it (bytes ")
    first, last = map(int, re.findall(r"bytes (\d+) to (\d+)", text)[0])
    assert first <= start + 100 <= last == start + len(streams.picture(4)) - 1


@pytest.mark.parametrize(
    ("name", "row"),
    [(SEGMENT + JOURNAL, 3), (table_name(CANDIDATE, "activities"), 4), (segments_name(RECORDING), 2)],
)
def test_a_changed_row_is_named_with_its_bytes(name: str, row: int) -> None:
    lines = bundles.files()[name].splitlines(keepends=True)
    start = sum(map(len, lines[: row - 1]))
    text = misfit(flipped(WHOLE, where(name).at + start + 8))
    assert text == f"{name}: changed in row {row} (bytes {start} to {start + len(lines[row - 1]) - 1})"


def test_elsewhere_the_range_of_bytes_is_named() -> None:
    assert misfit(flipped(WHOLE, where("report.html").at + 5000)) == "report.html: changed in bytes 4096 to 8191"
    assert "the header of participants.jsonl" in misfit(flipped(WHOLE, where(PARTICIPANTS).offset + 10))
    assert "row 1 of the zip's directory" in misfit(flipped(WHOLE, where("signature.json").end + 12))
    assert "its end" in misfit(flipped(WHOLE, len(WHOLE) - 1))
    assert "manifest.jsonl: changed in row 1 (" in misfit(flipped(WHOLE, where("manifest.jsonl").at + 5))
    assert "signature.json" in misfit(flipped(WHOLE, where("signature.json").at + 30))
    assert "signature.json" in misfit(WHOLE.replace(b'"public_key":"0', b'"public_key":"1'))


def test_a_hexadecimal_letter_in_capitals_is_found() -> None:
    each = where("signature.json")
    at = next(
        n for n in range(each.at, each.end) if WHOLE[n : n + 1] in b"abcdef" and WHOLE[n - 1 : n] in b"0123456789"
    )
    assert "signature.json" in misfit(flipped(WHOLE, at, 5))


# --- signed, and yet not right ----------------------------------------------------------------------------


def changed_row(files: Files, name: str, **values: object) -> None:
    lines = files[name].splitlines()
    lines[-1] = json.dumps({**json.loads(lines[-1]), **values}).encode()
    files[name] = b"\n".join(lines) + b"\n"


def video_changed(files: Files, _: Json) -> None:
    files[SEGMENT + VIDEO] = flipped(files[SEGMENT + VIDEO], 700)


def segment_left_out(files: Files, _: Json) -> None:
    del files[SEGMENT + VIDEO]


def segments_exchanged(files: Files, _: Json) -> None:
    files[segments_name(RECORDING)] = b"".join(reversed(files[segments_name(RECORDING)].splitlines(keepends=True)))


def last_segment_forgotten(files: Files, _: Json) -> None:
    files[segments_name(RECORDING)] = files[segments_name(RECORDING)].splitlines(keepends=True)[0]
    del files[SEGMENT + VIDEO], files[SEGMENT + JOURNAL]


def picture_changed(files: Files, _: Json) -> None:
    files[picture_name(CANDIDATE, INCIDENT, 0)] = streams.picture(2)


def incident_dropped(files: Files, _: Json) -> None:
    files[table_name(CANDIDATE, "incidents")] = b""
    del files[picture_name(CANDIDATE, INCIDENT, 0)]


def statement_changed(files: Files, _: Json) -> None:
    name = table_name(CANDIDATE, "recordings")
    files[name] = files[name].replace(rb"\"frames\":4", rb"\"frames\":5")


def another_candidates(files: Files, _: Json) -> None:
    changed_row(files, table_name(CANDIDATE, "recordings"), id=str(UUID(int=9)))


def file_added(files: Files, _: Json) -> None:
    files["more.txt"] = b"?"


def missing_not_said(files: Files, _: Json) -> None:
    changed_row(files, segments_name(RECORDING), missing=True)
    del files[SEGMENT + VIDEO], files[SEGMENT + JOURNAL]


def not_closed(files: Files, _: Json) -> None:
    changed_row(files, table_name(CANDIDATE, "recordings"), statement=None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (video_changed, "000001.mkv: is not what was recorded"),
        (segment_left_out, "segments.jsonl: row 2: recordings/"),
        (segments_exchanged, "segments.jsonl: row 1: its link does not follow"),
        (last_segment_forgotten, "recordings.jsonl: row 1: segments in the signed statement"),
        (picture_changed, "-000.jpg: is not the picture of which"),
        (incident_dropped, "names a picture that no incident has"),
        (statement_changed, "recordings.jsonl: row 1: the signature is not"),
        (another_candidates, "is not in the bundle"),
        (file_added, "more.txt: nothing in the bundle speaks of this file"),
        (missing_not_said, "says that 0 files are missing, and 1 are"),
        (not_closed, "says that all is closed, and a recording is not"),
    ],
)
def test_what_does_not_fit_is_found_also_under_a_good_signature(change: bundles.Change, said: str) -> None:
    assert said in misfit(made(change))


def test_a_bundle_says_what_is_gone_and_what_is_open() -> None:
    def change(files: Files, said: Json) -> None:
        missing_not_said(files, said)
        not_closed(files, said)
        said.update(missing=1, complete=False)

    verdict = verify(opened(made(change)))
    assert (verdict.missing, verdict.open, verdict.segments) == (1, 1, 2)


# --- hostile ----------------------------------------------------------------------------------------------


def with_rows(data: bytes) -> bytes:
    def change(files: Files, _: Json) -> None:
        files[table_name(CANDIDATE, "incidents")] = data

    return made(change)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"id":' * 50_000,
        b"[]\n",
        b"\xff\xfe\n",
        b'{"id": 1' + b"0" * 10_000 + b', "evidence": []}\n',
        b'{"id": "x", "evidence": 1e999}\n',
        b'{"id": "x", "evidence": [null]}\n',
        b'{"evidence": [{"sha256": []}], "id": "00000000-0000-0000-0000-000000000003"}\n',
        b"{" + b" " * (5 << 20) + b"}\n",
    ],
    ids=["deep list", "deep object", "a list", "no UTF-8", "huge number", "infinite", "null", "no hash", "long row"],
)
def test_rows_that_are_none_end_in_words(data: bytes) -> None:
    assert "incidents.jsonl" in misfit(with_rows(data))


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b"{}\n", b'{"type":"frame","bytes":"x"}\n', b'{"type":"frame","bytes":1e400}\n']
)
def test_a_journal_that_is_none_ends_in_words(line: bytes) -> None:
    def change(files: Files, _: Json) -> None:
        files[SEGMENT + JOURNAL] = line
        first, second = map(json.loads, files[segments_name(RECORDING)].splitlines())
        second["journal_sha256"] = chain.sha256(line)
        values = {name: value for name, value in second.items() if name != "link"}
        second["link"] = chain.link(first["link"], chain.Added(**values))
        files[segments_name(RECORDING)] = json.dumps(first).encode() + b"\n" + json.dumps(second).encode() + b"\n"

    assert "000001" in misfit(made(change))


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../b", "a//b", "C:x", "a\\b", "", ".", "a" * 200, "ä", "a/b/c/d/e/f"]
)
def test_a_name_that_could_leave_its_folder_is_in_no_bundle(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be in a bundle"):
        archive.entry(name, b"", 0)
    evil = Entry("x" * len(name.encode()), 0, 0, 0)
    size = len(archive.listing(evil))
    data = (archive.header(evil) + archive.listing(evil) + archive.ending(1, size, evil.end)).replace(
        evil.name.encode(), name.encode()
    )
    if name:
        assert "row 1 of the zip's directory" in misfit(data)


def compressed() -> bytes:
    """A zip bomb."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("README.txt", bytes(50_000_000))
    return file.getvalue()


def many() -> bytes:
    """Says that it has four thousand million files."""
    return b"PK\3\4" + archive.ending(2**32, 2**40, 2**50)


def test_zips_that_would_take_memory_end_in_words() -> None:
    assert "directory" in misfit(compressed())
    assert "its end" in misfit(many())
    size = 2**40
    lying = b"PK\3\4" + bytes(100)
    assert is_found(lying + archive.ending(2**32, size, len(lying)))


def repacked() -> bytes:
    """The same files, by another program."""
    file = io.BytesIO()
    with zipfile.ZipFile(opened(WHOLE)) as source, zipfile.ZipFile(file, "w") as target:
        for each in source.infolist():
            target.writestr(each.filename, source.read(each))
    return file.getvalue()


def test_the_same_files_in_another_zip_are_not_the_bundle() -> None:
    assert "the zip" in misfit(repacked())


# --- the zip ----------------------------------------------------------------------------------------------


def test_other_programs_read_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(opened(WHOLE)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in bundles.files()} == bundles.files()


def test_behind_four_gigabytes_the_numbers_are_wide(tmp_path: Path) -> None:
    """A sparse file: holes in place of what lies before."""
    first = Entry("a", 1 << 30, 0, 0)
    entries = [first]
    for name in "bcd":
        entries.append(Entry(name, 1 << 30, 0, entries[-1].end))
    entries.append(archive.entry("e", b"hello", entries[-1].end))
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        for each in entries:
            file.seek(each.offset)
            file.write(archive.header(each))
        file.write(b"hello")
        directory = b"".join(map(archive.listing, entries))
        file.write(directory + archive.ending(len(entries), len(directory), entries[-1].end))
    assert entries[-1].offset > 2**32
    with path.open("rb") as file:
        assert archive.check(file) == entries
    with zipfile.ZipFile(path) as found:
        assert found.read("e") == b"hello"


def test_more_files_than_sixteen_bits_count() -> None:
    entries, parts = [], []
    at = 0
    for n in range(70_000):
        each = archive.entry(f"{n}", b"", at)
        entries.append(each)
        parts.append(archive.header(each))
        at = each.end
    directory = b"".join(map(archive.listing, entries))
    data = b"".join(parts) + directory + archive.ending(len(entries), len(directory), at)
    assert archive.check(opened(data)) == entries
    with zipfile.ZipFile(opened(data)) as found:
        assert len(found.namelist()) == 70_000


# --- the command ------------------------------------------------------------------------------------------


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, none, key = (tmp_path / name for name in ("good.zip", "bad.zip", "none.zip", "key"))
    good.write_bytes(WHOLE)
    bad.write_bytes(flipped(WHOLE, where("report.html").at))
    none.write_bytes(b"no zip at all, but long enough to be looked at")
    key.write_text(json.dumps({"public_key": bundles.KEY.public}))
    assert main(["verify", str(good)]) == 0
    said = capsys.readouterr()
    assert "is as it was signed, and all in it fits together" in said.out
    assert "compare that with GET /api/signing-key" in said.out
    assert f"recording {RECORDING}" in said.err
    assert main(["verify", str(good), "--key", str(key)]) == 0
    assert "signing-key" not in capsys.readouterr().out
    assert main(["verify", str(good), "--key", SigningKey(bytes(32)).public]) == 1
    assert main(["verify", str(good), "--key", "nowhere"]) == 2
    assert main(["verify", str(good), "--key", str(none)]) == 2
    assert main(["verify", str(bad)]) == 1
    assert "report.html: changed in bytes 0 to 4095" in capsys.readouterr().out
    assert main(["verify", str(none)]) == 2
    assert main(["verify", str(good), "--key", "00ff"]) == 2
    assert "--key 00ff: not 64 hexadecimal digits; and as a file: there is no such file." in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "missing")]) == 2
    assert "missing: there is no such file." in capsys.readouterr().err
    assert main(["verify", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "is a folder; give the zip" in said.err
    assert "Errno" not in said.err


def test_of_several_bundles_each_is_told_and_the_worst_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, none = (tmp_path / name for name in ("good.zip", "bad.zip", "none.zip"))
    good.write_bytes(WHOLE)
    bad.write_bytes(flipped(WHOLE, where("report.html").at))
    none.write_bytes(b"no zip at all, but long enough to be looked at")
    assert main(["verify", str(good), str(good)]) == 0
    assert capsys.readouterr().out.count("1 recording with 2 segments and 4 frames, 1 incident with 1 picture.") == 2
    assert main(["verify", str(bad), str(good)]) == 1
    assert "good.zip is as it was signed" in capsys.readouterr().out
    assert main(["verify", str(bad), str(none), str(good)]) == 2


def test_it_needs_no_settings_and_no_network(tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    file.write_bytes(WHOLE)
    script = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError\n"
        "socket.socket.connect = refuse\n"
        "from server.__main__ import main\n"
        f"status = main(['verify', {str(file)!r}])\n"
        "assert not {'aiopg', 'aiohttp', 'obstore'} & set(sys.modules)\n"
        "sys.exit(status)"
    )
    root = str(Path(__file__).resolve().parents[1])
    environment = {"INVIGIL_PORT": "nonsense", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, env=environment, capture_output=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
