"""One kind that is judged from samples: opens when enough agree, closes when enough do not. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from detection.rules.settings import CameraRule, Rule
from detection.rules.signs import Sign
from detection.rules.values import Change, ChangeType, Episode, Sampled, Support
from detection.values import Kind, Severity

PROMPT_SECONDS: Final = 3.0
"""Kinds that are to be sure within this time are sampled at the stream's rate meanwhile; slower ones can wait."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of one kind for one candidate."""

    episode: Episode | None = None
    """The open episode."""
    marks: tuple[Support | None, ...] = ()
    """While none is open: the newest samples, from the first that shows it on; None for one that does not. Never
    more than the rule's window."""
    since: float = 0.0
    """With `marks`: when the first sample of this suspicion was received; it may have left `marks` since."""
    told_at: float = 0.0
    """When the newest sample that says anything on this kind was received."""
    shown: int = 0
    """With `marks`: how many samples have shown it since then ..."""
    taken: int = 0
    """... of how many."""
    clean: int = 0
    """While one is open: how many samples in a row have not shown it."""
    clean_since: float = 0.0
    """When the first of those was received."""
    lull_since: float | None = None
    """While one is open: when there were enough of those; it is over unless it comes back in time."""
    faces: int = 0
    """Faces in the newest sample that showed it."""

    @property
    def unsettled(self) -> bool:
        """Whether the newest samples speak against what is settled."""
        if self.episode is None:
            return bool(self.marks)
        return self.clean > 0 and self.lull_since is None


QUIET: Final = Track()


def take(track: Track, rule: CameraRule, kind: Kind, sign: Sign, event: Sampled) -> tuple[Track, Change | None]:
    """The track after one more sample, and what changed by it."""
    if sign.shown is None:
        return track, None
    if track.episode is not None:
        return (_go_on if sign.shown else _fade)(track, track.episode, rule, sign, event)
    return _suspect(track, rule, kind, sign, event) if sign.shown else (_doubt(track, rule, event.at), None)


def expire(track: Track, rule: CameraRule, at: float, *, stale_after: float) -> tuple[Track, Change | None]:
    """The track after time alone: a lull that lasted is the end, and so is a long silence on this kind."""
    episode = track.episode
    if track == QUIET:
        return track, None
    if at - track.told_at > stale_after:
        return QUIET, None if episode is None else close(episode, at)
    if episode is None or track.lull_since is None or at - track.lull_since < rule.merge_seconds:
        return track, None
    return QUIET, close(episode, at)


def close(episode: Episode, at: float) -> Change:
    """The end of an episode."""
    return Change(ChangeType.CLOSED, replace(episode, closed_at=at, updated_at=at))


def worsen(episode: Episode, rule: Rule, at: float) -> Episode:
    """The episode with the severity that its length asks for; the very same object when that is no other."""
    steps = ((Severity.CRITICAL, rule.critical_after), (Severity.WARNING, rule.warning_after))
    for severity, after in steps:
        if after is not None and at - episode.opened_at >= after:
            if _rank(episode.severity) >= _rank(severity):
                return episode
            return replace(episode, severity=severity, updated_at=at)
    return episode


def _rank(severity: Severity) -> int:
    return list(Severity).index(severity)


def _suspect(track: Track, rule: CameraRule, kind: Kind, sign: Sign, event: Sampled) -> tuple[Track, Change | None]:
    """One more sample that shows what is not open yet."""
    marks = (*track.marks, _support(sign, event))[-rule.window :]
    since = track.since if track.marks else event.at
    shown, taken = track.shown + 1, track.taken + 1
    supports = _present(marks)
    if len(supports) < rule.enter_samples or event.at - since < rule.enter_seconds:
        return Track(marks=marks, since=since, told_at=event.at, shown=shown, taken=taken), None
    episode = Episode(
        kind=kind,
        severity=rule.severity,
        began_at=since,
        opened_at=event.at,
        updated_at=event.at,
        last_seen_at=event.at,
        rule=f"{sign.what} in {shown} of {taken} samples over {event.at - since:.1f} s",
        samples=shown,
        # Seen twice at least, like all that we tell.
        faces=sorted(support.faces for support in supports)[-2] if kind is Kind.MULTIPLE_FACES else None,
        supports=supports,
        score=supports[-1].score,
        threshold=sign.threshold,
    )
    return Track(episode=episode, told_at=event.at, faces=supports[-1].faces), Change(ChangeType.OPENED, episode)


def _doubt(track: Track, rule: CameraRule, at: float) -> Track:
    """One more sample that does not show what is suspected."""
    if not track.marks:
        return QUIET
    marks = (*track.marks, None)[-rule.window :]
    spare = rule.window - rule.enter_samples
    if marks.count(None) <= spare:
        return replace(track, marks=marks, taken=track.taken + 1, told_at=at)
    # Too many against it: drop the oldest, and begin again at the first that leaves few enough.
    while marks.count(None) > spare or (marks and marks[0] is None):
        marks = marks[1:]
    supports = _present(marks)
    if not supports:
        return QUIET
    return Track(marks=marks, since=supports[0].at, told_at=at, shown=len(supports), taken=len(marks))


def _present(marks: tuple[Support | None, ...]) -> tuple[Support, ...]:
    return tuple(mark for mark in marks if mark is not None)


def _go_on(track: Track, episode: Episode, rule: CameraRule, sign: Sign, event: Sampled) -> tuple[Track, Change | None]:
    """One more sample that shows what is open."""
    support = _support(sign, event)
    seen = replace(episode, last_seen_at=event.at, samples=episode.samples + 1)
    told = worsen(seen, rule, event.at)
    # Two samples in a row: a single frame does not make it worse either.
    peak = min(track.faces, support.faces)
    if episode.faces is not None and peak > episode.faces:
        told = replace(
            told, faces=peak, supports=(*episode.supports, support), score=support.score, updated_at=event.at
        )
    change = None if told is seen else Change(ChangeType.UPDATED, told)
    return Track(episode=told, told_at=event.at, faces=support.faces), change


def _fade(track: Track, episode: Episode, rule: CameraRule, sign: Sign, event: Sampled) -> tuple[Track, Change | None]:
    """One more sample that does not show what is open."""
    clean = track.clean + 1
    since = track.clean_since if track.clean else event.at
    track = replace(track, told_at=event.at, clean=clean, clean_since=since, faces=0)
    if clean < rule.leave_samples or event.at - since < rule.leave_seconds:
        return track, None
    lull_since = event.at if track.lull_since is None else track.lull_since
    if event.at - lull_since >= rule.merge_seconds:
        return QUIET, close(episode, event.at)
    return replace(track, lull_since=lull_since), None


def _support(sign: Sign, event: Sampled) -> Support:
    faces = event.observation.faces
    boxes = tuple(face.box for face in faces) if sign.boxes is None else sign.boxes
    return Support(at=event.at, seq=event.seq, faces=len(boxes), boxes=boxes, score=sign.score)
