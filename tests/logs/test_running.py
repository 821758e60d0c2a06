"""From bytes to a digest: it fits, it is never larger than the log, and it depends on the log alone."""

import io
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import LoopflowError
from loopflow.logs.gathering import Input
from loopflow.logs.model import Digest, LogRequest, Priority
from loopflow.logs.running import reduce_logs
from loopflow.tokens import create_counter
from tests.support.examples import some

COUNTER = create_counter()
LINES = st.lists(
    st.sampled_from(
        [
            "",
            "[L1] x",
            "ok 1",
            "é",
            "a\x00b",
            "GET /item/7 200",
            "error: disk full",
            "Error: no such host 7",
            "warning: old",
            "  at a.js:3",
            "ValueError: no",
            "Traceback (most recent call last):",
            "\x1b[31mred\x1b[0m",
            "make: *** [all] Error 2",
        ]
    ),
    max_size=60,
)
"""Each example compiles all patterns."""


def reduce(*logs: bytes, fit: int = 1_000, **request: object) -> Digest:
    """Return the digest of logs."""
    inputs = [Input(f"{number}.log", "", io.BytesIO(data)) for number, data in enumerate(logs)]
    return reduce_logs(inputs, LogRequest(fit, **request), COUNTER)  # type: ignore[arg-type]


def log(lines: Sequence[str]) -> bytes:
    """Return lines as a log."""
    return "".join(f"{line}\n" for line in lines).encode()


def least_of(data: bytes, fit: int, lowest: Priority) -> int:
    """Return `fit`, or where nothing can be said in so few tokens, what the error says."""
    try:
        reduce(data, fit=fit, lowest=lowest)
    except LoopflowError as error:
        return int(re.findall(r"--fit (\d+) is the least that works", error.hint)[0])
    return fit


@some(10)
@given(lines=LINES, fit=st.integers(0, 300), lowest=st.sampled_from(Priority))
def test_a_digest_has_no_more_tokens_than_it_may(lines: list[str], fit: int, lowest: Priority) -> None:
    """Nor than the log; where that cannot be, the error says with how many it can."""
    data = log(lines)
    fit = least_of(data, fit, lowest)
    digest = reduce(data, fit=fit, lowest=lowest)
    [tokens], [before] = COUNTER.count([digest.text]), COUNTER.count([data.decode()])
    assert digest.tokens_after == tokens <= min(fit, before)
    assert digest.tokens_before == before


@some(10)
@given(lines=LINES, size=st.integers(1, 60))
def test_the_size_of_a_read_changes_nothing(lines: list[str], size: int) -> None:
    """Neither the text nor anything else of a digest."""
    data = log([*lines, *["GET /"] * 200])
    assert reduce(data, fit=120, read_size=size) == reduce(data, fit=120)


@some(10)
@given(lines=LINES)
def test_a_log_that_fits_is_printed_whole(lines: list[str]) -> None:
    """Cleaned, and without a head line, which is there too."""
    digest = reduce(log(lines), fit=100_000)
    assert digest.is_whole
    assert digest.complete
    assert digest.text.count("\n") == len(lines)
    assert digest.head.startswith(f"[log 0.log: {len(lines)} line")


def test_a_digest_begins_with_its_head_and_names_its_tokens() -> None:
    """Exactly as many as it has."""
    digest = reduce(log(["error: disk full", *[f"GET /item/{at} of the shop" for at in range(2_000)]]), fit=1_000)
    assert digest.text.startswith(f"{digest.head}\n[")
    assert f" -> {digest.tokens_after:,} of 1,000 " in digest.head
    assert not digest.is_whole


def test_what_is_left_free_is_left() -> None:
    """The buffer is no part of what may be used."""
    data = log([f"GET /item/{at}" for at in range(2_000)])
    assert reduce(data, fit=1_500, buffer=500).tokens_after <= 1_000
    with pytest.raises(LoopflowError, match="0 tokens are too few for anything"):
        reduce(data, fit=10, buffer=20)


def test_the_least_fit_of_a_small_log_is_its_own_count() -> None:
    """A head line would take more."""
    with pytest.raises(LoopflowError) as raised:
        reduce(b"one\ntwo\n", fit=1)
    assert raised.value.message == "1 token is too few for anything"
    assert raised.value.hint == "--fit 4 is the least that works"


