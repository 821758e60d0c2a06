"""Names in what is printed: in every format, and wherever a name can stand, it is text and nothing else.

a name with                                     must be
----------------------------------------------  ----------------------------------------------------------------------
an escape sequence, a bidirectional control     escaped visibly, everywhere
markup of the terminal library                  shown as it is
a newline and a command to a CI runner          no command, in the log or in an annotation
a bar, a backtick, an element of HTML           inert in Markdown and HTML
= + - or @ at its beginning                     no formula in a table

A format that is added is held to all of it.
"""

import csv
import json
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest

from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import ASCII, UNICODE, Palette, Terminal
from loopflow.model import Report
from loopflow.render.failures import render_failures
from loopflow.render.formats import FORMATS, TEXT, ChartOptions, find_renderer
from loopflow.render.text import render_text
from tests.support.markdown import read_page
from tests.support.profiles import HOSTILE_NAMES
from tests.support.reports import make_everywhere
from tests.support.screen import ANSI, can_act
from tests.support.workflow import Command, find_commands

PLAIN = "plain"
COMMANDS = (
    "::error::x",
    "x\n::error::x",
    " \u3000::set-output name=failed::no",
    "::stop-commands::x",
    "\r::add-mask::e",
    "##[set-output name=failed]no",
    "x##[add-mask]e",
    "a,file=b::error::c",
    "100%0A::error::x",
    "%25%0D",
)
MARKUP = (
    "</script><script>alert(1)</script>",
    "'\" onload=alert(1) x='",
    "]]><b>",
    "--><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "a|b`c`|",
    "`",
)
FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", '"=1"', "=1\n+1")
LONG = ("l" * 4000, "\udcff" * 300)
NAMED = (*HOSTILE_NAMES, *COMMANDS, *MARKUP, *FORMULAS, *LONG)
# What a slash makes is a directory and what a dot makes is a type, which have rows of their own.
EVERY_NAME = tuple(dict.fromkeys(name.replace("/", "\u2215").replace(".", "\u00b7") for name in NAMED))

WITHOUT_NAMES = {"badge", "badge-json"}
EVERY_FORMAT = pytest.mark.parametrize("format_name", FORMATS)
SCREENS = {
    "pipe": Terminal(None, UNICODE, Palette(colour=False)),
    "narrow": Terminal(80, UNICODE, Palette(colour=True)),
    "ascii": Terminal(200, ASCII, Palette(colour=True)),
}


@cache
def report_on(name: str) -> Report:
    return make_everywhere(name)


@cache
def printed(format_name: str, name: str) -> str:
    """Return what a format makes of a report with `name` everywhere; of text, all that there is."""
    if format_name != TEXT:
        return "".join(find_renderer(format_name)(report_on(name)))
    return "".join(f"{line}\n" for terminal in SCREENS.values() for line in _lines(report_on(name), terminal))


def _lines(report: Report, terminal: Terminal) -> Iterator[str]:
    for options in (ChartOptions(), ChartOptions(files=True, verbose=True, cuts=True)):
        yield from render_text(report, terminal, options)
    yield from render_failures(report, terminal)


@EVERY_FORMAT
def test_no_name_holds_what_could_act(format_name: str) -> None:
    """Nothing but printable characters is printed, and line ends; all of it can be written as UTF-8."""
    for name in EVERY_NAME:
        text = ANSI.sub("", printed(format_name, name)).replace("\r\n", "\n")
        assert not can_act(text.replace("\n", "")), name
        assert text.encode().decode() == text


@EVERY_FORMAT
def test_names_are_shown(format_name: str) -> None:
    """Every format that names files shows what a name is, if it is short; brackets and the like as they are."""
    if format_name not in WITHOUT_NAMES:
        for name in ("[/x]", "[red]", "[bold red]x[/]", "日本語.py", "a b", "plain.py"):
            text = ANSI.sub("", printed(format_name, name))
            assert name in text or json.dumps(name)[1:-1] in text, name


