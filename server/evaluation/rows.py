"""The lines of a CSV file of labels, cell by cell, with every fault named by file and line."""

import csv
import io
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Final, TypeVar

from detection.values import Kind

MAX_ROWS: Final = 100_000
"""Of one file."""
MAX_FACES: Final = 1000
"""In one picture."""

Parsed = TypeVar("Parsed")


class Row:
    """One line of a file of labels, and the place to complain about it."""

    def __init__(self, folder: Path, cells: dict[str, str]) -> None:
        self._folder = folder
        self._cells = cells

    def text(self, name: str) -> str:
        """A cell, empty where there is none."""
        return self._cells.get(name, "").strip()

    def count(self, name: str) -> int | None:
        """A number of faces."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and int(text) <= MAX_FACES):
            raise ValueError(f"{name}: a whole number from 0 to {MAX_FACES}, not {text[:20]!r}")
        return int(text)

    def flag(self, name: str) -> bool:
        """A yes or no; empty is no."""
        text = self.text(name).lower()
        if text in ("", "0", "no", "false"):
            return False
        if text in ("1", "yes", "true"):
            return True
        raise ValueError(f"{name}: 0 or 1, not {text[:20]!r}")

    def seconds(self, name: str, default: float) -> float:
        """A time in the clip."""
        text = self.text(name)
        try:
            value = float(text) if text else default
        except ValueError:
            value = -1.0
        if value < 0 or (text and not isfinite(value)):
            raise ValueError(f"{name}: seconds, not {text[:20]!r}")
        return value

    def kinds(self, name: str) -> frozenset[Kind] | None:
        """Kinds of incidents between spaces; `none` for the empty set."""
        words = self.text(name).replace(",", " ").split()
        try:
            return frozenset(Kind(word) for word in words if word != "none") if words else None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def file(self, name: str) -> Path:
        """A file that is in the folder."""
        text = self.text(name)
        if not text:
            raise ValueError(f"{name}: is empty")
        path = self._folder / text
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ValueError(f"{name}: {text[:200]!r} leads out of the folder")
        if not path.is_file():
            raise ValueError(f"{name}: there is no {text[:200]!r} in the folder")
        return path


def parse(
    name: str, data: bytes, faults: list[str], *, need: tuple[str, ...], into: Callable[[dict[str, str]], Parsed]
) -> list[tuple[int, Parsed]]:
    """Every line with its number. `into` raises ValueError for one that cannot be used, which is noted in `faults`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.append(f"{name} line {line}: is not UTF-8")
        return []
    reader = csv.reader(io.StringIO(text, newline=""))
    parsed: list[tuple[int, Parsed]] = []
    try:
        columns = [each.strip() for each in next(reader, [])]
        if missing := [each for each in need if each not in columns]:
            faults.append(f"{name} line 1: has no column {', '.join(missing)}")
            return []
        for cells in reader:
            if reader.line_num > MAX_ROWS:
                faults.append(f"{name}: has more than {MAX_ROWS} lines")
                break
            if not any(cells):
                continue
            try:
                parsed.append((reader.line_num, into(dict(zip(columns, cells, strict=False)))))
            except ValueError as error:
                faults.append(f"{name} line {reader.line_num}: {error}")
    except csv.Error as error:
        faults.append(f"{name} line {reader.line_num}: {error}")
    return parsed
