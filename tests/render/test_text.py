"""The charts: aligned, within the width, the answer at the end."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.terminal import ASCII, PLAIN, UNICODE, Glyphs, Palette, Terminal
from loopflow.model import Cut, CutReason, Profile, Reason, Report, Skipped
from loopflow.render.formats import ChartOptions
from loopflow.render.text import render_text
from tests.support.profiles import HOSTILE_NAMES, make_report, profiles
from tests.support.screen import ANSI, can_act, columns

SAMPLE = {"README.md": 5, "src/main.py": 700, "src/api/get.py": 250, "docs/a.md": 45, "Makefile": 0}
SKIPPED = (
    Skipped("a.png", Reason.BINARY),
    Skipped("b.png", Reason.BINARY),
    Skipped("c.png", Reason.BINARY),
    Skipped("d.png", Reason.BINARY),
    Skipped("link", Reason.SYMLINK),
)
GAP = Skipped("secret.txt", Reason.UNREADABLE, "permission denied")

OPTIONS = st.builds(
    ChartOptions,
    depth=st.one_of(st.none(), st.integers(0, 13)),
    files=st.booleans(),
    top=st.one_of(st.none(), st.integers(0, 40)),
    verbose=st.booleans(),
)


def lines_of(report: Report, terminal: Terminal = PLAIN, options: ChartOptions | None = None) -> list[str]:
    return list(render_text(report, terminal, options or ChartOptions()))


def terminal(width: int | None, glyphs: Glyphs = UNICODE, *, colour: bool = False) -> Terminal:
    return Terminal(width, glyphs, Palette(colour=colour))


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (None, ["src/main.py  a licence of its own, deps/lua/COPYING"]),
        (78, ["src/main.py  a licence of its own, deps/lua/COPYING"]),
        (60, ["src/main.py", "a licence of its own,", "deps/lua/COPYING"]),
        (40, ["src/main.py", "a licence of", "its own,", "deps/l…OPYING"]),
    ],
)
def test_evidence_is_whole(width: int | None, shown: list[str]) -> None:
    """Evidence that does not fit beside a name stands below it, broken between words."""
    cut = Cut(CutReason.VENDORED, "a licence of its own, deps/lua/COPYING", ("src/main.py",), 700, "src/main.py")
    lines = lines_of(replace(make_report(SAMPLE), cuts=(cut,)), terminal(width))
    at = next(number for number, line in enumerate(lines) if "vendored  " in line)
    assert [line.split("vendored  ")[-1].strip() for line in lines[at : at + len(shown)]] == shown
    assert width is None or max(map(columns, lines[at : at + len(shown)])) <= width


def test_the_whole_of_a_small_report() -> None:
    """Two charts, the largest files, what was skipped, and the total at the end, each number under its title."""
    assert lines_of(make_report(SAMPLE, SKIPPED)) == [
        "By directory",
        "tokens  % parent  % total  files",
        " 1,000     100.0    100.0      5  ██████████  .",
        "   950      95.0     95.0      2  █████████▌  ├ src/",
        "   700      73.7     70.0      1  ███████     │ ├ (files here)",
        "   250      26.3     25.0      1  ██▌         │ └ api/",
        "    45       4.5      4.5      1  ▍           ├ docs/",
        "     5       0.5      0.5      2  ▏           └ (files here)",
        "",
        "By file type",
        "tokens  % total  files",
        "   950     95.0      2  █████████▌  .py",
        "    50      5.0      2  ▌           .md",
        "     0      0.0      1              Makefile",
        "",
        "Largest files",
        "tokens  % total",
        "   700     70.0  src/main.py",
        "   250     25.0  src/api/get.py",
        "    45      4.5  docs/a.md",
        "     5      0.5  README.md",
        "     0      0.0  Makefile",
        "",
        "Skipped",
        "4  binary  a.png, b.png, c.png, …",
        "1  symlink  link",
        "",
        "Total: 1,000 tokens in 5 files, 4.0 kB, o200k_base",
    ]


def test_an_empty_report_is_two_empty_charts() -> None:
    """Nothing counted and nothing skipped is a report, too, and its total is 0."""
    assert lines_of(make_report({})) == [
        "By directory",
        "tokens  % parent  % total  files",
        "     0       0.0      0.0      0              .",
        "",
        "By file type",
        "tokens  % total  files",
        "",
        "Total: 0 tokens in 0 files, 0 bytes, o200k_base",
    ]


def test_a_gap_is_named_and_said_again_at_the_end() -> None:
    """A file that should have been counted is named with its reason, and the last line says how many there are."""
    lines = lines_of(make_report(SAMPLE, (*SKIPPED, GAP)))
    assert "    secret.txt (permission denied)" in [line.removeprefix(" ") for line in lines]
    assert lines[-2].startswith("Total: ")
    assert lines[-1] == "Incomplete: 1 file could not be counted"


def test_a_complete_report_has_no_such_line() -> None:
    """What is skipped by rule leaves the report complete."""
    assert not any("Incomplete" in line for line in lines_of(make_report(SAMPLE, SKIPPED)))


def test_verbose_names_every_skipped_file() -> None:
    """With `verbose` no example stands for others."""
    lines = lines_of(make_report(SAMPLE, SKIPPED), options=ChartOptions(verbose=True))
    start = lines.index("Skipped")
    assert lines[start + 1 : start + 8] == [
        "4  binary",
        "     a.png",
        "     b.png",
        "     c.png",
        "     d.png",
        "1  symlink",
        "     link",
    ]


@pytest.mark.parametrize(("top", "files", "types"), [(0, 0, 0), (1, 1, 1), (3, 3, 3), (99, 5, 3)])
def test_top_limits_types_and_files(top: int, files: int, types: int) -> None:
    """`top` shows so many types and so many files."""
    lines = lines_of(make_report(SAMPLE), options=ChartOptions(top=top))
    assert sum(line.endswith((".py", ".md", "Makefile")) for line in _section(lines, "Largest files")) == files
    assert sum(line.endswith((".py", ".md", "Makefile")) for line in _section(lines, "By file type")) == types


@given(profile=profiles(), top=st.integers(0, 10))
def test_types_add_up_to_the_total(profile: Profile, top: int) -> None:
    """However many types are shown, the chart's numbers add up to the total."""
    rows = _section(lines_of(Report(profile), options=ChartOptions(top=top)), "By file type")[1:]
    assert sum(_number(row) for row in rows) == profile.total.tokens


