"""Measure `loopflow chat usage`: the figures of a log that a provider exported, and the time that a million rows take.

Usage: python benchmarks/chat_usage.py [FILE] [--rows N]

FILE is the log of 27 to 29 January 2026 that t-granlund/code_puppy (MIT) analyses, cerebras_usage.csv. What comes out
is held against the figures that were added up from that file by other means. The log of N rows is made here, the same
each time: a row a minute, a third of them empty; once as it is, and once with quotes around each cell. Times are user
CPU seconds of whole processes, the least of three. It writes benchmarks/chat_usage.md.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()", "chat", "usage"]
RUNS = 3
BAR = 3.0
TITLES = "Model ID,Region ID,Time Start,Time End,Requests,Input Tokens,Output Tokens,Total Tokens"
PAGE = """\
# What usage by a log of requests is measured by

`python benchmarks/chat_usage.py FILE` wrote this page. {figures}

{rows:,} rows, {size} MB; user CPU seconds of whole processes, the least of {runs}, and the most memory that one took.

| log | form | seconds | MB |
|---|---|---:|---:|
{table}
"""
EXPECTED: dict[str, object] = {
    "rows": 204,
    "requests": 2_517,
    "input": 71_360_713,
    "output": 820_463,
    "per_request": 28_677,
    "ratio": 87.0,
}
SHARES = [100.4, 100.1, 100.2]
SESSIONS = [31_225, 32_117, 4_430, 5_114, 41_693, 35_884, 29_035, 27_617, 11_921, 15_163, 15_956]
PER_INPUT = 28_351


def main() -> None:
    """Compare, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="cerebras_usage.csv")
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many  [default: 1,000,000]")
    given = parser.parse_args()
    figures = compare(given.file) if given.file else "No file was given, so no figures were compared."
    with tempfile.TemporaryDirectory() as directory:
        plain, quoted = (os.path.join(directory, name) for name in ("plain.csv", "quoted.csv"))
        write(plain, list(make(given.rows)), given.rows)
        with open(plain, encoding="utf-8") as file:
            Path(quoted).write_text("".join(quote(line) for line in file), "utf-8")
        measured = [(name, form, *measure(path, form)) for name, path, form in cases(plain, quoted)]
        size = os.path.getsize(plain) // 10**6
    table = "\n".join(f"| {name} | {form} | {seconds:.2f} | {memory} |" for name, form, seconds, memory in measured)
    page = PAGE.format(figures=figures, rows=given.rows, size=size, runs=RUNS, table=table)
    print(page)
    Path(__file__).with_suffix(".md").write_text(page, "utf-8")
    over = [each for each in measured if each[0] == "plain" and each[2] > BAR * given.rows / 1_000_000]
    sys.exit(f"over the bar of {BAR} seconds: {over}" if over else 0)


def compare(path: str) -> str:
    """Return a sentence on figures that are as expected; raise for any that is not."""
    found: dict[str, Any] = json.loads(run([path, "--daily", "24M", "--format", "json"]))
    assert {name: found[name] for name in EXPECTED} == EXPECTED
    assert round(found["input"] / found["requests"]) == PER_INPUT
    assert [round(100 * day["share"], 1) for day in found["days"]] == SHARES
    assert [session["per_request"] for session in found["sessions"]] == SESSIONS
    numbers = f"{found['requests']:,} requests, {found['input']:,} tokens in, {found['output']:,} out"
    shares = ", ".join(f"{share}" for share in SHARES)
    sessions = ", ".join(f"{each:,}" for each in SESSIONS)
    each = f"{PER_INPUT:,} in a request, {found['per_request']:,} in all, {found['ratio']}:1"
    return (
        f"The figures of cerebras_usage.csv are those that were expected:\n{numbers}; {each};\n"
        f"{shares} % of 24M; sessions of\n{sessions} tokens a request."
    )


def make(rows: int) -> Iterator[str]:
    """Yield rows, a minute each."""
    chance, at = random.Random(1), datetime(2024, 1, 1, tzinfo=UTC)
    for _ in range(rows):
        after = at + timedelta(minutes=1)
        requests = chance.choice([0, 0, 1, 5, 9, 12])
        put, out = requests * chance.randint(1_000, 30_000), requests * chance.randint(10, 600)
        times = ",".join(f"{each:%Y-%m-%dT%H:%M:%S}.000Z" for each in (at, after))
        yield f"Z.ai GLM 4.7,us-west-1,{times},{requests},{put},{out},{put + out}\n"
        at = after


def write(path: str, lines: Sequence[str], rows: int) -> None:
    """Write a log."""
    assert len(lines) == rows
    Path(path).write_text(f"{TITLES}\n{''.join(lines)}", "utf-8")


def quote(line: str) -> str:
    """Return a line with quotes around its cells."""
    cells = line.rstrip("\n").split(",")
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def cases(plain: str, quoted: str) -> Iterator[tuple[str, str, str]]:
    """Yield what is measured: which log, where it is, in which form."""
    yield from (("plain", plain, form) for form in ("text", "json", "html"))
    yield "quoted", quoted, "text"


def measure(path: str, form: str) -> tuple[float, int]:
    """Return user CPU seconds of the fastest run, and its memory."""
    least, memory = float("inf"), 0
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run([path, "--daily", "24M", "--format", form, "-o", os.devnull])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least, memory = min(least, after.ru_utime - before.ru_utime), after.ru_maxrss // 1_000
    return least, memory


def run(arguments: Sequence[str]) -> str:
    """Return what the command prints."""
    done = subprocess.run([*COMMAND, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
