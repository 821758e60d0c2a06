"""The first half of reading in another process: what comes out is the same to the byte, whatever happens to it."""

import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from loopflow.errors import LoopflowError, UsageError
from loopflow.logs import gathering, workers
from loopflow.logs.gathering import Input
from loopflow.logs.model import LogRequest, OwnPattern, Priority
from loopflow.logs.preparing import Prepared
from loopflow.logs.reading import Chunk
from loopflow.logs.running import reduce_logs
from loopflow.tokens import create_counter
from tests.support.hostile_logs import kill, make_log, reduced

REQUEST = LogRequest(700, read_size=4_096, workers=0)


def test_another_process_changes_nothing() -> None:
    """Of a log of many chunks, with wrapped lines, failures and a step that ends badly long before the end."""
    anchored = b"cannot link a.o\nmake: *** [all] Error 2\n" + b"".join(
        b"Removing image %d\n" % each for each in range(3_000)
    )
    data = b"".join(make_log(seed, 100) for seed in range(9)) + anchored
    alone = reduced(data, replace(REQUEST, workers=1))
    assert "make: *** [all] Error 2" in alone.text
    assert reduced(data, replace(REQUEST, workers=2)) == alone


@pytest.mark.parametrize(
    "changes", [{"timestamps": "keep"}, {"redact": False}, {"drop": ("step",)}, {"is_small": True}]
)
def test_it_is_told_what_is_asked_for(changes: dict[str, object]) -> None:
    """Lines with their stamps, with their secrets, without some of them: as they come from one process."""
    secret = b"password = hunter2-and-more\nERROR: cannot log in with password=hunter2-and-more\n"
    data = b"".join(make_log(seed, 60) for seed in range(3)) + secret
    request = replace(REQUEST, patterns=(OwnPattern(Priority.CRITICAL, "worker 17"),), **changes)  # type: ignore[arg-type]
    assert reduced(data, replace(request, workers=2)) == reduced(data, replace(request, workers=1))


def test_what_no_pipe_holds_comes_through() -> None:
    """Both sides have megabytes to say at the same time, and neither waits for the other."""
    data = b"".join(b"line %d of many\n" % each for each in range(700_000))
    request = replace(REQUEST, read_size=3_000_000, counts_input=False)
    assert reduced(data, replace(request, workers=2)) == reduced(data, replace(request, workers=1))


@pytest.mark.parametrize(("lines", "processors", "expected"), [(6_000, 2, 1), (6_000, 1, 0), (4_000, 2, 0)])
def test_a_long_log_is_read_by_two_and_a_short_one_by_one(
    lines: int, processors: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing else is asked for, and there are two processors."""
    monkeypatch.setattr(workers, "LONG_BYTES", 10_000)
    monkeypatch.setattr(workers, "_count_processors", lambda: processors)
    start = workers.Beside.start
    started: list[workers.Beside] = []

    def note(beside: workers.Beside) -> object:
        started.append(beside)
        return start(beside)

    monkeypatch.setattr(workers.Beside, "start", note)
    digest = reduced(b"a\n" * lines, REQUEST)
    assert digest == reduced(b"a\n" * lines, replace(REQUEST, workers=1))
    assert len(set(started)) == expected


def test_a_pattern_that_takes_too_long_is_told_as_from_one_process() -> None:
    """An error there is an error here, of the same kind."""
    request = replace(REQUEST, patterns=(OwnPattern(Priority.HIGH, r"(a+)+$"),), workers=2)
    with pytest.raises(UsageError, match="too long"):
        reduced(b"%b!\n" % (b"a" * 3_000), request)


def _chunks(lines: Iterable[bytes]) -> Iterator[Chunk]:
    offset = 0
    for number, line in enumerate(lines):
        yield Chunk(number + 1, offset, line, len(line))
        offset += len(line)


def _kill_after(beside: workers.Beside, chunks: int) -> Iterator[bytes]:
    """Yield lines, and end the process from outside meanwhile."""
    for number in count():
        if number == chunks:
            kill(beside._process)  # noqa: SLF001  nothing else knows which it is
        yield b"line %d\n" % number


@pytest.mark.parametrize("chunks", [0, 1, 7])
def test_a_process_that_is_killed_is_an_error_and_nothing_hangs(chunks: int) -> None:
    """Whenever it happens: what is left of the log is not read by anybody."""
    beside = workers.Beside(REQUEST)
    try:
        with pytest.raises(LoopflowError, match="was ended from outside"):
            list(beside.prepare(_chunks(_kill_after(beside, chunks)), -1))
    finally:
        beside.close()


def test_where_no_process_can_be_started_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to do."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(LoopflowError, match="no process can be started") as raised:
        reduced(b"a\n", replace(REQUEST, workers=2))
    assert raised.value.hint == "use --parallel-workers 1"


def test_where_no_process_comes_up_a_long_log_is_read_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asked for two: it starts and ends at once, or does not start."""
    data = b"".join(make_log(seed, 100) for seed in range(9))
    expected = reduced(data, replace(REQUEST, workers=1))
    monkeypatch.setattr(workers, "LONG_BYTES", 10_000)
    monkeypatch.setattr(workers, "_count_processors", lambda: 2)
    for program in ("/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", program)
        assert reduced(data, REQUEST) == expected


def test_a_long_log_is_counted_by_a_third_and_the_digest_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its size is known."""
    data = b"".join(make_log(seed, 100) for seed in range(9))
    expected = reduced(data, replace(REQUEST, workers=1))
    for module in (workers, gathering):
        monkeypatch.setattr(module, "LONG_BYTES", 10_000)
    monkeypatch.setattr(workers, "_count_processors", lambda: 2)
    inputs = [Input("", "", io.BytesIO(data), len(data))]
    found = reduce_logs(inputs, replace(REQUEST, counts_input=True), create_counter())
    assert (found.text, found.tokens_before) == (expected.text, expected.tokens_before)


def test_of_several_files_each_is_read_where_it_is_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short one here, a long one there, and what comes after it: lines of all are counted together."""
    logs = [b"often %d times\n" % each * 30 + make_log(2, size) for each, size in enumerate((20, 900, 20))]
    monkeypatch.setattr(workers, "LONG_BYTES", 100_000)
    monkeypatch.setattr(workers, "_count_processors", lambda: 2)
    found = reduced(logs, REQUEST)
    assert found == reduced(logs, replace(REQUEST, workers=1))
    assert any("often" in each.text and each.count == 90 for each in found.templates)


def test_files_one_after_the_other_begin_anew() -> None:
    """What wraps the lines of one file says nothing of the next."""
    beside = workers.Beside(REQUEST)
    stamped = [b"2025-03-01T10:00:00.1234567Z step %d\n" % each for each in range(300)]
    try:
        first = _finish(beside, stamped)
        second = _finish(beside, [b"plain %d\n" % each for each in range(300)])
    finally:
        beside.close()
    assert (first.envelope, second.envelope) == ("github", "")


def _finish(beside: workers.Beside, lines: Iterable[bytes]) -> Prepared:
    *_, (chunk, last) = beside.prepare(_chunks(lines), -1)
    assert chunk is None
    return last


def test_it_needs_nothing_of_the_directory_it_is_started_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor of the variables of Python: a module of the same name as one of ours is not imported from there."""
    for name in ("pickle", "subprocess", "loopflow", "select", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from the directory')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    data = make_log(5, 50)
    assert reduced(data, replace(REQUEST, workers=2)) == reduced(data, replace(REQUEST, workers=1))
