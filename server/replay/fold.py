"""The rules of one candidate, fed from a journal; two of them may begin as one. Pure."""

from detection import rules
from detection.rules import Change, Event, RuleSettings, State
from server.replay.difference import Collector


class Fold:
    """The rules of one candidate, fed from a journal."""

    def __init__(self, settings: RuleSettings) -> None:
        self.settings = settings
        self.collector = Collector()
        self.reference: bytes | None = None
        """The newest that the stream gave."""
        self._state = State()

    def copy(self) -> "Fold":
        """Another one that stands where this one does. Neither changes the other."""
        other = Fold(self.settings)
        other.collector, other.reference, other._state = self.collector.copy(), self.reference, self._state
        return other

    def begin(self, settings: RuleSettings) -> None:
        """The server was started anew."""
        self.settings, self._state = settings, State()

    def apply(self, event: Event) -> tuple[Change, ...]:
        """What the rules say to one event."""
        before = self._state
        self._state, changes = rules.step(before, self.settings, event)
        self.reference = rules.newly_enrolled(before, self._state) or self.reference
        for change in changes:
            self.collector.add(change)
        return changes
