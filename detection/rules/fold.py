"""The fold itself: which event touches which kind, and what the kinds have to do with each other. Pure.

Decided here:

* When the stream is lost, open camera episodes close and suspicions are dropped: we can no longer tell, and
  cannot tell is not guilty. So they do when no sample came for `RuleSettings.stale_after`.
* A kind that is switched off while one of its episodes is open, as an accommodation may do, ends with the next tick.
* Time never runs backwards: an event with an earlier time counts as one at the newest time seen.
* After `Finished` nothing opens until the stream is expected again.
* An episode that pauses for less than its rule's `merge_seconds` is one episode; only its banner goes meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite

from detection.rules import camera, notices, signs, stream
from detection.rules.camera import PROMPT_SECONDS, QUIET, Track
from detection.rules.notices import Notice
from detection.rules.settings import RuleSettings
from detection.rules.signs import Scene
from detection.rules.stream import Stream
from detection.rules.values import (
    CAMERA_KINDS,
    NOTICED_KINDS,
    Change,
    ChangeType,
    Enrolled,
    Episode,
    Event,
    Finished,
    Noticed,
    Sampled,
    StreamExpected,
    Tick,
)
from detection.values import Kind

Changes = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class State:
    """All that is remembered of one candidate. Begin with `State()`; only `step` makes others."""

    now: float = 0.0
    """Newest time seen."""
    finished: bool = False
    """Whether nothing may open any more."""
    sampled_at: float | None = None
    """When the newest sample was received."""
    scene: Scene = field(default_factory=Scene)
    """What the samples before showed, by which the next one is read."""
    tracks: Mapping[Kind, Track] = field(default_factory=dict)
    """The camera kinds about which there is anything to remember. Never changed in place."""
    notices: Mapping[Kind, Notice] = field(default_factory=dict)
    """What was noticed and still goes on. Never changed in place."""
    stream: Stream = field(default_factory=Stream)
    """Whether frames come as they should."""
    unsettled: bool = False
    """Whether the newest samples speak against what is settled, so that more of them are wanted at once."""
    banners: frozenset[Kind] = frozenset()
    """The kinds of which the candidate's banner is up."""
    raised_at: Mapping[Kind, float] = field(default_factory=dict)
    """When each kind's newest banner was raised. Never changed in place."""

    @property
    def open(self) -> tuple[Episode, ...]:
        """Every open episode."""
        found = [track.episode for track in self.tracks.values()]
        found += [notice.episode for notice in self.notices.values()]
        return tuple(episode for episode in [*found, self.stream.lost] if episode is not None)


def step(state: State, settings: RuleSettings, event: Event) -> tuple[State, Changes]:
    """The next state and what changed, in the order in which to tell it.

    Every episode is opened once, updated any number of times and closed once; per kind at most one is open. Its
    banner is raised and cleared any number of times in between, in turn.
    """
    at = max(state.now, event.at) if isfinite(event.at) else state.now
    state, changes = _stepped(replace(state, now=at), settings, event if event.at == at else replace(event, at=at))
    state, banners = _show_banners(state, settings)
    return state, (*changes, *banners)


def wants_descriptor(state: State, settings: RuleSettings, at: float) -> bool:
    """Whether the face of a sample taken now should be described (`Sampled.descriptor`)."""
    settled = not state.tracks.get(Kind.DIFFERENT_PERSON, QUIET).unsettled
    return signs.wants_descriptor(state.scene, settings.different_person, at, settled=settled)


def knows_candidate(state: State) -> bool:
    """Whether there is a reference to compare with."""
    return state.scene.person.reference is not None


def newly_enrolled(before: State, after: State) -> bytes | None:
    """The reference that the stream has given between these two states: what `Enrolled` takes. None if it has not."""
    reference = after.scene.person.settled
    if reference is None or reference is before.scene.person.settled:
        return None
    return bytes(reference.astype("<f4").data)


def _stepped(state: State, settings: RuleSettings, event: Event) -> tuple[State, Changes]:
    match event:
        case StreamExpected():
            since = event.at if state.stream.expected_since is None else state.stream.expected_since
            return replace(state, stream=replace(state.stream, expected_since=since), finished=False), ()
        case Finished():
            closed = tuple(camera.close(episode, event.at) for episode in state.open)
            return State(now=event.at, finished=True, banners=state.banners), closed
        case _ if state.finished:
            return state, ()
        case Enrolled():
            return replace(state, scene=signs.enrolled(state.scene, event.reference, photo=event.photo)), ()
        case Sampled():
            return _sampled(state, settings, event)
        case Noticed():
            return _noticed(state, settings, event)
        case Tick():
            return _ticked(state, settings, event)


# --- the candidate's banner -------------------------------------------------------------------------------


def _show_banners(state: State, settings: RuleSettings) -> tuple[State, Changes]:
    """Raise the banner of what goes on, and clear that of what does not."""
    known = {episode.kind: episode for episode in state.open}
    if not known and not state.banners:  # nearly always, and this runs for every sample
        return state, ()
    wanted = {kind: episode for kind, episode in known.items() if not _in_lull(state, kind)}
    late = {
        kind: episode
        for kind, episode in wanted.items()
        if kind not in state.banners and state.now - state.raised_at.get(kind, -inf) >= settings.rule(kind).banner_pause
    }
    gone = [kind for kind in Kind if kind in state.banners and kind not in wanted]
    if not late and not gone:
        return state, ()
    changes = [Change(ChangeType.RAISED, episode) for episode in late.values()]
    # With the end of an episode its banner goes without a word of its own.
    changes += [Change(ChangeType.CLEARED, known[kind]) for kind in gone if kind in known]
    return replace(
        state,
        banners=(state.banners - set(gone)) | set(late),
        raised_at={**state.raised_at, **dict.fromkeys(late, state.now)},
    ), tuple(changes)


