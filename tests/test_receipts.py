"""Receipts in bundles: what was deleted is believed only as far as a signed receipt says that it was this."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from server.__main__ import main
from storage.bundle.reading import Misfit
from storage.bundle.verify import verify
from storage.bundle.writer import PARTS, picture_name, rows, segment_name, segments_name, table_name
from storage.receipts import Gone, receipt
from storage.recordings.chain import SigningKey
from storage.recordings.segment import JOURNAL, VIDEO
from storage.records import DeletionRecord, IncidentRecord, Json, Recorded, RecordingRecord

from . import records
from .bundles import CANDIDATE, INCIDENT, KEY, MEETING_ID, RECORDING, Files, made, opened

RECEIPT = UUID(int=9)
Bent = Callable[[Json], object]


def deleted(files: Files, *, key: SigningKey = KEY, bent: Bent = lambda statement: None) -> None:
    """Let recording and photograph have been deleted; `bent` changes what the receipt states."""
    [row] = lines(files, "recordings")
    [incident] = lines(files, "incidents")
    [evidence] = incident["evidence"]
    stated = json.loads(row["statement"])
    recording = RecordingRecord(
        RECORDING, MEETING_ID, CANDIDATE, records.AT, head=stated["head"], statement=row["statement"]
    )
    known = Recorded(RECORDING, stated["segments"], 2, stated["frames"], stated["bytes"], 0, 0, 4, records.AT, "")
    person = records.participant(MEETING_ID, id=CANDIDATE)
    flagged: IncidentRecord = records.incident(person, id=INCIDENT, evidence=[{**evidence, "key": "k"}])
    deletion = DeletionRecord(RECEIPT, MEETING_ID, CANDIDATE, ["stream", "evidence"], None, records.AT)
    statement = receipt(deletion, Gone([(recording, known)], [flagged], verdicts={None: 1}), deleted_at="2026-02-03")
    bent(statement)
    signed = key.sign(statement)
    kept = {"id": str(RECEIPT), **{name: getattr(signed, name) for name in ("statement", "signature", "public_key")}}
    files[table_name(CANDIDATE, "receipts")] = rows([kept])
    put(files, "recordings", {**row, "head": stated["head"], "receipt_id": str(RECEIPT)})
    put(files, "incidents", {**incident, "evidence": [{**evidence, "receipt": str(RECEIPT)}]})
    del files[picture_name(CANDIDATE, INCIDENT, 0)], files[segments_name(RECORDING)]
    for number in range(2):
        for suffix in (VIDEO, JOURNAL):
            del files[segment_name(RECORDING, number) + suffix]
    assert not [name for name in files if name.startswith("recordings/") and not name.endswith(PARTS)]


def lines(files: Files, table: str) -> list[Json]:
    return [json.loads(line) for line in files[table_name(CANDIDATE, table)].splitlines()]


def put(files: Files, table: str, row: Json) -> None:
    files[table_name(CANDIDATE, table)] = rows([row])


def test_what_a_receipt_proves_may_be_missing_and_the_rest_is_looked_at() -> None:
    verdict = verify(opened(made(lambda files, said: deleted(files))))
    assert (verdict.deleted_recordings, verdict.deleted_pictures, verdict.deleted_at) == (1, 1, ("2026-02-03",))
    assert (verdict.recordings, verdict.incidents, verdict.missing) == (1, 1, 0)


def test_what_an_erasure_left_no_rows_of_is_told_by_the_receipt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def erase(files: Files, said: Json) -> None:
        deleted(files, bent=lambda statement: statement["deleted"].append("incidents"))
        for table in ("recordings", "incidents"):
            files[table_name(CANDIDATE, table)] = b""

    file = tmp_path / "b.zip"
    file.write_bytes(made(erase))
    assert main(["verify", str(file)]) == 0
    said = "1 receipt of 2026-02-03 is signed and says what was deleted: 1 recording and 1 picture; of 1 candidate"
    assert said in capsys.readouterr().out


def test_the_key_of_a_receipt_is_among_those_that_must_be_known() -> None:
    other = SigningKey(bytes(32))
    verdict = verify(opened(made(lambda files, said: deleted(files, key=other))))
    assert verdict.keys == [KEY.public, other.public]


@pytest.mark.parametrize(
    ("bent", "why"),
    [
        (lambda s: s["recordings"][0].update(head="0" * 64), "another head or statement"),
        (lambda s: s["recordings"][0].update(statement_sha256="0" * 64), "another head or statement"),
        (lambda s: s["recordings"][0].update(frames=3), "frames in the signed statement"),
        (lambda s: s["recordings"].clear(), "no receipt says that it was deleted"),
        (lambda s: s["evidence"][0].update(sha256="0" * 64), "no receipt says that it was deleted"),
        (lambda s: s["evidence"][0].update(incident_id=str(RECORDING)), "no receipt says that it was deleted"),
        (lambda s: s.update(candidate_id=str(MEETING_ID)), "no receipt of this candidate"),
        (lambda s: s.update(format="invigil-receipt-0"), "no receipt of this candidate"),
        (lambda s: s.update(receipt_id=str(MEETING_ID)), "different ids"),
    ],
)
def test_a_receipt_of_something_else_proves_nothing(bent: Bent, why: str) -> None:
    with pytest.raises(Misfit, match=why):
        verify(opened(made(lambda files, said: deleted(files, bent=bent))))


def test_a_receipt_that_was_changed_is_found() -> None:
    def forge(files: Files, said: Json) -> None:
        deleted(files)
        name = table_name(CANDIDATE, "receipts")
        files[name] = files[name].replace(b"2026-02-03", b"2025-02-03")

    with pytest.raises(Misfit, match=r"receipts\.jsonl: row 1: the signature is not that of the key"):
        verify(opened(made(forge)))


def test_without_its_receipt_what_is_not_there_does_not_fit() -> None:
    def hide(files: Files, said: Json) -> None:
        deleted(files)
        del files[table_name(CANDIDATE, "receipts")]

    with pytest.raises(Misfit, match="no receipt says that it was deleted"):
        verify(opened(made(hide)))
