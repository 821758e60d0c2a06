"""How long a log takes, beside what nothing can do without: counting its tokens, and reading its lines."""

import re
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from log_tables.processes import HERE, LOGS, PROGRAM, Case, Log, family, make_log, resident, run, run_in_turn

FIT = ("--fit", "4000", "--quiet")
LINES = "import sys\nn = 0\nfor line in open(sys.argv[1], 'rb'):\n    n += 1\nprint(n)"
DECODED = "import sys\nn = 0\nfor line in open(sys.argv[1], encoding='utf-8', errors='replace'):\n    n += 1\nprint(n)"
UNWANTED = ("mcp", "sqlalchemy", "drain3", "psycopg")
STARTS = 20
FEW_LINES = 100
CHART_ROWS = 25
CHART_WIDTH = 50
SAMPLE_SECONDS = 0.1


class Bars(NamedTuple):
    """How many times as long as counting alone, and as a loop over lines, a log may take."""

    counting: float
    loop: float | None = None


BARS = {"mixed": Bars(3.5, 25), "joined": Bars(4.5), "repetitive": Bars(2)}
NAMES = {"mixed": "A build with everything in it", "joined": "CI logs joined", "repetitive": "Servers"}


def measure(below: Path, marked: Path | None, runs: int, megabytes: int) -> str:
    """Return the section of all that takes time."""
    shutil.rmtree(below / "data", ignore_errors=True)
    logs = [make_log("mixed", below, megabytes), make_log("repetitive", below, megabytes)]
    if marked:
        logs.append(make_log("joined", below, megabytes, marked))
    parts = [_against_counting(log, below, runs) for log in logs]
    parts += [_large(logs[0], below, max(1, runs // 2)), _start(logs[0], below)]
    return "\n\n".join(parts)


def _cases(log: Log) -> list[Case]:
    path = str(log.path)
    return [
        Case("`loopflow logs`, input counted", [*LOGS, path, *FIT]),
        Case("`loopflow logs --no-count-input`", [*LOGS, path, *FIT, "--no-count-input"]),
        Case("counting alone", [sys.executable, "-P", str(HERE / "count_alone.py"), path]),
        Case("Python, line by line", [sys.executable, "-c", LINES, path]),
        Case("Python, line by line, decoded", [sys.executable, "-c", DECODED, path]),
        Case("`wc -l`", ["wc", "-l", path]),
    ]


def _against_counting(log: Log, home: Path, runs: int) -> str:
    cases = _cases(log)
    run_in_turn(cases, runs, home)
    ours, _, counting, loop, *_ = cases
    lines, tokens = int(cases[-1].out.split()[0]), int(counting.out)
    title = f"### {NAMES[log.name]}: {log.megabytes:.0f} MB, {lines:,} lines, {tokens:,} tokens"
    columns = ("run", "seconds, median", "fastest to slowest", "of CPU", "MB/s", "times counting", "times the loop")
    rows = [f"| {' | '.join(columns)} | peak MB | all processes |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for case in cases:
        spread = f"{min(case.seconds):.2f} to {max(case.seconds):.2f}"
        ratios = f"{case.median / counting.median:.2f} | {case.median / loop.median:.1f}"
        peak = f"{case.megabytes:.0f} | {case.together:.0f}" if case in (*cases[:2], counting) else " | "
        cpu, rate = statistics.median(case.cpu), log.megabytes / case.median
        rows.append(f"| {case.name} | {case.median:.2f} | {spread} | {cpu:.2f} | {rate:,.0f} | {ratios} | {peak} |")
    bars = BARS[log.name]
    verdicts = [_judge(ours.median / counting.median, bars.counting, "counting")]
    if bars.loop:
        verdicts.append(_judge(ours.median / loop.median, bars.loop, "the loop over bytes"))
    return "\n".join([title, "", *rows, "", f"{' '.join(verdicts)}"])


def _judge(ratio: float, bar: float, what: str) -> str:
    return f"{ratio:.2f} times {what}, {'within' if ratio <= bar else 'OVER'} the bar of {bar:g}."


# --- A gigabyte ---


def _large(small: Log, home: Path, runs: int) -> str:
    large = make_log("longer", home, 10 * round(small.megabytes), small.path)
    rows = [
        "| run | size | seconds, median | MB/s | of the rate of a tenth | peak MB | peak of a tenth | all processes |"
    ]
    rows.append("|---|---:|---:|---:|---:|---:|---:|---:|")
    for options in ((), ("--memory-optimized",)):
        name = " ".join(["`loopflow logs", *options]) + "`"
        base = Case(name, [*LOGS, str(small.path), *FIT, *options])
        file = Case(name, [*LOGS, str(large.path), *FIT, *options])
        pipe = Case(f"{name}, through a pipe", [*LOGS, "-", *FIT, *options], ["cat", str(large.path)])
        cases = (file,) if options else (file, pipe)
        run_in_turn([base], runs, home)
        for case in cases:
            for _ in range(runs):
                case.run(home)
        rate = small.megabytes / base.median
        rows.append(
            f"| {base.name} | {small.megabytes:,.0f} MB | {base.median:.2f} | {rate:.0f} | | {base.megabytes:.0f} | "
            f"| {base.together:.0f} |"
        )
        for case in cases:
            own = large.megabytes / case.median
            tail = f"{own / rate:.0%} | {case.megabytes:.0f} | {base.megabytes:.0f} | {case.together:.0f} |"
            rows.append(f"| {case.name} | {large.megabytes:,.0f} MB | {case.median:.2f} | {own:.0f} | {tail}")
    title = "### A gigabyte: the same build ten times, with other numbers each time"
    return "\n".join([title, "", *rows, "", _draw_memory(large, home)])


class Sample(NamedTuple):
    """What a process had read, and its memory then, both in megabytes."""

    read: float
    memory: float


def _draw_memory(large: Log, home: Path) -> str:
    """Return a chart of the memory while the log comes through a pipe."""
    samples: list[Sample] = []

    def watch(pid: int) -> None:
        try:
            while True:
                samples.append(_sample(pid))
                time.sleep(SAMPLE_SECONDS)
        except OSError:  # it ended meanwhile
            return

    ran = run([*LOGS, "-", *FIT], home, ["cat", str(large.path)], watch)
    return chart(samples, large.megabytes, ran.megabytes)


def _sample(pid: int) -> Sample:
    own, *others = family(pid)
    answered = sum(_count_bytes(each, "wchar") for each in others)  # which came back, and is nothing of the log
    return Sample((_count_bytes(own, "rchar") - answered) / 1e6, resident(own))


def _count_bytes(pid: int, name: str) -> int:
    """Return how many bytes a process has read, or written."""
    found = re.search(rf"{name}: (\d+)", Path(f"/proc/{pid}/io").read_text())
    return int(found[1]) if found else 0


def chart(samples: Sequence[Sample], megabytes: float, peak: float) -> str:
    """Return the most memory in each part of what was read, as bars."""
    most = max([sample.memory for sample in samples], default=1.0)
    lines = [f"    peak {peak:.0f} MB; MB read -> MB of memory, {len(samples):,} samples"]
    for row in range(CHART_ROWS):
        least, end = (megabytes * at / CHART_ROWS for at in (row, row + 1))
        is_last = row == CHART_ROWS - 1
        held = [each.memory for each in samples if least <= each.read and (each.read < end or is_last)]
        if held:
            bar = "#" * round(max(held) / most * CHART_WIDTH)
            lines.append(f"    {end:6.0f}  {bar:{CHART_WIDTH}} {max(held):4.0f}")
    return "\n".join(lines)


# --- The start ---


def _start(mixed: Log, home: Path) -> str:
    few = home / "few.log"
    with mixed.path.open("rb") as lines:
        few.write_bytes(b"".join(next(lines) for _ in range(FEW_LINES)))
    options = [str(few), "--fit", "1000", "--quiet"]
    case = Case("logs", [*LOGS, *options])
    run_in_turn([case], STARTS, home)
    noted = run([sys.executable, "-X", "importtime", *PROGRAM[1:], "logs", *options], home).error
    imported = {line.rpartition("|")[2].strip() for line in noted.splitlines() if line.startswith("import time:")}
    found = [name for name in UNWANTED if any(module.partition(".")[0] == name for module in imported)]
    spread = f"{min(case.seconds):.3f} to {max(case.seconds):.3f}"
    said = f"{case.median:.3f} s ({spread}), {'within' if case.median <= 0.45 else 'OVER'} the bar of 0.45 s"
    modules = f"{len(imported)} modules are imported, of {', '.join(UNWANTED)} {', '.join(found) or 'none'}"
    return f"### The start: {FEW_LINES} lines, median of {STARTS}\n\n{said}; {modules}."
