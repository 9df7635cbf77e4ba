"""Finds recordings in folders and in bundles. Blocking."""

from collections.abc import Iterator
from pathlib import Path

from server.replay import bundles
from server.replay.sources import DAMAGED, Recording, Segment, SourceError
from storage.recordings.compacted import SUFFIX
from storage.recordings.local import OPENING, pairs
from storage.recordings.segment import JOURNAL, VIDEO


def find(paths: list[Path]) -> list[Recording]:
    """The recordings in these folders and below them, each once; in place of a folder it may be a bundle.

    Raises:
        SourceError: there are none in one of them.
    """
    found: dict[Path, Recording] = {}
    for path in paths:
        if (bundle := bundles.opened(path)) is not None:
            found |= {path.resolve() / each.name: each for each in bundle}
            continue
        folders = list(_folders(path))
        if not folders:
            raise SourceError(f"{path}: there is no recording in it (a folder of 000000{VIDEO}, 000000{JOURNAL} ...).")
        found |= {folder.resolve(): _recording(folder) for folder in folders}
    return list(found.values())


def _folders(path: Path) -> Iterator[Path]:
    for folder in [path, *sorted(each for each in path.rglob("*") if each.is_dir())]:
        if any(each.name.isdigit() for each in pairs(folder)):
            yield folder


def _recording(folder: Path) -> Recording:
    paths = [each for each in pairs(folder) if each.name.isdigit()]
    grows = (folder / OPENING).exists()
    segments = tuple(
        Segment(each, int(each.name), grows=grows and each is paths[-1], video=_reencoded(each)) for each in paths
    )
    return Recording(_name(segments) or folder.resolve().name, segments)


def _reencoded(path: Path) -> Path | None:
    """The file with the frames of a segment that was re-encoded, as a data folder has it."""
    found = path.with_name(path.name + SUFFIX)
    return found if found.exists() and not path.with_suffix(VIDEO).exists() else None


def _name(segments: tuple[Segment, ...]) -> str | None:
    """What the first journal that can be read says."""
    for segment in segments:
        try:
            return str(segment.lines()[0]["recording_id"])
        except DAMAGED:
            continue
    return None
