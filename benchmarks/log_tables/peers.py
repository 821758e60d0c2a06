"""Programs of others that make logs shorter, installed beside: none of them is part of this project.

toktrim 0.2 is a reducer: it takes out repetitions and the middle, to a number of lines. The most lines are sought that
fit, half of them from the end, as it does of its own accord. logzip 2.2 is none: it replaces what repeats by signs with
a legend, leaves nothing out and has no limit. So what it prints is cut here, to its legend and the last lines that fit
beside it, and read as its own `decompress` reads it.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from log_tables.cutting import bound, count, most_that_fits

PACKAGES = ("toktrim==0.2.0", "logzip==2.2.0")
SERVER = """
import json, sys
from logzip import compress, decompress
from toktrim.processors import compress_logs
for line in sys.stdin:
    name, text, most = json.loads(line)
    if name == "toktrim":
        answer = compress_logs(text, max_lines=most, tail_lines=most // 2)
    elif name == "logzip":
        answer = compress(text, max_legend_entries=128, bpe_passes=2).render(with_preamble=True)
    else:
        answer = decompress(text)
    print(json.dumps(answer), flush=True)
"""
BODY = "--- BODY ---\n"


def install(below: Path) -> Path:
    """Return the Python that has them, in an environment below a directory."""
    python = below / "peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(below / "peers")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-deps", *PACKAGES], check=True)
    return python


class Peers:
    """A process that has them."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            [str(python), "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, name: str, text: str, most: int = 0) -> str:
        """Return what one of them makes of a text."""
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise ValueError("both streams are pipes")
        into.write(json.dumps([name, text, most]) + "\n")
        into.flush()
        answer: str = json.loads(out.readline())
        return answer

    def toktrim(self, lines: Sequence[str], fit: int) -> str:
        """Return what it keeps in as many lines as fit."""
        text = "".join(lines)
        return most_that_fits(fit, bound(lines, fit), lambda many: self.ask("toktrim", text, many or 1) if many else "")

    def logzip(self, lines: Sequence[str]) -> str:
        """Return all of a log as it writes it."""
        return self.ask("logzip", "".join(lines))

    def read_logzip(self, text: str) -> str:
        """Return what stands in it, without signs."""
        return self.ask("decompress", text)


def cut_logzip(whole: str, fit: int) -> str:
    """Return what logzip wrote, or its legend and the last lines that fit, or only lines where the legend does not."""
    if count(whole) <= fit:
        return whole
    legend, mark, body = whole.rpartition(BODY)
    lines = body.splitlines(keepends=True)
    before = legend + mark if count(legend + mark) <= fit else ""
    return most_that_fits(fit, bound(lines, fit), lambda many: before + "".join(lines[len(lines) - many :]))


@cache
def peers(python: Path) -> Peers:
    """Return the process, started once for each of ours."""
    return Peers(python)
