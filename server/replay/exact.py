"""A journal through the rules again: with what is seen now, and beside it with what was seen live. Pure.

Decided here:

* The reference by which a face is compared is not in a journal. It comes from the descriptors that are made anew, and
  is carried over a restart of the server; one from a photo cannot be had, and the fold says so.
* A sample whose frame was not recorded is told to the rules as it was seen live.
* Of a frame that was re-encoded it is counted whether the same is seen; the rules are told what was seen live.
* After a segment that cannot be read the fold goes on with what it knew before.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from detection import codec
from detection.rules import Change, Enrolled, Episode, Event, RuleSettings, Sampled, SettingsError
from detection.values import DetectorInfo, Kind, Observation
from server import journal
from server.replay.difference import Collector
from server.replay.fold import Fold
from server.replay.rows import FRESH
from storage.records import Json

FORMAT: Final = 2
"""Of the log. Counts up when a line changes its meaning, or there are others."""
EPISODE: Final = tuple(each.name for each in fields(Episode) if each.name != "supports")
"""What the log has of an episode; of its samples it has their numbers."""

_encoder: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False)


class JournalError(Exception):
    """A journal that cannot be replayed; the text says why."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at a frame again."""

    observation: Observation | None
    """What was seen; None: it could not be looked at."""
    descriptor: bytes | None = field(default=None, repr=False)
    """Of the only face, when it was asked for."""


@dataclass(slots=True)
class Counts:
    """What a replay found, in numbers."""

    samples: int = 0
    """Samples in the journal."""
    differing: int = 0
    """Those in which something else is seen now."""
    unrecorded: int = 0
    """Those whose frame was not recorded."""
    changes: int = 0
    """Changes of episodes."""
    differing_changes: int = 0
    """Changes that are only among those of now, or only among those of then."""
    damaged: int = 0
    """Segments that are missing or cannot be read."""
    reencoded: int = 0
    """Samples whose frames are no longer the bytes that were judged; the rules are told what was seen live."""
    reencoded_differing: int = 0
    """Those of them in which something else is seen now: that is no fault, and is not among `differing`."""


