"""Measure what finding out what could be left out takes of a profile.

Usage: python benchmarks/cuts.py [--runs N] [REPOSITORY ...]

Runs `code-context --profile` as whole processes, with what finds candidates and without it, in turn: cold, where every
file is counted and looked at, with a new cache for each run, and warm, where what was found is read from the cache. It
prints the medians of the time that passed, and, from runs with a clock around what finds candidates, the processor
time that it took itself, and its share of the whole run's. The bar for that share is a tenth. The difference of the
medians says the same where nothing else uses the machine; elsewhere it is smaller than what other work makes of it.
Without a repository, it measures fastapi.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import corpora

BAR = 0.10
WITH = "from loopflow.cli.code_context import main; main()"
WITHOUT = (
    "import loopflow.io.count.counting as counting, loopflow.analysis.cuts as cuts; "
    "import loopflow.io.attribute_files as attributes; "
    "counting._fact_finder = lambda: lambda text, tokens, is_whole=True: ''; "
    "attributes.find_attributes = lambda git, listed, files: None; "
    "cuts.find_cuts = lambda files, attributes, unseen: (); " + WITH
)

# What runs in a thread is timed by that thread's clock, so that neither waiting nor other work is in it.
TIMED = """
import atexit, sys, time
import loopflow.analysis.cuts as cuts, loopflow.io.attribute_files as attributes
import loopflow.io.count.counting as counting

spent = []

def timed(function):
    def run(*given, **named):
        begun = time.thread_time()
        try:
            return function(*given, **named)
        finally:
            spent.append(time.thread_time() - begun)
    return run

find = timed(counting._fact_finder)()  # with its expressions, which the first text compiles
counting._fact_finder = lambda: timed(find)
attributes.find_attributes = timed(attributes.find_attributes)
cuts.find_cuts = timed(cuts.find_cuts)
atexit.register(lambda: print("spent:", sum(spent), file=sys.stderr))
"""


@dataclass
class Case:
    """One way to run the command, and what its runs took, in seconds."""

    code: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)

    def run(self, directory: Path, cache: str) -> None:
        """Run the command once, in `directory`, and note what it took."""
        # -P: the current directory, which may be a copy of this project, is not where the command comes from.
        command = [sys.executable, "-P", "-c", self.code, "--profile", "--depth", "1"]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"LOOPFLOW_CACHE_DIR": cache},
        )
        said = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        self.wall.append(time.perf_counter() - begun)
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        self.spent += [float(line.split()[1]) for line in said.splitlines() if line.startswith("spent:")]
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}: {said}")


def measure(directory: Path, runs: int, *, warm: bool) -> tuple[Case, Case, Case]:
    """Return the runs without and with what finds candidates, and those with a clock around it."""
    cases = (Case(WITHOUT), Case(WITH), Case(TIMED + WITH))
    with tempfile.TemporaryDirectory() as work:
        for case in cases if warm else ():
            Case(case.code).run(directory, str(Path(work, "warm")))
            time.sleep(2.5)  # a file that was only just written is not trusted to stay as it is
        for number in range(runs):
            for order, case in enumerate(cases if number % 2 else cases[::-1]):
                case.run(directory, str(Path(work, "warm" if warm else f"{number}-{order}")))
    return cases


def main() -> None:
    """Print a row for each repository, cold and warm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="*", type=Path, metavar="REPOSITORY")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()) / "code-context-corpora")
    given = parser.parse_args()
    print("| repository | run | without, s | with, s | adds | CPU s | of that for candidates | share | below a tenth |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---|")
    for directory in given.repositories or [corpora.make("fastapi", given.below)]:
        for name in ("cold", "warm"):
            without, with_it, timed = measure(directory.resolve(), given.runs, warm=name == "warm")
            before, after = statistics.median(without.wall), statistics.median(with_it.wall)
            cpu, spent = statistics.median(timed.cpu), statistics.median(timed.spent)
            cells = [
                directory.resolve().name,
                name,
                f"{before:.3f}",
                f"{after:.3f}",
                f"{100 * (after / before - 1):+.1f} %",
            ]
            cells += [f"{cpu:.3f}", f"{spent:.3f}", f"{100 * spent / cpu:.1f} %", "yes" if spent / cpu < BAR else "NO"]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
