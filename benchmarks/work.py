"""Count work instead of time: what a run asks of the system, which is the same on every machine.

Usage: python benchmarks/work.py [--only CORPUS] [--below DIRECTORY]

Runs the command under strace and prints, for a cold run, a warm one, one on the index and one after ten files changed:
the git processes started, the files opened below the repository, and all system calls. Two versions can be compared
line by line; a number that grew is a regression whatever the clock says.
"""

import argparse
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import corpora
import run

SETTLE_SECONDS = 2.5
CALL = re.compile(r"^\d+ +(\w+)\(")
GIT = re.compile(r'execve\("[^"]*/git", .* = 0$')


def main() -> None:
    """Print one line for each kind of run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="fastapi", help="the corpus")
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()) / "code-context-corpora")
    given = parser.parse_args()
    directory = corpora.make(given.only, given.below)
    print(f"{'run':<34} {'git processes':>14} {'files opened':>14} {'system calls':>14}")
    with tempfile.TemporaryDirectory() as cache:
        time.sleep(SETTLE_SECONDS)  # a file that was only just written is not trusted to stay as it is
        show("cold", directory, cache)
        show("warm", directory, cache)
        show("warm --staged", directory, cache, "--staged")
        run.stage_changes(directory)
        show("--staged, ten changed files", directory, cache, "--staged")
        run.undo_changes(directory)


def show(name: str, directory: Path, cache: str, *options: str) -> None:
    """Run the command once under strace and print what it did."""
    with tempfile.NamedTemporaryFile() as trace:
        command = ["strace", "-f", "-qq", "-o", trace.name, *run.COMMAND, "--profile", *options]
        environment = os.environ | {"LOOPFLOW_CACHE_DIR": cache}
        subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
        lines = Path(trace.name).read_text(errors="replace").splitlines()
    git = sum(bool(GIT.search(line)) for line in lines)
    calls = [found[1] for line in lines if (found := CALL.match(line))]
    print(f"{name:<34} {git:>14,} {sum(map(opens_candidate, lines)):>14,} {len(calls):>14,}")


def opens_candidate(line: str) -> bool:
    """Whether a line of the trace opens a file the way candidates are opened: below a handle, not blocking."""
    return "openat(" in line and "O_NONBLOCK|O_NOFOLLOW" in line.replace("O_NOCTTY|", "") and "= -1" not in line


if __name__ == "__main__":
    main()