class Replay:
    """One recording. Give it the lines of its journal in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts = Counts()
        self.notes: dict[str, None] = {}
        """Why the replay is not exact, each once and in order."""
        self.unsure: list[tuple[float, float]] = []
        """From when until when the journal may have lost something, around every restart of the server."""
        self.untold: set[Kind] = set()
        """Kinds of which it cannot be told what the rules said live."""
        self._at: float | None = None
        """The newest time in the journal ..."""
        self._down_from: float | None = None
        """... and what that was before a restart from which nothing is heard yet."""
        self._is_exact = True
        self._lost_lines = False
        self._detector: DetectorInfo | None = None
        self._now: Fold | None = None
        self._live: Fold | None = None
        """The same one as `_now` until something else is seen: nearly always, and the rules are half of the work."""
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of the log so far."""
        return self._hash.hexdigest()

    @property
    def differs(self) -> bool:
        """Whether it is not what was live, or cannot be told."""
        return bool(self.counts.differing or self.counts.differing_changes or self.counts.damaged)

    @property
    def whole(self) -> bool:
        """Whether the journal has all that the rules were told."""
        return not self.counts.damaged and not self._lost_lines

    def incidents(self) -> tuple[Collector, Collector]:
        """As decided live, and as decided now."""
        if self._now is None or self._live is None:
            raise JournalError(f"{self.name}: no journal says which settings were in force: nothing can be replayed.")
        return self._live.collector, self._now.collector

    def head(self, detector: DetectorInfo | None) -> bytes:
        """The first line of the log. `detector`: the one that looks now."""
        self._detector = detector
        info = None if detector is None else asdict(detector)
        return self._log(
            {
                "type": "replay", "format": FORMAT, "recording": self.name, "detector": info,
                "versions": journal.VERSIONS,
            }
        )  # fmt: skip

    def damaged(self, number: int, why: str) -> bytes:
        """A segment is missing or cannot be read."""
        self.counts.damaged += 1
        self.notes[f"segment {number} is left out: {why}"] = None
        return self._log({"type": "gap", "segment": number})

    def segment(self, *, is_exact: bool) -> None:
        """The next lines are of another segment. `is_exact`: it has the very bytes that were judged."""
        self._is_exact = is_exact

    def take(self, line: Json, looked: Looked | None) -> list[bytes]:
        """The lines of the log that a line of the journal gives.

        Args:
            line: the line.
            looked: what came of looking at its frame again, for a sample and for what failed; None: it has none.

        Raises:
            JournalError: the line cannot be used.
        """
        try:
            return self._take(line, looked)
        except (codec.BadMessage, KeyError, TypeError, ValueError) as error:
            raise JournalError(f"{self.name}: a line of the journal cannot be used: {error!r}") from error

    def _take(self, line: Json, looked: Looked | None) -> list[bytes]:
        self._pass_time(line)
        match line["type"]:
            case "begun":
                return self._begin(line)
            case "settings":
                return self._change(line)
            case "sample":
                return self._sample(line, looked)
            case "failed":
                self.counts.samples += 1
                now = None if looked is None else looked.observation
                self.counts.differing += now is not None
                return [self._seen(line, now, recorded=looked is not None)]
            case "event":
                return self._event(line)
            case "gap" if line["lines"]:
                self._lost_lines = True
                self.notes[f"the disk did not take {line['lines']} lines of the journal"] = None
        return []

    def _pass_time(self, line: Json) -> None:
        at = line.get("received_at", line.get("at"))
        if at is None:
            return
        if self._down_from is not None:
            self.unsure.append((self._down_from - FRESH, at))
            self._down_from = None
        self._at = at

    def _begin(self, line: Json) -> list[bytes]:
        settings = _settings(line)
        if self._detector is not None and line["detector"] != asdict(self._detector):
            self.notes["another model or another detector judged live"] = None
        if self._now is None or self._live is None:
            self._now = self._live = Fold(settings)
        else:
            self._down_from = self._at
        self._now.begin(settings)
        self._live.begin(settings)
        return [self._log({"type": "begun", "settings_sha256": settings.sha256()})]

    def _change(self, line: Json) -> list[bytes]:
        now, live = self._folds()
        now.settings = live.settings = _settings(line)
        return [self._log({"type": "settings", "settings_sha256": now.settings.sha256()})]

    def _sample(self, line: Json, looked: Looked | None) -> list[bytes]:
        seen = journal.event_of(line)
        assert isinstance(seen, Sampled)
        self.counts.samples += 1
        if looked is None:
            self.counts.unrecorded += 1
            return [self._seen(line, seen.observation, recorded=False), *self._apply(seen, seen)]
        told = self._seen(line, looked.observation, recorded=True)
        if not self._is_exact:
            self.counts.reencoded += 1
            self.counts.reencoded_differing += looked.observation != seen.observation
            return [told, *self._apply(seen, seen)]
        then = Sampled(seen.at, seen.seq, seen.observation, looked.descriptor)
        if looked.observation == seen.observation:
            return [told, *self._apply(then, then)]
        self.counts.differing += 1
        if looked.observation is None:
            return [told, *self._apply(None, then)]
        return [told, *self._apply(Sampled(seen.at, seen.seq, looked.observation, looked.descriptor), then)]

    def _seen(self, line: Json, observation: Observation | None, *, recorded: bool) -> bytes:
        """The log's line for a sample: that it was seen the same can be told by it, and not what."""
        seen = None if observation is None else digest(observation)
        return self._log(
            {"type": "sample", "seq": line["seq"], "seen": seen} | ({} if recorded else {"recorded": False})
        )

    def _event(self, line: Json) -> list[bytes]:
        if line["event"] != "enrolled":
            event = journal.event_of(line)
            if event is None:
                raise JournalError(f"{self.name}: an event of a kind that is not known: {line['event']}.")
            return self._apply(event, event)
        if line["photo"]:
            self.notes["a reference photo was used, which no recording has: different_person may differ"] = None
            self.untold.add(Kind.DIFFERENT_PERSON)
            return []
        now, live = self._folds()
        told = None if now.reference is None else Enrolled(line["at"], now.reference)
        then = told if live is now else None if live.reference is None else Enrolled(line["at"], live.reference)
        if told is None or then is None:
            self.notes["who the candidate is was known from before, and cannot be: different_person may differ"] = None
            self.untold.add(Kind.DIFFERENT_PERSON)
        return self._apply(told, then)

    def _folds(self) -> tuple[Fold, Fold]:
        """Of now and of then."""
        if self._now is None or self._live is None:
            raise JournalError(
                f"{self.name}: its beginning is missing, and with it the settings that were in force: it cannot be "
                "replayed exactly."
            )
        return self._now, self._live

    def _apply(self, now: Event | None, then: Event | None) -> list[bytes]:
        """What the rules say to what is seen now; what they said then is held against it."""
        fold, other = self._folds()
        if now is not then and fold is other:
            other = self._live = fold.copy()
        told = _told(fold, now)
        live = told if other is fold else _told(other, then)
        self.counts.changes += len(told)
        for line in told:
            self._hash.update(line)
        # What is told later than it was counts twice: it is new now, and was not told then.
        self.counts.differing_changes += len({*told} ^ {*live}) if told != live else 0
        return told

    def _log(self, line: Json) -> bytes:
        data = encode(line)
        self._hash.update(data)
        return data


def digest(observation: Observation) -> str:
    """A fingerprint of what was seen, for the log: half of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(encode(codec.observation_to_json(observation))).hexdigest()[:32]


def encode(line: Json) -> bytes:
    """One line of the log, in the only form in which it is written."""
    return _encoder.encode(line).encode() + b"\n"


def _settings(line: Json) -> RuleSettings:
    try:
        settings = RuleSettings.from_overrides(line["settings"])
    except SettingsError as error:
        raise JournalError(f"The settings that were in force cannot be used by this version: {error}") from None
    if settings.sha256() != line["settings_sha256"]:
        raise JournalError("The settings in a journal are not those of its hash: by this version they mean others.")
    return settings


def _told(fold: Fold, event: Event | None) -> list[bytes]:
    return [] if event is None else [encode(_change(change, event)) for change in fold.apply(event)]


def _change(change: Change, event: Event) -> dict[str, Any]:
    return {"type": change.type.value, "at": event.at, **_episode(change.episode)}


def _episode(episode: Episode) -> dict[str, Any]:
    found = {name: getattr(episode, name) for name in EPISODE}
    return {**found, "seqs": list(episode.seqs)}
