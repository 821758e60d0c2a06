"""The forms of a digest: they keep to their tokens, tell what failed, and nothing of a log can act in them."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.model import Digest, Priority
from loopflow.logs.render.github import fit_github
from loopflow.logs.render.html import render_html
from loopflow.logs.render.markdown import Bounds, fit_markdown
from loopflow.logs.running import Reduced
from loopflow.render.workflow import MOST
from tests.support.examples import some
from tests.support.markdown import read_page
from tests.support.reducing import HOSTILE, count, reduce_text
from tests.support.workflow import Command, find_commands

TRACE = """\
Traceback (most recent call last):
  File "shop/cart.py", line {line}, in total
    return prices[{line}]
  File "/usr/lib/python3.11/site-packages/lib.py", line 9, in get
    raise KeyError(key)
KeyError: 'item {word}'
"""
WORDS = ("apple", "pear", "plum", "fig", "quince", "medlar", "sloe", "damson", "cherry", "grape", "melon", "date")
NOISE = "".join(f"step {number} of the build is done\n" for number in range(2_000))
FAILING = NOISE + "".join(TRACE.format(line=10 + at, word=word) for at, word in enumerate(WORDS)) + NOISE

LOGS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=30), max_size=30).map("\n".join)
T = TypeVar("T")
FITS = st.integers(60, 3_000)


def markdown(reduced: Reduced, fit: int) -> str:
    return fit_markdown(reduced, Bounds(count, fit)).text


def commands_of(text: str) -> list[Command]:
    found = find_commands(text)
    commands = [command for command in found if isinstance(command, Command)]
    assert commands == found
    assert len(commands) == text.count("\n")
    return commands


def reduced_or_none(text: str, fit: int) -> Reduced | None:
    return _unless_too_short(lambda: reduce_text(text, fit))


def _unless_too_short(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except LoopflowError as error:
        if error.exit_code is not ExitCode.OVER_BUDGET:
            raise
    return None


@pytest.mark.parametrize("fit", [120, 300, 1_000, 4_000, 20_000])
def test_markdown_has_at_most_the_tokens_that_are_allowed(fit: int) -> None:
    """The finished document is counted, and its own number in it is true."""
    text = markdown(reduce_text(FAILING, fit), fit)
    assert count(text) <= fit
    named = re.search(r"-> ([\d,]+) of", text)
    assert named is None or int(named[1].replace(",", "")) == count(text)


def test_markdown_uses_the_room_that_there_is() -> None:
    """What a table takes is not twice taken from the digest."""
    assert count(markdown(reduce_text(FAILING, 1_000), 1_000)) > 800


def test_markdown_tells_what_failed_in_a_table() -> None:
    """Each failure has its reference, where it is, how often, and its headline; then comes the digest."""
    reduced = reduce_text(FAILING, 6_000)
    page = read_page(markdown(reduced, 6_000))
    [table] = page.tables
    assert table[0] == ["Reference", "Priority", "Lines", "Times", "What"]
    refs = {each.failure.ref for each in reduced.digest.outcomes if each.failure.block.priority is Priority.CRITICAL}
    assert {row[0] for row in table[1:]} >= refs
    assert "KeyError: 'item apple'" in {row[4] for row in table}
    assert page.headings[0].startswith("build.log: critical 12 of 12")
    [digest] = page.blocks
    assert "KeyError: 'item medlar'" in digest


def test_a_log_that_fits_stands_whole_in_markdown() -> None:
    """All its lines are in the block of code."""
    page = read_page(markdown(reduce_text("one\ntwo", 200), 200))
    assert page.blocks == ["one\ntwo\n"]


def test_no_document_is_no_answer() -> None:
    """Where too few tokens are allowed for any document, that is an error, and no document that is too long."""
    with pytest.raises(LoopflowError, match="too few for Markdown") as raised:
        markdown(reduce_text("ok\n" * 5, 10), 10)
    assert raised.value.exit_code is ExitCode.OVER_BUDGET


def test_markdown_keeps_to_bytes_too() -> None:
    """The summary of a step has a size of its own."""
    text = fit_markdown(reduce_text(FAILING, 20_000), Bounds(count, 20_000, 3_000)).text
    assert 1_500 < len(text.encode()) <= 3_000


@some(20)
@given(LOGS, FITS)
def test_nothing_of_a_log_acts_in_markdown(log: str, fit: int) -> None:
    """No HTML, no link, no table or block of its own; no line that GitHub's runner obeys; never too many tokens."""
    reduced = reduced_or_none(log, fit)
    if reduced is None:
        return
    text = _unless_too_short(lambda: markdown(reduced, fit))
    if text is None:
        return
    page = read_page(text)
    assert count(text) <= fit
    assert page.acting == []
    assert find_commands(text) == []
    assert len(page.headings) == 1
    assert len(page.blocks) <= 1
    assert len(page.tables) <= 1
    assert all(len(row) == 5 for table in page.tables for row in table)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029]", text)