@given(profile=profiles())
def test_the_largest_files_come_first(profile: Profile) -> None:
    """Ten files unless asked otherwise, no smaller one before a larger one, and no larger one left out."""
    rows = _section(lines_of(Report(profile)), "Largest files")[1:]
    tokens = [file.tokens for file in profile.files]
    assert [_number(row) for row in rows] == sorted(tokens, reverse=True)[:10]


def test_a_long_chart_says_how_to_see_less() -> None:
    """More than 50 rows come with a hint, unless a depth was asked for."""
    report = make_report({f"dir{number}/x.py": number for number in range(60)})
    hint = "61 rows; --depth 2 shows the upper levels only"
    assert hint in lines_of(report)
    assert hint not in lines_of(report, options=ChartOptions(depth=3))
    assert not any("rows;" in line for line in lines_of(make_report(SAMPLE)))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@given(glyphs=st.sampled_from([UNICODE, ASCII]), profile=profiles(), options=OPTIONS)
def test_charts_stay_within_the_width(width: int, glyphs: Glyphs, profile: Profile, options: ChartOptions) -> None:
    """No line of a chart is wider than the terminal, however deep the tree and however long the names."""
    lines = lines_of(Report(profile), terminal(width, glyphs), options)
    assert max(map(columns, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_skipped_files_stay_within_the_width(width: int) -> None:
    """Names that stand as examples are shortened to the width, and at least one is there."""
    names = [f"assets/{'very/' * number}long/name{number}.png" for number in range(0, 40, 4)]
    skipped = [*(Skipped(name, Reason.BINARY) for name in names), Skipped("x" * 300, Reason.SYMLINK)]
    report = make_report(SAMPLE, skipped)
    rows = _section(lines_of(report, terminal(width)), "Skipped")
    assert max(map(columns, rows)) <= width
    assert rows[0].startswith("10  binary  assets/")
    assert rows[1].startswith(" 1  symlink  xxxx")


@pytest.mark.parametrize(("width", "has_bars"), [(40, False), (60, False), (80, True), (None, True)])
def test_bars_give_way_to_names(width: int | None, has_bars: bool) -> None:  # noqa: FBT001
    """On a narrow terminal the hierarchy has names instead of bars."""
    rows = _section(lines_of(make_report(SAMPLE), terminal(width)), "By directory")
    assert any("█" in row for row in rows) == has_bars


@given(profile=profiles(), options=OPTIONS, width=st.sampled_from([None, 60, 80]))
def test_colour_changes_nothing_else(profile: Profile, options: ChartOptions, width: int | None) -> None:
    """Without its escape sequences, what is printed in colour is what is printed without."""
    report = Report(profile)
    coloured = [ANSI.sub("", line) for line in lines_of(report, terminal(width, colour=True), options)]
    assert coloured == lines_of(report, terminal(width), options)


def test_colour_is_there() -> None:
    """With colour, titles are bold, branches dim, bars and directories coloured; each ends on its own line."""
    lines = lines_of(make_report(SAMPLE, [GAP]), terminal(None, colour=True))
    assert lines[0] == "\x1b[1mBy directory\x1b[0m"
    assert lines[3].endswith("\x1b[36m█████████▌\x1b[0m  \x1b[2m├ \x1b[0m\x1b[1;34msrc/\x1b[0m")
    assert lines[-1].startswith("\x1b[33mIncomplete")


def test_ascii_glyphs_make_ascii_charts() -> None:
    """With ASCII glyphs and ASCII names there is nothing else on any line."""
    report = make_report(SAMPLE, SKIPPED)
    assert all(line.isascii() for line in lines_of(report, terminal(60, ASCII)))
    assert any(line.endswith("|-src/") for line in lines_of(report, terminal(60, ASCII)))


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("width", [None, 60])
def test_hostile_names_are_inert(name: str, width: int | None) -> None:
    """A name in the tree, as a type, as a large file or skipped stays on its line and cannot act."""
    shown, tame = (
        lines_of(_report_of(each), terminal(width), ChartOptions(files=True))
        for each in (name, re.sub("[^/.]", "n", name))
    )
    assert len(shown) == len(tame)
    assert not [line for line in shown if can_act(line)]


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    """Square brackets and angle brackets mean nothing to a terminal, with colour and without."""
    report = make_report({"[red]x[bold].py": 3, "[/]": 2, "<b>.py": 1})
    for colour in (False, True):
        lines = [ANSI.sub("", line) for line in lines_of(report, terminal(None, colour=colour))]
        rows = _section(lines, "Largest files")[1:]
        assert [row.rpartition("  ")[2] for row in rows] == ["[red]x[bold].py", "[/]", "<b>.py"]


def _report_of(name: str) -> Report:
    """Return a report that has `name` everywhere a name can stand."""
    skipped = [Skipped(name + "1", Reason.BINARY), Skipped(name + "2", Reason.UNREADABLE, name)]
    kind = name.rpartition("/")[2].replace(".", "") + "1"
    return make_report({f"{name}/{name}": 1, f"x.{kind}": 2}, skipped)


def _section(lines: list[str], title: str) -> list[str]:
    """Return the lines under `title` up to the next empty one."""
    if title not in lines:
        return []
    start = lines.index(title) + 1
    return lines[start : lines.index("", start)]


def _number(row: str) -> int:
    return int(row.split(maxsplit=1)[0].replace(",", ""))
