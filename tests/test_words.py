"""Every kind has its sentences, and they say what to do without accusing anybody."""

from dataclasses import replace

import pytest

from detection import words
from detection.rules import Episode
from detection.values import Kind, Severity

EPISODE = Episode(
    kind=Kind.MULTIPLE_FACES,
    severity=Severity.WARNING,
    began_at=1.0,
    opened_at=2.0,
    updated_at=2.0,
    last_seen_at=2.0,
    rule="2 or more faces in 3 of 4 samples over 0.6 s",
    faces=3,
)


@pytest.mark.parametrize("kind", Kind)
def test_the_candidate_is_told_what_we_see_and_what_to_do(kind: Kind) -> None:
    text = words.for_candidate(kind)
    assert len(text) <= 110
    assert text.count(".") == 2
    assert "Please" in text
    assert not {"cheat", "violation", "suspicious", "warning"} & set(text.lower().split())


@pytest.mark.parametrize("kind", Kind)
def test_the_proctor_is_told_the_rule_with_its_figures(kind: Kind) -> None:
    text = words.for_proctor(replace(EPISODE, kind=kind))
    assert text.endswith(f": {EPISODE.rule}.")


def test_the_proctor_is_told_how_many_and_what_was_reported() -> None:
    assert words.for_proctor(EPISODE).startswith("3 people in view: ")
    camera = replace(EPISODE, kind=Kind.VIRTUAL_CAMERA, rule="reported by the browser", detail="OBS Virtual Camera")
    assert words.for_proctor(camera) == "Camera seems to be virtual: OBS Virtual Camera (reported by the browser)."
    person = replace(EPISODE, kind=Kind.DIFFERENT_PERSON, rule="a face unlike", score=0.684, threshold=0.6)
    assert words.for_proctor(person) == "Perhaps another person (distance 0.68, beyond 0.60): a face unlike."