def _in_lull(state: State, kind: Kind) -> bool:
    track = state.tracks.get(kind)
    return track is not None and track.lull_since is not None


# --- samples ----------------------------------------------------------------------------------------------


def _sampled(state: State, settings: RuleSettings, event: Sampled) -> tuple[State, Changes]:
    """One more sample, put to every camera kind."""
    state, changes = _forget_stale(state, settings)
    scene, read = signs.read(state.scene, settings, event)
    tracks = dict(state.tracks)
    for kind in CAMERA_KINDS:
        rule = settings.camera(kind)
        if not rule.enabled:
            continue
        track, change = camera.take(tracks.get(kind, QUIET), rule, kind, read[kind], event)
        tracks[kind] = track
        if change:
            changes = (*changes, change)
    return _with_tracks(replace(state, scene=scene, sampled_at=event.at), settings, tracks), changes


def _with_tracks(state: State, settings: RuleSettings, tracks: Mapping[Kind, Track]) -> State:
    """The state with these tracks; those without anything to remember are let go."""
    kept = {kind: track for kind, track in tracks.items() if track != QUIET}
    unsettled = any(
        track.unsettled and settings.camera(kind).enter_seconds <= PROMPT_SECONDS for kind, track in kept.items()
    )
    unsettled = unsettled or signs.suspects(state.scene, settings.different_person)
    return replace(state, tracks=kept, unsettled=unsettled)


def _forget_stale(state: State, settings: RuleSettings) -> tuple[State, Changes]:
    """Give up what the samples said, when the newest is too old to say anything about now."""
    if state.sampled_at is not None and state.now - state.sampled_at > settings.stale_after:
        return _blind(state, settings)
    if not state.tracks:
        return state, ()
    changes: Changes = ()
    tracks: dict[Kind, Track] = {}
    for kind, track in state.tracks.items():
        tracks[kind], change = camera.expire(track, settings.camera(kind), state.now, stale_after=settings.stale_after)
        changes = (*changes, change) if change else changes
    return _with_tracks(state, settings, tracks), changes


def _blind(state: State, settings: RuleSettings) -> tuple[State, Changes]:
    """Close every camera episode and drop every suspicion: we cannot tell."""
    episodes = [track.episode for track in state.tracks.values() if track.episode is not None]
    closed = tuple(camera.close(episode, state.now) for episode in episodes)
    state = replace(state, scene=signs.forget(state.scene), sampled_at=None)
    return _with_tracks(state, settings, {}), closed


# --- what is noticed --------------------------------------------------------------------------------------


def _noticed(state: State, settings: RuleSettings, event: Noticed) -> tuple[State, Changes]:
    """Something noticed begins, ends or happens. Kinds that are judged otherwise are passed over."""
    if event.kind not in NOTICED_KINDS or not settings.notice(event.kind).enabled:
        return state, ()
    notice, change = notices.take(state.notices.get(event.kind), settings.notice(event.kind), event)
    return _with_notice(state, event.kind, notice), () if change is None else (change,)


def _with_notice(state: State, kind: Kind, notice: Notice | None) -> State:
    kept = {each: known for each, known in state.notices.items() if each is not kind}
    return replace(state, notices=kept if notice is None else {**state.notices, kind: notice})


# --- time and the stream ----------------------------------------------------------------------------------


def _ticked(state: State, settings: RuleSettings, event: Tick) -> tuple[State, Changes]:
    """What time alone changes."""
    state, off = _without_disabled(state, settings)
    state, noticed = _tick_notices(state, settings)
    state, stale = _forget_stale(state, settings)
    state, stream = _tick_stream(state, settings, event)
    return state, off + noticed + stale + stream


def _without_disabled(state: State, settings: RuleSettings) -> tuple[State, Changes]:
    """End what goes on of kinds that were switched off meanwhile."""
    off = [episode for episode in state.open if not settings.rule(episode.kind).enabled]
    if not off:
        return state, ()
    kinds = {episode.kind for episode in off}
    state = replace(
        state,
        notices={kind: notice for kind, notice in state.notices.items() if kind not in kinds},
        stream=replace(state.stream, lost=None) if Kind.STREAM_LOST in kinds else state.stream,
    )
    state = _with_tracks(state, settings, {kind: track for kind, track in state.tracks.items() if kind not in kinds})
    return state, tuple(camera.close(episode, state.now) for episode in off)


def _tick_notices(state: State, settings: RuleSettings) -> tuple[State, Changes]:
    changes: Changes = ()
    for kind, known in state.notices.items():
        notice, change = notices.tick(known, settings.notice(kind), state.now)
        if change is not None:
            state, changes = _with_notice(state, kind, notice), (*changes, change)
    return state, changes


def _tick_stream(state: State, settings: RuleSettings, event: Tick) -> tuple[State, Changes]:
    heard = stream.silence(state.stream, settings, event)
    if heard is None:
        return state, ()
    # Again and again, also while it is lost already: whoever may be silent for longer is not judged by more.
    blind = heard.missing or heard.seconds > settings.blind_after
    state, closed = _blind(state, settings) if blind else (state, ())
    known, change = stream.judge(state.stream, settings, heard, state.now)
    return replace(state, stream=known), closed if change is None else (*closed, change)
