"""What every digest holds, whatever the log: tokens, lines, failures, and the same answer however it is read."""

import random
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.cleaning import clean
from loopflow.logs.keys import Classifier
from loopflow.logs.model import Digest, LogRequest, Priority
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS
from tests.support.examples import some
from tests.support.hostile_logs import ENCODINGS, make_log, reduced, require_contract

FITS = (50, 60, 80, 100, 150, 300, 700, 999, 1_000, 1_500, 4_000, 100_000)

requests = st.builds(
    LogRequest,
    fit=st.one_of(st.sampled_from(FITS), st.integers(1, 3_000)),
    buffer=st.sampled_from((0, 0, 7)),
    lowest=st.sampled_from((Priority.VERBOSE,) * 8 + tuple(Priority)),
    timestamps=st.sampled_from(("first", "drop", "keep")),
    redact=st.sampled_from((True, True, True, False)),
    chunk_size=st.sampled_from((0, 1, 50)),
    read_size=st.sampled_from((0, 997)),
)
logs = st.builds(make_log, st.integers(0, 1 << 32), st.sampled_from((1, 2, 3, 5, 10, 30, 100, 400)))
few_bytes = st.lists(
    st.sampled_from([b"\n", b"\r", b"\x00", b"\x08", b"\x1b", b"[", b"error: x", b"\xff", b"\xc2\x85", b" ", b"a"]),
    max_size=12,
).map(b"".join)


def reduce_or_none(data: bytes, request: LogRequest, encoding: str) -> Digest | None:
    """Reduce a log; None where the tokens are too few, and then the number that is named must do."""
    try:
        return reduced(data, request, encoding)
    except LoopflowError as error:
        refused = error
    assert refused.exit_code is ExitCode.OVER_BUDGET
    least = int(refused.hint.removeprefix("--fit ").removesuffix(" is the least that works"))
    assert least > request.fit
    require_contract(reduced(data, replace(request, fit=least), encoding))
    return None


@some(20)
@given(logs, requests, st.sampled_from(ENCODINGS))
def test_every_digest_keeps_its_word(data: bytes, request: LogRequest, encoding: str) -> None:
    """Tokens are counted exactly, at most those that are allowed and those of the log; no failure goes unsaid."""
    if digest := reduce_or_none(data, request, encoding):
        require_contract(digest)


@some(20)
@given(st.one_of(st.binary(max_size=60), few_bytes), requests, st.sampled_from(ENCODINGS))
@example(b"a", LogRequest(50), ENCODINGS[0])
@example(b"\x00", LogRequest(50), ENCODINGS[0])
@example(b"\x01\x02\x03\n", LogRequest(50, redact=False), ENCODINGS[1])
def test_a_tiny_log_is_never_made_larger(data: bytes, request: LogRequest, encoding: str) -> None:
    """Not even by a line end, by controls as text, or by our first line."""
    if digest := reduce_or_none(data, request, encoding):
        require_contract(digest)


@pytest.mark.parametrize("fit", FITS)
def test_a_log_that_fits_is_printed_as_it_is(fit: int) -> None:
    """Whole, and without a line end that it has not."""
    for data in (b"one\ntwo\n", b"one\ntwo"):
        digest = reduced(data, LogRequest(fit))
        assert (digest.text.encode(), digest.is_whole) == (data, True)


@cache
def classifier() -> Classifier:
    """Return one for all examples: it tells which parts of a line that was written over stay."""
    return Classifier(WORDS, RECOGNISERS)


@some(20)
@given(logs, requests)
def test_no_line_is_made_up(data: bytes, request: LogRequest) -> None:
    """A line is one of the log, cleaned, or ours; one of the log that begins with "[" has a space before it."""
    assume(b'{"' not in data and b"2025-" not in data and b" | " not in data)  # what is wrapped is held elsewhere
    digest = reduce_or_none(data, replace(request, redact=False), ENCODINGS[0])
    if digest is None or digest.is_whole:
        return
    cleaned = set(clean(data, classifier().weigh).decode("utf-8", "replace").split("\n"))
    lines = [line for line in digest.text.removesuffix("\n").split("\n") if not line.startswith("[")]
    short = {line for line in lines if " bytes ...] " not in line}
    assert {line.removeprefix(" ") if line.startswith(" [") else line for line in short} <= cleaned


@some(20)
@given(logs, requests, st.sampled_from(ENCODINGS))
def test_the_digest_of_a_digest_is_itself(data: bytes, request: LogRequest, encoding: str) -> None:
    """Read as a log, at the same number of tokens: nothing is taken off it twice."""
    request = replace(request, lowest=Priority.VERBOSE)
    if (digest := reduce_or_none(data, request, encoding)) and not digest.is_whole:
        assert reduced(digest.text.encode(), request, encoding).text == digest.text


def test_wrapped_lines_of_a_digest_stay_wrapped() -> None:
    """Where few lines of a log are records, they are printed as they are; in its digest they may be most."""
    plain = [b"INFO line %d of the log" % number for number in range(3_000)]
    record = b'{"level":"error","msg":"it broke in %s","time":"2025-03-01T10:00:00Z"}'
    plain += [record % bytes([97 + each, 97 + each]) for each in range(26)]
    digest = reduced(b"\n".join(plain), LogRequest(1_000))
    assert '{"level":"error"' in digest.text
    assert reduced(digest.text.encode(), LogRequest(1_000)).text == digest.text


@some(20)
@given(logs, requests)
@example(b"INFO a\n" * 300 + b"##[group]Run make\n##[endgroup]\nerror: it broke\n", LogRequest(100))
def test_the_size_of_reads_changes_nothing(data: bytes, request: LogRequest) -> None:
    """Of the text and of all that is told beside it."""
    if (digest := reduce_or_none(data, request, ENCODINGS[0])) is not None:
        for size in (1, 997, 65_536, 1_048_576):
            assert reduced(data, replace(request, read_size=size)) == digest


def make_interleaved(seed: int) -> bytes:
    """Return a log that four writers share, in which failures repeat in many places."""
    chance = random.Random(seed)  # noqa: S311  the same each time
    texts = ["words of a log"] * 7 + ["FAILED tests/test_a.py::test_{} - OSError: refused"]
    texts += [
        'Traceback (most recent call last):\n[gw{1}]   File "a{0}.py", line {0}, in f\n[gw{1}] OSError: refused'
    ] * 2
    chosen = ((chance.choice(texts), chance.randrange(40), chance.randrange(4)) for _ in range(400))
    return b"".join(f"[gw{by}] {text.format(number, by)}\n".encode() for text, number, by in chosen)


@some(8)
@given(st.integers(0, 1 << 32).map(make_interleaved))
def test_the_size_of_reads_changes_nothing_where_several_write(data: bytes) -> None:
    """Which places of a failure are told does not depend on whose lines a read brings first."""
    digest = reduced(data, LogRequest(1_500))
    for size in (97, 997, 4_096):
        assert reduced(data, LogRequest(1_500, read_size=size)) == digest


@some(20)
@given(logs)
def test_chunks_change_nothing_of_what_matters(data: bytes) -> None:
    """The failures that are critical or high, how often and where: the same for any size of a chunk."""
    found = {
        tuple(
            (each.failure.ref, each.failure.count, each.failure.spans)
            for each in reduced(data, LogRequest(500, chunk_size=size)).outcomes
            if each.failure.block.priority >= Priority.HIGH
        )
        for size in (0, 1, 7, 100, 10_000)
    }
    assert len(found) == 1
