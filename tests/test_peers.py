"""Who is in a room: events late, twice, out of order or never, and lists that put them right."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.peers import MAX_PEERS, SETTLING, RoomPeers
from server.providers import Peer, Present

ADA = Peer("p1", "ada", "Ada", joined_at=100.0)
GONE = replace(ADA, left_at=150.0)
BACK = replace(ADA, joined_at=160.0)


def there(peers: RoomPeers) -> list[str]:
    return [peer.id for peer in peers.live()]


def test_nobody_is_in_an_empty_room() -> None:
    assert there(RoomPeers()) == []


@pytest.mark.parametrize("events", sorted(set(itertools.permutations(["joined", "joined", "left", "left"]))))
def test_who_joined_and_left_is_gone_in_whatever_order_and_however_often_it_is_told(events: tuple[str, ...]) -> None:
    peers = RoomPeers()
    for at, event in enumerate(events):
        getattr(peers, event)(ADA if event == "joined" else GONE, "s", 200.0 + at)
    assert there(peers) == []


@given(st.permutations([("joined", ADA), ("left", GONE), ("joined", BACK), ("joined", BACK), ("left", GONE)]))
def test_who_came_back_with_the_same_connection_is_there(events: list[tuple[str, Peer]]) -> None:
    peers = RoomPeers()
    for at, (event, peer) in enumerate(events):
        getattr(peers, event)(peer, "s", 200.0 + at)
    assert there(peers) == ["p1"]


def test_two_connections_of_one_person_are_two() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1)
    peers.joined(replace(ADA, id="p2"), "s", 2)
    assert [peer.participant for peer in peers.live()] == ["ada", "ada"]
    peers.left(replace(GONE, id="p2"), "s", 3)
    assert there(peers) == ["p1"]


def test_without_times_the_last_word_of_leaving_counts() -> None:
    peers = RoomPeers()
    bare = replace(ADA, joined_at=None)
    peers.joined(bare, "s", 1)
    assert there(peers) == ["p1"]
    peers.left(bare, "s", 2)
    peers.joined(bare, "s", 3)
    assert there(peers) == []


def test_the_end_of_a_session_empties_it_and_no_other() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "first", 1)
    peers.joined(replace(ADA, id="p2"), "second", 2)
    peers.ended("first", 3)
    assert there(peers) == ["p2"]
    peers.ended(None, 4)
    assert there(peers) == []


def test_a_list_brings_who_joined_unheard_and_takes_who_left_unheard() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1000)
    bob = Peer("p2", "bob", "Bob", 1.0)
    peers.listed(Present("s", (bob,)), 1000 + SETTLING)
    assert there(peers) == ["p2"]
    peers.listed(Present(None), 1060 + SETTLING)
    assert there(peers) == []


def test_a_list_that_says_somebody_left_is_believed_of_who_was_heard_of_long_ago() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1000)
    peers.listed(Present("s", (GONE,)), 1001)
    assert there(peers) == ["p1"]
    peers.listed(Present("s", (GONE,)), 1000 + SETTLING)
    assert there(peers) == []


def test_a_fresh_event_is_believed_over_a_list_that_may_be_older() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1000)
    peers.left(replace(GONE, id="p2"), "s", 1000)
    peers.listed(Present("s", (replace(ADA, id="p2"),)), 1000 + SETTLING - 1)
    assert there(peers) == ["p1"]


def test_who_is_listed_under_another_id_is_not_two() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1000)
    other = Present("s", (replace(ADA, id="other"),))
    peers.listed(other, 1001)
    assert there(peers) == ["p1"]
    peers.listed(other, 1000 + SETTLING)
    assert there(peers) == ["other"]


def test_a_second_connection_of_which_no_event_came_is_believed_when_the_list_has_both() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1000)
    peers.listed(Present("s", (ADA, replace(ADA, id="p2"))), 1001)
    assert there(peers) == ["p1", "p2"]


def test_who_is_missing_in_a_list_that_is_not_complete_is_not_gone() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1000)
    peers.listed(Present("s", (), complete=False), 2000)
    assert there(peers) == ["p1"]


def test_a_list_is_put_right_by_the_next_one() -> None:
    peers = RoomPeers()
    for at, expected in ((1000, ["p1"]), (1001, ["p1"]), (1002, [])):
        peers.listed(Present("s", (ADA,) if expected else ()), at)
        assert there(peers) == expected


def test_what_is_remembered_is_bounded_and_those_who_left_are_forgotten_first() -> None:
    peers = RoomPeers()
    peers.joined(ADA, "s", 1)
    for n in range(MAX_PEERS + 50):
        peers.left(replace(GONE, id=f"x{n}"), "s", 2)
    assert there(peers) == ["p1"]
    assert len(peers._known) == len(peers._heard_at) == len(peers._sessions) == MAX_PEERS
    for n in range(MAX_PEERS + 50):
        peers.joined(replace(ADA, id=f"y{n}"), "s", 3)
    assert len(peers.live()) == MAX_PEERS
