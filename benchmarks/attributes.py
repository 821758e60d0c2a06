"""Measure what it takes to find out which attributes git gives the files of a repository.

Usage: python benchmarks/attributes.py [--runs N] [REPOSITORY ...]

Prints, for each repository, the median of the seconds that pass until its lists are found (which is all there is to do
where none of them names an attribute that matters), and until git has answered for all its paths and their directories,
by the number of lines of one .gitattributes file at the root. Each line is of another path, and the last one of all.
Without a repository, it measures fastapi, django and linux.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import corpora

from loopflow.analysis.filetype import file_type
from loopflow.io.attribute_files import find_attributes
from loopflow.io.file import choose, list_all
from loopflow.io.git.attributes import ask_attributes
from loopflow.io.git.repository import Git
from loopflow.io.surroundings import read_surroundings
from loopflow.model import Criteria, FileTokens, SelectRequest

LINES = (1, 100, 1_000, 10_000)


def measure(run: Callable[[], object], runs: int) -> str:
    """Return the median of what a function takes, in seconds."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begun)
    return f"{statistics.median(taken):.3f}"


def main() -> None:
    """Print a row for each repository."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="*", type=Path, metavar="REPOSITORY")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()) / "code-context-corpora")
    given = parser.parse_args()
    print("| repository | paths | lists found, s |" + "".join(f" {lines:,} lines |" for lines in LINES))
    print("|---|---:|---:|" + "---:|" * len(LINES))
    named = given.repositories or [corpora.make(name, given.below) for name in ("fastapi", "django", "linux")]
    for directory in named:
        surroundings = read_surroundings(str(directory.resolve()))
        git, request = Git(surroundings), SelectRequest()
        listed = list_all(request, git, surroundings.root)
        paths = [ref.path for ref in choose(listed, Criteria(request)).candidates]
        files = [FileTokens(path, file_type(path), 1, 1, "") for path in paths]
        cells = [directory.name, f"{len(paths):,}"]
        cells.append(measure(lambda: find_attributes(git, listed, files), given.runs))  # noqa: B023  called at once
        for lines in LINES:
            text = "".join(f"/some/path/{number}/*.c linguist-generated\n" for number in range(lines - 1))
            lists = {"": f"{text}* export-ignore=false\n".encode()}
            cells.append(measure(lambda: ask_attributes(git, listed.root, lists, paths), given.runs))  # noqa: B023
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
