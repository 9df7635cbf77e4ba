"""What a person reads in a bundle: `report.html`, and a word on how it is checked. Pure.

The page loads nothing but the photographs beside it, runs no script, and needs no server.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from server.markup import Markup, element, joined, table
from server.protocol import iso
from storage.records import (
    IncidentRecord,
    MeetingRecord,
    ParticipantRecord,
    ReceiptRecord,
    RecordingRecord,
    ReviewRecord,
    SegmentRecord,
)

POLICY: Final = "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'"
STYLE: Final = """\
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24 }
h2 { border-top: 1px solid #ccd; padding-top: 1rem; margin-top: 2.5rem }
table { border-collapse: collapse } th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
img { max-width: 15rem; margin: .3rem .3rem 0 0; border-radius: 4px } code { overflow-wrap: anywhere }
.soft { color: #57606a } section section { margin: 1.2rem 0 }
"""
HOW: Final = """\
Whether all of this is as it was signed says

    invigil verify BUNDLE.zip --key KEY

on the zip as it came, on any machine, offline. KEY is the server's public key (GET /api/signing-key): take it from the
copy that you keep, not from here, since whoever makes another bundle can put another key in.
"""


@dataclass(slots=True)
class Recorded:
    """A recording in figures."""

    record: RecordingRecord
    segments: int = 0
    frames: int = 0
    bytes: int = 0
    not_recorded: int = 0
    ended_at: datetime | None = None

    def add(self, segment: SegmentRecord) -> None:
        """Count a segment."""
        self.segments += 1
        self.frames += segment.frames
        self.bytes += segment.bytes
        self.not_recorded += segment.not_recorded
        self.ended_at = segment.ended_at


@dataclass(slots=True)
class Part:
    """A candidate, and what the page tells of them."""

    candidate: ParticipantRecord
    incidents: list[IncidentRecord] = field(default_factory=list)
    reviews: list[ReviewRecord] = field(default_factory=list)
    recordings: list[Recorded] = field(default_factory=list)
    receipts: list[ReceiptRecord] = field(default_factory=list)


def readme() -> str:
    """`README.txt`."""
    return f"""\
This is a bundle of Invigil: what was kept of an exam, or of one candidate in it. Read report.html first.

meeting.jsonl, participants.jsonl   the exam with its rules, and the people in it
candidates/ID/                      rows about a candidate: incidents, reviews, activities, recordings; evidence/ has
                                    the photographs of the incidents; receipts.jsonl says what was deleted, when and
                                    by which rule, and is signed
recordings/ID/                      the frames as they were received (Matroska), beside each file a journal of what was
                                    sampled, seen and told to the rules; segments.jsonl has the chain of hashes
manifest.jsonl, signature.json      the SHA-256 of every file, and the server's signature (Ed25519) over them
parts.jsonl                         sums of the parts of files, by which the place of a change is found

A file .jsonl has one JSON object a line.

{HOW}"""


def html(meeting: MeetingRecord, parts: list[Part], *, at: datetime, complete: bool, key: str) -> str:
    """`report.html`."""
    title = f"{meeting.title}: what was kept"
    body = [
        element("h1", title),
        element("p", f"Begun {_time(meeting.created_at)}, ended {_time(meeting.ended_at)}. Made {_time(at)}."),
        *(
            []
            if complete
            else [element("p", element("strong", "The exam was not over: this is what was closed then."))]
        ),
        element("p", "A person decides what an incident means. What stands here was noticed by a program."),
        table(
            "Candidates",
            ["candidate", "incidents", "confirmed", "dismissed", "frames", "not recorded"],
            [_figures(each) for each in parts],
        ),
        *map(_candidate, parts),
        element("h2", "How to check it"),
        element("pre", HOW),
        element("p", "Made with the key ", element("code", key), ".", class_="soft"),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"{element('title', title)}\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n{element('main', *body)}\n</body>\n</html>\n"
    )


def _figures(part: Part) -> list[object]:
    newest = _newest(part)
    verdicts = [each.verdict for each in newest.values()]
    return [
        part.candidate.name,
        len(part.incidents),
        verdicts.count("confirmed"),
        verdicts.count("dismissed"),
        sum(each.frames for each in part.recordings),
        sum(each.not_recorded for each in part.recordings),
    ]


def _newest(part: Part) -> dict[object, ReviewRecord]:
    return {each.incident_id: each for each in part.reviews}


def _candidate(part: Part) -> Markup:
    newest = _newest(part)
    return element(
        "section",
        element("h2", part.candidate.name),
        *map(_recording, part.recordings),
        *(_incident(each, newest.get(each.id)) for each in part.incidents),
        *([] if part.incidents else [element("p", "No incidents.")]),
        *map(_receipt, part.receipts),
    )


def _recording(shown: Recorded) -> Markup:
    record = shown.record
    if record.receipt_id is not None:
        return element(
            "p", f"Recording from {_time(record.began_at)}, deleted: receipt {record.receipt_id}.", class_="soft"
        )
    end = "still open, not signed" if record.closed_at is None else f"closed and signed {_time(record.closed_at)}"
    return element(
        "p",
        f"Recording from {_time(record.began_at)} to {_time(shown.ended_at)}, {end}: {shown.frames} frames in "
        f"{shown.segments} segments, {shown.bytes / 1e6:.1f} MB; {shown.not_recorded} frames are missing. Files: ",
        element("code", f"recordings/{record.id}/"),
        class_="soft",
    )


def _incident(record: IncidentRecord, review: ReviewRecord | None) -> Markup:
    word = "not reviewed" if review is None else f"{review.verdict} {_time(review.at)}"
    note = [] if review is None or not review.note else [element("p", "Note: ", review.note)]
    return element(
        "section",
        element("h3", record.text),
        element(
            "p",
            f"{record.kind}, {record.severity}; {_time(record.opened_at)} to {_time(record.closed_at)}; {word}.",
            class_="soft",
        ),
        *note,
        joined([_picture(each) for each in record.evidence]),
    )


def _receipt(record: ReceiptRecord) -> Markup:
    said = json.loads(record.statement)
    why = "on the operator's demand" if said["rule"] is None else "because its time was over"
    return element(
        "p", f"Deleted {_time(record.at)} {why}: {', '.join(said['deleted'])}. Receipt {record.id}.", class_="soft"
    )


def _picture(each: dict[str, object]) -> Markup:
    if each.get("missing"):
        return element("p", "A photograph is gone; its SHA-256 was ", element("code", each["sha256"]), ".")
    if "receipt" in each:
        return element(
            "p",
            f"A photograph was deleted (receipt {each['receipt']}); its SHA-256 was ",
            element("code", each["sha256"]),
            ".",
        )
    path, at = str(each["path"]), str(each.get("captured_at", ""))
    # No closing tag and nothing inside: `element` would write one.
    return Markup(str(element("img", src=path, alt=f"Photograph of {at}", loading="lazy")).removesuffix("</img>"))


def _time(at: datetime | None) -> str:
    return "(open)" if at is None else iso(at)[:19].replace("T", " ") + " UTC"
