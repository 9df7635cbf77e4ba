"""What one sample shows of each kind, given what came before it. Pure.

A sign is True or False, or None where the sample says nothing on that kind: nobody is accused by what cannot be told.

* Nobody: no face in a clear view, and the place where the candidate sat is another than it was.
* Unclear: no face, and a reason to doubt that nobody is there: the view is dark, blown out or blurred, something
  may be a face, or the candidate's place looks as it did (the head is turned away, a hand is before it).
* Blocked: hardly anything is to be seen at all.
  A view is as good as with the last face when all around it looks as it did then: a dim room or a bare wall that the
  candidate leaves is neither unclear nor blocked.
* Frozen: the very same picture again, or a face that has not moved at all for long.
* A different person, looking away: see `detection.identity.comparison` and `detection.pose`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

import numpy as np

from detection import levels, pose, quality
from detection.identity import comparison
from detection.identity.comparison import Described, Limits, Verdict
from detection.identity.view import slack
from detection.quality import View
from detection.rules import stills
from detection.rules.settings import GazeRule, PersonRule, RuleSettings
from detection.rules.stills import Gallery
from detection.rules.values import Sampled
from detection.values import Box, Face, Kind, Observation

SAME_PLACE: Final = 16.0
"""Mean change in levels up to which the place below the last face looks as it did. Of webcam clips 0.93 stay below it
from one second to the next, 0.8 over 15 s; of 131 pictures from which the person was cut out, 5."""
LEAST_BODY: Final = 0.15
"""Share of the height that must be left below the face for a body to be seen there."""
SAME_AROUND: Final = 4.0
"""Median change in levels up to which all around the candidate looks as it did; in webcam clips mostly 0 to 2."""
PERHAPS: Final = 0.3
"""Score from which a trace may be the candidate's head."""
NEAR: Final = 0.15
"""Share of their union that such a trace has in common with the last face: those in empty rooms lie anywhere, and are
often as large as half of the frame."""
JUMPED: Final = 0.3
"""Share of their union that the boxes of one sitting person keep from one sample to the next."""
CUT: Final = 45.0
"""Mean change in levels of the whole picture beyond which another picture has taken its place. Within a second, people
close before their cameras change theirs by up to 43, a cut to somebody else by 50 to 85."""
VOTES_APART: Final = 0.5
"""Seconds from one description to the next while it is not sure: neighbours share their blur and their pose."""
DOUBTS: Final = 10
"""Descriptions in a row after which doubt is nothing new any more ..."""
LONG_DOUBT: Final = 3.0
"""... and the seconds from one to the next then: each costs a worker some 15 ms."""
SLIP: Final = 0.05
"""Seconds by which frames may come early."""
BACK: Final = 0.7
"""Share of the limits below which a glance away is over."""
MOST_GLANCES: Final = 1000
"""Remembered of one candidate."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What one sample says of one kind."""

    shown: bool | None
    """Whether it shows it; None: it cannot tell."""
    what: str = ""
    """What is seen, in the words of a rule's sentence."""
    score: float | None = None
    """The figure on which it hangs, where there is one."""
    threshold: float | None = None
    """What that is held against; None for the scores of faces, where it is the detector's."""
    boxes: tuple[Box, ...] | None = None
    """The faces it is about; None: all of the sample."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is remembered of the samples before. Begin with `Scene()`; only `read` and `forget` make others."""

    levels: bytes = b""
    """Of the newest sample."""
    face: Box | None = None
    """Where the candidate's face was last."""
    seat: bytes = b""
    """The levels of that sample."""
    gallery: Gallery = field(default_factory=Gallery)
    """Faces that may be pictures."""
    centre: pose.Centre = field(default_factory=pose.Centre)
    """Where the candidate usually looks."""
    away: bool = False
    """Whether a glance away goes on."""
    glances: tuple[float, ...] = ()
    """When the newest glances away began."""
    person: comparison.State = field(default_factory=comparison.State, repr=False)
    """Who the candidate is: biometric data."""
    verdict: Verdict = Verdict.ENROLLING
    """What the newest comparison said."""
    described_at: float = -inf
    """When that was."""
    doubted: int = 0
    """How many comparisons in a row could not tell."""


USUAL: Final = Limits()
"""Of which a rule changes the distances alone."""
Signs = Mapping[Kind, Sign]
NOTHING: Final = Sign(None)
NO: Final = Sign(False)


