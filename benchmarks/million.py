"""Measure a profile of very many files: how long it takes, and how much memory.

Usage: python benchmarks/million.py [--entries N] [--checkout] [--below DIRECTORY]

Builds, once, a repository whose index and whose one commit hold N entries (a million unless told otherwise) of a few
hundred different contents, in directories of 500 and up to four levels deep, and profiles it from each source, with a
fresh cache and then with a full one. Without --checkout no file is on disk, so that the work tree's profile is a list
of what is missing; with it, all of them are written first, which takes some gigabytes and a minute.

Prints one line for each run: seconds, the peak memory of the command or of a git that it started, whichever needed
more, and what was counted. Ends with 1 if a number is not what the recipe implies, or if more than --most was needed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.code_context import main; main()"]
CONTENTS = 300
IN_A_DIRECTORY = 500
TOTAL = re.compile(rb' *"total": .*"files": (\d+)')


def main() -> None:
    """Build, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many  [default: 1,000,000]")
    parser.add_argument("--checkout", action="store_true", help="write all files to disk first")
    parser.add_argument("--most", type=int, default=2500, help="megabytes a process may need  [default: 2500]")
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()) / "code-context-corpora")
    given = parser.parse_args()
    root = given.below / f"million-{given.entries}{'-checkout' if given.checkout else ''}"
    if not (root / ".git").exists():
        build(root, given.entries, checkout=given.checkout)
    on_disk = given.entries if given.checkout else 0
    print(f"{'run':<28} {'seconds':>8} {'MB':>7} {'files':>10} {'skipped':>10}")
    failed = False
    for name, options, files in (
        ("--profile", [], on_disk),
        ("--profile --staged", ["--staged"], given.entries),
        ("--profile --rev HEAD", ["--rev", "HEAD"], given.entries),
    ):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("cold", "warm"):
                megabytes, counted = measure(f"{name}, {state}", root, cache, options)
                failed |= counted != (files, given.entries - files) or megabytes > given.most
    sys.exit(failed)


def measure(name: str, root: Path, cache: str, options: list[str]) -> tuple[float, tuple[int, int]]:
    """Run once, print a line, and return the peak memory in megabytes and how many files were counted and skipped."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*COMMAND, "--profile", "--format", "json", *options],
            cwd=root,
            stdout=output,
            env=os.environ | {"LOOPFLOW_CACHE_DIR": cache},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{name} ended with {process.returncode}")
        output.seek(0)
        # Line by line: what this process holds would count as the memory of the next one that it starts.
        counted = skipped = 0
        for line in output:
            total = TOTAL.match(line)
            counted = int(total[1]) if total else counted
            skipped += b'"reason": ' in line
    megabytes = usage.ru_maxrss * 1024 / 1e6
    print(f"{name:<28} {seconds:>8.1f} {megabytes:>7,.0f} {counted:>10,} {skipped:>10,}", flush=True)
    return megabytes, (counted, skipped)


def build(root: Path, entries: int, *, checkout: bool) -> None:
    """Make the repository."""
    root.mkdir(parents=True)
    run(["git", "init", "--quiet", "--initial-branch=main"], root)
    texts = "\0".join(f"value_{number} = {number}\n" * (number % 7 + 1) for number in range(CONTENTS)).split("\0")
    with tempfile.TemporaryDirectory() as directory:
        names = []
        for number, text in enumerate(texts):
            Path(directory, str(number)).write_text(text)
            names.append(f"{directory}/{number}\n")
        blobs = run(["git", "hash-object", "-w", "--stdin-paths"], root, "".join(names)).split()
    index = "".join(f"100644 {blobs[number % CONTENTS]}\t{path}\n" for number, path in enumerate(paths(entries)))
    run(["git", "update-index", "--index-info"], root, index)
    tree = run(["git", "write-tree"], root).strip()
    identity = ["-c", "user.name=million", "-c", "user.email=million@example.invalid"]
    commit = run(["git", *identity, "commit-tree", "-m", "many", tree], root).strip()
    run(["git", "update-ref", "HEAD", commit], root)
    if checkout:
        run(["git", "checkout-index", "--all", "--index"], root)


def paths(entries: int) -> Iterator[str]:
    """Yield as many paths."""
    for number in range(entries):
        directory = number // IN_A_DIRECTORY
        levels = [f"part{directory % 8}", f"group{directory // 8 % 16}", f"module{directory // 128}"]
        yield "/".join([*levels[: directory % 3 + 1], f"directory{directory}", f"file{number}.py"])


def run(command: list[str], cwd: Path, text: str | None = None) -> str:
    """Run a command to its end and return what it printed."""
    return subprocess.run(command, cwd=cwd, input=text, stdout=subprocess.PIPE, check=True, text=True).stdout


if __name__ == "__main__":
    main()
