"""The stream itself: whether frames come as they should. Pure."""

from dataclasses import dataclass, replace
from math import isfinite

from detection.rules.camera import close, worsen
from detection.rules.settings import RuleSettings
from detection.rules.values import Change, ChangeType, Episode, Tick
from detection.values import Kind


@dataclass(frozen=True, slots=True)
class Stream:
    """What is remembered of it."""

    expected_since: float | None = None
    """Since when frames are expected; None: they are not."""
    lost: Episode | None = None
    """The open episode of a lost stream."""
    back_since: float | None = None
    """While it is lost: the frame with which it came back."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long nothing has come."""

    since: float
    """The newest frame, or the moment from which one was expected."""
    seconds: float
    """Until now."""
    limit: float
    """Seconds after which the stream is lost."""

    @property
    def missing(self) -> bool:
        """Whether that is too long."""
        return self.seconds > self.limit


def silence(stream: Stream, settings: RuleSettings, event: Tick) -> Silence | None:
    """How long nothing has come; None while nothing is expected."""
    expected, frame_at = stream.expected_since, event.last_frame_at
    if expected is None:
        return None
    if frame_at is None or not isfinite(frame_at) or frame_at < expected:
        since, limit = expected, settings.first_frame_within
    else:
        since, limit = min(frame_at, event.at), settings.stream_lost_after
    return Silence(since, event.at - since, limit)


def judge(stream: Stream, settings: RuleSettings, heard: Silence, now: float) -> tuple[Stream, Change | None]:
    """Open, go on with or close the episode of a lost stream."""
    if stream.lost is None:
        return _lose(stream, settings, heard, now) if heard.missing else (stream, None)
    if heard.missing:
        return _still_lost(stream, settings, stream.lost, heard, now)
    return _back(stream, settings, stream.lost, heard.since, now)


def _lose(stream: Stream, settings: RuleSettings, heard: Silence, now: float) -> tuple[Stream, Change | None]:
    """Frames have been missing for too long."""
    if not settings.stream_lost.enabled:
        return stream, None
    episode = Episode(
        kind=Kind.STREAM_LOST,
        severity=settings.stream_lost.severity,
        began_at=heard.since,
        opened_at=now,
        updated_at=now,
        last_seen_at=now,
        rule=f"no frame for {heard.seconds:.1f} s, more than {heard.limit:g} s",
        score=round(heard.seconds, 3),
        threshold=heard.limit,
    )
    return replace(stream, lost=episode, back_since=None), Change(ChangeType.OPENED, episode)


def _still_lost(
    stream: Stream, settings: RuleSettings, lost: Episode, heard: Silence, now: float
) -> tuple[Stream, Change | None]:
    """Frames are still missing."""
    seen = replace(lost, last_seen_at=now, score=round(heard.seconds, 3))
    told = worsen(seen, settings.stream_lost, now)
    change = None if told is seen else Change(ChangeType.UPDATED, told)
    return replace(stream, lost=told, back_since=None), change


def _back(
    stream: Stream, settings: RuleSettings, lost: Episode, frame_at: float, now: float
) -> tuple[Stream, Change | None]:
    """Frames come again; a single one does not make a stream."""
    back_since = frame_at if stream.back_since is None else stream.back_since
    if frame_at - back_since < settings.stream_lost.leave_seconds:
        return replace(stream, back_since=back_since), None
    return replace(stream, lost=None, back_since=None), close(lost, now)
