"""Each recogniser knows the lines of its tool's failures, which line says why, and where the next one begins."""

import pytest

from loopflow.logs.model import Priority
from loopflow.logs.recognisers.tables import RECOGNISERS
from tests.logs.assembled import blocks
from tests.logs.failures import FAILURES

_SILENT = {"commands"}
"""What is recognised to be left out."""


@pytest.mark.parametrize("name", FAILURES)
def test_failures_in_a_row_are_told_apart_whole(name: str) -> None:
    text, expected = FAILURES[name]
    found = [(block.recogniser, block.lines[0].number, block.lines[-1].number) for block in blocks(text)]
    assert found == [each[:3] for each in expected]


@pytest.mark.parametrize("name", FAILURES)
def test_the_headline_says_why(name: str) -> None:
    text, expected = FAILURES[name]
    for block, each in zip(blocks(text), expected, strict=True):
        assert each.headline in block.lines[block.headline].text


@pytest.mark.parametrize("name", FAILURES)
def test_the_kind_and_the_priority_are_those_of_the_tool(name: str) -> None:
    text, expected = FAILURES[name]
    found = [(block.kind, block.priority) for block in blocks(text)]
    assert found == [(each.kind, each.priority) for each in expected]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("name", FAILURES)
def test_it_is_the_same_wherever_the_reads_are_cut(name: str, size: int) -> None:
    text, _ = FAILURES[name]
    assert blocks(text, size) == blocks(text)


def test_every_recogniser_has_a_failure_that_it_finds() -> None:
    found = {each.recogniser for _, expected in FAILURES.values() for each in expected}
    assert {row.name for row in RECOGNISERS} - _SILENT <= found


NEAR = {
    "a heading of coverage": "___________ coverage: platform linux, python 3.11 ___________",
    "the word in a sentence": "A traceback is printed when a job stops.",
    "a unit of systemd": "● nginx.service - A high performance web server",
    "a closing bracket": "  ) as totals",
    "a test that is still to do": "not ok 4 - is fast # TODO",
    "a test that passed": "--- PASS: TestStock (0.00s)",
    "a message of a test that passed": "    noise_test.go:12: item 0: FAILED before, passes now",
    "a line of a Go program's log": "main.go:23: started",
    "a note of a compiler": "cart.c:4:21: note: declared here",
    "a file that is named after errors": "gcc -c -o errors.o src/error.c",
    "a number of a ticket": "BUG-123: the fix is in",
    "a bug in a sentence": "A BUG was fixed in 2.1",
    "a result of Maven": "[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0",
    "advice of Maven": "[ERROR] Re-run Maven using the -X switch to enable full debug logging.",
    "a heading": "=================================== FAILURES ===================================",
    "how it ends in a sanitizer": "==4619==ABORTING",
    "a test that passed in ctest": " 1/2 Test #1: shelf ....   Passed    0.01 sec",
    "a test of cargo": "test stock::no_error ... ok",
    "a box to tick": "- [-] deferred",
}


@pytest.mark.parametrize("name", NEAR)
def test_what_only_looks_like_it_opens_nothing_critical(name: str) -> None:
    assert [block for block in blocks(NEAR[name] + "\n") if block.priority is Priority.CRITICAL] == []
