"""What a webhook says of who is there: read in both services' form, and with suspicion."""

import json
from typing import Any

import pytest

from server.errors import Invalid
from server.protocol import Provider
from server.room_events import MAX_TEXT, EventKind, RoomEvent, read

from .people import Json

MEETING = {"id": "m-1", "sessionId": "s-1", "title": "Exam", "status": "LIVE"}
ADA = {
    "peerId": "p-1",
    "userDisplayName": "Ada",
    "customParticipantId": "ada",
    "joinedAt": "1970-01-01T00:01:00.000Z",
    "leftAt": "1970-01-01T00:02:00.000Z",
}


def event(name: str, **more: Any) -> RoomEvent | None:
    body: Json = {"event": name, "meeting": MEETING, **more}
    return read(Provider.DYTE, json.dumps(body).encode())


@pytest.mark.parametrize("kind", [EventKind.JOINED, EventKind.LEFT])
def test_who_joined_or_left_is_read_with_their_connection(kind: EventKind) -> None:
    found = event(kind, participant=ADA)
    assert found is not None
    assert (found.provider, found.kind, found.room, found.session) == (Provider.DYTE, kind, "m-1", "s-1")
    assert found.peer is not None
    assert (found.peer.id, found.peer.participant, found.peer.name) == ("p-1", "ada", "Ada")
    assert (found.peer.joined_at, found.peer.left_at) == (60, 120)
    assert "Ada" not in repr(found)


def test_the_old_name_of_our_id_is_read_where_the_new_one_is_missing() -> None:
    old = {"peerId": "p-1", "clientSpecificId": "ada"}
    found = event("meeting.participantJoined", participant=old)
    assert found is not None
    assert found.peer is not None
    assert (found.peer.participant, found.peer.name, found.peer.joined_at) == ("ada", "", None)


@pytest.mark.parametrize(
    ("more", "by_host"),
    [
        ({"reason": "HOST_ENDED_MEETING"}, True),
        ({"reason": "ALL_PARTICIPANTS_LEFT"}, False),
        ({}, False),
        ({"reason": 7}, False),
        ({"meeting": {**MEETING, "reason": "HOST_ENDED_MEETING"}}, True),
    ],
)
def test_an_end_says_whether_it_was_a_host(more: Json, by_host: bool) -> None:
    found = event("meeting.ended", **more)
    assert found is not None
    assert found.by_host is by_host


def test_long_texts_are_cut() -> None:
    found = event("meeting.participantJoined", participant={**ADA, "userDisplayName": "A" * 5000})
    assert found is not None
    assert found.peer is not None
    assert len(found.peer.name) == MAX_TEXT


@pytest.mark.parametrize("name", ["meeting.chatSynced", "recording.statusUpdate", "", "MEETING.ENDED"])
def test_events_that_say_nothing_of_who_is_there_are_none(name: str) -> None:
    assert event(name) is None


@pytest.mark.parametrize(
    "more",
    [
        {"meeting": None},
        {"meeting": {}},
        {"meeting": {"id": "a/b"}},
        {"participant": None},
        {"participant": []},
        {"participant": {"customParticipantId": "ada"}},
        {"participant": {"peerId": "../p"}},
    ],
    ids=repr,
)
def test_an_event_without_what_must_be_in_it_is_refused_without_its_words(more: Json) -> None:
    with pytest.raises(Invalid) as caught:
        event("meeting.participantLeft", **{"participant": ADA, **more})
    assert "ada" not in caught.value.text


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"7", b"null", b"\xff"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read(Provider.REALTIMEKIT, body)
