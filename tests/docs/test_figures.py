"""Every measured figure in the README stands in benchmarks/results.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the README calls a run, and what the results do.
RUNS = {
    "first run": "cold --profile",
    "again": "warm --profile",
    "what is staged": "warm --profile --staged",
    "the hook": "hook: --profile --staged --check --quiet, ten changed files",
    "tiktoken": "tiktoken loop, one thread",
    "repomix": "repomix@1.18.1, --no-files",
}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def find_results() -> dict[str, dict[str, tuple[str, str]]]:
    """Return median seconds and peak megabytes by corpus and run."""
    corpora: dict[str, dict[str, tuple[str, str]]] = {}
    for part in (ROOT / "benchmarks/results.md").read_text("utf-8").split("\n## ")[1:]:
        title, *rest = part.splitlines()
        rows = [_cells(line) for line in rest if line.startswith("| ") and "---" not in line]
        corpora[title] = {row[0]: (row[1], row[5]) for row in rows}
    return corpora


def find_table() -> list[list[str]]:
    """Return the rows of the README's table of times, its head first."""
    text = (ROOT / "README.md").read_text("utf-8")
    [table] = re.findall(r"^\| whole process.*?\n\n", text, re.DOTALL | re.MULTILINE)
    return [_cells(line) for line in table.strip().splitlines() if "---" not in line]


@pytest.mark.parametrize("run", RUNS)
def test_times_and_memory_are_those_of_the_results(run: str) -> None:
    """Each cell is the median and the peak that the results have for the corpus in the head."""
    head, *rows = find_table()
    [row] = [row for row in rows if run in row[0]]
    corpora = find_results()
    wanted = []
    for name in head[1:]:
        corpus = next(title for title in corpora if title.lower().startswith(name.split(",")[0].split()[0].lower()))
        seconds, peak = corpora[corpus][RUNS[run]]
        wanted.append(f"{seconds} s, {peak} MB")
    assert row[1:] == wanted


def test_every_row_is_looked_at() -> None:
    """No row of the table is left out of the test above."""
    _, *rows = find_table()
    assert len(rows) == len(RUNS)


def test_the_corpora_are_those_of_the_results() -> None:
    """The files that the head of the table names were counted."""
    head, *_ = find_table()
    text = (ROOT / "benchmarks/results.md").read_text("utf-8")
    assert all(re.search(r"[\d,]+ files", name)[0] in text for name in head[1:])  # type: ignore[index]
