"""Measure the command against what else does the same, side by side in one run.

Usage: python benchmarks/run.py [--linux] [--runs N] [--below DIRECTORY]

Builds its corpora (this project, fastapi, django; Linux 6.1 when asked), runs every command as a whole process, all in
turn and several times, and writes medians, ratios and peak memory with the machine's description to results.md. Times
differ from machine to machine; the ratios to `git status` and to the tiktoken loop are what to compare.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import corpora

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.md"
# -P: the current directory, which may be a copy of this project, is not where the command comes from.
COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.code_context import main; main()"]
REPOMIX = "repomix@1.18.1"
SETTLE_SECONDS = 2.5
SLOW_SECONDS = 30.0


@dataclass
class Case:
    """One command on one corpus, and what its runs took."""

    name: str
    command: list[str]
    prepare: Callable[[], None] = lambda: None
    environment: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    peak_megabytes: float = 0.0
    output: str = ""

    @property
    def median(self) -> float:
        """The median of the runs, in seconds."""
        return statistics.median(self.seconds)

    def run(self, directory: Path) -> None:
        """Run the command once, in `directory`, and note time and memory of the process and its children."""
        self.prepare()
        with tempfile.TemporaryFile() as output:
            begun = time.perf_counter()
            process = subprocess.Popen(
                self.command, cwd=directory, stdout=output, stderr=subprocess.DEVNULL, env=os.environ | self.environment
            )
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds.append(time.perf_counter() - begun)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{self.name}: {self.command} ended with {process.returncode}")
            self.peak_megabytes = max(self.peak_megabytes, usage.ru_maxrss * 1024 / 1e6)
            output.seek(0)
            self.output = output.read(10_000).decode("utf-8", "replace")


def cases(directory: Path, work: Path) -> list[Case]:
    """Return what is run on the corpus in `directory`; caches lie below `work`."""
    cold, warm, hook = (str(work / name) for name in ("cold", "warm", "hook"))
    total = ["--profile", "--depth", "0", "--top", "0"]
    return [
        Case("git status", ["git", "status", "--porcelain"]),
        Case("git ls-files -s", ["git", "ls-files", "-s"]),
        Case("tiktoken loop, one thread", [sys.executable, str(HERE / "plain_loop.py"), str(directory)]),
        Case("toktok loop, one thread", [sys.executable, str(HERE / "plain_loop.py"), str(directory), "toktok"]),
        *repomix(work),
        Case("cold --profile", [*COMMAND, *total], lambda: forget(cold), {"LOOPFLOW_CACHE_DIR": cold}),
        Case(
            "cold --profile, tiktoken",
            [*COMMAND, *total],
            lambda: forget(cold),
            {"LOOPFLOW_CACHE_DIR": cold, "LOOPFLOW_ENGINE": "tiktoken"},
        ),
        Case("warm --profile", [*COMMAND, *total], environment={"LOOPFLOW_CACHE_DIR": warm}),
        Case(
            "warm --profile --against HEAD",
            [*COMMAND, *total, "--against", "HEAD"],
            environment={"LOOPFLOW_CACHE_DIR": warm},
        ),
        Case("--version", [*COMMAND, "--version"]),
        Case(
            "check, nothing to count: --profile --staged --check --quiet",
            [*COMMAND, "--profile", "--staged", "--check", "--quiet", "--config", str(budget(work))],
            environment={"LOOPFLOW_CACHE_DIR": hook},
        ),
        Case("warm --profile --staged", [*COMMAND, *total, "--staged"], environment={"LOOPFLOW_CACHE_DIR": warm}),
        Case(
            "hook: --profile --staged --check --quiet, ten changed files",
            [*COMMAND, "--profile", "--staged", "--check", "--quiet", "--config", str(budget(work))],
            lambda: stage_changes(directory),
            {"LOOPFLOW_CACHE_DIR": hook},
        ),
        Case("context, cold", COMMAND, lambda: forget(cold), {"LOOPFLOW_CACHE_DIR": cold}),
    ]


def budget(work: Path) -> Path:
    """Write a config file with limits that are kept, and return it."""
    file = work / "budget.toml"
    file.write_text(
        '[budget]\ntotal = "1000M"\ngrowth = "50%"\n\n[[rule]]\nname = "all"\npaths = ["*"]\nfile = "100M"\n'
    )
    return file


def no_config(work: Path) -> Path:
    """Write a config file that says nothing, and return it."""
    file = work / "none.toml"
    file.write_text("")
    return file


def repomix(work: Path) -> list[Case]:
    """Return repomix from npm, installed below `work`, where node is there."""
    if not (shutil.which("node") and shutil.which("npm")):
        return []
    home = work.parent / "repomix"
    if not (home / "node_modules").exists():
        home.mkdir(parents=True, exist_ok=True)
        corpora.run(["npm", "install", "--silent", "--no-fund", "--no-audit", REPOMIX], cwd=home)
    program = str(home / "node_modules" / ".bin" / "repomix")
    return [Case(f"{REPOMIX}, --no-files", [program, "--no-files", "--quiet", "-o", str(work / "repomix.out")])]


def forget(cache: str) -> None:
    """Throw a cache away."""
    shutil.rmtree(cache, ignore_errors=True)


def stage_changes(directory: Path) -> None:
    """Add a new line to ten tracked files and stage them: content that no cache has seen."""
    listed = subprocess.run(["git", "ls-files", "-s", "-z"], cwd=directory, check=True, capture_output=True).stdout
    plain = [entry.partition(b"\t")[2] for entry in listed.split(b"\0") if entry.startswith(b"100644")]
    chosen = [os.fsdecode(path) for path in plain[:: max(1, len(plain) // 10)][:10]]
    for path in chosen:
        with (directory / path).open("a") as file:
            file.write(f"changed at {time.time_ns()}\n")
    corpora.run(["git", "add", "--", *chosen], cwd=directory)


def undo_changes(directory: Path) -> None:
    """Put index and work tree back to the commit."""
    corpora.run(["git", "reset", "-q", "--hard"], cwd=directory)


def measure(directory: Path, runs: int, work: Path) -> list[Case]:
    """Run all cases in turn, `runs` times; what takes very long, only twice."""
    todo = cases(directory, work)
    for name in ("warm", "hook"):
        environment = os.environ | {"LOOPFLOW_CACHE_DIR": str(work / name)}
        subprocess.run([*COMMAND, "--profile"], cwd=directory, env=environment, check=True, capture_output=True)
    hooks = [case for case in todo if case.name.startswith("hook")]
    for number in range(runs + 1):
        for case in (case for case in todo if case not in hooks):
            if number < 2 or case.median < SLOW_SECONDS:
                case.run(directory)
            if number == 0 and case.seconds[0] < SLOW_SECONDS:
                case.seconds.clear()  # the first run warms the page cache
    for case in hooks:  # by themselves: they change the work tree
        for _ in range(runs):
            case.run(directory)
        undo_changes(directory)
    return todo


def report(name: str, directory: Path, done: list[Case]) -> str:
    """Return the table of one corpus."""
    by_name = {case.name: case for case in done}
    status, loop = by_name["git status"], by_name["tiktoken loop, one thread"]
    cold = json.loads(
        subprocess.run(
            [*COMMAND, "--profile", "--format", "json"], cwd=directory, check=True, capture_output=True
        ).stdout
    )["total"]
    agrees = "the same" if int(loop.output) == cold["tokens"] else f"NOT the loop's {loop.output.strip()}"
    size = f"{cold['files']:,} files, {cold['bytes'] / 1e6:,.1f} MB, {cold['tokens']:,} tokens"
    lines = [
        f"## {name}: {size} ({agrees} as the loop's)",
        "",
        "| run | seconds, median | fastest to slowest | times `git status` | faster than the loop | peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {case.name} | {case.median:.2f} | {min(case.seconds):.2f} to {max(case.seconds):.2f} "
        f"| {case.median / status.median:.1f} | {loop.median / case.median:.1f} | {case.peak_megabytes:.0f} |"
        for case in done
    ]
    return "\n".join(lines)


def machine() -> str:
    """Describe the machine and the programs."""
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    git = subprocess.run(["git", "version"], check=True, capture_output=True, text=True).stdout.strip()
    engine = subprocess.run([*COMMAND, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    processors = len(os.sched_getaffinity(0))
    return (
        f"{model}, {processors} processors; {platform.system()}, Python {platform.python_version()}, {git}; {engine}."
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    """Measure and write results.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linux", action="store_true", help="the Linux 6.1 tree too: 1.3 GB, half an hour")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()) / "code-context-corpora")
    parser.add_argument("--only", help="one corpus, and print instead of writing")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled once, not for each run
    names = [given.only] if given.only else ["project", "fastapi", "django", *(["linux"] if given.linux else [])]
    tables = []
    for name in names:
        directory = corpora.make(name, given.below)
        work = given.below / f"work-{name}"
        forget(str(work))
        work.mkdir()
        os.environ["LOOPFLOW_CONFIG"] = str(no_config(work))  # the loops know of none, and this project has one
        tables.append(report(name, directory, measure(directory, given.runs, work)))
        print(tables[-1], flush=True)
    if not given.only:
        how = "Written by `python benchmarks/run.py" + (" --linux" if given.linux else "") + f" --runs {given.runs}`."
        about = "Whole processes, page cache warm, all commands in turn. Compare ratios, not seconds."
        RESULTS.write_text("\n\n".join(["# Results", f"{how} {about}", machine(), *tables]) + "\n")


if __name__ == "__main__":
    main()
