"""Tests that failed and passed when they were tried again: they are told, but they are not why a run failed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from loopflow.logs.census import Census
from loopflow.logs.model import Priority
from loopflow.logs.pool import Entry

_AGAIN: Final = r"(?:TRY \d+ |\(attempt \d+\) )?"
_FAILED: Final = re.compile(
    rf"\s*{_AGAIN}(?:--- FAIL:|FAIL(?:ED)?:?(?=\s)|not ok\b|[✘✗✕\u00d7✖])\s*(?P<after>\S.*)"
    r"|\s*(?P<before>\S.*?)\s+(?:\.\.\. )?(?:FAILED|FAIL|RERUN|ERROR)\s*(?:\[[^\]]*\])?\s*$"
)
_PASSED: Final = re.compile(
    rf"\s*{_AGAIN}(?:--- PASS:|PASS(?:ED)?:?(?=\s)|ok\b|[✓✔√✅])\s*(?P<after>\S.*)"
    r"|\s*(?P<before>\S.*?)\s+(?:\.\.\. )?(?:PASSED|PASS|ok|OK)\s*(?:\[[^\]]*\])?\s*$"
)
MAY_PASS: Final = re.compile(rb"[PKk\xe2](?:(?<=P)ASS|(?<=\b[Oo][Kk])\b|(?<=\xe2)(?:\x9c[\x93\x94\x85]|\x88\x9a))")
"""What every line has that says that a test passed."""
_ASIDE: Final = re.compile(
    r"[(\[]\s*\d+(?:\.\d+)?\s*(?:ms|s|m|min)\s*[)\]]|\((?:retry|attempt) #?\d+\)|^(?:- |\d+[.)]? )+"
)
"""What a line of a test says beside its name: how long it took, which try it was, its number."""
_REASON: Final = re.compile(r"(::\S+) - .*$")
"""Why it failed, behind the name, as pytest has it."""
_SHORTEST: Final = 4


def mark_retried(entries: Iterable[Entry], census: Census) -> None:
    """Take off their rank the failures of which all tests passed later; remember the line that says so.

    Only what is certain counts: of the lines of a kind the first is known, with its place, and others may differ in
    digits.
    """
    failed = {entry.signature: names for entry in entries if (names := set(_find_failed(entry)))}
    if not failed:
        return
    wanted = set[str]().union(*failed.values())
    passed = _find_passed(census, wanted)
    for entry in entries:
        names = failed.get(entry.signature, set())
        last = max(entry.first + entry.last)
        later = [passed.get(name, (-1, -1)) for name in names]
        if names and min(later) > (last.file, last.last):
            entry.retried = max(line for _, line in later)
            entry.block = replace(entry.block, priority=min(entry.block.priority, Priority.HIGH))


def _find_failed(entry: Entry) -> Iterator[str]:
    """Yield the names of the tests of which a failure says that they failed."""
    if entry.block.priority >= Priority.HIGH:
        for line in entry.block.lines:
            if line.weight and (name := _name(_FAILED, line.text)):
                yield name


def _find_passed(census: Census, wanted: set[str]) -> dict[str, tuple[int, int]]:
    """Return where it is said of the tests `wanted` that they passed: the number of the file, and of the line."""
    found: dict[str, tuple[int, int]] = {}
    for place, line in census.examples():
        if MAY_PASS.search(line) and (name := _name(_PASSED, line.decode("utf-8", "replace"))) in wanted:
            found[name] = max(place, found.get(name, place))
    return found


def _name(pattern: re.Pattern[str], text: str) -> str:
    """Return the name of the test in a line, "" if it names none."""
    match = pattern.match(text)
    if match is None:
        return ""
    said = _REASON.sub(r"\1", match["after"] or match["before"])
    name = " ".join(_ASIDE.sub(" ", said.strip()).split())
    return name if len(name) >= _SHORTEST and any(map(str.isalpha, name)) else ""
