"""Every renderer on hostile names: what comes out is well-formed, and no name in it can act.

A report is made of names of any kind, in every place where a name can stand: files, directories, revisions, rules,
owners, evidence, details. Every format is then read back by a reader of its kind.
"""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from fuzz.draw import Draw
from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import ASCII, UNICODE, Palette, Terminal
from loopflow.model import Allowance, Cut, CutReason, Level, Place, Plan, PlanLine, Reason, Report, Rule, Skipped
from loopflow.render.context import RawLayout, XmlLayout
from loopflow.render.failures import render_failures
from loopflow.render.formats import RENDERERS, ChartOptions, find_renderer
from loopflow.render.text import render_text
from tests.support.markdown import read_page
from tests.support.reports import judged, make_compared
from tests.support.screen import ANSI, can_act
from tests.support.workflow import Command, find_commands

_MOST_FILES = 8
_COLUMNS = 9
_HTML_IN = 9  # one page of so many: it takes longer than all else
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FOLD = ("<details><summary>", "</details>")


def check(data: bytes) -> None:
    """Raise AssertionError, or whatever is raised, where anything of that does not hold."""
    draw = Draw(data)
    report = make_report(draw)
    for name in RENDERERS:
        if name == "html" and draw.number(_HTML_IN) != 1:
            continue
        text = "".join(find_renderer(name)(report))
        assert not can_act(text.replace("\r\n" if name == "csv" else "\n", "")), name
        _CHECKS[name](text, report)
        commands = find_commands(text)
        assert name == "github" or not commands, (name, commands)
    _check_text(draw, report)
    for layout in (XmlLayout(), RawLayout()):
        _check_context(layout, report)


def make_report(draw: Draw) -> Report:
    """Return a report in which everything that has a name has one of any kind."""
    tokens = _files(draw)
    skipped = [Skipped(draw.path(), draw.pick(tuple(Reason)), _detail(draw)) for _ in range(draw.number(3))]
    skipped = [skip for skip in skipped if _is_free(skip.path, tokens)]
    if not draw.yes():
        report = make_compared(tokens, {}, skipped=skipped)
        report = replace(report, diff=None)
    else:
        was = _files(draw)
        moves = {path: draw.path() for path in tokens if draw.number(3) == 1}
        report = make_compared(tokens, was, moves=moves, start=draw.name(), skipped=skipped)
    if draw.yes():
        remarks = [escape_name(draw.name()) for _ in range(draw.number(2))]
        report = judged(report, [_rule(draw, tokens) for _ in range(draw.number(3))], remarks=remarks)
    if draw.yes():
        report = replace(report, cuts=_cuts(draw, tokens))
    if draw.yes():
        report = replace(report, plan=_plan(draw))
    return report


def _files(draw: Draw) -> dict[str, int]:
    found: dict[str, int] = {}
    for _ in range(draw.number(_MOST_FILES)):
        path = draw.path()
        if _is_free(path, found):
            found[path] = draw.count()
    return found


def _is_free(path: str, others: Iterable[str]) -> bool:
    """Whether a file could be there beside the others: a file is no directory."""
    return not any(f"{other}/".startswith(f"{path}/") or path.startswith(f"{other}/") for other in others)


def _detail(draw: Draw) -> str:
    return draw.name() if draw.yes() else ""


def _rule(draw: Draw, tokens: Mapping[str, int]) -> Rule:
    paths = [path.split("/")[0] for path in tokens] or ["a"]
    return Rule(
        draw.name(),
        paths=(draw.pick(paths),) if draw.yes() else (),
        types=(draw.name(),) if draw.number(3) == 1 else (),
        total=draw.count() if draw.yes() else None,
        file=draw.count() if draw.yes() else None,
        growth=Allowance(tokens=draw.count()) if draw.yes() else Allowance(share=Fraction(1, 50)),
        level=draw.pick(tuple(Level)),
        places={scope: Place(draw.name(), draw.number(9) or None) for scope in ("total", "growth") if draw.yes()},
    )


def _cuts(draw: Draw, tokens: Mapping[str, int]) -> tuple[Cut, ...]:
    reasons = tuple(CutReason)
    return tuple(Cut(draw.pick(reasons), draw.name(), (path,), count, path) for path, count in tokens.items())