def read(scene: Scene, settings: RuleSettings, event: Sampled) -> tuple[Scene, Signs]:
    """The scene after one more sample, and the sign of every camera kind in it."""
    seen = event.observation
    gallery, standing = stills.follow(
        scene.gallery, seen, event.at, picture_after=settings.multiple_faces.picture_after
    )
    people = stills.people(seen.faces, standing)
    counted = stills.counted(gallery, seen.faces, standing, event.at)
    view = View.CLEAR if people else _view(scene, seen)
    doubt = "" if people else _doubt(scene, seen, view)
    frozen = _frozen(scene, settings, seen, stills.unmoved_for(standing, event.at), view=view)
    scene = replace(scene, levels=seen.levels, gallery=gallery)
    scene, different = _compare(scene, settings.different_person, event, people)
    scene, away = _gaze(scene, settings.looking_away, event, people)
    if people:
        largest = max(people, key=lambda face: face.box.w * face.box.h)
        scene = replace(scene, face=largest.box, seat=seen.levels)
    nobody = not people and view is View.CLEAR and not doubt
    return scene, {
        Kind.MULTIPLE_FACES: _several(counted),
        Kind.NO_FACE: Sign(nobody, "no face"),
        Kind.DIFFERENT_PERSON: different,
        Kind.LOOKING_AWAY: away,
        # Nobody in between settles no doubt: else a trace that comes and goes would keep both from opening.
        Kind.UNCLEAR_VIEW: NOTHING if nobody else Sign(bool(doubt), f"no face to be made out ({doubt})"),
        Kind.CAMERA_BLOCKED: _blocked(seen, view),
        Kind.CAMERA_FROZEN: frozen,
    }


def forget(scene: Scene) -> Scene:
    """The scene after a gap: who the candidate is and how they sit stays, what was compared picture by picture goes."""
    return Scene(
        gallery=stills.emptied(scene.gallery),
        centre=scene.centre,
        person=comparison.interrupted(scene.person),
        verdict=_waiting(scene.person),
    )


def enrolled(scene: Scene, reference: bytes, *, photo: bool) -> Scene:
    """The scene with a reference that is known beforehand; one that was gathered already stays."""
    if scene.person.reference is not None:
        return scene
    descriptor = np.frombuffer(reference, dtype="<f4").astype(np.float32)
    person = comparison.on_photo(descriptor) if photo else comparison.State(reference=descriptor)
    return replace(scene, person=person, verdict=Verdict.UNSURE, doubted=0)


def wants_descriptor(scene: Scene, rule: PersonRule, at: float, *, settled: bool) -> bool:
    """Whether the next sample's face should be described: seldom while it is the same, often while it is not sure.

    It is not, either, while the samples do not agree with what is open: the candidate is back, and is to be rid of it.
    """
    if not rule.enabled:
        return False
    match scene.verdict:
        case Verdict.ENROLLING:
            pause = USUAL.gap
        case Verdict.SAME if settled:
            pause = USUAL.gap if scene.person.photo else rule.every
        case _:
            pause = VOTES_APART if scene.doubted < DOUBTS else LONG_DOUBT
    return at - scene.described_at >= pause - SLIP


def suspects(scene: Scene, rule: PersonRule) -> bool:
    """Whether the first votes after an interruption are far: more samples at once, to be sure soon."""
    votes = scene.person.votes
    few = scene.verdict is Verdict.UNSURE and 0 < len(votes) < USUAL.votes
    return few and votes[-1] > rule.distance


def _waiting(person: comparison.State) -> Verdict:
    return Verdict.ENROLLING if person.reference is None else Verdict.UNSURE


def _several(people: tuple[Face, ...]) -> Sign:
    boxes = tuple(face.box for face in people)
    if len(people) < 2:
        return Sign(False, boxes=boxes)
    return Sign(True, "2 or more faces", people[1].score, boxes=boxes)


def _view(scene: Scene, seen: Observation) -> View:
    """Whether a face would have been seen. A picture that is seen proves it, and so does an unchanged surrounding."""
    if seen.faces:
        return View.CLEAR
    if scene.face is not None:
        seat = _seat(scene.face, max(0.0, scene.face.y - scene.face.h / 2))
        if levels.change_around(scene.seat, seen.levels, seat) <= SAME_AROUND * quality.light(seen):
            return View.CLEAR
    return quality.judge(seen)


def _doubt(scene: Scene, seen: Observation, view: View) -> str:
    """Why no face may still be somebody; empty: there is no doubt, or nothing is to be seen at all."""
    if view is View.COVERED:
        return ""
    if view is not View.CLEAR:
        return f"{view}: brightness {seen.quality.brightness:.2f}, sharpness {seen.quality.sharpness:.0f}"
    if scene.face is None:
        return ""
    if any(trace.score >= PERHAPS and stills.overlap(trace.box, scene.face) >= NEAR for trace in seen.perhaps):
        return "a head may be there, turned or covered"
    chin = scene.face.y + scene.face.h
    if 1.0 - chin < LEAST_BODY:
        return ""
    change = levels.mean_change(scene.seat, seen.levels, _seat(scene.face, chin))
    return "somebody may sit there, turned away" if change <= SAME_PLACE * quality.light(seen) else ""


def _seat(face: Box, top: float) -> Box:
    """Where a candidate sits, from `top` to the lower edge of the frame: twice as wide as the face."""
    left, right = max(0.0, face.x - face.w / 2), min(1.0, face.x + face.w * 1.5)
    return Box(left, top, right - left, 1.0 - top)


