"""Markdown: what a renderer finds in it, the answer first, nothing that acts, and never too long."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.analysis.filetype import file_type
from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN
from loopflow.model import (
    Before,
    Cut,
    CutReason,
    Index,
    Origin,
    Plan,
    PlanLine,
    Profile,
    Reason,
    Report,
    Revision,
    Rule,
    Skipped,
    Source,
    Worktree,
)
from loopflow.render.formats import ChartOptions
from loopflow.render.html import render_html
from loopflow.render.markdown import LONGEST, render_markdown
from loopflow.render.markdown_text import Column, code
from loopflow.render.markdown_text import table as write_table
from loopflow.render.text import render_text
from tests.support.markdown import Page, read_page
from tests.support.profiles import HOSTILE_NAMES, make_report, profiles
from tests.support.reports import ANY_NAME, START, judged, make_compared, make_everywhere, placed

GAPS = [Skipped(f"gap{number}", Reason.UNREADABLE) for number in range(5)]
SKIPPED = [Skipped("a.png", Reason.BINARY), Skipped("link", Reason.SYMLINK)]
FOLD = ("<details><summary>", "</details>")


def text_of(report: Report) -> str:
    return "".join(render_markdown(report))


def page_of(report: Report) -> Page:
    """Read the report with a renderer, and look at what every report holds to."""
    page = read_page(text_of(report))
    assert len(page.headings) == 1
    assert all(line.startswith(FOLD) for line in page.acting), "no HTML but what folds, no link, no picture"
    assert page.acting.count("</details>") * 2 == len(page.acting)
    for table in page.tables:
        assert len({len(row) for row in table}) == 1, "every row has a cell for each column"
    return page


def chart(page: Page, last_title: str) -> dict[str, dict[str, str]]:
    """Return the rows of the table whose last column has that title, by the name in it, and each by column."""
    (table,) = (table for table in page.tables if table[0][-1] == last_title)
    return {row[-1]: dict(zip(table[0], row, strict=True)) for row in table[1:]}


def test_the_whole_of_a_small_report() -> None:
    """The total in one line, the facts in another, the largest directories, and all else folded."""
    assert text_of(make_report({"README.md": 50, "src/main.py": 950}, SKIPPED[:1])) == (
        "### 1,000 tokens\n"
        "\n"
        "2 files in the work tree, 4.0 kB, o200k_base.\n"
        "\n"
        "**Largest directories** (1)\n"
        "\n"
        "| Tokens | % total | Files | Path |\n"
        "| ---: | ---: | ---: | --- |\n"
        "| 950 | 95.0 | 1 | `src/` |\n"
        "\n"
        "<details><summary>By directory</summary>\n"
        "\n"
        "| Tokens | % parent | % total | Files |  | Directory |\n"
        "| ---: | ---: | ---: | ---: | --- | --- |\n"
        "| 1,000 | 100.0 | 100.0 | 2 | ██████████ | `.` |\n"
        "| 950 | 95.0 | 95.0 | 1 | █████████▌ | `├\xa0src/` |\n"
        "| 50 | 5.0 | 5.0 | 1 | ▌ | `└\xa0(files here)` |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details><summary>By file type</summary>\n"
        "\n"
        "| Tokens | % total | Files |  | Type |\n"
        "| ---: | ---: | ---: | --- | --- |\n"
        "| 950 | 95.0 | 1 | █████████▌ | `.py` |\n"
        "| 50 | 5.0 | 1 | ▌ | `.md` |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details><summary>Largest files</summary>\n"
        "\n"
        "| Tokens | % total | File |\n"
        "| ---: | ---: | --- |\n"
        "| 950 | 95.0 | `src/main.py` |\n"
        "| 50 | 5.0 | `README.md` |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details><summary>Skipped: 1 file</summary>\n"
        "\n"
        "| Files | Reason | For example |\n"
        "| ---: | --- | --- |\n"
        "| 1 | binary | `a.png` |\n"
        "\n"
        "</details>\n"
    )


def test_a_directory_that_ends_in_a_dot_is_not_the_root() -> None:
    """Where a change grew is named as it is called, whatever that looks like."""
    report = make_compared({"src./a.py": 30, "b.py": 5}, {"src./a.py": 10, "b.py": 4})
    assert "  in: src./ +20, the root +1\n" in text_of(judged(report, [placed(Rule("all", total=20))]))


def test_what_a_reviewer_needs_stands_open() -> None:
    """Verdict, total and growth in one line, then what changed most; what failed stands open, and the rules fold."""
    report = make_compared({"a.py": 30, "to/b.py": 5}, {"a.py": 10, "b.py": 5, "c/d.py": 1}, moves={"to/b.py": "b.py"})
    report = judged(report, [placed(Rule("api", total=20)), Rule("wide", total=90)], remarks=["this change raises it"])
    opened, *folded = text_of(report).split("<details>")
    assert opened == (
        "### ❌ Over budget: 1 limit exceeded · 35 tokens · +19 (+118.8%) since `origin/main`\n"
        "\n"
        "2 files in the work tree, 140 bytes, o200k_base, 16 tokens before.\n"
        "\n"
        "**Largest changes** (3)\n"
        "\n"
        "| Before | Change | % change | Now | Path |\n"
        "| ---: | ---: | ---: | ---: | --- |\n"
        "| 10 | +20 | +200.0% | 30 | `a.py` |\n"
        "| 1 | -1 | removed |  | `c/d.py` |\n"
        "| 5 | 0 | 0.0% | 5 | `to/b.py` (moved from `b.py`) |\n"
        "\n"
        "```text\n"
        "FAIL api, total: 35 tokens, 15 more than the limit of 20\n"
        "  added most: a.py +20, to/b.py 5 (moved from b.py)\n"
        "  in: the root +20\n"
        "  to raise the limit for good: loopflow.toml:1, total = 35\n"
        "  to look closer: code-context --profile --against origin/main --changed\n"
        "\n"
        "this change raises it\n"
        "```\n"
        "\n"
    )
    assert "".join(folded[:2]) == (
        "<summary>Budget: 2 limits</summary>\n"
        "\n"
        "| Status | Value | Limit | % limit | Rule |\n"
        "| --- | ---: | ---: | ---: | --- |\n"
        "| ❌ fail | 35 | 20 | 175.0 | `api, total` |\n"
        "| ✅ ok | 35 | 90 | 38.9 | `wide, total` |\n"
        "\n"
        "</details>\n"
        "\n"
        "<summary>Changed directories: 2</summary>\n"
        "\n"
        "| Before | Change | % change | Now | Path |\n"
        "| ---: | ---: | ---: | ---: | --- |\n"
        "|  | +5 | new | 5 | `to/` |\n"
        "| 1 | -1 | removed |  | `c/` |\n"
        "\n"
        "</details>\n"
        "\n"
    )
    assert [fold.split("</summary>")[0] for fold in folded[2:]] == [
        "<summary>By directory",
        "<summary>By file type",
        "<summary>Largest files",
    ]


def test_ten_rows_stand_open() -> None:
    """However much changed, the ten largest changes stand open, the others are folded; and so with directories."""
    now = {f"d{number:02}/{number}.py": 100 + number for number in range(40)}
    for report, title in (
        (make_compared(now, {}), "**Largest changes** (10 of 40)"),
        (make_report(now), "**Largest directories** (10 of 40)"),
    ):
        opened, *folded = text_of(report).split("<details>")
        assert title in opened
        rows = [line for line in opened.split("\n") if line.startswith("|")][2:]
        assert [row.count(f" {139 - at} |") for at, row in enumerate(rows)] == [1] * 10
        assert not [line for line in "".join(folded).split("\n") if line.startswith("**")]
    assert "<summary>More changes: 30</summary>" in text_of(make_compared(now, {}))


@pytest.mark.parametrize(
    ("rules", "headline"),
    [
        pytest.param([], "No budget is set · 100 tokens", id="none"),
        pytest.param([Rule("a", total=200)], "✅ Within budget · 100 tokens", id="kept"),
        pytest.param([Rule("a", total=101)], "⚠️ Within budget, 1 warning · 100 tokens", id="near"),
        pytest.param([Rule("a", total=9)], "❌ Over budget: 1 limit exceeded · 100 tokens", id="over"),
        pytest.param([Rule("a", total=9, file=9)], "❌ Over budget: 2 limits exceeded · 100 tokens", id="twice"),
    ],
)
def test_the_verdict_comes_first(rules: list[Rule], headline: str) -> None:
    """Whoever reads one line knows how it went."""
    assert page_of(judged(make_report({"a": 100}), rules)).headings == [headline]


@pytest.mark.parametrize(
    ("was", "growth"),
    [
        ({"a": 100}, "no change"),
        ({"a": 50}, "+50 (+100.0%)"),
        ({"a": 200}, "-100 (-50.0%)"),
        ({}, "+100"),
        ({"a": 99_999_999}, "-99,999,899 (>-100%)"),
    ],
)
def test_the_growth_stands_beside_the_total(was: Mapping[str, int], growth: str) -> None:
    """The change since where it is compared with, in tokens and as a share, if it is one of anything."""
    assert page_of(make_compared({"a": 100}, was)).headings == [f"100 tokens · {growth} since {START}"]


def test_what_is_compared_is_named() -> None:
    """The source, and whether it is a baseline that it is compared with."""
    report = make_compared({"a": 100}, {"a": 90})
    assert report.diff is not None
    stored = replace(report.diff, before=Before("baseline", "saved.json", {}))
    staged = replace(report, diff=stored, profile=replace(report.profile, source=Index()))
    assert page_of(staged).headings == ["100 tokens · +10 (+11.1%) since the baseline saved.json"]
    assert "1 file staged, 400 bytes, o200k_base, 90 tokens before.\n" in text_of(staged)
    commit = replace(report, profile=replace(report.profile, source=Revision("v1`0")))
    assert "1 file in ``v1`0``, 400 bytes" in text_of(commit)


ID = "1a2b3c4" + 33 * "d"
TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("source", "commit", "said"),
    [
        (Worktree(), ID, "work tree at `1a2b3c4` · `a subject` · 2026-11-27"),
        (Index(), ID, "staged on `1a2b3c4` · `a subject` · 2026-11-27"),
        (Revision("v1.0"), ID, "`v1.0` · commit `1a2b3c4` · `a subject` · 2026-11-27"),
        (Revision(ID), ID, "commit `1a2b3c4` · `a subject` · 2026-11-27"),
        (Worktree(), None, "work tree · 2026-11-27"),
    ],
)
def test_where_a_report_comes_from(source: Source, commit: str | None, said: str) -> None:
    """The repository, what was read of it, its commit by id and subject, and the day."""
    report = make_report({"a": 1})
    origin = Origin("repo", TODAY, commit, "a subject" if commit else "")
    text = text_of(replace(report, profile=replace(report.profile, source=source), origin=origin))
    assert text.split("\n")[2] == f"**`repo`** · {said}"


@pytest.mark.parametrize(
    ("name", "branch", "commit", "shown"),
    [
        (ID, None, ID, "1a2b3c4"),
        (f"{ID}^", None, "0" * 40, "1a2b3c4^"),
        ("origin/main", "origin/main", ID, "origin/main, where this branch left it, 1a2b3c4"),
        (ID, "main", ID, "main, where this branch left it, 1a2b3c4"),
        (ID, ID, ID, "1a2b3c4"),
        ("main", "main", None, "main"),
        ("v1.0", None, ID, "v1.0"),
    ],
)
def test_a_name_and_not_forty_digits(name: str, branch: str | None, commit: str | None, shown: str) -> None:
    """What is compared with is what the user named, or a branch and where it was left; an id is short, everywhere."""
    report = make_compared({"a": 100}, {"a": 90})
    assert report.diff is not None
    report = replace(
        report, diff=replace(report.diff, before=Before("revision", name, {}, commit=commit, branch=branch))
    )
    assert page_of(report).headings == [f"100 tokens · +10 (+11.1%) since {shown}"]
    assert f"+11.1% since {shown}<" in "".join(render_html(report))
    text = list(render_text(report, PLAIN, ChartOptions()))
    assert f"Work tree: 10 tokens more than {shown} (+11.1%)." in text


def test_an_incomplete_run_says_so_at_once() -> None:
    """Files that could not be counted are named before anything is folded."""
    opened = text_of(make_report({"a": 1}, GAPS)).split("<details>")[0]
    assert opened.endswith("\n⚠️ **Incomplete:** 5 files could not be counted: `gap0`, `gap1`, `gap2` and 2 more.\n\n")


def test_the_charts_are_those_of_the_terminal() -> None:
    """Both charts have the numbers, and with a comparison those of before, what is gone among them."""
    report = make_compared({"src/a.py": 300, "docs/b.md": 100}, {"src/a.py": 200, "old/c.rs": 50})
    page = page_of(report)
    of_directory, of_type = chart(page, "Directory"), chart(page, "Type")
    assert of_directory["├\xa0src/"] == {
        "Tokens": "300",
        "% parent": "75.0",
        "% total": "75.0",
        "Files": "1",
        "Before": "200",
        "Change": "+100",
        "% change": "+50.0%",
        "Directory": "├\xa0src/",
    }
    assert of_directory["└\xa0old/"]["% change"] == "removed"
    assert of_type[".md"]["% change"] == "new"
    assert of_type[".rs"]["Before"] == "50"


def test_the_rest_is_there() -> None:
    """What could be left out with its evidence, the plan for a window, and what was skipped with examples."""
    cut = Cut(CutReason.LOCK, "is a `lock`", ("x.lock",), 60, "x.lock")
    plan = Plan(200, 50, (PlanLine("*.lock", 60, "lock file"), PlanLine('odd"name', 0, "what stays")), 40, fits=True)
    many = [Skipped(f"{number}.png", Reason.BINARY) for number in range(9)]
    report = replace(make_report({"x.lock": 60, "a.py": 40}, [*SKIPPED, *many]), cuts=(cut,), plan=plan)
    page = page_of(report)
    assert "<details><summary>Could be left out: 60 tokens (60.0%)</summary>" in page.acting
    assert chart(page, "Evidence")["is a `lock`"]["Path"] == "x.lock"
    assert chart(page, "File").keys() == {"a.py"}
    block = 'exclude = [\n    "*.lock",     # 60  lock file\n    "odd\\"name",  #     what stays\n]\n'
    assert block in page.blocks[0]
    assert chart(page, "For example")["0.png, 1.png, 2.png, …"]["Files"] == "10"


@settings(max_examples=40)
@given(profile=profiles())
def test_rows_add_up(profile: Profile) -> None:
    """Whatever was counted: both charts hold all of it."""
    page = page_of(Report(profile))
    assert chart(page, "Directory")["."]["Tokens"] == f"{profile.total.tokens:,}"
    types = chart(page, "Type").values()
    assert sum(int(row["Tokens"].replace(",", "")) for row in types) == profile.total.tokens


ACTING = (
    *HOSTILE_NAMES,
    "a|b",
    "a\\|b",
    "`",
    "``a`",
    "`a` |b| ``",
    " padded ",
    "|",
    "\\",
    "<img src=x onerror=alert(1)>",
    "<!--",
    "</details>",
    "&lt;b&gt;&amp;",
    "@octocat",
    "#123",
    "GH-1",
    "octo/repo#1",
    "https://example.invalid/x",
    "www.example.invalid",
    "me@example.invalid",
    "[text](https://example.invalid)",
    "![x](y.png)",
    "**bold** _it_ ~~no~~",
    ":smile:",
    "$x$",
    "# heading",
    "- item",
    "::error::x",
)


# Of names that are neither a path nor have a type, which would be rows of their own.
_COMPONENT = ANY_NAME.map(lambda name: re.sub(r"[/.]", "-", name)).filter(
    lambda name: name and file_type(name) == file_type("x")
)


@pytest.mark.parametrize("name", ACTING)
def test_names_are_inert(name: str) -> None:
    """Wherever a name stands, it is code, and all of it: no markup, mention, reference or link comes from it."""
    page = page_of(make_everywhere(name))
    shown = escape_name(name)
    found = [text for text in page.names if shown.strip() in text]
    assert len(found) >= 12
    assert not any(shown in text for text in page.plain if len(shown) > 2)
    assert any(shown in line for line in page.blocks[0].split("\n"))


@settings(max_examples=40)
@given(name=_COMPONENT, other=_COMPONENT)
def test_no_name_breaks_a_table(name: str, other: str) -> None:
    """Whatever names are put beside each other: the page is what it is without them."""
    page, plain = page_of(make_everywhere(f"x{name}", other)), page_of(make_everywhere("xname", "other"))
    assert [len(table) for table in page.tables] == [len(table) for table in plain.tables]
    assert page.acting == plain.acting
    assert len(page.blocks) == len(plain.blocks)


@given(text=st.text("`|\\ a", min_size=1))
def test_code_is_what_was_written(text: str) -> None:
    """A renderer reads back what was put into a code span, whatever ticks and blanks it has."""
    assert read_page(f"x {code(text)} y").names == [text]


@pytest.mark.parametrize("number", range(5))
def test_a_bar_is_escaped_whatever_stands_before_it(number: int) -> None:
    """Backslashes pair up where GitHub splits a row, so an odd number of them stands before a bar of a name."""
    *_, row = write_table([Column("Path")], [[code("a" + "\\" * number + "|b")]])
    before = row[2:-2].partition("|")[0]
    assert (len(before) - len(before.rstrip("\\"))) % 2 == 1
    assert row[2:-2].count("|") == 1


LONG = "n" * 4000
SIZES = {
    "deep": {"d/" * 1500 + f"{number}.py": number for number in range(50)},
    "wide": {f"directory-{number}/{'x' * 200}-{number}/file-{number}.t{number}": number for number in range(2000)},
    "long names": {f"{number}{LONG}/{number}{LONG}.py": number for number in range(60)},
    "bytes": {f"{number}" + "\udcff" * 4000: number for number in range(60)},
    "ticks and bars": {f"{number}" + "`|" * 2000: number for number in range(60)},
    "marks": {f"{number}" + "\u0301" * 4000: number for number in range(60)},
}


@pytest.mark.parametrize("name", SIZES)
def test_it_is_never_too_long(name: str) -> None:
    """However much there is of anything, and however long its name: it fits a comment, and says what is left out."""
    tokens = SIZES[name]
    was = {path: count + 1 for path, count in tokens.items()} | {f"gone-{path}": 1 for path in tokens}
    rules = [placed(Rule(path, file=1, total=1)) for path in [*tokens][:40]]
    report = judged(
        make_compared(tokens, was, skipped=[Skipped(path, Reason.UNREADABLE, path) for path in tokens]), rules
    )
    cuts = tuple(Cut(CutReason.DATA, path, (path,), 1, path) for path in tokens)
    plan = Plan(10, 0, tuple(PlanLine(path, 1, "data") for path in tokens), 5, fits=False)
    text = text_of(replace(report, cuts=cuts, plan=plan, judgement=report.judgement))
    assert len(text) <= LONGEST
    assert len(text.encode()) < 1_000_000
    page = read_page(text)
    assert all(line.startswith(FOLD) for line in page.acting)
    assert sum(text.startswith("and ") and text.endswith(" more") for text in page.plain) >= 3


def test_a_large_codebase_shows_as_much_as_there_is_room_for() -> None:
    """A few thousand directories leave a chart of some hundred rows, the largest, and say how many are missing."""
    tokens = {f"area{number % 60}/part{number % 4000}/file{number}.py": number for number in range(8_000)}
    page = page_of(make_report(tokens))
    rows = chart(page, "Directory")
    assert len(rows) > 150
    assert any(line.startswith("<details><summary>By directory, without ") for line in page.acting)
    assert len(text_of(make_report(tokens))) > LONGEST / 4
