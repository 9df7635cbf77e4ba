"""What the services answer: errors in all their shapes become one line of words, and nothing hidden is in it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.providers import answers
from server.providers.answers import MAX_SAID, Malformed

SAYINGS: dict[str, tuple[bytes, str]] = {
    "Dyte's": (
        b'{"success":false,"error":{"code":400,"message":"BAD_REQUEST: \\"name\\" is required"}}',
        'BAD_REQUEST: "name" is required',
    ),
    "Dyte's 401": (b'{"message":"Unauthorized"}', "Unauthorized"),
    "Cloudflare's": (b'{"success":false,"errors":[{"code":10000,"message":"Not you"}]}', "Not you"),
    "Cloudflare's without errors": (b'{"success":false,"errors":[],"error":{"message":"m"}}', "m"),
    "errors of another kind": (b'{"errors":["no",7,null],"message":"m"}', "m"),
    "an error that is text": (b'{"error":"no such thing"}', "no such thing"),
    "a message that is no text": (b'{"error":{"message":7},"message":"m"}', "m"),
    "an empty message": (b'{"message":"  "}', "JSON that is damaged, or of an unknown shape"),
    "a list": (b'["a"]', "JSON that is damaged, or of an unknown shape"),
    "damaged JSON": (b'{"success": fal', "JSON that is damaged, or of an unknown shape"),
    "deep JSON": (b"[" * 100_000, "JSON that is damaged, or of an unknown shape"),
    "plain text": (b"upstream connect error\r\nreset", "upstream connect error reset"),
    "a page": (b"<!DOCTYPE html><html><title>502 Bad Gateway</title>", "a page in HTML (502 Bad Gateway)"),
    "a page without a title": (b"<html><body>no</body>", "a page in HTML"),
    "nothing": (b"", "nothing"),
    "bytes": (b"\xff\xfe\x00\x01", "�� "),
    "lines for a log of their own": (b'{"message":"no\\n2026 ERROR lost\\u001b[31m"}', "no 2026 ERROR lost [31m"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), SAYINGS.values(), ids=SAYINGS.keys())
def test_an_error_becomes_one_line_of_words(content: bytes, words: str) -> None:
    assert answers.said(content) == words.strip()


def test_a_long_message_is_cut() -> None:
    assert len(answers.said(b"a" * 10_000)) == MAX_SAID


def test_what_is_hidden_is_not_repeated_even_where_one_secret_is_part_of_another() -> None:
    said = answers.said(
        b'{"message":"bad header Basic YWJj for Ada Lovelace (Ada)"}', hidden=["Ada", "YWJj", "Ada Lovelace", ""]
    )
    assert said == "bad header Basic … for … (…)"


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"nul", b"<html>", b'{"success":false,"message":"m"}'])
def test_a_success_that_is_none_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        answers.envelope(content)


@pytest.mark.parametrize("value", [None, 7, "", "a/b", "..?", "a b", "é", "a" * 101, ["a"]])
def test_an_id_that_could_not_be_part_of_an_address_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        answers.identifier({"id": value}, "id")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        (" 1.5 ", 1.5),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0),
    ],
)
def test_the_time_to_wait_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert answers.retry_after(value, now=40.0) == seconds


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T00:01:00.500Z", 60.5),
        ("1970-01-01T00:01:00", 60),
        ("1970-01-01T01:01:00+01:00", 60),
        ("", None),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_a_time_is_read_or_it_is_none(value: Any, at: float | None) -> None:
    assert answers.seconds(value) == at


def test_a_time_at_the_edge_of_the_calendar_is_no_fault() -> None:
    assert answers.seconds(datetime.min.replace(tzinfo=UTC).isoformat()) is not None
