"""Recordings decided twice as one HTML page: timelines, and pictures of what differs."""

from collections.abc import Iterable

from server.evaluation.timeline import LEFT, RIGHT, ROW, WIDTH, axis, bar, row_name
from server.markup import Markup, document, element, joined, picture, table
from server.replay.anew import Differing, clock
from server.replay.difference import Incident


def html(recordings: list[Differing]) -> str:
    """The page."""
    rows = [
        (each.name, each.detector.name if each.detector else "-", each.samples, len(each.live), len(each.other),
         len(each.difference.gained), len(each.difference.lost), len(each.difference.moved))
        for each in recordings
    ]  # fmt: skip
    head = ("recording", "detector", "samples", "live", "now", "gained", "lost", "moved")
    sections = [
        element("h1", "Replay"),
        table("Incidents as they were decided live, and as they are now", head, rows, words=2),
        *map(_recording, recordings),
    ]
    return document("Replay", sections)


def _recording(each: Differing) -> Markup:
    difference = each.difference
    figures = [*_pictures("Gained", difference.gained), *_pictures("Lost", difference.lost)]
    for pair in difference.moved:
        figures += _pictures(f"{pair.seconds:+.1f} s", [pair.other])
    box = element("div", _timeline(each), class_="wide", tabindex=0, role="region", aria_label="Timeline")
    notes = [element("ul", *(element("li", note) for note in each.notes))] if each.notes else []
    nothing = [] if figures else [element("p", "No incident differs.")]
    return joined(
        [
            element("h2", element("code", each.name)),
            *notes,
            element("div", box, class_="clip"),
            *nothing,
            element("div", *figures, class_="pictures"),
        ]
    )


def _pictures(title: str, incidents: Iterable[Incident]) -> list[Markup]:
    found = []
    for each in incidents:
        words, small = f"{title}: {each.kind.value}", f"{clock(each.opened_at)}. {each.rule}"
        if each.shown is not None:
            found.append(picture(each.shown, words, small=small, alt="The newest frame that it rests on"))
        else:
            found.append(element("figure", element("figcaption", words, element("small", small))))
    return found


def _timeline(each: Differing) -> Markup:
    """Two rows for each kind: live, and now."""
    seconds = max(each.ended_at - each.began_at, 1.0)
    scale = (WIDTH - LEFT - RIGHT) / seconds
    kinds = list(dict.fromkeys(incident.kind for incident in (*each.live, *each.other)))
    rows: list[Markup] = []
    for kind in kinds:
        for word, incidents, changed in (
            ("live", each.live, each.difference.lost),
            ("now", each.other, each.difference.gained),
        ):
            y, otherwise = ROW * len(rows) + 2, {(one.kind, one.opened_at) for one in changed}
            bars = []
            for one in incidents:
                if one.kind is kind:
                    name = "false" if (kind, one.opened_at) in otherwise else "right"
                    start, end = one.opened_at - each.began_at, (one.closed_at or each.ended_at) - each.began_at
                    title = f"{clock(one.opened_at)} {one.rule}"
                    bars.append(bar(max(start, 0.0), end, y, scale, name=name, title=title))
            rows.append(joined([row_name(f"{kind.value} {word}", y), *bars]))
    height = ROW * len(rows) + 26
    words = f"Timeline of {seconds:.0f} seconds: {len(each.live)} incidents live, {len(each.other)} now."
    return element(
        "svg", axis(seconds, scale, height), *rows, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=words
    )
