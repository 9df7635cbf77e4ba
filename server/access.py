"""Who may send and see what: two pure functions over (role, event), closed to whatever they do not name."""

from server.protocol import Namespace, Role

_SEND: dict[Role, frozenset[str]] = {
    Role.CANDIDATE: frozenset({"frame", "activity", "shown"}),
    Role.PROCTOR: frozenset({"watch", "review", "warn", "end", "offer"}),
    Role.REVIEWER: frozenset({"watch", "review"}),
}
_RECEIVE: dict[Role, frozenset[str]] = {
    Role.CANDIDATE: frozenset({"warning", "warning_cleared", "pace", "message", "ended"}),
    Role.PROCTOR: frozenset({"snapshot", "incident", "candidate", "room", "thumbnail", "ended"}),
    Role.REVIEWER: frozenset({"snapshot", "incident", "candidate", "room", "thumbnail", "ended"}),
}
_NAMESPACES: dict[Namespace, frozenset[Role]] = {
    Namespace.CANDIDATE: frozenset({Role.CANDIDATE}),
    Namespace.PROCTOR: frozenset({Role.PROCTOR, Role.REVIEWER}),
}


def may_send(role: Role, event: str) -> bool:
    """Whether a participant of this role may send this event."""
    return event in _SEND.get(role, frozenset())


def may_receive(role: Role, event: str) -> bool:
    """Whether a participant of this role may be sent this event."""
    return event in _RECEIVE.get(role, frozenset())


def roles_in(namespace: Namespace) -> frozenset[Role]:
    """The roles that may connect to a namespace."""
    return _NAMESPACES[namespace]
