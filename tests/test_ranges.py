"""What part a request asks for: as RFC 9110 has it, and for what is broken, all of it."""

import pytest

from server.api.ranges import Part, part

LENGTH = 1000
ALL = Part(200, 0, 999)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, ALL),
        ("bytes=0-", Part(206, 0, 999)),
        ("bytes=0-0", Part(206, 0, 0)),
        ("bytes=200-499", Part(206, 200, 499)),
        ("BYTES=200-499", Part(206, 200, 499)),
        (" bytes=999- ", Part(206, 999, 999)),
        ("bytes=200-5000", Part(206, 200, 999)),
        ("bytes=-1", Part(206, 999, 999)),
        ("bytes=-5000", Part(206, 0, 999)),
        ("bytes=1000-", Part(416)),
        ("bytes=1000-2000", Part(416)),
        ("bytes=-0", Part(416)),
        ("bytes=5-4", ALL),
        ("bytes=0-1,5-6", ALL),
        ("bytes=", ALL),
        ("bytes=-", ALL),
        ("bytes=a-b", ALL),
        ("bytes=+1-2", ALL),
        ("bytes=1 - 2", ALL),
        ("bytes=\N{ARABIC-INDIC DIGIT ONE}-", ALL),
        ("bytes=" + "9" * 5000 + "-", ALL),
        ("items=0-1", ALL),
        ("", ALL),
    ],
)
def test_a_range_is_the_part_it_names(asked: str | None, found: Part) -> None:
    assert part({} if asked is None else {"Range": asked}, length=LENGTH, tag="t") == found


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Range": "bytes=5-9", "If-Range": '"t"'}, Part(206, 5, 9)),
        ({"Range": "bytes=5-9", "If-Range": '"u"'}, ALL),
        ({"Range": "bytes=5-9", "If-Range": 'W/"t"'}, ALL),
        ({"Range": "bytes=5-9", "If-Range": "Tue, 24 Nov 2026 18:00:00 GMT"}, ALL),
        ({"Range": "bytes=5000-", "If-Range": '"u"'}, ALL),
        ({"If-None-Match": '"t"'}, Part(304)),
        ({"If-None-Match": '"s", W/"t"'}, Part(304)),
        ({"If-None-Match": "*"}, Part(304)),
        ({"If-None-Match": '"u"'}, ALL),
        ({"If-None-Match": '"t"', "Range": "bytes=0-1"}, Part(304)),
        ({"If-None-Match": '"u"', "Range": "bytes=0-1"}, Part(206, 0, 1)),
    ],
)
def test_a_condition_is_on_the_strong_tag(headers: dict[str, str], found: Part) -> None:
    assert part(headers, length=LENGTH, tag="t") == found
