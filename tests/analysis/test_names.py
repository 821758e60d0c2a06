"""escape_name() and path_bytes(): names that stay on their line, and the bytes that they stand for."""

import os
import re
import tomllib
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.analysis.names import escape_name, is_full_id, path_bytes, quote_toml, shorten_ids, sort_by_path
from loopflow.model import Reason, Skipped

_ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
)
ANY_NAME = st.builds(str.__add__, st.sampled_from(["", "::", " ::", "##["]), _ANY_TEXT)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("src/a.py", "src/a.py", id="plain"),
        pytest.param("", "", id="empty"),
        pytest.param("two words", "two words", id="blank"),
        pytest.param("naïve/日本語/😀", "naïve/日本語/😀", id="letters of all kinds"),
        pytest.param("e\u0301", "e\u0301", id="combining"),
        pytest.param("'\"`$(x)*[red]<b>|", "'\"`$(x)*[red]<b>|", id="markup of others is not ours to escape"),
        pytest.param("a\nb", "a\\nb", id="line feed"),
        pytest.param("a\rb", "a\\rb", id="carriage return"),
        pytest.param("a\tb", "a\\tb", id="tab"),
        pytest.param("a\\nb", "a\\\\nb", id="a backslash is one"),
        pytest.param("\x1b[31m", "\\x1b[31m", id="escape"),
        pytest.param("\0\x07\x7f", "\\x00\\x07\\x7f", id="control"),
        pytest.param("\x85\x9b", "\\u0085\\u009b", id="control of eight bits"),
        pytest.param("\u202egpj\u202c", "\\u202egpj\\u202c", id="bidirectional"),
        pytest.param("\u2066\u200f\u061c", "\\u2066\\u200f\\u061c", id="more of them"),
        pytest.param("\u200b\ufeff\u00ad", "\\u200b\\ufeff\\u00ad", id="invisible"),
        pytest.param("\u2028\u2029", "\\u2028\\u2029", id="line and paragraph separator"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag"),
        pytest.param("\ue000\U0010ffff", "\\ue000\\U0010ffff", id="private and unassigned"),
        pytest.param("lat\udce9n", "lat\\xe9n", id="a byte that is not UTF-8"),
        pytest.param("\udc80\udcff", "\\x80\\xff", id="the first such byte and the last"),
        pytest.param("\udc7f\udd00", "\\udc7f\\udd00", id="those beside them"),
        pytest.param("\uffff\U00010ffe", "\\uffff\\U00010ffe", id="the last code of four digits"),
        pytest.param("::error::x", "\\x3a:error::x", id="a command to GitHub's runner"),
        pytest.param(" \u3000::x", " \u3000\\x3a:x", id="one after blanks"),
        pytest.param("a::b/:c", "a::b/:c", id="colons elsewhere"),
        pytest.param("x##[add-mask]y##[", "x##\\x5badd-mask]y##\\x5b", id="an older command"),
        pytest.param("[##]", "[##]", id="what only resembles one"),
        pytest.param("\ud800", "\\ud800", id="a surrogate that stands for no byte"),
    ],
)
def test_what_a_name_looks_like(name: str, shown: str) -> None:
    """What could act on a terminal or hide is escaped, and nothing else is."""
    assert escape_name(name) == shown


@given(ANY_NAME)
def test_an_escaped_name_cannot_act(name: str) -> None:
    """Whatever the name, what is shown is one line of printable characters that can be encoded."""
    shown = escape_name(name)
    assert all(unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029" for char in shown)
    assert len(shown.splitlines()) <= 1
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown
    assert shown.encode().decode() == shown


@given(ANY_NAME)
def test_different_names_look_different(name: str) -> None:
    """An escaped name can be turned back, so that no two names look the same."""
    escapes = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\\\": "\\"}

    def turn_back(found: re.Match[str]) -> str:
        escaped = found[0]
        if escaped in escapes:
            return escapes[escaped]
        code = int(escaped.lstrip("\\xuU"), 16)
        return chr(code + 0xDC00 if escaped[1] == "x" and code > 0x7F else code)

    pattern = r"\\(?:[nrt\\]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
    assert re.sub(pattern, turn_back, escape_name(name)) == name


@given(ANY_NAME.filter(lambda name: not any("\udc80" <= char <= "\udcff" for char in name)))
def test_a_string_of_toml_is_read_back(name: str) -> None:
    """What is quoted stands on one line, is no command to a runner, and is the same text to who reads it."""
    quoted = quote_toml(name)
    assert quoted.isprintable()
    assert "##[" not in quoted
    assert tomllib.loads(f"text = {quoted}") == {"text": name}


@given(st.binary())
def test_bytes_survive(raw: bytes) -> None:
    """A path stands for the very bytes that it came from, as the file system sees them."""
    path = raw.decode("utf-8", "surrogateescape")
    assert path_bytes(path) == raw == os.fsencode(path)


@given(st.lists(ANY_NAME, max_size=6))
@example(["\udcff", "\U0001f600", "\uffff", "b", "a"])
@example(["b", "B", "a/b", "a-b", "a"])
def test_sorted_as_git_lists_them(names: list[str]) -> None:
    """Names are in the order of their bytes, which is not that of their characters where some are not UTF-8."""
    found = sort_by_path([Skipped(name, Reason.BINARY) for name in names])
    assert [each.path for each in found] == sorted(names, key=path_bytes)


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [
        ("0123456789" * 4, True, "01234567"),
        ("0123456789abcdef" * 4, True, "01234567"),
        ("0123456789" * 4 + "^2", False, "01234567^2"),
        ("main", False, "main"),
        ("0123456", False, "0123456"),
    ],
)
def test_ids_are_shown_by_their_first_digits(name: str, short: str, *, full: bool) -> None:
    """Whole ids of both kinds are shortened wherever they stand in the name of a revision, and nothing else is."""
    assert is_full_id(name) == full
    assert shorten_ids(name, 8) == short
