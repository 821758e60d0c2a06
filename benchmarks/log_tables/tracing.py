"""Whether each reference of a digest leads to the original: `loopflow logs trace REF` against `sed -n L,Mp`.

Each log is reduced twice: as it lies there, and a copy with --keep-original, which is moved away before it is traced.
What differs is named on standard error only, since logs may not be told of.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from log_tables import called

FIT = 4_000
PROCESSES = 2
MOST_DIFFERENCES = 10


class Tally(NamedTuple):
    """What came of one log: how many references were traced, in place and moved away, and which of them differ."""

    in_place: int
    moved: int
    differ_in_place: tuple[str, ...]
    differ_moved: tuple[str, ...]


def measure(folders: Sequence[Path]) -> str:
    """Return the section."""
    rows = ["| logs | references | differ | references after the move | differ |", "|---:|---:|---:|---:|---:|"]
    odd: list[str] = []
    for folder in folders:
        logs = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix == ".log")
        with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(PROCESSES) as pool:
            tallies = list(pool.map(partial(examine, Path(home)), logs, chunksize=4))
        here, away = sum(tally.in_place for tally in tallies), sum(tally.moved for tally in tallies)
        differ_here = [line for tally in tallies for line in tally.differ_in_place]
        differ_away = [line for tally in tallies for line in tally.differ_moved]
        rows.append(f"| {len(logs)} | {here:,} | {len(differ_here)} | {away:,} | {len(differ_away)} |")
        odd += differ_here + differ_away
    for line in odd[:MOST_DIFFERENCES]:
        print(line, file=sys.stderr)
    about = f"Digests of {FIT:,} tokens; of each reference that one names, its first lines, byte for byte."
    return "\n".join([about, "", *rows])


def examine(home: Path, log: Path) -> Tally:
    """Trace all references of a log, in a store of its own."""
    with tempfile.TemporaryDirectory(dir=home) as directory:
        own = Path(directory)
        references = _references(own, log)
        in_place = _differences(own, references, log)
        copy = own / "copy.log"
        shutil.copyfile(log, copy)
        kept = _references(own, copy, "--keep-original")
        os.replace(copy, own / "moved.log")
        moved = _differences(own, kept, log)
    return Tally(len(references), len(kept), in_place, moved)


Range = tuple[int, int]


def _references(home: Path, log: Path, *options: str) -> dict[str, Range]:
    """Return the references that a digest names, and the first lines that each is of."""
    result = call_json(home, str(log), "--fit", str(FIT), "--format", "json", "--quiet", *options)
    named = [error for error in result["errors"] if error["shape"] is not None]
    return {error["ref"]: (error["ranges"][0][0], error["ranges"][0][1]) for error in named}


def call_json(home: Path, *arguments: str) -> dict[str, list[dict[str, list[Range]]]]:
    """Return what the command says as JSON."""
    result = called.call(home, *arguments)
    if result.code:
        raise SystemExit(f"{' '.join(arguments)}: ended with {result.code}: {result.err}")
    found: dict[str, list[dict[str, list[Range]]]] = json.loads(result.out)
    return found


def _differences(home: Path, references: dict[str, Range], original: Path) -> tuple[str, ...]:
    differ = []
    for reference, (first, last) in references.items():
        wanted = subprocess.run(
            ["sed", "-n", f"{first},{last}p;{last}q", str(original)], capture_output=True, check=True
        )
        traced = called.call(home, "trace", reference)
        if traced.code or traced.out.encode("utf-8", "surrogateescape") != wanted.stdout:
            why = traced.err.strip() or "other bytes"
            differ.append(f"{original.name}, lines {first} to {last}, {reference}: {why}")
    return tuple(differ)
