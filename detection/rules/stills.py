"""Faces that do not live: on a poster, a screen, a shirt on a chair, or a picture held to the camera. Pure.

A living face changes some cell of the coarse picture within three seconds (`detection.levels`), so that one in which
nothing has changed for many times as long is a picture. It stays one as long as its place looks the same, also after
somebody has passed in front of it; who takes its place looks different.
"""

from dataclasses import dataclass, replace
from typing import Final

from detection import levels
from detection.values import Box, Observation

SAME_BOX: Final = 0.5
"""Share of their union that the boxes of one unmoving face keep."""
MOST: Final = 8
"""Faces that are remembered; the oldest pictures are kept."""


@dataclass(frozen=True, slots=True)
class Still:
    """A face in whose place nothing has changed."""

    box: Box
    """Where it is."""
    levels: bytes
    """The coarse picture when it was first seen."""
    since: float
    """When that was."""
    picture: bool = False
    """Whether it has been still for long enough, beside somebody who moved, to be taken for a picture."""

    def unchanged(self, now: bytes) -> bool:
        """Whether its place looks as it did."""
        return levels.largest_change(self.levels, now, self.box) <= levels.STILL


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(0.0, across) * max(0.0, down)
    union = one.w * one.h + other.w * other.h - shared
    return shared / union if union > 0 else 0.0


def follow(known: tuple[Still, ...], seen: Observation, at: float, *, picture_after: float) -> tuple[Still, ...]:
    """What is remembered after one more sample."""
    if not seen.levels:
        return known
    # A picture stays while somebody stands before it; anything else that moves was none.
    kept = [still for still in known if still.picture or still.unchanged(seen.levels)]
    fresh = [
        Still(face.box, seen.levels, at)
        for face in seen.faces
        if not any(overlap(still.box, face.box) >= SAME_BOX and still.unchanged(seen.levels) for still in kept)
    ]
    # Only beside somebody who moves: else it is perhaps the candidate's own picture, held to the camera.
    if fresh:
        kept = [replace(still, picture=still.picture or at - still.since >= picture_after) for still in kept]
    kept.sort(key=lambda still: (not still.picture, still.since))
    return tuple([*kept, *fresh][:MOST])


def is_picture(known: tuple[Still, ...], now: bytes, box: Box) -> bool:
    """Whether the face in this box is one of the pictures."""
    return any(still.picture and overlap(still.box, box) >= SAME_BOX and still.unchanged(now) for still in known)


def alone_for(known: tuple[Still, ...], seen: Observation, at: float) -> float:
    """For how many seconds the faces in view have not moved; 0 when one of them has, or there is none."""
    waited = [
        max((at - still.since for still in known if overlap(still.box, face.box) >= SAME_BOX), default=0.0)
        for face in seen.faces
        if not is_picture(known, seen.levels, face.box)
    ]
    return min(waited, default=0.0)
