"""Which facts of real failing runs are left in 2,000 tokens: the logs that benchmarks/failing_runs.py makes.

A fact is what a reader of the log must be able to name: the decisive message, the failing test, the place in a file.
Each is looked for as that script looks for it in the log itself.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from log_tables import called, cutting
from log_tables.survival import LOOPFLOW

FIT = 2_000
KINDS = ("message", "test", "place", "word")


class Piece(NamedTuple):
    """What is looked for: its kind, and how it is named."""

    kind: str
    text: str
    pattern: str


class Case(NamedTuple):
    """A failing run: its pieces, and the places of those that each tool keeps."""

    name: str
    tokens: int
    pieces: tuple[Piece, ...]
    kept: dict[str, set[int]]


def measure(folder: Path) -> str:
    """Return the section."""
    entries = json.loads((folder / "cases.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as home:
        return describe([examine(entry, folder, Path(home)) for entry in entries])


def examine(entry: Mapping[str, Any], folder: Path, home: Path) -> Case:
    """Cut a log with every tool, and look for what it must say."""
    log = folder / f"{entry['name']}.log"
    lines = cutting.clean_lines(log.read_bytes())
    texts = {LOOPFLOW: called.digest(home, log, FIT)}
    texts |= {name: cut(lines, FIT) for name, cut in cutting.PLAIN.items()}
    pieces = find_pieces(entry)
    kept = {
        name: {at for at, piece in enumerate(pieces) if re.search(piece.pattern, text)} for name, text in texts.items()
    }
    return Case(entry["name"], cutting.count("".join(lines)), pieces, kept)


def find_pieces(entry: Mapping[str, Any]) -> tuple[Piece, ...]:
    """Return all that is looked for in a case, each thing once."""
    found = []
    for fact in entry["facts"]:
        found.append(Piece("message", fact["message"], re.escape(fact["message"])))
        if fact["test"]:
            found.append(Piece("test", fact["test"], re.escape(fact["test"])))
        if fact["file"]:
            found.append(Piece("place", f"{fact['file']}:{fact['line'] or ''}", _place(fact["file"], fact["line"])))
    found += [Piece("word", word, re.escape(word)) for word in entry["words"]]
    return tuple(dict.fromkeys(found))


def _place(file: str, line: int | None) -> str:
    name = re.escape(os.path.basename(file))
    if not line:
        return name
    beside = rf"{name}(?::|:\[|\(|\\?\", line |: line | on line ){line}(?!\d)"
    below = rf"{name}\n(?:[ \t]+.*\n)*?[ \t]+{line}:"
    return f"{beside}|{below}"


def describe(cases: Sequence[Case]) -> str:
    """Return the tables."""
    tools = list(cases[0].kept)
    parts = [_sums(cases, tools), _by_case(cases, tools)]
    named = "message: words of the decisive line; test: its name; place: file and line; word: put in to be found again"
    return "\n\n".join([f"{len(cases)} real failing runs at {FIT:,} tokens. {named.capitalize()}.", *parts])


def _sums(cases: Sequence[Case], tools: Sequence[str]) -> str:
    rows = [f"| | {' | '.join(tools)} |", "|---|" + "---:|" * len(tools)]
    for kind in KINDS:
        all_of = [(case, at) for case in cases for at, piece in enumerate(case.pieces) if piece.kind == kind]
        cells = (str(sum(at in case.kept[tool] for case, at in all_of)) for tool in tools)
        rows.append(f"| {kind}s, of {len(all_of)} | {' | '.join(cells)} |")
    cells = (str(sum(len(case.kept[tool]) == len(case.pieces) for case in cases)) for tool in tools)
    return "\n".join([*rows, f"| runs of which nothing is missing, of {len(cases)} | {' | '.join(cells)} |"])


def _by_case(cases: Sequence[Case], tools: Sequence[str]) -> str:
    rows = [f"| run | tokens | things | {' | '.join(tools)} | missing in the digest |"]
    rows.append("|---|---:|---:|" + "---:|" * len(tools) + "---|")
    for case in cases:
        cells = " | ".join(str(len(case.kept[tool])) for tool in tools)
        lacking = [each for at, each in enumerate(case.pieces) if at not in case.kept[LOOPFLOW]]
        missing = "; ".join(f"{each.kind} `{each.text.replace('|', chr(92) + '|')}`" for each in lacking)
        rows.append(f"| {case.name} | {case.tokens:,} | {len(case.pieces)} | {cells} | {missing} |")
    return "\n".join(rows)
