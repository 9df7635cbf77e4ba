"""Small pieces of HTML. Whatever comes in is text and is escaped, but for what another piece made."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


def text(value: object) -> Markup:
    """A value as HTML has it; what is HTML already stays."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def element(name: str, *inside: object, **attributes: object) -> Markup:
    """One element. `class_` is `class`, and `aria_label` is `aria-label`; an attribute that is None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{''.join(map(text, inside))}</{name}>")


def joined(parts: Sequence[object]) -> Markup:
    """One after the other."""
    return Markup("".join(map(text, parts)))


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[object]], *, words: int = 1) -> Markup:
    """A table that can be scrolled by itself. The first cell of a row names it; the first `words` are no numbers."""
    assert all(len(row) == len(head) for row in rows), "a row of another length than the head"
    names = [element("th", each, scope="col", class_="words" if n < words else None) for n, each in enumerate(head)]
    lines = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, class_="words" if n < words else None) for n, cell in enumerate(row[1:], 1)),
        )
        for row in rows
    ]
    inner = element(
        "table", element("caption", caption), element("thead", element("tr", *names)), element("tbody", *lines)
    )
    # A box that scrolls must be reached by keyboard, too.
    return element("div", inner, class_="wide", tabindex=0, role="region", aria_label=caption)


def picture(jpeg: bytes, title: str, *, small: str, alt: str) -> Markup:
    """A JPEG with its caption, inside the page itself."""
    data = base64.b64encode(jpeg).decode()
    image = Markup(f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}" loading="lazy">')
    return element("figure", image, element("figcaption", title, element("small", small)))


def graded(value: float | None, *, aim: float, digits: int = 3) -> Markup:
    """A share, marked by how near it comes to what is aimed at."""
    if value is None:
        return text("-")
    grade = "good" if value >= aim else "near" if value >= aim - 0.05 else "bad"
    return element("span", f"{value:.{digits}f}", class_=grade)


def document(title: str, sections: Sequence[object]) -> str:
    """A whole page that needs nothing else: no script, no other file, no network."""
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    )
    return (
        f"{head}{element('title', title)}\n<style>\n{style}</style>\n</head>\n<body>\n{element('main', *sections)}\n"
        "</body>\n</html>\n"
    )
