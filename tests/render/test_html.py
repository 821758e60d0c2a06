"""The page without a browser: what it says, how large it can be, and that nothing in it can act."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.model import Cut, CutReason, Origin, Plan, PlanLine, Reason, Report, Rule, Skipped
from loopflow.render.html import render_html
from tests.support.page import Page
from tests.support.profiles import HOSTILE_NAMES, make_profile, make_report
from tests.support.reports import ANY_NAME, judged, make_compared, placed
from tests.support.screen import can_act

SAMPLE = {"README.md": 5, "src/main.py": 70, "src/api/get.py": 25}
LARGEST_PAGE = 3_000_000  # bytes


def page_of(report: Report) -> Page:
    return Page("".join(render_html(report)))


MANY: Mapping[str, Callable[[int], str]] = {
    "one directory": lambda number: f"directory/{number:06}-{'long' * 12}.py",
    "a directory each": lambda number: f"top{number % 7}/{number:06}-{'long' * 12}/file.py",
    "short names": lambda number: f"{number // 2}/{number % 2}",
    "deep": lambda number: f"{'/'.join(f'level{number % at}' for at in range(2, 8))}/{number}.py",
    "a type each": lambda number: f"file.{number}{'x' * 60}",
}


@pytest.mark.parametrize("name", MANY.values(), ids=MANY)
def test_a_page_has_a_largest_size(name: Callable[[int], str]) -> None:
    """However many files, directories and types there are, or are gone, and nothing of the sum is lost."""
    tokens = {name(number): 1 + number % 997 for number in range(20_000)}
    report = make_compared(tokens, {path: count + 99_000 for path, count in tokens.items()})
    text = "".join(render_html(report))
    assert len(text.encode()) < LARGEST_PAGE
    cells = Page(text).data["cells"]
    assert sum(row[3] for row in cells[1:] if row[0] == 0 and row[8]) == report.profile.total.tokens == cells[0][3]
    half = dict(list(tokens.items())[::2])
    assert len("".join(render_html(make_compared(half, tokens))).encode()) < LARGEST_PAGE


def test_names_of_any_length_fit() -> None:
    """A name of thousands of characters is shown without its middle; a page of them keeps its size."""
    report = make_report({f"{number}{'é' * 1990}.py": 5000 - number for number in range(3000)})
    text = "".join(render_html(report))
    assert len(text.encode()) < LARGEST_PAGE
    assert max(len(row[1]) for row in Page(text).data["cells"]) < 130


def hostile_report(names: list[str]) -> Report:
    """Return a report that says each name wherever a report can say one."""
    paths = [f"{name}/{name}" for name in names]
    skipped = [Skipped(f"{name}.png", Reason.UNREADABLE, name) for name in names]
    report = make_compared(dict.fromkeys(paths, 10), {"old": 9}, moves={paths[0]: names[-1]}, skipped=skipped)
    report = judged(report, [placed(Rule(names[0], total=1, file=1), file=names[-1])], remarks=["a remark"])
    cuts = tuple(Cut(CutReason.DATA, name, (path,), 10, path) for name, path in zip(names, paths, strict=True))
    plan = Plan(12, 3, tuple(PlanLine(name, 10, "data") for name in names), 5, fits=False)
    origin = Origin(names[0], date(2026, 11, 27), "1a2b3c4" + 33 * "d", names[-1])
    return Report(report.profile, tuple(names), report.diff, report.judgement, cuts, plan, origin=origin)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_becomes_markup(name: str) -> None:
    """A page has the same elements and attributes whatever names are in it, and no character that could act."""
    harmless = re.sub("[^/.]", "x", name)
    plain, hostile = (hostile_report([each, f"{each}2"]) for each in (harmless, name))
    text = "".join(render_html(hostile))
    page, expected = Page(text), page_of(plain)
    assert page.tags == expected.tags
    assert [set(attributes) for _, attributes in page.elements if "href" in attributes] == [{"href"}]
    assert not can_act(text.replace("\n", ""))


@settings(max_examples=20)
@given(st.lists(ANY_NAME.filter(lambda name: name and "/" not in name and "\0" not in name), min_size=1, unique=True))
def test_a_page_can_always_be_written(names: list[str]) -> None:
    """Whatever names there are, the page is UTF-8, and its data is what a script can read."""
    text = "".join(render_html(make_report(dict.fromkeys(names, 1))))
    assert Page(text.encode().decode()).data["cells"][0][3] == len(names)


def test_nothing_but_the_pages_own_style_and_script_may_run() -> None:
    """The policy names the digests of the one style and the one script, and allows nothing else."""
    page = page_of(hostile_report(["a.py", "b.py"]))
    policy = next(attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes)
    digests = {tag: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for tag, text in page.sources}
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digests['script']}'; style-src 'sha256-{digests['style']}';"
        " base-uri 'none'; form-action 'none'"
    )
    assert [tag for tag, _ in page.sources] == ["style", "script", "script"]


def test_the_page_refers_to_nothing() -> None:
    """No attribute loads, runs or styles anything, and the only links are within the page."""
    for tag, attributes in page_of(hostile_report(["a.py", "b.py"])).elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "image", "use", "a:x"}
        for name, value in attributes.items():
            assert name not in {"style", "src", "srcset", "action", "formaction", "ping", "background"}
            assert not name.startswith("on")
            assert name != "href" or str(value).startswith("#")


def test_what_a_page_says() -> None:
    """Totals, both charts, the largest files; and without anything else to say, nothing else."""
    page = page_of(make_report(SAMPLE))
    assert page.text.startswith(
        "100 tokens in 3 files Token profile Work tree Dark"
        " Tokens 100 counted with o200k_base Files 3 400 bytes of text"
    )
    assert "By directory directory tokens % total % parent files . 100 100.0 100.0 3 src/ 95 95.0 95.0 2" in page.text
    assert "By file type type tokens % total files .py 95 95.0 2 .md 5 5.0 1" in page.text
    assert "Largest files file tokens % total src/main.py 70 70.0 src/api/get.py 25 25.0" in page.text
    for absent in ("Budget", "Largest changes", "left out", "window", "Skipped", "Incomplete", "failed"):
        assert absent not in page.text


def test_a_page_says_where_it_comes_from() -> None:
    """The repository is in the title and the heading, and beside it what was read, its commit, and the day."""
    origin = Origin("repo", date(2026, 11, 27), "1a2b3c4" + 33 * "d", "Add it")
    assert page_of(replace(make_report(SAMPLE), origin=origin)).text.startswith(
        "repo: 100 tokens in 3 files Token profile of repo work tree at 1a2b3c4 · Add it · 2026-11-27 Dark Tokens"
    )


def test_a_page_says_what_changed() -> None:
    """The growth of the total, of every row, and what changed most, with where it came from."""
    page = page_of(
        make_compared({"src/a.py": 30, "to/b.py": 5}, {"src/a.py": 20, "b.py": 5}, moves={"to/b.py": "b.py"})
    )
    assert "Change +10 +40.0% since origin/main" in page.text
    assert "Work tree: 10 tokens more than origin/main (+40.0%)." in page.text
    assert "src/ 30 +10 +50.0% 20 85.7 85.7 1" in page.text
    assert "src/a.py +10 +50.0% 20 30 grown" in page.text
    assert "to/b.py from b.py 0 0.0% 5 5 moved" in page.text
    rows = {row[1]: row[-2:] for row in page.data["cells"]}
    assert rows == {
        ".": [25, "+40.0%"],
        "src": [20, "+50.0%"],
        "to": [None, "new"],
        "a.py": [20, "+50.0%"],
        "b.py": [5, "0.0%"],
    }


def test_a_page_says_what_was_judged() -> None:
    """Rules, the worst first, with what failed and what to do about it before all else."""
    report = judged(make_compared({"a.py": 90}, {"a.py": 10}), [Rule("wide", total=900), placed(Rule("api", total=20))])
    page = page_of(report)
    assert (
        "Budget Over 1 limit of 2 exceeded What failed, and what to do FAIL api, total: 90 tokens, 70 more" in page.text
    )
    assert "to raise the limit for good: loopflow.toml:1, total = 90" in page.text
    assert "api, total fail 90 20 450.0 wide, total ok 90 900 10.0" in page.text
    assert "Budget Within 1 limit kept" in page_of(judged(make_report(SAMPLE), [Rule("wide", total=900)])).text


def test_a_page_says_what_could_be_left_out_and_what_is_missing() -> None:
    """Candidates with their evidence, a plan with what to write, gaps as a warning, and every skipped file."""
    skipped = [Skipped("a.png", Reason.BINARY), Skipped("secret", Reason.UNREADABLE, "permission denied")]
    cut = Cut(CutReason.DATA, "a table", ("README.md",), 5, "README.md")
    plan = Plan(80, 20, (PlanLine("/src/", 19, "source"),), 5, fits=True)
    page = page_of(Report(make_profile(SAMPLE, skipped), ("nowhere",), None, None, (cut,), plan))
    assert "Could be left out 5.0% 5 tokens" in page.text
    assert "README.md 5 5.0 embedded data a table" in page.text
    assert 'exclude = [ "/src/", # 19 source ]' in page.text
    assert "Incomplete. 1 file could not be counted: see what was skipped." in page.text
    assert "Nothing is listed below nowhere." in page.text
    assert "1 file: unreadable secret permission denied 1 file: binary a.png" in page.text


def test_long_lists_say_what_they_leave_out() -> None:
    """What changed, what failed, what could be left out and what was skipped are cut, with the number of the rest."""
    names = [f"{number}.py" for number in range(250)]
    skipped = [Skipped(f"{name}.png", Reason.BINARY) for name in names]
    report = make_compared(dict.fromkeys(names, 10), {}, skipped=skipped)
    report = judged(report, [Rule(name, paths=(name,), total=1, file=2) for name in names])
    cuts = tuple(Cut(CutReason.DATA, "a table", (name,), 10, name) for name in names)
    page = page_of(Report(report.profile, diff=report.diff, judgement=report.judgement, cuts=cuts))
    for what in ("40 more changes", "290 more limits", "40 more candidates", "50 more files"):
        assert f"and {what}" in page.text


def test_an_empty_report_is_a_page() -> None:
    """With nothing counted there is nothing to draw, and it says so."""
    page = page_of(make_report({}))
    assert "There is nothing to draw" in page.text
    assert page.data["cells"] == [[0, ".", 0, 0, 0, -1, "0.0", "0.0", ""]]
