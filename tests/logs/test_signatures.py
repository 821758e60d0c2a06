"""A failure has one reference on every machine, and what failed otherwise has another."""

import pytest

from loopflow.logs.signatures import make_cause, make_ref, make_signature, mask, weighted_lines
from tests.logs.assembled import blocks

MASKED = {
    "an address": ("read at 0x60400000001c", "read at 0x7fff53ebe240"),
    "a stamp": ("at 10:00:03.120 it ended", "at 23:59:59.001 it ended"),
    "a date": ("since 2025-03-01", "since 2026-11-27"),
    "a UUID": ("id 123e4567-e89b-12d3-a456-426614174000 failed", "id 9b2f4567-e89b-12d3-a456-42661417ffff failed"),
    "a digest": ("commit 59807616e1fa25", "commit bfbac14d7976d7e4"),
    "a temporary path": ("cannot open /tmp/run-x1/a.json", "cannot open /tmp/other/b.json"),
    "a temporary path of macOS": ("in /var/folders/bb/n7t3/T/dir", "in /var/folders/zz/q/T/x"),
    "a duration": ("took 12 ms", "took 4.5 s"),
    "a size": ("wrote 12 MB", "wrote 1024 bytes"),
    "a thread": ("[worker-3] refused", "[worker-14] refused"),
    "a number of a line": ("store.py:12: refused", "store.py:140: refused"),
    "a count": ("3 attempts", "17 attempts"),
}
KEPT = {
    "a code of rustc": ("error[E0308]: mismatched", "error[E0382]: mismatched"),
    "a code of TypeScript": ("error TS2322: no", "error TS2345: no"),
    "a code of C#": ("error CS1002: no", "error CS0246: no"),
    "an exit code": ("exited with 1", "exited with 137"),
    "a code": ("failed with code 2", "failed with code 3"),
    "a signal": ("killed by signal 9", "killed by signal 15"),
    "a state of HTTP": ("answered HTTP 502", "answered HTTP 404"),
    "a status": ("status 500", "status 403"),
    "a name": ("no module tea", "no module mate"),
}


@pytest.mark.parametrize("name", MASKED)
def test_what_differs_from_run_to_run_is_masked(name: str) -> None:
    one, other = MASKED[name]
    assert mask(one) == mask(other)
    assert "<*>" in mask(one)


@pytest.mark.parametrize("name", KEPT)
def test_what_says_what_failed_is_never_masked(name: str) -> None:
    one, other = KEPT[name]
    assert mask(one) != mask(other)


def _ref(text: str) -> str:
    [block] = blocks(text)
    return make_ref(make_signature(block, weighted_lines(block)))


def _cause(text: str) -> str:
    [block] = blocks(text)
    return make_cause(block)


_HERE = """Traceback (most recent call last):
  File "/home/ann/shop/store.py", line 3, in parse
    return int(text)
ValueError: settings in /tmp/run-1/a.toml are broken
"""
_THERE = """Traceback (most recent call last):
  File "/builds/7/shop/store.py", line 9, in parse
    return int(text)  # again
ValueError: settings in /tmp/run-2/b.toml are broken
"""


def test_a_failure_has_one_reference_on_two_machines() -> None:
    assert _ref(_HERE) == _ref(_THERE)


def test_what_is_indented_otherwise_has_one_reference() -> None:
    assert _ref("shelf.c:4:2: error: no tea\n") == _ref("  shelf.c:4:2: error: no tea\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("error[E0308]: no tea\n", "error[E0382]: no tea\n"),
        ("a.ts(4,2): error TS2322: no tea\n", "a.ts(4,2): error TS2345: no tea\n"),
        (_HERE, _HERE.replace("ValueError", "KeyError")),
        (_HERE, _HERE.replace("are broken", "are missing")),
    ],
)
def test_two_codes_two_types_and_two_messages_have_two_references(one: str, other: str) -> None:
    assert _ref(one) != _ref(other)


def test_a_reference_is_ten_digits_of_crockford() -> None:
    assert make_ref(bytes(16)) == "ERR-0000000000"
    assert make_ref(b"\xff" * 16) == "ERR-ZZZZZZZZZZ"


def test_failures_with_one_message_have_one_cause_wherever_they_happened() -> None:
    other = "FAIL: test_reads (tests.Store.test_reads)\n" + "-" * 70 + "\n" + _THERE
    assert _ref(other) != _ref(_HERE)
    assert _cause(other) == _cause(_HERE)
    assert _cause(_HERE) != _cause(_HERE.replace("ValueError", "KeyError"))
