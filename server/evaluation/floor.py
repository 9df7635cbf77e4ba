"""The least that an evaluation must reach, kept in a file, so that it cannot get worse unseen."""

import json
from math import isfinite
from pathlib import Path
from typing import Any, Final

MAX_BYTES: Final = 1024 * 1024
"""Of the file."""


class FloorError(Exception):
    """The file cannot be used; the text says why."""


def read(path: Path) -> dict[str, dict[str, float]]:
    """The figures of a file: `least` and `most`, each `{"pictures.as is.exact": 0.98, ...}`.

    Raises:
        FloorError: it is not there, or not like that.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FloorError(f"{path}: has more than {MAX_BYTES // 2**20} MB.")
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise FloorError(f"{path}: cannot be read: {error}") from None
    if not isinstance(value, dict) or not value or value.keys() - {"least", "most"}:
        raise FloorError(f'{path}: expected {{"least": {{...}}, "most": {{...}}}}.')
    for each in value.values():
        if not isinstance(each, dict) or not all(_is_number(limit) for limit in each.values()):
            raise FloorError(f"{path}: expected numbers by the names of figures.")
    return value


def check(floor: dict[str, dict[str, float]], figures: dict[str, Any]) -> list[str]:
    """Every figure that does not keep its limit, in words. A figure that there is not keeps none.

    Raises:
        FloorError: there is no figure of such a name.
    """
    faults = []
    for side, limits in floor.items():
        for name, limit in limits.items():
            value = _figure(figures, name)
            if value is None:
                faults.append(f"{name}: there is nothing to measure it on, expected {side} {limit:g}")
            elif (value < limit) if side == "least" else (value > limit):
                faults.append(f"{name}: {value:g}, expected at {side} {limit:g}")
    return faults


def _figure(figures: Any, name: str) -> float | None:
    """The figure at the end of a path such as `incidents.no_face.recall`."""
    value: Any = figures
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise FloorError(f"There is no figure {name!r}: no {part!r} in it.")
        value = value[part]
    if value is None:
        return None
    if not _is_number(value):
        raise FloorError(f"{name!r} is no figure.")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
