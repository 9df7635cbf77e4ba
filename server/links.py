"""Links that a browser can follow without a token: to pictures, videos and bundles."""

from uuid import UUID

from server.tokens import Tokens


class Links:
    """Makes links that are signed and expire."""

    def __init__(self, tokens: Tokens, *, lifetime: float) -> None:
        """`lifetime`: seconds for which they are good."""
        self._tokens = tokens
        self._lifetime = lifetime

    def picture(self, incident_id: UUID, n: int) -> str:
        """To the n-th photograph of an incident."""
        return self._sign(f"/api/incidents/{incident_id}/evidence/{n}.jpg")

    def video(self, recording_id: UUID, last: int | None = None) -> str:
        """To a recording's video; `last`: the number of the last segment in it, while the recording grows."""
        query = "" if last is None else f"?last={last}"
        return self._sign(f"/api/recordings/{recording_id}/video.mp4{query}")

    def bundle(self, meeting_id: UUID, candidate_id: UUID | None = None) -> str:
        """To all that is kept of a meeting, or of one candidate."""
        query = "" if candidate_id is None else f"?candidate_id={candidate_id}"
        return self._sign(f"/api/meetings/{meeting_id}/bundle{query}")

    def _sign(self, path: str) -> str:
        return self._tokens.sign(path, seconds=self._lifetime)
