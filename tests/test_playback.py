"""Recordings as a player reads them: from a segment on, segment by segment, by links that expire."""

import asyncio
from datetime import datetime

import pytest

from server.app import Running
from storage.recordings import writer

from . import faces, people
from .conftest import Serve
from .people import Exam, Http, Json
from .recorded import closed, recordings, shown, stream

KINDS = {"segments", "gaps", "samples"}


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 0.5)


async def segment(http: Http, recording_id: str, number: int) -> Json:
    answer = await http.get(f"/api/recordings/{recording_id}/segments/{number}", http.operator_token)
    assert answer.status == 200, answer
    found: Json = answer.json
    return found


async def test_from_a_segment_on_there_is_the_end_of_what_there_is(serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.1)
        async with people.candidate(room) as ada:
            await ada.stream(faces.one_face(), asyncio.ensure_future(asyncio.sleep(2)))
        await room.end()
        [recording] = await closed(room)
        whole = await shown(http, recording["id"])
        path = f"/api/recordings/{recording['id']}"
        last = whole["segments"][-1]["number"]
        assert last >= 2
        for first in (0, 1, last, last + 1):
            part = (await http.get(f"{path}?from={first}", http.operator_token)).json
            assert part["segments"] == whole["segments"][first:]
            count = len(part["samples"])
            assert part["samples"] == (whole["samples"][-count:] if count else [])
            assert {name: part[name] for name in part.keys() - KINDS} == {
                name: whole[name] for name in whole.keys() - KINDS
            }
        shares = [len((await http.get(f"{path}?from={n}", http.operator_token)).json["samples"]) for n in (0, 1, last)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] > shares[1]
        for wrong in ("-1", "x", "", "1" * 10):
            assert (await http.get(f"{path}?from={wrong}", http.operator_token)).status == 400


async def test_a_segment_tells_its_frames_what_was_seen_and_what_the_rules_were_told(serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.1)
        async with people.candidate(room) as ada:
            await ada.stream(faces.two_faces(), asyncio.ensure_future(asyncio.sleep(1)))
            told = {"kind": "tab_hidden", "at": "2026-01-01T00:00:00Z", "detail": {"active": True}}
            assert (await ada.send("activity", told))["ok"]
            await ada.frame()
        await room.end()
        [recording] = await closed(room)
        detail = await shown(http, recording["id"])
        parts = [await segment(http, recording["id"], each["number"]) for each in detail["segments"]]

    frames = [frame for part in parts for frame in part["frames"]]
    assert [frame["seq"] for frame in frames] == list(range(1, recording["frames"] + 1))
    assert [frame["at"] for frame in frames] == sorted(frame["at"] for frame in frames)
    assert all(abs(moment(frame["at"]) - moment(frame["captured_at"])) < 60 for frame in frames)
    samples = [sample for part in parts for sample in part["samples"]]
    assert [(each["seq"], each["at"]) for each in samples] == [(each["seq"], each["at"]) for each in detail["samples"]]
    assert {sample["seq"]: sample["at"] for sample in samples}.items() <= {
        frame["seq"]: frame["at"] for frame in frames
    }.items()
    two = next(sample for sample in samples if len(sample["faces"]) == 2)
    assert [[round(x, 4) for x in face["box"]] for face in two["faces"]] == next(
        each["boxes"] for each in detail["samples"] if each["seq"] == two["seq"]
    )
    assert all(len(face["landmarks"]) in (0, 5) and 0 < face["score"] <= 1 for face in two["faces"])
    assert 0 < two["quality"]["brightness"] < 1
    events = [event for part in parts for event in part["events"]]
    assert {event["kind"] for event in events} == {"begun", "expected", "noticed", "finished"}
    begun = next(event for event in events if event["kind"] == "begun")
    assert begun["detector"] == server.services.monitor.name
    assert begun["settings"]["no_face"]["enabled"] is True
    noticed = next(event for event in events if event["kind"] == "noticed")
    assert noticed["text"] == "The browser reported: Exam's tab hidden: it began"


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_the_segment_that_grows_can_be_read(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 3)
        [recording] = await recordings(room)

        async def there() -> bool:
            answer = await room.http.get(f"/api/recordings/{recording['id']}/segments/0", room.http.operator_token)
            return answer.status == 200 and len(answer.json["frames"]) >= 2

        assert await people.eventually(there)
        unknown = await room.http.get(f"/api/recordings/{recording['id']}/segments/99", room.http.operator_token)
        assert (unknown.status, unknown.json["error"]["code"]) == (404, "not_found")


async def test_a_segment_that_was_changed_is_said_to_be_damaged(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 3)
    await room.end()
    [recording] = await closed(room)
    path = next((server.services.settings.data_dir / "recordings").rglob("000000.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"seq":2', b'"seq":7'))
    answer = await room.http.get(f"/api/recordings/{recording['id']}/segments/0", room.http.operator_token)
    assert (answer.status, answer.json["error"]["code"]) == (500, "damaged")


async def test_a_bundles_link_serves_without_a_token_for_that_bundle_only(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 3)
    await room.end()
    await closed(room)
    listed = (await room.http.get(f"{room.path}/recordings", room.http.operator_token)).json
    detail = await shown(room.http, listed["recordings"][0]["id"])
    assert detail["bundle_url"].startswith(f"{room.path}/bundle?candidate_id={ada.id}&")
    for link in (listed["bundle_url"], detail["bundle_url"]):
        answer = await room.http.get(link)
        assert (answer.status, answer.content[:2]) == (200, b"PK")
    for forged in (
        detail["bundle_url"].replace(ada.id, room.id),
        detail["bundle_url"] + f"&candidate_id={ada.id}",
        listed["bundle_url"].replace("/bundle?", f"/bundle?candidate_id={ada.id}&"),
        detail["bundle_url"].replace("/bundle?", "/recordings?"),
    ):
        assert (await room.http.get(forged)).status in (401, 403)


async def test_a_bundles_link_expires(serve: Serve) -> None:
    async with serve(evidence_link_lifetime=1) as server, people.calls(server) as http:
        room = await people.exam(http)
        link = (await http.get(f"{room.path}/recordings", http.operator_token)).json["bundle_url"]
        answer = await people.eventually(lambda: expired(http, link))
        assert answer.json["error"]["code"] == "not_allowed"


async def expired(http: Http, link: str) -> people.Answer | None:
    answer = await http.get(link)
    return answer if answer.status == 403 else None
