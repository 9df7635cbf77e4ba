"""Faces that do not live: on a poster, a screen, a shirt on a chair, or a picture held to the camera. Pure.

A living face changes some cell of the coarse picture (`detection.levels`) within 3 s, and one of 20 px in 480 within
14 s: the longest of 500 s of webcam clips. One in whose place nothing has changed for longer is a picture, provided
that somebody else has moved meanwhile; else it may be the candidate's own picture, held to the camera. It stays one
while somebody passes before it, since then its place looks different, and when a lamp is lit, since that happens once
and life goes on changing.

A face that was there from the first sample on counts only once it has moved: so a poster accuses nobody at the
beginning of an exam, and whoever sits there is counted a second later. A picture moved by a hand, or on a screen that
plays a film, is taken for a living face.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import Final

from detection import levels
from detection.values import Box, Face, Observation

SAME_BOX: Final = 0.5
"""Share of their union that the boxes of one unmoving face keep."""
SAME_PICTURE: Final = 16.0
"""Mean change in levels up to which a known picture is still the same, in another light."""
MOST: Final = 8
"""Faces that are remembered; the pictures first, of each the latest seen."""
BENEFIT: Final = 1.0
"""Seconds for which faces that have been there from the first sample on do not count, although nobody has moved yet."""
FULL_WIDTH: Final = 3.0
"""Cells across a face below which it is watched for longer: the smaller, the fewer cells show that it lives."""


@dataclass(frozen=True, slots=True)
class Still:
    """A face in whose place nothing has changed."""

    box: Box
    """Where it is."""
    levels: bytes
    """The coarse picture with which its place is compared."""
    since: float
    """When it had not moved yet; of a picture, since when it looks like that."""
    seen_at: float
    """When a face was last found there."""
    moved: bool
    """False: its place has looked like that since the very first sample."""
    picture: bool = False
    """Whether it has been still for long enough, beside somebody who moved, to be taken for a picture."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """What is remembered of the faces. Begin with `Gallery()`; only `follow` and `emptied` make others."""

    began_at: float = inf
    """When the first sample was received; infinite before it."""
    first: bytes = b""
    """Its coarse picture."""
    alive_at: float = -inf
    """When somebody last moved."""
    known: tuple[Still, ...] = ()
    """The unmoved faces."""


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(0.0, across) * max(0.0, down)
    union = one.w * one.h + other.w * other.h - shared
    return shared / union if union > 0 else 0.0


def follow(
    gallery: Gallery, seen: Observation, at: float, *, picture_after: float
) -> tuple[Gallery, tuple[Still, ...]]:
    """What is remembered after one more sample, and how each of its faces stands, in their order."""
    if not levels.measured(seen.levels):
        return gallery, tuple(Still(face.box, b"", at, at, moved=True) for face in seen.faces)
    if not gallery.first:
        gallery = replace(gallery, began_at=at, first=seen.levels)
    standing = [_stand(gallery, face, seen.levels, at, picture_after) for face in seen.faces]
    if any(still.moved and still.since == at and not still.picture for still in standing):
        gallery = replace(gallery, alive_at=at)
    standing = [_judged(gallery, still, at, picture_after) for still in standing]
    others = [still for still in gallery.known if _remains(still, standing, seen.levels)]
    known = sorted([*standing, *others], key=lambda still: (not still.picture, -still.seen_at, still.since))
    return replace(gallery, known=tuple(known[:MOST])), tuple(standing)


def emptied(gallery: Gallery) -> Gallery:
    """What is left after a gap: the pictures. For how long anything else was still cannot be told."""
    return Gallery(known=tuple(still for still in gallery.known if still.picture))


def people(faces: tuple[Face, ...], standing: tuple[Still, ...]) -> tuple[Face, ...]:
    """The faces that are no pictures."""
    return tuple(face for face, still in zip(faces, standing, strict=True) if not still.picture)


def counted(gallery: Gallery, faces: tuple[Face, ...], standing: tuple[Still, ...], at: float) -> tuple[Face, ...]:
    """The faces that are people and are known to be: those that have moved, or all when nobody has for a while."""
    moved = tuple(face for face, still in zip(faces, standing, strict=True) if still.moved and not still.picture)
    return moved if moved or at - gallery.began_at < BENEFIT else people(faces, standing)


def unmoved_for(standing: tuple[Still, ...], at: float) -> float:
    """For how many seconds none of the people in view has moved; 0 without any."""
    return min((at - still.since for still in standing if not still.picture), default=0.0)


def _stand(gallery: Gallery, face: Face, now: bytes, at: float, picture_after: float) -> Still:
    """How a face stands: a known one that has not moved, a picture in another light, or a fresh one."""
    here = [still for still in gallery.known if overlap(still.box, face.box) >= SAME_BOX]
    for still in here:
        if _unchanged(still.levels, now, still.box):
            return replace(still, seen_at=at)
    for still in here:
        if not still.picture or levels.mean_change(still.levels, now, still.box) > SAME_PICTURE:
            continue
        if at - still.since >= picture_after:
            return replace(still, levels=now, since=at, seen_at=at)
    if _unchanged(gallery.first, now, face.box):
        return Still(face.box, gallery.first, gallery.began_at, at, moved=False)
    return Still(face.box, now, at, at, moved=True)


def _judged(gallery: Gallery, still: Still, at: float, picture_after: float) -> Still:
    """The same, a picture if it is time. Who moved after it had come to rest was somebody else."""
    rests = at - still.since >= _patience(still.box, picture_after)
    return replace(still, picture=True) if rests and gallery.alive_at > still.since else still


def _remains(still: Still, standing: list[Still], now: bytes) -> bool:
    """Whether one that was not found as it was is worth remembering."""
    here = [each for each in standing if overlap(still.box, each.box) >= SAME_BOX]
    if not still.picture:
        return not here and _unchanged(still.levels, now, still.box)
    # One that looks nearly the same and moves was no picture; what looks different stands before it.
    return not any(each.picture or levels.mean_change(still.levels, now, still.box) <= SAME_PICTURE for each in here)


def _unchanged(before: bytes, now: bytes, box: Box) -> bool:
    return levels.largest_change(before, now, box) <= levels.STILL


def _patience(box: Box, picture_after: float) -> float:
    """Seconds for which a face of this size must be still to be a picture."""
    across = box.w * levels.GRID[0]
    return picture_after * max(1.0, FULL_WIDTH / across) if across > 0 else inf
