"""Show what plans keep of real repositories, request by request, for a reader to judge.

Usage: python benchmarks/plans.py [--below DIRECTORY]

Builds the repositories below the directory, each once: fastapi and Django by the recipes of corpora.py, flask and redis
by git from GitHub. Prints a row of the table in plans.md for each request: the share of the room that is used, the
lines, and what share of each class of files stays.
"""

import argparse
import os
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import corpora

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.worth import Wishes, Worth, rank
from loopflow.model import CountRequest, FitRequest, Report, SelectRequest
from loopflow.usecases.pipeline import profile

COMMITS = {
    "flask": ("pallets/flask", "2ac89889f4cc330eabd50f295dcef02828522c69"),
    "redis": ("redis/redis", "4f8cdc2a1ea53e42955af758aabffee67cb455dd"),
}
REQUESTS = (
    ("flask", (), 100_000),
    ("flask", ("src", "docs"), 100_000),
    ("flask", ("docs", "src"), 60_000),
    ("flask", ("src/flask/app.py", "docs/quickstart.rst", "docs/api.rst", "docs/config.rst"), 20_000),
    ("flask", (), 50_000),
    ("flask", (), 3_000),
    ("django", (), 150_000),
    ("django", (), 1_000_000),
    ("django", ("django/db", "django/forms"), 100_000),
    ("fastapi", (), 200_000),
    ("fastapi", ("fastapi", "docs_src"), 50_000),
    ("redis", (), 200_000),
)
SHOWN = (
    Worth.NAMED,
    Worth.FRONT,
    Worth.SOURCE,
    Worth.SETTINGS,
    Worth.DOCS,
    Worth.EXAMPLES,
    Worth.TESTS,
    Worth.EVIDENCE,
)


def main() -> None:
    """Print a row for each request."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir(), "loopflow-candidates"))
    below: Path = parser.parse_args().below.resolve()
    print("| request | room | used | lines | " + " | ".join(worth.name.lower() for worth in SHOWN) + " |")
    print("|---|---:|---:|---:|" + "---:|" * len(SHOWN))
    for name, paths, window in REQUESTS:
        os.chdir(make(name, below))
        report = profile(
            SelectRequest(paths=paths),
            CountRequest(cache_file=str(below / "counts.sqlite3")),
            fitting=FitRequest(window, Fraction(0)),
        )
        print("| " + " | ".join(row(" ".join([name, *paths]), report, paths)) + " |", flush=True)


def make(name: str, below: Path) -> Path:
    """Return the directory of the repository `name`."""
    if name not in COMMITS:
        return corpora.make(name, below)
    repository, commit = COMMITS[name]
    directory = below / f"{name}-{commit[:7]}"
    if not (directory / ".git").exists():
        directory.mkdir(parents=True, exist_ok=True)
        corpora.make_commit(repository, commit, directory)
    return directory


def row(request: str, report: Report, paths: tuple[str, ...]) -> list[str]:
    """Return the cells for a plan; "-" for a class without files."""
    plan = report.plan
    if plan is None:
        raise SystemExit("no plan was made")
    tokens = {file.path: file.tokens for file in report.profile.files}
    evidence = {path for cut in report.cuts if cut.reason.is_evidence for path in cut.paths}
    # Attributes are left out: none of these repositories marks documents.
    places = rank(tokens, evidence, Attributes(), Wishes(None, paths or ("",)))
    gone = compile_patterns(plan.exclude, "a plan").match if plan.exclude else None
    whole: Counter[Worth] = Counter()
    stays: Counter[Worth] = Counter()
    for path, count in tokens.items():
        whole[places[path].worth] += count
        stays[places[path].worth] += 0 if gone and gone(path) else count
    shares = [f"{100 * stays[worth] // whole[worth]} %" if whole[worth] else "-" for worth in SHOWN]
    used = f"{100 * plan.tokens_left // plan.window} %"
    return [request, f"{plan.window:,}", used, str(len(plan.lines)), *shares]


if __name__ == "__main__":
    main()
