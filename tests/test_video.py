"""Recordings as video, from a real server: every frame at its time, in ranges, while it grows, whatever is damaged."""

import asyncio
import io
import os
import signal
from datetime import datetime
from pathlib import Path
from uuid import UUID

import av
import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest

from detection.analyzer import decode
from detection.faces import Frame
from server.app import Running
from server.video import encoder, shelf, videos
from server.video.encoding import GREY, fitted
from storage.recordings import writer
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame

from . import faces, people
from .conftest import Serve
from .people import Answer, Exam, Http, Json
from .pictures import undecodable
from .recorded import Written, closed, recordings, shown, stream, written
from .streams import AT


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 0.5)
    monkeypatch.setattr(videos, "WAIT_SECONDS", 2.0)


async def video(http: Http, recording_id: object, query: str = "", **headers: str) -> Answer:
    """The video, as soon as it is made."""

    async def made() -> Answer | None:
        answer = await http.get(f"/api/recordings/{recording_id}/video.mp4{query}", http.operator_token, **headers)
        return None if answer.status == 503 else answer

    answer: Answer = await people.eventually(made, 4 * people.PATIENCE)
    return answer


def times(data: bytes) -> list[int]:
    """When each picture of a video begins, in milliseconds, by FFmpeg; every one of them was decoded."""
    with av.open(io.BytesIO(data), "r") as container:
        [found] = container.streams.video
        assert found.codec_context.name == "h264"
        return [round(1000 * frame.time) for frame in container.decode(found) if frame.time is not None]


def length(data: bytes) -> int:
    """Of a video, in milliseconds."""
    with av.open(io.BytesIO(data), "r") as container:
        assert container.duration is not None
        return round(container.duration / 1000)


def since(detail: Json, at: str) -> int:
    """Milliseconds since a recording began, by what the wire says."""
    began = datetime.fromisoformat(detail["recording"]["began_at"])
    return round(1000 * (datetime.fromisoformat(at) - began).total_seconds())


async def frame_times(http: Http, detail: Json) -> list[int]:
    """When each frame of a recording came."""
    found = []
    for segment in detail["segments"]:
        path = f"/api/recordings/{detail['recording']['id']}/segments/{segment['number']}"
        found += [since(detail, each["at"]) for each in (await http.get(path, http.operator_token)).json["frames"]]
    return found


