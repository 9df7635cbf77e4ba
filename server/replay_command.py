"""`invigil replay` on the command line: its words, and where its results go."""

import argparse
import asyncio
import hashlib
import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

from server import command_words
from server.command_words import INTERRUPTED, CommandError, counted, require_writable, say
from server.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ProcessPoolExecutor

    from server.replay.anew import Differing
    from server.replay.exact import Replay
    from server.replay.rows import Compared
    from server.replay.running import Progress
    from server.replay.sources import Recording

EPILOG = """\
RECORDING is a folder with the segments of a recording (000000.mkv, 000000.jsonl ...), one with such folders in it, or a
bundle. Without other settings, detector or interval the replay is exact: the exit status is 1 when something else is
seen or decided than was live, or kept, 2 when something cannot be used.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `replay` to the command line."""
    parser = commands.add_parser(
        "replay", help="run detection and rules on recordings again, exactly or with something else", epilog=EPILOG
    )
    add = parser.add_argument
    add("recordings", type=Path, nargs="*", metavar="RECORDING", help="folder of one or of several, or a bundle")
    add("--meeting", type=UUID, action="append", metavar="ID", help="the recordings of a meeting in the data folder")
    add("--all", action="store_true", help="every recording there")
    add("--data-dir", type=Path, metavar="FOLDER", help="the data folder; unset: the server's")
    add("--detector", metavar="NAME", help="another detector; unset: the one that judged live")
    add("--models", type=Path, metavar="FOLDER", help="folder with the weights; unset: the server's")
    command_words.add_settings(parser)
    add("--log", type=Path, metavar="FILE", help="write the verdict log of an exact replay")
    add("--json", type=Path, metavar="FILE", help="write what came out")
    add("--html", type=Path, metavar="FILE", help="write a page with pictures of what differs")
    add("--jobs", type=int, metavar="N", help="processes; unset: one for each core")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        SettingsError: the server's settings cannot be used.
    """
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - the other commands need none of it

    from detection.faces import DetectorUnavailable  # noqa: PLC0415
    from detection.models import ModelMismatch  # noqa: PLC0415
    from detection.rules import SettingsError  # noqa: PLC0415
    from server.replay import sources  # noqa: PLC0415
    from server.replay.exact import JournalError  # noqa: PLC0415
    from storage.database import DatabaseError  # noqa: PLC0415
    from storage.embedded import EmbeddedDatabaseFailed  # noqa: PLC0415
    from storage.objects import ObjectStoreError  # noqa: PLC0415

    try:
        require_writable(options.log, options.json, options.html)
        with TemporaryDirectory(prefix="invigil-") as scratch:
            return _replay(_recordings(options, Path(scratch)), options)
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED
    except BrokenProcessPool:
        say("A process that looked at frames died: out of memory, or killed.")
    except (
        CommandError,
        DatabaseError,
        DetectorUnavailable,
        EmbeddedDatabaseFailed,
        JournalError,
        ModelMismatch,
        ObjectStoreError,
        OSError,
        SettingsError,
        sources.SourceError,
    ) as error:
        say(str(error))
    return 2


def _recordings(options: argparse.Namespace, scratch: Path) -> "list[Recording]":
    from server.replay import finding, kept  # noqa: PLC0415

    stored = options.all or options.meeting
    if bool(options.recordings) + bool(options.meeting) + options.all != 1:
        raise CommandError("Give folders of recordings, or --meeting ID, or --all.")
    if not stored:
        return finding.find(options.recordings)
    settings = load(data_dir=options.data_dir)
    return asyncio.run(kept.kept(settings, None if options.all else options.meeting, scratch))


def _replay(recordings: "list[Recording]", options: argparse.Namespace) -> int:
    from server.processes import pool  # noqa: PLC0415
    from server.replay.exact import encode  # noqa: PLC0415
    from server.replay.page import html  # noqa: PLC0415
    from server.replay.running import Progress, detector_of  # noqa: PLC0415

    processes, overrides = command_words.jobs(options), command_words.overrides(options)
    overrides.pop("stream", None)  # of a meeting's settings: the frames are those that were sent
    models = options.models or load().models_dir
    progress = Progress(say, sum(len(each.segments) for each in recordings), "segments")
    others = [options.detector not in (None, detector_of(each)) for each in recordings]
    with pool(processes) as workers:
        work = Work(recordings, workers, processes, models, progress)
        if overrides or any(others):
            if options.log:
                raise CommandError(
                    "--log: only an exact replay has a verdict log; with something else in force see --json."
                )
            told = _anew(work, overrides, options.detector)
        else:
            told = _exactly(work, options.log)
    if options.json:
        options.json.write_bytes(encode(told.report))
    if options.html:
        options.html.write_text(html(told.differences), encoding="utf-8")
    return told.status


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do, and who does it."""

    recordings: "list[Recording]"
    """What to replay."""
    pool: "ProcessPoolExecutor"
    """The processes."""
    processes: int
    """How many there are."""
    models: Path
    """Folder with the weights."""
    progress: "Progress"
    """Is told of every segment."""


