"""Golden files: what a run printed, on both streams, and how it ended.

To renew them after a change that is meant: `RENEW_GOLDEN=1 pytest tests/cli/test_golden.py`, and read the difference.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.support.run import Result

GOLDEN = Path(__file__).parents[1] / "cli" / "golden"


def check_golden(name: str, arguments: Sequence[str], result: Result) -> None:
    """Compare a run with its golden file, or write that file if it was asked for."""
    path = GOLDEN / f"{name}.txt"
    text = _transcript(arguments, result)
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), "what is printed changed; if that is meant, see tests/cli/golden/README.md"


def _transcript(arguments: Sequence[str], result: Result) -> str:
    command = f"$ code-context {' '.join(arguments)}\n"
    shown = f"{command}{result.out}--- on standard error:\n{result.err}--- exit {result.code}\n"
    return shown.replace("\x1b", "\\x1b").replace("\r", "\\r")