def _blocked(seen: Observation, view: View) -> Sign:
    """Hardly anything at all."""
    if view is not View.COVERED:
        return NO
    return Sign(True, "hardly anything to be seen", round(quality.structure(seen), 1), quality.FLAT)


def _frozen(scene: Scene, settings: RuleSettings, seen: Observation, unmoved: float, *, view: View) -> Sign:
    """The same picture again, or a face that does not live."""
    if view is not View.CLEAR or not seen.levels or not scene.levels:
        return NOTHING  # black is the same as black, and white as white
    if seen.levels == scene.levels:
        return Sign(True, "the very same picture")
    limit = settings.camera_frozen.still_after
    return Sign(unmoved >= limit, f"a face without any movement for {unmoved:.0f} s", unmoved, limit)


def _compare(scene: Scene, rule: PersonRule, event: Sampled, people: tuple[Face, ...]) -> tuple[Scene, Sign]:
    """Whether it is still the candidate."""
    seen = event.observation
    if len(people) != 1 or len(seen.faces) != 1:
        # Nobody there is no other person; who of several is the candidate cannot be told.
        person = comparison.interrupted(scene.person)
        return replace(scene, person=person, verdict=_waiting(person), doubted=0), NOTHING if people else NO
    (face,) = people
    if _broken(scene, seen, face):
        person = comparison.interrupted(scene.person)
        scene = replace(scene, person=person, verdict=_waiting(person), doubted=0)
    if event.descriptor is None:
        return scene, NOTHING
    far = slack(face, width=seen.width, height=seen.height)
    if far is None:
        return replace(scene, described_at=event.at, doubted=scene.doubted + 1), NOTHING
    described = Described(event.at, np.frombuffer(event.descriptor, dtype="<f4").astype(np.float32), far)
    person, result = comparison.step(scene.person, _limits(rule), described)
    doubted = scene.doubted + 1 if result.verdict is Verdict.UNSURE else 0
    # When the stream has come to agree with a photo, the verdict was about the photo.
    verdict = result.verdict if person.votes or person.reference is None else Verdict.UNSURE
    scene = replace(scene, person=person, verdict=verdict, described_at=event.at, doubted=doubted)
    if result.verdict is Verdict.DIFFERENT:
        score = None if result.median is None else round(result.median, 3)
        return scene, Sign(True, "a face unlike the candidate's", score, result.limit)
    return scene, NO if result.verdict is Verdict.SAME else NOTHING


def _broken(scene: Scene, seen: Observation, face: Face) -> bool:
    """Whether it need not be the one who was there before: the face has jumped, or all of the picture is another."""
    if scene.face is None:
        return False
    cut = bool(scene.seat and seen.levels) and levels.mean_change(scene.seat, seen.levels, levels.WHOLE) > CUT
    return cut or stills.overlap(scene.face, face.box) < JUMPED


def _limits(rule: PersonRule) -> Limits:
    return Limits(different=rule.distance, photo=rule.distance + USUAL.photo - USUAL.different)


def _gaze(scene: Scene, rule: GazeRule, event: Sampled, people: tuple[Face, ...]) -> tuple[Scene, Sign]:
    """Whether the head is turned away, or was too often."""
    seen = event.observation
    held = pose.estimate(people[0], width=seen.width, height=seen.height) if len(people) == 1 else None
    if held is None:
        return scene, NOTHING
    turned = pose.turned(scene.centre, held)
    away, glances = _glance(scene, rule, event.at, 0.0 if turned is None else _share(turned, rule))
    scene = replace(scene, away=away, glances=glances, centre=pose.follow(scene.centre, held, event.at))
    if turned is None:
        return scene, NOTHING
    if (count := len(glances)) >= rule.glances:
        return scene, Sign(True, f"{count} glances away within {rule.within:.0f} s", count, rule.glances)
    sideways = abs(turned[0]) / rule.sideways >= abs(turned[1]) / rule.upwards
    degrees, limit = (turned[0], rule.sideways) if sideways else (turned[1], rule.upwards)
    where = "to the side" if sideways else "down" if degrees > 0 else "up"
    what = f"the head turned {abs(degrees):.0f}° {where}"
    return scene, Sign(_share(turned, rule) > 1, what, round(abs(degrees), 1), limit)


def _share(turned: tuple[float, float], rule: GazeRule) -> float:
    """How far the head is turned, as a share of what counts as away."""
    return max(abs(turned[0]) / rule.sideways, abs(turned[1]) / rule.upwards)


def _glance(scene: Scene, rule: GazeRule, at: float, share: float) -> tuple[bool, tuple[float, ...]]:
    """Whether a glance goes on, and the newest, with one more or none: who trembles at the limit looks away once."""
    glances = tuple(began for began in scene.glances if at - began < rule.within)
    if share > 1 and not scene.away:
        return True, (*glances, at)[-MOST_GLANCES:]
    return scene.away and share > BACK, glances
