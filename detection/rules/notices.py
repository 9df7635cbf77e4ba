"""One kind of what is noticed, not seen: the browser reports it, or the server sees a second connection. Pure.

A `Notice` is an open episode. What lasts is told when it begins and when it ends; what happens in a moment ends after
`merge_seconds` of quiet, so that a flapping browser makes one episode of it.
"""

from dataclasses import dataclass, replace

from detection.rules.camera import close, worsen
from detection.rules.settings import NoticeRule
from detection.rules.values import Change, ChangeType, Episode, Noticed
from detection.values import Kind


@dataclass(frozen=True, slots=True)
class Notice:
    """An open episode of something noticed."""

    episode: Episode
    """The episode."""
    lasting: bool
    """True from `active=True` to `active=False`: then no quiet ends it."""


def take(known: Notice | None, rule: NoticeRule, event: Noticed) -> tuple[Notice | None, Change | None]:
    """Something begins, goes on, happens or ends.

    Args:
        known: what is open of its kind.
        rule: of its kind, which is enabled.
        event: what was noticed.
    """
    if known is not None:
        return _again(known, rule, event)
    if event.active is False:
        return None, None
    episode = Episode(
        kind=event.kind,
        severity=rule.severity,
        began_at=event.at,
        opened_at=event.at,
        updated_at=event.at,
        last_seen_at=event.at,
        rule="seen by the server" if event.kind is Kind.SECOND_CONNECTION else "reported by the browser",
        samples=1,
        detail=event.detail,
    )
    return Notice(episode, lasting=event.active is True), Change(ChangeType.OPENED, episode)


def _again(known: Notice, rule: NoticeRule, event: Noticed) -> tuple[Notice | None, Change | None]:
    seen = replace(known.episode, last_seen_at=event.at)
    if event.active is not False:
        lasting = known.lasting or event.active is True
        return Notice(replace(seen, samples=seen.samples + 1), lasting=lasting), None
    if event.at - seen.opened_at >= rule.merge_seconds:
        return None, close(seen, event.at)
    return Notice(seen, lasting=False), None  # until a tick ends it


def tick(notice: Notice, rule: NoticeRule, now: float) -> tuple[Notice | None, Change | None]:
    """End what has been quiet, make worse what goes on."""
    episode = notice.episode
    if notice.lasting:
        told = worsen(episode, rule, now)
        return (notice, None) if told is episode else (Notice(told, lasting=True), Change(ChangeType.UPDATED, told))
    return (None, close(episode, now)) if now - episode.last_seen_at >= rule.merge_seconds else (notice, None)
