"""One kind that is judged from samples: opens when enough agree, closes when enough do not. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from detection.rules.settings import CameraRule
from detection.rules.values import CAMERA_KINDS, Change, ChangeType, Episode, Sampled, Support
from detection.values import Kind, Observation, Severity


def _several(observation: Observation) -> bool:
    return len(observation.faces) >= 2


def _nobody(observation: Observation) -> bool:
    return not observation.faces


SIGNALS: Final[Mapping[Kind, Callable[[Observation], bool]]] = {
    Kind.MULTIPLE_FACES: _several,
    Kind.NO_FACE: _nobody,
}
"""Whether a sample shows it."""
WHAT: Final[Mapping[Kind, str]] = {Kind.MULTIPLE_FACES: "2 or more faces", Kind.NO_FACE: "no face"}
"""What the rule says was seen."""
assert set(SIGNALS) == set(WHAT) == set(CAMERA_KINDS)


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
    shown: int = 0
    """With `marks`: how many samples have shown it since then ..."""
    taken: int = 0
    """... of how many."""
    clean: int = 0
    """While one is open: how many samples in a row have not shown it."""
    clean_since: float = 0.0
    """When the first of those was received."""
    faces: int = 0
    """Faces in the newest sample that showed it."""

    @property
    def unsettled(self) -> bool:
        """Whether the newest samples speak against what is settled."""
        return bool(self.clean if self.episode else self.marks)


QUIET: Final = Track()


def take(track: Track, rule: CameraRule, kind: Kind, event: Sampled) -> tuple[Track, Change | None]:
    """The track after one more sample, and what changed by it."""
    shown = SIGNALS[kind](event.observation)
    if track.episode is not None:
        return _go_on(track, track.episode, rule, event) if shown else _fade(track, track.episode, rule, event)
    return _suspect(track, rule, kind, event) if shown else (_doubt(track, rule), None)


def close(episode: Episode, at: float) -> Change:
    """The end of an episode."""
    return Change(ChangeType.CLOSED, replace(episode, closed_at=at, updated_at=at))


def _suspect(track: Track, rule: CameraRule, kind: Kind, event: Sampled) -> tuple[Track, Change | None]:
    """One more sample that shows what is not open yet."""
    marks = (*track.marks, _support(kind, event))[-rule.window :]
    since = track.since if track.marks else event.at
    shown, taken = track.shown + 1, track.taken + 1
    supports = _present(marks)
    if len(supports) < rule.enter_samples or event.at - since < rule.enter_seconds:
        return Track(marks=marks, since=since, shown=shown, taken=taken), None
    episode = Episode(
        kind=kind,
        severity=rule.severity,
        began_at=since,
        opened_at=event.at,
        updated_at=event.at,
        last_seen_at=event.at,
        rule=f"{WHAT[kind]} in {shown} of {taken} samples over {event.at - since:.1f} s",
        samples=shown,
        # Seen twice at least, like all that we tell.
        faces=sorted(support.faces for support in supports)[-2] if kind is Kind.MULTIPLE_FACES else None,
        supports=supports,
        score=supports[-1].score,
    )
    return Track(episode=episode, faces=supports[-1].faces), Change(ChangeType.OPENED, episode)


def _doubt(track: Track, rule: CameraRule) -> Track:
    """One more sample that does not show what is suspected."""
    if not track.marks:
        return track
    marks = (*track.marks, None)[-rule.window :]
    spare = rule.window - rule.enter_samples
    if marks.count(None) <= spare:
        return replace(track, marks=marks, taken=track.taken + 1)
    # Too many against it: drop the oldest, and begin again at the first that leaves few enough.
    while marks.count(None) > spare or (marks and marks[0] is None):
        marks = marks[1:]
    supports = _present(marks)
    if not supports:
        return QUIET
    return Track(marks=marks, since=supports[0].at, shown=len(supports), taken=len(marks))


def _present(marks: tuple[Support | None, ...]) -> tuple[Support, ...]:
    return tuple(mark for mark in marks if mark is not None)


def _go_on(track: Track, episode: Episode, rule: CameraRule, event: Sampled) -> tuple[Track, Change | None]:
    """One more sample that shows what is open."""
    support = _support(episode.kind, event)
    seen = replace(episode, last_seen_at=event.at, samples=episode.samples + 1)
    told = worsen(seen, rule.critical_after, event.at)
    # Two samples in a row: a single frame does not make it worse either.
    peak = min(track.faces, support.faces)
    if episode.faces is not None and peak > episode.faces:
        told = replace(
            told, faces=peak, supports=(*episode.supports, support), score=support.score, updated_at=event.at
        )
    change = None if told is seen else Change(ChangeType.UPDATED, told)
    return Track(episode=told, faces=support.faces), change


def _fade(track: Track, episode: Episode, rule: CameraRule, event: Sampled) -> tuple[Track, Change | None]:
    """One more sample that does not show what is open."""
    clean = track.clean + 1
    since = track.clean_since if track.clean else event.at
    if clean >= rule.leave_samples and event.at - since >= rule.leave_seconds:
        return QUIET, close(episode, event.at)
    return replace(track, clean=clean, clean_since=since, faces=0), None


def worsen(episode: Episode, critical_after: float | None, at: float) -> Episode:
    """The episode with the severity that its length asks for; the very same object when that is no other."""
    if episode.severity is Severity.CRITICAL or critical_after is None or at - episode.opened_at < critical_after:
        return episode
    return replace(episode, severity=Severity.CRITICAL, updated_at=at)


def _support(kind: Kind, event: Sampled) -> Support:
    faces = event.observation.faces
    return Support(
        at=event.at,
        seq=event.seq,
        faces=len(faces),
        boxes=tuple(face.box for face in faces),
        score=faces[1].score if kind is Kind.MULTIPLE_FACES else None,
    )
