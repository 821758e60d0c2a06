"""Measure on real repositories what could be left out, and whether a plan keeps its word.

Usage: python benchmarks/candidates.py [--linux] [--below DIRECTORY] [NAME ...]

Builds the repositories by recipe below the directory, each once, and prints a row of the table in candidates.md for
each. Which share of the candidates is right cannot be measured: that is what the other columns there are for. Needs
git and, for the Debian sources, apt-get with source entries (deb-src) for bookworm.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import corpora

from loopflow.analysis.names import quote_toml
from loopflow.model import ConfigRequest, CountRequest, FitRequest, Plan, Report, SelectRequest
from loopflow.usecases.pipeline import profile

SDISTS = {
    "django": "django==5.2.19",
    "jupyterlab": "jupyterlab==4.6.6",
    "mkdocs-material": "mkdocs-material==9.8.1",
    "syrupy": "syrupy==7.0.2",
}
DEBIAN = {
    "babel": "node-babel7=7.20.15+ds1+~cs214.269.168-3+deb12u2",
    "kubernetes": "kubernetes=1.20.5+really1.20.2-1.1+deb12u1",
    "redis": "redis=5:7.0.15-1~deb12u7",
}
COMMITS = {
    "dagger": ("dagger/dagger", "13d493ee6e757e1d36416be98e3b5acc8e248eb8"),
    "handbook": ("jakevdp/PythonDataScienceHandbook", "d66231454ef753818dc9213c9b5942e067266966"),
}
WINDOWS = {"128k": 128_000, "1M": 1_000_000}


def main() -> None:
    """Print a row for each repository."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--linux", action="store_true")
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir(), "loopflow-candidates"))
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args()
    below: Path = given.below.resolve()
    windows = "".join(f" left at {name} | lines |" for name in WINDOWS)
    print(f"| repository | files | tokens | candidates | their tokens | share |{windows} plans hold |")
    print("|---|" + "---:|" * 5 + "---:|---:|" * len(WINDOWS) + "---|")
    for name in given.names or [*sorted([*SDISTS, *DEBIAN, *COMMITS]), *(["linux"] if given.linux else [])]:
        directory = corpora.make(name, below) if name == "linux" else make(name, below)
        os.chdir(directory)
        print("| " + " | ".join(measure(name, str(below / "counts.sqlite3"))) + " |", flush=True)


def make(name: str, below: Path) -> Path:
    """Return the directory of the repository `name`."""
    directory = below / name
    if not (directory / ".git").exists():
        directory.mkdir(parents=True, exist_ok=True)
        if name in SDISTS:
            corpora.make_sdist(SDISTS[name], directory)
        elif name in COMMITS:
            corpora.make_commit(*COMMITS[name], directory)
        else:
            make_debian(DEBIAN[name], directory)
    return directory


def make_debian(source: str, directory: Path) -> None:
    """Make the upstream part of a Debian source a repository at `directory`."""
    with tempfile.TemporaryDirectory() as downloads:
        # Not checked: of a source in many parts, the archive may have lost one that is not needed here.
        subprocess.run(["apt-get", "source", "-qq", "--download-only", source], cwd=downloads, check=False)
        [archive] = Path(downloads).glob("*.orig.tar.*")
        corpora.unpack(archive, directory)
    corpora.commit(directory)


def measure(name: str, cache_file: str) -> Iterator[str]:
    """Yield the cells of the row for the repository in the current directory."""
    counting = CountRequest(cache_file=cache_file)
    report = profile(SelectRequest(), counting)
    tokens = report.profile.total.tokens
    found = sum(cut.tokens for cut in report.cuts)
    yield from (name, f"{report.profile.total.files:,}", f"{tokens:,}", f"{len(report.cuts):,}", f"{found:,}")
    yield f"{100 * found / tokens:.0f} %"
    holds = True
    for window in WINDOWS.values():
        plan = profile(SelectRequest(), counting, fitting=FitRequest(window)).plan
        assert plan is not None
        yield f"{plan.tokens_left:,}"
        yield f"{len(plan.lines):,}"
        holds = holds and plan.fits and measure_again(plan, counting).profile.total.tokens == plan.tokens_left
    yield "yes" if holds else "NO"


def measure_again(plan: Plan, counting: CountRequest) -> Report:
    """Run afresh with what is to be left out in a config file."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "loopflow.toml")
        patterns = "".join(f"    {quote_toml(pattern)},\n" for pattern in plan.exclude)
        file.write_text(f"exclude = [\n{patterns}]\n")
        return profile(SelectRequest(), counting, ConfigRequest(file=str(file)))


if __name__ == "__main__":
    main()
