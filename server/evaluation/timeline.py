"""One clip as a drawing: what is labelled, what was found each second, what had to be raised and what was."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from server.evaluation.matching import judge
from server.evaluation.results import ClipResult
from server.evaluation.scoring import right_about
from server.markup import Markup, element, joined

WIDTH: Final = 1000
LEFT: Final = 150
"""Where the names end and time begins."""
RIGHT: Final = 20
"""Left free for the last mark."""
ROW: Final = 24
BAR: Final = 16
STEPS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)
"""Seconds between two marks of the axis."""
MARKS: Final = 14
"""Most of them."""


def key() -> Markup:
    """What the colours mean."""
    meanings = [
        ("faces0", "nobody"), ("faces1", "one face"), ("faces2", "two or more"), ("wrong", "counted wrongly"),
        ("asked", "to be raised"), ("right", "raised"), ("false", "raised falsely"), ("unsure", "not labelled"),
    ]  # fmt: skip
    return element("ul", *(element("li", _swatch(name), meaning) for name, meaning in meanings), class_="key")


def _swatch(name: str) -> Markup:
    bar = element("rect", x=1, y=1, width=30, height=14, class_=name)
    return element("svg", bar, viewBox="0 0 32 16", aria_hidden="true")


def drawing(result: ClipResult) -> Markup:
    """The clip in one way."""
    kinds = _kinds(result)
    height = ROW * (2 + len(kinds)) + 26
    scale = (WIDTH - LEFT - RIGHT) / max(result.seconds, 1.0)
    rows = [_labels(result, scale), _found(result, scale)]
    rows += [_incidents(result, kind, ROW * (2 + number), scale) for number, kind in enumerate(kinds)]
    return element(
        "svg",
        axis(result.seconds, scale, height),
        *rows,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_label=_words(result),
    )


def _kinds(result: ClipResult) -> list[str]:
    asked = [each.stretch.kind.value for each in judge(result).matched]
    return list(dict.fromkeys(asked + [raised.kind.value for raised in result.raised]))


def _words(result: ClipResult) -> str:
    """The drawing for those who do not see it."""
    verdict = judge(result)
    raised = sum(each.once for each in verdict.matched)
    wrong = sum(right_about(result, moment) is False for moment in result.moments)
    return (
        f"Timeline of {result.seconds:.0f} seconds: {wrong} seconds counted wrongly, {raised} of "
        f"{len(verdict.matched)} stretches raised once, {len(verdict.false)} false incidents."
    )


def axis(seconds: float, scale: float, height: int) -> Markup:
    """Marks of time behind all rows; `scale`: pixels a second."""
    step = next((each for each in STEPS if seconds / each <= MARKS), max(STEPS[-1], round(seconds / MARKS)))
    marks = []
    for second in range(0, int(seconds) + 1, step):
        x = round(LEFT + second * scale, 1)
        marks.append(element("line", x1=x, x2=x, y1=0, y2=height - 20, class_="axis"))
        marks.append(element("text", f"{second} s", x=x, y=height - 5, text_anchor="middle", class_="soft"))
    return joined(marks)


def row_name(words: str, y: float) -> Markup:
    """What a row shows, before it; `y`: its upper edge."""
    return element("text", words, x=LEFT - 10, y=y + BAR - 3, text_anchor="end")


def bar(start: float, end: float, y: float, scale: float, *, name: str, title: str) -> Markup:
    """A stretch in seconds; `name` is its class, and `title` what it says when it is pointed at."""
    x, width = LEFT + start * scale, max(2.0, (end - start) * scale)
    return element(
        "rect", element("title", title), x=round(x, 1), y=y, width=round(width, 1), height=BAR, rx=2, class_=name
    )


def _labels(result: ClipResult, scale: float) -> Markup:
    bars = []
    for segment in result.clip.segments:
        end = min(segment.end, result.seconds)
        if end <= segment.start:
            continue
        name = f"faces{min(segment.faces or 0, 2)}" if segment.counted else "unsure"
        seen = f"{segment.faces} labelled" if segment.counted else "not counted"
        words = f"{seen}, {segment.start:g} to {end:g} s: {segment.note or 'no note'}"
        bars.append(bar(segment.start, end, 2, scale, name=name, title=words))
    return joined([row_name("labelled", 2), *bars])


def _found(result: ClipResult, scale: float) -> Markup:
    bars = []
    for count, right, start, end in _runs(result):
        title = f"{count} found, {start:g} to {end:g} s"
        bars.append(bar(start, end, ROW + 2, scale, name=f"faces{min(count, 2)}", title=title))
        if right is False:
            bars.append(bar(start, end, ROW + 2, scale, name="wrong", title=f"wrong: {title}"))
    return joined([row_name("found each second", ROW + 2), *bars])


def _runs(result: ClipResult) -> Iterator[tuple[int, bool | None, float, float]]:
    """Seconds in a row that are alike."""
    for (count, right), group in groupby(result.moments, lambda each: (each.faces, right_about(result, each))):
        moments = list(group)
        yield count, right, float(int(moments[0].at)), min(int(moments[-1].at) + 1.0, result.seconds)


def _incidents(result: ClipResult, kind: str, y: float, scale: float) -> Markup:
    verdict = judge(result)
    bars = []
    for raised in result.raised:
        if raised.kind.value == kind:
            name = "false" if raised in verdict.false else "right"
            title = f"{kind} from {raised.opened_at:.1f} to {raised.closed_at:.1f} s: {raised.rule}"
            bars.append(bar(raised.opened_at, raised.closed_at, y + 2, scale, name=name, title=title))
    for each in verdict.matched:
        stretch = each.stretch
        if stretch.kind.value == kind:
            title = f"{kind} to be raised from {stretch.start:g} to {stretch.end:g} s"
            bars.append(bar(stretch.start, stretch.end, y + 2, scale, name="asked", title=title))
    return joined([row_name(kind, y + 2), *bars])
