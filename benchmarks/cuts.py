"""Measure what finding out what could be left out adds to a profile.

Usage: python benchmarks/cuts.py [--runs N] [REPOSITORY ...]

Runs `code-context --profile` as whole processes, with what finds candidates and without it, in turn, and prints the
medians and the share that it adds: cold, where every file is counted and looked at, with a new cache for each run, and
warm, where what was found is read from the cache. "CPU" is the time of all processors, which says more on a machine
that does other things as well. The bar is a tenth. Without a repository, it measures fastapi.
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
    "import loopflow.io.counting as counting, loopflow.pipeline as pipeline; "
    "counting._fact_finder = lambda: lambda text, tokens, is_whole=True: ''; "
    "pipeline.find_cuts = lambda files: (); " + WITH
)


@dataclass
class Case:
    """One way to run the command, and what its runs took, in seconds."""

    code: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, directory: Path, cache: str) -> None:
        """Run the command once, in `directory`, and note what it took."""
        # -P: the current directory, which may be a copy of this project, is not where the command comes from.
        command = [sys.executable, "-P", "-c", self.code, "--profile", "--depth", "1"]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=directory, stdout=subprocess.DEVNULL, env=os.environ | {"LOOPFLOW_CACHE_DIR": cache}
        )
        _, status, usage = os.wait4(process.pid, 0)
        self.wall.append(time.perf_counter() - begun)
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")


def measure(directory: Path, runs: int, *, warm: bool) -> tuple[Case, Case]:
    """Return the runs without and with what finds candidates."""
    cases = (Case(WITHOUT), Case(WITH))
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
    print("| repository | run | without, s | with, s | adds | without, CPU s | with, CPU s | adds | below a tenth |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---|")
    for directory in given.repositories or [corpora.make("fastapi", given.below)]:
        for name in ("cold", "warm"):
            without, with_it = measure(directory.resolve(), given.runs, warm=name == "warm")
            cells = [directory.resolve().name, name]
            shares = []
            for old, new in ((without.wall, with_it.wall), (without.cpu, with_it.cpu)):
                before, after = statistics.median(old), statistics.median(new)
                shares.append(after / before - 1)
                cells += [f"{before:.3f}", f"{after:.3f}", f"{100 * shares[-1]:+.1f} %"]
            print("| " + " | ".join([*cells, "yes" if shares[0] < BAR else "NO"]) + " |", flush=True)


if __name__ == "__main__":
    main()