@pytest.mark.parametrize("name", ["`x` | </h3><script>hit()</script>", "a\n::error::b", "##[error]x", "\u202egol.x"])
def test_the_name_of_a_log_acts_in_no_form(name: str) -> None:
    """It is whatever somebody called a file, or the command that wrote the log."""
    reduced = reduce_text(FAILING, 3_000, name)
    text = markdown(reduced, 3_000)
    page = read_page(text)
    assert (page.acting, len(page.headings), find_commands(text)) == ([], 1, [])
    assert {each.name for each in commands_of(fit_github(reduced.digest, count, 3_000))} == {"error", "notice"}
    assert read_html(reduced.digest).elements <= USUAL.elements


def test_annotations_say_where_and_what() -> None:
    """An error for each critical failure at its own last frame, ten of them, and a notice of the rest."""
    commands = commands_of(fit_github(reduce_text(FAILING, 20_000).digest, count, 20_000))
    errors = [command for command in commands if command.name == "error"]
    assert len(errors) == MOST
    assert {(each.properties["file"], each.properties["line"]) for each in errors} <= {
        ("shop/cart.py", str(10 + at)) for at in range(len(WORDS))
    }
    assert errors[0].message.startswith("KeyError: 'item apple'\n")
    assert [command.message for command in commands if command.name == "notice"] == ["2 more critical in build.log"]


@pytest.mark.parametrize("fit", [40, 200, 1_000])
def test_annotations_have_at_most_the_tokens_that_are_allowed(fit: int) -> None:
    """Messages get shorter first, then there are fewer; how many there are is told all the same."""
    digest = reduce_text(FAILING, 1_000).digest
    text = fit_github(digest, count, fit)
    assert count(text) <= fit
    commands = commands_of(text)
    told = sum(command.name == "error" for command in commands)
    notice = [command.message for command in commands if command.name == "notice"]
    assert notice == [f"{12 - told} more critical in build.log"]


def test_the_least_that_annotations_need_is_named() -> None:
    """With it they can be printed, and with one token less they cannot."""
    digest = reduce_text(FAILING, 1_000).digest
    with pytest.raises(LoopflowError, match="too few for an annotation") as raised:
        fit_github(digest, count, 3)
    least = int(re.findall(r"\d+", raised.value.hint)[0])
    assert count(fit_github(digest, count, least)) == least
    with pytest.raises(LoopflowError):
        fit_github(digest, count, least - 1)


def test_a_log_without_failures_has_no_annotations() -> None:
    """There is nothing to point at."""
    assert fit_github(reduce_text("one\ntwo\n", 100).digest, count, 100) == ""


@some(20)
@given(LOGS)
def test_nothing_of_a_log_is_a_command(log: str) -> None:
    """Each line is one command of ours: an error, a warning or the notice, with properties of ours."""
    reduced = reduced_or_none(log, 2_000)
    if reduced is None:
        return
    for command in commands_of(fit_github(reduced.digest, count, 2_000)):
        assert command.name in {"error", "warning", "notice"}
        assert set(command.properties) <= {"file", "line", "title"}


class _Reader(HTMLParser):
    """Gathers the elements of a page and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_html(digest: Digest) -> _Reader:
    reader = _Reader()
    reader.feed("".join(render_html(digest)))
    return reader


USUAL = read_html(reduce_text(FAILING, 2_000).digest)


def test_a_page_tells_every_failure_with_all_its_lines() -> None:
    """Also what there was no room for in the digest; with references and numbers of lines."""
    digest = reduce_text(FAILING, 300).digest
    text = "".join(render_html(digest))
    for outcome in digest.outcomes:
        assert f'id="{outcome.failure.ref}"' in text
    for at, word in enumerate(WORDS):
        number = 2_000 + 6 * at + 6
        assert f"<span>{number}</span><code>KeyError: &#39;item {word}&#39;</code>" in text


def test_a_page_needs_no_script() -> None:
    """There is none in it, nor anything to fetch."""
    assert USUAL.elements.isdisjoint({"script", "img", "link", "iframe", "form", "noscript"})


def test_a_page_tells_what_else_happened_and_the_end() -> None:
    """Kinds of lines with their number, and the last lines with theirs."""
    text = "".join(render_html(reduce_text(FAILING, 2_000).digest))
    assert "What else happened" in text
    assert "<span>4072</span><code>step 1999 of the build is done</code>" in text


def test_a_page_of_a_log_that_fits_is_all_of_it() -> None:
    """Every line stands there with its number."""
    text = "".join(render_html(reduce_text("one\n\n[three\n", 200).digest))
    assert "<span>3</span><code>[three</code>" in text
    assert "The whole log" in text


@some(20)
@given(LOGS, FITS)
def test_nothing_of_a_log_is_an_element(log: str, fit: int) -> None:
    """A page has the elements and attributes that every page has, whatever a line says."""
    reduced = reduced_or_none(log, fit)
    if reduced is None:
        return
    page = read_html(reduced.digest)
    assert page.elements <= USUAL.elements | {"ol", "li"}
    assert page.attributes <= USUAL.attributes
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029]", "".join(page.text))
