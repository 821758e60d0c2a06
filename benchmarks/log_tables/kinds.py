"""Five kinds of logs with failures that are known, in 76,659 tokens: how much less, how long, in how much memory."""

import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from log_tables.processes import LOGS, Case, run_in_turn

FIT = "76659"
QUIET = ("--no-store", "--quiet")
SMALL = b"one line\n"
MAKE = """
import json, sys
from loopflow.logs.examples import make_example
example = make_example(sys.argv[1], int(sys.argv[2]))
open(sys.argv[3], "wb").write(example.data)
print(json.dumps(example.marks))
"""
HEAD = re.compile(
    r"\[log [^\n]*: [\d,]+ lines, (?P<before>[\d,]+) tokens -> [\d,]+ of 76,659 \((?P<less>[\d.]+) % less\)"
)


class Row(NamedTuple):
    """A kind, its size, and what another tool says of itself for such a log: the bars."""

    kind: str
    title: str
    megabytes: int
    less: float
    seconds: float
    memory: float


ROWS = (
    Row("unit", "unit tests", 2, 68, 1.2, 25),
    Row("integration", "integration tests", 8, 61, 4.7, 42),
    Row("error", "errors of a server", 5, 72, 2.8, 38),
    Row("mixed", "a mixed build", 10, 58, 6.1, 55),
    Row("trace", "traces of an API", 15, 65, 9.3, 60),
)


def measure(below: Path, runs: int) -> str:
    """Return the table."""
    below.mkdir(parents=True, exist_ok=True)
    small = below / "small.log"
    small.write_bytes(SMALL)
    loaded = Case("loaded", ["env", "LOOPFLOW_ENGINE=toktok", *LOGS, str(small), *QUIET])
    marks, usual, sparing = {}, [], []
    for row in ROWS:
        path = below / f"{row.kind}.log"
        marks[row.kind] = _make(row, path)
        command = [*LOGS, str(path), "--fit", FIT, *QUIET]
        usual.append(Case(row.kind, command))
        sparing.append(Case(row.kind, [*command, "--memory-optimized"]))
    run_in_turn([loaded, *usual, *sparing], runs, below)
    head = [
        "| log | MB | tokens | less, % | bar | failures kept | seconds | of CPU | bar | MB of memory | sparing | bar |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    start = statistics.median(loaded.peaks)
    rows = [
        _draw(row, case, spare, marks[row.kind], start) for row, case, spare in zip(ROWS, usual, sparing, strict=True)
    ]
    about = (
        f"Median of {runs} runs; seconds of CPU are those of all threads, and what the bar is for. Memory is what a"
        " process had at most beyond one that has the vocabulary loaded and"
        f" nothing to read, which had {start:.0f} MB; sparing is with `--memory-optimized`. The bars are"
        " what another tool says of itself for logs of that kind and size. What is over its bar is bold."
        f" The machine has {os.cpu_count()} processors, and had a load of {os.getloadavg()[2]:.0f} meanwhile."
    )
    return "\n".join([*head, *rows, "", about])


def _make(row: Row, path: Path) -> list[str]:
    """Write the log of a kind, in a process of its own, and return its marks."""
    command = [sys.executable, "-P", "-c", MAKE, row.kind, str(row.megabytes * 1_000_000), str(path)]
    made: list[str] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return made


def _draw(row: Row, case: Case, spare: Case, marks: list[str], start: float) -> str:
    said = HEAD.match(case.out)
    if said is None:
        raise SystemExit(f"{row.kind}: this is no digest: {case.out[:200]}")
    kept, less = sum(mark in case.out for mark in marks), float(said["less"])
    cpu = statistics.median(case.cpu[1:])  # the first run was for warmth
    memory = [statistics.median(each.peaks) - start for each in (case, spare)]
    cells = (
        *(row.title, row.megabytes, said["before"], _mark(f"{less:.1f}", less >= row.less), f"{row.less:g}"),
        *(
            _mark(f"{kept} of {len(marks)}", kept == len(marks)),
            f"{case.median:.2f}",
            _mark(f"{cpu:.2f}", cpu <= row.seconds),
        ),
        *(f"{row.seconds:g}", *(_mark(f"{each:.0f}", each <= row.memory) for each in memory), f"{row.memory:g}"),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _mark(text: str, is_good: bool) -> str:  # noqa: FBT001  it is about the text
    return text if is_good else f"**{text}**"