def test_a_badge_names_nothing() -> None:
    """What stands beside the code of others shows numbers alone."""
    for format_name in WITHOUT_NAMES:
        assert len({printed(format_name, name) for name in EVERY_NAME}) == 1


@EVERY_FORMAT
def test_no_name_makes_a_line(format_name: str) -> None:
    """There are as many lines as with a plain name, but where the same list takes another room."""
    for name in EVERY_NAME:
        if len(name) < 40 and format_name not in {TEXT, "html"}:  # these arrange names by their width
            lines, plain = (printed(format_name, each).count("\n") for each in (name, PLAIN))
            assert lines == plain, name


@EVERY_FORMAT
def test_no_name_is_a_command_to_a_runner(format_name: str) -> None:
    """In a log, no line is a command but those of the one format that is made of them, and these are as many."""
    plain = [_kind(command) for command in find_commands(printed(format_name, PLAIN))]
    assert bool(plain) == (format_name == "github")
    for name in EVERY_NAME:
        found = find_commands(printed(format_name, name))
        assert [_kind(command) for command in found] == plain, name


def test_data_is_exact() -> None:
    """What is written differently for a log is the same name to who reads the JSON."""
    for name in EVERY_NAME:
        paths = {file["path"] for file in json.loads(printed("json", name))["files"]}
        assert (name in paths) != ("\udcff" in name), name


def test_an_annotation_points_where_it_should() -> None:
    """What the runner decodes is the file that is meant, and the line."""
    for name in EVERY_NAME:
        commands = [each for each in find_commands(printed("github", name)) if isinstance(each, Command)]
        files = {command.properties["file"] for command in commands if "file" in command.properties}
        assert escape_name(name) in files
        assert files <= {escape_name(path) for path in (name, f"d/{name}", f"{name}/other", "other.x")}
        assert {command.properties.get("line", "1") for command in commands} <= {"1", "2", "3"}


@EVERY_FORMAT
def test_no_name_is_an_element(format_name: str) -> None:
    """Where the format is markup, a parser finds the elements and attributes that there are without the name."""
    if printed(format_name, PLAIN).lstrip().startswith("<"):
        plain = _Elements.of(printed(format_name, PLAIN))
        assert plain
        for name in EVERY_NAME:
            assert _Elements.of(printed(format_name, name)) == plain, name


def test_no_name_is_markdown() -> None:
    """A renderer finds the HTML, the tables and the blocks of code that there are without the name."""
    plain = read_page(printed("markdown", PLAIN))
    for name in EVERY_NAME:
        if len(name) < 40:
            page = read_page(printed("markdown", name))
            assert page.acting == plain.acting, name
            assert [[len(row) for row in table] for table in page.tables] == [
                [len(row) for row in table] for table in plain.tables
            ], name
            assert len(page.blocks) == len(plain.blocks), name


def test_no_name_is_a_formula() -> None:
    """No cell begins with what a spreadsheet computes, but numbers of ours."""
    for name in EVERY_NAME:
        for row in csv.DictReader(printed("csv", name).split("\r\n")[:-1], strict=True):
            assert not row["path"].lstrip().startswith(("=", "+", "-", "@", "\t", "\r")), name
            assert set(row) == set(csv.DictReader([printed("csv", PLAIN).split("\r\n")[0]]).fieldnames or ())


class _Elements(HTMLParser):
    """The kinds of elements in a text, each with the names of its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, tuple[str, ...]]] = set()

    @classmethod
    def of(cls, text: str) -> set[tuple[str, tuple[str, ...]]]:
        """Return what is found in `text`."""
        parser = cls()
        parser.feed(text)
        parser.close()
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        self.found.add((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_comment(self, data: str) -> None:
        """Take note of a comment."""
        self.found.add(("comment", (data,)))


def _kind(command: Command | str) -> str:
    return command.name if isinstance(command, Command) else command
