"""Measure `loopflow usage` with a million entries, and write what was measured to benchmarks/usage.md.

Usage: python benchmarks/usage.py [--entries N] [--database URL]

Fills a ledger with entries of the last 30 days (a third of them of today), in twelve components with four models, and
measures whole processes: user CPU time, the least of nine, since the machine is shared; and beside them a Python that
imports SQLAlchemy and ends. With --database it is a ledger in PostgreSQL, which has to be empty.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from loopflow.usage.model import Budget, Entry, PeriodKind

COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()", "usage"]
RUNS = 9
PAGE = """\
# What usage is measured by

`python benchmarks/usage.py` wrote this page: {entries:,} entries of 30 days, a third of them of today, in {slots:,}
rows of sums; {database}. User CPU seconds of whole processes, the least of {runs}.

| what | empty ledger | with {entries:,} entries |
|---|---:|---:|
{rows}

A Python that imports SQLAlchemy and ends takes {floor:.3f}. Filling took {rate:,.0f} entries a second, keys included.
Adding up today's entries by SQL, without the sums, takes {scan:.3f} seconds within a process that runs already.
"""
BARS = {"check": 0.3, "add": 0.25}


def main() -> None:
    """Fill, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many  [default: 1,000,000]")
    parser.add_argument("--database", default="", help="a ledger in PostgreSQL, which is empty")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        address = given.database or os.path.join(directory, "usage.sqlite3")
        empty = measure_all(f"{address}.empty" if not given.database else address)
        rate = fill(address, given.entries)
        full = measure_all(address)
        floor = measure([sys.executable, "-P", "-c", "import sqlalchemy"], "")
        scan, slots = scan_entries(address)
    names = {name: f"`loopflow usage {name}`" for name in full}
    rows = "\n".join(f"| {names[name]} | {empty[name]:.3f} | {full[name]:.3f} |" for name in full)
    database = "PostgreSQL" if given.database else "SQLite"
    page = PAGE.format(
        entries=given.entries, slots=slots, rows=rows, floor=floor, rate=rate, scan=scan, runs=RUNS, database=database
    )
    print(page)
    if not given.database:
        Path(__file__).with_name("usage.md").write_text(page, "utf-8")
    missed = [f"{name}: {full[name]:.3f}, and {bar} is the bar" for name, bar in BARS.items() if full[name] > bar]
    sys.exit("\n".join(missed) or 0)


def fill(address: str, number: int) -> float:
    """Add entries and budgets, and return how many entries a second were added."""
    ledger = Ledger(Database(address))
    monthly = Budget("monthly", 10**11, PeriodKind.MONTH)
    for budget in (Budget("daily", 10**9), monthly, Budget("api", 10**9, component="c1")):
        ledger.set_budget(budget)
    begun = time.perf_counter()
    ledger.add(make_entries(number))
    return number / (time.perf_counter() - begun)


def make_entries(number: int) -> Iterator[Entry]:
    """Yield entries, each with a key."""
    dice, now = random.Random(1), datetime.now(UTC)
    for each in range(number):
        ago = dice.random() * (86_400 * 30 if each % 3 else (now - now.replace(hour=0, minute=0)).total_seconds())
        component, model = f"c{dice.randrange(12)}", f"m{dice.randrange(4)}"
        at = now - timedelta(seconds=ago)
        yield Entry(at, dice.randrange(9_000), dice.randrange(900), 0, component, model=model, key=f"k{each}")


def measure_all(address: str) -> dict[str, float]:
    """Return the seconds of each command."""
    commands = {
        "add": ["add", "--tokens-in", "1200", "--component", "c1"],
        "check": ["check", "--quiet"],
        "report --period day": ["report", "--period", "day"],
        "report --period month": ["report", "--period", "month", "--by", "day", "--by", "component"],
    }
    return {name: measure([*COMMAND, *command], address) for name, command in commands.items()}


def measure(command: Sequence[str], address: str) -> float:
    """Return the least user CPU time of some runs, in seconds."""
    environ = {**os.environ, "LOOPFLOW_USAGE_DATABASE": address, "LOOPFLOW_CONFIG": ""}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    times = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())
        times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return min(times)


def scan_entries(address: str) -> tuple[float, int]:
    """Return how long adding up the entries of today takes, and how many rows of sums there are."""
    with Database(address).reading() as connection:
        assert connection is not None
        begun = time.process_time() if "://" not in address else time.perf_counter()
        today = f"'{datetime.now(UTC):%Y-%m-%d}'"
        connection.exec_driver_sql(f"SELECT sum(tokens_in + tokens_out) FROM entries WHERE at >= {today}").scalar()  # noqa: S608
        end = time.process_time() if "://" not in address else time.perf_counter()
        return end - begun, int(connection.exec_driver_sql("SELECT count(*) FROM sums").scalar() or 0)


if __name__ == "__main__":
    main()
