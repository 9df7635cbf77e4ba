"""Links without a token: each is good for what it leads to, and says so in its path."""

from uuid import UUID

import pytest

from server.errors import NotAllowed
from server.links import Links
from server.tokens import Tokens

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_every_link_passes_its_own_check_and_no_other() -> None:
    tokens = Tokens("k" * 64, "operator-operator", lifetime=60)
    links = Links(tokens, lifetime=60)
    made = {
        f"/api/incidents/{ONE}/evidence/3.jpg?": links.picture(ONE, 3),
        f"/api/recordings/{ONE}/video.mp4?": links.video(ONE),
        f"/api/recordings/{ONE}/video.mp4?last=7&": links.video(ONE, 7),
        f"/api/meetings/{ONE}/bundle?": links.bundle(ONE),
        f"/api/meetings/{ONE}/bundle?candidate_id={OTHER}&": links.bundle(ONE, OTHER),
    }
    for start, link in made.items():
        assert link.startswith(f"{start}expires=")
        tokens.check_link(link)
        signature = link.rpartition("=")[2]
        for other in made.values():
            if other != link:
                with pytest.raises(NotAllowed):
                    tokens.check_link(other.rpartition("=")[0] + "=" + signature)
