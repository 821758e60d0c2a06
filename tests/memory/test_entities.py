"""Texts of strangers become lines that cannot act, and are read again as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.memory.entities import make_row, make_run, name_kind, newest_rows, read_row, read_run, read_time
from loopflow.memory.lines import clean
from loopflow.memory.model import Entity, Failed
from tests.memory.runs import REFS
from tests.memory.runs import make_run as make

HOSTILE = st.text(st.characters(), max_size=300)
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


@given(HOSTILE, HOSTILE, st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_row_is_one_line_and_is_read_again(log: str, headline: str, first: int, times: int) -> None:
    """Whatever the log is called and the failure says."""
    made = make_row(Failed(REFS[0], "x", times, log, first, first + 3, headline), "TestRun:20250507223045", 1)
    assert len(made.text) <= 160
    assert made.text.isprintable()
    found = read_row(made.text)
    assert found is not None
    assert (found.ref, found.times, found.run) == (REFS[0], times + 1, "TestRun:20250507223045")
    assert found.text == made.text


@given(HOSTILE)
def test_what_was_cleaned_stays_as_it_is(text: str) -> None:
    """An answer is cleaned again on its way out: nothing is escaped twice."""
    once = clean(text, 160)
    assert len(once) <= 160
    assert once.isprintable()
    assert clean(once, 160) == once


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"no pears\n\x1b[31m token={TOKEN}", "no pears \\x1b[31m token=[redacted:github-token]"),
        ("a" * 200, "a" * 157 + "..."),
        ("::error::x", "\\x3a:error::x"),
        ("C:\\shop\\cart.py", "C:\\shop\\cart.py"),
        ("x" * 150 + f" {TOKEN}", None),
        ("\ud800 lone", "\\ud800 lone"),
    ],
)
def test_what_is_kept_of_a_text(text: str, kept: str | None) -> None:
    """One line, printable, and no part of a secret."""
    found = clean(text, 160)
    assert found == kept or kept is None
    assert TOKEN[:8] not in found


def test_a_run_is_read_again() -> None:
    """With all of its references, however many."""
    past = read_run(make_run(make(0, *REFS), "TestRun:20250507223045-3"))
    assert past is not None
    assert (past.id, past.log, past.project, past.lines, past.refs) == ("id0", "app.log", "shop", "48213", REFS)
    assert past.failures == "critical 8"


@pytest.mark.parametrize("name", ["TestRun:20251332223045", "TestRun:x", "Error:x", "TestRun:20250507223045-A"])
def test_what_is_no_run(name: str) -> None:
    """Entities of others are not taken for runs."""
    assert read_time(name) is None
    assert read_run(Entity(name, "TestRun")) is None


def test_a_row_that_was_left_behind_does_not_count() -> None:
    """Where a change was interrupted, the larger of two rows holds."""
    rows = [make_row(Failed(REFS[0], "x", 2, "a", 1, 2, "h"), f"TestRun:2025050722304{each}", each) for each in (1, 0)]
    found = newest_rows(Entity("Error:x", "ErrorType", tuple(row.text for row in rows)))
    assert found[REFS[0]].times == 3


def test_names_of_kinds() -> None:
    """One line, and never empty."""
    assert [name_kind(kind) for kind in ("AssertionError", "", "a\nb")] == [
        "Error:AssertionError",
        "Error:unknown",
        "Error:a b",
    ]
