"""Who is in one video room, by what is heard of it: events late, twice, out of order or never, and a list now and then.

Pure: times are passed in. A connection (`Peer`) is there when it was last heard to have joined after it was last heard
to have left, by the service's own clock; a list puts right what events missed.
"""

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from server.providers import Peer, Present

MAX_PEERS: Final = 5000
"""Connections remembered of one room, those that have ended first to be forgotten."""

SETTLING: Final = 20.0
"""Seconds for which an event is believed over a list that does not have it yet."""


class RoomPeers:
    """The connections to one room."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Peer] = OrderedDict()
        self._heard_at: dict[str, float] = {}
        self._sessions: dict[str, str | None] = {}

    def live(self) -> list[Peer]:
        """The connections that are there, in the order in which they were heard of."""
        return [peer for peer in self._known.values() if peer.left_at is None]

    def joined(self, peer: Peer, session: str | None, at: float) -> None:
        """Somebody is said to have joined. `at`: now."""
        known = self._known.get(peer.id)
        left_at = None if known is None else known.left_at
        # It may be the event of before they left, late or once more. A time that is not said is no proof.
        if left_at is not None and (peer.joined_at is None or peer.joined_at <= left_at):
            return
        if known is not None and left_at is None and (known.joined_at or 0.0) > (peer.joined_at or 0.0):
            return  # heard of a later time already
        self._put(replace(peer, left_at=None), session, at)

    def left(self, peer: Peer, session: str | None, at: float) -> None:
        """Somebody is said to have left, by whom nothing may have been heard before."""
        known, left_at = self._known.get(peer.id), at if peer.left_at is None else peer.left_at
        if known is not None and known.joined_at is not None and known.joined_at > left_at:
            return
        self._put(replace(known or peer, left_at=left_at), session, at)

    def ended(self, session: str | None, at: float) -> None:
        """Nobody is in this session any more; None: in none."""
        for peer in self.live():
            if session is None or self._sessions.get(peer.id) in (session, None):
                self._put(replace(peer, left_at=at), session, at)

    def listed(self, present: Present, asked_at: float) -> None:
        """Take a list for what it is: how it was when it was asked for."""
        settled = asked_at - SETTLING
        listed = {peer.id for peer in present.peers}
        fresh = [peer for peer in self.live() if self._heard_at[peer.id] > settled and peer.id not in listed]
        # Whoever just joined may stand in the list under another id, or another connection of theirs may: two are
        # only believed when the next list has them, since a candidate is held to account for two.
        unsure = {peer.participant for peer in fresh}
        for peer in present.peers:
            if peer.id in self._known and self._heard_at[peer.id] > settled:
                continue  # an event knows better
            if peer.id in self._known or peer.left_at is not None or peer.participant not in unsure:
                self._put(peer, present.session, settled)
        if not present.complete:
            return
        for peer in self.live():
            if peer.id not in listed and self._heard_at[peer.id] <= settled:
                self._put(replace(peer, left_at=asked_at), present.session, settled)

    def _put(self, peer: Peer, session: str | None, at: float) -> None:
        self._known[peer.id] = peer
        self._known.move_to_end(peer.id)
        self._heard_at[peer.id] = at
        self._sessions[peer.id] = session
        while len(self._known) > MAX_PEERS:
            gone = next((each.id for each in self._known.values() if each.left_at is not None), next(iter(self._known)))
            del self._known[gone], self._heard_at[gone], self._sessions[gone]
