"""All of a log instead of a digest: cleaned, folded, counted."""

import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.logs.folding import Folder
from loopflow.logs.gathering import Input
from loopflow.logs.keeping import KeptText, keep_logs
from loopflow.logs.model import LogRequest, OwnPattern, Priority
from tests.support.reducing import count, counter


def keep(data: bytes, *, folds: bool = True, **request: object) -> KeptText:
    """Return what is kept of a log."""
    given = LogRequest(50, **request)  # type: ignore[arg-type]
    return keep_logs([Input("a.log", "", io.BytesIO(data))], given, counter(), folds=folds)


def text(data: bytes, *, folds: bool = True, **request: object) -> str:
    """Return its text."""
    return b"".join(keep(data, folds=folds, **request).pieces()).decode()


def log(*lines: str) -> bytes:
    """Return lines as a log."""
    return "".join(f"{line}\n" for line in lines).encode()


def numbered(line: str, many: int) -> list[str]:
    """Return lines that differ in a number."""
    return [line.format(number) for number in range(many)]


def test_all_of_it_is_there_and_clean() -> None:
    """Whatever the budget; without a line end that it has not."""
    data = b"\x1b[31mone\x1b[0m\n" + log(*numbered("line {}", 500)) + b"[last"
    assert text(data, folds=False) == "one\n" + log(*numbered("line {}", 500)).decode() + "[last"
    assert text(b"") == ""
    assert text(b"\n\n") == "\n\n"


@pytest.mark.parametrize(
    ("lines", "folded"),
    [
        (numbered("GET /{}", 30), ["GET /0", "GET /1", "[... 27 lines like it ...]", "GET /29"]),
        (["same"] * 40, ["same", "same", "[... 37 lines like it ...]", "same"]),
        (["a", "b 1"] * 30, ["a", "b 1", "a", "b 1", "[... 56 lines like the 2 above ...]"]),
        (["error: x"] * 20, ["error: x", "error: x", "[... 17 lines like it ...]", "error: x"]),
        (["a", "a", "a"], ["a", "a", "a"]),
        ([""] * 30, [""] * 30),
        (["[x 1"] * 30, [" [x 1", " [x 1", "[... 27 lines like it ...]", " [x 1"]),
    ],
)
def test_what_repeats_is_folded(lines: list[str], folded: list[str]) -> None:
    """Two copies stay, and the last; what would not be shorter stays as it is."""
    assert text(log(*lines)) == log(*folded).decode()


def test_numbers_of_what_matters_are_not_folded() -> None:
    """Lines of weight are alike only if they are equal: also those of which only the user knows that they matter."""
    errors = numbered("error: item {} is lost", 30)
    assert text(log(*errors)) == log(*errors).decode()
    declined = numbered("payment {} declined by bank", 30)
    assert "[... " in text(log(*declined))
    assert text(log(*declined), patterns=(OwnPattern(Priority.LOW, "declined"),)) == log(*declined).decode()


def test_folding_goes_on_between_chunks() -> None:
    """The size of reads changes nothing."""
    lines = [*numbered("GET /{}", 90), "stop", *(["a", "b", "c"] * 30)]
    texts = {text(log(*lines), read_size=size) for size in (0, 1, 97, 1_000)}
    assert len(texts) == 1


LINES = st.lists(
    st.sampled_from(["", " ", "a", "b 1", "b 2", "}", "error: 1", "error: 2", "[x", "[... 3 lines like it ...]"]),
    max_size=60,
)


@settings(max_examples=20)
@given(LINES, st.booleans())
def test_it_is_never_larger_than_the_log(lines: Sequence[str], folds: bool) -> None:  # noqa: FBT001
    """And counted exactly."""
    kept = keep(log(*lines), folds=folds)
    assert kept.tokens_after == count(b"".join(kept.pieces()).decode())
    assert kept.tokens_after <= (kept.tokens_before or 0)


@given(LINES)
def test_every_line_is_there_or_counted(lines: list[str]) -> None:
    """Printed lines and those that markers count are as many as there were."""
    folder = Folder(count)
    parts = [
        *folder.add([line.encode() for line in lines], [line.startswith("error") for line in lines]),
        *folder.finish(),
    ]
    printed = b"".join(parts).decode().splitlines()
    away = [int(line.split()[1].replace(",", "")) for line in printed if line.startswith("[... ")]
    assert sum(away) + len(printed) - len(away) == len(lines)


def test_controls_and_secrets_make_a_log_no_larger() -> None:
    """Marks take the place of names then."""
    kept = keep(b"\x01\x02\x03\x04" * 40 + b"\n", folds=False)
    assert b"".join(kept.pieces()) == b"\xef\xbf\xbd\n"
    assert kept.tokens_after is not None
    assert kept.tokens_before is not None
    assert kept.tokens_after <= kept.tokens_before


def test_dropped_lines_are_not_kept() -> None:
    """Secrets are hidden, and stamps kept if they are asked for."""
    data = log("2025-03-01T10:00:00.1Z one", "2025-03-01T10:00:01.1Z DEBUG two", "2025-03-01T10:00:02.1Z three") * 100
    assert text(data, folds=False, drop=("^DEBUG",)) == "one\nthree\n" * 100
    assert text(data, folds=False, timestamps="keep").startswith("2025-03-01T10:00:00.1Z one\n")
