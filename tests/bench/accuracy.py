"""How right detection is: `invigil evaluate` on the labelled folder beside the checkout, else on the golden one."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests import faces, golden

LABELLED = Path(__file__).resolve().parents[3] / "shared" / "faces"
"""Pictures and clips for tuning, where a development machine has them."""


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure of what serves by default, and of the old ways beside it, also on spoilt pictures."""
    with TemporaryDirectory() as scratch:
        folder = LABELLED if (LABELLED / "labels.csv").is_file() else golden.write(Path(scratch) / "golden")
        report = Path(scratch) / "report.json"
        command = [sys.executable, "-m", "server", "evaluate", str(folder), "--stress"]
        if models := faces.models_folder():
            command += ["--models", str(models), "--compare", "old"]
        done = subprocess.run([*command, "--json", str(report)], stdout=subprocess.PIPE, text=True, check=True)
        say(f"Accuracy: {done.stdout}")
        told: dict[str, Any] = json.loads(report.read_text())
        return {"folder": told["folder"], "ways": told["ways"], "figures": told["figures"]}
