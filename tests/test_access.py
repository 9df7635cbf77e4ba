"""Who may send and see what: every role with every event of the protocol, against the table written out here."""

import pytest

from server.access import may_receive, may_send, roles_in
from server.protocol import INBOUND, OUTBOUND, Namespace, Role

C, P, R, O = Role.CANDIDATE, Role.PROCTOR, Role.REVIEWER, Role.OPERATOR  # noqa: E741

SENDERS = {
    "frame": {C},
    "activity": {C},
    "shown": {C},
    "watch": {P, R},
    "review": {P, R},
    "warn": {P},
    "end": {P},
    "offer": {P},
}
RECEIVERS = {
    "warning": {C},
    "warning_cleared": {C},
    "pace": {C},
    "message": {C},
    "ended": {C, P, R},
    "snapshot": {P, R},
    "incident": {P, R},
    "candidate": {P, R},
    "room": {P, R},
    "thumbnail": {P, R},
}
EVENTS = sorted({*INBOUND, *OUTBOUND})
UNKNOWN = ["", "connect", "disconnect", "connect_error", "Frame", "frame ", "*", "__class__", "snapshot\0"]


def test_the_tables_here_name_every_event_of_the_protocol() -> None:
    assert set(SENDERS) == set(INBOUND)
    assert set(RECEIVERS) == set(OUTBOUND)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("event", EVENTS)
def test_a_role_sends_what_the_table_says_and_nothing_else(role: Role, event: str) -> None:
    assert may_send(role, event) is (role in SENDERS.get(event, set()))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("event", EVENTS)
def test_a_role_receives_what_the_table_says_and_nothing_else(role: Role, event: str) -> None:
    assert may_receive(role, event) is (role in RECEIVERS.get(event, set()))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("event", UNKNOWN)
def test_an_unknown_event_is_refused_in_both_directions(role: Role, event: str) -> None:
    assert not may_send(role, event)
    assert not may_receive(role, event)


@pytest.mark.parametrize("event", EVENTS)
def test_an_unknown_role_may_do_nothing(event: str) -> None:
    stranger = "admin"
    assert not may_send(stranger, event)  # type: ignore[arg-type]
    assert not may_receive(stranger, event)  # type: ignore[arg-type]


def test_each_namespace_lets_in_its_own_roles_and_never_the_operator() -> None:
    assert {namespace: roles_in(namespace) for namespace in Namespace} == {
        Namespace.CANDIDATE: {C},
        Namespace.PROCTOR: {P, R},
    }


def test_the_operator_has_no_event_at_all() -> None:
    assert not any(may_send(O, event) or may_receive(O, event) for event in EVENTS)
