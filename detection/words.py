"""What an incident is called: a plain sentence for the candidate, one with figures for the proctor."""

from collections.abc import Mapping
from typing import Final

from detection.rules.values import Episode
from detection.values import Kind

FOR_CANDIDATE: Final[Mapping[Kind, str]] = {
    Kind.MULTIPLE_FACES: "We see more than one person. Please make sure that you are alone in view.",
    Kind.NO_FACE: "We cannot see you. Please sit so that your face is in view of the camera.",
    Kind.DIFFERENT_PERSON: "We are not sure that it is you. Please face the camera.",
    Kind.LOOKING_AWAY: "You seem to look away for long or often. Please look at your screen.",
    Kind.UNCLEAR_VIEW: "We cannot make out your face. Please face the camera, with enough light and nothing before it.",
    Kind.CAMERA_BLOCKED: "Your camera seems to be covered. Please uncover it.",
    Kind.CAMERA_FROZEN: "Your picture does not move. Please move a little, and check that your camera is running.",
    Kind.STREAM_LOST: "Your camera's picture does not reach us. Please check your connection and your camera.",
    Kind.TAB_HIDDEN: "The exam's tab is hidden. Please come back to it.",
    Kind.FOCUS_LOST: "Another window is in front. Please click into the exam.",
    Kind.FULLSCREEN_EXITED: "The exam is no longer full screen. Please go back to full screen.",
    Kind.CLIPBOARD: "Copying or pasting was noticed. Please do without the clipboard.",
    Kind.SECOND_SCREEN: "A second screen is connected. Please unplug it.",
    Kind.SECOND_CONNECTION: "Your exam is open a second time. Please keep one window and close the other.",
    Kind.VIRTUAL_CAMERA: "Your camera seems to be a program. Please choose your real camera.",
    Kind.VOICE: "We hear talking. Please stay silent unless you are asked to speak.",
}
"""Kind words: what we see, and what to do about it. Never an accusation."""

_FOR_PROCTOR: Final[Mapping[Kind, str]] = {
    Kind.MULTIPLE_FACES: "More than one person in view",
    Kind.NO_FACE: "Nobody in view",
    Kind.DIFFERENT_PERSON: "Perhaps another person",
    Kind.LOOKING_AWAY: "Looking away",
    Kind.UNCLEAR_VIEW: "View too unclear to judge",
    Kind.CAMERA_BLOCKED: "Camera covered",
    Kind.CAMERA_FROZEN: "Picture frozen",
    Kind.STREAM_LOST: "Stream lost",
    Kind.TAB_HIDDEN: "Exam's tab hidden",
    Kind.FOCUS_LOST: "Another window in front",
    Kind.FULLSCREEN_EXITED: "Full screen left",
    Kind.CLIPBOARD: "Clipboard used",
    Kind.SECOND_SCREEN: "Second screen connected",
    Kind.SECOND_CONNECTION: "Exam opened a second time",
    Kind.VIRTUAL_CAMERA: "Camera seems to be virtual",
    Kind.VOICE: "Talking heard",
}


def for_candidate(kind: Kind) -> str:
    """What the banner says: what we see, and what to do."""
    return FOR_CANDIDATE[kind]


def notice(kind: Kind) -> str:
    """What it is, without figures."""
    return _FOR_PROCTOR[kind]


def for_proctor(episode: Episode) -> str:
    """One sentence with the figures that it rests on."""
    what = _FOR_PROCTOR[episode.kind]
    if episode.kind is Kind.MULTIPLE_FACES and episode.faces is not None:
        what = f"{episode.faces} people in view"
    if episode.kind is Kind.DIFFERENT_PERSON and episode.score is not None and episode.threshold is not None:
        # The one figure that the rule's words do not have: it is that of the newest comparison.
        what = f"{what} (distance {episode.score:.2f}, beyond {episode.threshold:.2f})"
    why = f"{episode.detail} ({episode.rule})" if episode.detail else episode.rule
    return f"{what}: {why}."