async def test_every_frame_is_shown_when_it_was_received(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await asyncio.sleep(0.3)
        await stream(ada, 30)
    await room.end()
    [recording] = await closed(room)
    before = await shown(room.http, recording["id"])
    assert before["video"] == {"state": "absent", "seconds": 0.0}
    answer = await video(room.http, recording["id"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
    came = await frame_times(room.http, before)
    assert len(came) == 30
    assert times(answer.content) == ([0] if came[0] else []) + came
    assert abs(length(answer.content) - 1000 * recording["seconds"]) <= 1
    detail = await shown(room.http, recording["id"])
    assert detail["video"]["state"] == "ready"
    # One is cut off at a millisecond, the other rounded; in whole ones, or 0.001 is sometimes more than 0.001.
    assert abs(round(detail["video"]["seconds"] * 1000) - round(recording["seconds"] * 1000)) <= 1
    linked = await room.http.get(detail["video_url"])
    assert (linked.status, linked.content) == (200, answer.content)


# --- what is shown ----------------------------------------------------------------------------------------


def plain(n: int, width: int = 320, height: int = 240) -> bytes:
    """A picture of one grey level, by which it can be told."""
    return faces.encode(np.full((height, width, 3), 10 + 5 * (n % 48), dtype=np.uint8), quality=90)


def part(
    number: int, *, count: int = 5, at: float | None = None, fps: float = 5.0, size: tuple[int, int] = (320, 240)
) -> list[KeptFrame]:
    """The frames of a segment."""
    at = AT + number * count / fps if at is None else at
    first = number * count
    return [KeptFrame(first + n, at + n / fps, at + n / fps, plain(first + n, *size)) for n in range(count)]


def pictures(data: bytes) -> list[Frame]:
    """Of a video."""
    with av.open(io.BytesIO(data), "r") as container:
        return [np.asarray(each.to_ndarray(format="bgr24"), dtype=np.uint8) for each in container.decode(video=0)]


def level(picture: Frame) -> float:
    """In its middle."""
    return float(picture[picture.shape[0] // 2 - 5 :, picture.shape[1] // 2][:10].mean())


async def test_a_gap_is_a_long_picture_and_before_the_first_there_is_grey(server: Running, room: Exam) -> None:
    kept = [*part(0, at=AT + 2.5), *part(1, at=AT + 100)]
    recording = await written(server, room, kept[:5], [], kept[5:])
    data = (await video(room.http, recording.id)).content
    assert times(data) == [0, *(round((each.received_at - AT) * 1000) for each in kept)]
    shown_levels = [level(each) for each in pictures(data)]
    assert shown_levels == pytest.approx([GREY, *(10 + 5 * n for n in range(10))], abs=3)


async def test_frames_of_the_same_millisecond_and_of_a_clock_set_back_follow_each_other(
    server: Running, room: Exam
) -> None:
    at = [0.0, 0.1, 0.1, 0.1004, 0.05, 0.3]
    kept = [KeptFrame(n, AT + each, AT + each, plain(n)) for n, each in enumerate(at)]
    recording = await written(server, room, kept[:3], kept[3:])
    found = times((await video(room.http, recording.id)).content)
    assert found == [0, 100, 101, 102, 103, 300]


async def test_another_width_midway_is_fitted_into_the_one_that_is_most_frequent(server: Running, room: Exam) -> None:
    wide, narrow = (320, 240), (160, 90)
    parts = [part(0, size=narrow), part(1, size=wide), part(2, size=wide), part(3, size=narrow), part(4, size=wide)]
    recording = await written(server, room, *parts)
    data = (await video(room.http, recording.id)).content
    found = pictures(data)
    assert {each.shape for each in found} == {(240, 320, 3)}
    for picture, frame in zip(found, [frame for each in parts for frame in each], strict=True):
        assert level(picture) == pytest.approx(10 + 5 * frame.seq, abs=3)
        beside = fitted(decode(frame.jpeg), wide)[0, 160].mean()
        assert float(picture[0, 160].mean()) == pytest.approx(float(beside), abs=4)


async def test_a_frame_that_is_no_picture_leaves_the_one_before_it(server: Running, room: Exam) -> None:
    kept = part(0)
    spoilt = KeptFrame(2, kept[2].captured_at, kept[2].received_at, undecodable())
    recording = await written(server, room, [*kept[:2], spoilt, *kept[3:]])
    assert times((await video(room.http, recording.id)).content) == [0, 200, 600, 800]


async def test_a_recording_without_a_picture_has_no_video(server: Running, room: Exam) -> None:
    spoilt = [KeptFrame(n, AT + n, AT + n, undecodable()) for n in range(8)]
    for recording in (await written(server, room, []), await written(server, room, spoilt)):
        answer = await video(room.http, recording.id)
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


# --- damage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [VIDEO, JOURNAL])
@pytest.mark.parametrize("how", ["gone", "changed"])
async def test_a_segment_that_is_gone_or_was_changed_is_a_gap(
    how: str, suffix: str, server: Running, room: Exam
) -> None:
    recording = await written(server, room, *(part(n) for n in range(4)))
    path = server.services.settings.data_dir / "recordings" / (recording.key(1) + suffix)
    if how == "gone":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        path.write_bytes(data)
    found = times((await video(room.http, recording.id)).content)
    assert found == [200 * n for n in range(20) if not 5 <= n < 10]
    assert await room.http.metric("video_segments_left_out_total") == 1


async def test_an_encoder_that_hangs_is_killed_and_the_video_is_made_by_the_next(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "ANSWER_TIMEOUT", 4.0)
    recording = await written(server, room, *(part(n, count=50) for n in range(6)))
    asked = asyncio.create_task(video(room.http, recording.id))
    pid = await people.eventually(lambda: server.services.videos.encoder_pid)
    os.kill(pid, signal.SIGSTOP)
    answer = await asked
    assert len(times(answer.content)) == 300
    assert not psutil.pid_exists(pid)
    assert await room.http.metric("video_encoder_restarts_total") >= 1
    assert await room.http.metric("video_segments_left_out_total") == 0


async def test_an_encoder_that_always_fails_is_reported_and_not_tried_for_ever(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = await written(server, room, *(part(n) for n in range(6)))
    monkeypatch.setattr(encoder, "ANSWER_TIMEOUT", 0.0)
    answer = await video(room.http, recording.id)
    assert (answer.status, answer.json["error"]["code"]) == (500, "internal")
    assert "encoder" in answer.json["error"]["text"]
    monkeypatch.undo()
    assert len(times((await video(room.http, recording.id)).content)) == 30


async def test_a_store_that_is_away_says_so_and_spoils_nothing(server: Running, room: Exam) -> None:
    recording = await written(server, room, part(0), part(1))
    folder = server.services.settings.data_dir / "recordings"
    folder.rename(folder.with_name("away"))
    folder.write_text("a file where the folder was")
    answer = await room.http.get(f"/api/recordings/{recording.id}/video.mp4", room.http.operator_token)
    assert (answer.status, answer.json["error"]["code"]) == (503, "away")
    folder.unlink()
    folder.with_name("away").rename(folder)
    assert len(times((await video(room.http, recording.id)).content)) == 10


# --- growth -----------------------------------------------------------------------------------------------


async def test_a_recording_that_grows_is_encoded_once_and_a_link_stays_what_it_is(server: Running, room: Exam) -> None:
    recording = await written(server, room, part(0), part(1), closed=False)
    first = await shown(room.http, str(recording.id))
    assert first["video_url"].startswith(f"/api/recordings/{recording.id}/video.mp4?last=1&")
    before = await linked(room.http, first["video_url"])
    assert times(before.content) == [200 * n for n in range(10)]
    assert await room.http.metric("video_segments_total") == 2

    await recording.grow(part(2), part(3))
    second = await shown(room.http, str(recording.id))
    assert second["video"] == {"state": "ready", "seconds": 1.8}
    after = await linked(room.http, second["video_url"])
    assert times(after.content) == [200 * n for n in range(20)]
    again = await linked(room.http, first["video_url"])
    assert (again.content, tag(again)) == (before.content, tag(before))
    assert tag(after) != tag(before)

    await recording.close()
    whole = await video(room.http, recording.id)
    assert whole.content == after.content
    assert await room.http.metric("video_segments_total") == 4
    assert (await shown(room.http, str(recording.id)))["video"] == {"state": "ready", "seconds": 3.8}


def tag(answer: Answer) -> str:
    """The entity tag, a strong one."""
    found = next(value for name, value in answer.headers.items() if name.lower() == "etag")
    assert found.startswith('"')
    return found


async def linked(http: Http, link: str) -> Answer:
    """What a link leads to, as soon as it is made."""

    async def made() -> Answer | None:
        answer = await http.get(link)
        return None if answer.status == 503 else answer

    answer: Answer = await people.eventually(made, 4 * people.PATIENCE)
    assert answer.status == 200, answer
    return answer


async def test_a_recording_that_began_narrow_has_its_right_size_at_the_end(server: Running, room: Exam) -> None:
    recording = await written(server, room, part(0, size=(160, 120)), closed=False)
    assert {each.shape for each in pictures((await video(room.http, recording.id)).content)} == {(120, 160, 3)}
    await recording.grow(part(1), part(2))
    assert {each.shape for each in pictures((await video(room.http, recording.id)).content)} == {(120, 160, 3)}
    await recording.close()
    data = (await video(room.http, recording.id)).content
    assert {each.shape for each in pictures(data)} == {(240, 320, 3)}
    assert times(data) == [200 * n for n in range(15)]


async def test_a_closed_recording_without_a_segment_has_no_video(server: Running, room: Exam) -> None:
    recording = await written(server, room)
    answer = await room.http.get(f"/api/recordings/{recording.id}/video.mp4", room.http.operator_token)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


async def test_of_a_recording_without_a_finished_segment_nothing_can_be_made_yet(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await ada.frame()
        [recording] = await recordings(room)
        answer = await room.http.get(f"/api/recordings/{recording['id']}/video.mp4", room.http.operator_token)
        assert (answer.status, answer.json["error"]["code"]) == (503, "making")


async def test_stopped_in_the_middle_it_goes_on_where_it_was(serve: Serve, tmp_path: Path) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        recording = await written(first, room, *(part(n, count=60) for n in range(30)))
        asked = asyncio.create_task(http.get(f"/api/recordings/{recording.id}/video.mp4", http.operator_token))

        async def under_way() -> bool:
            # Of five that are counted, four have been added; the fifth may not be yet.
            return await http.metric("video_segments_total") >= 5

        await people.eventually(under_way)
        asked.cancel()
    async with serve() as second, people.calls(second) as http:
        data = (await video(http, recording.id)).content
        assert times(data) == [200 * n for n in range(1800)]
        assert 0 < await http.metric("video_segments_total") <= 26


@pytest.mark.parametrize("cut", ["pictures", "index", "nonsense"])
async def test_what_a_crash_left_half_is_made_again(cut: str, serve: Serve, tmp_path: Path) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        recording = await written(first, room, *(part(n) for n in range(3)))
        before = (await video(http, recording.id)).content
    folder = tmp_path / "data" / "video" / str(recording.id)
    [kept] = folder.glob("pictures-*")
    index = folder / "index.jsonl"
    if cut == "pictures":
        kept.write_bytes(kept.read_bytes()[:-1])
    elif cut == "index":
        index.write_bytes(index.read_bytes()[:-30])
    else:
        index.write_bytes(b"[]\n")
    async with serve() as second, people.calls(second) as http:
        assert (await video(http, recording.id)).content == before


# --- who, how often, how much -----------------------------------------------------------------------------


async def test_a_video_is_for_those_who_may_see_its_meeting(server: Running, room: Exam) -> None:
    candidate = await room.add()
    recording = Written(server, room, candidate["participant"]["id"], began_at=AT)
    await recording.begin()
    await recording.grow(part(0))
    await recording.close()
    path = f"/api/recordings/{recording.id}/video.mp4"
    whole = (await video(room.http, recording.id)).content
    for role in ("proctor", "reviewer"):
        answer = await room.http.get(path, (await room.add("S", role))["token"])
        assert (answer.status, answer.content) == (200, whole)
    stranger = await (await people.exam(room.http, "Other")).add("S", "proctor")
    for token, status in ((candidate["token"], 403), (stranger["token"], 404), (None, 401), ("x", 401)):
        answer = await room.http.get(path, token)
        assert (answer.status, answer.json["ok"]) == (status, False)
    link = (await shown(room.http, str(recording.id)))["video_url"]
    for forged in (link + "0", link.replace("expires=", "expires=9"), link.replace("video.mp4?", "video.mp4?last=0&")):
        assert (await room.http.get(forged)).status == 403


async def test_a_link_to_a_video_expires(serve: Serve) -> None:
    async with serve(evidence_link_lifetime=3) as server, people.calls(server) as http:
        room = await people.exam(http)
        recording = await written(server, room, part(0))
        await video(http, recording.id)
        link = (await shown(http, str(recording.id)))["video_url"]
        assert (await http.get(link)).status == 200

        async def expired() -> bool:
            return (await http.get(link)).status == 403

        assert await people.eventually(expired)


async def test_who_asks_at_once_shares_one_making(server: Running, room: Exam) -> None:
    recording = await written(server, room, *(part(n, count=20) for n in range(8)))
    answers = await asyncio.gather(*(video(room.http, recording.id) for _ in range(6)))
    assert len({answer.content for answer in answers}) == 1
    assert await room.http.metric("video_segments_total") == 8


async def test_while_it_is_made_one_is_told_how_far_it_is(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "WAIT_SECONDS", 0.05)
    recording = await written(server, room, *(part(n, count=60) for n in range(20)))
    path, shares = f"/api/recordings/{recording.id}/video.mp4", []
    while (answer := await room.http.get(path, room.http.operator_token)).status == 503:
        assert answer.json["error"]["code"] == "making"
        assert answer.headers["Retry-After"] == "2"
        shares.append(answer.json["error"]["share"])
        state = (await shown(room.http, str(recording.id)))["video"]
        assert state["state"] in ("making", "ready")
    assert answer.status == 200
    assert shares == sorted(shares)
    assert 0 < shares[-1] < 1
    head = await room.http.call("HEAD", path, token=room.http.operator_token)
    assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", str(len(answer.content)))


async def test_the_longest_unused_videos_make_room(serve: Serve, tmp_path: Path) -> None:
    noisy = [[KeptFrame(n, AT + n / 5, AT + n / 5, noise(n)) for n in range(40)]]
    async with serve(video_cache=0.01) as server, people.calls(server) as http:
        room = await people.exam(http)
        made = [await written(server, room, *noisy) for _ in range(5)]
        size = len((await video(http, made[0].id)).content)
        fit = int(0.01e9 // size)
        assert 2 <= fit <= 4, size
        for recording in made[1:fit]:
            await video(http, recording.id)
        await video(http, made[0].id)  # used again: the second one is the oldest now
        await video(http, made[fit].id)
        left = {UUID(path.name) for path in (tmp_path / "data" / "video").iterdir()}
        assert left == {made[0].id, *(each.id for each in made[2 : fit + 1])}
        assert await http.metric("videos_forgotten_total") == 1
        assert 0 < await http.metric("video_bytes") <= 0.01e9
        assert len(times((await video(http, made[1].id)).content)) == 40


def noise(n: int) -> bytes:
    """A picture that does not shrink."""
    rng = np.random.default_rng(n)
    return faces.encode(rng.integers(0, 255, (360, 480, 3), dtype=np.uint8), quality=60)


async def test_what_is_deleted_while_it_is_sent_is_sent_to_its_end(server: Running, room: Exam) -> None:
    recording = await written(server, room, [KeptFrame(n, AT + n / 5, AT + n / 5, noise(n)) for n in range(60)])
    whole = (await video(room.http, recording.id)).content
    url, headers = (
        f"{room.http.url}/api/recordings/{recording.id}/video.mp4",
        {"Authorization": f"Bearer {room.http.operator_token}"},
    )
    async with room.http.session.get(url, headers=headers) as answer:
        first = await answer.content.readexactly(1000)
        await server.services.videos.forget(recording.id)
        assert not list((server.services.settings.data_dir / "video").iterdir())
        assert first + await answer.read() == whole


async def test_what_is_forgotten_while_it_is_made_is_made_anew(server: Running, room: Exam) -> None:
    recording = await written(server, room, *(part(n, count=60) for n in range(12)))
    asked = asyncio.create_task(video(room.http, recording.id))

    async def under_way() -> bool:
        return await room.http.metric("video_segments_total") >= 2

    await people.eventually(under_way)
    await server.services.videos.forget(recording.id)
    assert times((await asked).content) == [200 * n for n in range(720)]
    assert await room.http.metric("video_segments_total") > 12


async def test_a_start_forgets_the_videos_of_recordings_that_are_gone(serve: Serve, tmp_path: Path) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        kept, gone = [await written(first, room, part(0)) for _ in range(2)]
        for each in (kept, gone):
            await video(http, each.id)
    folder = tmp_path / "data" / "video"
    (folder / str(gone.id)).rename(folder / "00000000-0000-7000-8000-000000000001")
    (folder / "0.gone").mkdir()
    async with serve() as second, people.calls(second) as http:
        assert [path.name for path in folder.iterdir()] == [str(kept.id)]
        assert await http.metric("video_bytes") > 0
        await video(http, kept.id)
        assert await http.metric("video_segments_total") == 0


async def test_a_disk_without_room_makes_no_video(server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = await written(server, room, part(0))
    monkeypatch.setattr(shelf, "RESERVE", 10**18)
    answer = await room.http.get(f"/api/recordings/{recording.id}/video.mp4", room.http.operator_token)
    assert (answer.status, answer.json["error"]["code"]) == (507, "no_space")


async def test_the_encoder_is_of_the_lowest_priority_and_ends_when_it_is_idle(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "IDLE_SECONDS", 0.2)
    recording = await written(server, room, *(part(n, count=30) for n in range(4)))
    asked = asyncio.create_task(video(room.http, recording.id))
    pid = await people.eventually(lambda: server.services.videos.encoder_pid)
    process = psutil.Process(pid)
    assert await people.eventually(lambda: process.nice() == 19)
    await asked
    assert await people.eventually(lambda: not psutil.pid_exists(pid) or process.status() == psutil.STATUS_ZOMBIE)
    other = await written(server, room, part(0))
    assert (await video(room.http, other.id)).status == 200


# --- ranges -----------------------------------------------------------------------------------------------


async def test_any_part_is_the_part_of_the_whole(server: Running, room: Exam) -> None:
    recording = await written(server, room, *(part(n, count=30) for n in range(4)))
    whole = await video(room.http, recording.id)
    data, size = whole.content, len(whole.content)
    path, token = f"/api/recordings/{recording.id}/video.mp4", room.http.operator_token
    start = data.index(b"mdat") + 12
    for first, last in (
        (0, 0),
        (0, start),
        (start - 1, start),
        (start - 9, start + 9),
        (start, size - 1),
        (7, 99_999_999),
    ):
        answer = await room.http.get(path, token, Range=f"bytes={first}-{last}")
        last = min(last, size - 1)
        assert (answer.status, answer.content) == (206, data[first : last + 1])
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert tag(answer) == tag(whole)
    beyond = await room.http.get(path, token, Range=f"bytes={size}-")
    assert (beyond.status, beyond.headers["Content-Range"], beyond.content) == (416, f"bytes */{size}", b"")
    same = await room.http.get(path, token, If_None_Match=tag(whole))
    assert (same.status, same.content) == (304, b"")
    other = await room.http.get(path, token, Range="bytes=0-9", If_Range='"other"')
    assert (other.status, len(other.content)) == (200, size)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"].startswith("private")
    head = await room.http.call("HEAD", path, token=token, Range="bytes=0-9")
    assert (head.status, head.headers["Content-Length"], head.content) == (200, str(size), b"")


async def test_a_seek_needs_the_head_and_one_segment(server: Running, room: Exam) -> None:
    """By FFmpeg, over the real server: what it reads to show the middle of a recording."""
    recording = await written(server, room, *(part(n, count=50) for n in range(40)))
    whole = await video(room.http, recording.id)
    link = room.http.url + (await shown(room.http, str(recording.id)))["video_url"]

    def middle() -> tuple[list[float], float]:
        with av.open(link, options={"seekable": "1"}) as container:
            container.seek(200_000_000)
            frames = container.decode(video=0)
            first = next(frames)
            return [float(first.time or 0)], level(np.asarray(first.to_ndarray(format="bgr24"), dtype=np.uint8))

    [at], grey = await asyncio.to_thread(middle)
    assert at == 200.0
    assert grey == pytest.approx(10 + 5 * (1000 % 48), abs=3)
    assert whole.content.index(b"moov") < whole.content.index(b"mdat")
