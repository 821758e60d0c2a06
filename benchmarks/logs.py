"""Measure `loopflow logs` against what else one does with a log, side by side in one run.

Usage: python benchmarks/logs.py time [--marked FOLDER JSONL] [--runs N]
       python benchmarks/logs.py survival --marked FOLDER JSONL
       python benchmarks/logs.py runs --runs FOLDER
       python benchmarks/logs.py trace FOLDER...
       python benchmarks/logs.py kinds [--runs N]
       python benchmarks/logs.py names

`time` makes its logs, the same each time, and measures whole processes; a machine that does other things too gives
other times, and the ratios are what to compare. `survival` wants logs in which people marked why they failed, as
benchmarks/log_tables/survival.py says. `runs` wants what benchmarks/failing_runs.py made. `trace` takes any folder of
logs. `kinds` makes five kinds of logs with failures that are known; `names` tries every name that other tools have for
an option of ours. Each prints its section in Markdown; with --write it takes its place in benchmarks/logs.md.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "logs.md"
TITLES = {
    "time": "Time and memory",
    "survival": "What survives",
    "runs": "Facts",
    "trace": "Back to the original",
    "kinds": "Five kinds of logs",
    "names": "Names that others know",
}
HEAD = """# What logs are measured by

Each section is written by the command that it names. Everything is in tokens of o200k_base, counted exactly."""


def main() -> None:
    """Do what the command line says."""
    given = _parse()
    os.environ.pop("LOOPFLOW_DATA_DIR", None)
    section = f"## {TITLES[given.table]}\n\n`{_command(given)}`\n\n{_measure(given)}"
    print(section)
    if given.write:
        write(section)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--write", action="store_true", help="put the section into benchmarks/logs.md")
    below = Path(tempfile.gettempdir()) / "loopflow-logs"
    common.add_argument("--below", type=Path, default=below, help="where made logs and other tools are kept")
    tables = parser.add_subparsers(dest="table", required=True)
    marked = {"nargs": 2, "type": Path, "metavar": ("FOLDER", "JSONL"), "help": "logs, and what was marked in them"}
    time = tables.add_parser("time", parents=[common], help="speed, memory and start")
    time.add_argument("--marked", **marked)
    time.add_argument("--runs", type=int, default=5, help="of each command; the median counts")
    time.add_argument("--megabytes", type=int, default=100, help="of each log; less is for a first try")
    survival = tables.add_parser("survival", parents=[common], help="marked lines that are kept, beside other tools")
    survival.add_argument("--marked", required=True, **marked)
    runs = tables.add_parser("runs", parents=[common], help="facts of failing runs that are kept, beside other tools")
    runs.add_argument("--runs", type=Path, required=True, metavar="FOLDER", help="made by benchmarks/failing_runs.py")
    trace = tables.add_parser("trace", parents=[common], help="references that lead to the original lines")
    trace.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    kinds = tables.add_parser("kinds", parents=[common], help="five kinds of logs in 76,659 tokens, by known failures")
    kinds.add_argument("--runs", type=int, default=5, help="of each; the median counts")
    tables.add_parser("names", parents=[common], help="names of options that other tools have")
    return parser.parse_args()


def _command(given: argparse.Namespace) -> str:
    """Return what was typed, without this machine's paths."""
    marked = " --marked FOLDER JSONL" if getattr(given, "marked", None) else ""
    runs = (
        f" --runs {given.runs}"
        if given.table in {"time", "kinds"}
        else " --runs FOLDER"
        if given.table == "runs"
        else ""
    )
    folders = f"{' FOLDER' * len(given.folders)}" if given.table == "trace" else ""
    return f"python benchmarks/logs.py {given.table}{marked}{runs}{folders}"


def _measure(given: argparse.Namespace) -> str:
    """Measure; each table is imported when it is made, since who measures memory must stay small."""
    if given.table == "time":
        from log_tables import timing  # noqa: PLC0415

        return timing.measure(given.below, given.marked and given.marked[0], given.runs, given.megabytes)
    if given.table == "survival":
        from log_tables import survival  # noqa: PLC0415

        return survival.measure(*given.marked, given.below)
    if given.table == "runs":
        from log_tables import facts  # noqa: PLC0415

        return facts.measure(given.runs)
    if given.table == "kinds":
        from log_tables import kinds  # noqa: PLC0415

        return kinds.measure(given.below, given.runs)
    if given.table == "names":
        from log_tables import called, names  # noqa: PLC0415

        tried = names.try_all(lambda words, where: names.Ended(*called.call_in(where, words)))
        return names.render(list(tried), list(names.try_functions(called.evaluate_in)))
    from log_tables import tracing  # noqa: PLC0415

    return tracing.measure(given.folders)


def write(section: str) -> None:
    """Put a section in its place, in the order of the titles."""
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else HEAD
    parts = re.split(r"\n+(?=## )", text.rstrip("\n"))
    sections = {part.partition("\n")[0]: part for part in [*parts[1:], section]}
    order = [sections[title] for title in (f"## {name}" for name in TITLES.values()) if title in sections]
    RESULTS.write_text("\n\n".join([parts[0], *order]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
