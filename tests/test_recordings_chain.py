"""The chain and the signature: whatever is changed, left out, put in or moved is found, and where."""

from dataclasses import replace
from uuid import UUID

import pytest

from storage.recordings import chain
from storage.recordings.chain import Added, SigningKey
from storage.records import new_id

RECORDING = new_id()
SEGMENTS = [Added(n, 50, 250_000, 0, 50 * n, 50 * n + 49, f"{n:064x}", f"{n + 100:064x}") for n in range(5)]


def links(segments: list[Added], recording_id: UUID = RECORDING) -> list[str]:
    made = [chain.start(recording_id)]
    for each in segments:
        made.append(chain.link(made[-1], each))
    return made[1:]


LINKS = links(SEGMENTS)


def test_a_chain_that_was_left_alone_fits() -> None:
    assert chain.first_break(RECORDING, SEGMENTS, LINKS) is None
    assert chain.first_break(RECORDING, [], []) is None


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize(
    "changed",
    [{"sha256": "f" * 64}, {"journal_sha256": "f" * 64}, {"frames": 49}, {"not_recorded": 1}, {"first_seq": None},
     {"last_seq": 1}, {"bytes": 1}, {"number": 9}],
)  # fmt: skip
def test_a_changed_segment_is_named(n: int, changed: dict[str, object]) -> None:
    segments = [replace(each, **changed) if each.number == n else each for each in SEGMENTS]  # type: ignore[arg-type]
    assert chain.first_break(RECORDING, segments, LINKS) == n


@pytest.mark.parametrize(
    ("order", "at"),
    [([0, 1, 3, 4], 2), ([1, 2, 3, 4], 0), ([0, 1, 2, 3], 4), ([0, 2, 1, 3, 4], 1), ([0, 1, 1, 2, 3, 4], 2)],
)
def test_a_segment_left_out_moved_or_put_in_is_named(order: list[int], at: int) -> None:
    assert chain.first_break(RECORDING, [SEGMENTS[n] for n in order], LINKS) == at


def test_a_segment_too_many_is_named() -> None:
    assert chain.first_break(RECORDING, SEGMENTS, LINKS[:4]) == 4


def test_a_changed_segment_changes_every_later_link() -> None:
    other = links([replace(SEGMENTS[0], sha256="f" * 64), *SEGMENTS[1:]])
    assert not set(other) & set(LINKS)


def test_one_recording_never_passes_for_another() -> None:
    assert chain.first_break(new_id(), SEGMENTS, LINKS) == 0


def test_a_statement_is_genuine_as_it_was_signed_and_in_no_other_way() -> None:
    key = SigningKey(bytes(range(32)))
    signed = key.sign({"head": LINKS[-1], "name": "Zoë", "frames": 250})
    assert signed.public_key == key.public
    assert chain.is_genuine(signed)
    assert not chain.is_genuine(replace(signed, statement=signed.statement.replace("250", "251")))
    assert not chain.is_genuine(replace(signed, signature=signed.signature[2:] + signed.signature[:2]))
    assert not chain.is_genuine(replace(signed, public_key=SigningKey(bytes(32)).public))
    assert not chain.is_genuine(replace(signed, public_key="no key"))


def test_the_same_statement_has_the_same_signature_whatever_the_order_of_its_words() -> None:
    key = SigningKey(bytes(range(32)))
    assert key.sign({"a": 1, "b": 2}) == key.sign({"b": 2, "a": 1})


def test_a_key_of_the_standard_gives_the_signature_of_the_standard() -> None:
    """RFC 8032, 7.1, test 1: its public key."""
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert SigningKey(secret).public == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
