"""The first line of a digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.heading import Heading
from loopflow.logs.model import Priority, PriorityCount
from loopflow.tokens import create_counter

COUNTER = create_counter()
CRITICAL, HIGH = Priority.CRITICAL, Priority.HIGH


def count_of(priority: Priority, found: int, full: int, short: int) -> PriorityCount:
    """Return how many were found and told."""
    return PriorityCount(priority, found, full + short, full, short, 0, 0, 0)


COUNTS = [count_of(CRITICAL, 12, 9, 1_000), count_of(HIGH, 3, 0, 3), count_of(Priority.MEDIUM, 5, 5, 0)]
TOLD = "critical 1,009 of 12 (9 full, 1,000 short), high 3 of 3"
LEFT = "not asked for: 2 high; cut short"


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        (
            Heading("a.log", 48_213, 812_440, 6_000, "test", {}),
            f"[log a.log: 48,213 lines, 812,440 tokens -> 5,918 of 6,000 (99.3 % less); test; {TOLD}]",
        ),
        (Heading("a.log", 48_213, 812_440, 999, "test", {}), "[48,213 lines; critical 1,009 of 12, high 3 of 3]"),
        (Heading("a.log", 1, 9, 999, "test", {HIGH: 2}, ("cut",)), "[1 line; critical 1,009 of 12, high 3 of 3; cut]"),
        (
            Heading("x" * 41, 1, None, 1_000, "info", {HIGH: 2, Priority.LOW: 0}, ("cut\nshort",)),
            f"[log {'x' * 39}…: 1 line, tokens not counted -> 5,918 of 1,000; info; {TOLD}; {LEFT}]",
        ),
    ],
)
def test_it_says_what_became_of_the_log(heading: Heading, text: str) -> None:
    """In all of its parts; under a fit of 1,000 in few words."""
    assert heading.draw(5_918, COUNTS) == text


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([], ""),
        ([count_of(CRITICAL, 0, 0, 0)], ""),
        ([count_of(CRITICAL, 4, 0, 0)], "; critical 0 of 4"),
        ([count_of(CRITICAL, 4, 4, 0)], "; critical 4 of 4 (4 full)"),
        ([count_of(CRITICAL, 4, 0, 4)], "; critical 4 of 4 (4 short)"),
        ([count_of(HIGH, 4, 1, 1)], "; high 2 of 4"),
    ],
)
def test_only_what_there_is_is_told(counts: list[PriorityCount], told: str) -> None:
    """Of critical and high ones."""
    text = Heading("a", 2, 0, 1_000, "info", {}).draw(0, counts)
    assert text == f"[log a: 2 lines, 0 tokens -> 0 of 1,000; info{told}]"
    assert Heading("a", 2, 0, 9, "info", {}).draw(0, counts) == f"[2 lines{told.partition(' (')[0]}]"


@given(data=st.data(), limit=st.integers(1, 30_000), before=st.none() | st.integers(1, 10_000_000))
def test_no_line_is_wider_than_the_widest(data: st.DataObject, limit: int, before: int | None) -> None:
    """However many are told, in which shapes."""
    found = {CRITICAL: data.draw(st.integers(0, 1_200)), HIGH: data.draw(st.integers(0, 1_200))}
    heading = Heading("a.log", 48_213, before, limit, "test", {})
    counts = []
    for priority, many in found.items():
        kept = data.draw(st.integers(0, many))
        full = data.draw(st.integers(0, kept))
        counts.append(count_of(priority, many, full, kept - full))
    most = min(limit, before or limit)
    after = data.draw(st.integers(0, most))
    widest, line = COUNTER.count([heading.draw_widest(most, found), heading.draw(after, counts)])
    assert line <= widest
