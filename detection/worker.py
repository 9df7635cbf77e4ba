"""The child process in which hostile pixels are decoded: JPEG in on standard input, JSON out on standard output.

`python -m detection.worker --detector yunet --models FOLDER`. Its first message is a hello with the detector, sent
when the models are loaded and warm. It ends when its input does, or with a sentence on standard error and status 2
when its detector cannot run. Everything else about its life is the server's to decide: time limits, replacement,
signals.
"""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from detection.analyzer import Analyzer

logger = logging.getLogger(__name__)

LIMITS: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # A second line behind our own check of the headers, inside the decoder.
    "OPENCV_IO_MAX_IMAGE_WIDTH": "1920",
    "OPENCV_IO_MAX_IMAGE_HEIGHT": "1920",
    "OPENCV_IO_MAX_IMAGE_PIXELS": str(1920 * 1920),
}
"""Read by the libraries when they are imported, hence set before."""
UNAVAILABLE: Final = 2
"""Exit status when the detector cannot run: starting the worker again would not help."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="detection.worker", description="Looks at pictures for the server.")
    parser.add_argument("--detector", default="auto", help="auto, hog, yunet or a plug-in")
    parser.add_argument("--models", type=Path, help="folder with the weights")
    options = parser.parse_args(arguments)
    # Ctrl-C reaches the whole process group; the server ends its workers in its own order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = take_over_pipes()
    os.environ.update(LIMITS)

    # Imported only now: these libraries read LIMITS when they load, and may print.
    from detection import codec, models  # noqa: PLC0415
    from detection.analyzer import Analyzer  # noqa: PLC0415
    from detection.faces import DetectorFault, DetectorUnavailable, choose  # noqa: PLC0415
    from detection.identity.describer import Describer  # noqa: PLC0415

    try:
        analyzer = Analyzer(choose(options.detector, options.models), Describer.installed())
        warm(analyzer)
    except (DetectorUnavailable, DetectorFault, models.ModelMismatch) as error:
        sys.stderr.write(f"{error}\n")
        return UNAVAILABLE
    try:
        replies.write(codec.message(codec.HELLO_ID, codec.hello_bytes(analyzer.detector.info)))
        replies.flush()
        serve(analyzer, requests, replies)
    except BrokenPipeError:
        logger.info("the server is gone")
    return 0


def take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for ourselves alone.

    File descriptor 1 then leads to standard error, so that a library that prints, in C or in Python, cannot get
    its words between our messages; descriptor 0 leads nowhere.
    """
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb")


def warm(analyzer: "Analyzer") -> None:
    """Look at a grey frame once, so that the first candidate does not wait for lazy initialisation."""
    import numpy as np  # noqa: PLC0415

    analyzer.look(np.full((360, 480, 3), 127, dtype=np.uint8))


def serve(analyzer: "Analyzer", requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer every request in turn, until there are no more."""
    from detection import codec  # noqa: PLC0415

    while len(header := requests.read(codec.HEADER.size)) == codec.HEADER.size:
        number, length = codec.HEADER.unpack(header)
        if length > codec.MAX_REQUEST + 1:
            logger.error("a request of %d bytes: the pipe is out of step", length)
            return
        if len(data := requests.read(length)) < length:
            return
        jpeg, describe = codec.parse_request(data)
        replies.write(codec.message(number, answer(analyzer, jpeg, describe=describe)))
        replies.flush()


def answer(analyzer: "Analyzer", data: bytes, *, describe: bool) -> bytes:
    """The payload that answers one picture. A picture that cannot be looked at is an answer too."""
    from detection import codec  # noqa: PLC0415
    from detection.analyzer import UndecodableFrame, decode  # noqa: PLC0415
    from detection.faces import DetectorFault  # noqa: PLC0415
    from detection.jpeg import JpegError  # noqa: PLC0415

    readable = False
    try:
        started = perf_counter()
        frame = decode(data)
        decoded, readable = perf_counter(), True
        analysis = analyzer.look(frame, describe=describe)
        done = perf_counter()
        return codec.reply_bytes(
            codec.Observed(
                observation=analysis.observation,
                decode_ms=round((decoded - started) * 1e3, 3),
                detect_ms=round((done - decoded) * 1e3, 3),
                descriptor=analysis.descriptor,
            )
        )
    except (JpegError, UndecodableFrame) as error:
        return codec.reply_bytes(codec.Failed(str(error)))
    except DetectorFault as error:
        logger.error("%s", error)
        return codec.reply_bytes(codec.Failed(str(error), readable=True))
    except Exception:  # the task boundary: one frame must not end the worker
        logger.exception("a frame could not be analysed")
        return codec.reply_bytes(codec.Failed("The frame could not be analysed.", readable=readable))


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    sys.exit(main())