def _plan(draw: Draw) -> Plan:
    lines = tuple(PlanLine(draw.name(), draw.count(), "tests, by name") for _ in range(draw.number(3)))
    window = 1 + draw.count()
    return Plan(
        window, window // 8, lines, draw.count(), fits=draw.yes(), already=tuple(line.pattern for line in lines[:1])
    )


# --- What each format has to be ---


def _check_json(text: str, report: Report) -> None:
    document = json.loads(text)
    assert [file["tokens"] for file in document["files"]] == [file.tokens for file in report.profile.files]
    assert document["total"]["tokens"] == report.profile.total.tokens


def _check_markdown(text: str, _: Report) -> None:
    page = read_page(text)
    assert len(page.headings) == 1
    assert all(line.startswith(_FOLD) for line in page.acting), page.acting
    assert all(len({len(row) for row in table}) == 1 for table in page.tables)


def _check_csv(text: str, report: Report) -> None:
    rows = list(csv.reader(text.split("\r\n")[:-1], strict=True))
    assert {len(row) for row in rows} == {_COLUMNS}
    assert sum(row[0].startswith("skipped_") for row in rows) == len(report.profile.skipped)
    assert not any(row[1].lstrip().startswith(_FORMULA) for row in rows)


class _Page(HTMLParser):
    """The elements of a page, and what is in its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script" and data.strip():
            self.scripts.append(data)


def _check_html(text: str, _: Report) -> None:
    page = _Page(text)
    assert not page.tags & {"img", "iframe", "form", "object", "embed", "base", "link"}, page.tags
    assert not any(name.startswith("on") or name in {"style", "src"} for name, _ in page.attributes)
    assert all((value or "").startswith("#") for name, value in page.attributes if name == "href")
    assert text.count("</script>") == text.count("<script") == len(page.scripts)
    assert sum(script.lstrip().startswith("{") and bool(json.loads(script)) for script in page.scripts) == 1


def _check_github(text: str, _: Report) -> None:
    found = find_commands(text)
    assert len(found) == text.count("\n")
    for command in found:
        assert isinstance(command, Command)
        assert command.name in {"error", "warning"}
        assert set(command.properties) <= {"file", "line", "title"}


def _check_gitlab(text: str, _: Report) -> None:
    issues = json.loads(text)
    assert text.isascii()
    assert all(set(issue) == {"description", "check_name", "fingerprint", "severity", "location"} for issue in issues)


def _check_badge(text: str, _: Report) -> None:
    root = ET.fromstring(text)  # noqa: S314  our own
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg",
        "title",
        "clipPath",
        "rect",
        "g",
        "text",
    }


def _check_badge_json(text: str, _: Report) -> None:
    assert set(json.loads(text)) == {"schemaVersion", "label", "message", "color"}


_CHECKS: Mapping[str, Callable[[str, Report], None]] = {
    "json": _check_json,
    "markdown": _check_markdown,
    "html": _check_html,
    "csv": _check_csv,
    "github": _check_github,
    "gitlab": _check_gitlab,
    "badge": _check_badge,
    "badge-json": _check_badge_json,
}


def _check_text(draw: Draw, report: Report) -> None:
    colour = draw.yes()
    terminal = Terminal(draw.pick((None, 40, 80)), draw.pick((UNICODE, ASCII)), Palette(colour=colour))
    options = ChartOptions(draw.pick((None, 0, 1)), draw.yes(), draw.pick((None, 1)), draw.yes(), draw.yes())
    for line in (*render_text(report, terminal, options), *render_failures(report, terminal)):
        for row in line.split("\n"):
            assert not can_act(ANSI.sub("", row) if colour else row), row
            assert not find_commands(row), row


def _check_context(layout: XmlLayout | RawLayout, report: Report) -> None:
    for number, file in enumerate(report.profile.files, 1):
        before = layout.before(file.path, number)
        assert before.count("\n") == layout.before("a", number).count("\n")
        assert not can_act(before.replace("\n", "")), before
        assert not find_commands(before), before
