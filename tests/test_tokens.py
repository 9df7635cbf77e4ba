"""Tokens and signed links: what is refused, and that nothing but a sentence of ours comes of it."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest

from server.errors import InvigilError, NotAllowed, NotAuthenticated
from server.protocol import Role
from server.tokens import Identity, Tokens

KEY = "k" * 64
OPERATOR = "operator-secret-operator"
MEETING, SOMEBODY = uuid4(), uuid4()
CANDIDATE = Identity(Role.CANDIDATE, MEETING, SOMEBODY)
PATH = "/api/incidents/1/evidence/0.jpg"


def tokens(*, lifetime: float = 60, clock: Callable[[], float] = time.time, key: str = KEY) -> Tokens:
    return Tokens(key, OPERATOR, lifetime=lifetime, clock=clock)


def signed(key: str = KEY, algorithm: str = "HS256", **changed: Any) -> str:
    """A token with the claims of a good one but for `changed`; None leaves a claim out."""
    now = int(time.time())
    claims = {
        "role": "candidate",
        "meeting_id": str(MEETING),
        "participant_id": str(SOMEBODY),
        "iat": now,
        "exp": now + 60,
        **changed,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm)


@pytest.mark.parametrize("role", [Role.CANDIDATE, Role.PROCTOR, Role.REVIEWER])
def test_an_issued_token_gives_back_the_very_identity(role: Role) -> None:
    identity = Identity(role, MEETING, SOMEBODY)
    assert tokens().identify(tokens().issue(identity)) == identity


def test_the_secret_and_only_the_secret_makes_an_operator() -> None:
    assert tokens().identify(OPERATOR) == Identity(Role.OPERATOR)


REFUSED: dict[str, object] = {
    "nothing": None,
    "an empty text": "",
    "bytes": OPERATOR.encode(),
    "a number": 7,
    "a list": [OPERATOR],
    "a long text": "x" * 5000,
    "a text that is no token": "abc.def.ghi",
    "only dots": "..",
    "the beginning of the operator's secret": OPERATOR[:-1],
    "the operator's secret and more": OPERATOR + "x",
    "a lone surrogate": "\ud800",
    "a byte that is no UTF-8, as aiohttp decodes headers": b"\xff".decode("utf-8", "surrogateescape"),
    "letters beyond ASCII": "tökén",
    "another key": signed("y" * 64),
    "another algorithm with our key": signed(algorithm="HS512"),
    "no algorithm": signed("", "none"),
    "an expired one": signed(exp=int(time.time()) - 1),
    "one without expiry": signed(exp=None),
    "one from the future": signed(nbf=int(time.time()) + 1000),
    "an expiry that is text": signed(exp="tomorrow"),
    "an operator by claim": signed(role="operator"),
    "an operator by claim, without a meeting": signed(role="operator", meeting_id=None, participant_id=None),
    "an unknown role": signed(role="admin"),
    "no role": signed(role=None),
    "a role that is a number": signed(role=1),
    "a role that is a list": signed(role=["candidate"]),
    "no meeting": signed(meeting_id=None),
    "a meeting that is no id": signed(meeting_id="1"),
    "a meeting that is a number": signed(meeting_id=1),
    "a meeting that is `None`, as text": signed(meeting_id="None"),
    "no participant": signed(participant_id=None),
    "a participant that is an object": signed(participant_id={}),
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
def test_whatever_is_no_token_of_ours_is_not_authenticated(token: object) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        tokens().identify(token)
    assert caught.value.text.endswith(".")


@pytest.mark.parametrize("n", range(0, 300, 7))
def test_a_token_with_any_letter_changed_is_refused(n: int) -> None:
    good = tokens().issue(CANDIDATE)
    n %= len(good) - 1  # the last letter has bits that mean nothing
    broken = good[:n] + ("A" if good[n] != "A" else "B") + good[n + 1 :]
    with pytest.raises(NotAuthenticated):
        tokens().identify(broken)


def test_a_token_expires_after_its_lifetime() -> None:
    issued = tokens(lifetime=60, clock=lambda: time.time() - 61).issue(CANDIDATE)
    with pytest.raises(NotAuthenticated, match="expired"):
        tokens().identify(issued)


def link(*, seconds: float = 60, clock: Callable[[], float] = time.time) -> tuple[str, str]:
    signed_path = tokens(clock=clock).sign(PATH, seconds=seconds)
    path, _, query = signed_path.partition("?expires=")
    assert path == PATH
    expires, _, signature = query.partition("&signature=")
    return expires, signature


def test_a_signed_link_is_good_for_its_path_until_it_expires() -> None:
    tokens().check(PATH, *link())
    with pytest.raises(NotAllowed, match="expired"):
        tokens(clock=lambda: time.time() + 61).check(PATH, *link())


@pytest.mark.parametrize("seconds", [1, 9, 60, 43_200])
def test_a_link_is_the_same_for_a_while_and_good_for_nine_tenths_of_its_time_at_least(seconds: int) -> None:
    now = 1_700_000_000
    times = iter(range(now, now + 4 * seconds))
    signing = tokens(clock=lambda: next(times))
    given = [signing.sign(PATH, seconds=seconds) for _ in range(4 * seconds)]
    for n, each in enumerate(given):
        expires = int(each.partition("expires=")[2].partition("&")[0])
        assert 0.9 * seconds <= expires - (now + n) <= seconds
    assert len(set(given)) <= len(given) / max(1, seconds // 10) + 2


@pytest.mark.parametrize("path", [PATH, "/api/meetings/1/bundle?candidate_id=2"])
def test_a_whole_link_is_good_as_it_was_made_and_in_no_other_way(path: str) -> None:
    made = tokens().sign(path, seconds=60)
    tokens().check_link(made)
    other = made.replace("/1/", "/2/")
    for wrong in (other, f"{made}&candidate_id=3", f"{made}&expires=1", path, f"{path}?signature=0", "", "&signature="):
        with pytest.raises(NotAllowed):
            tokens().check_link(wrong)


EXPIRES, SIGNATURE = link()
FORGED: dict[str, tuple[str, str, str]] = {
    "another picture": (PATH.replace("0.jpg", "1.jpg"), EXPIRES, SIGNATURE),
    "a later expiry": (PATH, str(int(EXPIRES) + 1), SIGNATURE),
    "another signature": (PATH, EXPIRES, "0" * 64),
    "a signature cut short": (PATH, EXPIRES, SIGNATURE[:-1]),
    "no signature": (PATH, EXPIRES, ""),
    "no expiry": (PATH, "", SIGNATURE),
    "an expiry with a sign": (PATH, "+" + EXPIRES, SIGNATURE),
    "an expiry with a space": (PATH, EXPIRES + " ", SIGNATURE),
    "an expiry in other digits": (PATH, EXPIRES[:-1] + "\N{ARABIC-INDIC DIGIT ONE}", SIGNATURE),
    "an expiry without end": (PATH, "9" * 5000, SIGNATURE),
    "a signature with a lone surrogate": (PATH, EXPIRES, "\ud800"),
    "a signature beyond ASCII": (PATH, EXPIRES, "é" * 64),
}


@pytest.mark.parametrize(("path", "expires", "signature"), FORGED.values(), ids=FORGED.keys())
def test_a_forged_link_is_refused(path: str, expires: str, signature: str) -> None:
    with pytest.raises(InvigilError) as caught:
        tokens().check(path, expires, signature)
    assert isinstance(caught.value, NotAllowed)


def test_a_link_signed_with_another_key_is_refused() -> None:
    with pytest.raises(NotAllowed):
        tokens(key="y" * 64).check(PATH, *link())
