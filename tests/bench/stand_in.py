"""A worker that sees at once what it always sees: what a sample costs is then the way there and back.

`python -m tests.bench.stand_in`. Whether pictures come through the pipe, or only their length does because they lie in
shared memory, is all the same to it: looking, which would be the same in both, is left out.
"""

import io
from typing import Any

from detection import analyzer, codec, worker
from detection.analyzer import Analysis, Analyzer
from detection.faces import Frame
from detection.values import DetectorInfo
from tests import faces

INFO = DetectorInfo(name="stand-in", model="none", model_sha256="", threshold=0.5)


class Stand(Analyzer):
    """Sees one face in everything."""

    def __init__(self) -> None:
        self._seen = Analysis(faces.observation(1))

    def look(self, frame: Frame, *, describe: bool = False) -> Analysis:
        """Always the same."""
        return self._seen


def main() -> None:
    """Say hello and answer until the input ends."""
    requests, replies = worker.take_over_pipes()
    nothing: Any = None
    analyzer.decode = lambda data: nothing
    replies.write(codec.message(codec.HELLO_ID, codec.hello_bytes(INFO)))
    replies.flush()
    assert isinstance(requests, io.BufferedReader)
    worker.serve(Stand(), requests, replies)


if __name__ == "__main__":
    main()
