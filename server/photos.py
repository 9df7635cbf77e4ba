"""Reference photos: checked when they are sent in, described when the candidate's first frame comes.

Not before: the description of a face is biometric data, and frames come only once the candidate has agreed. What a
photo says is weaker than what the stream says; `detection.identity.comparison` has its limits.
"""

import asyncio
import logging
from functools import partial
from typing import Final

from detection import rules
from detection.codec import Failed, Observed
from detection.identity.view import is_clear
from detection.values import Observation
from server.errors import BadPhoto
from server.meetings import Candidate
from server.metrics import Metrics
from server.monitor import Monitor
from server.tasks import cancel, guarded
from storage.ledger import Ledger
from storage.objects import ObjectStoreError

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0
"""Pause before a photo is tried again for which there was no worker, or that could not be fetched."""
TRIES: Final = 5
"""After so many the candidate is enrolled from the stream alone."""


def fault(seen: Observation) -> str | None:
    """Why nobody can be told by this photo, in one sentence with the remedy; None when somebody can."""
    if not seen.faces:
        return "No face was found in the reference photo. Send one that shows the candidate's face from the front."
    if len(seen.faces) > 1:
        return f"The reference photo shows {len(seen.faces)} faces. Send one of the candidate alone."
    if not seen.faces[0].landmarks:  # of a detector by which faces cannot be compared
        return None
    if not is_clear(seen.faces[0], width=seen.width, height=seen.height):
        return "The face in the reference photo is too small or turned away. Send one from near and from the front."
    return None


class Photos:
    """Owns the way of a reference photo. One task describes them, one after the other."""

    def __init__(self, *, monitor: Monitor, ledger: Ledger, metrics: Metrics) -> None:
        self._monitor = monitor
        self._ledger = ledger
        self._metrics = metrics
        self._waiting: dict[Candidate, int] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to describe."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop. May be called twice."""
        await cancel(self._task)

    async def check(self, jpeg: bytes) -> None:
        """Check that somebody can be told by a photo, as far as a worker is there to look at it.

        Raises:
            BadPhoto: nobody can; the text says why.
        """
        if not self._monitor.compares_faces:
            return
        match await self._monitor.examine(jpeg):
            case Failed(readable=False):
                raise BadPhoto("The reference photo cannot be read. Send it as an ordinary JPEG.")
            case Observed(observation) if (text := fault(observation)) is not None:
                raise BadPhoto(text)

    def enrol(self, candidate: Candidate) -> None:
        """Describe a candidate's photo soon, unless it is known already who they are."""
        if candidate.record.reference_photo is None or not self._monitor.compares_faces:
            return
        if candidate.rules.different_person.enabled and not rules.knows_candidate(candidate.state):
            self._waiting[candidate] = TRIES
            self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            for candidate in list(self._waiting):
                self._waiting[candidate] -= 1
                await guarded(partial(self._describe, candidate))
            self._waiting = {candidate: left for candidate, left in self._waiting.items() if left > 0}
            if self._waiting:
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()

    async def _describe(self, candidate: Candidate) -> None:
        """Tell the rules who is on the photo; leave it waiting when that is to be tried again."""
        if candidate.over or rules.knows_candidate(candidate.state):
            del self._waiting[candidate]
            return
        answer = await self._examine(candidate)
        if answer is None and self._waiting[candidate] > 0:
            return
        del self._waiting[candidate]
        if not isinstance(answer, Observed) or answer.descriptor is None or fault(answer.observation) is not None:
            self._metrics.photos_unusable.inc()
            logger.warning(
                "[%s/%s] nobody can be told by the reference photo: enrolling from the stream alone",
                candidate.meeting.id,
                candidate.id,
            )
            return
        self._monitor.enrol(candidate, answer.descriptor, photo=True)

    async def _examine(self, candidate: Candidate) -> Observed | Failed | None:
        """What is to be seen in the photo; None while it cannot be had or looked at."""
        key = candidate.record.reference_photo
        try:
            jpeg = None if key is None else await self._ledger.picture(key)
        except ObjectStoreError:
            return None
        return None if jpeg is None else await self._monitor.examine(jpeg, describe=True)