def test_what_is_missing_makes_it_incomplete() -> None:
    """Critical failures that no part of the digest tells are counted in it."""
    words = [f"{one}{two}{three}" for one in "ghijkl" for two in "mnopqr" for three in "stuvwx"]
    digest = reduce(log([f"error: {word} is broken" for word in words]), fit=400)
    critical = digest.priorities[0]
    assert critical.found == 216
    assert digest.critical_missing == critical.found - critical.kept > 100
    assert digest.text.endswith(f"\n[{digest.critical_missing} more critical]\n")
    assert not digest.complete


@pytest.mark.parametrize(
    ("lowest", "told", "left"),
    [
        ("low", True, ""),
        ("high", True, "not asked for: 1 medium"),
        ("critical", False, "not asked for: 1 high, 1 medium"),
    ],
)
def test_what_is_not_asked_for_is_counted(lowest: str, told: bool, left: str) -> None:  # noqa: FBT001
    """And neither told nor stored."""
    lines = ["error: disk full", *["a"] * 9, "permission denied", *["b"] * 9, "warning: old", *["GET /"] * 900]
    digest = reduce(log(lines), fit=1_000, lowest=Priority[lowest.upper()])
    assert ("permission denied" in digest.text) is told
    assert left in digest.head
    assert min(outcome.failure.block.priority for outcome in digest.outcomes) >= Priority[lowest.upper()]


def test_several_logs_are_one_digest() -> None:
    """Its places say of which log, and its head names the first and how many."""
    noise = ["GET /item of the shop"] * 600
    digest = reduce(log(["error: disk full", *noise]), log([*noise, "error: no such host"]), fit=1_000)
    assert digest.head.startswith("[log 0.log and 1 more: 1,202 lines, ")
    assert "\n[F1:L1" in digest.text
    assert re.search(r"\n\[F2:L\d+(-601)? ", digest.text)
    assert [source.lines for source in digest.sources] == [601, 601]


def test_a_log_that_became_shorter_is_not_complete() -> None:
    """The head says so."""
    digest = reduce_logs([Input("a.log", "", io.BytesIO(b"one\n"), most=99)], LogRequest(1_000), COUNTER)
    assert not digest.complete
    assert "it became shorter while it was read" in digest.head


def test_a_line_that_was_cut_is_not_counted() -> None:
    """What is not held cannot be: there is no count of the log then."""
    digest = reduce(b"a" * 12_000_000 + b"\nerror: disk full\n")
    assert digest.tokens_before is None
    assert "[... 11,998,200 bytes ...]" in digest.text
    assert "\nerror: disk full\n" in digest.text


@pytest.mark.parametrize(("known", "word"), [({}, ""), ({"*": "2025-03-01"}, "known since 2025-03-01")])
def test_what_earlier_runs_had_is_said_where_it_is_asked_for(known: dict[str, str], word: str) -> None:
    """The day since when stands in the digest in any case."""
    inputs = [Input("a.log", "", io.BytesIO(log(["error: disk full", *["GET /item"] * 900])))]
    request = LogRequest(1_000, is_short=True)
    digest = reduce_logs(inputs, request, COUNTER, lambda refs: {ref: known["*"] for ref in refs if known})
    assert word in digest.text
    assert {*digest.known.values()} == {*known.values()}


def test_the_first_line_names_no_directory() -> None:
    """A digest is the same wherever its log lies."""
    given = Input("logs/today/build.log", "/somewhere/logs/today/build.log", io.BytesIO(log(["plain words"] * 900)))
    digest = reduce_logs([given], LogRequest(1_000), create_counter())
    assert digest.head.startswith("[log build.log: 900 lines, ")


def test_what_repeats_and_has_no_words_is_left_out() -> None:
    """A piece of a picture tells nobody anything."""
    lines = [line for number in range(300) for line in (f"| {number} |", f"shelf number {number} was dusted")]
    digest = reduce(log([*lines, "error: no lantern"]))
    assert [template.text for template in digest.templates] == ["shelf number <*> was dusted"]


def test_what_else_happened_comes_after_all_that_is_critical() -> None:
    """While a critical failure is told nowhere, no row is spent on what only repeats."""
    names = ["".join(chr(97 + (number * 7 + at * at) % 26) for at in range(240)) for number in range(6)]
    lines = [line for name in names for line in (f"error: cannot open {name}", *["the shelf was dusted"] * 60)]
    short = [reduce(log(lines), fit=fit) for fit in range(60, 160, 10)]
    assert [digest.fit for digest in short if digest.critical_missing and "[also: " in digest.text] == []
    assert all(digest.critical_missing for digest in short)
