"""What patterns of the user's do to a digest: they go before the tables, and what is dropped is gone everywhere."""

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.logs.gathering import Input
from loopflow.logs.model import Digest, LogRequest, OwnPattern, Priority
from loopflow.logs.running import reduce_logs
from tests.support.reducing import count, counter

NOISE = [f"GET /item/{number} of the shop" for number in range(600)]
PLAIN = LogRequest(500)


def reduce(lines: list[str], request: LogRequest, *, size: int = 0) -> Digest:
    """Return the digest of lines."""
    data = "".join(f"{line}\n" for line in lines).encode()
    return reduce_logs([Input("shop.log", "", io.BytesIO(data))], replace(request, read_size=size), counter())


def own(*patterns: tuple[str, str]) -> LogRequest:
    """Return a request with patterns."""
    return replace(PLAIN, patterns=tuple(OwnPattern(Priority[level.upper()], match) for level, match in patterns))


def priorities(digest: Digest) -> list[Priority]:
    """Return those of all failures."""
    return [each.failure.block.priority for each in digest.outcomes]


@pytest.mark.parametrize("level", ["critical", "high", "medium", "low"])
def test_a_line_matters_as_much_as_the_user_says(level: str) -> None:
    """Though no table knows it, and though it is in the middle of a long log."""
    lines = [*NOISE, "payment 7 was declined", *NOISE]
    assert priorities(reduce(lines, PLAIN)) == []
    digest = reduce(lines, own((level, r"payment \d was declined")))
    assert priorities(digest) == [Priority[level.upper()]]
    assert digest.outcomes[0].failure.spans[0].last >= 601


def test_the_highest_level_holds() -> None:
    """Where several patterns match."""
    assert priorities(reduce([*NOISE, "declined"], own(("low", "decl"), ("high", "ned"), ("verbose", "d")))) == [
        Priority.HIGH
    ]


def test_a_pattern_can_lower_a_line() -> None:
    """To what says nothing, too."""
    lines = [*NOISE, "error: the cat sleeps", *NOISE]
    assert priorities(reduce(lines, PLAIN)) == [Priority.CRITICAL]
    assert priorities(reduce(lines, own(("verbose", "the cat")))) == []
    assert priorities(reduce(lines, own(("low", "the cat")))) == [Priority.LOW]


def test_what_is_critical_is_so_in_a_command_too() -> None:
    """What a shell repeats is no failure to the tables."""
    lines = [*NOISE, "##[group]Run make", "payment declined", "##[endgroup]", *NOISE]
    assert priorities(reduce(lines, own(("critical", "payment")))) == [Priority.CRITICAL]


def test_a_line_that_begins_a_failure_still_does() -> None:
    """A traceback stays one block, with all its lines."""
    trace = ["Traceback (most recent call last):", '  File "a.py", line 3, in f', "    g()", "ValueError: no"]
    [outcome] = reduce([*NOISE, *trace, *NOISE], own(("critical", "Traceback"), ("critical", "ValueError"))).outcomes
    assert outcome.failure.block.recogniser == "traceback"
    assert len(outcome.failure.block.lines) == 4


@pytest.mark.parametrize("fit", [300, 1_000])
def test_dropped_lines_are_nowhere(fit: int) -> None:
    """Neither in failures nor in what else happened nor in the end; and the first line says how many there were."""
    lines = [each for line in NOISE for each in (line, "DEBUG cache")] + [
        "error: disk full",
        "DEBUG error: x",
        "  at a.py:3",
    ]
    digest = reduce(lines, replace(PLAIN, fit=fit, drop=("^DEBUG",)))
    assert "DEBUG" not in digest.text
    assert "; 601 lines dropped]" in digest.head
    assert [each.failure.block.span[1:3] for each in digest.outcomes] == [(1201, 1203)]
    assert digest.text.count(" end]\n") == 1
    assert count(digest.text) == digest.tokens_after


def test_a_log_that_fits_is_printed_without_them() -> None:
    """Also if its cleaned text has more tokens than the log."""
    digest = reduce(["a\x01\x01\x01", "DEBUG b", "c"], replace(PLAIN, drop=("^DEBUG",)))
    assert "DEBUG" not in digest.text
    assert reduce(["one", "DEBUG", "two"], replace(PLAIN, drop=("^DEBUG",))).text == "one\ntwo\n"
    assert reduce(["DEBUG"] * 3, replace(PLAIN, drop=("^DEBUG",))).text == ""


def test_clean_up_that_is_left_out_is_no_dropped_line() -> None:
    """Lines before the newest step that failed, and the last of the log, stay apart."""
    lines = [*NOISE[:30], "make: *** [all] Error 2", *(f"Removing image {number}" for number in range(5_000))]
    digest = reduce([each for line in lines for each in (line, "DEBUG")], replace(PLAIN, drop=("^DEBUG",)))
    assert digest.text.count(" end]\n") == 2


def test_a_step_that_begins_with_a_dropped_line_begins() -> None:
    """With the next line that is left."""
    lines = ["##[group]Run make test", "##[endgroup]", *NOISE, "error: disk full"]
    told = reduce(lines, PLAIN).outcomes[0].failure.block.step
    assert told
    assert reduce(lines, replace(PLAIN, drop=("^##",))).outcomes[0].failure.block.step == told


@settings(max_examples=15)
@given(
    st.lists(
        st.sampled_from([*NOISE[:2], "DEBUG x", "error: x", "own 7", "", '{"level":"error","msg":"own 8"}']),
        max_size=40,
    ),
    st.sampled_from([1, 7, 97]),
)
def test_patterns_say_the_same_for_any_size_of_reads(lines: list[str], size: int) -> None:
    """And for steps, levels and stamps that come with lines."""
    request = replace(own(("critical", r"own \d"), ("low", "GET")), drop=("DEBUG",), fit=120)
    assert reduce(lines, request, size=size) == reduce(lines, request)


def test_a_pattern_is_found_in_the_middle_of_a_very_long_line() -> None:
    """The line is shortened, and what the pattern matches is kept."""
    line = "x" * 50_000 + "payment 7 declined" + "y" * 50_000
    digest = reduce([*NOISE, line, *NOISE], replace(own(("critical", r"payment \d")), fit=3_000))
    assert "payment 7 declined" in digest.text
    assert priorities(digest) == [Priority.CRITICAL]
