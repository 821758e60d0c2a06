"""How much of what people marked as the reason of a failure is left of a log in a few thousand tokens.

The marked logs are a folder of logs, and a file with one JSON object a line: `file`, a name in that folder, and
`chunk`, lines of it that say why it failed. A marked line is kept where it stands in what is left, white space aside.
"""

import json
import re
import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from log_tables import called, cutting
from log_tables.peers import BODY, Peers, cut_logzip, install, peers

FITS = (1_000, 2_000, 4_000, 8_000)
PROCESSES = 2
LOOPFLOW = "`loopflow logs`"
LOGZIP = "logzip, cut to the same"
MAVEN = re.compile(rb"(?m)^(?:\x1b\[[0-9;]*m)*\[(?:\x1b\[[0-9;]*m)*INFO(?:\x1b\[[0-9;]*m)*\] ")
MANY_WARNINGS = 200
FEWER_WARNINGS = 50
EXPLAINED = (
    "Of each tool: in what share of logs any marked line is kept, the mean share of them that is, and in what share of"
    " logs all are. All are cut to the same number of tokens, and given the log without colours."
)
LONG_ENOUGH = 20
"""Characters of a marked line that may also stand within a longer one."""

Making = Callable[[int], str]


class Marked(NamedTuple):
    """A log and the lines of it that people marked."""

    path: Path
    lines: tuple[str, ...]


class Kept(NamedTuple):
    """How many marked lines of a log were kept. `is_whole`: all of what a tool printed fits."""

    kept: int
    marked: int
    is_whole: bool


class Outcome(NamedTuple):
    """A log: what each tool kept at each number of tokens, and how many warnings of Maven it has (0 if no such log)."""

    tokens: int
    warnings: int
    kept: dict[tuple[str, int], Kept]


def load(folder: Path, listing: Path) -> list[Marked]:
    """Return the logs with marked lines."""
    chunks: dict[str, list[str]] = {}
    for row in listing.read_text("utf-8").splitlines():
        found = json.loads(row)
        chunks.setdefault(found["file"], []).append(found["chunk"])
    logs = [Marked(folder / file, tuple(_marked(texts))) for file, texts in sorted(chunks.items())]
    return [log for log in logs if log.lines]


def _marked(texts: Iterable[str]) -> list[str]:
    lines = [line for text in texts for line in cutting.clean_lines(text.encode("utf-8", "replace"))]
    return [line for line in map(_normal, lines) if line]


def _normal(line: str) -> str:
    return " ".join(line.split())


def keep(text: str, marked: Sequence[str]) -> int:
    """Return how many of the marked lines stand in a text; a heading in brackets may stand before a line."""
    lines = [_normal(line) for line in text.split("\n")]
    lines += [line.partition("] ")[2] for line in lines if line.startswith("[") and "] " in line]
    have, whole = set(lines), "\n".join(lines)
    return sum(line in have or (len(line) > LONG_ENOUGH and line in whole) for line in marked)


def measure(folder: Path, listing: Path, below: Path, fits: Sequence[int] = FITS) -> str:
    """Return the section."""
    logs = load(folder, listing)
    python = install(below)
    with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(PROCESSES) as pool:
        found = list(pool.map(partial(examine, python=python, home=Path(home), fits=fits), logs, chunksize=4))
    return describe(found, fits)


def examine(log: Marked, python: Path, home: Path, fits: Sequence[int]) -> Outcome:
    """Cut a log with every tool to every number of tokens."""
    data = log.path.read_bytes()
    lines = cutting.clean_lines(data)
    server = peers(python)
    zipped = server.logzip(lines)
    makings: dict[str, Making] = {LOOPFLOW: partial(called.digest, home, log.path)}
    makings |= {name: partial(cut, lines) for name, cut in cutting.PLAIN.items()}
    makings |= {"toktrim": partial(server.toktrim, lines), LOGZIP: partial(cut_logzip, zipped)}
    kept = {}
    for (name, make), fit in ((each, fit) for each in makings.items() for fit in fits):
        text = make(fit)
        if cutting.count(text) > fit:
            raise ValueError(f"{name} has more than {fit} tokens of {log.path}")
        shown = _read_logzip(server, text) if name == LOGZIP else text
        kept[name, fit] = Kept(keep(shown, log.lines), len(log.lines), name == LOGZIP and text == zipped)
    return Outcome(cutting.count("".join(lines)), data.count(b"WARNING") if MAVEN.search(data) else 0, kept)


def _read_logzip(server: Peers, text: str) -> str:
    return server.read_logzip(text) if BODY in text else text


# --- Tables ---


def describe(found: Sequence[Outcome], fits: Sequence[int]) -> str:
    """Return the tables."""
    names = list(dict.fromkeys(name for name, _ in found[0].kept))
    median = statistics.median(log.tokens for log in found)
    whole = ", ".join(
        f"{sum(log.kept[LOGZIP, fit].is_whole for log in found)} of {len(found)} at {fit:,}" for fit in fits
    )
    short = ", ".join(f"{sum(log.tokens <= fit for log in found)} at {fit:,}" for fit in fits)
    marked = sum(log.kept[LOOPFLOW, fits[0]].marked for log in found)
    logs = f"{len(found)} logs with {marked:,} marked lines; the median log has {median:,.0f} tokens, and uncut fit"
    parts = [
        f"{logs} {short}. {EXPLAINED}",
        "\n".join(_table(found, names, fits)),
        f"logzip leaves nothing out; what it prints fits uncut in {whole}.",
        *_maven(found, names),
    ]
    return "\n\n".join(parts)


def _table(found: Sequence[Outcome], names: Sequence[str], fits: Sequence[int]) -> list[str]:
    rows = ["| | " + " | ".join(f"{fit:,}: any | mean | all" for fit in fits) + " |", "|---|" + "---:|" * 3 * len(fits)]
    for name in names:
        cells = [f"{share:.3f}" for fit in fits for share in shares([log.kept[name, fit] for log in found])]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def shares(kept: Sequence[Kept]) -> tuple[float, float, float]:
    """Return in what share of logs any is kept, the mean share of lines, and in what share all are."""
    return (
        statistics.mean(each.kept > 0 for each in kept),
        statistics.mean(each.kept / each.marked for each in kept),
        statistics.mean(each.kept == each.marked for each in kept),
    )


def _maven(found: Sequence[Outcome], names: Sequence[str]) -> Iterable[str]:
    for least in (MANY_WARNINGS, FEWER_WARNINGS):
        chosen = [log for log in found if log.warnings > least]
        if chosen:
            title = f"Logs with lines of Maven and over {least} lines with WARNING: {len(chosen)}."
            yield "\n".join([title, "", *_table(chosen, names, (2_000, 8_000))])