@dataclass(slots=True)
class Told:
    """What came of it."""

    report: dict[str, Any]
    """For --json."""
    differences: "list[Differing]" = field(default_factory=list)
    """For --html."""
    status: int = 0
    """The exit status."""


def _exactly(work: Work, log_file: Path | None) -> Told:
    """Replay what was, and compare."""
    from server.replay.anew import differing  # noqa: PLC0415
    from server.replay.running import Crew, detector_of, exact, plan  # noqa: PLC0415

    together, told = hashlib.sha256(), Told({"mode": "exact", "recordings": []})
    with log_file.open("wb") if log_file else nullcontext() as log:
        for recording in work.recordings:
            crew = Crew.ready(work.pool, work.processes, detector_of(recording), work.models)
            replay, planned = None, plan(recording)
            for replay, lines in exact(crew, recording.name, planned, work.progress):  # noqa: B007 - the last is told
                for line in lines:
                    together.update(line)
                    if log is not None:
                        log.write(line)
            assert replay is not None
            told.differences.append(differing(crew, planned, replay))
            compared = _compared(recording, replay)
            told.report["recordings"].append(_tell(replay, compared))
            told.status |= replay.differs or bool(compared and compared.faults)
    told.report["sha256"] = together.hexdigest()
    sys.stdout.write(
        f"{counted(len(work.recordings), 'recording')}, SHA-256 of the verdict log {together.hexdigest()}\n"
    )
    return told


def _compared(recording: "Recording", replay: "Replay") -> "Compared | None":
    """The incidents that were kept against the journal; None: they are not here, or the journal is not whole."""
    from server.replay import rows  # noqa: PLC0415

    if recording.kept is None or not replay.whole:
        return None
    live = replay.incidents()[0].incidents
    return rows.compare(recording.kept, live, unsure=replay.unsure, untold=frozenset(replay.untold))


def _tell(replay: "Replay", compared: "Compared | None") -> dict[str, Any]:
    """Print what came of one recording; the same for the report."""
    counts = replay.counts
    sys.stdout.write(
        f"{replay.name}: {counted(counts.samples, 'sample')}, {counts.differing} seen otherwise; "
        f"{counted(counts.changes, 'change')} of incidents, {counted(counts.differing_changes, 'other one')}; "
        f"log {replay.sha256}\n"
    )
    if counts.unrecorded:
        taken = (
            "is taken as it was seen: its frame is"
            if counts.unrecorded == 1
            else ("are taken as they were seen: their frames are")
        )
        sys.stdout.write(f"  {counted(counts.unrecorded, 'sample')} {taken} missing\n")
    if counts.reencoded:
        sys.stdout.write(
            f"  re-encoded: {counted(counts.reencoded, 'sample')}; of these this is no exact replay, something else "
            f"is seen in {counts.reencoded_differing}\n"
        )
    if compared is not None:
        were, them = ("was", "it") if compared.rows == 1 else ("were", "them")
        faults = counted(len(compared.faults), "fault")
        sys.stdout.write(f"  {counted(compared.rows, 'incident')} that {were} kept, {faults} in {them}\n")
    for note in [*(compared.faults if compared else ()), *replay.notes]:
        sys.stdout.write(f"  {note}\n")
    return {
        "recording": replay.name, **asdict(counts), "notes": list(replay.notes), "sha256": replay.sha256,
        "kept": None if compared is None else asdict(compared),
    }  # fmt: skip


def _anew(work: Work, overrides: dict[str, Any], detector: str | None) -> Told:
    """Decide anew with something else, and say what would be otherwise."""
    from server.replay.anew import as_json, text  # noqa: PLC0415

    told = Told({"mode": "anew", "overrides": overrides, "recordings": []})
    for each in _decided(work, overrides, detector):
        told.differences.append(each)
        told.report["recordings"].append(as_json(each))
        sys.stdout.write(text(each) + "\n")
    return told


def _decided(work: Work, overrides: dict[str, Any], detector: str | None) -> "Iterator[Differing]":
    """Every recording, decided anew: one in each process, or one after the other in all of them."""
    from server.replay.anew import alone, anew  # noqa: PLC0415

    if len(work.recordings) < work.processes:
        for recording in work.recordings:
            yield anew(recording, work.pool, work.processes, work.models, overrides, detector, work.progress)
        return
    futures = [work.pool.submit(alone, each, work.models, overrides, detector) for each in work.recordings]
    for recording, future in zip(work.recordings, futures, strict=True):
        yield future.result()
        work.progress.add(len(recording.segments))
