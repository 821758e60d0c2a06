"""The table for spreadsheets: whole, exact, adding up, and without formulas."""

import csv
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.model import Profile, Reason, Report, Skipped
from loopflow.render.csv import HEADER, render_csv
from tests.support.profiles import make_report, profiles
from tests.support.reports import ANY_NAME, make_compared
from tests.support.screen import can_act

SKIPPED = [Skipped("a.png", Reason.BINARY), Skipped("big", Reason.TOO_LARGE)]
Rows = list[dict[str, str]]


def rows_of(report: Report) -> Rows:
    """Read the table with Python's csv module, strictly."""
    text = "".join(render_csv(report))
    reader = csv.DictReader(text.split("\r\n")[:-1], strict=True)
    rows = list(reader)
    assert tuple(reader.fieldnames or ()) == HEADER
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def test_the_whole_of_a_small_report() -> None:
    """A header, then directories with the total first, types, files, and what was skipped."""
    assert "".join(render_csv(make_report({"README.md": 5, "src/main.py": 75}, SKIPPED))).split("\r\n") == [
        "kind,path,tokens,files,bytes,percent_of_parent,percent_of_total,base,delta",
        "directory,.,80,2,320,100.0,100.0,,",
        "directory,src,75,1,300,93.75,93.75,,",
        "type,.py,75,1,300,,93.75,,",
        "type,.md,5,1,20,,6.25,,",
        "file,README.md,5,1,20,6.25,6.25,,",
        "file,src/main.py,75,1,300,100.0,93.75,,",
        "skipped_binary,a.png,,,,,,,",
        "skipped_too_large,big,,,,,,,",
        "",
    ]


def test_the_whole_of_a_comparison() -> None:
    """What is new was 0, what is gone has no files, what moved has not changed."""
    now, was = {"a.py": 30, "new.md": 7, "to/x.py": 9}, {"a.py": 10, "gone/b.rs": 4, "from/x.py": 9}
    report = make_compared(now, was, moves={"to/x.py": "from/x.py"})
    assert "".join(render_csv(replace(report))).split("\r\n")[1:-1] == [
        "directory,.,46,3,184,100.0,100.0,23,23",
        "directory,to,9,1,36,19.565217391304348,19.565217391304348,0,9",
        "directory,from,0,0,0,0.0,0.0,9,-9",
        "directory,gone,0,0,0,0.0,0.0,4,-4",
        "type,.py,39,2,156,,84.78260869565217,19,20",
        "type,.md,7,1,28,,15.217391304347826,0,7",
        "type,.rs,0,0,0,,0.0,4,-4",
        "file,a.py,30,1,120,65.21739130434783,65.21739130434783,10,20",
        "file,new.md,7,1,28,15.217391304347826,15.217391304347826,0,7",
        "file,to/x.py,9,1,36,100.0,19.565217391304348,9,0",
        "file,gone/b.rs,0,0,0,0.0,0.0,4,-4",
    ]


@given(now=profiles(), was=profiles())
def test_columns_add_up(now: Profile, was: Profile) -> None:
    """Types and files each make up the first row, in tokens, files, bytes, and in what was before and the change."""
    tokens = {file.path: file.tokens for file in now.files}
    rows = rows_of(make_compared(tokens, {file.path: file.tokens for file in was.files}))
    total = rows[0]
    for kind in ("type", "file"):
        for column in ("tokens", "files", "bytes", "base", "delta"):
            assert sum(int(row[column]) for row in rows if row["kind"] == kind) == int(total[column]), (kind, column)
    assert all(int(row["base"]) + int(row["delta"]) == int(row["tokens"]) for row in rows)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", " =1", "\u3000-1", "'quoted'"])
def test_formulas_are_defused(name: str) -> None:
    """What a spreadsheet would compute is text, with an apostrophe that can be taken away again."""
    report = make_report({name: 1}, [Skipped(f"{name}.png", Reason.BINARY)])
    names = [row["path"] for row in rows_of(report) if row["kind"] in {"file", "skipped_binary"}]
    assert names == [f"'{name}", f"'{name}.png"]


@pytest.mark.parametrize("name", ["a=b", "1-2", "me@home", "it's", "a,b", 'say "x"', "日本語.py"])
def test_other_names_are_left_alone(name: str) -> None:
    """Quoting is enough for what only separates, and nothing is done to what is plain."""
    assert rows_of(make_report({name: 1}))[-1]["path"] == name


@pytest.mark.parametrize(
    ("name", "shown"), [("\tx", r"\tx"), ("\r=1", r"\r=1"), ("a\nb", r"a\nb"), ("\udcff", r"\xff")]
)
def test_what_is_no_text_is_escaped(name: str, shown: str) -> None:
    """A name stays in its cell and its line, and can be written as UTF-8."""
    assert rows_of(make_report({name: 1}))[-1]["path"] == shown


@given(names=st.sets(ANY_NAME.filter(bool), min_size=1, max_size=5))
def test_names_can_be_read_back(names: set[str]) -> None:
    """Take one apostrophe away and turn the escapes back: these are the names, and none begins a formula."""
    names = {f"d/{name}" for name in names} | {name for name in names if "/" not in name}
    rows = rows_of(make_report(dict.fromkeys(names, 1)))
    shown = [row["path"] for row in rows if row["kind"] == "file"]
    assert {_read_back(name) for name in shown} == names
    for cell in shown:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not can_act(cell)


def _read_back(cell: str) -> str:
    escapes = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\\\": "\\"}

    def turn_back(found: re.Match[str]) -> str:
        escaped = found[0]
        if escaped in escapes:
            return escapes[escaped]
        code = int(escaped.lstrip("\\xuU"), 16)
        return chr(code + 0xDC00 if escaped[1] == "x" and code > 0x7F else code)

    return re.sub(r"\\(?:[nrt\\]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", turn_back, cell.removeprefix("'"))
