"""What Dyte and RealtimeKit answer, read with suspicion. Pure.

A success is `{"success": true, "data": ...}`. Errors come in at least five shapes: `{"error": {"code", "message"}}` of
Dyte, `{"message"}` where it knows nobody, `{"errors": [{"code", "message"}]}` of Cloudflare, `{"error": "text"}`, and
whatever a proxy on the way writes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from storage.records import Json

MAX_SAID: Final = 200
"""Characters that are repeated of what a service says."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Malformed(Exception):
    """An answer that is none. The text says what it looks like."""


def envelope(content: bytes) -> Json:
    """The JSON object of a success.

    Raises:
        Malformed: it is no JSON object, or says itself that it is no success.
    """
    found = _json(content)
    if not isinstance(found, dict):
        raise Malformed(_looks(content))
    if found.get("success") is False:
        raise Malformed(f"a success that says it is none: {said(content)}")
    return found


def data(answer: Json) -> Json:
    """The object under `data`.

    Raises:
        Malformed: there is none.
    """
    found = answer.get("data")
    if not isinstance(found, dict):
        raise Malformed("no object under `data`")
    return found


def rows(value: object) -> list[Json]:
    """The objects of a list; whatever else is in it is passed over."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(found: Json, name: str, *, limit: int = 20_000) -> str:
    """A text that must be there.

    Raises:
        Malformed: it is not, or is over the limit.
    """
    value = found.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise Malformed(f"no text under `{name}`")
    return value


def identifier(found: Json, name: str) -> str:
    """An id, which becomes part of addresses.

    Raises:
        Malformed: it is none.
    """
    value = found.get(name)
    if not isinstance(value, str) or not _SAFE_ID.fullmatch(value):
        raise Malformed(f"no id under `{name}`")
    return value


def seconds(value: object) -> float | None:
    """A time in ISO 8601 as seconds since the epoch; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def said(content: bytes, *, hidden: Iterable[str] = ()) -> str:
    """Why a service refused, in its own words: one line, without control characters and without what is `hidden`."""
    words = next(_messages(_json(content)), None) or _looks(content)
    words = re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", words).strip()
    for secret in sorted((each for each in hidden if each), key=len, reverse=True):
        words = words.replace(secret, "…")
    return words if len(words) <= MAX_SAID else words[: MAX_SAID - 1] + "…"


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait by the header `Retry-After`, which is seconds or a date; None when it says nothing."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}(\.\d{1,6})?\s*", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _messages(found: Any) -> Iterator[str]:
    """The messages of an error in all known shapes, the best first."""
    if not isinstance(found, dict):
        return
    error = found.get("error")
    for each in (*rows(found.get("errors")), error, found):
        message = each.get("message") if isinstance(each, dict) else each
        if isinstance(message, str) and message.strip():
            yield message


def _looks(content: bytes) -> str:
    """What an answer looks like that is no JSON of a known shape."""
    start = content[:2000].decode("utf-8", "replace").strip()
    if not start:
        return "nothing"
    if re.match(r"<(!doctype|html|\?xml|head|body|h1)", start, re.IGNORECASE):
        title = re.search(r"<title>([^<]{1,100})", start, re.IGNORECASE)
        return f"a page in HTML{f' ({title[1].strip()})' if title else ''}"
    return "JSON that is damaged, or of an unknown shape" if start[0] in "{[" else start
