"""What changed since another report, picture by picture and incident by incident. Works on the JSON of both."""

import json
from pathlib import Path
from typing import Any, Final

from server.evaluation.report import FORMAT

MAX_BYTES: Final = 200 * 1024 * 1024
"""Of a report."""
LISTED: Final = 50
"""Most lines of one list; the rest is counted."""
SAME: Final = 2.0
"""Seconds apart within which two openings of one kind are the same incident."""
MOVED: Final = 0.1
"""Seconds from which it is worth a word."""


class ReportError(Exception):
    """The other report cannot be used; the text says why."""


def read(path: Path) -> dict[str, Any]:
    """A report that was written with `--json`.

    Raises:
        ReportError: it is not there, or is none.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReportError(f"{path}: has more than {MAX_BYTES // 2**20} MB.")
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ReportError(f"{path}: cannot be read: {error}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReportError(f"{path}: is not a report of `invigil evaluate` ({FORMAT}).")
    return value


def text(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Everything that is not as it was, in the first way of both.

    Raises:
        ReportError: the old report lacks what every report has.
    """
    try:
        ways = old["ways"][0], new["ways"][0]
        parts = [_head(old, new, *ways), _figures(old, new, *ways), *_pictures(old, new), *_incidents(old, new)]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ReportError(f"The other report is not whole: {error!r}.") from None
    return "\n".join(part for part in parts if part)


def _head(old: dict[str, Any], new: dict[str, Any], was: dict[str, Any], now: dict[str, Any]) -> str:
    lines = [f"Against the other report: {was['name']} then, {now['name']} now"]
    for name, before, after in (
        ("labels", old["labels_sha256"], new["labels_sha256"]),
        ("model", was["detector"]["model_sha256"], now["detector"]["model_sha256"]),
        ("settings", was["settings_sha256"], now["settings_sha256"]),
        ("stream", json.dumps(was["stream"]), json.dumps(now["stream"])),
    ):
        if before != after:
            short = name != "stream"
            lines.append(f"  {name}: {before[:12] if short else before} -> {after[:12] if short else after}")
    return "\n".join(lines)


def _figures(old: dict[str, Any], new: dict[str, Any], was: dict[str, Any], now: dict[str, Any]) -> str:
    before, after = _flat(old["figures"][was["name"]]), _flat(new["figures"][now["name"]])
    changed = [
        f"{name}: {before[name]} -> {after[name]}"
        for name in after
        if name in before and before[name] != after[name] and not name.startswith("cost_ms")
    ]
    return _listed("Figures that changed", changed)


def _flat(figures: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(figures, dict):
        return {path: figures}
    return {
        name: value
        for key, each in figures.items()
        for name, value in _flat(each, f"{path}.{key}" if path else key).items()
    }


def _pictures(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Pictures whose count changed, under each condition that both have."""
    before, after = _counts(old), _counts(new)
    both = [key for key in after if key in before]
    doubt = {each["path"]: " (ambiguous)" for each in new["pictures"] if each["ambiguous"]}
    lists: dict[str, list[str]] = {"Now right": [], "Now wrong": [], "Wrong in another way": [], "Labelled anew": []}
    for key in both:
        (faces, was), (labelled, now) = before[key], after[key]
        line = f"{key[1]:<11} {labelled:>2} seen, {was:>2} -> {now:>2} found  {key[0]}{doubt.get(key[0], '')}"
        if faces != labelled:
            lists["Labelled anew"].append(line)
        elif was != now:
            title = "Now right" if now == faces else "Now wrong" if was == faces else "Wrong in another way"
            lists[title].append(line)
    gone = {path for path, _ in before} - {path for path, _ in after}
    come = {path for path, _ in after} - {path for path, _ in before}
    lists |= {"Pictures no longer there": sorted(gone), "New pictures": sorted(come)}
    same = len(both) - sum(len(lines) for title, lines in lists.items() if "ictures" not in title)
    return [*(_listed(title, lines) for title, lines in lists.items()), f"Pictures as before: {same} of {len(both)}"]


def _counts(report: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    """Labelled and found, by picture and condition."""
    way = report["ways"][0]["name"]
    return {
        (each["path"], condition): (each["faces"], found)
        for each in report["pictures"]
        for condition, found in each["found"][way].items()
    }


def _incidents(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Incidents that were not raised before, or are not raised now, or open at another time."""
    before, after = _raised(old), _raised(new)
    lost: list[str] = []
    gained: list[str] = []
    moved: list[str] = []
    for file in sorted(before.keys() & after.keys()):
        left = list(after[file])
        for was in before[file]:
            same = [each for each in left if each["kind"] == was["kind"] and _apart(each, was) <= SAME]
            if not same:
                lost.append(_line(was, file))
                continue
            now = min(same, key=lambda each: _apart(each, was))
            left.remove(now)
            if _apart(now, was) >= MOVED:
                moved.append(f"{was['opened_at']:.1f} -> {_line(now, file)}")
        gained += [_line(each, file) for each in left]
    return [
        _listed("Incidents no longer raised", lost),
        _listed("Incidents raised now", gained),
        _listed("Incidents raised at another time", moved),
    ]


def _apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    return abs(float(one["opened_at"]) - float(other["opened_at"]))


def _line(incident: dict[str, Any], file: str) -> str:
    false = "FALSE  " if incident["false"] else ""
    return f"{incident['kind']:<17} {incident['opened_at']:>7.1f} to {incident['closed_at']:>7.1f} s  {false}{file}"


def _raised(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The incidents of each clip in the first way."""
    way = report["ways"][0]["name"]
    return {clip["file"]: clip["incidents"] for clip in report["clips"] if clip["way"] == way}


def _listed(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    more = [f"  and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return "\n".join([f"{title}: {len(lines)}", *(f"  {line}" for line in lines[:LISTED]), *more])
