"""What belongs to a failure is put together, no more than that, and the same however the log is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.model import Priority
from tests.logs.assembled import blocks
from tests.logs.failures import FAILURES
from tests.support.examples import some


def _numbers(text: str) -> list[tuple[int, int]]:
    return [(block.lines[0].number, block.lines[-1].number) for block in blocks(text)]


def test_three_lines_before_a_failure_that_nothing_knows_belong_to_it() -> None:
    assert _numbers("one\ntwo\nthree\nfour\nfour and a half failed: no tea\n") == [(2, 5)]


def test_three_plain_lines_after_it_belong_to_it_and_no_more() -> None:
    assert _numbers("the import failed: no tea\n" + "plain\n" * 10) == [(1, 4)]


def test_frames_after_it_belong_to_it() -> None:
    frames = "".join(f"    at step{number} (shop.js)\n" for number in range(8))
    assert _numbers(f"the import failed: no tea\n{frames}") == [(1, 9)]


def test_it_ends_though_all_that_follows_looks_like_frames() -> None:
    [(first, last)] = _numbers("the import failed: no tea\n" + "    indented\n" * 500)
    assert (first, last) == (1, 25)


def test_echoed_commands_do_not_go_on_it_for_ever() -> None:
    clean_up = "+ echo 'removed layer, ignoring errors'\nremoved layer 7, ignoring errors\n" * 300
    [(_, last)] = _numbers("cp: cannot stat 'tea.yaml': No such file or directory\n" + clean_up)
    assert last < 40


def test_a_warning_is_not_told_with_the_failure_after_it() -> None:
    found = blocks("it will be deprecated soon\nthe import failed: no tea\n")
    assert [block.priority for block in found] == [Priority.MEDIUM, Priority.CRITICAL]


def test_warnings_after_a_failure_do_not_make_it_longer() -> None:
    found = blocks("the import failed: no tea\n" + "this call is deprecated\n" * 50)
    assert found[0].lines[-1].number < 10


def test_lines_that_belong_before_the_next_failure_are_taken_from_the_one_before() -> None:
    text = "the import failed: no tea\nshelf.c: In function 'width':\nshelf.c:4:21: error: 'tea' undeclared\n"
    assert _numbers(text) == [(1, 1), (2, 3)]


def test_a_chain_of_exceptions_is_one_failure_and_two_exceptions_in_a_row_are_two() -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1, in a\nKeyError: 1\n\n'
    link = "During handling of the above exception, another exception occurred:\n\n"
    assert _numbers(trace + link + trace) == [(1, 9)]
    assert _numbers(trace + trace) == [(1, 3), (5, 7)]


def test_what_is_over_the_most_lines_is_cut_in_its_middle() -> None:
    text = f"{'_' * 10} test_tea {'_' * 10}\n" + "output\n" * 900 + "E   KeyError: 1\n"
    [block] = blocks(text)
    assert block.cut == 902 - len(block.lines)
    assert block.lines[-1].text == "E   KeyError: 1"


def test_commands_that_a_step_begins_with_are_no_failure() -> None:
    assert blocks("##[group]Run make || echo error: it failed\nshell: bash -e\n##[endgroup]\n") == []


_LOG = "".join(text for text, _ in FAILURES.values())


@some(15)
@given(st.integers(1, 400))
def test_blocks_do_not_depend_on_where_reads_are_cut(size: int) -> None:
    assert blocks(_LOG, size) == blocks(_LOG)


@pytest.mark.parametrize("name", FAILURES)
def test_no_line_is_in_two_blocks(name: str) -> None:
    numbers = [line.number for block in blocks(FAILURES[name][0]) for line in block.lines]
    assert len(numbers) == len(set(numbers))
