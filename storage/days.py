"""How long the parts of what is kept are kept. Pure."""

from dataclasses import dataclass
from typing import Final

STREAM: Final = "stream"
EVIDENCE: Final = "evidence"
INCIDENTS: Final = "incidents"
PARTS: Final = (STREAM, EVIDENCE, INCIDENTS)
"""What can be deleted by itself, in the order in which it may go: nothing outlives the incidents that explain it."""


@dataclass(frozen=True, slots=True)
class Days:
    """How long each part is kept, in days from the end of the meeting; None: until somebody deletes it."""

    stream: int | None = None
    evidence: int | None = None
    incidents: int | None = None

    def fault(self) -> str | None:
        """Why these cannot be used together, or None."""
        last = self.incidents
        for name in (STREAM, EVIDENCE):
            days = getattr(self, name)
            if last is not None and (days is None or days > last):
                return f"{name}_days: at most incidents_days ({last}): nothing is kept longer than what explains it."
        return None
