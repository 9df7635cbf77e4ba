"""`invigil models`: downloads the pinned weights and checks them. The running server never does."""

import hashlib
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path

import httpx

from detection import models
from detection.models import Model

ANSWER_WITHIN = 9.0
"""Seconds until the server's first word, name resolution and redirects included: `make setup` runs offline, too."""

READ_WITHIN = 15.0
"""Seconds for each further piece."""

WHOLE_WITHIN = 300.0
"""Seconds for one file."""

MAX_BYTES = 64 * 1024 * 1024
"""Of one file. YuNet has 0.2 MB."""

Progress = Callable[[int, int | None], None]
"""Called with the bytes that came so far, and with how many there will be where that is known."""


class State(StrEnum):
    """What is in the models folder under a pinned model's name."""

    VERIFIED = "verified"
    """The pinned file."""
    MISSING = "missing"
    MISMATCH = "mismatch"
    """Something else."""


class FetchError(Exception):
    """The weights could not be had; the text says why in one sentence."""


def state(model: Model, folder: Path) -> State:
    """Whether the pinned file is in the folder."""
    path = folder / model.file
    if not path.is_file():
        return State.MISSING
    return State.VERIFIED if models.sha256(path) == model.sha256 else State.MISMATCH


def describe(folder: Path) -> str:
    """Every pinned model: its state, licence, hash, home, and where it lies or would."""
    return "\n".join(
        f"{model.name:<16}{state(model, folder):<10}{'needed' if model.needed else 'to compare':<12}{model.licence}\n"
        f"  file    {folder / model.file}\n  sha256  {model.sha256}\n  home    {model.url}"
        for model in models.MODELS
    )


def fetch(names: list[str], folder: Path, *, base: str | None = None) -> None:
    """Put the named models, or all that are needed, into the folder; what is there and verified stays.

    Args:
        base: a mirror that has the files by their names; None: each file's own home.

    Raises:
        FetchError: one could not be had. Those before it are in the folder.
    """
    for model in choose(names):
        if state(model, folder) is State.VERIFIED:
            _say(f"{model.name}: {folder / model.file} is there and verified.\n")
            continue
        url = model.url if base is None else f"{base.rstrip('/')}/{model.file}"
        _say(f"{model.name}: from {url}\n")
        try:
            size = download(url, model.sha256, folder / model.file, _progress(model.name))
        except FetchError as error:
            raise FetchError(f"{model.name} could not be fetched from {url}: {error}") from None
        _say(f"{model.name}: {size / 1024:.0f} KB, verified, in {folder}\n")


def download(url: str, digest: str, path: Path, progress: Progress) -> int:
    """Download one file to `path`, which then holds the pinned contents or what it held before. Returns its size.

    Raises:
        FetchError: why it could not be had.
    """
    try:
        client, answer = _ask(url)
        with closing(client), closing(answer):
            return _keep(answer, digest, path, progress)
    except httpx.TimeoutException:
        raise FetchError("it did not answer in time.") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise FetchError(f"{str(error) or repr(error)}.") from None
    except OSError as error:
        raise FetchError(f"it cannot be written: {error}.") from None


def _ask(url: str) -> tuple[httpx.Client, httpx.Response]:
    """The beginning of an answer, in a thread: the resolver of names knows no time limit of ours."""
    client = httpx.Client(timeout=httpx.Timeout(READ_WITHIN, connect=ANSWER_WITHIN), max_redirects=5)
    outcome: queue.Queue[httpx.Response | Exception] = queue.Queue(1)
    given_up = threading.Event()

    def ask() -> None:
        try:
            # As it is: what is compressed on the way could be larger than it says.
            request = client.build_request("GET", url, headers={"Accept-Encoding": "identity"})
            answer = client.send(request, stream=True, follow_redirects=True)
            if given_up.is_set() or answer.status_code != httpx.codes.OK:
                raise FetchError(f"it answered {answer.status_code} {answer.reason_phrase}.")
            outcome.put(answer)
        except Exception as error:  # raised again by who asked, if they still wait
            client.close()
            outcome.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = outcome.get(timeout=ANSWER_WITHIN)
    except queue.Empty:
        given_up.set()
        raise FetchError("it did not answer in time.") from None
    if isinstance(answer, Exception):
        raise answer
    return client, answer


def _keep(answer: httpx.Response, digest: str, path: Path, progress: Progress) -> int:
    """Write to a file beside the real one, and put that in place when it is right: never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{threading.get_native_id()}.part")
    try:
        size, found = _write(answer, part, progress)
        if found != digest:
            raise FetchError(f"it is not the pinned file: its SHA-256 is {found}, expected {digest}.")
        part.replace(path)
        return size
    finally:
        part.unlink(missing_ok=True)


def _write(answer: httpx.Response, part: Path, progress: Progress) -> tuple[int, str]:
    announced = answer.headers.get("Content-Length", "")
    total = int(announced) if announced.isdigit() else None
    until = time.monotonic() + WHOLE_WITHIN
    hasher, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        for piece in answer.iter_bytes(65536):
            size += len(piece)
            if max(size, total or 0) > MAX_BYTES:
                raise FetchError(f"it is larger than {MAX_BYTES // 2**20} MB.")
            if time.monotonic() > until:
                raise FetchError(f"it took longer than {WHOLE_WITHIN:g} s.")
            hasher.update(piece)
            file.write(piece)
            progress(size, total)
    return size, hasher.hexdigest()


def choose(names: list[str]) -> list[Model]:
    """The named models; without names, all that are needed.

    Raises:
        FetchError: there is no model of this name.
    """
    try:
        return [models.by_name(name) for name in names] if names else [model for model in models.MODELS if model.needed]
    except KeyError as error:
        known = ", ".join(model.name for model in models.MODELS)
        raise FetchError(f"There is no model {error.args[0]!r}. Known: {known}.") from None


def _progress(name: str) -> Progress:
    """A line that is written over, where somebody looks at it."""

    def show(size: int, total: int | None) -> None:
        if sys.stderr.isatty():
            of = "" if total is None else f" of {total // 1024}"
            _say(f"\r{name}: {size // 1024}{of} KB\r")

    return show


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
